"""A person's own browser: nothing is read from it or done in it by us."""

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from aces.errors import UserError
from aces.seeds import Stream
from aces.types import Record, Viewport
from agents.interfaces import ShopHandle, Visit

if TYPE_CHECKING:
    from agents.browser import Browser


class OwnBrowserInterface:
    """For `use: person`: the shop's pages in a window of the experiment's size."""

    needs_browser = False

    class Config(Record):
        """No parameters."""

    def __init__(self, config: Config) -> None:
        self.config = config

    async def start(self, shop: ShopHandle, viewport: Viewport, browser: "Browser | None") -> None:
        """Does nothing."""

    def visit(self, token: str, stream: Stream) -> AbstractAsyncContextManager[Visit]:
        """Refuses: nobody can look through a person's eyes.

        Raises:
            UserError: Always.
        """
        raise UserError("`own_browser` is for people: `aces people EXPERIMENT.yaml --out DIR`")

    async def stop(self) -> None:
        """Does nothing."""
