"""Effects of levels drawn at random, such as wordings of a prompt: how far levels differ.

Model: the estimate of level l is mu + u_l + e_l, u_l normal with variance tau^2, the errors e with
a known covariance S, which need not be diagonal: levels that met the same worlds share noise.
tau^2 by Paule and Mandel's equation Q(tau^2) = k - 1, its interval by the profile of Q, which is
exact for known S.

References: Paule and Mandel (1982), Journal of Research of the National Bureau of Standards 87,
377-385; Viechtbauer (2007), Statistics in Medicine 26, 37-52; Nagashima, Noma and Furukawa
(2019), Statistical Methods in Medical Research 28, 1689-1702 (prediction).
"""

from dataclasses import dataclass

import numpy as np

from aces.errors import EstimationError
from aces.stats.choice_data import Floats
from aces.stats.intervals import critical_value
from aces.stats.pooling import FEWEST, between_variance

POINTS = 100
"""Points of tau^2's confidence distribution that a prediction is averaged over."""


@dataclass(frozen=True)
class RandomEffects:
    """What levels have in common and how far they differ.

    Attributes:
        mean: Mean over levels.
        error: Its standard error.
        low: Lower 95 % limit of the mean.
        high: Upper.
        variance: tau^2, variance between levels.
        variance_low: Lower 95 % limit of it.
        variance_high: Upper.
        next_low: Lower 95 % limit of the effect of a level yet to be drawn.
        next_high: Upper.
        p_value: Of no difference between levels (Q).
        levels: How many.
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
    p_value: float
    levels: int


def random_effects(estimates: Floats, covariance: Floats) -> RandomEffects:
    """Returns mean, variance and prediction interval of effects drawn at random.

    Args:
        estimates: (k,) one for each level.
        covariance: (k, k) of their sampling errors.

    Raises:
        EstimationError: If there are fewer than 3 levels.
    """
    from scipy.special import chdtrc, chdtri

    k = len(estimates)
    if k < FEWEST:
        raise EstimationError(f"{k} levels are too few to say how far levels differ: at least 3")
    values, vectors = np.linalg.eigh(covariance)
    values = np.maximum(values, 1e-12 * max(float(values.max()), 1e-300))
    y, one = vectors.T @ estimates, vectors.T @ np.ones(k)

    def spread(tau2: float) -> tuple[float, float, float]:
        weight = 1 / (values + tau2)
        precision = float(one**2 @ weight)
        mean = float((one * y) @ weight) / precision
        return float((y - mean * one) ** 2 @ weight), mean, precision**-0.5

    def at(target: float) -> float:
        start = float(np.ptp(estimates) ** 2 + values.max())
        return between_variance(lambda tau2: spread(tau2)[0], target, start)

    tau2 = at(k - 1.0)
    low, high = (at(float(chdtri(k - 1, p))) for p in (0.025, 0.975))
    _, mean, error = spread(tau2)
    half = critical_value(0.95, k - 1.0) * error
    ahead = _ahead(values, one, y)
    p_value = float(chdtrc(k - 1, spread(0.0)[0]))
    return RandomEffects(
        mean,
        error,
        mean - half,
        mean + half,
        tau2,
        low,
        high,
        ahead[0],
        ahead[1],
        p_value,
        k,
    )


def _ahead(values: Floats, one: Floats, y: Floats) -> tuple[float, float]:
    """95 % limits of a level yet to be drawn, over what is not known of tau^2.

    A mixture over equally likely points of tau^2's confidence distribution: with few levels, the
    one estimate of tau^2 would give limits that are too narrow.
    """
    from scipy.special import chdtri, stdtr

    df = len(y) - 1.0
    target = chdtri(df, (np.arange(POINTS) + 0.5) / POINTS)

    def spread(tau2: Floats) -> tuple[Floats, Floats, Floats]:
        weight = 1 / (values + tau2[:, None])
        precision = weight @ one**2
        mean = weight @ (one * y) / precision
        return (weight * (y - np.outer(mean, one)) ** 2).sum(axis=1), mean, precision**-0.5

    low, high = np.zeros(POINTS), np.ones(POINTS)
    while (spread(high)[0] > target).any():
        high *= 4
    for _ in range(60):
        middle = (low + high) / 2
        above = spread(middle)[0] > target
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    tau2 = np.where(spread(np.zeros(POINTS))[0] <= target, 0.0, high)
    _, centre, error = spread(tau2)
    scale = np.sqrt(tau2 + error**2)
    ends = []
    for chance in (0.025, 0.975):
        left, right = centre.min() - 50 * scale.max(), centre.max() + 50 * scale.max()
        for _ in range(60):
            x = (left + right) / 2
            short = stdtr(df, (x - centre) / scale).mean() < chance
            left, right = (x, right) if short else (left, x)
        ends.append(float(right))
    return ends[0], ends[1]
