"""Pre-registration through the command line: what was promised, run, altered, and stamped."""

import csv
import json
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from aces import cli
from aces.store import RunStore

PROMPT = """\
# System
You are shopping online.{persona}

# Instruction
Buy one {query}. {requirements} Choose with care. {acting}
"""
EXPERIMENT = """\
name: locked
seed: 3
tasks:
  - {id: stapler, category: stapler}
shelf: {size: 4, columns: 2}
treatments: [position, {use: price, sigma: 0.3}, rating]
buyers:
  - use: utility
    name: planted
    coefficients: {row_1: 0.5, log_price: -1}
  - use: vlm
    name: qwen
    model: Qwen/Qwen2.5-VL-7B-Instruct
    base_url: http://127.0.0.1:9/v1
    sampling: {temperature: 0.7}
    prompt: shop.md
interface: json
worlds_per_task: 60
exclude: {position_lock: 0.95}
analysis:
  - {use: conditional_logit, terms: [row_1, log_price, rating]}
"""
SERVED = EXPERIMENT[EXPERIMENT.index("  - use: vlm") : EXPERIMENT.index("interface")]
PLANTED = EXPERIMENT.replace(SERVED, "")


@pytest.fixture
def aces(monkeypatch, tmp_path, capsys):
    """Runs a command in this process, in a folder with one experiment and its prompt."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "path", list(sys.path))
    Path("shop.md").write_text(PROMPT)

    def aces(*arguments, status=0):
        monkeypatch.setattr(sys, "argv", ["aces", *map(str, arguments)])
        ended = 0
        try:
            cli.main()
        except SystemExit as end:
            ended = int(end.code or 0)
        out, err = capsys.readouterr()
        assert ended == status, out + err
        return SimpleNamespace(out=out, err=err)

    return aces


def write(text=PLANTED, *replacements):
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    Path("x.yaml").write_text(text)


def run(aces, *more, out="run", status=0):
    return aces("run", "x.yaml", "--executor", "inline", "--out", out, *more, status=status)


@pytest.fixture
def locked(aces):
    """A planted experiment, registered."""
    write()
    assert (
        "aces run x.yaml --lock x.lock.json" in aces("plan", "x.yaml", "--lock", "x.lock.json").out
    )
    return aces


def estimates(folder="run"):
    with Path(folder, "estimates.csv").open() as file:
        return list(csv.DictReader(file))


def evidence(folder="run"):
    """Analysis -> the evidence of its rows."""
    found = {}
    for row in estimates(folder):
        found.setdefault(row["analysis"], set()).add(row["evidence"])
    return found


def test_a_registration_holds_the_texts_in_full_and_their_hashes(aces):
    write(EXPERIMENT)
    aces("plan", "x.yaml", "--lock", "x.lock.json")
    lock = json.loads(Path("x.lock.json").read_text())
    plan = lock["plan"]
    assert lock["trials"] == 120
    assert plan["buyers"][1]["parameters"]["prompt"]["texts"]["shop"] == PROMPT
    assert plan["buyers"][1]["parameters"]["sampling"]["temperature"] == 0.7
    assert plan["prompts"]["qwen"].keys() == {"shop"}
    assert plan["exclude"]["position_lock"] == 0.95
    assert plan["declarations"].keys() == {"position", "price", "rating"}
    assert lock["hashes"].keys() == plan.keys()
    assert "127.0.0.1" not in json.dumps(lock)
    assert "not written over" in aces("plan", "x.yaml", "--lock", "x.lock.json", status=2).err


ALTERED = {
    "nothing": ((), None),
    "a server's address": (("127.0.0.1:9", "127.0.0.1:10"), None),
    "a seed": (("seed: 3", "seed: 4"), "seed: 3 there, 4 now"),
    "an exclusion": (
        ("position_lock: 0.95", "position_lock: 0.9"),
        "exclude.position_lock: 0.95 there, 0.9 now",
    ),
    "an analysis term": (
        ("log_price, rating]", "log_price]"),
        'analysis[0].terms: ["row_1", "log_price", "rating"] there, ["row_1", "log_price"] now',
    ),
    "a model's name": (
        ("VL-7B-Instruct", "VL-3B-Instruct"),
        'buyers[1].model: "Qwen/Qwen2.5-VL-7B-Instruct" there, "Qwen/Qwen2.5-VL-3B-Instruct" now',
    ),
    "a sampling parameter": (
        ("temperature: 0.7", "temperature: 0.0"),
        "buyers[1].sampling.temperature: 0.7 there, 0.0 now",
    ),
    "a treatment's level": (("sigma: 0.3", "sigma: 0.2"), "treatments[1].sigma: 0.3 there, 0.2"),
    "a planted taste": (
        ("log_price: -1}", "log_price: -2}"),
        "buyers[0].coefficients.log_price: -1.0 there, -2.0 now",
    ),
    "the sample size": (("task: 60", "task: 61"), "worlds_per_task: 60 there, 61 now"),
}


@pytest.mark.parametrize(("change", "says"), ALTERED.values(), ids=ALTERED)
def test_an_altered_plan_is_refused_and_the_alteration_named(aces, change, says):
    write(EXPERIMENT)
    aces("plan", "x.yaml", "--lock", "x.lock.json")
    write(EXPERIMENT, *([change] if change else []))
    options = ("--lock", "x.lock.json", "--buyers", "planted")
    if says is None:
        assert "nothing differs" in run(aces, *options).out
        return
    ended = run(aces, *options, status=2)
    named = [line.strip() for line in ended.err.splitlines() if line.startswith("  ")]
    assert len(named) == 1
    assert says in named[0]
    with RunStore.open("run") as store:
        assert store.progress().planned == 0


def test_one_word_of_a_prompt_is_caught_and_shown(aces):
    write(EXPERIMENT)
    aces("plan", "x.yaml", "--lock", "x.lock.json")
    Path("shop.md").write_text(PROMPT.replace("with care", "quickly"))
    said = run(aces, "--lock", "x.lock.json", "--buyers", "planted", status=2).err
    named = [line for line in said.splitlines() if line.startswith("  ")]
    assert len(named) == 1
    assert "buyers[1].prompt.texts.shop: " in named[0]
    there, now = named[0].split(" there, ")
    assert "with care" in there
    assert "quickly" in now


def test_a_run_as_registered_is_confirmatory(locked):
    assert "nothing differs" in run(locked, "--lock", "x.lock.json").out
    assert Path("run/lock.json").read_text() == Path("x.lock.json").read_text()
    said = locked("analyze", "run").out
    assert "Pre-registered on 20" in said
    assert ", followed." in said
    assert "Confirmatory: as registered" in said
    assert evidence() == {
        "conditional_logit": {"confirmatory"},
        "slots": {"exploratory"},
        "shares": {"exploratory"},
    }
    assert not Path("run/deviations.jsonl").exists()
    locked("report", "run")
    assert ", followed." in Path("run/report.html").read_text()


def test_without_a_registration_all_is_exploratory(locked):
    run(locked)
    assert "registered" not in locked("analyze", "run").out
    assert set().union(*evidence().values()) == {"exploratory"}
    assert "before any registration" in run(locked, "--lock", "x.lock.json", status=2).err
    assert "--lock FILE" in run(locked, "--hold-out", out="other", status=2).err


def test_a_locked_folder_stays_locked(locked):
    run(locked, "--lock", "x.lock.json")
    said = run(locked, "--set", "worlds_per_task=70", status=2).err
    assert "worlds_per_task: 60 there, 70 now" in said
    Path("other.json").write_text(Path("x.lock.json").read_text())
    assert "nothing differs" in run(locked, "--lock", "other.json").out
    Path("other.json").unlink()
    locked("plan", "x.yaml", "--set", "repeats=2", "--lock", "other.json")
    said = run(locked, "--set", "repeats=2", "--lock", "other.json", status=2).err
    assert "another registration" in said


def test_worlds_beyond_the_registered_number_are_exploratory(locked):
    run(locked, "--lock", "x.lock.json")
    locked("analyze", "run")
    before = [row for row in estimates() if row["analysis"] == "conditional_logit"]
    reason = "two more hours of server"
    assert (
        "deviates in worlds_per_task"
        in run(locked, "--set", "worlds_per_task=80", "--deviate", reason).out
    )
    said = locked("analyze", "run").out
    assert "deviated in worlds_per_task" in said
    assert "first 60 worlds of each task are confirmatory" in said
    after = [row for row in estimates() if row["analysis"] == "conditional_logit"]
    assert after == before
    more = [row for row in estimates() if row["analysis"] == "conditional_logit on all worlds"]
    assert Counter(row["evidence"] for row in more) == {"exploratory": len(before)}
    assert {row["n_trials"] for row in more} == {"80"}
    run(locked, "--set", "worlds_per_task=80")  # the reason was given
    (line,) = Path("run/deviations.jsonl").read_text().splitlines()
    assert json.loads(line)["reason"] == reason
    locked("report", "run")
    page = Path("run/report.html").read_text()
    assert "deviated in worlds_per_task" in page
    assert reason in page


def test_a_deviating_run_is_exploratory_and_says_why(locked):
    write(PLANTED, ("sigma: 0.3", "sigma: 0.2"))
    run(locked, "--lock", "x.lock.json", "--deviate", "prices must stay plausible")
    said = locked("analyze", "run").out
    assert "deviated in treatments[1].sigma" in said
    assert "treatments[1].sigma: 0.3 there, 0.2 now" in said
    assert "all estimates are exploratory" in said
    assert set().union(*evidence().values()) == {"exploratory"}


def test_an_unfinished_run_confirms_nothing_yet(locked):
    write(PLANTED.replace("  - use: utility", "  - {use: cheapest}\n  - use: utility"))
    locked("plan", "x.yaml", "--lock", "two.json")
    run(locked, "--lock", "two.json", "--buyers", "planted")
    said = locked("analyze", "run").out
    assert "60 of 120 registered trials are not finished" in said
    assert "confirmatory" not in set().union(*evidence().values())
    run(locked, "--lock", "two.json")
    assert ", followed." in locked("analyze", "run").out
    assert evidence()["conditional_logit"] == {"confirmatory"}


def test_a_run_that_a_registered_rule_ended_is_whole(aces):
    rule = "stop: {use: precision, term: row_1, half_width: 1.5}\n"
    write(PLANTED, ("worlds_per_task: 60\n", f"worlds_per_task: 200\n{rule}"))
    aces("plan", "x.yaml", "--lock", "x.lock.json")
    run(aces, "--lock", "x.lock.json")
    with RunStore.open("run") as store:
        assert store.progress().done < store.progress().planned == 200
    assert ", followed." in aces("analyze", "run").out
    assert evidence()["conditional_logit"] == {"confirmatory"}
    said = run(aces, "--set", "stop=[]", status=2).err
    assert "stop: [{" in said


def test_an_analysis_that_was_not_registered_is_exploratory_and_logged(locked):
    run(locked, "--lock", "x.lock.json")
    Path("other.yaml").write_text(
        "analysis:\n  - {use: conditional_logit, name: new, terms: [row_1, log_price]}\n"
        "  - {use: conditional_logit, name: renamed, terms: [row_1, log_price, rating]}\n"
    )
    said = locked("analyze", "run", "--analysis", "other.yaml").out
    assert "deviated in analysis" in said
    assert evidence()["new"] == {"exploratory"}
    assert evidence()["renamed"] == {"confirmatory"}
    locked("analyze", "run", "--analysis", "other.yaml")
    (line,) = Path("run/deviations.jsonl").read_text().splitlines()
    assert json.loads(line)["command"] == "analyze"
    locked("analyze", "run")
    assert evidence()["conditional_logit"] == {"confirmatory"}


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda lock: lock["plan"].update(seed=4), "edited after it was written (seed)"),
        (lambda lock: lock.update(date="2020-01-01T00:00:00+00:00"), "edited after it was written"),
        (None, "no such file"),
    ],
)
def test_a_tampered_lock_is_noticed_by_run_and_analyze(locked, edit, says):
    run(locked, "--lock", "x.lock.json")
    path = Path("run/lock.json")
    if edit is None:
        path.unlink()
    else:
        lock = json.loads(path.read_text())
        edit(lock)
        path.write_text(json.dumps(lock))
    said = locked("analyze", "run").out
    assert says in said
    assert "all estimates are exploratory" in said
    assert set().union(*evidence().values()) == {"exploratory"}
    assert says in run(locked, status=2).err


def test_another_lock_in_its_place_is_noticed(locked):
    run(locked, "--lock", "x.lock.json")
    locked("plan", "x.yaml", "--set", "seed=9", "--lock", "late.json")
    Path("run/lock.json").write_text(Path("late.json").read_text())
    assert "not the registration that this run began with" in locked("analyze", "run").out
    assert set().union(*evidence().values()) == {"exploratory"}


def test_the_hold_out_has_other_worlds_and_the_same_buyers(aces):
    write(PLANTED, ("log_price: -1}", "log_price: -1}\n    product_effects: {sd: 0.5}"))
    aces("plan", "x.yaml", "--lock", "x.lock.json")
    run(aces, out="explored")
    run(aces, "--lock", "x.lock.json", "--hold-out", out="held")
    said = aces("analyze", "held").out
    assert "followed, worlds of the hold-out seed" in said
    assert evidence("held")["conditional_logit"] == {"confirmatory"}
    seen, truths = [], []
    for folder in ("explored", "held"):
        with RunStore.open(folder) as store:
            seen.append({row[0] for row in store.db.execute("SELECT levels FROM worlds")})
            truths.append(store.meta("truths"))
    assert not seen[0] & seen[1]
    assert truths[0] == truths[1]
    run(aces, "--lock", "x.lock.json", out="held")  # goes on as what it is
    run(aces, "--lock", "x.lock.json", out="main")
    assert "own seed" in run(aces, "--lock", "x.lock.json", "--hold-out", out="main", status=2).err


def test_excluded_buyers_are_counted_shown_and_not_estimated_from(aces):
    write(PLANTED, ("  - use: utility", "  - {use: first}\n  - use: utility"))
    run(aces)
    said = aces("analyze", "run").out
    assert "excluded by rule: first · json, 60 trials: slot 1 taken in 100.0 %" in said
    assert {row["buyer"] for row in estimates()} == {"planted"}
    run(aces, "--set", "exclude={}")
    assert "excluded by rule" not in aces("analyze", "run").out
    run(aces, "--set", "exclude={position_lock: 0.1}")
    assert aces("analyze", "run").out.count("excluded by rule") == 2
    assert estimates() == []
