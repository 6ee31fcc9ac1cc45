"""Are alternatives independent of irrelevant ones? Score tests of cross-effects, and Hausman's.

A conditional logit says that the odds of two alternatives depend on no third one. A cross-effect is
a column made of other alternatives; its score at the fitted logit has mean 0 if that is so. Scores
are taken by cluster, less what estimating the coefficients takes out of them, and tested by
Hotelling's T2, so that no homoscedasticity is assumed. References: McFadden, D., Tye, W. and Train,
K. (1977), Transportation Research Record 637, 39-46; McFadden, D. (1987), Journal of Econometrics
34, 63-82; Hausman, J. and McFadden, D. (1984), Econometrica 52, 1219-1240.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aces.errors import EstimationError
from aces.stats.choice_data import Block, ChoiceData, Floats, Ints
from aces.stats.covariance import inverse, set_scores
from aces.stats.joint import NEGLIGIBLE, WaldTest, wald_test
from aces.stats.likelihood import Likelihood
from aces.stats.score_bootstrap import FEW, WEBB

LEFT_OVER = 1e-8
"""Share of a column's information that the model must leave, or the column is none of its own."""


@dataclass(frozen=True)
class CrossTest:
    """A test that q cross-effects are 0, from G clusters.

    Attributes:
        names: (q,) of the columns; those that the model spans already are left out.
        step: (q,) about what their coefficients would be: one Newton step from 0.
        errors: (q,) standard errors of these.
        test: Hotelling's test that all are 0.
        n_clusters: G.
    """

    names: tuple[str, ...]
    step: Floats
    errors: Floats
    test: WaldTest
    n_clusters: int


def cross_test(
    data: ChoiceData,
    at: Likelihood,
    columns: Floats,
    names: Sequence[str],
    codes: Ints,
    n_clusters: int,
) -> CrossTest:
    """Tests columns that the model leaves out.

    Args:
        data: The choice sets.
        at: The maximum without the columns.
        columns: (rows, q) columns; 0 for the outside option.
        names: (q,) of the columns.
        codes: (sets,) cluster of each choice set.
        n_clusters: How many there are.

    Raises:
        EstimationError: If the model spans all columns already.
    """
    total = _Sums(data.n_columns, columns.shape[1], n_clusters)
    for block in data.blocks():
        own = data.at_rows(columns, block.first, block.first + len(block.starts))
        total.add(block, own, at.params, codes)
    bread = inverse(total.information)
    left = total.square - total.cross @ bread @ total.cross.T
    kept = left.diagonal() > LEFT_OVER * np.maximum(total.square.diagonal(), 1e-300)
    if not kept.any():
        raise EstimationError("the model holds these cross-effects already: nothing is left.")
    scores = (total.columns - total.terms @ bread @ total.cross.T)[:, kept]
    summed, apart = scores.sum(axis=0), scores - scores.mean(axis=0)
    spread = n_clusters / (n_clusters - 1) * apart.T @ apart
    found = np.linalg.pinv(left[np.ix_(kept, kept)], rcond=1e-9, hermitian=True)
    return CrossTest(
        tuple(name for name, keep in zip(names, kept, strict=True) if keep),
        found @ summed,
        np.sqrt((found @ spread @ found).diagonal()),
        wald_test(summed, spread, n_clusters - 1.0),
        n_clusters,
    )


class _Sums:
    """Scores by cluster and information, of the model's K columns and of q others."""

    def __init__(self, k: int, q: int, n_clusters: int) -> None:
        self.terms, self.columns = np.zeros((n_clusters, k)), np.zeros((n_clusters, q))
        self.cross, self.square = np.zeros((q, k)), np.zeros((q, q))
        self.information = np.zeros((k, k))

    def add(self, block: Block, z: Floats, params: Floats, codes: Ints) -> None:
        """Adds a block whose rows have the columns `z`."""
        probability, _ = block.probabilities(params)
        own = codes[block.first : block.first + len(block.starts)]
        left = block.weighted(block.y - probability)
        where = np.arange(self.terms.shape[1])[block.columns]
        on_terms = set_scores(block, params)
        np.add.at(self.terms, (own[:, None], where[None, :]), on_terms)
        np.add.at(self.columns, own, np.add.reduceat(left[:, None] * z, block.starts))
        share = block.weighted(probability)[:, None]
        mean_z = np.add.reduceat(probability[:, None] * z, block.starts)
        mean_x = block.set_sums(probability)
        z, x = z - block.to_rows(mean_z), block.x - block.to_rows(mean_x)
        self.cross[:, where] += (share * z).T @ x
        self.square += (share * z).T @ z
        self.information[np.ix_(where, where)] += (share * x).T @ x
        if block.outside:
            weight = np.ones(len(block.starts)) if block.weights is None else block.weights
            rest = (weight * block.outside_share(probability))[:, None]
            self.cross[:, where] += (rest * mean_z).T @ mean_x
            self.square += (rest * mean_z).T @ mean_z
            self.information[np.ix_(where, where)] += (rest * mean_x).T @ mean_x


def nest_columns(
    data: ChoiceData, at: Likelihood, nests: Sequence[str] | NDArray[np.str_]
) -> tuple[Floats, list[str]]:
    """Returns (rows, M) columns whose coefficients are, near 0, 1 less the nests' dissimilarities.

    The column of a nest is the logarithm of the alternative's share of its nest.

    Args:
        data: The choice sets.
        at: The maximum.
        nests: (rows,) nest of each alternative.

    Returns:
        The columns, and names of the nests with two alternatives in some set.
    """
    labels, codes = np.unique(np.asarray(nests, dtype=str), return_inverse=True)
    found, several = np.zeros((len(data.y), len(labels))), np.zeros(len(labels), dtype=bool)
    rows = np.arange(len(data.y))
    for block in data.blocks():
        last = block.first + len(block.starts)
        own, where = data.at_rows(codes, block.first, last), data.at_rows(rows, block.first, last)
        probability, _ = block.probabilities(at.params)
        group = np.repeat(np.arange(len(block.starts)), block.sizes) * len(labels) + own
        total, count = np.bincount(group, probability), np.bincount(group)
        found[where, own] = np.log(probability.clip(1e-300) / total[group].clip(1e-300))
        several[own[count[group] > 1]] = True
    return found[:, several], [str(name) for name in labels[several]]


def rival_columns(
    data: ChoiceData, values: Floats, nests: Sequence[str] | NDArray[np.str_]
) -> Floats:
    """Returns (rows, k) the mean of values over the others of one's nest in the set; 0 if alone.

    Args:
        data: The choice sets.
        values: (rows, k) attributes.
        nests: (rows,) nest of each alternative.
    """
    labels, codes = np.unique(np.asarray(nests, dtype=str), return_inverse=True)
    found = np.zeros_like(values)
    rows = np.arange(len(data.y))
    for block in data.blocks():
        last = block.first + len(block.starts)
        where = data.at_rows(rows, block.first, last)
        group = np.repeat(np.arange(len(block.starts)), block.sizes) * len(labels) + codes[where]
        count = np.bincount(group)[group]
        for k in range(values.shape[1]):
            own = values[where, k]
            others = np.bincount(group, own)[group] - own
            found[where, k] = np.divide(others, count - 1, out=np.zeros(len(own)), where=count > 1)
    return found


def level_columns(data: ChoiceData, values: Floats) -> Floats:
    """Returns (rows, k) values times what the mean of their set is above that of all sets.

    Their coefficients say whether an attribute counts for more where others have more of it.

    Args:
        data: The choice sets.
        values: (rows, k) attributes.
    """
    found = np.zeros_like(values)
    rows = data.at_rows(np.arange(len(data.y)), 0, data.n_sets)
    means = np.add.reduceat(values[rows], data.starts) / data.sizes[:, None]
    apart = np.repeat(means - means.mean(axis=0), data.sizes, axis=0)
    found[rows] = values[rows] * apart
    return found


@dataclass(frozen=True)
class HausmanTest:
    """Coefficients with and without an alternative, compared.

    Attributes:
        change: (k,) without less with it.
        errors: (k,) standard errors of the change, by cluster.
        statistic: Quadratic form of the change in its own covariance, by cluster.
        p_value: Of the statistic, by the score bootstrap.
        df: Directions in which the change varies.
        plain: Hausman and McFadden's statistic, from the difference of two information matrices.
        definite: Whether that difference is positive definite; if not, `plain` means nothing.
        draws: Draws of the bootstrap.
    """

    change: Floats
    errors: Floats
    statistic: float
    p_value: float
    df: int
    plain: float
    definite: bool
    draws: int


def hausman_test(
    whole: tuple[Floats, Floats, Floats],
    part: tuple[Floats, Floats, Floats],
    *,
    draws: int = 999,
    rng: np.random.Generator,
) -> HausmanTest:
    """Compares estimates of all choices with those of choices without an alternative.

    Args:
        whole: With the alternative: (k,) estimates, (G, k) what each cluster adds to them, and
            (k, k) inverse of the information.
        part: Without it, of the same coefficients and clusters (0 where a cluster is not in it).
        draws: Draws of the bootstrap: signs of whole clusters, Webb's weights if they are few.
            Each has a covariance of its own; without that, the test rejects .13 at .05 with 20
            clusters.
        rng: Of the bootstrap.
    """
    change, influence = part[0] - whole[0], part[1] - whole[1]
    clusters = len(influence)
    influence = influence - influence.mean(axis=0)
    covariance = clusters / (clusters - 1) * influence.T @ influence
    scale = np.sqrt(covariance.diagonal())
    scale[scale == 0] = 1.0
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    kept = values > max(NEGLIGIBLE * values.max(), 0.0)
    turn = (vectors[:, kept] / np.sqrt(values[kept])) / scale[:, None]
    statistic = float(((change @ turn) ** 2).sum())
    drawn = _drawn_statistics(influence @ turn, _signs(rng, draws, clusters))
    least = (drawn >= statistic).sum()
    apart = part[2] - whole[2]
    return HausmanTest(
        change=change,
        errors=np.sqrt(covariance.diagonal()),
        statistic=statistic,
        p_value=float((1 + least) / (1 + draws)),
        df=int(kept.sum()),
        plain=float(change @ np.linalg.pinv(apart, hermitian=True) @ change),
        definite=bool(np.linalg.eigvalsh(apart / np.outer(scale, scale))[0] > 0),
        draws=draws,
    )


def _drawn_statistics(influence: Floats, weights: Floats) -> Floats:
    """(draws,) quadratic forms of drawn changes, each in its own covariance as the data's are.

    That of a draw d is M - d d' / G, with the sum M of squares about 0, so that the form is
    a / (1 - a / G) with a = d' M^-1 d.

    Args:
        influence: (G, q) what each cluster adds to the change.
        weights: (draws, G) what each is multiplied by.
    """
    clusters, q = influence.shape
    drawn = weights @ influence
    squares = (influence[:, :, None] * influence[:, None]).reshape(clusters, -1)
    about = (weights**2 @ squares).reshape(-1, q, q)
    form = (drawn * np.linalg.solve(about, drawn[:, :, None])[:, :, 0]).sum(axis=1)
    with np.errstate(divide="ignore"):
        return np.asarray((1 - 1 / clusters) * form / np.maximum(1 - form / clusters, 0.0))


def _signs(rng: np.random.Generator, draws: int, n_clusters: int) -> Floats:
    """(draws, G) signs, or Webb's six weights where clusters are few."""
    if n_clusters < FEW:
        return np.asarray(rng.choice([*WEBB, *-WEBB], size=(draws, n_clusters)))
    return np.asarray(rng.choice([-1.0, 1.0], size=(draws, n_clusters)))
