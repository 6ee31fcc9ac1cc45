"""A stored run as it was: its plan, its worlds, and every page rendered again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from aces import design
from aces.catalog_store import stored_catalog
from aces.errors import StoreError
from aces.seeds import Stream
from aces.spec import ExperimentSpec
from aces.store import RunStore
from aces.types import Action, Assignment, Observation, Trial
from experiments.plan import Plan
from experiments.station import Job, Station

_ACTION: TypeAdapter[Action] = TypeAdapter(Action)
_DECLARATIONS = TypeAdapter(Mapping[str, design.Declaration])


@dataclass(frozen=True, slots=True)
class StoredPage:
    """What a buyer was given at one step, and what it did."""

    step: int
    url: str
    text: str | None
    screenshot: bytes | None
    action: Action | None
    """None where it failed to decide."""

    def differs(self, seen: Observation) -> str:
        """Returns what of an observation is not as it was, or nothing."""
        if seen.text != self.text:
            return "text"
        return "" if seen.screenshot == self.screenshot else "screenshot"


@dataclass(frozen=True, slots=True)
class Replay:
    """A trial rendered again.

    Attributes:
        trial_id: Which.
        steps: How many pages were compared.
        differing: The first step whose page is not, byte for byte, what the buyer saw; 0: none.
        what: `text`, `screenshot` or `url`.
    """

    trial_id: str
    steps: int
    differing: int = 0
    what: str = ""


def stored_plan(store: RunStore) -> Plan:
    """Returns the plan of a run from what the run folder holds, and nothing else.

    Raises:
        StoreError: If nothing was planned in it yet.
    """
    spec = store.meta("spec")
    if spec is None:
        raise StoreError(f"{store.folder}: nothing was planned in this run yet")
    pools = {task: tuple(ids) for task, ids in store.meta("pools").items()}
    return Plan(
        spec=ExperimentSpec.model_validate(spec),
        catalog=stored_catalog(store),
        pools=pools,
        declarations=_DECLARATIONS.validate_python(store.meta("declarations")),
    )


def stored_job(store: RunStore, trial_id: str) -> Job:
    """Returns a stored trial with the assignment of its world."""
    trial = next(trial for trial in stored_trials(store) if trial.id == trial_id)
    return Job(trial, stored_assignments(store)[trial.world_id])


def stored_pages(store: RunStore, trial_id: str) -> list[StoredPage]:
    """Returns what the buyer of a trial saw and did, step by step, at its latest attempt."""
    rows = store.db.execute(
        "SELECT step, url, text, text_blob, screenshot, action FROM steps JOIN latest "
        "USING (trial_id, attempt) WHERE trial_id = ? ORDER BY step",
        (trial_id,),
    )
    return [
        StoredPage(
            step=step,
            url=url,
            text=store.step_text(text, blob),
            screenshot=store.blobs.get(screenshot) if screenshot else None,
            action=_ACTION.validate_json(action) if action != "{}" else None,
        )
        for step, url, text, blob, screenshot, action in rows
    ]


async def replay(job: Job, pages: Sequence[StoredPage], station: Station) -> Replay:
    """Walks through a stored trial again, doing what the buyer did, and compares every page.

    Args:
        job: The trial.
        pages: What its buyer saw and did.
        station: Open for the trial's interface.
    """
    token = station.admit(job.assignment)
    try:
        stream = station.plan.visit_stream(job.trial)
        async with station.interface(job.trial.interface).visit(token, stream) as visit:
            for page in pages:
                seen = await visit.observe(page.step)
                what = page.differs(seen) or ("" if visit.url == page.url else "url")
                if what:
                    return Replay(job.trial.id, len(pages), page.step, what)
                if page.action is not None:
                    await visit.act(page.action)
    finally:
        station.close(token)
    return Replay(job.trial.id, len(pages))


async def verify(store: RunStore, number: int) -> list[Replay]:
    """Renders a random sample of the finished trials again, the same sample every time.

    Args:
        store: Of the run.
        number: How many trials; fewer where the run has fewer.
    """
    jobs = sample(store, number)
    async with Station(stored_plan(store)) as station:
        await station.open({job.trial.interface for job in jobs})
        return [await replay(job, stored_pages(store, job.trial.id), station) for job in jobs]


def sample(store: RunStore, number: int) -> list[Job]:
    """Returns so many finished trials, drawn at random, the same ones every time."""
    ids = [row[0] for row in store.db.execute("SELECT trial_id FROM latest ORDER BY trial_id")]
    order = Stream(store.meta("spec")["seed"], "verify").generator().permutation(len(ids))
    trials = {trial.id: trial for trial in stored_trials(store)}
    assignments = stored_assignments(store)
    drawn = [trials[ids[i]] for i in order[:number]]
    return [Job(trial, assignments[trial.world_id]) for trial in drawn]


def stored_assignments(store: RunStore) -> dict[str, Assignment]:
    """Returns world id -> what was drawn for it."""
    rows = store.db.execute(
        "SELECT world_id, task_id, k, product_ids, levels, probability FROM worlds"
    )
    return {
        row[0]: Assignment(
            world_id=row[0],
            task_id=row[1],
            k=row[2],
            product_ids=json.loads(row[3]),
            levels=json.loads(row[4]),
            probability=row[5],
        )
        for row in rows
    }


def stored_trials(store: RunStore) -> list[Trial]:
    """Returns the planned trials in plan order."""
    rows = store.db.execute(
        "SELECT trial_id, plan_index, batch, world_id, buyer, interface, repeat, persona, prompt "
        "FROM trials ORDER BY plan_index"
    )
    names = ("id", *(column[0] for column in rows.description[1:]))
    return [Trial(**dict(zip(names, row, strict=True))) for row in rows]
