"""Every mark there is, each on a real card: to look at before an experiment uses it."""

from collections.abc import Sequence
from typing import cast

from flask import Blueprint, Response, current_app

from aces.types import Listing, Mark
from marketplace.cards import Card
from marketplace.front import popular
from marketplace.sessions import Session
from marketplace.views import missing
from marketplace.views.rendering import LOOKS, PAGE_PLACES, PLACES, front, page, visitor
from marketplace.visits import card_of

gallery = Blueprint("gallery", __name__)

TEXTS = {
    "badge": "Overall Pick",
    "ribbon": "Best Seller",
    "flag": "Limited time deal",
    "notice": "Only 3 left in stock",
    "quiet": "Sponsored",
    "countdown": "Deal ends in 02:14:09",
    "nudge": "27 people have this in their cart",
    "disclosure": "Ranked with the help of AI",
    "bundle": "Buy 2, save 10%",
    "coupon": "Save 5% with coupon",
}


@gallery.get("/gallery")
def marks() -> Response:
    """Each mark of the experiment, then each look in each place."""
    session = visitor()
    own = cast(Sequence[Mark], current_app.extensions["gallery"])
    if not own and not session.world.id.startswith("browse"):
        missing("page")
    listings = popular(session, front(), len(LOOKS)) or missing("product to show marks on")
    looks = [
        {
            "name": look,
            "cards": [
                (place, _card(session, listings[i % len(listings)], _mark(look, place)))
                for place in PLACES
            ],
            "pages": [_mark(look, place) for place in PAGE_PLACES],
        }
        for i, look in enumerate(LOOKS)
    ]
    mine = [_own(session, listings[i % len(listings)], mark) for i, mark in enumerate(own)]
    return page("gallery.html", session, own=mine, looks=looks)


def _mark(look: str, place: str) -> Mark:
    return Mark(kind="example", text=TEXTS[look], look=look, place=place)


def _card(session: Session, listing: Listing, mark: Mark) -> Card:
    """A card that carries one mark and no other."""
    return card_of(session, listing.model_copy(update={"marks": (mark,), "stock": 100}))


def _own(session: Session, listing: Listing, mark: Mark) -> tuple[str, Card | None, Mark]:
    """A mark, its place, and the card it stands on where it stands on one."""
    card = None if mark.place in PAGE_PLACES else _card(session, listing, mark)
    return f"{mark.look}, {mark.place}", card, mark
