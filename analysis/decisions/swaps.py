"""What a slot or a badge is worth, as swaps that a shop could make.

A slot is had by one listing at a time. Moving an item to slot s moves the one that stands there to
the item's slot; taking a badge gives it up elsewhere. Effects that let a column of the model go
from 0 to 1 on one listing, all else equal, describe shelves that no shop could show.

Estimands, means over items and over the run's own shelves, as the conditional logit has them:

* slot s: the item's probability after it changed places with the listing at s, less that after it
  changed places with the one in the last slot;
* badge: an item's probability when it has the badge, less that when another listing of its shelf
  has it, mean over ordered pairs; of badges that no listing has together with it both have none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.choice_data import Floats, Ints
from aces.stats.functionals import Values
from aces.types import Estimate
from analysis.decisions.demand import Demand, DemandConfig, Shelves
from analysis.decisions.found import Found, Whose, answers, estimate_row, given, numbers
from analysis.decisions.scenario import SLOT, badges, rivals, single
from analysis.display import Plot, Point, Table, interval, number, p_value

MOST_SHELVES = 1000
"""Shelves, spread evenly over the run, over which means are taken."""


class SwapsConfig(DemandConfig):
    """Parameters of the swaps."""

    name: str = "swaps"
    """Of the analysis; that of its entry where not given."""


@dataclass(frozen=True)
class Swaps:
    """Effects of swaps for one buyer.

    Attributes:
        terms: `slot 1`, ..., `badge overall_pick`.
        against: What each is compared with.
        values: (q,) changes of probability.
        shelves: Shelves that the means are over.
    """

    terms: tuple[str, ...]
    against: tuple[str, ...]
    values: Values
    shelves: int


def swaps(demand: Demand) -> Swaps:
    """Returns what slots and badges are worth to one buyer.

    Raises:
        EstimationError: If the model holds neither slots nor badges.
    """
    shelves = demand.shelves.every(MOST_SHELVES)
    parts: list[_Slots | _Badge] = []
    if _has_slots(demand):
        parts.append(_Slots.of(demand, shelves))
    parts += [_Badge.of(demand, shelves, badge) for badge in badges(demand)]
    if not parts:
        raise EstimationError(
            f"the model holds neither slots nor badges. Terms: {', '.join(demand.names)}"
        )
    values = demand.values(lambda b: np.concatenate([part.effects(b) for part in parts]))
    return Swaps(
        tuple(term for part in parts for term in part.terms),
        tuple(part.against for part in parts for _ in part.terms),
        values,
        len(shelves.starts),
    )


def _has_slots(demand: Demand) -> bool:
    named = {name for name in demand.variables if name.startswith(("row_", "col_", "pos_"))}
    return "position" in demand.shelves.frame and bool(named | set(SLOT) & demand.variables)


@dataclass(frozen=True)
class _Slots:
    """Items that change places.

    Attributes:
        demand: The model.
        shelves: The shelves.
        X: (slots, rows, terms) attributes of every listing as if it stood in each slot.
        stands: (shelves, slots) row of the listing in each slot; -1 for none.
        own: (rows,) slot of each, counted from 0.
    """

    demand: Demand
    shelves: Shelves
    X: Floats
    stands: Ints
    own: Ints

    @classmethod
    def of(cls, demand: Demand, shelves: Shelves) -> "_Slots":
        frame = shelves.frame
        own = frame["position"].to_numpy(dtype=int) - 1
        sizes = np.diff(shelves.starts, append=len(own))
        if (own >= sizes[shelves.shelf]).any():
            raise EstimationError("slots are not counted from 1 to the size of each shelf")
        # of slots that some shelves lack nothing is said
        size = int(sizes.min())
        stands = np.full((len(shelves.starts), int(sizes.max())), -1)
        stands[shelves.shelf, own] = np.arange(len(own))
        columns = [name for name in SLOT if name in frame]
        there = [stands[shelves.shelf, slot] for slot in range(size)]
        X = [
            demand.matrix(frame.assign(**{n: frame[n].to_numpy()[at] for n in columns}))
            for at in there
        ]
        return cls(demand, shelves, np.array(X), stands[:, :size], own)

    @property
    def terms(self) -> list[str]:
        return [f"slot {slot + 1}" for slot in range(len(self.X) - 1)]

    @property
    def against(self) -> str:
        return f"slot {len(self.X)}"

    def effects(self, params: Floats) -> Floats:
        """Returns (slots - 1,) what each slot is worth, against the last."""
        shelf, size = self.shelves.shelf, len(self.X)
        weight, total, top = _weights(self.demand, params, self.shelves)
        movable = self.own < size
        utility = [self.demand.utility(params, self.shelves, X) - top[shelf] for X in self.X]
        as_if = np.exp(np.array(utility))
        mine = np.where(movable, self.own, 0)
        share = []
        for slot in range(size):
            there = self.stands[shelf, slot]
            moved = as_if[slot] + as_if[mine, there] - weight - weight[there]
            rest = total[shelf] + np.where(there == np.arange(len(shelf)), 0.0, moved)
            share.append((as_if[slot] / rest)[movable & self.shelves.alive].mean())
        return np.asarray(np.array(share[:-1]) - share[-1])


@dataclass(frozen=True)
class _Badge:
    """A badge that goes from one listing to another.

    Attributes:
        demand: The model.
        shelves: The shelves, without the badge where one listing of a shelf has it at a time.
        on: (rows, terms) attributes of every listing with the badge and none that excludes it.
        off: (rows, terms) without any of these.
        first: (pairs,) rows of one listing.
        other: (pairs,) rows of another of the same shelf.
        badge: Its name.
    """

    demand: Demand
    shelves: Shelves
    on: Floats
    off: Floats
    first: Ints
    other: Ints
    badge: str

    @classmethod
    def of(cls, demand: Demand, shelves: Shelves, badge: str) -> "_Badge":
        frame = shelves.frame
        cleared = dict.fromkeys(rivals(demand.shelves, badge, badges(demand)), 0)
        lone = single(demand.shelves, badge)
        rest = demand.changed(shelves, frame.assign(**{badge: 0})) if lone else shelves
        first, other = _pairs(shelves)
        if not len(first):
            raise EstimationError("no shelf has two listings that could change a badge")
        on, off = (demand.matrix(frame.assign(**cleared, **{badge: x})) for x in (1, 0))
        return cls(demand, rest, on, off, first, other, badge)

    @property
    def terms(self) -> list[str]:
        return [f"badge {self.badge}"]

    @property
    def against(self) -> str:
        return "on another listing"

    def effects(self, params: Floats) -> Floats:
        """Returns (1,) what having the badge, rather than another listing, is worth."""
        shelf = self.shelves.shelf
        weight, total, top = _weights(self.demand, params, self.shelves)
        on, off = (
            np.exp(self.demand.utility(params, self.shelves, X) - top[shelf])
            for X in (self.on, self.off)
        )
        i, k = self.first, self.other
        rest = total[shelf[i]] - weight[i] - weight[k]
        having, lacking = on[i] / (rest + on[i] + off[k]), off[i] / (rest + off[i] + on[k])
        return np.array([np.mean(having - lacking)])


def _weights(demand: Demand, params: Floats, shelves: Shelves) -> tuple[Floats, Floats, Floats]:
    """Weights of rows, their sums by shelf with the outside option's, and what they are over."""
    utility = demand.utility(params, shelves)
    top = np.maximum.reduceat(utility, shelves.starts)
    weight = np.exp(utility - top[shelves.shelf])
    outside = np.exp(-top) if demand.outside else 0.0
    return weight, np.add.reduceat(weight, shelves.starts) + outside, top


def _pairs(shelves: Shelves) -> tuple[Ints, Ints]:
    """Ordered pairs of listings that share a shelf and can be bought."""
    rows = pd.DataFrame({"shelf": shelves.shelf, "row": np.arange(len(shelves.shelf))})
    rows = rows[shelves.alive]
    both = rows.merge(rows, on="shelf", suffixes=("", "_other"))
    both = both[both["row"] != both["row_other"]]
    return both["row"].to_numpy(), both["row_other"].to_numpy()


def feasible_swaps(table: pd.DataFrame, asked: SwapsConfig) -> Found:
    """Returns what slots and badges are worth to each buyer and interface.

    Raises:
        EstimationError: If no model holds any.
    """
    found, said = answers(table, asked.name, asked, swaps)
    rows = [row for each in found for row in _rows(asked, *each)]
    return Found(_table(asked, found), [_plot(found)], said, rows)


def _table(asked: SwapsConfig, found: Sequence[tuple[Whose, Demand, Swaps]]) -> Table:
    heads = ("buyer · interface", "what an item has", "rather than", "points", "95 % interval", "p")
    lines = []
    for whose, _, one in found:
        v = one.values
        for i, term in enumerate(one.terms):
            limits = interval(100 * float(v.low[i]), 100 * float(v.high[i]), 1)
            value = number(100 * float(v.value[i]), 1)
            p = p_value(float(v.p_values[i]))
            lines.append((whose.name, term, one.against[i], value, limits, p))
    note = (
        "Points of an item's probability of being bought, mean over items and over "
        f"{found[0][2].shelves:,} shelves of the run, {given(found[0][1])}. The other listing of a "
        "swap takes what the item gives up: its slot, or the badge."
    )
    return Table(f"{asked.name} · feasible swaps", heads, tuple(lines), note)


def _plot(found: Sequence[tuple[Whose, Demand, Swaps]]) -> Plot:
    series = {
        whose.name: [
            Point(term, *(100 * float(x[i]) for x in (v.value, v.low, v.high)))
            for i, term in enumerate(one.terms)
        ]
        for whose, _, one in found
        for v in [one.values]
    }
    return Plot("Feasible swaps", "change of probability, points", series, reference=0.0)


def _rows(asked: SwapsConfig, whose: Whose, demand: Demand, one: Swaps) -> list[Estimate]:
    return [
        estimate_row(
            asked.name,
            whose,
            demand,
            estimator="feasible_swap",
            estimand=(
                f"change of an item's probability against {one.against[i]}, {given(demand)}; mean "
                f"over items and {one.shelves:,} shelves of the run"
            ),
            term=term,
            **numbers(one.values, i, test=True),
        )
        for i, term in enumerate(one.terms)
    ]
