"""One file per interface: how a buyer perceives the shop and acts in it.

An interface knows a shop only through its `ShopHandle`, and fills `Observation.listings` by
parsing its own representation: the rendered page, the accessibility tree, the HTML, the JSON.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import Field

from aces.registry import Registry
from aces.seeds import Stream
from aces.types import Action, Mode, Observation, Record, Viewport

if TYPE_CHECKING:
    from agents.browser import Browser

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class ShopHandle:
    """All that a buyer's side may know of a shop."""

    base_url: str
    wsgi: WSGI
    legend: Mapping[str, tuple[str, ...]]
    """Kind of mark -> texts it shows, `{value}` for its value; the same for every world."""
    currency: str = "USD"
    """Of every price; how prices are written is for the page to say, by its language."""


class Visit(Protocol):
    """One trial's visit to the shop, from entering it to leaving."""

    url: str
    blocked: int
    """Requests the visit made to anything but the shop; none of them got through."""
    visible: tuple[str, ...] | None
    """The listings that lay wholly in the window when last observed, on any page; None where
    there is no window."""
    acted: tuple[float, float, float, float] | None
    """What the last action was carried out on, as in `Step.box`."""

    async def observe(self, step: int) -> Observation:
        """Returns what the buyer perceives now."""
        ...

    async def act(self, action: Action) -> str | None:
        """Carries out an action; returns why it could not be, or None."""
        ...


class Interface(Protocol):
    """A way to perceive and act, warm for any number of visits."""

    needs_browser: bool

    async def start(self, shop: ShopHandle, viewport: Viewport, browser: "Browser | None") -> None:
        """Gets ready for visits."""
        ...

    def visit(self, token: str, stream: Stream) -> AbstractAsyncContextManager[Visit]:
        """Enters the shop with a session token, in a state that no earlier visit has touched.

        `stream` belongs to the trial and is the visit's only source of randomness.
        """
        ...

    async def stop(self) -> None:
        """Lets go of everything."""
        ...


class PageConfig(Record):
    """Parameters that all interfaces of a browser share."""

    mode: Mode = "one_decision"
    """`one_decision`: putting a listing into the cart is carried through to the order."""
    isolation: Literal["reuse", "context"] = "reuse"
    """`reuse`: one page, wiped between trials; `context`: a fresh browser context for each."""
    timeout_s: float = Field(default=15.0, gt=0, json_schema_extra={"operational": True})
    """Longest wait for a page or an element."""


INTERFACES: Registry[Interface] = Registry("interface", "agents.interfaces", "Interface")
