"""Sampled purchases against choice probabilities, as an estimator of an experiment file."""

import pandas as pd

from aces.types import Record
from analysis.bridge import Bridge, bridge


class BridgeEstimator:
    """Whether one buyer's purchases follow the probabilities read from another's model."""

    coefficients = True
    """So that buyers locked to a slot have no part in it."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "bridge"
        """Of the analysis; that of its entry where not given."""
        purchases: str
        """Name of the buyer whose purchases are explained."""
        probabilities: str
        """Name of the buyer whose probabilities explain them."""
        terms: tuple[str, ...] = ()
        """What must explain nothing beside the probabilities; where not given, every level that
        the design varies."""
        cluster: str = "world_id"
        """Unit of randomisation."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> Bridge:
        """Compares the two buyers on the long table of all."""
        asked = self.config
        return bridge(
            table,
            asked.purchases,
            asked.probabilities,
            terms=asked.terms,
            cluster=asked.cluster,
            name=asked.name,
        )
