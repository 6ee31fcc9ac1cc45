"""Tables with weights, offsets, constraints and several buyers; formulas built in blocks."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from aces.errors import CollinearityError, EstimationError
from aces.registry import Registry
from aces.stats.joint import joint_covariance, wald_test
from analysis import ConditionalLogit, choice_formula, stacked

TRUTH = {"log_price": -1.5, "tag": 0.7}
TERMS = "chosen ~ log_price + tag"


def table(worlds=120, buyers=("a", "b"), seed=0, truths=None, products=4):
    """A long table in which every buyer meets every world; tastes by buyer."""
    rng = np.random.default_rng(seed)
    shape = (worlds, products)
    price = 3 + rng.normal(0, 0.4, shape)
    tag = rng.permuted(np.tile([1.0] + [0.0] * (products - 1), (worlds, 1)), axis=1)
    parts = []
    for buyer in buyers:
        truth = {**TRUTH, **(truths or {}).get(buyer, {})}
        utility = truth["log_price"] * price + truth["tag"] * tag + np.linspace(0, 1, products)
        utility = utility + rng.gumbel(size=shape)
        world = np.repeat(np.arange(worlds), products)
        parts.append(
            pd.DataFrame(
                {
                    "trial_id": [f"{buyer} {w}" for w in world],
                    "world_id": [f"world {w}" for w in world],
                    "product_id": np.tile([f"p{j}" for j in range(products)], worlds),
                    "buyer": buyer,
                    "persona": np.where(world % 2, "odd", "even"),
                    "chosen": (utility == utility.max(axis=1, keepdims=True)).ravel().astype(int),
                    "log_price": price.ravel(),
                    "tag": tag.ravel(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def model(rows, formula=TERMS, **options):
    return ConditionalLogit.from_formula(formula, rows, "trial_id", **options)


# Weights, offsets, constraints


def test_weights_and_offsets_are_columns():
    rows = table(buyers=("a",))
    rows["heavy"] = 1.0 + (rows.persona == "odd")
    rows["known"] = -1.5 * rows.log_price
    twice = pd.concat(
        [rows, rows[rows.persona == "odd"].assign(trial_id=lambda t: t.trial_id + "'")]
    )
    weighted = model(rows, weights="heavy").fit("nonrobust")
    assert_allclose(weighted.params, model(twice).fit().params, atol=1e-9)
    assert_allclose(weighted.bse, model(twice).fit("nonrobust").bse, rtol=1e-6)
    assert "Weights count as repeated choice sets" in weighted.summary()
    held = model(rows).fit(constraints={"log_price": -1.5})
    known = model(rows, "chosen ~ tag", offset="known").fit()
    assert_allclose(held.params["tag"], known.params["tag"], atol=1e-9)
    assert_allclose(held.bse["tag"], known.bse["tag"], rtol=1e-6)
    assert held.df_model == known.df_model == 1
    assert np.isnan(held.pvalues["log_price"])
    assert "held" in held.summary()
    assert "Constraint:     log_price = -1.5" in held.summary()


def test_marginal_effects_are_averaged_by_weight():
    rows = table(buyers=("a",), worlds=60)
    heavy = (rows.persona == "odd").to_numpy()
    rows["heavy"] = 1.0 + heavy
    copies = pd.concat([rows, rows[heavy].assign(trial_id=lambda t: t.trial_id + "'")])
    found = model(rows, weights="heavy").fit().average_marginal_effects()
    assert_allclose(found.estimate, model(copies).fit().average_marginal_effects().estimate)


def test_experiment_files_may_ask_for_all_of_them():
    rows = table(buyers=("a",)).assign(heavy=2.0, known=lambda t: t.log_price)
    registry = Registry("estimator", "analysis.estimators", "Estimator")
    asked = {"terms": ["log_price", "tag"], "weights": "heavy", "offset": "known"}
    asked |= {"constraints": ["tag = -log_price"], "effects": None}
    found = registry.build("conditional_logit", asked).fit(rows)
    by_hand = model(rows, weights="heavy", offset="known", cluster="world_id")
    expected = by_hand.fit(constraints="tag = -log_price")
    pd.testing.assert_frame_equal(found.table(), expected.table())
    assert_allclose(found.params["tag"], -found.params["log_price"])


@pytest.mark.parametrize(
    "asked",
    [
        "tag - 2 * log_price = 1",
        ["tag - 2 * log_price = 1"],
        ([[-2.0, 1.0]], [1.0]),
        "tag = 1 + 2 * log_price",
        "-2 * log_price + tag = +1",
        "-tag = -1 - 2 * log_price",
    ],
)
def test_constraints_are_read_in_several_ways(asked):
    found = model(table(buyers=("a",))).fit(constraints=asked)
    assert_allclose(found.params["tag"], 1 + 2 * found.params["log_price"], atol=1e-10)


def test_restrictions_are_tested_as_wald_does():
    found = model(table(), "chosen ~ log_price + tag + log_price:tag", cluster="world_id").fit()
    one = found.wald_test("log_price:tag = 0.3")
    t = (found.params["log_price:tag"] - 0.3) / found.bse["log_price:tag"]
    assert_allclose([one.statistic, one.df, one.df_clusters], [t**2, 1, 119])
    both = found.wald_test({"log_price": -1.5, "tag": 0.7})
    V = found.cov_params().iloc[:2, :2].to_numpy()
    apart = found.params.to_numpy()[:2] - [-1.5, 0.7]
    assert_allclose(both.statistic, apart @ np.linalg.solve(V, apart) / 2 * 118 / 119)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("log_prize = 1", "can't be read.*among: log_price, tag"),
        ("log_price = = 1", "can't be read"),
        ("log_price = 1, log_price = 2", "contradicts"),
        (([[1.0]], [0.0]), r"R must be \(1, 2\)"),
        ([], "there is no restriction"),
    ],
)
def test_faulty_constraints_are_refused(asked, says):
    with pytest.raises(EstimationError, match=says):
        model(table(20, buyers=("a",))).fit(constraints=asked)


@pytest.mark.parametrize(
    ("spoil", "options", "says"),
    [
        (lambda t: t.assign(heavy=np.where(t.index == 5, 2.0, 1)), {"weights": "heavy"},
         "choice set 'a 1' has rows of several weights"),
        (lambda t: t.assign(heavy="x"), {"weights": "heavy"}, "'heavy' must hold numbers"),
        (lambda t: t, {"weights": "heavy"}, "no column 'heavy'"),
        (lambda t: t, {"offset": "log_prize"}, "did you mean 'log_price'"),
        (lambda t: t, {"by": "bayer"}, "did you mean 'buyer'"),
        (lambda t: t.assign(tag=t.tag.where(t.index != 5)), {}, "'tag' .1 rows, .* set 'a 1'"),
        (lambda t: t.assign(buyer=t.buyer.where(t.index != 5, "z")), {"by": "buyer"},
         "choice set 'a 1' has several values of 'buyer'"),
        (lambda t: t.assign(buyer=t.buyer.where(t.index > 9)), {"by": "buyer"},
         "'buyer' is missing in 10 rows"),
        (lambda t: t.assign(tag=t.tag * (t.buyer == "a")), {"by": "buyer"},
         r"no choice set holds two values of 'tag\[b\]'"),
    ],
)  # fmt: skip
def test_faulty_tables_are_refused_by_row_and_column(spoil, options, says):
    with pytest.raises(EstimationError, match=says):
        model(spoil(table(20)), **options).fit()


# Several buyers in one model


def test_a_stacked_model_is_all_fits_and_what_they_share():
    rows = table(truths={"b": {"log_price": -0.5}})
    found = model(rows, by="buyer", effects="product_id", cluster="world_id").fit()
    assert list(found.params.index) == ["log_price[a]", "tag[a]", "log_price[b]", "tag[b]"]
    arms = [stacked.fit_arm(part, list(TRUTH)) for _, part in rows.groupby("buyer")]
    assert_allclose(found.params, np.concatenate([arm.params for arm in arms]), atol=1e-8)
    joint, n = joint_covariance([arm.worlds for arm in arms], [arm.influence for arm in arms])
    assert n == found.n_clusters == 120
    assert_allclose(found.cov_params(), joint, atol=1e-9)
    assert np.abs(joint[:2, 2:]).max() > 1e-4  # which separate fits would take for 0
    tests = found.equality().set_index("term")
    C = np.array([[1.0, 0, -1, 0]])
    expected = wald_test(C @ found.params.to_numpy(), C @ joint @ C.T, 119)
    assert_allclose(tests.p_value["log_price"], expected.p_value, rtol=1e-6)
    assert tests.df["all terms"] == 2
    assert tests.p_value["log_price"] < 0.01
    assert list(found.provenance.effects.baselines) == ["p0, a", "p0, b"]


def test_a_coefficient_may_be_common_to_all_buyers():
    rows = table()
    found = model(rows, by="buyer").fit(constraints="tag[a] = tag[b]")
    common = model(
        rows.assign(price_b=rows.log_price * (rows.buyer == "b")),
        "chosen ~ log_price + tag + price_b",
    ).fit()
    assert_allclose(found.params["tag[a]"], found.params["tag[b]"])
    assert_allclose(found.params["tag[a]"], common.params["tag"], atol=1e-9)
    assert_allclose(found.bse["tag[b]"], common.bse["tag"], rtol=1e-6)
    assert_allclose(found.llf, common.llf)


def test_buyers_and_personas_are_crossed():
    rows = table(buyers=("a",))
    found = model(rows, by=["buyer", "persona"]).fit()
    assert found.groups.labels == ("a · even", "a · odd")
    odd = model(rows[rows.persona == "odd"]).fit()
    assert_allclose(found.params["tag[a · odd]"], odd.params["tag"], atol=1e-9)
    with pytest.raises(EstimationError, match="marginal effects are those of one buyer"):
        found.average_marginal_effects()
    with pytest.raises(EstimationError, match="build the model with by"):
        odd.equality()


def test_one_group_has_nothing_to_be_equal_to():
    assert model(table(buyers=("a",)), by="buyer").fit().equality().empty


@pytest.mark.slow
def test_the_test_of_equal_buyers_has_its_size():
    """800 runs of two buyers with equal tastes on shared worlds: rejects 3.4 to 6.6 % at 5 %."""
    rejected = [
        model(table(100, seed=seed), by="buyer", cluster="world_id").fit().equality().p_value < 0.05
        for seed in range(800)
    ]
    share = np.mean([each.to_numpy() for each in rejected], axis=0)
    assert ((share > 0.034) & (share < 0.066)).all(), share


# Formulas in blocks

FORMULAS = [
    "log_price + tag",
    "C(shade) + log_price:C(shade)",
    "shade:tag + np.log(log_price)",
    "C(size) + C(log_price > 3)",
    "center(log_price) + tag",
    "C(late, contr.treatment('no'))",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_blocks_do_not_change_a_number(formula):
    rows = table(80)
    rng = np.random.default_rng(0)
    rows["shade"] = rng.choice(["red", "green", "blue"], len(rows))
    rows["size"] = rng.integers(1, 4, len(rows))
    rows["late"] = np.where(rows.index == len(rows) - 1, "yes", "no")  # a level of the last row
    terms = choice_formula.terms_of(formula)
    whole = choice_formula.matrix(terms, rows, constant=False, block=10**6)
    small = choice_formula.matrix(terms, rows, constant=False, block=70)
    from formulaic import Formula

    naive = Formula(["1", *terms]).get_model_matrix(rows).drop(columns="Intercept")
    for names, X in (whole, small):
        assert names == list(naive.columns)
        assert_array_equal(X, naive.to_numpy(dtype=float))


def test_a_row_without_a_level_does_not_pass_for_the_baseline():
    rows = table(40)
    rows["shade"] = np.where(rows.index % 2, "red", "green")
    rows.loc[7, "shade"] = None
    with pytest.raises(EstimationError, match=r"'shade' is missing in 1 rows, first in row 7"):
        model(rows, "chosen ~ C(shade)")
    with pytest.raises(EstimationError, match="'shade' is missing"):
        model(rows, "chosen ~ log_price:shade")


def test_collinear_columns_of_a_stacked_model_are_named():
    rows = table(40).assign(twin=lambda t: t.tag)
    with pytest.raises(CollinearityError, match=r"'twin\[a\]' is collinear.*'tag\[a\]'"):
        model(rows, "chosen ~ tag + twin", by="buyer").fit()
