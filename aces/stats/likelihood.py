"""The conditional logit: its likelihood and the Newton solver that maximises it.

Reference: McFadden, D. (1974). Conditional logit analysis of qualitative choice behavior. In
Zarembka (ed.), Frontiers in Econometrics, 105-142.
"""

from dataclasses import dataclass

import numpy as np

from aces.errors import EstimationError
from aces.stats.choice_data import ChoiceData, Floats, Ints
from aces.stats.constraints import Constraints

TOLERANCE = 1e-12
"""Newton decrement at which to stop: the squared distance to the maximum in standard errors."""
SAMPLE_TOLERANCE = 1e-2
FEW_STEPS = 15
"""A finite maximum is reached in fewer; under separation each step adds about 1 to a utility."""
MANY_STEPS = 200
RIDGE = 1e-12
"""Keeps steps finite in directions a sample says nothing of; too small to matter elsewhere."""
SAMPLE_SETS = 25
"""Choice sets per coefficient in a sample."""
THINNEST_SAMPLE = 20
"""A sample has at least one choice set in so many."""


@dataclass(frozen=True)
class Likelihood:
    """The log-likelihood at one point, with K columns.

    Attributes:
        params: (K,) the point.
        llf: Log-likelihood there.
        gradient: (K,) its gradient.
        information: (K, K) minus its Hessian.
    """

    params: Floats
    llf: float
    gradient: Floats
    information: Floats


@dataclass(frozen=True)
class Maximum:
    """Where the search ended: the point, and whether it is a maximum."""

    at: Likelihood
    converged: bool


def log_likelihood(data: ChoiceData, params: Floats) -> Likelihood:
    """Returns log-likelihood, gradient and information at `params`, in one pass over the data.

    Attributes are centred within each set by their expectation, so that large levels (a price of
    100,000 that varies by cents) cost no precision.

    Args:
        data: The choice sets.
        params: (K,) coefficients.

    Raises:
        EstimationError: If an attribute is missing or infinite.
    """
    llf, gradient = 0.0, np.zeros(data.n_columns)
    information = np.zeros((data.n_columns, data.n_columns))
    for block in data.blocks():
        probability, block_llf = block.probabilities(params)
        means = block.set_sums(probability)
        centred = block.x - block.to_rows(means)
        centred *= np.sqrt(block.weighted(probability))[:, None]
        square = centred.T @ centred
        if data.outside:
            share = np.maximum(block.outside_share(probability), 0.0)
            means *= np.sqrt(share if block.weights is None else share * block.weights)[:, None]
            square += means.T @ means
        llf += block_llf
        gradient[block.columns] += block.weighted(block.y - probability) @ block.x
        _add(information, block.columns, square)
    if not np.isfinite(llf):
        raise EstimationError(_missing(data))
    return Likelihood(params, llf, gradient, information)


def maximise(
    data: ChoiceData,
    start: Likelihood | None = None,
    *,
    along: Floats | None = None,
    steps: int = FEW_STEPS,
    tolerance: float = TOLERANCE,
) -> Maximum:
    """Climbs the log-likelihood by Newton's method; steps that lead down are halved.

    Args:
        data: The choice sets.
        start: Where to begin; coefficients of 0 by default.
        along: (K, m) directions in which coefficients may move; all by default.
        steps: Greatest number of steps.
        tolerance: Newton decrement at which to stop, for choice sets of weight 1 on average.
    """
    here = start or log_likelihood(data, np.zeros(data.n_columns))
    for _ in range(steps):
        step = newton_step(here, along)
        decrement = float(step @ here.gradient)
        if not decrement > tolerance * data.mean_weight:
            return Maximum(_arrive(here, step, decrement), converged=True)
        here = _climb(data, here, step)
    return Maximum(here, converged=False)


def warm_start(data: ChoiceData, limits: Constraints | None = None) -> Likelihood | None:
    """Returns the likelihood at estimates from a sample of the choice sets, to begin with.

    None where there are too few sets for a sample, or where it misleads (a product that it never
    sees chosen is far from where it should be).
    """
    every = min(data.n_sets // (SAMPLE_SETS * data.n_columns), THINNEST_SAMPLE)
    if every < 4:
        return None
    sample, along = data.sample(every), None if limits is None else limits.along
    start = None if limits is None else log_likelihood(sample, limits.origin)
    found = maximise(sample, start, along=along, tolerance=SAMPLE_TOLERANCE).at
    here = log_likelihood(data, found.params)
    misled = newton_step(here, along) @ here.gradient >= data.n_sets * data.mean_weight
    return None if misled else here


def newton_step(here: Likelihood, along: Floats | None = None) -> Floats:
    """Returns (K,) the step to the maximum of the quadratic approximation."""
    information, gradient = here.information, here.gradient
    if along is not None:
        information, gradient = along.T @ information @ along, along.T @ gradient
    scale = np.sqrt(information.diagonal())
    scale[scale == 0] = 1.0  # a column that a sample never shows stays where it is
    scaled = information / np.outer(scale, scale) + RIDGE * np.eye(len(scale))
    step = np.linalg.solve(scaled, gradient / scale) / scale
    return np.asarray(step if along is None else along @ step)


def _arrive(here: Likelihood, step: Floats, decrement: float) -> Likelihood:
    """The likelihood after the last step, by the quadratic approximation that is exact there."""
    return Likelihood(
        here.params + step, here.llf + decrement / 2, np.zeros_like(step), here.information
    )


def _climb(data: ChoiceData, here: Likelihood, step: Floats) -> Likelihood:
    """The likelihood after the step, shortened until it does not lead down."""
    slack = 1e-10 * data.mean_weight + 1e-13 * abs(here.llf)
    for halvings in range(40):
        there = log_likelihood(data, here.params + 0.5**halvings * step)
        if there.llf >= here.llf - slack:
            return there
    raise EstimationError("the log-likelihood does not rise along Newton's direction.")


def _missing(data: ChoiceData) -> str:
    """What to say of attributes that are not numbers, by name of column and of choice set."""
    count, first = np.zeros(data.n_terms, dtype=int), np.full(data.n_terms, -1)
    for block in data.blocks():
        faulty = ~np.isfinite(block.x[:, : data.n_terms])
        here = np.searchsorted(block.starts, faulty.argmax(axis=0), side="right") - 1 + block.first
        first = np.where((first < 0) & faulty.any(axis=0), here, first)
        count += faulty.sum(axis=0)
    names = [repr(data.ids[[k]].tolist()[0]) for k in first]
    found = ", ".join(
        f"'{data.names[k]}' ({count[k]} rows, first in choice set {names[k]})"
        for k in np.flatnonzero(count)
    )
    return (
        f"attributes are missing or infinite: {found or 'none, so coefficients overflowed'}. "
        "Fill them in, or leave out the whole choice sets they are in: without one row the "
        "choice is another."
    )


def _add(total: Floats, columns: Ints | slice, part: Floats) -> None:
    if isinstance(columns, slice):
        total[columns, columns] += part
    else:
        total[np.ix_(columns, columns)] += part
