"""Parts of a world drawn again with all else as it was, by the same rule that drew the whole.

That is what a sharp hypothesis about one level needs: other levels may have effects of their own,
so they must stay. Labels are never permuted: tags exclude each other and are drawn one after
another, so that which listings may carry one, and how many, follows from the others' holders.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aces.design.arms import Arms
from aces.design.tags import Tags

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


def redraw_tag(
    tags: Tags, level: str, others: Bools, n: int, generator: np.random.Generator
) -> Bools:
    """Returns (U, n, J) who holds a tag, drawn again n times given who holds the others.

    Given how many hold each tag, all ways to place it on listings without another are equally
    likely; how many hold it follows from the joint probability of all counts.

    Args:
        tags: The declaration.
        level: The tag drawn again.
        others: (U, J, tags) holders in U worlds; the tag's own are not read.
        n: Draws of each world.
        generator: Of all draws.
    """
    own = [tag.level for tag in tags.tags].index(level)
    held = np.delete(others, own, axis=2)
    free: Bools = ~np.asarray(held.any(axis=2))
    counts = np.insert(held.sum(axis=1), own, -1, axis=1)
    rule = tuple((tag.probability, tag.most) for tag in tags.tags)
    chances = np.array([_counts(rule, tuple(row), others.shape[1]) for row in counts.tolist()])
    u = generator.random((len(free), n))
    size = (u[..., None] >= np.cumsum(chances, axis=1)[:, None, :-1]).sum(axis=2)
    keys = np.where(free[:, None], generator.random((len(free), n, free.shape[1])), 2.0)
    return np.asarray(keys.argsort(axis=2).argsort(axis=2) < size[..., None])


@lru_cache(maxsize=4096)
def _counts(rule: tuple[tuple[float, int], ...], held: tuple[int, ...], size: int) -> list[float]:
    """Chance of each number of holders of the tag whose count is -1, given the other counts."""
    own = held.index(-1)
    free = size - (sum(held) + 1)
    ways = [
        math.comb(free, a) * _joint(rule, [a if i == own else c for i, c in enumerate(held)], size)
        for a in range(size + 1)
    ]
    return [way / sum(ways) for way in ways]


def _joint(rule: Sequence[tuple[float, int]], counts: Sequence[int], size: int) -> float:
    """Probability of one particular placing of so many holders of each tag."""
    probability, free = 1.0, size
    for (chance, greatest), count in zip(rule, counts, strict=True):
        most = min(greatest, free)
        if count > most:
            return 0.0
        if most > 0:
            probability *= chance / most / math.comb(free, count) if count else 1 - chance
        free -= count
    return probability


def redraw_arm(
    arms: Arms, column: str, levels: Bools, chosen: Bools, n: int, generator: np.random.Generator
) -> Bools:
    """Returns (U, n, J) who is in an arm, drawn again against the first where either was drawn.

    Those in other arms stay there.

    Args:
        arms: The declaration.
        column: 0/1 level of the arm.
        levels: (U, J, columns) arms of each listing, in the order of `arms.columns()`.
        chosen: (U, J) the listings that the arms are for.
        n: Draws of each world.
        generator: Of all draws.
    """
    own = arms.columns().index(column)
    elsewhere: Bools = np.asarray(np.delete(levels, own, axis=2).any(axis=2))
    weight = arms.arms[own + 1].weight
    share = weight / (weight + arms.arms[0].weight)
    each = levels.shape[1] if arms.unit == "listing" else 1
    on = generator.random((len(levels), n, each)) < share
    return np.asarray(on & (chosen & ~elsewhere)[:, None])


def redraw_slots(
    positions: Ints, within: Ints | None, n: int, generator: np.random.Generator
) -> Ints:
    """Returns (U, n, J) slots in random order, each listing staying in its group of slots.

    Args:
        positions: (U, J) slots, each of 1..J once.
        within: (U, J) group that each listing's slot is of, its column or its row; None: all one.
        n: Draws of each world.
        generator: Of all draws.
    """
    groups = np.zeros_like(positions) if within is None else within
    order = np.lexsort((positions, groups), axis=1)
    slots = np.take_along_axis(positions, order, axis=1)
    keys = groups[:, None] + generator.random((len(positions), n, positions.shape[1]))
    drawn = np.empty(keys.shape, dtype=np.int64)
    np.put_along_axis(drawn, keys.argsort(axis=2), np.broadcast_to(slots[:, None], keys.shape), 2)
    return drawn


__all__ = ["redraw_arm", "redraw_slots", "redraw_tag"]
