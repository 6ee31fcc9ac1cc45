"""The latent class logit as an estimator of an experiment file."""

from typing import ClassVar

import pandas as pd
from pydantic import PositiveInt

from analysis.latent_finding import Asked, LatentClasses, Posteriors
from analysis.model_settings import LatentSettings, UtilitySettings


class LatentClassEstimator:
    """Which types of buyers there are, how many of each, and who is of which (Greene 2003)."""

    coefficients: ClassVar[bool] = True

    class Config(LatentSettings, UtilitySettings):
        """Parameters of the estimator."""

        name: str = "latent_class"
        """Of the analysis; that of its entry where not given."""
        classes: PositiveInt | tuple[PositiveInt, ...] = 2
        """Number of classes, or several to choose from by BIC; 1 among them may win."""
        by: tuple[str, ...] = ("interface",)
        """Columns each of whose values has types of its own; all buyers are taken together."""
        cluster: str | None = None
        """Column of clusters, which hold whole deciders; null for the observed information."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> tuple[LatentClasses, Posteriors]:
        """Returns the types, and of which type each buyer is."""
        asked = self.config
        given = asked.model_dump()
        classes = given.pop("classes")
        numbers = (classes,) if isinstance(classes, int) else tuple(classes)
        found = LatentClasses(Asked(classes=numbers, **given), table)
        return found, Posteriors(found)
