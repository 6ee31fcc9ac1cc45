"""From a run to estimates: the truth is found, and what can't be estimated is said, not crashed."""

import csv
import math

import numpy as np
import pytest

from aces.errors import UserError
from aces.spec import Plugin
from aces.store import RunStore
from analysis.analyze import analyze, analyze_paths, analyze_table, covers
from analysis.frame import export, load_choices
from analysis.planted import truth_of_fit

COLUMNS = """analysis, estimand, evidence, buyer, model, persona, prompt_hash, interface, task_id,
product_id, estimator, term, estimate, std_error, ci_low, ci_high, p_value, n_trials, n_clusters,
truth, p_adjusted, family, gate"""
PLANTED = {
    "row_1": 0.9,
    "col_1": 0.5,
    "log_price": -1.8,
    "rating": 0.8,
    "overall_pick": 1.2,
    "product_id[watch-2]": 0.7,
    "product_id[stapler-0]": -0.5,
}


def analysis_of(folder):
    with RunStore.open(folder) as store:
        return analyze(store)


@pytest.fixture(scope="module")
def found(planted_runs):
    return analysis_of(
        planted_runs("analyze", worlds=600, seed=11, buyers={"planted": PLANTED, "blind": {}})
    )


def rows_of(found, **wanted):
    return [row for row in found.estimates if all(getattr(row, k) == v for k, v in wanted.items())]


def test_coefficients_find_what_was_planted(found):
    rows = rows_of(found, buyer="planted", analysis="conditional_logit")
    rows = [row for row in rows if row.estimator == "conditional_logit"]
    truths = {row.term: row.truth for row in rows}
    assert len(rows) == 10 + 2 * 7
    assert {k: truths[k] for k in ("row_1", "col_2", "log_price", "sponsored")} == {
        "row_1": 0.9,
        "col_2": 0.0,
        "log_price": -1.8,
        "sponsored": 0.0,
    }
    # relative to the baselines, stapler-0 and watch-0
    assert truths["product_id[watch-2]"] == pytest.approx(0.7)
    assert truths["product_id[stapler-3]"] == pytest.approx(0.5)
    for row in rows:
        assert abs(row.estimate - row.truth) < 4 * row.std_error, row.term
    assert np.mean([covers(row) for row in rows]) > 0.75


def test_a_blind_buyer_has_zeros_planted(found):
    rows = rows_of(found, buyer="blind", estimator="conditional_logit")
    assert {row.truth for row in rows} == {0.0}
    assert all(abs(row.estimate) < 4 * row.std_error for row in rows)


def test_saturated_slots_have_the_sum_of_row_and_column_as_truth(found):
    rows = {row.term: row for row in rows_of(found, buyer="planted", analysis="slots")}
    assert [rows[f"pos_{i}"].truth for i in (1, 2, 4, 5, 7)] == pytest.approx(
        [1.4, 0.9, 0.9, 0.5, 0]
    )
    assert all(
        abs(r.estimate - r.truth) < 4 * r.std_error
        for r in rows.values()
        if r.std_error and r.truth is not None
    )


def test_price_equivalents_have_derived_truths(found):
    (compensating,) = rows_of(
        found,
        buyer="planted",
        analysis="conditional_logit",
        estimator="compensating_price_change",
        term="overall_pick",
    )
    (equivalent,) = rows_of(
        found,
        buyer="planted",
        analysis="conditional_logit",
        estimator="equivalent_price_change",
        term="overall_pick",
    )
    assert compensating.truth == pytest.approx(math.exp(1.2 / 1.8) - 1)
    assert equivalent.truth == pytest.approx(math.exp(-1.2 / 1.8) - 1)
    assert compensating.ci_low < compensating.truth < compensating.ci_high
    # nothing is worth anything where the price has no effect
    assert all(
        r.truth is None
        for r in rows_of(found, buyer="blind", term="overall_pick")
        if "price" in r.estimator
    )


def test_shares_add_up_and_hold_products_never_chosen(planted_run):
    found = analysis_of(planted_run(worlds=60, buyers={"b": {"product_id[watch-3]": -30.0}}))
    shares = {r.product_id: r for r in rows_of(found, estimator="share", task_id="watch")}
    assert sum(r.estimate for r in shares.values()) == pytest.approx(1)
    assert len(shares) == 8
    never = shares["watch-3"]
    assert (never.estimate, never.ci_low) == (0, 0)
    assert 0.02 < never.ci_high < 0.1
    assert any("watch-3 (60 rows)" in note for note in found.notes)
    effects = [r for r in rows_of(found, estimator="conditional_logit") if r.product_id]
    assert "watch-3" not in {r.product_id for r in effects}
    assert {r.truth for r in effects} == {0.0}


def test_repeats_on_one_world_widen_the_intervals(planted_run):
    found = analysis_of(planted_run(worlds=40, repeats=4))
    rows = rows_of(found, estimator="share", task_id="watch")
    assert {(r.n_trials, r.n_clusters) for r in rows} == {(160, 40)}
    for row in rows:
        assert row.std_error == pytest.approx(math.sqrt(row.estimate * (1 - row.estimate) / 40))


def test_failures_are_left_out_counted_and_said(planted_run):
    causes = iter(["refusal"] * 6 + ["truncated"] * 3 + ["left"] * 2 + [""] * 200)
    found = analysis_of(planted_run(worlds=100, loss=lambda columns, best: next(causes)))
    assert found.tables()[0].rows == (("planted · json", "200", "189", "2", "3", "6"),)
    assert any("2 abstained" in n and "6 failed" in n and "3 truncated" in n for n in found.notes)
    assert {r.n_trials for r in rows_of(found, analysis="conditional_logit")} == {189}


def test_estimates_csv_has_the_columns_of_the_contract(found, tmp_path):
    path = found.write_estimates(tmp_path / "estimates.csv")
    with path.open(newline="") as file:
        lines = list(csv.reader(file))
    assert lines[0] == COLUMNS.replace("\n", " ").split(", ")
    assert len(lines) == 1 + len(found.estimates)
    first = dict(zip(lines[0], lines[1], strict=True))
    assert float(first["estimate"]) == found.estimates[0].estimate
    assert first["estimand"] == "choice given a purchase; shelf of 8, fixed; as assigned"
    assert first["evidence"] == "exploratory"


def test_an_impossible_fit_is_a_note(planted_run):
    found = analysis_of(planted_run(worlds=30, buyers={"b": {"overall_pick": 60.0, "pos_1": 40.0}}))
    assert any(note.startswith("conditional_logit, b · json: no estimates") for note in found.notes)
    assert found.main_fits() == []
    assert rows_of(found, estimator="share")


def test_a_run_with_nothing_bought_still_gives_its_counts(planted_run):
    found = analysis_of(planted_run(worlds=5, loss=lambda columns, best: "server"))
    assert found.estimates == ()
    assert found.tables()[0].rows[0][-1] == "10"
    assert found.failed_checks()


def test_an_analysis_that_misses_a_planted_term_has_no_truth(planted_run):
    logit = Plugin(use="conditional_logit", name="price only", parameters={"terms": ["log_price"]})
    found = analysis_of(planted_run(worlds=60, analysis=(logit,)))
    (row,) = rows_of(found, analysis="price only", estimator="conditional_logit", term="log_price")
    assert row.truth is None
    assert found.tables()[1].columns == (
        *("term", "estimate", "s.e.", "95 % interval", "p", "p, adjusted"),
    )


def test_truth_of_interactions_and_of_an_outside_option(planted_run):
    table = load_choices(planted_run(worlds=40))
    truth = {"log_price": -1.8, "log_price:sponsored": 0.4, "outside_option": -3.0}
    fitted = ["log_price", "sponsored", "log_price:sponsored"]
    found = truth_of_fit(table, truth, fitted)
    assert found == {"log_price": -1.8, "sponsored": 0.0, "log_price:sponsored": 0.4}
    # with an outside option the level of utility is identified: a constant is needed
    assert truth_of_fit(table, truth, fitted, outside=True) == {}
    with_constant = truth_of_fit(table.assign(one=1.0), truth, [*fitted, "one"], outside=True)
    assert with_constant == {**found, "one": 3.0}


def test_a_term_fixed_within_products_becomes_part_of_their_effects(planted_run):
    table = load_choices(planted_run(worlds=40))
    from analysis.choice_model import ConditionalLogit

    table["fixed"] = table["product_id"].str[-1].astype(int)
    result = ConditionalLogit.from_formula(
        "chosen ~ log_price", table, choice_set="trial_id", effects="product_id"
    ).fit()
    effects = result.provenance.effects
    found = truth_of_fit(table, {"log_price": -1.8, "fixed": 0.1}, result.terms, effects)
    base = float(next(iter(effects.baselines))[-1])
    assert found["log_price"] == -1.8
    assert found["product_id[watch-5]"] == pytest.approx(0.1 * (5 - base))


def test_several_paths_and_tables(planted_run, tmp_path):
    folder = planted_run(worlds=40)
    (found,) = analyze_paths([folder])
    assert found.path == folder / "estimates.csv"
    export(found.table, tmp_path / "table.parquet")
    with pytest.raises(UserError, match="--out"):
        analyze_paths([tmp_path / "table.parquet"])
    both = analyze_paths([folder, tmp_path / "table.parquet"], tmp_path / "both")
    assert {one.path for one in both} == {tmp_path / "both" / "estimates.csv"}
    from_run, from_table = (
        [r.estimate for r in one.estimates if r.analysis == "conditional_logit"] for one in both
    )
    assert from_run == pytest.approx(from_table)


def test_a_foreign_table_is_analysed_by_what_varies(planted_run):
    table = load_choices(planted_run(worlds=60))
    kept = ["trial_id", "product_id", "price_cents", "rating", "chosen", "buyer", "interface"]
    with_status = table[[*kept, "status", "cause", "world_id", "task_id"]].assign(brand="x")
    found = analyze_table(with_status.assign(log_price=table["log_price"]))
    terms = {r.term for r in rows_of(found, estimator="conditional_logit") if not r.product_id}
    assert terms == {"log_price", "rating"}


def test_a_handful_of_trials_is_a_note_not_a_crash(planted_run):
    """As a first look at a served model has them: fewer purchases than terms, all of one slot."""
    found = analysis_of(
        planted_run(worlds=6, tasks=("watch",), buyers={"b": {"pos_1": 40.0, "row_1": 40.0}})
    )
    assert found.main_fits() == []
    (note,) = found.notes
    assert "predicts choices perfectly" in note
