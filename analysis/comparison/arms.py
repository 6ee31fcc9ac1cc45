"""Who is compared with whom: versions across runs, buyers within one, people beside all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product

import pandas as pd

from aces.errors import UserError
from analysis.display import counted, listed
from analysis.published import INTERFACE

ALIKE = ("position", "price_cents")
"""In what two shelves of one world's name must agree to be one world."""


@dataclass(frozen=True)
class Arm:
    """One buyer through one interface in one run.

    Attributes:
        keys: Column -> value: run, buyer, interface, and persona or prompt where crossed.
        rows: Its long table.
        replicates: The same of further runs of the same version.
    """

    keys: Mapping[str, str]
    rows: pd.DataFrame
    replicates: tuple[pd.DataFrame, ...] = ()

    @property
    def cluster(self) -> str:
        """What its trials are clustered by: participants, if they are people; else worlds."""
        if "participant" not in self.rows:
            return "world_id"
        who = self.rows["participant"].astype(str)
        return "participant" if (who != self.rows["world_id"].astype(str)).any() else "world_id"

    @property
    def human(self) -> bool:
        """Whether these are people, or choices as published."""
        return self.cluster == "participant" or self.keys["interface"] == INTERFACE

    def name(self, other: "Arm | None" = None) -> str:
        """Returns the arm by what sets it apart from another."""
        theirs = {} if other is None else other.keys
        apart = [value for key, value in self.keys.items() if theirs.get(key) != value]
        return " · ".join(apart or self.keys.values())


@dataclass(frozen=True)
class Pair:
    """Two versions to compare.

    Attributes:
        old: The one.
        new: The other; changes are new less old.
        paired: Whether they met the same worlds.
        notes: What must be said of that.
    """

    old: Arm
    new: Arm
    paired: bool = True
    notes: tuple[str, ...] = field(default=())

    @property
    def names(self) -> tuple[str, str]:
        """Old and new, in words."""
        return self.old.name(self.new), self.new.name(self.old)

    @property
    def runs(self) -> list[pd.DataFrame]:
        """The old version's runs."""
        return [self.old.rows, *self.old.replicates]


def arms_of(table: pd.DataFrame, replicate: str = "") -> list[Arm]:
    """Returns all arms of a table; those of the replicate's run stand with the arm they repeat.

    Args:
        table: The long table.
        replicate: Name of the run that repeats the first.

    Raises:
        UserError: If the replicate repeats no arm.
    """
    columns = ["run", "buyer", "interface", *_crossed(table)]
    found = [
        Arm(dict(zip(columns, map(str, values), strict=True)), rows)
        for values, rows in table.groupby(columns, sort=False, dropna=False)
    ]
    again = {_version(arm): arm.rows for arm in found if arm.keys["run"] == replicate}
    first = found[0].keys["run"]
    arms = []
    for arm in found:
        if arm.keys["run"] == replicate:
            continue
        own = again.get(_version(arm)) if arm.keys["run"] == first else None
        arms.append(_with_repeats(arm) if own is None else replace(arm, replicates=(own,)))
    if replicate and not any(_version(a) in again and a.keys["run"] == first for a in arms):
        names = listed(sorted({str(name) for name in table["buyer"].unique()}))
        raise UserError(
            f"{replicate} repeats no buyer of {first} through the same interface. Buyers: {names}"
        )
    return arms


def _crossed(table: pd.DataFrame) -> list[str]:
    """Personas and prompts where some world met several of one buyer's."""
    met = ["run", "buyer", "interface", "world_id", "repeat"]
    trials = table.drop_duplicates("trial_id")
    known = [name for name in ("persona", "prompt") if name in table]
    return [name for name in known if trials.groupby(met)[name].nunique().max() > 1]


def _version(arm: Arm) -> tuple[str, ...]:
    return tuple(value for key, value in arm.keys.items() if key != "run")


def _with_repeats(arm: Arm) -> Arm:
    """The arm, the first of its repeats apart from the others, which replicate it."""
    if "repeat" not in arm.rows or arm.rows["repeat"].nunique() < 2 or arm.human:
        return arm
    first = arm.rows["repeat"] == arm.rows["repeat"].min()
    return replace(arm, rows=arm.rows[first], replicates=(arm.rows[~first],))


def pairs_of(arms: Sequence[Arm]) -> list[Pair]:
    """Returns who is compared with whom.

    Of several runs, each arm of the first with the same buyer of the others, or, where names
    differ, with all through the same interface. Of one run, all arms that differ in one thing
    alone, and people with everybody.

    Raises:
        UserError: If there are not two arms.
    """
    if len(arms) < 2:
        raise UserError("there is only one buyer and interface; a comparison needs two")
    runs = list(dict.fromkeys(arm.keys["run"] for arm in arms))
    if len(runs) == 1:
        every = list(combinations(arms, 2))
        apart = [p for p in every if _differ(*p) == 1 or p[0].human or p[1].human]
    else:
        first = [arm for arm in arms if arm.keys["run"] == runs[0] and not arm.human]
        later = [arm for arm in arms if arm.keys["run"] != runs[0] and not arm.human]
        every = list(product(first, later))
        apart = [p for p in every if _differ(*p) == 1]
        apart = apart or [p for p in every if p[0].keys["interface"] == p[1].keys["interface"]]
    return [_pair(old, new) for old, new in apart or every]


def _differ(one: Arm, other: Arm) -> int:
    return sum(value != other.keys[key] for key, value in one.keys.items())


def _pair(old: Arm, new: Arm) -> Pair:
    """The pair, on the worlds that both met, where there are such; the new one's runs together."""
    if new.replicates:
        new = Arm(new.keys, pd.concat([new.rows, *new.replicates], ignore_index=True))
    both = set(old.rows["world_id"]) & set(new.rows["world_id"])
    if not both:
        return Pair(old, new, False, ("they share no world: whole worlds are compared",))
    if not _same_shelves(old.rows, new.rows, both):
        said = "worlds of one name hold other shelves in the two: whole worlds are compared"
        return Pair(old, new, False, (said,))
    alone = len(set(old.rows["world_id"]) ^ set(new.rows["world_id"]))
    notes = [f"left out: {counted(alone, 'world')} that only one of them met"] if alone else []
    replicates = [_within(rows, both) for rows in old.replicates]
    if any(rows.empty for rows in replicates):
        notes.append("the replicate met none of their worlds and is left out")
        replicates = []
    kept = Arm(old.keys, _within(old.rows, both), tuple(replicates))
    return Pair(kept, Arm(new.keys, _within(new.rows, both)), True, tuple(notes))


def _within(rows: pd.DataFrame, worlds: set[str]) -> pd.DataFrame:
    return rows[rows["world_id"].isin(worlds)]


def _same_shelves(one: pd.DataFrame, other: pd.DataFrame, worlds: set[str]) -> bool:
    """Whether worlds of the same name hold the same products, alike in slot and price."""
    columns = [name for name in ALIKE if name in one and name in other]
    key = ["world_id", "product_id"]
    shelves = [
        _within(rows, worlds).drop_duplicates(key).set_index(key)[columns].sort_index()
        for rows in (one, other)
    ]
    if not shelves[0].index.equals(shelves[1].index):
        return False
    same = (shelves[0] == shelves[1]) | (shelves[0].isna() & shelves[1].isna())
    return bool(same.to_numpy().all())


def human_line(arms: Sequence[Arm]) -> Arm | None:
    """Returns the arm of people, or as published, that stands beside all; None without one."""
    people = [arm for arm in arms if arm.human]
    asked = [arm for arm in people if arm.keys["interface"] != INTERFACE]
    return next(iter([*asked, *people]), None)
