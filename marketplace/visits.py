"""What a shopper looks at beside results: found and logged alike for pages and API."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from aces.types import Listing, Review, Seller
from marketplace.api.asked import COMPARED
from marketplace.cards import Card
from marketplace.choosing import as_chosen, chosen
from marketplace.finding.results import Query, offered, search, similar
from marketplace.front import Front, deals, popular
from marketplace.items import Line
from marketplace.reviews import sorted_by, with_stars
from marketplace.sessions import Session

DEALS = 6
POPULAR = 12
SIMILAR = 6
OF_SELLER = 18


class FrontRows(NamedTuple):
    """The listings of the front page."""

    deals: list[Card]
    popular: list[Card]


class Opened(NamedTuple):
    """A product page."""

    card: Card
    similar: list[Card]


class SellerPage(NamedTuple):
    """Who sells, and the most rated of what it sells: its own listings, then its other offers."""

    seller: Seller
    cards: list[Card]
    total: int
    own: int
    """How many of the total are listings of its own, which a search can find."""


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
    if not (wanted or seller or product.sold_out):
        return Card(session.world, listing, product)
    picked = chosen(product, wanted) if wanted else ()
    sold = as_chosen(listing, product, picked, seller)
    return Card(session.world, sold, product, picked, listing)


def cards(session: Session, listings: Iterable[Listing]) -> list[Card]:
    """Returns what is shown of listings."""
    return [card_of(session, listing) for listing in listings]


def line_card(session: Session, line: Line) -> Card:
    """Returns what is shown of a line of a cart or an order."""
    item = line.item
    if not (item.options or item.seller):
        return Card(session.world, line.listing, line.product)
    plain = session.listings[item.product_id]
    return Card(session.world, line.listing, line.product, item.options, plain)


def open_front(session: Session, front: Front | None) -> FrontRows:
    """Returns what the front page shows; a shop of one shelf has no row of deals."""
    whole = session.world.rest == "catalog"
    reduced = cards(session, deals(session, front, DEALS)) if whole else []
    rows = FrontRows(reduced, cards(session, popular(session, front, POPULAR)))
    session.log("home", "other", results=[card.id for row in rows for card in row])
    return rows


def open_product(
    session: Session,
    product_id: str,
    wanted: Mapping[str, str] | None = None,
    seller: str = "",
) -> Opened:
    """Returns the page of a product.

    Raises:
        KeyError: If the shop does not sell it.
    """
    card = card_of(session, session.listings[product_id], wanted, seller)
    others = cards(session, similar(session, product_id, SIMILAR))
    facts = {"options": dict(card.picked)} if card.picked else {}
    ids = [other.id for other in others]
    session.log("product", "product", product_id=product_id, **facts, similar=ids)
    return Opened(card, others)


def open_reviews(
    session: Session, product_id: str, sort: str, stars: int | None
) -> tuple[Card, list[Review]]:
    """Returns a product and what its buyers say.

    Raises:
        KeyError: If the shop does not sell it.
    """
    card = card_of(session, session.listings[product_id])
    session.log("reviews", "product", product_id=product_id, sort=sort, stars=stars)
    return card, with_stars(sorted_by(card.reviews, sort), stars)


def open_comparison(session: Session, ids: Iterable[str]) -> list[Card]:
    """Returns the first products of those asked for that the shop sells."""
    known = [id for id in dict.fromkeys(ids) if session.listing(id)]
    shown = cards(session, [session.listings[id] for id in known[:COMPARED]])
    session.log("compare", "other", results=[card.id for card in shown])
    return shown


def open_seller(session: Session, name: str) -> SellerPage | None:
    """Returns who a seller is and what it sells; None if nobody of that name sells here."""
    found = search(session, Query(seller=name, sort="reviews"), facets=False)
    offers = offered(session, name)
    known = session.catalog.sellers.get(name) if session.catalog else None
    total = found.total + len(offers)
    if not total and (known is None or session.world.rest == "none"):
        return None
    shown = cards(session, found.listings[:OF_SELLER])
    more = offers[: OF_SELLER - len(shown)]
    shown += [card_of(session, listing, seller=name) for listing in more]
    session.log("seller", "other", seller=name, results=[card.id for card in shown])
    return SellerPage(known or Seller(name=name), shown, total, found.total)
