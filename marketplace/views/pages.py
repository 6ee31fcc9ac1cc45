"""The shop as pages, rendered here and complete without JavaScript."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from marketplace.bill import Bill
from marketplace.cards import wanted_options
from marketplace.customer import CUSTOMER
from marketplace.locales import short_day
from marketplace.money import amount
from marketplace.sessions import RefusalError, Session
from marketplace.views import (
    MAX_QUERY,
    NAME,
    browse,
    in_cart,
    line_card,
    missing,
    open_product,
    put_in_cart,
    shop,
)

pages = Blueprint("pages", __name__)

COOKIE = "session"
MAX_SELECT = 10


@pages.get("/enter/<token>")
def enter(token: str) -> AnyResponse:
    """Opens the visit: sets the cookie and goes to the results of the shopper's query."""
    session = shop().sessions.get(token) or abort(404, "This invitation is not valid.")
    session.enter()
    response = _see_other("/search?" + urlencode({"q": session.world.query}))
    # SameSite=Lax is the protection of the forms: no other site's POST carries the cookie.
    response.set_cookie(COOKIE, token, path="/", httponly=True, samesite="Lax")
    return response


@pages.get("/")
def home() -> Response:
    """The front door: a search box and a welcome."""
    return _page("home.html", _visitor())


@pages.get("/search")
def search() -> Response:
    """The results grid."""
    session = _visitor()
    query = request.args.get("q", "").strip()[:MAX_QUERY]
    return _page("results.html", session, query=query, cards=browse(session, query))


@pages.get("/product/<product_id>")
def product(product_id: str) -> Response:
    """One listing in full."""
    session = _visitor()
    card = open_product(session, product_id, wanted_options(request.args))
    limit = session.world.max_units or MAX_SELECT
    most = min(limit, card.listing.stock, MAX_SELECT)
    return _page("product.html", session, card=card, product=card.product, most=most)


@pages.get("/cart")
def cart() -> Response:
    """What lies in the cart, with the last refusal where there was one."""
    session = _visitor()
    return _page("cart.html", session, **_bill(session, session.bill()))


@pages.post("/cart")
def add() -> AnyResponse:
    """Adds to the cart; `buy_now` goes straight on to checkout."""
    session = _visitor()
    product_id = request.form.get("product_id")
    buy_now = "buy_now" in request.form
    wanted, seller = wanted_options(request.form), request.form.get("seller", "")
    if not (buy_now and in_cart(session, product_id, wanted, seller)):
        units = _whole(request.form.get("units", "1"))
        put_in_cart(session, product_id, units, wanted, seller)
    return _see_other("/checkout" if buy_now else "/cart")


@pages.post("/cart/<product_id>/remove")
def remove(product_id: str) -> AnyResponse:
    """Takes a product out of the cart; once more does nothing."""
    _visitor().remove(product_id)
    return _see_other("/cart")


@pages.get("/checkout")
def checkout() -> AnyResponse:
    """Delivery, payment and summary, all filled in."""
    session = _visitor()
    if not session.cart:
        return _see_other("/cart")
    session.log("checkout", "checkout")
    number = len(session.orders) + 1
    return _page("checkout.html", session, number=number, **_bill(session, session.bill()))


@pages.post("/orders")
def place_order() -> AnyResponse:
    """Buys what is in the cart; the form's `number` makes a second submit harmless."""
    session = _visitor()
    placed = session.order(request.form.get("number", type=int))
    return _see_other("/orders/" + quote(placed.id, safe=""))


@pages.get("/orders/<order_id>")
def order(order_id: str) -> Response:
    """The confirmation."""
    session = _visitor()
    placed = next((each for each in session.orders if each.id == order_id), None)
    if placed is None:
        missing("order")
    return _page("order.html", session, order=placed, **_bill(session, placed.bill))


@pages.errorhandler(RefusalError)
def refused(error: RefusalError) -> AnyResponse:
    """Goes to the cart, which says why: the refusal is the session's last event."""
    return _see_other("/cart")


def error_page(status: int, message: str) -> Response:
    """Returns a page that says what went wrong."""
    title = HTTPStatus(status).phrase
    session = _session()
    return make_response(_render("message.html", session, title=title, message=message), status)


def _session() -> Session | None:
    return shop().sessions.get(request.cookies.get(COOKIE, ""))


def _visitor() -> Session:
    """The session of the request's cookie; 401 if there is none."""
    return _session() or abort(401, "The shop is open to invited shoppers only.")


def _whole(text: str) -> int | None:
    """The number a form field holds, if it is a sensible one."""
    return int(text) if text.isdecimal() and len(text) < 6 else None


def _see_other(path: str) -> AnyResponse:
    return redirect(path, HTTPStatus.SEE_OTHER)


def _page(template: str, session: Session, **facts: object) -> Response:
    return make_response(_render(template, session, **facts))


def _render(template: str, session: Session | None, **facts: object) -> str:
    return render_template(template, shop=NAME, session=session, customer=CUSTOMER, **facts)


def _bill(session: Session, sums: Bill) -> dict[str, Any]:
    """What cart, checkout and confirmation say about some lines."""
    world = session.world

    def money(cents: int) -> str:
        return amount(cents, world.currency, world.locale)

    return {
        "lines": [
            (line_card(session, line), line.units, money(line.total_cents)) for line in sums.lines
        ],
        "bill": sums,
        "units": sums.units,
        "total": money(sums.total_cents),
        "nothing": money(0),
        "arrival": short_day(sums.arrival, world.locale),
    }
