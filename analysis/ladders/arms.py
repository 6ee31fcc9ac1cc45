"""Purchases on a price ladder, by buyer and size of the shelf."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from aces.errors import EstimationError
from analysis.checks.position import slots_taken
from analysis.choice_sample import require_column
from analysis.fits import arm_names, groups


@dataclass(frozen=True)
class Arm:
    """One buyer and interface on shelves of one size.

    Attributes:
        group: Whose choices: column -> value.
        name: The same in words, with the size where there are several.
        size: Listings on a shelf.
        locked: Why its coefficients are withheld; empty where they are not.
        rows: Purchases' alternatives: the rows of the long table.
    """

    group: Mapping[str, str]
    name: str
    size: int
    locked: str
    rows: pd.DataFrame

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row per purchase: gap, slot of the cheapest, slot taken, world."""
        rows = self.rows
        lowest = rows.groupby("trial_id", sort=False)["price_cents"].transform("min")
        cheapest = rows[rows["price_cents"] == lowest].groupby("trial_id", sort=False)["position"]
        taken = rows[rows["chosen"] == 1].set_index("trial_id")
        return taken[["gap", "world_id", "position"]].assign(cheapest=cheapest.min())


def arms_of(table: pd.DataFrame, position_lock: float | None) -> list[Arm]:
    """Returns buyers with their purchases, by size of the shelf.

    Args:
        table: Long table with `gap`, as the treatment `price_ladder` sets it.
        position_lock: Share of purchases above which a buyer is locked to a slot; None for none.

    Raises:
        EstimationError: If there is no ladder, or nothing was bought.
    """
    for name in ("gap", "position", "price_cents", "world_id"):
        require_column(table, name)
    locked = {one.group: one.why for one in slots_taken(table, position_lock) if one.locked}
    names = arm_names(table)
    on_ladder = table[table["gap"].notna()]
    size = on_ladder.groupby("trial_id", sort=False)["product_id"].transform("size")
    bought = on_ladder.groupby("trial_id", sort=False)["chosen"].transform("sum") == 1
    found = []
    for group, rows in groups(on_ladder[bought]):
        key = tuple(group.values())
        for n, part in rows.groupby(size.loc[rows.index], sort=True):
            several = f" · {n} listings" if size.nunique() > 1 else ""
            name = f"{names.get(key, 'all choices')}{several}"
            found.append(Arm(group, name, int(n), locked.get(key, ""), part))
    if not found:
        raise EstimationError("nothing was bought on the ladder")
    return found
