"""Effects of a third listing, as an estimator of an experiment file."""

from collections.abc import Mapping
from typing import Self

import pandas as pd
from pydantic import Field, model_validator

from aces.types import Record
from analysis.context import ContextEffects, Settings


class ContextEstimator:
    """Attraction, compromise, similarity: what a third listing changes between two others."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "context"
        """Of the analysis; that of its entry where not given."""
        pair: tuple[str, str]
        """Product ids of the two."""
        treatment: str = "third"
        """Name of the `listing` treatment whose arms are the third listings, three or more."""
        effects: Mapping[str, Mapping[str, str]] = Field(min_length=1)
        """Effect -> arm -> which of the two it should favour: `{attraction: {decoy_of_a: A}}`."""
        smallest: float | None = Field(default=None, gt=0, lt=1)
        """Smallest change of a share that matters, for a verdict."""

        @model_validator(mode="after")
        def _of_the_pair(self) -> Self:
            for arms in self.effects.values():
                for arm, target in arms.items():
                    if target not in self.pair:
                        raise ValueError(f"arm '{arm}' favours '{target}', which is not of `pair`")
            return self

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> ContextEffects:
        """Returns the effects for all buyers and interfaces."""
        asked = self.config
        settings = Settings(asked.name, asked.pair, asked.treatment, asked.effects, asked.smallest)
        return ContextEffects(settings, table)
