"""Cells of other people's tables: text to numbers, trials and worlds; faults counted by kind."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces.catalog_builder import UnusableError
from aces.catalogs import _cleaning as clean
from analysis.codebook import CONTRACT
from analysis.display import counted, listed

Floats = NDArray[np.float64]

GRID = 4
"""Columns of the ACES results page."""

UNKNOWN = ("rating", "review_count")
"""Columns that a file may lack altogether."""
_TRUE, _FALSE = ("true", "1", "1.0", "yes"), ("false", "0", "0.0", "no", "", "nan", "none")
_EMPTY = ("buyer", "model", "prompt_hash", "persona", "prompt", "cause")
MARKS = ("sponsored", "overall_pick", "scarcity", "best_seller", "limited_time", "discounted")
_SHOWN = ("product_id", "title", "price_cents", "rating", "review_count", *MARKS)


class Faults:
    """What is wrong with the rows of a table, by kind, with the first places of each.

    Rows are numbered as a spreadsheet shows them, the head being row 1.
    """

    def __init__(self) -> None:
        self._places: dict[str, list[int]] = {}

    def tell(self, what: str, rows: Any) -> None:  # noqa: ANN401
        """Counts the rows of which something is wrong."""
        found = np.flatnonzero(np.asarray(rows)) + 2
        if len(found):
            self._places.setdefault(what, []).extend(found.tolist())

    def notes(self) -> list[str]:
        """Returns a sentence for each kind of fault."""
        return [
            f"{counted(len(rows), 'row')} {what} (row {listed(list(map(str, rows)), 3)})"
            for what, rows in self._places.items()
        ]


def text(cells: pd.DataFrame, column: str, instead: str = "") -> "pd.Series[str]":
    """Returns a column of text, blanks at its ends cut off; `instead` where there is none."""
    if column not in cells:
        return pd.Series(instead, index=cells.index, dtype=object)
    found = cells[column].astype(str).str.strip()
    return found.where(~found.str.lower().isin(("", "nan", "none")), instead)


def numbers(cells: pd.DataFrame, column: str, faults: Faults, *, needed: bool = True) -> Floats:
    """Returns a column of numbers, NaN where there is none; US money and separators are read."""
    found = text(cells, column)
    values = pd.to_numeric(found, errors="coerce").to_numpy(dtype=float, copy=True)
    for index in np.flatnonzero(~np.isfinite(values) & (found != "").to_numpy()):
        values[index] = _money(found.iloc[index])
    values[~np.isfinite(values)] = np.nan
    wrong = np.isnan(values) & ((found != "").to_numpy() | needed)
    faults.tell(f"hold no number in '{column}'", wrong)
    return values


def fact(cells: pd.DataFrame, column: str, faults: Faults) -> Floats:
    """Returns a column of numbers; none at all is no fault: nobody stored that fact."""
    stored = bool((text(cells, column) != "").any())
    return numbers(cells, column, faults, needed=stored)


def _money(cell: str) -> float:
    try:
        amount, currency = clean.money(cell)
    except UnusableError:
        return float("nan")
    return float(amount) if currency in ("", "USD") else float("nan")


def flags(cells: pd.DataFrame, column: str, faults: Faults) -> Floats:
    """Returns a column of 0 and 1, NaN where it is neither; 0 throughout where there is none."""
    found = text(cells, column).str.lower()
    known = found.isin(_TRUE + _FALSE).to_numpy()
    faults.tell(f"hold neither true nor false in '{column}'", ~known)
    return np.where(known, found.isin(_TRUE).to_numpy(), np.nan)


def cents(prices: Floats, faults: Faults) -> Floats:
    """Returns prices in cents; NaN, and counted, for those that are none."""
    faults.tell("hold a price of 0 or less", prices <= 0)
    return np.where(prices > 0, np.round(100 * np.where(prices > 0, prices, 1)), np.nan)


def label(cells: pd.DataFrame, column: str) -> "pd.Series[str]":
    """Returns a column of names that may be numbers: `1.0` is `1`."""
    return text(cells, column).str.replace(r"^(\d+)\.0$", r"\1", regex=True)


def slots(cells: pd.DataFrame, column: str, faults: Faults) -> Floats:
    """Returns positions from 1 of a column that counts from 0."""
    found = numbers(cells, column, faults)
    wrong = (found < 0) | (found % 1 != 0)
    faults.tell(f"hold no place in '{column}'", wrong & ~np.isnan(found))
    return np.where(wrong, np.nan, found + 1)


def trials(
    cells: pd.DataFrame, frame: pd.DataFrame, faults: Faults, needed: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Returns the rows of trials in which nothing is wrong, and what was left out and why.

    Args:
        cells: The file's rows, of which copies are left out.
        frame: Read from them, with `buyer`, `page`, `position` and what was shown.
        faults: Of its rows.
        needed: Columns without which a row is of no use.
    """
    kept, copies = without_copies(cells)
    frame = with_trials(repeats(frame.loc[kept.index], ["buyer", "page"]))
    frame, lost = whole_trials(frame, faults, needed)
    return frame, [*copies, *lost]


def repeats(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Returns the rows with `repeat`: how often the buyer had met that page before."""
    met = frame.groupby([*keys, "position"], sort=False, dropna=False)
    return frame.assign(repeat=met.cumcount())


def with_trials(frame: pd.DataFrame, further: Sequence[str] = ()) -> pd.DataFrame:
    """Returns the rows with `trial_id` and `world_id`, trial by trial and slot by slot.

    A world is a page: its name and what stood on it. So trials share one only where they saw the
    same, in one file or in several.

    Args:
        frame: With `buyer`, `repeat`, `page` (its name) and columns of what it showed.
        further: Columns of what else it showed.
    """
    trial, again = frame["buyer"] + "/" + frame["page"], frame["repeat"].astype(int)
    trial = trial.where(again == 0, trial + "#" + (again + 1).astype(str))
    frame = frame.assign(trial_id=trial).sort_values(
        ["trial_id", "position"], key=_in_order_met, kind="stable"
    )
    shown = frame[[*_SHOWN, "position", *further]].astype(str)
    rows = pd.util.hash_pandas_object(shown, index=False)
    whole = rows.groupby(frame["trial_id"], sort=False).sum()  # of all slots, modulo 2**64
    digits = frame["trial_id"].map(whole.map(lambda value: f"{int(value) >> 40:06x}"))
    return frame.assign(world_id=frame["page"] + "@" + digits)


def other_pages(frame: pd.DataFrame) -> int:
    """Returns how many pages share their name with another one."""
    worlds = frame.groupby("page")["world_id"].nunique()
    return int((worlds - 1).sum())


def _in_order_met(column: "pd.Series[Any]") -> "pd.Series[Any]":
    if column.name != "trial_id":
        return column
    return pd.Series(pd.factorize(column)[0], index=column.index)


def whole_trials(
    frame: pd.DataFrame, faults: Faults, needed: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Returns the trials in which nothing is wrong, and how many were left out and why.

    A shelf with a row that can't be read, or with a slot missing or filled twice, is not what the
    buyer saw.

    Args:
        frame: As `with_trials` returns it.
        faults: Of its rows.
        needed: Columns without which a row is of no use.
    """
    size = frame.groupby("trial_id", sort=False)["position"].transform("count")
    stored = [name for name in needed if name not in UNKNOWN or frame[name].notna().any()]
    broken = frame[stored].isna().any(axis=1)
    smaller = size < frame.groupby("page", sort=False)["position"].transform("max")
    reasons = {
        "a row can't be used": broken,
        "fewer listings than the page of that number had": smaller,
    }
    gone: set[str] = set()
    notes = faults.notes()
    for why, rows in reasons.items():
        own = set(frame.loc[rows, "trial_id"]) - gone
        if own:
            shown = listed(sorted(own), 3)
            notes.append(f"{counted(len(own), 'trial')} left out, {why}: {shown}")
        gone |= own
    return frame[~frame["trial_id"].isin(gone)], notes


def without_copies(cells: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Returns the rows without those that repeat another letter by letter, and says how many."""
    named = [name for name in cells if not str(name).startswith("Unnamed")]
    again = cells.duplicated(named)
    if not again.any():
        return cells, []
    return cells[~again], [f"{counted(int(again.sum()), 'row')} left out: copies of others"]


def completed(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows with every column of the long table, those that nobody knows empty."""
    absent = {
        name: "" if name in _EMPTY else np.nan for name in CONTRACT if name not in frame.columns
    }
    frame = frame.assign(**absent | {"currency": "USD"})
    whole = ("position", "row", "col", "k", "repeat", "chosen", *MARKS)
    frame = frame.astype(dict.fromkeys(whole, np.int64))
    further = [name for name in frame.columns if name not in CONTRACT]
    return frame[[*CONTRACT, *further]].reset_index(drop=True)


def same_titles(frame: pd.DataFrame) -> list[str]:
    """Says how often two listings of one shelf have the same title."""
    twice = frame.duplicated(["trial_id", "title"]) & (frame["title"] != "")
    n = frame.loc[twice, "trial_id"].nunique()
    if not n:
        return []
    return [
        f"{counted(n, 'trial')} with two listings of the same title: which of them was chosen "
        "rests on price, rating and reviews that the buyer reported"
    ]
