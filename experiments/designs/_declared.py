"""What a design adds to the treatments' draws, and which of them can't go together."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from aces import design
from aces.catalog import Catalog
from aces.errors import SpecError, StoreError
from aces.spec import ExperimentSpec
from experiments.designs import DESIGNS, Declared

Declarations = Mapping[str, design.Declaration]
_DECLARATIONS = TypeAdapter(dict[str, design.Declaration])


def designed(
    spec: ExperimentSpec,
    declarations: Declarations,
    pools: Mapping[str, Sequence[str]],
    catalog: Catalog,
) -> Declared | None:
    """Returns what the design sets together, if it does.

    Raises:
        SpecError: Naming the line, if treatments can't be set as the design asks.
    """
    plugin: Any = DESIGNS.build(spec.design.use, dict(spec.design.parameters))
    if not hasattr(plugin, "declare"):
        return None
    size = spec.shelf.size
    shelves = [[catalog.listings[i] for i in pool[:size]] for pool in pools.values()]
    try:
        if spec.design.name in declarations:
            raise SpecError(
                f"a treatment is called '{spec.design.name}' too; `name:` one otherwise"
            )
        declared: Declared = plugin.declare(spec, declarations, shelves)
        _same_listings(spec, declarations, declared.declaration)
    except SpecError as error:
        raise SpecError(f"{spec.where('design')}: {error}") from error
    return declared


def _same_listings(
    spec: ExperimentSpec, declarations: Declarations, declared: design.Declaration
) -> None:
    """A table with factors of single listings needs the same listings in every world."""
    by_listing = isinstance(declared, design.Table) and len(declared.rows[0]) > len(
        declared.treatments
    )
    if by_listing and (spec.shelf.sample or _removals(declarations)):
        raise SpecError(
            "levels of single listings can't be set where worlds have different products; give "
            "`sample: false` and no `menu`, or set levels of whole worlds only"
        )


def check_shelves(spec: ExperimentSpec, declarations: Declarations) -> None:
    """Refuses orders and removals that the shelves do not allow.

    Raises:
        SpecError: Naming the line.
    """
    removed = _removals(declarations)
    changing = spec.shelf.sample or bool(removed)
    for index, (name, declaration) in enumerate(declarations.items()):
        place = spec.where("treatments", index)
        if isinstance(declaration, design.Square) and changing:
            raise SpecError(
                f"{place}.order: products that differ from world to world can't be balanced over "
                "slots; give `sample: false` and no `menu`, or `order: random`"
            )
        fixed = isinstance(declaration, design.Fixed) and declaration.level == "position"
        if fixed and removed:
            raise SpecError(f"{place}: given slots would have gaps where '{removed[0]}' removes")
        alone = isinstance(declaration, design.Ladder)
        if alone and (removed or spec.design.use != "independent"):
            raise SpecError(
                f"{place}: '{name}' balances slots and prices by itself; leave `menu` and "
                "`design:` out"
            )
        slots = design.shown_size(declarations, spec.shelf.size)
        if isinstance(declaration, design.Doses) and (declaration.slot or 1) > slots:
            raise SpecError(f"{place}.slot: the shelf shows {slots}, found {declaration.slot}")
        if isinstance(declaration, design.Removal):
            _check_removal(spec, f"{place}: '{name}'", declaration)


def _check_removal(spec: ExperimentSpec, place: str, removal: design.Removal) -> None:
    """At least two listings must stay, and what is left out must not be for sale elsewhere."""
    among = spec.shelf.size if removal.among is None else len(removal.among)
    if removal.count > among or removal.count > spec.shelf.size - 2:
        raise SpecError(
            f"{place} removes {removal.count} of {among}; two listings of {spec.shelf.size} must "
            "stay on the shelf"
        )
    if removal.among is not None and (spec.shelf.sample or len(spec.tasks) > 1):
        raise SpecError(
            f"{place}: `among:` needs the same products in all worlds: one task, `sample: false`"
        )
    if spec.shelf.rest != "none":
        raise SpecError(
            f"{place}: what is left out of the shelf would still be found in the shop; give "
            "`rest: none`"
        )


def check_kept(folder: Path, stored: Any, declarations: Declarations) -> None:  # noqa: ANN401
    """Refuses to go on where worlds drawn before would now be drawn otherwise.

    Args:
        folder: Run folder, for the message.
        stored: Its declarations, as data; nothing in a new folder.
        declarations: Those of now.

    Raises:
        StoreError: If they differ.
    """
    if not stored:
        return
    # as data: what was stored by an older version lacks defaults that came later
    before = _DECLARATIONS.dump_json(_DECLARATIONS.validate_python(stored))
    if before != _DECLARATIONS.dump_json(dict(declarations)):
        raise StoreError(
            f"{folder}: worlds drawn before would now be drawn otherwise; a design made for one "
            "`worlds_per_task` can't grow. Give the design `worlds:`, and use another --out"
        )


def _removals(declarations: Declarations) -> list[str]:
    return [name for name, d in declarations.items() if isinstance(d, design.Removal)]


def incomplete(spec: ExperimentSpec, declarations: Declarations) -> Iterator[str]:
    """Says so where the last block of worlds is not whole."""
    block = design.block_size(declarations, spec.shelf.size)
    over = max(0, spec.worlds_per_task - design.screen_size(declarations)) % block
    if over:
        yield (
            f"worlds are drawn in blocks of {block}; the last {over} of {spec.worlds_per_task} per "
            f"task are not a whole one: {spec.worlds_per_task - over + block} would be balanced"
        )
