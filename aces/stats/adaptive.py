r"""Means of arms from known assignment probabilities, fixed or changed along the way.

World t has arm a with probability e_t(a), which may depend on earlier worlds. With outcome y_t and
a guess m_t(a) from earlier worlds alone, the score

    g_t(a) = m_t(a) + 1{arm_t = a} (y_t - m_t(a)) / e_t(a)

has the arm's mean as expectation whatever the past was. Plain averages of scores are unbiased, but
not normal where e_t(a) has come near 0 for a good or bad reason of chance; weights sqrt(e_t(a))
keep every world's part of the variance the same, so that intervals hold.

References: Hadad, V., Hirshberg, D. A., Zhan, R., Wager, S. and Athey, S. (2021), Confidence
intervals for policy evaluation in adaptive experiments, PNAS 118, e2014602118, equations 5 and 11
(their constant allocation; two-point allocation is the same where the floor does not change);
Horvitz, D. G. and Thompson, D. J. (1952), JASA 47, 663-685; Hajek, J. (1971).
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from aces.stats.choice_data import Floats, Ints
from aces.stats.intervals import critical_value, p_values

Method = Literal["naive", "horvitz_thompson", "hajek", "aipw", "weighted_aipw"]


@dataclass(frozen=True, slots=True)
class Value:
    """An estimate with its 95 % interval; without one where an arm had fewer than two worlds."""

    estimate: float
    std_error: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, slots=True)
class ArmMeans:
    """Means of K arms.

    Attributes:
        estimate: (K,) means; NaN for an arm without a world.
        parts: (n, K) what each world adds to the error of each mean.
        worlds: (K,) worlds that had each arm.
        bounded: Whether they are means of shares. Intervals are then Wilson's with as many trials
            as would have the same standard error, but no more than there were (Kott, P. S. and
            Carr, D. A., 1997, Journal of Official Statistics 13, 1-14), and gains have limits
            made of theirs (Zou, G. Y. and Donner, A., 2008, Statistics in Medicine 27, 1693-1702)
            and p-values that agree with these: with few purchases others miss too often.
    """

    estimate: Floats
    parts: Floats
    worlds: Ints
    bounded: bool = False

    def mean(self, arm: int) -> Value:
        """Returns an arm's mean; its p-value is that of a mean of 0."""
        found = self._value(float(self.estimate[arm]), self.parts[:, arm], int(self.worlds[arm]))
        if not self.bounded or np.isnan(found.std_error):
            return found
        critical = critical_value(df=int(self.worlds[arm]) - 1)
        low, high = _wilson(found.estimate, found.std_error, int(self.worlds[arm]), critical)
        return replace(found, low=low, high=high)

    def contrast(self, arm: int, other: int) -> Value:
        """Returns by how much an arm's mean is greater than another's."""
        parts = self.parts[:, arm] - self.parts[:, other]
        difference = float(self.estimate[arm] - self.estimate[other])
        worlds = int(min(self.worlds[arm], self.worlds[other]))
        found = self._value(difference, parts, worlds)
        if not self.bounded or np.isnan(found.std_error):
            return found
        one, two = self.mean(arm), self.mean(other)
        together = float(self.parts[:, arm] @ self.parts[:, other])
        both = one.std_error * two.std_error
        r = float(np.clip(together / both, -1, 1)) if both > 0 else 0.0
        down, up = one.estimate - one.low, one.high - one.estimate
        below, above = two.estimate - two.low, two.high - two.estimate
        less = float(np.sqrt(max(down**2 + above**2 - 2 * r * down * above, 0.0)))
        more = float(np.sqrt(max(up**2 + below**2 - 2 * r * up * below, 0.0)))
        reach = less if difference > 0 else more
        statistic = critical_value(df=worlds - 1) * difference / reach if reach > 0 else np.nan
        p = float(p_values([statistic], worlds - 1)[0])
        return replace(found, low=difference - less, high=difference + more, p_value=p)

    def _value(self, estimate: float, parts: Floats, worlds: int) -> Value:
        error = float(np.sqrt(parts @ parts))
        if worlds < 2 or np.isnan(error):
            return Value(estimate, *[float("nan")] * 4)
        half = critical_value(df=worlds - 1) * error
        known = p_values([estimate / error], worlds - 1)[0] if error > 0 else np.nan
        return Value(estimate, error, estimate - half, estimate + half, float(known))


def _wilson(share: float, error: float, worlds: int, critical: float) -> tuple[float, float]:
    """Limits of a share with the standard error that so many trials would give."""
    p, n = share, float(worlds)
    if error > 0 and 0 < p < 1:
        n = min(n, p * (1 - p) / error**2)
    centre, half = p + critical**2 / (2 * n), critical * np.sqrt(p * (1 - p) / n)
    half = np.hypot(half, critical**2 / (2 * n))
    scale = 1 + critical**2 / n
    return float((centre - half) / scale), float((centre + half) / scale)


def arm_means(
    y: Floats, arm: Ints, chances: Floats, method: Method, *, bounded: bool = False
) -> ArmMeans:
    """Returns means of all arms.

    Args:
        y: (n,) outcomes, in the order in which worlds were planned.
        arm: (n,) arms, counted from 0.
        chances: (n, K) probability of each arm in each world.
        method: `naive`: as if arms had been shared out in advance (biased after adaptive
            allocation); `horvitz_thompson`, `hajek`: by inverse probabilities, the latter with
            their sum as denominator; `aipw`: average of scores; `weighted_aipw`: their average with
            weights sqrt(e_t(a)).
        bounded: Whether outcomes are shares, between 0 and 1.
    """
    arms = chances.shape[1]
    had = np.asarray(arm)[:, None] == np.arange(arms)
    worlds = had.sum(axis=0)
    if method == "naive":
        weight, value = had.astype(float), np.asarray(y, dtype=float)[:, None]
    elif method == "hajek":
        weight, value = had / chances, np.asarray(y, dtype=float)[:, None]
    else:
        guess = 0.0 if method == "horvitz_thompson" else past_means(y, had)
        value = guess + had * (np.asarray(y)[:, None] - guess) / chances
        weight = np.sqrt(chances) if method == "weighted_aipw" else np.ones_like(chances)
    with np.errstate(invalid="ignore"):  # an arm without a world
        total = weight.sum(axis=0)
        estimate = (weight * value).sum(axis=0) / total
        parts = weight * (value - estimate) / total
    estimate = np.where(worlds > 0, estimate.clip(0.0, 1.0) if bounded else estimate, np.nan)
    return ArmMeans(estimate, parts, worlds, bounded)


def past_means(y: Floats, had: Floats) -> Floats:
    """Returns (n, K) each arm's mean in earlier worlds, drawn to that of all by one world's weight.

    Before the first world it is 0.

    Args:
        y: (n,) outcomes.
        had: (n, K) whether each world had each arm.
    """
    values = np.asarray(y, dtype=float)
    n, total = (_before(x) for x in (had.astype(float), had * values[:, None]))
    order = np.arange(len(values))
    everything = _before(values[:, None])[:, 0] / np.maximum(order, 1)
    return np.asarray((total + everything[:, None]) / (n + 1))


def _before(x: Floats) -> Floats:
    """Sums over all earlier rows."""
    return np.concatenate([np.zeros((min(1, len(x)), x.shape[1])), np.cumsum(x, axis=0)[:-1]])


def drawn_as_told(arm: Ints, chances: Floats) -> float:
    """Returns the p-value that arms were drawn with the stored chances.

    Counts less the sum of the chances are a martingale, whatever the chances followed.

    Args:
        arm: (n,) arms, counted from 0.
        chances: (n, K) probability of each arm in each world.
    """
    from scipy.special import chdtrc

    arms = chances.shape[1]
    off = (np.asarray(arm)[:, None] == np.arange(arms)).sum(axis=0) - chances.sum(axis=0)
    spread = np.diag(chances.sum(axis=0)) - chances.T @ chances
    rank = int(np.linalg.matrix_rank(spread, hermitian=True)) if len(chances) else 0
    if rank == 0:
        return 1.0
    return float(chdtrc(rank, off @ np.linalg.pinv(spread, hermitian=True) @ off))
