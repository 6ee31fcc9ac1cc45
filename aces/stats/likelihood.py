"""The conditional logit: its likelihood and the Newton solver that maximises it.

Reference: McFadden, D. (1974). Conditional logit analysis of qualitative choice behavior. In
Zarembka (ed.), Frontiers in Econometrics, equations 12 (likelihood), 16-17 (derivatives).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aces.errors import EstimationError
from aces.stats.choice_data import ChoiceData, Floats, Ints

TOLERANCE = 1e-12
"""Newton decrement at which to stop: the squared distance to the maximum in standard errors."""
SAMPLE_TOLERANCE = 1e-2
FEW_STEPS = 15
"""A finite maximum is reached in fewer; under separation each step adds about 1 to a utility."""
MANY_STEPS = 200
SAMPLE_FROM = 20
"""Blocks from which on the search starts from a sample of them."""


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


def log_likelihood(data: ChoiceData, params: Floats, every: int = 1) -> Likelihood:
    """Returns log-likelihood, gradient and information at `params`, in one pass over the data.

    Attributes are centred within each set by their expectation, so that large levels (a price of
    100,000 that varies by cents) cost no precision.

    Args:
        data: The choice sets.
        params: (K,) coefficients.
        every: Use only each `every`-th block of choice sets.

    Raises:
        EstimationError: If an attribute is missing or infinite.
    """
    llf, gradient = 0.0, np.zeros(data.n_columns)
    information = np.zeros((data.n_columns, data.n_columns))
    for block in data.blocks(every):
        probability, block_llf = block.probabilities(params)
        means = block.set_sums(probability)
        centred = block.x - block.to_rows(means)
        centred *= np.sqrt(probability)[:, None]
        square = centred.T @ centred
        if data.outside:
            means *= np.sqrt(np.maximum(block.outside_share(probability), 0.0))[:, None]
            square += means.T @ means
        llf += block_llf
        gradient[block.columns] += (block.y - probability) @ block.x
        _add(information, block.columns, square)
    if not np.isfinite(llf):
        raise EstimationError(_missing(data))
    return Likelihood(params, llf, gradient, information)


def maximise(
    data: ChoiceData,
    start: Floats | None = None,
    *,
    free: NDArray[np.bool_] | None = None,
    steps: int = FEW_STEPS,
    tolerance: float = TOLERANCE,
    every: int = 1,
) -> Maximum:
    """Climbs the log-likelihood by Newton's method; steps that lead down are halved.

    Args:
        data: The choice sets.
        start: (K,) where to begin; 0 by default.
        free: (K,) which coefficients may move; all by default.
        steps: Greatest number of steps.
        tolerance: Newton decrement at which to stop.
        every: Use only each `every`-th block of choice sets.
    """
    here = log_likelihood(data, np.zeros(data.n_columns) if start is None else start, every)
    for _ in range(steps):
        step = newton_step(here, free)
        decrement = float(step @ here.gradient)
        if not decrement > tolerance:
            return Maximum(_arrive(here, step, decrement), converged=True)
        here = _climb(data, here, step, every)
    return Maximum(here, converged=False)


def warm_start(data: ChoiceData) -> Floats:
    """Returns (K,) estimates from a sample of the choice sets, good enough to begin with."""
    n_blocks = len(data.bounds) - 1
    if n_blocks < SAMPLE_FROM:
        return np.zeros(data.n_columns)
    every = int(np.sqrt(n_blocks)) // 2
    return maximise(data, every=every, tolerance=SAMPLE_TOLERANCE).at.params


def newton_step(here: Likelihood, free: NDArray[np.bool_] | None = None) -> Floats:
    """Returns (K,) the step to the maximum of the quadratic approximation."""
    if free is None:
        free = np.ones(len(here.params), dtype=bool)
    information, gradient = here.information[np.ix_(free, free)], here.gradient[free]
    scale = np.sqrt(information.diagonal())
    scale[scale == 0] = 1.0  # a column the sample never shows stays where it is
    scaled = information / np.outer(scale, scale)
    step = np.zeros(len(here.params))
    step[free] = np.linalg.lstsq(scaled, gradient / scale, rcond=1e-13)[0] / scale
    return step


def _arrive(here: Likelihood, step: Floats, decrement: float) -> Likelihood:
    """The likelihood after the last step, by the quadratic approximation that is exact there."""
    return Likelihood(
        here.params + step, here.llf + decrement / 2, np.zeros_like(step), here.information
    )


def _climb(data: ChoiceData, here: Likelihood, step: Floats, every: int) -> Likelihood:
    """The likelihood after the step, shortened until it does not lead down."""
    slack = 1e-10 + 1e-13 * abs(here.llf)
    for halvings in range(40):
        there = log_likelihood(data, here.params + 0.5**halvings * step, every)
        if there.llf >= here.llf - slack:
            return there
    raise EstimationError("the log-likelihood does not rise along Newton's direction.")


def _missing(data: ChoiceData) -> str:
    """What to say of attributes that are not numbers."""
    count = np.zeros(data.n_terms, dtype=int)
    for block in data.blocks():
        count += (~np.isfinite(block.x[:, : data.n_terms])).sum(axis=0)
    found = ", ".join(f"'{data.names[k]}' ({count[k]} rows)" for k in np.flatnonzero(count))
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
