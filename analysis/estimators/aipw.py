"""Means of arms from stored probabilities, as an estimator of an experiment file."""

from typing import Literal

import pandas as pd
from pydantic import Field

from aces.types import Record
from analysis.adaptive_arms import ArmValues


class AipwEstimator:
    """What each arm brings, after adaptive allocation or in a fixed design (weighted AIPW)."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "aipw"
        """Of the analysis; that of its entry where not given."""
        by: tuple[str, ...] = Field(min_length=1)
        """0/1 columns of all arms of one treatment but the first."""
        outcome: Literal["purchase", "revenue"] = "purchase"
        """Share of trials that buy one of `products`, or what they pay for it."""
        products: tuple[str, ...] = ()
        """Whose purchases count; all where not given."""
        tasks: Literal["apart", "together"] = "apart"
        """Whether each task is estimated by itself."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> ArmValues:
        """Returns the means of all buyers and interfaces."""
        asked = self.config
        return ArmValues(
            asked.name,
            table,
            asked.by,
            asked.outcome,
            asked.products,
            together=asked.tasks == "together",
        )
