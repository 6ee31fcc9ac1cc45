"""How an item's share of purchases answers to its own price, from a fitted conditional logit."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aces.stats.choice import ChoiceFit
from aces.stats.choice_data import Floats
from aces.stats.intervals import critical_value
from analysis.fits import Fit

SETS = 2_000
"""Choice sets that are averaged over, spread over all of them."""
PLACES = 21


@dataclass(frozen=True)
class PriceResponse:
    """A curve.

    Attributes:
        factors: (places,) by which an item's own price is multiplied.
        shares: (places,) the share of purchases it then has, mean over items and shelves.
        low: (places,) lower end of the 95 % interval.
        high: (places,) upper end.
    """

    factors: Floats
    shares: Floats
    low: Floats
    high: Floats

    def at(self, factor: float) -> float:
        """Returns the share at a price between those of the curve."""
        return float(np.interp(factor, self.factors, self.shares))

    def limits(self, factor: float) -> tuple[float, float]:
        """Returns the 95 % interval there."""
        low, high = (np.interp(factor, self.factors, ends) for ends in (self.low, self.high))
        return float(low), float(high)


def price_range(table: pd.DataFrame) -> tuple[float, float] | None:
    """Returns the factors on a product's middle price within which nearly all prices lie.

    None where prices do not vary within products.
    """
    if "price_cents" not in table or "product_id" not in table or table.empty:
        return None
    shown = table.drop_duplicates(["world_id", "product_id"]) if "world_id" in table else table
    prices = shown["price_cents"].astype(float)
    middle = prices.groupby(shown["product_id"]).transform("median")
    ratios = (prices / middle)[(prices > 0) & (middle > 0)]
    if ratios.empty:
        return None
    low, high = (float(v) for v in ratios.quantile([0.025, 0.975]))
    low, high = max(low, 0.25), min(high, 4.0)
    return (low, high) if low < 0.995 and high > 1.005 else None


def price_response(fit: Fit, limits: tuple[float, float]) -> PriceResponse | None:
    """Returns the response of an item's share to its own price, all else on its shelf as it was.

    With the price of one item multiplied by f its log-odds against all else move by b ln f (by
    b (f - 1) x price where the term is linear); the share is the mean over all items and shelves,
    each shelf with its weight in the fit. Limits by the delta method on the log-odds of that mean.
    None without a price term.

    Args:
        fit: The fit.
        limits: Smallest and largest factor.
    """
    if fit.price is None:
        return None
    term, kind = fit.price
    factors = np.exp(np.linspace(math.log(limits[0]), math.log(limits[1]), PLACES))
    found: ChoiceFit = fit.result.choice_fit
    column = found.data.names.index(term)
    shares, gradient = _means(found, column, factors, log=kind == "log")
    variance = np.einsum("fk,kl,fl->f", gradient, found.covariance.matrix, gradient)
    spread = shares * (1 - shares)
    half = critical_value(0.95, found.covariance.df) * np.sqrt(np.maximum(variance, 0)) / spread
    odds = np.log(shares / (1 - shares))
    low, high = (1 / (1 + np.exp(-(odds + sign * half))) for sign in (-1, 1))
    return PriceResponse(factors, shares, low, high)


def _means(found: ChoiceFit, column: int, factors: Floats, *, log: bool) -> tuple[Floats, Floats]:
    """(places,) mean shares and (places, columns) their derivatives by the coefficients."""
    data = found.data.sample(max(1, found.data.n_sets // SETS))
    total, mass = np.zeros(len(factors)), 0.0
    gradient = np.zeros((len(factors), data.n_columns))
    for block in data.blocks():
        p, _ = block.probabilities(found.params)
        weight = block.weighted(np.ones_like(p))
        means = block.to_rows(block.set_sums(p))
        other = np.maximum(1 - p, 1e-16)
        # what an item's log-odds against all else move by, for each coefficient
        apart = (block.x - means) / other[:, None]
        odds = np.log(np.maximum(p, 1e-300)) - np.log(other)
        for i, factor in enumerate(factors):
            moved = math.log(factor) if log else (factor - 1) * block.x[:, column]
            share = 1 / (1 + np.exp(-np.clip(odds + found.params[column] * moved, -700, 700)))
            slope = weight * share * (1 - share)
            total[i] += weight @ share
            gradient[i, block.columns] += slope @ apart
            gradient[i, column] += (slope * moved).sum()
        mass += weight.sum()
    return total / mass, gradient / mass
