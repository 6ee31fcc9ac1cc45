"""The price of steering against independent implementations, and on trials that share worlds."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from aces.errors import EstimationError
from analysis.estimators.steering import SteeringEstimator
from analysis.steering import PLAIN, TOLD, SteeringLosses, shoppers
from analysis.steering_prices import CHANGE, Tastes

GAPS = (0.0, 0.05, 0.2, 0.5)
TAGS = ("none", "badge", "ad")
TASTE = {"none": 0.0, "badge": 1.2, "ad": -0.6}


def table_of(seed, worlds, *, price=-4.0, told=(1.0, 1.0), arms=("",), column="prompt", form=None):
    """Pairs, each world met once under each arm (a prompt, say): long table of one buyer.

    Args:
        told: What the tastes for tags are multiplied by in each arm.
        form: Utility of a gap instead of price x ln(1 + gap).
    """
    rng = np.random.default_rng(seed)
    gap, tag = rng.choice(GAPS, worlds), rng.choice(TAGS, worlds)
    focal, slot = rng.integers(0, 2, worlds), rng.integers(0, 2, worlds)
    rows = []
    for arm, factor in zip(arms, told, strict=False):
        utility = form(gap) if form else price * np.log1p(gap)
        utility = utility + factor * np.array([TASTE[name] for name in tag])
        steered = rng.random(worlds) < 1 / (1 + np.exp(-utility))
        for i in range(2):
            here = focal == i
            rows.append(
                pd.DataFrame(
                    {
                        "trial_id": [f"t{arm}{w:05}" for w in range(worlds)],
                        "world_id": [f"w{w:05}" for w in range(worlds)],
                        "task_id": "pair",
                        "buyer": "one",
                        "interface": "json",
                        column: arm,
                        "product_id": f"p{i}",
                        "position": 1 + (slot != i),
                        "price_cents": np.where(here, np.round(2000 * (1 + gap)), 2000),
                        "focal": here.astype(int),
                        "gap": gap,
                        "tag": tag,
                        "badge": (here & (tag == "badge")).astype(int),
                        "ad": (here & (tag == "ad")).astype(int),
                        "status": "chosen",
                        "chosen": (here == steered).astype(int),
                    }
                )
            )
    table = pd.concat(rows).sort_values(["trial_id", "product_id"], ignore_index=True)
    if column == "prompt":
        table["prompt_hash"] = "h" + table["prompt"]
    return table.assign(log_price=np.log(table["price_cents"] / 100))


def test_coefficients_and_errors_are_those_of_a_logit_of_differences():
    table = table_of(1, 900)
    tastes = Tastes(shoppers(table)[0], 0.3)
    found = tastes.fits[PLAIN]
    pair = {i: part.reset_index() for i, part in table.groupby("product_id")}
    names = ["pos_1", "log_price", "ad", "badge"]
    columns = {
        i: part.assign(pos_1=(part["position"] == 1).astype(float))[names]
        for i, part in pair.items()
    }
    y, x = pair["p0"]["chosen"], columns["p0"] - columns["p1"]
    oracle = sm.Logit(y, x).fit(disp=0, cov_type="HC0")
    assert found.data.names == tuple(names)
    np.testing.assert_allclose(found.params, oracle.params, rtol=1e-6)
    np.testing.assert_allclose(found.bse, oracle.bse * np.sqrt(900 / 899), rtol=1e-6)
    badge = next(row for row in tastes.found if row.tag == "badge")
    assert badge.worth.change == pytest.approx(
        np.exp(-oracle.params["badge"] / oracle.params["log_price"]) - 1
    )


def test_losses_and_their_errors_are_those_of_a_regression():
    one = shoppers(table_of(2, 700, arms=("a", "b"), told=(1.0, 0.5)), ["b"])[0]
    dearer = one.trials[(one.trials["gap"] > 0) & (one.trials["arm"] == TOLD)]
    some = dearer[dearer["tag"].isin(["none", "badge"])]
    on = (some["tag"] == "badge").astype(float)
    fitted = sm.OLS(some["overpaid"], sm.add_constant(on)).fit(cov_type="HC0")
    found = one.loss(TOLD, "badge", "overpaid", against_none=True).found
    assert found.estimate == pytest.approx(fitted.params["tag"])
    parts = [some.loc[on == value, "overpaid"] for value in (0, 1)]
    error = np.sqrt(sum(part.var(ddof=1) / len(part) for part in parts))
    assert found.std_error == pytest.approx(error)
    assert dearer["overpaid"].max() == pytest.approx(10.0)


def test_the_sets_of_a_compensating_price_hold_it():
    truth, held, runs = np.expm1(1.2 / 4.0), 0, 100
    for seed in range(runs):
        tastes = Tastes(shoppers(table_of(100 + seed, 400))[0], 0.3)
        worth = next(row.worth for row in tastes.found if row.tag == "badge")
        held += worth.ci_low <= truth <= worth.ci_high
    assert 0.88 <= held / runs <= 0.99


def test_a_prompt_is_compared_on_the_worlds_that_both_met():
    arms = {"arms": ("shopper", "ignore"), "told": (1.0, 0.0)}
    found = SteeringEstimator(SteeringEstimator.Config(told=("ignore",), smallest=0.6))
    prices, losses, shares = found.across(table_of(3, 1500, **arms))
    (tastes,) = prices.whose
    assert tastes.shoppers.name == "one · json"
    rows = {(row.arm, row.tag): row for row in tastes.found}
    assert rows[PLAIN, "badge"].verdict == "present"
    assert rows[TOLD, "badge"].verdict == "absent"
    assert abs(rows[CHANGE, "badge"].value + 1.2) < 4 * rows[CHANGE, "badge"].std_error
    # one fit of both arms, clustered by the worlds they share
    at = tastes.fits[PLAIN]
    assert at is tastes.fits[TOLD]
    assert at.covariance.n_clusters == 1500
    assert {row[1] for row in losses.table.rows} == {row[1] for row in shares.table.rows}
    assert len(shares.plots) == 2

    persona = table_of(3, 300, column="persona", **arms)
    assert [one.arms for one in shoppers(persona, ["ignore"])] == [[PLAIN, TOLD]]
    # not said to be the instruction, two prompts are two buyers
    assert len(shoppers(table_of(3, 300, **arms))) == 2


def test_a_curve_that_is_no_logit_in_log_price_is_said_to_be_none():
    right = Tastes(shoppers(table_of(4, 3000))[0], 0.3).form(PLAIN)
    step = Tastes(shoppers(table_of(4, 3000, form=lambda gap: -1.5 * (gap > 0)))[0], 0.3)
    assert right > 0.05
    assert step.form(PLAIN) < 0.001
    rejected = [Tastes(shoppers(table_of(s, 400))[0], 0.3).form(PLAIN) < 0.05 for s in range(60)]
    assert sum(rejected) <= 9


def test_a_price_beyond_the_gaps_is_called_extrapolated_and_an_unbounded_set_so():
    estimator = SteeringEstimator(SteeringEstimator.Config())
    (prices, *_) = estimator.across(table_of(5, 3000, price=-1.5))
    assert any("badge lies beyond the widest gap" in note for note in prices.notes)
    (prices, *_) = estimator.across(table_of(6, 300, price=0.0))
    assert "unbounded" in {row[7] for row in prices.table.rows}
    assert all(p.low is not None for plot in prices.plots for s in plot.series.values() for p in s)


@pytest.mark.parametrize(
    ("change", "told", "says"),
    [
        (lambda t: t.drop(columns="gap"), (), "no column 'gap'"),
        (lambda t: t, ("pairs",), "called 'pairs'.*did you mean 'pair'"),
        (lambda t: t.assign(status="failed", chosen=0), (), "no trial has an outcome"),
    ],
)
def test_what_can_not_be_told_is_said(change, told, says):
    with pytest.raises(EstimationError, match=says):
        shoppers(change(table_of(7, 30)), told)


def test_tables_hold_where_arms_are_empty_or_few():
    estimator = SteeringEstimator(SteeringEstimator.Config())
    few = table_of(8, 5)
    some = table_of(10, 9, price=-0.5, told=(0.2,))
    alone = table_of(8, 40)
    for table in (few, some, alone[alone["tag"] != "none"], alone[alone["gap"] == 0], few.iloc[:2]):
        for found in estimator.across(table):
            assert found.table.rows or set(table["tag"]) == {"none"}
            assert len({len(row) for row in found.table.rows}) <= 1
            assert found.plots is not None
            assert isinstance(found.notes, list)


def test_a_buyer_without_outcomes_takes_no_other_along():
    table = table_of(9, 60)
    dumb = table.assign(buyer="dumb", status="failed", chosen=0, trial_id="d" + table["trial_id"])
    found = SteeringEstimator(SteeringEstimator.Config()).across(
        pd.concat([table, dumb], ignore_index=True)
    )
    assert {row[0] for each in found for row in each.table.rows} == {"one · json"}
    assert found[-1].notes == ["steering: no estimates: dumb · json: no trial has an outcome"]


def test_losses_from_few_worlds_are_said_to_be_unsure():
    few, many = (SteeringLosses("s", shoppers(table_of(9, worlds))) for worlds in (40, 400))
    (said,) = few.notes
    assert "of a tag: below 20 the intervals of what is lost hold less than they say" in said
    assert many.notes == []
