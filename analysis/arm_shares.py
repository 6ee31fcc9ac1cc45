"""Who sells how much in each arm of an experiment, and what changes against the first arm."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from aces.stats.shares import wilson_interval
from aces.types import Estimate
from analysis.choice_sample import require_column
from analysis.display import (
    Plot,
    Point,
    Table,
    counted,
    interval,
    listed,
    number,
    percent_with_limits,
    points_with_limits,
)
from analysis.fits import GROUP, arm_names, groups

BASELINE = "baseline"


@dataclass(frozen=True)
class ArmShares:
    """Shares of purchases by product and arm, task by task.

    Attributes:
        name: Of the analysis.
        data: The long table.
        by: 0/1 columns of the arms; where none is 1, a world is of the baseline.
        among: Products that are compared: purchases of others are left out; empty for all.
    """

    name: str
    data: pd.DataFrame
    by: tuple[str, ...] = ()
    among: tuple[str, ...] = ()

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A row per buyer, task, arm and product."""
        arms, bought = self.data.assign(arm=arms_of(self.data, self.by)), self.data["chosen"] == 1
        if self.among:
            bought &= self.data["product_id"].isin(self.among)
        names = arm_names(self.data)
        return [
            {**group, "whose": names[tuple(group.values())], "task_id": str(task_id), **row}
            for group, part in groups(self.data)
            for task_id, some in arms.loc[part.index].groupby("task_id", sort=False)
            for row in self._of_task(some, bought.loc[some.index])
        ]

    def _of_task(self, rows: pd.DataFrame, bought: "pd.Series[bool]") -> Iterator[dict[str, Any]]:
        products = list(self.among or dict.fromkeys(rows["product_id"]))
        order = sorted(rows["arm"].unique(), key=lambda arm: (arm != BASELINE, arm))
        first: tuple[list[float], float] | None = None
        for arm in order:
            found = rows[bought & (rows["arm"] == arm)]
            counts = found["product_id"].value_counts()
            values = [float(counts.get(product, 0)) for product in products]
            # trials that met one world count as one choice
            weight = found["world_id"].nunique() / len(found) if len(found) else 0.0
            scaled = [value * weight for value in values]
            n = sum(scaled)
            if n == 0:
                continue
            yield from _arm_rows(arm, products, scaled, n, len(found), first)
            first = first or (scaled, n)

    @property
    def notes(self) -> list[str]:
        """What must be said beside the shares: nothing."""
        return []

    @property
    def table(self) -> Table:
        """The shares for people, in percent."""
        heads = ("buyer · interface", "task", "product", "arm", "share, %", "95 % interval")
        heads = (*heads, *(("against first arm", "95 % interval") if self.by else ()))
        lines = tuple(tuple(self._line(row)) for row in self.rows)
        among = f" among purchases of {' or '.join(self.among)}" if self.among else ""
        note = f"Share of purchases{among}; Wilson's intervals."
        if self.by:
            note += " Changes in points, by Newcombe's."
        return Table(f"{self.name} · shares of purchases", heads, lines, note)

    @property
    def answer(self) -> list[str]:
        """What moved most, of each buyer; without arms what sells most."""
        said = []
        for whose in dict.fromkeys(row["whose"] for row in self.rows):
            own = [row for row in self.rows if row["whose"] == whose]
            moved = [row for row in own if row["change"] is not None]
            if moved:
                sure = sum(row["change"][1] > 0 or row["change"][2] < 0 for row in moved)
                top = max(moved, key=lambda row: abs(row["change"][0]))
                said.append(
                    f"{whose}: the share of {top['product_id']} changes most, by "
                    f"{points_with_limits(*top['change'])} with {_words(top['arm'])}; intervals of "
                    f"{sure} of {counted(len(moved), 'change')} leave out 0."
                )
            elif own and not self.by:
                top = max(own, key=lambda row: row["share"])
                share = percent_with_limits(top["share"], top["low"], top["high"])
                said.append(f"{whose} buys {top['product_id']} most: {share} of purchases.")
        return said

    @property
    def plots(self) -> list[Plot]:
        """Changes of shares against the first arm, task by task; none without arms."""
        found: dict[str, dict[str, list[Point]]] = {}
        for row in self.rows:
            if row["change"] is not None:
                whose = f"{row['product_id']}, {row['whose']}"
                points = found.setdefault(row["task_id"], {}).setdefault(whose, [])
                points.append(Point(row["arm"], *(100 * value for value in row["change"])))
        return [
            Plot(f"Shares by arm, {task}", "change of share, points", series, reference=0.0)
            for task, series in found.items()
        ]

    def _line(self, row: Mapping[str, Any]) -> Iterator[str]:
        yield from (row["whose"], row["task_id"], row["product_id"], row["arm"])
        yield number(100 * row["share"], 1)
        yield interval(100 * row["low"], 100 * row["high"], 1)
        if self.by:
            change = row["change"]
            yield "" if change is None else number(100 * change[0], 1)
            yield "" if change is None else interval(100 * change[1], 100 * change[2], 1)

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: shares, and changes against the first arm."""
        return [each for row in self.rows for each in self._of_row(row)]

    def _of_row(self, row: Mapping[str, Any]) -> Iterator[Estimate]:
        among = f"among purchases of {', '.join(self.among)}" if self.among else "of purchases"
        common: dict[str, Any] = {
            **{name: row[name] for name in (*GROUP, "task_id", "product_id")},
            "analysis": self.name,
            "term": f"share[{row['arm']}]",
            "n_trials": row["n"],
        }
        share = {"estimate": row["share"], "ci_low": row["low"], "ci_high": row["high"]}
        yield Estimate(**common, estimand=f"share {among}", estimator="arm_share", **share)
        if row["change"] is not None:
            value, low, high = row["change"]
            yield Estimate(
                **common,
                estimand=f"change of the share {among} against arm {row['first']}",
                estimator="arm_share_change",
                estimate=value,
                ci_low=low,
                ci_high=high,
            )


def arms_of(table: pd.DataFrame, by: Sequence[str]) -> "pd.Series[str]":
    """Returns the arm of each row's world: the columns that are 1 for any listing of its shelf.

    Raises:
        EstimationError: If a column is absent.
    """
    told = pd.Series("", index=table.index)
    for column in by:
        require_column(table, column)
        on = table.groupby("world_id", sort=False)[column].transform("max") > 0
        told = told.where(~on, told + "+" + column)
    return told.str.removeprefix("+").replace("", BASELINE if by else "")


def _arm_rows(
    arm: str,
    products: Sequence[str],
    values: Sequence[float],
    n: float,
    trials: int,
    first: tuple[list[float], float] | None,
) -> Iterator[dict[str, Any]]:
    low, high = wilson_interval(values, n)
    for i, product in enumerate(products):
        yield {
            "product_id": product,
            "arm": arm,
            "n": trials,
            "share": values[i] / n,
            "low": float(low[i]),
            "high": float(high[i]),
            "first": BASELINE,
            "change": None if first is None else newcombe(values[i], n, first[0][i], first[1]),
        }


def _words(arm: str) -> str:
    """An arm's columns as a list of words."""
    return listed([part.replace("_", " ") for part in arm.split("+")])


def newcombe(
    a: float, n: float, b: float, m: float, level: float = 0.95
) -> tuple[float, float, float]:
    """Returns a/n - b/m with the limits of Newcombe's score interval (1998, method 10).

    Reference: Newcombe, R. G. (1998), Statistics in Medicine 17, 873-890.
    """
    (low_a,), (high_a,) = wilson_interval([a], n, level)
    (low_b,), (high_b,) = wilson_interval([b], m, level)
    p, q = a / n, b / m
    down = float(np.hypot(p - low_a, high_b - q))
    up = float(np.hypot(high_a - p, q - low_b))
    return p - q, p - q - down, p - q + up
