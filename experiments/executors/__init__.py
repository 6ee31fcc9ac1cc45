"""How trials are carried out: in this process, or in worker processes."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aces.store import BlobStore, Finished
from experiments.plan import Plan
from experiments.station import Job
from experiments.trial import Record


@dataclass(frozen=True)
class Setting:
    """What every process of a run is given."""

    plan: Plan
    blobs: Path
    interfaces: frozenset[str]


class Executor(Protocol):
    """Runs jobs and yields what is finished, in any order, a few at a time."""

    def run(self, setting: Setting, jobs: Sequence[Job]) -> Generator[list[Finished]]:
        """Yields finished trials as they come; closing the generator stops the work."""
        ...

    @property
    def facts(self) -> dict[str, object]:
        """What the work was done with: the browser, the number of workers."""
        ...


def keep(job: Job, record: Record, blobs: BlobStore) -> Finished:
    """Returns a trial ready for the store, its pictures and long texts put into blobs."""
    steps = tuple(map(blobs.keep_step, record.steps))
    exchanges = tuple(map(blobs.keep_exchange, record.exchanges))
    return Finished(job.trial.id, record.choice, steps, tuple(record.events), exchanges)
