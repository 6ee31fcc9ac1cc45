"""A server that ACES keeps: what is wrong with it is told from work, and it is started again."""

import http.server
import os
import re
import select
import signal
import sys
import threading
import time

import pytest

from aces.errors import ServerEndedError
from aces.llm.records import Serving
from aces.llm.upkeep import Upkeep
from aces.serve import Server, keeper, pulse
from aces.serve.keeper import Keeper
from aces.serve.pulse import Pulse


class Engine(http.server.ThreadingHTTPServer):
    """A server whose health, metrics and answers are as the test says."""

    daemon_threads = True
    health = 200
    steps: int | None = 0
    answers = 200
    """Status of an answer; 0: none ever comes."""
    asked = 0
    told = None


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        engine = self.server
        if self.path == "/health":
            self._send(engine.health, b"")
        elif engine.steps is None:
            self._send(404, b"")
        else:
            frontend = f"vllm:mm_cache_queries_total {time.monotonic()}\nhttp_requests 1\n"
            body = f"{frontend}vllm:iteration_tokens_total_count {engine.steps}\n"
            self._send(200, body.encode())

    def do_POST(self):
        engine = self.server
        engine.asked += 1
        engine.told = self.path, self.rfile.read(int(self.headers["Content-Length"]))
        if engine.answers:
            self._send(engine.answers, b"{}")
        else:
            threading.Event().wait(60)

    def _send(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def engine():
    with Engine(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def signs(engine, *, seconds, every=30.0, before_each=lambda: None):
    """What is seen at each look over so many seconds."""
    clock = Clock()
    found = Pulse(engine.server_port, "m", clock)
    seen = []
    for _ in range(int(seconds / every)):
        before_each()
        clock.now += every
        seen.append(found.look())
        if found._asked and engine.answers:  # what is on its way is there at the next look
            select.select([found._asked.sock], [], [], 60)
    found.close()
    return seen


def test_a_busy_server_is_never_taken_for_one_that_hangs(engine):
    engine.answers = 0  # a queue an hour long

    def step():
        engine.steps += 1

    assert set(signs(engine, seconds=3600, before_each=step)) == {"well"}
    assert engine.asked == 0


def test_steps_as_far_apart_as_they_may_be_are_life(engine):
    engine.answers = 0
    looks = iter(range(1000))

    def step():
        engine.steps += next(looks) % 18 == 0  # every nine minutes

    assert "hangs" not in signs(engine, seconds=7200, before_each=step)


def test_an_idle_server_is_asked_and_is_well(engine):
    assert set(signs(engine, seconds=3600)) == {"well"}
    assert 3 <= engine.asked <= 31  # now and then
    assert engine.told[0] == "/v1/completions"
    assert b'"max_tokens": 1' in engine.told[1]


def test_a_server_that_hangs_is_doubted_and_then_told(engine):
    engine.answers = 0
    seen = signs(engine, seconds=660)
    first = {sign: 30 * (seen.index(sign)) for sign in seen}
    # the first look is at second 30, and sees life since nothing was known before
    assert first == {"well": 0, "doubtful": pulse.DOUBT_S, "hangs": pulse.STUCK_S}
    assert engine.asked == 1


@pytest.mark.parametrize("steps", [None, 0])
def test_where_a_question_tells_nothing_health_does(engine, steps):
    engine.steps, engine.answers = steps, 404
    assert set(signs(engine, seconds=3600)) == {"well"}
    assert engine.asked <= 1


def test_a_server_that_says_it_is_not_well_is_believed_after_a_minute(engine):
    engine.health = 503
    assert signs(engine, seconds=90, every=15.0) == ["doubtful"] * 4 + ["sick"] * 2


def test_nobody_there_is_doubtful_and_then_hangs(engine):
    engine.server_close()
    engine.socket.close()
    seen = signs(engine, seconds=630)
    assert seen[:19] == ["doubtful"] * 19
    assert seen[-1] == "hangs"


# -- a real process -------------------------------------------------------------------------

ENGINE = """
import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
port = int(sys.argv[sys.argv.index("--port") + 1])
print("engine", os.getpid(), flush=True)
if "--once" in sys.argv and os.path.exists(sys.argv[-1]):
    sys.exit("the disk is full")
open(sys.argv[-1], "w").close()
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def make(tmp_path, monkeypatch):
    """A keeper of a stand-in for vLLM, started."""
    script, python = tmp_path / "engine.py", tmp_path / "venv" / "bin" / "python"
    script.write_text(ENGINE)
    python.parent.mkdir(parents=True)
    python.write_text(
        '#!/bin/sh\n[ "$1" != -c ] || { echo \'{"vllm": "0.33.0", "torch": "2"}\'; exit; }\n'
        f'exec {sys.executable} {script} "$@"\n'
    )
    python.chmod(0o755)
    monkeypatch.setenv("ACES_VLLM", str(tmp_path / "venv"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(keeper, "LOOK_S", 0.1)
    said = []

    def made(*arguments):
        serving = Serving(
            engine="vllm", model="m", arguments=(*arguments, str(tmp_path / "was-here"))
        )
        server = Server(serving, tmp_path / "m.log")
        return Keeper(server, tmp_path / "state.json", said.append)

    made.said = said
    return made


def engines(kept):
    return [int(pid) for pid in re.findall(r"engine (\d+)", kept.server.log.read_text())]


def wait_for(condition):
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def told(kept):
    return Upkeep.model_validate_json(kept.state.read_bytes())


@pytest.mark.parametrize("trouble", ["killed", "hangs"])
def test_a_server_that_ends_or_hangs_is_started_again_at_its_address(make, monkeypatch, trouble):
    clock = Clock()
    monkeypatch.setattr(keeper, "Pulse", lambda port, model: Pulse(port, model, clock))
    monkeypatch.setattr(pulse, "ANSWER_S", 0.5)
    with make() as kept:
        url, (first,) = kept.server.url, engines(kept)
        assert kept.wait_until_up() == 1
        os.kill(first, signal.SIGKILL if trouble == "killed" else signal.SIGSTOP)
        if trouble == "hangs":
            clock.now += pulse.DOUBT_S + 1
            wait_for(lambda: not told(kept).up)
            assert not kept.restarts
            clock.now += pulse.STUCK_S
        wait_for(lambda: told(kept).starts == 2)
        assert kept.wait_until_up() == 2
        assert kept.server.url == url
        assert len(engines(kept)) == 2
        with pytest.raises(ProcessLookupError):
            os.kill(first, 0)
        (restart,) = kept.restarts
        words = {"killed": "ended with status", "hangs": "did nothing for ten minutes"}
        assert words[trouble] in restart.why
        assert any(words[trouble] in line for line in make.said)
    assert not kept.state.exists()


def test_a_server_that_does_not_come_up_again_is_given_up_with_its_last_words(make):
    with make("--once") as kept:
        os.kill(engines(kept)[0], signal.SIGKILL)
        wait_for(lambda: told(kept).ended)
        with pytest.raises(ServerEndedError, match=r"(?s)started again 3 times.*the disk is full"):
            kept.wait_until_up()
        assert len(kept.restarts) == keeper.RESTARTS
        assert "did not come up" in kept.restarts[-1].why
        assert len(engines(kept)) == 1 + keeper.RESTARTS


def test_a_keeper_can_be_stopped_while_it_starts_the_server_again(make, monkeypatch):
    with make() as kept:
        (first,) = engines(kept)
        begun = threading.Event()
        start = Server.start

        def slow(server, *, again=False):
            begun.set()
            return start(server, again=again)

        monkeypatch.setattr(Server, "start", slow)
        os.kill(first, signal.SIGKILL)
        assert begun.wait(60)
    assert not kept._thread.is_alive()
    for pid in engines(kept):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
