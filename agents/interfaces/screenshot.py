"""The page as pixels."""

from typing import Any, Literal

from pydantic import Field

from aces.types import PerceivedListing
from agents.browser import Tab
from agents.interfaces import PageConfig
from agents.interfaces._page import PageInterface, capture
from agents.interfaces._reading import (
    read_count,
    read_marks,
    read_price,
    read_product_id,
    read_stars,
    read_title,
)

# what a person can read on each card, from the page as rendered
_READ = """() => [...document.querySelectorAll('article.listing')].map(card => {
    const text = selector => card.querySelector(selector)?.innerText ?? null;
    return {
        url: card.querySelector('h2 a').getAttribute('href'),
        title: text('h2 a'),
        stars: card.querySelector('.rating')?.getAttribute('aria-label') ?? null,
        count: text('.count'),
        price: text('.price'),
        list_price: text('.list-price'),
        marks: [...card.querySelectorAll('.mark')].map(mark => mark.innerText),
    };
})"""


class ScreenshotInterface(PageInterface):
    """A screenshot of the viewport, or of the full page."""

    class Config(PageConfig):
        """Parameters."""

        image_format: Literal["png", "jpeg", "webp"] = "png"
        quality: int = Field(default=90, ge=1, le=100)
        """Of jpeg and webp."""
        full_page: bool = False

    config: Config

    async def represent(self, tab: Tab) -> dict[str, Any]:
        """Returns the pixels."""
        config = self.config
        image = await capture(tab, config.image_format, config.quality, full_page=config.full_page)
        return {"screenshot": image, "image_type": f"image/{config.image_format}"}

    async def read(self, tab: Tab, seen: dict[str, Any]) -> list[PerceivedListing]:
        """Returns the listings as rendered: text and stars that are drawn in those pixels."""
        cards = await tab.page.evaluate(_READ)
        return [self._listing(position, card) for position, card in enumerate(cards, start=1)]

    def _listing(self, position: int, card: dict[str, Any]) -> PerceivedListing:
        list_price = card["list_price"]
        return PerceivedListing(
            product_id=read_product_id(card["url"]),
            title=read_title(card["title"]),
            price_cents=read_price(card["price"]),
            list_price_cents=None if list_price is None else read_price(list_price),
            rating=read_stars(card["stars"]),
            review_count=read_count(card["count"]),
            marks=read_marks(card["marks"], self.shop.legend),
            position=position,
            row=1,
            col=1,
        )
