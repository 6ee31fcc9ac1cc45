"""What explains how two fits differ: against a likelihood ratio, a search, and many draws."""

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize_scalar

from aces.errors import EstimationError
from aces.stats.choice import fit
from aces.stats.explain import TwoFits, explain
from aces.stats.joint import wald_test


def two_fits(rng, first, second, *, error=0.1, shared=0.5, df=np.inf):
    """Normal estimates about two truths, with a known covariance."""
    k = len(first)
    root = rng.normal(size=(k, k)) / np.sqrt(k) + np.eye(k)
    own = error**2 * root @ root.T
    covariance = np.block([[own, shared * own], [shared * own, own]])
    drawn = rng.multivariate_normal(np.r_[first, second], covariance)
    return TwoFits(drawn[:k], drawn[k:], covariance, df)


B = np.array([0.9, -1.8, 0.8, -0.2, 1.2])


def test_without_a_cause_it_is_walds_test_of_no_difference():
    fits = two_fits(np.random.default_rng(0), B, B + 0.2)
    found = explain(fits)
    own = wald_test(fits.second - fits.first, fits.spread())
    assert found.rest.p_value == pytest.approx(own.p_value, rel=1e-9)
    assert (found.scale, found.low, found.high, len(found.moved)) == (1, 1, 1, 0)


def test_a_cause_takes_what_least_squares_take():
    fits = two_fits(np.random.default_rng(1), B, B)
    ways = np.eye(5)[:, [1, 3]]
    found = explain(fits, ways)
    root = np.linalg.cholesky(np.linalg.inv(fits.spread())).T
    moved, rest, _, _ = np.linalg.lstsq(root @ ways, root @ fits.difference, rcond=None)
    np.testing.assert_allclose(found.moved, moved, rtol=1e-8)
    assert found.rest.statistic * 3 == pytest.approx(float(rest[0]), rel=1e-8)
    assert found.rest.p_value == pytest.approx(stats.chi2.sf(rest[0], 3), rel=1e-8)
    inverse = np.linalg.inv(ways.T @ np.linalg.inv(fits.spread()) @ ways)
    np.testing.assert_allclose(found.error, np.sqrt(inverse.diagonal()), rtol=1e-8)


def fits_of_clusters(rng, first, second, clusters):
    """Both fits' errors are estimated from clusters, which they have in common."""
    k = len(first)
    parts = rng.normal(size=(clusters, 2 * k))
    parts[:, k:] += parts[:, :k]
    parts *= 0.15 / np.sqrt(clusters)
    mean = parts.sum(axis=0)
    apart = parts - mean / clusters
    covariance = clusters / (clusters - 1) * apart.T @ apart
    return parts, TwoFits(first + mean[:k], second + mean[k:], covariance, clusters - 1.0)


def test_with_estimated_weights_errors_are_those_of_a_regression_on_what_did_not_move():
    """Given the other coefficients the moved one is the constant of a regression by cluster."""
    parts, fits = fits_of_clusters(np.random.default_rng(6), B, B, 30)
    found = explain(fits, np.eye(5)[:, [1]])
    change = 30 * (parts[:, 5:] - parts[:, :5])
    design = np.column_stack([np.ones(30), np.delete(change, 1, axis=1)])
    coefficients, square, _, _ = np.linalg.lstsq(design, change[:, 1], rcond=None)
    error = np.sqrt(square[0] / 25 * np.linalg.inv(design.T @ design)[0, 0])
    assert found.moved[0] == pytest.approx(coefficients[0], rel=1e-8)
    assert found.error[0] == pytest.approx(error, rel=1e-8)
    assert found.df == 25


def test_how_far_a_cause_moved_is_covered_with_many_coefficients_and_few_clusters():
    """Errors that take the weights for known cover far less here."""
    rng = np.random.default_rng(7)
    first, ways = np.linspace(-2, 2, 20), np.eye(20)[:, [4]]
    t = []
    for _ in range(500):
        _, fits = fits_of_clusters(rng, first, first + 0.5 * ways[:, 0], 60)
        found = explain(fits, ways)
        t.append((found.moved[0] - 0.5) / found.error[0])
    assert found.df == 59 - 19
    assert 0.93 < np.mean(np.abs(t) < stats.t.ppf(0.975, found.df)) < 0.97
    assert stats.kstest(t, stats.t(found.df).cdf).pvalue > 0.002


def test_where_clusters_are_fewer_than_what_must_adjust_nothing_is_known_of_how_far():
    _, fits = fits_of_clusters(np.random.default_rng(8), B, B, 4)
    assert np.isinf(explain(fits, np.eye(5)[:, [1]]).error).all()
    noise = explain(fits, scale=True)
    assert (noise.low, noise.high) == (0, np.inf)


def choices(rng, beta, sets=3000):
    x = rng.normal(size=(sets, 6, len(beta)))
    utility = x @ beta + rng.gumbel(size=(sets, 6))
    y = utility == utility.max(axis=1, keepdims=True)
    return x.reshape(-1, len(beta)), y.ravel().astype(float), np.repeat(np.arange(sets), 6)


@pytest.mark.parametrize("second", [0.6 * B, 0.6 * B + [0, 0.15, 0, 0, 0]])
def test_it_agrees_with_the_likelihood_ratio_of_swait_and_louviere(second):
    """Two independent samples; the pooled model's scale is searched for on the likelihood."""
    rng = np.random.default_rng(2)
    samples = [choices(rng, B), choices(rng, second)]
    fitted = [fit(x, y, sets, cov_type="nonrobust") for x, y, sets in samples]

    def pooled(mu):
        x = np.vstack([samples[0][0], mu * samples[1][0]])
        sets = np.r_[samples[0][2], samples[1][2] + 10_000]
        return -fit(x, np.r_[samples[0][1], samples[1][1]], sets, cov_type="nonrobust").llf

    best = minimize_scalar(pooled, bounds=(0.3, 1.2), method="bounded")
    ratio = 2 * (sum(one.llf for one in fitted) + best.fun)
    covariance = np.zeros((10, 10))
    covariance[:5, :5], covariance[5:, 5:] = (one.covariance.matrix for one in fitted)
    found = explain(TwoFits(fitted[0].params, fitted[1].params, covariance), scale=True)
    assert found.rest.df == 4
    assert found.rest.statistic * 4 == pytest.approx(ratio, rel=0.1, abs=0.1)
    assert found.scale == pytest.approx(best.x, abs=0.01)
    # 1.92 below the maximum of the likelihood lie the limits of its interval
    for limit in (found.low, found.high):
        assert pooled(limit) - best.fun == pytest.approx(1.92, abs=0.25)


@pytest.mark.parametrize(
    ("second", "ways", "scale"),
    [(B, None, False), (0.5 * B, None, True), (np.add(B, [0, 1, 0, 0, 0]), [1], False)],
)
def test_a_true_cause_is_rejected_in_one_of_twenty(second, ways, scale):
    rng = np.random.default_rng(3)
    directions = None if ways is None else np.eye(5)[:, ways]
    p, covered = [], []
    for _ in range(400):
        _, fits = fits_of_clusters(rng, B, np.asarray(second), 80)
        found = explain(fits, directions, scale=scale)
        p.append(found.rest.p_value)
        covered.append(found.low <= 0.5 <= found.high)
    assert 0.02 < np.mean(np.array(p) < 0.05) < 0.085
    assert stats.kstest(p, "uniform").pvalue > 0.002
    if scale:
        assert 0.92 < np.mean(covered) < 0.98


def test_a_false_cause_is_rejected_and_a_scale_without_end_is_said_to_be_one():
    rng = np.random.default_rng(4)
    moved = two_fits(rng, B, np.add(B, [1, 0, 0, 0, 0]))
    assert explain(moved, scale=True).rest.p_value < 1e-6
    assert explain(moved, np.eye(5)[:, [1]]).rest.p_value < 1e-6
    assert explain(moved, np.eye(5)[:, [0]]).rest.p_value > 0.01
    blind = explain(two_fits(rng, 0 * B, 0 * B), scale=True)
    assert (blind.low, blind.high) == (0, np.inf)


def test_a_cause_that_moves_everything_explains_nothing():
    fits = two_fits(np.random.default_rng(5), B, B)
    with pytest.raises(EstimationError, match="can't test a cause that moves all"):
        explain(fits, np.eye(5))
    with pytest.raises(EstimationError, match="can't test"):
        explain(fits, np.eye(5)[:, :4], scale=True)


def test_equal_fits_need_no_cause():
    fits = TwoFits(B, B, np.kron(np.ones((2, 2)), np.diag(np.full(5, 0.01))), 99.0)
    assert explain(fits).rest.p_value == 1
    assert explain(fits, np.eye(5)[:, [0]]).rest.p_value == 1
