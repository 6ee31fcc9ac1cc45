"""Randomisation inference, as an estimator of an experiment file."""

import pandas as pd
from pydantic import Field

from aces.types import Record
from analysis.randomization import Randomization, randomization
from analysis.study import Study


class RandomizationEstimator:
    """Whether a term changes any choice at all, by drawing it again (Fisher's exact test)."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "randomization"
        """Of the analysis; that of its entry where not given."""
        terms: tuple[str, ...] = ()
        """What is drawn again, one at a time; where not given, every level that the design
        varies."""
        draws: int = Field(default=1999, ge=99, le=100_000)
        """Fresh draws; the smallest p-value is 1 / (draws + 1)."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.study: Study | None = None

    def across(self, table: pd.DataFrame) -> Randomization:
        """Returns the tests of all buyers and interfaces."""
        asked = self.config
        return randomization(table, self.study, asked.terms, asked.draws, asked.name)
