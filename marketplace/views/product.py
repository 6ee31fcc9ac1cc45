"""The product page, and the page of its reviews."""

from flask import Blueprint, Response, request

from aces.types import Coupon
from marketplace.cards import Card, wanted_options
from marketplace.finding.results import Query
from marketplace.reviews import SORTS, sorted_by
from marketplace.sessions import Session
from marketplace.structured import open_graph, product_graph
from marketplace.views import NAME, missing
from marketplace.views.pages import known_seller, trail_of
from marketplace.views.rendering import page, visitor
from marketplace.visits import open_product, open_reviews

products = Blueprint("products", __name__)

MOST_UNITS = 10
"""Units that a list of quantities goes up to."""
FIRST_REVIEWS = 5
SORT_NAMES = dict(
    zip(SORTS, ("Most helpful", "Newest", "Highest rating", "Lowest rating"), strict=True)
)


@products.get("/product/<product_id>")
def product(product_id: str) -> Response:
    """One listing in full."""
    session = visitor()
    session.listing(product_id) or missing("product")
    wanted, other = wanted_options(request.args), request.args.get("seller", "")
    card, others = open_product(session, product_id, wanted, other)
    reviews = sorted_by(card.reviews)[:FIRST_REVIEWS]
    trail = trail_of(session, card)
    return page(
        "product.html",
        session,
        card=card,
        by=other if other == card.listing.seller else "",
        most=most_units(session, card),
        reviews=reviews,
        crumbs=trail,
        brand_url=Query(brands=(card.product.brand,)).url(),
        seller=known_seller(session, card.listing.seller),
        coupons=[(each.code, worth(each, card)) for each in session.world.coupons],
        similar=others,
        open_graph=open_graph(card, NAME),
        graph=product_graph(card, reviews, trail),
    )


@products.get("/product/<product_id>/reviews")
def reviews(product_id: str) -> Response:
    """What buyers say, sorted and by stars."""
    session = visitor()
    session.listing(product_id) or missing("product")
    sort, stars = request.args.get("sort"), request.args.get("stars", "")
    sort = sort if sort in SORTS else SORTS[0]
    wanted = int(stars) if stars in ("1", "2", "3", "4", "5") else None
    card, shown = open_reviews(session, product_id, sort, wanted)
    return page(
        "reviews.html",
        session,
        card=card,
        reviews=shown,
        sort=sort,
        stars=wanted,
        sorts=SORT_NAMES,
        crumbs=[*trail_of(session, card), ("Customer reviews", card.reviews_url)],
    )


def most_units(session: Session, card: Card) -> int:
    """Returns how many units of a listing its list of quantities offers."""
    limit = session.world.max_units or MOST_UNITS
    return min(limit, card.listing.stock, MOST_UNITS)


def worth(coupon: Coupon, card: Card) -> str:
    """Returns what a coupon is good for, in words."""
    takes = [f"{coupon.percent}%"] if coupon.percent else []
    takes += [card.money(coupon.off_cents)] if coupon.off_cents else []
    least = f" on orders of {card.money(coupon.minimum_cents)} or more"
    return f"takes {' and '.join(takes)} off{least if coupon.minimum_cents else ''}"
