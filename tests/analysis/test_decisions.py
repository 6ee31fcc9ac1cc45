"""Decisions against planted truth and closed forms of the logit."""

import numpy as np
import pandas as pd
import pytest

from aces.errors import EstimationError
from aces.stats.functionals import delta, simulated
from analysis.analyze import analyze_table
from analysis.decisions.counterfactual import CounterfactualConfig, counterfactuals, shift
from analysis.decisions.demand import DemandConfig, fit_demand
from analysis.decisions.found import Whose
from analysis.decisions.scenario import apply, parse
from benchmarks.decisions import TASTES, TERMS, Shop

WHOSE = Whose({"buyer": "planted", "interface": "json"}, "planted · json")
CONFIG = DemandConfig(terms=TERMS)


@pytest.fixture(scope="module")
def shop():
    return Shop(worlds=200)


@pytest.fixture(scope="module")
def table(shop):
    return shop.table(1)


@pytest.fixture(scope="module")
def demand(table):
    return fit_demand(table, CONFIG)


def planted(demand, shop):
    """The planted coefficients in the order of the fit, product effects against its baseline."""
    effects = shop.effects()[0]
    names = [int(name.partition("-")[2]) for name in demand.effects.names]
    (base,) = (int(name.partition("-")[2]) for name in demand.effects.baselines)
    return np.concatenate([[shop.tastes[t] for t in demand.names], effects[names] - effects[base]])


def by_hand(shop, rows, change):
    """Shares by product after `change` has altered each world's own rows, by a plain loop."""
    total, worlds = {}, 0
    for _, trials in rows.groupby("world_id", sort=False):
        world = trials[trials["repeat"] == 0].copy()
        change(world)
        world["row"] = (world["position"] - 1) // 4 + 1
        world["col"] = (world["position"] - 1) % 4 + 1
        weight = np.exp(shop.utility(world))
        for product, p in zip(world["product_id"], weight / weight.sum(), strict=True):
            total[product] = total.get(product, 0.0) + p
        worlds += 1
    return {product: value / worlds for product, value in sorted(total.items())}


def nothing(world):
    pass


def cheaper_first_and_badged(world):
    own = world["product_id"] == "t0-2"
    there = world["position"] == 1
    slot = int(world.loc[own, "position"].iloc[0])
    world.loc[there, "position"] = slot
    world.loc[own, "position"] = 1
    world.loc[own, "price_cents"] *= 0.9
    world["overall_pick"] = 0
    world.loc[own, ["overall_pick", "sponsored"]] = [1, 0]


def dearer_and_unbadged(world):
    own = world["product_id"] == "t0-2"
    world.loc[own, "price_cents"] = 4999
    world.loc[own, ["overall_pick", "sponsored"]] = 0


@pytest.mark.parametrize(
    ("question", "change"),
    [
        ("t0-2: price=-10%, position=1, badge=overall_pick", cheaper_first_and_badged),
        ("t0-2: price=49.99, badge=none", dearer_and_unbadged),
        ("all: price=+25%", nothing),
    ],
)
def test_shares_after_a_change_are_those_of_a_loop_over_worlds(
    shop, table, demand, question, change
):
    met = apply(demand, parse(question))
    truth = planted(demand, shop)
    codes = met.after.frame["product_id"]
    n = len(met.after.starts)
    for shelves, changed in ((met.before, nothing), (met.after, change)):
        ours = pd.Series(demand.shares(truth, shelves)).groupby(codes).sum() / n
        expected = by_hand(shop, table, changed)
        assert ours.to_dict() == pytest.approx(expected, abs=1e-12)


def test_a_removed_product_leaves_its_share_in_proportion(shop, demand):
    met = apply(demand, parse("t0-3: removed"))
    truth = planted(demand, shop)
    p = demand.shares(truth, met.before).reshape(-1, 8)
    gone = (met.before.frame["product_id"] == "t0-3").to_numpy().reshape(-1, 8)
    rest = np.where(gone, 0.0, p)
    expected = rest / rest.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(demand.shares(truth, met.after).reshape(-1, 8), expected, atol=1e-12)


def test_against_another_scenario_is_the_difference_of_the_two(demand):
    with_badge, without = "t0-2: badge=overall_pick", "t0-2: badge=none"
    both = shift(WHOSE, demand, parse(with_badge), parse(without))
    one, other = (shift(WHOSE, demand, parse(text)) for text in (with_badge, without))
    np.testing.assert_allclose(both.change.value, one.after.value - other.after.value, atol=1e-12)


def test_with_an_outside_option_shares_sum_to_one_and_dearer_shelves_lose_shoppers():
    shop = Shop(worlds=600, outside=1.5)
    table = shop.table(2)
    assert (table["status"] == "abstained").mean() > 0.05
    demand = fit_demand(table, DemandConfig(terms=TERMS, outside=True))
    found = shift(WHOSE, demand, parse("all: price=+30%"))
    assert found.products[-1] == "(nothing)"
    for values in (found.before, found.after):
        assert values.value.sum() == pytest.approx(1)
    assert found.change.low[-1] > 0
    share = table.groupby("trial_id")["chosen"].sum().eq(0).mean()
    assert found.before.value[-1] == pytest.approx(share, abs=0.02)


def test_lost_trials_move_no_average_over_shelves(table, demand):
    lost = table.copy()
    worlds = lost["world_id"].isin(lost["world_id"].unique()[::5])
    lost.loc[worlds, ["chosen", "status"]] = [0, "failed"]
    fewer = fit_demand(lost, CONFIG)
    assert fewer.left_out == {"failed": 40}
    assert len(fewer.shelves.starts) == len(demand.shelves.starts) == 200


def test_probabilities_that_were_read_say_the_same_with_less_noise(shop, table, demand):
    read = table.assign(probability=0.4 * table["true_p"])
    known = fit_demand(read, DemandConfig(terms=TERMS, outcome="probability"))
    np.testing.assert_allclose(known.fit.params, planted(known, shop), atol=1e-6)
    question = parse("t0-2: price=-10%, position=1")
    sure, unsure = (shift(WHOSE, one, question) for one in (known, demand))
    assert sure.change.error.max() < 0.01 * unsure.change.error.max()
    with pytest.raises(EstimationError, match="no column 'utility'"):
        fit_demand(table, DemandConfig(terms=TERMS, outcome="utility"))


def test_delta_and_draws_agree_and_limits_of_shares_stay_within_one(demand):
    question = parse("t0-2: price=-10%, position=1")
    one, other = (shift(WHOSE, demand, question, draws=draws) for draws in (0, 2000))
    np.testing.assert_allclose(one.change.low, other.change.low, atol=0.004)
    np.testing.assert_allclose(one.after.high, other.after.high, atol=0.01)
    assert (one.after.low > 0).all()
    assert (one.after.high < 1).all()


def test_the_delta_method_is_exact_for_linear_functions():
    generator = np.random.default_rng(0)
    A, root = generator.normal(size=(3, 4)), generator.normal(size=(4, 4))
    matrix = root @ root.T
    found = delta(lambda b: A @ b, np.arange(4.0), matrix, 9)
    np.testing.assert_allclose(found.covariance, A @ matrix @ A.T, rtol=1e-8)
    drawn = simulated(lambda b: A @ b, np.arange(4.0), matrix, draws=20_000)
    np.testing.assert_allclose(drawn.error, np.sqrt(np.diag(A @ matrix @ A.T)), rtol=0.03)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("t0-2 price=-10%", "names no product"),
        ("t0-2: price", "can't be read"),
        ("", "changes nothing"),
        ("t0-9: price=-10%", "no shelf holds 't0-9'; did you mean"),
        ("t0-2: price=10%", r"write \+10% or -10%"),
        ("t0-2: price=cheap", "is no number"),
        ("t0-2: price=-100%", "no price above 0"),
        ("t0-2: position=9", "no slot 9 on 200 of 200 shelves"),
        ("t0-2: position=0", "slots count from 1"),
        ("all: position=1", "name a product"),
        ("t0-2: badge=scarcity", "no term of the model holds the badge 'scarcity'"),
        ("t0-2: colour=red", "there is no setting 'colour'"),
        ("t0-2: world=3", "changes no term of the model"),
        ("all: removed", "leaves nothing on any shelf"),
    ],
)
def test_questions_that_make_no_sense_are_refused_by_name(demand, question, said):
    with pytest.raises(EstimationError, match=said):
        apply(demand, parse(question))


def test_a_model_without_price_says_nothing_of_prices_and_far_prices_are_told(table, demand):
    blind = fit_demand(table, DemandConfig(terms=("row_1", "overall_pick")))
    with pytest.raises(EstimationError, match=r"price=-10%' changes no term of the model"):
        apply(blind, parse("t0-2: price=-10%"))
    assert any("not measured" in text for text in apply(demand, parse("t0-2: price=-80%")).said)
    assert apply(demand, parse("t0-2: price=-2%")).said == ()


def test_a_product_never_bought_has_no_counterfactual(table):
    never = table[~((table["product_id"] == "t0-4") & (table["chosen"] == 1))]
    kept = never.groupby("trial_id")["chosen"].transform("sum") > 0
    demand = fit_demand(never[kept], CONFIG)
    with pytest.raises(EstimationError, match="'t0-4' was never bought"):
        apply(demand, parse("t0-4: price=-10%"))
    found = shift(WHOSE, demand, parse("t0-2: price=-10%"))
    assert found.before.value[found.of("t0-4")] == 0


def test_the_analysis_answers_in_tables_rows_and_plots(table):
    several = pd.concat([table, table.assign(buyer="twin", trial_id=table["trial_id"] + "t")])
    asked = CounterfactualConfig(
        terms=TERMS, what_if=("t0-2: price=-10%", "t0-1: position=1", "t0-8: position=1")
    )
    found = counterfactuals(several, asked)
    assert len(found) == 2
    assert "no shelf holds 't0-8'" in found[0].notes[0]
    assert "planted · json and twin · json" in found[0].notes[0]
    rows = [row for one in found for row in one.estimates()]
    own = [r for r in rows if r.estimator == "counterfactual_change" and r.product_id == "t0-2"]
    assert [r.buyer for r in own if r.term == "t0-2: price=-10%"] == ["planted", "twin"]
    assert own[0].ci_low < own[0].estimate < own[0].ci_high
    assert own[0].n_clusters == 200
    (plot,) = found[0].plots
    assert set(plot.series) == {"planted · json", "twin · json"}


def test_an_experiment_may_ask_in_yaml(table, tmp_path):
    from aces.cli.console import registries
    from aces.spec import load_analyses

    file = tmp_path / "a.yaml"
    file.write_text(
        "analysis: [{use: counterfactual, terms: [log_price], what_if: ['t0-2: price=-10%']}]"
    )
    found = analyze_table(table, analyses=load_analyses(file, registries()))
    assert [one.table.title for one in found.findings] == [
        "counterfactual · what if t0-2: price=-10%"
    ]


def test_intervals_of_changes_cover_what_was_planted():
    """20 experiments x 8 products: the share of covered intervals lies within 4 of its errors."""
    shop = Shop(worlds=150)
    covered = []
    for seed in range(20):
        demand = fit_demand(shop.table(100 + seed), CONFIG)
        if len(demand.effects.names) < 7:
            continue
        found = shift(WHOSE, demand, parse("t0-2: price=-10%, badge=overall_pick"))
        met = apply(demand, parse("t0-2: price=-10%, badge=overall_pick"))
        truth = planted(demand, shop)
        codes = np.unique(met.after.frame["product_id"], return_inverse=True)[1]
        p = demand.shares(truth, met.after) - demand.shares(truth, met.before)
        change = np.bincount(codes, p) / len(met.after.starts)
        covered.append((found.change.low <= change) & (change <= found.change.high))
    assert np.mean(covered) > 0.88
    assert np.mean(np.all(covered, axis=1)) < 1
    assert TASTES["log_price"] == -1.8
