"""A model server of one's own: started, waited for, stopped."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from aces.errors import AcesError, UserError
from aces.llm.records import Serving
from aces.serve import guard
from aces.serve.block import Block
from aces.serve.commands import HOST, Launch, launch
from aces.serve.environment import find

POLL_S = 0.5
WITHIN_S = 3600.0
"""Longest start: a first one may download tens of gigabytes."""
LAST_LINES = 40
STOP_S = guard.GRACE_S + 10.0
_CHECKS = re.compile(r'"GET /(health|metrics) ')
"""Lines of an access log that `aces.serve.pulse` causes."""


class Server(Block):
    """A server for the time of a `with` block.

    Args:
        serving: What is to be served.
        log: File that keeps what the server says; its folder is made, and the file written anew.
            Health checks of a server's own log are no part of what is told of it.
        port: Of this machine; 0 picks a free one.
        within_s: Longest wait for it to be healthy.
    """

    def __init__(
        self, serving: Serving, log: Path, *, port: int = 0, within_s: float = WITHIN_S
    ) -> None:
        self.serving = serving
        self.log = log
        self.port = free_port(port)
        self._within_s = within_s
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The base URL for clients."""
        return f"http://{HOST}:{self.port}/v1"

    @property
    def plan(self) -> Launch:
        """The command that starts it.

        Raises:
            UserError: If this machine has no environment for it.
        """
        return launch(find(self.serving.engine), self.serving, self.port)

    def start(self, *, again: bool = False) -> str:
        """Starts it, waits until it is healthy, and returns its base URL.

        Args:
            again: Keep the log of the last time.

        Raises:
            UserError: If this machine has no environment for it.
            AcesError: If it dies, or is not healthy in time; the end of its log is in the message.
        """
        plan = self.plan
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab" if again else "wb") as sink:
            sink.write(b"\nACES starts it again\n" if again else b"")
            sink.flush()
            self._guard = process = subprocess.Popen(
                [sys.executable, "-I", guard.__file__, *plan.argv],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=_environ(plan.environ),
                start_new_session=True,  # a Ctrl-C is ours to handle
            )
        with ExitStack() as undone:
            undone.callback(self.stop)
            self._wait_until_healthy(process)
            undone.pop_all()
        return self.url

    def wait(self) -> None:
        """Waits as long as it runs.

        Raises:
            AcesError: When it ends by itself.
        """
        if self._guard is not None:
            status = self._guard.wait()
            raise AcesError(self._ended(status))

    def ended(self) -> int | None:
        """Returns the exit status of a server that has ended by itself; None while it runs."""
        return None if self._guard is None else self._guard.poll()

    def stop(self) -> None:
        """Stops it with all its processes; does nothing if it does not run."""
        process, self._guard = self._guard, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _wait_until_healthy(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + self._within_s
        while not _healthy(self.port):
            status = process.poll()
            if status is not None:
                raise AcesError(self._ended(status))
            if time.monotonic() > end:
                raise AcesError(
                    f"{self.name} was not healthy within {self._within_s:.0f} s and was stopped. "
                    f"{self.tail()}"
                )
            time.sleep(POLL_S)

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"the server of {self.serving.model} ({self.serving.engine})"

    def _ended(self, status: int) -> str:
        return f"{self.name} ended with status {status}. {self.tail()}"

    def tail(self) -> str:
        """Returns the last lines of its log, for a message."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        lines = [line for line in text.splitlines() if not _CHECKS.search(line)]
        told = "\n".join(f"  {line}" for line in lines[-LAST_LINES:])
        return f"The end of its log, {self.log}:\n{told or '  (empty)'}"


def free_port(wanted: int = 0) -> int:
    """Returns a port of this machine that nobody listens on: the wanted one, or with 0 any.

    Raises:
        UserError: If the wanted one is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError as error:
            raise UserError(
                f"port {wanted} is taken ({error}); --port 0 picks a free one"
            ) from None
        number: int = probe.getsockname()[1]
    return number


def _environ(extra: Mapping[str, str]) -> dict[str, str]:
    """Returns this process's variables without what would mix its packages into the server's."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    # else `python -m` would import stray files of the folder one stands in
    return {**kept, "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1", **extra}


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
