"""The shop's JSON API, called in process through its WSGI callable: no sockets, no browser."""

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, urlsplit

from aces.errors import TrialError
from aces.seeds import Stream
from aces.types import (
    Action,
    AddToCart,
    Back,
    CheckOut,
    Click,
    Mode,
    Observation,
    OpenListing,
    Page,
    PerceivedListing,
    Record,
    Scroll,
    Type,
    Viewport,
)
from agents.browser import Browser
from agents.interfaces import ShopHandle
from agents.interfaces._reading import read_decimal, read_marks, read_title


class JsonInterface:
    """Listings as JSON; the same shop, sessions and order log as the pages."""

    needs_browser = False

    class Config(Record):
        """Parameters."""

        mode: Mode = "one_decision"
        """`one_decision`: putting a listing into the cart is carried through to the order."""

    def __init__(self, config: Config) -> None:
        self.config = config

    async def start(self, shop: ShopHandle, viewport: Viewport, browser: Browser | None) -> None:
        """Remembers the shop; there is nothing to warm up."""
        self._shop = shop

    @asynccontextmanager
    async def visit(self, token: str, stream: Stream) -> AsyncIterator["JsonVisit"]:
        """Enters with a bearer token."""
        yield JsonVisit(self._shop, token, self.config.mode)

    async def stop(self) -> None:
        """Does nothing: there is nothing to let go of."""


class JsonVisit:
    """A visit by API calls; `url` is the path last read."""

    blocked = 0
    visible = None

    def __init__(self, shop: ShopHandle, token: str, mode: Mode) -> None:
        self._shop = shop
        self._client = WsgiClient(shop.wsgi, token)
        self._mode = mode
        self._seen: list[tuple[Page, str]] = []
        self._text: str | None = None
        query = self._client.call("GET", "/api/enter")["query"]
        self._go("results", f"/api/search?q={quote(query)}")

    @property
    def url(self) -> str:
        """Path of the page."""
        return self._seen[-1][1]

    async def observe(self, step: int) -> Observation:
        """Returns the answer's text and, on a results page, its listings."""
        page, path = self._seen[-1]
        text = self._text if self._text is not None else self._client.fetch("GET", path)
        self._text = None
        listings = self._listings(json.loads(text)) if page == "results" else ()
        return Observation(
            step=step, page=page, text=text, listings=listings, mode=self._mode, pointing="name"
        )

    async def act(self, action: Action) -> str | None:
        """Carries out the action as API calls."""
        try:
            return self._act(action)
        except RefusedError as refusal:
            return str(refusal)

    def _act(self, action: Action) -> str | None:
        match action:
            case AddToCart():
                self._client.call("POST", "/api/cart", {"product_id": action.product_id})
                if self._mode == "one_decision":
                    return self._act(CheckOut())
                self._go("cart", "/api/cart")
            case CheckOut():
                # the answer to the order is its confirmation: nothing more to fetch
                self._text = self._client.fetch("POST", "/api/orders", {})
                order_id = json.loads(self._text)["order_id"]
                self._seen.append(("order", f"/api/orders/{order_id}"))
            case OpenListing():
                self._go("product", f"/api/products/{quote(action.product_id)}")
            case Type() if action.target is None:
                self._go("results", f"/api/search?q={quote(action.text)}")
            case Back() if len(self._seen) > 1:
                self._seen.pop()
            case Back():
                return "there is no page to go back to"
            case Click() | Scroll() | Type():
                return f"the API has nothing to {action.type}"
        return None

    def _go(self, page: Page, path: str) -> None:
        """Reads a page at once, so that what it refuses is known before it is observed."""
        self._text = self._client.fetch("GET", path)
        self._seen.append((page, path))

    def _listings(self, answer: dict[str, Any]) -> tuple[PerceivedListing, ...]:
        columns = answer["layout"]["columns"]
        currency = answer["currency"]
        return tuple(self._listing(item, columns, currency) for item in answer["results"])

    def _listing(self, item: dict[str, Any], columns: int, currency: str) -> PerceivedListing:
        list_price = item["list_price"]
        row, col = divmod(item["position"] - 1, columns)
        return PerceivedListing(
            product_id=item["id"],
            title=read_title(item["title"]),
            currency=currency,
            price_cents=read_decimal(item["price"], currency),
            list_price_cents=None if list_price is None else read_decimal(list_price, currency),
            rating=item["rating"],
            review_count=item["review_count"],
            marks=read_marks(item["marks"], self._shop.legend),
            position=item["position"],
            row=row + 1,
            col=col + 1,
        )


class RefusedError(Exception):
    """The shop answered that it would not do what was asked."""


class WsgiClient:
    """Calls a WSGI application with a bearer token, as an HTTP server would."""

    def __init__(self, app: Any, token: str) -> None:  # noqa: ANN401
        self._app = app
        self._environ = {
            "SCRIPT_NAME": "",
            "SERVER_NAME": "shop",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "shop",
            "HTTP_AUTHORIZATION": f"Bearer {token}",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401
        """Returns the decoded answer."""
        return json.loads(self.fetch(method, path, body))

    def fetch(self, method: str, path: str, body: object = None) -> str:
        """Returns the answer's text.

        Raises:
            RefusedError: If the shop says no (4xx), with its reason.
            TrialError: If it breaks (5xx).
        """
        content = b"" if body is None else json.dumps(body).encode()
        parts = urlsplit(path)
        answer: list[str] = []
        environ = {
            **self._environ,
            "REQUEST_METHOD": method,
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(content)),
            "wsgi.input": io.BytesIO(content),
        }
        chunks = self._app(environ, lambda status, *_: answer.append(status))
        text = b"".join(chunks).decode()
        if hasattr(chunks, "close"):
            chunks.close()
        _check(answer[0], f"{method} {path}", text)
        return text


def _check(status: str, request: str, text: str) -> None:
    if status.startswith("5"):
        raise TrialError("shop", f"{request} answered {status}")
    if status.startswith("4"):
        raise RefusedError(json.loads(text).get("error", status))
