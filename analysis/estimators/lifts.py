"""Lifts from 10 % and from the own share, as an estimator of an experiment file."""

from typing import ClassVar

import pandas as pd

from analysis.decisions.found import Found
from analysis.decisions.lifts import LiftsConfig, all_lifts


class LiftsEstimator:
    """From which probability to which a term takes an item."""

    coefficients: ClassVar[bool] = True

    class Config(LiftsConfig):
        """Parameters of the estimator."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> Found:
        """Returns the lifts of all buyers and interfaces."""
        return all_lifts(table, self.config)
