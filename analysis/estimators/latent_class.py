"""The latent class logit as an estimator of an experiment file."""

from typing import ClassVar

import pandas as pd

from analysis.latent_finding import LatentClassConfig, LatentClasses, Posteriors


class LatentClassEstimator:
    """Which types of buyers there are, how many of each, and who is of which (Greene 2003)."""

    coefficients: ClassVar[bool] = True

    class Config(LatentClassConfig):
        """Parameters of the estimator."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> tuple[LatentClasses, Posteriors]:
        """Returns the types, and of which type each buyer is."""
        found = LatentClasses(self.config, table)
        return found, Posteriors(found)
