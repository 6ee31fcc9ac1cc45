"""The latent class logit as an estimator of an experiment file."""

from typing import ClassVar

import pandas as pd
from pydantic import PositiveInt, field_validator

from aces.types import Record
from analysis.latent_finding import Asked, LatentClasses, Posteriors


class LatentClassEstimator:
    """Which types of buyers there are, how many of each, and who is of which (Greene 2003)."""

    coefficients: ClassVar[bool] = True

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "latent_class"
        """Of the analysis; that of its entry where not given."""
        terms: tuple[str, ...] = ()
        """Terms of the utility; where not given, every level that the design varies."""
        classes: PositiveInt | tuple[PositiveInt, ...] = 2
        """Number of classes, or several to choose from by BIC; 1 among them may win."""
        panel: tuple[str, ...] = ()
        """Columns that say who chose, such as `buyer` and `persona`; none where every trial is a
        decider's."""
        membership: tuple[str, ...] = ()
        """Columns that the chance of a class depends on, such as `persona`; each has one value per
        decider."""
        common: tuple[str, ...] = ()
        """Terms whose coefficient all classes share."""
        by: tuple[str, ...] = ("interface",)
        """Columns each of whose values has types of its own; all buyers are taken together."""
        cluster: str | None = None
        """Column of clusters, which hold whole deciders; null for the observed information."""
        effects: str | None = "product_id"
        """Column with a coefficient for each level, which all classes share; null for none."""
        outside: bool = False
        """Whether buying nothing is an alternative."""
        starts: PositiveInt = 10
        """Random starts."""

        @field_validator("panel", "membership", "common", "by", mode="before")
        @classmethod
        def _one_name(cls, names: object) -> object:
            return (names,) if isinstance(names, str) else names

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
