"""How often the right answer was bought, as an estimator of an experiment file."""

import pandas as pd

from aces.types import Record
from analysis.rationality import PassRates, pass_rates


class PassRateEstimator:
    """Share of trials that bought the right answer, where a task or a treatment has one."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "pass_rate"
        """Of the analysis; that of its entry where not given."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> PassRates:
        """Returns the rates of all buyers and interfaces."""
        return pass_rates(table, self.config.name)
