"""Latent classes on tables: names, what is printed, and as an analysis of several buyers."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from aces.errors import EstimationError
from analysis import ConditionalLogit, LatentClassLogit
from analysis.estimators import ESTIMATORS
from analysis.estimators.latent_class import LatentClassEstimator

TERMS = ("price", "rating")
THRIFTY, CHOOSY = (-2.0, 0.2), (-0.3, 1.5)
CHANCE = {"student": 0.2, "parent": 0.8}
"""Of the choosy type, by persona."""


def table(n=60, per=10, seed=0, size=4, outside=False, interface="page", chance=None):
    """Choices of n buyers of two types, whose chance depends on their persona; shuffled rows."""
    rng = np.random.default_rng(seed)
    persona = np.array(list(CHANCE))[rng.integers(0, 2, n)]
    choosy = rng.random(n) < np.vectorize((chance or CHANCE).get)(persona)
    who = np.repeat(np.arange(n), per)
    X = rng.normal(size=(n * per, size, 2))
    taste = np.where(choosy[:, None], CHOOSY, THRIFTY)[who]
    effect = 0.4 * np.arange(size)
    worth = np.einsum("sjk,sk->sj", X, taste) + effect + rng.gumbel(size=(n * per, size))
    nothing = rng.gumbel(size=n * per) if outside else np.full(n * per, -np.inf)
    bought = worth.max(axis=1) > nothing
    chosen = (worth == worth.max(axis=1, keepdims=True)) & bought[:, None]
    trial = np.repeat(np.arange(n * per), size)
    frame = pd.DataFrame(X.reshape(-1, 2), columns=list(TERMS)).assign(
        chosen=chosen.ravel().astype(int),
        trial_id=[f"{interface}{k}" for k in trial],
        world_id=[f"w{k % per}" for k in trial],
        product_id=np.tile([f"p{j}" for j in range(size)], n * per),
        buyer=[f"m{k:02d}" for k in np.repeat(who, size)],
        persona=persona[np.repeat(who, size)],
        family=[f"f{k}" for k in np.repeat(who, size) // 3],
        status=np.where(np.repeat(bought, size), "chosen", "abstained"),
        interface=interface,
        choosy=choosy[np.repeat(who, size)],
    )
    return frame.sample(frac=1, random_state=seed)


def model(rows, **changes):
    given = {"panel": "buyer", "membership": "persona", "effects": "product_id"} | changes
    return LatentClassLogit.from_formula("chosen ~ price + rating", rows, "trial_id", **given)


def test_a_table_and_its_arrays_say_the_same():
    rows = table()
    found = model(rows, effects=None).fit(starts=3, order="price")
    arrays = LatentClassLogit(
        rows[list(TERMS)].to_numpy(),
        rows["chosen"],
        rows["trial_id"],
        rows["buyer"],
        membership=(rows[["persona"]] == "student").to_numpy(),
    ).fit(starts=3, order="x1")
    assert_allclose(found.params, arrays.params, atol=1e-4)
    assert_allclose(found.bse, arrays.bse, rtol=1e-3)
    assert list(found.params.index[-2:]) == ["is_class2.1", "is_class2.persona[T.student]"]
    assert isinstance(arrays.params, np.ndarray)
    assert found.params["is_class2.persona[T.student]"] < -1  # students are thrifty
    assert found.pvalues["is_class2.persona[T.student]"] < 0.01


def test_planted_types_and_who_is_of_which():
    rows = table(100, 12)
    found = model(rows).fit(starts=3, order="price")
    by_class = found.coefficients()
    assert_allclose(by_class.loc["price"], [-2.0, -0.3], atol=0.35)
    assert_allclose(by_class.loc["rating"], [0.2, 1.5], atol=0.3)
    assert by_class.loc["product_id[p3]", 1] == by_class.loc["product_id[p3]", 2]
    truth = rows.groupby("buyer")["choosy"].first()
    posterior = found.posterior()
    assert posterior.index.name == "buyer"
    assert ((posterior[2] > 0.5) == truth.loc[posterior.index]).mean() > 0.97
    shares = found.shares().set_index("class")
    assert_allclose(shares["share"].sum(), 1)
    assert shares.loc[2, "ci_low"] < truth.mean() < shares.loc[2, "ci_high"]
    assert 0.8 < found.entropy < 1


def test_number_of_classes_by_bic():
    chosen = model(table(50, 8)).compare(3, starts=2)
    assert list(chosen["classes"]) == [1, 2, 3][: len(chosen)]
    assert chosen.loc[chosen["bic"].idxmin(), "classes"] == 2
    plain = ConditionalLogit.from_formula(
        "chosen ~ price + rating", table(50, 8), "trial_id", effects="product_id"
    ).fit()
    assert_allclose(chosen.loc[0, "llf"], plain.llf)
    assert_allclose(chosen.loc[0, "bic"], plain.bic)
    alike = table(50, 8, seed=2, chance={"student": 0.0, "parent": 0.0})
    single = model(alike, membership=None).compare(2, starts=2)
    assert single.loc[single["bic"].idxmin(), "classes"] == 1


def test_the_summary_says_what_was_told_apart():
    said = model(table(), cluster="family").fit(starts=3).summary()
    for part in (
        "Latent class logit, 2 classes",
        "60 (buyer) with 10 choice sets each",
        "Shares:         class 1: 0.",
        "entropy 0.",
        "3 of 3 ended at this maximum",
        "clustered by family (CR3, each left out, 20 clusters); t(19)",
        "is_class2.persona[T.student]",
        "compare BIC",
    ):
        assert part in said
    assert max(map(len, said.splitlines())) < 200


def test_buying_nothing_and_trials_left_out():
    rows = table(outside=True)
    inside = model(rows).fit(starts=2)
    gone = inside.provenance.left_out["abstained"]
    both = model(rows, outside=True).fit(starts=2)
    assert both.nobs == inside.nobs + gone
    assert "buying nothing included" in both.estimand


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"panel": "buyers"}, "no column 'buyers'"),
        ({"panel": "price"}, "more than one value of the panel"),
        ({"membership": "person"}, "person"),
        ({"membership": "price"}, "more than one value of what membership depends on"),
        ({"membership": "persona +"}, "membership 'persona \\+'"),
        ({"membership": "persona + C(persona)"}, "same for all deciders, or a combination"),
        ({"common": ["prices"]}, "'prices', which is no term"),
        ({"cluster": "world_id"}, "more than one value of the cluster"),
    ],
)
def test_what_a_table_lacks_is_named(changes, message):
    with pytest.raises(EstimationError, match=message):
        model(table(20, 4), **changes).fit(starts=1)


def estimator(**given):
    return LatentClassEstimator(LatentClassEstimator.Config(terms=TERMS, starts=3, **given))


def test_as_an_analysis_all_buyers_are_taken_together():
    rows = pd.concat([table(), table(seed=1, interface="json")], ignore_index=True)
    found, posteriors = estimator(panel="buyer", membership="persona", classes=[1, 2]).across(rows)
    lines = found.table.rows
    assert {line[0] for line in lines} == {"page", "json"}
    assert [line[1:3] for line in lines[:2]] == [("1", "share, %"), ("2", "share, %")]
    assert not any("product_id" in line[2] for line in lines)
    terms = [row.term for row in found.estimates() if row.interface == "page"]
    assert terms[:4] == ["share[class1]", "share[class2]", "class1.price", "class1.rating"]
    assert "m00, m01" in found.estimates()[0].buyer
    assert any("BIC by number of classes: 1 " in note for note in found.notes)
    assert [len(plot.series) for plot in found.plots] == [2, 2]
    who = [row for row in posteriors.estimates() if row.interface == "page"]
    assert len(who) == 2 * 60
    truth = rows[rows["interface"] == "page"].groupby("buyer")["choosy"].first()
    tastes = {row.term: row.estimate for row in found.estimates() if row.interface == "page"}
    choosy = "class1" if tastes["class1.rating"] > tastes["class2.rating"] else "class2"
    right = [(row.estimate > 0.5) == truth[row.buyer] for row in who if row.term == choosy]
    assert np.mean(right) > 0.95
    assert len(posteriors.table.rows) == 120
    assert posteriors.plots[0].series["class 1"][0].value == 100 * who[0].estimate


def test_one_trial_one_decider_and_posteriors_by_buyer():
    """Two buyers whose trials are of either type, by coin: one choice each says little of whose."""
    rows = table(1200, 1, seed=3, size=6)
    rows["buyer"] = rows["persona"] + "s"
    found, posteriors = estimator(membership="persona", common="rating").across(rows)
    assert found.types[0].best.n_deciders == 1200
    chance = {row[2]: row[4][1] for row in posteriors.rows}
    assert len(chance) == 2
    apart = abs(chance["parents · page · parent"] - chance["students · page · student"])
    assert apart > 0.3  # .6 is planted


def test_where_there_is_nothing_to_tell_it_is_said():
    alike = table(60, 8, seed=2, chance={"student": 0.0, "parent": 0.0})
    found, posteriors = estimator(panel="buyer", classes=(1, 2)).across(alike)
    assert any("do not tell types apart" in note for note in found.notes)
    assert found.table.rows == ()
    assert found.estimates() == []
    assert posteriors.plots == []
    assert posteriors.table.rows == ()
    forced, _ = estimator(panel="buyer").across(alike)
    assert any("nothing but chance" in n or "no estimates" in n for n in forced.notes)
    few, _ = estimator(panel="persona", membership="persona").across(table())
    assert any("2 deciders can't tell" in note for note in few.notes)
    with pytest.raises(EstimationError, match="no column 'whom'"):
        _ = estimator(panel="whom").across(table())[0].notes
    with pytest.raises(EstimationError, match="nothing varies"):
        _ = LatentClassEstimator(LatentClassEstimator.Config()).across(table())[0].notes


def test_the_plug_in_goes_by_its_name():
    assert ESTIMATORS.load("latent_class") is LatentClassEstimator
