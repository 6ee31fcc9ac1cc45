"""How an update's changes are told: products that gained and lost, coefficients, joint tests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.types import Estimate
from analysis.display import (
    Plot,
    Point,
    Table,
    interval,
    listed,
    number,
    p_equals,
    p_value,
    points_with_limits,
    with_limits,
)
from analysis.drift import Settings, ShareDrift, TermDrift, battery, share_drift, term_drift
from analysis.stacked import Contrast


@dataclass(frozen=True)
class DriftOfShares:
    """Which products gained and lost, and whether any did.

    Attributes:
        asked: What is asked.
        found: Per interface.
    """

    asked: Settings
    found: Sequence[ShareDrift]

    @property
    def notes(self) -> list[str]:
        """Joint tests, and what is missing."""
        return [note for one in self.found for note in self._notes(one)]

    def _notes(self, one: ShareDrift) -> Iterator[str]:
        start = f"{self.asked.name}, {one.interface}"
        gained = [f"{p} {v}" for i, (_, p) in enumerate(one.items) if (v := one.verdict(i))]
        moved = "shares moved" if one.update.joint_p < 0.05 else "no change of shares shown"
        yield (
            f"{start}: {moved} between versions ({p_equals(one.update.joint_p)}, all products at "
            f"once); {listed(gained, 8) or 'no product'} at a false discovery rate of 5 %"
        )
        same = f"the old version against itself: {p_equals(one.replicate.joint_p)}"
        if one.replicate.joint_p < 0.05:
            yield (
                f"{start}: {same}. Runs of one version differ by more than chance within worlds, "
                "so that the change can't be put down to the update"
            )
        else:
            yield f"{start}: {same}, as it should be"
        if one.missing:
            counts = ", ".join(f"{n:,} {version}" for version, n in one.missing.items())
            yield f"{start}: trials without an outcome, left out: {counts}"

    @property
    def table(self) -> Table:
        """Products from the greatest gain to the greatest loss."""
        heads = (
            *("interface", "task", "product", "old, %", "new, %", "change", "95 % interval"),
            *("same version", "p", "p (BH)", "verdict"),
        )
        lines = tuple(tuple(self._line(one, i)) for one in self.found for i in _order(one))
        note = (
            "Shares of trials; changes in points, intervals by world. Same version: the change "
            "between runs of the old one. P-values by exchanging versions within worlds; "
            "Benjamini-Hochberg over products."
        )
        return Table(f"{self.asked.name} · products", heads, lines, note)

    def _line(self, one: ShareDrift, i: int) -> Iterator[str]:
        task, product = one.items[i]
        yield from (one.interface, task, product)
        yield from (number(100 * one.shares[i, k], 1) for k in range(2))
        value, low, high = (100 * part[i] for part in one.interval)
        yield from (number(value, 1), interval(low, high, 1), number(100 * one.same[i], 1))
        yield from (p_value(one.update.p_value[i]), p_value(one.adjusted[i]), one.verdict(i))

    @property
    def answer(self) -> list[str]:
        """Whether the update moved shares, and which most."""
        return [self._answer(one) for one in self.found]

    def _answer(self, one: ShareDrift) -> str:
        i = max(range(len(one.items)), key=lambda i: abs(one.change[i]))
        change = points_with_limits(*(float(part[i]) for part in one.interval))
        moved = one.update.joint_p < 0.05
        start = "the update changed what is bought" if moved else "no change of shares is shown"
        most = f"{one.items[i][1]} moved most, by {change}"
        again = (
            " Runs of one version differ as well, so that this can't be put down to the update."
            if one.replicate.joint_p < 0.05
            else ""
        )
        where = f" through {one.interface}" if len(self.found) > 1 else ""
        p = p_equals(one.update.joint_p)
        return f"{start}{where} ({p}, all products at once); {most}.{again}"

    @property
    def plots(self) -> list[Plot]:
        """Changes of shares, beside those between runs of the old version."""
        return [self._plot(one, task) for one in self.found for task in _tasks(one)]

    def _plot(self, one: ShareDrift, task: str) -> Plot:
        own = [i for i in _order(one) if one.items[i][0] == task]
        points = [
            Point(one.items[i][1], *(100 * float(part[i]) for part in one.interval)) for i in own
        ]
        twin = [Point(one.items[i][1], 100 * float(one.same[i])) for i in own]
        title = " · ".join(filter(None, [f"{self.asked.name}: shares", task, one.interface]))
        series = {"update": points, "same version": twin}
        return Plot(title, "change of share, points", series, reference=0.0)

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: changes of shares, and joint tests."""
        return [row for one in self.found for row in self._estimates(one)]

    def _estimates(self, one: ShareDrift) -> Iterator[Estimate]:
        common: dict[str, Any] = {
            "buyer": "+".join(self.asked.new),
            "interface": one.interface,
            "analysis": self.asked.name,
            "n_trials": one.trials,
            "n_clusters": one.update.worlds,
        }
        for i, (task, product) in enumerate(one.items):
            value, low, high = (float(part[i]) for part in one.interval)
            yield Estimate(
                **common,
                task_id=task,
                product_id=product,
                estimand=f"change of the share of trials since {' and '.join(self.asked.old)}",
                estimator="drift_share",
                term="share",
                estimate=value,
                ci_low=low,
                ci_high=high,
                p_value=float(one.update.p_value[i]),
            )
        for what, test in (("update", one.update), ("same version", one.replicate)):
            yield Estimate(
                **common,
                estimand=f"sum of squared standardised changes of all shares: {what}",
                estimator="drift_share_joint",
                term=f"joint[{what}]",
                estimate=test.statistic,
                p_value=test.joint_p,
            )


def _order(one: ShareDrift) -> list[int]:
    """Items by task, from the greatest gain to the greatest loss."""
    tasks = _tasks(one)
    return sorted(
        range(len(one.items)), key=lambda i: (tasks.index(one.items[i][0]), -one.change[i])
    )


def _tasks(one: ShareDrift) -> list[str]:
    return list(dict.fromkeys(task for task, _ in one.items))


@dataclass(frozen=True)
class DriftOfTerms:
    """Which coefficients moved, and whether any did.

    Attributes:
        asked: What is asked.
        found: Per interface.
        notes: What could not be estimated.
    """

    asked: Settings
    found: Sequence[TermDrift]
    notes: list[str] = field(default_factory=list)

    @property
    def table(self) -> Table:
        """Coefficients, their changes, and the joint tests."""
        heads = (
            *("interface", "term", "old", "new", "change", "95 % interval"),
            *("same version", "95 % interval", "p", "p (BH)"),
        )
        lines = [line for one in self.found for line in self._lines(one)]
        note = (
            "Log-odds given a purchase, errors clustered by world. Same version: other runs of the "
            "old one less its first. All terms: F of no change. Benjamini-Hochberg over terms."
        )
        return Table(f"{self.asked.name} · coefficients", heads, tuple(lines), note)

    def _lines(self, one: TermDrift) -> Iterator[tuple[str, ...]]:
        for i, term in enumerate(self.asked.terms):
            update, twin = one.update, one.replicate
            yield (
                *(one.interface, term, number(one.old.value[i]), number(one.new.value[i])),
                *(number(update.value[i]), interval(update.low[i], update.high[i])),
                *(number(twin.value[i]), interval(twin.low[i], twin.high[i])),
                *(p_value(update.p[i]), p_value(one.adjusted[i])),
            )
        joint, same = one.update.joint, one.replicate_joint
        again = f"F = {number(same.statistic, 2)}" if same.df else "identical"
        p = p_equals(same.p_value) if same.df else ""
        whole = f"F = {number(joint.statistic, 2)}"
        yield (one.interface, "all terms", "", "", whole, "", again, p, p_value(joint.p_value), "")

    @property
    def answer(self) -> list[str]:
        """Whether the update moved tastes, and which most for its error."""
        return [self._answer(one) for one in self.found]

    def _answer(self, one: TermDrift) -> str:
        update, p = one.update, one.update.joint.p_value
        i = int(np.argmin(update.p))
        change = with_limits(update.value[i], update.low[i], update.high[i], digits=2)
        start = "what moves its choices changed" if p < 0.05 else "no change of tastes is shown"
        where = f" through {one.interface}" if len(self.found) > 1 else ""
        return (
            f"{start}{where} ({p_equals(p)}, all terms at once); clearest in "
            f"{self.asked.terms[i]}: by {change} in log-odds."
        )

    @property
    def plots(self) -> list[Plot]:
        """Changes of coefficients, beside those between runs of the old version."""
        return [
            Plot(
                f"{self.asked.name}: coefficients, {one.interface}",
                "change of log-odds",
                {
                    "update": _points(self.asked.terms, one.update),
                    "same version": _points(self.asked.terms, one.replicate),
                },
                reference=0.0,
            )
            for one in self.found
        ]

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: changes of coefficients, and joint tests."""
        return [row for one in self.found for row in self._estimates(one)]

    def _estimates(self, one: TermDrift) -> Iterator[Estimate]:
        common: dict[str, Any] = {
            "buyer": "+".join(self.asked.new),
            "interface": one.interface,
            "analysis": self.asked.name,
            "n_trials": one.trials,
            "n_clusters": one.worlds,
        }
        for kind, told in (("update", one.update), ("replicate", one.replicate)):
            for i, term in enumerate(self.asked.terms):
                yield Estimate(
                    **common,
                    estimand=f"change of log-odds given a purchase: {kind}",
                    estimator="drift_term" if kind == "update" else "drift_term_same_version",
                    term=term,
                    estimate=float(told.value[i]),
                    std_error=float(told.error[i]),
                    ci_low=float(told.low[i]),
                    ci_high=float(told.high[i]),
                    p_value=float(told.p[i]),
                )
        for what, test in (("update", one.update.joint), ("same version", one.replicate_joint)):
            yield Estimate(
                **common,
                estimand=f"F of no change of any coefficient: {what}",
                estimator="drift_term_joint",
                term=f"joint[{what}]",
                estimate=test.statistic,
                p_value=test.p_value,
            )


def _points(terms: Sequence[str], contrast: Contrast) -> list[Point]:
    parts = (contrast.value, contrast.low, contrast.high)
    return [Point(term, *(float(part[i]) for part in parts)) for i, term in enumerate(terms)]


def drift(table: pd.DataFrame, asked: Settings) -> list[DriftOfShares | DriftOfTerms]:
    """Returns what the update changed, in shares and in coefficients, interface by interface.

    Raises:
        EstimationError: If there is no update to judge, or no replicate to judge it against.
    """
    rows = battery(table, asked)
    parts = [(str(name), rows[rows["interface"] == name]) for name in rows["interface"].unique()]
    shares = [share_drift(part, name, asked.name) for name, part in parts]
    terms, notes = [], []
    for name, part in parts:
        try:
            terms.append(term_drift(part, name, asked))
        except EstimationError as error:
            notes.append(f"{asked.name}, {name}: no coefficients: {error}")
    moved: list[DriftOfShares | DriftOfTerms] = [DriftOfShares(asked, shares)]
    return [*moved, DriftOfTerms(asked, terms, notes)]
