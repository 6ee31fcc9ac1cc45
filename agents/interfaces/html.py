"""The page as HTML."""

from typing import Any

from aces.types import PerceivedListing
from agents.browser import Tab
from agents.interfaces import PageConfig
from agents.interfaces._page import PageInterface
from agents.interfaces._reading import Money, read_listing

_MARKUP = "parts => parts.map(part => document.querySelector(part).outerHTML).join('\\n')"


class HtmlInterface(PageInterface):
    """The markup of the page's main part, as the browser holds it."""

    class Config(PageConfig):
        """Parameters."""

        head: bool = False
        """Also the page's head, with what it tells machines: JSON-LD, Open Graph."""

    config: Config

    async def represent(self, tab: Tab) -> dict[str, Any]:
        """Returns the markup of `<main>`, after that of `<head>` where it is asked for."""
        parts = ["head", "main"] if self.config.head else ["main"]
        return {"text": await tab.page.evaluate(_MARKUP, parts)}

    async def read(self, tab: Tab, seen: dict[str, Any], money: Money) -> list[PerceivedListing]:
        """Returns the listings in the markup."""
        import lxml.html

        cards = lxml.html.fromstring(seen["text"]).cssselect("article.listing")
        return [
            self._listing(position, card, money) for position, card in enumerate(cards, start=1)
        ]

    def _listing(self, position: int, card: Any, money: Money) -> PerceivedListing:  # noqa: ANN401
        link = card.cssselect("h2 a")[0]
        stars = card.cssselect(".rating")
        return read_listing(
            position,
            self.shop.legend,
            money,
            url=link.get("href"),
            title=link.text_content(),
            price=_text(card, ".price") or "",
            list_price=_text(card, ".list-price"),
            stars=stars[0].get("aria-label") if stars else None,
            count=_text(card, ".count"),
            marks=[mark.text_content() for mark in card.cssselect(".mark")],
        )


def _text(card: Any, selector: str) -> str | None:  # noqa: ANN401
    found = card.cssselect(selector)
    return str(found[0].text_content()) if found else None
