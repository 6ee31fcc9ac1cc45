"""Whether buyers mind a fee as they mind the price, told beside it or at the checkout.

Integrity is the ratio of two coefficients of one choice model, a unit of money of fee and a unit of
price: 1 for a buyer that minds what is to be paid, 0 for one that does not notice the fee.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from aces import terms
from aces.errors import EstimationError
from aces.stats.intervals import critical_value
from aces.types import Estimate
from analysis.choice_effects import PriceChange
from analysis.choice_model import ConditionalLogit
from analysis.choice_result import ConditionalLogitResult
from analysis.choice_sample import require_column
from analysis.display import Plot, Point, Table, interval, listed, number, with_limits
from analysis.fits import arm_names, groups
from analysis.perception import share_with_interval

Number = tuple[float, float | None, float | None]
"""An estimate with its interval."""

QUANTITIES = {
    "price": "log-odds of a unit of money of price",
    "fee": "log-odds of a unit of money of fee",
    "integrity": "log-odds of fee over those of price",
    "turned_back": "share of trials with a full cart that took something out and bought another",
    "paid_above_least": "price and fee paid above the least on the shelf, in units of money",
}
"""What is estimated of each buyer, by where fees are told -> what it is."""

PLACES = ("upfront", "checkout")


@dataclass(frozen=True)
class PriceIntegrity:
    """Prices and fees side by side, for each buyer and place where fees are told.

    Attributes:
        name: Of the analysis.
        data: The long table.
        terms: What else makes a listing win.
    """

    name: str
    data: pd.DataFrame
    terms: tuple[str, ...] = ()
    _faults: list[str] = field(default_factory=list, repr=False)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A row per buyer and place: whose, told, and every quantity that there is."""
        require_column(self.data, "fee_told")
        names = arm_names(self.data)
        return [
            {**group, "whose": names[tuple(group.values())], **row}
            for group, part in groups(self.data)
            for row in self._of_buyer(
                with_money(self.data.loc[part.index]), names[tuple(group.values())]
            )
        ]

    def _of_buyer(self, rows: pd.DataFrame, whose: str) -> Iterator[dict[str, Any]]:
        told = [place for place in PLACES if (rows["fee_told"] == place).any()]
        weights = self._weights(rows, told, whose)
        for place in told:
            here = rows[rows["fee_told"] == place]
            yield {
                "told": place,
                "n": here["trial_id"].nunique(),
                "clusters": here["world_id"].nunique(),
                **weights.get(place, {}),
                **_turned_back(here),
                "paid_above_least": paid_above_least(here),
            }

    def _weights(
        self, rows: pd.DataFrame, told: Sequence[str], whose: str
    ) -> dict[str, dict[str, Number]]:
        """What price and fee weigh, by place; nothing where no model can be fitted."""
        try:
            fit = self._fit(rows, told)
        except EstimationError as error:
            self._faults.append(f"{self.name}, {whose}: no coefficients: {error}")
            return {}
        return {place: _weights(fit, place) for place in told}

    def _fit(self, rows: pd.DataFrame, told: Sequence[str]) -> ConditionalLogitResult:
        split = {
            f"{what}_{place}": rows[what] * (rows["fee_told"] == place)
            for place in told
            for what in ("price", "fee")
        }
        others = [t for t in self.terms if not {"price", "log_price", "fee"} & set(t.split(":"))]
        return ConditionalLogit.from_formula(
            f"chosen ~ {' + '.join([*split, *others])}",
            rows.assign(**split),
            choice_set="trial_id",
            effects="product_id",
            cluster="world_id",
        ).fit()

    @property
    def notes(self) -> list[str]:
        """What must be said beside them."""
        loose = [
            f"{self.name}: {row['whose']}, fees told {_place(row['told'])}: the price's own effect "
            "may be 0, so that the integrity can be anything"
            for row in self.rows
            if "integrity" in row and row["integrity"][1] is None
        ]
        return [*self._faults, *loose]

    @property
    def table(self) -> Table:
        """The numbers for people."""
        heads = ("buyer · interface", "fees told", "price", "fee", "integrity", "95 % set")
        more = ("turned back, %", "95 % interval", "paid above least", "95 % interval")
        lines = tuple(tuple(_line(row)) for row in self.rows)
        currency = str(self.data["currency"].iloc[0]) if "currency" in self.data else "money"
        note = (
            f"Price and fee: log-odds of one {currency} of either. Integrity: fee over price, 1 "
            "where both weigh the same, 0 where the fee is not noticed; Fieller's set. Turned "
            "back: took something out of the cart and bought another. Paid above least: price and "
            "fee beside the lowest on the shelf; intervals by worlds."
        )
        return Table(f"{self.name} · price and fee", (*heads, *more), lines, note)

    @property
    def answer(self) -> list[str]:
        """How much of a fee each buyer notices, by where it is told; the least first."""
        known: dict[str, list[dict[str, Any]]] = {}
        for row in self.rows:
            if "integrity" in row and row["integrity"][1] is not None:
                known.setdefault(row["whose"], []).append(row)
        least = sorted(known.items(), key=lambda each: min(r["integrity"][0] for r in each[1]))
        said = [
            f"To {whose} a fee weighs {listed([_times(row) for row in rows])}"
            for whose, rows in least
        ]
        return (
            [f"{said[0]}; 1 is a buyer who adds up.", *(f"{x}." for x in said[1:])] if said else []
        )

    @property
    def plots(self) -> list[Plot]:
        """Integrity of each buyer by where fees are told."""
        series: dict[str, list[Point]] = {}
        for row in self.rows:
            if "integrity" in row and row["integrity"][1] is not None:
                point = Point(f"told {_place(row['told'])}", *row["integrity"])
                series.setdefault(row["whose"], []).append(point)
        return [Plot("Total-price integrity", "fee over price", series, reference=1.0)]

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`, a term for each quantity and place."""
        return [
            Estimate(
                **{name: row[name] for name in ("buyer", "model", "persona", "prompt_hash")},
                interface=row["interface"],
                analysis=self.name,
                estimand=f"{said}; fees told {_place(row['told'])}",
                estimator="price_integrity",
                term=f"{what}[{row['told']}]",
                estimate=row[what][0],
                ci_low=row[what][1],
                ci_high=row[what][2],
                n_trials=row["n"],
                n_clusters=row["clusters"],
            )
            for row in self.rows
            for what, said in QUANTITIES.items()
            if row.get(what) is not None
        ]


def _times(row: Mapping[str, Any]) -> str:
    times = with_limits(*row["integrity"], unit="times as much as price", digits=2)
    return f"{times} where it is told {_place(row['told'])}"


def with_money(rows: pd.DataFrame) -> pd.DataFrame:
    """Returns a long table with `price` and `fee` in units of money.

    Raises:
        EstimationError: If it has no fees.
    """
    require_column(rows, "fee_cents")
    found = {name: terms.column(name, rows) for name in ("price", "fee")}  # type: ignore[arg-type]
    if not found["fee"].any():
        raise EstimationError("no listing has a fee")
    return rows.assign(**found)


def paid_above_least(rows: pd.DataFrame) -> Number:
    """Returns how much more than the lowest total was paid, on average over purchases."""
    total = rows["price"] + rows["fee"]
    above = (total - total.groupby(rows["trial_id"]).transform("min"))[rows["chosen"] == 1]
    by_world = above.groupby(rows["world_id"]).mean()
    n = len(by_world)
    if n < 2:
        return float(above.mean()), None, None
    half = critical_value(0.95, n - 1) * float(by_world.std(ddof=1)) / float(np.sqrt(n))
    mean = float(by_world.mean())
    return mean, mean - half, mean + half


def _weights(fit: ConditionalLogitResult, place: str) -> dict[str, Number]:
    """Coefficients of price and fee at a place, and their ratio."""
    limits, found = fit.conf_int(), {}
    for what in ("price", "fee"):
        name = f"{what}_{place}"
        low, high = limits.loc[name]
        found[what] = (float(fit.params[name]), float(low), float(high))
    ratio = fit.equivalent_price_change(f"fee_{place}", f"price_{place}", scale="linear")
    return {**found, "integrity": _bounded(ratio)}


def _bounded(ratio: PriceChange) -> Number:
    if not ratio.bounded:
        return ratio.change, None, None
    return ratio.change, ratio.ci_low, ratio.ci_high


def _turned_back(rows: pd.DataFrame) -> dict[str, Number]:
    """Share of trials with a full cart that bought something else; nothing if carts are unknown."""
    if "carted" not in rows:
        return {}
    filled = rows[rows["carted"] == 1]
    again = filled[filled["chosen"] == 0]["trial_id"].nunique()
    n = filled["trial_id"].nunique()
    if n == 0:
        return {}
    found = share_with_interval(again, n, filled["world_id"].nunique())
    return {"turned_back": (again / n, found["ci_low"], found["ci_high"])}


def _place(told: str) -> str:
    return {"upfront": "upfront", "checkout": "at the checkout"}[told]


def _line(row: Mapping[str, Any]) -> Iterator[str]:
    yield from (row["whose"], _place(row["told"]))
    if "integrity" not in row:
        yield from ("",) * 4
    else:
        value, low, high = row["integrity"]
        yield from (number(row["price"][0]), number(row["fee"][0]), number(value, 2))
        yield "unbounded" if low is None else interval(low, high, 2)
    for what, factor, digits in (("turned_back", 100, 1), ("paid_above_least", 1, 2)):
        if row.get(what) is None:
            yield from ("", "")
            continue
        value, low, high = row[what]
        yield number(factor * value, digits)
        yield "" if low is None else interval(factor * low, factor * high, digits)
