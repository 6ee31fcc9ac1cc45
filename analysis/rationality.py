"""Pass rates: how often a buyer took the one listing that was right.

A trial that failed or was cut short says nothing of the buyer: it is missing, counted, and bounded
by what the rate would be had all of the missing passed, or none. Leaving without buying, where
one listing is right, is an outcome and no pass.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from aces.errors import EstimationError
from aces.stats.shares import wilson_interval
from aces.types import Estimate
from analysis.display import Plot, Point, Table, interval, number, percent, percent_with_limits
from analysis.fits import GROUP, arm_names, groups

MISSING = ("failed", "truncated")


@dataclass(frozen=True)
class PassRates:
    """Pass rates of every buyer and interface, by test where there are several, else by task.

    Attributes:
        name: Of the analysis.
        data: The long table, with `right_answer`.
    """

    name: str
    data: pd.DataFrame

    @cached_property
    def rows(self) -> pd.DataFrame:
        """A row per buyer, interface, test and task; those with an empty `task_id` are of all."""
        by = "test" if "test" in self.data else "task_id"
        arms = arm_names(self.data)
        found = []
        for group, part in groups(self.data):
            trials = _trials(part)
            for keys, some in _cells(trials, by):
                whose = {**group, "arm": arms[tuple(group.values())], "test": "", "task_id": ""}
                found.append({**whose, **keys, **_rate(some)})
        return pd.DataFrame(found)

    @property
    def notes(self) -> list[str]:
        """What must be said beside the rates."""
        redrawn = self.rows[(self.rows["draws"] > 1) & (self.rows["task_id"] == "")]
        often = redrawn.groupby("test")["draws"].max()
        return [
            f"{self.name}: {test}: a shelf whose best value was shared was drawn again, so that it "
            f"took {draws:.2f} draws on average to have one right answer"
            for test, draws in often.items()
        ]

    @property
    def table(self) -> Table:
        """The rates for people: one line per test, or per task where there is one test."""
        by = "test" if "test" in self.data else "task_id"
        shown = self.rows[(self.rows["task_id"] == "") | (by == "task_id")]
        lost = bool(shown["missing"].any())
        heads = ("buyer · interface", by.removesuffix("_id"), "passed", "pass rate, %")
        heads = (*heads, "95 % interval", "chance, %", *(("missing", "bounds") if lost else ()))
        lines = tuple(_line(row, by, lost=lost) for row in shown.to_dict("records"))
        note = "Passed: bought the right answer. Wilson's intervals."
        if lost:
            note += (
                " Missing: failed or truncated; such trials are in no rate, and the bounds are "
                "what it would be had none or all of them passed."
            )
        return Table(f"{self.name} · right answers", heads, lines, note)

    @property
    def answer(self) -> list[str]:
        """How often each buyer is right over all tests, and in which it is least often."""
        by = "test" if "test" in self.data else "task_id"
        arms = arm_names(self.data)
        said = []
        for group, part in groups(self.data):
            trials = _trials(part)
            whole = _rate(trials)
            parts = {k[by]: _rate(some) for k, some in _cells(trials, by) if len(k) == 1}
            known = [name for name, rate in parts.items() if rate["judged"]]
            if not known:
                continue
            worst = min(known, key=lambda name: parts[name]["estimate"])
            uneven = parts[worst]["estimate"] < whole["estimate"]
            least = f", least in {worst.replace('_', ' ')}: {_rate_text(parts[worst])}"
            least = least if uneven else ""
            said.append(
                f"{arms[tuple(group.values())]} takes the right answer in {_rate_text(whole)} of "
                f"trials{least}. Chance would give {percent(whole['chance'])}."
            )
        return said

    @property
    def plots(self) -> list[Plot]:
        """Pass rates by test, or by task where there is one test, a colour for each buyer."""
        by = "test" if "test" in self.data else "task_id"
        of_all = (self.rows["task_id"] == "") | (by == "task_id")
        shown = self.rows[of_all & (self.rows["judged"] > 0)]
        series: dict[str, list[Point]] = {}
        for row in shown.to_dict("records"):
            values = (100 * row[name] for name in ("estimate", "ci_low", "ci_high"))
            series.setdefault(row["arm"], []).append(Point(str(row[by]), *values))
        chance = 100 * float(shown["chance"].mean()) if len(shown) else None
        return [Plot("Right answers", "pass rate, %", series, reference=chance)]

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: rate, its bounds under missing trials, and chance."""
        return [e for row in self.rows.to_dict("records") for e in self._of_row(row)]

    def _of_row(self, row: Mapping[Any, Any]) -> Iterator[Estimate]:
        common: dict[str, Any] = {
            **{name: row[name] for name in GROUP},
            "analysis": self.name,
            "task_id": row["task_id"],
            "n_trials": row["judged"],
            "n_clusters": row["worlds"],
        }
        of = f"[{row['test']}]" if row["test"] else ""
        if row["judged"]:
            yield Estimate(
                **common,
                estimand="share of trials with an outcome that bought the right answer",
                estimator="pass_rate",
                term=f"pass_rate{of}",
                **{name: row[name] for name in ("estimate", "std_error", "ci_low", "ci_high")},
            )
        for name in ("lowest", "highest", "chance"):
            yield Estimate(
                **common,
                estimand=_MEANING[name],
                estimator=f"pass_rate_{name}",
                term=f"pass_rate{of}",
                estimate=row[name],
            )


_MEANING = {
    "lowest": "pass rate if none of the missing trials had passed",
    "highest": "pass rate if all of the missing trials had passed",
    "chance": "pass rate of a buyer that takes any listing alike",
}


def pass_rates(table: pd.DataFrame, name: str = "pass_rate") -> PassRates:
    """Returns how often each buyer took the right answer.

    Args:
        table: Long table with `right_answer` (0/1); trials without one are left out.
        name: Of the analysis.

    Raises:
        EstimationError: If no trial has a right answer.
    """
    if "right_answer" not in table or not (table["right_answer"] == 1).any():
        raise EstimationError("no task has a `right_answer`, and no treatment draws one")
    has = table.groupby("trial_id", sort=False)["right_answer"].transform("max") == 1
    return PassRates(name, table[has])


def _trials(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per trial: whether it passed, is missing, and what chance would give."""
    rows = rows.assign(passed=rows["chosen"] * rows["right_answer"])
    by = rows.groupby("trial_id", sort=False)
    first = [name for name in ("world_id", "task_id", "test", "status", "draws") if name in rows]
    found = by[first].first()
    found["passed"] = by["passed"].max()
    found["chance"] = 1 / by.size()
    return found


def _cells(trials: pd.DataFrame, by: str) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    for value, some in trials.groupby(by, sort=False):
        yield {by: str(value)}, some
        if by == "test":
            for task, few in some.groupby("task_id", sort=False):
                yield {by: str(value), "task_id": str(task)}, few


def _rate(trials: pd.DataFrame) -> dict[str, Any]:
    """Counts and rates of some trials.

    Trials that met one world are not independent: the interval is that of one choice per world.
    """
    judged = trials[~trials["status"].isin(MISSING)]
    n, passed, missing = len(judged), int(judged["passed"].sum()), len(trials) - len(judged)
    worlds = int(judged["world_id"].nunique()) if "world_id" in judged else n
    weight = worlds / n if n else 0.0
    rate = passed / n if n else float("nan")
    low, high = wilson_interval([passed * weight], n * weight) if n else ([None], [None])
    return {
        "trials": len(trials),
        "judged": n,
        "missing": missing,
        "passed": passed,
        "worlds": worlds,
        "estimate": rate,
        "std_error": (rate * (1 - rate) / worlds) ** 0.5 if n else float("nan"),
        "ci_low": low[0],
        "ci_high": high[0],
        "lowest": passed / len(trials),
        "highest": (passed + missing) / len(trials),
        "chance": float(trials["chance"].mean()),
        "draws": float(trials["draws"].mean()) if "draws" in trials else 1.0,
    }


def _rate_text(row: Mapping[str, Any]) -> str:
    return percent_with_limits(row["estimate"], row["ci_low"], row["ci_high"])


def _line(row: Mapping[Any, Any], by: str, *, lost: bool) -> tuple[str, ...]:
    low, high = (None if row[end] is None else 100 * row[end] for end in ("ci_low", "ci_high"))
    cells = (
        str(row["arm"]),
        str(row[by]),
        f"{row['passed']:,} of {row['judged']:,}",
        number(100 * row["estimate"], 1),
        interval(low, high, 1),
        number(100 * row["chance"], 1),
    )
    if not lost:
        return cells
    bounds = interval(100 * row["lowest"], 100 * row["highest"], 1) if row["missing"] else ""
    return (*cells, f"{row['missing']:,}", bounds)
