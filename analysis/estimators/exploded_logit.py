"""The exploded logit as an estimator of an experiment file."""

import pandas as pd
from pydantic import PositiveInt

from aces.types import Record
from analysis.choice_result import ConditionalLogitResult
from analysis.exploded_logit import ExplodedLogit


class ExplodedLogitEstimator:
    """What makes a listing rank above others, from whole or partial rankings (Beggs 1981)."""

    class Config(Record):
        """Parameters of the estimator."""

        terms: tuple[str, ...] = ()
        """Terms of the utility; where not given, every level that the design varies."""
        outcome: str = "rank"
        """Column of ranks, 1 for the best; missing for what was ranked below the others."""
        depth: PositiveInt | None = None
        """How many ranks to use; null for all."""
        effects: str | None = "product_id"
        """Column with a coefficient for each level; null for none."""
        cluster: str | None = "world_id"
        """Unit of randomisation; null for errors by ranking."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def fit(self, data: pd.DataFrame) -> ConditionalLogitResult:
        """Estimates the model on the long table of one buyer and interface."""
        asked = self.config
        model = ExplodedLogit.from_formula(
            f"{asked.outcome} ~ {' + '.join(asked.terms)}",
            data,
            "trial_id",
            effects=asked.effects,
            cluster=asked.cluster,
            depth=asked.depth,
        )
        return model.fit()
