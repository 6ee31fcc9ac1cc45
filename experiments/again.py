"""Stored trials of served buyers, asked again: how many come out the same."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aces.llm.records import Connection
from aces.store import RunStore
from aces.types import Choice
from experiments.plan import Plan
from experiments.replay import sample, stored_plan
from experiments.serving import Say, ServedLine, stored_connections
from experiments.station import Job, Station
from experiments.trial import run_trial

SIDE_BY_SIDE = 8
"""Trials asked at a time."""

Outcome = tuple[str, str, str]
"""Status, cause, product."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A trial asked again; nothing of it is stored."""

    trial_id: str
    buyer: str
    before: Outcome
    now: Outcome

    @property
    def same(self) -> bool:
        """Whether it ended as it had, with the same purchase."""
        return self.before == self.now


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking again.

    Attributes:
        repeats: The trials.
        connections: How their buyers reached their models this time.
    """

    repeats: Sequence[Repeat]
    connections: Mapping[str, Connection]


def ask_again(store: RunStore, number: int, say: Say) -> Asked:
    """Runs the served buyers' trials among the sample that `verify` renders once more.

    Answers come from servers, never from a file. Each server is started and probed as in a run.

    Raises:
        UserError: If a server can't be reached, or can't do what its buyer needs.
    """
    plan = stored_plan(store)
    before = _stored_outcomes(store)
    line = ServedLine(plan, known=stored_connections(store), logs=store.folder, say=say)
    jobs = [job for job in sample(store, number) if job.trial.buyer in line.buyers]
    repeats: list[Repeat] = []
    found: dict[str, Connection] = {}
    try:
        for group in line.in_turn(jobs):
            connections = line.reach(job.trial.buyer for job in group)
            found |= connections
            for job, choice in asyncio.run(_run(plan, group, connections)):
                trial = job.trial
                repeats.append(Repeat(trial.id, trial.buyer, before[trial.id], _outcome(choice)))
    finally:
        line.close()
    return Asked(repeats, found)


async def _run(
    plan: Plan, jobs: Sequence[Job], connections: Mapping[str, Connection]
) -> list[tuple[Job, Choice]]:
    room = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(job: Job) -> tuple[Job, Choice]:
        async with room:
            return job, (await run_trial(job, station)).choice

    async with Station(plan, connections=connections) as station:
        await station.open({job.trial.interface for job in jobs})
        return await asyncio.gather(*map(one, jobs))


def _stored_outcomes(store: RunStore) -> dict[str, Outcome]:
    rows = store.db.execute("SELECT trial_id, status, cause, product_id FROM latest")
    return {trial_id: (status, cause, product or "") for trial_id, status, cause, product in rows}


def _outcome(choice: Choice) -> Outcome:
    return choice.status.value, choice.cause, choice.product_id or ""
