"""Where the API's answers lead, by name."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from aces.pages import page_of
from aces.types import Page
from agents.interfaces._things import Thing

_ALWAYS = {
    "Home": "/api/home",
    "Categories": "/api/categories",
    "Cart": "/api/cart",
    "Checkout": "/api/checkout",
    "Orders": "/api/orders",
}
_SINGULAR = {"products": "product", "sellers": "seller", "home": ""}
_PLURAL = {"product": "products", "seller": "sellers"}
_CHOOSES = re.compile(r"/api/products/([^/?]+)$")


def api_path(url: str) -> str:
    """Returns the API's path for one of its own or of a page: `/product/a` -> `/api/products/a`."""
    parts = urlsplit(url)
    first, _, rest = parts.path.strip("/").partition("/")
    query = f"?{parts.query}" if parts.query else ""
    if first == "api":
        return url
    if not first:
        return "/api/home"
    if first in ("category", "department"):
        return f"/api/search?{first}={rest}{query.replace('?', '&')}"
    if first == "deals":
        return f"/api/search?deals=1{query.replace('?', '&')}"
    below = f"/{rest}" if rest else ""
    return f"/api/{_PLURAL.get(first, first)}{below}{query}"


def api_page(path: str) -> Page:
    """Returns which page of the shop a path of the API answers for."""
    first, _, rest = urlsplit(path).path.removeprefix("/api/").partition("/")
    return page_of(f"/{_SINGULAR.get(first, first)}/{rest}")


def chosen(path: str, product_id: str) -> dict[str, Any]:
    """Returns `options` and `seller` where a path shows a product in a choice of them."""
    parts = urlsplit(path)
    shown = _CHOOSES.fullmatch(parts.path)
    if shown is None or unquote(shown[1]) != product_id:
        return {}
    pairs = dict(parse_qsl(parts.query))
    options = {name[2:]: value for name, value in pairs.items() if name.startswith("o.")}
    seller = pairs.get("seller")
    return {**({"options": options} if options else {}), **({"seller": seller} if seller else {})}


def links(answer: Mapping[str, Any], path: str) -> list[Thing]:
    """Returns what an answer names that can be read next, and what can be read at any time."""
    named = [*_named(answer), *_paged(answer, path), *_ALWAYS.items()]
    return [
        Thing(i, "link", name, "", api_path(url), True, True, True, (0.0, 0.0, 0.0, 0.0), "")
        for i, (name, url) in enumerate(named)
    ]


def _named(content: Any, key: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Names and addresses in an answer: of titles, of labels, or of the key that holds one."""
    if isinstance(content, list):
        for each in content:
            yield from _named(each, key)
    elif isinstance(content, dict):
        if isinstance(content.get("url"), str):
            yield str(content.get("title") or content.get("label") or key), content["url"]
        if content.get("seller"):
            yield content["seller"], f"/seller/{quote(content['seller'], safe='')}"
        for name, each in content.items():
            yield from _named(each, name)


def _paged(answer: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """The pages next to this one."""
    page, pages = answer.get("page"), answer.get("pages")
    if not isinstance(page, int) or not isinstance(pages, int):
        return
    parts = urlsplit(path)
    kept = [pair for pair in parse_qsl(parts.query) if pair[0] != "page"]
    for name, number in (("Previous page", page - 1), ("Next page", page + 1)):
        if 1 <= number <= pages:
            yield name, f"{parts.path}?{urlencode([*kept, ('page', number)])}"
