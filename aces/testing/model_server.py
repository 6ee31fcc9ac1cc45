"""A stand-in for a model server: it speaks the protocol over real HTTP, well or badly."""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aces.llm.probe import is_probe
from aces.testing.probed import oblige

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the stand-in does with one request.

    Attributes:
        text: The message's content; None is sent as null.
        calls: Name and arguments of tool calls; arguments that are text go out as they are.
        thinking: Goes out as `reasoning_content`.
        refusal: Goes out as `refusal`.
        finish: Reason to end; found from the rest where empty.
        logprobs: Per token: token -> log-probability; the first of each is the one taken.
        usage: Replaces what is counted in words.
        status: Of HTTP; from 400 on `text` is the error's message.
        headers: Further ones.
        raw: The whole body, in place of all above but status and headers.
        delay_s: Before anything is sent.
        drip_s: Between one byte of the body and the next.
        drop: Close the socket without a word.
        drop_after: Close it after so many bytes of the body.
    """

    text: str | None = None
    calls: Sequence[tuple[str, Mapping[str, Any] | str]] = ()
    thinking: str = ""
    refusal: str = ""
    finish: str = ""
    logprobs: Sequence[Mapping[str, float]] = ()
    usage: Mapping[str, Any] | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    delay_s: float = 0.0
    drip_s: float = 0.0
    drop: bool = False
    drop_after: int | None = None


def says(text: str, **more: Any) -> Answer:  # noqa: ANN401
    """An answer in words; `more` as in `Answer`."""
    return Answer(text=text, **more)


def calls(name: str, /, **arguments: Any) -> Answer:  # noqa: ANN401
    """An answer that calls one tool."""
    return Answer(calls=((name, arguments),))


def status(
    code: int,
    message: str = "",
    *,
    retry_after: float | str | None = None,
    **more: Any,  # noqa: ANN401
) -> Answer:
    """An error; `more` as in `Answer`."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Answer(text=message or f"stand-in error {code}", status=code, headers=headers, **more)


def in_turn(*answers: Answer) -> Callable[[Body], Answer]:
    """A script: one answer after the other, then the last one again and again."""
    left, lock = list(answers), threading.Lock()

    def answer(_: Body) -> Answer:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return answer


MISTAKES = (AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""What a test's own `answer()` may be wrong in."""


class ModelServer:
    """Serves `/v1/chat/completions` on a free port for the time of a `with` block.

    Requests of `aces.llm.probe` are answered as a server with all abilities would, apart from
    those that it is said to lack; everything else is answered by `answer`.

    Args:
        answer: From the body of a request to what is to be done. It may be called from many
            threads at once.
        models: Names that it lists; any name is answered.
        lacks: Abilities that it refuses when probed: `images`, `tools`, `json_schema`,
            `forced_choice`, `logprobs`, `seed`.
        port: Of this machine; 0 picks a free one.
    """

    def __init__(
        self,
        answer: Callable[[Body], Answer],
        *,
        models: Sequence[str] = ("stand-in",),
        lacks: Sequence[str] = (),
        port: int = 0,
    ) -> None:
        self._port = port
        self.answer = answer
        self.models = tuple(models)
        self.lacks = frozenset(lacks)
        self.requests: list[Body] = []
        self.probes: list[Body] = []
        self.headers: list[Mapping[str, str]] = []
        self.mistakes: list[Exception] = []
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def __enter__(self) -> "ModelServer":
        self._http = _Listener(("127.0.0.1", self._port), _Handler)
        self._http.owner = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        if self.mistakes:
            raise self.mistakes[0]

    @property
    def url(self) -> str:
        """The `base_url` for clients."""
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    def take(self, body: Body, headers: Mapping[str, str]) -> Answer:
        """Notes a request and decides on it."""
        if is_probe(body):
            self.probes.append(body)
            return self._probed(body)
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            self.requests.append(body)
            self.headers.append(headers)
        try:
            return self.answer(body)
        # a test's own mistake: told to whoever asked, and again when the block ends
        except MISTAKES as error:
            self.mistakes.append(error)
            return status(418, f"the stand-in's own answer failed: {error!r}")

    def _probed(self, body: Body) -> Answer:
        refused, made = oblige(body, self.lacks)
        return status(400, refused) if refused else Answer(**made)

    def done(self, body: Body) -> None:
        """Notes that a request is dealt with."""
        if not is_probe(body):
            with self._lock:
                self._now -= 1

    def pause(self, seconds: float) -> None:
        """Sleeps, but not beyond the end of the block."""
        if seconds > 0:
            self._ended.wait(seconds)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    owner: ModelServer

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        """Answers what clients ask about the server itself."""
        listed = [{"id": m, "object": "model", "max_model_len": 32768} for m in self._owner.models]
        known: dict[str, Any] = {
            "/v1/models": {"object": "list", "data": listed},
            "/version": {"version": "stand-in"},
            "/health": {},
        }
        found = known.get(self.path)
        code = 404 if found is None else 200
        self._send(Answer(status=code), json.dumps(found or {}).encode())

    def do_POST(self) -> None:
        """Answers a chat completion."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self._owner.take(body, {k.lower(): v for k, v in self.headers.items()})
        try:
            self._owner.pause(answer.delay_s)
            if answer.drop:
                self.close_connection = True
            else:
                self._send(answer, _encoded(body, answer))
        finally:
            self._owner.done(body)

    @property
    def _owner(self) -> ModelServer:
        return self.server.owner

    def _send(self, answer: Answer, data: bytes) -> None:
        with suppress(OSError):  # whoever asked may be gone
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self._send_body(answer, data)

    def _send_body(self, answer: Answer, data: bytes) -> None:
        if answer.drop_after is not None:
            self.wfile.write(data[: answer.drop_after])
            self.close_connection = True
        elif answer.drip_s:
            for i in range(len(data)):
                self.wfile.write(data[i : i + 1])
                self._owner.pause(answer.drip_s)
        else:
            self.wfile.write(data)


def _encoded(body: Body, answer: Answer) -> bytes:
    if answer.raw is not None:
        return answer.raw
    if answer.status >= 400:
        error = {"message": answer.text, "type": "stand_in", "code": answer.status}
        return json.dumps({"error": error}).encode()
    return json.dumps(_completion(body, answer)).encode()


def _completion(body: Body, answer: Answer) -> Body:
    made: Body = {
        "id": "chatcmpl-stand-in",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "system_fingerprint": "stand-in",
        "choices": [_choice(answer)],
        "usage": answer.usage or _counted(body, answer),
    }
    return made


def _choice(answer: Answer) -> Body:
    message: Body = {"role": "assistant", "content": answer.text}
    if answer.thinking:
        message["reasoning_content"] = answer.thinking
    if answer.refusal:
        message["refusal"] = answer.refusal
    if answer.calls:
        message["tool_calls"] = [_call(i, *call) for i, call in enumerate(answer.calls)]
    finish = answer.finish or ("tool_calls" if answer.calls else "stop")
    choice: Body = {"index": 0, "message": message, "finish_reason": finish}
    if answer.logprobs:
        choice["logprobs"] = {"content": [_token(each) for each in answer.logprobs]}
    return choice


def _call(i: int, name: str, arguments: Mapping[str, Any] | str) -> Body:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": f"call_{i}", "type": "function", "function": {"name": name, "arguments": text}}


def _token(alternatives: Mapping[str, float]) -> Body:
    tops = [{"token": token, "logprob": value} for token, value in alternatives.items()]
    return {**tops[0], "top_logprobs": tops}


def _counted(body: Body, answer: Answer) -> Body:
    """Words for tokens, and 85 tokens a picture."""
    parts = [m.get("content") or "" for m in body["messages"]]
    pieces = [p for part in parts for p in (part if isinstance(part, list) else [part])]
    words = sum(len(str(p.get("text", "") if isinstance(p, dict) else p).split()) for p in pieces)
    pictures = sum(isinstance(p, dict) and p.get("type") == "image_url" for p in pieces)
    prompt, completion = words + 85 * pictures, len((answer.text or "").split()) + 1
    details = {"cached_tokens": 0, "image_tokens": 85 * pictures}
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": details,
    }
