"""Maxima of likelihoods with analytic scores: the search, the Hessian by differences, the errors.

The Hessian is the central difference of the gradient, with steps of a thousandth of what a
parameter's standard error may be, so that the scale of a column does not matter.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from aces.errors import EstimationError
from aces.stats.choice_data import Floats, Ints
from aces.stats.covariance import Covariance, inverse
from aces.stats.mixed.likelihood import Simulated
from aces.stats.mixed.search import Found, maximise

ErrorType: TypeAlias = Literal["cluster", "robust", "nonrobust"]

STEP = 1e-3
"""Step of differences, in sizes of the parameter."""


@dataclass(frozen=True)
class Scored:
    """A log-likelihood at one point.

    Attributes:
        llf: Log-likelihood; minus infinity where parameters are not allowed.
        scores: (N, P) derivative of each unit's log-likelihood, its weight included.
    """

    llf: float
    scores: Floats


Likelihood: TypeAlias = Callable[[Floats], Scored]


def peak(
    likelihood: Likelihood, start: Floats, sizes: Floats, names: tuple[str, ...], advice: str
) -> Found:
    """Returns the maximum of a likelihood, with its Hessian.

    Args:
        likelihood: The likelihood of (P,) parameters.
        start: (P,) where to begin.
        sizes: (P,) about how large standard errors may be, for differences.
        names: Names of the parameters, for messages.
        advice: What to say where there is no maximum.

    Raises:
        EstimationError: If no maximum is found: nothing unconverged is returned.
    """

    def function(params: Floats, *, hessian: bool = False) -> Simulated:
        here = likelihood(params)
        gradient = here.scores.sum(axis=0)
        curve = _hessian(likelihood, params, STEP * sizes) if hessian else np.zeros((0, 0))
        return Simulated(params, here.llf, here.scores, gradient, curve)

    return maximise(function, start, np.ones(len(likelihood(start).scores)), names, advice)


def _hessian(likelihood: Likelihood, params: Floats, steps: Floats) -> Floats:
    """(P, P) the Hessian, by central differences of the gradient."""
    rows = [
        (
            likelihood(params + move).scores.sum(axis=0)
            - likelihood(params - move).scores.sum(axis=0)
        )
        / (2 * step)
        for move, step in zip(np.diag(steps), steps, strict=True)
    ]
    found = np.array(rows)
    return np.asarray((found + found.T) / 2)


def score_covariance(
    at: Simulated,
    cov_type: ErrorType | None,
    codes: Ints | None = None,
    n_clusters: int | None = None,
) -> Covariance:
    """Returns the covariance of estimates at a maximum.

    Args:
        at: The maximum; each row of its scores is of one independent unit.
        cov_type: `nonrobust` (the inverse of minus the Hessian), `robust` (sandwich by unit) or
            `cluster`.
        codes: (N,) cluster of each unit.
        n_clusters: How many there are.

    Raises:
        EstimationError: If clusters are asked for and not given, or there are too few units.
    """
    bread = inverse(-at.hessian)
    if cov_type == "nonrobust":
        return Covariance(bread, cov_type)
    if cov_type == "robust":
        _check_units(len(at.scores), len(bread), "units")
        return Covariance(bread @ (at.scores.T @ at.scores) @ bread, cov_type)
    if cov_type != "cluster":
        raise EstimationError(f"cov_type '{cov_type}' is unknown: nonrobust, robust or cluster.")
    if codes is None or n_clusters is None:
        raise EstimationError("cov_type='cluster' needs clusters: say which column holds them.")
    _check_units(n_clusters, len(bread), "clusters")
    totals = np.zeros((n_clusters, len(bread)))
    np.add.at(totals, codes, at.scores)
    factor = n_clusters / (n_clusters - 1)
    return Covariance(factor * bread @ (totals.T @ totals) @ bread, cov_type, n_clusters)


def _check_units(units: int, parameters: int, what: str) -> None:
    """Raises EstimationError where a sandwich would be singular."""
    if units <= parameters:
        raise EstimationError(
            f"{units} {what} can't tell the errors of {parameters} parameters apart: take "
            "cov_type='nonrobust', which rests on the model being right."
        )
