"""Price elasticities, as an estimator of an experiment file."""

from typing import ClassVar

import pandas as pd

from analysis.decisions.elasticities import ElasticitiesConfig, price_elasticities
from analysis.decisions.found import Found


class ElasticitiesEstimator:
    """By how much sales follow the own price and those of rivals."""

    coefficients: ClassVar[bool] = True

    class Config(ElasticitiesConfig):
        """Parameters of the estimator."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> Found:
        """Returns the elasticities of all buyers and interfaces."""
        return price_elasticities(table, self.config)
