"""Shares had we moved, repriced or badged something, as an estimator of an experiment file."""

from typing import ClassVar

import pandas as pd

from analysis.decisions.counterfactual import CounterfactualConfig, counterfactuals
from analysis.decisions.found import Found


class CounterfactualEstimator:
    """What a move, another price or a badge would do to shares, with intervals."""

    coefficients: ClassVar[bool] = True

    class Config(CounterfactualConfig):
        """Parameters of the estimator."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> list[Found]:
        """Returns the shares of all buyers and interfaces, scenario by scenario."""
        return counterfactuals(table, self.config)
