"""What an arm changes in what a shelf sells, as an estimator of an experiment file."""

from typing import Literal

import pandas as pd
from pydantic import Field

from aces.types import Record
from analysis.arm_differences import ArmDifferences, Question


class ArmDifferenceEstimator:
    """Means by arm of what a trial brought, plain and adjusted for what its shelf was drawn to."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "arm_difference"
        """Of the analysis."""
        by: tuple[str, ...] = Field(min_length=1)
        """0/1 columns of the arms; worlds in which none is 1 are the baseline."""
        outcome: str = "purchase"
        """`purchase`: whether anything was bought. Else a column: its value for the listing bought,
        0 where nothing was, such as `price_cents` for what a shopper spends."""
        given: Literal["all", "purchase"] = "all"
        """Whether trials that decided against buying count, or purchases alone."""
        adjust: tuple[str, ...] = ()
        """Columns whose means over the shelf are adjusted for. None may be part of the treatment.
        Tasks always are."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> ArmDifferences:
        """Returns the differences of all buyers and interfaces."""
        asked = self.config
        question = Question(
            name=asked.name,
            by=asked.by,
            outcome=asked.outcome,
            given=asked.given,
            adjust=asked.adjust,
        )
        return ArmDifferences(question, table)
