"""A pre-registration knows itself: what was edited, what differs, what was logged."""

import json

import pytest

import aces
from aces.errors import SpecError, StoreError
from aces.lock import (
    DEVIATIONS,
    Alteration,
    Deviation,
    Lock,
    differences,
    lock_text,
    log_deviation,
    read_deviations,
    read_lock,
    write_lock,
)
from aces.spec import digest

PLAN = {
    "name": "study",
    "seed": 7,
    "worlds_per_task": 30,
    "treatments": [{"use": "price", "parameters": {"sigma": 0.3}}],
    "declarations": {"price": {"sigma": 0.3}},
    "buyers": [{"name": "qwen", "parameters": {"prompt": "You shop. " * 40 + "Buy one."}}],
    "prompts": {"qwen": {"shopper": "1f"}},
    "analysis": [{"use": "conditional_logit", "parameters": {"terms": ["row_1", "rating"]}}],
}


@pytest.fixture
def lock():
    return Lock.of(PLAN, date="2026-11-22T10:00:00+00:00", trials=60)


def altered(path, value):
    """The plan with one value deep inside it changed."""
    plan = json.loads(json.dumps(PLAN))
    place = plan
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return plan


def test_it_can_be_read_again_and_is_never_written_over(lock, tmp_path):
    path = tmp_path / "study.lock.json"
    write_lock(lock, path)
    assert read_lock(path) == lock
    assert not lock.alterations(PLAN)
    assert lock.hold_out_seed != PLAN["seed"]
    with pytest.raises(SpecError, match="is not written over"):
        write_lock(lock, path)
    assert lock == Lock.of(PLAN, date=lock.date, trials=60)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda data: data["plan"].update(seed=8), r"edited .*\(seed\)"),
        (lambda data: data["plan"]["analysis"][0]["parameters"].update(terms=[]), r"\(analysis\)"),
        (lambda data: data.update(date="2025-01-01"), "its date, sample size"),
        (lambda data: data.update(hold_out_seed=3), "its date, sample size"),
        (
            lambda data: (data["plan"].update(seed=8), data["hashes"].update(seed=digest(8))),
            "its date, sample size, seed or hashes",
        ),
        (lambda data: data.pop("plan"), "not a pre-registration"),
    ],
)
def test_an_edited_file_is_noticed_by_its_own_hash(lock, tmp_path, edit, says):
    path = tmp_path / "study.lock.json"
    data = json.loads(lock_text(lock))
    edit(data)
    path.write_text(json.dumps(data))
    with pytest.raises(SpecError, match=says):
        read_lock(path)


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(SpecError, match=r"no such file.*aces plan"):
        read_lock(tmp_path / "none.json")
    with pytest.raises(SpecError, match="can't be read"):
        read_lock(tmp_path)
    with pytest.raises(SpecError, match="can't be written"):
        write_lock(Lock.of(PLAN, date="", trials=1), tmp_path / "no" / "folder.json")


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (["seed"], 8, ["seed: 7 there, 8 now"]),
        (["treatments", 0, "parameters", "sigma"], 0.4, ["treatments[0].sigma: 0.3 there, 0.4"]),
        (
            ["analysis", 0, "parameters", "terms"],
            ["row_1"],
            ['analysis[0].terms: ["row_1", "rating"] there, ["row_1"] now'],
        ),
        (["prompts", "qwen", "shopper"], "2f", ['prompts.qwen.shopper: "1f" there, "2f" now']),
    ],
)
def test_what_differs_is_named(lock, path, value, named):
    found = lock.alterations(altered(path, value))
    assert len(found) == len(named)
    for each, text in zip(found, named, strict=True):
        assert text in str(each)


def test_of_a_long_text_the_word_is_shown_and_nothing_is_said_twice(lock):
    plan = altered(["buyers", 0, "parameters", "prompt"], "You shop. " * 40 + "Buy two.")
    plan["prompts"] = {"qwen": {"shopper": "2f"}}
    (found,) = lock.alterations(plan)
    assert found.key == "buyers[0].prompt"
    assert "Buy one." in found.there
    assert "Buy two." in found.now
    assert max(len(found.there), len(found.now)) < 90


def test_the_hold_out_has_its_own_seed_and_the_version_counts(lock):
    held_out = {**PLAN, "seed": lock.hold_out_seed}
    assert not lock.alterations(held_out, hold_out=True)
    assert [each.key for each in lock.alterations(held_out)] == ["seed"]
    (found,) = lock.alterations(PLAN, version="99")
    assert str(found) == f'version: "{aces.__version__}" there, "99" now'


def test_keys_that_came_or_went_are_named():
    assert [str(a) for a in differences({"a": 1}, {"b": 2})] == [
        "a: 1 there, null now",
        "b: null there, 2 now",
    ]


def test_the_log_only_grows_by_what_is_new(tmp_path):
    first = Alteration(key="seed", there="7", now="8")
    second = Alteration(key="repeats", there="1", now="2")

    def log(command, *alterations):
        line = Deviation(time="t", command=command, reason="why", alterations=alterations)
        return log_deviation(tmp_path, line)

    assert not read_deviations(tmp_path)
    assert not log("run")
    assert log("run", first)
    before = (tmp_path / DEVIATIONS).read_text()
    assert not log("run", first)
    assert log("run", first, second)
    assert log("analyze", first)
    assert (tmp_path / DEVIATIONS).read_text().startswith(before)
    assert [(d.command, d.alterations) for d in read_deviations(tmp_path)] == [
        ("run", (first,)),
        ("run", (second,)),
        ("analyze", (first,)),
    ]
    (tmp_path / DEVIATIONS).write_text("nonsense\n")
    with pytest.raises(StoreError, match="not a log of deviations"):
        read_deviations(tmp_path)
