"""Checks that the shelves hold what treatments of whole shelves ask of them."""

from collections.abc import Mapping, Sequence

from aces import design
from aces.catalog import Catalog
from aces.errors import SpecError
from aces.spec import ExperimentSpec
from aces.types import Task

Declarations = Mapping[str, design.Declaration]


def check_feasible(
    spec: ExperimentSpec,
    catalog: Catalog,
    pools: Mapping[str, Sequence[str]],
    declarations: Declarations,
) -> None:
    """Raises SpecError, naming the line, unless every shelf can be treated as asked."""
    for index, (name, declaration) in enumerate(declarations.items()):
        where = f"{spec.where('treatments', index)}: '{name}'"
        for task in spec.tasks:
            if isinstance(declaration, design.Steering):
                _check_steering(where, catalog, pools[task.id], task, declaration)
            if isinstance(declaration, design.Saturation):
                size = design.shown_size(declarations, spec.shelf.size)
                _check_saturation(where, pools[task.id], task, declaration, size)


def _check_steering(
    where: str, catalog: Catalog, pool: Sequence[str], task: Task, steering: design.Steering
) -> None:
    """All listings must be the same product, and every gap must show in whole cents."""
    if task.copies_of is None:
        raise SpecError(
            f"{where}: a dearer listing is dominated only where all else is equal; give task "
            f"'{task.id}' `copies_of:`, the id of a product"
        )
    unseen = steering.unseen(catalog.listings[pool[0]])
    if unseen:
        price = catalog.listings[pool[0]].price_cents
        gaps = ", ".join(f"{gap:g}" for gap in unseen)
        raise SpecError(
            f"{where}: task '{task.id}': gaps of {gaps} vanish in rounding where the price is "
            f"{price}; copy a dearer product, or leave them out"
        )


def _check_saturation(
    where: str, pool: Sequence[str], task: Task, saturation: design.Saturation, size: int
) -> None:
    """Every product needs a text, and no more sellers can rewrite than are shown."""
    silent = [product for product in pool if product not in saturation.texts]
    if silent:
        raise SpecError(
            f"{where}: task '{task.id}' shows products without a text: {', '.join(silent)}; who "
            "rewrites is drawn among all sellers of a shelf, so each needs one in `texts:`"
        )
    if max(saturation.sellers) > size:
        raise SpecError(
            f"{where}: {max(saturation.sellers)} sellers can't rewrite on a shelf of {size}; give "
            f"`sellers:` from 0 to {size}"
        )
