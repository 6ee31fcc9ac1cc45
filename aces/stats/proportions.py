"""Several shares beside one another: are they equal, and do they rise along a number?"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from aces.stats.choice_data import Floats
from aces.stats.intervals import critical_value, p_values

TINY = 1e-9
"""Share of what x varies below which what is left of it is rounding."""
LEAST_EXPECTED = 5.0
"""Fewer expected in a cell, and the chi-squared distribution is a poor approximation."""


def equal_shares(counts: Sequence[float], trials: Sequence[float]) -> tuple[float, int, float]:
    """Returns Pearson's chi-squared statistic of equal shares, its degrees of freedom and p-value.

    Arms without trials are left out. Where nobody or everybody did it, the statistic is 0.

    Args:
        counts: Who did, by arm.
        trials: Of how many.
    """
    from scipy.special import chdtrc

    k = np.asarray(counts, float)
    n = np.asarray(trials, float)
    k, n = k[n > 0], n[n > 0]
    df = max(len(n) - 1, 0)
    share = k.sum() / n.sum() if n.sum() else 0.0
    if df == 0 or share in (0.0, 1.0):
        return 0.0, df, 1.0
    statistic = float(((k - n * share) ** 2 / (n * share * (1 - share))).sum())
    return statistic, df, float(chdtrc(df, statistic))


def fewest_expected(counts: Sequence[float], trials: Sequence[float]) -> float:
    """Returns the smallest expected count of the test of equal shares."""
    k = np.asarray(counts, float)
    n = np.asarray(trials, float)
    share = k.sum() / n.sum() if n.sum() else 0.0
    return float((n[n > 0, None] * [share, 1 - share]).min()) if n.sum() else 0.0


def slope(
    x: ArrayLike, y: ArrayLike, clusters: ArrayLike, level: float = 0.95
) -> tuple[float, float, float, float, float]:
    """Returns the least-squares slope of y on x: estimate, error, lower and upper limit, p-value.

    Errors by the cluster jackknife (CR3), with t(G - 1): those by residuals (CR1) reject a truth
    13 % of the time from 5 clusters and 10 % from 10; these 7 % and 6 %
    (`benchmarks/results/coverage-grid.md`). NaN where x does not vary, or would not without one of
    the clusters. Reference: MacKinnon, J. G., Nielsen, M. O. and Webb, M. D. (2023), Fast and
    reliable jackknife and bootstrap methods for cluster-robust inference, Journal of Applied
    Econometrics 38, 671-694.

    Args:
        x: (n,) regressor.
        y: (n,) outcome.
        clusters: (n,) unit of randomisation.
        level: Confidence level.
    """
    dose, outcome = np.asarray(x, float), np.asarray(y, float)
    dose, outcome = dose - dose.mean(), outcome - outcome.mean()
    _, code = np.unique(np.asarray(clusters), return_inverse=True)
    groups = int(code.max()) + 1
    parts = (np.ones(len(dose)), dose, outcome, dose**2, dose * outcome)
    sums = np.array([np.bincount(code, weights=each) for each in parts])
    whole = sums.sum(axis=1, keepdims=True)
    spread, rest = _spreads(whole)[0], _spreads(whole - sums)
    if groups < 3 or spread[0] <= 0 or (rest[0] <= TINY * spread[0]).any():
        return (np.nan, np.nan, np.nan, np.nan, np.nan)
    estimate = float((whole[4] / whole[3])[0])
    without = rest[1] / rest[0]
    error = float(np.sqrt((groups - 1) / groups * ((without - estimate) ** 2).sum()))
    half = critical_value(level, groups - 1) * error
    p = float(p_values(estimate / error, groups - 1)) if error > 0 else float(estimate == 0)
    return estimate, error, estimate - half, estimate + half, p


def _spreads(sums: Floats) -> tuple[Floats, Floats]:
    """Sums of squares of x and of products of x and y about their means, from raw sums."""
    n, x, y, xx, xy = sums
    return xx - x * x / np.maximum(n, 1), xy - x * y / np.maximum(n, 1)
