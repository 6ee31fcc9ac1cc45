"""Worker processes on this machine, each with its own shop and warm browser."""

import asyncio
import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from aces.errors import AcesError, BrowserError
from aces.store import BlobStore, Finished
from aces.types import Choice, Status
from experiments.executors import Setting, keep, never
from experiments.station import Job, Station
from experiments.trial import run_trial

AHEAD = 255
"""Jobs that a worker is given beyond those it works on, where trials take milliseconds."""
ASKING = 8
"""Buyers that wait for a model side by side in a worker, where no number is given."""
SPARE = 2
"""Trials in a worker's browser beside those: their pages are made ready, or their orders placed,
so that the model need not wait for the browser."""
FLUSH_S, FLUSH_TRIALS = 0.2, 64
"""Longest time that a finished trial waits to be sent, and with how many others."""
MAX_DEATHS = 2
"""A job that was in a worker's hands at this many deaths is a failed trial."""


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    held: dict[str, Job] = field(default_factory=dict)
    ready: bool = False
    """Whether its shop and browser have started."""


class LocalExecutor:
    """Spreads jobs over worker processes; a worker that dies is replaced, its jobs run again.

    Args:
        workers: Processes; the number of processors where not given.
        concurrency: Trials under way at a time in each; where buyers have a model, how many of
            them wait for it at a time. Where not given, 8 in that case, else 1.
    """

    def __init__(self, workers: int | None = None, concurrency: int | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1
        self.concurrency = concurrency
        self.facts: dict[str, object] = {
            "executor": "local",
            "workers": self.workers,
        }

    def run(
        self, setting: Setting, jobs: Sequence[Job], enough: Callable[[], bool] = never
    ) -> Generator[list[Finished]]:
        """Yields finished trials as workers send them.

        Raises:
            AcesError: If a worker can't start (no browser, say), or workers keep dying.
        """
        size = min(self.workers, max(1, len(jobs)))
        concurrency = self.concurrency or (ASKING if setting.connections else 1)
        self.facts["concurrency"] = concurrency
        crew = _Crew(setting.shared_by(size), jobs, size, concurrency, enough)
        try:
            for finished, facts in crew.work():
                self.facts |= facts
                if finished:
                    yield finished
        finally:
            crew.dismiss()


class _Crew:
    """The workers of one run and what is left for them to do."""

    def __init__(
        self,
        setting: Setting,
        jobs: Sequence[Job],
        size: int,
        concurrency: int,
        enough: Callable[[], bool],
    ) -> None:
        self._setting = setting
        self._enough = enough
        self._concurrency = concurrency
        self._todo = deque(jobs)
        self._deaths: dict[str, int] = {}
        self._lost = 0
        # a forked Chromium driver or server thread would be half a copy
        self._context = multiprocessing.get_context("spawn")
        self._most = _slots(setting, concurrency) + _ahead(setting)
        self._workers = [self._hire() for _ in range(size)]

    def _hire(self) -> _Worker:
        here, there = self._context.Pipe()
        process = self._context.Process(
            target=_serve,
            args=(there, self._setting, self._concurrency),
            name="aces worker",
            daemon=True,
        )
        with _deaf_children():
            process.start()
        there.close()
        return _Worker(process, here)

    def work(self) -> Iterator[tuple[list[Finished], dict[str, object]]]:
        """Yields finished trials and facts until no job is left."""
        for worker in self._workers:
            self._feed(worker)
        while any(worker.held for worker in self._workers):
            pipes = {worker.pipe: worker for worker in self._workers}
            for pipe in wait(list(pipes), timeout=1.0):
                worker = pipes[pipe]  # type: ignore[index]
                try:
                    message = worker.pipe.recv()
                except (EOFError, OSError):  # dead, perhaps in the middle of a message
                    yield self._replace(worker), {}
                    continue
                if isinstance(message, AcesError):
                    raise message
                finished, facts = message
                worker.ready = True
                for each in finished:
                    worker.held.pop(each.trial_id, None)
                yield finished, facts
                self._feed(worker)  # now that what these have cost is known

    def _feed(self, worker: _Worker) -> None:
        """Hands out jobs up to what the worker may hold, until it is enough."""
        if self._enough():
            return
        share = -(-len(self._todo) // len(self._workers)) if self._todo else 0
        room = min(self._most - len(worker.held), share)
        if self._todo and self._todo[0].trial.id in self._deaths:
            # whoever held it died: it goes out alone, to take no others along
            room = 0 if worker.held else 1
        batch = [self._todo.popleft() for _ in range(max(0, room))]
        worker.held |= {job.trial.id: job for job in batch}
        if batch:
            with contextlib.suppress(OSError):  # its death is noticed when reading
                worker.pipe.send(batch)

    def _replace(self, worker: _Worker) -> list[Finished]:
        """Takes a dead worker's jobs back and hires another; gives up on jobs that kill."""
        worker.process.join(1.0)
        code = worker.process.exitcode
        if not worker.ready and (code or 0) >= 0:  # below 0: somebody killed it
            raise BrowserError(
                f"a worker could not start (exit code {code}); "
                "its own error stands above. `aces doctor` says what is missing"
            )
        self._lost += 1
        if self._lost > 10 + len(self._workers):
            raise BrowserError(f"workers keep dying ({self._lost} so far); see `aces doctor`")
        failed = []
        for job in worker.held.values():
            # what died before it was ready had not begun on any
            deaths = self._deaths.get(job.trial.id, 0) + worker.ready
            self._deaths[job.trial.id] = deaths
            if deaths >= MAX_DEATHS:
                detail = f"the worker process died {deaths} times on this trial (exit code {code})"
                choice = Choice(status=Status.FAILED, cause="worker", detail=detail)
                failed.append(Finished(job.trial.id, choice))
            else:
                self._todo.appendleft(job)
        worker.pipe.close()
        self._workers[self._workers.index(worker)] = fresh = self._hire()
        self._feed(fresh)
        return failed

    def dismiss(self) -> None:
        """Sends everybody home, and does not wait for those who don't go."""
        for worker in self._workers:
            worker.pipe.close()
        deadline = time.monotonic() + 5
        for worker in self._workers:
            worker.process.join(max(0.1, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.terminate()


def _ahead(setting: Setting) -> int:
    """How many jobs a worker is given beyond those it works on."""
    if setting.connections:
        return 0  # so that a budget is overshot by no more than what is under way
    return 1 if _browses(setting) else AHEAD


def _slots(setting: Setting, concurrency: int) -> int:
    """How many trials are under way at a time in a worker."""
    return concurrency + (SPARE if setting.connections and _browses(setting) else 0)


def _browses(setting: Setting) -> bool:
    return any(name != "json" for name in setting.interfaces)


@contextlib.contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes started here ignore Ctrl-C from their first instruction on."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what signals do
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _serve(pipe: Connection, setting: Setting, concurrency: int) -> None:
    """A worker's life: jobs in, finished trials out, until the pipe closes."""
    # Ctrl-C reaches the whole group; the main process decides what to do about it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        asyncio.run(_work(pipe, setting, concurrency))


async def _work(pipe: Connection, setting: Setting, concurrency: int) -> None:
    station = Station(setting.plan, connections=setting.connections, concurrency=concurrency)
    async with station:
        try:
            await station.open(set(setting.interfaces))
            pipe.send(([], await station.facts()))
            desk = _Desk(pipe, station, BlobStore(setting.blobs))
            await desk.serve(_slots(setting, concurrency))
        except AcesError as error:  # no browser, or the disk is full, say
            pipe.send(error)


class _Desk:
    """A worker's in-tray and out-tray: several trials may be under way while buyers think."""

    def __init__(self, pipe: Connection, station: Station, blobs: BlobStore) -> None:
        self._pipe = pipe
        self._station = station
        self._blobs = blobs
        self._jobs: asyncio.Queue[Job | None] = asyncio.Queue()
        self._done: list[Finished] = []
        self._sent = time.monotonic()
        self._sending = asyncio.Lock()

    async def serve(self, slots: int) -> None:
        """Runs what comes in, up to `slots` trials side by side, until the pipe closes."""
        asyncio.get_running_loop().add_reader(self._pipe.fileno(), self._receive, slots)
        await asyncio.gather(*(self._work_off() for _ in range(slots)))

    def _receive(self, slots: int) -> None:
        try:
            jobs: Sequence[Job | None] = self._pipe.recv()
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(self._pipe.fileno())
            jobs = [None] * slots
        for job in jobs:
            self._jobs.put_nowait(job)

    async def _work_off(self) -> None:
        while (job := await self._jobs.get()) is not None:
            record = await run_trial(job, self._station)
            self._done.append(keep(job, record, self._blobs))
            late = time.monotonic() - self._sent > FLUSH_S
            if late or self._jobs.empty() or len(self._done) >= FLUSH_TRIALS:
                await self._send()

    async def _send(self) -> None:
        """Sends what is done, in a thread: jobs are read meanwhile.

        A pipe that is full of results blocks whoever writes to it, and the main process does not
        read while it hands out jobs: each would wait for the other.
        """
        done, self._done = self._done, []
        self._sent = time.monotonic()
        async with self._sending:
            await asyncio.to_thread(self._pipe.send, (done, {}))
