"""Shoppers in the shop: one session per trial, each with its own world, cart, orders and log."""

import secrets
import time
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from threading import Lock
from typing import NamedTuple, TypeVar

from aces.catalog import Catalog
from aces.errors import AcesError
from aces.types import Coupon, Event, Listing, Product, World
from marketplace.bill import Bill, Delivery, bill
from marketplace.choosing import as_chosen, chosen, misfit, offer_of, sold_out
from marketplace.customer import CUSTOMER, Address
from marketplace.items import Item, Line
from marketplace.money import amount

T = TypeVar("T")


class RefusalError(AcesError):
    """The shop declines what a shopper asked; the message is for the shopper."""


class Order(NamedTuple):
    """A purchase."""

    id: str
    bill: Bill
    address: Address

    @property
    def lines(self) -> tuple[Line, ...]:
        """What was bought."""
        return self.bill.lines

    @property
    def total_cents(self) -> int:
        """What was paid."""
        return self.bill.total_cents


@dataclass(slots=True, eq=False)
class Session:
    """One shopper's visit to one world.

    Args:
        token: Opens the session; never part of a page.
        world: The shop as this shopper sees it.
        catalog: What a shop that sells more than its shelf sells beside it.
    """

    token: str = field(repr=False)
    world: World
    catalog: Catalog | None = field(default=None, repr=False)
    cart: dict[Item, int] = field(default_factory=dict)
    """Item -> units."""
    coupon: Coupon | None = None
    """What the shopper handed in; it counts as long as the cart comes to its minimum."""
    orders: list[Order] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    entered: float = field(default_factory=time.monotonic)
    """Monotonic seconds; the zero of the events' `at_s`."""
    listings: Mapping[str, Listing] = field(init=False, repr=False)
    """All that is sold, by product id: the shelf, and the rest where the world sells it."""
    products: Mapping[str, Product] = field(init=False, repr=False)
    """What these are, by id."""
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        shelf = {listing.product_id: listing for listing in self.world.listings}
        self.listings, self.products = shelf, self.world.products
        if self.world.rest == "catalog" and self.catalog is not None:
            # the shelf comes first, so that a treated listing hides the catalogue's own
            self.listings = _over(shelf, self.catalog.listings)
            self.products = _over(self.world.products, self.catalog.products)

    @property
    def page(self) -> str:
        """The page where something last happened."""
        return self.events[-1].page if self.events else "other"

    @property
    def bought(self) -> str | None:
        """The product that the first order bought; None so far."""
        return self.orders[0].lines[0].listing.product_id if self.orders else None

    @property
    def refusal(self) -> str | None:
        """Why the shop declined the last thing asked; None once something else has happened."""
        last = self.events[-1] if self.events else None
        return last.data["why"] if last and last.kind == "refused" else None

    @property
    def lines(self) -> tuple[Line, ...]:
        """What lies in the cart."""
        cart = list(self.cart.items())  # in one step: another request may change it
        return tuple(self._line(item, units) for item, units in cart)

    def bill(self, delivery: Delivery = "standard") -> Bill:
        """Returns what the cart comes to."""
        return bill(self.lines, self.world, self.coupon, delivery)

    def listing(self, product_id: str) -> Listing | None:
        """Returns how a product is offered here; None where it is not sold."""
        return self.listings.get(product_id)

    def product(self, product_id: str) -> Product:
        """Returns what a product is.

        Raises:
            KeyError: If the shop does not sell it.
        """
        return self.products[product_id]

    def log(self, kind: str, page: str, /, **data: object) -> None:
        """Appends an event."""
        at_s = time.monotonic() - self.entered
        self.events.append(Event(kind=kind, page=page, at_s=at_s, data=data))

    def enter(self) -> None:
        """Starts the clock at the first visit and logs every one."""
        if not self.events:
            self.entered = time.monotonic()
        self.log("enter", "other")

    def item(
        self, product_id: str, options: Mapping[str, str] | None = None, seller: str = ""
    ) -> Item:
        """Returns the one name of what can lie in a cart, with options left out filled in.

        Raises:
            KeyError: If the shop does not sell the product.
            RefusalError: If it has no such option, or there is no offer of this seller.
        """
        listing, wanted = self.listings[product_id], options or {}
        product = self.products[product_id]
        why = misfit(product, wanted)
        offer = offer_of(listing, seller)
        if offer is None and seller not in ("", listing.seller):
            why = f"{seller} does not sell this item."
        if why:
            raise self._refused(why)
        picked = chosen(product, wanted) if wanted else ()
        if picked and picked == chosen(product, {}):
            picked = ()  # what the listing offers anyway has one name only
        return Item(product_id, picked, offer.seller if offer else "")

    def add(
        self,
        product_id: str,
        units: int = 1,
        options: Mapping[str, str] | None = None,
        seller: str = "",
    ) -> Item:
        """Puts units of a product into the cart.

        Args:
            product_id: What.
            units: How many more.
            options: Option -> value; those left out are the first ones.
            seller: Of another offer than the listing's own.

        Raises:
            KeyError: If the shop does not sell the product.
            RefusalError: If it can't be had like this, or not so many of it.
        """
        item = self.item(product_id, options, seller)
        with self._lock:
            self._check(item, self.cart.get(item, 0) + units)
            self.cart[item] = self.cart.get(item, 0) + units
            self.log("cart_add", self.page, **item.facts(), units=units)
        return item

    def set_units(self, key: str, units: int) -> None:
        """Changes how many units of an item lie in the cart; 0 takes it out.

        Raises:
            KeyError: If no item of this key is in the cart.
            RefusalError: If that is more than the shop sells or has.
        """
        item = self._in_cart(key)
        if units == 0:
            self.remove(key)
            return
        with self._lock:
            self._check(item, units)
            self.cart[item] = units
            self.log("cart_units", "cart", **item.facts(), units=units)

    def remove(self, key: str) -> int:
        """Takes an item out of the cart and returns how many units of it there were."""
        with self._lock:
            item = next((each for each in self.cart if each.key == key), None)
            if item is None:
                return 0
            units = self.cart.pop(item)
            self.log("cart_remove", "cart", **item.facts(), units=units)
            return units

    def apply_coupon(self, code: str) -> Coupon:
        """Takes a coupon off the bill; one at a time, so that another one replaces it.

        Raises:
            RefusalError: If there is no such code, it was used, or the items come to too little.
        """
        wanted = code.strip().upper()
        coupon = next((each for each in self.world.coupons if each.code == wanted), None)
        why = self._against(coupon, wanted)
        if coupon is None or why:
            raise self._refused(why)
        self.coupon = coupon
        self.log("coupon", "cart", code=coupon.code)
        return coupon

    def drop_coupon(self) -> None:
        """Takes the coupon back."""
        if self.coupon is not None:
            self.coupon = None
            self.log("coupon", "cart", code="")

    def order(
        self,
        number: int | None = None,
        address: Address | None = None,
        delivery: Delivery = "standard",
    ) -> Order:
        """Buys what is in the cart.

        Args:
            number: Which of the session's orders this is to be, 1-based. One that was already
                placed is returned as it is, so that a form sent twice buys once.
            address: Where it goes; the customer's own by default.
            delivery: How it goes.

        Raises:
            RefusalError: If the cart is empty, the address is wanting, or the items can't be
                sent like this.
        """
        with self._lock:
            if number is not None and 1 <= number <= len(self.orders):
                return self.orders[number - 1]
            address, sums = address or CUSTOMER.home, self.bill(delivery)
            self._check_order(address, sums, delivery)
            order = Order(order_id(self.world, len(self.orders) + 1), sums, address)
            self.orders.append(order)
            self.cart.clear()
            self.coupon = None
            self._log_order(order)
            return order

    def _line(self, item: Item, units: int) -> Line:
        listing, product = self.listings[item.product_id], self.products[item.product_id]
        if item.options or item.seller:
            listing = as_chosen(listing, product, item.options, item.seller)
        return Line(item, listing, product, units)

    def _in_cart(self, key: str) -> Item:
        item = next((each for each in list(self.cart) if each.key == key), None)
        if item is None:
            raise KeyError(key)
        return item

    def _check(self, item: Item, units: int) -> None:
        """Raises `RefusalError` if the cart can't hold so many units of an item."""
        line = self._line(item, units)
        if line.product.sold_out and sold_out(line.product, line.options):
            picked = ", ".join(value for _, value in line.options)
            raise self._refused(f"This item is sold out in {picked}.")
        others = [(each, n) for each, n in self.cart.items() if each != item]
        stock = line.listing.stock
        if units + sum(n for each, n in others if _same_stock(each, item)) > stock:
            raise self._refused(_out_of_stock(stock))
        limit = self.world.max_units
        bought = sum(each.bill.units for each in self.orders)
        if limit is not None and units + sum(n for _, n in others) + bought > limit:
            raise self._refused(_over_limit(limit, sum(self.cart.values())))

    def _check_order(self, address: Address, sums: Bill, delivery: Delivery) -> None:
        """Raises `RefusalError` if the cart can't be ordered like this."""
        if not sums.lines:
            raise self._refused("Your cart is empty, so there is nothing to order.")
        if address.fault:
            raise self._refused(address.fault)
        if sums.delivery != delivery:
            raise self._refused("Your items can't be sent like this. Choose another delivery.")

    def _against(self, coupon: Coupon | None, code: str) -> str:
        """Returns why a coupon is not taken; empty where it is."""
        if coupon is None:
            return f"The code '{code[:20]}' is not valid."
        if self.coupon == coupon:
            return f"The code {coupon.code} is applied already."
        if any(order.bill.coupon == coupon for order in self.orders):
            return f"You have used the code {coupon.code} already."
        if self.bill().items_cents < coupon.minimum_cents:
            least = amount(coupon.minimum_cents, self.world.currency, self.world.locale)
            return f"The code {coupon.code} needs items worth {least} or more."
        return ""

    def _refused(self, why: str) -> RefusalError:
        self.log("refused", self.page, why=why)
        return RefusalError(why)

    def _log_order(self, order: Order) -> None:
        items = [
            {**line.item.facts(), "units": line.units, "price_cents": line.unit_cents}
            for line in order.lines
        ]
        done = order.bill
        self.log(
            "order",
            "checkout",
            order_id=order.id,
            items=items,
            discount_cents=done.discount_cents,
            shipping_cents=done.shipping_cents,
            total_cents=done.total_cents,
            coupon=done.coupon.code if done.coupon else "",
            delivery=done.delivery,
            **({"fees_cents": done.fees_cents} if done.fees_cents else {}),
        )


class Sessions:
    """All open sessions of a process. Each operation is one atomic step on a dict.

    Args:
        catalog: Its pictures, sellers and, where a world sells more than its shelf, the rest.
    """

    def __init__(self, catalog: Catalog | None = None) -> None:
        self.catalog = catalog
        self._open: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, world: World) -> str:
        """Opens a session in a world and returns its token, 256 random bits."""
        token = secrets.token_urlsafe(32)
        self._open[token] = Session(token, world, self.catalog)
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


def _over(shelf: Mapping[str, T], rest: Mapping[str, T]) -> Mapping[str, T]:
    """Both in one, without a copy."""
    return ChainMap(shelf, rest)  # type: ignore[arg-type]  # it is only ever read


def _same_stock(one: Item, other: Item) -> bool:
    """Whether two items are taken from the same shelf: options of one seller share theirs."""
    return one.product_id == other.product_id and one.seller == other.seller


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
