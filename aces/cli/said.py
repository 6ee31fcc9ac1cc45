"""What was said to a buyer's model and by it, on the console: for `aces try` and `aces show`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aces.cli.console import console

if TYPE_CHECKING:
    from aces.finished import StoredExchange
    from aces.llm.records import Exchange
    from aces.store import RunStore

SHORT = 1500
"""Characters of a part of a prompt that `aces show` prints."""


@dataclass(slots=True)
class Said:
    """The conversation of one trial, printed step by step; what was said before is left out.

    Attributes:
        by_step: Step -> requests as JSON-like data, each with the exchange's row.
        longest: Characters of one part that are printed; None: all.
    """

    by_step: Mapping[int, Sequence[tuple[Mapping[str, Any], "StoredExchange"]]]
    longest: int | None = None
    _told: set[str] = field(default_factory=set)

    def show(self, step: int) -> None:
        """Prints what was said at one step."""
        for request, row in self.by_step.get(step, ()):
            _line(f"  asked ({row.purpose})", style="bold cyan")
            for role, text in self._new(request):
                _line(f"  {role}: {self._cut(text)}", style="cyan")
            self._show_reply(row)

    def show_all(self) -> None:
        """Prints everything."""
        for step in self.by_step:
            self.show(step)

    def _new(self, request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Role and text of each part of a request that was in none before it."""
        for role, text in _parts(request):
            if f"{role} {text}" not in self._told:
                self._told.add(f"{role} {text}")
                yield role, text

    def _show_reply(self, row: "StoredExchange") -> None:
        reply = json.loads(row.reply) if row.reply else {}
        for name in ("thinking", "text", "refusal"):
            if reply.get(name):
                _line(f"  {_VERBS[name]}: {reply[name]}", style="green")
        for call in reply.get("calls", ()):
            _line(f"  called: {call['name']}({call['arguments']})", style="green")
        if row.error:
            _line(f"  {row.cause or 'error'}: {row.error}", style="yellow")
        _line(f"  {', '.join(_facts(row, reply))}", style="dim")

    def _cut(self, text: str) -> str:
        if self.longest is None or len(text) <= self.longest:
            return text
        return f"{text[: self.longest]} … ({len(text) - self.longest:,} more characters)"


_VERBS = {"thinking": "thought", "text": "said", "refusal": "refused"}


def _line(text: str, style: str) -> None:
    console.print(text, style=style, markup=False, soft_wrap=True)


def _parts(request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Role and text of everything in a request that a model is given."""
    for message in request["messages"]:
        for part in message["parts"]:
            yield message["role"], part if isinstance(part, str) else _picture(part)
        for call in message["calls"]:
            yield message["role"], f"called {call['name']}({call['arguments']})"
    for tool in request["tools"]:
        parameters = json.dumps(tool["parameters"], ensure_ascii=False)
        yield "may call", f"{tool['name']}: {tool['description']} {parameters}"
    if request["answer_schema"]:
        yield "held to", json.dumps(request["answer_schema"], ensure_ascii=False)
    if request["choices"]:
        yield "one of", " ".join(request["choices"])


def _picture(part: Mapping[str, Any]) -> str:
    if "blob" in part:
        return f"[picture {part['blob']}]"
    return f"[picture, {len(part['data']) // 1024} KiB {part['media_type']}]"


def _facts(row: "StoredExchange", reply: Mapping[str, Any]) -> Iterator[str]:
    if reply:
        yield f"{row.prompt_tokens:,} tokens in, {row.completion_tokens:,} out"
    yield "from the file of answers" if row.from_cache else f"{row.seconds:.2f} s"
    for wait in json.loads(row.waits):
        yield f"waited {wait['seconds']:.1f} s ({wait['reason']})"
    if row.cost:
        yield f"cost {row.cost:.6f}"
    if reply.get("finish") not in (None, "", "stop", "tool_calls"):
        yield f"ended by {reply['finish']}"


def tried_exchanges(exchanges: Sequence["Exchange"]) -> Said:
    """Returns the conversation of a trial that is not stored, to be printed in full."""
    from aces.finished import StoredExchange

    found: dict[int, list[tuple[Mapping[str, Any], StoredExchange]]] = {}
    for exchange in exchanges:
        said = exchange.request.model_dump(), StoredExchange.of(exchange, "")
        found.setdefault(exchange.step, []).append(said)
    return Said(found)


def stored_exchanges(store: "RunStore", trial_id: str, attempt: int) -> Said:
    """Returns the conversation of a stored trial, to be printed in brief."""
    from aces.finished import StoredExchange

    names = StoredExchange.__slots__
    rows = store.db.execute(
        f"SELECT {', '.join(names)} FROM exchanges WHERE trial_id = ? AND attempt = ? ORDER BY seq",
        (trial_id, attempt),
    )
    found: dict[int, list[tuple[Mapping[str, Any], StoredExchange]]] = {}
    for values in rows:
        row = StoredExchange(**dict(zip(names, values, strict=True)))
        found.setdefault(row.step, []).append((json.loads(store.blobs.get(row.request)), row))
    return Said(found, SHORT)
