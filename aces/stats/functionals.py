"""Functions of estimates, with errors: by the delta method, or by simulation.

Reference: Krinsky, I. and Robb, A. L. (1986). On approximating the statistical properties of
elasticities. Review of Economics and Statistics 68, 715-719.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
        spread: (q, m) a root of their covariance: what m independent unit shocks do to each.
        df: Degrees of freedom of t; infinite for the normal.
    """

    value: Floats
    error: Floats
    low: Floats
    high: Floats
    spread: Floats
    df: float

    def __getitem__(self, rows: Any) -> "Values":  # noqa: ANN401
        """Returns some of the values."""
        return Values(
            self.value[rows],
            self.error[rows],
            self.low[rows],
            self.high[rows],
            self.spread[rows],
            self.df,
        )

    @property
    def covariance(self) -> Floats:
        """(q, q) of the values."""
        return self.spread @ self.spread.T

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
        return Values(self.value, self.error, low, high, self.spread, self.df)


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
    spread = slopes @ _root(matrix)
    error = np.sqrt((spread**2).sum(axis=1))
    half = critical_value(level, df) * error
    return Values(value, error, value - half, value + half, spread, df)


def _root(matrix: Floats) -> Floats:
    """A root of a covariance matrix: root @ root.T is the matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


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
    moved = generator.standard_normal((draws, len(params))) @ _root(matrix).T
    if np.isfinite(df):
        moved /= np.sqrt(generator.chisquare(df, draws) / df)[:, None]
    found = np.array([function(params + each) for each in moved])
    low, high = np.quantile(found, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    spread = (found - found.mean(axis=0)).T / np.sqrt(draws - 1)
    value = np.asarray(function(params), dtype=float)
    return Values(value, np.sqrt((spread**2).sum(axis=1)), low, high, spread, df)
