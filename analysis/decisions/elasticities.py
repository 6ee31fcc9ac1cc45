"""Own and cross price elasticities of shares, averaged over the run's own shelves.

E[j, k] is by how many percent the expected sales of product j over the shelves of the run change
when the price of product k rises by 1 % on all of them (k = j: its own). It is the derivative of
the summed probabilities over the summed probabilities, not the mean of shelf elasticities, in which
shelves that never sell the product would count as much as others. Shares are those of any choice
model (`aces.stats.population`): in a nested or mixed logit near substitutes take more of each
other's sales. Intervals by the delta method.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces.stats.choice_data import Floats, Ints
from aces.stats.functionals import Values
from aces.types import Estimate
from analysis.decisions.demand import Demand, ModelConfig
from analysis.decisions.found import Found, Whose, answers, estimate_row, given, numbers
from analysis.decisions.models import Conditional
from analysis.display import Plot, Point, Table, interval, number

MOST_PAIRS = 4000
"""Pairs of products whose cross elasticities are computed; beyond them only the own."""
SHOWN = 24
"""Products in the table."""


class ElasticitiesConfig(ModelConfig):
    """Parameters of the elasticities."""

    name: str = "elasticities"
    """Of the analysis; that of its entry where not given."""


@dataclass(frozen=True)
class Elasticities:
    """Own and cross elasticities of one buyer.

    Attributes:
        products: All that were ever bought.
        pairs: (q, 2) whose sales, and whose price; own ones first.
        values: (q,) elasticities.
    """

    products: tuple[str, ...]
    pairs: Ints
    values: Values

    def matrix(self) -> Floats:
        """Returns (products, products) elasticities of rows by prices of columns; else NaN."""
        found = np.full((len(self.products), len(self.products)), np.nan)
        found[self.pairs[:, 0], self.pairs[:, 1]] = self.values.value
        return found


def elasticities(demand: Demand) -> Elasticities:
    """Returns own and cross price elasticities of one buyer's demand.

    Raises:
        EstimationError: If no term holds the price.
    """
    sales = _Sales.of(demand)
    own = np.repeat(np.arange(len(sales.products))[:, None], 2, axis=1)
    cross = np.argwhere(sales.met)
    pairs = np.concatenate([own, cross]) if len(cross) <= MOST_PAIRS else own

    def found(params: Floats) -> Floats:
        total, moved = sales.at(params)
        return np.asarray((moved / total[:, None])[pairs[:, 0], pairs[:, 1]])

    return Elasticities(sales.products, pairs, demand.values(found))


@dataclass(frozen=True)
class _Sales:
    """Expected sales over the shelves of the run, and how they follow prices.

    Attributes:
        demand: The model.
        products: All P that were ever bought.
        codes: (rows,) product of each listing; P where it can't be bought.
        slopes: (rows, terms) derivatives of the attributes by ln of the own price.
    """

    demand: Demand
    products: tuple[str, ...]
    codes: Ints
    slopes: Floats

    @classmethod
    def of(cls, demand: Demand) -> "_Sales":
        shelves, slopes = demand.shelves, demand.slopes(demand.shelves)
        ids = shelves.frame["product_id"].astype(str).to_numpy()
        products, found = np.unique(ids[shelves.alive], return_inverse=True)
        codes = np.full(len(ids), len(products))
        codes[shelves.alive] = found
        return cls(demand, tuple(map(str, products)), codes, slopes)

    @property
    def met(self) -> NDArray[np.bool_]:
        """(P, P) which different products share a shelf."""
        codes = self.demand.shelves.laid(self.codes, len(self.products))
        met = self._by_pair(codes, np.ones((*codes.shape, codes.shape[1]))) > 0
        np.fill_diagonal(met, val=False)
        return met

    def at(self, params: Floats) -> tuple[Floats, Floats]:
        """Returns (P,) sales, and (P, P) how those of rows follow ln of the prices of columns."""
        size, shelves = len(self.products), self.demand.shelves
        tastes = self.demand.population(params).coefficients[: len(self.demand.names)]
        total, moved = np.zeros(size + 1), np.zeros((size, size))
        for _, rows, made in self.demand.chances(params, shelves):
            codes = shelves.laid(self.codes[rows], size, rows)
            slopes = shelves.laid(self.slopes[rows] @ tastes, 0.0, rows)
            total += np.bincount(codes.ravel(), made.shares.ravel(), size + 1)
            moved += self._by_pair(codes, made.responses(slopes))
        return total[:-1], moved

    def _by_pair(self, codes: Ints, values: Floats) -> Floats:
        """(P, P) sums of (S, J, J) values by product of each place."""
        wide = len(self.products) + 1
        where = codes[:, :, None] * wide + codes[:, None]
        found = np.bincount(where.ravel(), values.ravel(), wide**2).reshape(wide, wide)
        return np.asarray(found[:-1, :-1])


def price_elasticities(table: pd.DataFrame, asked: ElasticitiesConfig) -> Found:
    """Returns the elasticities of each buyer and interface.

    Raises:
        EstimationError: If there are none.
    """
    found, said = answers(table, asked.name, asked, elasticities)
    rows = [row for each in found for row in _rows(asked, *each)]
    return Found(_table(asked, found), [_plot(found)], said, rows)


def _table(asked: ElasticitiesConfig, found: Sequence[tuple[Whose, Demand, Elasticities]]) -> Table:
    heads = ("buyer · interface", "product", "own price", "95 % interval", "prices of rivals")
    lines = []
    for whose, _, one in found:
        matrix = one.matrix()
        for i, product in enumerate(one.products[:SHOWN]):
            rivals = np.delete(matrix[i], i)
            rivals = rivals[~np.isnan(rivals)]
            spread = [number(end) for end in (rivals.min(), rivals.max())] if len(rivals) else []
            limits = interval(float(one.values.low[i]), float(one.values.high[i]))
            value = number(float(one.values.value[i]))
            lines.append((whose.name, product, value, limits, " to ".join(spread)))
    more = max(len(one.products) for _, _, one in found) - SHOWN
    note = (
        f"Percent by which a product's expected sales over the run's shelves change when its own "
        f"price, or one rival's, rises by 1 %, {given(found[0][1])}. Rivals: from the least to the "
        f"greatest; each pair is in estimates.csv. Model: {found[0][1].model.name}."
    )
    if isinstance(asked.model, Conditional):
        note += (
            " It gives all products the same cross elasticity by a rival's price, shelf by shelf."
        )
    note += f" {more} more products in estimates.csv." if more > 0 else ""
    return Table(f"{asked.name} · price elasticities", heads, tuple(lines), note)


def _plot(found: Sequence[tuple[Whose, Demand, Elasticities]]) -> Plot:
    series = {
        whose.name: [
            Point(
                product, *(float(v[i]) for v in (one.values.value, one.values.low, one.values.high))
            )
            for i, product in enumerate(one.products[:SHOWN])
        ]
        for whose, _, one in found
    }
    return Plot("Own price elasticities", "% of sales for 1 % of price", series, reference=0.0)


def _rows(
    asked: ElasticitiesConfig, whose: Whose, demand: Demand, one: Elasticities
) -> list[Estimate]:
    what = f"% change of expected sales by 1 % of price, {given(demand)}; over the run's shelves"
    return [
        estimate_row(
            asked.name,
            whose,
            demand,
            estimator="own_price_elasticity" if j == k else "cross_price_elasticity",
            estimand=what,
            term=f"price[{one.products[k]}]",
            product_id=one.products[j],
            **numbers(one.values, i),
        )
        for i, (j, k) in enumerate(one.pairs.tolist())
    ]
