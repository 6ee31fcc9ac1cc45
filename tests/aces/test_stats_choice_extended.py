"""Weights, offsets and linear constraints of the conditional logit, and the traps of others."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from aces.errors import CollinearityError, EstimationError, SeparationError
from aces.stats.choice import estimate, fit
from aces.stats.choice_data import choice_data
from aces.stats.constraints import constraints
from aces.stats.covariance import cluster_influence
from aces.stats.likelihood import log_likelihood

NAMES = ("price", "rating", "tag")


def draw(n=300, j=4, seed=0, beta=(-1.0, 0.5, 0.3)):
    """Attributes, choices, set of each row, cluster of each row."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, j, len(beta)))
    y = np.eye(j, dtype=int)[(X @ np.array(beta) + rng.gumbel(size=(n, j))).argmax(axis=1)]
    sets = np.repeat(np.arange(n), j)
    return X.reshape(-1, len(beta)), y.ravel(), sets, sets // 5


def poisson(X, y, sets, clusters=None, **options):
    """pyfixest's Poisson regression with an effect per choice set: the same likelihood."""
    import pandas as pd
    import pyfixest

    table = pd.DataFrame(X, columns=NAMES).assign(y=y, sets=sets, **options.pop("columns", {}))
    errors = "iid" if clusters is None else {"CRV1": "clusters"}
    if clusters is not None:
        table["clusters"] = clusters
    return pyfixest.fepois(
        "y ~ price + rating + tag | sets", table, vcov=errors, iwls_tol=1e-12,
        ssc=pyfixest.ssc(k_adj=False, G_adj=clusters is not None), **options,
    )  # fmt: skip


# Weights


@pytest.mark.parametrize("outside", [False, True])
def test_whole_weights_are_repeated_choice_sets(outside):
    X, y, sets, clusters = draw()
    times = np.random.default_rng(1).integers(0, 4, 300)
    copies = [np.flatnonzero(times[sets] > t) for t in range(3)]
    rows = np.concatenate(copies)
    names = sets[rows] + 1000 * np.repeat([0, 1, 2], list(map(len, copies)))
    y = np.where(outside & (sets % 7 == 0), 0, y)
    kind = {"cov_type": "cluster", "outside": outside}
    ours = fit(X, y, sets, clusters, weights=times[sets], **kind)
    many = fit(X[rows], y[rows], names, clusters[rows], **kind)
    assert_allclose(ours.params, many.params, atol=1e-10)
    assert_allclose(ours.bse, many.bse, rtol=1e-6)
    assert_allclose(ours.llf, many.llf)
    assert_allclose(ours.data.null_log_likelihood, many.data.null_log_likelihood)
    assert ours.data.n_sets == (times > 0).sum()
    plain = fit(X, y, sets, weights=times[sets], cov_type="nonrobust", outside=outside)
    many = fit(X[rows], y[rows], names, cov_type="nonrobust", outside=outside)
    assert_allclose(plain.bse, many.bse, rtol=1e-6)


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_estimates_and_robust_errors_do_not_depend_on_the_unit_of_weights(unit):
    X, y, sets, clusters = draw()
    weights = np.random.default_rng(2).exponential(size=300)[sets]
    one, other = (fit(X, y, sets, clusters, weights=u * weights) for u in (1.0, unit))
    assert_allclose(other.params, one.params, rtol=1e-6)
    assert_allclose(other.bse, one.bse, rtol=1e-6)
    assert not np.allclose(one.params, fit(X, y, sets).params, rtol=1e-3)


def test_weights_and_offsets_agree_with_poisson_regression():
    X, y, sets, clusters = draw()
    rng = np.random.default_rng(3)
    weights, offset = rng.uniform(0.2, 3, 300)[sets], rng.normal(size=len(y))
    peer = poisson(
        X, y, sets, clusters, weights="w", offset="o", columns={"w": weights, "o": offset}
    )
    ours = fit(X, y, sets, clusters, cov_type="cluster", weights=weights, offset=offset)
    assert_allclose(ours.params, peer.coef(), atol=1e-8)
    assert_allclose(ours.bse, peer.se(), rtol=1e-6)


def test_the_ordinary_errors_are_those_without_poissons_small_sample_factor():
    X, y, sets, _ = draw()
    ours = fit(X, y, sets, cov_type="nonrobust")
    assert_allclose(ours.bse, poisson(X, y, sets).se(), rtol=1e-6)


# Offsets


@pytest.mark.parametrize("outside", [False, True])
def test_an_offset_is_a_coefficient_held_at_1(outside):
    X, y, sets, clusters = draw()
    y = np.where(outside & (sets % 7 == 0), 0, y)
    held = constraints([[1.0, 0, 0]], [1.0])
    ours = fit(X[:, 1:], y, sets, clusters, offset=X[:, 0], outside=outside)
    other = fit(X, y, sets, clusters, limits=held, outside=outside)
    assert_allclose(ours.params, other.params[1:], atol=1e-9)
    assert_allclose(ours.bse, other.bse[1:], rtol=1e-6)
    assert_allclose(ours.llf, other.llf)
    assert other.params[0] == 1.0
    assert other.bse[0] == 0.0
    zero = log_likelihood(choice_data(X, y, sets, outside=outside), np.array([1.0, 0, 0])).llf
    assert_allclose(ours.data.null_log_likelihood, zero)


# Constraints


def test_constraints_agree_with_the_model_written_by_hand():
    """b1 + 2 b2 = 0.5 and b3 = b2: one column is left, (x2 + x3 - 2 x1), with offset x1 / 2."""
    X, y, sets, clusters = draw()
    limits = constraints([[1, 2, 0], [0, 1, -1], [2, 4, 0]], [0.5, 0, 1.0])
    assert len(limits) == 2
    ours = fit(X, y, sets, clusters, limits=limits)
    by_hand = fit((X[:, 1] + X[:, 2] - 2 * X[:, 0])[:, None], y, sets, clusters, offset=X[:, 0] / 2)
    b = by_hand.params[0]
    assert_allclose(ours.params, [0.5 - 2 * b, b, b], atol=1e-9)
    assert_allclose(ours.bse, by_hand.bse[0] * np.array([2, 1, 1]), rtol=1e-6)
    assert_allclose(ours.llf, by_hand.llf)
    assert ours.n_free == 1
    _, influence = cluster_influence(ours.data, ours.at, clusters, limits)
    n = len(influence)
    assert_allclose(n / (n - 1) * influence.T @ influence, ours.covariance.matrix, atol=1e-12)


def test_constraints_on_columns_of_very_different_size():
    X, y, sets, _ = draw()
    scale = np.array([1e6, 1e-6, 1.0])
    limits = constraints([[1.0, 1.0, 0.0]], [0.2])
    scaled = constraints([1.0 * scale * [1, 1, 0]], [0.2])
    ours = fit(X * scale, y, sets, limits=scaled)
    assert_allclose(ours.params * scale, fit(X, y, sets, limits=limits).params, atol=1e-7)


def test_a_warm_start_keeps_to_the_constraints():
    X, y, sets, _ = draw(40_000, seed=2)
    limits = constraints([[1.0, 1.0, 0.0]], [-0.4])
    found = estimate(choice_data(X, y, sets), limits)
    assert_allclose(found.params[:2].sum(), -0.4, atol=1e-12)
    few = fit(X[:4000], y[:4000], sets[:4000], limits=limits)
    assert_allclose(few.params[:2].sum(), -0.4, atol=1e-12)
    assert not np.allclose(few.params, found.params, atol=1e-4)


def test_constraints_identify_what_is_collinear_or_still():
    X, y, sets, _ = draw()
    wide = np.column_stack([X, X[:, 1]])
    with pytest.raises(CollinearityError, match="'twin' is collinear"):
        fit(wide, y, sets, names=(*NAMES, "twin"))
    equal = fit(wide, y, sets, names=(*NAMES, "twin"), limits=constraints([[0, 1, 0, -1]], [0]))
    assert_allclose(equal.params[[1, 3]], fit(X, y, sets).params[1] / 2)
    with pytest.raises(CollinearityError, match="'rating', 'twin' apart"):
        fit(wide, y, sets, names=(*NAMES, "twin"), limits=constraints([[0, 0, 1, 0]], [0]))


def test_contradictory_constraints_are_refused_by_name():
    with pytest.raises(EstimationError, match="'a = 2' contradicts 'a = 1'"):
        constraints([[1, 0], [1, 0]], [1, 2], ["a = 1", "a = 2"])
    with pytest.raises(EstimationError, match="contradicts 0 = 0"):
        constraints([[0.0, 0.0]], [1.0])
    assert constraints([[0.0, 0.0]], [0.0]) is None


def test_separation_within_constraints():
    X, y, sets, _ = draw()
    wide = np.column_stack([X, y])
    held = constraints([[0, 0, 0, 1.0]], [2.0])
    assert np.isfinite(fit(wide, y, sets, limits=held).params).all()
    tied = constraints([[0, 0, 1.0, -1.0]], [0.0])
    X[:, 2] = np.where(y == 1, 1.0, 0.0)
    with pytest.raises(SeparationError, match=r"together.*'tag'.*'twin'|'tag'.*'twin'"):
        fit(np.column_stack([X, y]), y, sets, names=(*NAMES, "twin"), limits=tied)


# What other tools let pass, each refused by name of row and column


def change(X, k, values):
    changed = X.copy()
    changed[:, k] = values
    return changed


ROW = np.arange(1200)
NINTH = ROW == 9
"""The second row of choice set 2."""


def spoilt(values, with_):
    return np.where(NINTH, with_, values)


def odd(value):
    """Weights of 1, but for choice set 2."""
    return np.where(ROW // 4 == 2, value, 1.0)


TRAPS = {
    "a duplicate column": (
        lambda X, y, s, c: (change(X, 2, X[:, 0]), y, s, c),
        {},
        "'tag' is collinear: within choice sets it equals 'price'",
    ),
    "a column that does not vary within sets": (
        lambda X, y, s, c: (change(X, 1, s), y, s, c),
        {},
        "no choice set holds two values of 'rating'",
    ),
    "perfect prediction": (
        lambda X, y, s, c: (change(X, 2, y), y, s, c),
        {},
        r"'tag' predicts choices perfectly.*\+infinite",
    ),
    "clusters that would be ignored": (
        lambda X, y, s, c: (X, y, s, None),
        {"cov_type": "cluster"},
        "needs clusters",
    ),
    "a missing attribute": (
        lambda X, y, s, c: (change(X, 1, spoilt(X[:, 1], np.nan)), y, s, c),
        {},
        r"'rating' \(1 rows, first in choice set 2\)",
    ),
    "a missing outcome": (
        lambda X, y, s, c: (X, spoilt(y, np.nan), s, c),
        {},
        "y is missing in choice set 2",
    ),
    "a missing cluster": (
        lambda X, y, s, c: (X, y, s, spoilt(c, np.nan)),
        {},
        "the cluster is missing in 1 rows, first row 9",
    ),
    "a missing name of a cluster": (
        lambda X, y, s, c: (X, y, s, spoilt(c.astype(object), None)),
        {},
        "the cluster is missing in 1 rows, first row 9",
    ),
    "a missing choice set": (
        lambda X, y, s, c: (X, y, spoilt(s, np.nan), c),
        {},
        "the choice set is missing in 1 rows, first row 9",
    ),
    "a cluster that splits a set": (
        lambda X, y, s, c: (X, y, s, spoilt(c, 777)),
        {},
        "choice set 2 has rows in more than one cluster",
    ),
    "text": (
        lambda X, y, s, c: (change(X.astype(object), 1, "x"), y, s, c),
        {},
        r"must be numbers, not 'rating' \(row 0: 'x'\)",
    ),
    "two columns of one name": (
        lambda X, y, s, c: (X, y, s, c),
        {"names": ("a", "b", "a")},
        "two columns are called 'a'",
    ),
    "a missing offset": (
        lambda X, y, s, c: (X, y, s, c),
        {"offset": spoilt(0.0, np.nan)},
        "offset is missing or infinite in 1 rows, first in choice set 2",
    ),
    "a negative weight": (
        lambda X, y, s, c: (X, y, s, c),
        {"weights": odd(-1.0)},
        "weights must be 0 or more; 1 choice sets have others, first 2: -1",
    ),
    "a missing weight": (
        lambda X, y, s, c: (X, y, s, c),
        {"weights": odd(np.nan)},
        "first 2: nan",
    ),
    "weights by row": (
        lambda X, y, s, c: (X, y, s, c),
        {"weights": spoilt(1.0, 2.0)},
        "choice set 2 has rows of several weights",
    ),
    "weights by set": (
        lambda X, y, s, c: (X, y, s, c),
        {"weights": np.ones(300)},
        "one per row",
    ),
    "no weight": (
        lambda X, y, s, c: (X, y, s, c),
        {"weights": np.zeros(1200)},
        "all weights are 0",
    ),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_traps_are_refused_by_name(trap):
    make, options, says = TRAPS[trap]
    X, y, sets, clusters = make(*draw())
    with pytest.raises(EstimationError, match=says):
        fit(X, y, sets, clusters, **{"names": NAMES, **options})
