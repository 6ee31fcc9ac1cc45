"""Interfaces compared on the same worlds, as an estimator of an experiment file."""

from collections.abc import Mapping

import pandas as pd
from pydantic import Field

from aces.types import Record
from analysis.channels import ChannelEffects, ChannelTests, Settings, channels
from analysis.term_families import families


class ChannelsEstimator:
    """Coefficients by interface, their differences from the first, and joint tests of these."""

    coefficients = True
    """They are withheld where a buyer takes one slot whatever stands there."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "channels"
        """Of the analysis; that of its entry where not given."""
        terms: tuple[str, ...] = ()
        """Whose coefficients are compared; where not given, every level that the design varies."""
        families: Mapping[str, tuple[str, ...]] = {}
        """Name -> terms tested together; where not given, position, price, reputation, badges."""
        smallest: float | None = Field(default=None, gt=0)
        """Smallest difference of interest, in log-odds, for a verdict on each."""
        effects: str | None = "product_id"
        """Column with a coefficient for each level in each channel; null for none."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> list[ChannelEffects | ChannelTests]:
        """Compares the channels of all buyers."""
        asked = self.config
        tested = dict(asked.families) or families(asked.terms)
        settings = Settings(asked.name, asked.terms, tested, asked.effects, asked.smallest)
        return channels(table, settings)
