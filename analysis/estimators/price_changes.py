"""What terms are worth in price, as an estimator of an experiment file."""

from typing import ClassVar

import pandas as pd

from analysis.decisions.found import Found
from analysis.decisions.price_changes import PriceChangesConfig, all_price_changes


class PriceChangesEstimator:
    """Which price change offsets a term, or is worth it, where tastes may differ."""

    coefficients: ClassVar[bool] = True

    class Config(PriceChangesConfig):
        """Parameters of the estimator."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> Found:
        """Returns the price changes of all buyers and interfaces."""
        return all_price_changes(table, self.config)
