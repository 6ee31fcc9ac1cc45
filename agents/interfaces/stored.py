"""The page as its source stored it: published pixels in the place of our own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aces.errors import TrialError
from aces.seeds import Stream
from aces.types import Observation, Viewport
from agents.browser import Browser
from agents.interfaces import ShopHandle
from agents.interfaces.json import JsonVisit, RefusedError

_KINDS = {b"\x89PNG": "image/png", b"\xff\xd8": "image/jpeg", b"RIFF": "image/webp"}


class StoredInterface:
    """The stored screenshot of a given shelf, in one decision; the order goes to our shop.

    The listings are those of the shop's API: what the model names is looked up among them.
    """

    needs_browser = False

    async def start(self, shop: ShopHandle, viewport: Viewport, browser: Browser | None) -> None:
        """Remembers the shop; there is nothing to warm up."""
        self._shop = shop

    @asynccontextmanager
    async def visit(self, token: str, stream: Stream) -> AsyncIterator["StoredVisit"]:
        """Enters with a bearer token."""
        yield StoredVisit(self._shop, token)

    async def stop(self) -> None:
        """Does nothing: there is nothing to let go of."""


class StoredVisit(JsonVisit):
    """A visit that looks at a stored picture and orders by API."""

    def __init__(self, shop: ShopHandle, token: str) -> None:
        super().__init__(shop, token, "one_decision")
        try:
            self._picture = self._client.content("GET", "/stored-screenshot")
        except RefusedError as refusal:
            raise TrialError("shop", f"no stored screenshot to show: {refusal}") from refusal
        kinds = [kind for start, kind in _KINDS.items() if self._picture.startswith(start)]
        self._image_type = kinds[0] if kinds else "image/png"

    async def observe(self, step: int) -> Observation:
        """Returns the stored picture with the listings of the shelf that it shows."""
        seen = await super().observe(step)
        shown = {"text": None, "screenshot": self._picture, "image_type": self._image_type}
        return seen.model_copy(update=shown)
