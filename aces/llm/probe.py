"""Finds out what a model server can do, by asking it once for each ability."""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aces.errors import UserError, nearest
from aces.llm.client import Patience
from aces.llm.faults import CallError
from aces.llm.line import Line
from aces.llm.records import (
    Abilities,
    Endpoint,
    Message,
    Picture,
    Reply,
    Request,
    Sampling,
    Tool,
)

MARK = "This is a test of the connection."
"""How every request of the probe begins."""

DIGITS = "4071"

CHOICES = ("kestrel", "plover")
"""Answers that nobody gives by chance to a question about sums."""

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "colour": {"type": "string", "enum": ["red", "blue"]},
        "count": {"type": "integer"},
    },
    "required": ["colour", "count"],
    "additionalProperties": False,
}

_SHORT, _LONG = 64, 512
"""Longest answers, in tokens: to simple questions, and where a model may think first."""

_QUICK_S = 15.0
"""Longest wait for what a server says of itself."""


def is_probe(body: Mapping[str, Any]) -> bool:
    """Returns whether the body of a request is one of this module's, for stand-in servers."""
    content = body["messages"][0].get("content") if body.get("messages") else None
    first = content[0].get("text") if isinstance(content, list) and content else content
    return str(first).startswith(MARK)


async def probe(endpoint: Endpoint) -> Abilities:
    """Returns what the server behind an endpoint can do for its model.

    Raises:
        UserError: If nobody answers there, the key is wrong, or the model is unknown.
    """
    asker = _Asker(endpoint)
    try:
        return await _probe(asker)
    finally:
        await asker.line.close()


async def _probe(asker: "_Asker") -> Abilities:
    listed = await _listed(asker)
    plain = await _plain(asker, listed)
    found: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    served = await _facts(asker, listed, plain)
    tests: dict[str, Callable[[_Asker], Awaitable[Any]]] = {
        "images": lambda a: _images(a, served),
        "tools": _tools,
        "json_schema": _json_schema,
        "forced_choice": _forced_choice,
        "logprobs": _logprobs,
        "seed": _seed,
    }
    for name, test in tests.items():
        try:
            found[name] = await test(asker)
        except CallError as fault:
            reasons[name] = f"the server refused: {fault}"
        except _NotDoneError as missed:
            reasons[name] = f"the server took the request, but {missed}"
    return Abilities(**found, reasons=reasons, served=served)


class _NotDoneError(Exception):
    """The server took a request, and the answer is not what was asked for."""


class _Asker:
    """Asks a server, patiently where it is busy, but not where nobody is there."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.line = Line(endpoint)
        self.temperature = 0.0

    async def ask(
        self,
        question: str,
        *,
        picture: bytes = b"",
        longest: int = _SHORT,
        seed: int | None = None,
        **more: Any,  # noqa: ANN401
    ) -> Reply:
        """Returns the answer to one question.

        Raises:
            CallError: If there is none.
        """
        text = f"{MARK} {question}"
        parts = (text, Picture(data=picture)) if picture else (text,)
        message = Message(role="user", parts=parts)
        sampling = Sampling(temperature=self.temperature, max_tokens=longest, seed=seed)
        request = Request(model=self.endpoint.model, messages=(message,), sampling=sampling, **more)
        patience = Patience(self.endpoint.patience_s, question)
        return await patience.spend(lambda: self._call(request))

    async def get(self, address: str) -> Any:  # noqa: ANN401
        """Returns what the server says of itself at an address.

        Raises:
            CallError: If it says nothing.
        """
        try:
            async with asyncio.timeout(_QUICK_S):
                return await self.line.get(address)
        except TimeoutError as error:
            message = f"no answer within {_QUICK_S:g} seconds"
            raise CallError("connection", message, hope="none") from error

    async def _call(self, request: Request) -> Reply:
        """Asks twice at most: a server may just have closed the connection it answered on before.

        Raises:
            CallError: If there is no answer; with a connection that fails twice there is no hope.
        """
        try:
            return await self.line.call(request)
        except CallError as fault:
            if fault.reason != "connection":
                raise
        try:
            return await self.line.call(request)
        except CallError as fault:
            if fault.reason == "connection":
                fault.hope = "none"
            raise


async def _listed(asker: _Asker) -> list[Mapping[str, Any]]:
    """The models that the server lists; empty where it lists none.

    Raises:
        UserError: If nobody answers, or the key is wrong.
    """
    try:
        body = await asker.get("/models")
    except CallError as fault:
        if fault.reason in ("connection", "401", "403"):
            raise _explained(asker.endpoint, fault, []) from fault
        return []
    models = body.get("data") if isinstance(body, Mapping) else None
    return [m for m in models or () if isinstance(m, Mapping)]


async def _plain(asker: _Asker, listed: list[Mapping[str, Any]]) -> Reply:
    """The answer to a request that every server must be able to answer.

    Raises:
        UserError: If there is none.
    """
    try:
        try:
            return await asker.ask(_YES)
        except CallError as fault:
            if "temperature" not in str(fault):
                raise
            asker.temperature = 1.0  # all that some models take
            return await asker.ask(_YES)
    except CallError as fault:
        raise _explained(asker.endpoint, fault, listed) from fault


_YES = "Please answer with the word yes."


def _explained(endpoint: Endpoint, fault: CallError, listed: list[Mapping[str, Any]]) -> UserError:
    """What to do about a server that does not answer even a plain request."""
    where = f"model '{endpoint.model}' at {endpoint.base_url}"
    names = [str(model.get("id")) for model in listed]
    if fault.reason == "connection":
        what = "nobody answers there. Start the server (`aces serve-model`), or correct base_url"
    elif fault.reason in ("401", "403"):
        variable = endpoint.api_key_env
        what = f"check the key in {variable}" if variable else "set api_key_env: it wants a key"
    elif names and endpoint.model not in names:
        what = f"the server does not list that model{nearest(endpoint.model, names)}"
    elif fault.reason == "404":
        what = "correct the name of the model, or base_url: it ends in /v1 on most servers"
    else:
        what = "it does not answer a plain request"
    return UserError(f"{where}: {what} ({fault})")


async def _facts(asker: _Asker, listed: list[Mapping[str, Any]], plain: Reply) -> dict[str, Any]:
    """What the server says of itself."""
    model = asker.endpoint.model
    served: dict[str, Any] = {}
    for entry in listed:
        if entry.get("id") == model or len(listed) == 1:
            served |= {k: v for k, v in entry.items() if k not in ("permission", "object")}
    root = asker.endpoint.base_url.rstrip("/").removesuffix("/v1")
    try:
        body = await asker.get(f"{root}/version")
        served["version"] = body.get("version") if isinstance(body, Mapping) else None
    except CallError:
        pass  # only vLLM has this address
    served |= {"answers_as": plain.served_model, "fingerprint": plain.fingerprint}
    return {name: value for name, value in served.items() if value not in (None, "")}


async def _images(asker: _Asker, served: dict[str, Any]) -> bool:
    reply = await asker.ask("Which four digits does the picture show?", picture=_picture())
    read = DIGITS in "".join(c for c in reply.text if c.isdigit())
    if read or reply.finish != "length":  # else it may have been on its way there
        served["reads_pictures"] = read
    return True


def _picture() -> bytes:
    """Large black digits on white."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (336, 168), "white")
    draw = ImageDraw.Draw(image)
    draw.text((168, 84), DIGITS, "black", ImageFont.load_default(110), anchor="mm")
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


async def _tools(asker: _Asker) -> bool:
    tool = Tool(name="paint", description="Paint a number of fences.", parameters=SCHEMA)
    question = "Call the tool to paint two fences blue."
    reply = await asker.ask(question, tools=(tool,), must_call=True, longest=_LONG)
    if not reply.calls:
        raise _NotDoneError(f"the model did not call the tool: {_start(reply)}")
    return True


async def _json_schema(asker: _Asker) -> bool:
    question = "Say in JSON what to paint: two fences, blue."
    reply = await asker.ask(question, answer_schema=SCHEMA, longest=_LONG)
    if not _fits(reply):
        raise _NotDoneError(f"the answer is not by the schema: {_start(reply)}")
    return True


def _fits(reply: Reply) -> bool:
    """Whether an answer is by the schema, or was on its way there when it was cut off."""
    from pydantic_core import from_json

    ended = reply.finish != "length"
    if not ended and not reply.text.strip():
        return True  # models without sense fill up with spaces, which JSON allows
    try:
        value = json.loads(reply.text) if ended else from_json(reply.text, allow_partial=True)
    except ValueError:
        return False
    if not isinstance(value, dict) or not set(value) <= {"colour", "count"}:
        return False
    return not ended or (
        value.get("colour") in ("red", "blue") and isinstance(value.get("count"), int)
    )


async def _forced_choice(asker: _Asker) -> bool:
    reply = await asker.ask("How much is two and two?", choices=CHOICES, longest=_LONG)
    if reply.text.strip() not in CHOICES:
        raise _NotDoneError(f"the answer is none of the choices: {_start(reply)}")
    return True


async def _logprobs(asker: _Asker) -> int:
    """How many log-probabilities come at a token: as many as the server admits to."""
    refusal: CallError | None = None
    for number in (20, 10, 5, 1):
        try:
            reply = await asker.ask(_YES, top_logprobs=number)
        except CallError as fault:
            refusal = fault
            continue
        if not reply.logprobs:
            raise _NotDoneError("there are no log-probabilities in the answer")
        return min(number, len(reply.logprobs[0]))
    raise refusal or _NotDoneError("nothing was asked")


async def _seed(asker: _Asker) -> bool:
    await asker.ask(_YES, seed=7)
    return True


def _start(reply: Reply) -> str:
    return repr(reply.text[:120] or reply.refusal[:120])


def describe(abilities: Abilities) -> list[tuple[str, str, str]]:
    """Returns rows of ability, what was found and why it lacks, for people."""
    rows = [
        (name, _found(getattr(abilities, name)), abilities.reasons.get(name, ""))
        for name in ("images", "tools", "json_schema", "forced_choice", "logprobs", "seed")
    ]
    facts = [(name, json.dumps(value), "") for name, value in abilities.served.items()]
    return rows + facts


def _found(value: bool | int) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
