"""ACES's results of the headless runtime: headless_experiment_MODEL_TIME.csv.

A row is one listing of one experiment. An answer that can't be read was written as a purchase of
the first listing, with the reason "Parse failed, used first product"; a request that failed left no
rows at all; the experiment's label is not in the file.
"""

import json
from collections.abc import Set

import numpy as np
import pandas as pd

from analysis.display import counted
from analysis.tables import ForeignTable
from analysis.tables import _reading as reading
from analysis.tables.aces_aggregated import product_ids

COLUMNS = {"query", "experiment_number", "position_in_experiment", "chosen", "title", "price"}
TAGS = {"overall_pick_tag", "scarcity_tag"}
MARKS = {
    "sponsored": "sponsored",
    "overall_pick": "overall_pick_tag",
    "scarcity": "scarcity_tag",
    "best_seller": "best_seller_tag",
    "limited_time": "limited_time_tag",
    "discounted": "discounted_tag",
}
NEEDED = ("price_cents", "rating", "review_count", "position", "chosen", *MARKS)
UNREAD, GUESSED = "Parse failed", "Fallback parsing"


class AcesHeadlessFormat:
    """ACES's headless results."""

    needs = COLUMNS

    def recognises(self, columns: Set[str]) -> bool:
        """Returns whether the columns are those of ACES's headless runtime."""
        return columns >= COLUMNS and bool(columns & TAGS)

    def read(self, cells: pd.DataFrame) -> ForeignTable:
        """Returns the long table; answers that could not be read are failed."""
        faults = reading.Faults()
        frame, lost = reading.trials(cells, _frame(cells, faults), faults, NEEDED)
        frame, told = _with_status(frame)
        notes = [*lost, *told, *_remarks(frame, cells)]
        rows = frame.drop(columns=["page", "unread", "guessed"])
        return ForeignTable(reading.completed(rows), tuple(notes))


def _frame(cells: pd.DataFrame, faults: reading.Faults) -> pd.DataFrame:
    query, number = reading.text(cells, "query"), reading.label(cells, "experiment_number")
    model = reading.text(cells, "model", "published")
    position = reading.slots(cells, "position_in_experiment", faults)
    reason = reading.text(cells, "selection_reason")
    frame = pd.DataFrame(
        {
            "buyer": model,
            "model": model,
            "interface": "headless",
            "page": query + "/" + number,
            "task_id": query,
            "category": query,
            "k": pd.to_numeric(number, errors="coerce").fillna(-1).astype(int),
            "product_id": product_ids(cells),
            "title": reading.text(cells, "title"),
            "position": position,
            "row": np.nan_to_num(position, nan=1),  # a list reads from the top down
            "col": 1,
            "chosen": reading.flags(cells, "chosen", faults),
            "unread": reason.str.startswith(UNREAD) | _without_number(cells),
            "guessed": reason.str.startswith(GUESSED),
        },
        index=cells.index,
    )
    frame["price_cents"] = reading.cents(reading.numbers(cells, "price", faults), faults)
    frame["rating"] = reading.fact(cells, "rating", faults)
    frame["review_count"] = reading.fact(cells, "number_of_reviews", faults)
    for mark, column in MARKS.items():
        frame[mark] = reading.flags(cells, column, faults)
    return frame


def _without_number(cells: pd.DataFrame) -> "pd.Series[bool]":
    """Whether an answer is well-formed and names no listing: it counts as the first one there."""
    return reading.text(cells, "raw_response").map(_names_none)


def _names_none(answer: str) -> bool:
    begin, end = answer.find("{"), answer.rfind("}")
    if begin < 0 or end < begin:
        return False
    try:
        found = json.loads(answer[begin : end + 1])
    except ValueError:
        return False
    return isinstance(found, dict) and "selected_product_number" not in found


def _with_status(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    by = frame.groupby("trial_id", sort=False)
    picked = by["chosen"].transform("sum")
    unread = by["unread"].transform("max").astype(bool)
    cause = pd.Series("", index=frame.index, dtype=object)
    cause[(picked != 1) | unread] = "unparseable"
    frame = frame.assign(
        status=np.where(cause == "", "chosen", "failed"),
        cause=cause,
        chosen=((frame["chosen"] == 1) & (cause == "")).astype(int),
    )
    first = unread.groupby(frame["trial_id"]).first()
    none = (picked == 0).groupby(frame["trial_id"]).first()
    guessed = frame.groupby("trial_id")["guessed"].max()
    words = {
        "failed (unparseable): the answer could not be read, and the source counts it as a "
        "purchase of the first listing; missing here": int((first & ~none).sum()),
        "failed (unparseable): no listing has the number that was answered": int(none.sum()),
        "rest on the first `Product N` of an answer that is no JSON; kept": int(
            (guessed & ~first).sum()
        ),
    }
    return frame, [f"{counted(n, 'trial')} {why}" for why, n in words.items() if n]


def _remarks(frame: pd.DataFrame, cells: pd.DataFrame) -> list[str]:
    notes = []
    if not {"selection_reason", "raw_response"} & set(cells):
        notes.append(
            "the answers are not in the file: those that could not be read count as purchases of "
            "the first listing and can't be told apart, so that its effect may be too large"
        )
    notes.append(
        "requests that failed left no rows: how many there were is not known. The prompt of this "
        "runtime says that the user is very price sensitive and warns of position: compare it "
        "with screenshots only with that in mind"
    )
    numbers = frame.drop_duplicates("page").groupby(["buyer", "task_id"])["k"]
    gaps = int((numbers.max() - numbers.min() + 1 - numbers.nunique()).clip(lower=0).sum())
    if gaps:
        notes.append(f"{counted(gaps, 'number')} between the first and the last is absent")
    if reading.other_pages(frame):
        notes.append(
            "some numbers show different pages (the experiment's label is not in the file): "
            "worlds of their own"
        )
    return [*notes, "a world is a page, query and number; errors are clustered by world"]
