"""What a query's filters leave of the results, and in what order."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketplace.finding.assortment import Assortment
from marketplace.finding.columns import ATTRIBUTE, Codes, Rows
from marketplace.finding.query import Query

Mask = NDArray[np.bool_]
_ORDERS: dict[str, tuple[str, int]] = {
    "price_asc": ("price", 1),
    "price_desc": ("price", -1),
    "rating": ("rating", -1),
    "reviews": ("reviews", -1),
}


class Sieve:
    """What a query's filters let through of some rows.

    Args:
        query: The filters.
        goods: What is sold.
        rows: What is filtered, most relevant first.
    """

    def __init__(self, query: Query, goods: Assortment, rows: Rows) -> None:
        self.query, self.goods, self.rows = query, goods, rows
        self._view = goods.view(rows)
        self._masks = dict(self._filters())
        self._failed = np.zeros(len(rows), dtype=np.int8)
        for mask in self._masks.values():
            self._failed += ~mask

    @property
    def passed(self) -> Mask:
        """Whether a row passes all filters."""
        passed: Mask = self._failed == 0
        return passed

    def but(self, name: str) -> Mask:
        """Whether a row passes all filters other than one."""
        if name not in self._masks:
            return self.passed
        passed: Mask = self._failed <= ~self._masks[name]
        return passed

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Returns a column of numbers; shape (rows,)."""
        return self._view.numbers(name)

    def codes(self, name: str) -> Codes:
        """Returns a column of texts as numbers; shape (rows,)."""
        return self._view.codes(name)

    @property
    def titles(self) -> dict[str, str]:
        """Category -> how it is called."""
        return {name: about.title for name, about in self.goods.columns.about.items()}

    def sorted(self) -> Rows:
        """Returns the rows that pass, in the query's order; what is equal stays in rank."""
        rows, sort = self.rows[self.passed], self.query.sort
        if sort == "delivery":
            keys = [self.numbers(name)[self.passed] for name in ("shipping", "days")]
            return rows[np.lexsort(keys)]
        if sort in _ORDERS:
            name, sign = _ORDERS[sort]
            return rows[np.argsort(sign * self.numbers(name)[self.passed], kind="stable")]
        return rows

    def _filters(self) -> Iterator[tuple[str, Mask]]:
        """Name and mask of each active filter."""
        query = self.query
        for name in ("category", "department", "seller"):
            if value := getattr(query, name):
                yield name, self._has(name, (value,))
        if query.brands:
            yield "brand", self._has("brand", query.brands)
        for name in dict.fromkeys(name for name, _ in query.attributes):
            yield ATTRIBUTE + name, self._has(ATTRIBUTE + name, chosen(query, name))
        if query.low_cents is not None or query.high_cents is not None:
            yield "price", within(self.numbers("price"), query.low_cents, query.high_cents)
        for name, test in TESTS.items():
            value = getattr(query, name)
            if value is not None and value is not False:
                yield name, test(self, value)

    def _has(self, name: str, wanted: tuple[str, ...]) -> Mask:
        return self._view.has(name, wanted)


TESTS: dict[str, Callable[[Sieve, Any], Mask]] = {
    "stars": lambda sieve, stars: sieve.numbers("rating") >= stars,
    "deals": lambda sieve, _: sieve.numbers("deal") > 0,
    "delivery_days": lambda sieve, days: sieve.numbers("days") <= days,
    "free_delivery": lambda sieve, _: sieve.numbers("shipping") == 0,
    "in_stock": lambda sieve, _: sieve.numbers("stock") > 0,
}
"""Field of the query -> which rows fit its value."""


def within(price: NDArray[np.float64], low: int | None, high: int | None) -> Mask:
    """Returns which prices lie in a range, its ends included."""
    return (price >= (low or 0)) & (price <= (np.inf if high is None else high))


def chosen(query: Query, attribute: str) -> tuple[str, ...]:
    """Returns the values wanted of an attribute."""
    return tuple(value for name, value in query.attributes if name == attribute)
