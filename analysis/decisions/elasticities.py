"""Own and cross price elasticities of shares, averaged over the run's own shelves.

E[j, k] is by how many percent the expected sales of product j over the shelves of the run change
when the price of product k rises by 1 % on all of them (k = j: its own). It is the derivative of
the summed probabilities over the summed probabilities, not the mean of shelf elasticities, in which
shelves that never sell the product would count as much as others. Intervals by the delta method.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.choice_data import Floats, Ints
from aces.stats.functionals import Values
from aces.types import Estimate
from analysis.decisions.demand import Demand, DemandConfig
from analysis.decisions.found import Failures, Found, Whose, demands, estimate_row, given, numbers
from analysis.display import Plot, Point, Table, interval, number

MOST_PAIRS = 4000
"""Pairs of products whose cross elasticities are computed; beyond them only the own."""
SHOWN = 24
"""Products in the table."""


class ElasticitiesConfig(DemandConfig):
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
    from scipy.sparse import csr_array

    shelves = demand.shelves
    slopes, terms = demand.slopes(shelves), len(demand.names)
    rows = np.flatnonzero(shelves.alive)
    ids, codes = np.unique(
        shelves.frame["product_id"].astype(str).to_numpy()[rows], return_inverse=True
    )
    shape, at = (len(shelves.starts), len(ids)), (shelves.shelf[rows], codes)

    def laid(values: Floats) -> csr_array:
        return csr_array((values, at), shape=shape)

    met = (laid(np.ones(len(rows))).T @ laid(np.ones(len(rows)))).toarray() > 0
    np.fill_diagonal(met, val=False)
    cross = np.argwhere(met)
    own = np.repeat(np.arange(len(ids))[:, None], 2, axis=1)
    pairs = np.concatenate([own, cross]) if len(cross) <= MOST_PAIRS else own

    def found(params: Floats) -> Floats:
        p = demand.shares(params, shelves)[rows]
        d = (slopes @ params[:terms])[rows]
        joint = (laid(p).T @ laid(p * d)).toarray()
        total = np.bincount(codes, weights=p, minlength=len(ids))
        moved = np.diag(np.bincount(codes, weights=p * d, minlength=len(ids))) - joint
        return np.asarray((moved / total[:, None])[pairs[:, 0], pairs[:, 1]])

    return Elasticities(tuple(map(str, ids)), pairs, demand.values(found))


def price_elasticities(table: pd.DataFrame, asked: ElasticitiesConfig) -> Found:
    """Returns the elasticities of each buyer and interface.

    Raises:
        EstimationError: If there are none.
    """
    models, said = demands(table, asked.name, asked)
    wrong, found = Failures(), []
    for whose, demand in models:
        with wrong.of(whose.name):
            found.append((whose, demand, elasticities(demand)))
    if not found:
        raise EstimationError("; ".join(wrong.said))
    said += [f"{asked.name}: no estimates: {text}" for text in wrong.said]
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
        "greatest; each pair is in estimates.csv. A logit gives all products the same cross "
        "elasticity by a rival's price, shelf by shelf."
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
