"""The linear probability model with trial effects, as an estimator of an experiment file."""

import pandas as pd
from pydantic import field_validator

from aces.types import Record
from analysis.linear_probability import LinearProbability, Model, linear_probability


class LinearProbabilityEstimator:
    """Chance of being bought with trial effects, clustered by one or two columns."""

    coefficients = True
    """They are withheld where a buyer takes one slot whatever stands there."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "linear_probability"
        """Of the analysis; that of its entry where not given."""
        terms: tuple[str, ...] = ()
        """Columns, or terms such as `cheaper*nudged`; by default all levels that vary."""
        cluster: str | tuple[str, ...] = "world_id"
        """One column, or a list of two for errors clustered both ways.
        A text that one listing of a trial carries stands for the whole trial."""
        outcome: str = "chosen"
        """Column with 0/1."""
        effects: str | None = "product_id"
        """Column with a coefficient for each level; null for none."""
        outside: bool = False
        """Whether trials that bought nothing by choice count."""

        @field_validator("cluster")
        @classmethod
        def _one_or_two(cls, found: str | tuple[str, ...]) -> str | tuple[str, ...]:
            named = [found] if isinstance(found, str) else list(found)
            if len(named) not in (1, 2) or len(set(named)) < len(named):
                raise ValueError("clusters are one column, or a list of two different ones")
            return found

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> LinearProbability:
        """Fits every buyer and interface, and compares them with the first."""
        asked = self.config
        cluster = (asked.cluster,) if isinstance(asked.cluster, str) else asked.cluster
        model = Model(
            name=asked.name,
            terms=asked.terms,
            cluster=cluster,
            outcome=asked.outcome,
            effects=asked.effects,
            outside=asked.outside,
        )
        return linear_probability(table, model)
