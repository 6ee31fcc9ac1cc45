"""Shoppers in the shop: one session per trial, each with its own world, cart, orders and log."""

import secrets
import time
from dataclasses import dataclass, field
from hashlib import blake2b
from threading import Lock

from aces.errors import AcesError
from aces.types import Event, Listing, World


class RefusalError(AcesError):
    """The shop declines what a shopper asked; the message is for the shopper."""


@dataclass(frozen=True, slots=True)
class Line:
    """Some units of one listing, at the price they were ordered for."""

    listing: Listing
    units: int

    @property
    def total_cents(self) -> int:
        """Price of all the units."""
        return self.units * self.listing.price_cents


@dataclass(frozen=True, slots=True)
class Order:
    """A purchase."""

    id: str
    lines: tuple[Line, ...]

    @property
    def total_cents(self) -> int:
        """What was paid."""
        return sum(line.total_cents for line in self.lines)


@dataclass(slots=True, eq=False)
class Session:
    """One shopper's visit to one world.

    Args:
        token: Opens the session; never part of a page.
        world: The shop as this shopper sees it.
    """

    token: str = field(repr=False)
    world: World
    cart: dict[str, int] = field(default_factory=dict)
    """Product id -> units."""
    orders: list[Order] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    entered: float = field(default_factory=time.monotonic)
    """Monotonic seconds; the zero of the events' `at_s`."""
    listings: dict[str, Listing] = field(init=False, repr=False)
    """The world's listings by product id."""
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        self.listings = {listing.product_id: listing for listing in self.world.listings}

    @property
    def page(self) -> str:
        """The page where something last happened."""
        return self.events[-1].page if self.events else "other"

    @property
    def refusal(self) -> str | None:
        """Why the shop declined the last thing asked; None once something else has happened."""
        last = self.events[-1] if self.events else None
        return last.data["why"] if last and last.kind == "refused" else None

    @property
    def lines(self) -> tuple[Line, ...]:
        """What lies in the cart."""
        cart = list(self.cart.items())  # in one step: another request may change it
        return tuple(Line(self.listings[item], units) for item, units in cart)

    def log(self, kind: str, page: str, **data: object) -> None:
        """Appends an event."""
        at_s = time.monotonic() - self.entered
        self.events.append(Event(kind=kind, page=page, at_s=at_s, data=data))

    def enter(self) -> None:
        """Starts the clock at the first visit and logs every one."""
        if not self.events:
            self.entered = time.monotonic()
        self.log("enter", "other")

    def add(self, product_id: str, units: int = 1) -> None:
        """Puts units of a listing into the cart.

        Raises:
            KeyError: If the world has no such listing.
            RefusalError: If that is more than the shop sells or has.
        """
        listing = self.listings[product_id]
        with self._lock:
            self._check(listing, units)
            self.cart[product_id] = self.cart.get(product_id, 0) + units
            self.log("cart_add", self.page, product_id=product_id, units=units)

    def remove(self, product_id: str) -> int:
        """Takes a listing out of the cart and returns how many units of it there were."""
        units = self.cart.pop(product_id, 0)
        if units:
            self.log("cart_remove", "cart", product_id=product_id, units=units)
        return units

    def order(self, number: int | None = None) -> Order:
        """Buys what is in the cart.

        Args:
            number: Which of the session's orders this is to be, 1-based. One that was already
                placed is returned as it is, so that a form sent twice buys once.

        Raises:
            RefusalError: If the cart is empty.
        """
        with self._lock:
            if number is not None and 1 <= number <= len(self.orders):
                return self.orders[number - 1]
            if not self.cart:
                raise self._refused("Your cart is empty, so there is nothing to order.")
            order = Order(order_id(self.world, len(self.orders) + 1), self.lines)
            self.orders.append(order)
            self.cart.clear()
            self._log_order(order)
            return order

    def _check(self, listing: Listing, units: int) -> None:
        """Raises `RefusalError` if `units` more of a listing can't be sold."""
        left = listing.stock - self.cart.get(listing.product_id, 0)
        if units > left:
            raise self._refused(_out_of_stock(listing.stock))
        limit = self.world.max_units
        in_cart = sum(self.cart.values())
        bought = sum(line.units for order in self.orders for line in order.lines)
        if limit is not None and units + in_cart + bought > limit:
            raise self._refused(_over_limit(limit, in_cart))

    def _refused(self, why: str) -> RefusalError:
        self.log("refused", self.page, why=why)
        return RefusalError(why)

    def _log_order(self, order: Order) -> None:
        items = [
            {
                "product_id": line.listing.product_id,
                "units": line.units,
                "price_cents": line.listing.price_cents,
            }
            for line in order.lines
        ]
        self.log("order", "checkout", order_id=order.id, items=items, total_cents=order.total_cents)


class Sessions:
    """All open sessions of a process. Each operation is one atomic step on a dict."""

    def __init__(self) -> None:
        self._open: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, world: World) -> str:
        """Opens a session in a world and returns its token, 256 random bits."""
        token = secrets.token_urlsafe(32)
        self._open[token] = Session(token, world)
        return token

    def get(self, token: str) -> Session | None:
        """Returns the open session of a token, if there is one."""
        return self._open.get(token)

    def close(self, token: str) -> Session:
        """Ends a session and returns it.

        Raises:
            KeyError: If none is open under this token.
        """
        return self._open.pop(token)


def order_id(world: World, number: int) -> str:
    """Returns the id of a session's order: the same in every arm, so that it tells nothing."""
    digest = blake2b(f"{world.task_id}\x1f{world.k}\x1f{number}".encode(), digest_size=8)
    digits = f"{int.from_bytes(digest.digest(), 'big') % 10**14:014d}"
    return f"{100 + number}-{digits[:7]}-{digits[7:]}"


def _out_of_stock(stock: int) -> str:
    if stock == 0:
        return "This item is currently unavailable."
    return f"Only {stock} of this item can be ordered; that is all we have in stock."


def _over_limit(limit: int, in_cart: int) -> str:
    items = "1 item" if limit == 1 else f"{limit} items"
    way_out = (
        "Remove what is in your cart to choose another." if in_cart else "You have ordered already."
    )
    return f"Limit of {items} per customer. {way_out}"
