"""What one world sells, as rows of its catalogue's columns with the shelf laid over them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from aces.types import Listing, Product
from marketplace.finding.columns import Codes, Columns, Rows


class Assortment:
    """What is sold: the catalogue, with a shelf laid over it; or the shelf alone.

    Rows are the catalogue's, and after them those of the shelf that the catalogue lacks.

    Args:
        columns: Of the catalogue.
        shelf: Listings that stand in for the catalogue's, in pinned order.
        products: What these are, by id.
        closed: Whether the shelf is all there is.
    """

    def __init__(
        self,
        columns: Columns,
        shelf: Iterable[Listing],
        products: Mapping[str, Product],
        *,
        closed: bool,
    ) -> None:
        self.columns, self._products, self._closed = columns, products, closed
        self.treated: dict[int, Listing] = {}
        """Row -> listing, where it is not the catalogue's own."""
        self._new: dict[str, int] = {}
        """Product that the catalogue lacks -> its row."""
        rows = [self._place(listing) for listing in shelf]
        self.shelf: Rows = np.array(rows, dtype=np.int64)
        """Rows of the shelf, in pinned order."""
        self.shown = Columns(list(self.treated.values()), products, columns.about)
        """Columns of the treated listings."""

    @property
    def names(self) -> Sequence[str]:
        """Product ids by row."""
        return [*self.columns.ids, *self._new] if self._new else self.columns.ids

    def sold(self, among: NDArray[np.bool_] | None = None) -> Rows:
        """Returns the rows that are sold, most popular first.

        Args:
            among: Which of all rows are wanted; by default every one.
        """
        if self._closed:
            shelf = np.sort(self.shelf)
            return shelf if among is None else shelf[among[shelf]]
        if among is None:
            return np.arange(len(self.columns.ids) + len(self._new))
        return np.flatnonzero(among)

    def rows(self, ids: Sequence[str]) -> Rows:
        """Returns the rows of products that are sold."""
        if isinstance(ids, Ids):
            return ids.rows
        known = self.columns.row
        found = (known[id] if id in known else self._new[id] for id in ids)
        return np.fromiter(found, np.int64, len(ids))

    def find(self, product_id: str) -> int | None:
        """Returns the row of a product; None where it is not sold."""
        row = self._new.get(product_id, self.columns.row.get(product_id))
        if row is None or not self._closed:
            return row
        return row if row in self.shelf.tolist() else None

    def product(self, product_id: str) -> Product:
        """Returns what something is."""
        return self._products.get(product_id) or self.columns.products[product_id]

    def untreated(self, product_id: str) -> Listing:
        """Returns the catalogue's listing, or the shelf's where the catalogue has none."""
        if product_id in self._new:
            return self.treated[self._new[product_id]]
        return self.columns.listings[self.columns.row[product_id]]

    def new(self) -> list[tuple[int, Listing]]:
        """Returns rows and listings that the catalogue lacks."""
        return [(row, self.treated[row]) for row in self._new.values()]

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
        return np.append(column, np.zeros(len(self._new), dtype=column.dtype))

    def view(self, rows: Rows) -> "View":
        """Returns some rows as they are shown."""
        return View(self, rows)

    def attributes(self, category: str) -> list[str]:
        """Returns the names of the attributes of a category's products."""
        added = self.shown.attributes(category) if self._new else ()
        return list(dict.fromkeys([*self.columns.attributes(category), *added]))

    def _place(self, listing: Listing) -> int:
        id, columns = listing.product_id, self.columns
        row = columns.row.get(id)
        if row is None:
            row = self._new.setdefault(id, len(columns.ids) + len(self._new))
        elif listing is columns.listings[row]:
            return row
        self.treated[row] = listing
        return row


class View:
    """Columns of some rows, as one world shows them.

    Args:
        goods: What the world sells.
        rows: Which of it.
    """

    def __init__(self, goods: Assortment, rows: Rows) -> None:
        self.goods = goods
        treated = np.fromiter(goods.treated, np.int64, len(goods.treated))
        order = np.argsort(treated)
        place = np.searchsorted(treated, rows, sorter=order)
        at = np.flatnonzero(place < len(treated))
        at = at[treated[order[place[at]]] == rows[at]]
        self._at = at  # places of the treated among the rows
        self._which = order[place[at]]  # which of the treated stands there
        self._base = np.minimum(rows, len(goods.columns.ids) - 1)

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Returns price in cents, rating as shown, ...; shape (rows,)."""
        values = self.goods.columns.numbers(name)[self._base]
        values[self._at] = self.goods.shown.numbers(name)[self._which]
        return values

    def codes(self, name: str) -> Codes:
        """Returns category, brand, seller, ... by numbers; shape (rows,)."""
        codes, number = self.goods.columns.codes(name)
        codes = codes[self._base]
        texts = self.goods.shown.texts(name) if len(self._at) else []
        if not number.keys() >= set(texts):
            number = dict(number)
        shown = [number.setdefault(text, len(number)) for text in texts]
        codes[self._at] = np.array(shown, dtype=np.int64)[self._which]
        return codes, number

    def has(self, name: str, wanted: Collection[str]) -> NDArray[np.bool_]:
        """Returns whether a listing's text is one of those wanted; shape (rows,)."""
        codes, number = self.codes(name)
        return np.isin(codes, [number[text] for text in wanted if text in number])


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


def _text(listing: Listing) -> tuple[object, ...]:
    return listing.title, listing.bullets, listing.description
