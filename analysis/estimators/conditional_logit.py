"""The conditional logit as an estimator of an experiment file."""

import warnings

import pandas as pd

from aces.stats.covariance import FewClustersWarning
from analysis.choice_model import ConditionalLogit
from analysis.choice_result import ConditionalLogitResult
from analysis.model_settings import UtilitySettings


class ConditionalLogitEstimator:
    """What makes a listing win among those beside it (McFadden's conditional logit)."""

    class Config(UtilitySettings):
        """Parameters of the estimator."""

        terms: tuple[str, ...] = ()
        """Columns, or formula terms such as `C(theme)` and `row_1:sponsored`; where not given,
        every level that the design varies."""
        outcome: str = "chosen"
        """`chosen`, or `probability` where the model's own choice probabilities were read;
        without `outside` these are taken given a purchase."""
        offset: str | None = None
        """Column with a part of utility that is known."""
        weights: str | None = None
        """Column with the weight of the choice set."""
        constraints: tuple[str, ...] = ()
        """What coefficients must satisfy: `log_price = -1`, `row_1 = row_2`."""
        bootstrap: bool = False
        """Whether intervals and p-values of the terms are by score bootstrap: for few clusters."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def fit(self, data: pd.DataFrame) -> ConditionalLogitResult:
        """Estimates the model on the long table of one buyer and interface."""
        if self.config.outcome == "probability" and not self.config.outside:
            total = data.groupby("trial_id", sort=False)["probability"].transform("sum")
            data = data.assign(probability=data["probability"] / total.where(total > 0))
        model = ConditionalLogit.from_formula(
            f"{self.config.outcome} ~ {' + '.join(self.config.terms)}",
            data,
            choice_set="trial_id",
            effects=self.config.effects,
            cluster=self.config.cluster,
            outside=self.config.outside,
            offset=self.config.offset,
            weights=self.config.weights,
        )
        with warnings.catch_warnings():
            if self.config.bootstrap:  # which is made for few
                warnings.simplefilter("ignore", FewClustersWarning)
            found = model.fit(constraints=self.config.constraints or None)
        return found.bootstrapped() if self.config.bootstrap else found
