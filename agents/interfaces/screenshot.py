"""The page as pixels."""

from typing import Any

from aces.types import PerceivedListing, Pointing
from agents.browser import Tab
from agents.interfaces._page import PageInterface
from agents.interfaces._pictures import PictureConfig, take
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
        fee: text('.fee'),
        marks: [...card.querySelectorAll('.mark')].map(mark => mark.innerText),
    };
})"""


class ScreenshotInterface(PageInterface):
    """A screenshot of the viewport, or of the full page."""

    Config: type[PictureConfig] = PictureConfig
    config: PictureConfig

    @property
    def full_page(self) -> bool:
        """Whether points are counted from the page's corner rather than the window's."""
        return self.config.full_page

    @property
    def pointing(self) -> Pointing:
        """In the full loop, a point of the picture."""
        return "point" if self.config.mode == "browse" else "name"

    async def represent(self, tab: Tab) -> dict[str, Any]:
        """Returns the pixels."""
        return (await take(tab, self.config, self.viewport.device_scale)).seen()

    async def read(self, tab: Tab, seen: dict[str, Any], money: Money) -> list[PerceivedListing]:
        """Returns the listings as rendered: text and stars that are drawn in those pixels."""
        cards = await tab.page.evaluate(_READ)
        return [
            read_listing(position, self.shop.legend, money, **card)
            for position, card in enumerate(cards, start=1)
        ]
