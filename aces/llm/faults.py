"""What can go wrong between a request and its answer, and whether waiting may help."""

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from openai import APIStatusError

Hope = Literal["wait", "again", "none"]
"""Whether to ask again: as long as patience lasts, a few times, or not at all."""

OVERLOAD = frozenset({408, 425, 429, 502, 503, 504, 520, 521, 522, 523, 524, 529})

_TOO_LONG = re.compile(
    r"context[_ ](length|window|size)|max(imum)?[_ ]model[_ ]len|maximum (context|prompt|input)"
    r"|(prompt|input|request|messages?)[^.]{0,40} too (long|large)|exceeds? the (context|maximum)"
    r"|longer than the (maximum|context)",
    re.IGNORECASE,
)
_OVERLOADED = re.compile(r"overload|over capacity|temporarily|try again|rate limit", re.IGNORECASE)
_DEAD = re.compile(r"EngineCore encountered|engine[^.]{0,20} dead|EngineDead", re.IGNORECASE)
"""A server whose engine has ended: whoever looks after it may start it again."""
_SPENT = re.compile(r"insufficient_quota|exceeded your current quota|billing", re.IGNORECASE)
_FILTERED = re.compile(r"content_filter|content management policy|content_policy", re.IGNORECASE)


class CallError(Exception):
    """A request that brought no answer.

    Args:
        reason: One word for it: `429`, `timeout`, `connection`, `malformed`, ...
        message: In the server's words, as far as it has any.
        hope: Whether to ask again.
        cause: For the exchange: `server`, `context` or `refusal`.
        after: Seconds that the server asks to be left alone for; None where it does not say.
    """

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        hope: Hope = "wait",
        cause: str = "server",
        after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.hope = hope
        self.cause = cause
        self.after = after


def from_status(error: "APIStatusError") -> CallError:
    """Returns the fault that an error status tells of."""
    return judged(error.status_code, _words(error.body, error.message), error.response.headers)


def judged(status: int, words: str, headers: Mapping[str, str]) -> CallError:
    """Returns the fault for a status with the server's words for it."""
    message = f"{status}: {words[:500]}"
    if status == 429 and _SPENT.search(words):
        return CallError("429", message, hope="none")
    if status == 413 or (400 <= status <= 500 and status != 429 and _TOO_LONG.search(words)):
        return CallError(str(status), message, hope="none", cause="context")
    passing = _OVERLOADED.search(words) or _DEAD.search(words)
    if status in OVERLOAD or (status >= 500 and passing):
        return CallError(str(status), message, after=retry_after(headers))
    if status == 400 and _FILTERED.search(words):
        return CallError("400", message, hope="none", cause="refusal")
    return CallError(str(status), message, hope="again" if status >= 500 else "none")


def _words(body: Any, otherwise: str) -> str:  # noqa: ANN401
    """What the body of an error says; codes in words are part of it."""
    if isinstance(body, Mapping):
        said = [body.get(key) for key in ("message", "detail", "code")]
        return (
            " ".join(str(each) for each in said if each and not isinstance(each, int)) or otherwise
        )
    return str(body or otherwise)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Returns the seconds that `Retry-After` asks for, given as a number or as a date."""
    milliseconds, value = headers.get("retry-after-ms"), headers.get("retry-after")
    try:
        if milliseconds is not None:
            return max(0.0, float(milliseconds) / 1000)
        return None if value is None else max(0.0, float(value))
    except ValueError:
        return _until(value or "")


def _until(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(time.time(), UTC)).total_seconds())
