"""Who is steered to a dominated listing, by gap and tag, and what it costs them.

One of several listings of the same product is dearer by a gap and carries a tag or none
(`Steering`): whoever buys it where the gap is above 0 pays more for nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from aces.design import UNTAGGED
from aces.errors import EstimationError, nearest
from aces.money import minor_digits
from aces.stats.means import Contrast, contrast
from aces.stats.shares import wilson_interval
from aces.types import Estimate
from analysis.arm_shares import newcombe
from analysis.choice_sample import require_column
from analysis.display import (
    Plot,
    Point,
    Table,
    counted,
    interval,
    number,
    points_with_limits,
    with_limits,
)
from analysis.fits import GROUP, arm_names, groups

OUTCOMES = ("chosen", "abstained")
PLAIN, TOLD = "as it is", "told to ignore"
ENOUGH = 20
"""Worlds of a tag from which on intervals of losses hold what they say, about."""
NEEDED = ("focal", "gap", "tag", "price_cents", "world_id", "trial_id")

Ends = tuple[float, float, float]
"""Estimate and its limits."""


@dataclass(frozen=True)
class Loss:
    """A mean loss, or a difference of two.

    Attributes:
        found: The estimate.
        reach: What it may be at most, where nobody lost anything; else None.
        differs: Whether it is a difference.
    """

    found: Contrast
    reach: float | None = None
    differs: bool = False

    @property
    def limits(self) -> tuple[float, float] | None:
        """Limits by t; where nobody lost anything, how much more is still possible."""
        if self.reach is None:
            return self.found.interval()
        return (-self.reach if self.differs else 0.0), self.reach


def _reach(found: Contrast, values: "pd.Series[float]", most: "pd.Series[float]") -> float | None:
    """The mean if all whom Wilson's upper limit allows had lost the most; None if any lost."""
    if (values != 0).any():
        return None
    return float(wilson_interval([0], found.df + 1)[1][0]) * float(most.max())


@dataclass(frozen=True)
class Shoppers:
    """Trials of one buyer and interface.

    Attributes:
        group: Whose: column -> value.
        name: Whose, in words.
        rows: Long table of the trials with an outcome, with `arm`: told or not.
        missing: Trials without an outcome.
    """

    group: Mapping[str, str]
    name: str
    rows: pd.DataFrame
    missing: int

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row per trial: world_id, arm, tag, gap, steered, and what was paid too much.

        `steered`: the focal listing was bought. `overpaid` (major units) and `excess` (share of
        the best price) are 0 for who left without buying.
        """
        rows = self.rows
        by = rows.groupby("trial_id", sort=False)
        found = by[["world_id", "task_id", "arm", "tag", "gap"]].first()
        best = by["price_cents"].min().astype(float)
        bought = rows["chosen"] == 1
        paid = (rows["price_cents"] * bought).groupby(rows["trial_id"], sort=False).sum()
        left = ~bought.groupby(rows["trial_id"], sort=False).any()
        over = (paid - best).where(~left, 0.0)
        taken = (rows["focal"] * bought).groupby(rows["trial_id"], sort=False).sum()
        spread = by["price_cents"].max() - best
        unit = 10 ** minor_digits(self.currency)
        return found.assign(
            steered=taken.astype(float),
            overpaid=over / unit,
            excess=over / best,
            most_overpaid=spread / unit,
            most_excess=spread / best,
        )

    @property
    def currency(self) -> str:
        """Of the prices."""
        return str(self.rows["currency"].iloc[0]) if "currency" in self.rows else "USD"

    @property
    def arms(self) -> list[str]:
        """Told or not, as far as there are."""
        return [arm for arm in (PLAIN, TOLD) if (self.trials["arm"] == arm).any()]

    @property
    def tags(self) -> list[str]:
        """The arms of the treatment: none, then each tag."""
        met = dict.fromkeys(self.trials["tag"])
        return [UNTAGGED, *sorted(tag for tag in met if tag != UNTAGGED)]

    @property
    def gaps(self) -> list[float]:
        """The gaps, in order."""
        return sorted(map(float, self.trials["gap"].unique()))

    def share(self, cell: pd.DataFrame) -> Ends | None:
        """Returns the share steered with Wilson's limits; trials of a world count as one."""
        counts = _counts(cell)
        if counts is None:
            return None
        low, high = wilson_interval([counts[0]], counts[1])
        return counts[0] / counts[1], float(low[0]), float(high[0])

    def change(self, cell: pd.DataFrame, base: pd.DataFrame) -> Ends | None:
        """Returns the difference of two shares with Newcombe's limits."""
        one, other = _counts(cell), _counts(base)
        return None if one is None or other is None else newcombe(*one, *other)

    def loss(self, arm: str, tag: str, what: str, *, against_none: bool = False) -> Loss | None:
        """Returns the mean of `overpaid` or `excess` where the focal listing is dearer.

        Args:
            arm: Told or not.
            tag: The tag, or none.
            what: `overpaid` or `excess`.
            against_none: Whether it is the difference from the arm without a tag.
        """
        dearer = self.trials[(self.trials["gap"] > 0) & (self.trials["arm"] == arm)]
        wanted = {tag: 1.0, **({UNTAGGED: -1.0} if against_none else {})}
        if not set(wanted) <= set(dearer["tag"]):
            return None
        found = contrast(
            dearer[what], dearer["tag"].to_numpy(), wanted, dearer["world_id"].to_numpy()
        )
        cell = dearer[dearer["tag"].isin(list(wanted))]
        reach = _reach(found, cell[what], cell[f"most_{what}"])
        return Loss(found, reach, against_none)


def _counts(cell: pd.DataFrame) -> tuple[float, float] | None:
    """How many were steered, of how many: each world counts as one choice."""
    if cell.empty:
        return None
    worlds = float(cell["world_id"].nunique())
    return float(cell["steered"].mean()) * worlds, worlds


def shoppers(table: pd.DataFrame, told: Sequence[str] = ()) -> list[Shoppers]:
    """Returns the trials of each buyer and interface, told and not told together.

    Those of whom no trial has an outcome have no rows.

    Args:
        table: Long table of a run with the `steer` treatment.
        told: Tasks, prompts and personas in which the shopper is told to ignore tags.

    Raises:
        EstimationError: If columns are missing, or nothing is called so.
    """
    for column in NEEDED:
        require_column(table, column)
    table = _with_arms(table, told)
    names = arm_names(table)
    found = []
    for group, rows in groups(table):
        used = rows[rows["status"].isin(OUTCOMES)]
        name = names[tuple(group.values())]
        missing = rows["trial_id"].nunique() - used["trial_id"].nunique()
        found.append(Shoppers(group, name, used, missing))
    if all(one.rows.empty for one in found):
        raise EstimationError("no trial has an outcome")
    return found


def _with_arms(table: pd.DataFrame, told: Sequence[str]) -> pd.DataFrame:
    """The table with `arm`; prompts or personas that are the instruction split no buyer in two."""
    heard = np.zeros(len(table), dtype=bool)
    alike: dict[str, str] = {}
    known: set[str] = set()
    for column, whose in (("task_id", ""), ("prompt", "prompt_hash"), ("persona", "persona")):
        if column not in table:
            continue
        values = table[column].astype("str").fillna("")
        known |= set(values)
        here = values.isin(list(told)).to_numpy()
        heard |= here
        if here.any() and whose:
            alike |= {column: "", whose: ""}
    for name in told:
        if name not in known:
            hint = nearest(name, sorted(known - {""}))
            raise EstimationError(f"no task, prompt or persona is called '{name}'{hint}")
    return table.assign(arm=np.where(heard, TOLD, PLAIN), **alike)


@dataclass(frozen=True)
class SteeredShares:
    """Shares that take the dearer listing, by gap and tag.

    Attributes:
        name: Of the analysis.
        whose: Those with an outcome.
        lost: Names of those without.
    """

    name: str
    whose: Sequence[Shoppers]
    lost: Sequence[str] = ()

    @property
    def notes(self) -> list[str]:
        """What must be said beside them."""
        nothing = [
            f"{self.name}: no estimates: {name}: no trial has an outcome" for name in self.lost
        ]
        return nothing + [
            f"{self.name}, {one.name}: {counted(one.missing, 'trial')} failed or truncated, in no "
            "share and no loss"
            for one in self.whose
            if one.missing
        ]

    @property
    def table(self) -> Table:
        """Shares in percent: by gap, then over all gaps above 0, and what the tag changes."""
        gaps = sorted({gap for one in self.whose for gap in one.gaps})
        heads = ["buyer · interface", "instruction", "tag", *(f"{100 * gap:g} %" for gap in gaps)]
        heads += ["dearer", "95 % interval", "against no tag", "95 % interval"]
        lines = []
        for one, arm, tag, cell, base in _cells(self.whose):
            shares = [one.share(cell[cell["gap"] == gap]) for gap in gaps]
            dearer, plain = cell[cell["gap"] > 0], base[base["gap"] > 0]
            change = one.change(dearer, plain) if tag != UNTAGGED else None
            told = [number(None if each is None else 100 * each[0], 1) for each in shares]
            lines.append((one.name, arm, tag, *told, *_shown(one.share(dearer)), *_shown(change)))
        note = (
            "Share of trials with an outcome that bought the listing that is dearer by so much; at "
            "0 % it costs as much as the others. Dearer: all gaps above 0 together, choices of a "
            "dominated listing. Wilson's and Newcombe's intervals, worlds as units; the tag is "
            "drawn, so that its difference is what the tag causes."
        )
        return Table(f"{self.name} · share steered", tuple(heads), tuple(lines), note)

    @property
    def answer(self) -> list[str]:
        """What the tag that steers most does where the listing is dearer, of each buyer."""
        best: dict[tuple[str, str], tuple[Ends, str]] = {}
        for one, arm, tag, cell, base in _cells(self.whose):
            change = one.change(cell[cell["gap"] > 0], base[base["gap"] > 0])
            if tag == UNTAGGED or change is None:
                continue
            whose = (one.name, f", {arm}" if len(one.arms) > 1 else "")
            if whose not in best or change[0] > best[whose][0][0]:
                best[whose] = (change, tag.replace("_", " "))
        return [
            f"{name}{told}: the tag {tag} changes the share that buys a listing dearer for "
            f"nothing by {points_with_limits(*change)}."
            for (name, told), (change, tag) in best.items()
        ]

    @property
    def plots(self) -> list[Plot]:
        """Curves by gap, a colour for each tag."""
        plots: dict[str, dict[str, list[Point]]] = {}
        chance: dict[str, float] = {}
        for one, arm, tag, cell, _ in _cells(self.whose):
            title = f"Share steered, {one.name}" + (f", {arm}" if len(one.arms) > 1 else "")
            chance[title] = 100 / float(one.rows.groupby("trial_id").size().mean())
            for gap in one.gaps:
                share = one.share(cell[cell["gap"] == gap])
                if share is not None:
                    point = Point(100 * gap, *(100 * value for value in share))
                    plots.setdefault(title, {}).setdefault(tag, []).append(point)
        return [
            Plot(title, "share buying the dearer one, %", series, "dearer by, %", chance[title])
            for title, series in plots.items()
        ]

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`."""
        return [
            row
            for one, arm, tag, cell, base in _cells(self.whose)
            for row in self._of(one, arm, tag, cell, base)
        ]

    def _of(
        self, one: Shoppers, arm: str, tag: str, cell: pd.DataFrame, base: pd.DataFrame
    ) -> Iterator[Estimate]:
        parts = {f",{gap:g}": cell[cell["gap"] == gap] for gap in one.gaps}
        for at, some in {"": cell[cell["gap"] > 0], **parts}.items():
            share = one.share(some)
            if share is not None:
                yield _row(
                    one,
                    self.name,
                    estimand="share of trials with an outcome that bought the focal listing"
                    + ("" if at else ", where it is dearer"),
                    estimator="steered_share",
                    term=f"steered[{key(arm)},{tag}{at}]",
                    ends=share,
                    trials=some,
                )
        dearer = cell[cell["gap"] > 0]
        change = one.change(dearer, base[base["gap"] > 0]) if tag != UNTAGGED else None
        if change is not None:
            yield _row(
                one,
                self.name,
                estimand="change of the share that bought a dominated listing, tag against none",
                estimator="steered_change",
                term=f"steered[{key(arm)},{tag}]",
                ends=change,
                trials=dearer,
            )


@dataclass(frozen=True)
class SteeringLosses:
    """What shoppers pay too much, in money and as a share of the best price."""

    name: str
    whose: Sequence[Shoppers]

    @property
    def notes(self) -> list[str]:
        """Whose losses rest on few worlds: most lose nothing, so that means are skewed."""
        worlds: dict[str, int] = {}
        for one, _, _, cell, _ in _cells(self.whose):
            met = int(cell.loc[cell["gap"] > 0, "world_id"].nunique())
            worlds[one.name] = min(met, worlds.get(one.name, met))
        return [
            f"{self.name}, {name}: {counted(met, 'world')} of a tag: below {ENOUGH} the intervals "
            "of what is lost hold less than they say"
            for name, met in worlds.items()
            if met < ENOUGH
        ]

    @property
    def answer(self) -> list[str]:
        """The greatest loss per 100 shoppers, of each buyer."""
        most: dict[str, tuple[float, str]] = {}
        for one, arm, tag, _, _ in _cells(self.whose):
            loss = one.loss(arm, tag, "overpaid")
            if loss is None or loss.found.estimate <= most.get(one.name, (-np.inf, ""))[0]:
                continue
            ends = (100 * end for end in loss.limits) if loss.limits else (None, None)
            amount = with_limits(100 * loss.found.estimate, *ends, unit=one.currency, digits=2)
            tagged = "without a tag" if tag == UNTAGGED else f"with the tag {tag.replace('_', ' ')}"
            said = f"{amount} too much {tagged}{f', {arm}' if len(one.arms) > 1 else ''}"
            most[one.name] = (loss.found.estimate, said)
        return [f"100 shoppers sent by {name} pay {said}." for name, (_, said) in most.items()]

    @property
    def plots(self) -> list[Plot]:
        """None: the table says it all."""
        return []

    @property
    def table(self) -> Table:
        """Losses per 100 shoppers, and what the tag adds."""
        currency = self.whose[0].currency
        heads = ["buyer · interface", "instruction", "tag", f"per 100 shoppers, {currency}"]
        heads += ["95 % interval", "against no tag", "95 % interval", "of the price, %"]
        lines = []
        for one, arm, tag, _, _ in _cells(self.whose):
            loss = one.loss(arm, tag, "overpaid")
            more = one.loss(arm, tag, "overpaid", against_none=True) if tag != UNTAGGED else None
            part = one.loss(arm, tag, "excess")
            share = number(None if part is None else 100 * part.found.estimate, 2)
            lines.append((one.name, arm, tag, *_amounts(loss), *_amounts(more), share))
        note = (
            "Paid above the cheapest listing of the shelf, the same product, by 100 shoppers who "
            "meet a dearer listing (gaps above 0, as drawn); who leaves loses nothing. Errors "
            "clustered by world. Where nobody lost anything, the interval ends where all whom "
            "Wilson's limit allows had lost the most."
        )
        return Table(f"{self.name} · loss per 100 shoppers", tuple(heads), tuple(lines), note)

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`."""
        rows = []
        for one, arm, tag, cell, _ in _cells(self.whose):
            for kind, against in (("loss_per_100", False), ("loss_change", True)):
                if against and tag == UNTAGGED:
                    continue
                loss = one.loss(arm, tag, "overpaid", against_none=against)
                if loss is not None:
                    rows.append(self._row(one, f"loss[{key(arm)},{tag}]", kind, loss, cell))
        return rows

    def _row(self, one: Shoppers, term: str, kind: str, loss: Loss, cell: pd.DataFrame) -> Estimate:
        low, high = loss.limits or (None, None)
        ends = (
            100 * loss.found.estimate,
            *(None if end is None else 100 * end for end in (low, high)),
        )
        what = f"{one.currency} paid too much per 100 shoppers who meet a dearer listing"
        what += ", tag against none" if kind == "loss_change" else ""
        row = _row(
            one,
            self.name,
            estimand=what,
            estimator=kind,
            term=term,
            ends=ends,
            trials=cell[cell["gap"] > 0],
        )
        error = 100 * loss.found.std_error
        known = {"std_error": float(error)} if np.isfinite(error) else {}
        return row.model_copy(update=known)


def _cells(
    whose: Sequence[Shoppers],
) -> Iterator[tuple[Shoppers, str, str, pd.DataFrame, pd.DataFrame]]:
    """Each buyer, instruction and tag, with its trials and those without a tag."""
    for one in whose:
        for arm in one.arms:
            here = one.trials[one.trials["arm"] == arm]
            base = here[here["tag"] == UNTAGGED]
            for tag in one.tags:
                yield one, arm, tag, here[here["tag"] == tag], base


def key(arm: str) -> str:
    """Returns the word for an instruction in the names of terms."""
    return "told" if arm == TOLD else "plain"


def _row(
    one: Shoppers,
    analysis: str,
    *,
    estimand: str,
    estimator: str,
    term: str,
    ends: Sequence[float | None],
    trials: pd.DataFrame,
) -> Estimate:
    common: dict[str, Any] = {name: one.group[name] for name in GROUP}
    return Estimate(
        **common,
        analysis=analysis,
        estimand=estimand,
        estimator=estimator,
        term=term,
        estimate=ends[0],
        ci_low=ends[1],
        ci_high=ends[2],
        n_trials=len(trials),
        n_clusters=int(trials["world_id"].nunique()),
    )


def _shown(ends: Ends | None) -> tuple[str, str]:
    if ends is None:
        return "", ""
    return number(100 * ends[0], 1), interval(100 * ends[1], 100 * ends[2], 1)


def _amounts(loss: Loss | None) -> tuple[str, str]:
    if loss is None:
        return "", ""
    limits = loss.limits
    shown = "" if limits is None else interval(100 * limits[0], 100 * limits[1], 2)
    return number(100 * loss.found.estimate, 2), shown
