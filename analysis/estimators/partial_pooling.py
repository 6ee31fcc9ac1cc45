"""Partial pooling across tasks as an estimator of an experiment file."""

from typing import ClassVar

import pandas as pd

from analysis.model_settings import UtilitySettings
from analysis.task_pooling import TaskPooling


class PartialPoolingEstimator:
    """Whether effects differ between tasks: pooled, task by task and partly pooled."""

    coefficients: ClassVar[bool] = True

    class Config(UtilitySettings):
        """Parameters of the estimator."""

        name: str = "partial_pooling"
        """Of the analysis; that of its entry where not given."""
        by: str = "task_id"
        """Column with the task, or another unit that effects may differ between."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> TaskPooling:
        """Returns the estimates of each buyer and interface."""
        return TaskPooling(data=table, **self.config.model_dump())
