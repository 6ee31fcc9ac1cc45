"""The linear probability model: planted gaps are found, errors are pyfixest's, faults are named."""

import warnings

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from aces.errors import EstimationError
from aces.spec import Plugin
from aces.store import RunStore
from analysis.analyze import analyze, analyze_table
from analysis.estimators.linear_probability import LinearProbabilityEstimator
from analysis.linear_probability import Model, linear_probability

GAPS = {"first": 0.2, "cheaper": 0.3, "nudged": 0.25}


def pairs(trials=1500, *, seed=0, buyers=("steady", "swayed"), texts=12, categories=11, spread=0.0):
    """Trials of two: the gap in purchase probability is planted; `swayed` is nudged twice as much.

    Prices may tie, so that `cheaper` is neither's, and a fifth of trials has no nudge. `spread` is
    how much gaps differ between texts and between categories.
    """
    rng = np.random.default_rng(seed)
    parts = []
    for buyer in buyers:
        frame = pd.DataFrame({"trial": np.repeat(np.arange(trials), 2)})
        frame["first"] = np.tile([1, 0], trials)
        for term, often in (("cheaper", 0.9), ("nudged", 0.8)):
            left = rng.integers(0, 2, trials)
            there = rng.random(trials) < often
            frame[term] = np.column_stack([left * there, (1 - left) * there]).ravel()
        worth = sum(
            gap * (2 if (buyer, term) == ("swayed", "nudged") else 1) * frame[term]
            for term, gap in GAPS.items()
        ).to_numpy()
        others = rng.normal(0, spread, (texts, 3))[np.arange(trials) % texts]
        others += rng.normal(0, spread, (categories, 3))[np.arange(trials) // texts % categories]
        worth = worth + (np.repeat(others, 2, axis=0) * frame[list(GAPS)]).sum(axis=1).to_numpy()
        chance = 0.5 + (worth[::2] - worth[1::2]) / 2
        left = rng.random(trials) < chance
        frame["chosen"] = np.column_stack([left, ~left]).ravel().astype(int)
        frame["text"] = frame["trial"] % texts
        frame["category"] = frame["trial"] // texts % categories
        frame["trial_id"] = buyer + "/" + frame["trial"].astype(str)
        parts.append(frame.assign(buyer=buyer))
    found = pd.concat(parts, ignore_index=True)
    found["world_id"] = "w" + found["trial"].astype(str)
    found["product_id"] = "p" + (found.index % 7).astype(str)
    whose = {"model": "", "persona": "", "prompt_hash": "", "interface": "tabs"}
    return found.assign(**whose, status="chosen", cause="")


def lines_of(found, kind, buyer):
    return {
        line.term: line.values
        for line in found.lines
        if line.kind == kind and line.arm.group["buyer"] == buyer
    }


def test_planted_gaps_are_found_and_so_is_the_difference_of_buyers():
    """Every gap is in its interval, at each of five seeds with at most one miss in all."""
    misses = 0
    for seed in range(5):
        model = Model("lpm", tuple(GAPS), ("world_id",))
        found = linear_probability(pairs(seed=seed), model)
        for buyer, factor in (("steady", 1), ("swayed", 2)):
            for term, values in lines_of(found, "average_marginal_effect", buyer).items():
                truth = GAPS[term] * (factor if term == "nudged" else 1)
                misses += not values["ci_low"] <= truth <= values["ci_high"]
        apart = lines_of(found, "average_marginal_effect_difference", "swayed")
        assert apart["nudged"]["ci_low"] <= GAPS["nudged"] <= apart["nudged"]["ci_high"]
        assert apart["nudged"]["p_value"] < 0.01
        assert apart["cheaper"]["ci_low"] < 0 < apart["cheaper"]["ci_high"]
    assert misses <= 4  # 30 intervals of 95 %: more than 4 has chance .02


@pytest.mark.parametrize("by", [("world_id",), ("text", "category")])
def test_estimates_are_those_of_pyfixest_and_of_one_model_with_all_buyers(by):
    import pyfixest

    data = pairs(800, spread=0.15)
    data["swayed"] = (data["buyer"] == "swayed").astype(int)
    found = linear_probability(data, Model("lpm", ("first", "cheaper*nudged"), by))
    assert not any("positive definite" in note for note in found.notes)
    ssc = pyfixest.ssc(k_adj=True, k_fixef="nonnested", G_adj=True, G_df="min")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for buyer, part in data.groupby("buyer"):
            other = pyfixest.feols(
                "chosen ~ first + cheaper*nudged | trial_id",
                part,
                vcov={"CRV1": "+".join(by)},
                ssc=ssc,
            )
            ours = lines_of(found, "coefficient", buyer)
            for term, value in other.coef().items():
                assert ours[term]["estimate"] == pytest.approx(value, abs=1e-10)
                assert ours[term]["two_way"] == pytest.approx(other.se()[term], rel=1e-8)
                assert ours[term]["std_error"] >= ours[term]["two_way"] * (1 - 1e-9)
        stacked = pyfixest.feols(
            "chosen ~ (first + cheaper*nudged) * swayed | trial_id",
            data,
            vcov={"CRV1": "+".join(by)},
            ssc=ssc,
        ).coef()
    first = lines_of(found, "average_marginal_effect_difference", "swayed")["first"]
    gap = next(value for name, value in stacked.items() if name == "first:swayed")
    assert first["estimate"] == pytest.approx(gap, abs=1e-10)


def test_the_marginal_effect_of_an_interaction_is_averaged_over_the_rows():
    data = pairs(400, buyers=("steady",)).assign(size=lambda d: (d.index * 7919 % 13) / 3)
    found = linear_probability(data, Model("lpm", ("nudged*size", "np.log1p(size)"), ("text",)))
    own = lines_of(found, "coefficient", "steady")
    average = lines_of(found, "average_marginal_effect", "steady")
    by_hand = own["nudged"]["estimate"] + own["nudged:size"]["estimate"] * data["size"].mean()
    assert average["nudged"]["estimate"] == pytest.approx(by_hand)
    slope = own["size"]["estimate"] + own["nudged:size"]["estimate"] * data["nudged"].mean()
    slope += own["np.log1p(size)"]["estimate"] * (1 / (1 + data["size"])).mean()
    assert average["size"]["estimate"] == pytest.approx(slope, rel=1e-5)


def test_effects_of_products_take_away_what_products_are_worth():
    """Good products are dear: without effects price seems to raise the chance."""
    rng = np.random.default_rng(3)
    quality, n = rng.normal(0, 1, 8), 1500
    price = quality + rng.normal(0, 0.5, (n, 8))
    chance = np.exp(1.5 * quality - 1.0 * price)
    bought = [rng.choice(8, p=row / row.sum()) for row in chance]
    data = pd.DataFrame(
        {
            "trial_id": np.repeat(np.arange(n), 8),
            "product_id": np.tile([f"p{i}" for i in range(8)], n),
            "log_price": price.ravel(),
            "chosen": (np.arange(8) == np.array(bought)[:, None]).ravel().astype(int),
        }
    ).assign(world_id=lambda d: d["trial_id"], buyer="b", interface="i")
    slopes = {}
    for effects in (None, "product_id"):
        found = linear_probability(data, Model("lpm", ("log_price",), effects=effects))
        slopes[effects] = found.lines[0].values
    assert slopes[None]["ci_low"] > 0
    assert slopes["product_id"]["ci_high"] < -0.05
    assert not any("product_id" in note for note in found.notes)


def test_trials_without_a_purchase_are_left_out_and_counted_unless_they_count():
    data = pairs(300, buyers=("steady",))
    ends = {"steady/1": "failed", "steady/2": "abstained", "steady/3": "abstained"}
    data["status"] = data["trial_id"].map(ends).fillna("chosen")
    data.loc[data["status"] != "chosen", "chosen"] = 0
    data["size"] = np.where(data["trial_id"] == "steady/4", np.nan, data.index % 5)
    model = Model("lpm", ("nudged", "size"))
    given = linear_probability(data, model)
    assert given.arms[0].n_trials == 296
    assert given.notes == ["lpm: steady · tabs: left out: 1 without size, 2 abstained, 1 failed"]
    counted = linear_probability(data, Model("lpm", ("nudged", "size"), outside=True))
    assert counted.arms[0].n_trials == 298
    assert "buying nothing included" in counted.table.note


def test_what_cannot_be_told_apart_is_named():
    """In a pair where exactly one is cheaper and one is first, their product says nothing new."""
    data = pairs(300, buyers=("steady",))
    data = data[data.groupby("trial_id")["cheaper"].transform("sum") == 1]
    found = linear_probability(data, Model("lpm", ("first*cheaper", "nudged"), ("text",)))
    assert [n for n in found.notes if "not estimated" in n] == [
        "lpm: steady · tabs: first:cheaper not estimated: no variation within trials beside the "
        "other terms"
    ]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Model("lpm", ()), "there are no terms"),
        (Model("lpm", ("colour",)), "there is no column 'colour'"),
        (Model("lpm", ("cheaper",), ("brand",)), "there is no column 'brand'"),
        (Model("lpm", ("cheaper",), ("few",)), "2 clusters are too few"),
        (Model("lpm", ("cheaper +",)), "can't be read"),
        (Model("lpm", ("text",)), "do not vary within any trial"),
        (Model("lpm", ("cheaper",), effects="trial_id"), "no term varies|has 1,500 levels"),
    ],
)
def test_faults_of_the_question_are_named(model, message):
    data = pairs(buyers=("steady",)).assign(few=lambda d: d["trial"] % 2)
    with pytest.raises(EstimationError, match=message):
        linear_probability(data, model)


def test_one_buyer_without_estimates_does_not_cost_the_others_theirs():
    data = pairs(300)
    lost = data["buyer"] == "swayed"
    data.loc[lost, ["chosen", "status"]] = [0, "failed"]
    found = linear_probability(data, Model("lpm", ("nudged",)))
    assert [arm.name for arm in found.arms] == ["steady · tabs"]
    assert "swayed · tabs: no estimates: no choice set has an outcome" in found.notes[0]


def test_buyers_locked_to_a_slot_are_withheld_and_where_all_are_nothing_is_left():
    config = LinearProbabilityEstimator.Config(terms=("nudged",), effects=None)
    plugin = Plugin(use="linear_probability", name="lpm", parameters=config.model_dump())
    data = pairs(300).assign(position=lambda d: 2 - d["first"], col=lambda d: 2 - d["first"])
    locked = data["buyer"] == "swayed"
    data.loc[locked, "chosen"] = data["first"]
    some = analyze_table(data, analyses=[plugin])
    assert [arm.name for arm in some.findings[0].arms] == ["steady · tabs"]
    assert "swayed · tabs is locked to slot 1" in some.withheld[0].sentence
    none = analyze_table(data[locked], analyses=[plugin])
    assert none.findings == ()
    assert any("no estimates: there are no choices" in note for note in none.notes)


def test_few_clusters_are_said_and_p_values_are_adjusted_within_their_kind():
    found = linear_probability(pairs(300, texts=5), Model("lpm", tuple(GAPS), ("text", "category")))
    assert "5 clusters: intervals use t(4)" in found.notes[0]
    rows = [dict(zip(found.table.columns, row, strict=True)) for row in found.table.rows]
    assert len(rows) == 9
    assert "text (5) and category (11), t(4)" in found.table.note
    adjusted = [found.adjusted[i] for i, line in enumerate(found.lines)]
    raw = [line.values["p_value"] for line in found.lines]
    assert all(a >= p for a, p in zip(adjusted, raw, strict=True))
    worst = max(i for i, line in enumerate(found.lines) if line.kind == "average_marginal_effect")
    assert max(adjusted[: worst + 1]) == pytest.approx(max(raw[: worst + 1]))


def test_a_table_is_analysed_with_rows_of_estimates_and_a_plot():
    parameters = {"terms": ["nudged"], "cluster": ["text", "category"], "effects": None}
    plugin = Plugin(use="linear_probability", name="lpm", parameters={"name": "lpm", **parameters})
    (found,) = (analysis := analyze_table(pairs(300), analyses=[plugin])).findings
    rows = [row for row in analysis.estimates if row.analysis == "lpm"]
    kinds = {row.estimator for row in rows}
    assert kinds == {
        "average_marginal_effect",
        "average_marginal_effect_trial",
        "average_marginal_effect_two_way",
        "average_marginal_effect_difference",
        "linear_probability",
    }
    assert {row.n_clusters for row in rows} == {11}
    assert [list(plot.series) for plot in found.plots] == [["steady · tabs", "swayed · tabs"]]


def test_a_run_uses_its_design_s_terms(planted_runs):
    plugin = Plugin(
        use="linear_probability",
        name="lpm",
        parameters=LinearProbabilityEstimator.Config().model_dump(),
    )
    with RunStore.open(planted_runs("lpm", worlds=150)) as store:
        rows = [e for e in analyze(store, analyses=[plugin]).estimates if e.n_clusters]
    own = {e.term: e for e in rows if e.estimator == "average_marginal_effect"}
    assert {"row_1", "log_price", "overall_pick"} <= set(own)
    assert own["log_price"].ci_high < 0 < own["row_1"].ci_low
    assert own["row_1"].n_clusters == 300


def test_a_text_of_one_listing_is_a_cluster_of_its_whole_trial():
    data = pairs(300, buyers=("steady",), texts=12)
    there = data.groupby("trial_id")["nudged"].transform("sum") > 0
    whole = "t" + data["text"].astype(str)
    data["whole"] = whole.where(there, "")
    data["said"] = data["whole"].where(data["nudged"] == 1, "")
    of_rows, of_trial = (
        linear_probability(data, Model("lpm", ("nudged",), (column,))).lines[0].values
        for column in ("said", "whole")
    )
    assert of_rows == of_trial


@pytest.mark.parametrize("cluster", [[], ["a", "a"], ["a", "b", "c"]])
def test_clusters_are_one_or_two(cluster):
    with pytest.raises(ValidationError, match="one column, or a list of two different ones"):
        LinearProbabilityEstimator.Config(cluster=cluster)
