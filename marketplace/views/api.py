"""The shop as JSON, for shoppers without a browser; the token comes as a bearer token."""

import json
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl

from flask import Blueprint, Response, abort, current_app, request
from flask.blueprints import BlueprintSetupState
from pydantic import TypeAdapter, ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.routing import BaseConverter

from marketplace.api import asked
from marketplace.api.answers import CategoryAnswer
from marketplace.api.openapi import description
from marketplace.cards import wanted_options
from marketplace.customer import Address
from marketplace.finding.results import Query, find
from marketplace.sessions import RefusalError, Session
from marketplace.views import NAME, missing, put_in_cart, shop
from marketplace.views.answering import (
    cart_answer,
    checkout_answer,
    order_answer,
    product_answer,
    results_answer,
    reviews_answer,
    seller_answer,
    told,
)
from marketplace.views.rendering import front
from marketplace.visits import (
    open_comparison,
    open_front,
    open_product,
    open_reviews,
    open_seller,
)

api = Blueprint("api", __name__, url_prefix="/api")


class ItemKey(BaseConverter):
    """The key of an item in the cart; what else lies below `/cart` is none."""

    regex = r"(?!coupon$)[^/]+"


def _know_keys(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["item"] = ItemKey


api.record(_know_keys)

T = TypeVar("T")
_READERS: dict[Any, TypeAdapter[Any]] = {kind: TypeAdapter(kind) for kind in asked.KINDS}
_ENCODE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_NOT_IN_CART = "product in your cart"


@api.get("/openapi.json")
def openapi() -> Response:
    """What the API can do, for programs; it tells nothing about any session."""
    return answer(description())


@api.get("/enter")
def enter() -> Response:
    """Opens the visit."""
    session = _visitor()
    session.enter()
    world = session.world
    return answer({"shop": NAME, "currency": world.currency, "query": world.query})


@api.get("/home")
def home() -> Response:
    """The front page."""
    session = _visitor()
    world, rows = session.world, open_front(session, front())
    return answer(
        {
            "shop": NAME,
            "currency": world.currency,
            "query": world.query,
            **told(world),
            "deals": [card.summary() for card in rows.deals],
            "popular": [card.summary() for card in rows.popular],
        }
    )


@api.get("/categories")
def categories() -> Response:
    """All categories."""
    return answer({"categories": _categories(_visitor())})


@api.get("/search")
def search() -> Response:
    """A page of results."""
    session = _visitor()
    query, facets = _query(request.query_string, session.world.currency)
    found = find(session, query, facets or None)
    return answer(results_answer(session, found))


@api.get("/products/<product_id>")
def product(product_id: str) -> Response:
    """The product page."""
    session, wanted = _visitor(), _arguments(asked.Viewing, request.args)
    session.listing(product_id) or missing("product")
    options, seller = wanted_options(request.args), wanted.get("seller", "")
    return answer(product_answer(open_product(session, product_id, options, seller)))


@api.get("/products/<product_id>/reviews")
def reviews(product_id: str) -> Response:
    """What buyers say of a product."""
    session, wanted = _visitor(), _arguments(asked.ReadingReviews, request.args)
    session.listing(product_id) or missing("product")
    sort, stars = wanted.get("sort", "helpful"), wanted.get("stars")
    card, found = open_reviews(session, product_id, sort, stars)
    return answer(reviews_answer(card, found, sort, wanted.get("page", 1)))


@api.get("/compare")
def compare() -> Response:
    """Products side by side."""
    session, wanted = _visitor(), _arguments(asked.Comparing, request.args)
    if any(session.listing(id) is None for id in wanted["id"]):
        missing("product")
    shown = open_comparison(session, wanted["id"])
    currency = session.world.currency
    return answer({"currency": currency, "products": [card.details() for card in shown]})


@api.get("/sellers/<path:name>")
def seller(name: str) -> Response:
    """Who a seller is, and what it sells."""
    session = _visitor()
    found = open_seller(session, name) or missing("seller")
    return answer(seller_answer(found, session.world.currency))


@api.get("/cart")
def cart() -> Response:
    """What lies in the cart."""
    return _cart(_visitor())


@api.post("/cart")
def add() -> Response:
    """Puts units of a product into the cart."""
    session, body = _visitor(), _body(asked.Adding)
    options, seller = body.get("options"), body.get("seller", "")
    put_in_cart(session, body["product_id"], body.get("units", 1), options, seller)
    return _cart(session)


@api.patch("/cart/<item:key>")
def change(key: str) -> Response:
    """Changes how many units of an item lie in the cart."""
    session, body = _visitor(), _body(asked.Changing)
    try:
        session.set_units(key, body["units"])
    except KeyError:
        missing(_NOT_IN_CART)
    return _cart(session)


@api.delete("/cart/<item:key>")
def remove(key: str) -> Response:
    """Takes an item out of the cart."""
    session = _visitor()
    if not session.remove(key):
        missing(_NOT_IN_CART)
    return _cart(session)


@api.post("/cart/coupon")
def hand_in() -> Response:
    """Takes a coupon off the bill."""
    session, body = _visitor(), _body(asked.HandingIn)
    session.apply_coupon(body["code"])
    return _cart(session)


@api.delete("/cart/coupon")
def take_back() -> Response:
    """Takes the coupon back."""
    session = _visitor()
    session.drop_coupon()
    return _cart(session)


@api.get("/checkout")
def checkout() -> Response:
    """The order before it is placed."""
    session = _visitor()
    if not session.cart:
        abort(409, "Your cart is empty, so there is nothing to order.")
    session.log("checkout", "checkout")
    return answer(checkout_answer(session))


@api.get("/orders")
def orders() -> Response:
    """The orders placed, the newest first."""
    session = _visitor()
    session.log("orders", "other", results=[each.id for each in session.orders])
    return answer({"orders": [order_answer(session, each) for each in session.orders[::-1]]})


@api.post("/orders")
def place_order() -> Response:
    """Buys what is in the cart."""
    session = _visitor()
    body = _body(asked.Ordering, b"{}")
    given = cast("dict[str, str] | None", body.get("address"))
    address = Address.read(given) if given else None
    placed = session.order(body.get("number"), address, body.get("delivery", "standard"))
    return answer(order_answer(session, placed), status=201)


@api.get("/orders/<order_id>")
def order(order_id: str) -> Response:
    """An order already placed."""
    session = _visitor()
    placed = next((each for each in session.orders if each.id == order_id), None)
    return answer(order_answer(session, placed or missing("order")))


@api.errorhandler(RefusalError)
def refused(error: RefusalError) -> Response:
    """What the shop declined, and why."""
    return json_error(409, str(error))


def answer(content: Mapping[str, Any], status: int = 200) -> Response:
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


def _cart(session: Session) -> Response:
    return answer(cart_answer(session))


def _sent() -> bytes:
    """The request's body, straight from WSGI: Werkzeug's streams take longer than all the rest."""
    length = request.content_length or 0
    if length > current_app.config["MAX_CONTENT_LENGTH"]:
        abort(413)
    body: bytes = request.environ["wsgi.input"].read(length)
    return body


def _body(kind: type[T], default: bytes = b"") -> T:
    """The request's JSON object; 400 unless it is of this kind."""
    try:
        content: T = _READERS[kind].validate_json(_sent() or default)
    except ValidationError as error:
        abort(400, _fault("The body", error))
    return content


@lru_cache(maxsize=4096)
def _query(text: bytes, currency: str) -> tuple[Query, bool]:
    """What a URL asks for, and whether facets are wanted; trials ask the same again and again."""
    args = MultiDict(parse_qsl(text.decode(errors="replace"), keep_blank_values=True))
    return Query.read(args, currency), "facets" in _arguments(asked.Searching, args)


def _arguments(kind: type[T], args: MultiDict[str, str]) -> T:
    """The URL's parameters; 400 unless they are of this kind."""
    given = {
        name: values if name in asked.REPEATED or len(values) > 1 else values[0]
        for name, values in args.lists()
        if not name.startswith(asked.OPEN)
    }
    try:
        read: T = _READERS[kind].validate_python(given)
    except ValidationError as error:
        abort(400, _fault("The URL", error))
    return read


def _fault(where: str, error: ValidationError) -> str:
    """The first fault in words."""
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    return f"{where} can't be read: {f'`{name}`: ' if name else ''}{first['msg']}."


def _categories(session: Session) -> list[CategoryAnswer]:
    """The categories of all that is sold."""
    catalog = session.catalog
    whole = catalog if session.world.rest == "catalog" else None
    counts = Counter(whole.categories() if whole else {})
    for id, each in session.world.products.items():
        if whole is None or id not in whole.products:
            counts[each.category] += 1
    about = catalog.about if catalog else {}
    return [
        {
            "id": name,
            "title": about[name].title if name in about else name.replace("_", " ").capitalize(),
            "department": about[name].department if name in about else "",
            "total": total,
        }
        for name, total in counts.items()
    ]
