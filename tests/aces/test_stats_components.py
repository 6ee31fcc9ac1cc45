"""Variance components of choices and effects of random levels, against known truth and oracles."""

import numpy as np
import pytest

from aces.errors import EstimationError
from aces.stats.components import components
from aces.stats.random_effects import random_effects

J = 6


def draw(worlds, repeats, world_sd, serving_sd, seed):
    """Choice probabilities (worlds, repeats, J) of a logit with noise by world and by trial."""
    generator = np.random.default_rng(seed)
    base = np.linspace(0, 1, J)
    u = base + world_sd * generator.normal(size=(worlds, 1, J))
    p = np.exp(u + serving_sd * generator.normal(size=(worlds, repeats, J)))
    return p / p.sum(axis=-1, keepdims=True), generator


def bought(p, generator):
    index = (p.cumsum(axis=-1) < generator.random((*p.shape[:-1], 1))).sum(axis=-1)
    return np.eye(J)[np.minimum(index, J - 1).ravel()]


def truth(world_sd, serving_sd):
    p, _ = draw(100_000, 2, world_sd, serving_sd, 0)
    alike = (p[:, 0] * p[:, 1]).sum(axis=1).mean()
    square, mean = (p**2).sum(axis=-1).mean(), p.mean(axis=(0, 1))
    return np.array([alike - mean @ mean, square - alike, 1 - square, 1 - mean @ mean])


def codes(worlds, repeats):
    return np.repeat(np.arange(worlds), repeats)


@pytest.mark.parametrize("repeats", [2, 4])
def test_components_find_what_was_planted(repeats):
    planted = truth(1.0, 0.6)
    p, generator = draw(6000, repeats, 1.0, 0.6, 1)
    read = components(p.reshape(-1, J), codes(6000, repeats), probabilities=True)
    np.testing.assert_allclose(read.value, planted, atol=0.004)
    seen = components(bought(p, generator), codes(6000, repeats))
    together = [planted[0], np.nan, planted[1] + planted[2], planted[3]]
    np.testing.assert_allclose(seen.value, together, atol=0.015)
    assert read.value[:3].sum() == pytest.approx(read.value[3])
    assert read.share[3] == 1


def test_components_are_sums_over_pairs_of_trials():
    p, generator = draw(7, 3, 1.0, 0.6, 2)
    y = bought(p, generator)
    worlds = codes(7, 3)
    same = worlds[:, None] == worlds
    alike = y @ y.T
    np.fill_diagonal(same, val=False)
    within = alike[same].mean()
    between = alike[worlds[:, None] != worlds].mean()
    found = components(y, worlds)
    assert found.value[0] == pytest.approx(within - between)
    assert found.value[2] == pytest.approx(1 - within)
    left = [components(y[worlds != w], worlds[worlds != w]).value[0] for w in range(7)]
    error = np.sqrt(6 / 7 * ((left - np.mean(left)) ** 2).sum())
    assert found.error[0] == pytest.approx(error)


def test_intervals_cover_and_the_extremes_are_told():
    planted = truth(1.0, 0.6)
    covered = []
    for seed in range(120):
        p, generator = draw(60, 2, 1.0, 0.6, 10 + seed)
        low, high = components(bought(p, generator), codes(60, 2)).limits()
        covered.append((low[0] <= planted[0] <= high[0], low[3] <= planted[3] <= high[3]))
    assert (np.mean(covered, axis=0) > 0.87).all()
    assert np.mean(covered) < 1


def test_a_sure_buyer_has_no_spread_within_worlds_and_a_blind_one_none_between():
    p, generator = draw(200, 3, 2.0, 0.0, 3)
    sure = np.repeat(bought(p[:, :1], generator), 3, axis=0)
    found = components(sure, codes(200, 3))
    assert found.value[2] == pytest.approx(0)
    assert found.share[0] == pytest.approx(1)
    assert found.worth(3) == pytest.approx(1)
    p, generator = draw(200, 3, 0.0, 0.0, 4)
    blind = components(bought(p, generator), codes(200, 3))
    assert blind.limits()[0][0] == 0 < blind.limits()[1][0] < 0.08
    assert blind.worth(3) == pytest.approx(3, abs=0.3)


def test_tasks_that_sell_different_things_are_no_variation_between_worlds():
    y = np.zeros((80, J))
    y[:40, 0], y[40:, 1] = 1, 1
    worlds, tasks = codes(40, 2), np.repeat([0, 1], 40)
    y[3] = y[4] = np.eye(J)[2]
    assert components(y, worlds, tasks).value[3] < 0.15
    assert components(y, worlds).value[3] > 0.45


def test_worlds_met_once_say_nothing():
    p, generator = draw(50, 1, 1.0, 0.0, 5)
    with pytest.raises(EstimationError, match="0 worlds were met twice"):
        components(bought(p, generator), codes(50, 1))


def test_the_variance_between_levels_is_that_of_statsmodels():
    meta = pytest.importorskip("statsmodels.stats.meta_analysis")
    generator = np.random.default_rng(6)
    variances = generator.uniform(0.01, 0.2, 14)
    estimates = generator.normal(0.5, 0.4, 14) + np.sqrt(variances) * generator.normal(size=14)
    theirs = meta.combine_effects(estimates, variances, method_re="iterated", use_t=True)
    ours = random_effects(estimates, np.diag(variances))
    assert ours.variance == pytest.approx(theirs.tau2, rel=1e-4)
    assert ours.mean == pytest.approx(theirs.mean_effect_re, rel=1e-4)
    assert ours.error == pytest.approx(theirs.sd_eff_w_re, rel=1e-4)
    assert ours.variance_low < ours.variance < ours.variance_high


def test_noise_that_all_levels_share_is_no_difference_between_them():
    """As a diagonal S the shared noise would hide the variance; as it is, it does not."""
    generator = np.random.default_rng(7)
    shared = 0.5 * np.ones((12, 12)) + 0.01 * np.eye(12)
    found, hidden = [], []
    for _ in range(200):
        noise = np.sqrt(0.5) * generator.normal() + 0.1 * generator.normal(size=12)
        estimates = 1 + 0.3 * generator.normal(size=12) + noise
        found.append(random_effects(estimates, shared).variance)
        hidden.append(random_effects(estimates, np.diag(np.diag(shared))).variance)
    assert np.mean(found) == pytest.approx(0.09, abs=0.01)
    assert np.mean(hidden) < 0.01


@pytest.mark.parametrize("sd", [0.0, 0.3])
@pytest.mark.parametrize("levels", [5, 12])
def test_intervals_of_mean_variance_and_a_new_level_cover(levels, sd):
    generator = np.random.default_rng(8)
    S = 0.01 * np.eye(levels) + 0.01
    covered = []
    for _ in range(300):
        noise = 0.1 * generator.normal() + 0.1 * generator.normal(size=levels)
        found = random_effects(0.5 + sd * generator.normal(size=levels) + noise, S)
        new = 0.5 + sd * generator.normal()
        covered.append(
            (
                found.low <= 0.5 <= found.high,
                found.variance_low <= sd**2 <= found.variance_high,
                found.next_low <= new <= found.next_high,
            )
        )
    assert (np.mean(covered, axis=0) > 0.91).all()
    assert (np.mean(covered, axis=0)[1:] < 1).all()


def test_one_way_of_turning_independent_errors_is_as_good_as_another():
    """A diagonal covariance, and the same with levels in another order."""
    generator = np.random.default_rng(9)
    errors, estimates = generator.uniform(0.1, 0.4, 7), generator.normal(size=7)
    other = generator.permutation(7)
    first = random_effects(estimates, np.diag(errors**2))
    second = random_effects(estimates[other], np.diag(errors[other] ** 2))
    for name in ("mean", "error", "variance", "variance_high", "next_low", "next_high"):
        assert getattr(second, name) == pytest.approx(getattr(first, name), rel=1e-8)


def test_two_levels_are_too_few():
    with pytest.raises(EstimationError, match="2 levels are too few"):
        random_effects(np.zeros(2), np.eye(2))
