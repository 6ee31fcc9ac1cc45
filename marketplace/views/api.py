"""The shop as JSON, for shoppers without a browser; the token comes as a bearer token."""

import json
from typing import Any

from flask import Blueprint, Response, abort, request

from marketplace.items import Line
from marketplace.money import decimal
from marketplace.sessions import Order, RefusalError, Session
from marketplace.views import (
    MAX_QUERY,
    NAME,
    browse,
    line_card,
    missing,
    open_product,
    put_in_cart,
    shop,
)

api = Blueprint("api", __name__, url_prefix="/api")

_ENCODE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


@api.get("/enter")
def enter() -> Response:
    """Opens the visit."""
    session = _visitor()
    session.enter()
    world = session.world
    return answer({"shop": NAME, "currency": world.currency, "query": world.query})


@api.get("/search")
def search() -> Response:
    """The results page."""
    session = _visitor()
    query = request.args.get("q", "").strip()[:MAX_QUERY]
    cards = browse(session, query)
    return answer(
        {
            "query": query,
            "total": len(cards),
            "currency": session.world.currency,
            "layout": {"columns": session.world.columns},
            "results": [
                {"position": position, **card.summary()}
                for position, card in enumerate(cards, start=1)
            ],
        }
    )


@api.get("/products/<product_id>")
def product(product_id: str) -> Response:
    """The product page."""
    session = _visitor()
    card = open_product(session, product_id)
    return answer({"currency": session.world.currency, **card.details()})


@api.get("/cart")
def cart() -> Response:
    """What lies in the cart."""
    return answer(_cart(_visitor()))


@api.post("/cart")
def add() -> Response:
    """Adds `{"product_id": ..., "units": 1}`."""
    session, body = _visitor(), _body()
    put_in_cart(session, body.get("product_id"), body.get("units", 1))
    return answer(_cart(session))


@api.delete("/cart/<product_id>")
def remove(product_id: str) -> Response:
    """Takes a product out of the cart."""
    session = _visitor()
    if not session.remove(product_id):
        missing("product in your cart")
    return answer(_cart(session))


@api.post("/orders")
def place_order() -> Response:
    """Buys what is in the cart."""
    session = _visitor()
    return answer(_order(session, session.order()), status=201)


@api.get("/orders/<order_id>")
def order(order_id: str) -> Response:
    """An order already placed."""
    session = _visitor()
    placed = next((each for each in session.orders if each.id == order_id), None)
    return answer(_order(session, placed or missing("order")))


@api.errorhandler(RefusalError)
def refused(error: RefusalError) -> Response:
    """What the shop declined, and why."""
    return json_error(409, str(error))


def answer(content: dict[str, Any], status: int = 200) -> Response:
    """Returns a JSON response."""
    return Response(_ENCODE(content), status, content_type="application/json")


def json_error(status: int, message: str) -> Response:
    """Returns an error as JSON."""
    return answer({"error": message}, status)


def _visitor() -> Session:
    """The session of the request's bearer token; 401 if there is none."""
    scheme, _, token = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    session = shop().sessions.get(token) if scheme.lower() == "bearer" else None
    return session or abort(401, "The shop is open to invited shoppers only.")


def _body() -> dict[str, Any]:
    """The request's JSON object; 400 if it has none."""
    content = request.get_json(force=True, silent=True)
    if not isinstance(content, dict):
        abort(400, 'The body must be a JSON object such as {"product_id": "...", "units": 1}.')
    return content


def _cart(session: Session) -> dict[str, Any]:
    lines = session.lines
    total = sum(line.total_cents for line in lines)
    currency = session.world.currency
    return {
        "currency": currency,
        "items": _items(lines, session),
        "subtotal": decimal(total, currency),
    }


def _order(session: Session, placed: Order) -> dict[str, Any]:
    currency = session.world.currency
    return {
        "order_id": placed.id,
        "currency": currency,
        "items": _items(placed.lines, session),
        "total": decimal(placed.total_cents, currency),
    }


def _items(lines: tuple[Line, ...], session: Session) -> list[dict[str, Any]]:
    currency = session.world.currency
    return [
        {
            "id": line.listing.product_id,
            "title": line.listing.title,
            "price": decimal(line.listing.price_cents, currency),
            "units": line.units,
            "url": line_card(session, line).url,
        }
        for line in lines
    ]
