"""The exploded logit: rankings, whole or of the first few, as choices one after another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from aces.errors import EstimationError
from aces.stats.choice import estimate
from aces.stats.choice_data import ChoiceData, Floats
from aces.stats.covariance import CovType, cluster_influence
from aces.stats.exploded import Exploded, explode
from aces.stats.iia import cross_test
from aces.stats.joint import WaldTest, joint_covariance
from analysis.choice_model import ConditionalLogit
from analysis.choice_result import ConditionalLogitResult
from analysis.choice_sample import require_column
from analysis.model_columns import codes, with_columns

if TYPE_CHECKING:
    import pandas as pd

STAGE, RANKING = "stage of the ranking", "choice of the ranking"
"""Columns that exploded rows get: which place was given, and in which ranking."""


@dataclass(frozen=True)
class Stages:
    """The coefficients of each place, fitted apart.

    Attributes:
        table: Columns stage, term, estimate, std_error, choices; one row per stage and term.
        test: That all stages have the same coefficients.
        lost: Stage -> why it has no estimates.
    """

    table: "pd.DataFrame"
    test: WaldTest
    lost: Mapping[int, str]


class ExplodedLogit:
    """A conditional logit of rankings (Beggs, Cardell and Hausman 1981).

    Build it by `from_formula`. `fit` returns the result of a conditional logit whose choice sets
    are the stages of rankings; errors are clustered by ranking, or by what holds whole rankings.

    Args:
        exploded: The rankings as choices.
        rows: Long table of these choices.
        formula: `rank ~ price + rating`.
        ranking: Column that says which ranking a row belongs to.
        cluster: Column of clusters.
        effects: Column with a coefficient for each level.
    """

    def __init__(
        self,
        exploded: Exploded,
        rows: "pd.DataFrame",
        formula: str,
        ranking: str,
        cluster: str,
        effects: str | None,
    ) -> None:
        self.exploded, self.rows = exploded, rows
        self._formula, self._ranking = formula, ranking
        self._cluster, self._effects = cluster, effects

    @classmethod
    def from_formula(
        cls,
        formula: str,
        data: "pd.DataFrame",
        choice_set: str,
        *,
        effects: str | None = None,
        cluster: str | None = None,
        depth: int | None = None,
    ) -> "ExplodedLogit":
        """Builds the model from a long table with one row per alternative per ranking.

        Args:
            formula: `rank ~ price + rating`: left the rank, 1 for the best, missing for what was
                ranked below all that have one.
            data: The table. Rankings without any rank are left out and counted.
            choice_set: Column that says which ranking a row belongs to.
            effects: Column with a coefficient for each level, such as `product_id`.
            cluster: Column with the unit of randomisation; by ranking where not given.
            depth: How many ranks to use: 1 for the best alone, which is the conditional logit.

        Raises:
            EstimationError: If ranks are tied, have gaps or are no whole numbers.
        """
        outcome = formula.partition("~")[0].strip()
        for column in filter(None, (outcome, choice_set, cluster)):
            require_column(data, column)
        if depth is not None and depth < 1:
            raise EstimationError("depth is at least 1: the best alone.")
        try:
            ranks = data[outcome].to_numpy(dtype=float, na_value=np.nan)
        except (TypeError, ValueError) as error:
            raise EstimationError(f"'{outcome}' must hold ranks, 1 for the best.") from error
        found = explode(ranks, data[choice_set].to_numpy(), depth=depth)
        rows = data.iloc[found.rows].reset_index(drop=True)
        rows = rows.assign(**{outcome: found.y, STAGE: found.stage, RANKING: found.sets})
        return cls(found, rows, formula, choice_set, cluster or choice_set, effects)

    def fit(self, cov_type: CovType | None = None) -> ConditionalLogitResult:
        """Estimates the model.

        Args:
            cov_type: `cluster` (the default, by ranking at least), `robust` by stage or
                `nonrobust`; the latter two take stages for independent.

        Raises:
            EstimationError: As for a conditional logit.
        """
        model = ConditionalLogit.from_formula(
            self._formula,
            self.rows,
            RANKING,
            effects=self._effects,
            cluster=self._cluster,
            status="no such column",
        )
        found = model.fit(cov_type)
        gone = {"without a rank": self.exploded.unranked} if self.exploded.unranked else {}
        provenance = replace(found.provenance, choice_set=self._ranking, left_out=gone)
        return ConditionalLogitResult(found.choice_fit, provenance)

    def stages(self) -> Stages:
        """Returns the coefficients of each stage fitted apart, and a test that they are the same.

        People who rank lower places with less care have smaller coefficients there; then `depth`
        should end before. The test is a score test at the coefficients that all stages share.
        At 50 rankings without any difference it rejects 7.7 % of samples at 5 %.

        Raises:
            EstimationError: If fewer than two stages can be estimated.
        """
        import pandas as pd

        fits: dict[int, tuple[Floats, Floats, int]] = {}
        lost: dict[int, str] = {}
        names: tuple[str, ...] = ()
        for stage in range(1, int(self.exploded.stage.max()) + 1):
            try:
                names, fits[stage] = self._stage(stage)
            except EstimationError as error:
                lost[stage] = str(error)
        if len(fits) < 2:
            raise EstimationError(f"fewer than two stages can be estimated: {lost}")
        every, k = np.concatenate([fit[0] for fit in fits.values()]), len(names)
        table = pd.DataFrame(
            {
                "stage": np.repeat(list(fits), k),
                "term": list(names) * len(fits),
                "estimate": every,
                "std_error": np.concatenate([fit[1] for fit in fits.values()]),
                "choices": np.repeat([fit[2] for fit in fits.values()], k),
            }
        )
        return Stages(table, self._test([*fits][1:]), lost)

    def _test(self, stages: Sequence[int]) -> WaldTest:
        """The test that coefficients of these stages are those of the others."""
        data, shown = self._data(self.rows)
        own, values = shown[STAGE].to_numpy(), np.asarray(data.X, dtype=float)
        columns = np.column_stack([values * (own == stage)[:, None] for stage in stages])
        names = [f"{name} at {stage}" for stage in stages for name in data.names[: data.n_terms]]
        clusters = data.at_rows(codes(shown[self._cluster]), 0, data.n_sets)[data.starts]
        n = len(np.unique(clusters))
        return cross_test(data, estimate(data), columns, names, clusters, n).test

    def _stage(self, stage: int) -> tuple[tuple[str, ...], tuple[Floats, Floats, int]]:
        """Names, and coefficients, their standard errors and choices, of one stage."""
        data, shown = self._data(self.rows[self.rows[STAGE] == stage])
        at = estimate(data)
        clusters, influence = cluster_influence(data, at, shown[self._cluster].to_numpy(str))
        covariance, _ = joint_covariance([clusters], [influence])
        k = data.n_terms
        errors = np.sqrt(covariance.diagonal()[:k])
        return data.names[:k], (at.params[:k], errors, data.n_sets)

    def _data(self, rows: "pd.DataFrame") -> tuple[ChoiceData, "pd.DataFrame"]:
        data, _, shown = with_columns(
            self._formula,
            rows,
            RANKING,
            [self._cluster, STAGE],
            effects=self._effects,
            status="no such column",
        )
        return data, shown
