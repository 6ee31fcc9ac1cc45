"""All trials in this process, one after another, those of buyers with a model too."""

import asyncio
from collections.abc import Callable, Generator, Sequence

from aces.store import BlobStore, Finished
from experiments.executors import Setting, keep, never
from experiments.station import Job, Station
from experiments.trial import run_trial

CHUNK = 64


class InlineExecutor:
    """One process does everything: the simplest thing to debug, and what tests use."""

    def __init__(self, workers: int = 1) -> None:
        self.facts: dict[str, object] = {"executor": "inline", "workers": 1}

    def run(
        self, setting: Setting, jobs: Sequence[Job], enough: Callable[[], bool] = never
    ) -> Generator[list[Finished]]:
        """Yields finished trials, up to 64 at a time; where they cost something, each."""
        size = 1 if setting.connections else CHUNK
        blobs = BlobStore(setting.blobs)
        with asyncio.Runner() as runner:
            station = Station(setting.plan, connections=setting.connections)
            try:
                runner.run(station.open(set(setting.interfaces)))
                self.facts |= runner.run(station.facts())
                for start in range(0, len(jobs), size):
                    if enough():
                        return
                    chunk = jobs[start : start + size]
                    yield runner.run(_run_chunk(chunk, station, blobs))
            finally:
                runner.run(station.__aexit__())


async def _run_chunk(jobs: Sequence[Job], station: Station, blobs: BlobStore) -> list[Finished]:
    return [keep(job, await run_trial(job, station), blobs) for job in jobs]
