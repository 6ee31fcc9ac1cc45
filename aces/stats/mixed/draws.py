"""Quasi-random draws: points that fill the unit cube more evenly than chance, as coefficients.

References: Halton, J. (1960). On the efficiency of certain quasi-random sequences of points.
Sobol, I. (1967). On the distribution of points in a cube. Train (2009), section 9.3.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from aces.errors import EstimationError
from aces.stats.choice_data import Floats

Sequences: TypeAlias = Literal["halton", "sobol"]

SKIPPED = 100
"""First points of the plain Halton sequence that are left out: dimensions run in step there."""


def standard_draws(
    shapes: Sequence[str],
    n_deciders: int,
    n_draws: int,
    *,
    sequence: Sequences = "halton",
    scramble: bool = True,
    seed: int = 0,
) -> Floats:
    """Returns (deciders, 1 + coefficients, draws): a row of ones, then one per coefficient.

    Deciders take successive stretches of one sequence, so that their errors offset each other.

    Args:
        shapes: `normal` (mean 0, variance 1) or `triangular` (from -1 to 1) for each coefficient.
        n_deciders: Deciders.
        n_draws: Draws for each of them.
        sequence: `halton` or `sobol`.
        scramble: Whether digits are permuted at random, by `seed`. Without, Halton points of
            different seeds are successive stretches of the sequence; Sobol's are always scrambled.
        seed: Which set of draws.

    Raises:
        EstimationError: If the sequence is unknown, or there are fewer than 2 draws.
    """
    if n_draws < 2:
        raise EstimationError(f"draws={n_draws} is too few: hundreds are usual.")
    points = _points(len(shapes), n_deciders * n_draws, sequence, scramble, seed)
    by_decider = points.reshape(n_deciders, n_draws, len(shapes)).transpose(0, 2, 1)
    found = np.ones((n_deciders, 1 + len(shapes), n_draws))
    for k, shape in enumerate(shapes):
        turn = triangular if shape == "triangular" else _normal
        found[:, 1 + k] = turn(by_decider[:, k])
    return found


def triangular(points: Floats) -> Floats:
    """Returns points of (0, 1) as draws from the triangle on (-1, 1) with its top at 0."""
    low = np.sqrt(2 * points) - 1
    return np.where(points < 0.5, low, 1 - np.sqrt(2 * (1 - points)))


def _normal(points: Floats) -> Floats:
    from scipy.special import ndtri

    return np.asarray(ndtri(points))


def _points(dimensions: int, count: int, sequence: str, scramble: bool, seed: int) -> Floats:
    """(count, dimensions) points inside the unit cube."""
    from scipy.stats import qmc

    if sequence == "halton":
        engine = qmc.Halton(dimensions, scramble=scramble, rng=seed)
        if not scramble:
            engine.fast_forward(SKIPPED + seed * count)
        points = engine.random(count)
    elif sequence == "sobol":
        # the first 2^m points are balanced as a whole; those left over are not used
        power = int(np.ceil(np.log2(max(count, 2))))
        points = qmc.Sobol(dimensions, scramble=True, rng=seed).random_base2(power)[:count]
    else:
        raise EstimationError(f"draws by '{sequence}' are unknown: halton or sobol.")
    return np.asarray(np.clip(points, 1e-10, 1 - 1e-10))
