"""Covariance of estimates: information matrix, robust by choice set, by cluster, jackknifed.

Reference: Liang, K.-Y. and Zeger, S. L. (1986). Longitudinal data analysis using generalized linear
models. Biometrika 73, 13-22; CR1 with the factor G / (G - 1). With up to 100 clusters errors come
from leaving each out (CR3, `aces.stats.jackknife`), unless CR1 is asked for: of what a whole
cluster has or has not, as an arm drawn by world, CR1 with t(G - 1) holds too little: 88 to 91 %
with 10 or 20 clusters where the jackknife holds 92 to 96 % (`benchmarks/results/coverage-grid.md`).
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from aces.errors import EstimationError
from aces.stats.choice_data import Block, ChoiceData, Floats, Ints
from aces.stats.constraints import Constraints
from aces.stats.jackknife import RestsOnClusterError, jackknifed_influence
from aces.stats.likelihood import Likelihood

CovType = Literal["nonrobust", "robust", "cluster", "jackknife"]

FEWEST_CLUSTERS = 3
FEW_CLUSTERS = 10
"""Below, every interval may cover less than it says."""
SOME_CLUSTERS = 40
"""Below, those of what does not vary within clusters may cover a little less."""
JACKKNIFED = 100
"""Up to so many clusters each is left out once, unless the user asks for other errors."""


class FewClustersWarning(UserWarning):
    """Intervals from so few clusters cover less than they say."""


@dataclass(frozen=True)
class Covariance:
    """A covariance matrix and what it rests on.

    Attributes:
        matrix: (K, K) covariance of the estimates.
        cov_type: `nonrobust` (information matrix), `robust` (by choice set), `cluster` (CR1) or
            `jackknife` (CR3, each cluster left out).
        n_clusters: Number of clusters G; None without clusters.
    """

    matrix: Floats
    cov_type: CovType
    n_clusters: int | None = None

    @property
    def df(self) -> float:
        """Degrees of freedom of t: G - 1 with clusters, else infinite (normal)."""
        return np.inf if self.n_clusters is None else self.n_clusters - 1.0


def covariance(
    data: ChoiceData,
    at: Likelihood,
    cov_type: CovType | None = None,
    clusters: NDArray[Any] | None = None,
    limits: Constraints | None = None,
) -> Covariance:
    """Returns the covariance of the estimates `at` the maximum.

    Args:
        data: The choice sets.
        at: The maximum.
        cov_type: By default `robust` without clusters, `jackknife` with up to 100, else `cluster`.
        clusters: (rows,) cluster of each row; one per choice set.
        limits: Linear constraints that the estimates satisfy.

    Raises:
        EstimationError: If clusters are missing, split choice sets, or are fewer than 3; or if
            `jackknife` is asked for and a term rests on one cluster.
    """
    if cov_type not in (None, *get_args(CovType)):
        known = ", ".join(get_args(CovType))
        raise EstimationError(f"cov_type '{cov_type}' is unknown: {known}.")
    if clusters is None and cov_type in ("cluster", "jackknife"):
        raise EstimationError(f"cov_type='{cov_type}' needs clusters: say which column holds them.")
    if clusters is None or cov_type in ("nonrobust", "robust"):
        bread = inverse(at.information, limits)
        if cov_type == "nonrobust":
            return Covariance(bread, cov_type)
        return Covariance(bread @ _meat(data, at.params) @ bread, "robust")
    codes, n_clusters = cluster_codes(data, np.asarray(clusters))
    influence, used = _influence(data, at, codes, n_clusters, limits, cov_type)
    factor = n_clusters / (n_clusters - 1)
    return Covariance(factor * influence.T @ influence, used, n_clusters)


def inverse(information: Floats, limits: Constraints | None = None) -> Floats:
    """Returns the inverse of a positive definite matrix, columns put on one scale before.

    With constraints it is the inverse within the directions that they leave open, 0 across.
    """
    if limits is not None:
        within = inverse(limits.along.T @ information @ limits.along)
        return np.asarray(limits.along @ within @ limits.along.T)
    scale = np.sqrt(information.diagonal())
    inverted = np.linalg.inv(information / np.outer(scale, scale)) / np.outer(scale, scale)
    return np.asarray((inverted + inverted.T) / 2)


def cluster_codes(data: ChoiceData, clusters: NDArray[Any]) -> tuple[Ints, int]:
    """Returns (sets,) the number of each choice set's cluster, and how many there are.

    Raises:
        EstimationError: If a choice set lies in two clusters, or there are fewer than 3.
    """
    if clusters.shape != (len(data.y),):
        raise EstimationError(
            f"clusters must have one value per row, shape ({len(data.y)},); found {clusters.shape}."
        )
    _check_present(clusters)
    for block in data.blocks():
        own = data.at_rows(clusters, block.first, block.first + len(block.starts))
        split = own != block.to_rows(own[block.starts])
        if split.any():
            set_of_row = np.searchsorted(block.starts, np.flatnonzero(split)[0], side="right") - 1
            name = data.ids[block.first + set_of_row : block.first + set_of_row + 1].tolist()[0]
            raise EstimationError(f"choice set {name!r} has rows in more than one cluster.")
    firsts = data.starts if data.order is None else data.order[data.starts]
    names, codes = np.unique(clusters[firsts], return_inverse=True)
    _check_number(len(names))
    return codes, len(names)


def _check_present(clusters: NDArray[Any]) -> None:
    missing = np.isnan(clusters) if clusters.dtype.kind == "f" else np.zeros(0, dtype=bool)
    if clusters.dtype.kind == "O":
        missing = np.array([value is None or value != value for value in clusters])
    if missing.any():
        raise EstimationError(
            f"the cluster is missing in {missing.sum()} rows, first row {missing.argmax()}."
        )


def cluster_influence(
    data: ChoiceData,
    at: Likelihood,
    clusters: NDArray[Any],
    limits: Constraints | None = None,
    cov_type: CovType | None = None,
) -> tuple[NDArray[Any], Floats]:
    """Returns (G,) the clusters and (G, K) what each adds to the estimates.

    G / (G - 1) times the sum of its squares is the covariance of the estimates. Its products
    between fits whose clusters are the same are what their estimates have in common.

    Args:
        data: The choice sets.
        at: The maximum.
        clusters: (rows,) cluster of each row; one per choice set.
        limits: Linear constraints that the estimates satisfy.
        cov_type: `jackknife` (the default with up to 100 clusters) or `cluster`: to first order.

    Raises:
        EstimationError: If clusters split choice sets, or are fewer than 3; or if `jackknife` is
            asked for and a term rests on one cluster.
    """
    codes, n_clusters = cluster_codes(data, clusters)
    firsts = data.starts if data.order is None else data.order[data.starts]
    influence, _ = _influence(data, at, codes, n_clusters, limits, cov_type)
    return np.unique(clusters[firsts]), influence


def _influence(
    data: ChoiceData,
    at: Likelihood,
    codes: Ints,
    n_clusters: int,
    limits: Constraints | None,
    cov_type: CovType | None,
) -> tuple[Floats, CovType]:
    """(G, K) what each cluster adds to the estimates, and in which way that was found."""

    def first_order() -> Floats:
        totals = cluster_scores(data, at.params, codes, n_clusters)
        return totals @ inverse(at.information, limits)

    def left_out() -> Floats:
        return jackknifed_influence(data, at, codes, n_clusters, limits)

    return influence_of(cov_type, n_clusters, first_order, left_out)


def influence_of(
    cov_type: CovType | None,
    n_clusters: int,
    first_order: Callable[[], Floats],
    left_out: Callable[[], Floats],
) -> tuple[Floats, CovType]:
    """Returns (G, K) what each cluster adds to the estimates, and in which way that was found.

    Args:
        cov_type: What is asked for; None for `jackknife` with up to 100 clusters, else `cluster`.
        n_clusters: G.
        first_order: Gives the influence of the sandwich.
        left_out: Gives that of leaving each cluster out.

    Raises:
        RestsOnClusterError: If `jackknife` is asked for and some estimate rests on one cluster;
            where it is the default there is a warning, and the sandwich.
    """
    if cov_type == "jackknife" or (cov_type is None and n_clusters <= JACKKNIFED):
        try:
            return left_out(), "jackknife"
        except RestsOnClusterError as error:
            if cov_type is not None:
                raise
            warnings.warn(
                f"{error} Errors are those of the sandwich (CR1), which are too small for it.",
                FewClustersWarning,
                stacklevel=4,
            )
    return first_order(), "cluster"


def set_scores(block: Block, params: Floats) -> Floats:
    """Returns (sets, columns) the derivative of each set's log-likelihood."""
    probability, _ = block.probabilities(params)
    return block.set_sums(block.weighted(block.y - probability))


def _check_number(n_clusters: int) -> None:
    if n_clusters < FEWEST_CLUSTERS:
        raise EstimationError(
            f"{n_clusters} clusters are too few for any interval (at least {FEWEST_CLUSTERS}). "
            "Cluster by the unit of randomisation (the world), or leave clusters out."
        )
    if n_clusters < FEW_CLUSTERS:
        warnings.warn(
            f"{n_clusters} clusters: intervals use t({n_clusters - 1}), and below "
            f"{FEW_CLUSTERS} clusters still cover less than they say.",
            FewClustersWarning,
            stacklevel=4,
        )


def _meat(data: ChoiceData, params: Floats) -> Floats:
    meat = np.zeros((data.n_columns, data.n_columns))
    for block in data.blocks():
        scores = set_scores(block, params)
        square = scores.T @ scores
        if isinstance(block.columns, slice):
            meat += square
        else:
            meat[np.ix_(block.columns, block.columns)] += square
    return meat


def cluster_scores(data: ChoiceData, params: Floats, codes: Ints, n_clusters: int) -> Floats:
    """Returns (clusters, columns) scores summed by cluster, from (sets,) `codes` of clusters."""
    totals = np.zeros((n_clusters, data.n_columns))
    for block in data.blocks():
        add_by_cluster(totals, codes, block, set_scores(block, params))
    return totals


def add_by_cluster(totals: Floats, codes: Ints, block: Block, values: Floats) -> None:
    """Adds (sets, columns) values of a block to (clusters, columns) totals."""
    columns = np.arange(totals.shape[1])[block.columns]
    own = codes[block.first : block.first + len(values)]
    order = np.argsort(own, kind="stable")
    present, first = np.unique(own[order], return_index=True)
    totals[np.ix_(present, columns)] += np.add.reduceat(values[order], first, axis=0)
