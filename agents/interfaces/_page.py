"""What the interfaces of a browser share: entering, acting by real clicks, finding boxes."""

import json
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aces.errors import TrialError
from aces.pages import page_of
from aces.seeds import Stream
from aces.types import (
    Action,
    AddToCart,
    Back,
    CheckOut,
    Click,
    Observation,
    OpenListing,
    Page,
    PerceivedListing,
    Pointing,
    Scroll,
    Type,
    Viewport,
)
from agents.browser import Browser, Tab
from agents.interfaces import PageConfig, ShopHandle
from agents.interfaces._hands import enter, focused, press, press_at
from agents.interfaces._reading import Box, Money, inside, place, read_product_id, read_total
from agents.interfaces._things import Thing, Things, called, field_called

if TYPE_CHECKING:
    from playwright.async_api import ElementHandle

# boxes are measured on the page, the viewport is the part of it that shows
_MEASURE = """() => ({
    viewport: [scrollX, scrollY, document.documentElement.clientWidth, innerHeight],
    language: document.documentElement.lang,
    cards: [...document.querySelectorAll('article.listing, .tile')].map(card => {
        const box = card.getBoundingClientRect();
        return {
            url: card.querySelector('.title a').getAttribute('href'),
            full: card.matches('article.listing'),
            box: [box.x + scrollX, box.y + scrollY, box.width, box.height],
        };
    }),
})"""

# a listing is outlined whole, whichever of its links or buttons is pressed
_OUTLINE = """(element, whole) => {
    const box = (element.closest('article.listing, .tile') ?? element).getBoundingClientRect();
    const [left, top] = whole ? [scrollX, scrollY] : [0, 0];
    return box.width && box.height ? [box.x + left, box.y + top, box.width, box.height] : null;
}"""


class PageInterface:
    """Base of the interfaces that look at rendered pages in a browser."""

    needs_browser = True
    Config: type[PageConfig] = PageConfig

    def __init__(self, config: PageConfig) -> None:
        self.config = config

    async def start(self, shop: ShopHandle, viewport: Viewport, browser: Browser | None) -> None:
        """Takes the process's browser."""
        if browser is None:
            raise TrialError("browser", "this interface needs a browser and was given none")
        self.shop = shop
        self._browser = browser
        self.viewport = viewport

    @asynccontextmanager
    async def visit(self, token: str, stream: Stream) -> AsyncIterator["PageVisit"]:
        """Enters the shop in a tab without a trace of earlier visits."""
        from playwright.async_api import Error

        reuse = self.config.isolation == "reuse"
        try:
            async with self._browser.fresh_tab(self.viewport, reuse=reuse) as tab:
                tab.page.set_default_timeout(self.config.timeout_s * 1000)
                await tab.page.goto(f"{self.shop.base_url}/enter/{token}", wait_until="load")
                yield self.enter(tab, stream)
        except Error as error:
            raise TrialError("browser", str(error).partition("\n")[0]) from error

    def enter(self, tab: Tab, stream: Stream) -> "PageVisit":
        """Returns the visit in a tab that has entered the shop."""
        return PageVisit(self, tab)

    @property
    def parts(self) -> tuple[str, ...]:
        """Selectors of what is told of a page: in the full loop also how to get about."""
        browse = self.config.mode == "browse"
        return ("body > header", "body > nav", "body > main") if browse else ("body > main",)

    @property
    def full_page(self) -> bool:
        """Whether points are counted from the page's corner rather than the window's."""
        return False

    @property
    def pointing(self) -> Pointing:
        """How a buyer says what it means."""
        return "name"

    async def stop(self) -> None:
        """Does nothing: the browser belongs to the process."""

    @abstractmethod
    async def represent(self, tab: Tab) -> dict[str, Any]:
        """Returns the page as the buyer gets it: `text`, or `screenshot` and `image_type`."""

    @abstractmethod
    async def read(self, tab: Tab, seen: dict[str, Any], money: Money) -> list[PerceivedListing]:
        """Returns the listings of a results page, read from the representation."""

    async def texts(self, tab: Tab, seen: dict[str, Any]) -> list[str]:
        """Returns what is written on a page, in its order; by default what is drawn."""
        return (await tab.page.locator("main").inner_text()).splitlines()


class PageVisit:
    """A visit through a browser's page."""

    def __init__(self, interface: PageInterface, tab: Tab) -> None:
        self._interface = interface
        self._tab = tab
        self._page = tab.page
        self.visible: tuple[str, ...] | None = None
        self.acted: Box | None = None

    @property
    def url(self) -> str:
        """Path and query of the page."""
        parts = urlsplit(self._page.url)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    @property
    def blocked(self) -> int:
        """Requests to anything but the shop."""
        return self._tab.blocked

    async def observe(self, step: int) -> Observation:
        """Returns the representation and, on a results page, its listings with their boxes."""
        kind = self._kind()
        seen = await self.look()
        measured = await self._page.evaluate(_MEASURE)
        window: Box = tuple(measured["viewport"])
        cards: list[tuple[str, bool, Box]] = [
            (card["url"], card["full"], tuple(card["box"])) for card in measured["cards"]
        ]
        self.visible = tuple(
            dict.fromkeys(read_product_id(url) for url, _, box in cards if inside(box, window))
        )
        listings: tuple[PerceivedListing, ...] = ()
        if kind == "results":
            money = Money(measured["language"], self._interface.shop.currency)
            found = await self._interface.read(self._tab, seen, money)
            boxes = [box for _, full, box in cards if full]
            listings = place(found, boxes, window)
        total: int | None = None
        if kind in ("cart", "checkout"):
            money = Money(measured["language"], self._interface.shop.currency)
            total = read_total(await self._interface.texts(self._tab, seen), money)
        return Observation(
            step=step,
            page=kind,
            listings=listings,
            total_cents=total,
            mode=self._interface.config.mode,
            pointing=self._interface.pointing,
            **seen,
        )

    async def look(self) -> dict[str, Any]:
        """Returns the representation of the page."""
        return await self._interface.represent(self._tab)

    def _kind(self) -> Page:
        return page_of(urlsplit(self._page.url).path)

    async def act(self, action: Action) -> str | None:
        """Carries out the action by clicking and typing, as a person would."""
        self.acted = None
        match action:
            case AddToCart():
                return await self._add_to_cart(action.product_id)
            case CheckOut():
                return await self._check_out()
            case OpenListing():
                link = f"h2 a[href={_quoted('/product/' + action.product_id)}]"
                return await self._follow(link, f"no listing '{action.product_id}' here")
            case Type():
                return await self._type(action)
            case Click():
                return await self._click(action)
            case Scroll():
                await self._page.mouse.wheel(0, action.pixels)
                # the wheel is handled by the compositor: wait until a frame has been drawn
                await self._page.evaluate("() => new Promise(requestAnimationFrame)")
            case Back():
                return await self._back()
        return None

    async def _add_to_cart(self, product_id: str) -> str | None:
        product = f"form:has(input[name=product_id][value={_quoted(product_id)}])"
        button = f"{product} button[type=submit]"
        error = await self._follow(button, f"'{product_id}' can't be bought on this page")
        if error or self._interface.config.mode == "browse":
            return error
        return await self._check_out()

    async def _check_out(self) -> str | None:
        """From the cart through checkout to the order."""
        if self._kind() not in ("cart", "checkout"):
            await self._page.goto(f"{self._interface.shop.base_url}/cart")
        if self._kind() == "cart":
            refused = self._page.locator("[role=alert]")
            if await refused.count():
                return (await refused.first.inner_text()).strip()
            error = await self._follow("a[href='/checkout']", "the cart is empty")
            if error:
                return error
        order = "form[action='/orders'] button[type=submit]"
        return await self._follow(order, "there is nothing to order")

    async def _follow(self, selector: str, missing: str) -> str | None:
        """Clicks what a selector names."""
        return await self._press(await self._page.query_selector(selector) or missing)

    async def _press(self, element: "ElementHandle | str") -> str | None:
        """Clicks what was found, or says why it was not."""
        if isinstance(element, str):
            return element
        try:
            await self._outline(element)
            return await press(self._page, element)
        finally:
            await element.dispose()

    async def _outline(self, element: "ElementHandle") -> None:
        """Keeps where the first thing acted on lay, before the page moves."""
        if self.acted is None:
            box = await element.evaluate(_OUTLINE, self._interface.full_page)
            self.acted = tuple(box) if box else None

    async def _click(self, action: Click) -> str | None:
        if action.x is not None and action.y is not None:
            whole = self._interface.full_page
            return await press_at(self._page, action.x, action.y, whole=whole)
        if action.number is not None:
            return await self._press(await self.numbered(action.number))
        if action.target is not None:
            return await self._press(await self._find(action.target, called))
        return "a click needs a target, a number, or x and y"

    async def _type(self, action: Type) -> str | None:
        if action.number is not None:
            field = await self.numbered(action.number)
        elif action.target is not None:
            field = await self._find(action.target, field_called)
        else:
            field = await focused(self._page) or await self._find("q", field_called)
        if isinstance(field, str):
            return field
        try:
            await self._outline(field)
            return await enter(self._page, field, action.text, submit=action.submit)
        finally:
            await field.dispose()

    async def numbered(self, number: int) -> "ElementHandle | str":
        """Returns the element that carries a number, or why there is none."""
        return f"nothing on this page carries a number, so neither {number}"

    async def _find(
        self, target: str, find: Callable[[Sequence[Thing], str], Thing | str]
    ) -> "ElementHandle | str":
        """The element with this name."""
        things = await Things.of(self._page)
        try:
            found = find(things.all, target)
            return found if isinstance(found, str) else await things.element(found)
        finally:
            await things.forget()

    async def _back(self) -> str | None:
        if await self._page.evaluate("history.length") <= 1:
            return "there is no page to go back to"
        await self._page.go_back(wait_until="load")
        if self._page.url == "about:blank" or "/enter/" in self._page.url:
            await self._page.go_forward(wait_until="load")
            return "there is no page to go back to"
        return None


def _quoted(value: str) -> str:
    """A CSS string."""
    return json.dumps(value)
