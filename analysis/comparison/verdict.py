"""Did the update change what it buys, and why: one pair of versions, and the sentence about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aces.stats.intervals import critical_value
from aces.stats.multiplicity import benjamini_hochberg
from analysis.comparison.arms import Pair
from analysis.comparison.endings import OddOneOut
from analysis.comparison.movers import Mover, movers
from analysis.comparison.shares import ShareChanges
from analysis.comparison.tastes import (
    LEVEL,
    NOISE,
    SEVERAL_PRODUCTS,
    Cause,
    Ratio,
    Shared,
    Tastes,
    ratios,
)
from analysis.display import counted, interval, listed, number, p_equals
from analysis.term_families import PRICE, families

FEW_CAUSES = 3
"""More single causes than these that suffice are none."""
SPEAKING_WORLDS = 10
"""Worlds in which runs differ, for each coefficient; with fewer no interval of a cause is told."""
TOP = 6
"""Movers taken apart."""


@dataclass(frozen=True)
class Versions:
    """All that is found of two versions.

    Attributes:
        pair: Who.
        shares: Of products.
        odd: Worlds in which one of three differs; None without a replicate.
        tastes: Coefficients that are tested; None where there are none.
        whole: With all products that both bought; None where there are none.
        fits: The old version's runs, and the new one's.
        equal: Pairs of trials with equal outcomes, and pairs; both 0 without shared worlds.
        adjusted: P-value of any change, adjusted for all pairs of the command.
        notes: What must be said beside.
        differing: Worlds in which the runs did not end alike; None where they share none.
    """

    pair: Pair
    shares: ShareChanges
    odd: OddOneOut | None
    tastes: Shared | None
    whole: Shared | None
    fits: tuple[Sequence[Tastes], Tastes] | None
    equal: tuple[int, int]
    adjusted: float = np.nan
    notes: tuple[str, ...] = ()
    differing: int | None = None

    @property
    def few(self) -> bool:
        """Whether so few worlds speak of a change that its covariance is hardly known.

        Deterministic versions differ in few worlds, however many they met: of how far a cause
        moved, intervals are then far too narrow (`benchmarks/results/comparison.md`).
        """
        if self.tastes is None or self.differing is None:
            return False
        return self.differing < SPEAKING_WORLDS * len(self.tastes.fits.first)

    @property
    def identical(self) -> bool:
        """Whether all paired outcomes are equal."""
        return self.equal[0] == self.equal[1] > 0

    @cached_property
    def tests(self) -> dict[str, float]:
        """Test of any change -> its p-value."""
        found = {"shares of all products": self.shares.update.joint_p}
        if self.tastes is not None:
            found["all coefficients"] = self.tastes.change.joint.p_value
            found["terms"] = self.tastes.joint(range(len(self.tastes.terms))).p_value
        if self.odd is not None:
            found["odd one out"] = self.odd.p_value
        return {name: p for name, p in found.items() if not np.isnan(p)}

    @property
    def p_value(self) -> float:
        """Of any change: the smallest of the tests, times their number."""
        return min(1.0, len(self.tests) * min(self.tests.values(), default=1.0))

    @property
    def p_same(self) -> float:
        """That the old version's own runs do not differ; NaN without a replicate."""
        again = self.shares.replicate
        found = [np.nan if again is None else again.joint_p]
        if self.tastes is not None and self.tastes.same_version is not None:
            found.append(self.tastes.same_version.joint.p_value)
        found = [p for p in found if not np.isnan(p)]
        return min(1.0, len(found) * min(found)) if found else np.nan

    @property
    def changed(self) -> bool:
        """Whether any change is shown."""
        p = self.p_value if np.isnan(self.adjusted) else self.adjusted
        return p < LEVEL

    @property
    def tastes_changed(self) -> bool:
        """Whether coefficients are shown to have."""
        own = [self.tests.get(name, 1.0) for name in ("all coefficients", "terms")]
        return len(own) * min(own) < LEVEL

    @property
    def causes(self) -> list[Cause]:
        """What alone explains the changed coefficients; empty where they are not shown to be."""
        return self.tastes.causes if self.tastes is not None and self.tastes_changed else []

    @cached_property
    def term_p(self) -> list[float]:
        """P-values of the terms' changes, Benjamini-Hochberg."""
        if self.tastes is None:
            return []
        return list(benjamini_hochberg(self.tastes.change.p[: len(self.tastes.terms)]))

    @cached_property
    def ratios(self) -> list[Ratio]:
        """Coefficients over that of price; none without one."""
        price = next((p for p in PRICE if self.tastes and p in self.tastes.terms), None)
        return ratios(self.tastes, price) if self.tastes is not None and price else []

    @cached_property
    def movers(self) -> list[Mover]:
        """The products that moved most, taken apart."""
        if self.whole is None or self.fits is None:
            return []
        order = np.argsort(-np.abs(self.shares.change))
        names = [self.shares.items[i][1] for i in order]
        known = {name for pair in self.whole.contrasts for name in pair}
        top = [name for name in names if name in known][:TOP]
        return movers(self.whole, *self.fits, top, paired=self.pair.paired)

    @cached_property
    def largest_term(self) -> tuple[float, str] | None:
        """Size that every term's change is below with 95 % confidence, and the term it is of."""
        if self.tastes is None or self.identical:
            return None
        k = len(self.tastes.terms)
        half = critical_value(0.9, self.tastes.fits.df) * self.tastes.change.error[:k]
        bounds = np.abs(self.tastes.change.value[:k]) + half
        return float(bounds.max()), self.tastes.terms[int(bounds.argmax())]

    @property
    def sentence(self) -> str:
        """The answer."""
        return _yes(self) if self.changed else _no(self)


def _yes(found: Versions) -> str:
    old, new = found.pair.names
    p = found.p_value if np.isnan(found.adjusted) else found.adjusted
    said = f"Yes: {new} does not buy as {old} does ({p_equals(p)}): {_why(found)}"
    moved = [
        f"{listed(names, 3)} {verdict}"
        for verdict in ("gained", "lost")
        if (names := found.shares.moved(verdict))
    ]
    said += f"; {' and '.join(moved)}." if moved else "; no product is shown to gain or lose."
    if found.p_same < LEVEL:
        said = said.replace("Yes:", "Yes, but the update need not be why:", 1)
        said += f" {old} does not agree with its own replicate ({p_equals(found.p_same)})."
    return said


def _why(found: Versions) -> str:
    if found.tastes is None:
        return "why can't be said, as there are no coefficients"
    if not found.tastes_changed:
        return "what moved are shares; no coefficient is shown to have changed"
    causes = found.causes
    if not causes:
        terms = [t for t, p in zip(found.tastes.terms, found.term_p, strict=True) if p < LEVEL]
        named = f" ({listed(terms)} among it)" if terms else ""
        return f"more than two things changed at once{named}"
    told = _told(found, causes[0])
    others = [one.name for one in causes[1:]]
    if len(causes) > FEW_CAUSES:
        return f"{told} would explain it, but so would {listed(others, 2)}: more worlds would tell"
    if others:
        return f"{told} explains it, though {listed(others)} instead would too"
    return f"{told}; nothing else need have changed"


def _told(found: Versions, cause: Cause) -> str:
    """A cause with its numbers."""
    assert found.tastes is not None
    return " and ".join(_part(found, found.tastes, cause, part) for part in cause.parts)


def _part(found: Versions, tastes: Shared, cause: Cause, part: str) -> str:
    """One of a cause's parts, by how much it moved if nothing else did."""
    one = cause.found
    if part == NOISE:
        limits = "" if found.few else f" {interval(one.low, one.high, 2)}"
        scale = f"{number(one.scale, 2)} times{limits}"
        more = "more" if one.scale < 1 else "less"
        return f"{more} noise (all coefficients are {scale} what they were)"
    if part == SEVERAL_PRODUCTS:
        return "the appeal of several products"
    critical = critical_value(0.95, one.df)
    start = sum(
        tastes.single[before][0].shape[1] for before in cause.parts[: cause.parts.index(part)]
    )
    own = families(tastes.terms).get(part, (part,))
    told = []
    for i, name in enumerate(own, start):
        value, half = float(one.moved[i]), critical * float(one.error[i])
        plus = "+" if value > 0 else ""
        limits = "" if found.few else f" {interval(value - half, value + half, 2)}"
        shown = f"{name} {plus}{number(value, 2)}{limits}"
        told.append((abs(value) / half if half else np.inf, shown))
    clearest = [words for _, words in sorted(told, reverse=True)][:2]
    what = "appeal of a product" if part in tastes.products else f"taste for {part}"
    return f"the {what} ({listed(clearest)} in log-odds)"


def _no(found: Versions) -> str:
    old, new = found.pair.names
    bounds = [f"{number(100 * found.shares.largest, 1)} points in a product's share"]
    if found.largest_term is not None:
        bounds.append(f"{number(found.largest_term[0], 2)} in a log-odds ({found.largest_term[1]})")
    said = (
        f"No change larger than {' or '.join(bounds)} could be seen between {old} and {new} "
        f"(95 % confidence)"
    )
    if found.identical:
        return f"{said}: all {counted(found.equal[1], 'paired outcome')} are equal."
    return f"{said}; smaller ones may be there."
