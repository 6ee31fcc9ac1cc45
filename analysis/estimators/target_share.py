"""How often a marked listing is bought, by arm, as an estimator of an experiment file."""

from typing import Self

import pandas as pd
from pydantic import model_validator

from aces.types import Record
from analysis.target_share import TargetShare


class TargetShareEstimator:
    """The share of trials that buy one listing of each shelf, by dose or by wording."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "target_share"
        """Of the analysis; that of its entry where not given."""
        target: str
        """0/1 column of the listing: `pressure_target`, `placement_target`."""
        by: tuple[str, ...] = ()
        """0/1 columns of the arms; worlds in which none is 1 are the baseline."""
        along: str = ""
        """Instead: column with a number, the dose; a slope is then printed too."""

        @model_validator(mode="after")
        def _one_of_them(self) -> Self:
            if bool(self.by) == bool(self.along):
                raise ValueError("give either `by: [columns]` or `along: column`")
            return self

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> TargetShare:
        """Returns the shares of all buyers and interfaces."""
        asked = self.config
        found = TargetShare(asked.name, table, asked.target, asked.by, asked.along)
        _ = found.buyers  # faults belong here, not where it is shown
        return found
