"""Price and fee side by side, as an estimator of an experiment file."""

import pandas as pd

from aces.types import Record
from analysis.price_integrity import PriceIntegrity


class PriceIntegrityEstimator:
    """What a unit of money of fee weighs against one of price, told upfront and at the checkout."""

    coefficients = True
    """They are withheld where a buyer takes one slot whatever stands there."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "price_integrity"
        """Of the analysis; that of its entry where not given."""
        terms: tuple[str, ...] = ()
        """What else makes a listing win; where not given, every level that the design varies."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> PriceIntegrity:
        """Returns the weights of price and fee of all buyers and interfaces."""
        found = PriceIntegrity(self.config.name, table, self.config.terms)
        _ = found.rows  # faults belong here, not where it is shown
        return found
