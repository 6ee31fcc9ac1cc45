"""What rewriting gains, and what it costs those who do not, at each saturation of the shelf.

Sellers of one shelf are not independent units: what one gains, others lose. So effects are
contrasts between worlds of a two-stage design, in which the number of sellers treated and then
who they are was drawn (`Saturation`).

References: Hudgens and Halloran (2008), Journal of the American Statistical Association 103,
832-842; Baird, Bohren, McIntosh and Özler (2018), Review of Economics and Statistics 100, 844-860.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.covariance import FEW_CLUSTERS, FewClustersWarning
from aces.stats.intervals import critical_value
from aces.stats.means import Contrast, contrast
from aces.stats.shares import wilson_interval
from aces.types import Estimate
from analysis.checks.position import lock_of
from analysis.choice_sample import require_column
from analysis.display import Plot, Point, Table, counted, interval, listed, number
from analysis.fits import GROUP, arm_names, groups
from analysis.implied_shares import ImpliedShares, implied_shares

OUTCOMES = ("chosen", "abstained")
FEWEST = 10
"""Purchases behind a share below which its intervals are not to be relied on."""


class Cell(NamedTuple):
    """Sellers of one kind at one saturation, or (kind -1) the shelf's outside option.

    Attributes:
        sellers: How many of the shelf rewrote.
        kind: 1 rewritten, 0 not, -1 nothing of the shelf was bought.
    """

    sellers: int
    kind: int


OUTSIDE = -1


@dataclass(frozen=True)
class Effect:
    """A contrast of cells.

    Attributes:
        name: `share`, `direct`, `spillover`, `gain`, `total` or `outside`.
        at: Saturation it is of.
        says: What it is, for people.
        cells: Cell -> coefficient.
    """

    name: str
    at: int
    says: str
    cells: Mapping[Cell, float]


def effects(counts: Sequence[int], size: int) -> list[Effect]:
    """Returns what a design with these saturations tells of shelves of `size` sellers."""
    present, of = sorted(counts), f"of {size}"
    found = [
        Effect("share", m, f"share, {('not rewritten', 'rewritten')[z]}, {m} {of}", {Cell(m, z): 1})
        for z in (1, 0)
        for m in present
        if (m > 0 if z else m < size)
    ]
    within = [m for m in present if 0 < m < size]
    for m in within:
        own = {Cell(m, 1): 1.0, Cell(m, 0): -1.0}
        found.append(Effect("direct", m, f"direct effect, {m} {of} rewritten", own))
    base = {Cell(0, 0): -1.0}
    if 0 in present:
        found += [
            Effect("spillover", m, f"spillover on the others, {m} {of}", {Cell(m, 0): 1.0, **base})
            for m in within
        ]
    found += [
        Effect("gain", m, f"gain of number {m} {of}", {Cell(m, 1): 1.0, Cell(m - 1, 0): -1.0})
        for m in present
        if m - 1 in present
    ]
    if 0 not in present:
        return found
    if size in present:
        cells = {Cell(size, 1): 1.0, **base}
        found.append(Effect("total", size, f"each share, all {size} against none", cells))
    return found + [
        Effect("outside", m, f"outside share, {m} {of} against none", _outside(m))
        for m in present
        if m
    ]


def _outside(count: int) -> dict[Cell, float]:
    return {Cell(count, OUTSIDE): 1.0, Cell(0, OUTSIDE): -1.0}


@dataclass(frozen=True)
class Shelves:
    """Trials of one buyer with an outcome, as arrays: T trials on shelves of J sellers.

    Attributes:
        bought: (T, J) 1 where the seller's listing was bought.
        treated: (T, J) 1 where it was rewritten.
        worlds: (T,) world of each trial.
    """

    bought: Any
    treated: Any
    worlds: Any

    @property
    def size(self) -> int:
        """Sellers of a shelf."""
        return int(self.treated.shape[1])

    @cached_property
    def count(self) -> Any:  # noqa: ANN401
        """(T,) how many sellers rewrote."""
        return self.treated.sum(axis=1)

    @property
    def counts(self) -> list[int]:
        """The saturations there are."""
        return [int(m) for m in np.unique(self.count)]

    def estimate(self, effect: Effect) -> Contrast:
        """Returns an effect with its error clustered by world.

        Given the saturation every seller is as likely to be among those who rewrote, so that
        Hájek's weights are equal within a cell.
        """
        if any(cell.kind == OUTSIDE for cell in effect.cells):
            outcome = 1.0 - self.bought.sum(axis=1)
            wanted: dict[Any, float] = {cell.sellers: c for cell, c in effect.cells.items()}
            return contrast(outcome, self.count, wanted, self.worlds)
        code = 2 * self.count[:, None] + self.treated
        worlds = np.repeat(self.worlds, self.size)
        wanted = {2 * cell.sellers + cell.kind: c for cell, c in effect.cells.items()}
        return contrast(self.bought.ravel(), code.ravel(), wanted, worlds)

    def identity(self) -> float | None:
        """Returns by how much the shares' changes, none to all, miss the outside share's.

        0 but for rounding: what all sellers win together is what the outside option loses.
        """
        none, every = self.count == 0, self.count == self.size
        if not none.any() or not every.any():
            return None
        change = self.bought[every].mean(axis=0) - self.bought[none].mean(axis=0)
        left = 1.0 - self.bought.sum(axis=1)
        return float(change.sum() + left[every].mean() - left[none].mean())


@dataclass(frozen=True)
class Whose:
    """What was found of one buyer and interface."""

    group: Mapping[str, str]
    name: str
    shelves: Shelves
    missing: int
    found: Sequence[tuple[Effect, Contrast]]
    implied: ImpliedShares | None
    why: str = ""


@dataclass(frozen=True)
class Spillovers:
    """Direct effects and spillovers of all buyers.

    Attributes:
        name: Of the analysis.
        by: 0/1 column of the treatment.
        whose: Each buyer's.
        lost: Why others have none.
    """

    name: str
    by: str
    whose: Sequence[Whose]
    lost: Sequence[str] = ()

    @property
    def notes(self) -> list[str]:
        """What must be said beside the effects."""
        found = [f"{self.name}, {one.name}: {said}" for one in self.whose for said in _notes(one)]
        return found + [f"{self.name}: no estimates: {why}" for why in self.lost]

    @property
    def table(self) -> Table:
        """The effects for people, in points of share."""
        heads = ("buyer · interface", "effect", "points", "95 % interval", "logit implies")
        lines = [
            (one.name, effect.says, *_points(effect, found), *_implied_points(one, effect))
            for one in self.whose
            for effect, found in one.found
        ]
        note = (
            "Share of a seller: of all trials with an outcome, leaving included. Means over worlds "
            "and sellers of each saturation, errors clustered by world. Direct: rewritten against "
            "not, in the same worlds. Spillover: not rewritten, against a shelf where nobody did. "
            "Gain of number m: rewriting as the m-th, against not, while m - 1 others did. "
            "Logit implies: the same, had shares followed a conditional logit."
        )
        title = f"{self.name} · who wins and who pays"
        return Table(title, (*heads, "95 % interval"), tuple(lines), note)

    @property
    def plots(self) -> list[Plot]:
        """Shares by saturation, then effects, of each buyer."""
        return [plot for one in self.whose for plot in _plots(one)]

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`."""
        return [row for one in self.whose for row in self._of(one)]

    def _of(self, one: Whose) -> Iterator[Estimate]:
        for effect, found in one.found:
            kind = "" if effect.name != "share" else f"{next(iter(effect.cells)).kind},"
            common: dict[str, Any] = {
                **{name: one.group[name] for name in GROUP},
                "analysis": self.name,
                "term": f"{effect.name}[{kind}{effect.at}]",
                "n_trials": int(
                    np.isin(one.shelves.count, [c.sellers for c in effect.cells]).sum()
                ),
                "n_clusters": found.n_clusters,
            }
            what = f"{self.by}: {effect.says}; of trials with an outcome, leaving included"
            low, high = limits(effect, found) or (None, None)
            yield Estimate(
                **common,
                estimand=what,
                estimator="spillover",
                estimate=found.estimate,
                std_error=_known(found.std_error),
                ci_low=low,
                ci_high=high,
                p_value=None if effect.name == "share" else found.p_value,
            )
            if one.implied is not None:
                value, error, low, high = one.implied.combine(effect.cells)
                yield Estimate(
                    **common,
                    estimand=f"{what}; as a conditional logit implies",
                    estimator="spillover_logit",
                    estimate=value,
                    std_error=error,
                    ci_low=low,
                    ci_high=high,
                )


def spillovers(table: pd.DataFrame, by: str, name: str = "spillover") -> Spillovers:
    """Returns direct effects and spillovers of every buyer and interface.

    Args:
        table: Long table with the 0/1 column `by`.
        by: Column of the treatment.
        name: Of the analysis.

    Raises:
        EstimationError: If the column is missing, shelves differ in size, or one saturation alone
            was met.
    """
    require_column(table, by)
    sizes = sorted(table.groupby("trial_id", sort=False).size().unique())
    if len(sizes) != 1:
        raise EstimationError(
            f"shelves have {listed(list(map(str, sizes)))} sellers; a saturation means the same "
            "only on shelves of one size"
        )
    names = arm_names(table)
    whose, lost = [], []
    for group, rows in groups(table):
        try:
            whose.append(_whose(group, names[tuple(group.values())], rows, by))
        except EstimationError as error:
            lost.append(str(error))
    if not whose:
        raise EstimationError("; ".join(lost))
    return Spillovers(name, by, tuple(whose), tuple(lost))


def _whose(group: Mapping[str, str], name: str, rows: pd.DataFrame, by: str) -> Whose:
    rows = rows.sort_values(["trial_id", "product_id"], kind="stable")
    used = rows[rows["status"].isin(OUTCOMES)]
    missing = rows["trial_id"].nunique() - used["trial_id"].nunique()
    if used.empty:
        raise EstimationError(f"{name}: no trial has an outcome")
    size = int(used.groupby("trial_id", sort=False).size().iloc[0])
    shelves = Shelves(
        used["chosen"].to_numpy(float).reshape(-1, size),
        used[by].to_numpy(int).reshape(-1, size),
        used["world_id"].to_numpy().reshape(-1, size)[:, 0],
    )
    if len(shelves.counts) < 2:
        raise EstimationError(f"{name}: '{by}' has one saturation only, {shelves.counts[0]}")
    asked = effects(shelves.counts, size)
    found = [(effect, shelves.estimate(effect)) for effect in asked]
    implied, why = None, lock_of(used)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewClustersWarning)  # the notes tell the worlds
        try:
            implied = None if why else implied_shares(used, by, shelves.counts)
        except EstimationError as error:
            why = str(error)
    return Whose(group, name, shelves, missing, found, implied, why)


def _notes(one: Whose) -> Iterator[str]:
    if one.missing:
        yield f"{counted(one.missing, 'trial')} failed or truncated, in no share"
    if one.implied is None:
        yield f"no logit beside the shares: {one.why}"
    off = one.shelves.identity()
    if off is not None:
        yield (
            "when all rewrite, the shares' changes and that of the outside share sum to "
            f"{number(100 * off, 6)} points; they must to 0"
        )
    if not (one.shelves.bought.sum(axis=1) < 1).any():
        yield "nobody left without buying: when all rewrite, nothing can be won from outside"
    worlds = len(np.unique(one.shelves.worlds))
    if worlds < FEW_CLUSTERS:
        yield f"{counted(worlds, 'world')}: intervals cover less than they say"
    seldom = [e.says for e, found in one.found if e.name == "share" and _purchases(found) < FEWEST]
    if seldom:
        yield (
            f"fewer than {FEWEST} purchases, so that intervals cover less than they say: "
            f"{listed(seldom)}"
        )
    thin = [e.says for e, found in one.found if not np.isfinite(found.std_error)]
    if thin:
        yield f"too few worlds for an interval: {listed(thin)}"


def _purchases(share: Contrast) -> int:
    return round(share.estimate * share.n)


def limits(effect: Effect, found: Contrast) -> tuple[float, float] | None:
    """Returns the 95 % limits; those of a share on the scale of its log odds, within 0 and 1."""
    from scipy.special import expit, logit

    p, error = found.estimate, found.std_error
    if effect.name != "share" or not np.isfinite(error):
        return found.interval()
    if not 0 < p < 1:
        low, high = wilson_interval([round(p) * found.n_clusters], found.n_clusters)
        return float(low[0]), float(high[0])
    half = critical_value(0.95, found.df) * error / (p * (1 - p))
    ends = expit(logit(p) + np.array([-half, half]))
    return float(ends[0]), float(ends[1])


def _points(effect: Effect, found: Contrast) -> tuple[str, str]:
    low, high = limits(effect, found) or (None, None)
    return number(100 * found.estimate, 2), _interval(low, high)


def _implied_points(one: Whose, effect: Effect) -> tuple[str, str]:
    if one.implied is None:
        return "", ""
    value, _, low, high = one.implied.combine(effect.cells)
    return number(100 * value, 2), _interval(low, high)


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else interval(100 * low, 100 * high, 2)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _plots(one: Whose) -> Iterator[Plot]:
    along = f"sellers of {one.shelves.size} who rewrote"
    shares: dict[str, list[Point]] = {"rewritten": [], "not rewritten": []}
    changes: dict[str, list[Point]] = {}
    for effect, found in one.found:
        low, high = limits(effect, found) or (None, None)
        ends = [None if end is None else 100 * end for end in (low, high)]
        point = Point(float(effect.at), 100 * found.estimate, *ends)
        if effect.name == "share":
            kind = next(iter(effect.cells)).kind
            shares["rewritten" if kind else "not rewritten"].append(point)
        elif effect.name in _CURVES:
            changes.setdefault(_CURVES[effect.name], []).append(point)
    yield Plot(f"Share of a seller, {one.name}", "share, %", shares, along=along)
    if changes:
        title = f"Direct effect and spillover, {one.name}"
        yield Plot(title, "change of share, points", changes, along=along, reference=0.0)


_CURVES = {
    "direct": "direct effect",
    "spillover": "spillover on the others",
    "outside": "outside share",
}
