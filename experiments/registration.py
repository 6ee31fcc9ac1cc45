"""Runs that follow a pre-registration: what is registered, and the check before any trial."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aces
from aces.design import Given
from aces.errors import SpecError, StoreError
from aces.lock import (
    LOCK,
    Alteration,
    Deviation,
    Lock,
    lock_text,
    log_deviation,
    logged,
    read_lock,
)
from aces.store import RunStore, why
from experiments.manifest import now
from experiments.plan import Plan, identity

META = "registration"


@dataclass(frozen=True, slots=True)
class Following:
    """What a run is asked to follow.

    Attributes:
        lock: File with the pre-registration; the run folder's own where not given.
        hold_out: Draw the worlds from the hold-out seed.
        reason: Why it deviates; empty where it must not.
    """

    lock: Path | None = None
    hold_out: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """A plan that has been held against its pre-registration."""

    plan: Plan
    """As it will be run."""
    lock: Lock
    hold_out: bool
    found: tuple[Alteration, ...] = field(default=())
    reason: str = ""

    @property
    def sentence(self) -> str:
        """What came of it, in a sentence."""
        worlds = ", worlds of the hold-out seed" if self.hold_out else ""
        keys = ", ".join(each.key for each in self.found)
        kept = f"deviates in {keys}" if keys else "nothing differs"
        return f"pre-registered on {self.lock.date[:10]}, {kept}{worlds}"

    def keep(self, store: RunStore) -> None:
        """Stores the registration with the run, and logs what deviates from it."""
        facts = {
            "hash": self.lock.hash,
            "hold_out": self.hold_out,
            "version": aces.__version__,
            "plan": registered(self.plan),
        }
        store.set_meta(META, facts)
        path = store.folder / LOCK
        try:
            path.write_text(lock_text(self.lock), encoding="utf-8")
        except OSError as error:
            raise StoreError(f"{path}: {why(error)}") from error
        log_deviation(
            store.folder,
            Deviation(time=now(), command="run", reason=self.reason, alterations=self.found),
        )


def registered(plan: Plan) -> dict[str, Any]:
    """Returns everything that is registered of a plan, as JSON-like data, texts in full.

    Addresses, keys, prices, limits and the budget are no part of it.
    """
    spec = plan.spec
    others = {"buyers", "interfaces", "budget", "analysis"}
    declared = {name: each.model_dump(mode="json") for name, each in plan.declarations.items()}
    return {
        **spec.model_dump(mode="json", exclude=others),
        **identity(spec),
        "analysis": _analyses(plan),
        "declarations": declared,
        "prompts": plan.prompt_hashes(),
        "catalog_digest": plan.catalog.digest,
    }


def _analyses(plan: Plan) -> list[dict[str, Any]]:
    """The analyses of a plan, with the terms that an analysis without any is given."""
    terms = plan.default_terms()
    name = "conditional_logit"
    default = {"use": name, "name": name, "parameters": {"terms": terms}, "interfaces": []}
    found = [each.model_dump(mode="json") for each in plan.spec.analysis]
    found = found or ([default] if terms else [])
    for each in found:
        if each["parameters"].get("terms") == []:
            each["parameters"]["terms"] = terms
    uses = {each["use"] for each in found}
    return found + [{"use": use, "name": use} for use in _implied(plan) if use not in uses]


def _implied(plan: Plan) -> Iterator[str]:
    """The analyses that go without saying: of right answers, and of what others chose."""
    declared = plan.declarations.values()
    if any("right_answer" in each.levels() for each in declared) or any(
        task.right_answer for task in plan.spec.tasks
    ):
        yield "pass_rate"
    if any(isinstance(each, Given) and each.published for each in declared):
        yield "published"


def make_lock(plan: Plan) -> Lock:
    """Returns the pre-registration of a plan, dated now."""
    return Lock.of(registered(plan), date=now(), trials=_trials(plan))


def _trials(plan: Plan) -> int:
    """How many trials a plan has."""
    spec = plan.spec
    arms = sum(
        plan.wordings_per_world(buyer.name) * len(spec.buyer_interfaces(buyer))
        for buyer in spec.buyers
    )
    return spec.worlds_per_task * len(spec.tasks) * spec.repeats * arms


def hold_against(plan: Plan, store: RunStore, asked: Following) -> Registered | None:
    """Returns the plan to run and its registration; None where nothing was registered.

    Raises:
        SpecError: Naming each alteration, if something differs and no reason is given, or the
            registration was edited.
        StoreError: If the folder's trials follow another registration, or none.
    """
    lock, hold_out = _lock(store, asked)
    if lock is None:
        return None
    found = lock.alterations(registered(plan))
    _check_excused(found, store, asked)
    if hold_out:  # other worlds, for the very same buyers: they are resolved already
        plan = replace(plan, spec=plan.spec.model_copy(update={"seed": lock.hold_out_seed}))
    return Registered(plan, lock, hold_out, tuple(found), asked.reason)


def _check_excused(found: Sequence[Alteration], store: RunStore, asked: Following) -> None:
    """What differs needs a reason, given now or logged before."""
    known = logged(store.folder, "run")
    new = [str(each) for each in found if each not in known]
    if new and not asked.reason.strip():
        listed = "".join(f"\n  {each}" for each in new)
        raise SpecError(
            f"{asked.lock or store.folder / LOCK}: not what was registered:{listed}\n"
            "Put it back as it was, or run it as it is with `--deviate REASON`: the reason is "
            "logged, and what is found is exploratory"
        )


def _lock(store: RunStore, asked: Following) -> tuple[Lock | None, bool]:
    """The registration that a run is to follow, and whether on the hold-out seed."""
    stored = store.meta(META)
    given = read_lock(asked.lock) if asked.lock else None
    if stored is None:
        if given is None and (asked.hold_out or asked.reason):
            raise SpecError("--hold-out and --deviate are for runs with --lock FILE")
        if given is not None and store.finished_ids():
            raise StoreError(
                f"{store.folder}: its trials were run before any registration; use another --out"
            )
        return given, asked.hold_out
    lock = given or read_lock(store.folder / LOCK)
    if lock.hash != stored["hash"]:
        raise StoreError(f"{store.folder}: its trials follow another registration than this")
    if asked.hold_out and not stored["hold_out"]:
        raise StoreError(
            f"{store.folder}: holds worlds of the experiment's own seed; use another --out"
        )
    return lock, bool(stored["hold_out"])
