"""The run store under attack: killed, raced, filled up, and given files that are not its own."""

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aces import schema
from aces.errors import StoreError
from aces.llm.records import Exchange, Message, Picture, Reply, Request, Usage, Wait
from aces.store import PAGE, BlobStore, Finished, RunStore, Spent
from aces.types import Assignment, Choice, Event, Status, Step, Trial

ROOT = Path(__file__).resolve().parents[2]
STEPS = 3


def plan(n):
    worlds = [
        Assignment(
            world_id=f"w{i}",
            task_id="t",
            k=i,
            product_ids=("a", "b"),
            levels={"position": (1, 2)},
            probability=0.5,
        )
        for i in range(n)
    ]
    trials = [
        Trial(
            id=f"{i:04d}",
            plan_index=i,
            batch=0,
            world_id=f"w{i}",
            buyer="b",
            interface="json",
            repeat=0,
        )
        for i in range(n)
    ]
    return worlds, trials


def finished(trial_id, blobs, status="chosen", cause=""):
    step = Step(step=0, page="results", text=trial_id * 50, action={"type": "back"})
    steps = [step.model_copy(update={"step": i}) for i in range(STEPS)]
    return Finished(
        trial_id,
        Choice(status=status, cause=cause, product_id="a" if status == "chosen" else None),
        tuple(map(blobs.keep_step, steps)),
        tuple(Event(kind="search", page="results", at_s=0.1) for _ in range(STEPS)),
    )


@pytest.fixture
def store(tmp_path):
    with RunStore.create(tmp_path / "run") as store:
        store.add_batch(0, *plan(40))
        yield store


def check_whole(store, attempts=1):
    """Every stored outcome has all of its steps and events, and the file is sound."""
    assert store.db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    outcomes = dict(store.db.execute("SELECT trial_id, count(*) FROM outcomes GROUP BY trial_id"))
    for table in ("steps", "events"):
        rows = store.db.execute(
            f"SELECT trial_id, attempt, count(*) FROM {table} GROUP BY trial_id, attempt"
        ).fetchall()
        assert {row[2] for row in rows} <= {STEPS}
        assert {row[0] for row in rows} == set(outcomes)
        assert len(rows) == sum(outcomes.values())
    assert set(outcomes.values()) <= {attempts}
    return set(outcomes)


# -- killed ---------------------------------------------------------------------------------

WORKER = """
import sys, time
sys.path.insert(0, sys.argv[2])
from test_store import finished, plan
from aces.store import RunStore
with RunStore.create(sys.argv[1]) as store:
    store.add_batch(0, *plan(900))
    done = store.finished_ids()
    todo = [t.id for t in plan(900)[1] if t.id not in done]
    while todo:
        store.add_finished([finished(i, store.blobs) for i in todo[:7]], session=1)
        todo = todo[7:]
        time.sleep(0.004)
"""


def work(folder):
    arguments = [sys.executable, "-c", WORKER, str(folder), str(Path(__file__).parent)]
    return subprocess.Popen(arguments, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_killed_at_any_moment_it_goes_on_with_what_it_lacks(tmp_path):
    folder = tmp_path / "run"
    moments = random.Random(5)
    counts = [0]
    for _ in range(3):
        process = work(folder)
        wait_until(lambda: count(folder) > counts[-1], process)
        time.sleep(moments.uniform(0, 0.05))
        process.kill()
        process.wait()
        with RunStore.open(folder) as store:
            counts.append(len(check_whole(store)))
    assert counts == sorted(set(counts)), "every life adds something and loses nothing"
    assert counts[-1] < 900
    assert work(folder).wait() == 0
    with RunStore.open(folder) as store:
        assert check_whole(store) == {trial.id for trial in plan(900)[1]}


def count(folder):
    try:
        db = sqlite3.connect(f"file:{folder}/run.sqlite?mode=ro", uri=True)
        try:
            return db.execute("SELECT count(*) FROM outcomes").fetchone()[0]
        finally:
            db.close()
    except sqlite3.OperationalError:
        return 0


def wait_until(condition, process, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "it ended by itself"
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_tables_are_made_all_or_none(tmp_path, monkeypatch):
    broken = ("CREATE TABLE one (a); CREATE TABLE one (a)",)
    monkeypatch.setattr(schema, "MIGRATIONS", broken)
    with pytest.raises(StoreError, match="already exists"):
        RunStore.create(tmp_path)
    monkeypatch.undo()
    with RunStore.create(tmp_path) as store:
        store.add_batch(0, *plan(1))
        assert store.progress().planned == 1


# -- raced ----------------------------------------------------------------------------------


def test_a_second_writer_is_refused_and_readers_are_not(store):
    with pytest.raises(StoreError, match="another process is writing to this run; wait for it"):
        RunStore.create(store.folder)
    other = work(store.folder)
    assert other.wait() == 1
    with RunStore.open(store.folder) as reader:
        store.add_finished([finished("0001", store.blobs)], 1)
        assert reader.finished_ids() == {"0001"}
    store.close()
    with RunStore.create(store.folder) as again:
        assert again.finished_ids() == {"0001"}


def test_a_refused_folder_can_be_had_once_it_is_mended(tmp_path):
    (tmp_path / "run.sqlite").write_text("hello " * 200)
    with pytest.raises(StoreError, match="not a run") as caught:
        RunStore.create(tmp_path)
    (tmp_path / "run.sqlite").unlink()
    RunStore.create(tmp_path).close()
    assert caught.value.exit_status == 2


def test_what_fails_in_the_middle_leaves_nothing(store):
    twice = [finished("0001", store.blobs), finished("0002", store.blobs)] * 2
    with pytest.raises(sqlite3.IntegrityError):
        store.add_finished(twice, 1)
    assert check_whole(store) == set()


# -- full -----------------------------------------------------------------------------------


def add_one_by_one(store, ids):
    for i in ids:
        store.add_finished([finished(i, store.blobs)], 1)


def test_a_full_disk_is_said_and_work_goes_on_when_there_is_space(store):
    store.add_batch(1, *plan(200))
    pages = store.db.execute("PRAGMA page_count").fetchone()[0]
    store.db.execute(f"PRAGMA max_page_count = {pages + 2}")
    ids = [trial.id for trial in plan(200)[1]]
    with pytest.raises(StoreError, match=r"the disk is full. Free some space and run the same"):
        add_one_by_one(store, ids)
    stored = len(store.finished_ids())
    assert 0 < stored < 200
    assert check_whole(store) == set(ids[:stored])
    store.db.execute("PRAGMA max_page_count = 100000")
    store.add_finished([finished(i, store.blobs) for i in ids[stored:]], 1)
    assert check_whole(store) == set(ids)


def test_blobs_that_can_not_be_written_are_said(tmp_path):
    (tmp_path / "blobs").write_text("a file where a folder should be")
    with pytest.raises(StoreError, match="blobs: can't be written"):
        BlobStore(tmp_path / "blobs").put(b"x", ".png")


# -- not its own ----------------------------------------------------------------------------


def other_tables(path):
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE users (a)")
    db.close()


def newer(path):
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()


@pytest.mark.parametrize(
    ("spoil", "says", "ways"),
    [
        (lambda path: path.write_text("hello " * 200), "not a run of ACES", "create open"),
        (newer, "written by a newer ACES .format 99.; update this one", "create open"),
        (other_tables, "not a run of ACES", "create open"),
        (lambda path: path.touch(), "not a run of ACES: nothing has been stored", "open"),
        (lambda path: path.mkdir(), "can't be written", "create"),
        (lambda path: path.mkdir(), "no run there", "open"),
        (lambda path: None, "no run there .no run.sqlite.", "open"),
    ],
)
def test_other_files_are_not_taken_for_runs(tmp_path, spoil, says, ways):
    path = tmp_path / "run.sqlite"
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    for way in ways.split():
        with pytest.raises(StoreError, match=says):
            getattr(RunStore, way)(tmp_path)
    assert before is None or path.read_bytes() == before


def test_a_folder_that_can_not_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="can't be written"):
        RunStore.create(tmp_path / "file" / "run")


# -- what is kept ---------------------------------------------------------------------------


def test_blobs_are_named_by_their_content(tmp_path):
    blobs = BlobStore(tmp_path)
    name = blobs.put(b"one", ".png")
    written = (tmp_path / name).stat().st_mtime_ns
    assert blobs.put(b"one", ".png") == name
    assert (tmp_path / name).stat().st_mtime_ns == written
    assert blobs.put(b"two", ".png") != name
    assert blobs.get(name) == b"one"
    assert name.startswith(f"{Path(name).stem[:2]}/")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 2


@pytest.mark.parametrize(("length", "as_blob"), [(0, False), (8192, False), (8193, True)])
def test_texts_come_back_short_or_long(store, length, as_blob):
    text = "é" * (length // 2) + "x" * (length % 2)
    kept = store.blobs.keep_step(Step(step=1, page="results", text=text, action={}))
    assert (kept.text_blob is not None) == as_blob
    assert store.step_text(kept.text, kept.text_blob) == text


def test_no_text_is_not_an_empty_text(store):
    kept = store.blobs.keep_step(Step(step=1, page="results", action={}))
    assert store.step_text(kept.text, kept.text_blob) is None


def test_failed_attempts_stay_and_only_operational_ones_are_tried_again(store):
    outcomes = [
        ("0000", Status.CHOSEN, ""),
        ("0001", Status.ABSTAINED, ""),
        ("0002", Status.TRUNCATED, ""),
        ("0003", Status.FAILED, "refusal"),
        ("0004", Status.FAILED, "unparseable"),
        ("0005", Status.FAILED, "browser"),
        ("0006", Status.FAILED, "fault"),
    ]
    store.add_finished([finished(i, store.blobs, s, c) for i, s, c in outcomes], 1)
    assert store.retryable_ids() == {"0005", "0006"}
    progress = store.progress()
    assert progress.by_status == {"chosen": 1, "abstained": 1, "truncated": 1, "failed": 4}
    assert progress.by_cause == {"refusal": 1, "unparseable": 1, "browser": 1, "fault": 1}
    assert (progress.planned, progress.done, progress.operational_failures) == (40, 7, 2)
    again = store.progress(running_again={"0005", "0006"})
    assert (again.done, again.operational_failures) == (5, 0)

    store.add_finished([finished("0005", store.blobs)], 2)
    assert store.retryable_ids() == {"0006"}
    assert store.progress().by_status["chosen"] == 2
    attempts = store.db.execute(
        "SELECT attempt, status FROM outcomes WHERE trial_id = '0005' ORDER BY attempt"
    )
    assert attempts.fetchall() == [(1, "failed"), (2, "chosen")]


def test_what_was_planned_stays_as_it_was(store):
    worlds, trials = plan(42)
    changed = [world.model_copy(update={"probability": 0.1}) for world in worlds]
    store.add_batch(1, changed, trials)
    stored = store.db.execute("SELECT probability, count(*) FROM worlds GROUP BY probability")
    assert dict(stored) == {0.5: 40, 0.1: 2}
    assert store.progress().planned == 42


def test_a_run_of_the_first_format_is_read_and_gone_on_with(tmp_path):
    db = sqlite3.connect(tmp_path / "run.sqlite")
    db.executescript(schema.MIGRATIONS[0] + "; PRAGMA user_version = 1")
    db.execute("INSERT INTO worlds VALUES ('w0', 't', 0, 0, '[]', '{}', 0.5, '{}', '{}')")
    for i, trial in enumerate(("0000", "0001")):
        db.execute("INSERT INTO trials VALUES (?, ?, 0, 'w0', 'b', 'json', 0)", (trial, i))
    outcome = "INSERT INTO outcomes VALUES ('0000', 1, 'chosen', '', 'a', NULL, NULL, '', 1, 0, 1)"
    db.execute(outcome)
    db.commit()
    db.close()
    with RunStore.open(tmp_path) as store:
        assert store.progress().by_status == {"chosen": 1}
        assert store.spent().tokens == 0
        wordings = store.db.execute("SELECT persona, prompt FROM trials").fetchall()
        assert wordings == [("", ""), ("", "")]
    with RunStore.create(tmp_path) as store:
        store.add_finished([finished("0001", store.blobs)], 2)
        latest = store.db.execute("SELECT trial_id, reported FROM latest ORDER BY trial_id")
        assert latest.fetchall() == [("0000", None), ("0001", None)]


# -- what was said to a model ---------------------------------------------------------------


def exchange(reply=True, **changed):
    picture = Picture(data=b"pixels")
    said = Message(role="user", parts=("which?", picture, picture))
    given = {
        "step": 1,
        "purpose": "act",
        "request": Request(model="m", messages=(said,)),
        "key": "k",
        "reply": Reply(text="this", usage=Usage(prompt=90, cached=10, completion=2)),
        "waits": (Wait(reason="429", seconds=1.5), Wait(reason="503", seconds=0.5)),
        "cost": 0.25,
    }
    return Exchange(**given | ({} if reply else {"reply": None}) | changed)


def test_a_file_keeps_the_size_of_its_pages_and_is_gone_on_with(tmp_path):
    def size_of_pages(folder):
        with RunStore.create(folder) as store:
            store.add_batch(0, *plan(2))
        with RunStore.open(folder) as store:
            assert store.db.execute("SELECT count(*) FROM trials").fetchone() == (2,)
            return store.db.execute("PRAGMA page_size").fetchone()[0]

    (tmp_path / "old").mkdir()
    with sqlite3.connect(tmp_path / "old" / "run.sqlite") as db:
        db.execute("PRAGMA page_size = 1024")
        db.execute("PRAGMA journal_mode = WAL")
        schema.migrate(db)
    assert size_of_pages(tmp_path / "old") == 1024
    assert size_of_pages(tmp_path / "new") == PAGE


def test_exchanges_are_stored_with_their_pictures_once(store):
    step = Step(step=1, page="results", screenshot=b"pixels", action={})
    kept = [store.blobs.keep_exchange(exchange()), store.blobs.keep_exchange(exchange(reply=False))]
    done = Finished(
        "0000", Choice(status="chosen"), (store.blobs.keep_step(step),), exchanges=tuple(kept)
    )
    store.add_finished([done], 1)
    row = store.db.execute(
        "SELECT request, waited_s, waits, prompt_tokens, image_tokens, cached_tokens FROM exchanges"
    ).fetchone()
    screenshot = store.db.execute("SELECT screenshot FROM steps").fetchone()[0]
    parts = json.loads(store.blobs.get(row[0]))["messages"][0]["parts"]
    assert parts == ["which?", *[{"blob": screenshot, "media_type": "image/png"}] * 2]
    assert row[1:] == (2.0, kept[0].waits, 90, None, 10)
    assert json.loads(row[2])[1] == {"reason": "503", "seconds": 0.5}
    replies = store.db.execute("SELECT reply FROM exchanges ORDER BY seq").fetchall()
    assert Reply.model_validate_json(replies[0][0]).text == "this"
    assert replies[1] == (None,)


def test_all_attempts_are_paid_for_and_stored_answers_are_free(store):
    for changed in ({}, {}, {"from_cache": True, "cost": 0.0}, {"reply": False}):
        kept = store.blobs.keep_exchange(exchange(**changed))
        failed = Choice(status="failed", cause="server")
        store.add_finished([Finished("0000", failed, exchanges=(kept,))], 1)
    assert store.spent() == Spent(cost=0.75, tokens=2 * 92)
    assert store.progress().spent == store.spent()
