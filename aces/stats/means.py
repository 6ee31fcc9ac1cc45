"""Means of groups, and contrasts between them, with errors clustered by the unit of randomisation.

Reference: Hájek, J. (1971), comment on a paper by D. Basu, in Foundations of Statistical Inference
(the weighted mean); its variance is that of the linearised means summed by cluster, each group's
with the factor G / (G - 1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aces.errors import EstimationError
from aces.stats.intervals import critical_value, p_values

FEWEST = 3
"""Clusters of a group below which there is no interval."""


@dataclass(frozen=True)
class Contrast:
    """A linear combination of means of groups.

    Attributes:
        estimate: Its value.
        std_error: Clustered; NaN where a group has fewer than 3 clusters.
        df: Degrees of freedom of t: clusters of the smallest group less 1.
        n: Values used.
        n_clusters: Clusters they lie in.
    """

    estimate: float
    std_error: float
    df: float
    n: int
    n_clusters: int

    def interval(self, level: float = 0.95) -> tuple[float, float] | None:
        """Returns its limits; None where there is no standard error."""
        if not np.isfinite(self.std_error):
            return None
        half = critical_value(level, self.df) * self.std_error
        return self.estimate - half, self.estimate + half

    @property
    def p_value(self) -> float | None:
        """Two-sided, of no difference from 0; None without a standard error, or one of 0."""
        if not self.std_error > 0:
            return None
        return float(p_values(self.estimate / self.std_error, self.df))


def contrast(
    values: ArrayLike,
    groups: NDArray[Any],
    coefficients: Mapping[Any, float],
    clusters: NDArray[Any],
    weights: ArrayLike | None = None,
) -> Contrast:
    """Returns a linear combination of the (weighted) means of groups.

    Groups may share clusters, as trials of one world that differ in the instruction do, or not.

    Args:
        values: (n,) outcomes.
        groups: (n,) group of each.
        coefficients: Group -> its coefficient; other groups are left out.
        clusters: (n,) unit of randomisation of each.
        weights: (n,) such as one over the probability of the group; 1 where not given.

    Raises:
        EstimationError: If a group has no values.
    """
    y = np.asarray(values, dtype=float)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=float)
    codes = np.unique(clusters, return_inverse=True)[1]
    total = np.zeros(int(codes.max(initial=-1)) + 1)
    estimate, fewest, used = 0.0, np.inf, np.zeros(len(y), dtype=bool)
    for group, coefficient in coefficients.items():
        rows = np.asarray(groups == group)
        if not rows.any():
            raise EstimationError(f"there is nothing to average for {group!r}")
        share = w[rows] / w[rows].sum()
        mean = float(share @ y[rows])
        size = len(np.unique(codes[rows]))
        factor = np.sqrt(size / (size - 1)) if size >= FEWEST else np.nan
        moved = coefficient * factor * share * (y[rows] - mean)
        total += np.bincount(codes[rows], moved, minlength=len(total))
        estimate, fewest, used = estimate + coefficient * mean, min(fewest, size), used | rows
    error = float(np.sqrt(total @ total))
    return Contrast(estimate, error, fewest - 1, int(used.sum()), len(np.unique(codes[used])))
