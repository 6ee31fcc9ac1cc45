"""Price ladders, as an estimator of an experiment file."""

import pandas as pd
from pydantic import Field

from aces.types import Record
from analysis.ladders import LadderPrices, LadderShares, price_ladder


class PriceLadderEstimator:
    """Share of the cheapest by gap and order, log-price coefficient, and which form fits best."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "price_ladder"
        """Of the analysis; that of its entry where not given."""
        position_lock: float | None = Field(default=None, ge=0.5, lt=1)
        """Share of purchases of one slot above which coefficients are withheld; that of `gates:`
        where not given."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> list[LadderShares | LadderPrices]:
        """Returns what all buyers and interfaces did."""
        return price_ladder(table, self.config.name, self.config.position_lock)
