"""A warm Chromium that can reach the shop and nothing else, wiped between trials."""

import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aces.errors import BrowserError
from aces.types import Viewport

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, CDPSession, Page

SHELLS = ("chromium-headless-shell", "chrome-headless-shell", "headless_shell")
WINDOWED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LOCALE, TIME_ZONE = "en-US", "UTC"
FONTS = '"Liberation Sans", Arial, Helvetica, sans-serif'

HOW_TO_GET_ONE = (
    "No Chromium was found: looked at ACES_CHROMIUM, for "
    f"{', '.join((*SHELLS[:1], *WINDOWED))} on the PATH, and for Playwright's own. Get one with "
    "`playwright install --with-deps chromium`, with your system's packages (Debian: "
    "`apt-get install chromium-headless-shell fonts-liberation`), or set ACES_CHROMIUM=/path/to/it"
)

MAX_USES = 25
"""Trials after which a context is closed, so that whatever it holds on to is let go: some 3 MiB
a trial in Chromium, and 0.1 MiB here. A new one takes a fifth of a trial's time."""
MAX_IDLE = 16
"""Contexts kept for later trials, of each window's size."""

ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    # the same pixels on every machine
    "--font-render-hinting=none",
    "--disable-lcd-text",
    "--disable-partial-raster",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
)


def find_chromium(*, headed: bool = False) -> Path | None:
    """Returns the browser to use, or None.

    Looks at ACES_CHROMIUM, then for a headless shell (unless `headed`), Chromium or Chrome on the
    PATH, then for one that Playwright downloaded.

    Raises:
        BrowserError: If ACES_CHROMIUM names no program.
    """
    chosen = os.environ.get("ACES_CHROMIUM")
    if chosen:
        if not os.access(chosen, os.X_OK):
            raise BrowserError(f"ACES_CHROMIUM={chosen}: no such program")
        return Path(chosen)
    names = WINDOWED if headed else (*SHELLS, *WINDOWED)
    on_path = next((path for name in names if (path := shutil.which(name))), None)
    return Path(on_path) if on_path else _downloaded(headed=headed)


def _downloaded(*, headed: bool) -> Path | None:
    """The browser that `playwright install` left, if it did."""
    root = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "~/.cache/ms-playwright")).expanduser()
    shells = sorted(root.glob("chromium_headless_shell-*/*/*headless*shell*"))
    full = sorted(root.glob("chromium-*/chrome-linux*/chrome"))
    found = [path for path in (full if headed else [*shells, *full]) if os.access(path, os.X_OK)]
    return found[0] if found else None


@dataclass(slots=True)
class Tab:
    """A page and what is needed to drive it."""

    page: "Page"
    cdp: "CDPSession"
    blocked: int = 0
    uses: int = 0


class Browser:
    """One Chromium, launched once per process and shared by its interfaces.

    Args:
        shop_url: The one address it may reach.
        headed: Show a window.
    """

    def __init__(self, shop_url: str, *, headed: bool = False) -> None:
        self._shop_url = shop_url
        self._headed = headed
        self._stack = AsyncExitStack()
        self._idle: dict[Viewport, list[tuple[BrowserContext, Tab]]] = {}

    async def start(self) -> None:
        """Launches it.

        Raises:
            BrowserError: If there is none, or it does not start; says how to get one.
        """
        from playwright.async_api import Error, async_playwright

        path = find_chromium(headed=self._headed)
        if path is None:
            raise BrowserError(HOW_TO_GET_ONE)
        playwright = await self._stack.enter_async_context(async_playwright())
        try:
            self._browser = await playwright.chromium.launch(
                executable_path=path, headless=not self._headed, args=self._arguments()
            )
        except Error as error:
            await self._stack.aclose()
            reason = str(error).partition("\n")[0]
            raise BrowserError(f"{path} does not start: {reason}. See `aces doctor`") from error
        self._stack.push_async_callback(self._browser.close)

    def _arguments(self) -> list[str]:
        """Chromium's arguments, with a proxy that leads nowhere for all but the shop.

        A bound socket that never listens refuses every connection, so whatever the browser asks
        of another host, port or scheme fails at once and is reported as a failed request.
        """
        wall = socket.socket()
        wall.bind(("127.0.0.1", 0))
        self._stack.callback(wall.close)
        arguments = [
            *ARGUMENTS,
            f"--proxy-server=http://127.0.0.1:{wall.getsockname()[1]}",
            f"--proxy-bypass-list=<-loopback>;{urlsplit(self._shop_url).netloc}",
        ]
        return [*arguments, "--no-sandbox"] if os.geteuid() == 0 else arguments

    @property
    def version(self) -> str:
        """The browser's version."""
        return str(self._browser.version)

    async def stop(self) -> None:
        """Closes it."""
        await self._stack.aclose()

    @asynccontextmanager
    async def fresh_tab(self, viewport: Viewport, *, reuse: bool) -> AsyncIterator[Tab]:
        """Yields a tab without a trace of earlier trials.

        Args:
            viewport: The window's size.
            reuse: Wipe a used page rather than make a new context, which takes longer.
        """
        idle = self._idle.setdefault(viewport, [])
        context, tab = idle.pop() if reuse and idle else await self._open(viewport)
        kept = False
        try:
            tab.blocked = 0
            tab.uses += 1
            yield tab
            if reuse and tab.uses < MAX_USES:
                await self._wipe(tab)
                kept = len(idle) < MAX_IDLE
                if kept:
                    idle.append((context, tab))
        finally:
            # a page that failed in the middle of a trial is never used again
            if not kept:
                await context.close()

    async def _open(self, viewport: Viewport) -> "tuple[BrowserContext, Tab]":
        context = await self._browser.new_context(
            viewport={"width": viewport.width, "height": viewport.height},
            device_scale_factor=viewport.device_scale,
            locale=LOCALE,
            timezone_id=TIME_ZONE,
            color_scheme="light",
            reduced_motion="reduce",
            service_workers="block",
            accept_downloads=False,
        )
        page = await context.new_page()
        tab = Tab(page, await context.new_cdp_session(page))
        # each session has its own idea of the window; without this, captures ignore its density
        await tab.cdp.send(
            "Emulation.setDeviceMetricsOverride",
            {
                "width": viewport.width,
                "height": viewport.height,
                "deviceScaleFactor": viewport.device_scale,
                "mobile": False,
            },
        )

        def count(request: Any) -> None:  # noqa: ANN401
            tab.blocked += not request.url.startswith(f"{self._shop_url}/")

        page.on("requestfailed", count)
        return context, tab

    async def _wipe(self, tab: Tab) -> None:
        """Removes cookies, storage, caches of pages, history and the window's name."""
        for extra in tab.page.context.pages:
            if extra is not tab.page:
                await extra.close()
        await tab.cdp.send("Network.clearBrowserCookies")
        await tab.cdp.send(
            "Storage.clearDataForOrigin", {"origin": self._shop_url, "storageTypes": "all"}
        )
        await tab.page.goto("about:blank")
        await tab.page.evaluate("window.name = ''")  # it outlives the page
        await tab.cdp.send("Page.resetNavigationHistory")

    async def facts(self) -> dict[str, Any]:
        """Returns what decides the pixels: browser, fonts in use, locale, time zone."""
        async with self.fresh_tab(Viewport(), reuse=False) as tab:
            await tab.page.set_content(f"<p style='font-family:{FONTS}'>Agg 0123</p>")
            for domain in ("DOM", "CSS"):
                await tab.cdp.send(f"{domain}.enable")
            root = await tab.cdp.send("DOM.getDocument")
            node = await tab.cdp.send(
                "DOM.querySelector", {"nodeId": root["root"]["nodeId"], "selector": "p"}
            )
            used = await tab.cdp.send("CSS.getPlatformFontsForNode", {"nodeId": node["nodeId"]})
        return {
            "browser": self.version,
            "fonts": [font["familyName"] for font in used["fonts"]],
            "locale": LOCALE,
            "time_zone": TIME_ZONE,
        }
