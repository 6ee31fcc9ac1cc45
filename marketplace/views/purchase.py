"""From the cart through checkout to the order, and the orders placed."""

from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from marketplace.bill import Bill, Delivery, delivery_choices
from marketplace.cards import Card, wanted_options
from marketplace.customer import CUSTOMER, Address
from marketplace.items import Line
from marketplace.locales import day_after, long_day, short_day
from marketplace.money import amount
from marketplace.sessions import Order, RefusalError, Session
from marketplace.views import in_cart, missing, put_in_cart, whole
from marketplace.views.product import most_units
from marketplace.views.rendering import page, results_url, see_other, visitor
from marketplace.visits import line_card

purchase = Blueprint("purchase", __name__)

FREE = "FREE"


@dataclass(frozen=True, slots=True)
class Row:
    """A line as a cart or an order shows it."""

    card: Card
    line: Line
    most: int
    """Units that can be chosen."""

    @property
    def key(self) -> str:
        """Names the line in a URL."""
        return self.line.item.key

    @property
    def total(self) -> str:
        """Price of all units."""
        return self.card.money(self.line.total_cents)


@purchase.get("/cart")
def cart() -> Response:
    """What lies in the cart, with the last refusal where there was one."""
    session = visitor()
    return page("cart.html", session, refusal=session.refusal, **_sums(session, session.bill()))


@purchase.post("/cart")
def add() -> AnyResponse:
    """Adds to the cart; `buy_now` goes straight on to checkout."""
    session = visitor()
    product_id = request.form.get("product_id")
    buy_now = "buy_now" in request.form
    wanted, seller = wanted_options(request.form), request.form.get("seller", "")
    if not (buy_now and in_cart(session, product_id, wanted, seller)):
        units = _whole(request.form.get("units", "1"))
        put_in_cart(session, product_id, units, wanted, seller)
    return see_other("/checkout" if buy_now else "/cart")


@purchase.post("/cart/<key>")
def change(key: str) -> AnyResponse:
    """Changes how many units of an item lie in the cart."""
    session = visitor()
    try:
        session.set_units(key, whole(_whole(request.form.get("units", ""))))
    except KeyError:
        missing("product in your cart")
    return see_other("/cart")


@purchase.post("/cart/<key>/remove")
def remove(key: str) -> AnyResponse:
    """Takes an item out of the cart; once more does nothing."""
    visitor().remove(key)
    return see_other("/cart")


@purchase.post("/coupon")
def hand_in() -> AnyResponse:
    """Takes a coupon off the bill."""
    visitor().apply_coupon(request.form.get("code", ""))
    return see_other("/cart")


@purchase.post("/coupon/remove")
def take_back() -> AnyResponse:
    """Takes the coupon back."""
    visitor().drop_coupon()
    return see_other("/cart")


@purchase.get("/checkout")
def checkout() -> AnyResponse:
    """Delivery, payment and summary, all filled in."""
    session = visitor()
    if not session.cart:
        return see_other("/cart")
    session.log("checkout", "checkout")
    return _checkout(session, CUSTOMER.home, "standard")


@purchase.get("/orders")
def orders() -> Response:
    """The orders placed, the newest first."""
    session = visitor()
    session.log("orders", "other", results=[each.id for each in session.orders])
    placed = [{"order": each, **_sums(session, each.bill)} for each in session.orders[::-1]]
    day = long_day(day_after(session.world.clock, 0).isoformat(), session.world.locale)
    return page("orders.html", session, orders=placed, placed=day, query_url=results_url(session))


@purchase.post("/orders")
def place_order() -> AnyResponse:
    """Buys what is in the cart; the form's `number` makes a second submit harmless."""
    session = visitor()
    address = Address.read(request.form)
    delivery = cast(Delivery, request.form.get("delivery", "standard"))
    try:
        placed = session.order(request.form.get("number", type=int), address, delivery)
    except RefusalError as refusal:
        if not session.cart:
            raise
        return _checkout(session, address, delivery, refusal)
    return see_other(_url(placed))


@purchase.get("/orders/<order_id>")
def order(order_id: str) -> Response:
    """The confirmation."""
    session = visitor()
    placed = next((each for each in session.orders if each.id == order_id), None)
    if placed is None:
        missing("order")
    return page("order.html", session, order=placed, **_sums(session, placed.bill))


@purchase.errorhandler(RefusalError)
def refused(error: RefusalError) -> AnyResponse:
    """Goes to the cart, which says why: the refusal is the session's last event."""
    return see_other("/cart")


def _checkout(
    session: Session, address: Address, delivery: Delivery, refusal: RefusalError | None = None
) -> Response:
    """The checkout as filled in; with a refusal the shopper corrects it there."""
    return page(
        "checkout.html",
        session,
        status=422 if refusal else 200,
        refusal=refusal,
        address=address,
        number=len(session.orders) + 1,
        ways=_ways(session),
        **_sums(session, session.bill(delivery)),
    )


def _ways(session: Session) -> list[dict[str, str]]:
    """The ways of delivery, each with what it comes to."""
    world = session.world

    def money(cents: int) -> str:
        return amount(cents, world.currency, world.locale)

    return [
        {
            "name": way.name,
            "title": way.title,
            "arrival": short_day(way.arrival, world.locale),
            "cost": money(way.cents) if way.cents else FREE,
            "total": money(session.bill(way.name).total_cents),
        }
        for way in delivery_choices(session.lines, world)
    ]


def _sums(session: Session, bill: Bill) -> dict[str, Any]:
    """What cart, checkout and confirmation say about a bill."""
    world = session.world

    def money(cents: int) -> str:
        return amount(cents, world.currency, world.locale)

    return {
        "bill": bill,
        "lines": [_row(session, line) for line in bill.lines],
        "items": money(bill.items_cents),
        "discount": money(-bill.discount_cents),
        "shipping": money(bill.shipping_cents) if bill.shipping_cents else FREE,
        "fees": money(bill.fees_cents),
        "total": money(bill.total_cents),
        "arrival": short_day(bill.arrival, world.locale),
        "query_url": results_url(session),
    }


def _row(session: Session, line: Line) -> Row:
    card = line_card(session, line)
    return Row(card, line, max(line.units, most_units(session, card)))


def _url(order: Order) -> str:
    return "/orders/" + quote(order.id, safe="")


def _whole(text: str) -> int | None:
    """The number a form field holds, if it is a sensible one."""
    return int(text) if text.isdecimal() and len(text) < 6 else None
