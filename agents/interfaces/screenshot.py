"""The page as pixels."""

from typing import Any, Literal

from pydantic import Field

from aces.types import PerceivedListing, Pointing
from agents.browser import Tab
from agents.interfaces import PageConfig
from agents.interfaces._page import PageInterface, capture
from agents.interfaces._reading import Money, read_listing

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

    @property
    def pointing(self) -> Pointing:
        """In the full loop, a point of the picture."""
        return "point" if self.config.mode == "browse" else "name"

    async def represent(self, tab: Tab) -> dict[str, Any]:
        """Returns the pixels."""
        config = self.config
        image = await capture(tab, config.image_format, config.quality, full_page=config.full_page)
        return {
            "screenshot": image,
            "image_type": f"image/{config.image_format}",
            "scale": self._viewport.device_scale,
        }

    async def read(self, tab: Tab, seen: dict[str, Any], money: Money) -> list[PerceivedListing]:
        """Returns the listings as rendered: text and stars that are drawn in those pixels."""
        cards = await tab.page.evaluate(_READ)
        return [
            read_listing(position, self.shop.legend, money, **card)
            for position, card in enumerate(cards, start=1)
        ]
