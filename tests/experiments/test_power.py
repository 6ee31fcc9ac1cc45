"""Precision promised before a run is the precision found after it."""

import numpy as np
import pytest

from aces.catalog import load_catalog
from aces.cli.console import read_experiment
from aces.errors import SpecError
from aces.stats.choice import fit
from aces.store import RunStore
from experiments.plan import make_plan
from experiments.power import describe, expected_errors

ACES = """\
name: power
seed: 5
tasks: [{id: watch, category: fitness_watch}]
treatments: [position, price, rating, review_count, badges]
buyers: [{use: utility, name: planted}]
worlds_per_task: 500
"""


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    path = tmp_path_factory.mktemp("power") / "power.yaml"
    path.write_text(ACES)
    return make_plan(read_experiment(path), load_catalog("demo"))


def test_what_is_expected_at_zero_coefficients(plan):
    names = plan.default_terms()
    errors = dict(zip(names, expected_errors(plan, names, {}), strict=True))
    # statistics.md: .090 per 500 sets
    assert errors["row_1"] == pytest.approx(0.090, abs=0.003)


def test_errors_shrink_with_the_square_root_of_the_number_of_worlds(plan):
    names = plan.default_terms()
    fewer = plan.spec.model_copy(update={"worlds_per_task": 125})
    small = type(plan)(**{**vars_of(plan), "spec": fewer})
    assert expected_errors(small, names, {}) == pytest.approx(2 * expected_errors(plan, names, {}))


def vars_of(plan):
    return {name: getattr(plan, name) for name in plan.__dataclass_fields__}


def concentrated(plan, utility):
    first = next(iter(plan.listings))
    return {f"product_id[{first}]": utility}


def test_a_market_leader_makes_everything_harder_to_see(plan):
    names = plan.default_terms()
    at = [expected_errors(plan, names, concentrated(plan, u))[0] for u in (0, 3, 5)]
    assert at[0] < at[1] < at[2]
    assert at[2] > 2 * at[0]


def test_terms_planted_but_not_estimated_count_too(plan):
    names = plan.default_terms()
    one_slot = {"pos_1": 6.0}
    assert expected_errors(plan, names, one_slot)[0] > 1.5 * expected_errors(plan, names, {})[0]
    ignored = {"best_seller": 3.0}
    assert expected_errors(plan, names, ignored) == pytest.approx(expected_errors(plan, names, {}))


def test_who_leaves_says_nothing(plan):
    names = plan.default_terms()
    leaving = expected_errors(plan, names, {"outside_option": np.log(8.0)})
    assert leaving == pytest.approx(np.sqrt(2) * expected_errors(plan, names, {}))


def test_default_priors_are_the_concentrated_demand_of_the_acceptance_figures(plan):
    found = {entry["prior"]: entry["rows"][0][2] for entry in describe(plan)["precision"]}
    wanted = {"no effects": 0.090, "one preferred product": 0.155, "near-monopoly": 0.256}
    assert found == pytest.approx(wanted, rel=0.04)


def test_power_and_the_worlds_for_a_wanted_interval(plan):
    facts = describe(plan, stated={"row_1": 0.3}, wanted={"row_1": 0.1})
    entry = facts["precision"][-1]
    term, prior, error, found, chance = entry["rows"][0]
    assert (term, prior, entry["prior"]) == ("row_1", 0.3, "as stated")
    assert found == pytest.approx(2.8016 * error, rel=1e-3)
    assert 0.85 < chance < 0.95
    needed = entry["needed"][0]["worlds_per_task"]
    assert needed == pytest.approx(500 * (1.96 * error / 0.1) ** 2, abs=2)
    with pytest.raises(SpecError, match="no such term; did you mean 'row_1'"):
        describe(plan, wanted={"row_2": 0.1})


def test_what_can_not_be_told_apart_has_no_finite_error(plan):
    errors = expected_errors(plan, ["row_1", "row_2", "log_price", "log_price:row_1"], {})
    assert np.isinf(errors).tolist() == [True, True, False, False]


def test_expenses_are_assumed_or_measured(tmp_path):
    path = tmp_path / "served.yaml"
    served = "{use: vlm, name: qwen, model: m, base_url: 'http://x/v1', prices: {input: 2.0}}"
    path.write_text(ACES.replace("{use: utility, name: planted}", served))
    made = make_plan(read_experiment(path), load_catalog("demo"))
    (expense,) = describe(made)["expenses"]
    assert expense["basis"] == "assumed"
    assert expense["cost"] == pytest.approx(500 * 2500 * 2 / 1e6)
    with RunStore.create(tmp_path / "run") as store:
        worlds = made.draw_cells([("watch", 0), ("watch", 1)])
        trials = list(made.trials(worlds, 0, 0))
        store.add_batch(0, worlds, trials)
        row = (0, 0, "buy", "k", "r", None, "", "", 3.0, 1.0, "[]", 700, None, None, 50, None, 0, 0)
        marks = ", ".join("?" * 20)
        for trial in trials:
            store.db.execute(f"INSERT INTO exchanges VALUES ({marks})", (trial.id, 1, *row))
    (expense,) = describe(made, like=tmp_path / "run")["expenses"]
    assert "measured" in expense["basis"]
    assert expense["tokens"] == 500 * 750
    assert expense["cost"] == pytest.approx(500 * 700 * 2 / 1e6)
    assert expense["hours one by one"] == pytest.approx(500 * 4 / 3600, abs=0.01)


def test_simulation_agrees_with_what_is_expected(plan):
    facts = describe(plan, stated={"row_1": 0.3, "outside_option": 1.0}, runs=12)
    entry = facts["precision"][-1]
    assert entry["simulated"]["runs"] == 12
    for expected, simulated in zip(entry["rows"], entry["simulated"]["rows"], strict=True):
        assert simulated[1] == pytest.approx(expected[2], rel=0.08)


def test_the_description_is_plain_data(plan):
    import json

    facts = describe(plan)
    assert json.loads(json.dumps(facts))["size"]["trials"] == 500
    assert [row[0] for row in facts["precision"][0]["rows"]] == facts["terms"]


PRIORS = {
    "zero": {},
    "aces": {"row_1": 0.9, "col_1": 0.5, "log_price": -1.8, "rating": 0.8, "overall_pick": 1.2},
    "leader": {"row_1": 0.9, "rating": 0.8, "leader": 2.0},
}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", PRIORS)
def test_what_is_expected_is_what_simulation_finds(plan, name):
    prior = dict(PRIORS[name])
    if "leader" in prior:
        prior |= concentrated(plan, prior.pop("leader"))
    names = plan.default_terms()
    runs = [simulate(plan, names, prior, seed) for seed in range(120)]
    expected = expected_errors(plan, names, prior)
    stated = np.mean([found.bse[: len(names)] for found in runs], axis=0)
    spread = np.std([found.params[: len(names)] for found in runs], axis=0, ddof=1)
    np.testing.assert_allclose(expected, stated, rtol=0.05)
    np.testing.assert_allclose(expected, spread, rtol=0.25)


def simulate(plan, names, prior, seed):
    """One experiment of 500 worlds, chosen by a logit and fitted with product effects."""
    from aces import terms
    from experiments.power import level_table

    spec = plan.spec.model_copy(update={"seed": 10_000 + seed})
    drawer = type(plan)(**{**vars_of(plan), "spec": spec})
    table = level_table(drawer, [drawer.assignment("watch", k) for k in range(500)])
    X = terms.matrix(names, table)
    products = np.array(table["product_id"])
    dummies = np.column_stack([products == product for product in list(plan.listings)[1:]])
    utility = X @ [prior.get(term, 0.0) for term in names]
    for product in plan.listings:
        utility = utility + prior.get(f"product_id[{product}]", 0.0) * (products == product)
    noise = np.random.default_rng(seed).gumbel(size=len(utility))
    shelves = (utility + noise).reshape(500, -1)
    y = (shelves == shelves.max(axis=1, keepdims=True)).ravel().astype(float)
    return fit(np.column_stack([X, dummies]), y, table["set"], cov_type="nonrobust")
