"""Partial pooling: one effect estimated in several tasks that may differ in it.

Estimates of tasks are b_t = mu + u_t + e_t, with sd tau between tasks and known errors. Reference:
Paule, R. C. and Mandel, J. (1982), J. Res. Natl. Bur. Stand. 87, 377-385, for tau; Viechtbauer, W.
(2007), Statistics in Medicine 26, 37-52, for its interval; Nagashima, K., Noma, H. and Furukawa,
T. A. (2019), Statistical Methods in Medical Research 28, 1689-1702, for prediction; Morris, C. N.
(1983), Journal of the American Statistical Association 78, 47-55, for shrinkage.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from aces.errors import EstimationError
from aces.stats.choice_data import Floats
from aces.stats.intervals import critical_value

FEWEST = 3
"""Tasks below which nothing can be said of how tasks differ."""
PREDICTION_DRAWS = 10_000


@dataclass(frozen=True)
class Estimated:
    """Numbers with standard errors and limits.

    Attributes:
        value: Estimates.
        error: Standard errors.
        low: Lower limits.
        high: Upper limits.
    """

    value: Floats
    error: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Pooled:
    """What tasks have in common, and what they do not.

    Attributes:
        mean: Mean over the population of tasks, t(T - 1).
        sd: Standard deviation tau between tasks.
        sd_low: Lower limit of tau.
        sd_high: Upper limit of tau.
        new_task: Where the effect in another task lies; it allows for tau being estimated.
        tasks: (T,) effects of the tasks, drawn towards the mean.
        q: Cochran's statistic of equal effects, chi-square(T - 1) if they are.
        p_value: Of that test.
    """

    mean: Estimated
    sd: float
    sd_low: float
    sd_high: float
    new_task: Estimated
    tasks: Estimated
    q: float
    p_value: float


def partial_pooling(estimates: ArrayLike, errors: ArrayLike, level: float = 0.95) -> Pooled:
    """Pools the estimates of T tasks as far as they agree.

    With tau by Paule and Mandel's equation the correction of Hartung and Knapp is 1, so that the
    mean's error is that of weighted least squares, with t(T - 1).

    Args:
        estimates: (T,) one effect in each task.
        errors: (T,) their standard errors.
        level: Confidence level of all intervals.

    Raises:
        EstimationError: If there are fewer than three tasks, or errors are not positive.
    """
    from scipy.special import chdtrc

    b, v = np.asarray(estimates, dtype=float), np.asarray(errors, dtype=float) ** 2
    if len(b) < FEWEST:
        raise EstimationError(
            f"{len(b)} tasks do not say how much tasks differ (at least {FEWEST} are needed)."
        )
    if not (np.isfinite(b).all() and np.isfinite(v).all() and (v > 0).all()):
        raise EstimationError("estimates must be finite and their standard errors positive.")
    n = len(b)
    variance = _solve(b, v, n - 1.0)
    weight = 1 / (v + variance)
    mean, error = float(weight @ b / weight.sum()), float(1 / np.sqrt(weight.sum()))
    q = _q(b, v, 0.0)
    low, high = _sd_limits(b, v, level)
    return Pooled(
        mean=_limits(np.array([mean]), np.array([error]), critical_value(level, n - 1.0)),
        sd=float(np.sqrt(variance)),
        sd_low=low,
        sd_high=high,
        new_task=_predicted(b, v, mean, level),
        tasks=_shrunk(b, v, variance, mean, error, level),
        q=q,
        p_value=float(chdtrc(n - 1, q)),
    )


def _limits(value: Floats, error: Floats, critical: float) -> Estimated:
    return Estimated(value, error, value - critical * error, value + critical * error)


def _predicted(b: Floats, v: Floats, mean: float, level: float) -> Estimated:
    """The effect in another task: quantiles over what tau may be, by draws that are always equal.

    Given an estimate of tau alone the interval holds too little where that estimate is 0 by chance.
    """
    from scipy.special import chdtri

    n, rng = len(b), np.random.default_rng(0)
    top = _solve(b, v, float(chdtri(n - 1, 1 - 1 / PREDICTION_DRAWS)))
    grid = np.append(0.0, np.geomspace(1e-6, 1.0, 400) * max(top, 1e-12))
    falling = np.array([_q(b, v, x) for x in grid])
    variance = np.interp(rng.chisquare(n - 1, PREDICTION_DRAWS), falling[::-1], grid[::-1])
    weight = 1 / (v + variance[:, None])
    total = weight.sum(axis=1)
    centre = weight @ b / total
    apart = (weight * (b - centre[:, None]) ** 2).sum(axis=1) / ((n - 1) * total)
    drawn = centre - rng.standard_t(n - 1, PREDICTION_DRAWS) * np.sqrt(apart)
    drawn += rng.normal(size=PREDICTION_DRAWS) * np.sqrt(variance)
    low, high = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2])
    spread = np.sqrt(variance.mean() + apart.mean())
    return Estimated(*(np.array([x]) for x in (mean, spread, low, high)))


def _shrunk(
    b: Floats, v: Floats, variance: float, mean: float, error: float, level: float
) -> Estimated:
    """Posterior of each task's effect; its variance holds that of the mean and of tau, roughly."""
    n = len(b)
    shrink = v / (v + variance)
    if variance > 0:  # tau is estimated: shrink a little less (Morris 1983)
        shrink = shrink * (n - 3) / (n - 1) if n > 3 else np.zeros(n)
    value = b + shrink * (mean - b)
    spread = v * (1 - shrink) + shrink**2 * error**2
    spread += 2 / max(n - 3, 1) * shrink**2 * (b - mean) ** 2
    return _limits(value, np.sqrt(np.minimum(spread, v)), critical_value(level))


def _q(b: Floats, v: Floats, variance: float) -> float:
    """Weighted squared distances from the mean."""
    weight = 1 / (v + variance)
    return float(weight @ (b - weight @ b / weight.sum()) ** 2)


def _solve(b: Floats, v: Floats, target: float) -> float:
    return between_variance(lambda x: _q(b, v, x), target, float(np.ptp(b) ** 2 + v.max()))


def between_variance(q: Callable[[float], float], target: float, start: float) -> float:
    """Returns the variance at which Q, which falls with it, is `target`; 0 where Q(0) is below.

    Args:
        q: Weighted squared distances from the mean, by the variance between.
        target: Its expectation, or a quantile.
        start: Where the search begins, of the scale of the estimates' variance.
    """
    from scipy.optimize import brentq

    if q(0.0) <= target:
        return 0.0
    high = start
    while q(high) > target:
        high *= 4
    return float(brentq(lambda x: q(x) - target, 0.0, high, xtol=1e-12 * high))


def _sd_limits(b: Floats, v: Floats, level: float) -> tuple[float, float]:
    """Limits of tau: values at which Q is no surprise."""
    from scipy.special import chdtri

    tails = (0.5 - level / 2, 0.5 + level / 2)
    low, high = (np.sqrt(_solve(b, v, float(chdtri(len(b) - 1, tail)))) for tail in tails)
    return float(low), float(high)
