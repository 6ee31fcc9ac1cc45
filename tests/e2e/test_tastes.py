"""The shipped experiment on tastes that differ: run with a planted panel, analysed and reported."""

import shutil
from pathlib import Path

import pytest

import experiments
from aces.cli.console import read_experiment
from analysis.analyze import analyze_paths
from analysis.report import write_report
from experiments.executors.inline import InlineExecutor
from experiments.run import run

CONFIG = Path(experiments.__file__).parent / "configs" / "tastes.yaml"
PLANTED = {"log_price": -2.5, "rating": 1.2, "row_1": 1.0, "sd.log_price": 0.8, "sd.row_1": 1.0}


@pytest.fixture(scope="module")
def folder(demo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tastes")
    run(read_experiment(CONFIG, ["worlds_per_task=600"]), demo, folder / "run", InlineExecutor())
    yield folder / "run"
    shutil.rmtree(folder)


def test_planted_means_and_spreads_are_found_and_decisions_follow(folder):
    (found,) = analyze_paths([folder])
    rows = [row for row in found.estimates if row.estimator == "mixed_logit"]
    assert {row.term for row in rows} == set(PLANTED)
    for row in rows:
        assert abs(row.estimate - PLANTED[row.term]) < 3 * row.std_error, row.term
        assert row.ci_low > 0 or row.ci_high < 0, row.term
    worth = {(r.term, r.estimator): r for r in found.estimates if "price_change" in r.estimator}
    for whose in ("mean of coefficients", "median"):
        star = worth[f"rating ({whose})", "equivalent_price_change"]
        assert star.ci_low < -0.38 < star.ci_high < 0  # exp(1.2 / -2.5) - 1
    own = [r for r in found.estimates if r.estimator == "own_price_elasticity"]
    assert len(own) == 6
    assert all(row.ci_high < -0.5 for row in own)
    cut = {r.product_id: r for r in found.estimates if r.estimator == "counterfactual_change"}
    assert cut["bindora-desk-25"].ci_low > 0
    assert sum(row.estimate for row in cut.values()) == pytest.approx(0, abs=1e-12)
    html = write_report([folder], folder / "report.html").read_text(encoding="utf-8")
    for title in ("tastes that differ", "Equivalent price changes", "Own price elasticities"):
        assert title in html
