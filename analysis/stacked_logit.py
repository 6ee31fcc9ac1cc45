"""One conditional logit of several buyers, each with coefficients of its own, and their tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from aces.errors import EstimationError
from aces.types import Estimate
from analysis.choice_model import ConditionalLogit
from analysis.choice_result import ConditionalLogitResult
from analysis.display import Plot, Point, Table, counted, interval, listed, number, p_value

OUTCOME = "chosen"
MEANING = (
    "One model of all choices; errors clustered, so that buyers who met the same worlds count as "
    "what they are. 'All equal' tests that all have one coefficient; coefficients also differ "
    "where one buyer is only noisier than another."
)


@dataclass(frozen=True)
class StackedLogit:
    """Coefficients of each buyer from one model.

    Attributes:
        name: Of the analysis.
        data: The long table.
        terms: Terms of the utility.
        by: Columns that say whose coefficients they are, such as `buyer` and `persona`.
        common: Terms of which all have the same coefficient.
        effects: Column with a coefficient for each level, for each buyer; None for none.
        cluster: Unit of randomisation.
        outside: Whether buying nothing is an alternative.
    """

    name: str
    data: pd.DataFrame
    terms: tuple[str, ...]
    by: tuple[str, ...] = ("buyer",)
    common: tuple[str, ...] = ()
    effects: str | None = "product_id"
    cluster: str | None = "world_id"
    outside: bool = False

    @cached_property
    def result(self) -> ConditionalLogitResult:
        """The model."""
        if not self.terms:
            raise EstimationError("nothing varies between worlds: there is no effect to estimate")
        model = ConditionalLogit.from_formula(
            f"{OUTCOME} ~ {' + '.join(self.terms)}",
            self.data,
            "trial_id",
            effects=self.effects,
            cluster=self.cluster,
            outside=self.outside,
            by=self.by,
        )
        return model.fit(constraints=self._constraints(model) or None)

    def _constraints(self, model: ConditionalLogit) -> list[str]:
        groups = model.groups
        assert groups is not None
        unknown = [term for term in self.common if term not in groups.terms]
        if unknown:
            raise EstimationError(
                f"there is no common term '{unknown[0]}'. Terms: {', '.join(groups.terms)}"
            )
        first, *others = groups.labels
        return [
            f"`{term}[{first}]` = `{term}[{other}]`" for term in self.common for other in others
        ]

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A row per term and buyer, with the test of the term."""
        groups = self.result.groups
        assert groups is not None
        found = {
            str(row["term"]): {str(name): value for name, value in row.items() if name != "term"}
            for row in self.result.table().to_dict("records")
        }
        tests = self.result.equality().set_index("term")["p_value"]
        return [
            {
                "term": term,
                "whose": label,
                "equal": float(tests.get(term, float("nan"))),
                **found[f"{term}[{label}]"],
            }
            for term in groups.terms
            for label in groups.labels
        ]

    @property
    def notes(self) -> list[str]:
        """What must be said beside the estimates."""
        said = []
        left_out = self.result.provenance.left_out
        if left_out:
            counts = listed([f"{n:,} {status}" for status, n in left_out.items()])
            said.append(f"{self.name}: left out: {counts}")
        tests = self.result.equality().set_index("term")
        if len(tests):
            every, worlds = tests.iloc[-1], self.result.n_clusters
            met = f", {counted(worlds, 'cluster')}" if worlds else ""
            told = (
                f"has p {p_value(float(every['p_value']))} (F = {number(float(every['f']), 2)}, "
                f"{counted(int(every['df']), 'restriction')}{met})"
            )
            same = "is sure: they made the same choices"
            said.append(
                f"{self.name}: that all coefficients are equal {told if every['df'] else same}"
            )
        if self.common:
            said.append(f"{self.name}: by assumption the same for all: {listed(self.common)}")
        return said

    @property
    def table(self) -> Table:
        """Coefficients side by side, with the test that they are equal."""
        lines = tuple(
            (
                row["term"],
                row["whose"],
                number(row["estimate"]),
                interval(row["ci_low"], row["ci_high"]),
                p_value(row["p_value"]),
                "" if row["term"] in self.common else p_value(row["equal"]),
            )
            for row in self.rows
        )
        heads = ("term", " · ".join(self.by), "estimate", "95 % interval", "p", "p, all equal")
        return Table(f"{self.name} · buyers in one model", heads, lines, MEANING)

    @property
    def plots(self) -> list[Plot]:
        """Coefficients, buyers side by side."""
        series: dict[str, list[Point]] = {}
        for row in self.rows:
            point = Point(row["term"], row["estimate"], row["ci_low"], row["ci_high"])
            series.setdefault(row["whose"], []).append(point)
        return [Plot(f"{self.name}: coefficients", "log-odds", series, reference=0.0)]

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: coefficients, and tests that they are equal."""
        return [self._coefficient(row) for row in self.rows] + self._tests()

    def _coefficient(self, row: Mapping[str, Any]) -> Estimate:
        names = ("estimate", "std_error", "ci_low", "ci_high", "p_value")
        values = {name: None if pd.isna(row[name]) else row[name] for name in names}
        whose = dict(zip(self.by, row["whose"].split(" · "), strict=False))
        return self._row(
            term=row["term"],
            estimator="stacked_logit",
            buyer=whose.get("buyer", ""),
            interface=whose.get("interface", ""),
            persona=whose.get("persona", ""),
            estimand=f"{self._given}; {' · '.join(self.by)} {row['whose']}; as assigned",
            **values,
        )

    def _tests(self) -> list[Estimate]:
        return [
            self._row(
                term=str(test["term"]),
                estimator="equal_coefficients",
                buyer="",
                interface="",
                estimand=f"F that {' · '.join(self.by)} have equal coefficients; {self._given}",
                estimate=float(test["f"]),
                p_value=float(test["p_value"]),
            )
            for test in self.result.equality().to_dict("records")
            if test["term"] not in self.common and not pd.isna(test["p_value"])
        ]

    @property
    def _given(self) -> str:
        return "choice, buying nothing included" if self.outside else "choice given a purchase"

    def _row(self, **values: Any) -> Estimate:  # noqa: ANN401
        return Estimate(
            analysis=self.name,
            n_trials=self.result.nobs,
            n_clusters=self.result.n_clusters,
            **values,
        )
