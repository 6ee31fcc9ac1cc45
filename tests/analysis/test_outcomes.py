"""Binary and ordered outcomes: statsmodels' estimates, our errors, and what is refused."""

import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from aces.errors import EstimationError
from analysis.estimators import ESTIMATORS
from analysis.estimators.outcome import OutcomeEstimator
from analysis.outcomes import outcome_model


def table(n=400, seed=0, levels=4, spread=1.0):
    """Trials in worlds of four, of which some are more willing; two rows each."""
    rng = np.random.default_rng(seed)
    world = np.arange(n) // 4
    x, arm = rng.normal(size=n // 4)[world], rng.integers(0, 2, n)
    latent = 0.8 * x - 0.5 * arm + spread * rng.normal(size=n // 4)[world]
    latent = latent + rng.logistic(size=n)
    rows = pd.DataFrame(
        {
            "trial_id": [f"t{k}" for k in range(n)],
            "world_id": [f"w{k}" for k in world],
            "x": x,
            "arm": np.array(["plain", "loud"])[arm],
            "stars": np.digitize(latent, np.linspace(-1, 1.5, levels - 1)) + 1,
            "status": np.where(latent > 0.2, "chosen", "abstained"),
            "buyer": "b",
            "interface": "page",
        }
    )
    two = rows.loc[rows.index.repeat(2)].reset_index(drop=True)
    two["product_id"] = ["p", "q"] * n
    two["chosen"] = ((two["status"] == "chosen") & (two["product_id"] == "p")).astype(int)
    return two


def test_bought_is_statsmodels_logit_with_clustered_errors():
    import statsmodels.api as sm

    rows = table(800)
    found = outcome_model(rows, ["x", "arm"])
    one = rows.drop_duplicates("trial_id")
    X = np.column_stack([one["x"], one["arm"] == "plain", np.ones(len(one))]).astype(float)
    groups = one["world_id"].factorize()[0]
    theirs = sm.Logit((one["status"] == "chosen").astype(int).to_numpy(), X).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": groups}
    )
    plain = sm.Logit((one["status"] == "chosen").astype(int).to_numpy(), X).fit(disp=0)
    assert found.names == ("x", "arm[T.plain]", "Intercept")
    assert_allclose(found.params, theirs.params, atol=1e-6)
    own = np.sqrt(found.covariance.diagonal())
    assert_allclose(own, theirs.bse, rtol=0.01)  # theirs has a further small-sample factor
    assert own[0] > 1.2 * plain.bse[0]  # x is the world's
    assert (found.n_clusters, found.df) == (200, 199)
    assert found.levels == ("0", "1")


@pytest.mark.parametrize("kind", ["binary", "ordered"])
def test_few_clusters_are_left_out_one_by_one(kind):
    """The oracle: every world really left out, the model fitted again."""
    asked = {"outcome": "stars", "kind": kind, "link": "probit"}
    rows = table(400, seed=3)
    rows["world_id"] = rows["trial_id"].str[1:].astype(int) % 20
    if kind == "binary":
        rows["stars"] = (rows["stars"] > 2).astype(int)
    found = outcome_model(rows, ["x", "arm"], **asked)
    apart = [
        outcome_model(rows[rows["world_id"] != world], ["x", "arm"], **asked).params - found.params
        for world in range(20)
    ]
    assert found.n_clusters == 20
    own = np.sqrt(found.covariance.diagonal())
    assert_allclose(own, np.sqrt(19 / 20 * np.square(apart).sum(axis=0)), rtol=0.02)


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_an_ordered_outcome_is_its_textbook_likelihood(link):
    from scipy.special import expit, ndtr

    rows = table()
    found = outcome_model(rows, ["x", "arm"], outcome="stars", kind="ordered", link=link)
    one = rows.drop_duplicates("trial_id")
    X = np.column_stack([one["x"], one["arm"] == "plain"]).astype(float)
    y, F = one["stars"].to_numpy() - 1, expit if link == "logit" else ndtr

    def lost(params):
        cuts = np.concatenate([[-np.inf], params[2], params[2] + np.exp(params[3:]).cumsum(),
                               [np.inf]], axis=None)  # fmt: skip
        worth = X @ params[:2]
        return -np.log(F(cuts[y + 1] - worth) - F(cuts[y] - worth)).sum()

    best = minimize(lost, [0.5, 0.3, -1, 0, 0], method="BFGS")
    assert_allclose(found.params, best.x[:2], atol=1e-4)
    assert_allclose(found.llf, -best.fun, atol=1e-6)
    assert found.levels == ("1", "2", "3", "4")
    assert "1 < 2 < 3 < 4" in found.estimand


def test_intervals_cover_with_clusters():
    covered = []
    for seed in range(40):
        rows = table(160, seed=seed, spread=0.0)
        found = outcome_model(rows, ["x"], outcome="stars", kind="ordered").table().iloc[0]
        covered.append(found["ci_low"] < 0.8 < found["ci_high"])
    assert np.mean(covered) > 0.85


def test_levels_of_words_have_the_order_of_their_category():
    rows = table()
    words = pd.Categorical.from_codes(
        rows["stars"] - 1, ["poor", "fair", "good", "best"], ordered=True
    )
    named = outcome_model(rows.assign(said=words), ["x"], outcome="said", kind="ordered")
    assert named.levels == ("poor", "fair", "good", "best")
    plain = outcome_model(rows, ["x"], outcome="stars", kind="ordered")
    assert_allclose(named.params, plain.params)


def test_failed_trials_are_no_refusals():
    rows = table()
    lost = rows["trial_id"].isin(["t1", "t2"])
    rows["status"] = rows["status"].where(~lost, "failed")
    rows["chosen"] = rows["chosen"].where(~lost, 0)
    found = outcome_model(rows, ["x"])
    assert found.nobs == 398
    assert found.left_out == {"failed": 2}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"terms": ["product_id"]}, "'product_id' differs between rows of trial"),
        ({"terms": ["y"]}, "no column 'y'"),
        ({"terms": []}, "needs terms"),
        ({"terms": ["x +"]}, "can't be read"),
        ({"terms": ["interface"]}, "'interface' is the same in all trials"),
        ({"terms": ["x", "I(2 * x)"]}, "collinear"),
        ({"outcome": "stars"}, "'stars' has 4 levels, not two"),
        ({"outcome": "buyer", "kind": "ordered"}, "'buyer' has 1 levels"),
        ({"terms": ["status"]}, "'status.*' predicts the outcome perfectly"),
        ({"cluster": "buyer"}, "1 clusters are too few"),
    ],
)
def test_what_can_not_be_is_refused(changes, message):
    given = {"terms": ["x"]} | changes
    with pytest.raises(EstimationError, match=message):
        outcome_model(table(), given.pop("terms"), **given)


def test_without_statsmodels_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "statsmodels.discrete.discrete_model", None)
    with pytest.raises(EstimationError, match="pip install statsmodels"):
        outcome_model(table(), ["x"])


def test_as_an_analysis():
    config = OutcomeEstimator.Config(shelf_terms=("x", "arm"))
    found = OutcomeEstimator(config).across(
        pd.concat(
            [table(), table(40, seed=1).assign(buyer="c", x=1.0, arm="plain")], ignore_index=True
        )
    )
    assert [row.term for row in found.estimates()] == ["x", "arm[T.plain]"]
    assert {row.estimator for row in found.estimates()} == {"binary_logit"}
    assert any("c · page: no estimates" in note for note in found.notes)
    assert any("that bought is 1; 400 trials" in note for note in found.notes)
    assert ESTIMATORS.load("outcome") is OutcomeEstimator
