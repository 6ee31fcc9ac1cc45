"""Score tests of cross-effects and Hausman's test on arrays: oracles, size, power."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from aces.errors import EstimationError
from aces.stats import iia, nested
from aces.stats.choice import estimate
from aces.stats.choice_data import choice_data
from aces.stats.covariance import cluster_codes, cluster_influence, inverse

BETA = np.array([1.0, -0.7])


def drawn(n=300, seed=0, scale=1.0, J=5, outside=False, per=1):
    """Choices among J alternatives, odd and even ones in nests; `per` sets share attributes."""
    rng = np.random.default_rng(seed)
    X = np.repeat(rng.normal(size=(n // per, J, 2)), per, axis=0)
    nest = np.arange(J) % 2
    odds, total = np.zeros((n, J)), np.full(n, 1.0 * outside)
    for m in (0, 1):
        inside = np.exp(X[:, nest == m] @ BETA / scale)
        odds[:, nest == m] = inside * inside.sum(1, keepdims=True) ** (scale - 1)
        total += inside.sum(1) ** scale
    reach = (odds / total[:, None]).cumsum(axis=1)
    u = rng.random((n, 1))
    y = (reach > u) & (np.hstack([np.zeros((n, 1)), reach[:, :-1]]) <= u)
    mixed = rng.permutation(n * J)
    sets = np.repeat(np.arange(n), J)[mixed]
    data = choice_data(X.reshape(-1, 2)[mixed], y.ravel()[mixed].astype(int), sets, outside=outside)
    return data, np.tile(nest.astype(str), n)[mixed], sets // per


def cross(data, columns, clusters=None, names=None):
    at = estimate(data)
    clusters = _sets(data) if clusters is None else clusters
    names = [f"z{k}" for k in range(columns.shape[1])] if names is None else names
    return iia.cross_test(data, at, columns, names, *cluster_codes(data, clusters))


def _sets(data):
    found = np.empty(len(data.y), dtype=int)
    found[data.order] = np.repeat(np.arange(data.n_sets), data.sizes)
    return found


@pytest.mark.parametrize("outside", [False, True])
def test_the_nest_column_is_the_score_of_the_nested_logit(outside):
    """At dissimilarities of 1 the derivative by them is minus the score of the column."""
    data, nests, _ = drawn(outside=outside)
    at = estimate(data)
    columns, names = iia.nest_columns(data, at, nests)
    assert names == ["0", "1"]
    made = nested.arrange(data, nests)
    want = nested.likelihood(made, np.append(at.params, [1.0, 1.0])).scores[:, 2:]
    left = np.concatenate([b.y - b.probabilities(at.params)[0] for b in data.blocks()])
    got = np.add.reduceat(left[:, None] * columns[data.order], data.starts)
    assert_allclose(got, -want, atol=1e-8)


def test_the_step_is_that_of_a_fit_with_the_column():
    """A small cross-effect: one Newton step is near the estimate, and so is its error."""
    data, nests, _ = drawn(4000, seed=1)
    columns = iia.rival_columns(data, data.X, nests)
    found = cross(data, columns)
    wide = choice_data(np.hstack([data.X, columns]), data.y, _sets(data))
    whole = estimate(wide)
    assert_allclose(found.step, whole.params[2:], atol=0.01)
    assert_allclose(found.errors, np.sqrt(inverse(whole.information).diagonal())[2:], rtol=0.1)


def test_rivals_and_levels_are_what_they_are_called():
    rng = np.random.default_rng(0)
    X, sets = rng.normal(size=(20, 1)), np.repeat(np.arange(4), 5)
    nests = np.tile(["a", "a", "a", "b", "c"], 4)
    data = choice_data(X, np.tile([1, 0, 0, 0, 0], 4), sets)
    rivals = iia.rival_columns(data, X, nests)
    assert_allclose(rivals[0], X[1:3].mean())
    assert (rivals.reshape(4, 5)[:, 3:] == 0).all()
    levels = iia.level_columns(data, X).reshape(4, 5)
    means = X.reshape(4, 5).mean(axis=1)
    assert_allclose(levels, X.reshape(4, 5) * (means - means.mean())[:, None])


def test_what_the_model_holds_already_is_no_cross_effect():
    data, nests, _ = drawn()
    everyone = iia.rival_columns(data, data.X, np.zeros(len(nests), dtype=str))
    with pytest.raises(EstimationError, match="holds these cross-effects already"):
        cross(data, everyone)  # the mean of all others is the set's total less one's own
    both = np.hstack([everyone, iia.rival_columns(data, data.X, nests)])
    assert cross(data, both).names == ("z2", "z3")


def test_size_and_power_of_the_score_tests():
    """Of 100 each: about 5 reject where odds depend on no third one; most do where they do."""
    rejected = np.zeros((2, 3))
    for row, scale in enumerate((1.0, 0.6)):
        for seed in range(100):
            data, nests, _ = drawn(seed=seed, scale=scale)
            at = estimate(data)
            kinds = (
                iia.nest_columns(data, at, nests)[0],
                iia.rival_columns(data, data.X, nests),
                iia.level_columns(data, data.X),
            )
            rejected[row] += [cross(data, z).test.p_value < 0.05 for z in kinds]
    assert (rejected[0] <= 13).all()  # binomial limit at one in 1,000; the benchmark has 2,000
    assert rejected[1, 0] > 65
    assert rejected[1, 1] > 30


def test_clusters_of_equal_sets_are_one():
    data, nests, _ = drawn(100)
    columns = iia.rival_columns(data, data.X, nests)
    alone = cross(data, columns)
    copies = choice_data(
        np.tile(data.X, (5, 1)), np.tile(data.y, 5),
        np.repeat(np.arange(5), len(data.y)) * 1000 + np.tile(_sets(data), 5),
    )  # fmt: skip
    wide = iia.rival_columns(copies, copies.X, np.tile(nests, 5))
    # the shelf's own mean over all sets is the same, so that columns are
    found = cross(copies, wide, np.tile(_sets(data), 5))
    assert found.n_clusters == 100
    assert_allclose(found.test.p_value, alone.test.p_value, rtol=1e-6)
    assert_allclose(found.errors, alone.errors, rtol=1e-6)


def hausman(data, clusters, seed=0):
    """Hausman's test without the first alternative of each set."""
    sets = _sets(data)
    keep = np.ones(len(data.y), dtype=bool)
    first = np.unique(sets, return_index=True)[1]
    keep[first] = False
    bought = np.isin(sets, sets[keep & (data.y == 1)])
    part = choice_data(data.X[keep & bought], data.y[keep & bought], sets[keep & bought])
    at, other = estimate(data), estimate(part)
    names, whole = cluster_influence(data, at, clusters)
    some, own = cluster_influence(part, other, clusters[keep & bought])
    wide = np.zeros_like(whole)
    wide[np.searchsorted(names, some)] = own
    return iia.hausman_test(
        (at.params, whole, inverse(at.information)),
        (other.params, wide, inverse(other.information)),
        draws=199,
        rng=np.random.default_rng(seed),
    )


def test_hausman_by_bootstrap_keeps_its_size():
    rejected = 0
    for seed in range(40):
        data, _, clusters = drawn(200, seed=seed, per=4)
        rejected += hausman(data, clusters, seed).p_value <= 0.05
    assert rejected <= 6


@pytest.mark.parametrize("clusters", [8, 20])  # Webb's weights, and signs
def test_hausman_from_few_clusters_rejects_one_of_twenty(clusters):
    """Estimates that are sums over clusters, three coefficients: each draw needs its own errors."""
    rng, nothing, p = (
        np.random.default_rng(4),
        (np.zeros(3), np.zeros((clusters, 3)), np.eye(3)),
        [],
    )
    for _ in range(500):
        parts = rng.normal(size=(clusters, 3))
        change = parts.sum(axis=0)
        part = change, parts - change / clusters, 2 * np.eye(3)
        p.append(iia.hausman_test(nothing, part, draws=199, rng=rng).p_value)
    assert 0.025 < np.mean(np.array(p) <= 0.05) < 0.08
    assert 0.15 < np.mean(np.array(p) <= 0.2) < 0.25


def test_it_is_said_where_the_plain_statistic_means_nothing():
    """Fewer choices that seem to tell more: the difference of variances is not positive."""
    rng = np.random.default_rng(0)
    whole = (np.zeros(2), rng.normal(size=(50, 2)), np.eye(2))
    part = (np.full(2, 0.3), rng.normal(size=(50, 2)), np.diag([2.0, 0.5]))
    found = iia.hausman_test(whole, part, draws=99, rng=rng)
    assert not found.definite
    assert_allclose(found.plain, 0.3**2 / 1.0 - 0.3**2 / 0.5)
    assert found.statistic > 0
    fine = iia.hausman_test(whole, (*part[:2], np.eye(2) * 2), draws=99, rng=rng)
    assert fine.definite


def test_hausman_of_the_same_estimates_is_nothing():
    influence = np.random.default_rng(0).normal(size=(50, 2))
    same = (np.ones(2), influence, np.eye(2))
    other = (np.ones(2), influence + np.random.default_rng(1).normal(size=(50, 2)), np.eye(2) * 2)
    found = iia.hausman_test(same, other, rng=np.random.default_rng(2))
    assert found.statistic == 0
    assert found.p_value == 1
    few = iia.hausman_test(
        (np.zeros(1), influence[:5, :1], np.eye(1)), (np.ones(1), influence[5:10, :1], np.eye(1)),
        rng=np.random.default_rng(2),
    )  # fmt: skip
    assert 0 < few.p_value <= 1
