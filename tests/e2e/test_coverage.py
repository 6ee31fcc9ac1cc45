"""Acceptance, at a size that fits a test: coverage of intervals and size of tests of nothing.

`python -m benchmarks.coverage` does the same with 2,000 experiments and the bands of the design.
"""

import math

import pytest

from benchmarks.coverage import coverage_table, rejections, simulate_many

RUNS = 300


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_intervals_cover_and_nothing_is_found_where_nothing_is() -> None:
    outcomes = simulate_many(RUNS, worlds=500, processes=2)
    # 3.3 standard errors around .95 and .05: eleven terms pass together 99 % of the time
    spread = 3.3 * math.sqrt(0.95 * 0.05 / RUNS)
    table = coverage_table(outcomes)
    for term, covered, _ in table:
        assert 0.95 - spread <= covered <= 0.95 + spread, (term, covered)
    for test, rate in rejections(outcomes).items():
        assert max(0.0, 0.05 - spread) <= rate <= 0.05 + spread, (test, rate)
    without_effects = {term: share for term, _, share in table}
    # leaving product effects out must fail, or the simulation tests nothing
    assert without_effects["rating"] < 0.8
    assert without_effects["log_price"] < 0.5
