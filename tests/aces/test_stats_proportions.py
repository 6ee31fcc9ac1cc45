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


def test_the_slope_is_that_of_clustered_least_squares():
    import statsmodels.api as sm

    generator = np.random.default_rng(4)
    clusters = generator.integers(40, size=200)
    x = generator.integers(4, size=200)
    y = (generator.random(200) < 0.2 + 0.1 * x).astype(float)
    fit = sm.OLS(y, sm.add_constant(x.astype(float))).fit(
        cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True
    )
    found = slope(x, y, clusters)
    known = (fit.params[1], fit.bse[1], *fit.conf_int()[1], fit.pvalues[1])
    assert found == pytest.approx(known, rel=1e-9)
    assert np.isnan(slope(np.ones(9), y[:9], range(9))).all()
    assert slope([0, 1, 2], [0, 0, 0], [1, 2, 3])[::4] == (0.0, 1.0)


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
