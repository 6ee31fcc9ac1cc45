"""Functions of estimates, with errors: by the delta method, or by simulation.

Reference: Krinsky, I. and Robb, A. L. (1986). On approximating the statistical properties of
elasticities. Review of Economics and Statistics 68, 715-719.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aces.stats.choice_data import Floats
from aces.stats.intervals import critical_value, p_values

Function = Callable[[Floats], Floats]
"""(K,) coefficients -> (q,) what is asked."""

STEP = 1e-3
"""Step of the differences, in standard errors: smooth functions are then good to 1e-7 or so."""


@dataclass(frozen=True)
class Values:
    """What a function of the estimates is, and how sure.

    Attributes:
        value: (q,) at the estimates.
        error: (q,) standard errors.
        low: (q,) lower limits.
        high: (q,) upper limits.
        covariance: (q, q) of the values.
        df: Degrees of freedom of t; infinite for the normal.
    """

    value: Floats
    error: Floats
    low: Floats
    high: Floats
    covariance: Floats
    df: float

    @property
    def p_values(self) -> Floats:
        """(q,) two-sided, of no difference from 0; NaN where there is no error."""
        known = self.error > 0
        t = np.divide(self.value, self.error, out=np.zeros_like(self.value), where=known)
        return np.where(known, p_values(t, self.df), np.nan)

    def within_one(self) -> "Values":
        """Returns the same shares with limits on the log-odds scale: they stay within 0 and 1."""
        half = critical_value(0.95, self.df) * self.error
        spread = self.value * (1 - self.value)
        inner = spread > 1e-12
        shift = np.divide(half, spread, out=np.zeros_like(half), where=inner)
        odds = np.log(np.where(inner, self.value / (1 - self.value * inner), 1.0))
        low, high = (1 / (1 + np.exp(-(odds + sign * shift))) for sign in (-1, 1))
        low, high = np.where(inner, low, self.low), np.where(inner, high, self.high)
        return Values(self.value, self.error, low, high, self.covariance, self.df)


def jacobian(function: Function, params: Floats, scale: Floats) -> Floats:
    """Returns (q, K) derivatives by central differences.

    Args:
        function: What is asked.
        params: (K,) coefficients.
        scale: (K,) their standard errors, which give the steps.
    """
    columns = []
    for k in range(len(params)):
        step = np.zeros(len(params))
        step[k] = STEP * (scale[k] if scale[k] > 0 else 1.0)
        columns.append((function(params + step) - function(params - step)) / (2 * step[k]))
    return np.array(columns).T


def delta(
    function: Function, params: Floats, matrix: Floats, df: float = np.inf, level: float = 0.95
) -> Values:
    """Returns a function of the estimates with errors by the delta method.

    Args:
        function: What is asked.
        params: (K,) estimates.
        matrix: (K, K) their covariance.
        df: Degrees of freedom of t.
        level: Confidence level.
    """
    value = np.asarray(function(params), dtype=float)
    slopes = jacobian(function, params, np.sqrt(matrix.diagonal()))
    covariance = slopes @ matrix @ slopes.T
    error = np.sqrt(np.maximum(covariance.diagonal(), 0.0))
    half = critical_value(level, df) * error
    return Values(value, error, value - half, value + half, covariance, df)


def simulated(
    function: Function,
    params: Floats,
    matrix: Floats,
    df: float = np.inf,
    *,
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Values:
    """Returns a function of the estimates with limits from quantiles of draws (Krinsky-Robb).

    Draws are normal, of t(df) where clusters are few; arguments are those of `delta`.
    """
    generator = np.random.default_rng(seed)
    values, vectors = np.linalg.eigh(matrix)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    moved = generator.standard_normal((draws, len(params))) @ root.T
    if np.isfinite(df):
        moved /= np.sqrt(generator.chisquare(df, draws) / df)[:, None]
    found = np.array([function(params + each) for each in moved])
    low, high = np.quantile(found, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    covariance = np.atleast_2d(np.cov(found.T))
    value = np.asarray(function(params), dtype=float)
    return Values(value, np.sqrt(covariance.diagonal()), low, high, covariance, df)
