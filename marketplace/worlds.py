"""Builds a trial's `World` from catalogue slice and assignment. Pure, and takes microseconds."""

from collections.abc import Mapping
from typing import Any

from aces.catalog import Catalog
from aces.spec import Shelf
from aces.types import Assignment, Listing, Mark, Product, Task, World
from marketplace.marks import LOW_STOCK, STANDARD_MARKS, standard_mark

_FIELDS = frozenset(Listing.model_fields)
_BUILT: dict[str, Any] = {
    "marks": lambda marks: tuple(Mark.model_validate(mark) for mark in marks),
    "bullets": tuple,
    "pictures": tuple,
}


def build_world(
    assignment: Assignment,
    task: Task,
    products: Mapping[str, Product],
    listings: Mapping[str, Listing],
    shelf: Shelf,
    *,
    currency: str = "USD",
) -> World:
    """Returns the shop of one trial.

    Args:
        assignment: Levels per product on the shelf.
        task: The shopper's errand, for the query.
        products: What the products are, by id.
        listings: Their base offers, by id.
        shelf: Grid and theme.
        currency: Of all prices.
    """
    levels = assignment.levels
    shown = [
        _write(listings[product_id], {name: values[i] for name, values in levels.items()})
        for i, product_id in enumerate(assignment.product_ids)
    ]
    order = sorted(range(len(shown)), key=lambda i: levels["position"][i])
    return World(
        id=assignment.world_id,
        task_id=assignment.task_id,
        k=assignment.k,
        query=task.query,
        listings=tuple(shown[i] for i in order),
        products={product_id: products[product_id] for product_id in assignment.product_ids},
        columns=shelf.columns,
        ranker=shelf.ranker,
        theme=shelf.theme,
        currency=currency,
        max_units=1,
    )


def _write(base: Listing, levels: Mapping[str, Any]) -> Listing:
    """The base offer with one product's levels written into it."""
    update = {
        name: _BUILT[name](value) if name in _BUILT else value
        for name, value in levels.items()
        if name in _FIELDS
    }
    drawn = [name for name in levels if name in STANDARD_MARKS]
    if drawn:
        # what the draw decides, the catalogue's own marks do not
        kept = (mark for mark in update.get("marks", base.marks) if mark.kind not in drawn)
        added = (standard_mark(kind, levels[kind]) for kind in drawn if levels[kind])
        update["marks"] = (*kept, *added)
    if levels.get("scarcity") == 0 and 0 < base.stock <= LOW_STOCK:
        update["stock"] = LOW_STOCK + 1
    listing = base.model_copy(update=update) if update else base
    if listing.list_price_cents is not None and listing.list_price_cents <= listing.price_cents:
        # nobody strikes through a price that is not higher
        return listing.model_copy(update={"list_price_cents": None})
    return listing


def browsing_world(catalog: Catalog, category: str, columns: int = 4) -> World:
    """Returns a world that shows a whole category untreated, for a person to browse."""
    ids = catalog.slice(category)
    return World(
        id=f"browse-{category}",
        task_id="browse",
        k=0,
        query=category.replace("_", " "),
        listings=tuple(catalog.listings[product_id] for product_id in ids),
        products={product_id: catalog.products[product_id] for product_id in ids},
        columns=columns,
        currency=catalog.currency,
    )
