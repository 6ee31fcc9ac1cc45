"""What-if questions: `PRODUCT: price=-10%, position=1, badge=overall_pick`.

Changes are feasible: an item moved to another slot changes places with the one that stands there,
and a badge that one listing of a shelf can have at a time is taken from whoever has it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces.errors import EstimationError, nearest
from aces.money import minor_digits
from analysis.decisions.demand import Demand, Shelves, sources
from analysis.display import listed, number

ALL = "all"
"""In place of a product: every listing."""
REMOVED = "removed"
NUMBERS = {"price": "price_cents", "rating": "rating", "reviews": "review_count"}
"""Settings that are numbers, and their columns."""
SLOT = ("position", "row", "col")
FAR = 0.05
"""Share of shelves on which a value never shown is worth a word."""

_NUMBER = re.compile(r"([+-]?)(\d+(?:\.\d+)?)(%?)")


@dataclass(frozen=True)
class Change:
    """One setting of one product.

    Attributes:
        product: Its id, or `all`.
        setting: `price`, `rating`, `reviews`, `position`, `badge`, `removed`, or a column.
        value: As written.
    """

    product: str
    setting: str
    value: str


@dataclass(frozen=True)
class Scenario:
    """Changes that are made together.

    Attributes:
        text: As written.
        changes: In order.
    """

    text: str
    changes: tuple[Change, ...]

    @property
    def products(self) -> tuple[str, ...]:
        """Products that are changed."""
        return tuple(dict.fromkeys(change.product for change in self.changes))


def parse(text: str) -> Scenario:
    """Reads `PRODUCT: price=-10%, position=1; OTHER: removed`.

    Raises:
        EstimationError: If it can't be read; the message says how it is written.
    """
    changes = [change for part in text.split(";") if part.strip() for change in _changes(part)]
    if not changes:
        raise EstimationError(f"what-if '{text}' changes nothing. {_HOW}")
    return Scenario(text, tuple(changes))


_HOW = "Write 'PRODUCT: price=-10%, position=1, badge=overall_pick', several products apart by ';'"


def _changes(part: str) -> Iterator[Change]:
    product, colon, settings = part.rpartition(":")
    if not colon or not product.strip():
        raise EstimationError(f"what-if '{part.strip()}' names no product. {_HOW}")
    for setting in settings.split(","):
        name, equals, value = (word.strip() for word in setting.partition("="))
        if name != REMOVED and not (name and equals and value):
            raise EstimationError(f"what-if '{setting.strip()}' can't be read. {_HOW}")
        yield Change(product.strip(), name, value)


@dataclass(frozen=True)
class Answer:
    """Shelves before and after, those that the change concerns.

    Attributes:
        before: As they were drawn.
        after: As they would be.
        said: What must be said beside it.
    """

    before: Shelves
    after: Shelves
    said: tuple[str, ...]


def apply(demand: Demand, scenario: Scenario, against: Scenario | None = None) -> Answer:
    """Returns the shelves on which a changed product stands, before and after.

    Args:
        demand: The model and the run's shelves.
        scenario: What changes.
        against: What it is compared with; the shelves as they were drawn by default.

    Raises:
        EstimationError: If a product, slot, badge or column is unknown, or no term of the model
            holds what is changed.
    """
    both = [scenario, *([against] if against else [])]
    shelves = demand.shelves.take(_concerned(demand.shelves, both))
    after, said = _changed(demand, shelves, scenario)
    before, more = (shelves, []) if against is None else _changed(demand, shelves, against)
    kept = np.logical_and(*(np.add.reduceat(s.alive, s.starts) > 0 for s in (before, after)))
    if not kept.any():
        raise EstimationError(f"'{scenario.text}' leaves nothing on any shelf")
    return Answer(before.take(kept), after.take(kept), tuple(dict.fromkeys([*said, *more])))


def _concerned(shelves: Shelves, scenarios: Sequence[Scenario]) -> NDArray[np.bool_]:
    """(shelves,) whether any changed product stands there."""
    ids = shelves.frame["product_id"].astype(str)
    rows = np.zeros(len(ids), dtype=bool)
    for product in {p for scenario in scenarios for p in scenario.products}:
        own = _rows(ids, product)
        if not shelves.alive[own].any():
            raise EstimationError(
                f"'{product}' was never bought: nothing is known of what would sell it"
            )
        rows |= own
    found: NDArray[np.bool_] = np.add.reduceat(rows, shelves.starts) > 0
    return found


def _rows(ids: "pd.Series[str]", product: str) -> NDArray[np.bool_]:
    if product == ALL:
        return np.ones(len(ids), dtype=bool)
    rows = np.asarray(ids == product)
    if not rows.any():
        raise EstimationError(f"no shelf holds '{product}'{nearest(product, set(ids))}")
    return rows


def _changed(demand: Demand, shelves: Shelves, scenario: Scenario) -> tuple[Shelves, list[str]]:
    frame, gone = shelves.frame, np.zeros(len(shelves.frame), dtype=bool)
    said: list[str] = []
    for change in scenario.changes:
        rows = _rows(frame["product_id"].astype(str), change.product)
        if change.setting == REMOVED:
            gone |= rows
            continue
        touched, frame = _set(demand, shelves, frame, rows, change)
        _check_matters(demand, change, touched)
        said += _far(demand, frame, rows, change, touched)
    return demand.changed(shelves, frame, gone), said


def _set(
    demand: Demand, shelves: Shelves, frame: pd.DataFrame, rows: NDArray[np.bool_], change: Change
) -> tuple[tuple[str, ...], pd.DataFrame]:
    """The columns that a change touches, and the frame after it."""
    if change.setting == "position":
        return SLOT, moved(frame, shelves.shelf, rows, _slot(change))
    if change.setting == "badge":
        return _badge(demand, shelves, frame, rows, change)
    column = NUMBERS.get(change.setting, change.setting)
    if column not in frame:
        known = [*NUMBERS, "position", "badge", REMOVED, *sorted(sources(demand.variables))]
        raise EstimationError(f"there is no setting '{change.setting}'{nearest(column, known)}")
    if not pd.api.types.is_numeric_dtype(frame[column]):
        return (column,), frame.assign(**{column: frame[column].where(~rows, change.value)})
    values = frame[column].to_numpy(dtype=float)
    scale = unit(frame) if column.endswith("_cents") else np.ones(len(frame))
    changed = np.where(rows, _number(change)(values / scale) * scale, values)
    if column.endswith("_cents") and (changed[rows] <= 0).any():
        raise EstimationError(f"'{change.product}: price={change.value}' is no price above 0")
    return (column,), frame.assign(**{column: changed})


def unit(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Returns (rows,) how many minor units one of money has."""
    if "currency" not in frame:
        return np.full(len(frame), 100.0)
    units = {code: 10.0 ** minor_digits(str(code)) for code in frame["currency"].unique()}
    return np.asarray(frame["currency"].map(units).to_numpy(dtype=float))


def _number(change: Change) -> Callable[[Any], Any]:
    """What `-10%`, `+2` or `19.99` makes of a value."""
    found = _NUMBER.fullmatch(change.value)
    if found is None:
        raise EstimationError(
            f"'{change.setting}={change.value}' is no number: write -10%, +2 or 19.99"
        )
    sign, digits, share = found.groups()
    amount = float(digits) * (-1 if sign == "-" else 1)
    if share and not sign:
        raise EstimationError(f"'{change.setting}={change.value}': write +{digits}% or -{digits}%")
    if share:
        return lambda values: values * (1 + amount / 100)
    return (
        (lambda values: values + amount) if sign else (lambda values: np.full_like(values, amount))
    )


def _slot(change: Change) -> int:
    if not change.value.isdigit() or int(change.value) < 1:
        raise EstimationError(f"'position={change.value}' is no slot: slots count from 1")
    if change.product == ALL:
        raise EstimationError("all listings can't stand in one slot: name a product")
    return int(change.value)


def moved(
    frame: pd.DataFrame, shelf: NDArray[Any], rows: NDArray[np.bool_], slot: int
) -> pd.DataFrame:
    """Returns the frame with the listing of `rows` at `slot` and the one that was there in its.

    Args:
        frame: One row per alternative.
        shelf: (rows,) which shelf each stands on.
        rows: One alternative of a shelf at most.
        slot: Counted from 1.

    Raises:
        EstimationError: If there are no positions, or a shelf has no such slot.
    """
    if "position" not in frame:
        raise EstimationError("there is no column 'position', so that nothing can be moved")
    own = np.flatnonzero(rows)
    stands = np.full(int(shelf.max()) + 1, -1)
    at = np.flatnonzero(frame["position"].to_numpy() == slot)
    stands[shelf[at]] = at
    there = stands[shelf[own]]
    if (there < 0).any():
        raise EstimationError(
            f"there is no slot {slot} on {int((there < 0).sum()):,} of {len(own):,} shelves; slots "
            f"go up to {int(frame['position'].max())}"
        )
    order = np.arange(len(frame))
    order[own], order[there] = there, own
    columns = [name for name in SLOT if name in frame]
    return frame.assign(**{name: frame[name].to_numpy()[order] for name in columns})


def _badge(
    demand: Demand, shelves: Shelves, frame: pd.DataFrame, rows: NDArray[np.bool_], change: Change
) -> tuple[tuple[str, ...], pd.DataFrame]:
    """The badge on a product; taken from others where one listing of a shelf has it at a time."""
    marks = badges(demand)
    if change.value == "none":
        return tuple(marks), frame.assign(**{m: frame[m].where(~rows, 0) for m in marks})
    if change.value not in marks:
        raise EstimationError(
            f"no term of the model holds the badge '{change.value}'{nearest(change.value, marks)}"
        )
    found: dict[str, Any] = {change.value: np.where(rows, 1, frame[change.value])}
    whole = demand.shelves
    if change.product != ALL and single(whole, change.value):
        there = np.add.reduceat(rows, shelves.starts) > 0
        found[change.value] = np.where(there[shelves.shelf], rows, frame[change.value]).astype(int)
    for other in rivals(whole, change.value, marks):
        found[other] = frame[other].where(~rows, 0)
    return (change.value, *found), frame.assign(**found)


def badges(demand: Demand) -> list[str]:
    """Returns the columns of 0 and 1 in the model that are not slots."""
    frame = demand.shelves.frame
    return [
        name
        for name in sorted(demand.variables)
        if name in frame
        and not name.startswith(("row_", "col_", "pos_"))
        and frame[name].isin([0, 1]).all()
    ]


def single(shelves: Shelves, badge: str) -> bool:
    """Returns whether no shelf of the run has the badge twice."""
    return bool(np.add.reduceat(shelves.frame[badge].to_numpy(), shelves.starts).max() <= 1)


def rivals(shelves: Shelves, badge: str, marks: Sequence[str]) -> list[str]:
    """Returns the badges that no listing of the run has together with this one."""
    own = shelves.frame[badge] == 1
    return [m for m in marks if m != badge and not (own & (shelves.frame[m] == 1)).any()]


def _check_matters(demand: Demand, change: Change, touched: Sequence[str]) -> None:
    """Raises EstimationError where no term of the model holds what is changed."""
    if not set(touched) & sources(demand.variables):
        raise EstimationError(
            f"'{change.product}: {change.setting}={change.value}' changes no term of the model: it "
            f"says nothing of {change.setting}. Terms: {', '.join(demand.names)}"
        )


def _far(
    demand: Demand,
    frame: pd.DataFrame,
    rows: NDArray[np.bool_],
    change: Change,
    touched: Sequence[str],
) -> Iterator[str]:
    """Says where a value lies beyond all that the product was shown with."""
    if len(touched) > 1 or not pd.api.types.is_numeric_dtype(frame[touched[0]]):
        return
    column, shown = touched[0], demand.shelves.frame
    ids = shown["product_id"].astype(str)
    bounds = shown[column].groupby(ids).agg(["min", "max"])
    own = frame.loc[rows, ["product_id", column]]
    low = own["product_id"].astype(str).map(bounds["min"]).to_numpy(dtype=float)
    high = own["product_id"].astype(str).map(bounds["max"]).to_numpy(dtype=float)
    values = own[column].to_numpy(dtype=float)
    beyond = float(np.mean((values < low) | (values > high)))
    if beyond > FAR:
        scale = 100.0 if column.endswith("_cents") else 1.0
        limits = listed([number(low.min() / scale, 2), number(high.max() / scale, 2)])
        yield (
            f"{change.product}: {change.setting}={change.value} lies beyond what was shown on "
            f"{number(100 * beyond, 0)} % of shelves ({limits} are the limits): there the model is "
            "carried on, not measured"
        )
