"""The mixed logit on tables: names, rows left out, what is printed, and as an analysis."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from aces.errors import EstimationError
from analysis import ConditionalLogit, MixedLogit
from analysis.estimators.mixed_logit import MixedLogitEstimator

TERMS = ("price", "rating")


def table(n=80, per_decider=6, size=4, seed=0, outside=False):
    """Choices of deciders whose taste for price differs, in shuffled rows."""
    rng = np.random.default_rng(seed)
    trials = n * per_decider
    X = rng.normal(size=(trials, size, 2))
    taste = np.column_stack([-1 + 0.8 * rng.normal(size=n), np.full(n, 0.5)])
    utility = np.einsum("tjk,tk->tj", X, np.repeat(taste, per_decider, axis=0))
    utility += rng.gumbel(size=utility.shape)
    best = utility.max(axis=1)
    bought = best > rng.gumbel(size=trials) if outside else np.full(trials, True)
    chosen = (utility == best[:, None]) & bought[:, None]
    trial = np.repeat(np.arange(trials), size)
    frame = pd.DataFrame(X.reshape(-1, 2), columns=list(TERMS)).assign(
        chosen=chosen.ravel().astype(int),
        trial_id=[f"t{k}" for k in trial],
        who=[f"d{k}" for k in trial // per_decider],
        world_id=[f"w{k}" for k in trial // per_decider // 4],
        weight=1.0 + (trial // per_decider) % 2,
        status=np.where(np.repeat(bought, size), "chosen", "abstained"),
        buyer="b",
        interface="page",
    )
    return frame.sample(frac=1, random_state=seed)


def model(frame, **changes):
    given = {"panel": "who", "random": {"price": "normal"}} | changes
    return MixedLogit.from_formula("chosen ~ price + rating", frame, "trial_id", **given)


def test_a_table_and_its_arrays_say_the_same():
    frame = table()
    found = model(frame, cluster="world_id", weights="weight").fit(60)
    arrays = MixedLogit(
        frame[list(TERMS)].to_numpy(),
        frame["chosen"],
        frame["trial_id"],
        frame["who"],
        random={"x1": "normal"},
        clusters=frame["world_id"],
        weights=frame["weight"],
    ).fit(60)
    assert_allclose(found.params, arrays.params, atol=1e-3)  # deciders come in another order
    assert_allclose(found.bse, arrays.bse, rtol=0.02)
    assert list(found.params.index) == ["price", "rating", "sd.price"]
    assert isinstance(arrays.params, np.ndarray)
    assert found.n_deciders == 80
    assert found.n_clusters == 20
    assert found.df == 19
    assert_allclose(found.cov_params().loc["price", "price"], found.bse["price"] ** 2)
    low, high = found.conf_int().loc["rating"]
    assert low < 0.5 < high
    assert np.isnan(found.pvalues["sd.price"])
    assert found.llf > found.llfixed + 10


def test_what_varies_within_deciders_only_if_they_are_named():
    """Without its panel the same spread is all but unidentified: the panel must matter."""
    frame = table(seed=3)
    with_panel = model(frame).fit(60, other_sets=0)
    without = model(frame, panel=None).fit(60, other_sets=0)
    assert without.n_deciders == 480
    assert without.bse["sd.price"] > 1.5 * with_panel.bse["sd.price"]


def test_buying_nothing_and_sets_left_out():
    frame = table(outside=True, seed=1)
    abstained = int(frame.groupby("trial_id")["chosen"].max().eq(0).sum())
    inside = model(frame).fit(50, other_sets=0)
    assert inside.provenance.left_out == {"abstained": abstained}
    both = model(frame, outside=True).fit(50, other_sets=0)
    assert both.nobs == inside.nobs + abstained
    conditional = ConditionalLogit.from_formula(
        "chosen ~ price + rating", frame, "trial_id", outside=True
    ).fit()
    assert_allclose(both.llfixed, conditional.llf)
    assert "buying nothing included" in both.estimand


def test_where_nothing_varies_the_spread_says_so():
    """Sandwich errors vanish with the spread; the interval must not."""
    for seed in range(6):
        frame = table(40, 4, seed=seed)
        rng = np.random.default_rng(seed)
        frame["price"] = rng.normal(size=len(frame))  # of no effect on anyone
        found = model(frame).fit(40, other_sets=0)
        low, high = found.conf_int().loc["sd.price"]
        assert low == 0 or found.params["sd.price"] > 0.3
        assert high > 0.2


def test_the_summary_says_what_draws_did():
    found = model(table()).fit(25)
    said = found.summary()
    for part in (
        "80 (who) with 6 choice sets each",
        "25 scrambled Halton draws per decider",
        "5 sets of draws: estimates vary by at most",
        "twice as many draws:",
        "largest gradient",
        "robust by decider",
    ):
        assert part in said
    assert "was not measured" in model(table()).fit(25, other_sets=0).summary()
    assert max(map(len, said.splitlines())) < 200


@pytest.mark.parametrize("shape", ["normal", "lognormal", "negative lognormal", "triangular"])
def test_the_population_is_that_of_its_shape(shape):
    """Against a million draws of the estimated coefficients."""
    frame = table()
    if shape == "lognormal":
        frame["price"] = -frame["price"]
    found = model(frame, random={"price": shape}).fit(50, other_sets=0)
    mean, spread = found.params.iloc[0], found.params.iloc[2]
    rng = np.random.default_rng(0)
    z = rng.triangular(-1, 0, 1, 10**6) if shape == "triangular" else rng.normal(size=10**6)
    b = mean + spread * z
    if "lognormal" in shape:
        b = np.exp(b) * (-1 if "negative" in shape else 1)
        assert np.isnan(found.pvalues["price"])
    row = found.population().iloc[0]
    assert_allclose(
        [row["mean"], row["sd"], row["share_above_0"]], [b.mean(), b.std(), (b > 0).mean()],
        rtol=0.02, atol=1e-3,
    )  # fmt: skip


def test_correlations_are_those_of_the_factor():
    found = model(table(), random=dict.fromkeys(TERMS, "normal"), correlated=True).fit(50)
    assert list(found.params.index[2:]) == ["sd.price", "chol.rating.price", "sd.rating"]
    a, b = found.params["chol.rating.price"], found.params["sd.rating"]
    assert_allclose(found.correlations().loc["price", "rating"], a / np.hypot(a, b))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"panel": "whom"}, "no column 'whom'"),
        ({"panel": "price"}, "more than one value of the panel"),
        ({"random": {"pricy": "normal"}}, "no term 'pricy'"),
        ({"cluster": "trial_id"}, "more than one value of the cluster"),
    ],
)
def test_what_a_table_lacks_is_named(changes, message):
    with pytest.raises(EstimationError, match=message):
        model(table(10), **changes).fit(20)


def test_as_an_analysis_every_buyer_has_its_own_population():
    first, second = table(), table(20, 2, seed=5).assign(buyer="c")
    second["price"] = 1.0
    second["trial_id"] += "c"
    config = MixedLogitEstimator.Config(
        terms=TERMS, random={"price": "normal"}, panel="who", cluster=None, draws=30
    )
    found = MixedLogitEstimator(config).across(pd.concat([first, second], ignore_index=True))
    rows = found.estimates()
    assert [row.term for row in rows] == ["price", "rating", "sd.price"]
    assert {row.buyer for row in rows} == {"b"}
    assert rows[2].p_value is None
    assert len(found.table.rows) == 3
    assert any("no estimates" in note and "price" in note for note in found.notes)
    assert any("30 scrambled Halton draws" in note for note in found.notes)
    assert [point.at for point in found.plots[0].series["b · page"]] == [r.term for r in rows]
    with pytest.raises(EstimationError, match="nothing varies"):
        _ = MixedLogitEstimator(MixedLogitEstimator.Config()).across(first).notes


def test_the_plug_in_goes_by_its_name():
    from analysis.estimators import ESTIMATORS

    assert ESTIMATORS.load("mixed_logit") is MixedLogitEstimator
