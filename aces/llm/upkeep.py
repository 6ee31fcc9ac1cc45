"""What is told of a server that ACES started, to whoever asks it: whether it runs, and anew."""

import asyncio
import os
import time
from pathlib import Path

from aces.errors import ServerEndedError
from aces.types import Record

POLL_S = 0.25
LOOKS = 2
"""Of the keeper's looks the second one after a fault began after it."""
LONGEST_S = 120.0
"""Without a look for so long there is no keeper any more."""


class Upkeep(Record):
    """The state of a server, as its keeper sees it."""

    starts: int = 1
    """How often it was started."""
    up: bool = True
    """False: it has ended, or shows no sign of life; what is to be done will be told."""
    looks: int = 0
    """How often the keeper has looked."""
    ended: str = ""
    """Why it is given up."""


def tell(path: Path, state: Upkeep) -> None:
    """Writes the state for other processes, whole or not at all."""
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(state.model_dump_json(), encoding="utf-8")
    draft.replace(path)


class Kept:
    """A server as its keeper tells of it.

    Args:
        path: The keeper's file; empty: nobody keeps this server.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path) if path else None
        self._parent = os.getppid()

    @property
    def starts(self) -> int:
        """How often it was started; 0 where that is not known."""
        state = self._read()
        return state.starts if state else 0

    async def renewed(self, before: int) -> bool:
        """Waits out trouble, and returns whether the server was started anew since `before`.

        Raises:
            ServerEndedError: If it is given up.
        """
        seen = self._read()
        deadline = time.monotonic() + LONGEST_S
        while (state := self._read()) and os.getppid() == self._parent:  # else nobody tells
            if state.ended:
                raise ServerEndedError(state.ended)
            known = state.starts != before or (seen and state.looks >= seen.looks + LOOKS)
            if state.up and (known or time.monotonic() > deadline):
                return state.starts != before
            await asyncio.sleep(POLL_S)
        return False

    def _read(self) -> Upkeep | None:
        if self._path is None:
            return None
        try:
            return Upkeep.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:  # the keeper has gone home
            return None
