"""One estimate from many assignments: what a column would be found to do, had it been drawn anew.

All but the column stays as it was, and so do the outcomes. So the model without the column is
fitted once, and each assignment costs one step from there: the efficient score over the efficient
information. For least squares the step is exact; for the conditional logit it is one step of
Newton's method, which is the score test and, near no effect, as good as the maximum.

Reference: Rao, C. R. (1948), Large sample tests of statistical hypotheses concerning several
parameters. Mathematical Proceedings of the Cambridge Philosophical Society 44, 50-57.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aces.stats.choice import estimate
from aces.stats.choice_data import ChoiceData, Floats, Ints

NOTHING_LEFT = 1e-9
"""Share of a column's variation within sets that others must leave, or it says nothing."""


@dataclass(frozen=True)
class Steps:
    """Estimates and their ratios to standard errors, for R assignments; NaN where there is none."""

    estimate: Floats
    z: Floats


@dataclass(frozen=True)
class Working:
    """A model without the columns in question, at its maximum: rows by set, K columns.

    Attributes:
        Z: (rows, K) columns that stay.
        residual: (rows,) outcome less what the model expects.
        weight: (rows,) of the information: choice probabilities, or 1 for least squares.
        divisor: (sets,) 1 for probabilities, the number of rows for least squares.
        starts: (sets,) first row of each set.
        clusters: (sets,) cluster of each set, counted from 0.
    """

    Z: Floats
    residual: Floats
    weight: Floats
    divisor: Floats
    starts: Ints
    clusters: Ints

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return int(self.clusters.max()) + 1

    @cached_property
    def by_set(self) -> Any:  # noqa: ANN401
        """(sets, rows) sparse: which rows a set has."""
        return _members(np.repeat(np.arange(len(self.starts)), self._sizes))

    @cached_property
    def by_cluster(self) -> Any:  # noqa: ANN401
        """(clusters, rows) sparse: which rows a cluster has."""
        return _members(np.repeat(self.clusters, self._sizes))

    @property
    def _sizes(self) -> Ints:
        return np.diff(self.starts, append=len(self.residual))

    @cached_property
    def weighted(self) -> Floats:
        """(rows, K) columns as the information weighs them."""
        means = (self.by_set @ (self.weight[:, None] * self.Z)) / self.divisor[:, None]
        spread = np.repeat(means, self._sizes, axis=0)
        return np.asarray(self.weight[:, None] * (self.Z - spread))

    @cached_property
    def inverse(self) -> Floats:
        """(K, K) inverse of the information; columns that repeat others count once."""
        return np.asarray(np.linalg.pinv(self.Z.T @ self.weighted, rcond=1e-10, hermitian=True))

    @cached_property
    def cluster_scores(self) -> Floats:
        """(clusters, K) scores of the columns that stay."""
        return np.asarray(self.by_cluster @ (self.residual[:, None] * self.Z))

    def information(self, a: Floats, b: Floats) -> Floats:
        """Returns (R,) the information of columns a with columns b, both (rows, R)."""
        sums = (self.by_set @ (self.weight[:, None] * a), self.by_set @ (self.weight[:, None] * b))
        within = np.einsum("r,rc,rc->c", self.weight, a, b)
        return np.asarray(within - np.einsum("sc,sc,s->c", *sums, 1 / self.divisor))


def steps(working: Working, moved: Floats) -> Steps:
    """Returns what the first of m columns is found to do, for each of R assignments of all m.

    Standard errors are of the sandwich, by cluster, with the factor G / (G - 1).

    Args:
        working: The model without them.
        moved: (rows, m, R) their values.
    """
    m = moved.shape[1]
    columns = [np.ascontiguousarray(moved[:, j]) for j in range(m)]
    pulled = [working.weighted.T @ column for column in columns]
    taken = [working.inverse @ each for each in pulled]
    scores = [
        working.by_cluster @ (working.residual[:, None] * column) - working.cluster_scores @ own
        for column, own in zip(columns, taken, strict=True)
    ]
    matrix = np.empty((moved.shape[2], m, m))
    total = np.empty((moved.shape[2], m))
    for i in range(m):
        for j in range(i + 1):
            all_of_it = working.information(columns[i], columns[j])
            left = all_of_it - np.einsum("kc,kc->c", pulled[i], taken[j])
            matrix[:, i, j] = matrix[:, j, i] = left
            if i == j:
                total[:, i] = all_of_it
    return _solve(matrix, total, scores, working.n_clusters)


def _solve(matrix: Floats, total: Floats, scores: list[Floats], n_clusters: int) -> Steps:
    """The first element of the step, and its ratio to its error."""
    scale = np.sqrt(np.maximum(matrix.diagonal(axis1=1, axis2=2), 1e-300))
    own = matrix / scale[:, :, None] / scale[:, None, :]
    lost = matrix.diagonal(axis1=1, axis2=2) <= NOTHING_LEFT * total
    poor: NDArray[np.bool_] = np.asarray(lost.any(axis=1))
    poor |= np.linalg.det(np.where(poor[:, None, None], np.eye(own.shape[1]), own)) <= NOTHING_LEFT
    own[poor], scale[poor] = np.eye(own.shape[1]), 1.0
    first = np.linalg.inv(own)[:, 0] / scale / scale[:, :1]
    influence = sum(first[:, j] * each for j, each in enumerate(scores))
    found = np.asarray(influence).sum(axis=0)
    error = np.sqrt(n_clusters / max(n_clusters - 1, 1) * (np.asarray(influence) ** 2).sum(axis=0))
    none = poor | ~(error > 0)
    return Steps(
        np.where(none, np.nan, found), np.where(none, np.nan, found / np.where(none, 1.0, error))
    )


def of_choices(data: ChoiceData, clusters: Ints, terms: list[int]) -> Working:
    """Returns the conditional logit of some terms alone, and of the effects.

    Args:
        data: The choice sets, all terms.
        clusters: (sets,) cluster of each, counted from 0.
        terms: Columns of `data.X` that stay.

    Raises:
        EstimationError: If these can't be estimated.
    """
    names = [data.names[k] for k in terms] + list(data.names[data.n_terms :])
    kept = replace(data, X=np.asarray(data.X)[:, terms], names=tuple(names))
    params = estimate(kept).params if names else np.zeros(0)
    parts = [block.probabilities(params)[0] for block in kept.blocks()]
    order = slice(None) if data.order is None else data.order
    effects = None if data.effects is None else np.asarray(data.effects)[order]
    Z = _with_dummies(np.asarray(kept.X, dtype=float)[order], effects, len(names) - len(terms))
    expected = np.concatenate(parts)
    residual = np.asarray(data.y, dtype=float)[order] - expected
    return Working(Z, residual, expected, np.ones(data.n_sets), data.starts, clusters)


def of_shares(y: Floats, Z: Floats, starts: Ints, clusters: Ints) -> Working:
    """Returns least squares within sets: a linear probability model with an effect per set.

    Args:
        y: (rows,) outcomes, rows by set.
        Z: (rows, K) columns that stay; those that repeat others count once.
        starts: (sets,) first row of each set.
        clusters: (sets,) cluster of each, counted from 0.
    """
    sizes = np.diff(starts, append=len(y))
    blank = Working(Z, y, np.ones(len(y)), sizes.astype(float), starts, clusters)
    within = y - np.repeat((blank.by_set @ y) / sizes, sizes)
    centred = blank.weighted
    residual = within - centred @ (blank.inverse @ (centred.T @ within))
    return replace(blank, residual=residual)


def contrasts(y: Floats, on: Floats, off: Floats, working: Working) -> Steps:
    """Returns the share bought among marked rows less that among unmarked ones, set by set.

    The mean over the sets that hold both, with errors by cluster.

    Args:
        y: (rows,) outcomes, rows by set.
        on: (rows, R) 1 where marked.
        off: (rows, R) 1 where it counts as unmarked.
        working: Says which sets and clusters rows are of.
    """
    marked, unmarked = working.by_set @ on, working.by_set @ off
    both = (marked > 0) & (unmarked > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        each = (working.by_set @ (y[:, None] * on)) / marked
        each = np.where(both, each - (working.by_set @ (y[:, None] * off)) / unmarked, 0.0)
        n = both.sum(axis=0)
        found = each.sum(axis=0) / n
        within = _members(working.clusters)
        sums = within @ np.where(both, each - found, 0.0)
        groups = ((within @ both.astype(float)) > 0).sum(axis=0)
        error = np.sqrt(groups / (groups - 1) * (sums**2).sum(axis=0)) / n
        bad = ~(error > 0) | ~np.isfinite(error)
        return Steps(np.where(bad, np.nan, found), np.where(bad, np.nan, found / error))


def _members(codes: Ints) -> Any:  # noqa: ANN401
    """(groups, members) sparse 0/1."""
    from scipy import sparse

    n = len(codes)
    return sparse.csr_array((np.ones(n), (codes, np.arange(n))), shape=(int(codes.max()) + 1, n))


def _with_dummies(X: Floats, effects: NDArray[Any] | None, levels: int) -> Floats:
    if effects is None:
        return X
    dummies = np.zeros((len(X), levels))
    rows = np.flatnonzero(effects >= 0)
    dummies[rows, effects[rows]] = 1.0
    return np.column_stack([X, dummies])
