"""Who takes which trial: participants come and go, each world waits for the next one."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from threading import Lock
from typing import Any

from aces.types import AddToCart, Choice, Status, Step, Stop, Task
from experiments.plan import Plan
from experiments.station import Job
from experiments.trial import Record
from marketplace.sessions import Session, Sessions

ABANDONED = "abandoned"
"""Cause of a trial whose participant left before the end."""


@dataclass(slots=True)
class Errand:
    """A trial in a participant's hands.

    Attributes:
        job: The trial.
        token: Opens the shop.
        began: Monotonic seconds when it was handed out.
        number: Which of the participant's trials it is, 1-based.
    """

    job: Job
    token: str = field(repr=False)
    began: float
    number: int


@dataclass(slots=True)
class Participant:
    """Somebody who agreed to take part.

    Attributes:
        key: Says who it is in their own browser; never stored.
        name: A number by which the stored trials of one person are known.
        worlds: Met so far, by id.
        errand: Under way.
        gone: Whether they left in the middle of one.
        thanked: Whether they have seen that there is nothing more to do.
    """

    key: str = field(repr=False)
    name: str
    worlds: list[str] = field(default_factory=list)
    errand: Errand | None = None
    gone: bool = False
    thanked: bool = False


class Desk:
    """Hands out trials in plan order, and takes back what came of them; for several threads.

    Args:
        plan: Of the experiment.
        jobs: Trials that wait for people.
        sessions: Of the shop.
        done: Told of each trial that has ended.
    """

    def __init__(
        self,
        plan: Plan,
        jobs: Sequence[Job],
        sessions: Sessions,
        done: Callable[[Job, Record], None],
    ) -> None:
        self.plan = plan
        self.buyers: dict[str, Any] = dict(plan.buyers())
        self._waiting = list(jobs)
        self._sessions = sessions
        self._done = done
        self._people: dict[str, Participant] = {}
        self._lock = Lock()

    @property
    def config(self) -> Any:  # noqa: ANN401
        """Parameters of the buyer whose trials come next."""
        return self.buyers[self._waiting[0].trial.buyer].config if self._waiting else None

    def join(self, known_as: str = "") -> Participant:
        """Returns a new participant; the one who is known elsewhere by `known_as`, if here."""
        salt = f"{self.plan.spec.name}\x1f{self.plan.spec.seed}\x1f"
        name = blake2b((salt + (known_as or secrets.token_hex(8))).encode(), digest_size=6)
        with self._lock:
            found = [p for p in self._people.values() if p.name == name.hexdigest()]
            if found:
                return found[0]
            made = Participant(secrets.token_urlsafe(24), name.hexdigest())
            self._people[made.key] = made
            return made

    def participant(self, key: str) -> Participant | None:
        """Returns who has this key."""
        return self._people.get(key)

    def errand(self, person: Participant) -> Errand | None:
        """Returns the trial in a participant's hands, or the next; None when there is none."""
        with self._lock:
            if person.errand is None and not person.gone:
                person.errand = self._next(person)
            return person.errand

    def _next(self, person: Participant) -> Errand | None:
        for index, job in enumerate(self._waiting):
            most = self.buyers[job.trial.buyer].config.trials
            if len(person.worlds) >= most or job.trial.world_id in person.worlds:
                continue
            del self._waiting[index]
            person.worlds.append(job.trial.world_id)
            # the script that reports the window changes nothing that is seen
            world = self.plan.world(job.assignment).model_copy(update={"watch": True})
            token = self._sessions.admit(world)
            return Errand(job, token, time.monotonic(), len(person.worlds))
        return None

    @property
    def expected(self) -> bool:
        """Whether somebody has yet to come for the next errand, or for thanks."""
        return any(not (person.gone or person.thanked) for person in list(self._people.values()))

    def task(self, errand: Errand) -> Task:
        """Returns what is to be bought."""
        task = self.plan.task_of(errand.job.assignment)
        return task.model_copy(update={"prompt": errand.job.trial.prompt})

    def bought(self, errand: Errand) -> str | None:
        """Returns the product that was ordered; None so far."""
        session = self._sessions.get(errand.token)
        return session.bought if session else None

    def finish(self, person: Participant, *, answer: str = "", left: bool = False) -> None:
        """Ends a participant's trial: by what they ordered, or by leaving the shop without.

        Args:
            person: Whose.
            answer: What they say they bought, where they were asked.
            left: Whether they want nothing; counts only where nothing was ordered.
        """
        with self._lock:
            errand = person.errand
            if errand is None or not (left or self.bought(errand)):
                return
            person.errand = None
            self._keep(person, errand, answer)

    def expire(self, now: float) -> None:
        """Ends the trials of participants who have gone."""
        with self._lock:
            for person in self._people.values():
                errand = person.errand
                if errand is None or now - errand.began < self._patience(errand):
                    continue
                person.errand, person.gone = None, True
                self._keep(person, errand, "", gone=True)

    def close(self) -> None:
        """Takes back what is still in somebody's hands: these trials wait for another day."""
        with self._lock:
            for person in self._people.values():
                if person.errand is not None:
                    self._sessions.close(person.errand.token)
                    person.errand, person.gone = None, True

    def _patience(self, errand: Errand) -> float:
        return float(self.buyers[errand.job.trial.buyer].config.patience_s)

    def _keep(
        self, person: Participant, errand: Errand, answer: str, *, gone: bool = False
    ) -> None:
        session = self._sessions.close(errand.token)
        bought = session.bought
        choice = _choice(bought, gone=gone).model_copy(
            update={
                "seconds": time.monotonic() - errand.began,
                "said": answer or None,
                "reported": {
                    "participant": person.name,
                    "number": errand.number,
                    "attention": None if not answer or bought is None else answer == bought,
                },
            }
        )
        self._done(errand.job, Record(choice, _steps(session, bought), tuple(session.events)))


def _choice(bought: str | None, *, gone: bool) -> Choice:
    if bought is not None:
        return Choice(status=Status.CHOSEN, product_id=bought)
    if gone:
        return Choice(status=Status.FAILED, cause=ABANDONED, detail="the participant went away")
    return Choice(status=Status.ABSTAINED, detail="nothing there was worth buying")


def _steps(session: Session, bought: str | None) -> tuple[Step, ...]:
    """The results page as one step: what lay in the window there, and what came of it."""
    seen = [e for e in session.events if e.kind == "viewport" and e.page == "results"]
    exposed = tuple(dict.fromkeys(name for event in seen for name in event.data["listings"]))
    action = AddToCart(product_id=bought) if bought else Stop(reason="bought nothing")
    seconds = session.events[-1].at_s if session.events else 0.0
    return (
        Step(
            step=1,
            page="results",
            action=action.model_dump(),
            exposed=exposed if seen else None,
            act_s=seconds,
        ),
    )
