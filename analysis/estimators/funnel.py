"""Clicks and purchases told apart, as an estimator of an experiment file."""

import pandas as pd

from aces.types import Record
from analysis.funnel import FunnelEffects, FunnelRates


class FunnelEstimator:
    """Rates from impression to order by slot, and what moves clicks and purchases given a click."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "funnel"
        """Of the analysis; that of its entry where not given."""
        terms: tuple[str, ...] = ()
        """What may move each stage; where not given, every level that the design varies."""
        effects: str | None = "product_id"
        """Column with a coefficient for each level; null for none."""
        cluster: str = "world_id"
        """Unit of randomisation."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> list[FunnelRates | FunnelEffects]:
        """Returns the rates and the effects of all buyers and interfaces."""
        asked = self.config
        return [
            FunnelRates(asked.name, table),
            FunnelEffects(asked.name, table, asked.terms, asked.effects, asked.cluster),
        ]
