"""Thin routes. Pages and API differ in how they answer; what a shopper does is the same below."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn, Protocol, cast

from flask import abort, current_app

from marketplace.cards import Card
from marketplace.rankers import RANKERS, Ranker
from marketplace.sessions import Session, Sessions

NAME = "Marigold"
MAX_QUERY = 200


class Pictures(Protocol):
    """Where pictures come from; a catalogue is one."""

    def picture(self, key: str) -> tuple[bytes, str]:
        """Returns bytes and media type of a picture; KeyError or CatalogError if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Shop:
    """What the routes of one application share."""

    sessions: Sessions
    pictures: Pictures


def shop() -> Shop:
    """Returns the shop behind the current request."""
    return cast(Shop, current_app.extensions["shop"])


def browse(session: Session, query: str) -> list[Card]:
    """Returns the results of a search, in shown order, and logs the impression."""
    world = session.world
    listings = _ranker(world.ranker).rank(world, query)
    results = [listing.product_id for listing in listings]
    session.log("search", "results", query=query, results=results)
    return [Card(world, listing) for listing in listings]


def open_product(session: Session, product_id: str) -> Card:
    """Returns a listing for its own page, and logs the click; 404 if there is none."""
    listing = session.listings.get(product_id) or missing("product")
    session.log("product", "product", product_id=product_id)
    return Card(session.world, listing)


def put_in_cart(session: Session, product_id: object, units: object) -> None:
    """Adds to the cart; 404 for an unknown product, 400 where `units` is no positive number."""
    if not isinstance(product_id, str) or product_id not in session.listings:
        missing("product")
    if isinstance(units, bool) or not isinstance(units, int) or units < 1:
        abort(400, "The number of units must be a whole number from 1.")
    session.add(product_id, units)


def missing(what: str) -> NoReturn:
    """Answers 404."""
    abort(404, f"This shop has no such {what}.")


@lru_cache(maxsize=32)
def _ranker(name: str) -> Ranker:
    return cast(Ranker, RANKERS.build(name, {}))
