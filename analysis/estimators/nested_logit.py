"""The nested logit as an estimator of an experiment file."""

import warnings
from typing import ClassVar

import pandas as pd

from aces.errors import EstimationError
from aces.stats.nested import DissimilarityWarning
from analysis.display import number, p_equals
from analysis.model_finding import ModelFinding, left_out
from analysis.model_settings import NestedSettings, UtilitySettings
from analysis.nested_logit import NestedLogit, NestedLogitResult

MEANING = (
    "Dissimilarities are tested against 1, where the odds of two alternatives depend on no third "
    "one; below 1 alternatives of the nest are closer substitutes than others; above 1 the model "
    "need not agree with any maximising of utility."
)


class NestedLogitEstimator:
    """Which listings are closer substitutes: a dissimilarity for each nest (McFadden 1978)."""

    coefficients: ClassVar[bool] = True

    class Config(NestedSettings, UtilitySettings):
        """Parameters of the estimator."""

        name: str = "nested_logit"
        """Of the analysis; that of its entry where not given."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> ModelFinding:
        """Returns the nested logit of each buyer and interface."""
        asked = self.config
        if not asked.terms:
            raise EstimationError("nothing varies between worlds: there is no effect to estimate")
        return ModelFinding(
            name=asked.name,
            title="closer substitutes",
            estimator="nested_logit",
            data=table,
            fit=self._fit,
            said=_said,
            note=MEANING,
            hidden=None if asked.effects is None else f"{asked.effects}[",
        )

    def _fit(self, rows: pd.DataFrame) -> NestedLogitResult:
        asked = self.config
        model = NestedLogit.from_formula(
            f"chosen ~ {' + '.join(asked.terms)}",
            rows,
            "trial_id",
            nests=asked.nests,
            effects=asked.effects,
            cluster=asked.cluster,
            outside=asked.outside,
            common=asked.common,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DissimilarityWarning)  # it is among the notes
            return model.fit()


def _said(found: NestedLogitResult) -> list[str]:
    test = found.iia_test
    told = [
        *left_out(found.provenance.left_out),
        f"all dissimilarities are 1: {p_equals(test.p_value)}; log-likelihood "
        f"{number(found.llf, 1)}, conditional logit {number(found.llfixed, 1)}",
    ]
    above = [name for name, value in found.dissimilarities.items() if value > 1]
    if above:
        told.append(f"dissimilarity above 1: {', '.join(above)}")
    return told
