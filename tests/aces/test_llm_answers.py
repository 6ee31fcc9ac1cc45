import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from aces.errors import StoreError
from aces.llm.answers import Answers, answer_key
from aces.llm.client import Client
from aces.llm.records import (
    Abilities,
    Connection,
    Endpoint,
    Exchange,
    Message,
    Picture,
    Prices,
    Reply,
    Request,
    Sampling,
    Tool,
    ToolCall,
)
from aces.testing.model_server import Answer, ModelServer, says

TOOL = Tool(name="buy", description="Buy.", parameters={"type": "object"})
BASE = Request(
    model="m",
    messages=(Message(role="user", parts=("hello", Picture(data=b"\x89one"))),),
    tools=(TOOL,),
)
CHANGES = [
    {"model": "n"},
    {"messages": (Message(role="user", parts=("hello", Picture(data=b"\x89two"))),)},
    {"messages": (Message(role="user", parts=("hallo", Picture(data=b"\x89one"))),)},
    {"messages": (Message(role="system", parts=("hello", Picture(data=b"\x89one"))),)},
    {"sampling": Sampling(temperature=0.3)},
    {"sampling": Sampling(top_p=0.9)},
    {"sampling": Sampling(max_tokens=7)},
    {"sampling": Sampling(seed=1)},
    {"sampling": Sampling(extra={"top_k": 5})},
    {"tools": ()},
    {"tools": (TOOL.model_copy(update={"description": "Buy it."}),)},
    {"must_call": True},
    {"answer_schema": {"type": "object"}},
    {"choices": ("A",)},
    {"top_logprobs": 5},
]


def test_the_key_tells_apart_all_that_can_change_an_answer():
    keys = {answer_key(BASE.model_copy(update=change), "t") for change in CHANGES}
    keys |= {answer_key(BASE, "t"), answer_key(BASE, "u")}
    assert len(keys) == len(CHANGES) + 2
    assert set(Request.model_fields) <= {field for change in CHANGES for field in change}


def test_the_key_is_the_same_in_another_process():
    script = (
        "from aces.llm.answers import answer_key; from aces.llm.records import *;"
        "print(answer_key(Request(model='m', messages=(Message(role='user', parts=('é',)),)), 't'))"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    asked = Request(model="m", messages=(Message(role="user", parts=("é",)),))
    assert told.stdout.strip() == answer_key(asked, "t"), told.stderr


def test_an_answer_comes_back_as_it_was(tmp_path: Path):
    reply = Reply(
        text="ü \ufffd\x00",
        calls=(ToolCall(id="1", name="buy", arguments="{"),),
        logprobs=({"A": -0.5, " A": -1.25},),
        finish="stop",
    )
    answers = Answers(tmp_path / "answers.sqlite")
    answers.put("k", reply)
    answers.put("k", Reply(text="later"))
    assert answers.get("k") == reply
    assert answers.get("other") is None
    answers.close()


def test_many_processes_write_one_file(tmp_path: Path):
    path = tmp_path / "answers.sqlite"
    script = (
        "import sys; from aces.llm.answers import Answers; from aces.llm.records import Reply\n"
        "answers = Answers(sys.argv[1])\n"
        "for i in range(200): answers.put(f'{sys.argv[2]}-{i}', Reply(text=sys.argv[2]))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script, str(path), name]) for name in "abc"
    ]
    assert [process.wait() for process in processes] == [0, 0, 0]
    answers = Answers(path)
    assert all(answers.get(f"{name}-{i}") for name in "abc" for i in range(200))
    answers.close()


def ask(url: str, cache: Path, *requests: Request, replay: bool = False) -> list[Exchange]:
    async def one_after_another() -> list[Exchange]:
        endpoint = Endpoint(model="m", base_url=url, prices=Prices(request=1), patience_s=0)
        connection = Connection(
            endpoint=endpoint,
            abilities=Abilities(seed=True),
            speech="text",
            cache=str(cache),
            replay=replay,
        )
        client = Client(connection)
        asked = [await client.ask(r, step=1, purpose="act", salt="t/1") for r in requests]
        await client.close()
        return asked

    return asyncio.run(one_after_another())


def test_a_stored_answer_costs_nothing_and_needs_no_server(tmp_path: Path):
    cache = tmp_path / "answers.sqlite"
    said = Answer(text="A", thinking="hm", logprobs=[{"A": -0.1, "B": -2.0}])
    with ModelServer(lambda _: said) as server:
        first, second = ask(server.url, cache, BASE, BASE)
        assert len(server.requests) == 1
    (again,) = ask(server.url, cache, BASE, replay=True)
    assert (first.from_cache, first.cost) == (False, 1)
    for stored in (second, again):
        assert stored.reply == first.reply
        assert (stored.from_cache, stored.cost, stored.seconds) == (True, 0, 0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sampling": Sampling(temperature=0.5)}, "differs in: sampling.temperature"),
        ({"must_call": True, "choices": ("A",)}, "differs in: choices, must_call"),
    ],
)
def test_a_replay_asks_nobody_and_says_what_is_missing(
    tmp_path: Path, change: dict[str, object], words: str
):
    cache = tmp_path / "answers.sqlite"
    with ModelServer(lambda _: says("A")) as server:
        ask(server.url, cache, BASE)
        (missing,) = ask(server.url, cache, BASE.model_copy(update=change), replay=True)
        assert len(server.requests) == 1
    assert (missing.reply, missing.cause) == (None, "server")
    assert words in missing.error


def test_a_replay_without_any_answer(tmp_path: Path):
    (missing,) = ask("http://127.0.0.1:9/v1", tmp_path / "none.sqlite", BASE, replay=True)
    assert "no answer is stored" in missing.error


def test_failures_are_not_stored(tmp_path: Path):
    cache = tmp_path / "answers.sqlite"
    with ModelServer(lambda _: Answer(text="no", status=500)) as server:
        (failed,) = ask(server.url, cache, BASE)
    with ModelServer(lambda _: says("yes")) as server:
        (asked,) = ask(server.url, cache, BASE)
    assert failed.reply is None
    assert asked.reply is not None
    assert not asked.from_cache


def test_a_file_that_holds_something_else(tmp_path: Path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database " * 100)
    for unusable in (path, tmp_path / "no" / "folder"):
        with pytest.raises(StoreError, match="can't be used as a file of answers"):
            Answers(unusable)
