"""Mixed logits of all buyers, as an analysis shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from aces.errors import EstimationError
from aces.stats.mixed.draws import Sequences
from aces.types import Estimate
from analysis.display import Plot, Point, Table, interval, number
from analysis.fits import arm_names, groups
from analysis.mixed_logit import MixedLogit
from analysis.mixed_result import MixedLogitResult

MEANING = (
    "Means and spreads of coefficients between deciders (of logarithms, where lognormal; the "
    "spread of a triangle is half its base). Spreads are positive by construction: an interval "
    "that begins at 0 says that nothing may vary."
)


@dataclass(frozen=True)
class MixedLogits:
    """What each buyer's choices say of the population of its coefficients.

    Attributes:
        name: Of the analysis.
        data: The long table.
        terms: Terms of the utility.
        random: Term -> shape; all normal where it is empty.
        panel: Column that says who chose; None where every trial has its own decider.
        cluster: Unit of randomisation; None for errors by decider.
        effects: Column with a fixed coefficient for each level; None for none.
        outside: Whether buying nothing is an alternative.
        correlated: Whether random coefficients are correlated.
        draws: Draws per decider.
        sequence: `halton` or `sobol`.
    """

    name: str
    data: pd.DataFrame
    terms: tuple[str, ...]
    random: Mapping[str, str] = field(default_factory=dict)
    panel: str | None = None
    cluster: str | None = "world_id"
    effects: str | None = None
    outside: bool = False
    correlated: bool = False
    draws: int = 500
    sequence: Sequences = "halton"

    @cached_property
    def fits(self) -> list[tuple[Mapping[str, str], str, MixedLogitResult | str]]:
        """Whose (as columns and in words), and the fit or why there is none."""
        if not self.terms:
            raise EstimationError("nothing varies between worlds: there is no effect to estimate")
        names = arm_names(self.data)
        return [
            (group, names[tuple(group.values())], self._try(rows))
            for group, rows in groups(self.data)
        ]

    def _try(self, rows: pd.DataFrame) -> MixedLogitResult | str:
        try:
            return self._fit(rows)
        except EstimationError as error:
            return str(error)

    def _fit(self, rows: pd.DataFrame) -> MixedLogitResult:
        model = MixedLogit.from_formula(
            f"chosen ~ {' + '.join(self.terms)}",
            rows,
            "trial_id",
            panel=self.panel,
            random=self.random or dict.fromkeys(self.terms, "normal"),
            correlated=self.correlated,
            cluster=self.cluster,
            effects=self.effects,
            outside=self.outside,
        )
        return model.fit(self.draws, sequence=self.sequence)

    @property
    def _found(self) -> list[tuple[Mapping[str, str], str, MixedLogitResult]]:
        return [
            (group, whose, found) for group, whose, found in self.fits if not isinstance(found, str)
        ]

    @property
    def notes(self) -> list[str]:
        """What must be said beside the estimates."""
        said = []
        for _, whose, found in self.fits:
            if isinstance(found, str):
                said.append(f"{self.name}, {whose}: no estimates: {found}")
                continue
            counts = [f"{n:,} {status}" for status, n in found.provenance.left_out.items()]
            if counts:
                said.append(f"{self.name}, {whose}: left out: {', '.join(counts)}")
            said.append(
                f"{self.name}, {whose}: {found.n_deciders:,} deciders, {found.mixed_fit.draws}: "
                f"{found.simulation_note}; log-likelihood {found.llf:,.1f}, {found.llfixed:,.1f} "
                "where nothing varies"
            )
        return said

    @property
    def table(self) -> Table:
        """Means and spreads of each buyer."""
        rows = []
        for _, whose, found in self._found:
            for row in self._shown(found).itertuples():
                limits = interval(float(str(row.ci_low)), float(str(row.ci_high)))
                rows.append((whose, str(row.term), number(float(str(row.estimate))), limits))
        heads = ("buyer · interface", "term", "estimate", "95 % interval")
        return Table(f"{self.name} · tastes that differ", heads, tuple(rows), MEANING)

    @property
    def plots(self) -> list[Plot]:
        """Means and spreads, buyers side by side."""
        series = {
            whose: [
                Point(
                    str(r.term), float(str(r.estimate)), float(str(r.ci_low)), float(str(r.ci_high))
                )
                for r in self._shown(found).itertuples()
            ]
            for _, whose, found in self._found
        }
        title = f"{self.name}: means and spreads of coefficients"
        return [Plot(title, "log-odds", series, reference=0.0)] if series else []

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: means and spreads of every buyer."""
        return [
            Estimate(
                **group,
                analysis=self.name,
                estimand=found.estimand,
                estimator="mixed_logit",
                term=str(row["term"]),
                estimate=row["estimate"],
                std_error=row["std_error"],
                ci_low=row["ci_low"],
                ci_high=row["ci_high"],
                p_value=None if pd.isna(row["p_value"]) else row["p_value"],
                n_trials=found.nobs,
                n_clusters=found.n_clusters,
            )
            for group, _, found in self._found
            for row in self._shown(found).to_dict("records")
        ]

    def _shown(self, found: MixedLogitResult) -> pd.DataFrame:
        """The rows of terms; those of effects by level are left out."""
        table = found.table()
        return (
            table
            if self.effects is None
            else table[~table["term"].str.startswith(f"{self.effects}[")]
        )
