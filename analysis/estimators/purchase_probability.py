"""What a mark changes in the probability of being bought, as an estimator of an experiment file."""

from collections.abc import Mapping

import pandas as pd

from aces.types import Record
from analysis.purchase_probability import PurchaseProbability


class PurchaseProbabilityEstimator:
    """How many points a mark adds to a listing's own probability of being bought."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "purchase_probability"
        """Of the analysis; that of its entry where not given."""
        terms: tuple[str, ...] = ()
        """Of the choice model; where not given, every level that the design varies."""
        show: tuple[str, ...] = ()
        """Terms whose effects are told; all where not given."""
        against: Mapping[str, str] = {}
        """Term -> another one; the difference of their effects is told too:
        `{told_in_review: innocent_in_review}`."""
        outside: bool = False
        """Whether buying nothing is an alternative."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> PurchaseProbability:
        """Returns the changes of all buyers and interfaces."""
        asked = self.config
        found = PurchaseProbability(
            asked.name, table, asked.terms, asked.show, asked.against, asked.outside
        )
        _ = found.changes  # faults belong here, not where it is shown
        return found
