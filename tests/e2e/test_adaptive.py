"""The adaptive protocol, from the experiment file to the arm that is said to be best."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import experiments
from aces.cli.console import read_experiment
from aces.errors import EstimationError, TrialError
from aces.store import RunStore
from aces.types import AddToCart, Stop
from analysis.adaptive_arms import ArmValues, Worlds, worlds_of
from analysis.analyze import analyze_paths
from analysis.checks.allotted import allotted_worlds
from analysis.display import with_limits
from analysis.report import write_report
from analysis.study import Study
from experiments.executors.inline import InlineExecutor
from experiments.run import run

CONFIG = Path(experiments.__file__).parent / "configs" / "adaptive.yaml"
FOCAL = "torvik-hd-120"
BY = ("wording_short", "wording_uses", "wording_query", "wording_praise")


class Buyer:
    """Reads titles: likes those that begin with what it looks for; leaves where it likes none."""

    gain = 2.5

    def start(self, task, stream):
        return Reading(type(self).gain, stream)

    def truth(self):
        return None


class Reading:
    def __init__(self, gain, stream):
        self.gain, self.stream = gain, stream

    async def act(self, observation):
        if self.stream.child("fails").uniform() < 0.1:
            raise TrialError("unparseable", "hm")
        query = json.loads(observation.text)["query"].casefold()
        worth = {
            item.product_id: self.gain * item.title.casefold().startswith(f"{query} heavy duty, 1")
            + self.stream.child(item.product_id).gumbel()
            for item in observation.listings
        }
        best = max(worth, key=worth.get)
        if self.stream.child("outside").gumbel() > worth[best]:
            return Stop(reason="nothing")
        return AddToCart(product_id=best)


class Indifferent(Buyer):
    gain = 0.0


def buyers(*names):
    return "buyers=" + json.dumps([{"use": f"{__name__}:{n}", "name": n} for n in names])


@pytest.fixture(scope="module")
def study(demo, tmp_path_factory):
    def study(*settings):
        out = tmp_path_factory.mktemp("adaptive") / "run"
        run(read_experiment(CONFIG, settings), demo, out, InlineExecutor())
        return out, analyze_paths([out])[0]

    return study


@pytest.fixture(scope="module")
def found(study):
    sizes = ["worlds_per_task=500", "design.batch=50", "design.confirm=100"]
    return study(buyers("Buyer", "Indifferent"), *sizes)


def rows(found, estimator):
    return {(row.buyer, row.term): row for row in found.estimates if row.estimator == estimator}


def test_the_title_that_sells_is_found_and_confirmed(found):
    _, found = found
    weighted = rows(found, "weighted_aipw")
    gain = weighted["Buyer", "gain[wording_query]"]
    assert gain.ci_low > 0.15
    assert gain.evidence == "exploratory"
    confirmed = rows(found, "confirmation")["Buyer", "gain[wording_query]"]
    assert confirmed.ci_low > 0
    assert confirmed.n_trials < gain.n_trials
    told = with_limits(
        *(100 * x for x in (confirmed.estimate, confirmed.ci_low, confirmed.ci_high)), unit="%"
    )
    (said,) = [x for f in found.findings for x in getattr(f, "answer", ()) if "Buyer" in x]
    assert "wording_query leads with" in said
    assert f"{told} more than baseline, as the confirmation sample has it." in said
    worlds = rows(found, "naive")
    tried = {arm: worlds["Buyer", f"mean[{arm}]"].n_trials for arm in ("baseline", *BY)}
    assert tried["wording_query"] > 0.5 * sum(tried.values())
    (said,) = [n for n in found.notes if "leads" in n and "Buyer" in n]
    assert "wording_query leads" in said
    assert "confirmation" in said
    assert any("without an outcome left out" in note for note in found.notes)
    assert any("of its arms trust `aipw` alone" in note for note in found.notes)


def test_where_no_title_gains_anything_none_is_said_to(found):
    _, found = found
    weighted = rows(found, "weighted_aipw")
    for arm in BY:
        row = weighted["Indifferent", f"gain[{arm}]"]
        assert abs(row.estimate) < 4 * row.std_error
    naive = rows(found, "naive")["Indifferent", "gain[wording_query]"]
    assert "biased" in naive.estimand
    assert naive.p_value is None


def test_estimates_are_those_of_the_stored_worlds(found):
    """Read from the database by itself: arms, chances and outcomes."""
    folder, found = found
    with RunStore.open(folder) as store:
        stored = store.db.execute(
            "SELECT levels, marginals, status, product_id FROM trials JOIN worlds USING (world_id) "
            "JOIN latest USING (trial_id) WHERE buyer = 'Buyer' ORDER BY plan_index"
        ).fetchall()
    chance, y, had = [], [], []
    for levels, marginals, status, product in stored:
        shown, often = json.loads(levels), json.loads(marginals)
        if status == "failed":
            continue
        on = max(shown["wording_query"])
        p = min(often["p_wording_query"] if "p_wording_query" in often else often["wording_query"])
        had.append(on)
        chance.append(p if on else 1 - p)
        y.append(float(product == FOCAL))
    had, chance, y = map(np.array, (had, chance, y))
    assert chance.min() >= 0.05 - 1e-9
    hajek = (had * y / chance).sum() / (had / chance).sum()
    row = rows(found, "hajek")["Buyer", "mean[wording_query]"]
    assert row.estimate == pytest.approx(hajek)
    assert row.n_trials == had.sum()


def test_gates_and_report_say_that_worlds_follow_outcomes(found, tmp_path):
    folder, found = found
    gates = {check.name: check for check in found.checks}
    assert gates["Balance"].passed
    assert "those that seed and stored shares give" in gates["Balance"].verdict
    text = write_report([folder], tmp_path / "report.html").read_text()
    assert "in shares that follow what earlier batches" in text
    assert "aipw · arms" in text


def test_a_world_that_was_tampered_with_is_noticed(found, tmp_path):
    copy = shutil.copytree(found[0], tmp_path / "run")
    with RunStore.create(copy) as store, store.transaction() as db:
        world, levels = db.execute("SELECT world_id, levels FROM worlds WHERE k = 7").fetchone()
        shown = json.loads(levels)
        shown["wording_short"] = [1 - on for on in shown["wording_short"]]
        db.execute("UPDATE worlds SET levels = ? WHERE world_id = ?", (json.dumps(shown), world))
    with RunStore.open(copy) as store:
        check = allotted_worlds(Study.of(store))
    assert check.passed is False
    assert "1 world differ" in check.verdict


def test_revenue_and_tasks_together(study):
    tasks = json.dumps([{"id": t, "category": "stapler"} for t in ("one", "two")])
    asked = {"use": "aipw", "by": BY, "outcome": "revenue", "products": [FOCAL]}
    asked["tasks"] = "together"
    small = ["worlds_per_task=80", "design.batch=20", "design.confirm=0", "design.tasks=together"]
    _, found = study(
        buyers("Buyer"), *small, f"tasks={tasks}", "design.outcome=revenue",
        f"analysis={json.dumps([asked])}",
    )  # fmt: skip
    table = found.table
    shares = table[table["product_id"] == FOCAL].groupby("k")["p_wording_short"].max()
    assert shares.iloc[:20].nunique() <= 2
    worlds = table.drop_duplicates("trial_id").groupby(["k", "task_id"])["world_id"].nunique()
    assert (worlds == 1).all()
    row = rows(found, "weighted_aipw")["Buyer", "mean[wording_query]"]
    price = table.loc[table["product_id"] == FOCAL, "price_cents"].iloc[0] / 100
    sold = table[(table["chosen"] == 1) & (table["product_id"] == FOCAL)]
    assert set(sold["price_cents"] / 100) == {price}
    assert 0.1 * price < row.estimate < price
    assert row.task_id == ""


# -- fixed designs ---------------------------------------------------------------------------


def fixed(study, treatment, by, *more):
    asked = [{"use": "aipw", "by": by}]
    return study(
        "design=independent", f"treatments={json.dumps([{'use': 'position'}, treatment])}",
        "worlds_per_task=60", f"analysis={json.dumps(asked)}", *more,
    )[1]  # fmt: skip


def test_a_fixed_design_is_weighted_by_its_probabilities(study):
    arms = [{"name": "a", "weight": 3}, {"name": "b", "changes": {"stock": 3}}]
    found = fixed(study, {"use": "listing", "name": "low", "arms": arms}, ["low"], buyers("Buyer"))
    table = found.table
    ended = table[table["status"] != "failed"].groupby("trial_id")
    y, on = ended["chosen"].sum(), ended["low"].max()
    own = np.where(on == 1, 0.25, 0.75)
    assert 5 < on.sum() < 30
    wanted = {arm: (y / own)[on == arm].sum() / len(y) for arm in (0, 1)}
    total = rows(found, "horvitz_thompson")
    assert total["Buyer", "mean[baseline]"].estimate == pytest.approx(wanted[0])
    assert total["Buyer", "mean[low]"].estimate == pytest.approx(wanted[1])
    naive = rows(found, "naive")["Buyer", "gain[low]"]
    assert naive.estimate == pytest.approx(y[on == 1].mean() - y[on == 0].mean())
    assert naive.p_value is not None
    assert rows(found, "hajek")["Buyer", "gain[low]"].estimate == pytest.approx(naive.estimate)
    assert not rows(found, "confirmation")


@pytest.mark.parametrize(
    ("change", "by", "says"),
    [
        ({"unit": "listing"}, ["low"], "differs between listings of one world"),
        ({}, ["lo"], "no column 'lo'; did you mean"),
        ({}, ["position"], "'position'|two of them|differs"),
    ],
)
def test_what_are_no_arms_of_worlds_is_said_by_name(study, change, by, says):
    arms = [{"name": "a"}, {"name": "b", "changes": {"stock": 3}}]
    found = fixed(study, {"use": "listing", "name": "low", "arms": arms, **change}, by)
    assert not rows(found, "hajek")
    (note,) = [note for note in found.notes if "no estimates" in note]
    assert pd.Series([note]).str.contains(says).all()


def test_arms_of_two_treatments_are_refused(found):
    _, found = found
    table = found.table[found.table["buyer"] == "Buyer"]
    both = table.assign(other=table["wording_query"], p_other=table["p_wording_query"])
    with pytest.raises(EstimationError, match="can't be the arms of one treatment"):
        worlds_of(both, ("wording_query", "other"), "purchase", ())
    with pytest.raises(EstimationError, match="no column 'p_chosen'"):
        ArmValues("aipw", table, ("chosen",))


class Squeamish(Buyer):
    """Fails more often where it meets one of the titles."""

    def start(self, task, stream):
        self.stream = stream
        return self

    async def act(self, observation):
        title = next(i.title for i in observation.listings if i.product_id == FOCAL)
        if self.stream.uniform() < (0.7 if "Best Stapler" in title else 0.1):
            raise TrialError("unparseable", "hm")
        return AddToCart(product_id=observation.listings[0].product_id)


def test_trials_that_fail_by_arm_are_noticed(study, found):
    ratio = {check.name: check for check in found[1].checks}["Sample ratio"]
    assert ratio.passed
    assert {row[1] for row in ratio.table.rows if row[0] == "wording"} == {"first", *BY}
    small = ["worlds_per_task=200", "design.confirm=0", "design.batch=200"]
    lost = study(buyers("Squeamish"), *small)[1]
    ratio = {check.name: check for check in lost.checks}["Sample ratio"]
    assert not ratio.passed
    assert "Arms of wording are not complete in the same proportion" in ratio.verdict


def test_the_confirmation_sample_has_no_part_in_who_leads():
    rng = np.random.default_rng(6)
    chances = np.where(np.arange(300)[:, None] < 50, 0.5, [0.2, 0.8])
    arm = (rng.random(300) > chances[:, 0]).astype(int)
    flags = np.repeat([0, 1, 0, 1], [100, 50, 100, 50])
    y = (arm == 1).astype(float)
    before = Worlds(y, arm, chances, flags, 0, bounded=True)
    y = np.where(flags == 1, arm == 0, y).astype(float)
    turned = Worlds(y, arm, chances, flags, 0, bounded=True)
    assert (before.learned, turned.learned) == (250, 250)
    assert before.leader() == 1
    last = Worlds(np.r_[y[:250] * 0 + (arm[:250] == 1), y[250:]], arm, chances, flags, 0, True)
    assert last.leader() == 1, "outcomes of the last sample do not count"
    assert last.confirmed().estimate == pytest.approx([1, 0])
    assert last.confirmed().worlds.sum() == 50
    going_on = Worlds(y[:240], arm[:240], chances[:240], flags[:240], 0, bounded=True)
    assert going_on.confirmed() is None
