"""Gates fire on what they are for, and stay quiet on what is harmless."""

import numpy as np
import pandas as pd
import pytest

from aces.store import RunStore
from analysis.checks import run_checks
from analysis.checks.balance import balance
from analysis.checks.losses import missing_data, sample_ratio
from analysis.checks.position import slots_taken
from analysis.frame import choices, trials_of
from analysis.redraw import Redraw
from analysis.study import Study

EQUAL = {"row_1": 0.0}
CONCENTRATED = {"row_1": 1.0, "product_id[watch-2]": 2.5, "product_id[stapler-5]": 2.5}


def checks_of(folder):
    with RunStore.open(folder) as store:
        found = run_checks(choices(store), Study.of(store))
    return {check.name: check for check in found}


def lose(rate_on_top, rate_below, seed=1):
    """Loses a purchase with a probability that depends on the row it was made in."""
    generator = np.random.default_rng(seed)

    def loss(columns, best):
        rate = rate_on_top if columns["row"][best] == 1 else rate_below
        return "server" if generator.random() < rate else ""

    return loss


def test_nothing_wrong_in_a_run_without_losses(planted_run):
    found = checks_of(planted_run(worlds=100))
    assert [c.name for c in found.values() if c.passed is False] == []
    assert found["Missing data"].verdict.startswith("No trial is missing")
    assert found["Sample ratio"].passed is None


def test_losses_that_depend_on_the_shelf_are_found(planted_run):
    folder = planted_run(worlds=200, buyers={"b": CONCENTRATED}, loss=lose(0.02, 0.5))
    check = checks_of(folder)["Missing data"]
    assert check.passed is False
    assert check.p_value <= 0.01
    assert "row_1" in check.verdict


def test_random_losses_are_seldom_suspected(planted_run):
    generator = np.random.default_rng(1)
    p_values = []
    with RunStore.open(planted_run(worlds=100, buyers={"b": CONCENTRATED})) as store:
        table, redraw = choices(store), Redraw.of(Study.of(store))
        whole = trials_of(table)
        for _ in range(20):
            lost = generator.random(len(whole)) < 0.2
            trials = whole.copy()
            trials.loc[lost, "status"] = "failed"
            trials.loc[lost, ["product_id", "row", "col", "position"]] = np.nan
            p_values.append(missing_data(table, trials, redraw).p_value)
    assert np.mean(np.array(p_values) <= 0.05) <= 0.2
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.25)


def test_bounds_hold_the_share_that_would_have_been(planted_run):
    whole = trials_of(_table(planted_run("whole", worlds=100)))
    lossy = checks_of(planted_run("lossy", worlds=100, loss=lose(0.05, 0.3)))["Missing data"]
    share = 100 * (whole["row"] == 1).mean()
    _, row, observed, bounds = lossy.table.rows[0]
    low, high = (float(text.removesuffix(" %")) for text in bounds.split(" to "))
    assert row == "1"
    assert low <= share <= high
    assert low <= float(observed.removesuffix(" %")) <= high


def test_arms_that_lose_more_are_found(planted_run):
    folder = planted_run(worlds=200, buyers={"a": EQUAL, "b": EQUAL})
    table = _table(folder)
    lost = (table["buyer"] == "b") & (table["k"] % 4 == 0)
    table.loc[lost, ["status", "chosen"]] = ["failed", 0]
    assert sample_ratio(table, trials_of(table), None).passed is False
    table.loc[(table["buyer"] == "a") & (table["k"] % 4 == 1), ["status", "chosen"]] = ["failed", 0]
    assert sample_ratio(table, trials_of(table), None).passed is True


def test_worlds_that_are_lost_whole_are_one_loss_each():
    """Eight repeats of a world end alike: 24 of 400 trials here are 3 losses, not 24."""
    table = pd.DataFrame(
        {
            "buyer": np.repeat(["a", "b"], 400),
            "interface": "json",
            "world_id": np.arange(800) // 8,
            "status": np.where(np.arange(800) < 24, "failed", "chosen"),
        }
    )
    assert sample_ratio(table, table, None).passed is True
    alone = table.drop(columns="world_id")
    assert sample_ratio(alone, alone, None).passed is False


def test_worlds_that_the_design_would_not_give_are_found(planted_run):
    folder = planted_run(worlds=60)
    with RunStore.create(folder) as store:
        redraw = Redraw.of(Study.of(store))
        table = choices(store)
        assert balance(table, redraw).passed is True
        with store.transaction() as db:
            db.execute(
                "UPDATE worlds SET levels = json_set(levels, '$.price_cents[0]', 999)"
                " WHERE task_id = 'watch' AND k = 7"
            )
        check = balance(table, redraw)
    assert check.passed is False
    assert "1 world" in check.verdict


def test_balance_rejects_about_as_often_as_it_says(planted_run):
    """Forty sets of 40 worlds from the design: a test at 10 % rejects four, give or take."""
    from analysis.checks.balance import REPLICATES, _distance

    with RunStore.open(planted_run(worlds=2, tasks=("watch",))) as store:
        pool = Redraw.of(Study.of(store)).pool("watch").levels()
    rejected = 0
    for i in range(40):
        observed, mixed = _distance(pool[40 * i : 40 * i + 40], pool[1600:], str(i))
        rejected += (1 + (mixed >= observed).sum()) / (1 + REPLICATES) <= 0.1
    assert rejected <= 10


def test_a_buyer_locked_to_a_slot_is_found(planted_run):
    folder = planted_run(worlds=50, buyers={"a": {"pos_3": 9.0}, "b": EQUAL})
    check = checks_of(folder)["Position lock"]
    assert check.passed is False
    assert "a · json took slot 3" in check.verdict
    assert "b · json" not in check.verdict
    assert check.failing == (("a", "json"),)
    assert [one.locked for one in slots_taken(_table(folder), 0.9)] == [True, False]


def test_a_table_without_its_run_still_gets_the_checks_it_can(planted_run):
    table = _table(planted_run(worlds=30, loss=lose(0.3, 0.3)))
    found = {check.name: check for check in run_checks(table)}
    assert found["Missing data"].passed is None
    assert found["Missing data"].table is not None
    assert found["Operation"].passed is False


def test_fresh_draws_are_not_the_plan_and_follow_the_same_design(planted_run):
    with RunStore.open(planted_run(worlds=5)) as store:
        study = Study.of(store)
        assert study.draw("watch", 3, again="x") != study.draw("watch", 3)
        assert study.draw("watch", 3, again="x") == study.draw("watch", 3, again="x")
        pool = Redraw.of(study).pool("watch")
    assert pool.values[..., pool.names.index("row_1")].mean() == pytest.approx(0.5)
    # on half of the shelves one to four of eight
    sponsored = pool.values[..., pool.names.index("sponsored")].mean()
    assert sponsored == pytest.approx(0.5 * 2.5 / 8, abs=0.02)


def _table(folder):
    with RunStore.open(folder) as store:
        return choices(store)
