"""Effects of levels drawn at random, such as tasks, or wordings of a prompt: how far levels differ.

Model: the estimate of level l is mu + u_l + e_l, u_l normal with variance tau^2, the errors e with
a known covariance S, which need not be diagonal: levels that met the same worlds share noise.
tau^2 by Paule and Mandel's equation Q(tau^2) = k - 1, its interval by the profile of Q, which is
exact for known S. With that tau^2 the correction of Hartung and Knapp is 1, so that the mean's
error is that of weighted least squares, with t(k - 1).

References: Paule and Mandel (1982), Journal of Research of the National Bureau of Standards 87,
377-385; Viechtbauer (2007), Statistics in Medicine 26, 37-52; Nagashima, Noma and Furukawa
(2019), Statistical Methods in Medical Research 28, 1689-1702 (prediction).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from aces.errors import EstimationError
from aces.stats.choice_data import Floats
from aces.stats.intervals import critical_value

FEWEST = 3
"""Levels below which nothing can be said of how they differ."""
POINTS = 4096
"""At which the prediction of a new level is computed."""
STEPS = 1.22074408460576 ** -np.arange(1.0, 4.0)
"""Their multiples, modulo 1, fill the cube evenly: powers of the root of x^4 = x + 1."""


@dataclass(frozen=True)
class RandomEffects:
    """What levels have in common and how far they differ.

    Attributes:
        mean: Mean over the population of levels.
        error: Its standard error.
        low: Lower limit of the mean.
        high: Upper.
        variance: tau^2, variance between levels.
        variance_low: Lower limit of it.
        variance_high: Upper.
        next_low: Lower limit of the effect of a level yet to be drawn.
        next_high: Upper.
        q: Cochran's statistic of equal effects, chi-square(k - 1) if they are.
        p_value: Of that test.
        levels: How many, k.
    """

    mean: float
    error: float
    low: float
    high: float
    variance: float
    variance_low: float
    variance_high: float
    next_low: float
    next_high: float
    q: float
    p_value: float
    levels: int


@dataclass(frozen=True)
class _Rotated:
    """Estimates turned so that their errors are independent: level i has mean `one[i]` mu."""

    y: Floats
    one: Floats
    errors: Floats

    def at(self, variance: Floats) -> tuple[Floats, Floats, Floats]:
        """Returns Q, the mean and its variance, (n,) each, at n variances between levels."""
        weight = 1 / (self.errors + variance[:, None])
        precision = weight @ self.one**2
        mean = weight @ (self.one * self.y) / precision
        apart = (weight * (self.y - np.outer(mean, self.one)) ** 2).sum(axis=1)
        return apart, mean, 1 / precision

    def q(self, variance: float) -> float:
        """Returns weighted squared distances from the mean, which fall with the variance."""
        return float(self.at(np.array([variance]))[0][0])

    def beyond(self, target: float) -> float:
        """Returns a variance at which Q is not above the target."""
        high = float(np.ptp(self.y) ** 2 + self.errors.max())
        while self.q(high) > target:
            high *= 4
        return high

    def solve(self, target: float) -> float:
        """Returns the variance at which Q is the target; 0 where Q is never above it."""
        from scipy.optimize import brentq

        if self.q(0.0) <= target:
            return 0.0
        high = self.beyond(target)
        return float(brentq(lambda x: self.q(x) - target, 0.0, high, xtol=1e-12 * high))


def random_effects(estimates: Floats, covariance: Floats, level: float = 0.95) -> RandomEffects:
    """Returns mean, variance and prediction interval of effects drawn at random.

    Args:
        estimates: (k,) one for each level.
        covariance: (k, k) of their sampling errors.
        level: Confidence level of all intervals.

    Raises:
        EstimationError: If there are fewer than 3 levels.
    """
    from scipy.special import chdtrc, chdtri

    k = len(estimates)
    if k < FEWEST:
        raise EstimationError(
            f"{k} levels are too few to say how far levels differ: at least {FEWEST}"
        )
    tails = (0.5 - level / 2, 0.5 + level / 2)
    rotated = _rotated(estimates, covariance)
    variance = rotated.solve(k - 1.0)
    limits = [rotated.solve(float(chdtri(k - 1, tail))) for tail in tails]
    _, mean, squared = (float(part[0]) for part in rotated.at(np.array([variance])))
    half = critical_value(level, k - 1.0) * squared**0.5
    ahead = np.quantile(_new_level(rotated), tails)
    q = rotated.q(0.0)
    return RandomEffects(
        mean=mean,
        error=squared**0.5,
        low=mean - half,
        high=mean + half,
        variance=variance,
        variance_low=limits[0],
        variance_high=limits[1],
        next_low=float(ahead[0]),
        next_high=float(ahead[1]),
        q=q,
        p_value=float(chdtrc(k - 1, q)),
        levels=k,
    )


def _rotated(estimates: Floats, covariance: Floats) -> _Rotated:
    values, vectors = np.linalg.eigh(covariance)
    floor = 1e-12 * max(float(values.max()), 1e-300)
    ones = np.ones(len(estimates))
    return _Rotated(vectors.T @ estimates, vectors.T @ ones, np.maximum(values, floor))


def _new_level(rotated: _Rotated) -> Floats:
    """(POINTS,) where another level may lie, over what is not known of the variance and the mean.

    Given one estimate of the variance the interval holds too little where that is 0 by chance: here
    it has its confidence distribution, in which Q is a chi-square.
    """
    left = len(rotated.y) - 1.0
    target, of_mean, of_level = _points(left)
    top = rotated.beyond(float(target.min()))
    grid = np.append(0.0, np.geomspace(1e-8, 1.0, 400) * top)
    variance = np.interp(target, rotated.at(grid)[0][::-1], grid[::-1])
    q, mean, squared = rotated.at(variance)
    return np.asarray(mean + of_mean * np.sqrt(q / left * squared) + of_level * np.sqrt(variance))


@cache
def _points(left: float) -> tuple[Floats, Floats, Floats]:
    """(POINTS,) each: quantiles of chi-square, of t, and of the normal distribution."""
    from scipy.special import chdtri, ndtri, stdtrit

    chances = (0.5 + np.outer(np.arange(1, POINTS + 1), STEPS)) % 1
    return chdtri(left, chances[:, 0]), stdtrit(left, chances[:, 1]), ndtri(chances[:, 2])
