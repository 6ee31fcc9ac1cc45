"""Which rows of a long table an estimate rests on, and what was left out of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces.errors import EstimationError, SeparationError, nearest
from aces.stats.choice_data import Floats, Ints

NO_STATUS = "no choice"
NO_OUTCOME = "no outcome"
"""Said of sets whose trial ended in a choice that the outcome column does not hold."""


@dataclass(frozen=True)
class ProductEffects:
    """Effects of each level of a column, such as one per product.

    Attributes:
        column: The column.
        names: Levels that have a coefficient.
        codes: (rows,) index into `names`, -1 for a baseline.
        baselines: Baseline -> the levels it is compared with: one per connected group of shelves.
        never_chosen: Level never chosen -> rows dropped.
    """

    column: str
    names: tuple[str, ...]
    codes: Ints
    baselines: Mapping[str, tuple[str, ...]]
    never_chosen: Mapping[str, int]


@dataclass(frozen=True)
class ChoiceSample:
    """The rows that are used.

    Attributes:
        frame: The rows, neighbours where they share shelves.
        y: (rows,) outcomes.
        sets: (rows,) values of the choice set column.
        left_out: Why choice sets were left out (their status) -> how many.
        effects: Effects, where they are asked for.
    """

    frame: pd.DataFrame
    y: Floats
    sets: NDArray[np.generic]
    left_out: Mapping[str, int]
    effects: ProductEffects | None


def choice_sample(
    data: pd.DataFrame,
    outcome: str,
    choice_set: str,
    *,
    columns: Sequence[str] | None = None,
    effects: str | None = None,
    outside: bool = False,
    status: str = "status",
) -> ChoiceSample:
    """Returns the rows of `data` with an outcome, and the effects that they can identify.

    Args:
        data: Long table: one row per alternative per choice set.
        outcome: Column with 0/1 or probabilities.
        choice_set: Column that says which choice set a row belongs to.
        columns: Columns to keep; all by default.
        effects: Column with a coefficient for each level. Rows of levels never chosen are dropped.
        outside: Keep the sets in which nothing was chosen by choice: with status `abstained`, or
            all of them where there is no status.
        status: Column that says how a trial ended, where there is one.

    Raises:
        EstimationError: If columns are missing or nothing is left.
        SeparationError: If a level was chosen whenever it was shown.
    """
    for column in filter(None, [outcome, choice_set, effects]):
        require_column(data, column)
    y = _outcomes(data[outcome])
    codes, ids = pd.factorize(data[choice_set])
    if (codes < 0).any():
        raise EstimationError(
            f"'{choice_set}' is missing in {(codes < 0).sum()} rows, first in row "
            f"{data.index[codes < 0][0]} of the table."
        )
    total = np.bincount(codes, weights=y, minlength=len(ids))
    states = _states(data, codes, len(ids), status)
    keep = total > 0
    if outside:
        keep |= (total == 0) & np.isin(states, ["abstained", NO_STATUS])
    rows = np.flatnonzero(keep[codes])
    if not len(rows):
        raise EstimationError(
            f"no choice set has an outcome in '{outcome}': {len(data):,} rows, {len(ids):,} sets."
        )
    built = None
    if effects is not None:
        rows, built = _with_effects(data[effects], effects, y, codes, rows, outside=outside)
    states[~keep & (states == "chosen")] = NO_OUTCOME
    reasons, counts = np.unique(states[~keep], return_counts=True)
    return ChoiceSample(
        frame=data[list(data.columns if columns is None else columns)].iloc[rows],
        y=y[rows],
        sets=data[choice_set].iloc[rows].to_numpy(),
        left_out=dict(zip(reasons.tolist(), counts.tolist(), strict=True)),
        effects=built,
    )


def require_column(data: pd.DataFrame, column: str) -> None:
    """Raises EstimationError, with the nearest name, unless `data` has the column."""
    if column not in data.columns:
        raise EstimationError(
            f"there is no column '{column}'{nearest(column, map(str, data.columns))}"
        )


def _outcomes(column: "pd.Series[float]") -> Floats:
    try:
        return np.asarray(column.to_numpy(dtype=float, na_value=np.nan))
    except (TypeError, ValueError) as error:
        wrong = column[pd.to_numeric(column, errors="coerce").isna() & column.notna()]
        found = f"row {wrong.index[0]} of the table has '{wrong.iloc[0]}'" if len(wrong) else ""
        raise EstimationError(
            f"outcome '{column.name}' must be 0/1 or probabilities; {found or 'it is text'}."
        ) from error


def _states(data: pd.DataFrame, codes: Ints, n_sets: int, status: str) -> NDArray[np.object_]:
    """(sets,) how each ended, as its first row says."""
    states = np.full(n_sets, NO_STATUS, dtype=object)
    if status in data.columns:
        first = np.unique(codes, return_index=True)[1]
        states[:] = [str(getattr(s, "value", s)) for s in data[status].iloc[first]]
    return states


def _with_effects(
    column: "pd.Series[str]", name: str, y: Floats, sets: Ints, rows: Ints, *, outside: bool
) -> tuple[Ints, ProductEffects]:
    """The rows of levels that were chosen, grouped by connected shelves, and their effects."""
    if column.isna().any():
        raise EstimationError(f"'{name}' is missing in {column.isna().sum()} rows.")
    levels, found = pd.factorize(column.iloc[rows].astype(str), sort=True)
    names = [str(level) for level in found]
    chosen = np.bincount(levels, weights=y[rows], minlength=len(names)) > 0
    shown = np.bincount(levels, minlength=len(names))
    kept = chosen[levels]
    rows, levels = rows[kept], levels[kept]
    _check_always_chosen(name, names, levels, y[rows], sets[rows], outside=outside)
    groups = np.zeros(len(names), dtype=int)
    if not outside:
        groups = _connected(levels, sets[rows], len(names))
    order = np.lexsort((sets[rows], groups[levels]))
    present = np.flatnonzero(chosen)
    firsts = present[np.unique(groups[present], return_index=True)[1]]
    built = _effects(name, names, levels[order], groups, firsts[: 0 if outside else None], present)
    never = {names[k]: int(shown[k]) for k in np.flatnonzero(~chosen)}
    return rows[order], replace(built, never_chosen=never)


def _effects(
    name: str, names: list[str], levels: Ints, groups: Ints, baselines: Ints, present: Ints
) -> ProductEffects:
    """Effects of the levels present, with the first level of each group as its baseline."""
    own = np.setdiff1d(present, baselines)
    column_of = np.full(len(names), -1)
    column_of[own] = np.arange(len(own))
    return ProductEffects(
        column=name,
        names=tuple(names[k] for k in own),
        codes=column_of[levels],
        baselines={
            names[base]: tuple(names[k] for k in own if groups[k] == groups[base])
            for base in baselines
        },
        never_chosen={},
    )


def _connected(levels: Ints, sets: Ints, n_levels: int) -> Ints:
    """(levels,) the group of each level: levels that share a choice set share a group."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n_nodes = n_levels + int(sets.max()) + 1
    edges = coo_array((np.ones(len(levels)), (levels, n_levels + sets)), shape=(n_nodes, n_nodes))
    return np.asarray(connected_components(edges, directed=False)[1][:n_levels])


def _check_always_chosen(
    name: str, names: list[str], levels: Ints, y: Floats, sets: Ints, *, outside: bool
) -> None:
    """Raises SeparationError for a level that rivals never beat, though it had some.

    Where no set is left with rivals, every level is of this kind.
    """
    rivals = np.bincount(sets)[sets] + outside > 1
    rivals |= not rivals.any()
    beaten = np.bincount(levels, weights=y < 1, minlength=len(names)) > 0
    contested = np.bincount(levels, weights=rivals, minlength=len(names))
    always = np.flatnonzero(~beaten & (contested > 0))
    if not len(always):
        return
    first = always[0]
    listed = ", ".join(f"'{names[k]}'" for k in always)
    raise SeparationError(
        f"{name} {listed} was chosen whenever it was shown ({contested[first]:.0f} choice "
        f"sets for '{names[first]}'), so that its effect is +infinite. Leave those choice "
        "sets out and report the share of 100 %, or estimate without effects."
    )
