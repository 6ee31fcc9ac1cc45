"""The shipped example of decisions: run with planted buyers, analysed, asked and reported."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import experiments
from aces import cli
from aces.cli.console import read_experiment
from analysis.analyze import analyze_paths
from analysis.report import write_report
from experiments.executors.inline import InlineExecutor
from experiments.run import run

CONFIG = Path(experiments.__file__).parent / "configs" / "decisions.yaml"
TITLES = {
    "counterfactual · what if velora-pulse-3: price=-10%",
    "counterfactual · what if velora-pulse-3: position=1, badge=overall_pick",
    "swaps · feasible swaps",
    "elasticities · price elasticities",
    "lifts · from 10 %",
    "welfare · consumer surplus",
    "calibration · held-out predictions",
    "loss · against the best choice",
    "variance · what makes choices differ",
}


@pytest.fixture(scope="module")
def folder(demo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("decisions")
    run(read_experiment(CONFIG, ["worlds_per_task=60"]), demo, folder / "run", InlineExecutor())
    yield folder / "run"
    shutil.rmtree(folder)


def test_every_decision_has_an_answer_and_a_row_in_the_estimates(folder):
    (found,) = analyze_paths([folder])
    assert {one.table.title for one in found.findings} == TITLES
    rows = {row.estimator: row for row in found.estimates}
    assert rows["feasible_swap"].n_clusters == 120
    first = [r for r in found.estimates if r.term == "slot 1"]
    assert first[0].ci_low > 0, "the top slot was planted to sell more"
    own = [r for r in found.estimates if r.estimator == "own_price_elasticity"]
    assert all(row.estimate < 0 for row in own)
    cut = [r for r in found.estimates if r.estimator == "counterfactual_change"]
    cheaper = next(r for r in cut if r.product_id == "velora-pulse-3" and "price" in r.term)
    assert cheaper.ci_low > 0
    unit = {r.term: r for r in found.estimates if r.estimator == "calibration_slope"}
    assert set(unit) == {"worlds", "menus"}
    html = write_report([folder], folder / "report.html").read_text(encoding="utf-8")
    for title in ("Feasible swaps", "Reliability, held-out menus", "What makes choices differ"):
        assert title in html


def test_a_question_on_the_command_line_is_answered_and_writes_nothing(folder):
    cli._register()
    before = {path: path.stat().st_mtime_ns for path in folder.glob("estimates*")}
    asked = ["analyze", str(folder), "--what-if"]
    done = CliRunner().invoke(cli.app, [*asked, "velora-pulse-3: position=1"])
    assert done.exit_code == 0, done.output
    assert "velora-pulse-3: position=1" in done.output
    assert {path: path.stat().st_mtime_ns for path in folder.glob("estimates*")} == before
    wrong = CliRunner().invoke(cli.app, [*asked, "velora-puls-3: position=1"])
    assert wrong.exit_code != 0
    assert "did you mean 'velora-pulse-3'?" in f"{wrong.output}{wrong.exception}"
