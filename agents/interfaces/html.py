"""The page as HTML."""

from typing import Any

from aces.types import PerceivedListing
from agents.browser import Tab
from agents.interfaces import PageConfig
from agents.interfaces._page import PageInterface
from agents.interfaces._reading import (
    read_count,
    read_marks,
    read_price,
    read_product_id,
    read_stars,
    read_title,
)


class HtmlInterface(PageInterface):
    """The markup of the page's main part, as the browser holds it."""

    class Config(PageConfig):
        """Parameters."""

    async def represent(self, tab: Tab) -> dict[str, Any]:
        """Returns the markup of `<main>`."""
        return {"text": await tab.page.locator("main").evaluate("main => main.outerHTML")}

    async def read(self, tab: Tab, seen: dict[str, Any]) -> list[PerceivedListing]:
        """Returns the listings in the markup."""
        import lxml.html

        cards = lxml.html.fromstring(seen["text"]).cssselect("article.listing")
        return [self._listing(position, card) for position, card in enumerate(cards, start=1)]

    def _listing(self, position: int, card: Any) -> PerceivedListing:  # noqa: ANN401
        link = card.cssselect("h2 a")[0]
        list_price = _text(card, ".list-price")
        stars = card.cssselect(".rating")
        return PerceivedListing(
            product_id=read_product_id(link.get("href")),
            title=read_title(link.text_content()),
            price_cents=read_price(_text(card, ".price") or ""),
            list_price_cents=None if list_price is None else read_price(list_price),
            rating=read_stars(stars[0].get("aria-label")) if stars else None,
            review_count=read_count(_text(card, ".count")),
            marks=read_marks(
                [mark.text_content() for mark in card.cssselect(".mark")], self.shop.legend
            ),
            position=position,
            row=1,
            col=1,
        )


def _text(card: Any, selector: str) -> str | None:  # noqa: ANN401
    found = card.cssselect(selector)
    return str(found[0].text_content()) if found else None
