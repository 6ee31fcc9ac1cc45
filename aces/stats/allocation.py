"""Which arm to try next: chances of being best, and the shares that rules make of them.

Every function takes what is known of K arms as sums over the worlds that had them, in arrays of
shape (..., K), so that many experiments can be decided at once.

References: Thompson, W. R. (1933), Biometrika 25, 285-294; Russo, D. (2020), Simple Bayesian
algorithms for best-arm identification, Operations Research 68, 1625-1647 (top two); Auer, P.,
Cesa-Bianchi, N. and Fischer, P. (2002), Machine Learning 47, 235-256 (upper confidence bounds).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from aces.stats.choice_data import Floats

Rule = Literal["thompson", "top_two", "ucb"]

GRID = 513
"""Points at which distributions are compared."""
REACH = 8.0
"""Standard deviations around the means that the points span."""
LEADING = 0.5
"""Share of `top_two` that goes to the arm taken for the best, rather than to its rival."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What is known of K arms.

    Attributes:
        n: (..., K) worlds.
        total: (..., K) sum of their outcomes.
        square: (..., K) sum of their squared outcomes.
        bounded: Whether outcomes are shares, between 0 and 1.
    """

    n: Floats
    total: Floats
    square: Floats
    bounded: bool

    @classmethod
    def of(cls, y: Floats, arm: Floats, arms: int, *, bounded: bool) -> "Tally":
        """Returns the sums of (n,) outcomes of worlds that had (n,) arms, counted from 0."""
        which = np.asarray(arm, dtype=np.int64)
        n, total, square = (
            np.bincount(which, weights=weights, minlength=arms).astype(float)
            for weights in (np.ones(len(y)), y, y * y)
        )
        return cls(n, total, square, bounded)

    @property
    def mean(self) -> Floats:
        """(..., K) means, drawn to the mean of all by one world's weight."""
        everything = self.n.sum(axis=-1, keepdims=True)
        grand = self.total.sum(axis=-1, keepdims=True) / np.maximum(everything, 1)
        return np.asarray((self.total + grand) / (self.n + 1))

    @property
    def spread(self) -> Floats:
        """(..., 1) standard deviation of outcomes within arms."""
        each = self.total**2 / np.maximum(self.n, 1)
        inside = (self.square - each).sum(axis=-1, keepdims=True)
        freedom = (self.n - 1).clip(min=0).sum(axis=-1, keepdims=True)
        return np.asarray(np.sqrt(np.maximum(inside, 0.0) / np.maximum(freedom, 1)))

    def chance_best(self) -> Floats:
        """Returns (..., K) the chance that each arm's mean is the greatest.

        Means of shares have Beta distributions that begin uniform; other means have normal ones
        with the spread that all arms have in common.
        """
        return self._shares_best() if self.bounded else self._means_best()

    def _shares_best(self) -> Floats:
        from scipy.special import betainc

        won, lost = 1 + self.total, 1 + np.maximum(self.n - self.total, 0.0)
        mean = won / (won + lost)
        points = _points(mean, np.sqrt(mean * (1 - mean) / (won + lost + 1))).clip(0.0, 1.0)
        return _greatest(betainc(won[..., None], lost[..., None], points))

    def _means_best(self) -> Floats:
        from scipy.special import ndtr

        error = self.spread / np.sqrt(self.n + 1)
        if not (error > 0).all():  # nothing to tell them apart by
            return np.full(self.n.shape, 1 / self.n.shape[-1])
        points = _points(self.mean, error)
        return _greatest(ndtr((points - self.mean[..., None]) / error[..., None]))


def _points(mean: Floats, error: Floats) -> Floats:
    """(..., 1, GRID) points over all that the K means may be."""
    low = (mean - REACH * error).min(axis=-1)
    high = (mean + REACH * error).max(axis=-1)
    steps = np.linspace(0.0, 1.0, GRID)
    return np.asarray((low[..., None] + (high - low)[..., None] * steps)[..., None, :])


def _greatest(below: Floats) -> Floats:
    """(..., K) chances to be the greatest, from (..., K, GRID) distribution functions."""
    mass = np.diff(below, axis=-1)
    middle = (below[..., 1:] + below[..., :-1]) / 2
    arms = below.shape[-2]
    others = np.stack(
        [np.delete(middle, arm, axis=-2).prod(axis=-2) for arm in range(arms)], axis=-2
    )
    chance = (mass * others).sum(axis=-1)
    return np.asarray(chance / chance.sum(axis=-1, keepdims=True))


def shares(rule: Rule, tally: Tally, floor: float) -> Floats:
    """Returns (..., K) the chances with which the next worlds get each arm; none below the floor.

    Args:
        rule: `thompson`: as likely as it is best; `top_two`: the best and its rival in equal parts,
            to tell which is best; `ucb`: the one that may be best, all the rest at the floor.
        tally: What is known of the arms.
        floor: Least chance of an arm, at most 1 / K.
    """
    if rule == "ucb":
        wanted = _upper(tally)
    else:
        wanted = tally.chance_best()
        if rule == "top_two":
            wanted = _two(wanted)
    arms = tally.n.shape[-1]
    return np.asarray(floor + (1 - arms * floor) * wanted)


def _two(best: Floats) -> Floats:
    """Chance to be the arm tried where a best is drawn, and half of the time a best of the rest."""
    certain = np.clip(best, 1e-12, 1 - 1e-12)
    odds = certain / (1 - certain)
    rival = certain * (odds.sum(axis=-1, keepdims=True) - odds)
    wanted = LEADING * certain + (1 - LEADING) * rival
    return np.asarray(wanted / wanted.sum(axis=-1, keepdims=True))


def _upper(tally: Tally) -> Floats:
    """All on the greatest upper confidence bound, shared where several are; untried arms first."""
    everything = tally.n.sum(axis=-1, keepdims=True)
    spread = np.sqrt(tally.mean * (1 - tally.mean)) if tally.bounded else tally.spread
    reach = np.sqrt(2 * np.log(np.maximum(everything, 1)) / np.maximum(tally.n, 1))
    bound = np.where(tally.n == 0, np.inf, tally.mean + spread * reach)
    best = bound == bound.max(axis=-1, keepdims=True)
    return np.asarray(best / best.sum(axis=-1, keepdims=True))
