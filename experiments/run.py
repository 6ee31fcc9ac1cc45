"""Runs an experiment into a folder, or goes on where the folder holds part of it."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from aces.catalog import Catalog
from aces.catalog_store import keep_catalog, stored_catalog
from aces.errors import SpecError, StoreError, UserError, nearest
from aces.failures import reasons
from aces.llm.records import Connection
from aces.lock import differences
from aces.spec import ExperimentSpec
from aces.stopping import Stopped
from aces.store import Finished, Progress, RunStore
from aces.types import Assignment, Trial
from agents.buyers import BUYERS
from experiments.designs import DESIGNS, Allotted, Cell, Design, History
from experiments.designs._declared import check_kept
from experiments.executors import Executor, Setting
from experiments.given import needed
from experiments.history import Ledger
from experiments.manifest import changes, now, session_facts, write_manifest
from experiments.plan import Plan, identity, make_plan
from experiments.registration import Following, hold_against
from experiments.replay import stored_assignments, stored_trials
from experiments.serving import (
    Line,
    Say,
    ServedLine,
    StoredLine,
    currency,
    model_buyers,
    store_connections,
    stored_connections,
)
from experiments.station import Job
from experiments.stopping import Watch, check_rules, keep_stop, stops

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class FailureLimit:
    """How many operational failures a run may have: a number, or a share of its trials."""

    count: int | None = None
    share: float = 0.05

    @classmethod
    def parse(cls, text: str) -> "FailureLimit":
        """Returns the limit written as `N` or `P%`.

        Raises:
            SpecError: If it is neither.
        """
        try:
            limit = cls(share=float(text[:-1]) / 100) if text.endswith("%") else cls(int(text))
            if not 0 <= (limit.share if limit.count is None else limit.count) < math.inf:
                raise ValueError
            return limit
        except ValueError:
            raise SpecError(
                f"--max-failed {text}: expected a number or a share, 20 or 5%"
            ) from None

    def exceeded(self, failed: int, total: int) -> bool:
        """Returns whether that many failures of that many trials are too many."""
        return failed > (self.count if self.count is not None else self.share * total)


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended."""

    progress: Progress
    warnings: tuple[str, ...]
    too_many_failed: bool
    budget_reached: bool = False
    """Whether it ended because of that, with trials left to run."""
    registration: str = ""
    """Whether it followed its pre-registration, in words; empty where there is none."""
    stopped: tuple[Stopped, ...] = ()
    """Where buyers were stopped by rule."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Operational cause of failures -> the most frequent message."""


@dataclass(frozen=True, slots=True)
class Answering:
    """Where the answers of served models come from.

    Attributes:
        cache: File of answers, for buyers that want them stored; by default in the run folder.
        replay: Run folder whose answers are used, with no server.
        say: Told what is waited for before the first trial.
    """

    cache: Path | None = None
    replay: Path | None = None
    say: Say = lambda text: None


def run(
    spec: ExperimentSpec,
    catalog: Catalog,
    out: Path,
    executor: Executor,
    *,
    buyers: Sequence[str] = (),
    retry_failed: bool = False,
    limit: FailureLimit | None = None,
    answering: Answering | None = None,
    following: Following | None = None,
    on_progress: OnProgress = lambda progress: None,
) -> RunResult:
    """Runs an experiment, or goes on with it.

    Args:
        spec: As loaded.
        catalog: That `spec.catalog` names.
        out: Run folder.
        executor: Who carries out the trials.
        buyers: Names of the buyers to run now; all but people where empty.
        retry_failed: Run again what failed for an operational cause.
        limit: Of operational failures; 5 % where not given.
        answering: Where served models' answers come from; from servers where not given.
        following: The pre-registration; where not given, that of the folder, if it has one.
        on_progress: Told after each write.

    Raises:
        SpecError: If the experiment can't be run as it is.
        StoreError: If the folder holds another experiment, or can't be written.
        UserError: If a model's server can't be reached, or can't do what its buyer needs.
    """
    plan = make_plan(spec, catalog)
    now_run = _buyers_now(spec, buyers, in_person=getattr(executor, "in_person", False))
    check_rules(plan)
    with RunStore.create(out) as store, ExitStack() as stack:
        registered = hold_against(plan, store, following or Following())
        plan = registered.plan if registered else plan
        _claim(store, plan)
        if registered:
            registered.keep(store)
        retry = store.retryable_ids() if retry_failed else set()
        line = _line(plan, store, answering or Answering())
        stack.callback(line.close)
        work = _Work(store, plan, executor, line, limit or FailureLimit(), on_progress)
        with _session(store, work.facts) as session:
            for jobs in _batches(store, plan, retry):
                chosen = [job for job in jobs if job.trial.buyer in now_run]
                if not work.carry_out(chosen, session):
                    break
        progress = store.progress()
        failed = work.limit.exceeded(progress.operational_failures, progress.done)
        said = registered.sentence if registered else ""
        stopped = tuple(stops(store).values())
        facts = progress, tuple(changes(store)), failed, work.budget_reached
        return RunResult(*facts, said, stopped=stopped, reasons=reasons(store))


def _line(plan: Plan, store: RunStore, answering: Answering) -> Line:
    """How the buyers of a run reach their models.

    Raises:
        SpecError: If prices are in several currencies.
        StoreError: If the run to take answers from is missing, or lacks a buyer.
    """
    currency(model_buyers(plan).values())
    answers = store.folder / "answers.sqlite"
    if answering.replay:
        with RunStore.open(answering.replay) as source:
            return StoredLine(plan, source, answers)
    return ServedLine(
        plan,
        known=stored_connections(store),
        cache=answering.cache or answers,
        logs=store.folder,
        say=answering.say,
    )


def _buyers_now(spec: ExperimentSpec, names: Sequence[str], *, in_person: bool) -> set[str]:
    """The buyers whose trials are run now.

    Raises:
        SpecError: If one is unknown.
        UserError: If one is a person, and the executor is not one that people meet.
    """
    known = [buyer.name for buyer in spec.buyers]
    for name in names:
        if name not in known:
            raise SpecError(f"--buyers {name}: no such buyer{nearest(name, known)}")
        if name in people(spec) and not in_person:
            raise UserError(f"{name} shop by themselves: aces people EXPERIMENT.yaml --out DIR")
    return set(names) or set(known) - set(people(spec))


def people(spec: ExperimentSpec) -> list[str]:
    """Returns the names of the buyers that are people: `aces people` runs their trials."""
    return [b.name for b in spec.buyers if getattr(BUYERS.load(b.use), "in_person", False)]


def _claim(store: RunStore, plan: Plan) -> None:
    """Writes the specification into a new folder, or checks it against what stands there."""
    spec = plan.spec.model_dump(mode="json")
    stored = store.meta("spec")
    if stored is not None:
        _check_same(store, ExperimentSpec.model_validate(stored), plan.spec)
        catalog = store.meta("catalog")
        if catalog["digest"] != plan.catalog.digest:
            raise StoreError(
                f"{store.folder}: the catalogue's products have changed since this run began; "
                "use another --out"
            )
        check_kept(store.folder, store.meta("declarations"), plan.declarations)
    store.set_meta("spec", spec)
    declarations = {n: d.model_dump(mode="json") for n, d in plan.declarations.items()}
    store.set_meta("declarations", declarations)
    store.set_meta("truths", plan.truths())
    store.set_meta("pools", plan.pools)
    store.set_meta("legend", plan.legend())
    store.set_meta("prompt_hashes", plan.prompt_hashes())
    sold = needed(plan.catalog, plan.declarations, plan.spec)
    keep_catalog(store, sold, plan.spec.catalog)


def _check_same(store: RunStore, stored: ExperimentSpec, spec: ExperimentSpec) -> None:
    """A run goes on only with the experiment it began with; what may differ is in the contract."""
    differing = list(map(str, differences(identity(stored), identity(spec))))
    if differing:
        more = f"; and {len(differing) - 3} more" if len(differing) > 3 else ""
        raise StoreError(
            f"{store.folder}: holds a different experiment ({'; '.join(differing[:3])}{more}). Use "
            "another --out, or put the experiment back as it was"
        )
    if spec.worlds_per_task < stored.worlds_per_task:
        raise StoreError(
            f"{store.folder}: holds {stored.worlds_per_task} worlds per task, which can only "
            f"grow; found worlds_per_task: {spec.worlds_per_task}"
        )


@contextmanager
def _session(store: RunStore, facts: Callable[[], dict[str, object]]) -> Iterator[int]:
    """Records this process's work on the run, however it ends."""
    session = store.start_session(now(), session_facts(facts()))
    write_manifest(store)
    try:
        yield session
    finally:
        store.end_session(session, now(), session_facts(facts()))
        write_manifest(store)


def _batches(store: RunStore, plan: Plan, retry: set[str]) -> Iterator[list[Job]]:
    """Yields the unfinished jobs of each batch: those stored, then those the design adds."""
    design: Design = DESIGNS.build(plan.spec.design.use, dict(plan.spec.design.parameters))
    assignments = stored_assignments(store)
    stored = stored_trials(store)
    todo = store.finished_ids() - retry
    yield [Job(t, assignments[t.world_id]) for t in stored if t.id not in todo]
    planned: set[Cell] = {(a.task_id, a.k) for a in assignments.values()}
    batch, index = 1 + max((t.batch for t in stored), default=-1), len(stored)
    ledger = Ledger(store, plan) if plan.adaptive else None
    while True:
        past = ledger.read() if ledger else {}
        cells = design.next(plan.spec, History(frozenset(planned), past))
        if not cells:
            return
        drawn = plan.draw_cells(cells)
        trials = list(plan.trials(drawn, batch, index, _owners(cells, drawn)))
        store.add_batch(batch, drawn, trials)
        by_id = {assignment.world_id: assignment for assignment in drawn}
        yield [Job(trial, by_id[trial.world_id]) for trial in trials]
        planned |= {each.cell if isinstance(each, Allotted) else each for each in cells}
        batch, index = batch + 1, index + len(trials)


def _owners(
    cells: Sequence[Cell | Allotted], drawn: Sequence[Assignment]
) -> dict[str, tuple[str, str]]:
    """World -> the one buyer and interface that meet it; empty where all do."""
    pairs = zip(cells, drawn, strict=True)
    return {a.world_id: each.owner for each, a in pairs if isinstance(each, Allotted)}


def _by_arm(jobs: Sequence[Job]) -> list[list[Job]]:
    """Jobs by buyer and interface, so that each can end by itself."""
    parts: dict[tuple[str, str], list[Job]] = {}
    for job in jobs:
        parts.setdefault((job.trial.buyer, job.trial.interface), []).append(job)
    return list(parts.values())


@dataclass(slots=True)
class _Work:
    """Carries out the jobs of a run."""

    store: RunStore
    plan: Plan
    executor: Executor
    line: Line
    limit: FailureLimit
    on_progress: OnProgress
    budget_reached: bool = False
    served: dict[str, object] = field(default_factory=dict)
    """Buyer -> what its model's server says of itself."""

    def facts(self) -> dict[str, object]:
        """Returns what the work is done with."""
        told = self.executor.facts | ({"served": self.served} if self.served else {})
        again = [each.model_dump() for each in self.line.restarts]
        return told | ({"restarts": again} if again else {})

    def carry_out(self, jobs: Sequence[Job], session: int) -> bool:
        """Runs jobs and stores what is finished; returns whether there is a point in going on."""
        groups = self.line.in_turn(jobs)
        if self.plan.spec.stop:
            groups = [part for group in groups for part in _by_arm(group)]
        self._reach_listening(groups)
        if not jobs:
            self.on_progress(self.store.progress())
        again = {job.trial.id for job in jobs}
        for group in groups:
            if not self._run(group, again, session):
                return False
            again -= {job.trial.id for job in group}
        return True

    def _reach_listening(self, groups: Sequence[Sequence[Job]]) -> None:
        """Speaks to every server that should listen already, before the first trial of any."""
        if self._over_budget(self.store.progress()):
            return
        for group in groups:
            buyer = self.line.buyers.get(group[0].trial.buyer)
            if buyer is not None and buyer.serving is None:
                self._reach(group)
            else:
                self.line.check(job.trial.buyer for job in group)

    def _reach(self, jobs: Sequence[Job]) -> dict[str, Connection]:
        """Connections of the buyers of a group, which are stored."""
        found = self.line.reach(job.trial.buyer for job in jobs)
        if found:
            store_connections(self.store, found)
            self.served |= {name: dict(c.abilities.served) for name, c in found.items()}
        return found

    def _over_budget(self, progress: Progress) -> bool:
        budget, spent = self.plan.spec.budget, progress.spent
        return budget is not None and budget.reached(spent.cost, spent.tokens)

    def _run(self, jobs: Sequence[Job], again: set[str], session: int) -> bool:
        """Runs jobs that can be run together; `again` are the ids that do not count as failed."""
        watch = self._watch(jobs[0].trial, again)
        if watch is not None and watch.stopped is not None:
            last = watch.stopped.last_index
            jobs = [job for job in jobs if job.trial.plan_index <= last]
        if not jobs:
            return True
        progress = self.store.progress(again)
        self.on_progress(progress)
        asks = jobs[0].trial.buyer in self.line.buyers
        if asks and self._over_budget(progress):
            self.budget_reached = True
            return False
        connections = self._reach(jobs)
        # from what is stored: pictures come from the run's own folder, in every process
        stored = replace(self.plan, catalog=stored_catalog(self.store))
        faces = frozenset(job.trial.interface for job in jobs)
        setting = Setting(stored, self.store.blobs.folder, faces, connections)
        done, stops_now = 0, False

        def enough() -> bool:
            return stops_now or (asks and self._over_budget(progress))

        work = self.executor.run(setting, jobs, enough)
        try:
            for finished in work:
                self.store.add_finished(finished, session)
                progress = progress.with_finished(finished)
                done += len(finished)
                self.on_progress(progress)
                if watch is not None and not watch.stopped:
                    stops_now = self._stops(watch, finished)
                if self._hopeless(progress):
                    return False
        finally:
            work.close()
        self.budget_reached = done < len(jobs) and not stops_now
        return not self.budget_reached

    def _watch(self, trial: Trial, again: set[str]) -> Watch | None:
        """Follows the arm of a trial where there are stopping rules."""
        if not self.plan.spec.stop:
            return None
        watch = Watch.of(self.store, self.plan, (trial.buyer, trial.interface), again)
        self._stops(watch, ())
        return watch

    def _stops(self, watch: Watch, finished: Sequence[Finished]) -> bool:
        """Whether the rules are met, which is stored before anything else is."""
        if not watch.add(finished) or watch.stopped is None:
            return False
        keep_stop(self.store, watch.stopped)
        return True

    def _hopeless(self, progress: Progress) -> bool:
        """Whether so much has failed early that it will not get better by itself."""
        failed = progress.operational_failures
        return failed > 20 and self.limit.exceeded(
            failed, max(progress.done, progress.planned // 4)
        )
