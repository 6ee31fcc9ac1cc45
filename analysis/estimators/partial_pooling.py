"""Partial pooling across tasks as an estimator of an experiment file."""

from typing import ClassVar

import pandas as pd

from aces.types import Record
from analysis.task_pooling import TaskPooling


class PartialPoolingEstimator:
    """Whether effects differ between tasks: pooled, task by task and partly pooled."""

    coefficients: ClassVar[bool] = True

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "partial_pooling"
        """Of the analysis; that of its entry where not given."""
        terms: tuple[str, ...] = ()
        """Terms of the utility; where not given, every level that the design varies."""
        by: str = "task_id"
        """Column with the task, or another unit that effects may differ between."""
        effects: str | None = "product_id"
        """Column with a coefficient for each level; null for none."""
        cluster: str | None = "world_id"
        """Unit of randomisation; null for errors robust by choice set."""
        outside: bool = False
        """Whether buying nothing is an alternative."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> TaskPooling:
        """Returns the estimates of each buyer and interface."""
        return TaskPooling(data=table, **self.config.model_dump())
