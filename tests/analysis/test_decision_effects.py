"""Swaps, elasticities, lifts and surplus against closed forms, loops and planted truth."""

import math

import numpy as np
import pandas as pd
import pytest

from aces.cli.console import registries
from aces.errors import EstimationError
from aces.seeds import Stream
from aces.spec import load_analyses
from analysis.analyze import analyze_table
from analysis.decisions.demand import DemandConfig, fit_demand
from analysis.decisions.elasticities import elasticities
from analysis.decisions.lifts import lifted, lifts
from analysis.decisions.scenario import apply, moved, parse
from analysis.decisions.swaps import swaps
from analysis.decisions.welfare import surplus
from benchmarks.decisions import TERMS, Shop

CONFIG = DemandConfig(terms=TERMS)
LINEAR = {"row_1": 0.9, "price": -0.05, "rating": 0.8, "overall_pick": 1.2}


@pytest.fixture(scope="module")
def table():
    return Shop(worlds=120).table(3)


@pytest.fixture(scope="module")
def demand(table):
    return fit_demand(table, CONFIG)


@pytest.fixture(scope="module")
def linear():
    return fit_demand(Shop(worlds=800, tastes=LINEAR).table(4), DemandConfig(terms=tuple(LINEAR)))


YAML = """
analysis:
  - {use: swaps, terms: [row_1, log_price, overall_pick]}
  - {use: elasticities, terms: [row_1, log_price, overall_pick]}
  - {use: lifts, terms: [row_1, log_price, overall_pick], products: [t0-1]}
  - {use: welfare, terms: [row_1, log_price, overall_pick], what_if: ["t0-2: removed"]}
"""


def mean_share(demand, frame, rows, gone=False):
    """Mean probability of some rows, shelves as in `frame`."""
    changed = demand.changed(demand.shelves, frame, gone)
    return demand.shares(demand.fit.params, changed)[rows].mean()


def test_a_slot_is_worth_what_a_loop_over_items_that_change_places_says(demand):
    found = swaps(demand)
    shelves, frame = demand.shelves, demand.shelves.frame
    ids = frame["product_id"].astype(str)

    def at(slot):
        means = []
        for product in sorted(set(ids)):
            rows = np.asarray(ids == product)
            means.append(mean_share(demand, moved(frame, shelves.shelf, rows, slot), rows))
        return np.mean(means)

    last = at(8)
    for slot in (1, 4, 7):
        value = found.values.value[found.terms.index(f"slot {slot}")]
        assert value == pytest.approx(at(slot) - last, abs=1e-12)


def test_a_badge_is_worth_what_a_loop_over_pairs_of_listings_says(demand):
    found = swaps(demand)
    frame = demand.shelves.frame
    place = frame.groupby("world_id", sort=False).cumcount().to_numpy()
    gaps = []
    for i in range(8):
        for k in set(range(8)) - {i}:
            pair = np.isin(place, (i, k))
            bare = frame.assign(
                overall_pick=0, sponsored=np.where(pair, 0, frame["sponsored"].to_numpy())
            )
            on_i, on_k = (
                mean_share(demand, bare.assign(overall_pick=(place == m) * 1), place == i)
                for m in (i, k)
            )
            gaps.append(on_i - on_k)
    value = found.values.value[found.terms.index("badge overall_pick")]
    assert value == pytest.approx(np.mean(gaps), abs=1e-12)


def test_swaps_cover_planted_values_and_find_nothing_where_nothing_is():
    """A buyer that takes any listing alike: few of 12 x 9 intervals miss 0."""
    shop = Shop(worlds=100, tastes=dict.fromkeys(TERMS, 0.0))
    covered = []
    for seed in range(12):
        values = swaps(fit_demand(shop.table(500 + seed), CONFIG)).values
        covered.append((values.low <= 0) & (values.high >= 0))
    assert 0.87 < np.mean(covered) < 1


def test_elasticities_are_those_of_sales_had_prices_been_a_little_higher(demand):
    found = elasticities(demand).matrix()
    products = elasticities(demand).products
    for k, product in enumerate(products[:2]):
        met = apply(demand, parse(f"{product}: price=+0.01%"))
        codes = met.after.frame["product_id"].astype(str).map(products.index).to_numpy()
        before, after = (
            np.bincount(codes, demand.shares(demand.fit.params, s)) for s in (met.before, met.after)
        )
        np.testing.assert_allclose(
            found[:, k], np.log(after / before) / math.log(1.0001), rtol=2e-4, atol=1e-6
        )


@pytest.mark.parametrize("term", ["log_price", "price"])
def test_on_one_shelf_elasticities_are_those_of_the_textbook(term):
    """b (1 - p) and -b p with a log price, b x price times that with a linear one."""
    generator = Stream("elasticities").generator()
    prices = np.array([2000.0, 3000.0, 4500.0])
    rows = []
    for world in range(60):
        price = prices * np.exp(generator.normal(0, 0.2, 3))
        chosen = generator.integers(3)
        rows += [
            (f"w{world}", f"p{i}", price[i], int(i == chosen), "chosen", "a", "json")
            for i in range(3)
        ]
    names = ["world_id", "product_id", "price_cents", "chosen", "status", "buyer", "interface"]
    table = pd.DataFrame(rows, columns=names)
    table["trial_id"] = table["world_id"]
    demand = fit_demand(table, DemandConfig(terms=(term,)))
    one = demand.shelves.frame.iloc[:3].assign(price_cents=prices)
    first = demand.shelves.take(np.arange(60) == 0)
    single = demand.changed(first, one)
    object.__setattr__(demand, "shelves", single)
    p = demand.shares(demand.fit.params, single)
    d = demand.fit.params[0] * (prices / 100 if term == "price" else 1.0)
    expected = np.where(np.eye(3) == 1, d * (1 - p), -d * p)
    np.testing.assert_allclose(elasticities(demand).matrix(), expected, rtol=1e-6)


@pytest.mark.parametrize(("b", "after"), [(1.897, 0.426), (-0.135, 0.089), (1.060, 0.243)])
def test_lifts_from_ten_percent_are_those_that_the_paper_quotes(b, after):
    assert lifted(0.1, b) == pytest.approx(after, abs=0.0006)


def test_lifts_carry_limits_over_and_start_at_the_own_share(demand):
    found = lifts(demand, products=("t0-2",))
    pick = next(x for x in found if x.term == "overall_pick" and not x.product)
    k = demand.names.index("overall_pick")
    b, error = demand.fit.params[k], demand.fit.bse[k]
    assert pick.after[0] == pytest.approx(lifted(0.1, b))
    assert pick.after[1] == pytest.approx(lifted(0.1, b - 1.98010 * error), abs=1e-5)
    own = [x for x in found if x.product == "t0-2"]
    rows = (demand.shelves.frame["product_id"] == "t0-2").to_numpy()
    share = demand.shares(demand.fit.params, demand.shelves)[rows].mean()
    assert all(x.before == pytest.approx(share) for x in own)
    with pytest.raises(EstimationError, match="no probability"):
        lifts(demand, base=1.0)
    with pytest.raises(EstimationError, match="'t0-77' was never bought"):
        lifts(demand, products=("t0-77",))


def test_surplus_of_a_cut_is_money_and_close_to_what_it_saves_shoppers(linear):
    """A small cut of all prices saves each shopper that much, whatever they buy."""
    found = surplus(linear, parse("all: price=-0.50"), draws=2000)
    assert found.scale == "linear"
    assert found.value == pytest.approx(0.5, abs=1e-9)
    assert found.limits == pytest.approx((0.5, 0.5), abs=1e-6)


def test_surplus_of_a_removed_product_is_the_log_sum_over_the_price(linear):
    gone = surplus(linear, parse("t0-2: removed"), draws=4000)
    params, shelves = linear.fit.params, linear.shelves
    p = linear.shares(params, shelves)[(shelves.frame["product_id"] == "t0-2").to_numpy()]
    by_hand = np.log1p(-p).mean() / -params[linear.names.index("price")]
    assert gone.value == pytest.approx(by_hand, abs=1e-10)
    assert gone.limits[0] < by_hand < gone.limits[1] < 0
    assert gone.simulated == pytest.approx(gone.limits, rel=0.15)


def test_with_a_log_price_the_worth_is_a_factor_on_prices():
    shop = Shop(worlds=500, outside=1.5)
    demand = fit_demand(shop.table(5), DemandConfig(terms=TERMS, outside=True))
    assert surplus(demand, parse("all: price=+10%")).value == pytest.approx(0.1, abs=1e-9)
    better = surplus(demand, parse("t0-2: badge=overall_pick"), parse("t0-2: badge=none"))
    assert better.limits[1] < 0
    back = surplus(demand, parse("t0-2: badge=none"), parse("t0-2: badge=overall_pick"))
    assert (1 + better.value) * (1 + back.value) == pytest.approx(1)


def test_where_price_may_mean_nothing_the_set_is_unbounded_and_draws_are_withheld():
    weak = {"row_1": 0.9, "log_price": -0.02, "rating": 0.8}
    for seed in range(20):
        demand = fit_demand(
            Shop(worlds=60, tastes=weak).table(900 + seed), DemandConfig(terms=tuple(weak))
        )
        k = demand.names.index("log_price")
        if demand.fit.params[k] < 0 and abs(demand.fit.params[k]) < demand.fit.bse[k]:
            break
    found = surplus(demand, parse("t0-1: removed"), draws=100)
    assert found.limits == (-1.0, math.inf)
    assert found.simulated is None
    assert "unbounded" in found.said[-1]


def test_surplus_is_refused_where_it_has_no_meaning(table):
    both = fit_demand(table, DemandConfig(terms=("log_price", "log_price:rating", "rating")))
    with pytest.raises(EstimationError, match="the price is in log_price, log_price:rating"):
        surplus(both, parse("t0-2: removed"))
    fond = fit_demand(
        Shop(worlds=200, tastes={"log_price": 1.0}).table(1), DemandConfig(terms=("log_price",))
    )
    with pytest.raises(EstimationError, match="not below 0"):
        surplus(fond, parse("t0-2: removed"))
    blind = fit_demand(table, DemandConfig(terms=("rating",)))
    with pytest.raises(EstimationError, match="no term holds the price"):
        surplus(blind, parse("t0-2: removed"))


def test_the_analyses_say_which_buyer_has_no_answer(table, tmp_path):
    """One buyer lost all but two trials; the other's answers stand."""
    other = table[table["world_id"].isin(["w1", "w2"])]
    both = pd.concat(
        [table, other.assign(buyer="brief", trial_id=other["trial_id"] + "b")], ignore_index=True
    )
    file = tmp_path / "a.yaml"
    file.write_text(YAML)
    done = analyze_table(both, analyses=load_analyses(file, registries()))
    assert len(done.findings) == 4
    for found in done.findings:
        assert any("no estimates: brief · json" in note for note in found.notes)
        assert {row.buyer for row in found.estimates()} == {"planted"}
        assert all(len(row) == len(found.table.columns) for row in found.table.rows)
        assert all(row.estimate is not None for row in found.estimates())


def test_a_model_without_slots_or_badges_has_no_swaps(table):
    with pytest.raises(EstimationError, match="neither slots nor badges"):
        swaps(fit_demand(table, DemandConfig(terms=("log_price", "rating"))))
