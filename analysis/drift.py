"""What an update changed: a new version against the old one, and the old one against itself.

The same worlds are met by both versions, and by the old one at least twice. What differs between
the old one's own trials is what chance, batching and the server do; a change is the update's only
beyond that.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from aces.errors import EstimationError, nearest
from aces.seeds import Stream
from aces.stats.choice_data import Floats
from aces.stats.exchange import Exchange
from aces.stats.joint import WaldTest
from aces.stats.multiplicity import benjamini_hochberg
from analysis.choice_sample import require_column
from analysis.comparison.shares import ShareChanges, share_changes
from analysis.display import listed
from analysis.stacked import Contrast, Stacked, fit_arm


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


@dataclass(frozen=True, kw_only=True)
class ShareDrift(ShareChanges):
    """Shares of products before and after, through one interface.

    Attributes:
        interface: The interface.
        same: (items,) how far the old version's first run and its others are apart.
        replicate: What exchanges of these runs say.
    """

    interface: str
    same: Floats
    replicate: Exchange


def share_drift(rows: pd.DataFrame, interface: str, name: str) -> ShareDrift:
    """Returns what became of the shares of all products of one interface's trials.

    Args:
        rows: As `battery` returns them, of one interface.
        interface: Its name.
        name: Of the analysis, which with the interface names the stream of exchanges.

    Raises:
        EstimationError: If no world was met by both versions.
    """
    fresh = rows["version"] == "new"
    if not set(rows.loc[fresh, "world_id"]) & set(rows.loc[~fresh, "world_id"]):
        raise EstimationError("no world has outcomes of both versions")
    first = rows["twin"] == rows.loc[~fresh, "twin"].iloc[0]
    old = [rows[~fresh & first], rows[~fresh & ~first]]
    found = share_changes(old, rows[fresh], Stream("drift", name, interface))
    return ShareDrift(interface=interface, **vars(found))


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
