"""What the JSON API says of carts, orders, results and reviews."""

from typing import NotRequired

from typing_extensions import TypedDict

from aces.types import Review, World
from marketplace.api.answers import (
    AddressAnswer,
    CartAnswer,
    CheckoutAnswer,
    FacetAnswer,
    ItemAnswer,
    Notices,
    OrderAnswer,
    ProductAnswer,
    Result,
    ResultsAnswer,
    ReviewAnswer,
    ReviewsAnswer,
    SellerAnswer,
    Sums,
)
from marketplace.bill import Bill, delivery_choices
from marketplace.cards import Card
from marketplace.customer import CUSTOMER, Address
from marketplace.finding.results import Facet, Results
from marketplace.items import Line
from marketplace.locales import short_day
from marketplace.money import decimal
from marketplace.sessions import Order, Session
from marketplace.views.rendering import notices_at
from marketplace.visits import Opened, SellerPage, card_of, line_card

REVIEWS_PAGE = 10


def results_answer(session: Session, found: Results) -> ResultsAnswer:
    """Returns a page of results, with facets where some were counted."""
    world, first = session.world, found.first
    answer: ResultsAnswer = {
        "query": found.query.text,
        "corrected": found.corrected,
        "total": found.total,
        "page": found.page,
        "pages": found.pages,
        "sort": found.query.sort,
        "currency": world.currency,
        "layout": {"columns": world.columns},
        "results": [
            _result(card_of(session, listing), position)
            for position, listing in enumerate(found.listings, start=first)
        ],
    }
    if world.notices:
        answer["notices"] = _notices(world, "results")
    if found.facets:
        answer["facets"] = [_facet(facet) for facet in found.facets]
    return answer


def _result(card: Card, position: int) -> Result:
    answer: Result = {"position": position, **card.summary()}
    if card.alt:
        answer["picture_alt"] = card.alt
    return answer


def cart_answer(session: Session) -> CartAnswer:
    """Returns what lies in the cart."""
    return {**sums(session, session.bill()), **told(session.world, "cart")}


class Told(TypedDict):
    """What a page tells beside its listings."""

    notices: NotRequired[Notices]


def told(world: World, *places: str) -> Told:
    """Returns the notices of a page, the banner's among them; nothing where there are none."""
    return {"notices": _notices(world, *places)} if world.notices else {}


def _notices(world: World, *places: str) -> list[str]:
    return [text for at in ("banner", *places) for _, text in notices_at(world, at)]


def product_answer(opened: Opened) -> ProductAnswer:
    """Returns a product page."""
    card, fit = opened.card, opened.card.fit
    answer: ProductAnswer = {
        "currency": card.world.currency,
        **told(card.world),
        **card.details(),
        "reviews": {
            "total": len(card.reviews),
            "fit": {"runs": fit[0], "votes": fit[1], "of": fit[2]} if fit else None,
            "url": f"/api{card.reviews_url}".replace("/product/", "/products/", 1),
        },
        "similar": [other.summary() for other in opened.similar],
    }
    if card.alt:
        answer["picture_alt"] = card.alt
    return answer


def reviews_answer(card: Card, found: list[Review], sort: str, page: int) -> ReviewsAnswer:
    """Returns a page of reviews; one beyond the last is the last."""
    pages = max(1, -(-len(found) // REVIEWS_PAGE))
    page = min(page, pages)
    return {
        "id": card.id,
        "rating": card.stars,
        "review_count": card.listing.review_count,
        "histogram": {str(bar.stars): bar.count for bar in card.histogram},
        "sort": sort,
        "total": len(found),
        "page": page,
        "pages": pages,
        "reviews": [
            _review(review) for review in found[REVIEWS_PAGE * (page - 1) : REVIEWS_PAGE * page]
        ],
    }


def seller_answer(found: SellerPage, currency: str) -> SellerAnswer:
    """Returns who a seller is, and the most rated of what it sells."""
    seller = found.seller
    return {
        "name": seller.name,
        "about": seller.about,
        "since": seller.since,
        "rating": seller.rating,
        "review_count": seller.review_count,
        "ships_from": seller.ships_from,
        "shipping": seller.shipping,
        "returns": seller.returns,
        "return_days": seller.return_days,
        "currency": currency,
        "total": found.total,
        "results": [card.summary() for card in found.cards],
    }


def sums(session: Session, bill: Bill) -> Sums:
    """Returns items and what they come to."""
    currency = session.world.currency
    answer: Sums = {
        "currency": currency,
        "items": [_item(session, line) for line in bill.lines],
        "subtotal": decimal(bill.items_cents, currency),
        "coupon": bill.coupon.code if bill.coupon else None,
        "discount": decimal(bill.discount_cents, currency),
        "shipping": decimal(bill.shipping_cents, currency),
        "total": decimal(bill.total_cents, currency),
    }
    if bill.fees_cents:
        answer["fees"] = decimal(bill.fees_cents, currency)
    return answer


def checkout_answer(session: Session) -> CheckoutAnswer:
    """Returns the order as it stands before it is placed."""
    world = session.world
    return {
        **sums(session, session.bill()),
        **told(world, "checkout"),
        "number": len(session.orders) + 1,
        "deliveries": [
            {
                "name": way.name,
                "price": decimal(way.cents, world.currency),
                "arrival": short_day(way.arrival, world.locale),
                "total": decimal(session.bill(way.name).total_cents, world.currency),
            }
            for way in delivery_choices(session.lines, world)
        ],
        "address": _address(CUSTOMER.home),
        "payment": CUSTOMER.card,
    }


def order_answer(session: Session, placed: Order) -> OrderAnswer:
    """Returns an order placed."""
    return {
        "order_id": placed.id,
        **sums(session, placed.bill),
        "delivery": placed.bill.delivery,
        "arrival": short_day(placed.bill.arrival, session.world.locale),
        "address": _address(placed.address),
    }


def _address(address: Address) -> AddressAnswer:
    return {
        "name": address.name,
        "street": address.street,
        "city": address.city,
        "postal_code": address.postal_code,
    }


def _item(session: Session, line: Line) -> ItemAnswer:
    currency, listing = session.world.currency, line.listing
    return {
        "id": line.item.product_id,
        "key": line.item.key,
        "title": listing.title,
        "options": dict(line.options),
        "seller": listing.seller,
        "price": decimal(line.unit_cents, currency),
        "units": line.units,
        "total": decimal(line.total_cents, currency),
        "url": line_card(session, line).url,
    }


def _facet(facet: Facet) -> FacetAnswer:
    return {
        "name": facet.name,
        "title": facet.title,
        "choices": [
            {
                "label": choice.label,
                "count": choice.count,
                "selected": choice.selected,
                "url": choice.query.url("/api/search"),
            }
            for choice in facet.choices
        ],
    }


def _review(review: Review) -> ReviewAnswer:
    return {
        "stars": review.stars,
        "title": review.title,
        "text": review.text,
        "author": review.author,
        "date": review.date,
        "verified": review.verified,
        "helpful": review.helpful,
        "fit": review.fit,
        "options": dict(review.options),
    }
