"""The one definition of derived columns, and of the matrix made from term names.

The long table, planted buyers, planning and sellers all use it, so that `row_1` or `log_price`
means the same everywhere. A term is a column or a product of columns (`log_price:sponsored`).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aces.money import minor_digits

Floats = NDArray[np.float64]
Columns = Mapping[str, Any]

_SLOT = re.compile(r"(row|col|pos)_(\d+)")


def _floats(values: Any) -> Floats:  # noqa: ANN401
    return np.asarray(values, dtype=np.float64)


def _major(columns: Columns, amount: str = "price_cents") -> Floats:
    """Amounts in major units of their `currency`; in hundredths where there is no such column."""
    cents = _floats(columns[amount])
    if "currency" not in columns:
        return _floats(cents / 100)
    codes = np.asarray(columns["currency"], dtype=object)
    units = {code: 10.0 ** minor_digits(code) for code in set(codes)}
    if len(units) == 1:
        return _floats(cents / next(iter(units.values())))
    return _floats(cents / np.array([units[code] for code in codes]))


_DERIVED: dict[str, Callable[[Columns], Floats]] = {
    # in major units: with an outside option the unit of price is part of the model
    "log_price": lambda c: np.log(_major(c)),
    "log_review_count": lambda c: np.log1p(_floats(c["review_count"])),
    "price": _major,
    "fee": lambda c: _major(c, "fee_cents"),
}


def is_derived(name: str) -> bool:
    """Returns whether `name` is made from other columns rather than stored."""
    return name in _DERIVED or _SLOT.fullmatch(name) is not None


def column(name: str, columns: Columns) -> Floats:
    """Returns one column or derived column as floats.

    Raises:
        KeyError: If it is neither there nor derivable.
    """
    if name in columns:
        return _floats(columns[name])
    if name in _DERIVED:
        return _DERIVED[name](columns)
    slot = _SLOT.fullmatch(name)
    if slot is None:
        raise KeyError(name)
    source = {"row": "row", "col": "col", "pos": "position"}[slot[1]]
    return _floats(np.asarray(columns[source]) == int(slot[2]))


def term(name: str, columns: Columns) -> Floats:
    """Returns a term: a column, or the product of several joined by `:`."""
    first, *others = name.split(":")
    result = column(first, columns)
    for other in others:
        result = result * column(other, columns)
    return result


def matrix(names: Iterable[str], columns: Columns) -> Floats:
    """Returns the terms as an array of shape (rows, terms)."""
    return np.column_stack([term(name, columns) for name in names])


def slot_terms(size: int, columns: int) -> list[str]:
    """Returns the slot terms of a grid: rows and columns, the last of each being the baseline."""
    rows = -(-size // columns)
    wide = min(size, columns)
    return [f"row_{r}" for r in range(1, rows)] + [f"col_{c}" for c in range(1, wide)]


_TERM_OF_LEVEL = {
    "price_cents": "log_price",
    "review_count": "log_review_count",
    "fee_cents": "fee",
}


def default_terms(varied: Iterable[str], size: int, columns: int) -> list[str]:
    """Returns the terms of the default analysis: every level varied, slots as rows and columns.

    Args:
        varied: Levels that differ between worlds.
        size: Listings on a shelf.
        columns: Of the grid.
    """
    terms: list[str] = []
    for level in varied:
        if level == "position":
            terms = slot_terms(size, columns) + terms
        else:
            terms.append(_TERM_OF_LEVEL.get(level, level))
    return terms


def grid(position: Any, columns: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # noqa: ANN401
    """Returns the 1-based row and column of 1-based positions in a grid `columns` wide."""
    slots = np.asarray(position, dtype=np.int64) - 1
    return slots // columns + 1, slots % columns + 1
