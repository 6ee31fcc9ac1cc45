"""Update shock: the shipped study, its repeats, and a battery met again months later."""

import json
from pathlib import Path

import pytest

import experiments
from aces.cli.console import read_experiment, registries
from aces.spec import load_analyses
from analysis.analyze import analyze_paths
from analysis.frame import export, load_choices
from experiments.executors.inline import InlineExecutor
from experiments.run import run

CONFIG = Path(experiments.__file__).parent / "configs" / "study-update.yaml"


@pytest.fixture(scope="module")
def go(demo, tmp_path_factory):
    """Runs the study with some settings and returns the run's folder."""

    def go(*settings):
        folder = tmp_path_factory.mktemp("update") / "run"
        run(read_experiment(CONFIG, settings), demo, folder, InlineExecutor())
        return folder

    return go


def rows_of(found, estimator):
    return {
        (row.product_id or row.term): row for row in found.estimates if row.estimator == estimator
    }


def test_a_planted_update_is_told_from_the_old_version_against_itself(go):
    (found,) = analyze_paths([go("worlds_per_task=150")])
    terms = rows_of(found, "drift_term")
    planted = {"row_1": 0.0, "log_price": -0.5, "overall_pick": -0.5, "scarcity": 0.0}
    for term, value in planted.items():
        row = terms[term]
        assert abs(row.estimate - value) < 4 * row.std_error, term
    same = rows_of(found, "drift_term_same_version")
    assert all(abs(row.estimate) < 4 * row.std_error for row in same.values())
    joint = rows_of(found, "drift_term_joint")
    assert joint["joint[update]"].p_value < 1e-3
    assert joint["joint[same version]"].p_value > 0.01
    assert rows_of(found, "drift_share_joint")["joint[update]"].p_value < 0.05
    shares = rows_of(found, "drift_share")
    assert len(shares) == 48
    assert sum(row.estimate for row in shares.values()) == pytest.approx(0, abs=1e-9)
    products, coefficients = (one.table for one in found.findings)
    verdicts = [row[-1] for row in products.rows]
    assert set(verdicts) <= {"gained", "lost", ""}
    assert coefficients.rows[-1][1] == "all terms"
    assert any(note.startswith("drift, json: shares moved") for note in found.notes)


def test_no_update_and_one_version_repeated(go):
    """`repeats: 2` is a replicate, too; the new version is the old one."""
    old = {"row_1": 0.9, "log_price": -1.8, "overall_pick": 1.2, "scarcity": 0.3}
    buyers = [
        {"use": "utility", "name": name, "coefficients": old, "noise": "independent"}
        for name in ("old", "new")
    ]
    asked = [{"use": "drift", "old": ["old"], "new": ["new"]}]
    folder = go(
        f"buyers={json.dumps(buyers)}",
        f"analysis={json.dumps(asked)}",
        "repeats=2",
        "worlds_per_task=60",
    )
    (found,) = analyze_paths([folder])
    for kind in ("drift_term_joint", "drift_share_joint"):
        for row in rows_of(found, kind).values():
            assert row.p_value > 0.01, (kind, row.term)
    assert [row[-1] for row in found.findings[0].table.rows] == [""] * 48


def test_a_battery_met_again_later_is_compared_as_one_table(go, tmp_path):
    """The old version's run is kept; the new one meets the same worlds in a run of its own."""
    buyers = read_experiment(CONFIG).buyers
    parts = []
    for names in (("old", "old_again"), ("new",)):
        own = [
            {"use": buyer.use, "name": buyer.name, **buyer.parameters}
            for buyer in buyers
            if buyer.name in names
        ]
        parts.append(go(f"buyers={json.dumps(own)}", "worlds_per_task=60", "analysis=[]"))
    export(load_choices(parts), tmp_path / "both.parquet")
    asked = tmp_path / "drift.yaml"
    asked.write_text("analysis:\n  - {use: drift, old: [old, old_again], new: [new]}\n")
    analyses = load_analyses(asked, registries())
    (apart,) = analyze_paths([tmp_path / "both.parquet"], tmp_path, analyses)
    (together,) = analyze_paths([go("worlds_per_task=60")])
    for kind in ("drift_share", "drift_term"):
        ours, theirs = rows_of(apart, kind), rows_of(together, kind)
        assert ours.keys() == theirs.keys()
        for key, row in ours.items():
            assert row.estimate == pytest.approx(theirs[key].estimate, abs=1e-6)
