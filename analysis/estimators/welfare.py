"""Consumer surplus of a change, as an estimator of an experiment file."""

from typing import ClassVar

import pandas as pd

from analysis.decisions.found import Found
from analysis.decisions.welfare import WelfareConfig, welfare


class WelfareEstimator:
    """What a move, another price or a badge is worth to shoppers."""

    coefficients: ClassVar[bool] = True

    class Config(WelfareConfig):
        """Parameters of the estimator."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> Found:
        """Returns the surplus of all buyers and interfaces."""
        return welfare(table, self.config)
