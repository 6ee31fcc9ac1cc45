"""Listings as columns of numbers, so that a hundred thousand are sifted and sorted in milliseconds.

A row is a listing's place: most reviews first, else in catalogue order, so that whatever keeps the
order of rows breaks ties by popularity.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from aces.types import Category, Listing, Product, World

Rows = NDArray[np.int64]
Codes = tuple[NDArray[np.int64], list[str]]
"""Per listing the number of its text, and the texts by number; number 0 is no text."""

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
        """Returns category, department, brand, seller or an attribute as numbers of its texts."""
        if name not in self._codes:
            self._codes[name] = coded(self.texts(name), [""])
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


class Assortment:
    """What one world sells, as rows: the catalogue's, then those of its shelf that are not in it.

    Args:
        columns: Of the catalogue.
        world: Its treated listings stand in for the catalogue's.
    """

    def __init__(self, columns: Columns, world: World) -> None:
        self.columns, self.world = columns, world
        self.treated: dict[int, Listing] = {}
        """Row -> listing, where it is not the catalogue's own."""
        self.extra: list[str] = []
        """Products of the last rows, which the catalogue lacks."""
        shelf = [self._place(listing) for listing in world.listings]
        self.shelf: Rows = np.array(shelf, dtype=np.int64)
        """Rows of the shelf, in pinned order."""
        self._over: Columns | None = None
        self._at: Rows | None = None

    @property
    def names(self) -> Sequence[str]:
        """Product ids by row."""
        return [*self.columns.ids, *self.extra] if self.extra else self.columns.ids

    @property
    def sold(self) -> Rows:
        """Rows of everything that is sold."""
        if self.world.rest == "none":
            return np.sort(self.shelf)
        return np.arange(len(self.columns.ids) + len(self.extra))

    def rows(self, ids: Sequence[str]) -> Rows:
        """Returns the rows of products that are sold."""
        if isinstance(ids, Ids):
            return ids.rows
        known = self.columns.row
        found = (known[id] if id in known else self._new_row(id) for id in ids)
        return np.fromiter(found, np.int64, len(ids))

    def find(self, product_id: str) -> int | None:
        """Returns the row of a product; None where it is not sold."""
        if product_id in self.extra:
            return self._new_row(product_id)
        row = self.columns.row.get(product_id)
        return row if self.world.rest == "catalog" or row in self.shelf else None

    def product(self, product_id: str) -> Product:
        """Returns what something is."""
        return self.world.products.get(product_id) or self.columns.products[product_id]

    def untreated(self, product_id: str) -> Listing:
        """Returns the catalogue's listing, or the shelf's where the catalogue has none."""
        row = self.columns.row.get(product_id)
        if row is not None:
            return self.columns.listings[row]
        return self.treated[self._new_row(product_id)]

    def new(self) -> list[tuple[int, Listing]]:
        """Returns rows and listings that the catalogue lacks."""
        count = len(self.columns.ids)
        return [(row, listing) for row, listing in self.treated.items() if row >= count]

    def rewritten(self) -> list[tuple[int, Listing]]:
        """Returns rows and listings whose texts are not the catalogue's."""
        own = self.columns.listings
        return [
            (row, listing)
            for row, listing in self.treated.items()
            if row < len(own) and _text(listing) != _text(own[row])
        ]

    def lengthen(self, column: NDArray[Any]) -> NDArray[Any]:
        """Returns a copy of a column of the catalogue, with zeros for the products it lacks."""
        return np.append(column, np.zeros(len(self.extra), dtype=column.dtype))

    def numbers(self, name: str, rows: Rows) -> NDArray[np.float64]:
        """Returns a column of numbers of some rows, as shown in this world."""
        base = self.columns.numbers(name)
        if not self.treated:
            return base[rows]
        return np.concatenate([base, self._shown.numbers(name)])[self._places[rows]]

    def codes(self, name: str, rows: Rows) -> Codes:
        """Returns a column of texts of some rows, as shown in this world."""
        base, names = self.columns.codes(name)
        if not self.treated:
            return base[rows], names
        over, names = coded(self._shown.texts(name), names)
        return np.concatenate([base, over])[self._places[rows]], names

    def attributes(self, category: str) -> list[str]:
        """Returns the names of the attributes of a category's products."""
        added = self._shown.attributes(category) if self.extra else ()
        return list(dict.fromkeys([*self.columns.attributes(category), *added]))

    def has(self, name: str, wanted: Collection[str], rows: Rows) -> NDArray[np.bool_]:
        """Returns whether a column of texts holds one of those wanted."""
        codes, names = self.codes(name, rows)
        return np.isin(codes, [code for code, text in enumerate(names) if text in wanted])

    def _new_row(self, product_id: str) -> int:
        return len(self.columns.ids) + self.extra.index(product_id)

    def _place(self, listing: Listing) -> int:
        id, columns = listing.product_id, self.columns
        row = columns.row.get(id)
        if row is None:
            row = len(columns.ids) + len(self.extra)
            self.extra.append(id)
        elif listing is columns.listings[row]:
            return row
        self.treated[row] = listing
        return row

    @property
    def _shown(self) -> Columns:
        """Columns of the treated listings alone."""
        if self._over is None:
            treated = list(self.treated.values())
            self._over = Columns(treated, self.world.products, self.columns.about)
        return self._over

    @property
    def _places(self) -> Rows:
        """Row -> its place in a column of the catalogue with the treated listings behind."""
        if self._at is None:
            count = len(self.columns.ids)
            self._at = np.arange(count + len(self.extra))
            self._at[list(self.treated)] = count + np.arange(len(self.treated))
        return self._at


class Ids(Sequence[str]):
    """Ids of products by their rows, put into words only where somebody looks.

    Args:
        rows: Of the products.
        names: Id by row.
    """

    def __init__(self, rows: Rows, names: Sequence[str]) -> None:
        self.rows = rows
        self._names = names

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[str, ...]: ...
    def __getitem__(self, at: int | slice) -> str | tuple[str, ...]:
        if isinstance(at, slice):
            return tuple([self._names[row] for row in self.rows[at].tolist()])
        return self._names[int(self.rows[at])]


def by_popularity(listings: Mapping[str, Listing]) -> list[Listing]:
    """Returns listings in the order of rows."""
    return sorted(listings.values(), key=lambda listing: -listing.review_count)


def _text(listing: Listing) -> tuple[object, ...]:
    return listing.title, listing.bullets, listing.description


def coded(texts: Sequence[str], known: list[str]) -> Codes:
    """Returns texts as numbers, those not among `known` numbered after them."""
    number = {text: at for at, text in enumerate(known)} if len(known) > 1 else {"": 0}
    codes = [number.setdefault(text, len(number)) for text in texts]
    return np.array(codes, dtype=np.int64), list(number)
