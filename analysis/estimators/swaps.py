"""Feasible swaps, as an estimator of an experiment file."""

from typing import ClassVar

import pandas as pd

from analysis.decisions.found import Found
from analysis.decisions.swaps import SwapsConfig, feasible_swaps


class SwapsEstimator:
    """What a slot or a badge is worth when another listing gives it up."""

    coefficients: ClassVar[bool] = True

    class Config(SwapsConfig):
        """Parameters of the estimator."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> Found:
        """Returns the effects of all buyers and interfaces."""
        return feasible_swaps(table, self.config)
