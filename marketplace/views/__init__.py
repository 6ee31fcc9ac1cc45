"""Thin routes. Pages and API differ in how they answer; what a shopper does is the same below."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn, Protocol, cast

from flask import abort, current_app

from marketplace.api.asked import MAX_UNITS
from marketplace.sessions import Session, Sessions

NAME = "Marigold"


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
