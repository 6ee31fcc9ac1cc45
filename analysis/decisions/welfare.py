"""What a change is worth to shoppers: consumer surplus, per shopper, over the run's own shelves.

With a linear price it is the mean change of the log-sum over minus the price coefficient, in money
(Small and Rosen 1981, Econometrica 49, 105-130). With a log price there is no such amount: what is
given is the factor on all prices that would be worth as much, exp(change of the log-sum of what
can be bought / price coefficient), geometric mean over shelves. Limits are Fieller's: where the
price may have no effect they are unbounded, and said to be.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.choice_data import Floats
from aces.stats.functionals import simulated
from aces.stats.intervals import RatioSet, critical_value, fieller
from aces.types import Estimate
from analysis.choice_effects import Scale
from analysis.decisions.demand import Demand, ModelConfig
from analysis.decisions.found import Found, Whose, answers, estimate_row, given
from analysis.decisions.scenario import Scenario, apply, parse
from analysis.display import Table, interval, number


class WelfareConfig(ModelConfig):
    """Parameters of a welfare analysis."""

    name: str = "welfare"
    """Of the analysis; that of its entry where not given."""
    what_if: tuple[str, ...]
    """Scenarios, such as `PRODUCT: price=-10%` or `PRODUCT: removed`."""
    against: str | None = None
    """What they are compared with, written the same way; null for the shelves as drawn."""
    draws: int = 0
    """Krinsky-Robb draws for limits from quantiles beside Fieller's; 0 for none."""


@dataclass(frozen=True)
class Surplus:
    """What a scenario is worth.

    Attributes:
        scale: `linear`: in money per shopper; `log`: a factor on all prices, less 1.
        value: The estimate.
        found: Fieller's set of the ratio behind it.
        simulated: Limits from quantiles, where asked for and the price term significant.
        shelves: Shelves concerned.
        said: What must be said beside it.
    """

    scale: Scale
    value: float
    found: RatioSet
    simulated: tuple[float, float] | None
    shelves: int
    said: tuple[str, ...] = ()

    @property
    def limits(self) -> tuple[float, float]:
        """Fieller's limits; infinite where the price may have no effect."""
        if self.found.shape != "interval":
            return (-1.0 if self.scale == "log" else -np.inf), np.inf
        low, high = (_worth(r, self.scale) for r in (self.found.low, self.found.high))
        return low, high


def _worth(ratio: float, scale: Scale) -> float:
    with np.errstate(over="ignore"):
        return float(np.expm1(ratio)) if scale == "log" else float(ratio)


def payers(demand: Demand) -> tuple[int, Scale]:
    """Returns the index of the price term and its scale, where all shoppers mind paying.

    Raises:
        EstimationError: As in `Demand.price_term`, or if some like the price.
    """
    k, scale = demand.price_term
    b = float(demand.population(demand.params).coefficients[k].max())
    if b >= 0:
        raise EstimationError(
            f"the coefficient of {demand.names[k]} is {number(b)}, not below 0: shoppers who do "
            "not mind paying have no surplus in money"
        )
    return k, scale


def surplus(
    demand: Demand, scenario: Scenario, against: Scenario | None = None, *, draws: int = 0
) -> Surplus:
    """Returns what a scenario is worth to shoppers.

    Args:
        demand: The model.
        scenario: What changes.
        against: What it is compared with; the shelves as drawn by default.
        draws: Of Krinsky-Robb limits; 0 for none.

    Raises:
        EstimationError: As in `payers` and `scenario.apply`.
    """
    k, scale = payers(demand)
    met = apply(demand, scenario, against)
    outside = demand.outside and scale == "linear"
    sign = -1.0 if scale == "linear" else 1.0

    def both(params: Floats) -> Floats:
        after, before = (
            demand.log_sums(params, s, outside=outside) for s in (met.after, met.before)
        )
        people = demand.population(params)
        price = sign * people.coefficients[k]
        mean = float(people.weights @ price)
        # had all the mean price coefficient, this is the mean change: the ratio is what is sought
        return np.array([np.mean((after - before) @ (people.weights * mean / price)), mean])

    values = demand.values(both)
    change, price = values.value
    v, critical = values.covariance, critical_value(0.95, demand.df)
    found = fieller(change, price, (v[0, 0], v[1, 1]), v[0, 1], critical)
    limits = None
    if draws and abs(price) > critical * values.error[1]:
        at = (demand.params, demand.fit.covariance.matrix, demand.df)
        drawn = simulated(lambda b: np.divide(*np.split(both(b), 2)), *at, draws=draws)
        limits = (_worth(drawn.low[0], scale), _worth(drawn.high[0], scale))
    said = list(met.said)
    if found.shape != "interval":
        said.append("the price may have no effect at all, so that the set of amounts is unbounded")
    value = _worth(change / price, scale)
    return Surplus(scale, value, found, limits, len(met.before.starts), tuple(said))


def welfare(table: pd.DataFrame, asked: WelfareConfig) -> Found:
    """Returns what each scenario is worth to the shoppers of each buyer and interface.

    Raises:
        EstimationError: If a scenario can't be read, or there is no answer.
    """
    scenarios = [parse(text) for text in asked.what_if]
    if not scenarios:
        raise EstimationError("ask something: `what_if: ['PRODUCT: price=-10%']`")
    against = None if asked.against is None else parse(asked.against)

    def worth(demand: Demand) -> list[tuple[Scenario, Surplus]]:
        return [(s, surplus(demand, s, against, draws=asked.draws)) for s in scenarios]

    several, said = answers(table, asked.name, asked, worth)
    found = [(whose, demand, *each) for whose, demand, own in several for each in own]
    for whose, _, _, one in found:
        said += [f"{asked.name}, {whose.name}: {text}" for text in one.said]
    rows = [_row(asked, *each) for each in found]
    return Found(_table(asked, found), [], list(dict.fromkeys(said)), rows)


def _table(asked: WelfareConfig, found: Sequence[tuple[Whose, Demand, Scenario, Surplus]]) -> Table:
    heads: tuple[str, ...] = ("buyer · interface", "what if", "worth", "unit", "95 % Fieller set")
    if asked.draws:
        heads = (*heads, "Krinsky-Robb")
    lines = []
    for whose, _, scenario, worth in found:
        factor, unit = (100, "% on all prices") if worth.scale == "log" else (1, "per shopper")
        bounded = worth.found.shape == "interval"
        cells = [number(factor * worth.value, 2) if bounded else "", unit]
        cells.append(_set(worth.limits, factor) if bounded else "unbounded")
        if asked.draws:
            cells.append(_set(worth.simulated, factor) if worth.simulated else "withheld")
        lines.append((whose.name, scenario.text, *cells))
    note = (
        f"Over the run's shelves on which a changed product stands; now: "
        f"{asked.against or 'as drawn'}. {given(found[0][1]).capitalize()}. Per shopper: money, in "
        "major units. On all prices: the change of all prices that shoppers would find as good; "
        "below 0 the scenario is worth something to them. What is measured are the choices of "
        "this buyer; whose money it is depends on for whom it shops."
    )
    return Table(f"{asked.name} · consumer surplus", heads, tuple(lines), note)


def _set(limits: tuple[float, float], factor: int) -> str:
    return interval(factor * limits[0], factor * limits[1], 2)


def _row(
    asked: WelfareConfig, whose: Whose, demand: Demand, scenario: Scenario, worth: Surplus
) -> Estimate:
    what = {
        "linear": "change of consumer surplus per shopper, in major units of money",
        "log": "change of all prices, as a share, that is worth as much to shoppers",
    }[worth.scale]
    return estimate_row(
        asked.name,
        whose,
        demand,
        estimator="consumer_surplus" if worth.scale == "linear" else "equivalent_price_factor",
        estimand=f"{what}; {given(demand)}; mean over {worth.shelves:,} shelves of the run",
        term=scenario.text,
        estimate=worth.value,
        ci_low=worth.limits[0],
        ci_high=worth.limits[1],
    )
