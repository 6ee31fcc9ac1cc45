"""Losses against the best choice, as an estimator of an experiment file."""

import pandas as pd

from analysis.decisions.found import Found
from analysis.decisions.losses import LossConfig, losses


class LossEstimator:
    """What shoppers lose because their buyer does not take the best of the shelf."""

    class Config(LossConfig):
        """Parameters of the estimator."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> Found:
        """Returns the losses of all buyers and interfaces."""
        return losses(table, self.config)
