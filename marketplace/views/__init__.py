"""Thin routes. Pages and API differ in how they answer; what a shopper does is the same below."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn, Protocol, cast

from flask import abort, current_app

from aces.types import Listing
from marketplace.cards import Card
from marketplace.choosing import as_chosen, chosen
from marketplace.finding import Query, find
from marketplace.items import Line
from marketplace.sessions import Session, Sessions

NAME = "Marigold"
MAX_QUERY = 200
MAX_UNITS = 99_999


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
    found = find(session, Query(text=query))
    return [card_of(session, listing) for listing in found.listings]


def card_of(
    session: Session,
    listing: Listing,
    wanted: Mapping[str, str] | None = None,
    seller: str = "",
) -> Card:
    """Returns what is shown of a listing.

    Args:
        session: Who sees it.
        listing: One of the session's.
        wanted: Option -> value; what the product does not have is ignored.
        seller: Of another offer than the listing's own; ignored where there is none.
    """
    product = session.products[listing.product_id]
    options = chosen(product, wanted or {})
    sold = as_chosen(listing, product, options, seller)
    return Card(session.world, sold, product, options, listing)


def line_card(session: Session, line: Line) -> Card:
    """Returns what is shown of a line of a cart or an order."""
    return Card(session.world, line.listing, line.product, line.options)


def open_product(
    session: Session,
    product_id: str,
    wanted: Mapping[str, str] | None = None,
    seller: str = "",
) -> Card:
    """Returns a listing for its own page, and logs the click; 404 if there is none."""
    listing = session.listing(product_id) or missing("product")
    card = card_of(session, listing, wanted, seller)
    session.log("product", "product", product_id=product_id)
    return card


def put_in_cart(
    session: Session,
    product_id: object,
    units: object,
    wanted: Mapping[str, str] | None = None,
    seller: str = "",
) -> None:
    """Adds to the cart; 404 for an unknown product, 400 where `units` is no positive number."""
    if not isinstance(product_id, str) or product_id not in session.listings:
        missing("product")
    session.add(product_id, whole(units, 1), wanted, seller)


def in_cart(
    session: Session, product_id: str | None, wanted: Mapping[str, str], seller: str = ""
) -> bool:
    """Returns whether this very item lies in the cart."""
    if product_id is None or product_id not in session.listings:
        return False
    return session.item(product_id, wanted, seller) in session.cart


def whole(value: object, least: int = 0) -> int:
    """Returns a number of units; 400 unless it is a sensible one."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MAX_UNITS:
        abort(400, f"The number of units must be a whole number from {least} to {MAX_UNITS}.")
    return value


def missing(what: str) -> NoReturn:
    """Answers 404."""
    abort(404, f"This shop has no such {what}.")
