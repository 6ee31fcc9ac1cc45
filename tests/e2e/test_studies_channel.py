"""Same shelf, other channel: the shipped study with planted buyers, alike and not."""

import json
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import experiments
from aces.cli.console import read_experiment
from aces.types import AddToCart
from agents.buyers.utility import UtilityBuyer
from agents.interfaces.json import JsonInterface
from analysis.analyze import analyze_paths
from experiments.executors.inline import InlineExecutor
from experiments.run import run

CONFIG = Path(experiments.__file__).parent / "configs" / "study-channel.yaml"


class MarkedInterface(JsonInterface):
    """The JSON API, told apart by what the buyer reads: another channel that needs no browser."""

    @asynccontextmanager
    async def visit(self, token, stream):
        async with super().visit(token, stream) as visit:
            visit.observe = _marked(visit.observe)
            yield visit


def _marked(observe):
    async def marked(step):
        seen = await observe(step)
        return seen.model_copy(update={"text": "marked " + seen.text})

    return marked


class Sensitive:
    """A buyer of a user's own: through the marked channel slots count, and the badge does not."""

    def __init__(self):
        usual = {"row_1": 0.2, "log_price": -1.8, "overall_pick": 1.5}
        other = {"row_1": 1.4, "log_price": -1.8, "overall_pick": 0.0}
        self.tastes = [
            UtilityBuyer(UtilityBuyer.Config(coefficients=each)) for each in (usual, other)
        ]

    def start(self, task, stream):
        return Shopper(self.tastes, stream)

    def truth(self):
        return None


class Shopper:
    def __init__(self, tastes, stream):
        self.tastes, self.stream = tastes, stream

    async def act(self, observation):
        marked = observation.text.startswith("marked")
        worth = self.tastes[marked].utilities(observation.listings)
        noise = [
            self.stream.child(marked, item.product_id).gumbel() for item in observation.listings
        ]
        best = int((worth + noise).argmax())
        return AddToCart(product_id=observation.listings[best].product_id)


CHANNELS = json.dumps(["json", {"use": f"{__name__}:MarkedInterface", "name": "marked"}])
OWN = json.dumps([{"use": f"{__name__}:Sensitive", "name": "own"}])


@pytest.fixture(scope="module")
def study(demo, tmp_path_factory):
    """Runs the study with some settings and returns what `aces analyze` finds."""

    def study(*settings):
        folder = tmp_path_factory.mktemp("channel") / "run"
        run(read_experiment(CONFIG, settings), demo, folder, InlineExecutor())
        return analyze_paths([folder])[0]

    return study


def rows_of(found, estimator):
    return {(row.interface, row.term): row for row in found.estimates if row.estimator == estimator}


def test_a_buyer_that_reads_the_same_everywhere_is_identical(study):
    found = study(f"interface={CHANNELS}", "worlds_per_task=25")
    rows = rows_of(found, "channel_difference")
    assert len(rows) == 9
    for row in rows.values():
        assert (row.estimate, row.std_error) == (0.0, 0.0)
    effects, tests = (one.table for one in found.findings)
    assert all(row[4] == "identical" for row in tests.rows)
    assert tests.rows[0][3] == "150 of 150"
    assert "json" in effects.note


def test_a_buyer_that_a_channel_moves_is_found_out(study):
    found = study(f"interface={CHANNELS}", f"buyers={OWN}", "worlds_per_task=130")
    rows = rows_of(found, "channel_difference")
    planted = {"row_1": 1.2, "log_price": 0.0, "overall_pick": -1.5}
    for term, value in planted.items():
        row = rows["marked", term]
        assert abs(row.estimate - value) < 4 * row.std_error, term
        assert row.n_clusters == 780
    assert rows["marked", "row_1"].ci_low > 0.6
    assert rows["marked", "overall_pick"].ci_high < -0.6
    joint = rows_of(found, "channel_joint")
    for name in ("all terms", "position", "badges"):
        assert joint["marked", f"joint[{name}]"].p_value < 1e-6
    assert joint["marked", "joint[price]"].p_value > 0.001
    verdicts = {row[1]: row[-1] for row in found.findings[0].table.rows if row[2] == "marked"}
    assert verdicts["row_1"] == verdicts["overall_pick"] == "present"
    assert found.findings[0].plots[0].series.keys() == {"json", "marked"}


def test_few_worlds_are_told_of(study):
    two = json.dumps([{"use": "position"}])
    task = json.dumps([{"id": "stapler", "category": "stapler", "query": "stapler"}])
    asked = json.dumps([{"use": "channels", "terms": ["row_1"], "effects": None}])
    given = (f"treatments={two}", f"tasks={task}", f"analysis={asked}", "worlds_per_task=8")
    found = study(f"interface={CHANNELS}", f"buyers={OWN}", *given)
    assert any(note.startswith("channels: 8 clusters: ") for note in found.notes), found.notes


@pytest.mark.browser
def test_all_five_channels_of_the_study_agree_on_every_purchase(study):
    task = json.dumps([{"id": "stapler", "category": "stapler", "query": "stapler"}])
    found = study(f"tasks={task}", "worlds_per_task=2")
    assert found.table["interface"].nunique() == 5
    bought = found.table[found.table["chosen"] == 1].groupby("world_id")["product_id"]
    assert (bought.nunique() == 1).all()
    assert (bought.size() == 5).all()
    said = [note for note in found.notes if "identical" in note]
    assert len(said) == 1
    assert "numbered, aria, html and json identical to screenshot: all 2 paired" in said[0]
