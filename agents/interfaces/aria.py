"""The page as its accessibility tree: what a screen reader is given."""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from aces.types import PerceivedListing
from agents.browser import Tab
from agents.interfaces import PageConfig
from agents.interfaces._page import PageInterface
from agents.interfaces._reading import Money, read_listing

_LINK = re.compile(r'link ("(?:[^"\\]|\\.)*")')
_IMAGE = re.compile(r'img ("(?:[^"\\]|\\.)*")')
_STARS = re.compile(r'img "(\d(?:[.,]\d)? out of 5 stars)"')
_FEE = re.compile(r"\+ (\S+(?:\s\S+)?) service fee")
_COUNT = re.compile(r"\((\d[\d\s.,'’]*) ratings? ?\)")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class AriaInterface(PageInterface):
    """Playwright's aria snapshot of the page's main part; in the full loop also of its header."""

    class Config(PageConfig):
        """Parameters."""

    async def represent(self, tab: Tab) -> dict[str, Any]:
        """Returns the accessibility tree of the page's parts; all of it where it has none."""
        found = await tab.page.locator(", ".join(self.parts)).all()
        parts = found or [tab.page.locator("body")]
        return {"text": "\n".join([await part.aria_snapshot() for part in parts])}

    async def read(self, tab: Tab, seen: dict[str, Any], money: Money) -> list[PerceivedListing]:
        """Returns the listings in the tree: its articles."""
        tree = yaml.load(seen["text"], Loader=_LOADER)
        cards = [list(_lines(node)) for node in _articles(tree)]
        return [
            self._listing(position, card, money) for position, card in enumerate(cards, start=1)
        ]

    async def texts(self, tab: Tab, seen: dict[str, Any]) -> list[str]:
        """Returns names and texts of the tree."""
        tree = yaml.load(seen["text"], Loader=_LOADER)
        return [part for line in _lines(tree) for part in line if part]

    def _listing(
        self, position: int, card: list[tuple[str, str]], money: Money
    ) -> PerceivedListing:
        names = [name for name, _ in card]
        texts = [text for _, text in card if text]
        # a picture with words is a link too, above the one in the heading
        heading = next(i for i, name in enumerate(names) if name.startswith("heading"))
        at, title = next(
            (i, found[1])
            for i, name in enumerate(names)
            if i >= heading and (found := _LINK.match(name))
        )
        alts = [json.loads(found[1]) for name in names if (found := _IMAGE.match(name))]
        url = next(text for name, text in card if name == "/url")
        stars = next((found[1] for name in names if (found := _STARS.match(name))), None)
        # a title may say anything, and marks over it too: the price is looked for below
        facts = [text for name, text in card if text and not name.startswith(("/url", "button"))]
        below = (text for name, text in card[at:] if text and not name.startswith("/url"))
        count = next((found[1] for text in texts if (found := _COUNT.search(text))), None)
        prices = next(text for text in below if money.starts(text))
        fee = _FEE.search(prices)
        _, struck, list_price = prices.partition("List price ")
        return read_listing(
            position,
            self.shop.legend,
            money,
            url=url,
            title=json.loads(title),
            price=prices,
            list_price=list_price if struck else None,
            fee=fee and fee[1],
            stars=stars,
            count=count,
            marks=[*facts, *alts],
        )


def _articles(node: Any) -> Iterator[Any]:  # noqa: ANN401
    """The contents of every article in the tree."""
    if isinstance(node, list):
        for child in node:
            yield from _articles(child)
    elif isinstance(node, dict):
        for name, content in node.items():
            if name == "article":
                yield content
            else:
                yield from _articles(content)


def _lines(node: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Role-and-name and text of every node below, in reading order."""
    if isinstance(node, list):
        for child in node:
            yield from _lines(child)
    elif isinstance(node, dict):
        for name, content in node.items():
            nested = isinstance(content, (list, dict))
            yield str(name), "" if nested else str(content)
            if nested:
                yield from _lines(content)
    else:
        yield str(node), ""
