"""The shop's paths: which page each leads to, for who serves them and for who walks them."""

from collections.abc import Mapping

from aces.types import Page

_PAGES: Mapping[str, Page] = {
    "": "home",
    "search": "results",
    "category": "results",
    "department": "results",
    "deals": "results",
    "product": "product",
    "compare": "compare",
    "seller": "seller",
    "cart": "cart",
    "checkout": "checkout",
    "orders": "orders",
}


def page_of(path: str) -> Page:
    """Returns which page of the shop a path leads to."""
    first, _, rest = path.strip("/").partition("/")
    return "order" if first == "orders" and rest else _PAGES.get(first, "other")
