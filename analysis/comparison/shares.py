"""Which products gained and lost between two versions, and whether any did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces.errors import EstimationError
from aces.seeds import Stream
from aces.stats.choice_data import Floats
from aces.stats.exchange import Exchange, exchange_test
from aces.stats.intervals import critical_value
from aces.stats.multiplicity import benjamini_hochberg
from analysis.drift import (
    DRAWS,
    NOTHING,
    OUTCOME,
    PER_PRODUCT,
    items_of,
    mean_shares,
    outcomes_of,
    paired_change,
)
from analysis.frame import trials_of

ONE_SIDED = 0.9
"""Level of the interval whose farther limit is a bound at 95 %."""
FALSE_SHARE = 0.05


@dataclass(frozen=True)
class ShareChanges:
    """Shares of all products in two versions.

    Attributes:
        items: (task, product); none of them where that happened.
        shares: (items, 2) of trials whose shelf held it, old and new.
        change: (items,) new less old.
        low: (items,) 95 % limits, errors clustered by world.
        high: (items,) the upper ones.
        bound: (items,) size that the change is below with 95 % confidence.
        p_value: (items,) by exchange of versions.
        adjusted: (items,) the same, Benjamini-Hochberg over all.
        joint_p: Of no change at all.
        statistic: Sum of squared changes over their variances under exchange.
        same: (items,) change between the old version's runs; None without a replicate.
        same_p: That these do not differ; NaN without a replicate.
        trials: Trials with an outcome.
        worlds: Worlds that hold them.
        missing: Version -> trials without one.
    """

    items: tuple[tuple[str, str], ...]
    shares: Floats
    change: Floats
    low: Floats
    high: Floats
    bound: Floats
    p_value: Floats
    adjusted: Floats
    joint_p: float
    statistic: float
    same: Floats | None
    same_p: float
    trials: int
    worlds: int
    missing: Mapping[str, int]

    def verdict(self, i: int) -> str:
        """Whether an item gained or lost, at a false discovery rate of 5 %."""
        if not self.adjusted[i] < FALSE_SHARE:
            return ""
        return "gained" if self.change[i] > 0 else "lost"

    def moved(self, verdict: str) -> list[str]:
        """Products that gained, or lost, the greatest change first."""
        own = [i for i in range(len(self.items)) if self.verdict(i) == verdict]
        return [self.items[i][1] for i in sorted(own, key=lambda i: -abs(self.change[i]))]

    @property
    def largest(self) -> float:
        """Size that every change is below with 95 % confidence.

        All are claimed at once, so that each may be claimed at its own level (Berger, R. L. 1982,
        Technometrics 24, 295-300).
        """
        return float(self.bound.max())


def share_changes(
    old: Sequence[pd.DataFrame], new: pd.DataFrame, name: str, *, paired: bool
) -> ShareChanges:
    """Compares the shares of two versions.

    Args:
        old: Long table of the old version's run, or of two runs of it.
        new: Of the new one.
        name: Of the comparison, which names the stream of exchanges.
        paired: Whether the versions met the same worlds; otherwise their worlds are exchanged
            within tasks, as worlds of one design are drawn alike.

    Raises:
        EstimationError: If they have nothing in common to compare.
    """
    rows, trials, missing = _battery(old, new)
    items = items_of(rows, trials)
    values, held = outcomes_of(rows, trials, items)
    fresh = (trials["version"] == "new").to_numpy()
    worlds = trials["world_id"].to_numpy(str)
    if not paired:  # names of worlds that are not the same must not be
        worlds = np.char.add(np.where(fresh, "new/", "old/"), worlds)
    draws = max(DRAWS, PER_PRODUCT * len(items))
    stream = Stream("comparison", name)
    update = _exchange(values, worlds, fresh, trials, stream.child("update"), draws)
    apart = paired_change if paired else _between
    change, low, high = apart(values, held, worlds, fresh)
    _, lower, upper = apart(values, held, worlds, fresh, ONE_SIDED)
    same, same_p = None, np.nan
    if len(old) > 1:
        again = ~fresh & (trials["twin"] == "1").to_numpy()
        same = paired_change(values[~fresh], held[~fresh], worlds[~fresh], again[~fresh])[0]
        child = stream.child("same version")
        same_p = _exchange(
            values[~fresh], worlds[~fresh], again[~fresh], trials[~fresh], child, draws
        ).joint_p
    # where nothing ever differed an interval says nothing; so many worlds without a case do
    n = np.array([len(np.unique(worlds[own > 0])) for own in held.T])
    return ShareChanges(
        items=items,
        shares=np.column_stack([mean_shares(values, held, which) for which in (~fresh, fresh)]),
        change=change,
        low=low,
        high=high,
        bound=np.maximum.reduce([np.abs(lower), np.abs(upper), 1 - 0.05 ** (1 / np.maximum(n, 1))]),
        p_value=update.p_value,
        adjusted=benjamini_hochberg(update.p_value),
        joint_p=update.joint_p,
        statistic=update.statistic,
        same=same,
        same_p=same_p,
        trials=len(trials),
        worlds=len(np.unique(worlds)),
        missing=missing,
    )


def _battery(
    old: Sequence[pd.DataFrame], new: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int]]:
    """Rows and trials of both versions with trial ids of their own, and trials without outcome."""
    parts = []
    for i, part in enumerate([*old, new]):
        version = "old" if i < len(old) else "new"
        own = f"{i}/" + part["trial_id"].astype(str)
        parts.append(part.assign(trial_id=own, version=version, twin=str(i)))
    rows = pd.concat(parts, ignore_index=True)
    firsts = rows.drop_duplicates("trial_id").set_index("trial_id")
    trials = trials_of(rows).assign(version=firsts["version"], twin=firsts["twin"])
    lost = trials[~trials["status"].isin(OUTCOME)]
    missing = {str(k): int(v) for k, v in lost["version"].value_counts().items()}
    kept = trials[trials["status"].isin(OUTCOME)]
    if kept.empty:
        raise EstimationError("no trial has an outcome: there are no shares to compare")
    return rows, kept, missing


def _exchange(
    values: Floats,
    worlds: NDArray[np.str_],
    new: NDArray[np.bool_],
    trials: pd.DataFrame,
    stream: Stream,
    draws: int,
) -> Exchange:
    """Exchanges of versions within worlds; where they share none, of whole worlds within tasks."""
    if len(np.intersect1d(worlds[new], worlds[~new])):
        return exchange_test(values, worlds, new, stream.generator(), draws)
    own, first, code = np.unique(worlds, return_index=True, return_inverse=True)
    sums = np.zeros((len(own), values.shape[1]))
    np.add.at(sums, code, values)
    means = sums / np.bincount(code)[:, None]
    task = trials["task_id"].to_numpy(str) if "task_id" in trials else np.full(len(trials), "")
    return exchange_test(means, task[first], new[first], stream.generator(), draws)


def _between(
    values: Floats,
    held: Floats,
    worlds: NDArray[np.str_],
    new: NDArray[np.bool_],
    level: float = 0.95,
) -> tuple[Floats, Floats, Floats]:
    """(items,) difference of mean shares of two sets of worlds, and its limits (Welch)."""
    means, variances, sizes = [], [], []
    for which in (~new, new):
        code = np.unique(worlds[which], return_inverse=True)[1]
        sums, there = np.zeros((2, code.max() + 1, values.shape[1]))
        np.add.at(sums, code, values[which])
        np.add.at(there, code, held[which])
        n = np.maximum((there > 0).sum(axis=0), 1)
        own = np.divide(sums, there, out=np.zeros_like(sums), where=there > 0)
        mean = own.sum(axis=0) / n
        squares = (np.where(there > 0, own - mean, 0.0) ** 2).sum(axis=0)
        means.append(mean)
        variances.append(squares / np.maximum(n - 1, 1) / n)
        sizes.append(n)
    error = np.sqrt(variances[0] + variances[1])
    half = error * np.array([critical_value(level, max(g - 1.0, 1.0)) for g in np.minimum(*sizes)])
    change = means[1] - means[0]
    return change, change - half, change + half


@dataclass(frozen=True)
class OddOneOut:
    """Worlds in which one of three trials ended otherwise: two of the old version, one of the new.

    If the new version is no other, each of the three is as likely to be the odd one.

    Attributes:
        worlds: Worlds with an outcome of all three.
        differing: Those in which exactly one differs from two that are equal.
        new: In how many of these it is the new version.
        equal_new: Share of worlds in which old and new are equal, of both old runs.
        equal_old: Share in which the old runs are.
        p_value: That the new one is the odd one so often, or more.
    """

    worlds: int
    differing: int
    new: int
    equal_new: float
    equal_old: float
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
    return OddOneOut(len(both), differing, k, float(equal.mean()), float(old_equal.mean()), chance)


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
    trials = trials_of(rows).drop_duplicates(["world_id", "repeat"])
    status = "(" + trials["status"].astype(object) + ")"
    ends = trials["product_id"].astype(object).fillna(status)
    return ends.set_axis(pd.MultiIndex.from_frame(trials[["world_id", "repeat"]]))
