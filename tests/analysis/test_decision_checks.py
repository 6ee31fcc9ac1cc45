"""Calibration on held-out worlds and menus, and losses, against planted truth."""

import numpy as np
import pandas as pd
import pytest

from aces.cli.console import registries
from aces.errors import EstimationError
from aces.spec import load_analyses
from analysis.analyze import analyze_table
from analysis.decisions.calibration import CalibrationConfig, calibration
from analysis.decisions.crossfit import predictions
from analysis.decisions.losses import loss
from benchmarks.decisions import TASTES, TERMS, Shop

CONFIG = CalibrationConfig(terms=TERMS)
MENUS = Shop(worlds=400, pool=12)


@pytest.fixture(scope="module")
def table():
    return MENUS.table(1)


@pytest.mark.parametrize("unit", ["worlds", "menus"])
def test_predictions_of_the_right_model_come_true(table, unit):
    made = predictions(table, CONFIG, unit, 5)
    assert made.unpredicted == 0
    np.testing.assert_allclose(np.add.reduceat(made.p, made.starts), 1)
    true = table["true_p"].to_numpy()[made.rows]
    assert np.abs(made.p - true).mean() < 0.025
    found = calibration(table, CONFIG, unit)
    assert found.slope[1] < 1 < found.slope[2]
    oracle = np.log(true[made.chosen == 1]).mean()
    assert found.score.estimate == pytest.approx(oracle, abs=0.05)
    for gain in (found.over_equal, found.over_shares):
        assert gain.interval()[0] > 0
    assert len(found.bins) == 10
    bins = pd.qcut(made.p, 10, labels=False)
    truth = pd.Series(true).groupby(bins).mean()
    inside = [b.low <= t <= b.high for b, t in zip(found.bins, truth, strict=True)]
    assert sum(inside) >= 8


def test_a_world_is_predicted_without_its_own_choice(table):
    """Adversary: what one world bought may change all predictions but its own."""
    before = predictions(table, CONFIG, "worlds", 5)
    other = table.copy()
    own = (other["world_id"] == other["world_id"].iloc[0]).to_numpy()
    bought = np.flatnonzero(own)[np.argmax(other.loc[own, "chosen"])]
    other.loc[own, "chosen"] = 0
    other.loc[np.flatnonzero(own)[0 if bought != 0 else 1], "chosen"] = 1
    after = predictions(other, CONFIG, "worlds", 5)
    held = own[before.rows]
    np.testing.assert_array_equal(before.p[held], after.p[held])
    assert (before.p[~held] != after.p[~held]).any()


def test_of_a_buyer_that_takes_any_listing_alike_nothing_is_predicted():
    table = Shop(worlds=300, tastes=dict.fromkeys(TERMS, 0.0)).table(2)
    table["product_id"] = table["product_id"] + table["position"].map(lambda p: f"-{p % 1}")
    found = calibration(table, CalibrationConfig(terms=TERMS, effects=None), "worlds")
    assert found.over_equal.estimate < 0.005
    assert found.slope[1] < 0.5


def test_a_model_that_is_too_extreme_has_a_slope_below_one():
    """Few worlds, many terms: estimates are noise, and held-out worlds tell."""
    found = calibration(Shop(worlds=60).table(3), CONFIG, "worlds")
    assert found.slope[0] < 0.95


def test_a_product_never_bought_in_training_is_predicted_rarely_not_never(table):
    rare = table[
        ~((table["product_id"] == "t0-3") & (table["chosen"] == 1))
        .groupby(table["trial_id"])
        .transform("any")
    ]
    made = predictions(rare, CONFIG, "worlds", 5)
    own = (rare["product_id"] == "t0-3").reindex(made.rows).to_numpy()
    assert (made.p[own] > 0).all()
    assert made.p[own].mean() < 0.01
    assert np.isfinite(made.log_scores(made.p)).all()


def test_buying_nothing_is_predicted_too():
    table = Shop(worlds=500, outside=1.5).table(4)
    asked = CalibrationConfig(terms=TERMS, outside=True)
    made = predictions(table, asked, "worlds", 5)
    nothing = 1 - np.add.reduceat(made.p, made.starts)
    assert nothing.mean() == pytest.approx((table["status"] == "abstained").mean(), abs=0.02)
    found = calibration(table, asked, "worlds")
    assert found.slope[1] < 1 < found.slope[2]


def test_menus_that_do_not_overlap_are_refused():
    apart = Shop(worlds=60, tasks=6).table(5)
    with pytest.raises(EstimationError, match="show products that no other fold compares"):
        predictions(apart, CONFIG, "menus", 5)
    one = Shop(worlds=60).table(5)
    with pytest.raises(EstimationError, match="1 menu can't be held out in 2 folds; menus differ"):
        predictions(one, CONFIG, "menus", 5)
    with pytest.raises(EstimationError, match="folds: 1 leaves nothing to fit on"):
        predictions(one, CONFIG, "worlds", 1)
    with pytest.raises(EstimationError, match="without fold 1 of 5"):
        predictions(one.assign(sponsored=0), CONFIG, "worlds", 5)


def test_two_menus_are_held_out_in_turn():
    """Half of the worlds lack one product: the rest of each shelf is predicted from the others."""
    table = Shop(worlds=300).table(10)
    gone = (table["product_id"] == "t0-5") & (table["world"] % 2 == 0) & (table["chosen"] == 0)
    table = table[~gone]
    made = predictions(table, CONFIG, "menus", 5)
    whole = table.groupby("trial_id").size().eq(8).sum()
    assert made.unpredicted == whole, "t0-5 is on no shelf of the other menu"
    assert len(made.starts) == 300 - whole


def test_losses_are_the_money_beyond_the_cheapest():
    table = Shop(worlds=300).table(6)
    found = loss(table, {"price": -1.0})
    price = table["price_cents"] / 100
    least = price.groupby(table["trial_id"]).transform("min")
    paid = (price - least)[table["chosen"] == 1]
    assert found.mean.estimate == pytest.approx(paid.mean())
    assert found.best[0] == pytest.approx((paid < 1e-9).mean())
    assert found.alike == pytest.approx((price - least).mean())
    assert found.mean.std_error == pytest.approx(paid.std() / np.sqrt(300), rel=1e-6)


def test_a_buyer_of_the_best_loses_nothing_and_its_own_value_is_what_counts():
    table = Shop(worlds=100).table(7)
    value = {"price": -1.0, "rating": 20.0}
    worth = -table["price_cents"] / 100 + 20 * table["rating"]
    best = worth == worth.groupby(table["trial_id"]).transform("max")
    perfect = table.assign(
        chosen=(
            best
            & ~table.assign(b=best)[best]
            .duplicated("trial_id")
            .reindex(table.index, fill_value=False)
        )
        * 1
    )
    found = loss(perfect, value)
    assert found.mean.estimate == 0
    assert found.best[0] == 1
    assert loss(perfect, {"price": -1.0}).mean.estimate > 0


def test_missing_trials_are_bounded_by_the_best_and_the_worst_of_their_shelf():
    table = Shop(worlds=200).table(8)
    whole = loss(table, {"price": -1.0}).mean.estimate
    worlds = table["world_id"].unique()
    lost = table.copy()
    gone = lost["world_id"].isin(worlds[:40])
    lost.loc[gone, ["chosen", "status"]] = [0, "failed"]
    lost.loc[lost["world_id"].isin(worlds[40:50]), ["chosen", "status"]] = [0, "abstained"]
    found = loss(lost, {"price": -1.0})
    assert (found.missing, found.without, found.mean.n) == (40, 10, 150)
    assert found.bounds[0] < whole < found.bounds[1]
    price = lost["price_cents"] / 100
    span = price.groupby(lost["trial_id"]).agg(lambda p: p.max() - p.min())
    total = found.mean.estimate * 150 + span[lost.loc[gone, "trial_id"].unique()].sum()
    assert found.bounds[1] == pytest.approx(total / 190)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "say what is worth something"),
        ({"beauty": 1.0}, "no column of numbers 'beauty'"),
        ({"task": 1.0}, "no column of numbers 'task'"),
        ({"list_price_cents": 1.0}, "is missing for some listings"),
    ],
)
def test_values_that_can_not_be_had_are_refused(value, said):
    table = Shop(worlds=20).table(9).assign(list_price_cents=np.nan, task="pen")
    with pytest.raises(EstimationError, match=said):
        loss(table, value)
    with pytest.raises(EstimationError, match="nothing was bought"):
        loss(table.assign(chosen=0), {"price": -1.0})


def test_experiments_may_ask_for_both(table, tmp_path):
    file = tmp_path / "a.yaml"
    terms = ", ".join(TASTES)
    file.write_text(
        f"analysis:\n  - {{use: calibration, terms: [{terms}]}}\n  - {{use: loss, per: 1000}}\n"
    )
    lost = table.copy()
    lost.loc[lost["world_id"] == lost["world_id"].iloc[0], ["chosen", "status"]] = [0, "failed"]
    found = analyze_table(lost, analyses=load_analyses(file, registries()))
    by_title = {one.table.title: one for one in found.findings}
    assert set(by_title) == {
        "calibration · held-out predictions",
        "loss · against the best choice",
    }
    plots = by_title["calibration · held-out predictions"].plots
    assert [plot.title for plot in plots] == [
        "Reliability, held-out worlds",
        "Reliability, held-out menus",
    ]
    for one in found.findings:
        assert all(len(row) == len(one.table.columns) for row in one.table.rows)
    names = {row.estimator for row in found.estimates}
    assert {"log_score_over_shares", "calibration_slope", "reliability"} <= names
    assert {"loss", "loss_of_any", "best_share", "loss_lowest", "loss_highest"} <= names
