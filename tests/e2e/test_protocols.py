"""The shipped protocols: each plans, runs with planted buyers, and gives the expected answer."""

import json
import shutil
from pathlib import Path

import pytest

import experiments
from aces.cli.console import read_experiment
from aces.errors import SpecError, TrialError
from aces.types import AddToCart
from analysis.analyze import analyze_paths
from experiments.executors.inline import InlineExecutor
from experiments.plan import make_plan
from experiments.run import run

CONFIGS = Path(experiments.__file__).parent / "configs"
SUITE = ["rationality-price", "rationality-rating", "rationality-instructions"]


class Unreliable:
    """Takes the cheapest; two of three answers can't be read. A buyer of a user's own."""

    def start(self, task, stream):
        self.stream = stream
        return self

    async def act(self, observation):
        if self.stream.uniform() < 2 / 3:
            raise TrialError("unparseable", "hm")
        best = min(observation.listings, key=lambda item: item.price_cents)
        return AddToCart(product_id=best.product_id)

    def truth(self):
        return None


@pytest.fixture(scope="module")
def study(demo, tmp_path_factory):
    """Runs a shipped protocol with some settings and returns what `aces analyze` finds."""
    folders = []

    def study(name, *settings):
        folder = tmp_path_factory.mktemp(name)
        folders.append(folder)
        spec = read_experiment(CONFIGS / f"{name}.yaml", settings)
        run(spec, demo, folder / "run", InlineExecutor())
        return analyze_paths([folder / "run"])[0]

    yield study
    for folder in folders:
        shutil.rmtree(folder)


def rates(found):
    """(buyer, test or task) -> (passed, judged) of the table that people see."""
    (table,) = (each.table for each in found.bridges)
    rows = {(row[0].partition(" · ")[0], row[1]): row[2].split(" of ") for row in table.rows}
    return {key: (int(passed), int(judged)) for key, (passed, judged) in rows.items()}


@pytest.mark.parametrize("name", SUITE)
def test_a_rational_buyer_passes_and_a_position_lover_only_where_the_answer_stands_first(
    study, name
):
    found = study(name, "worlds_per_task=14")
    passed = rates(found)
    assert len(passed) == 2 * {"price": 7, "rating": 3, "instructions": 12}[name.split("-")[1]]
    assert all(n == judged > 0 for (buyer, _), (n, judged) in passed.items() if buyer == "rational")
    table = found.table
    answers = table[table["right_answer"] == 1]
    assert (answers.groupby("trial_id").size() == 1).all(), "one right answer in every world"
    lover = answers[answers["buyer"] == "position-lover"]
    assert ((lover["chosen"] == 1) == (lover["position"] == 1)).all()
    assert 0 < lover["chosen"].mean() < 0.3
    by_chance = [e for e in found.estimates if e.estimator == "pass_rate_chance"]
    assert {e.estimate for e in by_chance} == {1 / 8}


def test_copies_are_alike_in_all_but_what_is_drawn(study, demo):
    found = study("rationality-price", "worlds_per_task=7")
    table = found.table[found.table["buyer"] == "rational"]
    alike = ["title", "rating", "review_count", "sponsored", "discounted"]
    assert (table.groupby("trial_id")[alike].nunique() == 1).all().all()
    one_better = table[~table["test"].str.startswith("random")]
    assert (one_better.groupby("trial_id")["price_cents"].nunique() == 2).all()
    cheapest = table.groupby("trial_id")["price_cents"].transform("min") == table["price_cents"]
    assert (cheapest == (table["right_answer"] == 1)).all()
    # the answer is spread over copies and slots, so that no name and no place gives it away
    right = table[table["right_answer"] == 1]
    assert right["position"].nunique() == 8
    assert right["product_id"].nunique() > 25


def test_a_failed_request_is_missing_and_never_irrational(study):
    buyer = json.dumps([{"use": f"{__name__}:Unreliable", "name": "flaky"}])
    tests = json.dumps(
        [{"use": "position"}, {"use": "best_offer", "level": "price", "tests": [CENT]}]
    )
    found = study(
        "rationality-price", f"buyers={buyer}", f"treatments={tests}", "worlds_per_task=30"
    )
    (row,) = found.bridges[0].table.rows
    passed, judged = map(int, row[2].replace(",", "").split(" of "))
    missing = int(row[-2].replace(",", ""))
    assert passed == judged
    assert missing > judged > 50
    assert missing + judged == 240
    assert row[3] == "100.0"
    low, high = (float(end) for end in row[-1].strip("[]").split(", "))
    assert low == pytest.approx(100 * passed / (passed + missing), abs=0.05)
    assert high == 100


CENT = {"name": "cent", "step": -1}
WATCH = {"id": "w", "category": "fitness_watch", "copies_of": "velora-pulse-3"}
BUDGET = {"id": "w", "category": "fitness_watch", "requirements": {"max_price_cents": 2600}}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"tasks": [{**WATCH, "copies_of": "velora"}]}, "did you mean 'velora-pulse-3'"),
        ({"tasks": [WATCH], "shelf": {"rest": "catalog"}}, "leave `shelf.rest` out"),
        ({"tasks": [{"id": "w", "category": "fitness_watch"}]}, "give task 'w' `copies_of:`"),
        (
            {"tasks": [WATCH], "treatments": [{"use": "best_offer", "level": "rating"}]},
            "needs no price",
        ),
        (
            {"tasks": [{**BUDGET, "right_answer": "velora-pulse-3"}], "treatments": []},
            "they allow ampero-move-lite",
        ),
        (
            {"tasks": [{**BUDGET, "right_answer": "nothing-known"}], "treatments": []},
            "is not on every shelf",
        ),
        (
            {
                "tasks": [{**BUDGET, "right_answer": "ampero-move-lite"}],
                "treatments": [{"use": "price"}],
            },
            "a budget allows other products",
        ),
    ],
)
def test_a_right_answer_that_is_none_is_refused_with_its_line(demo, settings, says):
    if says == "needs no price":
        settings["treatments"][0]["tests"] = [{"name": "off", "spread": 0.01}]
        says = "would change nothing that is shown"
    given = [f"{key}={json.dumps(value)}" for key, value in settings.items()]
    spec = read_experiment(CONFIGS / "rationality-price.yaml", given)
    with pytest.raises(SpecError, match=f"rationality-price.yaml.*{says}"):
        make_plan(spec, demo)
