"""Estimates of several fits together: their covariance where they share clusters, and joint tests.

Reference: Zellner, A. (1962), Journal of the American Statistical Association 57, 348-368, for
equations that share what is random; clustered as by Liang, K.-Y. and Zeger, S. L. (1986). Tests
from G clusters are Hotelling's (1931, Annals of Mathematical Statistics 2, 360-378): with few
clusters and many contrasts Wald's rejects too often.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aces.stats.choice_data import Floats

NEGLIGIBLE = 1e-10
"""Share of the greatest variance below which a direction has none, but for rounding."""


@dataclass(frozen=True)
class WaldTest:
    """A test that several contrasts are 0.

    Attributes:
        statistic: F: Wald's statistic over its degrees of freedom; from G clusters, Hotelling's.
        df: Number of contrasts that can be told from each other.
        df_clusters: G - df, which with one contrast is that of t; infinite without clusters.
        p_value: By F(df, df_clusters); NaN where contrasts without variance are not 0.
    """

    statistic: float
    df: int
    df_clusters: float
    p_value: float


def joint_covariance(
    clusters: Sequence[NDArray[np.generic]], influences: Sequence[Floats]
) -> tuple[Floats, int]:
    """Returns the covariance of all estimates of several fits, and how many clusters they have.

    Args:
        clusters: Of each fit, (G,) its clusters, sorted; those of the same name are the same.
        influences: Of each fit, (G, K) what each cluster adds to its estimates.
    """
    every = np.unique(np.concatenate(clusters))
    stacked = np.zeros((len(every), sum(part.shape[1] for part in influences)))
    first = 0
    for names, part in zip(clusters, influences, strict=True):
        stacked[np.searchsorted(every, names), first : first + part.shape[1]] = part
        first += part.shape[1]
    return len(every) / (len(every) - 1) * stacked.T @ stacked, len(every)


def wald_test(contrasts: Floats, covariance: Floats, df: float = np.inf) -> WaldTest:
    """Tests that all contrasts are 0.

    Args:
        contrasts: (q,) estimates.
        covariance: (q, q) of these, perhaps singular.
        df: G - 1 where errors are clustered.
    """
    from scipy.special import chdtrc, fdtrc

    scale = np.sqrt(np.diag(covariance))
    moved = scale > 0
    if (contrasts[~moved] != 0).any():
        return WaldTest(np.inf, len(contrasts), df, np.nan)
    if not moved.any():
        return WaldTest(0.0, 0, df, 1.0)
    unit = covariance[np.ix_(moved, moved)] / np.outer(scale[moved], scale[moved])
    values, vectors = np.linalg.eigh(unit)
    kept = values > NEGLIGIBLE * values.max()
    along = (vectors.T @ (contrasts[moved] / scale[moved]))[kept]
    q = int(kept.sum())
    wald = float((along**2 / values[kept]).sum())
    if np.isinf(df):
        return WaldTest(wald / q, q, np.inf, float(chdtrc(q, wald)))
    left = df + 1 - q
    if left < 1:
        return WaldTest(wald / q, q, left, np.nan)
    statistic = wald / q * left / df
    return WaldTest(statistic, q, left, float(fdtrc(q, left, statistic)))
