"""What each cluster adds to estimates, found by leaving it out.

References: Bell, R. M. and McCaffrey, D. F. (2002), Bias reduction in standard errors for linear
regression with multi-stage samples, Survey Methodology 28, 169-181 (CR3); MacKinnon, J. G.,
Nielsen, M. O. and Webb, M. D. (2023), Fast and reliable jackknife and bootstrap methods for
cluster-robust inference, Journal of Applied Econometrics 38, 671-694.
"""

from collections.abc import Sequence

import numpy as np

from aces.errors import EstimationError
from aces.stats.choice_data import ChoiceData, Floats, Ints
from aces.stats.constraints import Constraints
from aces.stats.likelihood import Likelihood, log_likelihood, maximise

CLOSE = 1e-4
"""Squared distance to the maximum, in standard errors, at which the next Newton step is the last:
it ends far nearer than such estimates differ."""
STEPS = 4
"""Newton steps at most: one left-out cluster can leave data without a finite maximum."""
UNTOLD = 1e-9
"""Eigenvalue of the scaled information below which a direction is not identified."""
PART = 1e-3
"""Component of such a direction from which a coefficient takes part in it."""


class RestsOnClusterError(EstimationError):
    """A coefficient is identified by one cluster alone."""


def jackknifed_influence(
    data: ChoiceData, at: Likelihood, codes: Ints, n_clusters: int, limits: Constraints | None
) -> Floats:
    """Returns (G, K) (G - 1) / G times what estimates lose when each of G clusters is left out.

    Scaled so that G / (G - 1) times the sum of its squares is the jackknife's variance, as it is
    the sandwich's for an influence of first order.

    Args:
        data: The choice sets.
        at: The maximum.
        codes: (sets,) cluster of each choice set, from 0.
        n_clusters: G.
        limits: Linear constraints that the estimates satisfy.

    Raises:
        RestsOnClusterError: If a term can't be told from others without one of the clusters.
    """
    along = None if limits is None else limits.along
    moved = np.empty((n_clusters, data.n_columns))
    for cluster in range(n_clusters):
        rest = data.subset(np.flatnonzero(codes != cluster))
        start = log_likelihood(rest, at.params)
        _check_told(start.information, along, data.names[: data.n_terms])
        found = maximise(rest, start, along=along, steps=STEPS, tolerance=CLOSE)
        moved[cluster] = at.params - found.at.params
    return (n_clusters - 1) / n_clusters * moved


def _check_told(information: Floats, along: Floats | None, terms: Sequence[str]) -> None:
    """Raises RestsOnClusterError where what is left does not identify a term."""
    within = information if along is None else along.T @ information @ along
    scale = np.sqrt(within.diagonal())
    scale[scale == 0] = 1.0
    values, vectors = np.linalg.eigh(within / np.outer(scale, scale))
    lost = vectors[:, values < UNTOLD]
    lost = lost if along is None else along @ lost
    named = [term for term, part in zip(terms, lost, strict=False) if (abs(part) > PART).any()]
    if named:
        raise RestsOnClusterError(
            f"{', '.join(named)}: one cluster alone tells the effect from others, so that leaving "
            "each cluster out gives no error of it."
        )
