"""All trials in this process, one after another."""

import asyncio
from collections.abc import Generator, Sequence

from aces.store import BlobStore, Finished
from experiments.executors import Setting, keep
from experiments.station import Job, Station
from experiments.trial import run_trial

CHUNK = 64


class InlineExecutor:
    """One process does everything: the simplest thing to debug, and what tests use."""

    def __init__(self, workers: int = 1) -> None:
        self.facts: dict[str, object] = {"executor": "inline", "workers": 1}

    def run(self, setting: Setting, jobs: Sequence[Job]) -> Generator[list[Finished]]:
        """Yields finished trials, up to 64 at a time."""
        blobs = BlobStore(setting.blobs)
        with asyncio.Runner() as runner:
            station = Station(setting.plan)
            try:
                runner.run(station.open(set(setting.interfaces)))
                self.facts |= runner.run(station.facts())
                for start in range(0, len(jobs), CHUNK):
                    chunk = jobs[start : start + CHUNK]
                    yield runner.run(_run_chunk(chunk, station, blobs))
            finally:
                runner.run(station.__aexit__())


async def _run_chunk(jobs: Sequence[Job], station: Station, blobs: BlobStore) -> list[Finished]:
    return [keep(job, await run_trial(job, station), blobs) for job in jobs]
