"""Wordings as a random factor, as an estimator of an experiment file."""

from typing import ClassVar

import pandas as pd

from analysis.decisions.found import Found
from analysis.decisions.wording import WordingConfig, wordings


class WordingEstimator:
    """How far prompt wordings differ, and what a new one would do."""

    coefficients: ClassVar[bool] = True

    class Config(WordingConfig):
        """Parameters of the estimator."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> Found:
        """Returns the wordings of all buyers and interfaces."""
        return wordings(table, self.config)
