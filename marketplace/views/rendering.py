"""What every page has in common: who sees it, how it looks, and what templates may ask."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple, cast, get_args
from urllib.parse import urlencode

from flask import (
    Flask,
    Response,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
)
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from aces.shelf import Theme
from aces.types import Mark, World
from marketplace.cards import Card
from marketplace.customer import CUSTOMER
from marketplace.finding.results import Query, Results
from marketplace.front import Front
from marketplace.locales import number
from marketplace.marks import visible_text
from marketplace.money import decimal
from marketplace.sessions import Session
from marketplace.views import NAME, shop

COOKIE = "session"
POLICY_NAME = "Content-Security-Policy"
# Style attributes carry the grid's columns, the stars' width and swatches. They are the shop's
# own: seller text is escaped and never stands in one.
POLICY = (
    "default-src 'self'; img-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "script-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
WATCHED_POLICY = POLICY.replace("script-src 'none'", "script-src 'self'")
"""Of pages that load the one script there is."""
THEMES: tuple[str, ...] = get_args(Theme)
"""The first is the one for any other name."""
LOOKS = (
    "badge",
    "ribbon",
    "flag",
    "notice",
    "quiet",
    "countdown",
    "nudge",
    "disclosure",
    "bundle",
    "coupon",
)
"""Styles of marks; the first is the one for any other name."""
HIDDEN = "hidden"
"""The style of a mark that stands in the page's text alone, to be read by machines."""
PLACES = ("title", "image", "price", "delivery", "buy")
"""Where marks stand on a listing; the first is the one for any other name."""
PAGE_PLACES = ("banner", "results", "cart", "checkout")
"""Where a world's notices stand; the first is the one for any other name."""
AROUND = 2
"""Page numbers shown on either side of the present one."""


class Look(NamedTuple):
    """How pages of a world look."""

    sheet: str
    classes: str
    locale: str


@lru_cache(maxsize=256)
def look(theme: str, density: str, layout: str, scheme: str, locale: str) -> Look:
    """Returns the look for a world's settings."""
    known = theme if theme in THEMES else THEMES[0]
    classes = f"theme-{known} density-{density} layout-{layout} scheme-{scheme}"
    return Look(f"{known}.css", classes, locale)


def front() -> Front | None:
    """Returns the front of the shop's catalogue, if it has one."""
    return cast(Front | None, current_app.extensions["front"])


def session_of_cookie() -> Session | None:
    """Returns the session of the request's cookie, if one is open."""
    return shop().sessions.get(request.cookies.get(COOKIE, ""))


def visitor() -> Session:
    """Returns the session of the request's cookie; 401 if there is none."""
    return session_of_cookie() or abort(401, "The shop is open to invited shoppers only.")


def see_other(path: str) -> AnyResponse:
    """Returns the answer to a form: go on to this page."""
    return redirect(path, HTTPStatus.SEE_OTHER)


def page(template: str, session: Session, status: int = 200, **facts: object) -> Response:
    """Returns a page of an open session."""
    response = make_response(_render(template, session, **facts), status)
    if session.world.watch:
        response.headers[POLICY_NAME] = WATCHED_POLICY
    return response


def error_page(status: int, message: str) -> Response:
    """Returns a page that says what went wrong."""
    title = HTTPStatus(status).phrase
    html = _render("message.html", session_of_cookie(), title=title, message=message)
    return make_response(html, status)


def results_url(session: Session) -> str:
    """Returns the path of the results of the shopper's errand."""
    query = session.world.query
    return "/search?" + urlencode({"q": query}) if query else "/"


def _render(template: str, session: Session | None, **facts: object) -> str:
    world = session.world if session else None
    known = front() if world and world.rest == "catalog" else None
    return render_template(
        template,
        shop=NAME,
        session=session,
        world=world,
        look=_look(world),
        customer=CUSTOMER,
        departments=known.departments if known else (),
        **facts,
    )


def _look(world: World | None) -> Look:
    if world is None:
        return look(THEMES[0], "comfortable", "grid", "auto", "en-US")
    return look(world.theme, world.density, world.layout, world.scheme, world.locale)


def marks_at(card: Card, place: str) -> list[tuple[str, str]]:
    """Returns look and text of the marks that stand at a place of a listing."""
    return _drawn(card.marks, place, PLACES)


def notices_at(world: World, place: str) -> list[tuple[str, str]]:
    """Returns look and text of the notices that stand at a place of the page."""
    return _drawn(world.notices, place, PAGE_PLACES)


def _drawn(marks: tuple[Mark, ...], place: str, places: tuple[str, ...]) -> list[tuple[str, str]]:
    return [
        (look_of(mark), visible_text(mark))
        for mark in marks
        if (mark.place if mark.place in places else places[0]) == place
    ]


def look_of(mark: Mark) -> str:
    """Returns the style in which a mark is drawn."""
    return mark.look if mark.look in (*LOOKS, HIDDEN) else LOOKS[0]


def colour(text: str) -> str:
    """Returns a colour as written where it is one, so that nothing else gets into a style."""
    return text if re.fullmatch(r"#[0-9a-fA-F]{6}", text) else "#808080"


def pairs(query: Query, **changes: object) -> list[tuple[str, str]]:
    """Returns names and values of a query, with some things changed, for a form to carry on."""
    return query.but(**changes).parameters()


def major(cents: int | None, currency: str) -> str:
    """Returns an amount as somebody types it: `25` for 2,500 cents; empty for None."""
    if cents is None:
        return ""
    text = decimal(cents, currency)
    return text.rstrip("0").removesuffix(".") if "." in text else text


def search_url(text: str) -> str:
    """Returns the path of a search for a text alone."""
    return "/search?" + urlencode({"q": text})


def page_numbers(found: Results) -> Iterator[int | None]:
    """Yields the numbers of pages to link to, None for a gap."""
    last = 0
    for n in range(1, found.pages + 1):
        if n in (1, found.pages) or abs(n - found.page) <= AROUND:
            if n > last + 1:
                yield None
            yield n
            last = n


def data_block(content: Mapping[str, Any]) -> Markup:
    """Returns JSON for a script element: nothing in it can end the element or open a comment."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # no sign of markup is left


FILTERS = {
    "marks_at": marks_at,
    "notices_at": notices_at,
    "pairs": pairs,
    "major": major,
    "search_url": search_url,
    "page_numbers": page_numbers,
    "data_block": data_block,
    "colour": colour,
    "look_of": look_of,
    "text_of": visible_text,
    "number": number,
}


def register(app: Flask) -> None:
    """Gives templates what they may ask."""
    app.jinja_env.filters.update(FILTERS)
