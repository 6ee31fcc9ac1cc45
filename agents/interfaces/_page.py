"""What the interfaces of a browser share: entering, acting by real clicks, finding boxes."""

import asyncio
import base64
import json
from abc import abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
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
from agents.interfaces._reading import Box, Money, inside, place, read_product_id

CAPTURE_PAUSES_S = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)

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

# brings an element into view and returns where a mouse would hit it
_AIM = """selector => {
    const element = document.querySelector(selector);
    if (!element) return null;
    element.scrollIntoView({block: 'nearest', behavior: 'instant'});
    const box = element.getClientRects()[0];
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const hit = document.elementFromPoint(x, y);
    return {x, y, covered: !hit || !(element.contains(hit) || hit.contains(element))};
}"""

# the shop has no scripts: nothing but links and submit buttons leads to another page
_LEADS_ON = """([x, y]) => {
    const hit = document.elementFromPoint(x, y);
    return !!hit && !!hit.closest('a[href], button[type=submit]');
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
        self._viewport = viewport

    @asynccontextmanager
    async def visit(self, token: str, stream: Stream) -> AsyncIterator["PageVisit"]:
        """Enters the shop in a tab without a trace of earlier visits."""
        from playwright.async_api import Error

        reuse = self.config.isolation == "reuse"
        try:
            async with self._browser.fresh_tab(self._viewport, reuse=reuse) as tab:
                tab.page.set_default_timeout(self.config.timeout_s * 1000)
                await tab.page.goto(f"{self.shop.base_url}/enter/{token}", wait_until="load")
                yield PageVisit(self, tab)
        except Error as error:
            raise TrialError("browser", str(error).partition("\n")[0]) from error

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


class PageVisit:
    """A visit through a browser's page."""

    def __init__(self, interface: PageInterface, tab: Tab) -> None:
        self._interface = interface
        self._tab = tab
        self._page = tab.page
        self.visible: tuple[str, ...] | None = None

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
        seen = await self._interface.represent(self._tab)
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
        return Observation(
            step=step,
            page=kind,
            listings=listings,
            mode=self._interface.config.mode,
            pointing=self._interface.pointing,
            **seen,
        )

    def _kind(self) -> Page:
        return page_of(urlsplit(self._page.url).path)

    async def act(self, action: Action) -> str | None:
        """Carries out the action by clicking and typing, as a person would."""
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
        """Clicks what leads to another page, and waits for that page."""
        aim = await self._page.evaluate(_AIM, selector)
        if aim is None:
            return missing
        if aim["covered"]:
            return "something else lies over what was to be clicked"
        # a locator's click would wait for frames in which nothing moves
        async with self._page.expect_navigation(wait_until="domcontentloaded"):
            await self._page.mouse.click(aim["x"], aim["y"])
        return None

    async def _type(self, action: Type) -> str | None:
        name = action.target or "q"
        named = self._page.get_by_label(name, exact=True).or_(
            self._page.locator(f"[name={_quoted(name)}]")
        )
        box = self._page.locator("input:not([type=hidden]), textarea").and_(named)
        if not await box.count():
            return f"there is no field '{name}' on this page"
        await box.first.fill(action.text)
        if action.submit:
            async with self._page.expect_navigation(wait_until="load"):
                await box.first.press("Enter")
        return None

    async def _click(self, action: Click) -> str | None:
        if action.x is not None and action.y is not None:
            await self._click_at(action.x, action.y)
            return None
        if action.target is None:
            return "a click needs a target, or x and y"
        named = self._page.get_by_role("button", name=action.target).or_(
            self._page.get_by_role("link", name=action.target)
        )
        if not await named.count():
            return f"nothing on this page is called '{action.target}'"
        async with self._page.expect_navigation(wait_until="load"):
            await named.first.click(no_wait_after=True)
        return None

    async def _click_at(self, x: float, y: float) -> None:
        """Clicks a point of the viewport and, where that leads to another page, waits for it."""
        if not await self._page.evaluate(_LEADS_ON, [x, y]):
            await self._page.mouse.click(x, y)
            return
        async with self._page.expect_navigation(wait_until="load"):
            await self._page.mouse.click(x, y)

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


async def capture(tab: Tab, image_format: str, quality: int, *, full_page: bool) -> bytes:
    """Returns the page's pixels, captured through CDP without Playwright's own waits.

    A capture fails while a navigation is pending, and on a busy machine before the first frame
    is drawn; it is tried again after a while.
    """
    from playwright.async_api import Error

    options: dict[str, Any] = {"format": image_format, "captureBeyondViewport": full_page}
    if image_format == "png":
        options["optimizeForSpeed"] = True
    else:
        options["quality"] = quality
    for pause_s in CAPTURE_PAUSES_S:
        await asyncio.sleep(pause_s)
        await tab.page.wait_for_load_state("load")
        try:
            answer = await tab.cdp.send("Page.captureScreenshot", options)
        except Error as error:
            refusal = error
        else:
            return base64.b64decode(answer["data"])
    raise refusal
