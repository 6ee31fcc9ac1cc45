"""Estimators, one file each: a long table in, a result out."""

from typing import Any

from aces.registry import Registry

ESTIMATORS: Registry[Any] = Registry("estimator", "analysis.estimators", "Estimator")
