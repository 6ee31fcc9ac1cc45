"""What was said between a buyer and its model, ready to be shown.

Everything here is text that a model or a seller may have written: templates escape all of it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from aces.store import RunStore
from analysis.display import counted, number

LONGEST = 20_000
"""Characters of one text that are shown."""

PICTURE = "[the picture]"
"""Stands for a picture, which is shown by itself."""

PURPOSES = {
    "act": "Asked what to do",
    "repair": "Asked again",
    "probability": "Asked to choose a label",
}

_EXCHANGES = """
    SELECT x.step, x.purpose, x.request, x.reply, x.error, x.cause, x.seconds, x.waits,
        x.prompt_tokens, x.image_tokens, x.cached_tokens, x.completion_tokens, x.thinking_tokens,
        x.from_cache, x.cost
    FROM exchanges x JOIN latest o ON o.trial_id = x.trial_id AND o.attempt = x.attempt
    WHERE x.trial_id = ? ORDER BY x.seq
"""


@dataclass(frozen=True)
class ExchangeShown:
    """One request and its answer.

    Attributes:
        purpose: What it was for, in words.
        said: Role and text of what is new in the request, pages and earlier turns left out.
        reply: The answer's text; None where there was no answer.
        calls: Tools that it called, as `name(arguments)`.
        thinking: Reasoning that came apart from the answer.
        error: Why there is no answer, or why it could not be used.
        cause: Of the error.
        facts: Tokens, seconds, pauses and cost, in words.
    """

    purpose: str
    said: tuple[tuple[str, str], ...]
    reply: str | None
    calls: tuple[str, ...]
    thinking: str
    error: str
    cause: str
    facts: str


def exchanges_by_step(
    store: RunStore, trial_id: str, pages: Mapping[int, str]
) -> dict[int, tuple[ExchangeShown, ...]]:
    """Returns what was said at each step of a trial's latest attempt.

    Args:
        store: The run.
        trial_id: The trial.
        pages: Step -> the page as text, which is shown by itself.
    """
    found: dict[int, list[ExchangeShown]] = {}
    known: set[tuple[str, str]] = set()
    columns = store.db.execute(_EXCHANGES, (trial_id,))
    names = [column[0] for column in columns.description]
    for values in columns:
        row = dict(zip(names, values, strict=True))
        parts = list(_parts(store, row["request"]))
        new = [
            (role, _without_page(text, pages)) for role, text in parts if (role, text) not in known
        ]
        known |= set(parts)
        found.setdefault(row["step"], []).append(_shown(row, _joined(new)))
    return {step: tuple(exchanges) for step, exchanges in found.items()}


def _parts(store: RunStore, request: str) -> Iterator[tuple[str, str]]:
    """Role and text of every part of a stored request."""
    for message in json.loads(store.blobs.get(request))["messages"]:
        for part in message["parts"]:
            yield message["role"], part if isinstance(part, str) else PICTURE


def _joined(parts: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Parts of one role after another as one text."""
    runs = groupby(parts, key=itemgetter(0))
    return [(role, cut("\n\n".join(text for _, text in run))) for role, run in runs]


def _without_page(text: str, pages: Mapping[int, str]) -> str:
    for page in pages.values():
        text = text.replace(page, "[the page as text]") if page else text
    return text


def cut(text: str) -> str:
    """Returns a text up to a length that a page can bear."""
    left = len(text) - LONGEST
    return text if left <= 0 else f"{text[:LONGEST]} … ({counted(left, 'more character')})"


def _shown(row: Mapping[str, Any], said: Sequence[tuple[str, str]]) -> ExchangeShown:
    reply = json.loads(row["reply"]) if row["reply"] else None
    told = reply or {}
    calls = [f"{call['name']}({call['arguments']})" for call in told.get("calls", ())]
    text = str(told.get("text") or told.get("refusal") or "")
    return ExchangeShown(
        purpose=PURPOSES.get(row["purpose"], row["purpose"]),
        said=tuple(said),
        reply=None if reply is None else cut(text),
        calls=tuple(map(cut, calls)),
        thinking=cut(str(told.get("thinking") or "")),
        error=cut(row["error"]),
        cause=row["cause"],
        facts=", ".join(_facts(row, told)),
    )


def _facts(row: Mapping[str, Any], reply: Mapping[str, Any]) -> Iterator[str]:
    if reply:
        yield f"{row['prompt_tokens']:,} tokens in{_kinds(row, image='pictures', cached='cached')}"
        yield f"{row['completion_tokens']:,} out{_kinds(row, thinking='thinking')}"
    yield "from the cache" if row["from_cache"] else f"{number(row['seconds'], 2)} s"
    for wait in json.loads(row["waits"]):
        yield f"waited {number(wait['seconds'], 1)} s ({wait['reason']})"
    if row["cost"]:
        yield f"cost {number(row['cost'], 6)}"
    if reply.get("finish") not in (None, "", "stop", "tool_calls"):
        yield f"ended by {reply['finish']}"


def _kinds(row: Mapping[str, Any], **kinds: str) -> str:
    """` (1,200 pictures)`: kinds of tokens that the server counted."""
    told = [
        f"{row[f'{kind}_tokens']:,} {name}"
        for kind, name in kinds.items()
        if row[f"{kind}_tokens"] is not None
    ]
    return f" ({', '.join(told)})" if told else ""
