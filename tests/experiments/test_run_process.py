"""`aces run` as a process: interrupted, killed, its workers shot, its disk full."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import psutil
import pytest

from aces.store import RunStore

WORLDS = 900


@pytest.fixture
def command(write, folder):
    path = write(
        ("  - {id: watch, category: fitness_watch}\n", ""), ("leave: true", "leave: false")
    )
    settings = ["--set", f"worlds_per_task={WORLDS}", "--workers", "2"]
    return ["run", path, "--out", folder / "run", *settings]


def finished(folder):
    try:
        db = sqlite3.connect(f"file:{folder}/run.sqlite?mode=ro", uri=True, timeout=5)
    except sqlite3.OperationalError:
        return 0
    try:
        return db.execute("SELECT count(*) FROM outcomes").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    finally:
        db.close()


def wait_for(process, folder, count):
    deadline = time.monotonic() + 60
    while finished(folder) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def check_complete(folder):
    """Every planned trial has one outcome, with its steps and events, and no other is there."""
    with RunStore.open(folder) as store:
        assert store.db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        outcomes = store.db.execute("SELECT trial_id, attempt, status FROM outcomes").fetchall()
        planned = {row[0] for row in store.db.execute("SELECT trial_id FROM trials")}
        assert len(outcomes) == len(planned) == 2 * WORLDS
        assert {row[0] for row in outcomes} == planned
        assert {row[1:] for row in outcomes} == {(1, "chosen")}
        for table, least in (("steps", 1), ("events", 4)):
            rows = store.db.execute(f"SELECT trial_id, count(*) FROM {table} GROUP BY trial_id")
            counts = dict(rows.fetchall())
            assert set(counts) == planned
            assert min(counts.values()) >= least


def workers(process):
    """Processes that run trials: not Python's own resource tracker."""
    return [
        child
        for child in psutil.Process(process.pid).children(recursive=True)
        if "spawn_main" in " ".join(child.cmdline())
    ]


def test_interrupted_killed_and_shot_at_it_completes_with_no_trial_twice(aces, command, folder):
    out = folder / "run"
    process = aces(*command, wait=False)
    wait_for(process, out, 100)
    crew = workers(process)
    os.killpg(process.pid, signal.SIGINT)  # Ctrl-C reaches the whole group
    printed, complaint = process.communicate(timeout=30)
    assert process.returncode == 130, complaint
    assert "interrupted" in complaint
    assert "Traceback" not in complaint + printed
    assert len(crew) == 2
    psutil.wait_procs(crew, timeout=10)
    assert not any(child.is_running() for child in crew)
    interrupted = finished(out)
    assert 100 <= interrupted < 2 * WORLDS
    with RunStore.open(out) as store:
        assert store.db.execute("SELECT count(ended) FROM sessions").fetchone() == (1,)

    process = aces(*command, wait=False)
    wait_for(process, out, interrupted + 100)
    refused = aces(*command)
    assert refused.returncode == 2
    assert "another process is writing to this run" in refused.stderr
    crew = workers(process)
    process.kill()
    process.wait()
    psutil.wait_procs(crew, timeout=10)
    assert not any(child.is_running() for child in crew), "workers outlive their master"
    killed = finished(out)
    assert interrupted + 100 <= killed < 2 * WORLDS

    process = aces(*command, wait=False)
    wait_for(process, out, killed + 50)
    for victim in workers(process):
        victim.kill()
    printed, complaint = process.communicate(timeout=60)
    assert process.returncode == 0, complaint
    assert "next: aces analyze" in printed
    check_complete(out)


def test_sigterm_is_an_interruption_too(aces, command, folder):
    process = aces(*command, wait=False)
    wait_for(process, folder / "run", 50)
    process.terminate()
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in complaint


def test_too_many_failures_end_with_status_1(aces, write, buyer, folder):
    (folder / "broken").touch()
    path = write(buyer("Raising"))
    run = ["run", path, "--out", folder / "run", "--executor", "inline"]
    failed = aces(*run)
    assert failed.returncode == 1
    assert (
        "6 trials failed for operational causes, more than --max-failed 5% allows" in failed.stdout
    )
    assert "next: aces status" in failed.stdout
    status = aces("status", folder / "run")
    assert status.returncode == 0
    assert "ZeroDivisionError: the buyer fell over" in status.stdout
    assert "--retry-failed" in status.stdout
    assert aces(*run, "--max-failed", "6").returncode == 0
    (folder / "broken").unlink()
    assert aces(*run, "--retry-failed").returncode == 0


def can_mount():
    return (
        shutil.which("unshare")
        and not subprocess.run(
            ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
            capture_output=True,
            check=False,
        ).returncode
    )


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["local", "inline"])
def test_a_full_disk_is_said_and_the_same_command_goes_on(command, folder, executor):
    if not can_mount():
        pytest.skip("needs to mount a tmpfs of its own")
    disk = folder / "disk"
    disk.mkdir()
    words = [str(part).replace(str(folder / "run"), str(disk / "run")) for part in command]
    aces = " ".join([sys.executable, "-m", "aces", *words, "--executor", executor])
    script = f"""
        mount -t tmpfs -o size=5m tmpfs {disk} && cd {folder} || exit 9
        {aces}; echo "exit $?"
        mount -o remount,size=200m {disk}
        {aces}; echo "exit $?"
        cp -r {disk}/run {folder}/run
    """
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=False
    )
    ended = [line for line in done.stdout.splitlines() if line.startswith("exit")]
    assert ended == ["exit 2", "exit 0"], done.stdout + done.stderr
    assert "0/0" not in done.stdout, "it was to fill up in the middle"
    assert "the disk is full. Free some space and run the same command again" in done.stderr
    assert "Traceback" not in done.stderr
    check_complete(folder / "run")
