"""Shares of sellers at each saturation, had all choices followed a conditional logit."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from aces import terms
from aces.seeds import Stream
from aces.stats.choice import ChoiceFit, fit
from aces.stats.choice_data import Floats
from aces.stats.intervals import critical_value

MOST_SHELVES = 200
"""Shelves, as slots were drawn on them, over which shares are averaged."""
MOST_ASSIGNMENTS = 100
"""Ways to choose who rewrites that are averaged over; all of them where there are no more."""
STEP = 1e-5


@dataclass(frozen=True)
class ImpliedShares:
    """Mean shares by cell with their covariance.

    Attributes:
        fit: The conditional logit.
        cells: (count, kind) of each share; kind 1 rewritten, 0 not, -1 outside.
        shares: (cells,) means over shelves and over who rewrites.
        covariance: (cells, cells), by the delta method from errors clustered by world.
    """

    fit: ChoiceFit
    cells: tuple[tuple[int, int], ...]
    shares: Floats
    covariance: Floats

    def combine(self, cells: Mapping[Any, float]) -> tuple[float, float, float, float]:
        """Returns a linear combination of shares: estimate, standard error, 95 % limits."""
        weights = np.array([cells.get(cell, 0.0) for cell in self.cells])
        value = float(weights @ self.shares)
        error = float(np.sqrt(max(weights @ self.covariance @ weights, 0.0)))
        half = critical_value(0.95, self.fit.covariance.df) * error
        return value, error, value - half, value + half


@dataclass(frozen=True)
class Logit:
    """The model of one buyer's choices.

    Attributes:
        X: (rows, columns) attributes, the treatment first.
        alive: (rows,) whether the product was ever chosen; others have share 0.
        size: Sellers of a shelf.
        outside: Whether buying nothing is an alternative.
    """

    X: Floats
    alive: Any
    size: int
    outside: bool

    def shares(self, params: Floats, rows: Any, treated: Mapping[int, Floats]) -> Floats:  # noqa: ANN401
        """Returns the mean share of each cell, in the order of `cells_of`.

        Args:
            params: (columns,) coefficients.
            rows: Rows of the shelves that are averaged over.
            treated: Count -> (ways, J) who rewrites.
        """
        base = self.X[rows, 1:] @ params[1:]
        base = np.where(self.alive[rows], base, -np.inf).reshape(-1, 1, self.size)
        found = []
        for count, ways in treated.items():
            utility = base + params[0] * ways
            weight = np.exp(np.minimum(utility, 700.0))
            p = weight / (weight.sum(axis=2, keepdims=True) + self.outside)
            mean = p.mean(axis=0)
            found += [mean[ways == 1].mean()] if count > 0 else []
            found += [mean[ways == 0].mean()] if count < self.size else []
            found.append(1 - mean.sum(axis=1).mean())
        return np.array(found)


def cells_of(counts: Sequence[int], size: int) -> tuple[tuple[int, int], ...]:
    """Returns the cells of these saturations: rewritten, not rewritten, outside."""
    return tuple(
        (count, kind)
        for count in counts
        for kind in (1, 0, -1)
        if not (kind == 1 and count == 0) and not (kind == 0 and count == size)
    )


def implied_shares(rows: pd.DataFrame, by: str, counts: Sequence[int]) -> ImpliedShares:
    """Returns the shares that a conditional logit with product effects implies.

    Args:
        rows: Long table of one buyer: trials with an outcome, sorted by trial and product.
        by: 0/1 column of the treatment.
        counts: Saturations.

    Raises:
        EstimationError: If the model can't be estimated.
    """
    chosen = rows["chosen"].to_numpy(float)
    size = int(rows.groupby("trial_id", sort=False).size().iloc[0])
    outside = bool((chosen.reshape(-1, size).sum(axis=1) < 1).any())
    ever = rows.groupby("product_id", sort=True)["chosen"].transform("max").to_numpy() > 0
    names, X = _matrix(rows, by, outside=outside, ever=ever)
    trials = rows["trial_id"].factorize()[0]
    worlds = rows["world_id"].factorize()[0]
    found = fit(X[ever], chosen[ever], trials[ever], worlds[ever], names=names, outside=outside)
    model = Logit(X, ever, size, outside)
    some = _some_shelves(rows["world_id"].to_numpy().reshape(-1, size)[:, 0], size)
    treated = {count: _ways(count, size) for count in counts}
    slopes = []
    for k in range(len(found.params)):
        step = np.zeros(len(found.params))
        step[k] = STEP
        up, down = (model.shares(found.params + s * step, some, treated) for s in (1, -1))
        slopes.append((up - down) / (2 * STEP))
    jacobian = np.array(slopes).T
    return ImpliedShares(
        found,
        cells_of(counts, size),
        model.shares(found.params, some, treated),
        jacobian @ found.covariance.matrix @ jacobian.T,
    )


def _matrix(
    rows: pd.DataFrame,
    by: str,
    *,
    outside: bool,
    ever: Any,  # noqa: ANN401
) -> tuple[list[str], Floats]:
    """The treatment, slots where they vary, and dummies of the products ever chosen."""
    names = [by]
    if "position" in rows and (rows.groupby("product_id")["position"].nunique() > 1).all():
        size = int(rows["position"].max())
        names += terms.slot_terms(size, int(rows["col"].max()) if "col" in rows else size)
    products = sorted(rows.loc[ever, "product_id"].unique())[0 if outside else 1 :]
    X = terms.matrix(names, rows)  # type: ignore[arg-type]
    own = rows["product_id"].to_numpy()[:, None] == np.array(products, dtype=object)
    return [*names, *map(str, products)], np.column_stack([X, own.astype(float)])


def _some_shelves(worlds: Any, size: int) -> Any:  # noqa: ANN401
    """Rows of up to 200 trials, each of another world, spread over the run."""
    first = np.unique(worlds, return_index=True)[1]
    picked = np.sort(first)[:: 1 + (len(first) - 1) // MOST_SHELVES]
    return (picked[:, None] * size + np.arange(size)).ravel()


def _ways(count: int, size: int) -> Floats:
    """(ways, J) who rewrites, for so many of a shelf."""
    if math.comb(size, count) <= MOST_ASSIGNMENTS:
        ways = np.zeros((math.comb(size, count), size))
        for row, who in zip(ways, combinations(range(size), count), strict=True):
            row[list(who)] = 1
        return ways
    generator = Stream("implied shares", count, size).generator()
    order = np.argsort(generator.random((MOST_ASSIGNMENTS, size)), axis=1)
    return np.asarray(order < count, dtype=float)
