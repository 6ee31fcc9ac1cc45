"""What terms are worth in price, where tastes may differ: compensating and equivalent changes.

With r = b / b_price a *compensating* change exp(-r) - 1 (linear price: -r) leaves utility as it was
when term and change come together; an *equivalent* one exp(r) - 1 (r) is worth the term. Of whom:

* mean: r is the ratio of the mean coefficients of the population, as a shop that prices all alike
  would ask. It is not the mean of the ratios, which need not exist. Limits are Fieller's; means
  have errors by the delta method.
* median: half of the shoppers have a lesser ratio (mixed logit). Limits are quantiles of draws of
  the parameters (Krinsky-Robb), withheld where the mean price coefficient does not differ from 0.
* a class (latent class logit): Fieller's.

Models in which all have one taste have one ratio.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.choice_data import Floats
from aces.stats.functionals import Function, simulated
from aces.stats.intervals import critical_value
from aces.stats.latent.fit import LatentFit
from aces.stats.mixed.fit import MixedFit
from aces.stats.population import mean_coefficients
from aces.types import Estimate
from analysis.choice_effects import Asked, Kind, Scale, offset, to_price
from analysis.decisions.demand import PRICES, Demand, ModelConfig
from analysis.decisions.found import Found, Whose, answers, estimate_row, given
from analysis.display import Plot, Point, Table, interval, number, percent

KINDS: tuple[Kind, ...] = ("compensating", "equivalent")
ALL, MEAN, MEDIAN = "all", "mean of coefficients", "median"


class PriceChangesConfig(ModelConfig):
    """Parameters of the price changes."""

    name: str = "price_changes"
    """Of the analysis; that of its entry where not given."""
    draws: int = 1000
    """Draws of the parameters, for limits of medians."""


@dataclass(frozen=True)
class Worth:
    """What a term is worth in price.

    Attributes:
        whose: `all`, `mean of coefficients`, `median`, or `class 1`.
        term: The term, raised by 1.
        kind: Compensating or equivalent.
        scale: Of the price.
        value: The change: a share of the price, or money.
        low: Lower limit; missing where it is withheld.
        high: Upper limit.
    """

    whose: str
    term: str
    kind: Kind
    scale: Scale
    value: float
    low: float | None
    high: float | None


def price_changes(demand: Demand, draws: int = 1000) -> list[Worth]:
    """Returns what every term is worth in price to one buyer.

    Args:
        demand: The model, one of whose terms is the price.
        draws: Draws of the parameters, for limits of medians.

    Raises:
        EstimationError: As in `Demand.price_term`, or if nothing but the price is a term.
    """
    its, _ = demand.price_term
    if len(demand.names) < 2:
        raise EstimationError("there is no term but the price, and nothing to be worth it")
    types = len(demand.population(demand.params).weights)
    found = list(_ratios(demand, its, ALL if types == 1 else MEAN, _means(demand)))
    if isinstance(demand.fit, MixedFit):
        found += _medians(demand, its, draws)
    if isinstance(demand.fit, LatentFit):
        for c in range(types):
            found += _ratios(demand, its, f"class {c + 1}", partial(_of_type, demand, c))
    return found


def _means(demand: Demand) -> Function:
    """What gives the (terms,) mean coefficients of shoppers from parameters."""
    terms, fit = len(demand.names), demand.fit
    if isinstance(fit, MixedFit):
        return lambda params: mean_coefficients(fit, params)[:terms]

    def means(params: Floats) -> Floats:
        people = demand.population(params)
        return np.asarray(people.coefficients[:terms] @ people.weights)

    return means


def _of_type(demand: Demand, c: int, params: Floats) -> Floats:
    return demand.population(params).coefficients[: len(demand.names), c]


def _ratios(demand: Demand, its: int, whose: str, coefficients: Function) -> Iterator[Worth]:
    """Ratios of coefficients to that of the price, with Fieller's limits."""
    values, price = demand.values(coefficients), demand.names[its]
    for k, term in enumerate(demand.names):
        if k == its:
            continue
        both = [k, its]
        b, v = values.value[both], values[both].covariance
        for kind in KINDS:
            one = offset(Asked(term, price, kind, PRICES[price]), b, v, demand.df)
            yield Worth(whose, term, kind, PRICES[price], one.change, one.ci_low, one.ci_high)


def _medians(demand: Demand, its: int, draws: int) -> Iterator[Worth]:
    """Medians of the ratios between shoppers, with limits from draws of the parameters."""
    scale = PRICES[demand.names[its]]
    others = [k for k in range(len(demand.names)) if k != its]

    def medians(params: Floats) -> Floats:
        tastes = demand.population(params).coefficients
        return np.asarray(np.median(tastes[others] / tastes[its], axis=1))

    mean = demand.values(lambda params: _means(demand)(params)[[its]])
    known = abs(mean.value[0]) > critical_value(0.95, demand.df) * mean.error[0]
    at = (demand.params, demand.fit.covariance.matrix, demand.df)
    found = simulated(medians, *at, draws=draws)
    for i, k in enumerate(others):
        for kind in KINDS:
            ends = np.sort(to_price(np.array([found.low[i], found.high[i]]), kind, scale))
            low, high = map(float, ends) if known else (None, None)
            value = float(to_price(found.value[i], kind, scale))
            yield Worth(MEDIAN, demand.names[k], kind, scale, value, low, high)


def fond(demand: Demand) -> float:
    """Returns the share of shoppers whose price coefficient is not below 0."""
    its, _ = demand.price_term
    people = demand.population(demand.params)
    return float(people.weights @ (people.coefficients[its] >= 0))


def all_price_changes(table: pd.DataFrame, asked: PriceChangesConfig) -> Found:
    """Returns what terms are worth in price to each buyer and interface.

    Raises:
        EstimationError: If there is no answer.
    """
    found, said = answers(table, asked.name, asked, lambda d: price_changes(d, asked.draws))
    for whose, demand, _ in found:
        if share := fond(demand):
            said.append(
                f"{asked.name}, {whose.name}: {percent(share)} of shoppers do not mind paying, so "
                "that no price offsets anything for them; let the price be `negative lognormal`"
            )
    rows = [_row(asked, w, demand, one) for w, demand, several in found for one in several]
    return Found(_table(asked, found), _plots(found), said, rows)


def _table(asked: PriceChangesConfig, found: Sequence[tuple[Whose, Demand, list[Worth]]]) -> Table:
    kinds = [head for kind in KINDS for head in (kind, "95 % set")]
    heads = ("buyer · interface", "term", "of whom", *kinds)
    lines = []
    for whose, _, several in found:
        for first, second in zip(several[::2], several[1::2], strict=True):
            cells = [cell for one in (first, second) for cell in _cells(one)]
            lines.append((whose.name, first.term, first.whose, *cells))
    unit = "in percent of the price" if found[0][2][0].scale == "log" else "in money"
    note = (
        f"Price changes {unit}. Compensating: with the term and this change utility is what it "
        "was. Equivalent: the change that is worth the term. Mean of coefficients: their ratio, "
        "Fieller's set; median: half of the shoppers would ask less, quantiles of "
        f"{asked.draws:,} draws. Model: {found[0][1].model.name}."
    )
    return Table(f"{asked.name} · what terms are worth in price", heads, tuple(lines), note)


def _cells(one: Worth) -> tuple[str, str]:
    size, digits = (100, 1) if one.scale == "log" else (1, 2)
    if one.low is None or one.high is None:
        return number(size * one.value, digits), "withheld"
    if not np.isfinite(one.high):
        return number(size * one.value, digits), "unbounded"
    return number(size * one.value, digits), interval(size * one.low, size * one.high, digits)


def _plots(found: Sequence[tuple[Whose, Demand, list[Worth]]]) -> list[Plot]:
    """Equivalent changes, buyers and whose they are side by side."""
    series: dict[str, list[Point]] = {}
    size = 100 if found[0][2][0].scale == "log" else 1
    for whose, _, several in found:
        for one in several:
            if one.kind != "equivalent":
                continue
            bounded = one.low is not None and one.high is not None and np.isfinite(one.high)
            ends = [size * end for end in (one.low, one.high) if bounded and end is not None]
            label = whose.name if one.whose == ALL else f"{whose.name}, {one.whose}"
            series.setdefault(label, []).append(Point(one.term, size * one.value, *ends))
    unit = "% of the price" if size == 100 else "money"
    return [Plot("Equivalent price changes", unit, series, reference=0.0)]


def _row(asked: PriceChangesConfig, whose: Whose, demand: Demand, one: Worth) -> Estimate:
    unit = "as a share of the price" if one.scale == "log" else "in major units of money"
    of = "" if one.whose == ALL else f", {one.whose} of the shoppers"
    return estimate_row(
        asked.name,
        whose,
        demand,
        estimator=f"{one.kind}_price_change",
        estimand=f"price change {unit}{of}; {given(demand)}",
        term=one.term if one.whose == ALL else f"{one.term} ({one.whose})",
        estimate=one.value,
        ci_low=one.low,
        ci_high=one.high,
    )
