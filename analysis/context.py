"""Does a third listing turn choices between two? Attraction, compromise and similarity effects.

An effect is the change of its target's share among purchases of the two, against the two alone on
the shelf and against the mirrored third listing, which favours the other one. References: Huber,
J., Payne, J. W. and Puto, C. (1982), Journal of Consumer Research 9, 90-98 (attraction); Simonson,
I. (1989), Journal of Consumer Research 16, 158-174 (compromise); Tversky, A. (1972), Psychological
Review 79, 281-299 (similarity).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd

from aces.errors import EstimationError
from aces.types import Estimate
from analysis.arm_shares import newcombe
from analysis.choice_sample import require_column
from analysis.display import Plot, Point, Table, interval, listed, number
from analysis.fits import GROUP, arm_names, groups

ALONE = "pair alone"
LEVEL, TEST_LEVEL = 0.95, 0.90
"""Of the intervals shown, and of those that show an absence at 5 %."""


class Share(NamedTuple):
    """How often a target was bought, of purchases of the two; trials of one world count as one."""

    bought: float
    of: float
    trials: int

    def less(self, other: "Share", level: float = LEVEL) -> tuple[float, float, float]:
        """Returns the difference to another share with Newcombe's limits."""
        return newcombe(self.bought, self.of, other.bought, other.of, level)


@dataclass(frozen=True)
class Settings:
    """What is asked.

    Attributes:
        name: Of the analysis.
        pair: The two listings.
        treatment: Of the third listing: its arms have columns `<treatment>_<arm>`.
        effects: Effect -> arm -> which of the two it should favour.
        smallest: Smallest change of interest, for a verdict; None without.
    """

    name: str
    pair: tuple[str, str]
    treatment: str
    effects: Mapping[str, Mapping[str, str]]
    smallest: float | None = None

    @property
    def arms(self) -> list[str]:
        """All arms, each once."""
        return list(dict.fromkeys(arm for arms in self.effects.values() for arm in arms))


def arms_of(table: pd.DataFrame, asked: Settings) -> "pd.Series[str]":
    """Returns the arm of each row's world: what its third listing is, or that there is none.

    Raises:
        EstimationError: If the table does not have the arms, or not the two listings.
    """
    for column in ("world_id", "product_id", "chosen", "trial_id"):
        require_column(table, column)
    shown = set(table["product_id"].astype(str))
    if missing := [product for product in asked.pair if product not in shown]:
        raise EstimationError(f"no shelf shows {listed(missing)}")
    columns = {arm: f"{asked.treatment}_{arm}" for arm in asked.arms}
    first = [arm for arm, column in columns.items() if column not in table]
    if len(first) > 1:
        raise EstimationError(f"treatment '{asked.treatment}' has no arms {listed(first)}")
    told = pd.Series(first[0] if first else "", index=table.index)
    for arm, column in columns.items():
        if column in table:
            on = table.groupby("world_id", sort=False)[column].transform("max") > 0
            told = told.where(~on, arm)
    # an arm that no effect names has a column, too, and is not the first one
    for name in map(str, table.columns):
        if name.startswith(f"{asked.treatment}_") and name not in columns.values():
            on = table.groupby("world_id", sort=False)[name].transform("max") > 0
            told = told.where(~on, "")
    third = ~table["product_id"].isin(asked.pair)
    return told.where(third.groupby(table["world_id"]).transform("any"), ALONE)


@dataclass(frozen=True)
class ContextEffects:
    """Every effect on every target, for each buyer and interface.

    Attributes:
        asked: What is asked.
        data: The long table.
    """

    asked: Settings
    data: pd.DataFrame

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A row per buyer, effect and arm."""
        arms, names = arms_of(self.data, self.asked), arm_names(self.data)
        return [
            {**group, "whose": names[tuple(group.values())], **row}
            for group, rows in groups(self.data)
            for row in self._of_buyer(rows, arms.loc[rows.index])
        ]

    def _of_buyer(self, rows: pd.DataFrame, arms: "pd.Series[str]") -> Iterator[dict[str, Any]]:
        for effect, favoured in self.asked.effects.items():
            for arm, target in favoured.items():
                share = _share(rows[arms == arm], self.asked.pair, target)
                mirror = [other for other, to in favoured.items() if to != target]
                parts = [_share(rows[arms == other], self.asked.pair, target) for other in mirror]
                yield {
                    "effect": effect,
                    "arm": arm,
                    "target": target,
                    "share": share,
                    "third": _third(rows[arms == arm], self.asked.pair),
                    "alone": _share(rows[arms == ALONE], self.asked.pair, target),
                    "mirror": _together(parts),
                }

    def _differences(self, row: Mapping[str, Any]) -> Iterator[tuple[str, Share]]:
        """What a row is compared with, where that was met at all."""
        for what in ("alone", "mirror"):
            if row["share"].of and row[what].of:
                yield what, row[what]

    def verdict(self, share: Share, other: Share) -> str:
        """Returns `present`, `absent` or `undecided`; empty without a smallest change."""
        if self.asked.smallest is None:
            return ""
        _, low, high = share.less(other)
        _, inner, outer = share.less(other, TEST_LEVEL)
        within = -self.asked.smallest < inner and outer < self.asked.smallest
        if low > 0 or high < 0:
            return "present, too small to matter" if within else "present"
        return "absent" if within else "undecided"

    @property
    def notes(self) -> list[str]:
        """What must be said beside the effects: arms that nobody met, and no pair alone."""
        told = dict.fromkeys(
            f"{self.asked.name}, {row['whose']}: {_lack(row)}"
            for row in self.rows
            if not row["share"].of or not row["alone"].of
        )
        return list(told)

    @property
    def table(self) -> Table:
        """The effects for people, in points."""
        heads = ["buyer · interface", "effect", "third listing", "target", "share, %"]
        heads += ["third, %", "against pair alone", "95 % interval"]
        heads += ["verdict"] if self.asked.smallest is not None else []
        heads += ["against mirrored third", "95 % interval"]
        lines = tuple(tuple(self._line(row)) for row in self.rows)
        note = (
            f"Share of the target among purchases of {' and '.join(self.asked.pair)}; changes in "
            "points, Newcombe's intervals. A shopper whose choice between two does not depend on a "
            "third shows none, whatever the third one sells (third, %, of all purchases)."
        )
        if self.asked.smallest is not None:
            note += f" `absent`: the 90 % interval lies within ± {100 * self.asked.smallest:g}."
        return Table(f"{self.asked.name} · effects of a third listing", tuple(heads), lines, note)

    def _line(self, row: Mapping[str, Any]) -> Iterator[str]:
        share: Share = row["share"]
        yield from (row["whose"], row["effect"], row["arm"], row["target"])
        yield number(100 * share.bought / share.of, 1) if share.of else ""
        yield number(None if row["third"] is None else 100 * row["third"], 1)
        compared = dict(self._differences(row))
        for what in ("alone", "mirror"):
            if what in compared:
                value, low, high = (100 * part for part in share.less(compared[what]))
                yield from (number(value, 1), interval(low, high, 1))
            else:
                yield from ("", "")
            if what == "alone" and self.asked.smallest is not None:
                yield self.verdict(share, compared[what]) if what in compared else ""

    @property
    def plots(self) -> list[Plot]:
        """Changes against the pair alone, a plot for each effect."""
        plots = []
        for effect in self.asked.effects:
            series: dict[str, list[Point]] = {}
            for row in (row for row in self.rows if row["effect"] == effect):
                for what, other in self._differences(row):
                    if what == "alone":
                        values = (100 * part for part in row["share"].less(other))
                        series.setdefault(row["whose"], []).append(Point(row["arm"], *values))
            title = f"{self.asked.name}: {effect}"
            plots.append(Plot(title, "change of the target's share, points", series, reference=0.0))
        return plots

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: shares and changes."""
        return [one for row in self.rows for one in self._estimates(row)]

    def _estimates(self, row: Mapping[str, Any]) -> Iterator[Estimate]:
        against = {"alone": "the pair alone", "mirror": "the mirrored third listing"}
        for what, other in self._differences(row):
            value, low, high = row["share"].less(other)
            yield Estimate(
                **{name: row[name] for name in GROUP},
                analysis=self.asked.name,
                product_id=row["target"],
                estimand=f"change of the share among purchases of the two, against {against[what]}",
                estimator=f"context_{what}",
                term=f"{row['effect']}[{row['arm']}]",
                estimate=value,
                ci_low=low,
                ci_high=high,
                n_trials=row["share"].trials,
            )


def _share(rows: pd.DataFrame, pair: Sequence[str], target: str) -> Share:
    bought = rows[(rows["chosen"] == 1) & rows["product_id"].isin(pair)]
    if bought.empty:
        return Share(0.0, 0.0, 0)
    worlds = float(bought["world_id"].nunique())
    own = float((bought["product_id"] == target).mean())
    return Share(own * worlds, worlds, len(bought))


def _together(shares: Sequence[Share]) -> Share:
    return Share(
        sum(share.bought for share in shares),
        sum(share.of for share in shares),
        sum(share.trials for share in shares),
    )


def _third(rows: pd.DataFrame, pair: Sequence[str]) -> float | None:
    """Share of all purchases that the third listing has."""
    bought = rows.loc[rows["chosen"] == 1, "product_id"]
    return float((~bought.isin(pair)).mean()) if len(bought) else None


def _lack(row: Mapping[str, Any]) -> str:
    if row["share"].of:
        return f"no purchase with the {ALONE}: changes stand against the mirrored listing only"
    return f"no purchase of the two in arm {row['arm']}"
