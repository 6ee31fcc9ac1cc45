"""From a model's reply to the one call in it, whichever way it was asked to talk."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aces.errors import TrialError, nearest
from aces.llm.records import Reply
from aces.types import Record
from agents.dialogue.refusals import is_refusal
from agents.dialogue.vocabulary import Argument, Verb


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs as a mapping; one key given twice says two things."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key is given twice")
    return dict(pairs)


_DECODER = json.JSONDecoder(object_pairs_hook=_once)
_MOST_OBJECTS = 50
"""A text with more braces than this is not searched any further."""


class Call(Record):
    """A verb with its arguments, each of the kind that the verb wants."""

    name: str
    arguments: Mapping[str, Any] = {}


def read_call(reply: Reply, verbs: Sequence[Verb]) -> Call:
    """Returns what a model wants to do.

    Args:
        reply: Tool calls, or text that holds one JSON object.
        verbs: What it may do.

    Raises:
        TrialError: With cause `refusal`, or `unparseable` with words to tell the model. Nothing
            is ever guessed.
    """
    if reply.calls:
        found = [(call.name, _arguments(call.name, call.arguments)) for call in reply.calls]
    else:
        written = list(_written(reply.text))
        known = {verb.name for verb in verbs}
        # a text may hold other objects too: products have names as well
        found = [pair for pair in written if pair[0] in known] or written
    different = [pair for i, pair in enumerate(found) if pair not in found[:i]]
    if not different:
        raise _silence(reply)
    if len(different) > 1:
        names = ", ".join(name for name, _ in different)
        raise _mistake(f"expected one action, found {len(different)}: {names}")
    return _checked(*different[0], verbs)


def holds_object(text: str) -> bool:
    """Returns whether a text is a JSON object."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _mistake(message: str) -> TrialError:
    return TrialError("unparseable", message)


def _silence(reply: Reply) -> TrialError:
    """Why a reply without any call can't be used."""
    if reply.refusal or reply.finish == "content_filter":
        return TrialError("refusal", reply.refusal or "the server's filter stopped the answer")
    if is_refusal(reply.text):
        return TrialError("refusal", reply.text.strip())
    if reply.finish == "length":
        return _mistake("the answer was cut off before it came to an action; be brief")
    if not reply.text.strip():
        return _mistake("the answer was empty")
    return _mistake("the answer holds no action")


def _arguments(name: str, text: str) -> Mapping[str, Any]:
    """The arguments of a tool call."""
    try:
        found = _DECODER.decode(text or "{}")
    except (ValueError, RecursionError) as error:
        raise _mistake(f"{name}: the arguments are not JSON: {text[:200]}") from error
    if not isinstance(found, dict):
        raise _mistake(f"{name}: the arguments are no JSON object: {text[:200]}")
    return found


def _written(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every call written as a JSON object within a text."""
    start = text.find("{")
    for _ in range(_MOST_OBJECTS):
        if start < 0:
            return
        try:
            found, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            found, end = None, start + 1
        call = _as_call(found)
        if call is not None:
            yield call
        start = text.find("{", end)


def _as_call(found: Any) -> tuple[str, Mapping[str, Any]] | None:  # noqa: ANN401
    """A JSON object as a call: `{action: {name, ...}}`, `{action: name, ...}`, `{name, ...}`."""
    if not isinstance(found, dict):
        return None
    rest = dict(found)
    name = rest.pop("action", None)
    if isinstance(name, dict):
        remarks = all(isinstance(value, str) for value in rest.values())
        return _as_call(name) if remarks else None
    if name is None:
        name = rest.pop("name", None)
    if not isinstance(name, str):
        return None
    for key in ("arguments", "parameters"):
        if isinstance(rest.get(key), dict) and len(rest) == 1:
            return name, rest[key]
    return name, rest


def _checked(name: str, arguments: Mapping[str, Any], verbs: Sequence[Verb]) -> Call:
    by_name = {verb.name: verb for verb in verbs}
    if name not in by_name:
        raise _mistake(f"'{name[:80]}' is no action here{nearest(name[:80], by_name)}")
    wanted = {each.name: each for each in by_name[name].arguments}
    for key in arguments:
        if key not in wanted:
            raise _mistake(f"{name}: `{key[:80]}` is no argument{nearest(key[:80], wanted)}")
    given = {key: value for key, value in arguments.items() if value is not None}
    values = {key: _value(name, wanted[key], value) for key, value in given.items()}
    for each in wanted.values():
        if each.needed and values.get(each.name, "") == "":
            raise _mistake(f"{name}: `{each.name}` is missing")
    return Call(name=name, arguments=values)


def _value(verb: str, argument: Argument, value: Any) -> Any:  # noqa: ANN401
    """A value of the kind that is wanted; `"7"` will do for 7."""
    fault = _mistake(
        f"{verb}: `{argument.name}` must be {_article(argument.kind)}, found {str(value)[:80]!r}"
    )
    if argument.kind == "boolean":
        if str(value).lower() not in ("true", "false"):
            raise fault
        return str(value).lower() == "true"
    if argument.kind == "string":
        if isinstance(value, (dict, list, bool)):
            raise fault
        return _among(verb, argument, str(value).strip())
    if isinstance(value, bool):
        raise fault
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise fault from None
    whole = argument.kind == "integer"
    if not math.isfinite(number) or (whole and number != int(number)):
        raise fault
    return int(number) if whole else number


def _article(kind: str) -> str:
    return {"integer": "a whole number", "boolean": "true or false"}.get(kind, f"a {kind}")


def _among(verb: str, argument: Argument, value: str) -> str:
    if argument.among and value.lower() not in argument.among:
        allowed = " or ".join(argument.among)
        raise _mistake(f"{verb}: `{argument.name}` must be {allowed}, found {value[:80]!r}")
    return value.lower() if argument.among else value
