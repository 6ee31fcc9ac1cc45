"""How a stand-in server answers the probe: as one with all abilities would, or refusing some."""

from collections.abc import Mapping
from typing import Any

_ASKED_BY = {
    "tools": "tools",
    "response_format": "json_schema",
    "structured_outputs": "forced_choice",
    "logprobs": "logprobs",
    "seed": "seed",
}
"""Field of a request -> the ability that it calls for."""


def oblige(body: Mapping[str, Any], lacks: frozenset[str]) -> tuple[str, dict[str, Any]]:
    """Returns why a request is refused, or else the fields of an answer that complies."""
    wanted = {_ASKED_BY[name] for name in body if name in _ASKED_BY}
    if _shows(body):
        wanted.add("images")
    refused = sorted(wanted & lacks)
    if refused:
        return f"{refused[0]} is not supported by this server", {}
    return "", _complying(body)


def _shows(body: Mapping[str, Any]) -> bool:
    """Whether there is a picture in it."""
    contents = [message.get("content") for message in body["messages"]]
    return any(
        part.get("type") == "image_url"
        for content in contents
        if isinstance(content, list)
        for part in content
    )


def _complying(body: Mapping[str, Any]) -> dict[str, Any]:
    if "tools" in body:
        function = body["tools"][0]["function"]
        return {"calls": ((function["name"], _example(function["parameters"])),)}
    if "response_format" in body:
        return {"text": _json(body["response_format"]["json_schema"]["schema"])}
    if "structured_outputs" in body:
        return {"text": body["structured_outputs"]["choice"][0]}
    if "top_logprobs" in body:
        tokens = {f"t{i}": -float(i + 1) for i in range(body["top_logprobs"])}
        return {"text": "t0", "logprobs": [tokens]}
    return {"text": "Yes."}


def _json(schema: Mapping[str, Any]) -> str:
    import json

    return json.dumps(_example(schema))


def _example(schema: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """A value that a simple schema allows."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {name: _example(each) for name, each in schema.get("properties", {}).items()}
    return {"integer": 1, "number": 1.0, "boolean": True, "array": []}.get(
        str(schema.get("type")), "some text"
    )
