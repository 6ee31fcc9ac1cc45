"""The mixed logit as an estimator of an experiment file."""

from typing import ClassVar

import pandas as pd

from aces.errors import EstimationError
from analysis.display import number
from analysis.mixed_logit import MixedLogit
from analysis.mixed_result import MixedLogitResult
from analysis.model_finding import ModelFinding, left_out
from analysis.model_settings import MixedSettings, UtilitySettings

MEANING = (
    "Means and spreads of coefficients between deciders (of logarithms, where lognormal; the "
    "spread of a triangle is half its base). Spreads are positive by construction: an interval "
    "that begins at 0 says that nothing may vary, and they have no p-value."
)


class MixedLogitEstimator:
    """How far tastes differ between deciders: mean and spread of coefficients that vary."""

    coefficients: ClassVar[bool] = True

    class Config(MixedSettings, UtilitySettings):
        """Parameters of the estimator."""

        name: str = "mixed_logit"
        """Of the analysis; that of its entry where not given."""
        effects: str | None = None
        """Column with a fixed coefficient for each level, such as `product_id`."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> ModelFinding:
        """Returns the mixed logit of each buyer and interface."""
        asked = self.config
        if not asked.terms:
            raise EstimationError("nothing varies between worlds: there is no effect to estimate")
        return ModelFinding(
            name=asked.name,
            title="tastes that differ",
            estimator="mixed_logit",
            data=table,
            fit=self._fit,
            said=_said,
            note=MEANING,
            hidden=None if asked.effects is None else f"{asked.effects}[",
        )

    def _fit(self, rows: pd.DataFrame) -> MixedLogitResult:
        asked = self.config
        model = MixedLogit.from_formula(
            f"chosen ~ {' + '.join(asked.terms)}",
            rows,
            "trial_id",
            panel=asked.panel,
            random=asked.random or dict.fromkeys(asked.terms, "normal"),
            correlated=asked.correlated,
            cluster=asked.cluster,
            effects=asked.effects,
            outside=asked.outside,
        )
        return model.fit(asked.draws, sequence=asked.sequence)


def _said(found: MixedLogitResult) -> list[str]:
    return [
        *left_out(found.provenance.left_out),
        f"{found.n_deciders:,} deciders, {found.mixed_fit.draws}: {found.simulation_note}; "
        f"log-likelihood {number(found.llf, 1)}, {number(found.llfixed, 1)} where nothing varies",
    ]
