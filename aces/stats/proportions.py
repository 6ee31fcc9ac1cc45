"""Several shares beside one another: are they equal, and do they rise along a number?"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from aces.stats.intervals import critical_value, p_values

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

    Errors are clustered (CR1), intervals from t(G - 1); NaN where x does not vary.

    Args:
        x: (n,) regressor.
        y: (n,) outcome.
        clusters: (n,) unit of randomisation.
        level: Confidence level.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    centred = x - x.mean()
    spread = float(centred @ centred)
    _, code = np.unique(np.asarray(clusters), return_inverse=True)
    groups = int(code.max()) + 1
    if spread == 0 or groups < 2:
        return (np.nan, np.nan, np.nan, np.nan, np.nan)
    estimate = float(centred @ y) / spread
    residual = y - y.mean() - estimate * centred
    scores = np.bincount(code, weights=centred * residual)
    n = len(x)
    small = groups / (groups - 1) * (n - 1) / (n - 2)
    error = float(np.sqrt(small * (scores @ scores))) / spread
    half = critical_value(level, groups - 1) * error
    p = float(p_values(estimate / error, groups - 1)) if error > 0 else float(estimate == 0)
    return estimate, error, estimate - half, estimate + half, p
