"""What if we moved, repriced or badged this? Shares before and after, simulated.

Estimand: the mean probability of buying each product over the run's own shelves on which a
changed product stands, as the choice model of one buyer has it, before and after the change, and
the difference. The shelves are taken as given; what is not known is the coefficients. Limits of
shares are the delta method's on the log-odds scale, those of differences on the plain one; or both
are quantiles of draws (Krinsky-Robb).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.choice_data import Floats, Ints
from aces.stats.functionals import Values
from aces.types import Estimate
from analysis.decisions.demand import Demand, ModelConfig, Shelves
from analysis.decisions.found import Failures, Found, Whose, demands, estimate_row, given, numbers
from analysis.decisions.scenario import ALL, Answer, Scenario, apply, parse, unit
from analysis.display import Plot, Point, Table, interval, listed, number

OUTSIDE = "(nothing)"
Limits = Literal["delta", "krinsky_robb"]


class CounterfactualConfig(ModelConfig):
    """Parameters of a counterfactual."""

    name: str = "counterfactual"
    """Of the analysis; that of its entry where not given."""
    what_if: tuple[str, ...]
    """Scenarios, such as `PRODUCT: price=-10%, position=1, badge=overall_pick`."""
    against: str | None = None
    """What they are compared with, written the same way; null for the shelves as drawn."""
    interval: Limits = "delta"
    """`delta`, or `krinsky_robb` for quantiles of draws."""
    draws: int = 1000
    """Draws of `krinsky_robb`."""


@dataclass(frozen=True)
class Shift:
    """One scenario as one buyer would meet it.

    Attributes:
        whose: The buyer.
        demand: The model.
        scenario: What changes.
        products: Those on the shelves concerned; buying nothing last, where it is possible.
        before: Their shares.
        after: Their shares after the change.
        change: Differences.
        revenue: Of 100 shoppers, in major units of money, from the changed products: before,
            after, difference; None without prices or with several currencies.
        shelves: Shelves concerned.
        said: What must be said beside it.
    """

    whose: Whose
    demand: Demand
    scenario: Scenario
    products: tuple[str, ...]
    before: Values
    after: Values
    change: Values
    revenue: Values | None
    shelves: int
    said: tuple[str, ...]

    def of(self, product: str) -> int:
        """Returns the index of a product.

        Raises:
            EstimationError: If it is on none of the shelves concerned.
        """
        if product not in self.products:
            raise EstimationError(f"'{product}' is on none of the shelves concerned")
        return self.products.index(product)


def shift(
    whose: Whose,
    demand: Demand,
    scenario: Scenario,
    against: Scenario | None = None,
    *,
    draws: int = 0,
) -> Shift:
    """Returns what a scenario would do to shares.

    Args:
        whose: The buyer.
        demand: Its model.
        scenario: What changes.
        against: What it is compared with; the shelves as drawn by default.
        draws: Of Krinsky-Robb limits; 0 for the delta method.

    Raises:
        EstimationError: As in `scenario.apply`.
    """
    met = apply(demand, scenario, against)
    ids, codes = np.unique(met.before.frame["product_id"].astype(str), return_inverse=True)
    n, size = len(met.before.starts), len(ids)

    def shares(params: Floats, shelves: Shelves) -> Floats:
        p = demand.shares(params, shelves)
        found = np.bincount(codes, weights=p, minlength=size) / n
        return np.append(found, 1 - found.sum()) if demand.outside else found

    def both(params: Floats) -> Floats:
        before, after = shares(params, met.before), shares(params, met.after)
        return np.concatenate([before, after, after - before])

    values = demand.values(both, draws=draws)
    parts = [values[rows] for rows in np.split(np.arange(len(values.value)), 3)]
    before, after = (part if draws else part.within_one() for part in parts[:2])
    return Shift(
        whose,
        demand,
        scenario,
        (*map(str, ids), *((OUTSIDE,) if demand.outside else ())),
        before,
        after,
        parts[2],
        _revenue(demand, met, scenario, codes, ids, draws=draws),
        n,
        met.said,
    )


def _revenue(
    demand: Demand, met: Answer, scenario: Scenario, codes: Ints, ids: Floats, *, draws: int
) -> Values | None:
    """Revenue of the changed products from 100 shoppers of the shelves concerned."""
    frame = met.before.frame
    if "price_cents" not in frame or ("currency" in frame and frame["currency"].nunique() > 1):
        return None
    own = np.isin(ids[codes], scenario.products) | (ALL in scenario.products)
    scale = 100 / len(met.before.starts) * own / unit(frame)
    prices = [scale * s.frame["price_cents"].to_numpy(float) for s in (met.before, met.after)]

    def takings(params: Floats) -> Floats:
        now, then = (
            float(demand.shares(params, s) @ price)
            for s, price in zip((met.before, met.after), prices, strict=True)
        )
        return np.array([now, then, then - now])

    return demand.values(takings, draws=draws)


def counterfactuals(table: pd.DataFrame, asked: CounterfactualConfig) -> list[Found]:
    """Returns what each scenario would do to the shares of each buyer and interface.

    Raises:
        EstimationError: If a scenario can't be read, or there is no answer to any.
    """
    scenarios = [parse(text) for text in asked.what_if]
    if not scenarios:
        raise EstimationError("ask something: `what_if: ['PRODUCT: price=-10%']`")
    models, said = demands(table, asked.name, asked)
    found, wrong = [], []
    for scenario in scenarios:
        shifts, why = _shifts(models, scenario, asked)
        wrong += why
        if shifts:
            found.append(_found(asked, scenario, shifts))
    if not found:
        raise EstimationError("; ".join(wrong))
    found[0].notes[:0] = [*said, *(f"{asked.name}: no estimates: {text}" for text in wrong)]
    return found


def _shifts(
    models: Sequence[tuple[Whose, Demand]], scenario: Scenario, asked: CounterfactualConfig
) -> tuple[list[Shift], list[str]]:
    """One scenario's answer for each buyer, and why others have none."""
    against = None if asked.against is None else parse(asked.against)
    draws = asked.draws if asked.interval == "krinsky_robb" else 0
    found, wrong = [], Failures()
    for whose, demand in models:
        with wrong.of(whose.name):
            found.append(shift(whose, demand, scenario, against, draws=draws))
    return found, wrong.said


def _found(asked: CounterfactualConfig, scenario: Scenario, found: Sequence[Shift]) -> Found:
    said = [f"{asked.name}: {text}" for each in found for text in each.said]
    rows = [row for each in found for row in _rows(asked, each)]
    return Found(
        _table(asked, scenario, found), [_plot(scenario, found)], list(dict.fromkeys(said)), rows
    )


def _table(asked: CounterfactualConfig, scenario: Scenario, found: Sequence[Shift]) -> Table:
    first = ("buyer · interface", "product", "now, %", "then, %", "95 % interval")
    heads = (*first, "change, points", "95 % interval")
    lines = [
        (each.whose.name, product, *_cells(each, i))
        for each in found
        for i, product in enumerate(each.products)
    ]
    how = "delta method" if asked.interval == "delta" else f"{asked.draws:,} Krinsky-Robb draws"
    sizes = ", ".join(dict.fromkeys(f"{each.shelves:,}" for each in found))
    parts = [
        f"Shares {given(found[0].demand)}, simulated over the {sizes} shelves of the run on which "
        f"a changed product stands. Now: {asked.against or 'as drawn'}. Model: "
        f"{found[0].demand.model.name} of {', '.join(found[0].demand.names)}; {how}. Intervals "
        "hold what is not known of the buyer's tastes; the shelves are taken as given.",
        *filter(None, map(_takings, found)),
    ]
    return Table(f"{asked.name} · what if {scenario.text}", heads, tuple(lines), " ".join(parts))


def _cells(each: Shift, i: int) -> tuple[str, ...]:
    then, change = each.after, each.change
    return (
        number(100 * each.before.value[i], 1),
        number(100 * then.value[i], 1),
        interval(100 * then.low[i], 100 * then.high[i], 1),
        number(100 * change.value[i], 1),
        interval(100 * change.low[i], 100 * change.high[i], 1),
    )


def _takings(each: Shift) -> str:
    if each.revenue is None:
        return ""
    now, then, change = each.revenue.value
    limits = interval(each.revenue.low[2], each.revenue.high[2], 2)
    return (
        f"{each.whose.name}: revenue of {listed(each.scenario.products)} from 100 shoppers "
        f"{number(now, 2)} now, {number(then, 2)} then, change {number(change, 2)} {limits}."
    )


def _plot(scenario: Scenario, found: Sequence[Shift]) -> Plot:
    """Changes of shares by product, a colour for each buyer."""
    series = {
        each.whose.name: [
            Point(product, *(100 * float(v[i]) for v in _limits(each.change)))
            for i, product in enumerate(each.products)
        ]
        for each in found
    }
    return Plot(f"What if {scenario.text}", "change of share, points", series, reference=0.0)


def _limits(values: Values) -> tuple[Floats, Floats, Floats]:
    return values.value, values.low, values.high


def _rows(asked: CounterfactualConfig, each: Shift) -> list[Estimate]:
    shelves = f"mean over {each.shelves:,} shelves of the run on which a changed product stands"
    told = "as drawn" if asked.against is None else asked.against
    of = {
        "counterfactual_share_now": (f"share {given(each.demand)}, {told}; {shelves}", each.before),
        "counterfactual_share": (f"share {given(each.demand)}, after; {shelves}", each.after),
        "counterfactual_change": (f"change of share {given(each.demand)}; {shelves}", each.change),
    }
    rows = [
        estimate_row(
            asked.name,
            each.whose,
            each.demand,
            estimator=estimator,
            estimand=estimand,
            term=each.scenario.text,
            product_id=product,
            **numbers(values, i, test=estimator.endswith("change")),
        )
        for estimator, (estimand, values) in of.items()
        for i, product in enumerate(each.products)
    ]
    if each.revenue is not None:
        rows.append(
            estimate_row(
                asked.name,
                each.whose,
                each.demand,
                estimator="counterfactual_revenue_change",
                estimand=f"change of revenue of the changed products from 100 shoppers; {shelves}",
                term=each.scenario.text,
                **numbers(each.revenue, 2, test=True),
            )
        )
    return rows
