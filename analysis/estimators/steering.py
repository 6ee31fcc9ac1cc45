"""The price of steering, as an estimator of an experiment file."""

import pandas as pd
from pydantic import Field

from aces.types import Record
from analysis.checks.position import lock_of
from analysis.steering import SteeredShares, SteeringLosses, shoppers
from analysis.steering_prices import SteeringPrices, Tastes


class SteeringEstimator:
    """Who buys a dominated listing for its tag, what the tag is worth, and what it costs them."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "steering"
        """Of the analysis; that of its entry where not given."""
        told: tuple[str, ...] = ()
        """Tasks, prompts or personas in which the shopper is told to ignore tags."""
        smallest: float = Field(default=0.3, gt=0)
        """Smallest effect of interest, in log odds: what is surely smaller counts as absent."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> list[SteeringPrices | SteeringLosses | SteeredShares]:
        """Returns compensating prices, losses and shares of all buyers and interfaces."""
        met, name = shoppers(table, self.config.told), self.config.name
        whose = [one for one in met if len(one.rows)]
        lost = [one.name for one in met if not len(one.rows)]
        tastes = [Tastes(one, self.config.smallest, lock_of(one.rows)) for one in whose]
        return [
            SteeringPrices(name, tastes),
            SteeringLosses(name, whose),
            SteeredShares(name, whose, lost),
        ]
