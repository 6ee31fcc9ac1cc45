"""The shipped multiverse: a badge that works is found, one that does nothing is not."""

from pathlib import Path

import pytest

import experiments
from aces.cli.console import read_experiment
from analysis.analyze import analyze_paths
from analysis.report import write_report
from experiments.executors.inline import InlineExecutor
from experiments.run import run

CONFIG = Path(experiments.__file__).parent / "configs" / "multiverse.yaml"
SETTINGS = (
    "interface=json",
    "worlds_per_task=150",
    "analysis.works.redraws=200",
    "analysis.idle.redraws=200",
)


@pytest.fixture(scope="module")
def folder(demo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("multiverse") / "run"
    run(read_experiment(CONFIG, SETTINGS), demo, folder, InlineExecutor())
    return folder


@pytest.fixture(scope="module")
def found(folder):
    return analyze_paths([folder])[0]


def cells(found, title):
    (table,) = [t for t in found.tables() if t.title == title]
    return {row[0]: row[1:] for row in table.rows}


def p_value(text):
    return 0.0 if text.startswith("<") else float(text)


def test_the_badge_that_works_is_found_and_the_idle_one_is_not(found):
    works = cells(found, "works · overall_pick · planted · the whole curve")
    idle = cells(found, "idle · scarcity · planted · the whole curve")
    assert works["universes"][0] == "27 of 27"
    assert p_value(works["median estimate"][2]) < 0.03
    assert p_value(idle["median estimate"][2]) > 0.05
    title = "works · overall_pick · planted · which choice moves it"
    moved = cells(found, title)
    assert float(moved["interface"][1]) == 0.0  # one interface was run
    assert set(moved) >= {"page", "estimator", "effects", "controls"}


def test_every_universe_is_a_row_and_none_mixes_scales(found):
    rows = [e for e in found.estimates if e.analysis == "works"]
    universes = [e for e in rows if "listing's own probability" in e.estimand]
    assert len(universes) == 27
    assert all("page" in e.estimand and e.ci_low < e.estimate < e.ci_high for e in universes)
    (median,) = [e for e in rows if e.estimator == "multiverse_median"]
    assert median.p_value < 0.03


def test_the_report_draws_the_curve(folder, tmp_path):
    html = write_report([folder], tmp_path / "r.html").read_text(encoding="utf-8")
    assert html.count("Specification curve of overall_pick, planted") >= 1
    assert 'figure class="wide"' in html
    for option in ("page: list", "estimator: shares", "effects: product_id"):
        assert option in html
    assert "interface: all" not in html  # one option is no comparison
