"""Shares of a market, with intervals that hold for shares of 0, and its concentration.

References: Wilson, E. B. (1927), Journal of the American Statistical Association 22, 209-212;
Goodman, L. A. (1965), On simultaneous confidence intervals for multinomial proportions,
Technometrics 7, 247-254; Hoeffding, W. (1948), Annals of Mathematical Statistics 19, 293-325 (the
variance of a U-statistic). Near 0 and 1 limits are exact one-sided ones, since Wilson's and
Goodman's hold too little of rare shares: Brown, L. D., Cai, T. T. and DasGupta, A. (2001),
Statistical Science 16, 101-133.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from aces.errors import EstimationError
from aces.stats.choice_data import Floats
from aces.stats.intervals import critical_value

TINY = 1e-9
"""In place of a count of 0, whose limit is 0 anyway."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval."""

    estimate: float
    low: float
    high: float


def wilson_interval(counts: ArrayLike, n: float, level: float = 0.95) -> tuple[Floats, Floats]:
    """Returns lower and upper limits of shares, each holding by itself.

    Wilson's limits; near 0 and 1 the one-sided exact ones where these lie further out. Over shares
    they cover 95 % or a little more; of a single share, which counts come in steps, from 92 % on
    (`benchmarks/results/coverage-grid.md`).

    Args:
        counts: (k,) how often each was chosen.
        n: Choices in all.
        level: Confidence level.
    """
    return _score_interval(_checked(counts), n, 1 - level)


def goodman_interval(counts: ArrayLike, n: float, level: float = 0.95) -> tuple[Floats, Floats]:
    """Returns lower and upper limits of k shares that hold all at once, as `wilson_interval`.

    Args:
        counts: (k,) how often each was chosen, those never chosen included.
        n: Choices in all.
        level: Joint confidence level.
    """
    counts = _checked(counts)
    return _score_interval(counts, n, (1 - level) / len(counts))


def hhi(counts: ArrayLike, level: float = 0.95) -> Interval:
    """Returns the Herfindahl-Hirschman index, unbiased: (n H - 1) / (n - 1), from 0 to 1.

    It estimates the chance that two choices are of the same product. Its interval comes from the
    exact variance of this U-statistic, on the scale of its log odds. Where shares are about equal
    it is wider than need be and covers nearly always; from 20 choices it may cover 93 %.

    Args:
        counts: (k,) how often each product was chosen.
        level: Confidence level.

    Raises:
        EstimationError: If there are fewer than two choices.
    """
    from scipy.special import expit, logit

    counts = _checked(counts)
    n = float(counts.sum())
    if n < 2:
        raise EstimationError(f"concentration needs at least 2 choices, not {n:g}.")
    shares = counts / n
    index = (n * float(shares @ shares) - 1) / (n - 1)
    if index <= 0:  # no two choices agree; no share can exceed the greatest that still may be
        return Interval(0.0, 0.0, float(wilson_interval([counts.max()], n, level)[1][0]))
    if index >= 1:  # all choices agree
        return Interval(1.0, float(wilson_interval([n], n, level)[0][0]) ** 2, 1.0)
    spread = critical_value(level) * np.sqrt(_hhi_variance(shares, n)) / (index * (1 - index))
    low, high = expit(logit(index) + np.array([-spread, spread])).tolist()
    return Interval(index, low, high)


def modal_share(counts: ArrayLike, level: float = 0.95) -> Interval:
    """Returns the greatest share; its interval allows for not knowing whose it is.

    The limits are the greatest of the simultaneous (Goodman) limits, so that coverage is at least
    `level` even where several products share the lead.

    Args:
        counts: (k,) how often each product was chosen.
        level: Confidence level.
    """
    counts = _checked(counts)
    n = float(counts.sum())
    low, high = goodman_interval(counts, n, level)
    return Interval(float(counts.max() / n), float(low.max()), float(high.max()))


def _score_interval(counts: Floats, n: float, alpha: float) -> tuple[Floats, Floats]:
    """Shares p that neither the score test rejects at alpha, nor an exact one-sided test does."""
    from scipy.special import betaincinv

    if n <= 0:
        return np.zeros(len(counts)), np.ones(len(counts))
    z = critical_value(1 - alpha)
    centre = counts + z**2 / 2
    half = z * np.sqrt(counts * (n - counts) / n + z**2 / 4)
    some, others = np.maximum(counts, TINY), np.maximum(n - counts, TINY)
    low = np.minimum((centre - half) / (n + z**2), betaincinv(some, n - counts + 1, alpha))
    high = np.maximum((centre + half) / (n + z**2), 1 - betaincinv(others, counts + 1, alpha))
    return np.where(counts <= 0, 0.0, low), np.where(counts >= n, 1.0, high)


def _hhi_variance(shares: Floats, n: float) -> float:
    """Variance of the share of pairs that agree, at the observed shares."""
    index = float(shares @ shares)
    between = float((shares**3).sum()) - index**2
    return max(2 * (2 * (n - 2) * between + index - index**2) / (n * (n - 1)), 0.0)


def _checked(counts: ArrayLike) -> Floats:
    values = np.asarray(counts, dtype=float)
    if values.ndim != 1 or not values.size or not (values >= 0).all():
        raise EstimationError("counts must be one or more numbers, none negative.")
    return values
