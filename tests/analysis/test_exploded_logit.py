"""Rankings as choices: against the likelihood written out, planted truth, partial rankings."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from aces.errors import EstimationError
from aces.stats.exploded import explode
from analysis import ConditionalLogit, ExplodedLogit
from analysis.estimators import ESTIMATORS
from analysis.estimators.exploded_logit import ExplodedLogitEstimator

BETA = np.array([-1.0, 0.6])


def table(n=200, size=5, seed=0, known=None, care=1.0):
    """Rankings of `size` alternatives, the first `known` places told; lower ones with less care."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, size, 2))
    left, rank = np.ones((n, size), dtype=bool), np.zeros((n, size))
    for place in range(1, size + 1):
        scale = 1.0 if place == 1 else care
        worth = np.where(left, scale * (X @ BETA) + rng.gumbel(size=(n, size)), -np.inf)
        best = worth.argmax(axis=1)
        rank[np.arange(n), best] = place
        left[np.arange(n), best] = False
    if known is not None:
        rank[rank > known] = np.nan
    return pd.DataFrame(X.reshape(-1, 2), columns=["price", "rating"]).assign(
        rank=rank.ravel(),
        trial_id=np.repeat([f"t{k}" for k in range(n)], size),
        world_id=np.repeat([f"w{k // 2}" for k in range(n)], size),
        product_id=np.tile([f"p{j}" for j in range(size)], n),
    ).sample(frac=1, random_state=seed)  # fmt: skip


def model(rows, **given):
    return ExplodedLogit.from_formula("rank ~ price + rating", rows, "trial_id", **given)


def test_a_ranking_becomes_choices():
    found = explode([2, 1, 3, 1, np.nan, np.nan], ["a", "a", "a", "b", "b", "b"])
    assert found.rows.tolist() == [0, 1, 2, 3, 4, 5, 0, 2]
    assert found.y.tolist() == [0, 1, 0, 1, 0, 0, 1, 0]
    assert found.stage.tolist() == [1] * 6 + [2] * 2
    assert len(set(found.sets.tolist())) == 3
    assert (found.rankings, found.unranked) == (2, 0)
    assert explode([2, 1, 3], [0, 0, 0], depth=1).stage.tolist() == [1, 1, 1]


@pytest.mark.parametrize("known", [None, 2])
def test_it_is_the_textbook_likelihood(known):
    """The oracle: the product of logits over places, climbed by scipy."""
    rows = table(60, known=known)
    found = model(rows).fit("nonrobust")
    told = rows.sort_values(["trial_id", "rank"])
    X = told[["price", "rating"]].to_numpy().reshape(60, 5, 2)
    places = 4 if known is None else known

    def lost(beta):
        worth = X @ beta
        tails = np.exp(worth)[:, ::-1].cumsum(axis=1)[:, ::-1]
        return -(worth - np.log(tails))[:, :places].sum()

    best = minimize(lost, np.zeros(2), method="BFGS")
    assert_allclose(found.params, best.x, atol=1e-4)
    assert_allclose(found.llf, -best.fun, atol=1e-6)
    moves = 1e-3 * np.eye(2)
    b = found.params.to_numpy()
    curve = [
        [lost(b + u + v) - lost(b + u - v) - lost(b - u + v) + lost(b - u - v) for v in moves]
        for u in moves
    ]
    assert_allclose(found.bse, np.sqrt(np.linalg.inv(np.array(curve) / 4e-6).diagonal()), rtol=1e-3)


def test_of_the_best_alone_it_is_the_conditional_logit():
    rows = table()
    chosen = rows.assign(chosen=(rows["rank"] == 1).astype(int))
    plain = ConditionalLogit.from_formula(
        "chosen ~ price + rating", chosen, "trial_id", effects="product_id", cluster="world_id"
    ).fit()
    found = model(rows, depth=1, effects="product_id", cluster="world_id").fit()
    assert_allclose(found.params, plain.params, atol=1e-9)
    assert_allclose(found.bse, plain.bse, atol=1e-9)
    assert found.n_clusters == 100


def test_planted_tastes_and_what_more_places_are_worth():
    hits, gain = [], []
    for seed in range(25):
        rows = table(100, seed=seed)
        found, first = model(rows).fit(), model(rows, depth=1).fit()
        low, high = found.conf_int().to_numpy().T
        hits.append((low < BETA) & (high > BETA))
        gain.append(first.bse / found.bse)
        assert found.n_clusters == 100
    assert 0.87 < np.mean(hits) < 1
    assert np.mean(gain) > 1.4


def test_carelessness_further_down_is_found():
    honest, careless = model(table(400)).stages(), model(table(400, care=0.4)).stages()
    assert honest.test.p_value > 0.01
    assert careless.test.p_value < 1e-4
    price = careless.table[careless.table["term"] == "price"].set_index("stage")["estimate"]
    assert_allclose(price.loc[1], -1.0, atol=0.25)
    assert_allclose(price.loc[2:].mean(), -0.4, atol=0.12)
    assert list(price.index) == [1, 2, 3, 4]
    with pytest.raises(EstimationError, match="fewer than two stages"):
        model(table(50), depth=1).stages()


@pytest.mark.slow
def test_care_that_does_not_fade_is_seldom_doubted():
    rejected = sum(model(table(50, seed=s)).stages().test.p_value < 0.05 for s in range(60))
    assert rejected <= 8  # of 60 at 5 %: more has chance .005


@pytest.mark.parametrize(
    ("ranks", "message"),
    [
        ([1, 1, 2], "'t' has two of rank 1"),
        ([1, 3, 4], "'t' lacks a rank before 3"),
        ([2, 3, np.nan], "'t' lacks a rank before 2"),
        ([0, 1, 2], "'t' has 0. Leave those empty"),
        ([1, 2.5, 3], "has 2.5"),
        ([np.nan] * 3, "no alternative has a rank"),
    ],
)
def test_ranks_that_are_none_are_named(ranks, message):
    with pytest.raises(EstimationError, match=message):
        explode(ranks, ["t"] * 3)


def test_what_a_table_lacks_is_named():
    rows = table(20)
    with pytest.raises(EstimationError, match="no column 'ranks'"):
        ExplodedLogit.from_formula("ranks ~ price", rows, "trial_id")
    with pytest.raises(EstimationError, match="must hold ranks"):
        ExplodedLogit.from_formula("trial_id ~ price", rows, "trial_id")
    with pytest.raises(EstimationError, match="depth is at least 1"):
        model(rows, depth=0)
    rows.loc[rows["trial_id"] == "t3", "rank"] = np.nan
    found = model(rows).fit()
    assert found.n_left_out == {"without a rank": 1}


def test_as_an_analysis():
    config = ExplodedLogitEstimator.Config(terms=("price", "rating"), depth=3)
    found = ExplodedLogitEstimator(config).fit(table())
    assert found.nobs == 600
    assert found.provenance.outcome == "rank"
    assert ESTIMATORS.load("exploded_logit") is ExplodedLogitEstimator
