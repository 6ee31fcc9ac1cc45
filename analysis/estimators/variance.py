"""The variance of choices, split, as an estimator of an experiment file."""

import pandas as pd

from analysis.decisions.found import Found
from analysis.decisions.variance import VarianceConfig, variances


class VarianceEstimator:
    """What makes choices differ: worlds, servings of one world, or the draw."""

    class Config(VarianceConfig):
        """Parameters of the estimator."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> Found:
        """Returns the split of all buyers and interfaces."""
        return variances(table, self.config)
