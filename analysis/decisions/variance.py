"""What makes choices differ: worlds, servings of one world, or the draw from probabilities.

From `repeats`: the same buyer meets the same world several times. The outcome is what was bought
(nothing included). Where the model's probabilities were read, the draw from them and the change of
them between servings are told apart; at temperature 0 there is no draw; otherwise the two are one
number. Estimand: over the worlds of the design, task by task, mean weighted by worlds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.choice_data import Floats
from aces.stats.components import ENOUGH, NAMES, Components, components
from aces.types import Estimate, Record
from analysis.choice_sample import require_column
from analysis.decisions.found import Found, Whose, estimate_row, of_each
from analysis.display import Plot, Point, Table, counted, interval, number

MISSING = ("failed", "truncated")
BOTH = "serving and sampling"


class VarianceConfig(Record):
    """Parameters of the variance split."""

    name: str = "variance"
    """Of the analysis; that of its entry where not given."""


@dataclass(frozen=True)
class Split:
    """One buyer's variance components.

    Attributes:
        found: The components.
        names: What each of the four is called; empty for one that is part of another.
        repeats: Mean trials of a world.
        missing: Trials without an outcome.
    """

    found: Components
    names: tuple[str, str, str, str]
    repeats: float
    missing: int


def variance_split(rows: pd.DataFrame) -> Split:
    """Returns the variance components of one buyer's choices.

    Raises:
        EstimationError: If too few worlds were met twice.
    """
    for column in ("trial_id", "world_id", "product_id", "chosen", "status"):
        require_column(rows, column)
    missing = rows["status"].astype(str).isin(MISSING)
    kept = rows[~missing]
    lost = int(rows.loc[missing, "trial_id"].nunique())
    p = _read(kept)
    read = p is not None
    choices = _choices(kept) if p is None else p
    first = kept.drop_duplicates("trial_id").set_index("trial_id")
    worlds, _ = pd.factorize(first["world_id"])
    tasks, _ = pd.factorize(first["task_id"]) if "task_id" in first else (np.zeros(len(first)), 0)
    try:
        found = components(choices, worlds, np.asarray(tasks, dtype=int), probabilities=read)
    except EstimationError as error:
        raise EstimationError(f"{error}: let buyers meet worlds again, `repeats: 2`") from error
    cold = "temperature" in kept and bool((kept["temperature"] == 0).all())
    within = ("serving", "sampling") if read else ("", "serving" if cold else BOTH)
    return Split(found, ("world", *within, "total"), found.trials / found.worlds, lost)


def _choices(rows: pd.DataFrame) -> Floats:
    """(trials, products + 1) what was bought as 0 and 1, nothing last; trials as they come."""
    trials, _ = pd.factorize(rows["trial_id"])
    products, names = pd.factorize(rows["product_id"])
    found = np.zeros((trials.max(initial=-1) + 1, len(names) + 1))
    np.add.at(found, (trials, products), rows["chosen"].to_numpy(float))
    found[:, -1] = 1 - found[:, :-1].sum(axis=1)
    return found


def _read(rows: pd.DataFrame) -> Floats | None:
    """The model's own probabilities of every trial, where they were read."""
    if "probability" not in rows or rows["probability"].isna().any():
        return None
    return _choices(rows.assign(chosen=rows["probability"]))


def variances(table: pd.DataFrame, asked: VarianceConfig) -> Found:
    """Returns the variance split of each buyer and interface.

    Raises:
        EstimationError: If no buyer met enough worlds twice.
    """

    def ask(_: Whose, rows: pd.DataFrame) -> Split:
        return variance_split(rows)

    found, said = of_each(table, asked.name, ask)
    for whose, one in found:
        if one.missing:
            said.append(
                f"{asked.name}, {whose.name}: {one.missing:,} trials without an outcome are left "
                "out; lost for reasons that differ between trials they would change the split"
            )
        if one.found.worlds < ENOUGH:
            said.append(
                f"{asked.name}, {whose.name}: from {counted(one.found.worlds, 'world')} met again "
                f"intervals hold somewhat less than they say; {ENOUGH} are enough"
            )
    rows = [row for each in found for row in _rows(asked, *each)]
    return Found(_table(asked, found), [_plot(found)], said, rows)


def _named(one: Split) -> list[tuple[int, str]]:
    return [(i, name) for i, name in enumerate(one.names) if name]


def _table(asked: VarianceConfig, found: Sequence[tuple[Whose, Split]]) -> Table:
    heads = (
        "buyer · interface",
        "between",
        "variance",
        "95 % interval",
        "part, %",
        "95 % interval",
    )
    lines = []
    for whose, one in found:
        (low, high), (least, most) = one.found.limits(), one.found.share_limits()
        for i, name in _named(one):
            limits = interval(float(low[i]), float(high[i]))
            cells = [whose.name, name, number(float(one.found.value[i])), limits]
            part = interval(100 * float(least[i]), 100 * float(most[i]), 1)
            whole = name == "total"
            cells += [number(100 * float(one.found.share[i]), 1), "" if whole else part]
            lines.append(tuple(cells))
    worth = "; ".join(
        f"{whose.name}: {number(one.repeats, 1)} trials of a world say as much of shares as "
        f"{number(one.found.worth(one.repeats), 2)} fresh worlds"
        for whose, one in found
    )
    note = (
        "Of what is bought: the chance that two trials differ (total), the part that lies between "
        "worlds, and what is left when the same world is met again. World: slots, prices, badges "
        "and all else that was drawn. Serving: the same page answered with other probabilities. "
        f"Sampling: the draw from them. Jackknife over worlds. {worth}."
    )
    return Table(f"{asked.name} · what makes choices differ", heads, tuple(lines), note)


def _plot(found: Sequence[tuple[Whose, Split]]) -> Plot:
    series = {}
    for whose, one in found:
        low, high = one.found.share_limits()
        series[whose.name] = [
            Point(name, *(100 * float(x[i]) for x in (one.found.share, low, high)))
            for i, name in _named(one)
            if name != "total"
        ]
    return Plot("What makes choices differ", "part of the variance, %", series)


def _rows(asked: VarianceConfig, whose: Whose, one: Split) -> list[Estimate]:
    low, high = one.found.limits()
    common: dict[str, Any] = {"n_trials": one.found.trials, "n_clusters": one.found.worlds}
    return [
        estimate_row(
            asked.name,
            whose,
            None,
            **common,
            estimator="variance_component",
            estimand=f"variance of what is bought, {_MEANING[NAMES[i]]}",
            term=name,
            estimate=float(one.found.value[i]),
            std_error=float(one.found.error[i]),
            ci_low=float(low[i]),
            ci_high=float(high[i]),
        )
        for i, name in _named(one)
    ]


_MEANING = {
    "world": "between worlds",
    "serving": "of probabilities between trials of one world",
    "sampling": "between trials of one world",
    "total": "in all",
}
