"""One conditional logit of several buyers as an estimator of an experiment file."""

from typing import ClassVar

import pandas as pd

from aces.types import Record
from analysis.stacked_logit import StackedLogit


class StackedLogitEstimator:
    """Coefficients of each buyer, interface or persona in one model, with tests that all agree."""

    coefficients: ClassVar[bool] = True

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "stacked_logit"
        """Of the analysis; that of its entry where not given."""
        terms: tuple[str, ...] = ()
        """Terms of the utility; where not given, every level that the design varies."""
        by: tuple[str, ...] = ("buyer", "interface")
        """Columns whose values have coefficients of their own."""
        common: tuple[str, ...] = ()
        """Terms with one coefficient for all."""
        effects: str | None = "product_id"
        """Column with a coefficient for each level, for each of them; null for none."""
        cluster: str | None = "world_id"
        """Unit of randomisation; null for errors robust by choice set."""
        outside: bool = False
        """Whether buying nothing is an alternative."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> StackedLogit:
        """Returns the model of all buyers."""
        return StackedLogit(data=table, **self.config.model_dump())
