"""Differences between arms: planted ones are found, errors are statsmodels', faults are named."""

import numpy as np
import pandas as pd
import pytest

from aces.errors import EstimationError
from analysis.arm_differences import ArmDifferences, Question
from analysis.estimators import ESTIMATORS

CHANGE = 0.5


def shelves(worlds=400, *, seed=0, repeats=1, tasks=("mugs",), effect=CHANGE):
    """Trials of four: spending is the mean price of the shelf, and `effect` more in arm `nudge`."""
    rng = np.random.default_rng(seed)
    world = np.repeat(np.arange(worlds), 4 * repeats)
    price = np.repeat(rng.normal(10, 2, (worlds, 4)), repeats, axis=0).reshape(-1)
    frame = pd.DataFrame({"world_id": [f"w{w}" for w in world], "price": price})
    trial = np.repeat(np.arange(worlds * repeats), 4)
    frame["trial_id"] = [f"t{t}" for t in trial]
    frame["nudge"] = np.repeat(rng.permutation(worlds) % 2, 4 * repeats)
    bought = rng.integers(0, 4, worlds * repeats)
    frame["chosen"] = (np.tile(np.arange(4), worlds * repeats) == bought[trial]).astype(int)
    mean = frame.groupby("trial_id", sort=False)["price"].transform("mean")
    shared = rng.normal(0, 0.5, worlds)[world]
    task = np.array([tasks[w % len(tasks)] for w in world])
    frame["paid"] = mean + effect * frame["nudge"] + 3 * (task != tasks[0]) + shared
    whose = {"buyer": "planted", "model": "", "persona": "", "prompt_hash": "", "interface": "json"}
    return frame.assign(task_id=task, status="chosen", **whose)


def values(found, kind, buyer=0):
    return next(d.values for d in found.buyers[buyer].differences if d.kind == kind)


def ask(table, **asked):
    asked = {"outcome": "paid", "adjust": ("price",)} | asked
    return ArmDifferences(Question("spent", ("nudge",), **asked), table)


def test_intervals_hold_the_planted_change_and_adjusting_makes_them_shorter():
    """At 40 seeds at most five of the adjusted intervals miss (chance .01), all are shorter."""
    misses = 0
    for seed in range(40):
        found = ask(shelves(100, seed=seed, repeats=2, tasks=("mugs", "pens")))
        adjusted, plain = values(found, "adjusted"), values(found, "plain")
        misses += not adjusted["ci_low"] <= CHANGE <= adjusted["ci_high"]
        assert adjusted["std_error"] < 0.7 * plain["std_error"]
    assert misses <= 5


def test_estimates_and_errors_are_those_of_statsmodels():
    import statsmodels.formula.api as smf

    table = shelves(60, repeats=3, tasks=("mugs", "pens"))
    own = table.groupby("trial_id", sort=False).agg(
        y=("paid", "first"),
        d=("nudge", "first"),
        x=("price", "mean"),
        task=("task_id", "first"),
        world=("world_id", "first"),
    )
    own["x"] -= own["x"].mean()
    own["t"] = (own["task"] == "pens") - (own["task"] == "pens").mean()
    worlds = pd.factorize(own["world"])[0]
    models = {"adjusted": "y ~ d * (x + t)", "plain": "y ~ d"}
    for kind, formula in models.items():
        expected = smf.ols(formula, own).fit(cov_type="cluster", cov_kwds={"groups": worlds})
        found = values(ask(table), kind)
        assert found["estimate"] == pytest.approx(expected.params["d"], abs=1e-9)
        assert found["std_error"] == pytest.approx(expected.bse["d"], rel=1e-9)


def test_buying_nothing_counts_as_spending_nothing_unless_purchases_are_asked_for():
    table = shelves(200)
    gone = table["trial_id"].isin(table.loc[table["nudge"] == 1, "trial_id"].unique()[::2])
    table.loc[gone, "status"] = "abstained"
    table.loc[gone, "chosen"] = 0
    spent = values(ask(table), "plain")["estimate"]
    assert spent == pytest.approx(-5, abs=1)  # half of the nudged leave, of ten each
    given = values(ask(table, given="purchase"), "plain")["estimate"]
    assert given == pytest.approx(CHANGE, abs=0.5)
    assert "50 abstained" in ask(table, given="purchase").notes[0]
    bought = values(ask(table, outcome="purchase", adjust=()), "plain")["estimate"]
    assert bought == pytest.approx(-0.5)


def test_failed_trials_are_left_out_and_counted():
    table = shelves(100)
    table.loc[table["trial_id"] == "t3", "status"] = "failed"
    found = ask(table)
    assert found.buyers[0].trials == 99
    assert "left out: 1 failed" in found.notes[0]


def test_a_covariate_that_the_treatment_changes_is_named():
    table = shelves(200)
    assert not ask(table).notes
    table["price"] += 3 * table["nudge"]
    assert "(price) differ between arms" in ask(table).notes[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[t["nudge"] == 1], "trials of nudge alone"),
        (lambda t: t.assign(status="failed"), "no trials that ended by choice"),
        (lambda t: t.assign(price=np.nan), "is missing in some trials"),
        (lambda t: t[t["world_id"].isin(["w0", "w1"])].assign(nudge=[0] * 4 + [1] * 4), "too few"),
    ],
)
def test_what_allows_no_estimate_is_said_for_its_buyer_alone(change, message):
    table = shelves(50)
    other = change(table).assign(buyer="other")
    found = ask(pd.concat([table, other], ignore_index=True))
    assert [buyer.group["buyer"] for buyer in found.buyers] == ["planted"]
    assert message in found.notes[0]
    assert "other" in found.notes[0]


def test_an_absent_column_is_named():
    with pytest.raises(EstimationError, match=r"no column 'prise'.*price"):
        _ = ask(shelves(20), adjust=("prise",)).buyers


def test_rows_and_table_tell_the_same():
    asked = {"by": ("nudge",), "outcome": "paid", "adjust": ("price",)}
    found = ESTIMATORS.build("arm_difference", asked).across(shelves())
    rows = found.estimates()
    assert [row.estimator for row in rows] == ["arm_difference_adjusted", "arm_difference_plain"]
    assert len(found.table.rows) == 2
    assert f"{rows[0].estimate:.3f}" == found.table.rows[1][3]
    assert found.plots[0].series
