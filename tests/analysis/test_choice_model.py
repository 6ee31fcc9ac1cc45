"""The conditional logit on tables: what is used, what is left out, what is said about it."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from aces.errors import EstimationError, SeparationError
from aces.registry import Registry
from analysis import ConditionalLogit

TRUTH = {"log_price": -1.8, "sponsored": -0.2, "overall_pick": 1.2, "col_1": 0.5, "col_2": 0.2}
FORMULA = "chosen ~ " + " + ".join(TRUTH)


def shelves(n=400, tasks=2, products=5, seed=0, leave=-np.inf, effects=None, truth=TRUTH):
    """A long table with planted tastes; `leave` is the utility of buying nothing."""
    rng = np.random.default_rng(seed)
    shape = (n * tasks, products)
    task = np.repeat(np.arange(tasks), n)
    column = rng.permuted(np.tile(np.arange(products) % 3, (n * tasks, 1)), axis=1)
    tag = rng.permuted(np.tile([1, 2, *[0] * (products - 2)], (n * tasks, 1)), axis=1)
    table = {
        "log_price": 3 + rng.normal(0, 0.4, shape),
        "sponsored": tag == 1,
        "overall_pick": tag == 2,
        "col_1": column == 0,
        "col_2": column == 1,
    }
    utility = sum(b * table[name] for name, b in truth.items()) + rng.gumbel(size=shape)
    utility += (
        np.tile(np.linspace(0, 0.8, products), (n * tasks, 1)) if effects is None else effects
    )
    best = utility.max(axis=1, keepdims=True)
    leaves = leave + rng.gumbel(size=(n * tasks, 1)) > best
    ids = np.arange(n * tasks)[:, None] + np.zeros(shape, dtype=int)
    return pd.DataFrame(
        {
            "trial_id": [f"trial {i}" for i in ids.ravel()],
            "world_id": [f"world {i // 2}" for i in ids.ravel()],
            "product_id": [f"{'ab'[t]}{j}" for t in task for j in range(products)],
            "buyer": "planted",
            "status": np.repeat(np.where(leaves, "abstained", "chosen").ravel(), products),
            "chosen": ((utility == best) & ~leaves).ravel().astype(int),
            **{name: values.ravel().astype(float) for name, values in table.items()},
        }
    )


def fitted(table, formula=FORMULA, cov_type=None, **options):
    options = {"choice_set": "trial_id", "effects": "product_id", **options}
    return ConditionalLogit.from_formula(formula, table, **options).fit(cov_type)


def test_planted_tastes_are_recovered():
    result = fitted(shelves(3_000), cluster="world_id")
    assert (np.abs(result.params - pd.Series(TRUTH)) < 3.5 * result.bse).all()
    assert result.n_clusters == 3_000
    assert result.df == 2_999
    assert list(result.params.index) == list(TRUTH)


def test_tables_and_arrays_agree():
    table = shelves()
    dummies = pd.get_dummies(table.product_id).drop(columns=["a0", "b0"])
    X = np.column_stack([table[list(TRUTH)], dummies]).astype(float)
    arrays = ConditionalLogit(X, table.chosen, table.trial_id, table.world_id).fit()
    result = fitted(table, cluster="world_id")
    assert isinstance(arrays.params, np.ndarray)
    assert_allclose(arrays.params[:5], result.params, atol=1e-9)
    assert_allclose(arrays.cov_params()[:5, :5], result.cov_params(), atol=1e-9)
    assert_allclose(arrays.llf, result.llf)
    frame = ConditionalLogit(table[list(TRUTH)], table.chosen, table.trial_id).fit()
    assert_allclose(frame.params[list(TRUTH)], fitted(table, effects=None).params)
    assert_allclose(arrays.params[5:], result.effects().estimate, atol=1e-9)


def test_rows_may_lie_in_any_order():
    table = shelves()
    shuffled = table.sample(frac=1, random_state=0)
    assert_allclose(fitted(shuffled).params, fitted(table).params, rtol=1e-8)
    assert_allclose(
        fitted(shuffled, cluster="world_id").bse, fitted(table, cluster="world_id").bse, rtol=1e-8
    )


def test_names_and_meanings_are_those_of_statsmodels():
    from statsmodels.duration.hazard_regression import PHReg

    table = shelves(150, tasks=1)
    result = fitted(table, effects=None, cov_type="nonrobust")
    peer = PHReg(np.ones(len(table)), table[list(TRUTH)], table.chosen, strata=table.trial_id).fit()
    for name in ("params", "bse", "llf", "tvalues", "pvalues"):
        assert_allclose(getattr(result, name), getattr(peer, name), atol=1e-7, err_msg=name)
    assert_allclose(result.conf_int(0.1), peer.conf_int(0.1), atol=1e-7)
    assert_allclose(result.cov_params(), peer.cov_params(), atol=1e-7)
    assert_allclose(result.llnull, -150 * np.log(5))
    assert_allclose(result.prsquared, 1 - peer.llf / (-150 * np.log(5)))


def test_categories_and_interactions():
    table = shelves()
    table["colour"] = np.resize(["red", "green", "blue", "green"], len(table))
    formula = "chosen ~ log_price + C(colour) + log_price:sponsored"
    result = fitted(table, formula, effects=None)
    assert list(result.params.index) == [
        "log_price", "C(colour)[T.green]", "C(colour)[T.red]", "log_price:sponsored",
    ]  # fmt: skip


# What is used


def test_sets_without_a_purchase_are_left_out_and_counted():
    table = shelves(leave=-3.5)
    table.loc[table.trial_id == "trial 7", ["status", "chosen"]] = ["failed", 0]
    result = fitted(table)
    abstained = table[table.status == "abstained"].trial_id.nunique()
    assert result.n_left_out == {"abstained": abstained, "failed": 1}
    assert result.nobs == 800 - abstained - 1
    assert_allclose(result.params, fitted(table[table.status == "chosen"]).params)
    assert f"{abstained} abstained, 1 failed" in result.summary()
    assert "given a purchase" in result.estimand


def test_the_outside_option_keeps_those_who_abstained():
    table = shelves(4_000, leave=-3.5)
    table.loc[table.trial_id == "trial 7", ["status", "chosen"]] = ["truncated", 0]
    result = fitted(table, outside=True)
    assert result.n_left_out == {"truncated": 1}
    assert result.nobs == 7_999
    assert (np.abs(result.params - pd.Series(TRUTH)) < 3.5 * result.bse).all()
    assert len(result.effects()) == 10
    assert (np.abs(result.effects().estimate - np.tile(np.linspace(0, 0.8, 5), 2) - 3.5) < 1).all()
    constant = fitted(table, "chosen ~ 1 + log_price", effects=None, outside=True)
    assert list(constant.params.index) == ["Intercept", "log_price"]


def test_each_connected_group_of_shelves_has_a_baseline():
    result = fitted(shelves())
    assert result.provenance.effects.baselines == {
        "a0": ("a1", "a2", "a3", "a4"),
        "b0": ("b1", "b2", "b3", "b4"),
    }
    joined = shelves()
    joined["product_id"] = joined.product_id.replace("b4", "a4")
    assert list(fitted(joined).provenance.effects.baselines) == ["a0"]


def test_products_never_chosen_are_dropped_named_and_counted():
    table = shelves(effects=np.array([0, -60, 0.3, 0.5, 0.1]))
    result = fitted(table)
    assert result.never_chosen == {"a1": 400, "b1": 400}
    assert "'a1' (400), 'b1' (400)" in result.summary()
    kept = fitted(table[~table.product_id.isin(["a1", "b1"])])
    assert_allclose(result.params, kept.params)
    assert fitted(table, effects=None).never_chosen == {}


def test_products_always_chosen_are_refused():
    table = shelves()
    won = (table.product_id == "a0") & (table.index < 500)
    table.loc[table.index < 500, "chosen"] = won.astype(int)
    table.loc[won, "product_id"] = "winner"
    with pytest.raises(SeparationError, match="product_id 'winner' was chosen whenever it was"):
        fitted(table)
    table["chosen"] = table.product_id.isin(["winner", "a0", "b2"]).astype(int)
    with pytest.raises(SeparationError, match="'a0', 'b2', 'winner' was chosen whenever"):
        fitted(table)


def test_probabilities_are_outcomes():
    table = shelves(leave=-3.5)
    table["status"] = "chosen"
    utility = table[list(TRUTH)] @ pd.Series(TRUTH)
    table["probability"] = np.exp(utility) / np.exp(utility).groupby(table.trial_id).transform(
        "sum"
    )
    result = fitted(table, FORMULA.replace("chosen", "probability"), effects=None)
    assert_allclose(result.params, pd.Series(TRUTH), atol=1e-9)
    assert (result.bse < 1e-6).all()
    table.loc[table.trial_id == "trial 3", "probability"] = np.nan
    again = fitted(table, FORMULA.replace("chosen", "probability"), effects=None)
    assert again.nobs == 799
    assert again.n_left_out == {"no outcome": 1}


@pytest.mark.parametrize(
    ("formula", "options", "says"),
    [
        ("chosen ~ log_prize", {}, "log_prize"),
        ("chosen", {}, "should read 'chosen ~ price \\+ rating'"),
        ("picked ~ log_price", {}, "no column 'picked'"),
        ("chosen ~ log_price", {"choice_set": "trial"}, "did you mean 'trial_id'"),
        ("chosen ~ log_price", {"cluster": "world"}, "did you mean 'world_id'"),
        ("buyer ~ log_price", {}, "must be 0/1"),
        ("never ~ log_price", {}, "no choice set has an outcome in 'never'"),
    ],
)
def test_faulty_requests_are_refused(formula, options, says):
    with pytest.raises(EstimationError, match=says):
        fitted(shelves(20).assign(never=0), formula, **options)


# What coefficients mean


def test_marginal_effects_are_average_differences_of_probabilities():
    table = shelves(150, tasks=1)
    result = fitted(table, effects=None, cluster="world_id")
    effects = result.average_marginal_effects().set_index("term")
    X = table[list(TRUTH)].to_numpy().reshape(-1, 5, 5)

    def probability(changed, j):
        weight = np.exp(changed @ result.params.to_numpy())
        return weight[:, j] / weight.sum(axis=1)

    def average(change_to, cleared):
        differences = []
        for j in range(5):
            low, high = X.copy(), X.copy()
            low[:, j, cleared] = high[:, j, cleared] = 0
            high[:, j, change_to] = 1
            differences.append(probability(high, j) - probability(low, j))
        return np.mean(differences)

    assert_allclose(effects.estimate["sponsored"], average(1, [1, 2]), atol=1e-12)
    assert_allclose(effects.estimate["col_1"], average(3, [3, 4]), atol=1e-12)
    assert effects.baseline["col_1"] == "0 -> 1, with col_1 = col_2 = 0 before"
    step = np.array([1e-6, 0, 0, 0, 0])
    nudged = [
        probability(X + step * (np.arange(5) == j)[:, None], j) - probability(X, j)
        for j in range(5)
    ]
    assert_allclose(effects.estimate["log_price"], np.mean(nudged) / 1e-6, atol=1e-6)
    assert effects.baseline["log_price"] == "derivative"


@pytest.mark.parametrize("effects", [None, "product_id"])
def test_errors_of_marginal_effects_are_the_delta_method(effects):
    """Against gradients by differences: the effect recomputed at nudged coefficients."""
    from dataclasses import replace

    from analysis.choice_effects import marginal_effects

    fit = fitted(shelves(100), effects=effects).choice_fit
    found = marginal_effects(fit)
    for k in range(fit.data.n_columns):
        nudged = replace(fit.at, params=fit.params + 1e-6 * (np.arange(fit.data.n_columns) == k))
        for effect, after in zip(found, marginal_effects(replace(fit, at=nudged)), strict=True):
            slope = (after.estimate - effect.estimate) / 1e-6
            assert_allclose(effect.gradient[k], slope, atol=1e-6)


def test_price_changes_that_offset_a_term_and_that_are_worth_it():
    """For b = 1.2, b_p = -1.8: +94.8 % and -48.7 %."""
    table = shelves(60)
    utility = table[list(TRUTH)] @ pd.Series(TRUTH)
    table["chosen"] = np.exp(utility) / np.exp(utility).groupby(table.trial_id).transform("sum")
    result = fitted(table, effects=None)
    assert_allclose(result.compensating_price_change("overall_pick").change, 0.948, atol=5e-4)
    assert_allclose(result.equivalent_price_change("overall_pick").change, -0.487, atol=5e-4)
    money = result.compensating_price_change("overall_pick", scale="linear")
    assert_allclose(money.change, 1.2 / 1.8, atol=1e-8)


def test_unbounded_price_sets_are_printed_as_such():
    result = fitted(shelves(300), cluster="world_id")
    strong = result.compensating_price_change("overall_pick", krinsky_robb=4_000)
    assert strong.bounded
    assert strong.ci_low < strong.change < strong.ci_high
    assert_allclose(strong.krinsky_robb, (strong.ci_low, strong.ci_high), rtol=0.2)
    flat = fitted(shelves(100, truth={**TRUTH, "log_price": 0.0}))
    weak = flat.compensating_price_change("overall_pick", krinsky_robb=100)
    assert not weak.bounded
    assert weak.krinsky_robb is None
    assert "unbounded" in str(weak)
    assert "withheld" in str(weak)


# How it presents itself


def test_summary_says_what_it_rests_on():
    text = fitted(shelves(), cluster="world_id").summary()
    for part in [
        "choices of buyer planted; given a purchase",
        "800 of 5 alternatives, 4,000 rows",
        "4 of product_id, baseline 'b0'",
        "clustered by world_id (CR1, 400 clusters); intervals and p-values from t(399)",
        "log_price",
    ]:
        assert part in text
    assert max(map(len, text.splitlines())) <= 100


def test_the_estimator_is_found_by_its_file():
    estimators = Registry("estimator", "analysis.estimators", "Estimator")
    estimator = estimators.build("conditional_logit", {"terms": list(TRUTH)})
    found = estimator.fit(shelves())
    expected = fitted(shelves(), cluster="world_id").table()
    pd.testing.assert_frame_equal(found.table(), expected)
    assert list(expected.columns) == [
        "term", "estimate", "std_error", "ci_low", "ci_high", "p_value",
    ]  # fmt: skip


def test_arrays_need_neither_pandas_nor_scipy():
    code = """
import sys, numpy as np
from analysis import ConditionalLogit
X, sets = np.random.default_rng(0).normal(size=(80, 2)), np.arange(80) // 4
y = np.tile([1, 0, 0, 0], 20)
result = ConditionalLogit(X, y, sets).fit()
result.params, result.bse, result.llf
sys.exit(",".join({"pandas", "scipy", "formulaic"} & set(sys.modules)) or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_intervals_cover_what_was_planted():
    """2,000 experiments of 2 x 500 worlds: each term covered in 93.3 to 96.6 %."""
    effects = np.random.default_rng(9).normal(0, 0.5, 5)
    covered = np.zeros(len(TRUTH))
    for seed in range(2_000):
        limits = fitted(shelves(500, seed=seed, effects=effects), cluster="world_id").conf_int()
        truth = pd.Series(TRUTH)
        covered += ((limits[0] <= truth) & (truth <= limits[1])).to_numpy()
    assert ((covered / 2_000 > 0.933) & (covered / 2_000 < 0.966)).all(), covered / 2_000
