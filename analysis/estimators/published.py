"""How often the choice was the published one, as an estimator of an experiment file."""

import pandas as pd

from aces.types import Record
from analysis.published import Agreement, agreement


class PublishedEstimator:
    """Share of trials that bought what was chosen on the same given shelf as published."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "published"
        """Of the analysis; that of its entry where not given."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> Agreement:
        """Returns the shares of all buyers and interfaces."""
        return agreement(table, self.config.name)
