"""What a shopper is shown of a listing: the one source of both the pages and the JSON API."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from aces.types import Listing, Mark, World
from marketplace.marks import LOW_STOCK, shown_marks, visible_text
from marketplace.money import amount, decimal, parts

DELIVERY_DAYS = 5


@dataclass(slots=True)
class Card:
    """A listing as shown in one world.

    Args:
        world: For currency and clock.
        listing: What is offered.
    """

    world: World
    listing: Listing

    @property
    def url(self) -> str:
        """Path of the product page."""
        return _path("product", self.listing.product_id)

    @property
    def pictures(self) -> list[str]:
        """Paths of the pictures."""
        return [_path("pictures", key) for key in self.listing.pictures]

    @property
    def price(self) -> tuple[str, str, str]:
        """Symbol, whole and fraction, which pages print in different sizes."""
        return parts(self.listing.price_cents, self.world.currency)

    @property
    def list_price(self) -> str | None:
        """The struck-through price, where there is one."""
        cents = self.listing.list_price_cents
        return None if cents is None else amount(cents, self.world.currency)

    @property
    def saving(self) -> int:
        """Whole percent below the list price, rounded down."""
        cents = self.listing.list_price_cents or 0
        return max(0, (cents - self.listing.price_cents) * 100 // cents) if cents else 0

    @property
    def rating(self) -> str | None:
        """Stars to one decimal."""
        return None if self.listing.rating is None else f"{self.listing.rating:.1f}"

    @property
    def ratings(self) -> tuple[str, str]:
        """How many ratings there are, and the word for them."""
        count = self.listing.review_count
        return f"{count:,}", "rating" if count == 1 else "ratings"

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Everything laid over the listing."""
        return shown_marks(self.listing)

    def marks_at(self, place: str) -> list[tuple[str, str]]:
        """Returns look and text of the marks that stand at a place of the card."""
        return [(mark.look, visible_text(mark)) for mark in self.marks if mark.place == place]

    @property
    def delivery(self) -> str:
        """The promise under the price."""
        return "FREE delivery " + arrival(self.world.clock)

    @property
    def available(self) -> bool:
        """Whether it can be bought."""
        return self.listing.stock > 0

    @property
    def plentiful(self) -> bool:
        """Whether the stock needs no mention."""
        return self.listing.stock > LOW_STOCK

    def summary(self) -> dict[str, Any]:
        """Returns the facts of the card as the API gives them."""
        listing, currency = self.listing, self.world.currency
        list_cents = listing.list_price_cents
        return {
            "id": listing.product_id,
            "title": listing.title,
            "price": decimal(listing.price_cents, currency),
            "list_price": None if list_cents is None else decimal(list_cents, currency),
            "rating": None if listing.rating is None else round(listing.rating, 1),
            "review_count": listing.review_count,
            "marks": [visible_text(mark) for mark in self.marks],
            "delivery": self.delivery,
            "picture": _path("pictures", listing.pictures[0]) if listing.pictures else None,
            "url": self.url,
        }

    def details(self) -> dict[str, Any]:
        """Returns the facts of the product page as the API gives them."""
        product = self.world.products[self.listing.product_id]
        return {
            **self.summary(),
            "pictures": self.pictures,
            "brand": product.brand,
            "seller": self.listing.seller,
            "bullets": list(self.listing.bullets),
            "description": self.listing.description,
            "attributes": dict(product.attributes),
            "available": self.available,
        }


@lru_cache(maxsize=64)
def arrival(clock: str) -> str:
    """Returns the day of delivery for an ISO 8601 time of order: `Tue, Jan 20`."""
    day = datetime.fromisoformat(clock) + timedelta(days=DELIVERY_DAYS)
    return f"{day:%a, %b} {day.day}"


@lru_cache(maxsize=4096)
def _path(folder: str, name: str) -> str:
    """Path of something on this server, whatever the name holds."""
    return f"/{folder}/{quote(name, safe='')}"
