"""What explains how two fits of one model differ: a few coefficients, their scale, or both.

A cause says in which directions the second fit's coefficients may differ from the first's; what it
leaves is tested. The scale of a logit is one over the spread of what it does not see: a buyer that
only chooses more at random has all coefficients multiplied by one number below 1. Equal
preferences given the scale are tested by minimum distance, so that errors may be clustered and the
two fits may share what is random; with independent fits and ordinary errors that is, to first
order, the likelihood-ratio test of Swait, J. and Louviere, J. (1993), The role of the scale
parameter in the estimation and comparison of multinomial logit models, Journal of Marketing
Research 30, 305-314.

How far a cause moved coefficients is told by least squares whose weights are estimated; errors and
t are those of Rao, C. R. (1967), Least squares theory using an estimated dispersion matrix and its
application to measurement of signals, Proceedings of the Fifth Berkeley Symposium on Mathematical
Statistics and Probability 1, 355-372. They are exact for normal estimates.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aces.errors import EstimationError
from aces.stats.choice_data import Floats
from aces.stats.joint import WaldTest, wald_test

REACH = 3.0
"""Log scales are looked for within this distance of 0: from a twentieth to twenty times."""
GRID = 25
LEVEL = 0.95


@dataclass(frozen=True)
class TwoFits:
    """Estimates of the same K coefficients from two samples.

    Attributes:
        first: (K,) of the one.
        second: (K,) of the other.
        covariance: (2K, 2K) of both, the first's coefficients first.
        df: G - 1 where errors are clustered; infinite otherwise.
    """

    first: Floats
    second: Floats
    covariance: Floats
    df: float = np.inf

    @property
    def difference(self) -> Floats:
        """(K,) second less first."""
        return self.second - self.first

    def spread(self, scale: float = 1.0) -> Floats:
        """Returns (K, K) the covariance of second - scale x first."""
        k = len(self.first)
        own, cross = self.covariance[:k, :k], self.covariance[:k, k:]
        return self.covariance[k:, k:] - scale * (cross + cross.T) + scale**2 * own


@dataclass(frozen=True)
class Explanation:
    """What a cause leaves unexplained.

    Attributes:
        rest: Test that it leaves nothing.
        scale: Second over first; 1 where it was held there.
        low: Lower limit of its 95 % set, which held the truth in 93 % in `benchmarks.comparison`; 0
            where there is none within reach.
        high: Upper limit; infinite where there is none within reach.
        scale_p: P-value of a scale of 1, given the cause; NaN where it was held there.
        moved: (m,) how far coefficients moved along the directions, if nothing else did.
        error: (m,) standard errors of that.
        df: Degrees of freedom of t for that: G - 1 less the dimensions left to test, at least 1.
    """

    rest: WaldTest
    moved: Floats
    error: Floats
    df: float
    scale: float = 1.0
    low: float = 1.0
    high: float = 1.0
    scale_p: float = np.nan


def explain(fits: TwoFits, directions: Floats | None = None, *, scale: bool = False) -> Explanation:
    """Tests whether two fits differ by nothing but a cause.

    Args:
        fits: The two fits.
        directions: (K, m) in which coefficients may differ; None for none.
        scale: Whether the second's may also be the first's times a number above 0.

    Raises:
        EstimationError: If the cause explains whatever may be.
    """
    k = len(fits.first)
    ways = np.zeros((k, 0)) if directions is None else directions
    across = _across(ways)
    if across.shape[1] - scale < 1:
        raise EstimationError(f"{k} coefficients can't test a cause that moves all of them.")
    if not scale:
        change = fits.difference @ across
        rest = wald_test(change, across.T @ fits.spread() @ across, fits.df)
        unsure = _Unsure.of(_squared(rest, fits.df), rest.df, fits.df)
        return Explanation(rest, *_moved(fits, ways, 1.0, unsure, scale=False), unsure.df)
    distance = _distance(fits, across)
    best, left = _lowest(distance), across.shape[1] - 1
    least = distance(best)
    unsure = _Unsure.of(least, left, fits.df)
    low, high = _limits(distance, best, least + unsure.factor * _critical(unsure.df))
    free = _hotelling(max(distance(0.0) - least, 0.0) / unsure.factor, 1, unsure.df)
    mu, lower, upper = (float(np.exp(x)) for x in (best, low, high))
    moved = _moved(fits, ways, mu, unsure, scale=True)
    rest = _hotelling(least, left, fits.df)
    return Explanation(rest, *moved, unsure.df, mu, lower, upper, free.p_value)


@dataclass(frozen=True)
class _Unsure:
    """What estimated weights add to the variance of what they weigh, and take from its df."""

    factor: float
    df: float

    @classmethod
    def of(cls, least: float, left: int, df: float) -> "_Unsure":
        """From the squared distance in the `left` dimensions that adjust, errors from `df`."""
        if np.isinf(df):
            return cls(1.0, df)
        return cls((df + least) / (df - left) if df > left else np.inf, max(df - left, 1.0))


def _moved(
    fits: TwoFits, ways: Floats, mu: float, unsure: _Unsure, *, scale: bool
) -> tuple[Floats, Floats]:
    """Generalised least squares of second - mu x first on the directions, and standard errors.

    Where the scale was estimated the first's coefficients are one more direction.
    """
    m = ways.shape[1]
    if m == 0:
        return np.zeros(0), np.zeros(0)
    design = np.column_stack([ways, fits.first]) if scale else ways
    inverted = np.linalg.pinv(fits.spread(mu), hermitian=True)
    covariance = np.linalg.pinv(design.T @ inverted @ design, hermitian=True)
    found = covariance @ design.T @ inverted @ (fits.second - mu * fits.first)
    variance = unsure.factor * covariance.diagonal()[:m]
    return found[:m], np.sqrt(np.maximum(variance, 0.0))


def _across(directions: Floats) -> Floats:
    """(K, K - rank) an orthonormal basis of what the directions can't reach."""
    k = len(directions)
    if directions.shape[1] == 0:
        return np.eye(k)
    left, values, _ = np.linalg.svd(directions)
    rank = int((values > 1e-10 * values.max(initial=0.0)).sum())
    return np.asarray(left[:, rank:])


def _distance(fits: TwoFits, across: Floats) -> Callable[[float], float]:
    """Log scale -> squared distance of second from scale x first, across the directions."""

    def distance(log_scale: float) -> float:
        mu = float(np.exp(log_scale))
        rest = (fits.second - mu * fits.first) @ across
        spread = across.T @ fits.spread(mu) @ across
        unit = np.sqrt(np.maximum(spread.diagonal(), 1e-300))
        scaled = spread / np.outer(unit, unit) + 1e-12 * np.eye(len(unit))
        return float(rest / unit @ np.linalg.solve(scaled, rest / unit))

    return distance


def _lowest(distance: Callable[[float], float]) -> float:
    from scipy.optimize import minimize_scalar

    grid = np.linspace(-REACH, REACH, GRID)
    at = int(np.argmin([distance(float(x)) for x in grid]))
    near = grid[max(at - 1, 0)], grid[min(at + 1, GRID - 1)]
    return float(minimize_scalar(distance, bounds=near, method="bounded").x)


def _limits(distance: Callable[[float], float], best: float, most: float) -> tuple[float, float]:
    """Log scales about the best at which the distance is `most`; infinite beyond reach."""
    from scipy.optimize import brentq

    found = []
    for end in (-REACH, REACH):
        if distance(end) <= most:
            found.append(np.copysign(np.inf, end))
        else:
            found.append(brentq(lambda x: distance(x) - most, *sorted((best, end))))
    return float(found[0]), float(found[1])


def _critical(df: float) -> float:
    from aces.stats.intervals import critical_value

    return critical_value(LEVEL, df) ** 2


def _squared(test: WaldTest, df: float) -> float:
    """The squared distance of a test; the opposite of `_hotelling`."""
    part = 1.0 if np.isinf(df) or test.df_clusters < 1 else df / test.df_clusters
    return test.statistic * test.df * part


def _hotelling(squared: float, q: int, df: float) -> WaldTest:
    """The test of a squared distance in q dimensions, its covariance from df + 1 clusters."""
    return wald_test(np.sqrt([squared, *[0.0] * (q - 1)]), np.eye(q), df)
