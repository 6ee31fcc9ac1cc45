"""Binary and ordered outcomes of trials as an estimator of an experiment file."""

from typing import ClassVar

import pandas as pd

from aces.types import Record
from analysis.model_finding import ModelFinding, left_out
from analysis.outcomes import Kind, Link, OutcomeResult, outcome_model

MEANING = (
    "Effects of what a whole shelf has on an outcome of the trial; estimates by statsmodels, "
    "errors clustered here. Log-odds are no changes of probability, which depend on where one is."
)


class OutcomeEstimator:
    """Whether anything was bought, or how high an ordered outcome is, by statsmodels."""

    coefficients: ClassVar[bool] = True

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "outcome"
        """Of the analysis; that of its entry where not given."""
        outcome: str = "bought"
        """Column with one value per trial; `bought` is whether anything was, failed trials left
        out."""
        shelf_terms: tuple[str, ...]
        """Formula terms of columns that are the same for a whole shelf."""
        kind: Kind = "binary"
        """`binary`, or `ordered`: levels in their order."""
        link: Link = "logit"
        """`logit` or `probit`."""
        cluster: str | None = "world_id"
        """Unit of randomisation; null for errors robust by trial."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> ModelFinding:
        """Returns the model of each buyer and interface."""
        asked = self.config
        return ModelFinding(
            name=asked.name,
            title=f"{asked.outcome}, by trial",
            estimator=f"{asked.kind}_{asked.link}",
            data=table,
            fit=self._fit,
            said=_said,
            note=MEANING,
            hidden="Intercept",
            unit="log-odds" if asked.link == "logit" else "standard deviations",
        )

    def _fit(self, rows: pd.DataFrame) -> OutcomeResult:
        asked = self.config
        return outcome_model(
            rows,
            asked.shelf_terms,
            outcome=asked.outcome,
            kind=asked.kind,
            link=asked.link,
            cluster=asked.cluster,
        )


def _said(found: OutcomeResult) -> list[str]:
    return [*left_out(found.left_out), f"{found.estimand}; {found.nobs:,} trials"]
