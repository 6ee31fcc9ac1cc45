"""Our own limits per minute, so that a server need not refuse what it was never to get."""

import time
from collections.abc import Callable

from aces.llm.records import Endpoint, Picture, Reply, Request

BURST_S = 1.0
"""Seconds' worth of a limit that may be used at once."""

PICTURE_TOKENS = 1000
"""Guess for a picture, until the server has counted some."""


class Bucket:
    """Tells how long to wait so that a rate is kept; whoever asks first goes first.

    Args:
        per_minute: The rate.
        clock: Monotonic seconds.
    """

    def __init__(self, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_minute / 60
        self._clock = clock
        self._free_at = clock() - BURST_S

    def take(self, amount: float) -> float:
        """Takes an amount and returns the seconds to wait before it is used."""
        now = self._clock()
        self._free_at = max(self._free_at, now - BURST_S)
        wait = max(0.0, self._free_at - now)
        self._free_at += amount / self._per_second
        return wait

    def correct(self, amount: float) -> None:
        """Takes more, or gives back, where what was taken was a guess."""
        self._free_at += amount / self._per_second


class Limits:
    """The limits of an endpoint, as far as this process has a share in them.

    Args:
        endpoint: With the limits.
        share: This process's part, in (0, 1].
    """

    def __init__(self, endpoint: Endpoint, share: float) -> None:
        requests, tokens = endpoint.requests_per_minute, endpoint.tokens_per_minute
        self._requests = Bucket(requests * share) if requests else None
        self._tokens = Bucket(tokens * share) if tokens else None
        self._seen = self._spent = 0

    def take(self, request: Request) -> float:
        """Returns the seconds to wait before the request may go out."""
        wait = self._requests.take(1) if self._requests else 0.0
        if self._tokens:
            wait = max(wait, self._tokens.take(self._expected(request)))
        return wait

    def settle(self, request: Request, reply: Reply) -> None:
        """Notes what a request has cost in truth."""
        spent = reply.usage.prompt + reply.usage.completion
        if self._tokens and spent:
            self._tokens.correct(spent - self._expected(request))
            self._seen, self._spent = self._seen + 1, self._spent + spent

    def _expected(self, request: Request) -> float:
        """Tokens: of the requests so far on average, or by length."""
        if self._seen:
            return self._spent / self._seen
        parts = [part for message in request.messages for part in message.parts]
        return sum(PICTURE_TOKENS if isinstance(p, Picture) else len(p) / 4 for p in parts)
