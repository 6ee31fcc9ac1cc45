"""From served probabilities to estimates: real buyer, client, server and run; known tastes."""

from pathlib import Path

import numpy as np
import pytest

from aces.catalog import load_catalog
from aces.cli.console import read_experiment
from aces.store import RunStore
from aces.testing.model_server import ModelServer
from aces.testing.softmax_model import SoftmaxModel
from analysis.analyze import analyze
from experiments.executors.inline import InlineExecutor
from experiments.run import run

CONFIG = Path(__file__).resolve().parents[2] / "experiments" / "configs" / "bridge.yaml"
TASTES = {"row_1": 0.9, "log_price": -1.8, "rating": 0.8, "overall_pick": 1.2, "sponsored": -0.2}


@pytest.fixture(scope="module")
def bridged(tmp_path_factory):
    """The shipped experiment with a model of known tastes that likes some letters."""
    model = SoftmaxModel(TASTES, bias_sd=1.8)
    out = tmp_path_factory.mktemp("bridge") / "run"
    with ModelServer(model) as server:
        addresses = [f"buyers.{i}.base_url={server.url}" for i in (0, 1)]
        settings = ["interface=json", "worlds_per_task=60", *addresses]
        experiment = read_experiment(CONFIG, settings)
        run(experiment, load_catalog("demo"), out, InlineExecutor())
    with RunStore.open(out) as store:
        yield analyze(store), model


def test_known_tastes_come_back_from_probabilities(bridged):
    found, _ = bridged
    fit = next(f for f in found.main_fits() if f.analysis == "probabilities")
    assert fit.group["buyer"] == "forced"
    for term in fit.result.terms:
        assert fit.result.params[term] == pytest.approx(TASTES.get(term, 0.0), abs=1e-6)


def test_purchases_are_drawn_from_the_same_tastes(bridged):
    found, _ = bridged
    fits = [f for f in found.main_fits() if f.analysis == "purchases"]
    fit = next(f for f in fits if f.group["buyer"] == "forced")
    away = (fit.result.params - [TASTES.get(t, 0.0) for t in fit.result.terms]) / fit.result.bse
    assert np.abs(away).max() < 4


def test_the_bridge_holds_and_is_warned_of(bridged):
    found, _ = bridged
    assert len(found.findings) == 1
    lines = {line.term: line for line in found.findings[0].lines}
    assert min(line.p_value for line in lines.values()) > 0.01
    assert any("only 60 pairs" in note for note in found.notes)


def test_every_shift_is_one_question_and_the_label_mass_another(bridged):
    _, model = bridged
    assert model.asked == 60 * (8 + 1 + 1)
