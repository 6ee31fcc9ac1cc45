"""Partial pooling: against its equation, closed forms, and planted tasks."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from aces.errors import EstimationError
from aces.stats.pooling import partial_pooling


def draw(tasks, tau, seed, mean=0.5):
    rng = np.random.default_rng([tasks, seed])
    errors = rng.uniform(0.1, 0.3, tasks)
    truth = mean + tau * rng.normal(size=tasks)
    return truth + errors * rng.normal(size=tasks), errors, truth, mean + tau * rng.normal()


@pytest.mark.parametrize(("tasks", "tau"), [(3, 1.0), (8, 0.3), (20, 0.1), (8, 0.0)])
def test_mean_and_sd_solve_the_equation_of_paule_and_mandel(tasks, tau):
    """Written out, with scipy's root; statsmodels' search ends at 0 on some machines."""
    from scipy.optimize import brentq

    b, errors, *_ = draw(tasks, tau, 1)

    def weighted(variance):
        w = 1 / (errors**2 + variance)
        mean = w @ b / w.sum()
        return w, mean, w @ (b - mean) ** 2

    excess = weighted(0)[2] - (tasks - 1)
    root = brentq(lambda v: weighted(v)[2] - (tasks - 1), 0, 100, xtol=1e-14) if excess > 0 else 0
    w, mean, q = weighted(root)
    ours = partial_pooling(b, errors).common
    assert_allclose(ours.variance**0.5, np.sqrt(root), atol=1e-6)
    assert_allclose(ours.q, weighted(0)[2])
    if root > 0:
        assert_allclose(ours.mean, mean, atol=1e-8)
        assert_allclose(ours.error, np.sqrt(q / (tasks - 1) / w.sum()), rtol=1e-5)


def test_equal_errors_have_closed_forms():
    b, v = np.array([0.0, 1.0, 2.0, 5.0]), 0.25
    found = partial_pooling(b, np.full(4, np.sqrt(v)))
    tau2 = b.var(ddof=1) - v
    assert_allclose(found.common.variance, tau2)
    assert_allclose(found.common.mean, b.mean())
    assert_allclose(found.common.error, b.std(ddof=1) / 2)
    from scipy.stats import chi2

    limits = (found.common.variance_low, found.common.variance_high)
    for limit, tail in zip(limits, (0.975, 0.025), strict=True):
        assert_allclose(limit, max(3 * b.var(ddof=1) / chi2.ppf(tail, 3) - v, 0))
    shrink = (1 / 3) * v / (v + tau2)  # Morris: (T - 3) / (T - 1) of it
    assert_allclose(found.tasks.value, b + shrink * (b.mean() - b))


def test_tasks_that_agree_are_pooled_whole():
    found = partial_pooling([0.5, 0.5, 0.5, 0.5], [0.1, 0.2, 0.1, 0.3])
    assert found.common.variance == found.common.variance_low == 0
    assert found.common.variance_high >= 0
    assert_allclose(found.tasks.value, 0.5)
    assert found.common.p_value == 1.0


def test_scale_and_place_do_not_matter():
    b, errors, *_ = draw(6, 0.3, 2)
    one, other = partial_pooling(b, errors), partial_pooling(1e4 * b - 3e4, 1e4 * errors)
    for name in ("mean", "low", "high", "next_low", "next_high"):
        first, second = getattr(one.common, name), getattr(other.common, name)
        assert_allclose(second, 1e4 * first - 3e4, rtol=1e-6)
    assert_allclose(other.tasks.low, 1e4 * one.tasks.low - 3e4, rtol=1e-6)
    for name in ("variance", "variance_high"):
        assert_allclose(getattr(other.common, name), 1e8 * getattr(one.common, name), rtol=1e-6)


@pytest.mark.parametrize(
    ("b", "errors", "says"),
    [
        ([1.0, 2.0], [0.1, 0.1], "2 tasks do not say how much tasks differ"),
        ([1.0, 2.0, 3.0], [0.1, 0.0, 0.1], "errors positive"),
        ([1.0, np.nan, 3.0], [0.1, 0.1, 0.1], "finite"),
    ],
)
def test_what_can_not_be_pooled_is_refused(b, errors, says):
    with pytest.raises(EstimationError, match=says):
        partial_pooling(b, errors)


@pytest.mark.parametrize(("tasks", "tau"), [(3, 0.3), (6, 0.3), (20, 0.1)])
def test_intervals_hold_what_they_should(tasks, tau):
    """200 runs: mean, another task, tasks (on average) and sd are covered in 90 % at least, and
    shrinking brings estimates nearer to the truth where there are more than three tasks."""
    held, gain = np.zeros(4), np.zeros(2)
    for seed in range(200):
        b, errors, truth, new = draw(tasks, tau, seed)
        found = partial_pooling(b, errors)
        common = found.common
        held += [
            common.low <= 0.5 <= common.high,
            common.next_low <= new <= common.next_high,
            ((found.tasks.low <= truth) & (truth <= found.tasks.high)).mean(),
            common.variance_low <= tau**2 <= common.variance_high,
        ]
        gain += [((found.tasks.value - truth) ** 2).mean(), ((b - truth) ** 2).mean()]
    assert (held / 200 > 0.9).all(), held / 200
    if tasks > 3:
        assert gain[0] < gain[1]
