"""Tests and intervals from an estimate and its standard error.

Reference: Fieller, E. C. (1954). Some problems in interval estimation. Journal of the Royal
Statistical Society B 16, 175-185.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from aces.stats.choice_data import Floats


def critical_value(level: float = 0.95, df: float = np.inf) -> float:
    """Returns the two-sided critical value of t(df), of the normal where df is infinite."""
    from scipy.special import ndtri, stdtrit

    tail = 0.5 + level / 2
    return float(ndtri(tail) if np.isinf(df) else stdtrit(df, tail))


def p_values(statistics: ArrayLike, df: float = np.inf) -> Floats:
    """Returns two-sided p-values of t(df), of the normal where df is infinite."""
    from scipy.special import ndtr, stdtr

    below = -np.abs(np.asarray(statistics, dtype=float))
    return np.asarray(2.0 * (ndtr(below) if np.isinf(df) else stdtr(df, below)))


@dataclass(frozen=True)
class RatioSet:
    """A Fieller confidence set of a ratio.

    Attributes:
        shape: `interval` [low, high]; `rays`: all but the open interval (low, high); `line`:
            every value, as numerator and denominator may both be 0.
        low: Lower limit; minus infinity for `line`.
        high: Upper limit; infinity for `line`.
    """

    shape: Literal["interval", "rays", "line"]
    low: float
    high: float


def fieller(
    numerator: float,
    denominator: float,
    variances: tuple[float, float],
    covariance: float,
    critical: float,
) -> RatioSet:
    """Returns the set of ratios r for which numerator - r denominator does not differ from 0.

    Args:
        numerator: Its estimate.
        denominator: Its estimate.
        variances: Of numerator and denominator.
        covariance: Of the two.
        critical: Critical value of the test.
    """
    c2 = critical**2
    a = denominator**2 - c2 * variances[1]
    b = numerator * denominator - c2 * covariance
    c = numerator**2 - c2 * variances[0]
    discriminant = b**2 - a * c
    if a > 0:
        discriminant = max(discriminant, 0.0)  # it is positive then, but for rounding
    elif discriminant <= 0 or a == 0:
        return RatioSet("line", -np.inf, np.inf)
    roots = sorted((b + sign * np.sqrt(discriminant)) / a for sign in (-1, 1))
    return RatioSet("interval" if a > 0 else "rays", float(roots[0]), float(roots[1]))
