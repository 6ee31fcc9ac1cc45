"""How trials of two versions ended, world by world: alike, or otherwise in one of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.comparison.shares import NOTHING, OUTCOME
from analysis.frame import trials_of


@dataclass(frozen=True)
class OddOneOut:
    """Worlds in which one of three trials ended otherwise: two of the old version, one of the new.

    If the new version is no other, each of the three is as likely to be the odd one.

    Attributes:
        worlds: Worlds with an outcome of all three.
        differing: Those in which exactly one differs from two that are equal.
        new: In how many of these it is the new version.
        p_value: That the new one is the odd one so often, or more.
    """

    worlds: int
    differing: int
    new: int
    p_value: float


def odd_one_out(old: Sequence[pd.DataFrame], new: pd.DataFrame) -> OddOneOut | None:
    """Returns how often the new version is the odd one; None without two old runs on its worlds."""
    if len(old) < 2:
        return None
    ends = [_ends(rows) for rows in (*old[:2], new)]
    both = pd.concat(ends, axis=1, join="inner", keys=range(3))
    if both.empty:
        return None
    old_equal = (both[0] == both[1]).to_numpy()
    equal = np.array([(both[i] == both[2]).to_numpy() for i in (0, 1)])
    odd = old_equal & ~equal[0]
    differing = int((odd | (~old_equal & equal.any(axis=0))).sum())
    k = int(odd.sum())
    from scipy.special import bdtrc

    chance = float(bdtrc(k - 1, differing, 1 / 3)) if k else 1.0
    return OddOneOut(len(both), differing, k, chance)


def _ends(rows: pd.DataFrame) -> "pd.Series[str]":
    """World -> how its first trial with an outcome ended."""
    trials = trials_of(rows)
    trials = trials[trials["status"].isin(OUTCOME)].drop_duplicates("world_id")
    return trials.set_index("world_id")["product_id"].astype(object).fillna(NOTHING)


def differing_worlds(old: Sequence[pd.DataFrame], new: pd.DataFrame) -> int:
    """Returns in how many worlds the first trials of all runs did not end alike."""
    ends = [_ends(rows) for rows in (*old, new)]
    both = pd.concat(ends, axis=1, join="inner", keys=range(len(ends)))
    return int((both.nunique(axis=1) > 1).sum())


def equal_outcomes(one: pd.DataFrame, other: pd.DataFrame) -> tuple[int, int]:
    """Returns pairs of trials, by world and repeat, that ended alike, and pairs."""
    both = pd.concat([_every_end(one), _every_end(other)], axis=1, join="inner", keys=[0, 1])
    return int((both[0] == both[1]).sum()), len(both)


def _every_end(rows: pd.DataFrame) -> "pd.Series[str]":
    """(world, repeat) -> the product bought, or the status of its trial without one."""
    trials = trials_of(rows)
    keys = [name for name in ("world_id", "repeat") if name in trials]
    trials = trials.drop_duplicates(keys)
    status = "(" + trials["status"].astype(object) + ")"
    ends = trials["product_id"].astype(object).fillna(status)
    return ends.set_axis(pd.MultiIndex.from_frame(trials[keys]))
