"""How trials are carried out: in this process, or in worker processes."""

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from aces.llm.records import Connection
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
    connections: Mapping[str, Connection] = field(default_factory=dict)
    """Of buyers to their models, by the buyer's name."""

    def shared_by(self, processes: int) -> "Setting":
        """Returns the setting of each of so many processes, with its part of servers' limits.

        What a server allows is divided among its processes and among the buyers that ask it.
        """
        askers = Counter(_account(each) for each in self.connections.values())
        parts = {
            name: each.model_copy(update={"share": 1 / (processes * askers[_account(each)])})
            for name, each in self.connections.items()
        }
        return replace(self, connections=parts)


def _account(connection: Connection) -> tuple[str, str, str]:
    """Whose limits count: providers keep them by key and model."""
    endpoint = connection.endpoint
    return endpoint.base_url, endpoint.api_key_env, endpoint.model


def never() -> bool:
    """Returns that it is not enough yet."""
    return False


class Executor(Protocol):
    """Runs jobs and yields what is finished, in any order, a few at a time."""

    def run(
        self, setting: Setting, jobs: Sequence[Job], enough: Callable[[], bool] = never
    ) -> Generator[list[Finished]]:
        """Yields finished trials as they come; closing the generator stops the work.

        Once `enough` returns True no further trial is begun; those under way are finished.
        """
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
