"""What is kept of a finished trial, and the rows of the tables that it becomes."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter

from aces.llm.records import Exchange, Usage
from aces.types import Choice, Event


@dataclass(frozen=True, slots=True)
class StoredStep:
    """A step whose screenshot and long text stand in the blob folder."""

    step: int
    page: str
    url: str
    text: bytes | None
    text_blob: str | None
    screenshot: str | None
    action: str
    error: str | None
    exposed: str | None
    observe_s: float
    act_s: float
    at_s: float | None = None
    box: str | None = None


@dataclass(frozen=True, slots=True)
class StoredExchange:
    """An exchange with a model, as a row; request and pictures stand in the blob folder."""

    step: int
    purpose: str
    key: str
    request: str
    """Name of a blob: JSON in which each picture is `{"blob": name}`."""
    reply: str | None
    error: str
    cause: str
    seconds: float
    waited_s: float
    waits: str
    prompt_tokens: int
    image_tokens: int | None
    cached_tokens: int | None
    completion_tokens: int
    thinking_tokens: int | None
    from_cache: bool
    cost: float

    @classmethod
    def of(cls, exchange: Exchange, request: str) -> "StoredExchange":
        """Returns the row of an exchange whose request has the blob name `request`."""
        reply = exchange.reply
        usage = reply.usage if reply else Usage()
        return cls(
            step=exchange.step,
            purpose=exchange.purpose,
            key=exchange.key,
            request=request,
            reply=as_json(reply.model_dump(mode="json")) if reply else None,
            error=exchange.error,
            cause=exchange.cause,
            seconds=exchange.seconds,
            waited_s=sum(wait.seconds for wait in exchange.waits),
            waits=as_json([wait.model_dump() for wait in exchange.waits]),
            prompt_tokens=usage.prompt,
            image_tokens=usage.image,
            cached_tokens=usage.cached,
            completion_tokens=usage.completion,
            thinking_tokens=usage.thinking,
            from_cache=exchange.from_cache,
            cost=exchange.cost,
        )

    @property
    def tokens(self) -> int:
        """Tokens that a server worked on for it."""
        return 0 if self.from_cache else self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class Finished:
    """All there is to keep of one finished trial; blobs are already in the blob folder."""

    trial_id: str
    choice: Choice
    steps: tuple[StoredStep, ...] = ()
    events: tuple[Event, ...] = ()
    exchanges: tuple[StoredExchange, ...] = ()


_of_step = attrgetter(*StoredStep.__slots__)
_of_exchange = attrgetter(*StoredExchange.__slots__)
"""Fields stand in the order of the columns."""


def as_json(value: object) -> str:
    """Returns compact JSON, as it stands in the store."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def compressed(text: bytes) -> bytes:
    """Returns a text as it stands in the database."""
    return zlib.compress(text, 1)


def outcome_row(finished: Finished, attempt: int, session: int) -> tuple[object, ...]:
    """Returns the row of `outcomes`."""
    choice = finished.choice
    return (
        finished.trial_id,
        attempt,
        choice.status.value,
        choice.cause,
        choice.product_id,
        as_json(choice.probability) if choice.probability is not None else None,
        choice.said,
        choice.detail,
        choice.seconds,
        choice.blocked_requests,
        session,
        as_json(choice.reported) if choice.reported is not None else None,
    )


def step_rows(finished: Finished, attempt: int) -> Iterator[tuple[object, ...]]:
    """Returns the rows of `steps`."""
    for step in finished.steps:
        yield finished.trial_id, attempt, *_of_step(step)


def event_rows(finished: Finished, attempt: int) -> Iterator[tuple[object, ...]]:
    """Returns the rows of `events`."""
    for seq, e in enumerate(finished.events):
        yield finished.trial_id, attempt, seq, e.kind, e.page, e.at_s, as_json(e.data)


def exchange_rows(finished: Finished, attempt: int) -> Iterator[tuple[object, ...]]:
    """Returns the rows of `exchanges`."""
    for seq, exchange in enumerate(finished.exchanges):
        yield finished.trial_id, attempt, seq, *_of_exchange(exchange)
