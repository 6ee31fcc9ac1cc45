"""Paired differences against statsmodels, the definition of the score interval, and enumeration."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import xlogy
from scipy.stats import multinomial, ttest_rel

from aces.errors import EstimationError
from aces.stats.paired import mcnemar, paired_difference, tango_interval

COUNTS = [(0, 0, 20), (1, 0, 20), (12, 2, 50), (9, 5, 40), (30, 11, 80), (20, 20, 60), (5, 0, 5)]


def outcomes(up, down, n):
    rest = n - up - down
    first = np.r_[np.ones(up), np.zeros(down), np.arange(rest) % 2]
    second = np.r_[np.zeros(up), np.ones(down), np.arange(rest) % 2]
    return first, second


@pytest.mark.parametrize(("up", "down", "n"), COUNTS)
def test_mcnemar_is_that_of_statsmodels(up, down, n):
    from statsmodels.stats.contingency_tables import mcnemar as other

    exact = up + down < 25
    p = other([[1, up], [down, 1]], exact=exact, correction=False).pvalue if up + down else 1.0
    assert mcnemar(up, down) == pytest.approx(float(p), rel=1e-9)
    found = paired_difference(*outcomes(up, down, n))
    assert (found.up, found.down, found.p_value) == (up, down, mcnemar(up, down))
    assert found.method == ("exact" if exact else "score")
    assert found.estimate == pytest.approx((up - down) / n)


@pytest.mark.parametrize(("up", "down", "n"), COUNTS)
def test_at_the_limits_the_score_statistic_is_the_critical_value(up, down, n):
    """The share of pairs that go down is found by maximising the likelihood, not by a formula."""
    low, high = tango_interval(up, down, n)
    assert -1 <= low <= (up - down) / n <= high <= 1
    for limit in (low, high):
        if abs(limit) == 1:
            continue

        def loss(share, limit=limit):
            rest = max(1 - 2 * share - limit, 0.0)
            return -(xlogy(up, share + limit) + xlogy(down, share) + xlogy(n - up - down, rest))

        least = max(0.0, -limit)
        top = (1 - limit) / 2
        share = minimize_scalar(
            loss, bounds=(least + 1e-12, top - 1e-12), method="bounded", options={"xatol": 1e-12}
        ).x
        variance = n * (2 * share + limit * (1 - limit))
        statistic = (up - down - n * limit) / np.sqrt(variance)
        assert abs(statistic) == pytest.approx(1.959964, abs=2e-3)


def test_interval_and_score_test_agree_on_zero():
    for up, down in product(range(13, 40, 4), repeat=2):
        low, high = tango_interval(up, down, 100)
        assert (low <= 0 <= high) == (mcnemar(up, down) >= 0.05), (up, down)


def test_limits_turn_round_with_the_sides():
    low, high = tango_interval(12, 2, 50)
    assert tango_interval(2, 12, 50) == pytest.approx((-high, -low))


@pytest.mark.parametrize("cells", [(0.1, 0.05), (0.3, 0.1), (0.02, 0.02), (0.5, 0.2)])
def test_coverage_is_near_95_percent_by_enumeration_of_all_outcomes(cells):
    """Exact: every (up, down) of 40 pairs with its probability."""
    n, covered, total = 40, 0.0, 0.0
    truth = cells[0] - cells[1]
    for up in range(n + 1):
        for down in range(n + 1 - up):
            p = float(multinomial.pmf([up, down, n - up - down], n, [*cells, 1 - sum(cells)]))
            if p < 1e-9:
                continue
            low, high = tango_interval(up, down, n)
            covered, total = covered + p * (low <= truth <= high), total + p
    assert total > 1 - 1e-5
    assert 0.925 < covered < (0.985 if sum(cells) > 0.1 else 1.0)


def test_means_of_repeats_are_compared_by_t():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 4, (2, 40)) / 3
    found = paired_difference(a, b)
    other = ttest_rel(a, b)
    assert found.method == "t"
    assert found.p_value == pytest.approx(other.pvalue)
    assert [found.low, found.high] == pytest.approx(list(other.confidence_interval()))
    assert (found.up, found.down) == (None, None)


def test_sharing_what_varies_makes_errors_smaller_than_unpaired_ones():
    rng = np.random.default_rng(1)
    chance = rng.beta(0.4, 0.4, 4000)
    first, second = (rng.random(4000) < chance).astype(int), (rng.random(4000) < chance).astype(int)
    found = paired_difference(first, second)
    # correlation is var(chance) / (p (1 - p)) = 1 / (0.4 + 0.4 + 1)
    assert (found.std_error / found.unpaired) ** 2 == pytest.approx(1 - 1 / 1.8, rel=0.08)


@pytest.mark.parametrize(
    ("first", "second"), [([1, 0], [0, 0]), ([1, 0, 1], [0, 0]), ([1, 0, np.nan], [0, 0, 1])]
)
def test_too_few_or_no_numbers_are_refused(first, second):
    with pytest.raises(EstimationError, match=r"too few|same length"):
        paired_difference(first, second)


def test_outcomes_that_are_all_alike_have_an_interval():
    found = paired_difference(np.ones(30), np.ones(30))
    assert (found.estimate, found.p_value, found.std_error) == (0, 1, 0)
    assert found.low == pytest.approx(-found.high)
    assert 0.05 < found.high < 0.2
