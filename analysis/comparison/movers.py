"""What explains a product's gain or loss: changed coefficients, product effects, or the shelf.

A product's share of purchases is the mean of its choice probabilities over the shelves that held
it. Between two versions it changes by the slope of that mean at the coefficients halfway, times the
change of each coefficient; by the shelves, where they are not the same; and by what the slope
misses. Of the slopes no error is counted, of the changes of coefficients it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aces.stats.choice_data import Floats
from aces.stats.intervals import critical_value
from analysis.comparison.tastes import Shared, Tastes
from analysis.stacked import term_matrix
from analysis.term_families import families

EFFECTS, SHELF, REST = "product effects", "shelf", "rest"


@dataclass(frozen=True)
class Mover:
    """One product's change of share, taken apart.

    Attributes:
        product: The product.
        change: Of its share of purchases from shelves that held it, new less old.
        parts: Family of terms, product effects, shelf or rest -> its part, and half of its 95 %
            interval (NaN for shelf and rest).
    """

    product: str
    change: float
    parts: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class _Shelves:
    """One version's shelves: design, sets, products, and what was bought."""

    x: Floats
    starts: NDArray[np.int64]
    product: NDArray[np.str_]
    chosen: Floats

    def probabilities(self, params: Floats) -> Floats:
        """Returns (rows,) choice probabilities."""
        worth = self.x @ params
        sizes = np.diff(np.append(self.starts, len(worth)))
        weight = np.exp(worth - np.repeat(np.maximum.reduceat(worth, self.starts), sizes))
        return np.asarray(weight / np.repeat(np.add.reduceat(weight, self.starts), sizes))

    def share(self, params: Floats, product: str) -> float:
        """Returns the mean probability of a product on the shelves that hold it."""
        return float(self.probabilities(params)[self.product == product].mean())

    def slope(self, params: Floats, product: str) -> Floats:
        """Returns (K,) the derivative of that mean."""
        p = self.probabilities(params)
        sizes = np.diff(np.append(self.starts, len(p)))
        mean = np.repeat(np.add.reduceat(p[:, None] * self.x, self.starts), sizes, axis=0)
        own = self.product == product
        return np.asarray((p[own, None] * (self.x[own] - mean[own])).mean(axis=0))


def movers(
    whole: Shared, old: Sequence[Tastes], new: Tastes, products: Sequence[str], *, paired: bool
) -> list[Mover]:
    """Takes the change of some products' shares apart.

    Args:
        whole: Coefficients of both versions, with all products that both bought.
        old: The old version's runs.
        new: The new one's.
        products: Which products; those that either never bought are left out.
        paired: Whether shelves are the same, so that the shelf explains nothing.
    """
    known = {name for pair in whole.contrasts for name in pair}
    shelves = [_shelves(old, whole, known), _shelves([new], whole, known)]
    return [_mover(whole, shelves, name, paired=paired) for name in products if name in known]


def _shelves(runs: Sequence[Tastes], whole: Shared, known: set[str]) -> _Shelves:
    names = [product for product, _ in whole.contrasts]
    designs, sets, products, chosen = [], [], [], []
    for i, one in enumerate(runs):
        own = one.frame["product_id"].to_numpy(str)
        kept = np.isin(own, list(known))
        dummies = (own[kept, None] == np.array(names)[None, :]).astype(float)
        designs.append(np.hstack([term_matrix(one.frame[kept], whole.terms), dummies]))
        sets.append(np.char.add(f"{i}/", one.sets[kept].astype(str)))
        products.append(own[kept])
        chosen.append(one.frame["chosen"].to_numpy(float)[kept])
    every = np.concatenate(sets)
    order = np.argsort(every, kind="stable")
    starts = np.unique(every[order], return_index=True)[1]
    return _Shelves(
        np.concatenate(designs)[order],
        starts,
        np.concatenate(products)[order],
        np.concatenate(chosen)[order],
    )


def _mover(whole: Shared, shelves: Sequence[_Shelves], product: str, *, paired: bool) -> Mover:
    fits = whole.fits
    halfway = (fits.first + fits.second) / 2
    slope = np.mean([one.slope(halfway, product) for one in shelves], axis=0)
    bought = [float(one.chosen[one.product == product].mean()) for one in shelves]
    change, spread = bought[1] - bought[0], fits.spread()
    critical = critical_value(0.95, fits.df)
    parts = {}
    for name, which in _groups(whole).items():
        own = slope[which]
        error = float(np.sqrt(max(own @ spread[np.ix_(which, which)] @ own, 0.0)))
        parts[name] = (float(own @ fits.difference[which]), critical * error)
    if not paired:
        moved = [
            shelves[1].share(at, product) - shelves[0].share(at, product)
            for at in (fits.first, fits.second)
        ]
        parts[SHELF] = (float(np.mean(moved)), np.nan)
    parts[REST] = (change - sum(value for value, _ in parts.values()), np.nan)
    return Mover(product, change, parts)


def _groups(whole: Shared) -> dict[str, list[int]]:
    index = {term: i for i, term in enumerate(whole.terms)}
    found = {name: [index[t] for t in own] for name, own in families(whole.terms).items()}
    return found | ({EFFECTS: whole.effects} if whole.contrasts else {})
