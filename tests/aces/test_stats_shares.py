"""Shares and concentration."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from aces.errors import EstimationError
from aces.stats.shares import goodman_interval, hhi, modal_share, wilson_interval


def test_wilson_limits_are_where_the_score_test_rejects():
    low, high = wilson_interval([0, 20, 100], 100)
    assert_allclose(low, [0, 0.1334, 0.9630], atol=1e-4)
    assert_allclose(high, [0.0370, 0.2888, 1], atol=1e-4)
    p = high[1]
    assert_allclose((p - 0.2) / np.sqrt(p * (1 - p) / 100), 1.959964, atol=1e-5)


@pytest.mark.parametrize("n", [10, 40, 300])
def test_shares_are_covered_however_rare_they_are(n):
    """Exactly, by the binomial: Wilson's limits alone come down to 84 %, eight at once to 20 %."""
    from scipy.stats import binom

    counts, shares = np.arange(n + 1.0), np.linspace(0.0005, 0.9995, 1999)
    chance = binom.pmf(counts[:, None], n, shares)
    of_eight = [goodman_interval([count, *[0] * 7], n) for count in counts]
    joint = tuple(np.array([limits[side][0] for limits in of_eight]) for side in (0, 1))
    # of eight each may miss an eighth as often
    for (low, high), least in ((wilson_interval(counts, n), 0.92), (joint, 1 - 0.08 / 8)):
        inside = (low[:, None] <= shares) & (shares <= high[:, None])
        covered = (chance * inside).sum(axis=0)
        assert covered.min() > least
        assert covered.mean() > 0.95
        assert_allclose(low, 1 - high[::-1], atol=1e-12)


def test_goodman_limits_are_wider_the_more_shares_hold_at_once():
    counts = [0, 5, 25, 70]
    alone, joint = wilson_interval(counts, 100), goodman_interval(counts, 100)
    assert (joint[0] <= alone[0]).all()
    assert (joint[1] > alone[1])[:3].all()
    assert_allclose(goodman_interval([30], 100), wilson_interval([30], 100))


def test_hhi_is_unbiased():
    """Its mean over every sample of 3 from (.5, .3, .2), by their probabilities, is exact."""
    shares, mean = np.array([0.5, 0.3, 0.2]), 0.0
    for a in range(3):
        for b in range(3):
            for c in range(3):
                counts = np.bincount([a, b, c], minlength=3)
                mean += shares[a] * shares[b] * shares[c] * hhi(counts).estimate
    assert_allclose(mean, shares @ shares)


@pytest.mark.parametrize("counts", [[10, 0, 0], [1, 1, 1], [0, 0, 2]])
def test_hhi_at_its_limits_still_has_an_interval(counts):
    found = hhi(counts)
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    assert found.high - found.low > 0.3


@pytest.mark.parametrize(
    "shares", [np.full(8, 1 / 8), [0.7, 0.1, 0.1, 0.1], [0.95, 0.05], [0.4, 0.4, 0.2]]
)
def test_intervals_cover_at_a_hundred_choices(shares):
    """A bootstrap covers 15 % (HHI) and 52 % (greatest share) at worst."""
    rng = np.random.default_rng(5)
    shares, covered = np.asarray(shares), np.zeros(2)
    for counts in rng.multinomial(100, shares, 1000):
        index, mode = hhi(counts), modal_share(counts)
        covered += [
            index.low <= shares @ shares <= index.high,
            mode.low <= shares.max() <= mode.high,
        ]
    assert (covered / 1000 > 0.925).all()


@pytest.mark.parametrize("counts", [[], [-1, 2], [np.nan]])
def test_faulty_counts_are_refused(counts):
    with pytest.raises(EstimationError):
        modal_share(counts)
