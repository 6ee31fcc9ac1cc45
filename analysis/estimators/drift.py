"""What an update changed, as an estimator of an experiment file."""

import pandas as pd
from pydantic import Field

from aces.types import Record
from analysis.drift import Settings
from analysis.drift_findings import DriftOfShares, DriftOfTerms, drift


class DriftEstimator:
    """Shares and coefficients of a new version against the old one, judged by its replicate."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "drift"
        """Of the analysis; that of its entry where not given."""
        old: tuple[str, ...] = Field(min_length=1)
        """Buyers of the old version: two, or one whose worlds are repeated."""
        new: tuple[str, ...] = Field(min_length=1)
        """Buyers of the new version."""
        terms: tuple[str, ...] = ()
        """Whose coefficients are compared; where not given, every level that the design varies."""
        effects: str | None = "product_id"
        """Column with a coefficient for each level in each run; null for none."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> list[DriftOfShares | DriftOfTerms]:
        """Compares the versions on the long table of all."""
        asked = self.config
        return drift(table, Settings(asked.name, asked.old, asked.new, asked.terms, asked.effects))
