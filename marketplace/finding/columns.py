"""Listings as columns of numbers, so that a hundred thousand are sifted and sorted in milliseconds.

A row is a listing's place: most reviews first, else in catalogue order, so that whatever keeps the
order of rows breaks ties by popularity.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from aces.types import Category, Listing, Product

Rows = NDArray[np.int64]
Codes = tuple[NDArray[np.int64], dict[str, int]]
"""Per listing the number of its text, and text -> number; number 0 is no text."""

UNRATED = -1.0

_NUMBERS: dict[str, Callable[[Listing], float]] = {
    "price": lambda listing: listing.price_cents,
    "deal": lambda listing: (listing.list_price_cents or 0) > listing.price_cents,
    # to one decimal, as it is shown
    "rating": lambda listing: UNRATED if listing.rating is None else round(listing.rating, 1),
    "reviews": lambda listing: listing.review_count,
    "days": lambda listing: listing.delivery_days,
    "shipping": lambda listing: listing.shipping_cents,
    "stock": lambda listing: listing.stock,
}
ATTRIBUTE = "a."
"""What the name of an attribute's column begins with."""


class Columns:
    """Columns of some listings, each made when it is first asked for.

    Args:
        listings: One per row.
        products: What they are, by id.
        about: Categories, for the department.
    """

    def __init__(
        self,
        listings: Sequence[Listing],
        products: Mapping[str, Product],
        about: Mapping[str, Category],
    ) -> None:
        self.listings, self.products, self.about = listings, products, about
        self.ids = [listing.product_id for listing in listings]
        self.row = {id: row for row, id in enumerate(self.ids)}
        self._numbers: dict[str, NDArray[np.float64]] = {}
        self._codes: dict[str, Codes] = {}
        self._attributes: dict[str, list[str]] = {}

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Returns price in cents, rating as shown, ...; shape (rows,)."""
        if name not in self._numbers:
            read = _NUMBERS[name]
            values = (read(listing) for listing in self.listings)
            self._numbers[name] = np.fromiter(values, np.float64, len(self.listings))
        return self._numbers[name]

    def codes(self, name: str) -> Codes:
        """Returns category, department, brand, seller or an attribute by numbers; shape (rows,)."""
        if name not in self._codes:
            number = {"": 0}
            codes = [number.setdefault(text, len(number)) for text in self.texts(name)]
            self._codes[name] = np.array(codes, dtype=np.int64), number
        return self._codes[name]

    def texts(self, name: str) -> list[str]:
        """Returns what the listings say of something, row by row."""
        if name == "seller":
            return [listing.seller for listing in self.listings]
        products = [self.products[id] for id in self.ids]
        if name == "brand":
            return [product.brand for product in products]
        if name.startswith(ATTRIBUTE):
            attribute = name.removeprefix(ATTRIBUTE)
            return [product.attributes.get(attribute, "") for product in products]
        categories = [product.category for product in products]
        return categories if name == "category" else [self._department(c) for c in categories]

    def attributes(self, category: str) -> list[str]:
        """Returns the names of the attributes of a category's products, most frequent first."""
        if category not in self._attributes:
            products = (self.products[id] for id in self.ids)
            counts = Counter(
                name
                for product in products
                if product.category == category
                for name in product.attributes
            )
            self._attributes[category] = [name for name, _ in counts.most_common()]
        return self._attributes[category]

    def _department(self, category: str) -> str:
        return self.about[category].department if category in self.about else ""


def by_popularity(listings: Mapping[str, Listing]) -> list[Listing]:
    """Returns listings in the order of rows."""
    return sorted(listings.values(), key=lambda listing: -listing.review_count)
