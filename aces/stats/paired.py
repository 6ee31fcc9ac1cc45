"""Differences within pairs: two outcomes of 0 or 1 for each pair, and means of several.

References: McNemar, Q. (1947), Note on the sampling error of the difference between correlated
proportions or percentages, Psychometrika 12, 153-157 (exact, by the binomial, where few pairs
differ); Tango, T. (1998), Equivalence test and confidence interval for the difference in
proportions for the paired-sample design, Statistics in Medicine 17, 891-908: the score interval. It
holds 0 exactly where McNemar's test by the score does not reject, and covers more than it says
where few pairs differ.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from aces.errors import EstimationError
from aces.stats.intervals import critical_value, p_values

FEW = 25
"""Pairs that differ, below which McNemar's test is exact."""


@dataclass(frozen=True)
class PairedDifference:
    """The mean difference within pairs.

    Attributes:
        estimate: Mean of first less second.
        std_error: Its standard error.
        low: Lower limit.
        high: Upper limit.
        p_value: Of no difference.
        n: Pairs.
        up: Pairs in which the first is more, of outcomes of 0 or 1; None of others.
        down: Pairs in which it is less.
        method: `exact` or `score` (McNemar's test, Tango's interval), or `t`.
        unpaired: Standard error, had the two been independent.
    """

    estimate: float
    std_error: float
    low: float
    high: float
    p_value: float
    n: int
    up: int | None
    down: int | None
    method: str
    unpaired: float


def paired_difference(first: ArrayLike, second: ArrayLike, level: float = 0.95) -> PairedDifference:
    """Returns the mean of first less second over pairs.

    Args:
        first: (pairs,) outcomes from 0 to 1: 0 or 1, or means of several.
        second: (pairs,) those of the other.
        level: Confidence level.

    Raises:
        EstimationError: If there are fewer than 3 pairs, or outcomes that are no number.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if a.shape != b.shape or a.ndim != 1 or not np.isfinite([a, b]).all():
        raise EstimationError("paired outcomes must be two rows of numbers of the same length.")
    n = len(a)
    if n < 3:
        raise EstimationError(f"{n} pairs are too few for any interval (at least 3).")
    apart = a - b
    error = float(apart.std(ddof=1)) / np.sqrt(n)
    alone = float(np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / n))
    estimate = float(apart.mean())
    if not np.isin([a, b], (0, 1)).all():
        half = critical_value(level, n - 1) * error
        p = float(p_values(estimate / error, n - 1)) if error > 0 else float(estimate == 0)
        limits = (max(estimate - half, -1.0), min(estimate + half, 1.0))
        return PairedDifference(estimate, error, *limits, p, n, None, None, "t", alone)
    up, down = int((apart > 0).sum()), int((apart < 0).sum())
    low, high = tango_interval(up, down, n, level)
    method = "exact" if up + down < FEW else "score"
    p = mcnemar(up, down)
    return PairedDifference(estimate, error, low, high, p, n, up, down, method, alone)


def mcnemar(up: int, down: int) -> float:
    """Returns the two-sided p-value of McNemar's test: exact below 25 pairs that differ."""
    from scipy.special import bdtr

    differ = up + down
    if differ == 0:
        return 1.0
    if differ < FEW:
        return min(1.0, 2 * float(bdtr(min(up, down), differ, 0.5)))
    return float(p_values((up - down) / np.sqrt(differ)))


def tango_interval(up: int, down: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Returns the score interval of a difference of paired shares, (up - down) / n.

    Args:
        up: Pairs in which only the first has the outcome.
        down: Pairs in which only the second has it.
        n: All pairs.
        level: Confidence level.
    """
    critical = critical_value(level)
    grid = (up - down) / n
    return (
        _root(lambda d: _score(up, down, n, d) - critical, -1.0, grid),
        _root(lambda d: -_score(up, down, n, d) - critical, 1.0, grid),
    )


def _score(up: int, down: int, n: int, difference: float) -> float:
    """Tango's statistic of a hypothetical difference; it falls as that rises."""
    a = 2 * n
    b = -up - down + (2 * n - up + down) * difference
    c = -down * difference * (1 - difference)
    share = (np.sqrt(max(b * b - 4 * a * c, 0.0)) - b) / (2 * a)
    variance = n * (2 * share + difference * (1 - difference))
    gap = up - down - n * difference
    if variance <= 1e-12:
        return 0.0 if abs(gap) < 1e-9 else float(np.copysign(np.inf, gap))
    return float(gap / np.sqrt(variance))


def _root(function: Callable[[float], float], outer: float, inner: float) -> float:
    """Where a function that is positive at `outer` and negative at `inner` is 0, by bisection."""
    if function(outer) <= 0:
        return outer
    for _ in range(80):
        middle = (outer + inner) / 2
        if function(middle) > 0:
            outer = middle
        else:
            inner = middle
    return (outer + inner) / 2
