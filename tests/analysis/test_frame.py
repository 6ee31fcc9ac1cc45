"""The long table: its columns, what they say, and that it comes back from a file as it went."""

import json
import time

import numpy as np
import pandas as pd
import pytest

from aces.errors import StoreError, UserError
from aces.store import RunStore
from analysis.codebook import CONTRACT, codebook
from analysis.frame import choices, export, load_choices
from analysis.study import Study

CONTRACT_TEXT = """trial_id, world_id, task_id, k, repeat, category, buyer, model, prompt_hash,
persona, temperature, interface, product_id, title, position, row, col, exposed, clicked, currency,
price_cents, original_price_cents, list_price_cents, rating, original_rating, review_count,
original_review_count, sponsored, overall_pick, scarcity, best_seller, limited_time, discounted,
assignment_probability, chosen, status, cause, probability"""


@pytest.fixture(scope="module")
def table(planted_runs):
    return load_choices(planted_runs("frame", worlds=40))


def test_columns_are_the_contract_in_order_then_levels_and_derived(table):
    promised = CONTRACT_TEXT.replace("\n", " ").split(", ")
    assert list(CONTRACT) == promised
    assert list(table.columns)[: len(promised)] == promised
    further = {"stock", "p_sponsored", "p_rating", "density_price_cents", "pos_8", "row_2", "col_4"}
    assert further <= set(table.columns)
    assert set(codebook()["column"]) == set(promised)


def test_each_trial_is_one_choice_set_of_the_levels_as_drawn(table, planted_runs):
    assert len(table) == 2 * 40 * 8
    assert (table.groupby("trial_id")["chosen"].sum() == 1).all()
    with RunStore.open(planted_runs.folder / "frame") as store:
        ids, drawn = Study.of(store).draw("stapler", 13)
    rows = table[table["world_id"] == "7-stapler-13"].set_index("product_id").loc[ids]
    for level, values in drawn.levels.items():
        np.testing.assert_array_equal(rows[level], values)
    np.testing.assert_allclose(rows["p_rating"], drawn.marginals["rating"])
    np.testing.assert_allclose(rows["density_price_cents"], drawn.densities["price_cents"])
    assert rows["assignment_probability"].iloc[0] == pytest.approx(drawn.probability, rel=1e-12)


def test_derived_columns(table):
    np.testing.assert_allclose(np.exp(table["log_price"]) * 100, table["price_cents"])
    np.testing.assert_allclose(np.expm1(table["log_review_count"]), table["review_count"])
    assert (table[[f"pos_{i}" for i in range(1, 9)]].sum(axis=1) == 1).all()
    assert ((table["row_1"] == 1) == (table["position"] <= 4)).all()
    assert (table["best_seller"] == 0).all()
    assert (table["discounted"] == 0).all()


def test_exposure_and_clicks_come_from_steps_and_events(table):
    assert (table["exposed"] == table["row_1"]).all()
    assert (table["clicked"] == table["chosen"]).all()


def test_unknown_exposure_is_empty_not_zero(planted_run):
    folder = planted_run(worlds=3)
    with RunStore.create(folder) as store, store.transaction() as db:
        db.execute("UPDATE steps SET exposed = NULL WHERE trial_id LIKE '7-watch-0-%'")
    table = load_choices(folder)
    unknown = table["world_id"] == "7-watch-0"
    assert table.loc[unknown, "exposed"].isna().all()
    assert table.loc[~unknown, "exposed"].notna().all()


def test_trials_without_a_purchase_stay_with_nothing_chosen(planted_run):
    causes = iter(["left", "truncated", "refusal"] + [""] * 100)
    table = load_choices(planted_run(worlds=10, loss=lambda columns, best: next(causes)))
    by_trial = table.groupby("trial_id").agg({"status": "first", "cause": "first", "chosen": "sum"})
    counts = by_trial["status"].value_counts().to_dict()
    assert counts == {"chosen": 17, "abstained": 1, "truncated": 1, "failed": 1}
    assert (by_trial["chosen"] == (by_trial["status"] == "chosen")).all()
    assert by_trial.loc[by_trial["status"] == "failed", "cause"].tolist() == ["refusal"]


def test_the_latest_attempt_counts(planted_run):
    folder = planted_run(worlds=2)
    with RunStore.create(folder) as store, store.transaction() as db:
        db.execute(
            "INSERT INTO outcomes (trial_id, attempt, status, cause, detail, seconds,"
            " blocked_requests, session) SELECT trial_id, 2, 'failed', 'server', '', 0, 0, 1"
            " FROM outcomes WHERE trial_id LIKE '7-watch-1-%'"
        )
    table = load_choices(folder)
    assert table[table["world_id"] == "7-watch-1"]["status"].unique().tolist() == ["failed"]
    assert table["trial_id"].nunique() == 4


def test_model_probabilities_are_read_per_alternative(planted_run):
    folder = planted_run(worlds=2)
    shares = {f"watch-{i}": (i + 1) / 36 for i in range(8)}
    with RunStore.create(folder) as store, store.transaction() as db:
        db.execute(
            "UPDATE outcomes SET probability = ? WHERE trial_id LIKE '7-watch-0-%'",
            [json.dumps(shares)],
        )
    table = load_choices(folder)
    read = table[table["world_id"] == "7-watch-0"].set_index("product_id")["probability"]
    assert read.to_dict() == pytest.approx(shares)
    assert table[table["world_id"] != "7-watch-0"]["probability"].isna().all()


def test_sampled_shelves(planted_run):
    table = load_choices(planted_run(worlds=20, sample=True))
    assert (table.groupby("trial_id").size() == 8).all()
    assert table.groupby("task_id")["product_id"].nunique().to_dict() == {
        "stapler": 10,
        "watch": 10,
    }


def test_some_trials_are_read_as_of_all_and_nothing_else_is_read(planted_run):
    folder = planted_run(
        worlds=3, tasks=("watch",), loss=lambda columns, best: "server" * (best < 3)
    )
    with RunStore.create(folder) as store:
        whole = choices(store)
        some = ["7-watch-2-planted-json-0", "7-watch-0-planted-json-0"]
        expected = whole[whole["trial_id"].isin(some)].reset_index(drop=True)
        with store.transaction() as db:
            db.execute("UPDATE worlds SET levels = 'no JSON' WHERE world_id = '7-watch-1'")
        pd.testing.assert_frame_equal(choices(store, only=some), expected)
        with pytest.raises(ValueError, match="Expecting value"):
            choices(store)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_export_and_back(table, tmp_path, suffix):
    codes = export(table, tmp_path / f"table{suffix}")
    back = load_choices(tmp_path / f"table{suffix}")
    for text in (
        "model",
        "prompt_hash",
        "persona",
        "prompt",
        "cause",
    ):  # CSV can't tell empty from absent
        back[text] = back[text].fillna("").astype("str")
    pd.testing.assert_frame_equal(back, table, check_dtype=False, rtol=1e-12)
    assert "`price_cents` | minor unit" in codes.read_text()


def test_parquet_columns_describe_themselves(table, tmp_path):
    import pyarrow.parquet as pq

    export(table, tmp_path / "table.parquet")
    field = pq.read_schema(tmp_path / "table.parquet").field("log_price")
    assert field.metadata[b"description"] == b"ln of the price in major units"


def test_the_same_run_twice_gives_choice_sets_of_their_own(planted_runs, table):
    folder = planted_runs.folder / "frame"
    both = load_choices([folder, folder])
    assert both["trial_id"].nunique() == 2 * table["trial_id"].nunique()
    assert both["world_id"].nunique() == table["world_id"].nunique()


def test_wrong_paths_are_named(tmp_path, table):
    with pytest.raises(StoreError, match="no run"):
        load_choices(tmp_path)
    with pytest.raises(StoreError, match=r"nowhere\.csv"):
        load_choices(tmp_path / "nowhere.csv")
    with pytest.raises(UserError, match=r"\.parquet or \.csv"):
        export(table, tmp_path / "table.xlsx")


def test_five_thousand_trials_take_well_under_a_second(planted_runs):
    folder = planted_runs("fast", worlds=500, buyers=dict.fromkeys("abcde", None))
    with RunStore.open(folder) as store:
        start = time.process_time()
        table = choices(store)
        seconds = time.process_time() - start
    assert len(table) == 5000 * 8
    assert seconds < 1.5
