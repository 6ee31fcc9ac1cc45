"""The shop's JSON API, called in process through its WSGI callable: no sockets, no browser."""

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, unquote, urlsplit

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
    PerceivedListing,
    Record,
    Scroll,
    Type,
    Viewport,
)
from agents.browser import Browser
from agents.interfaces import ShopHandle
from agents.interfaces._paths import api_page, api_path, chosen, links
from agents.interfaces._reading import read_decimal, read_marks, read_title
from agents.interfaces._things import called

_PATHS = "say a path, such as /api/search?q=stapler&sort=price_asc (/api/openapi.json lists all)"


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
    acted = None

    def __init__(self, shop: ShopHandle, token: str, mode: Mode) -> None:
        self._shop = shop
        self._client = WsgiClient(shop.wsgi, token)
        self._mode = mode
        self._paths: list[str] = []
        self._text = ""
        query = self._client.call("GET", "/api/enter")["query"]
        self._go(f"/api/search?q={quote(query)}")

    @property
    def url(self) -> str:
        """Path of the page."""
        return self._paths[-1]

    async def observe(self, step: int) -> Observation:
        """Returns the answer's text and, on a results page, its listings."""
        page = api_page(self.url)
        listings = self._listings(json.loads(self._text)) if page == "results" else ()
        due = json.loads(self._text) if page in ("cart", "checkout") else None
        return Observation(
            step=step,
            page=page,
            text=self._text,
            listings=listings,
            total_cents=due and read_decimal(due["total"], due["currency"]),
            mode=self._mode,
            pointing="name",
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
                body = {"product_id": action.product_id, **chosen(self.url, action.product_id)}
                self._client.call("POST", "/api/cart", body)
                if self._mode == "one_decision":
                    return self._act(CheckOut())
                self._go("/api/cart")
            case CheckOut():
                # the answer to the order is its confirmation: nothing more to fetch
                self._text = self._client.fetch("POST", "/api/orders", {})
                self._paths.append(f"/api/orders/{json.loads(self._text)['order_id']}")
            case OpenListing():
                self._go(f"/api/products/{quote(action.product_id, safe='')}")
            case Type():
                return self._type(action)
            case Click():
                return self._click(action)
            case Scroll():
                return "the API has nothing to scroll"
            case Back() if len(self._paths) > 1:
                self._text = self._client.fetch("GET", self._paths[-2])
                self._paths.pop()
            case Back():
                return "there is no page to go back to"
        return None

    def _go(self, path: str) -> None:
        """Reads a page at once, so that what it refuses is known before it is observed."""
        self._text = self._client.fetch("GET", path)
        self._paths.append(path)

    def _type(self, action: Type) -> str | None:
        """Searches, or hands in a coupon."""
        if action.target in (None, "q", "search", "Search"):
            self._go(f"/api/search?q={quote(action.text)}")
        elif action.target in ("code", "Coupon code"):
            self._client.call("POST", "/api/cart/coupon", {"code": action.text})
            self._go("/api/cart")
        else:
            return f"the API has nothing to type into that is called '{action.target}'"
        return None

    def _click(self, action: Click) -> str | None:
        """Reads what is named by a path or by a name in the answer, or empties the cart of it."""
        target = action.target
        if not target:
            return f"the API has nothing to click but names and paths; {_PATHS}"
        if target.startswith("/"):
            path = api_path(target)
            if urlsplit(path).path == "/api/enter":
                return "the shop is entered already"
            self._go(path)
            return None
        if target.casefold().startswith("remove") and api_page(self.url) == "cart":
            return self._remove(target[len("remove") :].strip(" ,"))
        found = called(links(json.loads(self._text), self.url), target)
        if isinstance(found, str):
            return f"{found}; {_PATHS}" if found.startswith("nothing") else found
        self._go(found.href)
        return None

    def _remove(self, name: str) -> str | None:
        """Takes an item out of the cart, by its title, id or key."""
        items = self._client.call("GET", "/api/cart")["items"]
        named = [each for each in items if name in (each["title"], each["id"], each["key"])]
        if len(named) != 1:
            return f"there is no one item '{name}' in the cart"
        self._client.call("DELETE", f"/api/cart/{quote(named[0]['key'], safe='')}")
        self._go("/api/cart")
        return None

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
            fee_cents=read_decimal(item.get("fee", "0"), currency),
            rating=item["rating"],
            review_count=item["review_count"],
            marks=read_marks([*item["marks"], item.get("picture_alt", "")], self._shop.legend),
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
        """Returns the answer's text; raises as `content` does."""
        return self.content(method, path, body).decode()

    def content(self, method: str, path: str, body: object = None) -> bytes:
        """Returns the answer as it comes.

        Raises:
            RefusedError: If the shop says no (4xx), with its reason.
            TrialError: If it breaks (5xx).
        """
        content = b"" if body is None else json.dumps(body).encode()
        parts = urlsplit(path)
        answer: list[str] = []
        # as servers hand it over: percent signs resolved, bytes as Latin-1
        info = unquote(parts.path, errors="surrogateescape").encode(errors="surrogateescape")
        environ = {
            **self._environ,
            "REQUEST_METHOD": method,
            "PATH_INFO": info.decode("latin-1"),
            "QUERY_STRING": quote(parts.query, safe="=&%+,:;/?@"),
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(content)),
            "wsgi.input": io.BytesIO(content),
        }
        chunks = self._app(environ, lambda status, *_: answer.append(status))
        found = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        if not answer[0].startswith("2"):
            _check(answer[0], f"{method} {path}", found.decode(errors="replace"))
        return found


def _check(status: str, request: str, text: str) -> None:
    if status.startswith("5"):
        raise TrialError("shop", f"{request} answered {status}")
    if status.startswith("4"):
        try:
            reason = json.loads(text)["error"]
        except (ValueError, LookupError, TypeError):
            reason = f"{request} answered {status}"
        raise RefusedError(reason)
