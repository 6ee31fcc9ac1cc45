"""Results of others by one command, and the linear probability model on ABxLab's own pairs."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import experiments
from aces import cli
from aces.catalog import load_catalog
from aces.cli.console import read_experiment
from aces.spec import Plugin
from aces.store import RunStore
from analysis.analyze import analyze
from experiments.executors.inline import InlineExecutor
from experiments.run import run

CONFIGS = Path(experiments.__file__).parent / "configs"


@pytest.fixture
def aces(monkeypatch, tmp_path, capsys):
    """Runs a command in this process, in an empty folder, and returns what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def aces(*arguments):
        monkeypatch.setattr(sys, "argv", ["aces", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert not end.value.code, capsys.readouterr()
        return capsys.readouterr().out

    return aces


def results(n=300):
    """A file in ACES's layout: a model that likes the first column and low prices."""
    rng = np.random.default_rng(5)
    base = rng.uniform(10, 40, 8)
    rows = []
    for number in range(n):
        slots, price = rng.permutation(8), np.round(base * rng.lognormal(0, 0.3, 8), 2)
        worth = 2.0 * (slots % 4 == 0) - np.log(price) + rng.gumbel(size=8)
        for i in range(8):
            rows.append(  # noqa: PERF401
                {
                    "query": "mousepad",
                    "experiment_label": "control",
                    "experiment_number": number,
                    "title": f"Mouse pad {i}",
                    "assigned_position": slots[i],
                    "price": f"${price[i]:.2f}",
                    "rating": 4.5,
                    "rating_count": 10,
                    **dict.fromkeys(("sponsored", "overall_pick", "low_stock"), "False"),
                    "selected": int(i == worth.argmax()) if number else 0,
                    "model_name": "gpt",
                }
            )
    return pd.DataFrame(rows)


def test_an_aces_file_is_analysed_reported_and_exported_by_one_command_each(aces, tmp_path):
    results().to_csv("aggregated_experiment_data.csv", index=False)
    told = aces("analyze", "aggregated_experiment_data.csv", "--out", "found")
    assert "1 trial failed (no_choice_recorded)" in told
    assert "299 trials, 299 worlds" in told
    rows = pd.read_csv(tmp_path / "found" / "estimates.csv").set_index(["estimator", "term"])
    col, price = (rows.loc[("conditional_logit", term)] for term in ("col_1", "log_price"))
    assert col["ci_low"] < 2.0 < col["ci_high"]
    assert price["ci_low"] < -1.0 < price["ci_high"]
    columns = ("--formula", "selected ~ assigned_position", "--choice-set", "experiment_number")
    assert "assigned_position" in aces("analyze", "aggregated_experiment_data.csv", *columns)
    aces("report", "aggregated_experiment_data.csv", "--out", "r.html")
    assert "no_choice_recorded" in (tmp_path / "r.html").read_text()
    assert "1 trial failed" in aces(
        "export", "aggregated_experiment_data.csv", "--out", "l.parquet"
    )
    again = aces("analyze", "l.parquet", "--out", "again")
    assert "1 trial failed (no_choice_recorded)" in again


def test_the_linear_model_finds_the_nudges_of_abxlab_s_own_pairs(shared, tmp_path):
    catalog = shared / "data" / "catalogue-abxlab"
    settings = [f"catalog={catalog}", "worlds_per_task=500"]
    spec = read_experiment(CONFIGS / "abxlab-pairs.yaml", settings)
    run(spec, load_catalog(catalog), tmp_path / "run", InlineExecutor())
    kinds = ["authority", "social_proof", "scarcity", "negative_framing", "incentives"]
    parameters = {
        "name": "lpm",
        "terms": ["col_1", "rating", *kinds],
        "cluster": ["shelf", "nudge"],
        "effects": None,
    }
    plugin = Plugin(use="linear_probability", name="lpm", parameters=parameters)
    with RunStore.open(tmp_path / "run") as store:
        found = analyze(store, analyses=[plugin])
    rows = {e.term: e for e in found.estimates if e.estimator == "average_marginal_effect"}
    assert rows["col_1"].ci_low > 0
    trial = {e.term: e for e in found.estimates if e.estimator == "average_marginal_effect_trial"}
    assert rows["authority"].estimate > 2 * trial["authority"].std_error
    assert rows["negative_framing"].ci_high < 0
    assert rows["incentives"].ci_low < 0 < rows["incentives"].ci_high  # planted: nothing
    assert rows["authority"].n_clusters == 11  # ten texts, and none
    assert "shelf (50) and nudge (11), t(10)" in found.findings[0].table.note
