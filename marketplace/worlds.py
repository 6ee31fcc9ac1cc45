"""Builds a trial's `World` from catalogue slice and assignment. Pure, and takes microseconds."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from aces.catalog import Catalog
from aces.shelf import Shelf
from aces.types import Assignment, Coupon, Listing, Mark, Offer, Task, World
from marketplace.marks import LOW_STOCK, STANDARD_MARKS
from marketplace.treatments.page import SETTINGS

_FIELDS = frozenset(Listing.model_fields)
_BUILT: dict[str, Any] = {
    "offers": lambda offers: tuple(Offer.model_validate(offer) for offer in offers),
    "marks": lambda marks: tuple(Mark.model_validate(mark) for mark in marks),
    "bullets": tuple,
    "pictures": tuple,
}


def build_world(
    assignment: Assignment,
    task: Task,
    catalog: Catalog,
    shelf: Shelf,
    marks: Mapping[str, Mark] = STANDARD_MARKS,
) -> World:
    """Returns the shop of one trial.

    Args:
        assignment: Levels per product on the shelf; levels of the page are the same for all.
        task: The shopper's errand, for the query.
        catalog: What the products are, and their base offers.
        shelf: Grid, theme and other settings that no level overrides.
        marks: Those that levels draw, by kind.
    """
    levels = assignment.levels
    listings, products = catalog.listings, catalog.products
    shown = [
        _write(listings[product_id], {name: values[i] for name, values in levels.items()}, marks)
        for i, product_id in enumerate(assignment.product_ids)
    ]
    order = sorted(range(len(shown)), key=lambda i: levels["position"][i])
    drawn = {name: levels[name][0] for name in SETTINGS if name in levels}
    return World(
        id=assignment.world_id,
        task_id=assignment.task_id,
        k=assignment.k,
        query=task.query,
        listings=tuple(shown[i] for i in order),
        products={product_id: products[product_id] for product_id in assignment.product_ids},
        currency=catalog.currency,
        max_units=1,
        screenshot=levels["screenshot"][0] if "screenshot" in levels else "",
        **{**shelf.settings(), **drawn},
    )


def _write(base: Listing, levels: Mapping[str, Any], marks: Mapping[str, Mark]) -> Listing:
    """The base offer with one product's levels written into it."""
    update = {
        name: _BUILT[name](value) if name in _BUILT else value
        for name, value in levels.items()
        if name in _FIELDS
    }
    drawn = [name for name in levels if name in marks]
    if drawn:
        # what the draw decides, the catalogue's own marks do not
        kept = (mark for mark in update.get("marks", base.marks) if mark.kind not in drawn)
        added = (_valued(marks[kind], levels[kind]) for kind in drawn if levels[kind])
        update["marks"] = (*kept, *added)
    if levels.get("scarcity") == 0 and 0 < update.get("stock", base.stock) <= LOW_STOCK:
        update["stock"] = LOW_STOCK + 1
    listing = base.model_copy(update=update) if update else base
    if listing.list_price_cents is not None and listing.list_price_cents <= listing.price_cents:
        # nobody strikes through a price that is not higher
        return listing.model_copy(update={"list_price_cents": None})
    return listing


@lru_cache(maxsize=256)
def _valued(mark: Mark, value: int | str) -> Mark:
    return mark.model_copy(update={"value": value})


WELCOME = Coupon(code="WELCOME10", percent=10, minimum_cents=2500)


def browsing_world(catalog: Catalog, **settings: Any) -> World:  # noqa: ANN401
    """Returns a world that sells the whole catalogue untreated, for a person to browse.

    Args:
        catalog: What is sold.
        settings: Fields of the world: theme, density, scheme, ...
    """
    ours: dict[str, Any] = {"scheme": "auto", "coupons": (WELCOME,)}
    return World(
        id="browse",
        task_id="browse",
        k=0,
        listings=(),
        products={},
        rest="catalog",
        controls=True,
        currency=catalog.currency,
        **{**ours, **settings},
    )
