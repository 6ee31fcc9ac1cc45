"""Shares of purchases by arm, as an estimator of an experiment file."""

import pandas as pd

from aces.types import Record
from analysis.arm_shares import ArmShares


class SharesEstimator:
    """Each product's share of purchases, and what an arm changes in it."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "shares"
        """Of the analysis; that of its entry where not given."""
        by: tuple[str, ...] = ()
        """0/1 columns of the arms; worlds in which none is 1 are the baseline."""
        among: tuple[str, ...] = ()
        """Product ids: only purchases of these count, so that what a third listing takes from all
        alike changes nothing."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> ArmShares:
        """Returns the shares of all buyers and interfaces."""
        return ArmShares(self.config.name, table, self.config.by, self.config.among)
