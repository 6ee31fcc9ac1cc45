"""Calibration of predicted shares, as an estimator of an experiment file."""

from typing import ClassVar

import pandas as pd

from analysis.decisions.calibration import CalibrationConfig, calibrations
from analysis.decisions.found import Found


class CalibrationEstimator:
    """Whether predicted shares come true on worlds and menus that the model has not seen."""

    coefficients: ClassVar[bool] = True

    class Config(CalibrationConfig):
        """Parameters of the estimator."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> Found:
        """Returns how the predictions of all buyers and interfaces fared."""
        return calibrations(table, self.config)
