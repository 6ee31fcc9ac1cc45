"""The runner of the coverage grid: what it counts, what it calls a miss, and that it goes on."""

import numpy as np
import pytest

from aces.errors import EstimationError
from benchmarks import estimator_coverage as grid
from benchmarks.estimator_coverage_cells import Cell, Method, cells

FAIR = Method("fair", "covers 95 %")
SHORT = Method("short", "covers 95 %", "the docstring")
CAREFUL = Method("careful", "covers at least 95 %")
SELDOM = Method("seldom", "covers 95 %")


def toss(rng):
    if rng.random() < 0.1:
        raise EstimationError("these data can't tell")
    held = {
        "fair": rng.random(2) < 0.95,
        "short": [bool(rng.random() < 0.8)],
        "careful": [True],
    }
    return held | {"seldom": [True] if rng.random() < 0.01 else []}


CELL = Cell("family", "coins", "G = 2", (FAIR, SHORT, CAREFUL, SELDOM), toss, runs=2000)


def test_rates_are_over_the_runs_with_an_answer_and_misses_are_told(tmp_path):
    grid._run((CELL, CELL.runs, tmp_path))
    found = grid.kept(CELL, tmp_path)
    assert found["failed"] == {"EstimationError": pytest.approx(200, abs=60)}
    value, error = grid.rate(found["sums"]["fair"])
    assert value == pytest.approx(0.95, abs=4 * error)
    assert error == pytest.approx(np.sqrt(0.95 * 0.05 / 2 / 1800), rel=0.2)  # two a run
    text, missing = grid.tables([CELL], tmp_path)
    rows = {line.split(" | ")[1]: line for line in text.splitlines() if "coins" in line}
    assert missing == 0
    assert "**" not in rows["fair"]
    assert "(10 % no answer)" in rows["fair"] or "(11 % no answer)" in rows["fair"]
    assert "**.8" in rows["short"] or "**.7" in rows["short"]
    assert rows["short"].endswith("| the docstring |")
    assert "1.000 (" in rows["careful"]
    assert "| no answer |" in rows["seldom"]


@pytest.mark.parametrize(
    ("claim", "rate", "runs", "verdict"),
    [
        ("covers 95 %", 0.932, 2000, "misses"),
        ("covers 95 %", 0.932, 500, "holds"),
        ("covers 95 %", 0.98, 2000, "cautious"),
        ("covers at least 95 %", 0.98, 2000, "holds"),
        ("covers at least 95 %", 0.92, 2000, "misses"),
        ("rejects 5 %", 0.066, 2000, "misses"),
        ("rejects 5 %", 0.02, 2000, "cautious"),
        ("rejects at most 5 %", 0.0, 2000, "holds"),
    ],
)
def test_what_counts_as_a_miss(claim, rate, runs, verdict):
    assert grid.verdict(Method("m", claim), rate, runs) == verdict


def test_a_miss_that_is_told_nowhere_stands_out(tmp_path):
    grid._run((CELL, 300, tmp_path))
    untold = Cell(CELL.family, CELL.design, CELL.size, (Method("short", "covers 95 %"),), toss)
    assert "**nowhere**" in grid.tables([untold], tmp_path)[0]


def test_results_do_not_depend_on_what_else_is_run_and_none_is_run_twice(tmp_path, monkeypatch):
    other = Cell("family", "coins", "G = 3", CELL.methods, toss)
    assert grid.simulate(CELL, 20) == grid.simulate(CELL, 20) | {"seconds": pytest.approx(0, abs=9)}
    assert grid.simulate(CELL, 20)["sums"] != grid.simulate(other, 20)["sums"]
    monkeypatch.setattr(grid, "cells", lambda: [CELL])
    argv = ["estimator_coverage", "--only", "coins", "--runs", "20", "--cache", str(tmp_path)]
    monkeypatch.setattr("sys.argv", argv)
    grid.main()
    (path,) = tmp_path.iterdir()
    before = path.stat().st_mtime_ns
    grid.main()
    assert path.stat().st_mtime_ns == before


QUICK = [c for c in cells() if "Tastes" not in c.family and not c.size.endswith("1,000")]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("cell", QUICK, ids=lambda cell: cell.name)
def test_every_cell_tells_of_every_method_it_names(cell):
    for seed in range(20):
        try:
            held = cell.simulate(np.random.default_rng(seed))
        except EstimationError:
            continue
        assert set(held) == {method.name for method in cell.methods}
        assert all(value in (True, False) for values in held.values() for value in values)
        return
    pytest.fail("no answer in twenty runs")
