"""The joint test keeps its size where an analyst who picks the best universe does not."""

import os

import pytest

from analysis.joint_test import BEST, MEDIAN, SHARE, STOUFFER
from benchmarks.multiverse import PICKED, rejections, simulate_many


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_whole_experiments_without_an_effect_are_rejected_at_five_percent():
    runs = 80
    rates = rejections(simulate_many(0.0, runs, 40, 99, os.cpu_count() or 1))
    for name in (MEDIAN, SHARE, STOUFFER, BEST):
        assert rates[name] <= 0.14, name  # 12 of 80 come by chance once in a thousand times
    assert rates[PICKED] >= 0.25


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_an_effect_is_found():
    rates = rejections(simulate_many(0.9, 20, 60, 99, os.cpu_count() or 1))
    assert rates[MEDIAN] >= 0.7
