"""The shop as pages, rendered here and complete without JavaScript: the front, results, help."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request
from werkzeug.wrappers import Response as AnyResponse

from aces.types import Seller
from marketplace.cards import Card, product_url
from marketplace.finding.results import SORTS, Query, Results, find
from marketplace.front import WINDOWS, Front, Shelf, popular
from marketplace.locales import number, stars
from marketplace.sessions import Session
from marketplace.views import NAME, missing, shop
from marketplace.views.rendering import COOKIE, front, page, results_url, see_other, visitor
from marketplace.visits import card_of, cards, open_comparison, open_front, open_seller

pages = Blueprint("pages", __name__)

ROW = 6
"""Small cards in a row."""
HELP = {
    "shipping": "Shipping and delivery",
    "returns": "Returns and refunds",
    "payment": "Payment and coupons",
    "reviews": "How reviews work",
    "about": f"About {NAME}",
}
Crumbs = list[tuple[str, str]]


@pages.get("/enter/<token>")
def enter(token: str) -> AnyResponse:
    """Opens the visit: sets the cookie and goes to the results of the shopper's query."""
    session = shop().sessions.get(token) or abort(404, "This invitation is not valid.")
    session.enter()
    response = see_other(results_url(session))
    # SameSite=Lax is the protection of the forms: no other site's POST carries the cookie.
    response.set_cookie(COOKIE, token, path="/", httponly=True, samesite="Lax")
    return response


@pages.get("/")
def home() -> Response:
    """The front door: departments, deals and what is popular."""
    session, known = visitor(), front()
    whole = session.world.rest == "catalog"
    shown = open_front(session, known)
    rows = [("Today's deals", "/deals", shown.deals), ("Popular right now", "", shown.popular)]
    return page(
        "home.html",
        session,
        rows=[row for row in rows if row[2]],
        shelves=[_window(session, each) for each in known.departments] if whole and known else [],
        query_url=results_url(session),
    )


@pages.get("/search")
def search() -> Response:
    """The results of a search."""
    session = visitor()
    query = Query.read(request.args, session.world.currency)
    known = front()
    crumbs = _crumbs(known, query) if query.category and known and not query.text else []
    heading = crumbs[-1][0] if crumbs else _heading(query)
    return _results(session, query, heading, crumbs)


@pages.get("/category/<path:category>")
def category(category: str) -> Response:
    """One category."""
    session, known = visitor(), front()
    sold = known.department_of if known and session.world.rest == "catalog" else ()
    if category not in sold and not any(
        session.products[each.product_id].category == category for each in session.world.listings
    ):
        missing("category")
    query = replace(Query.read(request.args, session.world.currency), category=category)
    crumbs = _crumbs(known, query) if known else []
    heading = known.title(category) if known else category.replace("_", " ").capitalize()
    return _results(session, query, heading, crumbs)


@pages.get("/department/<path:name>")
def department(name: str) -> Response:
    """One department."""
    session, known = visitor(), front()
    if known is None or name not in [each.title for each in known.departments]:
        missing("department")
    query = replace(Query.read(request.args, session.world.currency), department=name)
    return _results(session, query, name, [(NAME, "/"), (name, "")])


@pages.get("/deals")
def reduced() -> Response:
    """Everything below its list price."""
    session = visitor()
    query = replace(Query.read(request.args, session.world.currency), deals=True)
    return _results(session, query, "Today's deals", [(NAME, "/"), ("Today's deals", "")])


@pages.get("/compare")
def compare() -> Response:
    """Up to four products side by side."""
    session = visitor()
    shown = open_comparison(session, request.args.getlist("id"))
    url = results_url(session)
    return page("compare.html", session, cards=shown, rows=_facts(shown), query_url=url)


@pages.get("/seller/<path:name>")
def seller(name: str) -> Response:
    """Who a seller is, and what it sells."""
    session = visitor()
    who, shown, _, own = open_seller(session, name) or missing("seller")
    facts: dict[str, Any] = {
        "facts": _terms(who),
        "rating": None if who.rating is None else stars(who.rating, session.world.locale),
        "own": own,
        "all_url": "/search?" + urlencode({"seller": name}),
    }
    return page("seller.html", session, seller=who, cards=shown, **facts)


@pages.get("/help/<topic>")
def help_page(topic: str) -> Response:
    """What shoppers ask."""
    session = visitor()
    if topic not in HELP:
        missing("page")
    return page("help.html", session, topic=topic, topics=HELP)


def known_seller(session: Session, name: str) -> Seller | None:
    """Returns what the catalogue says of a seller, where it says anything."""
    return session.catalog.sellers.get(name) if session.catalog else None


def trail_of(session: Session, card: Card) -> Crumbs:
    """Returns the way from the front page to a product."""
    known = front()
    if known is None or session.world.rest == "none":
        return [(NAME, "/"), ("Results", results_url(session)), (card.listing.title, card.url)]
    query = Query(category=card.product.category)
    return [*_crumbs(known, query), (card.listing.title, card.url)]


def _results(session: Session, query: Query, heading: str, crumbs: Crumbs) -> Response:
    found, known = find(session, query), front()
    shown = cards(session, found.listings)
    instead = () if shown else cards(session, popular(session, known, ROW))
    return page(
        "results.html",
        session,
        found=found,
        cards=shown,
        heading=heading,
        extent=_extent(found, session.world.locale),
        crumbs=crumbs,
        instead=instead,
        sorts=SORTS,
        titles=known.titles if known else {},
        searched=query.text,
    )


def _extent(found: Results, tag: str) -> str:
    """How many results there are, and which of them are shown."""
    noun = "result" if found.total == 1 else "results"
    total = number(found.total, tag)
    if found.pages <= 1:
        return f"{total} {noun}"
    first, last = found.first, found.first + len(found.listings) - 1
    return f"{number(first, tag)}-{number(last, tag)} of {total} {noun}"


def _heading(query: Query) -> str:
    """What a page of results is called that no words were searched for."""
    if query.text:
        return ""
    return query.department or query.seller or ("Today's deals" if query.deals else "")


def _crumbs(known: Front, query: Query) -> Crumbs:
    """From the front page to a category."""
    home, title = (NAME, "/"), known.title(query.category)
    department = known.department_of.get(query.category)
    url = Query(category=query.category).url()
    if department is None or department.title == title:
        return [home, (title, url)]
    return [home, (department.title, department.url), (title, url)]


def _window(session: Session, shelf: Shelf) -> dict[str, Any]:
    """A department, shown by its categories and, where these are few, by products."""
    windows = [(part.title, part.url, part.ids) for part in shelf.parts]
    others = [id for part in shelf.parts for id in part.ids[1:]]
    for id in others[: max(0, WINDOWS - len(windows))]:
        product = session.products[id]
        windows.append((product.brand or shelf.title, product_url(product), (id,)))
    return {
        "title": shelf.title,
        "url": shelf.url,
        "total": shelf.total,
        "windows": [(title, url, _picture(session, ids)) for title, url, ids in windows[:WINDOWS]],
    }


def _picture(session: Session, ids: Sequence[str]) -> str | None:
    shown = (card_of(session, listing) for id in ids if (listing := session.listing(id)))
    return next((card.pictures[0] for card in shown if card.pictures), None)


def _facts(shown: Sequence[Card]) -> list[tuple[str, list[str]]]:
    """Rows of a comparison: name and one value per product."""
    rows = [
        ("Brand", [card.product.brand for card in shown]),
        ("Sold by", [card.listing.seller for card in shown]),
    ]
    attributes = dict.fromkeys(name for card in shown for name in card.product.attributes)
    rows += [(name, [c.product.attributes.get(name, "") for c in shown]) for name in attributes]
    told = {name.casefold() for name in attributes}
    specified = dict.fromkeys(name for card in shown for name in card.product.specification)
    rows += [
        (name, values)
        for name in specified
        if name.casefold() not in told
        and sum(map(bool, values := [c.product.specification.get(name, "") for c in shown])) > 1
    ]
    return [(name, values) for name, values in rows if any(values)]


def _terms(who: Seller) -> list[tuple[str, str]]:
    """Rows of a seller's table."""
    rows = [
        ("Selling here since", str(who.since or "")),
        ("Ships from", who.ships_from),
        ("Shipping", who.shipping),
        ("Returns", who.returns or f"Within {who.return_days} days"),
    ]
    return [(name, value) for name, value in rows if value]
