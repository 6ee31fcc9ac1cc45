"""Differences within pairs of worlds that are equal but for one treatment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.paired import PairedDifference, paired_difference
from aces.types import Estimate
from analysis.choice_sample import require_column
from analysis.display import (
    Plot,
    Point,
    Table,
    counted,
    interval,
    number,
    p_equals,
    p_value,
    points_with_limits,
)
from analysis.fits import arm_names, groups

BASELINE = "baseline"
MISSING = ("failed", "truncated")
PAIR = "pair"


@dataclass(frozen=True)
class Contrast:
    """One buyer's difference between an arm and the first.

    Attributes:
        group: Whose choices: column -> value.
        whose: In words.
        arm: The arm.
        first: What it is compared with.
        found: The difference.
        shares: How often the outcome came about in the arm, and in the first.
        lost: Pairs without an outcome in one of the two.
    """

    group: Mapping[str, str]
    whose: str
    arm: str
    first: str
    found: PairedDifference
    shares: tuple[float, float]
    lost: int

    @property
    def bounds(self) -> tuple[float, float]:
        """What the difference would be had the lost pairs all gone down, or all up."""
        n, gap = self.found.n, self.found.estimate * self.found.n
        return (gap - self.lost) / (n + self.lost), (gap + self.lost) / (n + self.lost)


@dataclass(frozen=True)
class WithinPair:
    """Differences of every buyer and interface.

    Attributes:
        name: Of the analysis.
        outcome: What counts, in words.
        contrasts: A difference for each buyer and arm.
        said: What could not be estimated.
    """

    name: str
    outcome: str
    contrasts: tuple[Contrast, ...]
    said: tuple[str, ...] = ()

    @property
    def notes(self) -> list[str]:
        """What must be said beside the differences."""
        lost = [
            f"{self.name}: {each.whose}, {each.arm}: {counted(each.lost, 'pair')} without an "
            f"outcome on one side; had all gone down, or up: "
            f"{interval(100 * each.bounds[0], 100 * each.bounds[1], 1)} points"
            for each in self.contrasts
            if each.lost
        ]
        return [*lost, *(f"{self.name}: {note}" for note in self.said)]

    @property
    def table(self) -> Table:
        """The differences for people, in points."""
        heads = ("buyer · interface", "arm", "against", "pairs", "up", "down")
        numbers = ("points", "95 % interval", "p", "s.e.", "unpaired")
        note = (
            f"Outcome: {self.outcome}. Up, down: pairs in which it came about in this arm alone, "
            "or in the other alone. Interval: Tango's; test: McNemar's, exact below 25 pairs that "
            "differ; of means of repeats, t. Unpaired: the standard error had the worlds of a pair "
            "nothing in common."
        )
        title = f"{self.name} · differences within pairs"
        return Table(title, (*heads, *numbers), tuple(map(_line, self.contrasts)), note)

    @property
    def answer(self) -> list[str]:
        """The differences in sentences, the largest first."""
        largest = sorted(self.contrasts, key=lambda each: -abs(each.found.estimate))
        return [
            f"{each.whose}: {each.arm.replace('_', ' ')} instead of {each.first.replace('_', ' ')} "
            f"changes {self.outcome} by "
            f"{points_with_limits(each.found.estimate, each.found.low, each.found.high)}, pair by "
            f"pair ({p_equals(each.found.p_value)})."
            for each in largest
        ]

    @property
    def plots(self) -> list[Plot]:
        """The differences by arm, a colour for each buyer."""
        series: dict[str, list[Point]] = {}
        for each in self.contrasts:
            found = each.found
            values = (100 * v for v in (found.estimate, found.low, found.high))
            series.setdefault(each.whose, []).append(Point(each.arm, *values))
        return [Plot(f"{self.name}: within pairs", "difference, points", series, reference=0.0)]

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: differences, and their bounds where pairs are lost."""
        return [row for each in self.contrasts for row in self._of(each)]

    def _of(self, each: Contrast) -> Iterator[Estimate]:
        found = each.found
        common: dict[str, Any] = {
            **each.group,
            "analysis": self.name,
            "term": each.arm,
            "n_trials": found.n,
            "n_clusters": found.n,
        }
        yield Estimate(
            **common,
            estimator="within_pair",
            estimand=f"difference of {self.outcome} from {each.first}, within pairs of worlds",
            estimate=found.estimate,
            std_error=found.std_error,
            ci_low=found.low,
            ci_high=found.high,
            p_value=found.p_value,
        )
        for name, value in zip(("lowest", "highest"), each.bounds, strict=True):
            if each.lost:
                yield Estimate(
                    **common,
                    estimator=f"within_pair_{name}",
                    estimand=f"the same, had pairs without an outcome been the {name}",
                    estimate=value,
                )


def _line(each: Contrast) -> tuple[str, ...]:
    found = each.found
    return (
        each.whose,
        each.arm,
        each.first,
        f"{found.n:,}",
        "" if found.up is None else f"{found.up:,}",
        "" if found.down is None else f"{found.down:,}",
        number(100 * found.estimate, 1),
        interval(100 * found.low, 100 * found.high, 1),
        p_value(found.p_value),
        number(100 * found.std_error, 1),
        number(100 * found.unpaired, 1),
    )


def within_pair(
    table: pd.DataFrame, name: str, by: Sequence[str], products: Sequence[str] = ()
) -> WithinPair:
    """Returns the difference that a treatment makes within pairs.

    Args:
        table: Long table of a paired design.
        name: Of the analysis.
        by: Columns of the treatment: 0/1, or one with a level for each world.
        products: The outcome is that one of these is bought; where not given, a listing that the
            treatment marks in any world of its pair, or anything where it marks whole shelves.

    Raises:
        EstimationError: If columns are missing or no pair is complete.
    """
    if PAIR not in table:
        raise EstimationError(
            "there is no column 'pair': worlds come in pairs by `design: {use: paired, by: ...}`"
        )
    if not by:
        raise EstimationError("name the columns of the treatment, `by: [...]`")
    for column in by:
        require_column(table, column)
    table = table[table[PAIR].notna()]
    pairs = table["task_id"].astype(str) + "/" + table[PAIR].astype(str)
    table = table.assign(pair_of_task=pairs)
    counts, outcome = _counting(table, by, products)
    table = table.assign(arm_of_world=_arms(table, by), counts=table["chosen"] * counts)
    names = arm_names(table)
    found, said = [], []
    for group, rows in groups(table):
        whose = names[tuple(group.values())]
        try:
            found += list(_contrasts(group, whose, rows))
        except EstimationError as error:
            said.append(f"{whose}: no estimates: {error}")
    if not found:
        raise EstimationError("; ".join(said) or "there are no pairs")
    return WithinPair(name, outcome, tuple(found), tuple(said))


def _counting(
    table: pd.DataFrame, by: Sequence[str], products: Sequence[str]
) -> tuple["pd.Series[int]", str]:
    """Which rows count when bought, and the outcome in words."""
    if products:
        absent = sorted(set(products) - set(table["product_id"]))
        if absent:
            raise EstimationError(f"no shelf holds {', '.join(absent)}")
        return table["product_id"].isin(products).astype(int), f"buying {' or '.join(products)}"
    marked = table[list(by)].isin([1]).any(axis=1) & _flags(table, by)
    whole = marked.groupby(table["world_id"]).transform("all")
    if not (marked & ~whole).any():
        return pd.Series(1, index=table.index), "buying anything"
    ever = marked.groupby([table["pair_of_task"], table["product_id"]]).transform("max")
    return ever.astype(int), "buying a listing that the treatment marks"


def _flags(table: pd.DataFrame, by: Sequence[str]) -> bool:
    return bool(table[list(by)].isin([0, 1]).all(axis=None))


def _arms(table: pd.DataFrame, by: Sequence[str]) -> "pd.Series[str]":
    """The arm of each row's world, in words."""
    if _flags(table, by):
        told = pd.Series("", index=table.index)
        for column in by:
            on = table.groupby("world_id", sort=False)[column].transform("max") > 0
            told = told.where(~on, told + "+" + column)
        return told.str.removeprefix("+").replace("", BASELINE)
    if len(by) > 1 or table.groupby("world_id")[by[0]].nunique().max() > 1:
        raise EstimationError(
            f"{', '.join(by)}: arms are columns of 0 and 1, or one column with one level per world"
        )
    return by[0] + " " + table[by[0]].astype(str)


def _contrasts(group: Mapping[str, str], whose: str, rows: pd.DataFrame) -> Iterator[Contrast]:
    """Each arm against the first, over pairs with an outcome in both."""
    trials = rows.groupby("trial_id", sort=False).agg(
        pair=("pair_of_task", "first"),
        arm=("arm_of_world", "first"),
        status=("status", "first"),
        outcome=("counts", "max"),
    )
    missing = trials["status"].isin(MISSING)
    trials["outcome"] = trials["outcome"].astype(float).where(~missing)
    sides = trials.pivot_table(
        index="pair", columns="arm", values="outcome", aggfunc="mean", dropna=False
    )
    order = sorted(sides.columns, key=lambda arm: (arm != BASELINE, str(arm)))
    if len(order) < 2:
        raise EstimationError(f"all worlds are of one arm, {', '.join(order)}")
    met = trials.assign(there=1).pivot_table(index="pair", columns="arm", values="there")
    for arm in order[1:]:
        both = sides[[order[0], arm]]
        whole = both.notna().all(axis=1)
        lost = int((met[[order[0], arm]].notna().all(axis=1) & ~whole).sum())
        first, own = both.loc[whole, order[0]].to_numpy(), both.loc[whole, arm].to_numpy()
        found = paired_difference(own, first)
        shares = (float(np.mean(own)), float(np.mean(first)))
        yield Contrast(group, whose, str(arm), str(order[0]), found, shares, lost)
