"""Shares of arms, and means of arms from known chances."""

from typing import get_args

import numpy as np
import pytest
import statsmodels.api as sm

from aces.stats.adaptive import Method, arm_means, drawn_as_told, past_means
from aces.stats.allocation import Tally, shares
from benchmarks.adaptive import SCENARIOS, Setting, experiment, inference


def tally(n, total, bounded=True, square=None):
    arrays = (np.array(x, dtype=float) for x in (n, total, total if square is None else square))
    return Tally(*arrays, bounded=bounded)


@pytest.mark.parametrize(
    ("n", "total"),
    [([0, 0, 0], [0, 0, 0]), ([20, 30, 10], [2, 9, 1]), ([400, 30, 900], [50, 9, 130])],
)
def test_the_chance_to_be_best_is_that_of_draws_from_the_posterior(n, total):
    known = tally(n, total)
    rng = np.random.default_rng(1)
    draws = rng.beta(1 + known.total, 1 + known.n - known.total, size=(200_000, 3))
    wanted = np.bincount(draws.argmax(axis=1), minlength=3) / 200_000
    assert known.chance_best() == pytest.approx(wanted, abs=0.005)


def test_the_chance_to_bring_most_money_is_that_of_normal_draws():
    known = tally([30, 40, 20], [300, 520, 220], bounded=False, square=[4000, 8000, 3000])
    rng = np.random.default_rng(2)
    error = known.spread / np.sqrt(known.n + 1)
    draws = known.mean + error * rng.normal(size=(200_000, 3))
    wanted = np.bincount(draws.argmax(axis=1), minlength=3) / 200_000
    assert known.chance_best() == pytest.approx(wanted, abs=0.005)
    nothing = tally([30, 40, 20], [0, 0, 0], bounded=False)
    assert nothing.chance_best() == pytest.approx(1 / 3)


def test_top_two_tries_the_best_and_its_rival():
    known = tally([50, 50, 50], [20, 16, 5])
    best, rng = known.chance_best(), np.random.default_rng(3)
    first, rival = rng.choice(3, (2, 400_000), p=best)
    while (same := first == rival).any():
        rival[same] = rng.choice(3, same.sum(), p=best)
    tried = np.where(rng.random(400_000) < 0.5, first, rival)
    wanted = np.bincount(tried, minlength=3) / 400_000
    assert shares("top_two", known, 0.0) == pytest.approx(wanted, abs=0.005)
    sure = tally([500, 500], [400, 10])
    assert shares("top_two", sure, 0.0) == pytest.approx([0.5, 0.5], abs=1e-4)


@pytest.mark.parametrize("rule", ["thompson", "top_two", "ucb"])
def test_no_share_is_below_the_floor_and_many_experiments_go_at_once(rule):
    n, total = np.array([[0.0, 0, 0], [90, 5, 5]]), np.array([[0.0, 0, 0], [80, 0, 0]])
    found = shares(rule, tally(n, total), 0.1)
    assert found.shape == (2, 3)
    assert found[0] == pytest.approx(1 / 3)
    assert found.min() >= 0.1
    assert found.sum(axis=1) == pytest.approx(1)
    alone = shares(rule, tally(n[1], total[1]), 0.1)
    assert found[1] == pytest.approx(alone)


def test_upper_bounds_go_to_what_may_be_best():
    untried = shares("ucb", tally([5, 0, 5], [5, 0, 0]), 0.05)
    assert untried == pytest.approx([0.05, 0.9, 0.05])
    uncertain = shares("ucb", tally([1000, 6, 1000], [300, 2, 100]), 0.05)
    assert uncertain.argmax() == 1


@pytest.fixture(scope="module")
def one():
    found = experiment(Setting((0.2, 0.4, 0.3), "thompson", 400, 40), 1, 5)
    return found.y[0] + 0.1, found.arm[0], found.chances[0]


def test_means_are_those_of_weighted_least_squares(one):
    y, arm, chances = one
    dummies = (arm[:, None] == np.arange(3)).astype(float)
    for method, weights in (("naive", 1.0), ("hajek", 1 / chances[np.arange(400), arm])):
        fit = sm.WLS(y, dummies, weights=np.broadcast_to(weights, 400)).fit(cov_type="HC0")
        found = arm_means(y, arm, chances, method)
        assert found.estimate == pytest.approx(fit.params)
        assert [found.mean(i).std_error for i in range(3)] == pytest.approx(fit.bse)
        test = fit.t_test([-1, 0, 1])
        gain = found.contrast(2, 0)
        assert [gain.estimate, gain.std_error] == pytest.approx([test.effect[0], test.sd[0][0]])
    total = arm_means(y, arm, chances, "horvitz_thompson").estimate
    wanted = [(y * d / c).mean() for d, c in zip(dummies.T, chances.T, strict=True)]
    assert total == pytest.approx(wanted)


def test_weights_are_those_of_constant_allocation(one):
    """h_t**2 / e_t takes 1/(T-t+1) of what earlier worlds left: Hadad and others, equation 10."""
    y, arm, chances = one
    had = arm[:, None] == np.arange(3)
    guess = past_means(y, had)
    score = guess + had * (y[:, None] - guess) / chances
    left, h = np.ones(3), np.zeros_like(score)
    for t, e in enumerate(chances):
        h[t] = np.sqrt(left * e / (len(y) - t))
        left -= h[t] ** 2 / e
    wanted = (h * score).sum(axis=0) / h.sum(axis=0)
    found = arm_means(y, arm, chances, "weighted_aipw")
    assert found.estimate == pytest.approx(wanted)
    spread = np.sqrt((h**2 * (score - wanted) ** 2).sum(axis=0)) / h.sum(axis=0)
    assert found.mean(1).std_error == pytest.approx(spread[1])


def test_guesses_use_earlier_worlds_alone(one):
    y, arm, _ = one
    had = arm[:, None] == np.arange(3)
    changed = y.copy()
    changed[200:] = 9.0
    assert np.array_equal(past_means(y, had)[:201], past_means(changed, had)[:201])
    assert not np.array_equal(past_means(y, had)[201], past_means(changed, had)[201])


def test_equal_chances_weigh_all_alike(one):
    y, arm, _ = one
    chances = np.full((400, 3), 1 / 3)
    plain = arm_means(y, arm, chances, "aipw")
    assert arm_means(y, arm, chances, "weighted_aipw").estimate == pytest.approx(plain.estimate)


def test_rare_shares_have_limits_of_their_own():
    y, arm = np.zeros(60), np.arange(60) % 3
    y[arm == 1] = 1.0
    found = arm_means(y, arm, np.full((60, 3), 1 / 3), "naive", bounded=True)
    never, always, gain = found.mean(0), found.mean(1), found.contrast(1, 0)
    assert never.low == pytest.approx(0)
    assert 0.1 < never.high < 0.25
    assert always.high == pytest.approx(1)
    assert 0.75 < always.low < 0.9
    assert 0.6 < gain.low < gain.estimate == 1
    assert gain.high == pytest.approx(1)
    assert gain.p_value < 1e-6
    # ten worlds without a purchase are not known to sell nothing
    few = experiment(Setting((0.3, 0.02), "thompson", 60, 20), 40, 1)
    for each in zip(few.y, few.arm, few.chances, strict=True):
        value = arm_means(*each, "weighted_aipw", bounded=True)
        for i in (0, 1):
            assert 0 <= value.mean(i).low <= value.mean(i).estimate <= value.mean(i).high <= 1
            assert value.mean(i).high > 1 / value.worlds[i]
        told = value.contrast(1, 0)
        assert (told.p_value < 0.05) == (told.high < 0 or told.low > 0)
    for method in get_args(Method):
        empty = arm_means(y[arm < 2], arm[arm < 2], np.full((40, 3), 1 / 3), method)
        assert np.isnan(empty.mean(2).estimate)
        assert np.isnan(empty.contrast(2, 0).low)
        assert not np.isnan(empty.contrast(1, 0).low)


def test_arms_are_held_against_their_chances():
    rng = np.random.default_rng(4)
    chances = rng.dirichlet([2, 2, 2], 500)
    arms = [(rng.random(500)[:, None] > chances.cumsum(axis=1)).sum(axis=1) for _ in range(200)]
    p = [drawn_as_told(arm, chances) for arm in arms]
    assert 0.01 < np.mean(np.array(p) < 0.05) < 0.1
    assert drawn_as_told(rng.integers(0, 3, 500) // 2, chances) < 1e-6


def test_plain_means_are_biased_and_weighted_intervals_hold():
    truth = SCENARIOS["no difference"]
    seen = inference(Setting(truth, "thompson", 500, 50), 300)
    naive, weighted, score = (
        np.array(seen[method].estimate)[:, :-1] - truth[0]
        for method in ("naive", "weighted_aipw", "aipw")
    )
    error = naive.std() / np.sqrt(naive.size)
    assert naive.mean() < -4 * error, "tried less often after bad luck"
    assert abs(weighted.mean()) < 0.75 * abs(naive.mean())
    assert abs(score.mean()) < 3.5 * error
    for method in ("weighted_aipw", "aipw", "hajek"):
        covered = np.array(seen[method].covers).mean(axis=0)
        assert covered.mean() == pytest.approx(0.955, abs=0.025)
