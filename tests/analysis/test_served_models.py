"""What is told of served models: whose choices, what they read and understood, what it cost."""

import csv
import json

import pandas as pd
import pytest

from aces.llm.records import Exchange, Message, Reply, Request, Usage, Wait
from aces.store import Finished, RunStore, StoredExchange
from aces.types import Choice, Status
from analysis.analyze import analyze, analyze_paths
from analysis.comparison.versions import compare_pairs
from analysis.comprehension import comprehension
from analysis.conduct import Conduct
from analysis.fits import analyses_of, arm_names, fit_all, groups
from analysis.frame import load_choices
from analysis.perception import named_otherwise, perception, same_title
from analysis.report.trials import trial_shown
from analysis.served import has_random_weights
from analysis.study import Study

PROMPTS = {"plain": "# System\nBuy.", "terse": "# System\nTake one."}
HASHES = {"plain": "0a" * 8, "terse": "1b" * 8}
PRICES = {"currency": "EUR", "input": 1.0, "cached_input": None, "output": 2.0, "request": 0.0}


def serve(folder, name="model", use="vlm", **parameters):
    """Makes a stored buyer one with a served model."""
    given = {
        "model": "some-vlm",
        "sampling": {"temperature": 0.5, "seed": "trial"},
        "prompt": {"texts": PROMPTS, "drawn": False},
        "persona": None,
        **parameters,
    }
    with RunStore.create(folder) as store:
        spec = store.meta("spec")
        for buyer in spec["buyers"]:
            if buyer["name"] == name:
                buyer |= {"use": use, "parameters": given}
        store.set_meta("spec", spec)
        store.set_meta("prompt_hashes", {name: HASHES})
        connection = {"endpoint": {"model": "some-vlm", "prices": PRICES}, "speech": "tools"}
        store.set_meta("connections", {name: connection})


def change(folder, statement, *values):
    with RunStore.create(folder) as store, store.transaction() as db:
        db.execute(statement, values)


def conduct_of(folder):
    with RunStore.open(folder) as store:
        return Conduct.of(Study.of(store), load_choices(folder))


def table_of(found, title):
    return next(table for table in found.tables if table.title == title)


@pytest.fixture
def served_run(planted_run):
    """A run of one served model: 40 worlds, each met twice."""
    folder = planted_run(worlds=20, repeats=2, buyers={"model": None}, interfaces=("json",))
    serve(folder)
    change(folder, "UPDATE trials SET prompt = 'plain'")
    return folder


# -- whose choices --------------------------------------------------------------------------


def arms(folder):
    """Persona, prompt, trials and name of each arm."""
    table = load_choices(folder)
    names = arm_names(table)
    return {
        (g["persona"], g["prompt_hash"], rows["trial_id"].nunique(), names[tuple(g.values())])
        for g, rows in groups(table)
    }


def test_the_long_table_says_what_a_model_was_told(served_run):
    change(served_run, "UPDATE trials SET persona = 'student'")
    change(served_run, "UPDATE trials SET prompt = 'terse' WHERE repeat = 1")
    table = load_choices(served_run)
    first = table.drop_duplicates("trial_id")
    assert set(first["persona"]) == {"student"}
    assert set(zip(first["repeat"], first["prompt"], first["prompt_hash"], strict=True)) == {
        (0, "plain", HASHES["plain"]),
        (1, "terse", HASHES["terse"]),
    }
    assert set(first["model"]) == {"some-vlm"}
    assert set(first["temperature"]) == {0.5}


def test_crossed_personas_and_wordings_are_fitted_apart(served_run):
    change(served_run, "UPDATE trials SET prompt = 'terse', persona = 'b' WHERE repeat = 1")
    change(served_run, "UPDATE trials SET persona = 'a' WHERE repeat = 0")
    assert arms(served_run) == {
        ("a", HASHES["plain"], 40, "model · json · a"),
        ("b", HASHES["terse"], 40, "model · json · b"),
    }
    change(served_run, "UPDATE trials SET persona = ''")
    assert arms(served_run) == {
        ("", HASHES["plain"], 40, "model · json · plain"),
        ("", HASHES["terse"], 40, "model · json · terse"),
    }


def test_what_was_drawn_for_each_world_is_pooled_and_said(served_run):
    odd = "world_id IN (SELECT world_id FROM worlds WHERE k % 2)"
    change(served_run, f"UPDATE trials SET prompt = 'terse' WHERE {odd}")
    name = "model · json · 2 wordings drawn"
    assert arms(served_run) == {("", "2 wordings drawn", 80, name)}
    with RunStore.open(served_run) as store:
        found = analyze(store)
    assert {row.prompt_hash for row in found.estimates} == {"2 wordings drawn"}
    assert {fit.arm for fit in found.fits} == {name}
    assert {fit.result.nobs for fit in found.fits} == {80}


def test_one_wording_alone_is_not_named(served_run):
    assert arms(served_run) == {("", HASHES["plain"], 80, "model · json")}


def test_arms_of_crossed_personas_are_compared(served_run):
    change(served_run, "UPDATE trials SET persona = 'b', repeat = 0 WHERE repeat = 1")
    (found,) = compare_pairs(load_choices(served_run), ["log_price"])
    assert (found.pair.names[1], found.equal[1]) == ("b", 40)


def test_buyers_that_only_answer_questions_are_not_fitted(served_run):
    serve(served_run, use="comprehension")
    change(served_run, "UPDATE outcomes SET status = 'abstained', product_id = NULL")
    with RunStore.open(served_run) as store:
        study, table = Study.of(store), load_choices(served_run)
        assert fit_all(table, analyses_of(table, study), study) == ([], [])


@pytest.mark.parametrize(
    ("model", "random"),
    [
        ("yujiepan/qwen2-vl-tiny-random", True),
        ("llava-tiny", True),
        ("tiny", True),
        ("some-Random-7B", True),
        ("TinyLlama/TinyLlama-1.1B", False),
        ("Qwen/Qwen2.5-VL-7B-Instruct", False),
    ],
)
def test_random_weights_are_known_by_name(model, random):
    assert has_random_weights(model) is random


# -- what was read --------------------------------------------------------------------------


def report(folder, edits=None):
    """Stores what the model said of each purchase: the truth, but for the edits by number."""
    edits = edits or {}
    bought = load_choices(folder).query("chosen == 1").reset_index(drop=True)
    with RunStore.create(folder) as store, store.transaction() as db:
        for number, row in bought.iterrows():
            told = {
                "title": row["title"],
                "price": row["price_cents"] / 100,
                "rating": row["rating"],
                "review_count": float(row["review_count"]),
            }
            told = edits.get(number, lambda told: told)(told)
            told = {key: value for key, value in told.items() if value == value}
            db.execute(
                "UPDATE outcomes SET reported = ?, said = ? WHERE trial_id = ?",
                (json.dumps(told), row["product_id"], row["trial_id"]),
            )
    return bought


def readings(folder):
    with RunStore.open(folder) as store:
        study = Study.of(store)
        table = load_choices(folder)
        return perception(study, table).set_index("field"), named_otherwise(study, table)


def test_all_read_right(served_run):
    report(served_run)
    found, named = readings(served_run)
    assert found["n"].tolist() == [80] * 5
    assert found["misread"].tolist() == [0] * 5
    assert found["typical_error"].isna().all()
    assert named is None
    # two readings of one world count as one
    assert found.loc["price", "ci_high"] == pytest.approx(0.0876, abs=1e-3)


def without(*names):
    return lambda told: {k: v for k, v in told.items() if k not in names}


def test_misread_unreported_and_unseen_values_are_counted_apart(served_run):
    edits = {
        0: lambda told: told | {"price": told["price"] + 3},
        1: lambda told: told | {"price": told["price"] - 5, "rating": told["rating"] - 0.1},
        2: lambda told: without("price")(told) | {"as_written": {"price": "cheap"}},
        3: without("price", "rating"),
        4: lambda told: without("rating")(told) | {"as_written": {"rating": "unknown"}},
        5: lambda told: told | {"title": "Something else entirely"},
        6: lambda told: told | {"title": f'"{told["title"].upper()}" '},
        7: lambda told: told | {"price": told["price"] + 0.004, "review_count": 1e6},
    }
    report(served_run, edits)
    found, _ = readings(served_run)
    counts = found[["n", "misread", "not_reported", "reported_not_shown"]].T.to_dict("list")
    assert counts["price"] == [79, 3, 1, 0]
    assert counts["rating"] == [78, 1, 2, 0]
    assert counts["title"] == [80, 1, 0, 0]
    assert counts["review_count"] == [80, 1, 0, 0]
    assert found.loc["price", "typical_error"] == pytest.approx(4)
    assert found.loc["rating", "typical_error"] == pytest.approx(0.1)
    assert found.loc["price", "rate"] == pytest.approx(3 / 79)


def test_a_value_that_the_page_did_not_show(served_run):
    change(
        served_run,
        "UPDATE worlds SET levels = json_set(levels, '$.rating', json('[null,null,null,null,null,"
        "null,null,null]')) WHERE k < 5",
    )
    report(served_run, {0: lambda told: told | {"rating": 4.2}})
    found, _ = readings(served_run)
    row = found.loc["rating"]
    assert (row["n"], row["reported_not_shown"], row["not_reported"]) == (60, 1, 0)


def test_orders_of_another_product_than_the_model_named(served_run):
    bought = report(served_run)
    change(
        served_run,
        "UPDATE outcomes SET said = 'watch-x' WHERE trial_id = ?",
        bought["trial_id"][0],
    )
    found, named = readings(served_run)
    assert found.loc["product", ["n", "misread"]].tolist() == [80, 1]
    assert found.loc["price", "n"] == 79
    assert named.rows == (("model · json", "watch-x", bought["product_id"][0], "1"),)


@pytest.mark.parametrize(
    ("reported", "same"),
    [
        ("Trail Runner GPS Watch, Black", True),
        ("  trail runner  GPS watch, black ", True),
        ("“Trail Runner GPS Watch, Black”", True),
        ("Trail Runner GPS…", True),
        ("Trail Runner GPS...", True),
        ("Tra…", False),
        ("Trail Runner GPS", False),
        ("Trail Runner GPS Watch, Blue", False),
    ],
)
def test_titles_are_compared_as_readers_do(reported, same):
    assert same_title(reported, "Trail Runner GPS Watch, Black") is same


def test_comprehension_is_a_share_with_its_chance_level(served_run):
    serve(served_run, use="comprehension")
    table = load_choices(served_run)
    with RunStore.create(served_run) as store, store.transaction() as db:
        for i, (trial_id, shelf) in enumerate(table.groupby("trial_id", sort=False)):
            title = shelf["title"].iloc[0]
            told = {"question": "title", "truth": title, "answer": title, "right": i % 4 > 0}
            if i >= 60:
                told = {"question": "badge", "truth": [], "answer": "none", "right": True}
            db.execute(
                "UPDATE outcomes SET reported = ? WHERE trial_id = ?", (json.dumps(told), trial_id)
            )
    with RunStore.open(served_run) as store:
        found = comprehension(Study.of(store), load_choices(served_run)).set_index("question")
    assert found.loc["title", ["n", "right"]].tolist() == [60, 45]
    assert found.loc["title", "chance"] == pytest.approx(1 / 8)
    assert found.loc["title", "ci_low"] < 0.75 < found.loc["title", "ci_high"]
    assert pd.isna(found.loc["badge", "chance"])


# -- what was said, and what it cost --------------------------------------------------------


def exchange(step=0, purpose="act", prompt=100, usage=None, **more):
    """An exchange that is answered unless `reply` is given."""
    reply = Reply(text="hm", usage=usage or Usage(prompt=prompt, completion=10), finish="stop")
    request = Request(model="m", messages=(Message(role="user", parts=("Buy one.",)),))
    return Exchange(
        step=step,
        purpose=purpose,
        request=request,
        key="k",
        **{"reply": reply, "seconds": 0.5, "cost": 0.01, **more},
    )


def attempt(folder, trials, exchanges, status=Status.CHOSEN, cause="", product="watch-0"):
    """Stores one more attempt of some trials with these exchanges."""
    with RunStore.create(folder) as store:
        stored = []
        for each in exchanges:
            name = store.blobs.put(each.request.model_dump_json().encode(), ".json")
            stored.append(StoredExchange.of(each, name))
        rows = store.db.execute("SELECT trial_id FROM trials ORDER BY plan_index").fetchall()
        choice = Choice(
            status=status, cause=cause, product_id=product if status == Status.CHOSEN else None
        )
        store.add_finished(
            [Finished(row[0], choice, exchanges=tuple(stored)) for row in rows[trials]], 1
        )


def test_costs_count_every_attempt_and_no_answer_twice(served_run):
    waits = (Wait(reason="429", seconds=2.0), Wait(reason="timeout", seconds=1.5))
    tried = [exchange(reply=None, cost=0.0, cause="server", error="no", waits=waits)]
    told = Usage(prompt=100, completion=10, cached=40)
    attempt(served_run, slice(0, 4), tried, Status.FAILED, "server")
    attempt(served_run, slice(0, 4), [exchange(usage=told), exchange(purpose="repair")])
    attempt(served_run, slice(4, 8), [exchange(from_cache=True, cost=0.0)])
    found = conduct_of(served_run)
    (row,) = found.files["costs.csv"].to_dict("records")
    assert (row["requests"], row["answers"], row["from_cache"]) == (16, 12, 4)
    assert (row["prompt_tokens"], row["completion_tokens"]) == (800, 80)
    assert (row["cached_tokens"], row["answers_counting_cached"]) == (160, 4)
    assert row["cached_share"] == pytest.approx(0.4)
    assert pd.isna(row["image_tokens"])
    assert json.loads(row["waits"]) == {
        "429": {"times": 4, "seconds": 8.0},
        "timeout": {"times": 4, "seconds": 6.0},
    }
    assert (row["cost"], row["currency"]) == (pytest.approx(0.08), "EUR")
    assert table_of(found, "Tokens").rows == (
        ("model · json", "800", "unknown", "40.0 % (4 of 8)", "80", "unknown"),
    )
    (answers,) = table_of(found, "How served models answered").rows
    assert answers == ("model · json", "tools", "8", "4 (50.0 %)", "nothing")


def test_failures_are_told_by_cause(served_run):
    attempt(served_run, slice(0, 3), [exchange()], Status.FAILED, "refusal")
    attempt(served_run, slice(3, 4), [exchange()], Status.FAILED, "unparseable")
    (row,) = table_of(conduct_of(served_run), "How served models answered").rows
    assert row[-1] == "refusal 3, unparseable 1"


def test_without_prices_money_is_unknown_not_zero(served_run):
    attempt(served_run, slice(0, 4), [exchange(cost=0.0)])
    with RunStore.create(served_run) as store:
        store.set_meta("connections", {"model": {"endpoint": {"prices": {"input": 0}}}})
    (row,) = conduct_of(served_run).files["costs.csv"].to_dict("records")
    assert row["cost"] is None
    assert row["currency"] == ""


def test_files_stand_beside_the_estimates_and_random_weights_are_said(served_run):
    report(served_run)
    attempt(served_run, slice(0, 4), [exchange()])
    serve(served_run, model="tiny-random-vlm")
    (found,) = analyze_paths([served_run])
    assert {path.name for path in found.beside} == {"costs.csv", "perception.csv"}
    with (served_run / "perception.csv").open(newline="") as file:
        assert {row["buyer"] for row in csv.DictReader(file)} == {"model"}
    assert any("prove the plumbing, nothing else" in note for note in found.notes)


def test_without_a_served_model_there_is_nothing_to_tell(planted_run):
    assert conduct_of(planted_run(worlds=2)) == Conduct()


# -- trials to look at ----------------------------------------------------------------------


def test_a_trial_shows_what_was_said_once(served_run):
    first = exchange(step=1, usage=Usage(prompt=9, completion=2, thinking=1), cause="unparseable")
    again = Request(
        model="m",
        messages=(
            *first.request.messages,
            Message(role="assistant", parts=("hm",)),
            Message(role="user", parts=("That was no action.",)),
        ),
    )
    second = exchange(step=1, purpose="repair", reply=None, error="gone", cause="server")
    second = second.model_copy(update={"request": again})
    attempt(served_run, slice(0, 1), [first, second], Status.FAILED, "server")
    with RunStore.open(served_run) as store:
        trial_id = store.db.execute("SELECT trial_id FROM trials ORDER BY plan_index").fetchone()[0]
        shown = trial_shown(load_choices(served_run), store, trial_id)
    assert shown.failed
    assert shown.told == "wording plain"
    (step,) = shown.steps
    asked, repaired = step.exchanges
    assert asked.said == (("user", "Buy one."),)
    assert repaired.said == (("assistant", "hm"), ("user", "That was no action."))
    assert asked.facts == "9 tokens in, 2 out (1 thinking), 0.50 s, cost 0.010000"
    assert (repaired.reply, repaired.error, repaired.cause) == (None, "gone", "server")
