"""The studies of steering and of the arms race, from their files to what the report says."""

import json
import shutil
from itertools import combinations
from math import exp, log, log1p
from pathlib import Path

import numpy as np
import pytest

import experiments
from aces.cli.console import read_experiment
from aces.errors import TrialError
from aces.types import AddToCart, Stop
from analysis.analyze import analyze_paths
from analysis.display import points_with_limits, with_limits
from analysis.report import write_report
from experiments.executors.inline import InlineExecutor
from experiments.plan import make_plan
from experiments.run import run


def slowly(*seeds):
    """Further seeds, in `make test-slow`."""
    return [pytest.param(seed, marks=pytest.mark.slow) for seed in seeds]


CONFIGS = Path(experiments.__file__).parent / "configs"


class Shopper:
    """Buys by a rule from errand and shelf, else what noise says; a buyer of a user's own."""

    def start(self, task, stream):
        return Shopping(type(self).utility, task, stream)

    def truth(self):
        return None


class Shopping:
    def __init__(self, utility, task, stream):
        self.utility, self.task, self.stream = utility, task, stream

    async def act(self, observation):
        shelf = observation.listings
        worth = self.utility(self.task, shelf, self.stream)
        if worth is None:
            return Stop()
        noise = [self.stream.child(item.product_id).gumbel() for item in shelf]
        best = max(range(len(shelf)), key=lambda i: worth[i] + noise[i])
        return AddToCart(product_id=shelf[best].product_id)


def badged(shelf, weight):
    return [
        weight * ("overall_pick" in item.marks) - 3.0 * log(item.price_cents / 100)
        for item in shelf
    ]


class Obedient(Shopper):
    """Likes badges, unless it is told to ignore them."""

    @staticmethod
    def utility(task, shelf, stream):
        return badged(shelf, 0.0 if "Ignore badges" in task.instruction else 1.2)


class Defiant(Shopper):
    """Likes badges only where it is told to ignore them."""

    @staticmethod
    def utility(task, shelf, stream):
        return badged(shelf, 1.2 if "Ignore badges" in task.instruction else 0.0)


class Locked(Shopper):
    """Takes the first slot nearly always."""

    @staticmethod
    def utility(task, shelf, stream):
        return [4.5 * (item.position == 1) for item in shelf]


class Moody(Shopper):
    """A third of the time it leaves, a third of the time its answer can't be read."""

    @staticmethod
    def utility(task, shelf, stream):
        mood = stream.child("mood").uniform()
        if mood < 1 / 3:
            raise TrialError("unparseable", "hm")
        return None if mood < 2 / 3 else badged(shelf, 1.2)


@pytest.fixture(scope="module")
def study(demo, tmp_path_factory):
    """Runs a study with some settings and returns what `aces analyze` finds."""
    folders = []

    def study(name, **settings):
        folder = tmp_path_factory.mktemp(name)
        folders.append(folder)
        given = [f"{key}={json.dumps(value)}" for key, value in settings.items()]
        run(read_experiment(CONFIGS / f"{name}.yaml", given), demo, folder, InlineExecutor())
        return analyze_paths([folder])[0]

    yield study
    for folder in folders:
        shutil.rmtree(folder)


def own(name):
    return [{"use": f"{__name__}:{name}", "name": "own"}]


def rows(found, estimator, buyer):
    return {e.term: e for e in found.estimates if e.estimator == estimator and e.buyer == buyer}


LAMP = {"category": "office_lamp", "query": "office lamp", "copies_of": "lumenby-flex-led"}
PAIR = [{"id": "lamp", **LAMP}, {"id": "told", **LAMP, "instruction": "Ignore badges."}]
ONE = [{"use": "steering", "told": ["told"], "smallest": 0.5}]
PLANTED = {"log_price": -6.0, "overall_pick": 1.5, "sponsored": -0.5, "paid_placement": -1.0}


def test_a_badge_is_worth_what_was_planted_and_a_rational_buyer_loses_nothing(study):
    found = study("study-steering", tasks=PAIR, analysis=ONE, worlds_per_task=504, seed=8)
    worth = rows(found, "compensating_price", "badge-lover")
    assert len(worth) == 6
    for term, row in worth.items():
        tag = term.partition("[")[0]
        planted = PLANTED[tag] / 6
        error = (log1p(row.ci_high) - log1p(row.ci_low)) / 2 / 1.96
        assert abs(log1p(row.estimate) - planted) < 4 * error, term
        assert error < 0.09

    shares = rows(found, "steered_share", "badge-lover")
    off = 0.0
    for arm in ("plain", "told"):
        for tag in ("none", "overall_pick", "sponsored", "paid_placement"):
            for gap in (0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5):
                row = shares[f"steered[{arm},{tag},{gap:g}]"]
                p = 1 / (1 + exp(6 * log1p(gap) - PLANTED.get(tag, 0.0)))
                off += (row.estimate - p) ** 2 / (p * (1 - p) / row.n_trials)
    assert 25 < off < 100  # chi-square of 56: beyond these in 1 of 5,000

    for arm in ("plain", "told"):
        change = rows(found, "steered_change", "badge-lover")
        assert change[f"steered[{arm},overall_pick]"].ci_low > 0
        assert change[f"steered[{arm},paid_placement]"].ci_high < 0
        losses = rows(found, "loss_change", "badge-lover")
        assert losses[f"loss[{arm},overall_pick]"].ci_high > 40
        assert losses[f"loss[{arm},overall_pick]"].estimate > 20

    by_title = {each.table.title: getattr(each, "answer", ()) for each in found.findings}
    for arm, words in (("plain", "as it is"), ("told", "told to ignore")):
        row = rows(found, "steered_change", "badge-lover")[f"steered[{arm},overall_pick]"]
        shown = points_with_limits(row.estimate, row.ci_low, row.ci_high)
        said = [text for text in by_title["steering · share steered"] if "badge-lover" in text]
        assert any(words in text and "tag overall pick" in text and shown in text for text in said)
    losses = rows(found, "loss_per_100", "badge-lover").values()
    most = max(losses, key=lambda row: row.estimate)
    shown = with_limits(most.estimate, most.ci_low, most.ci_high, unit="USD", digits=2)
    assert shown in by_title["steering · loss per 100 shoppers"][0]

    for term, row in rows(found, "loss_per_100", "rational").items():
        assert (row.estimate, row.ci_low) == (0, 0), term
        assert 0 < row.ci_high < 100
    dominated = [t for t in rows(found, "steered_share", "rational") if t.count(",") == 1]
    assert len(dominated) == 8
    for term in dominated:
        assert rows(found, "steered_share", "rational")[term].estimate == 0
    for row in rows(found, "compensating_price", "rational").values():
        assert row.estimate is None
        assert row.estimand.startswith("withheld: ")
    assert any("never paid more than it had to" in note for note in found.notes)
    titles = [each.table.title for each in found.findings]
    assert titles == [
        "steering · what a tag is worth",
        "steering · loss per 100 shoppers",
        "steering · share steered",
    ]


BRIEF = [
    {"use": "position"},
    {"use": "steer", "gaps": [0, 0.1, 0.3], "tags": [{"level": "overall_pick"}]},
]


@pytest.mark.parametrize(("buyer", "works"), [("Obedient", "plain"), ("Defiant", "told")])
@pytest.mark.parametrize("seed", [1, *slowly(2, 3)])
def test_an_instruction_that_is_obeyed_leaves_no_effect(study, buyer, works, seed):
    settings = {"treatments": BRIEF, "tasks": PAIR, "analysis": ONE, "seed": seed}
    found = study("study-steering", buyers=own(buyer), worlds_per_task=720, **settings)
    odds = rows(found, "steering_logit", "own")
    idle = {"plain": "told", "told": "plain"}[works]
    assert odds[f"overall_pick[{works}]"].ci_low > 0.6
    assert abs(odds[f"overall_pick[{works}]"].estimate - 1.2) < 0.5
    assert abs(odds["overall_pick[change]"].estimate) > 0.7
    verdicts = {row[1]: row[-1] for row in found.findings[0].table.rows}
    names = {"plain": "as it is", "told": "told to ignore"}
    assert verdicts[names[idle]] in ("absent", "present, too small to matter")
    assert verdicts[names[works]] == "present"


def test_of_a_buyer_locked_to_a_slot_losses_are_told_and_no_coefficients(study):
    found = study("study-steering", buyers=own("Locked"), treatments=BRIEF, tasks=PAIR,
                  analysis=ONE, worlds_per_task=60)  # fmt: skip
    odds = rows(found, "steering_logit", "own")
    assert set(odds) == {"overall_pick[plain]", "overall_pick[told]"}
    assert all(row.estimate is None and "locked to slot 1" in row.estimand for row in odds.values())
    assert rows(found, "loss_per_100", "own")["loss[plain,none]"].estimate > 20
    change = rows(found, "steered_change", "own")["steered[plain,overall_pick]"]
    assert change.ci_low < 0 < change.ci_high

    found = study("study-arms-race", buyers=own("Locked"), worlds_per_task=60)
    assert not rows(found, "spillover_logit", "own")
    assert any("no logit beside the shares: locked to slot 1" in note for note in found.notes)


def test_who_leaves_loses_nothing_and_who_fails_is_not_counted(study):
    settings = {"treatments": BRIEF, "tasks": PAIR, "analysis": ONE, "worlds_per_task": 180}
    found = study("study-steering", buyers=own("Moody"), repeats=2, **settings)
    trials = found.table.drop_duplicates("trial_id")
    failed = int((trials["status"] == "failed").sum())
    assert 150 < failed < 330
    assert any(f"{failed} trials failed or truncated" in note for note in found.notes)
    used = found.table[found.table["status"].isin(["chosen", "abstained"])]
    used = used[used["gap"] > 0].assign(
        dearer=lambda t: t["price_cents"] - t.groupby("trial_id")["price_cents"].transform("min")
    )
    for told in (False, True):
        for tag in ("none", "overall_pick"):
            cell = used[((used["task_id"] == "told") == told) & (used["tag"] == tag)]
            paid = (cell["dearer"] * cell["chosen"]).groupby(cell["trial_id"]).sum() / 100
            row = rows(found, "loss_per_100", "own")[f"loss[{'told' if told else 'plain'},{tag}]"]
            assert row.estimate == pytest.approx(100 * paid.mean())
            assert row.n_trials == len(paid)
            assert row.n_clusters < row.n_trials


def test_the_reports_of_both_studies_are_written_whole(study, tmp_path):
    found = [
        study("study-steering", tasks=PAIR, analysis=ONE, worlds_per_task=112),
        study("study-arms-race", worlds_per_task=150),
    ]
    folders = [each.path.parent for each in found]
    text = write_report(folders, tmp_path / "report.html").read_text()
    for said in (
        "Share steered, badge-lover · json, told to ignore",
        "loss per 100 shoppers",
        "Compensating price of a tag",
        "Direct effect and spillover, searcher · json",
        "who wins and who pays",
        "one listing of each shelf is dearer by 0, 2, 5, 10, 20, 35, 50 %",
        "0, 1, 4, 7, 8 sellers of a shelf show rewritten texts",
    ):
        assert said in text, said


def shares_of(plan, buyer, count):
    """Mean share of who rewrote, of who did not, and of leaving, by enumeration."""
    planted = plan.truths()[buyer]
    worth = np.array(
        [
            planted["log_price"] * log(item.price_cents / 100)
            + planted["rating"] * item.rating
            + planted[f"product_id[{item.product_id}]"]
            for item in plan.listings.values()
        ]
    )
    found = []
    for who in combinations(range(8), count):
        on = np.isin(np.arange(8), who)
        weight = np.exp(worth + planted["rewritten"] * on)
        p = weight / (weight.sum() + exp(planted["outside_option"]))
        found.append((p[on].sum(), p[~on].sum(), 1 - p.sum()))
    own, others, leave = np.mean(found, axis=0)
    return own / max(count, 1), others / max(8 - count, 1), leave


@pytest.mark.parametrize("seed", [7, *slowly(8, 9)])
def test_the_arms_race_gains_what_enumeration_says(study, demo, seed):
    # without a liking for the top row, so that shares by enumeration need no slots
    flat = {"log_price": -1.0, "rating": 1.0}
    spec = read_experiment(CONFIGS / "study-arms-race.yaml", [])
    buyers = [
        {"use": b.use, "name": b.name, **b.parameters, "coefficients": flat} for b in spec.buyers
    ]
    settings = {"buyers": buyers, "worlds_per_task": 900, "seed": seed}
    found = study("study-arms-race", **settings)
    given = [f"{key}={json.dumps(value)}" for key, value in settings.items()]
    plan = make_plan(read_experiment(CONFIGS / "study-arms-race.yaml", given), demo)
    for buyer in ("searcher", "indifferent"):
        truth = {m: shares_of(plan, buyer, m) for m in (0, 1, 4, 7, 8)}
        wanted = {"total[8]": truth[8][0] - truth[0][1]}
        for m in (1, 4, 7):
            wanted[f"direct[{m}]"] = truth[m][0] - truth[m][1]
            wanted[f"spillover[{m}]"] = truth[m][1] - truth[0][1]
        for m in (1, 8):
            wanted[f"gain[{m}]"] = truth[m][0] - truth[m - 1][1]
        for m in (1, 4, 7, 8):
            wanted[f"outside[{m}]"] = truth[m][2] - truth[0][2]
        for estimator in ("spillover", "spillover_logit"):
            rows_ = rows(found, estimator, buyer)
            for term, value in wanted.items():
                row = rows_[term]
                assert abs(row.estimate - value) < 4 * row.std_error, (estimator, term)
                if buyer == "indifferent":
                    assert value == pytest.approx(0, abs=1e-12)
    won = rows(found, "spillover", "searcher")
    assert won["direct[4]"].ci_low > 0.02
    assert won["total[8]"].estimate < won["gain[1]"].estimate / 3
    implied = rows(found, "spillover_logit", "searcher")
    assert implied["spillover[7]"].ci_high < 0
    assert implied["gain[8]"].ci_low > 0
    sums = [note for note in found.notes if "they must to 0" in note]
    assert len(sums) == 2
    assert all("sum to 0.000000 points" in note for note in sums)
    with_logit = [e for e in found.estimates if e.term == "rewritten" and e.buyer == "searcher"]
    assert with_logit[0].truth == 0.8
    assert abs(with_logit[0].estimate - 0.8) < 4 * with_logit[0].std_error


def test_where_nobody_can_leave_nothing_is_won_from_outside(study):
    buyers = [{"use": "keyword", "name": "stays", "keyword": "mouse pad", "value": 1.0}]
    found = study("study-arms-race", buyers=buyers, worlds_per_task=200)
    won = rows(found, "spillover", "stays")
    assert won["outside[8]"].estimate == won["total[8]"].estimate == 0
    assert any("nobody left without buying" in note for note in found.notes)
