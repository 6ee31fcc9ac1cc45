"""How much of the variation of choices lies between worlds, between servings, and in sampling.

A trial's choice is a vector of 0 and 1 over alternatives, of mean p. With p of world w and trial r
the total variation, 1 - |mean p|^2, is the sum of

* world: E |p_w - mean p|^2, what shelves do;
* serving: E |p_wr - p_w|^2, how probabilities differ between trials of one world;
* sampling: E (1 - |p_wr|^2), the draw from them.

Products of two trials of one world, and of two worlds, are unbiased for |p_w|^2 and |mean p|^2: all
estimates are sums of such products (U-statistics), errors by the jackknife over worlds. It is the
variance split of Light and Margolin (1971), Journal of the American Statistical Association 66,
534-544, for units drawn at random. From few worlds the intervals hold too little: 91 to 92 % with
5, 92 to 94 % with 10 and 93 to 95 % with 20 (`benchmarks/results/coverage-grid.md`).
"""

from dataclasses import dataclass

import numpy as np

from aces.errors import EstimationError
from aces.stats.choice_data import Floats, Ints
from aces.stats.intervals import critical_value

FEWEST = 5
"""Worlds with two trials below which nothing is said."""
ENOUGH = 50
"""Worlds below which intervals hold less than they say."""
NAMES = ("world", "serving", "sampling", "total")


@dataclass(frozen=True)
class Components:
    """Variance components, with 95 % limits.

    Attributes:
        value: (4,) world, serving, sampling, total; serving NaN where it can't be told from
            sampling, which then holds both.
        error: (4,) jackknife standard errors.
        share: (4,) parts of the total.
        share_error: (4,) their standard errors.
        df: Degrees of freedom of t: worlds less groups.
        worlds: Worlds with two trials or more.
        trials: Trials in them.
    """

    value: Floats
    error: Floats
    share: Floats
    share_error: Floats
    df: float
    worlds: int
    trials: int

    def limits(self) -> tuple[Floats, Floats]:
        """Returns (4,) lower and upper limits of the components, cut off at 0."""
        half = critical_value(0.95, self.df) * self.error
        return np.maximum(self.value - half, 0.0), np.maximum(self.value + half, 0.0)

    def share_limits(self) -> tuple[Floats, Floats]:
        """Returns (4,) lower and upper limits of the parts of the total, within 0 and 1."""
        half = critical_value(0.95, self.df) * self.share_error
        return np.clip(self.share - half, 0.0, 1.0), np.clip(self.share + half, 0.0, 1.0)

    def worth(self, repeats: float) -> float:
        """Returns how many fresh worlds so many trials of one world are worth, for shares."""
        world = max(float(self.value[0]), 0.0)
        within = max(float(np.nansum(self.value[1:3])), 0.0)
        return repeats * (world + within) / (repeats * world + within)


def components(
    p: Floats, worlds: Ints, groups: Ints | None = None, *, probabilities: bool = False
) -> Components:
    """Returns the variance components of choices.

    Args:
        p: (trials, alternatives) choices as 0 and 1, or probabilities; rows sum to 1.
        worlds: (trials,) world of each.
        groups: (trials,) such as the task: worlds vary within groups. One by default.
        probabilities: Whether `p` are probabilities, so that serving and sampling are told apart.

    Raises:
        EstimationError: If fewer than 5 worlds were met twice.
    """
    again = np.bincount(worlds)[worlds] > 1
    p, worlds = p[again], worlds[again]
    groups = np.zeros(len(p), dtype=int) if groups is None else groups[again]
    if len(np.unique(worlds)) < FEWEST:
        raise EstimationError(
            f"{len(np.unique(worlds))} worlds were met twice or more: at least {FEWEST} are needed"
        )
    parts, weights, df = [], [], 0.0
    for group in np.unique(groups):
        own = groups == group
        codes = np.unique(worlds[own], return_inverse=True)[1]
        if codes.max() < 2:
            continue
        parts.append(_jackknife(*_moments(p[own], codes)))
        weights.append(codes.max() + 1.0)
        df += codes.max()
    return _combined(parts, np.array(weights), df, len(p), probabilities=probabilities)


def _moments(p: Floats, codes: Ints) -> tuple[Floats, Floats, Floats]:
    """By world: mean vector, mean product of two trials, mean square of one."""
    n = np.bincount(codes).astype(float)
    total = np.zeros((len(n), p.shape[1]))
    np.add.at(total, codes, p)
    square = np.bincount(codes, weights=(p**2).sum(axis=1))
    pairs = ((total**2).sum(axis=1) - square) / (n * (n - 1))
    return total / n[:, None], pairs, square / n


def _estimates(
    total: Floats, norms: Floats, pairs: Floats, squares: Floats, worlds: float
) -> Floats:
    """World, serving, sampling and total from sums over worlds."""
    between = ((total**2).sum(axis=-1) - norms) / (worlds * (worlds - 1))
    alike, alone = pairs / worlds, squares / worlds
    return np.stack([alike - between, alone - alike, 1 - alone, 1 - between], axis=-1)


def _jackknife(means: Floats, pairs: Floats, squares: Floats) -> tuple[Floats, Floats]:
    """Estimates of one group, and the covariance of the estimates."""
    norms, n = (means**2).sum(axis=1), float(len(means))
    sums = (means.sum(axis=0), norms.sum(), pairs.sum(), squares.sum())
    value = _estimates(*sums, n)
    less = (sums[0] - means, sums[1] - norms, sums[2] - pairs, sums[3] - squares)
    left = _estimates(*less, n - 1)
    moved = left - left.mean(axis=0)
    return value, (n - 1) / n * moved.T @ moved


def _combined(
    parts: list[tuple[Floats, Floats]],
    weights: Floats,
    df: float,
    trials: int,
    *,
    probabilities: bool,
) -> Components:
    """Groups together, by worlds; sampling and serving as one where they can't be told apart."""
    if not parts:
        raise EstimationError("no task has three worlds that were met twice")
    w = weights / weights.sum()
    value = sum(x * v for x, (v, _) in zip(w, parts, strict=True))
    matrix = sum(x**2 * m for x, (_, m) in zip(w, parts, strict=True))
    value, matrix = np.asarray(value), np.asarray(matrix)
    if not probabilities:
        add = np.array([[1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]], dtype=float)
        value, matrix = add @ value, add @ matrix @ add.T
    total = value[3]
    if not total > 0:
        raise EstimationError("every trial ended alike: there is no variation to split")
    slopes = (np.eye(4) - np.outer(value / total, [0, 0, 0, 1.0])) / total
    error, share_error = (
        np.sqrt(np.maximum(np.diag(m), 0)) for m in (matrix, slopes @ matrix @ slopes.T)
    )
    unknown = np.array([False, not probabilities, False, False])
    value, error, share_error = (np.where(unknown, np.nan, x) for x in (value, error, share_error))
    return Components(value, error, value / total, share_error, df, int(weights.sum()), trials)
