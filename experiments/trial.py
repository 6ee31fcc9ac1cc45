"""One trial: observe and act until an order, a stop, a failure or the step limit."""

import time
import traceback
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from aces.errors import BuyerError, ServerEndedError, TrialError
from aces.llm.records import Conversation, Exchange
from aces.types import (
    Action,
    AddToCart,
    BuyerSession,
    Choice,
    Event,
    Observation,
    PerceivedListing,
    Scroll,
    Status,
    Step,
    Stop,
)
from aces.types import Record as ActionRecord
from agents.interfaces import Visit
from experiments.station import Job, Station


@dataclass(slots=True)
class Record:
    """What one trial leaves behind."""

    choice: Choice
    steps: Sequence[Step] = ()
    events: Sequence[Event] = ()
    exchanges: Sequence[Exchange] = ()
    """With the buyer's model, where it has one."""
    listings: tuple[PerceivedListing, ...] = ()
    """The shelf as first perceived; not stored, but compared between interfaces."""


@dataclass(slots=True)
class _Turn:
    """A step under way."""

    observation: Observation
    url: str
    observe_s: float
    started: float
    action: Action | None = None
    decided: float | None = None
    decided_at: float | None = None
    """By the monotonic clock, which the shop's events go by."""


@dataclass(slots=True)
class _Course:
    """What has happened so far."""

    session: BuyerSession | None = None
    steps: list[Step] = field(default_factory=list)
    turn: _Turn | None = None
    """That which is not among the steps yet."""
    listings: tuple[PerceivedListing, ...] = ()
    said: str | None = None
    stopped: str | None = None
    blocked: int = 0
    seen: list[tuple[float, Event]] = field(default_factory=list)
    """What the shop can't know: what lay in the window, and scrolling; by monotonic seconds."""


async def run_trial(job: Job, station: Station) -> Record:
    """Returns how a trial went. Whatever goes wrong becomes a failed outcome with its cause.

    Raises:
        ServerEndedError: If the model's server is given up: then no trial can go on.
    """
    started = time.perf_counter()
    course = _Course()
    token = station.admit(job.assignment)
    try:
        await _visit(job, station, token, course)
        choice = _outcome(station.ordered(token), course)
    except ServerEndedError:
        station.close(token)
        raise
    # the trial boundary: the one place where every fault becomes an outcome
    except Exception as error:  # noqa: BLE001
        if course.turn is not None:
            course.steps.append(_step(course.turn, f"{type(error).__name__}: {error}"))
        choice = _failure(error, station.ordered(token), course)
    shop = station.close(token)
    facts = {"seconds": time.perf_counter() - started, "blocked_requests": course.blocked}
    exchanges: Sequence[Exchange] = ()
    if isinstance(course.session, Conversation):
        told = course.session
        exchanges = tuple(told.exchanges)
        facts |= {"probability": told.probability, "reported": told.reported}
    events = _log(shop.events, shop.entered, course)
    choice = choice.model_copy(update=facts)
    steps = [_on_clock(step, shop.entered) for step in course.steps]
    return Record(choice, steps, events, exchanges, course.listings)


async def _visit(job: Job, station: Station, token: str, course: _Course) -> None:
    """Lets the buyer act until it has bought, left, or used up its steps."""
    plan, trial = station.plan, job.trial
    buyer = station.buyers[trial.buyer]
    task = plan.task_of(job.assignment).model_copy(
        update={"persona": trial.persona, "prompt": trial.prompt}
    )
    session = buyer.start(task, plan.noise(job.assignment, trial, buyer))
    course.session = session
    error: str | None = None
    async with station.interface(trial.interface).visit(token, plan.visit_stream(trial)) as visit:
        for number in range(1, plan.spec.max_steps + 1):
            error = await _turn(number, visit, session, station.asking(trial.buyer), error, course)
            if course.stopped is not None or station.ordered(token):
                return


async def _turn(
    number: int,
    visit: Visit,
    session: BuyerSession,
    asking: AbstractAsyncContextManager[object],
    error: str | None,
    course: _Course,
) -> str | None:
    """Observes, lets the buyer act, and returns why that could not be carried out, or None."""
    before = time.perf_counter()
    observation = await visit.observe(number)
    if error:
        observation = observation.model_copy(update={"error": error})
    seen = time.perf_counter()
    turn = course.turn = _Turn(observation, visit.url, seen - before, seen)
    async with asking:  # a wait for that is none of the buyer's time
        turn.started, since = time.perf_counter(), time.monotonic()
        action = await session.act(observation)
    if not isinstance(action, ActionRecord):
        raise BuyerError(f"act() should return an action, found {action!r:.200}")
    turn.action, turn.decided = action, time.perf_counter()
    turn.decided_at = time.monotonic()
    _note(course, observation, visit.visible, action, since)
    error = await _carry_out(visit, action, course)
    course.steps.append(_step(turn, error).model_copy(update={"box": visit.acted}))
    course.turn = None
    course.listings = course.listings or observation.listings
    course.blocked = visit.blocked
    return error


def _note(
    course: _Course,
    seen: Observation,
    visible: tuple[str, ...] | None,
    action: Action,
    since: float,
) -> None:
    """Keeps which listings lay in the window and for how long, and scrolling."""
    if visible is None:
        return
    now = time.monotonic()
    shown = {"listings": visible, "seconds": round(now - since, 4)}
    course.seen.append((since, Event(kind="viewport", page=seen.page, at_s=0, data=shown)))
    if isinstance(action, Scroll):
        moved = {"pixels": action.pixels}
        course.seen.append((now, Event(kind="scroll", page=seen.page, at_s=0, data=moved)))


def _log(events: Sequence[Event], entered: float, course: _Course) -> list[Event]:
    """The shop's events and what the window showed, in the order of time."""
    seen = [e.model_copy(update={"at_s": max(0.0, at - entered)}) for at, e in course.seen]
    return sorted([*events, *seen], key=lambda event: event.at_s)


def _on_clock(step: Step, entered: float) -> Step:
    """The step with its moment counted as those of the events are."""
    at = step.at_s
    return step if at is None else step.model_copy(update={"at_s": max(0.0, at - entered)})


async def _carry_out(visit: Visit, action: Action, course: _Course) -> str | None:
    """Acts in the shop, or notes that the buyer leaves."""
    if isinstance(action, Stop):
        course.stopped = action.reason
        return None
    if isinstance(action, AddToCart):
        course.said = action.product_id
    return await visit.act(action)


def _step(turn: _Turn, error: str | None) -> Step:
    """The turn as stored; without an action where the buyer failed to decide."""
    seen = turn.observation
    exposed = tuple(item.product_id for item in seen.listings if item.exposed)
    decided = turn.decided or time.perf_counter()
    return Step(
        step=seen.step,
        page=seen.page,
        url=turn.url,
        text=seen.text,
        screenshot=seen.screenshot,
        image_type=seen.image_type,
        action=turn.action.model_dump() if turn.action is not None else {},
        error=error,
        exposed=exposed if seen.page == "results" else None,
        observe_s=turn.observe_s,
        act_s=decided - turn.started,
        at_s=turn.decided_at,
    )


def _outcome(bought: str | None, course: _Course) -> Choice:
    """The outcome of a trial that went its way: the shop's order event is the choice."""
    if bought is not None:
        return Choice(status=Status.CHOSEN, product_id=bought, said=course.said)
    if course.stopped is not None:
        return Choice(status=Status.ABSTAINED, detail=course.stopped)
    return Choice(status=Status.TRUNCATED, detail=f"no order after {len(course.steps)} steps")


def _failure(error: Exception, bought: str | None, course: _Course) -> Choice:
    """The outcome of a trial that broke. An order that was placed before stays the choice."""
    detail = f"{type(error).__name__}: {error}"
    if bought is not None:
        return Choice(status=Status.CHOSEN, product_id=bought, said=course.said, detail=detail)
    if isinstance(error, TrialError):
        return Choice(status=Status.FAILED, cause=error.cause, detail=detail)
    where = "".join(traceback.format_exception(error)[-3:])
    return Choice(status=Status.FAILED, cause="fault", detail=f"{detail}\n{where}")
