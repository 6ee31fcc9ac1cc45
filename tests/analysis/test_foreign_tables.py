"""Results of other projects: their choices are found, their traps are told by name."""

import csv
import json

import numpy as np
import pandas as pd
import pytest

from aces.errors import StoreError, UserError
from analysis.analyze import analyze_paths
from analysis.frame import export, load_choices
from analysis.tables import FORMATS

TASTES = {"log_price": -1.5, "rating": 1.0, "sponsored": -0.3, "overall_pick": 1.2, "row_1": 0.8}


def shelves(n=60, *, models=("sonnet", "gpt"), queries=("mousepad", "stapler"), seed=0):
    """Results in the columns that ACES's runtimes aggregate, a row per listing; planted tastes."""
    rng = np.random.default_rng(seed)
    rows = []
    for query in queries:
        base = rng.uniform(5, 40, 8)
        for number in range(n):
            slots = rng.permutation(8)
            shown = pd.DataFrame(
                {
                    "sku": [f"B0{query[:2]}{i}" for i in range(8)],
                    "title": [f"{query} number {i}" for i in range(8)],
                    "price": np.round(base * rng.lognormal(0, 0.3, 8), 2),
                    "rating": np.round(rng.uniform(3, 5, 8), 1),
                    "rating_count": rng.integers(1, 5000, 8),
                    "sponsored": rng.random(8) < 0.3,
                    "overall_pick": np.arange(8) == rng.integers(16),
                    "best_seller": False,
                    "limited_time": False,
                    "discounted": False,
                    "low_stock": np.arange(8) == rng.integers(16),
                    "experiment_label": "control",
                    "query": query,
                    "experiment_number": number,
                    "assigned_position": slots,
                    "original_price": np.round(base, 2),
                }
            )
            worth = (
                TASTES["log_price"] * np.log(shown["price"]) + TASTES["rating"] * shown["rating"]
            )
            worth += TASTES["sponsored"] * shown["sponsored"] + TASTES["row_1"] * (slots < 4)
            worth += TASTES["overall_pick"] * shown["overall_pick"]
            for model in models:
                best = int(np.argmax(worth + rng.gumbel(size=8)))
                chosen = (np.arange(8) == best).astype(int)
                rows.append(shown.assign(selected=chosen, model_name=model))
    return pd.concat(rows, ignore_index=True)


def written(frame, path):
    frame.to_csv(path, index=False, quoting=csv.QUOTE_NONNUMERIC)
    return path


def read(frame, tmp_path, name="aggregated.csv"):
    table = load_choices(written(frame, tmp_path / name))
    return table, table.attrs["notes"]


def of(frame, model, query, number):
    """Rows of one trial of the source."""
    return (
        (frame["model_name"] == model)
        & (frame["query"] == query)
        & (frame["experiment_number"] == number)
    )


def trial(table, name):
    return table[table["trial_id"] == name]


def note(notes, part):
    (found,) = [one for one in notes if part in one]
    return found


# -- ACES, screenshots ----------------------------------------------------------------------


def test_an_aces_file_gives_standard_errors_in_one_step_and_they_are_right(tmp_path):
    """Against Cox's partial likelihood of the raw columns: estimates equal, errors by trial."""
    from statsmodels.duration.hazard_regression import PHReg

    frame = shelves(250)
    (found,) = analyze_paths([written(frame, tmp_path / "a.csv")], tmp_path)
    rows = {(e.buyer, e.term): e for e in found.estimates if e.estimator == "conditional_logit"}
    part = frame[frame["model_name"] == "gpt"]
    terms = {
        "row_1": part["assigned_position"] < 4,
        **{f"col_{c}": part["assigned_position"] % 4 == c - 1 for c in (1, 2, 3)},
        "log_price": np.log(part["price"]),
        "rating": part["rating"],
        "log_review_count": np.log(part["rating_count"] + 1),
        **{name: part[name] for name in ("sponsored", "overall_pick")},
        "scarcity": part["low_stock"],
    }
    baselines = ["mousepad number 0", "stapler number 0"]
    titles = pd.get_dummies(part["title"]).drop(columns=baselines)
    X = np.column_stack([*terms.values(), titles]).astype(float)
    sets = part.groupby(["query", "experiment_number"]).ngroup()
    time, status = 2 - part["selected"], part["selected"]
    other = PHReg(time, X, status=status, strata=sets, ties="breslow").fit()
    assert set(terms) <= {term for buyer, term in rows if buyer == "gpt"}
    for k, term in enumerate(terms):
        own = rows["gpt", term]
        assert own.estimate == pytest.approx(other.params[k], abs=1e-6), term
        assert own.n_clusters == 500
        assert own.std_error == pytest.approx(other.bse[k], rel=0.25)
    for term, truth in TASTES.items():
        assert abs(rows["sonnet", term].estimate - truth) < 4 * rows["sonnet", term].std_error
    assert not found.failed_checks()
    assert "500 of 500 were met by several of 2 models" in note(found.notes, "worlds are pages")


def test_what_selected_says_and_does_not_say(tmp_path):
    frame = shelves(6)
    frame.loc[of(frame, "gpt", "mousepad", 1), "selected"] = 0
    frame.loc[of(frame, "gpt", "mousepad", 2), "selected"] = -2
    frame.loc[of(frame, "gpt", "mousepad", 3), "selected"] *= 2
    frame.loc[of(frame, "gpt", "mousepad", 4), "selected"] = [1, 1, 0, 0, 0, 0, 0, 0]
    table, notes = read(frame, tmp_path)
    ends = {}
    for number in range(5):
        own = trial(table, f"gpt/mousepad/control/{number}")
        ends[number] = (own["status"].iloc[0], own["cause"].iloc[0], own["chosen"].sum())
    assert ends == {
        0: ("chosen", "", 1),
        1: ("failed", "no_choice_recorded", 0),
        2: ("failed", "ambiguous_title", 0),
        3: ("chosen", "", 1),
        4: ("failed", "several_chosen", 0),
    }
    assert set(trial(table, "gpt/mousepad/control/3")["matched"]) == {"title"}
    assert note(notes, "no_choice_recorded").startswith("1 trial failed")
    assert "the file can't tell which" in note(notes, "no_choice_recorded")
    assert note(notes, "ambiguous_title").startswith("1 trial failed")
    assert note(notes, "several_chosen").startswith("1 trial failed")
    assert note(notes, "matched by title alone").startswith("1 trial ")
    assert table["trial_id"].nunique() == 24


def test_failed_requests_are_missing_from_pass_rates_and_bound_them(tmp_path):
    frame = shelves(20, models=("gpt",), queries=("mousepad",))
    frame["experiment_label"] = "sc_price_reduce_01_percent"
    frame["desired_choice"] = frame["selected"]
    frame.loc[frame["experiment_number"] < 5, "selected"] = 0
    path = written(frame, tmp_path / "rationality.csv")
    (found,) = analyze_paths([path], tmp_path)
    rates = {e.estimator: e for e in found.estimates if e.term.startswith("pass_rate")}
    assert (rates["pass_rate"].estimate, rates["pass_rate"].n_trials) == (1.0, 15)
    assert rates["pass_rate_lowest"].estimate == 0.75
    assert rates["pass_rate"].term == "pass_rate[sc_price_reduce_01_percent]"
    lost = {c.name: c for c in found.checks}["Missing data"]
    assert "5 trials missing" in lost.verdict


BROKEN = [
    ("price", "abc", "hold no number in 'price'"),
    ("price", "€12.00", "hold no number in 'price'"),
    ("price", "0", "hold a price of 0 or less"),
    ("price", "", "hold no number in 'price'"),
    ("assigned_position", "2.5", "hold no place in 'assigned_position'"),
    ("assigned_position", "-1", "hold no place in 'assigned_position'"),
    ("sponsored", "maybe", "hold neither true nor false in 'sponsored'"),
    ("selected", "7", "hold none of -2, 0, 1, 2 in 'selected'"),
    ("rating_count", "many", "hold no number in 'rating_count'"),
]


@pytest.mark.parametrize(("column", "cell", "message"), BROKEN)
def test_a_row_that_cannot_be_used_costs_its_trial_and_is_counted(tmp_path, column, cell, message):
    frame = shelves(3).astype({column: object})
    frame.loc[10, column] = cell
    table, notes = read(frame, tmp_path)
    assert note(notes, message) == f"1 row {message} (row 12)"
    hit = f"{frame.loc[10, 'model_name']}/{frame.loc[10, 'query']}/control/"
    hit += str(frame.loc[10, "experiment_number"])
    assert note(notes, "left out") == f"1 trial left out, a row can't be used: {hit}"
    assert table["trial_id"].nunique() == 11
    assert hit not in set(table["trial_id"])


def test_a_fact_that_nobody_stored_costs_no_trial(tmp_path):
    path = written(shelves(60).drop(columns="rating_count").assign(rating=""), tmp_path / "a.csv")
    (found,) = analyze_paths([path], tmp_path)
    assert found.table["trial_id"].nunique() == 240
    terms = found.main_fits()[0].result.terms
    assert "log_price" in terms
    assert not {"rating", "log_review_count"} & set(terms)


def test_prices_written_as_text_are_read(tmp_path):
    frame = shelves(3).astype({"price": object})
    frame.loc[0, "price"], frame.loc[1, "price"] = "$1,299.00", " 12.5 "
    table, notes = read(frame, tmp_path)
    prices = table.set_index(["trial_id", "title"])["price_cents"]
    assert prices["sonnet/mousepad/control/0", "mousepad number 0"] == 129_900
    assert prices["sonnet/mousepad/control/0", "mousepad number 1"] == 1_250
    assert not any("hold no number" in one for one in notes)


def test_copies_repeats_gaps_and_other_pages_are_kept_apart(tmp_path):
    frame = shelves(4)
    twice = frame[of(frame, "gpt", "mousepad", 0)]
    again = frame[of(frame, "gpt", "mousepad", 1)].assign(provider="again")
    frame = pd.concat([frame.assign(provider="x"), twice.assign(provider="x"), again])
    frame = frame.reset_index(drop=True)
    frame.loc[of(frame, "gpt", "stapler", 0), "price"] += 1
    gone = frame[of(frame, "gpt", "stapler", 1) & (frame["selected"] == 0)].index[0]
    table, notes = read(frame.drop(index=gone), tmp_path)
    assert note(notes, "copies") == "8 rows left out: copies of others"
    assert trial(table, "gpt/mousepad/control/1#2")["repeat"].unique().tolist() == [1]
    assert trial(table, "gpt/mousepad/control/1#2")["world_id"].nunique() == 1
    (met,) = table.loc[table["repeat"] == 1, "world_id"].unique()
    assert set(trial(table, "sonnet/mousepad/control/1")["world_id"]) == {met}
    assert "fewer listings than the page" in note(notes, "gpt/stapler/control/1")
    (one,), (other,) = (
        trial(table, f"{model}/stapler/control/0")["world_id"].unique()
        for model in ("gpt", "sonnet")
    )
    assert one != other
    assert one.startswith("stapler/control/0@")
    assert "1 page not like that of the same number" in note(notes, "worlds of their own")
    shared = table[table["world_id"].str.startswith("mousepad/control/2@")]
    assert shared["world_id"].nunique() == 1
    assert set(shared["buyer"]) == {"gpt", "sonnet"}


def test_files_of_several_models_share_worlds_where_pages_are_the_same(tmp_path):
    frame = shelves(5)
    other = frame["model_name"] == "gpt"
    changed = frame["experiment_number"] == 4
    frame.loc[other & changed, "price"] += 1
    frame["experiment_number"] = frame["experiment_number"].astype(object)
    numbers = frame.loc[other, "experiment_number"].map(float)  # as a join of tables leaves them
    paths = [
        written(frame[~other], tmp_path / "one.csv"),
        written(frame[other].assign(experiment_number=numbers), tmp_path / "two.csv"),
    ]
    table = load_choices(paths)
    shared = table.groupby("world_id")["buyer"].nunique()
    assert (shared == 2).sum() == 8
    assert (shared == 1).sum() == 4


def test_two_listings_of_one_title_stay_two_products(tmp_path):
    frame = shelves(3)
    frame.loc[frame["title"] == "mousepad number 1", "title"] = "mousepad number 0"
    table, notes = read(frame, tmp_path)
    assert table.groupby("trial_id")["product_id"].nunique().eq(8).all()
    assert note(notes, "same title").startswith("6 trials with two listings of the same title")
    kept, _ = read(frame.drop(columns="sku"), tmp_path, "titles.csv")
    assert "mousepad number 0" in set(kept["product_id"])


def test_ids_of_single_rows_are_no_products(tmp_path):
    frame = shelves(5)
    frame["sku"] = [f"test_{i}" for i in range(len(frame))]
    table, _ = read(frame, tmp_path)
    assert table["product_id"].nunique() == 16


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda frame: frame.drop(columns="selected"),
            "like the format aces_aggregated, but lacks selected",
        ),
        (lambda frame: frame.head(0), "no rows below the names of the columns"),
        (lambda frame: frame.rename(columns={"rating": "price"}), "two columns are called 'price'"),
        (lambda frame: frame[["query", "price"]], "results of a known format: it has no trial_id"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_why(tmp_path, change, says):
    path = written(change(shelves(2)), tmp_path / "aggregated.csv")
    with pytest.raises(UserError, match=says):
        analyze_paths([path], tmp_path)


def test_the_shared_fixture_is_read_once_it_has_choices(shared, tmp_path):
    path = shared / "data" / "aces-fixture" / "test_parallel_dataset.csv"
    inputs = pd.read_csv(path)
    with pytest.raises(UserError, match="neither a long table nor results of a known format"):
        analyze_paths([path], tmp_path)
    chosen = inputs.assign(selected=inputs["desired_choice"], model_name="m")
    table, _ = read(chosen, tmp_path)
    assert table["trial_id"].nunique() == 8
    assert sorted(table["task_id"].unique()) == [
        "mousepad/control",
        "mousepad/experimental",
        "toothpaste/control",
        "toothpaste/experimental",
    ]
    (found,) = analyze_paths([tmp_path / "aggregated.csv"], tmp_path)
    rates = [e for e in found.estimates if e.estimator == "pass_rate" and not e.task_id]
    assert [(e.term, e.estimate, e.n_trials) for e in rates] == [
        ("pass_rate[control]", 1.0, 4),
        ("pass_rate[experimental]", 1.0, 4),
    ]


# -- ACES, headless -------------------------------------------------------------------------


def headless(n=40, seed=1):
    frame = shelves(n, models=("gpt",), seed=seed).rename(
        columns={
            "model_name": "model",
            "assigned_position": "position_in_experiment",
            "selected": "chosen",
            "rating_count": "number_of_reviews",
            "overall_pick": "overall_pick_tag",
            "low_stock": "scarcity_tag",
            "best_seller": "best_seller_tag",
            "limited_time": "limited_time_tag",
            "discounted": "discounted_tag",
        }
    )
    frame = frame.drop(columns=["experiment_label", "original_price"])
    chosen = frame["chosen"] == 1
    answer = json.dumps({"selected_product_number": 3, "reason": "good"})
    return frame.assign(
        timestamp="2026-01-01",
        selection_reason=np.where(chosen, "good", ""),
        raw_response=np.where(chosen, answer, ""),
    )


def test_headless_answers_that_were_not_read_are_no_purchases(tmp_path):
    frame = headless(6)
    bought = [
        frame[frame["experiment_number"] == k].query("chosen == 1").index[0] for k in range(5)
    ]
    frame.loc[bought[0], "selection_reason"] = "Parse failed, used first product: line 1"
    frame.loc[bought[1], "raw_response"] = '{"product_name": "mousepad number 2"}'
    frame.loc[bought[2], "chosen"] = 0
    frame.loc[bought[3], "selection_reason"] = "Fallback parsing: line 1"
    frame.loc[bought[4], "raw_response"] = "{broken"
    table, notes = read(frame, tmp_path, "headless.csv")
    ends = table.drop_duplicates("trial_id").set_index("trial_id")["cause"]
    found = [ends[f"gpt/mousepad/{k}"] for k in range(6)]
    assert found == ["unparseable", "unparseable", "unparseable", "", "", ""]
    assert trial(table, "gpt/mousepad/0")["chosen"].sum() == 0
    assert note(notes, "purchase of the first listing").startswith("2 trials failed")
    assert note(notes, "no listing has the number").startswith("1 trial failed")
    assert note(notes, "`Product N`").startswith("1 trial rest")
    assert table["interface"].unique().tolist() == ["headless"]
    assert (table["row"] == table["position"]).all()
    assert (table["col"] == 1).all()
    blind, notes = read(frame.drop(columns=["selection_reason", "raw_response"]), tmp_path)
    assert "can't be told apart" in note(notes, "answers are not in the file")
    assert trial(blind, "gpt/mousepad/0")["chosen"].sum() == 1


def test_headless_pages_of_one_number_without_label_stay_apart(tmp_path):
    one, other = headless(3), headless(3, seed=2)
    table, notes = read(pd.concat([one, other.drop(index=other.index[:8])]), tmp_path)
    assert not set(table.loc[table["repeat"] == 1, "world_id"]) & set(
        table.loc[table["repeat"] == 0, "world_id"]
    )
    assert note(notes, "label is not in the file")
    frame = headless(5)
    _, notes = read(frame[frame["experiment_number"] != 2], tmp_path)
    assert "2 numbers between the first and the last" in note(notes, "absent")


def test_headless_terms_are_the_places_of_a_list(tmp_path):
    path = written(headless(150), tmp_path / "headless.csv")
    (found,) = analyze_paths([path], tmp_path)
    (fit,) = found.main_fits()
    assert [t for t in fit.result.terms if t.startswith("row_")] == [
        f"row_{i}" for i in range(1, 8)
    ]
    assert not any(term.startswith("col_") for term in fit.result.terms)


# -- ABxLab ---------------------------------------------------------------------------------

TEXTS = {
    "This product is Wirecutter's top pick in the Lenses category": 0.3,
    "This product is highly recommended by leading opticians": 0.3,
    "Best seller": 0.3,
    "Only 2 left": 0.3,
    "This product cannot be returned-Final sale.": 0.3,
}


def duels(n=900, *, models=("gpt-4.1", "human-like"), seed=0):
    """Processed results of ABxLab: gaps .1 for the left, .3 cheaper, .2 better rated, .3 nudged."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(n):
        price = [float(x) for x in np.round(rng.uniform(10, 20, 2), 2)]
        rating = [float(x) for x in rng.choice([80, 85, 90, 95], 2)]
        price[1] = price[0] if k % 10 == 0 else price[1]
        text, at = str(rng.choice(list(TEXTS))), int(rng.integers(2))
        nudge = rng.random() < 0.8
        gap = 0.1 + 0.3 * np.sign(price[1] - price[0]) + 0.2 * np.sign(rating[0] - rating[1])
        gap += nudge * 0.3 * (1 if (at == 0) != ("returned" in text) else -1)
        urls = [f"http://x:77/a-{k % 40}.html", f"http://x:77/b-{k % 30}.html"]
        for model in models:
            rows.append(  # noqa: PERF401
                {
                    "experiment_id": f"exp{k}",
                    "category": f"Category {k % 11}",
                    "cfg.task.config.start_urls": str(urls),
                    "nudge_type": "Authority" if nudge else "Matching Price",
                    "nudge_text": text if nudge else "",
                    "ratings": str(rating),
                    "prices": f"[np.float64({price[0]}), {price[1]}]",
                    "nudge_trial": nudge,
                    "nudged_idx": at if nudge else "",
                    "chose_idx": int(rng.random() > 0.5 + gap / 2),
                    "cheaper_idx": int(np.argmin(price)),
                    "better_rated_idx": int(np.argmax(rating)),
                    "model_family": model,
                }
            )
    return pd.DataFrame(rows)


def test_abxlab_gaps_are_found_with_two_way_errors(tmp_path):
    path = written(duels(), tmp_path / "combined_full.csv")
    (found,) = analyze_paths([path], tmp_path)
    rows = {
        (e.buyer, e.term): e for e in found.estimates if e.estimator == "average_marginal_effect"
    }
    for term, gap in (("pos_1", 0.1), ("cheaper", 0.3), ("higher_rated", 0.2), ("nudged", 0.3)):
        for buyer in ("gpt-4.1", "human-like"):
            own = rows[buyer, term]
            assert abs(own.estimate - gap) < 4 * max(own.std_error, 0.02), (buyer, term)
            assert own.n_clusters == 6  # five texts, and none
            assert own.n_trials == 900
    assert "nudge_text (6) and category (11)" in found.findings[0].table.note
    assert note(found.notes, "association")


def test_abxlab_ties_texts_and_models_are_as_they_are(tmp_path):
    table, notes = read(duels(200), tmp_path)
    tied = trial(table, "gpt-4.1/exp10")
    assert tied["cheaper"].tolist() == [0, 0]
    assert note(notes, "the same price").startswith("40 trials of two products")
    against = table[table["nudge_text"].str.contains("returned")]
    assert (against.groupby("trial_id")["nudged"].sum() == 1).all()
    assert (against["nudged"] + against["carries_text"] == 1).all()
    assert note(notes, "against its product")
    assert set(table["nudge_text"]) == {
        "none",
        "Wirecutter's top pick",
        "recommended by experts",
        "Best seller",
        "Only 2 left",
        "This product cannot be returned-Final sale.",
    }
    assert (table.groupby("world_id")["buyer"].nunique() == 2).all()
    assert table.loc[0, "product_id"] == "a-0"
    assert table["rating"].between(4, 4.75).all()


def test_abxlab_pages_that_were_not_read_and_foreign_choices_are_left_out(tmp_path):
    frame = duels(30).astype({"chose_idx": object})
    frame.loc[0, ["prices", "ratings"]] = ["[0.0, 12.0]", "[0.0, 80]"]
    frame.loc[1, "chose_idx"] = 2
    frame.loc[2, "prices"] = "[12.0]"
    table, notes = read(frame, tmp_path)
    assert note(notes, "neither 0 nor 1").endswith("(row 3)")
    assert note(notes, "two numbers in 'prices'").endswith("(row 4)")
    assert note(notes, "left out").startswith("3 trials left out, a row can't be used")
    assert table["trial_id"].nunique() == 57
    with pytest.raises(StoreError, match="nothing can be used"):
        read(frame.loc[:0], tmp_path)
    frame["cfg.task.config.start_urls"] = "['http://x/a.html']"
    with pytest.raises(StoreError, match="60 rows do not name two products"):
        read(frame, tmp_path)


def test_abxlab_people_who_chose_neither_are_not_counted_as_left(tmp_path):
    frame = duels(20, models=("human",)).drop(
        columns=["experiment_id", "cfg.task.config.start_urls"]
    )
    frame = frame.assign(trial_id=[f"exp{k // 2}" for k in range(20)], url_0="u/a", url_1="u/b")
    frame["choice"] = np.where(frame["chose_idx"] == 1, "u/b", "u/a")
    frame["nudged_idx"] = frame["nudged_idx"].replace("", -1)
    frame.loc[3, ["choice", "chose_idx"]] = ["", 0]
    table, notes = read(frame, tmp_path)
    assert (
        note(notes, "neither of the two pages") == "1 row choose neither of the two pages (row 5)"
    )
    assert table["trial_id"].nunique() == 19
    assert sorted(table["product_id"].unique()) == ["a", "b"]


# -- all of them ----------------------------------------------------------------------------


@pytest.mark.parametrize("make", [shelves, headless, duels])
def test_every_format_has_all_columns_exports_and_reports(make, tmp_path):
    from analysis.codebook import CONTRACT
    from analysis.report import write_report

    path = written(make(30), tmp_path / "results.csv")
    table = load_choices(path)
    assert tuple(table.columns[: len(CONTRACT)]) == CONTRACT
    export(table, tmp_path / "long.parquet")
    again = load_choices(tmp_path / "long.parquet")
    assert again.attrs == table.attrs
    pd.testing.assert_frame_equal(again, table, check_dtype=False)
    both = load_choices([path, tmp_path / "long.parquet"])
    assert both["trial_id"].nunique() == 2 * table["trial_id"].nunique()
    assert both.attrs["notes"] == 2 * table.attrs["notes"]
    assert "<html" in write_report([path], tmp_path / "r.html").read_text()


def test_parquet_of_a_foreign_format_is_recognised_too(tmp_path):
    frame = shelves(4)
    frame.to_parquet(tmp_path / "a.parquet")
    one = load_choices(tmp_path / "a.parquet")
    other, _ = read(frame, tmp_path)
    left, right = (each.drop(columns="run") for each in (one, other))
    pd.testing.assert_frame_equal(left, right, check_dtype=False)


def test_formats_and_own_tables_are_told_apart(tmp_path, planted_runs):
    own = tmp_path / "own.csv"
    export(load_choices(planted_runs("own", worlds=5)), own)
    assert not load_choices(own).attrs.get("notes")
    known = {name: FORMATS.build(name, {}) for name in FORMATS.names()}
    assert set(known) == {"abxlab_results", "aces_aggregated", "aces_headless"}
    examples = {
        "abxlab_results": duels(2),
        "aces_aggregated": shelves(2),
        "aces_headless": headless(2),
    }
    for name, frame in examples.items():
        assert [n for n, each in known.items() if each.recognises(set(frame))] == [name]


def test_a_file_that_is_no_table_is_told_of(tmp_path):
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(StoreError, match="can't be read as a CSV table"):
        load_choices(tmp_path / "empty.csv")
    (tmp_path / "latin.csv").write_bytes("title,price\ncaf\xe9,1\n".encode("latin-1"))
    with pytest.raises(StoreError, match="can't be read as a CSV table"):
        load_choices(tmp_path / "latin.csv")
