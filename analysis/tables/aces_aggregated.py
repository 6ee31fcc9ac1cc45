"""ACES's results of the screenshot runtimes: aggregated_experiment_data.csv, of a model or a run.

A row is one listing of one experiment of one model. `selected` is 1 where title, price, rating and
review count that the model reported match the listing, 2 where the title alone does, -2 in all rows
where several match, and 0 in all rows where none does or the request failed.
"""

from collections.abc import Set
from typing import Any

import numpy as np
import pandas as pd

from aces.terms import grid
from analysis.display import counted
from analysis.tables import ForeignTable
from analysis.tables import _reading as reading

COLUMNS = {"query", "experiment_number", "title", "price", "assigned_position", "selected"}
MARKS = {
    **{name: name for name in ("sponsored", "overall_pick", "best_seller", "limited_time")},
    "scarcity": "low_stock",
    "discounted": "discounted",
}
COUNT_BEFORE = "original_rating_count"
KNOWN = (-2, 0, 1, 2)
NEEDED = ("price_cents", "rating", "review_count", "position", "selected", *MARKS)


class AcesAggregatedFormat:
    """ACES's aggregated experiment data."""

    needs = COLUMNS

    def recognises(self, columns: Set[str]) -> bool:
        """Returns whether the columns are ACES's; its inputs have no `selected`."""
        return columns >= COLUMNS

    def read(self, cells: pd.DataFrame) -> ForeignTable:
        """Returns the long table; trials without a choice that can be told are failed."""
        faults = reading.Faults()
        frame, lost = reading.trials(cells, _frame(cells, faults), faults, NEEDED)
        frame, told = _with_status(frame)
        notes = [*lost, *told, *reading.same_titles(frame), *_remarks(frame)]
        rows = frame.drop(columns=["page", "selected", "label"])
        return ForeignTable(reading.completed(rows), tuple(notes))


def _frame(cells: pd.DataFrame, faults: reading.Faults) -> pd.DataFrame:
    query, label = (reading.text(cells, name) for name in ("query", "experiment_label"))
    number = reading.label(cells, "experiment_number")
    model = reading.text(cells, "model_name")
    model = model.where(model != "", reading.text(cells, "model_name_dir", "published"))
    position = reading.slots(cells, "assigned_position", faults)
    row, col = grid(np.nan_to_num(position, nan=1), reading.GRID)
    several = label.nunique() > 1
    frame = pd.DataFrame(
        {
            "buyer": model,
            "model": model,
            "interface": "screenshot",
            "page": query + "/" + label + "/" + number,
            "label": label,
            "task_id": query + "/" + label if several else query,
            "category": query,
            "k": pd.to_numeric(number, errors="coerce").fillna(-1).astype(int),
            "product_id": product_ids(cells),
            "title": reading.text(cells, "title"),
            "position": position,
            "row": row,
            "col": col,
            "selected": reading.numbers(cells, "selected", faults),
        },
        index=cells.index,
    )
    frame["price_cents"] = reading.cents(reading.numbers(cells, "price", faults), faults)
    frame["rating"] = reading.fact(cells, "rating", faults)
    frame["review_count"] = reading.fact(cells, "rating_count", faults)
    for mark, column in MARKS.items():
        frame[mark] = reading.flags(cells, column, faults)
    faults.tell("hold none of -2, 0, 1, 2 in 'selected'", _unknown(frame["selected"]))
    frame.loc[_unknown(frame["selected"]), "selected"] = np.nan
    return frame.assign(**_before(cells)).assign(**_right_answers(cells, label, faults))


def _unknown(selected: "pd.Series[float]") -> "pd.Series[bool]":
    return ~selected.isin(KNOWN) & selected.notna()


def product_ids(cells: pd.DataFrame) -> "pd.Series[str]":
    """Returns what tells products apart: their id, or their title where ids name single rows."""
    page = reading.text(cells, "query") + "/" + reading.text(cells, "experiment_label")
    page = page + "/" + reading.label(cells, "experiment_number")
    titles = reading.text(cells, "title")
    often = page.groupby(titles).nunique().median()
    for column in ("sku", "id"):
        found = reading.text(cells, column)
        if (found != "").all() and page.groupby(found).nunique().median() >= often / 2:
            return found
    return titles


def _before(cells: pd.DataFrame) -> dict[str, Any]:
    """The values before treatment, where the table has them."""
    quiet = reading.Faults()
    columns = {
        "original_rating": "original_rating",
        "original_rating_count": "original_review_count",
    }
    found: dict[str, object] = {
        name: reading.numbers(cells, column, quiet, needed=False)
        for column, name in columns.items()
        if column in cells
    }
    if "original_price" in cells:
        prices = reading.numbers(cells, "original_price", quiet, needed=False)
        found["original_price_cents"] = np.round(100 * prices)
    return found


def _right_answers(
    cells: pd.DataFrame, label: "pd.Series[str]", faults: reading.Faults
) -> dict[str, Any]:
    """Right answers and their tests, where the table has any."""
    right = reading.text(cells, "desired_choice", "0")
    if not right.isin(("1", "1.0", "True")).any():
        return {}
    values = reading.flags(cells.assign(desired_choice=right), "desired_choice", faults)
    return {"right_answer": np.nan_to_num(values), "test": label}


def _with_status(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The rows with what became of their trial, and how often it was not a plain choice."""
    by = frame.groupby("trial_id", sort=False)["selected"]
    picked = (frame["selected"] > 0).groupby(frame["trial_id"]).transform("sum")
    ambiguous = by.transform("min") < 0
    title_only = (by.transform("max") == 2) & (picked == 1)
    cause = pd.Series("", index=frame.index, dtype=object)
    cause[picked == 0] = "no_choice_recorded"
    cause[picked > 1] = "several_chosen"
    cause[ambiguous] = "ambiguous_title"
    frame = frame.assign(
        status=np.where(cause == "", "chosen", "failed"),
        cause=cause,
        chosen=((frame["selected"] > 0) & (cause == "")).astype(int),
        matched=np.where(cause != "", "", np.where(title_only, "title", "all")),
    )
    trials = frame.drop_duplicates("trial_id")
    words = {
        "no_choice_recorded": "all rows 0: the request failed, or what was reported matches no "
        "listing; the file can't tell which. Missing, not a wrong or irrational choice",
        "several_chosen": "several listings selected; missing",
        "ambiguous_title": "selected = -2: several listings match what was reported; missing",
    }
    counts = trials["cause"].value_counts()
    notes = [
        f"{counted(int(counts[c]), 'trial')} failed ({c}): {why}"
        for c, why in words.items()
        if c in counts
    ]
    n = int((trials["matched"] == "title").sum())
    if n:
        notes.append(
            f"{counted(n, 'trial')} matched by title alone (selected = 2): price, rating or "
            "review count was misread; kept as choices, `matched` tells them apart"
        )
    return frame, notes


def _remarks(frame: pd.DataFrame) -> list[str]:
    models = frame["buyer"].nunique()
    shared = frame.groupby("world_id")["buyer"].nunique()
    again = int((frame.drop_duplicates("trial_id")["repeat"] > 0).sum())
    notes = [
        f"worlds are pages: query, label and number; {int((shared > 1).sum()):,} of "
        f"{len(shared):,} were met by several of {counted(models, 'model')}. Errors are clustered "
        "by world, the unit that was drawn"
    ]
    n = reading.other_pages(frame)
    if n:
        notes.append(
            f"{counted(n, 'page')} not like that of the same number that others met: worlds of "
            "their own"
        )
    if again:
        notes.append(f"{counted(again, 'trial')} of a model meeting a page again: `repeat`")
    if "usb_cable" in set(frame["category"]):
        notes.append("usb_cable is kept; the published choice model leaves it out")
    return notes
