"""From impression to order: where a listing stands, what is opened, and what is bought of that.

Clicks and purchases are told apart as in Ursu, R. M. (2018), The power of rankings: quantifying the
effect of rankings on online consumer search and purchase decisions, Marketing Science 37, 530-552.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.shares import wilson_interval
from aces.types import Estimate
from analysis.choice_model import ConditionalLogit
from analysis.choice_result import ConditionalLogitResult
from analysis.choice_sample import require_column
from analysis.display import (
    Plot,
    Point,
    Table,
    counted,
    interval,
    listed,
    number,
    percent_with_limits,
    with_limits,
)
from analysis.fits import GROUP, arm_names, groups

COMPLETED = ("chosen", "abstained")
STAGES = {
    "click": "clicked, given that it was seen",
    "purchase_given_click": "bought, given that it was opened",
    "purchase": "bought, as assigned",
}
SELECTION = (
    "Where the order is random, what a slot does to clicks and to purchases is the slot's doing. "
    "Given a click that holds only if what the terms leave out is alike in the opened listings "
    "of all slots: a listing that is opened in a bad slot tends to be better than the terms say, "
    "which makes its slot look good given a click (Ursu 2018)."
)


PLACES = {"row_1": "in row 1 against the last row", "pos_1": "in slot 1 against the last slot"}
PLACED = {
    "click": "the odds that a listing seen is opened are",
    "purchase_given_click": "the odds that one opened is bought are",
}
"""Stages that answer what a place does, in words."""


class Ratio(NamedTuple):
    """One stage of the funnel in one slot: so many of so many."""

    name: str
    told: str
    of: str
    done: str
    shown: bool = True
    """Whether the table has its interval."""


RATIOS = (
    Ratio("click_rate", "clicked of seen", "seen", "clicked"),
    Ratio("cart_rate", "in cart of clicked", "clicked", "carted", shown=False),
    Ratio("order_rate", "bought of in cart", "carted", "chosen", shown=False),
    Ratio("purchase_rate", "bought of all", "shown", "chosen"),
)


def stages(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows of completed trials, with what happened to each listing as 0 and 1.

    What was opened was seen; where the window is not known, everything was. A cart counts given
    a click, and an order given a cart, where the steps before were taken.

    Raises:
        EstimationError: If the table does not say what was clicked and put into carts.
    """
    if "carted" not in table:
        raise EstimationError(
            "a funnel needs buyers that browse: `interface: {use: json, mode: browse}`"
        )
    for column in ("position", "clicked", "seen", "world_id", "trial_id", "status"):
        require_column(table, column)
    rows = table[table["status"].isin(COMPLETED)]
    if rows.empty:
        raise EstimationError("no trial was completed")
    seen = (rows["seen"].ne(0) | rows["clicked"].eq(1)).astype(int)
    return rows.assign(seen=seen, shown=1)


@dataclass(frozen=True)
class FunnelRates:
    """How many listings of each slot go on from each stage to the next.

    Attributes:
        name: Of the analysis.
        data: The long table.
    """

    name: str
    data: pd.DataFrame

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A row per buyer and interface, slot and stage."""
        done = stages(self.data)
        names = arm_names(self.data)
        return [
            {**group, "whose": names[tuple(group.values())], "slot": slot, **rate}
            for group, part in groups(self.data)
            for met in [done[done.index.isin(part.index)]]
            for slot in sorted(map(int, met["position"].unique()))
            for rate in _rates(met[met["position"] == slot])
        ]

    @property
    def notes(self) -> list[str]:
        """What must be said beside the rates: who is in none of them, and who skipped a stage."""
        done = stages(self.data)
        lost = self.data[~self.data["status"].isin(COMPLETED)].drop_duplicates("trial_id")
        counts = [f"{n:,} {status}" for status, n in lost["status"].value_counts().items()]
        notes = [f"{self.name}: left out: {', '.join(counts)}"] if counts else []
        skipped = int(((done["chosen"] == 1) & (done["clicked"] == 0)).sum())
        if skipped:
            notes.append(
                f"{self.name}: {counted(skipped, 'purchase')} of listings that were never opened: "
                "they are among all purchases, and in no figure given a click"
            )
        return notes

    @property
    def table(self) -> Table:
        """The rates for people, in percent."""
        heads = ["buyer · interface", "slot", "seen"]
        for ratio in RATIOS:
            heads += [f"{ratio.told}, %", *(["95 % interval"] if ratio.shown else [])]
        lines: dict[tuple[str, int], list[str]] = {}
        for row in self.rows:
            start = [row["whose"], str(row["slot"]), f"{row['seen']:,}"]
            line = lines.setdefault((row["whose"], row["slot"]), start)
            line.append(number(_percent(row["value"]), 1))
            if row["ratio"].shown:
                line.append(interval(_percent(row["low"]), _percent(row["high"]), 1))
        note = (
            "Listings of completed trials, each counted once per trial. Wilson's intervals; those "
            "of all stages are in estimates.csv."
        )
        table = tuple(map(tuple, lines.values()))
        return Table(f"{self.name} · stages by slot", tuple(heads), table, note)

    @property
    def plots(self) -> list[Plot]:
        """Rates along the slots, a plot for each stage that matters."""
        return [self._plot(RATIOS[0]), self._plot(RATIOS[3])]

    @property
    def answer(self) -> list[str]:
        """How much more often the first slot is opened than the last, of each buyer."""
        slots: dict[str, list[dict[str, Any]]] = {}
        for row in self.rows:
            if row["ratio"] is RATIOS[0] and row["value"] is not None:
                slots.setdefault(row["whose"], []).append(row)
        return [
            f"{whose} opens {_rate_text(own[0])} of the listings that it sees in slot "
            f"{own[0]['slot']}, and {_rate_text(own[-1])} of those in slot {own[-1]['slot']}."
            for whose, own in slots.items()
        ]

    def _plot(self, ratio: Ratio) -> Plot:
        series: dict[str, list[Point]] = {}
        for row in self.rows:
            if row["ratio"] is ratio and row["value"] is not None:
                values = (_percent(row[name]) for name in ("value", "low", "high"))
                series.setdefault(row["whose"], []).append(Point(row["slot"], *values))  # type: ignore[arg-type]
        return Plot(f"{self.name}: {ratio.told}", "share, %", series, along="slot")

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: every stage's rate in every slot."""
        return [
            Estimate(
                **{name: row[name] for name in GROUP},
                analysis=self.name,
                estimand=f"share of listings {row['ratio'].told}, by slot",
                estimator="funnel_rate",
                term=f"{row['ratio'].name}[pos_{row['slot']}]",
                estimate=row["value"],
                ci_low=row["low"],
                ci_high=row["high"],
                n_trials=row["n"],
            )
            for row in self.rows
        ]


def _rate_text(row: Mapping[str, Any]) -> str:
    return percent_with_limits(row["value"], row["low"], row["high"])


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _rates(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The rates of one slot; trials that met one world count as one."""
    seen = int(rows["seen"].sum())
    for ratio in RATIOS:
        met = rows[rows[ratio.of] == 1]
        common = {"ratio": ratio, "n": len(met), "seen": seen}
        if met.empty:
            yield {**common, "value": None, "low": None, "high": None}
            continue
        weight = met["world_id"].nunique() / len(met)
        done = float(met[ratio.done].sum())
        low, high = wilson_interval([done * weight], len(met) * weight)
        yield {**common, "value": done / len(met), "low": float(low[0]), "high": float(high[0])}


@dataclass(frozen=True)
class FunnelEffects:
    """What slots, prices and marks do to clicks, to purchases given a click, and to purchases.

    Attributes:
        name: Of the analysis.
        data: The long table.
        terms: What may move each stage.
        effects: Column with a coefficient for each level; None for none.
        cluster: Unit of randomisation.
    """

    name: str
    data: pd.DataFrame
    terms: tuple[str, ...]
    effects: str | None = "product_id"
    cluster: str = "world_id"

    @cached_property
    def fits(self) -> list[tuple[Mapping[str, str], str, str, ConditionalLogitResult | str]]:
        """Whose (as columns and in words), stage, and its fit or why there is none."""
        if not self.terms:
            raise EstimationError("nothing varies between worlds: there is no effect to estimate")
        done = stages(self.data)
        names = arm_names(self.data)
        return [
            (group, names[tuple(group.values())], stage, self._try(part, stage))
            for group, rows in groups(self.data)
            for part in [done[done.index.isin(rows.index)]]
            for stage in STAGES
        ]

    def _try(self, rows: pd.DataFrame, stage: str) -> ConditionalLogitResult | str:
        try:
            return self._fit(rows, stage)
        except EstimationError as error:
            return str(error)

    def _fit(self, rows: pd.DataFrame, stage: str) -> ConditionalLogitResult:
        """Logits: of each listing by itself, or of one among those opened or none of them."""
        if stage == "purchase_given_click":
            part, sets, outcome = opened(rows), "trial_id", "chosen"
        else:
            outcome = "clicked" if stage == "click" else "chosen"
            part = rows[rows["seen"] == 1] if stage == "click" else rows
            part, sets = part.assign(listing=np.arange(len(part))), "listing"
        constant = ["1"] if self.effects is None else []
        return ConditionalLogit.from_formula(
            f"{outcome} ~ {' + '.join([*constant, *self.terms])}",
            part.drop(columns="status"),  # every listing, or trial, here has an outcome
            choice_set=sets,
            effects=self.effects,
            cluster=self.cluster,
            outside=True,
        ).fit()

    @property
    def notes(self) -> list[str]:
        """What must be said beside the effects."""
        return [
            f"{self.name}, {whose}, {stage.replace('_', ' ')}: no estimates: {found}"
            for _, whose, stage, found in self.fits
            if isinstance(found, str)
        ]

    def _of(self, whose: str) -> dict[str, ConditionalLogitResult]:
        return {
            stage: found
            for _, name, stage, found in self.fits
            if name == whose and not isinstance(found, str)
        }

    @property
    def table(self) -> Table:
        """Log-odds of each term at each stage."""
        heads = ["buyer · interface", "term"]
        for stage in STAGES:
            heads += [stage.replace("_", " "), "95 % interval"]
        lines = []
        for whose in dict.fromkeys(name for _, name, _, _ in self.fits):
            found = self._of(whose)
            for term in self.terms:
                cells = [text for stage in STAGES for text in _cells(found.get(stage), term)]
                lines.append((whose, term, *cells))
        note = (
            "Log-odds: of a click for each listing seen; of buying one of the opened listings or "
            "none of them; of a purchase for each listing shown. Errors clustered by "
            f"{self.cluster}{self._sizes()}. {SELECTION}"
        )
        return Table(f"{self.name} · effects by stage", tuple(heads), tuple(lines), note)

    def _sizes(self) -> str:
        found = {fit.n_clusters or 0 for *_, fit in self.fits if not isinstance(fit, str)}
        return f", {min(found):,} to {max(found):,} of them" if found else ""

    @property
    def answer(self) -> list[str]:
        """What the first row or slot does to clicks and to purchases given a click."""
        term = next((t for t in self.terms if t in PLACES), None)
        said = []
        for whose in dict.fromkeys(name for _, name, _, _ in self.fits) if term else ():
            odds = {
                stage: np.exp([fit.params[term], *fit.conf_int().loc[term]])
                for stage, fit in self._of(whose).items()
                if stage in PLACED
            }
            told = [
                f"{PLACED[stage]} {with_limits(*ends, unit='times as high')}"
                for stage, ends in odds.items()
            ]
            if told:
                said.append(f"{whose}: {PLACES[str(term)]}, {listed(told)}.")
        return said

    @property
    def plots(self) -> list[Plot]:
        """Effects of slots at each stage, a plot for each buyer."""
        slots = [term for term in self.terms if term.startswith(("row_", "col_", "pos_"))]
        return [
            Plot(f"{self.name}: where it stands, {whose}", "log-odds", series, reference=0.0)
            for whose in dict.fromkeys(name for _, name, _, _ in self.fits)
            if (series := _series(self._of(whose), slots or list(self.terms)))
        ]

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: every term at every stage."""
        return [
            row
            for group, _, stage, found in self.fits
            if not isinstance(found, str)
            for row in self._rows(group, stage, found)
        ]

    def _rows(
        self, group: Mapping[str, str], stage: str, found: ConditionalLogitResult
    ) -> Iterator[Estimate]:
        limits = found.conf_int()
        for term in found.terms:
            yield Estimate(
                **group,
                analysis=self.name,
                estimand=f"log-odds of being {STAGES[stage]}",
                estimator=f"funnel_{stage}",
                term=term,
                estimate=float(found.params[term]),
                std_error=float(found.bse[term]),
                ci_low=float(limits.loc[term, 0]),
                ci_high=float(limits.loc[term, 1]),
                p_value=float(found.pvalues[term]),
                n_trials=found.nobs,
                n_clusters=found.n_clusters,
            )


def opened(rows: pd.DataFrame) -> pd.DataFrame:
    """Returns the opened listings of trials that bought one of them, or none of the shelf's."""
    bought = rows["chosen"] == 1
    skipped = rows.loc[bought & (rows["clicked"] == 0), "trial_id"]
    found = rows[(rows["clicked"] == 1) & ~rows["trial_id"].isin(skipped)]
    if found.empty:
        raise EstimationError("no listing was opened")
    return found


def _cells(found: ConditionalLogitResult | None, term: str) -> tuple[str, str]:
    if found is None or term not in found.terms:
        return "", ""
    low, high = found.conf_int().loc[term]
    return number(float(found.params[term])), interval(float(low), float(high))


def _series(
    found: Mapping[str, ConditionalLogitResult], terms: Sequence[str]
) -> dict[str, list[Point]]:
    series = {}
    for stage, fit in found.items():
        limits = fit.conf_int()
        series[stage.replace("_", " ")] = [
            Point(term, float(fit.params[term]), *map(float, limits.loc[term]))
            for term in terms
            if term in fit.terms
        ]
    return series
