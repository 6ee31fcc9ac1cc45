"""Keeps a server up: what has ended or hangs is started again, and those who wait are told."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from aces.errors import AcesError, ServerEndedError
from aces.llm.upkeep import LOOKS, Upkeep, tell
from aces.serve.block import Block
from aces.serve.pulse import Pulse, Sign
from aces.serve.server import Server
from aces.types import Record

LOOK_S = 1.0
"""Between looks whether its process runs and shows life."""
RESTARTS, WITHIN_S = 3, 3600.0
"""A server that needs more restarts in that time is given up."""

_TROUBLES: dict[Sign, str] = {
    "sick": "reported an error of its own for a minute",
    "hangs": "did nothing for ten minutes and did not answer",
}


class Restart(Record):
    """That a server was started again."""

    model: str
    at: str
    """UTC, ISO 8601."""
    why: str


class Keeper(Block):
    """Runs a server for the time of a `with` block, and starts it again where that is needed.

    Args:
        server: Not started yet. It keeps its port.
        state: File by which other processes are told how it is; see `aces.llm.upkeep`.
        say: Told of each restart.
    """

    def __init__(self, server: Server, state: Path, say: Callable[[str], None]) -> None:
        self.server = server
        self.state = state
        self.restarts: list[Restart] = []
        self._say = say
        self._times: list[float] = []
        self._told = Upkeep()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def start(self) -> None:
        """Starts the server and begins to look after it.

        Raises:
            UserError: If this machine has no environment for it.
            AcesError: If it does not come up the first time: then it hardly will the second.
        """
        self.server.start()
        self._tell(self._told)
        self._thread.start()

    def stop(self) -> None:
        """Stops the server and looks after it no more."""
        self._over.set()
        self.server.stop()
        while self._thread.is_alive():  # it may be starting the server at this moment
            self._thread.join(LOOK_S)
            self.server.stop()
        self.state.unlink(missing_ok=True)

    def wait_until_up(self) -> int:
        """Waits while it is down or in doubt; returns how often it was started.

        What happened before the call is known by then.

        Raises:
            ServerEndedError: If it is given up.
        """
        seen = self._told.looks
        while not self._told.up or self._told.looks < seen + LOOKS:
            if self._told.ended:
                raise ServerEndedError(self._told.ended)
            time.sleep(LOOK_S / 4)
        return self._told.starts

    def _keep(self) -> None:
        """Looks after it until it is told to end, or gives up."""
        pulse = self._pulse()
        while not self._over.wait(LOOK_S):
            trouble = self._look(pulse)
            if not trouble:
                continue
            pulse.close()
            if not self._restart(trouble):
                return
            pulse = self._pulse()
        pulse.close()

    def _pulse(self) -> Pulse:
        return Pulse(self.server.port, self.server.serving.model)

    def _look(self, pulse: Pulse) -> str:
        """What calls for a restart; a doubt is told to those who wait."""
        status = self.server.ended()
        if status is not None:
            return f"ended with status {status}"
        sign = pulse.look()
        # it may have ended meanwhile: that it was well is then no news
        if self.server.ended() is None:
            self._tell(
                self._told.model_copy(update={"up": sign == "well", "looks": self._told.looks + 1})
            )
        return _TROUBLES.get(sign, "")

    def _restart(self, trouble: str) -> bool:
        """Starts it again, and once more if it does not come up; False: it is not wanted, or lost.

        What those who wait are told comes last, when the server is there.
        """
        self._tell(self._told.model_copy(update={"up": False}))
        while not self._over.is_set():
            if self._spent():
                self._give_up(trouble)
                return False
            self._note(trouble)
            try:
                self.server.stop()
                self.server.start(again=True)
            except (AcesError, OSError) as error:
                trouble = _brief(error)
                continue
            self._tell(Upkeep(starts=self._told.starts + 1, looks=self._told.looks + 1))
            self._say(f"{self.server.name} is up again")
            return True
        return False

    def _spent(self) -> bool:
        """Whether it was started again as often as makes sense."""
        return sum(time.monotonic() - at < WITHIN_S for at in self._times) >= RESTARTS

    def _note(self, trouble: str) -> None:
        self._times.append(time.monotonic())
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self.restarts.append(Restart(model=self.server.serving.model, at=at, why=trouble))
        self._say(f"{self.server.name} {trouble}; starting it again. Its log: {self.server.log}")

    def _give_up(self, trouble: str) -> None:
        self.server.stop()
        why = (
            f"{self.server.name} {trouble}, although it was started again {RESTARTS} times within "
            "the hour. Finished trials are stored; the same command goes on with the others. "
            f"{self.server.tail()}"
        )
        self._tell(self._told.model_copy(update={"up": False, "ended": why}))

    def _tell(self, state: Upkeep) -> None:
        tell(self.state, state)
        self._told = state


def _brief(error: Exception) -> str:
    """What went wrong at a start, without the log."""
    words = str(error).partition(". The end of its log")[0]
    return f"did not come up ({words})"
