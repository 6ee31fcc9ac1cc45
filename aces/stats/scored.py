"""Maxima of likelihoods with analytic scores: the search, the Hessian by differences, the errors.

The Hessian is the central difference of the gradient, with steps of a thousandth of what a
parameter's standard error may be, so that the scale of a column does not matter.

Clusters are left out one by one to first order: estimates without cluster g are one Newton step
from those with it, -(A - A_g)^-1 s_g with its score s_g and its part A_g of the information. In
`benchmarks/results/choice-models.md` their errors hold what they say where those of the sandwich
are too small. Reference: MacKinnon, J. G., Nielsen, M. O. and Webb, M. D. (2024), Cluster-robust
jackknife and bootstrap inference for logistic regression models, arXiv 2406.00650.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, get_args

import numpy as np

from aces.errors import EstimationError
from aces.stats.choice_data import Floats, Ints
from aces.stats.covariance import Covariance, CovType, influence_of, inverse
from aces.stats.jackknife import RestsOnClusterError
from aces.stats.mixed.likelihood import Simulated
from aces.stats.mixed.search import Found, maximise

STEP = 1e-3
"""Step of differences, in sizes of the parameter."""
UNTOLD = 1e-6
"""Eigenvalue of a scaled information, known by differences, below which it has no maximum."""


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
    return _curves(lambda point: likelihood(point).scores.sum(axis=0), params, steps)


def _curves(gradient: Callable[[Floats], Floats], params: Floats, steps: Floats) -> Floats:
    """(..., P, P) Hessians, by central differences of (..., P) gradients."""
    rows = [
        (gradient(params + move) - gradient(params - move)) / (2 * step)
        for move, step in zip(np.diag(steps), steps, strict=True)
    ]
    found = np.stack(rows, axis=-2)
    return np.asarray((found + found.swapaxes(-1, -2)) / 2)


def score_covariance(
    likelihood: Likelihood,
    at: Simulated,
    cov_type: CovType | None = None,
    codes: Ints | None = None,
    n_clusters: int | None = None,
) -> Covariance:
    """Returns the covariance of estimates at a maximum.

    Args:
        likelihood: The likelihood, each of whose scores is of one independent unit.
        at: Its maximum.
        cov_type: `nonrobust` (the inverse of minus the Hessian), `robust` (sandwich by unit; the
            default without clusters), `cluster` or `jackknife` (the default with up to 100).
        codes: (N,) cluster of each unit.
        n_clusters: How many there are.

    Raises:
        EstimationError: If clusters are asked for and not given, or there are too few units; or if
            `jackknife` is asked for and a parameter rests on one cluster.
    """
    if cov_type not in (None, *get_args(CovType)):
        known = ", ".join(get_args(CovType))
        raise EstimationError(f"cov_type '{cov_type}' is unknown: {known}.")
    bread = inverse(-at.hessian)
    if cov_type == "nonrobust":
        return Covariance(bread, cov_type)
    if cov_type == "robust" or (cov_type is None and codes is None):
        scores = likelihood(at.params).scores
        _check_units(len(scores), len(bread))
        return Covariance(bread @ (scores.T @ scores) @ bread, "robust")
    if codes is None or n_clusters is None:
        raise EstimationError(f"cov_type='{cov_type}' needs clusters: say which column holds them.")

    def gradient(params: Floats) -> Floats:
        totals = np.zeros((n_clusters, len(params)))
        np.add.at(totals, codes, likelihood(params).scores)
        return totals

    influence, used = _influence(gradient, at, bread, cov_type)
    factor = n_clusters / (n_clusters - 1)
    return Covariance(factor * influence.T @ influence, used, n_clusters)


def _influence(
    gradient: Callable[[Floats], Floats], at: Simulated, bread: Floats, cov_type: CovType | None
) -> tuple[Floats, CovType]:
    """(G, P) what each cluster adds to the estimates, and in which way that was found.

    Args:
        gradient: (P,) parameters -> (G, P) gradient by cluster.
        at: The maximum.
        bread: (P, P) inverse of the information.
        cov_type: What is asked for; None for the default.
    """
    scores = gradient(at.params)

    def left_out() -> Floats:
        return _left_out(scores, _curves(gradient, at.params, STEP * np.sqrt(bread.diagonal())))

    return influence_of(cov_type, len(scores), lambda: scores @ bread, left_out)


def _left_out(scores: Floats, curves: Floats) -> Floats:
    """(G, P) (G - 1) / G times what a Newton step loses without each cluster.

    Args:
        scores: (G, P) gradient by cluster.
        curves: (G, P, P) Hessian by cluster.

    Raises:
        RestsOnClusterError: If what is left does not have a maximum near by.
    """
    rest = curves - curves.sum(axis=0)
    scale = np.sqrt(np.abs(np.diagonal(rest, axis1=1, axis2=2)).clip(1e-300))
    least = np.linalg.eigvalsh(rest / (scale[:, :, None] * scale[:, None]))[:, 0]
    if (least < UNTOLD).any():
        raise RestsOnClusterError(
            "Without one of the clusters there is no maximum, so that leaving each out gives no "
            "errors."
        )
    shrunk = (len(scores) - 1) / len(scores)
    return np.asarray(shrunk * np.linalg.solve(rest, scores[:, :, None])[:, :, 0])


def _check_units(units: int, parameters: int) -> None:
    """Raises EstimationError where a sandwich would be singular."""
    if units <= parameters:
        raise EstimationError(
            f"{units} units can't tell the errors of {parameters} parameters apart: take "
            "cov_type='nonrobust', which rests on the model being right."
        )
