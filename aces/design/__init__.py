"""How levels are drawn: declarations as data, and the one pure function that draws them.

A treatment declares its draw; `draw` turns (declaration, listings, k, stream) into levels with the
probability of what was drawn. A level is the value shown, already rounded, so a stored plan can be
drawn again by anyone who has the declarations, the catalogue slice and the seed. The rules of
`Factor`, `Headroom` and `Tags` at their defaults are those of the ACES generator
(arXiv 2508.02630, released code, `experiments/data_generation.py`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, TypeVar, cast

from pydantic import Field

from aces.design.allocation import Allocation
from aces.design.answers import BestOffer, Improvement
from aces.design.arms import Arm, Arms
from aces.design.doses import Doses
from aces.design.draws import Draw, Fixed, Permutation
from aces.design.factors import Factor, FactorSettings, Headroom
from aces.design.fees import Fees, FeeSettings
from aces.design.given import ASKED, Given, GivenWorld, as_asked, as_given
from aces.design.ladder import Ladder, Rungs
from aces.design.nudges import Nudge, Nudges
from aces.design.removal import Removal
from aces.design.saturation import Rewrite, Saturation
from aces.design.settings import Version, Versions
from aces.design.squares import Square
from aces.design.steering import UNTAGGED, Steering
from aces.design.struck import Struck
from aces.design.table import Crossable, Pairs, Table
from aces.design.tags import ACES_TAGS, Tag, Tags
from aces.seeds import Stream
from aces.types import Listing

__all__ = [
    "ACES_TAGS",
    "ASKED",
    "UNTAGGED",
    "Allocation",
    "Arm",
    "Arms",
    "BestOffer",
    "Crossable",
    "Declaration",
    "Doses",
    "Draw",
    "Factor",
    "FactorSettings",
    "FeeSettings",
    "Fees",
    "Fixed",
    "Given",
    "GivenWorld",
    "Headroom",
    "Improvement",
    "Ladder",
    "Nudge",
    "Nudges",
    "Pairs",
    "Permutation",
    "Removal",
    "Rewrite",
    "Rungs",
    "Saturation",
    "Square",
    "Steering",
    "Struck",
    "Table",
    "Tag",
    "Tags",
    "Version",
    "Versions",
    "as_asked",
    "as_given",
    "block_size",
    "draw",
    "draw_world",
    "group_size",
    "screen_size",
    "shelf",
    "shown_size",
]

V = TypeVar("V")

Declaration = Annotated[
    Permutation
    | Square
    | Fixed
    | Factor
    | Headroom
    | BestOffer
    | Ladder
    | Doses
    | Fees
    | Steering
    | Struck
    | Tags
    | Arms
    | Versions
    | Removal
    | Saturation
    | Given
    | Nudges
    | Table
    | Pairs
    | Allocation,
    Field(discriminator="kind"),
]


def draw(
    declarations: Mapping[str, Declaration],
    listings: Sequence[Listing],
    k: int,
    stream: Stream,
    blocks: Stream | None = None,
) -> Draw:
    """Returns the levels of world k: every declaration drawn on its own named stream.

    Args:
        declarations: Treatment name -> declaration. The names address the streams.
        listings: The shelf's J base listings in catalogue order.
        k: Index of the world within its task.
        stream: The world's stream, or that of a group of worlds equal but for one treatment.
        blocks: The task's stream, for what is drawn in blocks of worlds; the world's if not given.
    """
    blocks = blocks or stream
    group = k // group_size(declarations)
    placed: dict[str, Draw] = {}
    probability = 1.0
    for name, declaration in declarations.items():
        if isinstance(declaration, Table | Pairs | Allocation):
            parts = cast(Mapping[str, Crossable], declarations)
            found, joint = declaration.place(parts, listings, k, blocks.child(name))
            placed |= found
            probability *= joint
    levels: dict[str, tuple[Any, ...]] = {}
    marginals: dict[str, tuple[float, ...]] = {}
    densities: dict[str, tuple[float | None, ...]] = {}
    for name, declaration in declarations.items():
        if isinstance(declaration, Table | Pairs | Allocation | Given):
            continue
        own = blocks if isinstance(declaration, Square | Ladder) else stream
        part = placed.get(name) or declaration.draw(listings, group, own.child(name))
        levels |= part.levels
        probability *= part.probability
        marginals |= part.marginals
        densities |= part.densities
    levels.setdefault("position", tuple(range(1, len(listings) + 1)))
    return Draw(levels, probability, marginals, densities)


def shelf(pool: Sequence[V], size: int, sample: bool, stream: Stream) -> list[V]:
    """Returns the pool's first `size` members or, with `sample`, `size` drawn without replacement.

    Either way they come in the pool's order, so that catalogue order stays the reference.
    """
    if not sample:
        return list(pool[:size])
    chosen = stream.generator().choice(len(pool), size=size, replace=False)
    return [pool[i] for i in sorted(chosen.tolist())]


def draw_world(
    declarations: Mapping[str, Declaration],
    pool: Sequence[Listing],
    size: int,
    sample: bool,
    k: int,
    stream: Stream,
    task: str = "",
) -> tuple[list[Listing], Draw]:
    """Returns the base listings of world k and their levels: the one way a world is drawn.

    Args:
        declarations: Treatment name -> declaration.
        pool: Base listings that shelves are filled from.
        size: Listings on the shelf.
        sample: Whether they are drawn from the pool, or its first.
        k: Index of the world within its task.
        stream: The task's, `Stream(seed, "world", task)`.
        task: Its id; needed where shelves are given.
    """
    given = next((d for d in declarations.values() if isinstance(d, Given)), None)
    if given is not None:
        return _draw_given(given, declarations, pool, k, stream, task)
    grouped = group_size(declarations)
    world = stream.child(k) if grouped == 1 else stream.child("group", k // grouped)
    shown = shelf(pool, size, sample, world.child("shelf"))
    for name, declaration in declarations.items():
        if isinstance(declaration, Removal):
            shown = declaration.keep(shown, world.child("removal", name))
    return shown, draw(declarations, shown, k, world.child("levels"), stream.child("blocks"))


def _draw_given(
    given: Given,
    declarations: Mapping[str, Declaration],
    pool: Sequence[Listing],
    k: int,
    stream: Stream,
    task: str,
) -> tuple[list[Listing], Draw]:
    """A given shelf, with what treatments lay on top."""
    base = {item.product_id: item for item in pool}
    world = given.world(task, k, stream.child("given"))
    others = {name: d for name, d in declarations.items() if d is not given}
    drawn = draw(others, as_given(world, base), k, stream.child(k, "levels"), stream)
    levels = {**drawn.levels, **world.levels}
    return [base[i] for i in world.products], replace(drawn, levels=levels)


def shown_size(declarations: Mapping[str, Declaration], size: int) -> int:
    """Returns how many listings of a shelf are shown: those not left out; at most, by chance."""
    gone = [d.count for d in declarations.values() if isinstance(d, Removal) and d.chance == 1]
    return size - sum(gone)


def group_size(declarations: Mapping[str, Declaration]) -> int:
    """Returns how many consecutive worlds of a task are equal but for one treatment; 1: none."""
    return math.prod(d.worlds for d in declarations.values() if isinstance(d, Pairs))


def block_size(declarations: Mapping[str, Declaration], size: int) -> int:
    """Returns how many consecutive worlds of a task are drawn together; 1: each on its own.

    Worlds k of one block have the same k // block size, counted from the end of a screen; blocks
    are independent and alike.

    Args:
        declarations: Treatment name -> declaration.
        size: Listings on the shelf.
    """
    squares = [d.block(size) for d in declarations.values() if isinstance(d, Square | Ladder)]
    turns = [len(d.tests) for d in declarations.values() if isinstance(d, BestOffer)]
    tables = [len(d.rows) for d in declarations.values() if isinstance(d, Table)]
    return math.lcm(*tables, group_size(declarations) * math.lcm(*squares, *turns))


def screen_size(declarations: Mapping[str, Declaration]) -> int:
    """Returns how many worlds of each task come first, drawn otherwise than the rest."""
    return max((d.screen for d in declarations.values() if isinstance(d, Ladder)), default=0)
