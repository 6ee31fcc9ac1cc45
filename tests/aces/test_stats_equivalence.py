"""Two one-sided tests against statsmodels, and what both tests say together."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from aces.errors import EstimationError
from aces.stats.equivalence import equivalence


@pytest.mark.parametrize("shift", [-0.6, 0.0, 0.1, 0.45])
def test_statsmodels_finds_the_same(shift):
    from statsmodels.stats.weightstats import DescrStatsW

    x = np.random.default_rng(3).normal(shift, 1, size=30)
    oracle, _, _ = DescrStatsW(x).ttost_mean(-0.4, 0.3)
    error = x.std(ddof=1) / np.sqrt(30)
    found = equivalence(x.mean(), error, (-0.4, 0.3), df=29)
    assert_allclose(found.p_value, oracle)
    within = found.low[0] > -0.4 and found.high[0] < 0.3
    assert within == (oracle < 0.05)


def test_verdicts():
    found = equivalence([0.0, 0.05, 0.5, 0.1, 0.0], [0.03, 0.01, 0.1, 0.08, 0.2], 0.1)
    assert found.verdicts == (
        "absent",
        "present, too small to matter",
        "present",
        "undecided",
        "undecided",
    )


@pytest.mark.parametrize(("error", "smallest"), [(0.1, -1.0), (0.1, (0.1, 0.2)), (0.0, 0.1)])
def test_what_makes_no_sense_is_refused(error, smallest):
    with pytest.raises(EstimationError):
        equivalence(0.0, error, smallest)
