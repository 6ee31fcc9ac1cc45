"""The one parser from a model's output to an `Action`. The union itself is in `aces.types`."""

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from aces.errors import TrialError, nearest
from aces.types import Action

_ACTIONS: TypeAdapter[Action] = TypeAdapter(Action)
_NAMES = (
    "click",
    "type",
    "scroll",
    "back",
    "open_listing",
    "add_to_cart",
    "check_out",
    "stop",
)
_FENCE = re.compile(r"```(?:json)?\s*(\{.*?\})\s*```", re.DOTALL)


def action_schema() -> dict[str, Any]:
    """Returns the JSON schema of the union, for tool calls and structured output."""
    return _ACTIONS.json_schema()


def parse_action(output: str | Mapping[str, Any]) -> Action:
    """Returns the action in a model's output: a mapping, JSON, or JSON in a fenced block.

    Raises:
        TrialError: With cause `unparseable`, naming what is wrong. Nothing is ever guessed.
    """
    data = output if isinstance(output, Mapping) else _decode(output)
    kind = data.get("type")
    if kind not in _NAMES:
        raise TrialError("unparseable", f"action '{kind}' is unknown{nearest(str(kind), _NAMES)}")
    try:
        return _ACTIONS.validate_python(dict(data))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"][1:]))
        raise TrialError("unparseable", f"{kind}: `{place}`: {fault['msg']}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs as a mapping; one key given twice says two things."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key is given twice")
    return dict(pairs)


def _decode(text: str) -> Mapping[str, Any]:
    fenced = _FENCE.findall(text)
    if len(fenced) > 1:
        raise TrialError("unparseable", f"expected one action, found {len(fenced)} fenced blocks")
    try:
        data = json.loads(fenced[0] if fenced else text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise TrialError("unparseable", f"not JSON: {text[:80]!r}") from error
    if not isinstance(data, dict):
        raise TrialError("unparseable", f"expected one JSON object, found {text[:80]!r}")
    return data
