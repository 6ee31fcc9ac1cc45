"""The conditional logit on arrays: estimates with ordinary, robust or clustered errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aces.errors import EstimationError
from aces.stats.choice_data import ChoiceData, Floats, choice_data
from aces.stats.constraints import Constraints
from aces.stats.covariance import Covariance, CovType, covariance
from aces.stats.identification import check_identified
from aces.stats.likelihood import MANY_STEPS, Likelihood, log_likelihood, maximise, warm_start


@dataclass(frozen=True)
class ChoiceFit:
    """Estimates of a conditional logit with K coefficients.

    Attributes:
        data: What was fitted.
        at: The maximum: estimates, log-likelihood, information matrix.
        covariance: Covariance of the estimates and what it rests on.
        limits: Linear constraints that the estimates satisfy; None without.
    """

    data: ChoiceData
    at: Likelihood
    covariance: Covariance
    limits: Constraints | None = None

    @property
    def params(self) -> Floats:
        """(K,) estimates."""
        return self.at.params

    @property
    def bse(self) -> Floats:
        """(K,) standard errors."""
        return np.sqrt(self.covariance.matrix.diagonal())

    @property
    def n_free(self) -> int:
        """Coefficients less constraints."""
        return len(self.params) - (0 if self.limits is None else len(self.limits))

    @property
    def llf(self) -> float:
        """Log-likelihood at the estimates."""
        return self.at.llf


def fit(
    X: NDArray[Any],
    y: ArrayLike,
    sets: ArrayLike,
    clusters: ArrayLike | None = None,
    *,
    cov_type: CovType | None = None,
    names: Sequence[str] | None = None,
    outside: bool = False,
    offset: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    limits: Constraints | None = None,
) -> ChoiceFit:
    """Fits a conditional logit.

    Args:
        X: (rows, K) attributes, one row per alternative of each choice set; never copied.
        y: (rows,) 1 for the alternative chosen, else 0; or choice probabilities.
        sets: (rows,) choice set of each row.
        clusters: (rows,) cluster of each row.
        cov_type: `nonrobust`, `robust` (the default without clusters), `cluster` or `jackknife`
            (the default with up to 100 clusters).
        names: Names of the columns, for messages.
        outside: Whether each set has one more alternative with attributes 0, which is chosen
            where no row of the set is.
        offset: (rows,) part of utility that is known.
        weights: (rows,) weight of the choice set; `nonrobust` takes it for a count.
        limits: Linear constraints on the coefficients.

    Raises:
        EstimationError: If the model can't be estimated; the message names the columns at fault.
    """
    data = choice_data(X, y, sets, names=names, outside=outside, offset=offset, weights=weights)
    at = estimate(data, limits)
    groups = None if clusters is None else np.asarray(clusters)
    return ChoiceFit(data, at, covariance(data, at, cov_type, groups, limits), limits)


def estimate(data: ChoiceData, limits: Constraints | None = None) -> Likelihood:
    """Returns the maximum of the likelihood, after checking that it exists and is unique.

    Args:
        data: The choice sets.
        limits: Linear constraints on the coefficients.

    Raises:
        CollinearityError: If columns are constant or combinations of others within choice sets.
        SeparationError: If columns predict choices perfectly.
        EstimationError: If attributes are missing, or no maximum is found.
    """
    check_identified(data, limits)
    along, start = None, warm_start(data, limits)
    if limits is not None:
        along, start = limits.along, start or log_likelihood(data, limits.origin)
    found = maximise(data, start, along=along)
    if not found.converged:
        from aces.stats.separation import check_separation

        check_separation(data, found.at, limits)
        found = maximise(data, found.at, along=along, steps=MANY_STEPS)
    if not found.converged:
        raise EstimationError(
            f"no maximum found in {MANY_STEPS} steps. Put the columns on similar scales."
        )
    return found.at
