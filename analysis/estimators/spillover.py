"""Direct effects and spillovers of a randomised saturation, as an estimator."""

import pandas as pd

from aces.types import Record
from analysis.spillover import Spillovers, spillovers


class SpilloverEstimator:
    """What a seller gains by rewriting and what others lose, by how many of the shelf rewrote."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "spillover"
        """Of the analysis; that of its entry where not given."""
        by: str = "rewritten"
        """0/1 column of the `rewrite` treatment: its `name:`."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> Spillovers:
        """Returns the effects of all buyers and interfaces."""
        return spillovers(table, self.config.by, self.config.name)
