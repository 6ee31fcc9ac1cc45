"""The nested logit on tables: nests by column or product, what is printed, and as an analysis."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from aces.errors import EstimationError
from aces.stats.nested import DissimilarityWarning
from analysis import ConditionalLogit, NestedLogit
from analysis.estimators import ESTIMATORS
from analysis.estimators.nested_logit import NestedLogitEstimator

LIKE = {"p0": "red", "p1": "red", "p2": "blue", "p3": "blue", "p4": "green"}


def table(n=500, seed=0, scale=0.4, outside=False, buyer="b"):
    """Purchases among five products; two red and two blue ones are alike."""
    rng = np.random.default_rng(seed)
    price = rng.normal(size=(n, 5))
    worth = -1.0 * price + np.array([0.5, 0.0, 0.3, -0.2, 0.0])
    odds = np.zeros((n, 5))
    total = np.full(n, 1.0 * outside)
    for members in ([0, 1], [2, 3], [4]):
        s = scale if len(members) > 1 else 1.0
        inside = np.exp(worth[:, members] / s)
        odds[:, members] = inside * inside.sum(1, keepdims=True) ** (s - 1)
        total += inside.sum(1) ** s
    reach = (odds / total[:, None]).cumsum(axis=1)
    chosen = (reach > rng.random((n, 1))) & (reach - odds / total[:, None] <= 0)
    u = rng.random((n, 1))
    chosen = (reach > u) & (np.hstack([np.zeros((n, 1)), reach[:, :-1]]) <= u)
    bought = chosen.any(axis=1)
    return pd.DataFrame(
        {
            "trial_id": np.repeat([f"{buyer}{k}" for k in range(n)], 5),
            "world_id": np.repeat([f"w{k // 2}" for k in range(n)], 5),
            "product_id": np.tile(list(LIKE), n),
            "colour": np.tile(list(LIKE.values()), n),
            "price": price.ravel(),
            "chosen": chosen.ravel().astype(int),
            "status": np.where(np.repeat(bought, 5), "chosen", "abstained"),
            "buyer": buyer,
            "interface": "page",
        }
    ).sample(frac=1, random_state=seed)


def model(rows, **changes):
    given = {"nests": "colour", "effects": "product_id"} | changes
    return NestedLogit.from_formula("chosen ~ price", rows, "trial_id", **given)


def test_a_column_and_a_list_of_products_are_the_same():
    rows = table()
    found = model(rows).fit()
    named = model(rows, nests={"red": ["p0", "p1"], "blue": ["p2", "p3"]}).fit()
    assert_allclose(found.params, named.params, atol=1e-6)
    assert set(found.dissimilarities) == {"red", "blue", "green"}
    assert found.dissimilarities["green"] == 1
    assert list(found.params.index[-2:]) == ["dissimilarity[blue]", "dissimilarity[red]"]
    assert found.llf > found.llfixed
    plain = ConditionalLogit.from_formula(
        "chosen ~ price", rows, "trial_id", effects="product_id"
    ).fit()
    assert_allclose(found.llfixed, plain.llf)
    assert found.df_model == plain.df_model + 2


def test_likely_substitutes_are_found_and_others_not():
    alike, apart = model(table(900)).fit(), model(table(900, scale=1.0, seed=3), common=True).fit()
    assert (alike.params[-2:] < 0.7).all()
    assert alike.iia_test.p_value < 1e-4
    assert (alike.pvalues[-2:] < 0.01).all()
    low, high = apart.conf_int().iloc[-1]
    assert low < 1 < high
    assert apart.iia_test.p_value > 0.05
    assert_allclose(apart.iia_test.p_value, apart.pvalues.iloc[-1], atol=1e-9)


def test_buying_nothing_is_in_no_nest():
    rows = table(outside=True)
    found = model(rows, outside=True, cluster="world_id").fit()
    assert found.nobs == 500
    assert found.n_clusters == 250
    assert "buying nothing included" in found.estimand
    inside = model(rows).fit()
    assert inside.provenance.left_out["abstained"] > 20
    assert (found.params[-2:] < 0.8).all()


def test_the_summary_says_what_is_tested():
    said = model(table(), cluster="world_id").fit().summary()
    for part in (
        "Nests:          colour: blue, red",
        "no set holds two of: green",
        "conditional logit -",
        "All are 1:      Wald F(2, 248) =",
        "clustered by world_id (CR1, 250 clusters); t(249)",
        "dissimilarity[red]",
    ):
        assert part in said
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DissimilarityWarning)
        few = table(300).assign(world_id=lambda rows: "w" + rows["trial_id"].str[-1])
        said = model(few, cluster="world_id").fit().summary()
    assert "clustered by world_id (CR3, each left out, 10 clusters); t(9)" in said
    with pytest.warns(DissimilarityWarning):
        far = model(table(scale=1.6, seed=1)).fit().summary()
    assert "where utility need not be maximised" in far


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nests": "color"}, "no column 'color'.*colour"),
        ({"nests": {"red": ["p0", "p9"]}}, "no row has the product 'p9'"),
        ({"nests": {"red": ["p0", "p1"], "dear": ["p1"]}}, "in more than one nest"),
        ({"nests": "world_id"}, "lies in one nest"),
        ({"cluster": "worlds"}, "no column 'worlds'"),
    ],
)
def test_what_a_table_lacks_is_named(changes, message):
    with pytest.raises(EstimationError, match=message):
        model(table(50), **changes).fit()


def test_missing_nests_are_refused():
    rows = table(50)
    rows["colour"] = rows["colour"].where(rows["colour"] != "red")
    with pytest.raises(EstimationError, match="'colour' is missing in 100 rows"):
        model(rows)


def test_as_an_analysis_each_buyer_has_its_own():
    rows = pd.concat([table(), table(20, 5, buyer="c").assign(price=1.0)], ignore_index=True)
    config = NestedLogitEstimator.Config(terms=("price",), nests={"red": ("p0", "p1")})
    found = NestedLogitEstimator(config).across(rows)
    assert [row.term for row in found.estimates()] == ["price", "dissimilarity[red]"]
    assert {row.buyer for row in found.estimates()} == {"b"}
    assert len(found.table.rows) == 2
    assert any("c · page: no estimates" in note for note in found.notes)
    assert any("all dissimilarities are 1: p" in note for note in found.notes)
    assert list(found.plots[0].series) == ["b · page"]
    with warnings.catch_warnings():  # it is a note, not a warning
        warnings.simplefilter("error")
        far = NestedLogitEstimator(
            NestedLogitEstimator.Config(terms=("price",), nests="colour")
        ).across(table(scale=1.6, seed=1))
        assert any("dissimilarity above 1: " in note for note in far.notes)
        few = table().assign(world_id=lambda rows: rows["trial_id"].factorize()[0] % 4)
        thin = NestedLogitEstimator(config).across(few)
        assert any("4 clusters: intervals use t(3)" in note for note in thin.notes)
    with pytest.raises(EstimationError, match="nothing varies"):
        NestedLogitEstimator(NestedLogitEstimator.Config(nests="colour")).across(rows)
    assert ESTIMATORS.load("nested_logit") is NestedLogitEstimator


def test_real_choices_of_heating_and_cooling(shared):
    """HC: systems with and without cooling as nests, against a likelihood written out in scipy."""
    path = shared / "data" / "choice-choicelearn" / "HC.csv.gz"
    if not path.is_file():
        pytest.skip(f"no {path}")
    wide = pd.read_csv(path)
    names = ["gcc", "ecc", "erc", "hpc", "gc", "ec", "er"]
    cool = np.array([1, 1, 1, 1, 0, 0, 0])
    both = np.stack([wide[[f"{c}.{a}" for a in names]].to_numpy() for c in ("ich", "och")], axis=2)
    extra = np.stack([cool * wide[[c]].to_numpy() for c in ("icca", "occa")], axis=2)
    X = np.dstack([both, extra, np.broadcast_to(cool, both.shape[:2])])
    y = wide["depvar"].to_numpy()[:, None] == np.array(names)
    n = len(wide)
    found = NestedLogit(
        X.reshape(-1, 5),
        y.ravel().astype(int),
        np.repeat(np.arange(n), 7),
        np.tile(cool, n),
        common=True,
    ).fit("nonrobust")

    def lost(params):
        worth, total, own = X @ params[:5], 0.0, np.zeros(y.shape)
        s = params[5]
        for nest in (0, 1):
            inside = np.exp(worth[:, cool == nest] / s)
            own[:, cool == nest] = inside * inside.sum(1, keepdims=True) ** (s - 1)
            total = total + inside.sum(1) ** s
        return -np.log((own * y).sum(axis=1) / total).sum()

    assert_allclose(-lost(found.params), found.llf, rtol=1e-9)
    best = minimize(lost, found.params * 1.03, method="Nelder-Mead", options={
        "maxiter": 6000, "maxfev": 6000, "xatol": 1e-6, "fatol": 1e-8})  # fmt: skip
    assert found.llf >= -best.fun - 1e-6
    assert found.llf - -best.fun < 0.05
