"""The mixed logit as an estimator of an experiment file."""

from typing import ClassVar

import pandas as pd

from aces.stats.mixed.draws import Sequences
from aces.types import Record
from analysis.mixed_finding import MixedLogits


class MixedLogitEstimator:
    """How far tastes differ between deciders: mean and spread of coefficients that vary."""

    coefficients: ClassVar[bool] = True

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "mixed_logit"
        """Of the analysis; that of its entry where not given."""
        terms: tuple[str, ...] = ()
        """Terms of the utility; where not given, every level that the design varies."""
        random: dict[str, str] | None = None
        """Term -> `normal`, `lognormal`, `negative lognormal` or `triangular`; null for all
        terms normal."""
        panel: str | None = None
        """Column that says who chose, such as `persona`; null where every trial is a decider's."""
        cluster: str | None = "world_id"
        """Unit of randomisation, which holds whole deciders; null for errors by decider."""
        effects: str | None = None
        """Column with a fixed coefficient for each level, such as `product_id`."""
        outside: bool = False
        """Whether buying nothing is an alternative."""
        correlated: bool = False
        """Whether random coefficients are correlated."""
        draws: int = 500
        """Draws per decider."""
        sequence: Sequences = "halton"
        """`halton` or `sobol`, both scrambled."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> MixedLogits:
        """Returns the mixed logit of each buyer and interface."""
        asked = self.config
        return MixedLogits(
            name=asked.name,
            data=table,
            terms=asked.terms,
            random=asked.random or {},
            panel=asked.panel,
            cluster=asked.cluster,
            effects=asked.effects,
            outside=asked.outside,
            correlated=asked.correlated,
            draws=asked.draws,
            sequence=asked.sequence,
        )
