"""Tells a server that hangs from one that is merely busy."""

import hashlib
import http.client
import json
import select
import time
from collections.abc import Callable
from typing import Literal

from aces.serve.commands import HOST

Sign = Literal["well", "doubtful", "sick", "hangs"]

ANSWER_S = 5.0
"""Longest wait for what a server says of itself; a later look asks again."""
SICK_S = 60.0
"""How long it may report an error of its own before it is believed."""
QUIET_S = 120.0
"""Without a step of the engine for so long, it is asked for one token."""
DOUBT_S = 180.0
"""Then, without one still, nobody need lose patience with it before it is clear what it does."""
STUCK_S = 600.0
"""Then it hangs: no step of an engine takes so long, on any machine that is of use."""


class Pulse:
    """Looks for signs of life in a server.

    vLLM's own metrics move with every step of its engine, those within a long prompt included,
    however busy it is. Where they stand still, nothing is being answered: then the server is idle,
    or it hangs. It is asked for one token, which an idle server gives at once. Servers without
    metrics, or which do not take that request, need only answer `/health`.

    Args:
        port: Of this machine.
        model: As requests name it.
        clock: Monotonic seconds.
    """

    def __init__(self, port: int, model: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._port, self._model, self._clock = port, model, clock
        self._alive = clock()
        """When there was a sign of life."""
        self._sick: float | None = None
        self._steps = ""
        self._asked: http.client.HTTPConnection | None = None
        self._can_ask = True

    def look(self) -> Sign:
        """Returns how the server is."""
        status, _ = self._get("/health")
        now = self._clock()
        if status is not None and status >= 500:
            self._sick = now if self._sick is None else self._sick
            return "sick" if now - self._sick >= SICK_S else "doubtful"
        self._sick = None
        if status == 200 and self._moves():
            self._alive = now
            self.close()
        quiet = now - self._alive
        if quiet >= QUIET_S and self._asked is None and status == 200:
            self._ask()
        if quiet >= STUCK_S:
            return "hangs"
        return "well" if status == 200 and quiet < DOUBT_S else "doubtful"

    def close(self) -> None:
        """Takes back the question that is open, if there is one."""
        asked, self._asked = self._asked, None
        if asked is not None:
            asked.close()

    def _moves(self) -> bool:
        """Whether the engine has done anything since the last look, as far as one can tell."""
        steps = self._metrics()
        moved = not steps or steps != self._steps
        self._steps = steps
        return moved or not self._can_ask or self._answered()

    def _metrics(self) -> str:
        """Digest of the engine's metrics; empty where there are none."""
        status, body = self._get("/metrics")
        # what counts pictures is the part in front of the engine
        lines = [
            line
            for line in body.splitlines()
            if line.startswith(b"vllm:") and not line.startswith(b"vllm:mm_cache")
        ]
        return hashlib.blake2b(b"\n".join(lines)).hexdigest() if status == 200 and lines else ""

    def _ask(self) -> None:
        """Asks for one token, without waiting for it."""
        asked = http.client.HTTPConnection(HOST, self._port, timeout=ANSWER_S)
        body = json.dumps({"model": self._model, "prompt": "1", "max_tokens": 1})
        try:
            asked.request("POST", "/v1/completions", body, {"Content-Type": "application/json"})
        except OSError:
            asked.close()
            return
        self._asked = asked

    def _answered(self) -> bool:
        """Whether the question has been answered, or was refused and is then not put again."""
        asked = self._asked
        if asked is None or not select.select([asked.sock], [], [], 0)[0]:
            return False
        try:
            self._can_ask = asked.getresponse().status not in range(400, 500)
        except (OSError, http.client.HTTPException):
            self.close()
            return False
        return True

    def _get(self, path: str) -> tuple[int | None, bytes]:
        """Status and body; no status where nobody answers."""
        connection = http.client.HTTPConnection(HOST, self._port, timeout=ANSWER_S)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            return None, b""
        finally:
            connection.close()
