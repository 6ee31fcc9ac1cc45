"""Intervals that hold at every look, against closed forms and simulated peeking."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from aces.errors import EstimationError
from aces.stats.sequential import (
    always_valid_p,
    always_valid_radius,
    difference_of_means,
    mixing_rate,
)


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("n", [20, 500, 20_000])
def test_interval_and_p_value_say_the_same(alpha, n):
    rate = mixing_rate(500, alpha)
    radius = always_valid_radius(1.0, n, rate, alpha)
    assert_allclose(always_valid_p(radius, n, rate), alpha)
    assert always_valid_p(0.0, n, rate) == 1.0


def test_the_p_value_is_one_over_the_likelihood_ratio_averaged_over_effects():
    from scipy.integrate import quad
    from scipy.stats import norm

    n, rate, z = 300, 0.02, 3.1

    def ratio(effect):  # effects in standard deviations of one unit
        mean = effect * np.sqrt(n)
        return norm.pdf(z, mean) / norm.pdf(z) * norm.pdf(effect, scale=np.sqrt(rate))

    mixed, _ = quad(ratio, -2, 2, points=[0, z / np.sqrt(n)])
    assert_allclose(always_valid_p(z, n, rate), 1 / mixed, rtol=1e-6)


def test_intervals_are_narrowest_about_where_asked():
    rates = [mixing_rate(best_at) for best_at in (400, 50, 3200)]
    radii = [always_valid_radius(1.0, 400, rate) for rate in rates]
    assert radii[0] == min(radii)
    assert 2.8 < radii[0] < 3.1


def test_peeking_at_nothing_seldom_finds_something():
    rng = np.random.default_rng(5)
    sums = np.cumsum(rng.normal(size=(400, 2000)), axis=1)[:, 99:]
    n = np.arange(100, 2001)
    z = np.abs(sums) / np.sqrt(n)
    naive = (z > 1.96).any(axis=1).mean()
    valid = (z > always_valid_radius(1.0, n, mixing_rate(500))).any(axis=1).mean()
    assert naive > 0.3
    assert valid < 0.05


def test_difference_of_means_is_welchs():
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(1)
    treated = np.arange(60) < 20
    y = rng.normal(size=60) + treated
    estimate, error = difference_of_means(y, treated)
    oracle = ttest_ind(y[treated], y[~treated], equal_var=False).statistic
    assert_allclose(estimate / error, oracle)
    with pytest.raises(EstimationError, match="found 1 and 3"):
        difference_of_means([1, 2, 3, 4], [True, False, False, False])
