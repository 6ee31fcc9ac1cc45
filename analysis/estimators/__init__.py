"""Estimators, one file each: a long table in, a result out.

One with `fit` is given the rows of one buyer and interface, one with `across` those of all. Buyers
locked to a slot are given to no `fit`, and to no `across` of a class with `coefficients = True`.
"""

from typing import Any

from aces.registry import Registry

ESTIMATORS: Registry[Any] = Registry("estimator", "analysis.estimators", "Estimator")
