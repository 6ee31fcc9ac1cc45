"""Whether estimates confirm what was registered before the run, or explore."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from aces.errors import SpecError, StoreError
from aces.lock import (
    LOCK,
    Alteration,
    Deviation,
    Lock,
    differences,
    log_deviation,
    read_deviations,
    read_lock,
)
from aces.spec import Plugin
from aces.store import RunStore
from analysis.display import counted
from analysis.estimators import ESTIMATORS
from analysis.fits import SLOTS
from analysis.study import Study

ALL_WORLDS = " on all worlds"
"""Ends the names of analyses that also use worlds beyond the registered number."""

_LATER = ("analysis", "worlds_per_task")
"""Keys that decide which estimates are confirmatory, not whether the run is."""


@dataclass(frozen=True)
class Registration:
    """A run held against its pre-registration.

    Attributes:
        date: When it was registered; empty where that can't be told.
        worlds: Registered worlds per task; None where that can't be told.
        extended: Whether the run went on beyond them.
        hold_out: Whether the worlds are those of the hold-out seed.
        faults: Why nothing is confirmatory; empty where the run is as registered.
        alterations: What differs in the run.
        analyses: What differs in the analyses.
        confirmatory: Names of the analyses that were registered.
        deviations: The log.
    """

    date: str = ""
    worlds: int | None = None
    extended: bool = False
    hold_out: bool = False
    faults: tuple[str, ...] = ()
    alterations: tuple[Alteration, ...] = ()
    analyses: tuple[Alteration, ...] = ()
    confirmatory: frozenset[str] = frozenset()
    deviations: tuple[Deviation, ...] = ()

    @classmethod
    def of(cls, study: Study, asked: Sequence[Plugin]) -> "Registration | None":
        """Returns how a run and its analyses stand to their registration; None without one."""
        store = study.store
        facts, path = store.meta("registration"), store.folder / LOCK
        if facts is None and not path.exists():
            return None
        log = tuple(read_deviations(store.folder))
        try:
            lock = read_lock(path)
        except SpecError as error:
            return cls(faults=(str(error),), deviations=log)
        if facts is None or facts["hash"] != lock.hash:
            fault = f"{path}: not the registration that this run began with"
            return cls(faults=(fault,), deviations=log)
        return cls._of(lock, facts, study, asked, log)

    @classmethod
    def _of(
        cls,
        lock: Lock,
        facts: dict[str, Any],
        study: Study,
        asked: Sequence[Plugin],
        log: tuple[Deviation, ...],
    ) -> "Registration":
        hold_out, worlds = bool(facts["hold_out"]), int(lock.plan["worlds_per_task"])
        found = lock.alterations(facts["plan"], hold_out=hold_out, version=facts["version"])
        altered = [each for each in found if each.key.partition("[")[0] not in _LATER]
        registered = [_plain(Plugin.model_validate(p), study) for p in lock.plan["analysis"]]
        plain = [(each.name, _plain(each, study)) for each in asked if each.name != SLOTS]
        foreign = {name for name, what in plain if what not in registered}
        return cls(
            date=lock.date[:10],
            worlds=worlds,
            extended=study.spec.worlds_per_task > worlds,
            hold_out=hold_out,
            faults=(*map(str, altered), *_unfinished(study.store, lock, worlds)),
            alterations=tuple(found),
            analyses=tuple(differences(registered, [what for _, what in plain], "analysis")),
            confirmatory=frozenset(name for name, _ in plain) - foreign,
            deviations=log,
        )

    def evidence(self, analysis: str) -> str:
        """Returns `confirmatory` or `exploratory`, by the name of an analysis."""
        confirms = not self.faults and analysis in self.confirmatory
        return "confirmatory" if confirms else "exploratory"

    def registered_worlds(self, table: pd.DataFrame) -> pd.DataFrame:
        """Returns the rows of the registered worlds."""
        return table[table["k"] < self.worlds] if self.extended else table

    @property
    def followed(self) -> bool:
        """Whether nothing differs."""
        return not (self.faults or self.alterations or self.analyses)

    @property
    def sentence(self) -> str:
        """Returns how the run stands to its registration."""
        when = f"Pre-registered on {self.date}" if self.date else "Pre-registered"
        worlds = ", worlds of the hold-out seed" if self.hold_out else ""
        if self.followed:
            return f"{when}, followed{worlds}."
        keys = dict.fromkeys(each.key for each in (*self.alterations, *self.analyses))
        if keys:
            return f"{when}, deviated in {', '.join(keys)}{worlds}."
        return f"{when}, not confirmed{worlds}."

    def details(self) -> list[str]:
        """Returns each thing that differs, what follows from it, and the log."""
        said = list(dict.fromkeys([*map(str, (*self.alterations, *self.analyses)), *self.faults]))
        if self.faults:
            said.append("all estimates are exploratory")
        elif self.extended:
            said.append(
                f"estimates from the first {self.worlds} worlds of each task are confirmatory, "
                f"those `{ALL_WORLDS.strip()}` exploratory"
            )
        return said

    def log(self, store: RunStore) -> None:
        """Adds analyses that were not registered to the run's log of deviations."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        line = Deviation(time=now, command="analyze", reason="", alterations=self.analyses)
        with suppress(StoreError):  # an archive that can't be written; the estimates say it too
            log_deviation(store.folder, line)


def _plain(plugin: Plugin, study: Study) -> dict[str, Any]:
    """What an analysis does, every default filled in, whatever it is called."""
    config = ESTIMATORS.config(plugin.use)(**dict(plugin.parameters))
    parameters = config.model_dump(mode="json")
    if parameters.get("terms") == []:
        parameters["terms"] = list(study.default_terms)
    return {"use": plugin.use, "parameters": parameters}


def _unfinished(store: RunStore, lock: Lock, worlds: int) -> list[str]:
    """Says how many registered trials are without an outcome, where no rule has ended them."""
    found = store.db.execute(
        "SELECT t.buyer, t.interface, t.plan_index, l.trial_id IS NOT NULL "
        "FROM trials t JOIN worlds w USING (world_id) LEFT JOIN latest l USING (trial_id) "
        "WHERE w.k < ?",
        (worlds,),
    ).fetchall()
    ends = {(s["buyer"], s["interface"]): s["last_index"] for s in store.meta("stopped") or ()}
    open_ones = [
        1
        for buyer, face, index, done in found
        if not done and index <= ends.get((buyer, face), index)
    ]
    missing = len(open_ones) + max(0, lock.trials - len(found))
    if not missing:
        return []
    return [f"{missing:,} of {counted(lock.trials, 'registered trial')} are not finished"]
