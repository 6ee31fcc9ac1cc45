"""A run whose own model server dies under it: trials wait, or the run stops and says why."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from aces.store import RunStore

ROOT = Path(__file__).resolve().parents[2]
WORLDS = 12

# Stands in for vLLM. At the requests that `deaths` names, counted over all its lives, it is killed
# in the middle of answering; the file of its lives is there for the test to look into.
ENGINE = """
import os, signal, sys, threading
from pathlib import Path
from aces.testing.model_server import ModelServer, says, status

port, folder = int(sys.argv[sys.argv.index("--port") + 1]), Path(sys.argv[-1])
deaths = [int(n) for n in (folder / "deaths").read_text().split()]
lock, counter = threading.Lock(), folder / "asked"
print("engine", os.getpid(), flush=True)

def answer(body):
    with lock:
        number = int(counter.read_text() or 0) + 1 if counter.exists() else 1
        counter.write_text(str(number))
        if number in deaths:
            print("no memory left", flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    if number in [death - 1 for death in deaths]:
        threading.Event().wait(1)  # so that somebody else is under way too
        return status(500, "EngineCore encountered an issue.")
    return says('{"action": "leave", "reason": "It is late."}')

with ModelServer(answer, models=["m"], port=port):
    threading.Event().wait()
"""


@pytest.fixture
def place(tmp_path):
    """A folder with an experiment, and an environment that has the stand-in."""
    script, python = tmp_path / "engine.py", tmp_path / "venv" / "bin" / "python"
    script.write_text(ENGINE)
    python.parent.mkdir(parents=True)
    python.write_text(
        '#!/bin/sh\n[ "$1" != -c ] || { echo \'{"vllm": "0.33.0", "torch": "2"}\'; exit; }\n'
        f'export PYTHONPATH={ROOT}\nunset PYTHONSAFEPATH\nexec {sys.executable} {script} "$@"\n'
    )
    python.chmod(0o755)
    buyer = {"use": "vlm", "name": "vlm", "model": "m", "serve": "vllm", "speak": "schema"}
    experiment = {
        "name": "kept",
        "seed": 5,
        "tasks": [{"id": "stapler", "category": "stapler"}],
        "shelf": {"size": 4, "columns": 2},
        "treatments": ["position"],
        "interface": "json",
        # so little patience that one death would use it up
        "buyers": [buyer | {"arguments": [str(tmp_path)], "patience_s": 0.2}],
        "worlds_per_task": WORLDS,
    }
    (tmp_path / "kept.yaml").write_text(yaml.safe_dump(experiment))
    return tmp_path


def aces(place, *words):
    return subprocess.run(
        [sys.executable, "-m", "aces", *words],
        cwd=place,
        env=os.environ
        | {"PYTHONPATH": str(ROOT), "ACES_VLLM": str(place / "venv"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def run(place, *words):
    return aces(place, "run", "kept.yaml", "--out", "run", "--workers", "1", *words)


def outcomes(place):
    with RunStore.open(place / "run") as store:
        return store.db.execute("SELECT status, cause FROM latest").fetchall()


def test_trials_wait_while_a_server_that_was_killed_is_started_again(place):
    (place / "deaths").write_text("3 10")
    done = run(place)
    assert done.returncode == 0, done.stdout + done.stderr
    assert outcomes(place) == [("abstained", "")] * WORLDS
    assert done.stdout.count("starting it again") == 2
    with RunStore.open(place / "run") as store:
        found = store.db.execute("SELECT waits FROM exchanges").fetchall()
        assert "upkeep" not in json.dumps(store.meta("connections"))
    waits = [wait["reason"] for (waits,) in found for wait in json.loads(waits)]
    assert waits.count("restart") >= 2
    session = json.loads((place / "run" / "manifest.json").read_text())["sessions"][-1]
    assert [each["model"] for each in session["restarts"]] == ["m", "m"]
    assert all("ended with status" in each["why"] for each in session["restarts"])
    log = (place / "run" / "server-m.log").read_text()
    assert log.count("engine ") == 3
    assert log.count("no memory left") == 2


def test_a_server_that_dies_again_and_again_stops_the_run_which_then_goes_on(place):
    (place / "deaths").write_text(" ".join(map(str, range(4, 1000))))
    stopped = run(place)
    assert stopped.returncode == 1
    said = stopped.stdout + stopped.stderr
    assert "started again 3 times within the hour" in said
    assert said.rstrip().splitlines()[-1].strip() == "no memory left"  # the server's last words
    stored = outcomes(place)
    assert len(stored) < WORLDS
    assert set(stored) <= {("abstained", "")}, "nothing is burnt"
    (place / "deaths").write_text("")
    done = run(place)
    assert done.returncode == 0, done.stdout + done.stderr
    assert outcomes(place) == [("abstained", "")] * WORLDS


def test_what_failed_most_often_is_said_beside_its_count(place):
    (place / "deaths").write_text("")
    (place / "engine.py").write_text(
        ENGINE.replace("    return says(", "    return status(400, f'no [room/] for {number}')\n#")
    )
    failed = run(place)
    for said in (failed.stdout, aces(place, "status", "run").stdout):
        line = next(line for line in said.splitlines() if "failed: server" in line)
        assert line.split()[2] == str(WORLDS)
        assert "400: no [room/] for" in line
