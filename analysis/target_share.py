"""How often one listing of each shelf is bought, by what is laid over it.

Which listing it is and what it carries are drawn, so that plain shares of trials compare: nothing
is assumed of how buyers choose.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.covariance import FEW_CLUSTERS
from aces.stats.proportions import LEAST_EXPECTED, equal_shares, fewest_expected, slope
from aces.stats.shares import wilson_interval
from aces.types import Estimate
from analysis.arm_shares import BASELINE, newcombe
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
    percent,
    points_with_limits,
)
from analysis.fits import GROUP, arm_names, groups

OUTCOMES = ("chosen", "abstained")


@dataclass(frozen=True)
class Arm:
    """Trials of one arm.

    Attributes:
        name: The arm: a dose, or a wording.
        at: The dose, where it is one.
        count: Trials that bought the target, as of one trial per world.
        n: Trials, likewise.
        trials: Trials there were.
    """

    name: str
    at: float
    count: float
    n: float
    trials: int

    @property
    def share(self) -> float:
        """Share of trials that bought the target."""
        return self.count / self.n

    @property
    def limits(self) -> tuple[float, float]:
        """Wilson's interval."""
        (low,), (high,) = wilson_interval([self.count], self.n)
        return float(low), float(high)

    def change(self, first: "Arm") -> tuple[float, float, float]:
        """Returns the change of the share against another arm, with Newcombe's interval."""
        return newcombe(self.count, self.n, first.count, first.n)


@dataclass(frozen=True)
class Buyer:
    """What one buyer did.

    Attributes:
        group: Whose choices: column -> value.
        whose: The same in words.
        arms: The baseline first.
        slope: Estimate, error, limits and p-value of the change per dose; None without doses.
        worlds: Worlds it met.
    """

    group: Mapping[str, str]
    whose: str
    arms: tuple[Arm, ...]
    slope: tuple[float, ...] | None
    worlds: int

    @property
    def treated(self) -> tuple[Arm, ...]:
        """The arms but the baseline."""
        return tuple(arm for arm in self.arms if arm.name not in (BASELINE, "0"))

    def equal(self, arms: Sequence[Arm]) -> tuple[float, int, float]:
        """Returns the test of equal shares over some arms."""
        return equal_shares([arm.count for arm in arms], [arm.n for arm in arms])


@dataclass(frozen=True)
class TargetShare:
    """Shares of trials that bought the target, by arm.

    Attributes:
        name: Of the analysis.
        data: The long table.
        target: 0/1 column: the listing that is looked at.
        by: 0/1 columns of the arms; where none is 1, the world is of the baseline.
        along: Instead: column with the target's dose.
    """

    name: str
    data: pd.DataFrame
    target: str
    by: tuple[str, ...] = ()
    along: str = ""

    @cached_property
    def buyers(self) -> list[Buyer]:
        """What each buyer did."""
        for column in (self.target, *self.by, *filter(None, [self.along])):
            require_column(self.data, column)
        told, names = self._trials(), arm_names(self.data)
        return [
            self._buyer(group, names[tuple(group.values())], told.loc[told.index.isin(rows.index)])
            for group, rows in groups(self.data)
        ]

    def _trials(self) -> pd.DataFrame:
        """The targets' rows of trials with an outcome, each with its arm."""
        rows = self.data
        if "status" in rows:
            rows = rows[rows["status"].isin(OUTCOMES)]
        rows = rows[rows[self.target] == 1]
        if rows.empty:
            raise EstimationError(f"no trial with an outcome has a listing with '{self.target}' 1")
        if self.along:
            return rows.assign(arm=[f"{value:g}" for value in rows[self.along]])
        arm = pd.Series("", index=rows.index)
        for column in self.by:
            arm = arm.where(rows[column] != 1, arm + "+" + column)
        return rows.assign(arm=arm.str.removeprefix("+").replace("", BASELINE))

    def _buyer(self, group: Mapping[str, str], whose: str, rows: pd.DataFrame) -> Buyer:
        arms = [self._arm(str(name), some) for name, some in rows.groupby("arm", sort=False)]
        order = ["", BASELINE, *self.by]
        arms.sort(key=lambda arm: (arm.at, order.index(arm.name) if arm.name in order else 99))
        rise = slope(rows[self.along], rows["chosen"], rows["world_id"]) if self.along else None
        return Buyer(group, whose, tuple(arms), rise, rows["world_id"].nunique())

    def _arm(self, name: str, rows: pd.DataFrame) -> Arm:
        # trials that met one world count as one
        weight = rows["world_id"].nunique() / len(rows)
        at = float(rows[self.along].iloc[0]) if self.along else 0.0
        return Arm(name, at, float(rows["chosen"].sum()) * weight, len(rows) * weight, len(rows))

    @property
    def notes(self) -> list[str]:
        """What must be said beside the shares."""
        slopes = [
            f"{self.name}, {buyer.whose}: {counted(buyer.worlds, 'world')} only; below "
            f"{FEW_CLUSTERS} the interval of the change per dose covers less than it says"
            for buyer in self.buyers
            if buyer.slope is not None and buyer.worlds < FEW_CLUSTERS
        ]
        return slopes + [
            f"{self.name}, {buyer.whose}: too few purchases for the test of equal shares"
            for buyer in self.buyers
            if fewest_expected([a.count for a in buyer.treated], [a.n for a in buyer.treated])
            < LEAST_EXPECTED
            and len(buyer.treated) > 1
        ]

    @property
    def table(self) -> Table:
        """The shares for people, in percent, and the tests below."""
        arm = "dose" if self.along else "arm"
        heads = ("buyer · interface", arm, "trials", "share, %", "95 % interval")
        more = ("change, points", "95 % interval", "p")
        lines = tuple(line for buyer in self.buyers for line in self._lines(buyer))
        what = "Per dose: least-squares slope, jackknifed by world. " if self.along else ""
        note = (
            f"Share of trials that bought the listing marked by {self.target}, leaving included; "
            f"Wilson's intervals. Changes against the first arm, Newcombe's intervals. {what}Arms "
            "alike: Pearson's test of equal shares over all arms but the first."
        )
        return Table(f"{self.name} · share of the target", (*heads, *more), lines, note)

    def _lines(self, buyer: Buyer) -> Iterator[tuple[str, ...]]:
        first = buyer.arms[0]
        for arm in buyer.arms:
            shown = (buyer.whose, arm.name, f"{arm.trials:,}", number(100 * arm.share, 1))
            low, high = arm.limits
            change = ("", "")
            if arm is not first:
                value, below, above = arm.change(first)
                change = (number(100 * value, 1), interval(100 * below, 100 * above, 1))
            yield (*shown, interval(100 * low, 100 * high, 1), *change, "")
        if buyer.slope is not None and not np.isnan(buyer.slope[0]):
            value, _, below, above, p = buyer.slope
            limits = interval(100 * below, 100 * above, 1)
            yield (buyer.whose, "per dose", "", "", "", number(100 * value, 1), limits, p_value(p))
        if len(buyer.treated) > 1:
            p = buyer.equal(buyer.treated)[2]
            yield (buyer.whose, "arms alike?", "", "", "", "", "", p_value(p))

    @property
    def answer(self) -> list[str]:
        """What the dose, or the arm that does most, changes for the target, of each buyer."""
        return [text for buyer in self.buyers if (text := self._of_whom(buyer))]

    def _of_whom(self, buyer: Buyer) -> str:
        target, first = self.target.replace("_", " "), buyer.arms[0]
        if buyer.slope is not None and not np.isnan(buyer.slope[0]):
            value, _, low, high, p = buyer.slope
            return (
                f"{buyer.whose}: each step of {self.along.replace('_', ' ')} changes the share of "
                f"the {target} listing by {points_with_limits(value, low, high)} ({p_equals(p)})."
            )
        if len(buyer.arms) < 2:
            return ""
        arm = max(buyer.arms[1:], key=lambda arm: abs(arm.change(first)[0]))
        return (
            f"{buyer.whose}: with {arm.name.replace('_', ' ')} the {target} listing is bought in "
            f"{percent(arm.share)} of trials, with {first.name.replace('_', ' ')} in "
            f"{percent(first.share)}: {points_with_limits(*arm.change(first))}."
        )

    @property
    def plots(self) -> list[Plot]:
        """Shares along the dose, or by arm."""
        series = {buyer.whose: [self._point(arm) for arm in buyer.arms] for buyer in self.buyers}
        title = f"Share of the target, {self.name}"
        return [Plot(title, "share of trials, %", series, self.along)]

    def _point(self, arm: Arm) -> Point:
        shown = (100 * value for value in (arm.share, *arm.limits))
        return Point(arm.at if self.along else arm.name, *shown)

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: shares, changes, slope and test."""
        return [each for buyer in self.buyers for each in self._of_buyer(buyer)]

    def _of_buyer(self, buyer: Buyer) -> Iterator[Estimate]:
        common: dict[str, Any] = {name: buyer.group[name] for name in GROUP}
        common |= {"analysis": self.name, "n_clusters": buyer.worlds}
        given = f"the listing with {self.target} 1, leaving included"
        first = buyer.arms[0]
        for arm in buyer.arms:
            own = {**common, "term": f"share[{arm.name}]", "n_trials": arm.trials}
            share = (arm.share, *arm.limits)
            yield _row(own, f"share of trials that bought {given}", "target_share", share)
            if arm is not first:
                what = f"change of the share against arm {first.name}; {given}"
                yield _row(own, what, "target_share_change", arm.change(first))
        if buyer.slope is not None:
            value, error, low, high, p = buyer.slope
            own = {**common, "term": f"slope[{self.along}]", "std_error": error, "p_value": p}
            what = f"change of the share per dose; {given}"
            yield _row(own, what, "target_share_slope", (value, low, high))
        if len(buyer.treated) > 1:
            statistic, df, p = buyer.equal(buyer.treated)
            own = {**common, "term": f"equal[{', '.join(a.name for a in buyer.treated)}]"}
            what = f"chi-squared with {df} degrees of freedom, equal shares; {p_equals(p)}"
            yield _row({**own, "p_value": p}, what, "target_share_equal", (statistic, None, None))


def _row(
    common: Mapping[str, Any],
    estimand: str,
    estimator: str,
    found: tuple[float, float | None, float | None],
) -> Estimate:
    value, low, high = found
    return Estimate(
        **common,
        estimand=estimand,
        estimator=estimator,
        estimate=value,
        ci_low=low,
        ci_high=high,
    )
