"""Equal shares and slopes against independent implementations, and their size under the null."""

import numpy as np
import pytest

from aces.stats.proportions import equal_shares, fewest_expected, slope


def test_equal_shares_are_those_of_the_contingency_table():
    from scipy.stats import chi2_contingency

    counts, trials = [12, 30, 25], [80, 95, 120]
    table = [counts, [n - k for k, n in zip(counts, trials, strict=True)]]
    known = chi2_contingency(table, correction=False)
    statistic, df, p = equal_shares(counts, trials)
    assert (statistic, df, p) == pytest.approx((known.statistic, known.dof, known.pvalue))
    assert fewest_expected(counts, trials) == pytest.approx(known.expected_freq.min())


@pytest.mark.parametrize(
    ("counts", "trials", "found"),
    [
        ([0, 0], [5, 9], (0.0, 1, 1.0)),
        ([5, 9], [5, 9], (0.0, 1, 1.0)),
        ([3], [9], (0.0, 0, 1.0)),
        ([3, 0], [9, 0], (0.0, 0, 1.0)),
        ([], [], (0.0, 0, 1.0)),
    ],
)
def test_where_there_is_nothing_to_compare_nothing_differs(counts, trials, found):
    assert equal_shares(counts, trials) == found


def test_the_slope_is_least_squares_and_its_error_that_of_leaving_clusters_out():
    import statsmodels.api as sm

    generator = np.random.default_rng(4)
    clusters = generator.integers(40, size=200)
    x = generator.integers(4, size=200)
    y = (generator.random(200) < 0.2 + 0.1 * x).astype(float)

    def fitted(rows):
        return sm.OLS(y[rows], sm.add_constant(x[rows].astype(float))).fit().params[1]

    estimate, error, low, high, p = slope(x, y, clusters)
    assert estimate == pytest.approx(fitted(clusters >= 0), rel=1e-9)
    without = np.array([fitted(clusters != g) for g in range(40)])
    assert error == pytest.approx(np.sqrt(39 / 40 * ((without - estimate) ** 2).sum()), rel=1e-9)
    half = 2.0226909 * error  # of t(39)
    assert (low, high) == pytest.approx((estimate - half, estimate + half), rel=1e-6)
    assert (p < 0.05) == (low > 0)
    assert np.isnan(slope(np.ones(9), y[:9], range(9))).all()
    assert slope([0, 1, 2], [0, 0, 0], [1, 2, 3])[::4] == (0.0, 1.0)
    # one cluster alone has another dose: without it there is no slope
    assert np.isnan(slope([0, 0, 0, 1], [0, 1, 0, 1], [1, 2, 3, 4])).all()


@pytest.mark.parametrize(("groups", "most"), [(5, 0.11), (10, 0.085)])
def test_few_clusters_do_not_reject_twice_too_often(groups, most):
    generator = np.random.default_rng(groups)
    dose, world = np.repeat(np.arange(groups) % 5, 4), np.repeat(np.arange(groups), 4)
    p = [slope(dose, generator.random(4 * groups) < 0.3, world)[-1] for _ in range(1000)]
    assert np.mean(np.array(p) < 0.05) < most


def test_both_tests_keep_their_size_and_see_a_rise():
    generator = np.random.default_rng(11)
    rejected = {"equal": 0, "slope": 0, "rise": 0}
    for _ in range(400):
        dose = generator.integers(4, size=160)
        flat = generator.random(160) < 0.25
        rising = generator.random(160) < 0.1 + 0.15 * dose
        counts = [flat[dose == d].sum() for d in range(4)]
        trials = [(dose == d).sum() for d in range(4)]
        rejected["equal"] += equal_shares(counts, trials)[2] < 0.05
        rejected["slope"] += slope(dose, flat, range(160))[4] < 0.05
        rejected["rise"] += slope(dose, rising, range(160))[4] < 0.05
    assert 6 <= rejected["equal"] <= 36  # 20 expected, 4 standard deviations either way
    assert 6 <= rejected["slope"] <= 36
    assert rejected["rise"] > 380
