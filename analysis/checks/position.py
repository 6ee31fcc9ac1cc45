"""Buyers that take one slot of the page whatever stands there: locked to it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aces.rules import Gates
from aces.stats.intervals import critical_value
from analysis.checks.check import Check
from analysis.codebook import COLUMNS
from analysis.display import Table, interval, listed, number, percent
from analysis.fits import arm_names, groups
from analysis.perception import share_with_interval

SHOWN = (
    *("title", "price_cents", "list_price_cents", "rating", "review_count", "sponsored"),
    *("overall_pick", "scarcity", "best_seller", "limited_time"),
)
"""Columns of what a shopper sees, beside those that treatments set."""
_OF_TABLE = re.compile(r"(row|col|pos)_\d+|(p|density)_.+")


@dataclass(frozen=True)
class SlotTaken:
    """The slot that a buyer takes most often.

    Attributes:
        group: Whose choices: column -> value.
        arm: The same in words.
        slot: The slot.
        purchases: Where listings differed; of all alike where they never did.
        worlds: In which these were made.
        share: Of these purchases, the slot's.
        low: Lower end of its 95 % Wilson interval, one purchase per world.
        high: Upper end.
        alike: Share of the slot where listings were all alike; None where they never were.
        only_alike: Whether listings never differed.
        locked: Whether the lower end is above the threshold.
    """

    group: tuple[str, ...]
    arm: str
    slot: int
    purchases: int
    worlds: int
    share: float
    low: float
    high: float
    alike: float | None
    only_alike: bool
    locked: bool

    @property
    def why(self) -> str:
        """Why coefficients are withheld, in words."""
        return (
            f"locked to slot {self.slot}, taken in {percent(self.share)} of purchases "
            f"{interval(100 * self.low, 100 * self.high, 1)}"
        )


def slots_taken(table: pd.DataFrame, threshold: float | None) -> list[SlotTaken]:
    """Returns each buyer's most chosen slot, and whether it is locked to it.

    A buyer that breaks ties by place takes one slot of listings that are all alike, and is not
    locked: purchases count where listings differ, if they ever do.

    Args:
        table: The long table.
        threshold: Share of purchases, at least 1/2; None locks nobody.
    """
    if not _slots_vary(table):
        return []
    names = arm_names(table)
    world = "world_id" if "world_id" in table else "trial_id"
    bought = table["chosen"] == 1
    apart = table[world].map(_differing(table, world))
    found = []
    for group, rows in groups(table):
        mine = rows[bought.loc[rows.index] & rows["position"].notna()]
        if len(mine):
            key = tuple(group.values())
            found.append(_taken(key, names[key], mine, apart.loc[mine.index], world, threshold))
    return found


def lock_of(rows: pd.DataFrame) -> str:
    """Returns why coefficients of one buyer are withheld by the usual gate; empty: they are not.

    For analyses of which only a part are coefficients; `slots_taken` serves the others.
    """
    return next((one.why for one in slots_taken(rows, Gates().position_lock) if one.locked), "")


def _taken(
    group: tuple[str, ...],
    arm: str,
    mine: pd.DataFrame,
    apart: "pd.Series[bool]",
    world: str,
    threshold: float | None,
) -> SlotTaken:
    judged = mine[apart] if apart.any() else mine
    slot = int(judged["position"].mode()[0])
    count, alike = int((judged["position"] == slot).sum()), mine[~apart]
    share = share_with_interval(count, len(judged), judged[world].nunique())
    low, high = share["ci_low"] or 0.0, share["ci_high"] or 0.0
    return SlotTaken(
        group=group,
        arm=arm,
        slot=slot,
        purchases=len(judged),
        worlds=judged[world].nunique(),
        share=count / len(judged),
        low=low,
        high=high,
        alike=float((alike["position"] == slot).mean()) if len(alike) else None,
        only_alike=not apart.any(),
        locked=threshold is not None and low > threshold,
    )


def _slots_vary(table: pd.DataFrame) -> bool:
    """Whether the same product stood in several slots."""
    if not {"position", "product_id"} <= set(table) or table.empty:
        return False
    return bool(table.groupby("product_id", observed=True)["position"].nunique().max() > 1)


def _differing(table: pd.DataFrame, world: str) -> "pd.Series[bool]":
    """World -> whether its listings differ in anything that is shown."""
    columns = [name for name in map(str, table) if name in SHOWN or _is_level(name)]
    met = table.drop_duplicates([world, "product_id"])
    code, worlds = pd.factorize(met[world])
    _, first = np.unique(code, return_index=True)
    apart = np.full(len(worlds), not columns)
    for name in columns:
        value = pd.factorize(met[name])[0]
        apart[code[value != value[first][code]]] = True
        if apart.all():
            break
    return pd.Series(apart, index=worlds)


def _is_level(name: str) -> bool:
    return name not in COLUMNS and _OF_TABLE.fullmatch(name) is None


def position_lock(taken: Sequence[SlotTaken], size: float, gates: Gates) -> Check:
    """Whether no buyer is locked to a slot.

    Args:
        taken: Each buyer's most chosen slot.
        size: Alternatives on a shelf.
        gates: `position_lock` is used.
    """
    name = "Position lock"
    if gates.position_lock is None:
        return Check(name, None, "Not asked for.")
    if not taken:
        return Check(name, None, "Positions were not varied.")
    shown = _shown(taken)
    locked, least = [one for one in taken if one.locked], fewest_worlds(gates.position_lock)
    few = [one for one in taken if one.worlds < least]
    told = f"with fewer than {least} worlds, nobody can be found locked"
    if len(few) == len(taken):
        return Check(name, None, f"Can't be told: {told}.", table=shown)
    if not locked:
        verdict = f"No buyer is locked to one of the {number(size, 0)} slots."
        if few:
            verdict += f" Of {listed([one.arm for one in few])} it can't be told: {told}."
        return Check(name, True, verdict, table=shown)
    said = [
        f"{one.arm} took slot {one.slot} in {percent(one.share)} of purchases, "
        f"{percent(one.low)} or more"
        for one in locked
    ]
    whose = "its" if len(locked) == 1 else "their"
    verdict = (
        f"{listed(said)}: {whose} choices say little about anything else, and {whose} coefficients "
        "are withheld."
    )
    if any(one.only_alike for one in locked):
        verdict += " All listings were alike: this may be how it breaks ties."
    failing = tuple((one.group[0], one.group[-1]) for one in locked)
    return Check(name, False, verdict, None, shown, failing)


def fewest_worlds(threshold: float) -> int:
    """Returns how many worlds it takes that someone who always takes one slot is found locked."""
    return int(critical_value() ** 2 * threshold / (1 - threshold)) + 1


def _shown(taken: Sequence[SlotTaken]) -> Table:
    alike = any(one.alike is not None for one in taken)
    heads = ("buyer · interface", "slot", "purchases", "share", "95 %")
    rows = tuple(
        (
            one.arm,
            str(one.slot),
            f"{one.purchases:,}",
            percent(one.share),
            interval(100 * one.low, 100 * one.high, 1),
            *((percent(one.alike),) if alike else ()),
        )
        for one in taken
    )
    note = "Purchases from shelves whose listings differ, where there are any; one for each world."
    if alike:
        note += " Of listings that are all alike a slot may be taken by habit."
    return Table("Most chosen slot", (*heads, *(("of all alike",) if alike else ())), rows, note)
