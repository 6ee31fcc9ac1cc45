"""Partial pooling across tasks and stacked buyers as analyses of tables and of runs."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from aces.errors import EstimationError
from aces.spec import Plugin
from aces.stats.pooling import partial_pooling
from aces.store import RunStore
from analysis import ConditionalLogit
from analysis.analyze import analyze
from analysis.estimators import ESTIMATORS

TERMS = ["log_price", "tag"]
TASKS = {"watch": -1.0, "stapler": -2.0, "lamp": -0.4, "mug": -1.5}


def table(worlds=120, buyers=("a",), tasks=TASKS, seed=0):
    """Worlds of several tasks with a price taste of their own each."""
    rng = np.random.default_rng(seed)
    parts = []
    for task, taste in tasks.items():
        shape = (worlds, 4)
        price, tag = rng.normal(3, 0.5, shape), (rng.random(shape) < 0.3).astype(float)
        for buyer in buyers:
            utility = taste * price + 0.7 * tag + rng.gumbel(size=shape)
            world = np.repeat([f"{task} {w}" for w in range(worlds)], 4)
            parts.append(
                pd.DataFrame(
                    {
                        "trial_id": [f"{w} {buyer}" for w in world],
                        "world_id": world,
                        "task_id": task,
                        "product_id": np.tile([f"{task} {j}" for j in range(4)], worlds),
                        "buyer": buyer,
                        "interface": "json",
                        "chosen": (utility == utility.max(axis=1, keepdims=True)).ravel() * 1,
                        "log_price": price.ravel(),
                        "tag": tag.ravel(),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def pooling(rows, **options):
    return ESTIMATORS.build("partial_pooling", {"terms": TERMS, **options}).across(rows)


def stacked(rows, **options):
    return ESTIMATORS.build("stacked_logit", {"terms": TERMS, **options}).across(rows)


def logit(rows):
    return ConditionalLogit.from_formula(
        "chosen ~ log_price + tag", rows, "trial_id", effects="product_id", cluster="world_id"
    ).fit()


# Partial pooling


def test_pooled_by_task_and_partly_pooled_stand_side_by_side():
    rows = table()
    found = pooling(rows)
    values = {(e.estimator, e.term, e.task_id): e for e in found.estimates()}
    alone = {task: logit(part) for task, part in rows.groupby("task_id", sort=False)}
    for task, fit in alone.items():
        assert_allclose(
            values["conditional_logit", "log_price", task].estimate, fit.params["log_price"]
        )
    one = values["conditional_logit", "log_price", ""]
    assert_allclose(
        [one.estimate, one.std_error], [logit(rows).params.iloc[0], logit(rows).bse.iloc[0]]
    )
    pooled = partial_pooling(
        [fit.params["log_price"] for fit in alone.values()],
        [fit.bse["log_price"] for fit in alone.values()],
    )
    sd = values["sd_between_tasks", "log_price", ""].estimate
    assert sd == np.sqrt(pooled.common.variance) > 0.4
    assert values["new_task", "log_price", ""].ci_low == pooled.common.next_low
    assert values["partial_pooling", "log_price", "lamp"].estimate == pooled.tasks.value[2]
    assert any("tasks differ in log_price (p < .001" in note for note in found.notes)
    # the interval of one model says nothing of another task
    another = values["new_task", "log_price", ""]
    assert another.ci_high - another.ci_low > 3 * (one.ci_high - one.ci_low)


def test_table_and_plots_show_all_of_it():
    found = pooling(table())
    tasks = [row[2] for row in found.table.rows if row[1] == "tag"]
    assert tasks == [
        *TASKS, "one model of all tasks", "mean of tasks", "another task", "sd between tasks",
    ]  # fmt: skip
    alone = next(row for row in found.table.rows if row[2] == "lamp")
    assert all(alone)
    plot = found.plots[0]
    assert plot.title == "partial_pooling: log_price by task, a · json"
    assert {name: [p.at for p in points] for name, points in plot.series.items()} == {
        "each task alone": list(TASKS),
        "partly pooled": list(TASKS),
        "all tasks": ["one model of all tasks", "mean of tasks", "another task"],
    }


def test_a_task_that_can_not_be_estimated_is_named_and_the_rest_pooled():
    rows = table()
    rows.loc[rows.task_id == "mug", "tag"] = 0.0
    found = pooling(rows)
    assert any(
        "mug: no estimates: no choice set holds two values of 'tag'" in n for n in found.notes
    )
    assert "mug" not in {e.task_id for e in found.estimates()}
    assert "sd_between_tasks" in {e.estimator for e in found.estimates()}


def test_two_tasks_are_shown_but_not_drawn_together():
    found = pooling(table(tasks={"watch": -1.0, "mug": -1.5}))
    assert {e.estimator for e in found.estimates()} == {"conditional_logit"}
    assert any("2 tasks do not say how much tasks differ" in note for note in found.notes)
    assert len(found.plots) == 2


def test_each_buyer_is_pooled_alone_and_units_need_not_be_tasks():
    rows = table(60, buyers=("a", "b"))
    found = pooling(rows)
    assert {e.buyer for e in found.estimates()} == {"a", "b"}
    found = pooling(rows.assign(shop=rows.task_id), by="shop")
    assert {e.task_id for e in found.estimates()} == {""}
    assert any("task lamp" in e.estimand for e in found.estimates())
    with pytest.raises(EstimationError, match="no column 'shops'"):
        _ = pooling(rows, by="shops").notes


def test_errors_of_tasks_with_few_worlds_are_said_to_be_unsure():
    (few,) = [n for n in pooling(table(60)).notes if "less sure" in n]
    assert "a task has 60 worlds: below 100" in few
    assert not any("less sure" in n for n in pooling(table(120)).notes)


# Several buyers in one model


def test_stacked_buyers_are_tested_against_each_other():
    rows = table(tasks={"watch": -1.0}, buyers=("a", "b", "c"), worlds=200)
    rows.loc[rows.buyer == "b", "tag"] = 1 - rows.tag  # the same badge is a blemish to b
    found = stacked(rows, by=["buyer"])
    tests = {e.term: e for e in found.estimates() if e.estimator == "equal_coefficients"}
    assert set(tests) == {"log_price", "tag", "all terms"}
    assert tests["tag"].p_value < 1e-6
    assert tests["log_price"].p_value > 1e-3
    coefficients = [e for e in found.estimates() if e.estimator == "stacked_logit"]
    for buyer, part in rows.groupby("buyer"):
        own = [e for e in coefficients if e.buyer == buyer]
        assert_allclose([e.estimate for e in own], logit(part).params, atol=1e-8)
    assert list(found.plots[0].series) == ["a", "b", "c"]
    assert len(found.table.rows) == 6


def test_a_term_may_be_common_by_assumption():
    rows = table(tasks={"watch": -1.0}, buyers=("a", "b"))
    found = stacked(rows, by=["buyer"], common=["tag"])
    own = {e.buyer: e.estimate for e in found.estimates() if e.term == "tag"}
    assert_allclose(own["a"], own["b"])
    assert "the same for all: tag" in found.notes[-1]
    with pytest.raises(EstimationError, match="no common term 'price'"):
        _ = stacked(rows, by=["buyer"], common=["price"]).notes


def test_runs_are_analysed_by_both(planted_runs):
    truth = {"log_price": -1.8, "overall_pick": 2.5}
    buyers = {"one": truth, "two": {**truth, "overall_pick": 0.0}}
    folder = planted_runs(
        "pooled", worlds=60, tasks=("watch", "stapler", "lamp"), buyers=buyers, noise="own",
        analysis=tuple(
            Plugin(use=name, name=name, parameters={"terms": list(truth)})
            for name in ("partial_pooling", "stacked_logit")
        ),
    )  # fmt: skip
    with RunStore.open(folder) as store:
        found = analyze(store)
    rows = [e for e in found.estimates if e.analysis in ("partial_pooling", "stacked_logit")]
    assert {e.estimator for e in rows} == {
        "conditional_logit", "partial_pooling", "mean_of_tasks", "new_task", "sd_between_tasks",
        "stacked_logit", "equal_coefficients",
    }  # fmt: skip
    picks = {
        e.buyer: e for e in rows if e.estimator == "stacked_logit" and e.term == "overall_pick"
    }
    assert picks["one"].ci_low > 0
    assert picks["two"].ci_low < 0 < picks["two"].ci_high
    equal = {e.term: e.p_value for e in rows if e.estimator == "equal_coefficients"}
    assert equal["overall_pick"] < 0.05


def test_the_same_choices_twice_are_surely_equal():
    rows = table(tasks={"watch": -1.0})
    twin = rows.assign(buyer="b", trial_id=rows.trial_id + "'")
    found = stacked(pd.concat([rows, twin]), by=["buyer"])
    assert found.notes == [
        "stacked_logit: that all coefficients are equal is sure: they made the same choices"
    ]
    tests = [e.p_value for e in found.estimates() if e.estimator == "equal_coefficients"]
    assert tests == [1.0, 1.0, 1.0]
    assert_allclose(found.result.bse.iloc[:2], logit(rows).bse)


def test_few_clusters_are_bootstrapped_if_asked(planted_runs):
    asked = {"terms": ["log_price"], "cluster": "task_id", "effects": None, "bootstrap": True}
    folder = planted_runs(
        "few", worlds=20, tasks=("watch", "stapler", "lamp", "mug"),
        analysis=(Plugin(use="conditional_logit", name="few", parameters=asked),),
    )  # fmt: skip
    with RunStore.open(folder) as store:
        found = analyze(store)
    notes = [note for note in found.notes if note.startswith("few")]
    assert notes == [
        "few, planted · json: intervals and p-values of the terms by score bootstrap "
        "(Webb weights, all 1,296 draws); it rejects too rarely with so few clusters"
    ]
    row = next(e for e in found.estimates if e.analysis == "few" and e.term == "log_price")
    assert row.p_value * 1296 == pytest.approx(round(row.p_value * 1296))
