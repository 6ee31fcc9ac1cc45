"""Errors at a maximum: clusters left out one by one, against refits, and when they can't be."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from aces.errors import EstimationError
from aces.stats import nested
from aces.stats.choice_data import choice_data
from aces.stats.covariance import FewClustersWarning
from aces.stats.jackknife import RestsOnClusterError
from aces.stats.mixed.likelihood import Simulated
from aces.stats.scored import Scored, score_covariance


def least_squares(x, y):
    """The likelihood of a regression with errors of variance 1, and its maximum."""

    def likelihood(params):
        left = y - x @ params
        return Scored(-float(left @ left) / 2, x * left[:, None])

    best = np.linalg.lstsq(x, y, rcond=None)[0]
    here = likelihood(best)
    return likelihood, Simulated(best, here.llf, here.scores, here.scores.sum(axis=0), -x.T @ x)


def test_where_a_newton_step_is_exact_it_is_the_jackknife_of_refits():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 7, 90)
    x, y = rng.normal(size=(90, 3)), rng.normal(size=90)
    likelihood, at = least_squares(x, y)
    found = score_covariance(likelihood, at, "jackknife", codes, 7)
    apart = [least_squares(x[codes != g], y[codes != g])[1].params - at.params for g in range(7)]
    assert_allclose(found.matrix, 6 / 7 * np.transpose(apart) @ np.array(apart), rtol=1e-6)
    assert (found.cov_type, found.n_clusters) == ("jackknife", 7)


def test_of_a_nested_logit_it_is_nearly_that_of_refits():
    rng = np.random.default_rng(1)
    x, nest = rng.normal(size=(1200, 4, 1)), np.array([0, 0, 1, 1])
    inside = np.exp(x[:, :, 0] / 0.6).reshape(1200, 2, 2)
    upper = inside.sum(axis=2) ** 0.6
    p = (upper / upper.sum(axis=1, keepdims=True))[:, :, None] * inside
    p = (p / inside.sum(axis=2, keepdims=True)).reshape(1200, 4)
    chosen = (p.cumsum(axis=1) > rng.random((1200, 1))).argmax(axis=1)
    y = (chosen[:, None] == np.arange(4)).astype(int)
    world = np.arange(1200) % 12

    def fit(kept, **options):
        n = int(kept.sum())
        data = choice_data(x[kept].reshape(-1, 1), y[kept].ravel(), np.repeat(np.arange(n), 4))
        return nested.fit(data, np.tile(nest, n), common=True, **options)

    every = np.ones(1200, dtype=bool)
    whole = fit(every, clusters=np.repeat(world, 4))
    apart = np.array([fit(world != g).params - whole.params for g in range(12)])
    assert whole.covariance.cov_type == "jackknife"
    assert_allclose(whole.bse, np.sqrt(11 / 12 * (apart**2).sum(axis=0)), rtol=0.03)


def test_what_whole_clusters_have_is_covered_where_the_sandwich_is_not():
    """Half of 8 clusters are treated, and clusters differ: the sandwich holds too little."""
    rng = np.random.default_rng(2)
    codes = np.repeat(np.arange(8), 5)
    x = np.column_stack([np.ones(40), codes % 2])
    covered = []
    for _ in range(800):
        likelihood, at = least_squares(x, rng.normal(size=8)[codes] + rng.normal(size=40))
        errors = [
            np.sqrt(score_covariance(likelihood, at, kind, codes, 8).matrix[1, 1])
            for kind in ("cluster", "jackknife")
        ]
        covered.append(abs(at.params[1]) < stats.t.ppf(0.975, 7) * np.array(errors))
    first, left_out = np.mean(covered, axis=0)
    assert first < 0.93 < left_out < 0.975


@pytest.mark.parametrize(("clusters", "kind"), [(100, "jackknife"), (101, "cluster")])
def test_up_to_100_clusters_are_left_out_unless_asked_otherwise(clusters, kind):
    rng = np.random.default_rng(3)
    likelihood, at = least_squares(rng.normal(size=(202, 2)), rng.normal(size=202))
    codes = np.arange(202) % clusters
    assert score_covariance(likelihood, at, None, codes, clusters).cov_type == kind
    for asked in ("cluster", "jackknife"):
        assert score_covariance(likelihood, at, asked, codes, clusters).cov_type == asked
    assert score_covariance(likelihood, at).cov_type == "robust"


def test_what_rests_on_one_cluster_has_no_error_by_leaving_it_out():
    rng = np.random.default_rng(4)
    codes = np.arange(60) % 6
    x = np.column_stack([rng.normal(size=60), codes == 2]).astype(float)
    likelihood, at = least_squares(x, rng.normal(size=60))
    with pytest.raises(RestsOnClusterError, match="no maximum"):
        score_covariance(likelihood, at, "jackknife", codes, 6)
    with pytest.warns(FewClustersWarning, match="sandwich"):
        found = score_covariance(likelihood, at, None, codes, 6)
    assert_allclose(found.matrix, score_covariance(likelihood, at, "cluster", codes, 6).matrix)


@pytest.mark.parametrize(
    ("kind", "message"),
    [("jackknife", "needs clusters"), ("cluster", "needs clusters"), ("hc3", "'hc3' is unknown")],
)
def test_what_can_not_be_is_refused(kind, message):
    likelihood, at = least_squares(np.eye(3)[:, :2], np.ones(3))
    with pytest.raises(EstimationError, match=message):
        score_covariance(likelihood, at, kind)
