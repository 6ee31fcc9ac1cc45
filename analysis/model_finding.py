"""One model for each buyer and interface, as an analysis shows it."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import pandas as pd

from aces.errors import EstimationError
from aces.types import Estimate
from analysis.display import Plot, Point, Table, interval, number, p_value
from analysis.fits import GROUP, arm_names, groups


class Estimated(Protocol):
    """A result that can be shown."""

    @property
    def estimand(self) -> str:
        """What the estimates are of."""
        ...

    @property
    def nobs(self) -> int:
        """Choice sets, or trials."""
        ...

    @property
    def n_clusters(self) -> int | None:
        """Clusters; None without."""
        ...

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """Returns term, estimate, std_error, ci_low, ci_high and p_value."""
        ...


@dataclass(frozen=True)
class ModelFinding:
    """A model's estimates for each buyer.

    Attributes:
        name: Of the analysis.
        title: What is estimated.
        estimator: Its name in `estimates.csv`.
        data: The long table.
        fit: Estimates one buyer's rows.
        said: What must be said beside one buyer's estimates.
        note: What the estimates mean.
        hidden: Terms that begin so are not shown.
        unit: Of the estimates.
    """

    name: str
    title: str
    estimator: str
    data: pd.DataFrame
    fit: Callable[[pd.DataFrame], Any]
    said: Callable[[Any], Sequence[str]]
    note: str
    hidden: str | None = None
    unit: str = "log-odds"

    @property
    def fits(self) -> list[tuple[Mapping[str, str], str, Any]]:
        """Whose (as columns and in words), and the fit or, as text, why there is none."""
        return [(group, whose, result) for group, whose, result, _ in self._tried]

    @cached_property
    def _tried(self) -> list[tuple[Mapping[str, str], str, Any, list[str]]]:
        """The same, and what was warned of."""
        names = arm_names(self.data)
        return [
            (group, names[tuple(group.values())], *self._try(rows))
            for group, rows in groups(self.data)
        ]

    def _try(self, rows: pd.DataFrame) -> tuple[Any, list[str]]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                result = self.fit(rows)
            except EstimationError as error:
                result = str(error)
        return result, [str(one.message) for one in caught]

    @property
    def found(self) -> list[tuple[Mapping[str, str], str, Any]]:
        """The fits that there are."""
        return [one for one in self.fits if not isinstance(one[2], str)]

    @property
    def notes(self) -> list[str]:
        """What must be said beside the estimates."""
        lines = []
        for _, whose, result, warned in self._tried:
            lost = isinstance(result, str)
            told = [f"no estimates: {result}"] if lost else [*self.said(result), *warned]
            lines += [f"{self.name}, {whose}: {text}" for text in told]
        return lines

    @property
    def table(self) -> Table:
        """The estimates of each buyer."""
        rows = [
            (
                whose,
                str(row["term"]),
                number(row["estimate"]),
                interval(row["ci_low"], row["ci_high"]),
                p_value(row["p_value"]),
            )
            for _, whose, result in self.found
            for row in self._shown(result)
        ]
        heads = ("buyer · interface", "term", "estimate", "95 % interval", "p")
        return Table(f"{self.name} · {self.title}", heads, tuple(rows), self.note)

    @property
    def plots(self) -> list[Plot]:
        """The estimates, buyers side by side."""
        series = {
            whose: [
                Point(str(row["term"]), row["estimate"], row["ci_low"], row["ci_high"])
                for row in self._shown(result)
            ]
            for _, whose, result in self.found
        }
        return [Plot(f"{self.name}: {self.title}", self.unit, series, reference=0.0)] * bool(series)

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`."""
        return [
            Estimate(
                **{name: group[name] for name in GROUP},
                analysis=self.name,
                estimand=result.estimand,
                estimator=self.estimator,
                term=str(row["term"]),
                estimate=row["estimate"],
                std_error=row["std_error"],
                ci_low=row["ci_low"],
                ci_high=row["ci_high"],
                p_value=None if pd.isna(row["p_value"]) else row["p_value"],
                n_trials=result.nobs,
                n_clusters=result.n_clusters,
            )
            for group, _, result in self.found
            for row in self._shown(result)
        ]

    def _shown(self, result: Estimated) -> list[dict[str, Any]]:
        """The rows of terms; those of effects by level are left out."""
        rows = result.table().to_dict("records")
        kept = [r for r in rows if not (self.hidden and str(r["term"]).startswith(self.hidden))]
        return [{str(name): value for name, value in row.items()} for row in kept]


def left_out(counts: Mapping[str, int]) -> list[str]:
    """Returns what was left out, in words; nothing where nothing was."""
    told = ", ".join(f"{n:,} {status}" for status, n in counts.items())
    return [f"left out: {told}"] if told else []
