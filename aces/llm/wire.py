"""How requests and answers look on the wire: the chat completions protocol and its dialects."""

import json
import math
import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from aces.llm.records import Message, Picture, Reply, Request, ToolCall, Usage

KEPT = 200_000
"""Characters kept of an answer's text, of its thinking, and of the arguments of its calls."""

_THINKING = re.compile(r"\s*(?:<think>)?(.*?)</think>", re.DOTALL)
_UNFINISHED = re.compile(r"\s*<think>(.*)", re.DOTALL)


def encode(request: Request) -> dict[str, Any]:
    """Returns the body of a request to `/chat/completions`."""
    sampling = request.sampling
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [_message(message) for message in request.messages],
        "temperature": sampling.temperature,
        "max_tokens": sampling.max_tokens,
    }
    if sampling.top_p is not None:
        body["top_p"] = sampling.top_p
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    return body | _held_to(request) | dict(sampling.extra)


def _held_to(request: Request) -> dict[str, Any]:
    """What an answer is held to, and what is told of its probabilities."""
    body: dict[str, Any] = {}
    if request.tools:
        body["tools"] = [
            {"type": "function", "function": tool.model_dump(mode="json")} for tool in request.tools
        ]
        body["tool_choice"] = "required" if request.must_call else "auto"
    if request.answer_schema is not None:
        named = {"name": "answer", "schema": dict(request.answer_schema), "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    if request.choices:
        body["structured_outputs"] = {"choice": list(request.choices)}
    if request.top_logprobs:
        body |= {"logprobs": True, "top_logprobs": request.top_logprobs}
    return body


def _message(message: Message) -> dict[str, Any]:
    body: dict[str, Any] = {"role": message.role, "content": _content(message)}
    if message.calls:
        body["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.calls
        ]
    if message.role == "tool":
        body["tool_call_id"] = message.answers
    return body


def _content(message: Message) -> str | list[dict[str, Any]] | None:
    if any(isinstance(part, Picture) for part in message.parts):
        return [_part(part) for part in message.parts]
    text = "\n\n".join(str(part) for part in message.parts)
    return text if text or not message.calls else None


def _part(part: str | Picture) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    data = b64encode(part.data).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:{part.media_type};base64,{data}"}}


def decode(body: Mapping[str, Any], *, cut: bool = False) -> Reply:
    """Returns the reply that a body of `/chat/completions` carries.

    Args:
        body: As decoded from JSON.
        cut: Whether the body was longer than what is read of one.

    Raises:
        ValueError: If it carries none.
    """
    try:
        choice = body["choices"][0]
        message = choice.get("message") or {}
        text, thinking = _texts(message)
        calls = tuple(_calls(message))
        finish = str(choice.get("finish_reason") or "")
        logprobs = _logprobs(choice.get("logprobs") or {})
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"no answer in it ({error!r})") from error
    cut = cut or any(len(part) > KEPT for part in (text, thinking, *(c.arguments for c in calls)))
    return Reply(
        text=text[:KEPT],
        thinking=thinking[:KEPT],
        calls=tuple(c.model_copy(update={"arguments": c.arguments[:KEPT]}) for c in calls),
        refusal=str(message.get("refusal") or "")[:KEPT],
        finish="cut" if cut else finish,
        logprobs=logprobs,
        usage=_usage(body.get("usage") or {}),
        served_model=str(body.get("model") or ""),
        fingerprint=str(body.get("system_fingerprint") or ""),
    )


def _texts(message: Mapping[str, Any]) -> tuple[str, str]:
    """The answer's text and its hidden thinking, which servers return in one of three places."""
    content = message.get("content") or ""
    text = content if isinstance(content, str) else "".join(_pieces(content))
    thinking = message.get("reasoning_content") or message.get("reasoning") or ""
    inline = _THINKING.match(text) or _UNFINISHED.match(text)
    if inline and not thinking:
        return text[inline.end() :].lstrip(), inline[1].strip()
    return text, thinking if isinstance(thinking, str) else json.dumps(thinking)


def _pieces(content: Any) -> list[str]:  # noqa: ANN401
    return [str(part.get("text") or "") for part in content]


def _calls(message: Mapping[str, Any]) -> list[ToolCall]:
    return [
        _call(call.get("id") or f"call_{i}", call.get("function") or {})
        for i, call in enumerate(message.get("tool_calls") or ())
    ]


def _call(name: str, function: Mapping[str, Any]) -> ToolCall:
    arguments = function.get("arguments") or ""
    if not isinstance(arguments, str):  # some servers decode them
        arguments = json.dumps(arguments, ensure_ascii=False)
    return ToolCall(id=str(name), name=str(function.get("name") or ""), arguments=arguments)


def _logprobs(given: Mapping[str, Any]) -> tuple[dict[str, float], ...]:
    return tuple(_alternatives(token) for token in given.get("content") or ())


def _alternatives(token: Mapping[str, Any]) -> dict[str, float]:
    """Token -> log-probability, the one taken included."""
    found: dict[str, float] = {}
    for each in (token, *(token.get("top_logprobs") or ())):
        value = each.get("logprob")
        if value is not None and math.isfinite(value):
            found[str(each.get("token"))] = float(value)
    return found


def _usage(given: Mapping[str, Any]) -> Usage:
    prompt = given.get("prompt_tokens_details") or {}
    answer = given.get("completion_tokens_details") or {}
    return Usage(
        prompt=given.get("prompt_tokens") or 0,
        image=_image_tokens(prompt),
        cached=prompt.get("cached_tokens"),
        completion=given.get("completion_tokens") or 0,
        thinking=answer.get("reasoning_tokens"),
    )


def _image_tokens(prompt: Mapping[str, Any]) -> int | None:
    # vLLM counts by modality, and names only those that were in the prompt
    counted = prompt.get("multimodal_tokens")
    return counted.get("image") if counted else prompt.get("image_tokens")
