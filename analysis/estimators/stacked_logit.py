"""One conditional logit of several buyers as an estimator of an experiment file."""

from typing import ClassVar

import pandas as pd

from analysis.model_settings import UtilitySettings
from analysis.stacked_logit import StackedLogit


class StackedLogitEstimator:
    """Coefficients of each buyer, interface or persona in one model, with tests that all agree."""

    coefficients: ClassVar[bool] = True

    class Config(UtilitySettings):
        """Parameters of the estimator."""

        name: str = "stacked_logit"
        """Of the analysis; that of its entry where not given."""
        by: tuple[str, ...] = ("buyer", "interface")
        """Columns whose values have coefficients of their own."""
        common: tuple[str, ...] = ()
        """Terms with one coefficient for all."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> StackedLogit:
        """Returns the model of all buyers."""
        return StackedLogit(data=table, **self.config.model_dump())
