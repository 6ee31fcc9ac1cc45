"""Who takes the cheapest of listings that are otherwise alike: by gap and by its slot."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import pandas as pd

from aces.types import Estimate
from analysis.display import Plot, Point, Table, interval, number, percent, with_limits
from analysis.ladders.arms import Arm
from analysis.perception import share_with_interval

ANY = "any slot"
MOST_COLUMNS = 4
"""Of shares that are shown with their intervals."""


@dataclass(frozen=True)
class LadderShares:
    """Share of the cheapest by gap and order.

    Attributes:
        name: Of the analysis.
        arms: Buyers.
    """

    name: str
    arms: Sequence[Arm]

    @property
    def notes(self) -> list[str]:
        """What must be said beside the shares: nothing that the table does not say."""
        return []

    @property
    def table(self) -> Table:
        """The shares for people, in percent."""
        slots = [f"slot {i}" for i in range(1, 1 + max(arm.size for arm in self.arms))]
        lines = tuple(line for arm in self.arms for line in _lines(arm, [*slots, ANY]))
        heads = ("buyer · interface", "gap", "purchases", *slots, ANY)
        note = (
            "Percent of purchases that took the cheapest where it stood in that slot; without a "
            "gap, the slot. Wilson's intervals, one purchase for each world."
        )
        if any(arm.locked for arm in self.arms):
            note += " Over all slots nothing is said of a buyer that is locked to one."
        return Table(f"{self.name} · share of the cheapest", heads, lines, note)

    @property
    def answer(self) -> list[str]:
        """How often the cheapest is taken at the smallest gap and at the largest."""
        said = []
        for arm in self.arms:
            curve = list(_points(arm, ANY))
            if curve:
                shares = [
                    f"{with_limits(p.value, p.low, p.high, unit='%')} at a gap of {float(p.at):g} %"
                    for p in dict.fromkeys((curve[0], curve[-1]))
                ]
                said.append(
                    f"{arm.name} takes the cheapest of {arm.size} listings that are otherwise "
                    f"alike in {' and in '.join(shares)}; by chance in {percent(1 / arm.size)}."
                )
        return said

    @property
    def plots(self) -> list[Plot]:
        """The curves of all buyers, and of each by the slot of the cheapest."""
        free = [arm for arm in self.arms if not arm.locked]
        curves = {arm.name: list(_points(arm, ANY)) for arm in free}
        sizes = {arm.size for arm in free}
        chance = 100 / sizes.pop() if len(sizes) == 1 else None
        look = {"value": "share of the cheapest, %", "along": "gap, %", "reference": chance}
        by_slot = [
            Plot(
                f"By slot of the cheapest: {arm.name}",
                series={
                    f"slot {i}": list(_points(arm, f"slot {i}")) for i in range(1, arm.size + 1)
                },
                **look,  # type: ignore[arg-type]
            )
            for arm in free
        ]
        return [Plot("Price ladder", series=curves, **look), *by_slot]  # type: ignore[arg-type]

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`; what is withheld of the locked without numbers."""
        return [row for arm in self.arms for row in self._of_arm(arm)]

    def _of_arm(self, arm: Arm) -> Iterator[Estimate]:
        common = {**arm.group, "analysis": self.name, "estimator": "ladder_share"}
        for gap, where, found in ladder_shares(arm):
            what = f"of the cheapest of {arm.size}, {where}"
            what = what if gap else f"from {where}, {arm.size} equal listings"
            yield Estimate(
                **common,
                estimand=f"share of purchases {what}",
                term=f"cheapest[gap={gap:g}, {where}]",
                estimate=found["rate"],
                ci_low=found["ci_low"],
                ci_high=found["ci_high"],
                n_trials=int(found["n"] or 0),
                n_clusters=int(found["worlds"] or 0),
            )
        for gap in sorted(set(arm.trials["gap"].tolist())) if arm.locked else ():
            if gap:
                term = f"cheapest[gap={gap:g}, {ANY}]"
                yield Estimate(
                    **common, estimand=f"withheld: {arm.locked}", term=term, estimate=None
                )


Found = dict[str, float | None]


def ladder_shares(arm: Arm) -> Iterator[tuple[float, str, Found]]:
    """Yields gap, slot of the cheapest (`any slot` last) and the share that took it.

    Without a gap no listing is the cheapest: the share is that of the slot. A locked buyer has no
    share over all slots, which would look like indifference.
    """
    trials = arm.trials
    for gap in sorted(set(trials["gap"].tolist())):
        part = trials[trials["gap"] == gap]
        taken = part["position"] == part["cheapest"]
        for slot in range(1, arm.size + 1):
            here = part["cheapest"] == slot
            if gap and here.any():
                yield float(gap), f"slot {slot}", _share(part[here], taken[here])
            elif not gap:
                yield 0.0, f"slot {slot}", _share(part, part["position"] == slot)
        if gap and not arm.locked:
            yield float(gap), ANY, _share(part, taken)


def _share(part: pd.DataFrame, taken: "pd.Series[bool]") -> Found:
    worlds = part["world_id"].nunique()
    counts = {"taken": int(taken.sum()), "n": len(part), "worlds": worlds}
    return {**counts, **share_with_interval(counts["taken"], counts["n"], worlds)}


def _lines(arm: Arm, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """A line per gap: purchases, then the share for each slot; of many slots without interval."""
    for gap, several in groupby(ladder_shares(arm), key=lambda one: one[0]):
        cells = {where: _cell(found, len(columns)) for _, where, found in several}
        n = int((arm.trials["gap"] == gap).sum())
        shares = (cells.get(where, "") for where in columns)
        yield (arm.name, f"{100 * gap:g} %", f"{n:,}", *shares)


def _cell(found: Found, columns: int) -> str:
    rate, low, high = (100 * (found[name] or 0.0) for name in ("rate", "ci_low", "ci_high"))
    limits = "" if columns > MOST_COLUMNS else f" {interval(low, high, 0)}"
    return f"{number(rate, 0)}{limits}"


def _points(arm: Arm, wanted: str) -> Iterator[Point]:
    for gap, where, found in ladder_shares(arm):
        if where == wanted:
            rate, low, high = (100 * (found[end] or 0.0) for end in ("rate", "ci_low", "ci_high"))
            yield Point(100 * gap, rate, low, high)
