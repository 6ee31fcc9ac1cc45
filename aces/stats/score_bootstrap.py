"""Tests from few clusters: the scores of a restricted fit, signs of whole clusters drawn at random.

Reference: Kline, P. and Santos, A. (2012). A score based approach to wild bootstrap inference.
Journal of Econometric Methods 1(1), 23-41; weights of few clusters from Webb, M. D. (2023),
Canadian Journal of Economics 56, 839-858; scores less what estimation takes out of each cluster, as
in MacKinnon, Nielsen and Webb (2024), arXiv 2406.00650 (linearised wild cluster bootstrap).
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aces.errors import EstimationError
from aces.stats.choice_data import ChoiceData, Floats, Ints
from aces.stats.constraints import Constraints, constraints
from aces.stats.covariance import (
    FewClustersWarning,
    add_by_cluster,
    cluster_codes,
    cluster_scores,
    inverse,
)
from aces.stats.likelihood import MANY_STEPS, Likelihood, log_likelihood, maximise

WEBB = np.sqrt([1.5, 1.0, 0.5])
FEW = 12
"""Clusters below which Webb's six weights are drawn in place of two."""
SAFE = 5
"""Clusters below which it rejects far less often than it should (`benchmarks.few_clusters`)."""
SURE = 10
"""Clusters below which it may reject in 6 to 9 % where 5 % is said."""
BATCH_NUMBERS = 2_000_000
TIE = 1e-9
"""Relative difference below which statistics count as equal."""
WIDEST = 64.0
"""Standard errors from the estimate at which the search for a limit gives up."""


class NoMaximumError(EstimationError):
    """The likelihood has no maximum under the hypothesis."""


@dataclass(frozen=True)
class ScoreTest:
    """A test of linear restrictions from few clusters.

    Attributes:
        statistic: Quadratic form of the scores over its degrees of freedom.
        df: Restrictions.
        n_clusters: Clusters.
        p_value: Share of draws with a statistic at least as large.
        draws: Draws; all of them where `exact`.
        weights: `webb` or `rademacher`.
        exact: Whether every combination of weights was taken.
    """

    statistic: float
    df: int
    n_clusters: int
    p_value: float
    draws: int
    weights: str
    exact: bool


class ScoreBootstrap:
    """Score bootstrap of one fitted model; draws are the same for all its tests.

    Args:
        data: The choice sets.
        at: The unrestricted maximum.
        clusters: (rows,) cluster of each row; one per choice set.
        limits: Constraints that the model has anyway.
        draws: Draws; where there are fewer combinations of weights all are taken.
        seed: Of the draws.

    Raises:
        EstimationError: If clusters split choice sets, or are fewer than 3.
    """

    def __init__(
        self,
        data: ChoiceData,
        at: Likelihood,
        clusters: NDArray[Any],
        *,
        limits: Constraints | None = None,
        draws: int = 9_999,
        seed: int = 0,
    ) -> None:
        self._data, self._at, self._limits = data, at, limits
        with warnings.catch_warnings():  # it is made for few
            warnings.simplefilter("ignore", FewClustersWarning)
            self._codes, self.n_clusters = cluster_codes(data, clusters)
        self.weights, self.exact, self._w = _weights(self.n_clusters, draws, seed)
        bread = inverse(at.information, limits)
        totals = cluster_scores(data, at.params, self._codes, self.n_clusters)
        self._errors = np.sqrt(np.diag(bread @ totals.T @ totals @ bread))

    @property
    def name(self) -> str:
        """What was done, in words."""
        count = f"all {len(self._w):,}" if self.exact else f"{len(self._w):,}"
        said = "; it may reject in 6 to 9 % for 5 % with so few clusters"
        if self.n_clusters < SAFE:
            said = "; it rejects too rarely with so few clusters"
        said = said if self.n_clusters < SURE else ""
        return f"score bootstrap ({self.weights.title()} weights, {count} draws){said}"

    def test(self, R: Floats, r: Floats) -> ScoreTest:
        """Tests R b = r.

        Args:
            R: (q, K) independent rows.
            r: (q,) values.

        Raises:
            EstimationError: If there are no more clusters than restrictions.
        """
        R, r = np.atleast_2d(R), np.atleast_1d(r)
        if len(R) >= self.n_clusters:
            raise EstimationError(
                f"{self.n_clusters} clusters can't test {len(R)} restrictions together."
            )
        found = self._statistics(R, r)
        extreme = int((found[1:] >= found[0] * (1 - TIE)).sum())
        draws = len(self._w)
        p_value = extreme / draws if self.exact else (1 + extreme) / (1 + draws)
        return ScoreTest(
            float(found[0]), len(R), self.n_clusters, p_value, draws, self.weights, self.exact
        )

    def interval(self, column: int, level: float = 0.95) -> tuple[float, float]:
        """Returns the values of a coefficient that the test does not reject, as limits.

        Infinite where it rejects nothing however far away, as may be with fewer than 6 clusters.

        Args:
            column: Which coefficient.
            level: Confidence level.
        """
        estimate, error = float(self._at.params[column]), float(self._errors[column])
        alone = np.eye(len(self._at.params))[[column]]

        def kept(value: float) -> bool:
            try:
                return self.test(alone, np.array([value])).p_value > 1 - level
            except NoMaximumError:  # so far away that probabilities are 0 and 1
                return True

        low, high = (_limit(estimate, sign * error, kept) for sign in (-1, 1))
        return low, high

    def _statistics(self, R: Floats, r: Floats) -> Floats:
        """(1 + draws,) the statistic of the data, and of each draw."""
        at = self._restricted(R, r)
        bread = inverse(at.information, self._limits)
        influence = cluster_scores(self._data, at.params, self._codes, self.n_clusters) @ bread
        own = influence @ R.T
        taken = _taken(self._data, at.params, self._codes, self.n_clusters, bread @ R.T)
        size = max(BATCH_NUMBERS // (self.n_clusters * len(R)), 1)
        draws = [np.ones((1, self.n_clusters))]
        draws += [self._w[first : first + size] for first in range(0, len(self._w), size)]
        return np.concatenate([_quadratic(w, influence, own, taken) for w in draws])

    def _restricted(self, R: Floats, r: Floats) -> Likelihood:
        """The maximum under the hypothesis."""
        both = (R, r)
        if self._limits is not None:
            both = np.vstack([self._limits.matrix, R]), np.append(self._limits.values, r)
        limits = constraints(*both)
        if limits is None or len(limits) < len(both[0]):
            raise EstimationError("the restrictions follow from each other or the constraints.")
        bread = inverse(self._at.information, self._limits)
        step = bread @ R.T @ np.linalg.solve(R @ bread @ R.T, R @ self._at.params - r)
        start = log_likelihood(self._data, self._at.params - step)
        found = maximise(self._data, start, along=limits.along, steps=MANY_STEPS)
        if not found.converged:
            raise NoMaximumError("the model has no maximum under the hypothesis.")
        return found.at


def _quadratic(w: Floats, influence: Floats, own: Floats, taken: Floats) -> Floats:
    """(draws,) statistics for weights w.

    Args:
        w: (draws, G) weights.
        influence: (G, K) scores times the inverse information.
        own: (G, q) the part of the restrictions.
        taken: (G, q, K) what a move of the estimates takes out of a cluster's part.
    """
    moved = w @ influence
    total = w @ own
    left = w[:, :, None] * own
    left -= (moved @ taken.reshape(-1, taken.shape[2]).T).reshape(left.shape)
    square = np.einsum("bgq,bgp->bqp", left, left)
    if own.shape[1] == 1:
        spread = square[:, 0, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(spread > 0, total[:, 0] ** 2 / spread, np.inf))
    solved = np.linalg.solve(square, total[:, :, None])[:, :, 0]
    return np.asarray((total * solved).sum(axis=1) / own.shape[1])


def _taken(data: ChoiceData, params: Floats, codes: Ints, n_clusters: int, along: Floats) -> Floats:
    """(G, q, K) each cluster's information times (K, q) `along`."""
    taken = np.zeros((n_clusters, along.shape[1], data.n_columns))
    for block in data.blocks():
        p, _ = block.probabilities(params)
        weight, means = block.weighted(p), block.set_sums(p)
        for q in range(along.shape[1]):
            direction = along[block.columns, q]
            moved = block.x @ direction - block.to_rows(means @ direction)
            part = taken[:, q]
            add_by_cluster(part, codes, block, block.set_sums(weight * moved))
    return taken


def _weights(n_clusters: int, draws: int, seed: int) -> tuple[str, bool, Floats]:
    """Name of the weights, whether they are all there are, and (draws, G) them."""
    name = "webb" if n_clusters < FEW else "rademacher"
    values = np.append(-WEBB, WEBB) if name == "webb" else np.array([-1.0, 1.0])
    if len(values) ** n_clusters <= draws:
        return name, True, np.array(list(product(values, repeat=n_clusters)))
    rng = np.random.default_rng(seed)
    return name, False, values[rng.integers(0, len(values), (draws, n_clusters))]


def _limit(inside: float, step: float, kept: Callable[[float], bool]) -> float:
    """Where values stop being kept, going from one inside by `step`."""
    outside, reach = inside + 2 * step, 2.0
    while kept(outside):
        inside, reach = outside, 2 * reach
        if reach > WIDEST:
            return float(np.copysign(np.inf, step))
        outside = inside + reach * step / 2
    while abs(outside - inside) > 0.02 * abs(step):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if kept(middle) else (inside, middle)
    return float(outside)
