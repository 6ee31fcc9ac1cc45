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
from analysis.frame import trials_of

NOTHING = "(none of these)"
"""What a trial bought that left without buying, or bought off the shelf."""
OUTCOME = ("chosen", "abstained")
DRAWS = 1999
PER_PRODUCT = 40
"""Exchanges for each product at least, so that its p-value can pass an adjusted threshold."""
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
        update: What exchanges of old and new say.
        adjusted: (items,) their p-values, Benjamini-Hochberg over all.
        same: (items,) how far the old version's first run and its others are apart; None without
            others.
        replicate: What exchanges of these runs say.
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
    update: Exchange
    adjusted: Floats
    same: Floats | None
    replicate: Exchange | None
    trials: int
    worlds: int
    missing: Mapping[str, int]

    @property
    def interval(self) -> tuple[Floats, Floats, Floats]:
        """Changes and their limits."""
        return self.change, self.low, self.high

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
    old: Sequence[pd.DataFrame], new: pd.DataFrame, stream: Stream, *, paired: bool = True
) -> ShareChanges:
    """Compares the shares of two versions.

    Args:
        old: Long table of the old version's run, or of two runs of it.
        new: Of the new one.
        stream: Of the exchanges.
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
    apart = paired_change if paired else _between
    change, low, high = apart(values, held, worlds, fresh)
    _, lower, upper = apart(values, held, worlds, fresh, ONE_SIDED)
    draws = max(DRAWS, PER_PRODUCT * len(items))
    update = _exchange(values, worlds, fresh, trials, stream.child("update"), draws)
    same, replicate = None, None
    if len(old) > 1:
        own = (values[~fresh], worlds[~fresh], (trials["run"] != "0").to_numpy()[~fresh])
        same = paired_change(own[0], held[~fresh], *own[1:])[0]
        replicate = _exchange(*own, trials[~fresh], stream.child("same version"), draws)
    # where nothing ever differed an interval says nothing; so many worlds without a case do
    n = np.array([len(np.unique(worlds[there > 0])) for there in held.T])
    return ShareChanges(
        items=items,
        shares=np.column_stack([mean_shares(values, held, which) for which in (~fresh, fresh)]),
        change=change,
        low=low,
        high=high,
        bound=np.maximum.reduce([np.abs(lower), np.abs(upper), 1 - 0.05 ** (1 / np.maximum(n, 1))]),
        update=update,
        adjusted=benjamini_hochberg(update.p_value),
        same=same,
        replicate=replicate,
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
        parts.append(part.assign(trial_id=own, version=version, run=str(i)))
    rows = pd.concat(parts, ignore_index=True)
    firsts = rows.drop_duplicates("trial_id").set_index("trial_id")
    trials = trials_of(rows).assign(version=firsts["version"], run=firsts["run"])
    lost = trials[~trials["status"].isin(OUTCOME)]
    missing = {str(k): int(v) for k, v in lost["version"].value_counts().items()}
    kept = trials[trials["status"].isin(OUTCOME)]
    if kept.empty:
        raise EstimationError("no trial has an outcome: there are no shares to compare")
    return rows, kept, missing


def items_of(rows: pd.DataFrame, trials: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """Returns (task, product) of all shelves, and (task, none of these) where that happened."""
    pairs = dict.fromkeys(_pairs(rows).drop_duplicates().itertuples(index=False, name=None))
    left = trials[trials["product_id"].isna()]
    tasks = left["task_id"].astype(str) if "task_id" in left else pd.Series("", index=left.index)
    return (*pairs, *((task, NOTHING) for task in dict.fromkeys(tasks)))


def outcomes_of(
    rows: pd.DataFrame, trials: pd.DataFrame, items: Sequence[tuple[str, str]]
) -> tuple[Floats, Floats]:
    """Returns (trials, items) 1 for what was bought, and 1 for what could have been."""
    index = {item: i for i, item in enumerate(items)}
    values, held = np.zeros((len(trials), len(items))), np.zeros((len(trials), len(items)))
    at = trials.index.get_indexer(pd.Index(rows["trial_id"]))
    item = pd.MultiIndex.from_tuples(items).get_indexer(pd.MultiIndex.from_frame(_pairs(rows)))
    known = at >= 0
    held[at[known], item[known]] = 1.0
    values[at[known], item[known]] = rows["chosen"].to_numpy(float)[known]
    for (errand, product), i in index.items():
        if product == NOTHING:
            own = trials["task_id"].eq(errand) if "task_id" in trials else True
            held[:, i] = own
            values[:, i] = trials["product_id"].isna() & own
    return values, held


def _pairs(rows: pd.DataFrame) -> pd.DataFrame:
    """(task, product) of each row, as plain text."""
    task = rows["task_id"].to_numpy(str) if "task_id" in rows else ""
    return pd.DataFrame({"task": task, "product": rows["product_id"].to_numpy(str)}, dtype=object)


def mean_shares(values: Floats, held: Floats, which: NDArray[np.bool_]) -> Floats:
    """Returns (items,) shares of some trials whose shelf held the item."""
    total = held[which].sum(axis=0)
    return np.asarray(values[which].sum(axis=0) / np.maximum(total, 1))


def paired_change(
    values: Floats,
    held: Floats,
    worlds: NDArray[np.bool_],
    new: NDArray[np.bool_],
    level: float = 0.95,
) -> tuple[Floats, Floats, Floats]:
    """Returns (items,) mean difference new - old over worlds that hold the item, and its limits."""
    codes = np.unique(worlds, return_inverse=True)[1]
    n = codes.max() + 1
    sums, counts = [], []
    for which in (~new, new):
        total = np.zeros((n, values.shape[1]))
        np.add.at(total, codes[which], values[which])
        sums.append(total)
        counts.append(np.bincount(codes[which], minlength=n)[:, None])
    both = (counts[0] > 0) & (counts[1] > 0)
    there = np.zeros((n, values.shape[1]))
    np.maximum.at(there, codes, held)
    there *= both
    apart = (sums[1] / np.maximum(counts[1], 1) - sums[0] / np.maximum(counts[0], 1)) * there
    size = np.maximum(there.sum(axis=0), 1)
    change = apart.sum(axis=0) / size
    squares = (there * (apart - change) ** 2).sum(axis=0)
    error = np.sqrt(squares / np.maximum(size - 1, 1) / size)
    half = np.array([critical_value(level, max(float(g) - 1, 1)) for g in size]) * error
    return change, change - half, change + half


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
