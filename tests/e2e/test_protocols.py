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
from analysis.comparison.versions import compare_pairs
from experiments.executors.inline import InlineExecutor
from experiments.plan import make_plan
from experiments.run import run

CONFIGS = Path(experiments.__file__).parent / "configs"
SUITE = ["rationality-price", "rationality-rating", "rationality-instructions"]


class Reader:
    """Buys by a rule from shelf and text, else what noise says; a buyer of a user's own."""

    def start(self, task, stream):
        return Reading(type(self).utility, stream)

    def truth(self):
        return None


class Reading:
    def __init__(self, utility, stream):
        self.utility, self.stream = utility, stream

    async def act(self, observation):
        shelf = observation.listings
        worth = self.utility(observation, shelf)
        noise = [self.stream.child(item.product_id).gumbel() for item in shelf]
        best = max(range(len(shelf)), key=lambda i: worth[i] + noise[i])
        return AddToCart(product_id=shelf[best].product_id)


class Obedient(Reader):
    """Reads the page's text, and likes what it is told to buy."""

    @staticmethod
    def utility(observation, shelf):
        said = {}
        for item in json.loads(observation.text)["results"]:
            said[item["title"]] = " ".join(item["marks"])
        orders = ("must buy this product", "add this item to the cart")
        return [2.0 * any(order in said[item.title] for order in orders) for item in shelf]


class Keyword(Reader):
    """Likes titles that begin with what it looks for."""

    @staticmethod
    def utility(observation, shelf):
        query = json.loads(observation.text)["query"].casefold()
        return [3.0 * item.title.casefold().startswith(query) for item in shelf]


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
    (table,) = (each.table for each in found.findings)
    rows = {(row[0].partition(" · ")[0], row[1]): row[2].split(" of ") for row in table.rows}
    return {key: (int(passed), int(judged)) for key, (passed, judged) in rows.items()}


@pytest.mark.parametrize("name", SUITE)
def test_a_rational_buyer_passes_and_a_position_lover_only_where_the_answer_stands_first(
    study, name
):
    found = study(name, "worlds_per_task=14")
    assert [each.name for each in found.findings] == ["pass_rate"]
    passed = rates(found)
    assert len(passed) == 2 * {"price": 7, "rating": 3, "instructions": 12}[name.split("-")[1]]
    assert all(n == judged > 0 for (buyer, _), (n, judged) in passed.items() if buyer == "rational")
    table = found.table
    answers = table[table["right_answer"] == 1]
    assert (answers.groupby("trial_id").size() == 1).all(), "one right answer in every world"
    lover = answers[answers["buyer"] == "position-lover"]
    assert ((lover["chosen"] == 1) == (lover["position"] == 1)).all()
    assert 0 < lover["chosen"].mean() < 0.3
    right, first = found.findings[0].answer
    assert "rational" in right
    assert "takes the right answer in 100.0 % (95 % interval" in right
    assert "least" not in right
    assert f"{100 * lover['chosen'].mean():.1f} % (95 % interval" in first
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
    (row,) = found.findings[0].table.rows
    passed, judged = map(int, row[2].replace(",", "").split(" of "))
    missing = int(row[-2].replace(",", ""))
    assert passed == judged
    assert missing > judged > 50
    assert missing + judged == 240
    assert row[3] == "100.0"
    low, high = (float(end) for end in row[-1].strip("[]").split(", "))
    assert low == pytest.approx(100 * passed / (passed + missing), abs=0.05)
    assert high == 100


def coefficients(found):
    """(buyer, term) -> estimate with its standard error and what was planted."""
    return {
        (row.buyer, row.term): row
        for row in found.estimates
        if row.estimator == "conditional_logit" and not row.product_id and row.analysis != "slots"
    }


@pytest.mark.parametrize(
    ("name", "worlds", "strong"),
    [
        ("biases", 25, ["row_1", "log_price", "overall_pick"]),
        ("abxlab-nudges", 150, ["log_price", "rating", "authority", "negative"]),
        ("cues", 150, ["log_price", "discounted", "voucher", "free_shipping", "paid_placement"]),
        ("injection", 150, ["told_openly", "told_hidden"]),
    ],
)
def test_what_is_planted_is_found_and_what_is_not_is_not(study, name, worlds, strong):
    found = coefficients(study(name, f"worlds_per_task={worlds}"))
    planted = {key: row for key, row in found.items() if row.truth is not None}
    assert len(planted) >= 5
    for row in planted.values():
        assert abs(row.estimate - row.truth) < 4 * row.std_error, row.term
    sure = {term for (buyer, term), row in planted.items() if row.p_value < 0.01 and row.truth}
    assert set(strong) <= sure
    null = [row for row in planted.values() if row.truth == 0]
    assert null
    # equivalence: what is absent is smaller than the effects that are found
    most = max(abs(row.truth) for row in planted.values())
    for row in null:
        assert row.estimate + 1.645 * row.std_error < most, row.term
        assert row.estimate - 1.645 * row.std_error > -most, row.term


def own(name):
    return f"buyers={json.dumps([{'use': f'{__name__}:{name}', 'name': 'own'}])}"


def test_an_agent_that_reads_the_text_obeys_what_stands_there(study):
    found = coefficients(study("injection", "worlds_per_task=150", own("Obedient")))
    for term in ("told_openly", "told_hidden"):
        assert found["own", term].ci_low > 0.5
        assert abs(found["own", term].estimate - 2.0) < 4 * found["own", term].std_error
    assert found["own", "innocent"].ci_low < 0 < found["own", "innocent"].ci_high


def changes(found):
    """(product, arm) -> change of its share against the first arm, with its interval."""
    return {
        (row.product_id, row.term.removeprefix("share[").rstrip("]")): row
        for row in found.estimates
        if row.estimator == "arm_share_change"
    }


def test_the_page_and_its_data_are_bought_from_alike(study):
    tasks = json.dumps([{"id": "stapler", "category": "stapler", "query": "stapler"}])
    found = study("biases-headless", f"tasks={tasks}", "worlds_per_task=12")
    pairs = {
        name: compare_pairs(rows, ["log_price"]) for name, rows in found.table.groupby("buyer")
    }
    (both,) = pairs["planted"]
    assert sorted(both.pair.names) == ["json", "screenshot"]
    assert both.equal == (12, 12), both.sentence
    # that of the other buyer, whose noise is its own in each, shows what chance would give
    assert not pairs["indifferent"][0].identical


def test_a_title_gains_with_those_who_read_it_and_nobody_else(study):
    focal = {"torvik-hd-120", "fenbrook-gel-rest", "northglim-charge-pad"}
    for buyer, gains in ((), False), ((own("Keyword"),), True):
        whole = study("seller-reaction", "worlds_per_task=80", *buyer)
        found = changes(whole)
        moves = [row for row in found.values() if row.ci_low > 0 or row.ci_high < 0]
        said = [text for each in whole.findings for text in getattr(each, "answer", ())]
        assert any(f"intervals of {len(moves)} of {len(found)} changes leave" in x for x in said)
        for product in focal:
            row = found[product, "rewritten"]
            assert (row.ci_low > 0.1) == gains, product
            assert gains or row.ci_low < 0 < row.ci_high


def test_market_shares_are_printed_with_intervals(study):
    found = study("market-share", "worlds_per_task=12")
    shares = [row for row in found.estimates if row.estimator == "arm_share"]
    assert len(shares) == 2 * 8 * 8
    for buyer in ("planted", "indifferent"):
        assert sum(row.estimate for row in shares if row.buyer == buyer) == pytest.approx(8)
    assert all(row.ci_low <= row.estimate <= row.ci_high for row in shares)
    assert found.findings[0].table.rows[0][3:5] != ("", "")


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
