"""Channels on shared worlds: against one stacked fit, and size under no difference."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from aces.errors import EstimationError
from aces.stats.joint import joint_covariance, wald_test
from analysis.channels import Settings, channels
from analysis.choice_model import ConditionalLogit
from analysis.display import with_limits
from analysis.frame import load_choices
from analysis.term_families import families

TERMS = ("row_1", "log_price", "overall_pick")
TRUTH = {"row_1": 0.9, "log_price": -1.8, "overall_pick": 1.2}


def settings(terms=TERMS, **asked):
    return Settings("channels", tuple(terms), families(terms), **asked)


def as_channels(table):
    """Two buyers of a run as one buyer through two channels."""
    return table.assign(interface=table["buyer"], buyer="one")


@pytest.fixture(scope="module")
def apart(planted_runs):
    """Independent noise; the second channel likes the badge less."""
    buyers = {"screenshot": TRUTH, "json": TRUTH | {"overall_pick": -0.6}}
    return as_channels(
        load_choices(planted_runs("apart", worlds=250, noise="independent", buyers=buyers))
    )


def rows_of(found, estimator):
    return {
        (row.interface, row.term): row
        for one in found
        for row in one.estimates()
        if row.estimator == estimator
    }


def stacked(table):
    """One logit of both channels, products with effects of their own in each."""
    channel = table["interface"].astype(str)
    own = table.assign(
        second=(channel == "json").astype(float),
        product_id=table["product_id"].astype(str) + channel,
    )
    terms = [*TERMS, *(f"{term}:second" for term in TERMS)]
    return ConditionalLogit.from_formula(
        f"chosen ~ {' + '.join(terms)}", own, "trial_id", effects="product_id", cluster="world_id"
    ).fit()


def test_differences_are_those_of_a_stacked_fit(apart):
    found = channels(apart, settings())
    ours = rows_of(found, "channel_difference")
    theirs = stacked(apart)
    levels = rows_of(found, "channel")
    for term in TERMS:
        row = ours["json", term]
        assert row.estimate == pytest.approx(theirs.params[f"{term}:second"], abs=1e-6)
        assert row.std_error == pytest.approx(theirs.bse[f"{term}:second"], rel=1e-5)
        assert row.p_value == pytest.approx(theirs.pvalues[f"{term}:second"], rel=1e-3)
        whole = theirs.params[term] + theirs.params[f"{term}:second"]
        assert levels["json", term].estimate == pytest.approx(whole, abs=1e-6)


def test_a_planted_difference_is_found_where_it_is(apart):
    found = channels(apart, settings(smallest=0.5))
    rows = rows_of(found, "channel_difference")
    assert abs(rows["json", "overall_pick"].estimate + 1.8) < 4 * rows["json", TERMS[2]].std_error
    joint = rows_of(found, "channel_joint")
    assert joint["json", "joint[badges]"].p_value < 1e-3
    assert joint["json", "joint[all terms]"].p_value < 1e-3
    assert joint["json", "joint[position]"].p_value > 0.01
    # one term alone: the joint test is that of its t statistic
    row = rows["json", "log_price"]
    assert joint["json", "joint[price]"].estimate == pytest.approx(
        (row.estimate / row.std_error) ** 2
    )
    assert joint["json", "joint[price]"].p_value == pytest.approx(row.p_value, rel=1e-6)
    verdicts = {row[1]: row[-1] for row in found[0].table.rows if row[2] == "json"}
    assert verdicts["overall_pick"] == "present"
    assert verdicts["row_1"] == "absent"
    (said,), (whole,) = (each.answer for each in found)
    row = rows["json", "overall_pick"]
    shown = with_limits(row.estimate, row.ci_low, row.ci_high, digits=2)
    assert f"json differs most from screenshot in overall_pick, by {shown} in log-odds." in said
    assert "the channel changes what moves choices (p < .001" in whole
    (plot,) = found[0].plots
    assert {name: len(points) for name, points in plot.series.items()} == {
        "screenshot": 3,
        "json": 3,
    }


def test_equal_outcomes_are_identical_and_nothing_else_is(planted_runs):
    several = ("json", "html", "aria")
    table = load_choices(planted_runs("same", worlds=60, interfaces=several))
    found = channels(table, settings(smallest=0.3))
    for row in rows_of(found, "channel_difference").values():
        assert (row.estimate, row.std_error, row.p_value) == (0.0, 0.0, 1.0)
    assert all(row[4] == "identical" for row in found[1].table.rows if row[2] != "any channel")
    assert found[0].answer == []
    assert "choices are the same through each channel" in found[1].answer[0]
    # one purchase in another slot: not identical any more, and the difference is in doubt
    trial = table.loc[table["interface"] == "html", "trial_id"].iloc[0]
    moved = table.copy()
    own = moved["trial_id"] == trial
    moved.loc[own, "chosen"] = np.roll(moved.loc[own, "chosen"], 1)
    found = channels(moved, settings())
    rows = rows_of(found, "channel_difference")
    assert ": html differs most from json" in found[0].answer[0]
    assert found[0].answer[0].endswith("which may be chance.")
    assert all(rows["aria", term].std_error == 0 for term in TERMS)
    assert all(rows["html", term].std_error > 0 for term in TERMS)
    tests = {(row[1], row[2]): row[3:5] for row in found[1].table.rows}
    assert tests["all terms", "html"][0] == "119 of 120"
    assert tests["all terms", "aria"] == ("120 of 120", "identical")


def test_a_failed_trial_in_one_channel_is_no_identity(planted_runs):
    table = load_choices(planted_runs("same2", worlds=40, interfaces=("json", "html")))
    trial = table.loc[table["interface"] == "html", "trial_id"].iloc[0]
    table.loc[table["trial_id"] == trial, ["status", "chosen"]] = ["failed", 0]
    found = channels(table, settings())
    assert rows_of(found, "channel_difference")["html", "row_1"].std_error > 0
    assert found[0].notes == ["channels: planted · html: left out as nothing was bought: 1 failed"]


def shoppers(seed, worlds=80, several=("a", "b", "c"), size=6):
    """One buyer of one taste through several channels, with noise of its own in each."""
    rng = np.random.default_rng(seed)
    top = rng.random((worlds, size)).argsort(axis=1) < size // 2
    price = rng.normal(0, 0.3, (worlds, size))
    world = np.repeat(np.arange(worlds), size).astype(str)
    tables = []
    for channel in several:
        worth = 0.9 * top - 1.8 * price + rng.gumbel(size=(worlds, size))
        chosen = worth == worth.max(axis=1, keepdims=True)
        seen = {"trial_id": np.char.add(world, channel), "world_id": world, "repeat": 0}
        seen |= {"buyer": "one", "interface": channel, "status": "chosen"}
        seen |= {"row_1": top.ravel().astype(int), "log_price": price.ravel()}
        seen |= {"product_id": np.tile(np.arange(size), worlds).astype(str)}
        tables.append(pd.DataFrame({**seen, "chosen": chosen.ravel().astype(int)}))
    return pd.concat(tables, ignore_index=True)


@pytest.mark.slow
def test_the_joint_test_has_its_size_when_nothing_differs():
    """Independent noise, three channels: p-values of the test of all are uniform."""
    asked = settings(("row_1", "log_price"), effects=None)
    p = [
        rows_of(channels(shoppers(seed), asked), "channel_joint")["all", "joint[all terms]"].p_value
        for seed in range(100)
    ]
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert sum(value < 0.05 for value in p) <= 11  # 5 expected; more in one of 200 tries


def test_what_cannot_be_compared_says_why(apart):
    alone = apart[apart["interface"] == "json"]
    with pytest.raises(EstimationError, match="needs two that can be estimated"):
        channels(alone, settings())
    with pytest.raises(EstimationError, match="no column 'colour'"):
        channels(apart, settings(("row_1", "colour")))
    with pytest.raises(EstimationError, match="families name scarcity"):
        channels(apart, Settings("c", TERMS, {"badges": ("scarcity",)}))
    few = apart[apart["world_id"].isin(apart["world_id"].unique()[:2])]
    with pytest.raises(EstimationError):
        channels(few, settings())
    # a channel that broke down is told of, the others are compared
    broken = apart[apart["interface"] == "json"].assign(interface="html", status="failed", chosen=0)
    broken["trial_id"] += "-html"
    both = channels(pd.concat([apart, broken], ignore_index=True), settings())
    assert any("one · html: no estimates" in note for note in both[0].notes)
    assert {row[2] for row in both[0].table.rows} == {"screenshot", "json"}


def test_wald_drops_what_is_a_combination_of_others():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(3, 3))
    V = A @ A.T
    d = rng.normal(size=3)
    whole = wald_test(d, V)
    assert whole.statistic * 3 == pytest.approx(float(d @ np.linalg.solve(V, d)))
    assert whole.p_value == pytest.approx(stats.chi2.sf(whole.statistic * 3, 3))
    clustered = wald_test(d, V, 19)  # Hotelling's, of 20 clusters
    assert clustered.statistic == pytest.approx(whole.statistic * 17 / 19)
    assert clustered.p_value == pytest.approx(stats.f.sf(clustered.statistic, 3, 17))
    assert np.isnan(wald_test(d, V, 2).p_value)
    twice = np.vstack([np.eye(3), [[1.0, 1.0, 0.0]]])
    again = wald_test(twice @ d, twice @ V @ twice.T)
    assert again.df == 3
    assert again.statistic == pytest.approx(whole.statistic)
    assert wald_test(np.zeros(2), np.zeros((2, 2))).p_value == 1.0
    assert np.isnan(wald_test(np.array([1.0, 0.0]), np.zeros((2, 2))).p_value)


def test_fits_on_shared_clusters_are_not_independent():
    rng = np.random.default_rng(1)
    names = np.array([f"w{i:03}" for i in range(200)])
    shared = rng.normal(size=(200, 1))
    other = 0.5 * shared + rng.normal(size=(200, 1))
    V, clusters = joint_covariance([names, names[:150]], [shared, other[:150]])
    assert clusters == 200
    factor = 200 / 199
    assert V[0, 0] == pytest.approx(factor * float((shared**2).sum()))
    assert V[0, 1] == pytest.approx(factor * float((shared[:150] * other[:150]).sum()))
