"""Runs a server and takes it down with everything it started, also when ACES itself is killed.

It is started as a script, beside ACES and not within it, so that it outlives a hard end of the
process that wants the server: `python guard.py COMMAND ...`. It needs the standard library alone.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from types import FrameType

POLL_S = 0.2
GRACE_S = 15.0


def main(command: list[str]) -> int:
    """Runs the command until it ends or is not wanted any more; returns its exit status."""
    asked = list[int]()

    def ask(number: int, frame: FrameType | None) -> None:
        asked.append(number)

    signal.signal(signal.SIGTERM, ask)
    owner = os.getppid()
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    while server.poll() is None and not asked and os.getppid() == owner:
        time.sleep(POLL_S)
    _end(server)
    return server.returncode


def _end(server: subprocess.Popen[bytes]) -> None:
    """Ends the server's whole process group: politely, then not."""
    _send(server, signal.SIGTERM)
    _send(server, signal.SIGCONT)  # what is stopped hears nothing else
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(GRACE_S)
    _send(server, signal.SIGKILL)
    server.wait()


def _send(server: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # the group may outlive its leader: engines are processes of their own
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
