"""What an update changed: a new version against the old one, and the old one against itself.

The same worlds are met by both versions, and by the old one at least twice. What differs between
the old one's own trials is what chance, batching and the server do; a change is the update's only
beyond that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from aces.errors import EstimationError, nearest
from aces.seeds import Stream
from aces.stats.choice_data import Floats
from aces.stats.exchange import Exchange, exchange_test
from aces.stats.intervals import critical_value
from aces.stats.joint import WaldTest
from aces.stats.multiplicity import benjamini_hochberg
from analysis.choice_sample import require_column
from analysis.display import listed
from analysis.frame import trials_of
from analysis.stacked import Contrast, Stacked, fit_arm

NOTHING = "(none of these)"
"""What a trial bought that left without buying, or bought off the shelf."""
OUTCOME = ("chosen", "abstained")
DRAWS = 1999
PER_PRODUCT = 40
"""Exchanges for each product at least, so that its p-value can pass an adjusted threshold."""
FALSE_SHARE = 0.05


@dataclass(frozen=True)
class Settings:
    """What is asked.

    Attributes:
        name: Of the analysis.
        old: Buyers of the old version.
        new: Buyers of the new one.
        terms: Whose coefficients are compared.
        effects: Column with a coefficient for each level; None for none.
    """

    name: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    terms: tuple[str, ...] = ()
    effects: str | None = "product_id"


def battery(table: pd.DataFrame, asked: Settings) -> pd.DataFrame:
    """Returns the rows of both versions, with `version` (old, new) and `twin`, the run of it.

    Raises:
        EstimationError: If a buyer is unknown, or the old version met no world twice.
    """
    for column in ("buyer", "interface", "world_id", "trial_id", "product_id", "chosen"):
        require_column(table, column)
    known = list(map(str, table["buyer"].unique()))
    for name in (*asked.old, *asked.new):
        if name not in known:
            raise EstimationError(f"there is no buyer '{name}'{nearest(name, known)}")
    both = [name for name in asked.old if name in asked.new]
    if both:
        raise EstimationError(f"{listed(both)} can't be of the old and of the new version")
    rows = table[table["buyer"].isin([*asked.old, *asked.new])]
    fresh = rows["buyer"].isin(asked.new)
    again = rows["repeat"].astype(str) if "repeat" in rows else "0"
    twin = rows["buyer"].astype(str) + " " + again
    rows = rows.assign(version=np.where(fresh, "new", "old"), twin=twin)
    if rows.loc[~fresh, "twin"].nunique() < 2:
        raise EstimationError(
            "an update is judged against a replicate of the same version: give two buyers in "
            "`old:`, or `repeats: 2`"
        )
    return rows


@dataclass(frozen=True)
class ShareDrift:
    """Shares of products before and after, through one interface.

    Attributes:
        interface: The interface.
        items: Products, and none of them where that happened.
        shares: (items, 2) old and new.
        change: (items,) new less old, and its 95 % limits, errors clustered by world.
        twin: (items,) how far the old version's first run and its others are apart.
        update: What exchanges of old and new say.
        replicate: What exchanges of the old version's own runs say.
        adjusted: (items,) p-values of the update, Benjamini-Hochberg.
        trials: Trials with an outcome.
        missing: Version -> trials without one.
    """

    interface: str
    items: tuple[tuple[str, str], ...]
    shares: Floats
    change: tuple[Floats, Floats, Floats]
    twin: Floats
    update: Exchange
    replicate: Exchange
    adjusted: Floats
    trials: int
    missing: Mapping[str, int]

    def verdict(self, i: int) -> str:
        """Whether an item gained or lost: adjusted p-value below 5 %."""
        if not self.adjusted[i] < FALSE_SHARE:
            return ""
        return "gained" if self.change[0][i] > 0 else "lost"


def share_drift(rows: pd.DataFrame, interface: str, name: str) -> ShareDrift:
    """Returns what became of the shares of all products of one interface's trials.

    Args:
        rows: As `battery` returns them, of one interface.
        interface: Its name.
        name: Of the analysis, which names the stream of exchanges.

    Raises:
        EstimationError: If no world was met by both versions, or none twice by the old one.
    """
    trials = trials_of(rows)
    firsts = rows.drop_duplicates("trial_id").set_index("trial_id")
    trials = trials.assign(version=firsts["version"], twin=firsts["twin"])
    lost = trials[~trials["status"].isin(OUTCOME)]
    trials = trials[trials["status"].isin(OUTCOME)]
    items = items_of(rows, trials)
    values, held = outcomes_of(rows, trials, items)
    worlds = trials["world_id"].to_numpy(str)
    new = (trials["version"] == "new").to_numpy()
    stream = Stream("drift", name, interface)
    draws = max(DRAWS, PER_PRODUCT * len(items))
    update = exchange_test(values, worlds, new, stream.child("update").generator(), draws)
    old, twins = ~new, trials["twin"].to_numpy(str)
    second = twins[old] != twins[old][0]
    replicate = exchange_test(
        values[old], worlds[old], second, stream.child("replicate").generator(), draws
    )
    return ShareDrift(
        interface=interface,
        items=items,
        shares=np.column_stack([mean_shares(values, held, which) for which in (old, new)]),
        change=paired_change(values, held, worlds, new),
        twin=paired_change(values[old], held[old], worlds[old], second)[0],
        update=update,
        replicate=replicate,
        adjusted=benjamini_hochberg(update.p_value),
        trials=len(trials),
        missing={str(k): int(v) for k, v in lost["version"].value_counts().items()},
    )


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


def mean_shares(values: Floats, held: Floats, which: "np.ndarray[Any, Any]") -> Floats:
    """Returns (items,) shares of some trials whose shelf held the item."""
    total = held[which].sum(axis=0)
    return np.asarray(values[which].sum(axis=0) / np.maximum(total, 1))


def paired_change(
    values: Floats,
    held: Floats,
    worlds: "np.ndarray[Any, Any]",
    new: "np.ndarray[Any, Any]",
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


@dataclass(frozen=True)
class TermDrift:
    """Coefficients before and after, through one interface.

    Attributes:
        interface: The interface.
        old: Of the old version, the mean of its runs.
        new: Of the new one.
        update: New less old.
        replicate: The old version's other runs less its first.
        replicate_joint: Test that none of its runs differ.
        adjusted: (terms,) p-values of the update, Benjamini-Hochberg.
        worlds: Worlds.
        trials: Choice sets.
    """

    interface: str
    old: Contrast
    new: Contrast
    update: Contrast
    replicate: Contrast
    replicate_joint: WaldTest
    adjusted: Floats
    worlds: int
    trials: int


def term_drift(rows: pd.DataFrame, interface: str, asked: Settings) -> TermDrift:
    """Returns what became of the coefficients in one interface's trials.

    Raises:
        EstimationError: If a run of either version can't be estimated.
    """
    arms = {
        (version, twin): fit_arm(part, asked.terms, effects=asked.effects)
        for (version, twin), part in rows.groupby(["version", "twin"], sort=False)
    }
    stacked = Stacked(asked.terms, list(arms.values()))
    fresh = np.array([version == "new" for version, _ in arms])
    old, new = ~fresh / (~fresh).sum(), fresh / fresh.sum()
    first = int(np.flatnonzero(~fresh)[0])
    others = [int(i) for i in np.flatnonzero(~fresh)[1:]]
    each = np.zeros((len(others), len(arms)))
    each[:, first] = -1.0
    each[np.arange(len(others)), others] = 1.0
    update = stacked.contrast(new - old)
    return TermDrift(
        interface=interface,
        old=stacked.contrast(old),
        new=stacked.contrast(new),
        update=update,
        replicate=stacked.contrast(each.mean(axis=0)),
        replicate_joint=stacked.contrast(each).joint,
        adjusted=benjamini_hochberg(update.p),
        worlds=stacked.n_clusters,
        trials=sum(arm.trials for arm in arms.values()),
    )
