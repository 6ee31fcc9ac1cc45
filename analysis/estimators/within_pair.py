"""Differences within pairs of worlds, as an estimator of an experiment file."""

import pandas as pd

from aces.types import Record
from analysis.within_pair import WithinPair, within_pair


class WithinPairEstimator:
    """What a treatment changes within pairs of worlds that are equal in everything else."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "within_pair"
        """Of the analysis; that of its entry where not given."""
        by: tuple[str, ...]
        """Columns of the treatment that differs within pairs: 0/1, or one level a world.
        Worlds in which none is 1 are the baseline."""
        products: tuple[str, ...] = ()
        """Product ids: the outcome is that one of them is bought.
        Where not given: a listing that the treatment marks, or anything where it marks shelves."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> WithinPair:
        """Returns the differences of all buyers and interfaces."""
        return within_pair(table, self.config.name, self.config.by, self.config.products)
