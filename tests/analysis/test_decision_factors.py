"""The variance split of repeats, and wordings as a random factor, on long tables."""

import numpy as np
import pandas as pd
import pytest

from aces.cli.console import registries
from aces.errors import EstimationError
from aces.spec import load_analyses
from analysis.analyze import analyze_table
from analysis.decisions.demand import fit_demand
from analysis.decisions.variance import VarianceConfig, variance_split, variances
from analysis.decisions.wording import WordingConfig, by_wording
from benchmarks.decisions import Shop

FEW = {"row_1": 0.9, "log_price": -1.8, "overall_pick": 1.2}
ASKED = WordingConfig(terms=tuple(FEW), effects=None)


@pytest.fixture(scope="module")
def again():
    return Shop(worlds=150, tasks=2, repeats=3, serving=0.8).table(1)


def test_sampling_and_serving_are_told_apart_where_probabilities_were_read(again):
    seen = variance_split(again)
    assert seen.names == ("world", "", "serving and sampling", "total")
    read = variance_split(again.assign(probability=again["true_p"]))
    assert read.names == ("world", "serving", "sampling", "total")
    assert read.found.value[1] + read.found.value[2] == pytest.approx(
        seen.found.value[2], abs=3 * seen.found.error[2]
    )
    square = (again["true_p"] ** 2).groupby(again["trial_id"]).sum()
    assert read.found.value[2] == pytest.approx(1 - square.mean())
    cold = variance_split(again.assign(temperature=0.0))
    assert cold.names == ("world", "", "serving", "total")
    assert (seen.repeats, seen.found.worlds, seen.found.df) == (3, 300, 298)


def test_nothing_bought_is_an_outcome_and_lost_trials_are_counted(again):
    lost = again.copy()
    some = lost["trial_id"].isin(lost["trial_id"].unique()[::30])
    lost.loc[some, ["chosen", "status"]] = [0, "failed"]
    found = variance_split(lost)
    assert found.missing == 30
    assert found.found.trials == 870
    with pytest.raises(EstimationError, match=r"0 worlds were met twice or more.*`repeats: 2`"):
        variance_split(again[again["repeat"] == 0])
    with pytest.raises(EstimationError, match="every trial ended alike"):
        variance_split(again.assign(chosen=0, status="abstained"))
    half = again.assign(chosen=again["chosen"] * (again["repeat"] == 0))
    half["status"] = np.where(again["repeat"] == 0, "chosen", "abstained")
    assert variance_split(half).found.share[0] < 0.05


def test_intervals_from_few_worlds_are_said_to_hold_too_little(again):
    few = again[again["world_id"].isin(again["world_id"].unique()[:20])]
    (said,) = variances(few, VarianceConfig()).notes
    assert "from 20 worlds met again intervals hold somewhat less" in said
    assert variances(again, VarianceConfig()).notes == []


@pytest.mark.parametrize("crossed", [False, True])
def test_wordings_differ_by_what_was_planted(crossed):
    shop = Shop(
        worlds=80 if crossed else 1000,
        tastes=FEW,
        wordings=12,
        per_wording={"overall_pick": 0.6},
        crossed=crossed,
    )
    held = {"overall_pick": 0, "row_1": 0}
    for seed in range(3):
        table = shop.table(20 + seed).assign(product_id=lambda t: "p" + t["product"].astype(str))
        found = by_wording(table, ASKED.model_copy(update={"effects": "product_id"}))
        assert len(found.levels) == 12
        pick, row = (found.effects[term] for term in held)
        held["overall_pick"] += pick.variance_low <= 0.36 <= pick.variance_high
        held["row_1"] += row.variance_low == 0
        assert pick.p_value < 0.05
        assert pick.next_high - pick.next_low > 2 * (pick.high - pick.low)
    assert min(held.values()) >= 2


def test_errors_by_wording_are_those_of_separate_fits():
    table = Shop(worlds=300, tastes=FEW, wordings=3).table(30)
    found = by_wording(table, ASKED)
    own = fit_demand(table[table["prompt"] == "w01"], ASKED)
    np.testing.assert_allclose(found.estimates[1], own.fit.params)
    # clustered by the worlds of all wordings, G / (G - 1) is that of all
    np.testing.assert_allclose(found.errors[1], own.fit.bse, rtol=0.006)
    assert "3 wordings say little" in found.said[-1]


def test_too_few_wordings_and_wordings_that_can_not_be_fitted_are_told():
    table = Shop(worlds=200, tastes=FEW, wordings=4).table(31)
    first = table["prompt"] == "w00"
    table.loc[first, "overall_pick"] = 0
    found = by_wording(table, ASKED)
    assert found.levels == ("w01", "w02", "w03")
    assert "no estimates of prompt w00" in found.said[0]
    with pytest.raises(EstimationError, match="1 level of 'prompt': at least 3 are needed"):
        by_wording(table[first], ASKED)
    with pytest.raises(EstimationError, match="no column 'dialect'"):
        by_wording(table, ASKED.model_copy(update={"by": "dialect"}))
    with pytest.raises(EstimationError, match="need a `cluster`"):
        by_wording(table, ASKED.model_copy(update={"cluster": None}))


def test_experiments_may_ask_for_both(tmp_path):
    table = Shop(worlds=120, tastes=FEW, wordings=3, repeats=2, crossed=True).table(32)
    table = pd.concat(
        [table, table.assign(buyer="twin", trial_id=table["trial_id"] + "t")], ignore_index=True
    )
    file = tmp_path / "a.yaml"
    file.write_text(
        "analysis:\n  - {use: variance}\n"
        "  - {use: wording, terms: [row_1, log_price, overall_pick]}\n"
    )
    found = analyze_table(table, analyses=load_analyses(file, registries()))
    titles = [one.table.title for one in found.findings]
    assert sorted(titles) == ["variance · what makes choices differ", "wording · a random factor"]
    for one in found.findings:
        assert all(len(row) == len(one.table.columns) for row in one.table.rows)
        assert all(plot.series for plot in one.plots)
    names = {row.estimator for row in found.estimates}
    assert {"variance_component", "wording_mean", "wording_variance", "wording_next"} <= names
    assert {row.buyer for row in found.estimates if row.estimator == "wording_next"} == {
        "planted",
        "twin",
    }
