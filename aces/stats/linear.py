"""Least squares with one absorbed effect, and errors clustered by one or two groupings.

The effect of every group (a trial) is absorbed exactly, by taking each column's mean within the
group off it (Frisch, Waugh and Lovell). With one grouping, errors are CR1. With two, the variance
is that of Cameron, A. C., Gelbach, J. B. and Miller, D. L. (2011), Robust inference with multiway
clustering, Journal of Business and Economic Statistics 29, 238-249: V(a) + V(b) - V(a and b),
negative eigenvalues set to 0 (their section 2.3). All are multiplied by

    (N - 1) / (N - K) * G / (G - 1)

with G the smaller number of clusters, and K the coefficients and absorbed effects; where each of
the latter lies within one cluster, they count as one (as fixest and pyfixest count them). Tests and
intervals use t(G - 1).

With few clusters whose effects hardly differ, what is subtracted is about as large as what is left,
and tests from V(a) + V(b) - V(a and b) reject four times too often even with t(G - 1)
(`benchmarks/results/two_way.md`). So the standard error is the largest of the two-way and the two
one-way ones: MacKinnon, J. G., Nielsen, M. O. and Webb, M. D. (2024), Jackknife inference with
two-way clustering, arXiv 2406.08880.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aces.errors import EstimationError
from aces.stats.choice_data import Floats, Ints
from aces.stats.covariance import FEW_CLUSTERS, FEWEST_CLUSTERS, FewClustersWarning

TINY = 1e-9
"""Share of a column's length below which what others leave of it is rounding."""


@dataclass(frozen=True)
class LinearFit:
    """Least squares estimates, or linear combinations of them.

    Attributes:
        names: Terms that were estimated.
        params: (K,) their coefficients.
        influence: (rows, K) what each row adds to the estimates: bread times score.
        absorbed: (rows,) group of each row whose effect was absorbed.
        n_coefficients: Coefficients that were estimated, without the absorbed effects.
        dropped: Terms that the absorbed effects or earlier terms already say.
    """

    names: tuple[str, ...]
    params: Floats
    influence: Floats
    absorbed: Ints
    n_coefficients: int
    dropped: tuple[str, ...] = ()

    def combined(self, weights: Floats, names: Sequence[str]) -> "LinearFit":
        """Returns linear combinations of the coefficients, weights of shape (combinations, K)."""
        return LinearFit(
            names=tuple(names),
            params=weights @ self.params,
            influence=self.influence @ weights.T,
            absorbed=self.absorbed,
            n_coefficients=self.n_coefficients,
            dropped=self.dropped,
        )

    def minus(self, other: "LinearFit") -> "LinearFit":
        """Returns the differences from the same terms of other rows, those of `self` first."""
        return LinearFit(
            names=self.names,
            params=self.params - other.params,
            influence=np.concatenate([self.influence, -other.influence]),
            absorbed=np.concatenate([self.absorbed, other.absorbed + 1 + self.absorbed.max()]),
            n_coefficients=self.n_coefficients + other.n_coefficients,
        )


@dataclass(frozen=True)
class ClusteredErrors:
    """Standard errors clustered by one or two groupings.

    Attributes:
        matrices: (K, K) covariances: with two groupings the two-way one, then those of each alone.
        n_clusters: Clusters of each grouping.
        repaired: Whether the two-way one had negative eigenvalues, which were set to 0.
    """

    matrices: tuple[Floats, ...]
    n_clusters: tuple[int, ...]
    repaired: bool = False

    @property
    def df(self) -> float:
        """Degrees of freedom of t: clusters of the smaller grouping less 1."""
        return min(self.n_clusters) - 1.0

    @property
    def bse(self) -> Floats:
        """(K,) standard errors, the largest of the matrices' where there are several."""
        return np.asarray(np.max([_roots(matrix) for matrix in self.matrices], axis=0))

    @property
    def bse_two_way(self) -> Floats:
        """(K,) standard errors of the first matrix alone: Cameron, Gelbach and Miller's."""
        return _roots(self.matrices[0])


def _roots(matrix: Floats) -> Floats:
    return np.asarray(np.sqrt(np.maximum(matrix.diagonal(), 0.0)))


def within(values: Floats, groups: Ints) -> Floats:
    """Returns (rows, columns) values less their mean in the row's group.

    Args:
        values: (rows, columns).
        groups: (rows,) numbers from 0.
    """
    counts = np.bincount(groups).astype(float)
    centred = np.empty(values.shape)
    for column in range(values.shape[1]):
        sums = np.bincount(groups, weights=values[:, column], minlength=len(counts))
        centred[:, column] = values[:, column] - (sums / np.maximum(counts, 1))[groups]
    return centred


def least_squares(X: Floats, y: Floats, names: Sequence[str], absorb: Ints) -> LinearFit:
    """Returns the coefficients of y on X and one effect for each group.

    Args:
        X: (rows, terms).
        y: (rows,) outcome.
        names: Of the terms. A term that effects or earlier terms already say is dropped and named.
        absorb: (rows,) group of each row, numbers from 0.

    Raises:
        EstimationError: If values are missing or no term is left.
    """
    if not (np.isfinite(X).all() and np.isfinite(y).all()):
        lost = [name for k, name in enumerate(names) if not np.isfinite(X[:, k]).all()]
        raise EstimationError(f"values are missing in {', '.join(lost) or 'the outcome'}")
    centred = within(X, absorb)
    kept = _independent(centred, X)
    if not kept:
        raise EstimationError(f"{', '.join(names)} do not vary within any trial")
    used = centred[:, kept]
    outcome = within(y[:, None], absorb)[:, 0]
    basis, triangle = np.linalg.qr(used)
    params = np.linalg.solve(triangle, basis.T @ outcome)
    residuals = outcome - used @ params
    influence = np.linalg.solve(triangle, (basis * residuals[:, None]).T).T
    return LinearFit(
        names=tuple(names[k] for k in kept),
        params=params,
        influence=influence,
        absorbed=absorb,
        n_coefficients=len(kept),
        dropped=tuple(name for k, name in enumerate(names) if k not in kept),
    )


def _independent(centred: Floats, X: Floats) -> list[int]:
    """Columns that say something beside those before them, by Gram and Schmidt, twice over."""
    kept: list[int] = []
    directions = np.empty((X.shape[1], len(X)))
    for k, column in enumerate(centred.T):
        length = float(np.linalg.norm(X[:, k]))
        known = directions[: len(kept)]
        left = column - known.T @ (known @ column)
        left = left - known.T @ (known @ left)
        rest = float(np.linalg.norm(left))
        if rest > TINY * length and rest > TINY * float(np.linalg.norm(column)):
            directions[len(kept)] = left / rest
            kept.append(k)
    return kept


def clustered(fit: LinearFit, *groupings: NDArray[Any]) -> ClusteredErrors:
    """Returns the covariance of the estimates, clustered by one or two groupings.

    Args:
        fit: The estimates.
        groupings: (rows,) labels of one grouping, or of two.

    Raises:
        EstimationError: If a grouping has fewer than 3 clusters.
    """
    codes = [np.unique(labels, return_inverse=True)[1] for labels in groupings]
    sizes = tuple(int(own.max()) + 1 for own in codes)
    _check_number(min(sizes))
    factor = _small_sample_factor(fit, codes, min(sizes))
    alone = [factor * _meat(fit.influence, own) for own in codes]
    if len(codes) == 1:
        return ClusteredErrors(tuple(alone), sizes)
    both = _meat(fit.influence, codes[0] * sizes[1] + codes[1])
    matrix, repaired = _repaired(alone[0] + alone[1] - factor * both)
    return ClusteredErrors((matrix, *alone), sizes, repaired)


def _small_sample_factor(fit: LinearFit, codes: Sequence[Ints], smallest: int) -> float:
    """(N - 1) / (N - K) * G / (G - 1), as the module says."""
    nested = any(_nested(fit.absorbed, own) for own in codes)
    n, k = len(fit.influence), fit.n_coefficients
    k += 1 if nested else len(np.unique(fit.absorbed))
    if n <= k:
        raise EstimationError(f"{n} rows are too few for {k} coefficients and effects")
    return (n - 1) / (n - k) * smallest / (smallest - 1)


def _nested(inner: Ints, outer: Ints) -> bool:
    """Whether every group of `inner` lies within one of `outer`."""
    order = np.argsort(inner, kind="stable")
    same = inner[order][1:] == inner[order][:-1]
    return bool((outer[order][1:][same] == outer[order][:-1][same]).all())


def _meat(influence: Floats, codes: Ints) -> Floats:
    """The sum over clusters of the outer product of what they add to the estimates."""
    size = int(codes.max()) + 1
    columns = [np.bincount(codes, weights=column, minlength=size) for column in influence.T]
    totals = np.column_stack(columns)
    return np.asarray(totals.T @ totals)


def _repaired(matrix: Floats) -> tuple[Floats, bool]:
    """The matrix with negative eigenvalues set to 0, and whether it had any."""
    values, vectors = np.linalg.eigh(matrix)
    if values[0] >= -1e-12 * max(float(np.abs(values).max()), 1e-300):
        return matrix, False
    return np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T), True


def _check_number(n_clusters: int) -> None:
    if n_clusters < FEWEST_CLUSTERS:
        raise EstimationError(
            f"{n_clusters} clusters are too few for any interval (at least {FEWEST_CLUSTERS})."
        )
    if n_clusters < FEW_CLUSTERS:
        warnings.warn(
            f"{n_clusters} clusters: intervals use t({n_clusters - 1}), and below "
            f"{FEW_CLUSTERS} clusters may still cover less than they say.",
            FewClustersWarning,
            stacklevel=3,
        )
