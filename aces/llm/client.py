"""Asks a served model and never loses what came of it: reply, error, pauses, cost."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from aces.llm.answers import Answers, answer_key
from aces.llm.costs import cost
from aces.llm.faults import CallError
from aces.llm.limits import Limits
from aces.llm.line import Line
from aces.llm.records import Connection, Exchange, Purpose, Reply, Request, Wait
from aces.llm.upkeep import Kept
from aces.seeds import Stream

TRIES = 3
"""Requests in all, where asking again helps only against chance."""

SHORTEST_PAUSE_S = 0.1
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 60.0


class Client:
    """Speaks to one buyer's model, for any number of trials at once.

    Args:
        connection: How to reach it. No call is made before the first question.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        endpoint, abilities = connection.endpoint, connection.abilities
        without = frozenset() if abilities.seed else frozenset({"seed"})
        self._line = Line(endpoint, without)
        self._limits = Limits(endpoint, connection.share)
        self._answers: Answers | None = None
        self._kept = Kept(connection.upkeep)

    async def ask(self, request: Request, *, step: int, purpose: Purpose, salt: str) -> Exchange:
        """Returns what came of a request; what a server does does not raise.

        Args:
            request: What is said.
            step: Of the trial.
            purpose: What for.
            salt: The trial's stream address with the request's number within the trial.

        Raises:
            ServerEndedError: If the server is one that ACES started, and it is given up.
        """
        blank = Exchange(step=step, purpose=purpose, request=request, key=answer_key(request, salt))
        found = self._stored(blank, salt)
        if found is not None:
            return found
        exchange = await self._ask(blank)
        if exchange.reply is not None and self.connection.cache:
            self._open_answers().put(exchange.key, exchange.reply, request, salt)
        return exchange

    async def close(self) -> None:
        """Lets go of connections and files."""
        answers, self._answers = self._answers, None
        if answers is not None:
            answers.close()
        await self._line.close()

    def _stored(self, blank: Exchange, salt: str) -> Exchange | None:
        """The exchange as far as it comes from the file of answers; None: ask the server."""
        if not self.connection.cache:
            return _failed(blank, "no file of answers to replay") if self._replays else None
        answers = self._open_answers()
        reply = answers.get(blank.key)
        if reply is not None:
            return blank.model_copy(update={"reply": reply, "from_cache": True})
        return _failed(blank, answers.missing(blank.request, salt)) if self._replays else None

    @property
    def _replays(self) -> bool:
        return self.connection.replay

    def _open_answers(self) -> Answers:
        if self._answers is None:
            self._answers = Answers(self.connection.cache)
        return self._answers

    async def _ask(self, blank: Exchange) -> Exchange:
        patience = Patience(self.connection.endpoint.patience_s, blank.key, self._kept)
        try:
            reply = await patience.spend(lambda: self._turn(blank.request, patience))
        except CallError as fault:
            return _faulty(blank, fault, patience)
        self._limits.settle(blank.request, reply)
        made = {
            "reply": reply,
            "seconds": patience.seconds,
            "waits": tuple(patience.waits),
            "cost": cost(reply.usage, self.connection.endpoint.prices),
        }
        return blank.model_copy(update=made)

    async def _turn(self, request: Request, patience: "Patience") -> Reply:
        """One call, when our own limits allow it."""
        pause = self._limits.take(request)
        if pause > 0:
            await patience.rest("rate limit", pause)
        return await self._line.call(request)


class Patience:
    """Asks again as long as that makes sense, and keeps account of the time that went by.

    Args:
        seconds: That may be lost to the server's trouble.
        name: Of the request; pauses of different ones differ a little, so that they don't all
            come back at once.
        kept: The server, where it is one that a keeper looks after: what its restarts cost is not
            the request's to bear.
    """

    def __init__(self, seconds: float, name: str, kept: Kept | None = None) -> None:
        self._kept = kept or Kept("")
        self.waits: list[Wait] = []
        self.seconds = 0.0
        self._left = seconds
        self._stream = Stream("pause", name)
        self._calls = 0
        self._chances = TRIES
        self._since = 0.0

    async def spend(self, call: Callable[[], Awaitable[Reply]]) -> Reply:
        """Returns the reply of the first call that brings one.

        Raises:
            CallError: The last one, when there is no hope or no patience left.
            ServerEndedError: If the server is given up by its keeper.
        """
        while True:
            self._since = time.perf_counter()
            before = self._kept.starts
            try:
                return await call()
            except CallError as fault:
                lost = time.perf_counter() - self._since
                if fault.hope != "none" and await self._kept.renewed(before):
                    self._renew()
                    continue
                self._calls += 1
                self._chances -= fault.hope == "again"
                pause = self._pause(fault, lost)
                if pause is None:
                    raise
                await asyncio.sleep(pause)
                self._note(fault.reason)
                self._left -= lost + pause
            finally:
                self.seconds = time.perf_counter() - self._since

    def _renew(self) -> None:
        """Begins anew with a server that was started anew."""
        self._note("restart")
        self._calls, self._chances = 0, TRIES

    async def rest(self, reason: str, pause: float) -> None:
        """Pauses on our own account, which costs no patience."""
        self._since = time.perf_counter()
        await asyncio.sleep(pause)
        self._note(reason)

    def _note(self, reason: str) -> None:
        """Keeps the time since the call began as lost, and starts anew."""
        now = time.perf_counter()
        self.waits.append(Wait(reason=reason, seconds=now - self._since))
        self._since = now

    def _pause(self, fault: CallError, lost: float) -> float | None:
        """Seconds until the next call, given those lost to this one; None: there is to be none."""
        if fault.hope == "none" or self._chances == 0:
            return None
        pause = self._backoff() if fault.after is None else max(fault.after, SHORTEST_PAUSE_S)
        return pause if lost + pause <= self._left else None

    def _backoff(self) -> float:
        longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (self._calls - 1))
        return longest * (0.5 + 0.5 * self._stream.child(self._calls).uniform())


def _failed(blank: Exchange, error: str) -> Exchange:
    return blank.model_copy(update={"error": error, "cause": "server"})


def _faulty(blank: Exchange, fault: CallError, patience: Patience) -> Exchange:
    """The exchange that a fault has ended. A filter's refusal is an answer, if not a kind one."""
    told: dict[str, object] = {"seconds": patience.seconds, "waits": tuple(patience.waits)}
    if fault.cause == "refusal":
        told["reply"] = Reply(refusal=str(fault), finish="content_filter")
    else:
        spent = sum(wait.seconds for wait in patience.waits)
        waited = f" (after {spent:.1f} s of waiting)" if patience.waits else ""
        told |= {"error": f"{fault}{waited}", "cause": fault.cause}
    return blank.model_copy(update=told)
