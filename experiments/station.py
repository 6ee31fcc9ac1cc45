"""One process's laboratory bench: its shop, its browser, its interfaces and its buyers."""

import asyncio
import gc
import logging
import threading
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from dataclasses import dataclass
from typing import Any

from aces.llm.records import Connection, ModelBuyer
from aces.types import Assignment, Buyer, Trial, World
from agents.browser import Browser
from agents.interfaces import INTERFACES, Interface, ShopHandle
from experiments.plan import Plan
from marketplace.app import create_app
from marketplace.sessions import Session, Sessions

CONNECTIONS = 2000
"""Most connections that a shop holds open at once."""


@dataclass(frozen=True, slots=True)
class Job:
    """A trial with the assignment of its world."""

    trial: Trial
    assignment: Assignment


class Station:
    """Serves the shop, keeps browser and interfaces warm, and opens worlds for trials.

    Args:
        plan: Of the experiment.
        connections: Of buyers to their models, by the buyer's name.
        concurrency: How many buyers may wait for their models at a time.
        headed: Show the browser's window.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        connections: Mapping[str, Connection] | None = None,
        concurrency: int = 1,
        headed: bool = False,
    ) -> None:
        self.plan = plan
        self.buyers: Mapping[str, Buyer] = plan.buyers()
        self.sessions = Sessions(plan.catalog)
        self._app = create_app(self.sessions)
        self._connections = connections or {}
        self._asking = asyncio.Semaphore(concurrency)
        self._headed = headed
        self._interfaces: dict[str, Interface] = {}
        self._stack = AsyncExitStack()
        self._browser: Browser | None = None
        self._world: tuple[str, World] | None = None

    async def __aenter__(self) -> "Station":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def open(self, interfaces: set[str]) -> None:
        """Starts the named interfaces with what they need, and connects buyers to their models.

        Raises:
            BrowserError: If one needs a browser and there is none.
        """
        entries = {
            entry.name: entry
            for buyer in self.plan.spec.buyers
            for entry in self.plan.spec.buyer_interfaces(buyer)
        }
        built = {
            name: INTERFACES.build(entries[name].use, dict(entries[name].parameters))
            for name in interfaces - set(self._interfaces)
        }
        needs_browser = any(interface.needs_browser for interface in built.values())
        if needs_browser and self._browser is None:
            await self._start_browser()
        shop = ShopHandle(self.shop_url, self._app, self.plan.legend(), self.plan.catalog.currency)
        for name, interface in built.items():
            await interface.start(shop, self.plan.spec.shelf.viewport, self._browser)
            self._stack.push_async_callback(interface.stop)
            self._interfaces[name] = interface
        self._connect()
        # plan, catalogue and modules stay for good: the collector need not look at them again
        gc.collect()
        gc.freeze()

    def _connect(self) -> None:
        for name, connection in self._connections.items():
            buyer = self.buyers[name]
            if isinstance(buyer, ModelBuyer):
                buyer.connect(connection)
                self._stack.push_async_callback(buyer.disconnect)

    @property
    def shop_url(self) -> str:
        """Where the shop is served; a name that leads nowhere as long as no browser needs it."""
        return self._url if self._browser else "http://shop"

    async def _start_browser(self) -> None:
        server = serve(self._app)
        self._stack.callback(stop, server)
        self._url = f"http://127.0.0.1:{server.effective_port}"
        browser = Browser(self._url, headed=self._headed)
        await browser.start()
        self._stack.push_async_callback(browser.stop)
        self._browser = browser

    def interface(self, name: str) -> Interface:
        """Returns a started interface."""
        return self._interfaces[name]

    def asking(self, buyer: str) -> AbstractAsyncContextManager[object]:
        """Returns what a buyer holds while it decides: there are so many places at the models."""
        return self._asking if buyer in self._connections else nullcontext()

    def admit(self, assignment: Assignment) -> str:
        """Opens a session in the assignment's world and returns its token."""
        if self._world is None or self._world[0] != assignment.world_id:
            # buyers and repeats meet one world in a row
            self._world = assignment.world_id, self.plan.world(assignment)
        return self.sessions.admit(self._world[1])

    def ordered(self, token: str) -> str | None:
        """Returns the product that a session's first order bought, if it placed one."""
        session = self.sessions.get(token)
        return session.bought if session else None

    def close(self, token: str) -> Session:
        """Ends a session and returns it, for its log."""
        return self.sessions.close(token)

    async def facts(self) -> dict[str, Any]:
        """Returns what the browser is, where there is one."""
        return await self._browser.facts() if self._browser else {}


def serve(app: Any, port: int = 0, host: str = "127.0.0.1") -> Any:  # noqa: ANN401
    """Serves a WSGI application in a thread, on loopback by default; returns the server.

    Raises:
        OSError: If the port is taken.
    """
    from waitress.server import create_server

    logging.getLogger("waitress").setLevel(logging.ERROR)
    # each of a browser's contexts keeps up to six connections open: beyond the limit a page that
    # is asked for would wait until another context lets go
    server = create_server(
        app,
        host=host,
        port=port,
        threads=8,
        connection_limit=CONNECTIONS,
        asyncore_use_poll=True,
    )
    threading.Thread(target=server.run, name="shop", daemon=True).start()
    return server


def stop(server: Any) -> None:  # noqa: ANN401
    """Stops what `serve` started, from inside its own loop: nothing is closed under its hands."""
    from waitress.wasyncore import close_all

    told = threading.Lock()

    def close() -> None:
        with told:  # the loop may wake before the call below is done with its sockets
            close_all(server._map)

    with told:
        server.trigger.pull_trigger(close)
    server.task_dispatcher.shutdown(timeout=1)
