"""Lifts: from which probability to which a term takes an item, its rivals staying as they are.

An item bought with probability p is, a term b more, bought with p' = p e^b / (1 - p + p e^b) (the
figure that ACES's paper quotes, from 10 %). From 10 % the limits are those of the coefficient,
carried over; from a product's own share, which is estimated too, they are the delta method's on
log odds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.choice_data import Floats
from aces.stats.intervals import critical_value
from aces.types import Estimate
from analysis.decisions.demand import Demand, DemandConfig
from analysis.decisions.found import Found, Whose, demands, estimate_row, given
from analysis.display import Plot, Point, Table, interval, number

STEPS = {
    "log_price": (float(np.log(1.1)), "price +10 %"),
    "log_review_count": (float(np.log(2.0)), "twice the reviews"),
    "rating": (0.1, "rating +0.1"),
}
"""By how much terms that are no 0/1 columns go up, and what that is called; others by 1."""
OWN = "own share"


class LiftsConfig(DemandConfig):
    """Parameters of the lifts."""

    name: str = "lifts"
    """Of the analysis; that of its entry where not given."""
    base: float = 0.1
    """Probability from which items are lifted."""
    products: tuple[str, ...] = ()
    """Products that are also lifted from their own share."""


@dataclass(frozen=True)
class Lift:
    """A probability before and after.

    Attributes:
        term: What is added.
        step: By how much, in words.
        product: Whose own share it is from; empty for the base.
        before: Probability before.
        after: Probability after, with its limits.
    """

    term: str
    step: str
    product: str
    before: float
    after: tuple[float, float, float]


def lifted(p: Floats | float, b: Floats | float) -> Floats:
    """Returns p e^b / (1 - p + p e^b)."""
    from scipy.special import expit, logit

    return np.asarray(expit(logit(p) + b))


def lifts(demand: Demand, base: float = 0.1, products: Sequence[str] = ()) -> list[Lift]:
    """Returns lifts from the base by every term, and from the own shares of products.

    Raises:
        EstimationError: If the base is no probability, or a product was never bought.
    """
    if not 0 < base < 1:
        raise EstimationError(f"base {base:g} is no probability between 0 and 1")
    count = len(demand.names)
    b, error = (
        x[:count] for x in (demand.params, np.sqrt(demand.fit.covariance.matrix.diagonal()))
    )
    half = critical_value(0.95, demand.df) * error
    found = []
    for k, term in enumerate(demand.names):
        size, told = STEPS.get(term, (1.0, "+1"))
        ends = lifted(base, size * np.array([b[k], b[k] - half[k], b[k] + half[k]]))
        found.append(Lift(term, told, "", base, (float(ends[0]), float(ends[1]), float(ends[2]))))
    return found + [lift for product in products for lift in _own(demand, product)]


def _own(demand: Demand, product: str) -> list[Lift]:
    """From the product's mean share over the shelves it stands on."""
    from scipy.special import expit, logit

    frame = demand.shelves.frame
    rows = (frame["product_id"].astype(str) == product).to_numpy() & demand.shelves.alive
    if not rows.any():
        raise EstimationError(f"'{product}' was never bought: it has no share to be lifted from")
    steps = np.array([STEPS.get(term, (1.0, ""))[0] for term in demand.names])

    def odds(params: Floats) -> Floats:
        share = float(demand.shares(params, demand.shelves)[rows].mean())
        return np.append(logit(share), logit(share) + steps * params[: len(steps)])

    v = demand.values(odds)
    before = float(expit(v.value[0]))
    return [
        Lift(
            term,
            STEPS.get(term, (1.0, "+1"))[1],
            product,
            before,
            tuple(float(expit(x[k + 1])) for x in (v.value, v.low, v.high)),  # type: ignore[arg-type]
        )
        for k, term in enumerate(demand.names)
    ]


def all_lifts(table: pd.DataFrame, asked: LiftsConfig) -> Found:
    """Returns the lifts of each buyer and interface.

    Raises:
        EstimationError: If there are none.
    """
    models, said = demands(table, asked.name, asked)
    found = [(whose, demand, lifts(demand, asked.base, asked.products)) for whose, demand in models]
    rows = [_row(asked, w, demand, lift) for w, demand, several in found for lift in several]
    return Found(_table(asked, found), [_plot(asked, found)], said, rows)


def _table(asked: LiftsConfig, found: Sequence[tuple[Whose, Demand, list[Lift]]]) -> Table:
    heads = ("buyer · interface", "term", "by", "from, %", "to, %", "95 % interval")
    heads = (*heads, *(("of",) if asked.products else ()))
    lines = []
    for whose, _, several in found:
        for lift in several:
            low, high = 100 * lift.after[1], 100 * lift.after[2]
            cells = [whose.name, lift.term, lift.step, number(100 * lift.before, 1)]
            cells += [number(100 * lift.after[0], 1), interval(low, high, 1)]
            lines.append((*cells, *((lift.product,) if asked.products else ())))
    note = (
        f"p e^b / (1 − p + p e^b), {given(found[0][1])}: an item's probability with the term, its "
        "rivals as they are. On a real shelf a slot is also taken from another listing: see swaps."
    )
    return Table(f"{asked.name} · from {number(100 * asked.base, 0)} %", heads, tuple(lines), note)


def _plot(asked: LiftsConfig, found: Sequence[tuple[Whose, Demand, list[Lift]]]) -> Plot:
    series = {
        whose.name: [
            Point(f"{lift.term} ({lift.step})", *(100 * value for value in lift.after))
            for lift in several
            if not lift.product
        ]
        for whose, _, several in found
    }
    title = f"Lifted from {number(100 * asked.base, 0)} %"
    return Plot(title, "probability, %", series, reference=100 * asked.base)


def _row(asked: LiftsConfig, whose: Whose, demand: Demand, lift: Lift) -> Estimate:
    start = "its own share" if lift.product else f"{100 * asked.base:g} %"
    return estimate_row(
        asked.name,
        whose,
        demand,
        estimator="lift_from_own_share" if lift.product else "lift",
        estimand=f"probability after {lift.step}, from {start}; {given(demand)}, rivals unchanged",
        term=lift.term,
        product_id=lift.product,
        estimate=lift.after[0],
        ci_low=lift.after[1],
        ci_high=lift.after[2],
    )
