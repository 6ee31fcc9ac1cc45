import asyncio
import email.utils
import time
from collections.abc import Callable, Iterator

import pytest

from aces.llm import client as client_module
from aces.llm.client import Client, Patience
from aces.llm.faults import CallError
from aces.llm.limits import Bucket
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
)
from aces.llm.wire import KEPT
from aces.testing.model_server import Answer, ModelServer, in_turn, says, status

ABILITIES = Abilities(seed=True)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(client_module, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(client_module, "SHORTEST_PAUSE_S", 0.01)
    return


def request(text: str = "hello", **more: object) -> Request:
    return Request(model="m", messages=(Message(role="user", parts=(text,)),), **more)


def connection(url: str, **endpoint: object) -> Connection:
    return Connection(
        endpoint=Endpoint(model="m", base_url=url, **endpoint), abilities=ABILITIES, speech="tools"
    )


def ask(
    answer: Callable[[dict], Answer], asked: Request | None = None, **endpoint: object
) -> tuple[Exchange, ModelServer]:
    """One request to a server that behaves like `answer`."""

    async def one(url: str) -> Exchange:
        client = Client(connection(url, **endpoint))
        try:
            return await client.ask(asked or request(), step=1, purpose="act", salt="trial/1")
        finally:
            await client.close()

    with ModelServer(answer) as server:
        return asyncio.run(one(server.url)), server


def test_a_request_arrives_whole():
    tool = Tool(name="buy", description="Buy it.", parameters={"type": "object"})
    messages = (
        Message(role="system", parts=("You shop.",)),
        Message(role="user", parts=("Look:", Picture(data=b"\x89PNG", media_type="image/png"))),
    )
    asked = Request(
        model="m",
        messages=messages,
        sampling=Sampling(temperature=0.5, top_p=0.9, seed=3, extra={"top_k": 20}),
        tools=(tool,),
        must_call=True,
        answer_schema={"type": "object"},
        choices=("A", "B"),
        top_logprobs=5,
    )
    _, server = ask(lambda _: says("x"), asked)
    (body,) = server.requests
    assert body["messages"][1]["content"] == [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}},
    ]
    assert body["tools"][0]["function"]["name"] == "buy"
    del body["messages"], body["tools"], body["response_format"]["json_schema"]["name"]
    assert body == {
        "model": "m",
        "temperature": 0.5,
        "top_p": 0.9,
        "seed": 3,
        "top_k": 20,
        "max_tokens": 2048,
        "tool_choice": "required",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"schema": {"type": "object"}, "strict": True},
        },
        "structured_outputs": {"choice": ["A", "B"]},
        "logprobs": True,
        "top_logprobs": 5,
    }


def test_an_answer_arrives_whole_and_priced():
    usage = {
        "prompt_tokens": 1000,
        "completion_tokens": 50,
        "prompt_tokens_details": {"cached_tokens": 400, "image_tokens": 300},
        "completion_tokens_details": {"reasoning_tokens": 20},
    }
    said = Answer(
        text="I take it",
        calls=(("buy", {"title": "Stapler"}),),
        thinking="hm",
        logprobs=[{"I": -0.1, "We": -2.5}],
        usage=usage,
    )
    prices = Prices(input=2.0, cached_input=0.5, output=10.0, request=0.01)
    exchange, _ = ask(lambda _: said, prices=prices)
    reply = exchange.reply
    assert reply is not None
    assert (reply.text, reply.thinking, reply.finish) == ("I take it", "hm", "tool_calls")
    assert (reply.calls[0].name, reply.calls[0].arguments) == ("buy", '{"title": "Stapler"}')
    assert reply.logprobs == ({"I": -0.1, "We": -2.5},)
    assert reply.usage.model_dump() == {
        "prompt": 1000,
        "image": 300,
        "cached": 400,
        "completion": 50,
        "thinking": 20,
    }
    assert exchange.cost == pytest.approx(0.01 + (600 * 2.0 + 400 * 0.5 + 50 * 10.0) / 1e6)
    assert (exchange.error, exchange.cause, exchange.waits, exchange.from_cache) == (
        "",
        "",
        (),
        False,
    )


@pytest.mark.parametrize(
    ("content", "text", "thinking"),
    [
        ("<think>so</think>\n\nYes", "Yes", "so"),
        ("so\n</think>Yes", "Yes", "so"),
        ("<think>without end", "", "without end"),
        ("Yes, <think>", "Yes, <think>", ""),
    ],
)
def test_thinking_at_the_head_of_the_text_is_split_off(content: str, text: str, thinking: str):
    reply = ask(lambda _: says(content))[0].reply
    assert reply is not None
    assert (reply.text, reply.thinking) == (text, thinking)


DEADLINE = {"timeout": 1.0}
PATIENCE = {"timeout": 2.5, "500": 30, "malformed": 30}

TROUBLE = [
    pytest.param(status(429, retry_after=0.2), "429", 0.2, id="429 with Retry-After"),
    pytest.param(status(429), "429", 0.0, id="429 without"),
    pytest.param(status(503), "503", 0.0, id="503"),
    pytest.param(status(529, "Overloaded"), "529", 0.0, id="529"),
    pytest.param(status(500), "500", 0.0, id="500"),
    pytest.param(Answer(drop=True), "connection", 0.0, id="dropped connection"),
    pytest.param(says("half", drop_after=20), "connection", 0.0, id="dropped within the body"),
    pytest.param(says("late", delay_s=8), "timeout", 1.0, id="time-out"),
    pytest.param(says("slow", drip_s=0.1), "timeout", 1.0, id="slow drip"),
    pytest.param(Answer(raw=b'{"choices": [{"mess'), "malformed", 0.0, id="truncated body"),
    pytest.param(Answer(raw=b""), "malformed", 0.0, id="no body"),
    pytest.param(Answer(raw=b'{"error": {"code": 429}}'), "429", 0.0, id="429 under status 200"),
]


@pytest.mark.parametrize(("trouble", "reason", "least_s"), TROUBLE)
def test_trouble_is_waited_out_and_recorded(trouble: Answer, reason: str, least_s: float):
    exchange, server = ask(in_turn(trouble, says("yes")), timeout_s=DEADLINE.get(reason, 30))
    assert exchange.reply is not None
    assert exchange.reply.text == "yes"
    assert [wait.reason for wait in exchange.waits] == [reason]
    assert exchange.waits[0].seconds >= least_s
    if least_s:
        assert exchange.seconds < least_s, "pauses are no part of the time the answer took"
    assert len(server.requests) == 2


@pytest.mark.parametrize(("trouble", "reason", "least_s"), TROUBLE)
def test_trouble_without_end_is_the_servers(trouble: Answer, reason: str, least_s: float):
    deadline, patience = DEADLINE.get(reason, 30), PATIENCE.get(reason, 0.9)
    exchange, server = ask(lambda _: trouble, timeout_s=deadline, patience_s=patience)
    assert (exchange.reply, exchange.cause) == (None, "server")
    assert exchange.error
    assert {wait.reason for wait in exchange.waits} <= {reason}
    assert sum(wait.seconds for wait in exchange.waits) < patience + 1
    assert len(server.requests) == len(exchange.waits) + 1
    if reason in ("500", "malformed"):
        assert len(server.requests) == client_module.TRIES


@pytest.mark.parametrize(
    ("answer", "cause", "words"),
    [
        (status(400, "temperature is out of range"), "server", "temperature is out of range"),
        (status(401, "Incorrect API key"), "server", "Incorrect API key"),
        (status(404, "no such model"), "server", "no such model"),
        (status(422, "Unexpected fields"), "server", "Unexpected fields"),
        (status(429, "You exceeded your current quota: insufficient_quota"), "server", "quota"),
        (status(400, "This model's maximum context length is 1024 tokens."), "context", "1024"),
        (status(400, "prompt is too long: 300 tokens > 200"), "context", "too long"),
        (status(413, "Request Entity Too Large"), "context", "Large"),
        (
            status(
                400,
                "'max_tokens' or 'max_completion_tokens' is too large: 2048. This model's "
                "maximum context length is 1024 tokens",
            ),
            "context",
            "2048",
        ),
        (
            status(400, "The decoder prompt (length 9000) is longer than the maximum model length"),
            "context",
            "9000",
        ),
        (Answer(status=400, raw=b'{"detail": "Unexpected fields: {x}"}'), "server", "fields: {x}"),
    ],
)
def test_what_asking_again_cannot_mend_is_not_asked_again(answer: Answer, cause: str, words: str):
    exchange, server = ask(lambda _: answer)
    assert (exchange.reply, exchange.cause, exchange.waits) == (None, cause, ())
    assert words in exchange.error
    assert len(server.requests) == 1


def test_a_filter_of_the_server_is_a_refusal():
    exchange, _ = ask(lambda _: status(400, "blocked by our content management policy"))
    assert exchange.reply is not None
    assert "content management" in exchange.reply.refusal
    assert exchange.reply.finish == "content_filter"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (says(""), ""),
        (Answer(text=None), ""),
        (says("Je prends le numéro deux — 便宜"), "Je prends le numéro deux — 便宜"),
        (Answer(text="so", calls=(("buy", "{'title': "), ("leave", {}))), "so"),
        (Answer(text="", refusal="I can't help with that."), ""),
        (Answer(text="<html>", finish="length"), "<html>"),
    ],
)
def test_a_strange_answer_is_an_answer(answer: Answer, text: str):
    exchange, server = ask(lambda _: answer)
    reply = exchange.reply
    assert reply is not None
    assert (reply.text, reply.refusal) == (text, answer.refusal)
    assert len(reply.calls) == len(answer.calls)
    assert len(server.requests) == 1


@pytest.mark.parametrize("size", [KEPT + 1, 12_000_000])
def test_a_huge_answer_is_cut_and_says_so(size: int):
    reply = ask(lambda _: says("é" + "x" * size))[0].reply
    assert reply is not None
    assert (len(reply.text), reply.finish) == (KEPT, "cut")


def test_a_date_to_come_back_at_is_honoured():
    date = email.utils.formatdate(time.time() + 1.5, usegmt=True)
    exchange, _ = ask(in_turn(status(429, retry_after=date), says("yes")))
    assert exchange.reply is not None
    assert exchange.waits[0].seconds > 0.3


def test_a_server_that_wants_more_patience_than_there_is_gets_none():
    exchange, server = ask(lambda _: status(429, retry_after=3600), patience_s=60)
    assert (exchange.cause, exchange.waits, len(server.requests)) == ("server", (), 1)


def test_nobody_there():
    with ModelServer(lambda _: says("")) as gone:
        url = gone.url

    async def one() -> Exchange:
        client = Client(connection(url, patience_s=0.3))
        exchange = await client.ask(request(), step=1, purpose="act", salt="")
        await client.close()
        return exchange

    exchange = asyncio.run(one())
    assert (exchange.reply, exchange.cause) == (None, "server")
    assert "ConnectError" in exchange.error
    assert {wait.reason for wait in exchange.waits} <= {"connection"}


def test_a_missing_key_is_told_and_a_present_one_sent(monkeypatch: pytest.MonkeyPatch):
    exchange, server = ask(lambda _: says("x"), api_key_env="ACES_TEST_KEY")
    assert "ACES_TEST_KEY is not set" in exchange.error
    assert server.requests == []
    monkeypatch.setenv("ACES_TEST_KEY", "sesame")
    exchange, server = ask(lambda _: says("x"), api_key_env="ACES_TEST_KEY")
    assert server.headers[0]["authorization"] == "Bearer sesame"
    assert "sesame" not in exchange.model_dump_json()


def test_a_field_that_goes_by_another_name_is_renamed_for_good():
    def answer(body: dict) -> Answer:
        if "max_tokens" in body:
            return status(400, "Unsupported parameter: use 'max_completion_tokens' instead.")
        return says("yes")

    async def two(url: str) -> list[Exchange]:
        client = Client(connection(url))
        asked = [await client.ask(request(), step=i, purpose="act", salt=str(i)) for i in (1, 2)]
        await client.close()
        return asked

    with ModelServer(answer) as server:
        assert all(each.reply for each in asyncio.run(two(server.url)))
    assert ["max_tokens" in body for body in server.requests] == [True, False, False]


def test_many_at_once_are_neither_lost_nor_mixed_up():
    def answer(body: dict) -> Answer:
        word = body["messages"][0]["content"]
        if int(word[1:]) % 3 == 0 and word not in seen:
            seen.add(word)
            return status(429, retry_after=0.05)
        return says(f"echo {word}", delay_s=0.5)

    async def all_of_them(url: str) -> list[Exchange]:
        client = Client(connection(url))
        asked = [
            client.ask(request(f"w{i}"), step=i, purpose="act", salt=f"t{i}") for i in range(96)
        ]
        found = await asyncio.gather(*asked)
        await client.close()
        return list(found)

    seen: set[str] = set()
    with ModelServer(answer) as server:
        exchanges = asyncio.run(all_of_them(server.url))
    assert [e.reply.text for e in exchanges if e.reply] == [f"echo w{i}" for i in range(96)]
    assert len({e.key for e in exchanges}) == 96
    assert server.most_at_once >= 32


def test_a_cancelled_question_leaves_nothing_behind():
    async def cancelled(url: str) -> set[asyncio.Task[object]]:
        client = Client(connection(url))
        task = asyncio.create_task(client.ask(request(), step=1, purpose="act", salt=""))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        after = await client.ask(request("again"), step=2, purpose="act", salt="2")
        assert after.reply is not None
        await client.close()
        return asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]

    with ModelServer(in_turn(says("late", delay_s=3), says("quick"))) as server:
        assert asyncio.run(cancelled(server.url)) == set()


def test_limits_spread_requests_and_are_recorded():
    async def several(url: str) -> list[Exchange]:
        # 10 a second, and half of it is ours: 6 may go at once, 3 more within the next 0.6 s
        client = Client(connection(url, requests_per_minute=600).model_copy(update={"share": 0.5}))
        asked = [client.ask(request(), step=i, purpose="act", salt=str(i)) for i in range(9)]
        found = await asyncio.gather(*asked)
        await client.close()
        return list(found)

    with ModelServer(lambda _: says("x")) as server:
        started = time.perf_counter()
        exchanges = asyncio.run(several(server.url))
        assert time.perf_counter() - started > 0.55
    assert all(each.reply for each in exchanges)
    assert {w.reason for e in exchanges for w in e.waits} == {"rate limit"}


def test_a_bucket_keeps_its_rate_however_it_is_asked():
    now = [0.0]
    bucket = Bucket(60, clock=lambda: now[0])
    assert [bucket.take(1) for _ in range(4)] == pytest.approx([0, 0, 1, 2])
    bucket.correct(5)  # what was taken was dearer than thought
    assert bucket.take(1) == pytest.approx(8)
    now[0] = 100.0
    assert [bucket.take(1) for _ in range(3)] == pytest.approx([0, 0, 1])


def test_pauses_grow_and_differ_between_requests(monkeypatch: pytest.MonkeyPatch):
    async def sleep(seconds: float) -> None:
        slept[-1].append(seconds)

    async def busy() -> Reply:
        if len(slept[-1]) == 8:
            raise CallError("400", "enough", hope="none")
        raise CallError("503", "busy")

    monkeypatch.setattr(client_module.asyncio, "sleep", sleep)
    slept: list[list[float]] = []
    for name in ("a", "b"):
        slept.append([])
        with pytest.raises(CallError, match="enough"):
            asyncio.run(Patience(600, name).spend(busy))
    for pauses in slept:
        assert all(0.5 <= pause / (0.02 * 2**i) <= 1 for i, pause in enumerate(pauses))
    assert slept[0] != slept[1]


def test_image_tokens_are_read_as_vllm_counts_them():
    details = {"cached_tokens": 0, "multimodal_tokens": {"image": 252}}
    usage = {"prompt_tokens": 268, "completion_tokens": 1, "prompt_tokens_details": details}
    exchange, _ = ask(lambda _: Answer(text="yes", usage=usage))
    assert exchange.reply.usage.image == 252
