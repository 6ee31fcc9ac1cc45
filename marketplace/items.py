"""What lies in a cart."""

from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

from aces.types import Listing, Product
from marketplace.choosing import Chosen, chosen


class Item(NamedTuple):
    """Something that can be bought: a product, in one choice of options, from one seller."""

    product_id: str
    options: Chosen = ()
    """Empty for the choice that the listing itself offers."""
    seller: str = ""
    """Empty for the listing's own."""

    @property
    def key(self) -> str:
        """A name that fits into a URL as it is; the product's id for the plain offer."""
        if not self.options and not self.seller:
            return self.product_id
        return _key(self)

    def facts(self) -> dict[str, Any]:
        """Returns it as events tell it: options and seller only where they are not the plain."""
        facts: dict[str, Any] = {"product_id": self.product_id}
        if self.options:
            facts["options"] = dict(self.options)
        if self.seller:
            facts["seller"] = self.seller
        return facts


class Line(NamedTuple):
    """Some units of one item.

    Attributes:
        item: What.
        listing: Its listing as chosen: with this choice's price, seller and delivery.
        product: What it is.
        units: How many.
    """

    item: Item
    listing: Listing
    product: Product
    units: int

    @property
    def unit_cents(self) -> int:
        """Price of one."""
        return self.listing.price_cents

    @property
    def total_cents(self) -> int:
        """Price of all."""
        return self.units * self.listing.price_cents

    @property
    def fees_cents(self) -> int:
        """What is charged on top, for all."""
        return self.units * self.listing.fee_cents

    @property
    def options(self) -> Chosen:
        """The chosen value of every option."""
        return self.item.options or chosen(self.product, {})


@lru_cache(maxsize=4096)
def _key(item: Item) -> str:
    digest = blake2b(repr(tuple(item)).encode(), digest_size=5)
    return f"{item.product_id}~{digest.hexdigest()}"
