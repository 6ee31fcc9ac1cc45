"""Does what is left share out a removed listing's purchases in proportion to what it had?

The logit is fitted where a listing stands on the shelf, and predicts the shares where it does not,
terms and all. Where the removal was drawn at random, what is observed less what is predicted is the
failure of independence of irrelevant alternatives, in points. The two samples have no world in
common, so that their errors add.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces.errors import EstimationError
from aces.stats.choice import estimate
from aces.stats.choice_data import ChoiceData, Floats, Ints
from aces.stats.covariance import cluster_codes, cluster_influence
from aces.stats.joint import WaldTest, wald_test
from analysis.display import listed
from analysis.model_columns import with_columns

FEWEST = 30
"""Choice sets with, and without, that a comparison needs."""


@dataclass(frozen=True)
class Removal:
    """Shares where one listing is not on the shelf.

    Attributes:
        removed: The listing.
        products: (m,) the others.
        observed: (m,) their shares of purchases without it.
        predicted: (m,) what the fit with it predicts.
        covariance: (m, m) of the differences.
        test: That no share differs.
        n_sets: Choice sets without it.
        n_fitted: Choice sets with it.
        n_clusters: Clusters without it.
        aside: Choice sets left aside, as they bought what nobody did with it on the shelf.
    """

    removed: str
    products: tuple[str, ...]
    observed: Floats
    predicted: Floats
    covariance: Floats
    test: WaldTest
    n_sets: int
    n_fitted: int
    n_clusters: int
    aside: int

    @property
    def difference(self) -> Floats:
        """(m,) observed less predicted."""
        return np.asarray(self.observed - self.predicted)

    @property
    def errors(self) -> Floats:
        """(m,) standard errors of the differences."""
        return np.asarray(np.sqrt(self.covariance.diagonal().clip(0)))


@dataclass(frozen=True)
class Model:
    """How the logit is made.

    Attributes:
        formula: `chosen ~ price`.
        cluster: Column of the cluster; None for choice sets.
        effects: Column with a coefficient for each level.
        outside: Whether buying nothing is an alternative.
    """

    formula: str
    cluster: str | None = "world_id"
    effects: str | None = "product_id"
    outside: bool = False


def removals(
    rows: pd.DataFrame, model: Model, products: Sequence[str] = ()
) -> tuple[list[Removal], list[str]]:
    """Compares shares with and without each listing that some shelves of its task lack.

    Args:
        rows: Long table of one buyer.
        model: How the logit is made.
        products: Listings that were removed; all by default.

    Returns:
        The comparisons, and of which listings there is none and why.
    """
    found, lost = [], []
    for removed, with_it, without in _splits(rows, products):
        n, m = with_it["trial_id"].nunique(), without["trial_id"].nunique()
        if min(n, m) < FEWEST:
            lost.append(f"{removed}: {n:,} choices with it and {m:,} without are too few")
            continue
        try:
            found.append(removal(removed, with_it, without, model))
        except EstimationError as error:
            lost.append(f"{removed}: {error}")
    return found, lost


def removal(removed: str, with_it: pd.DataFrame, without: pd.DataFrame, model: Model) -> Removal:
    """Predicts shares without a listing from a fit with it.

    Args:
        removed: The listing.
        with_it: Rows of trials with it.
        without: Rows of trials without it.
        model: How the logit is made.

    Raises:
        EstimationError: If the fit is impossible, or nothing is left to predict.
    """
    fitted, rows, clusters, _ = choices(with_it, model)
    at = estimate(fitted)
    _, influence = cluster_influence(fitted, at, clusters)
    g = len(influence)
    covariance = g / (g - 1) * influence.T @ influence
    known = set(rows["product_id"].astype(str))
    kept, aside = _known(without, known, outside=model.outside)
    if kept.empty:
        raise EstimationError("no choice without it is of listings that were bought with it")
    data, products, clusters = _recoded(kept, model, fitted)
    codes, n_clusters = cluster_codes(data, clusters)
    shares = _shares(data, products, at.params, codes, n_clusters)
    both = shares.covariance + shares.slope @ covariance @ shares.slope.T
    test = wald_test(shares.observed - shares.predicted, both, n_clusters - 1.0)
    return Removal(
        removed=removed,
        products=shares.products,
        observed=shares.observed,
        predicted=shares.predicted,
        covariance=both,
        test=test,
        n_sets=data.n_sets,
        n_fitted=fitted.n_sets,
        n_clusters=n_clusters,
        aside=aside,
    )


def _splits(
    rows: pd.DataFrame, products: Sequence[str]
) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Listings that some shelves of their task have and others lack, with these shelves' rows."""
    own = rows["product_id"].astype(str)
    task = rows["task_id"].astype(str) if "task_id" in rows else pd.Series("", index=rows.index)
    for product in products or own.drop_duplicates():
        mine = rows[task.isin(set(task[own == product]))]
        has = mine["trial_id"].isin(rows.loc[own == product, "trial_id"])
        if has.any() and not has.all():
            yield str(product), mine[has], mine[~has]


def choices(
    rows: pd.DataFrame, model: Model, *columns: str
) -> tuple[ChoiceData, pd.DataFrame, NDArray[np.str_], Mapping[str, int]]:
    """Returns the choice data, columns of their rows, their clusters, and what was left out.

    Args:
        rows: Long table of one buyer.
        model: How the logit is made.
        columns: Further columns, beside `product_id`.

    Raises:
        EstimationError: If formula or columns are at fault.
    """
    data, made, shown = with_columns(
        model.formula,
        rows,
        "trial_id",
        ["product_id", model.cluster or "trial_id", *columns],
        effects=model.effects,
        outside=model.outside,
    )
    return data, shown, shown[model.cluster or "trial_id"].to_numpy(str), made.left_out


def _known(rows: pd.DataFrame, known: set[str], *, outside: bool) -> tuple[pd.DataFrame, int]:
    """Rows of listings with an effect; trials that bought others are left aside and counted."""
    there = rows["product_id"].astype(str).isin(known)
    lost = set(rows.loc[~there & (rows["chosen"] == 1), "trial_id"])
    kept = rows[there & ~rows["trial_id"].isin(lost)]
    if not outside:
        bought = kept.loc[kept["chosen"] == 1, "trial_id"]
        kept = kept[kept["trial_id"].isin(set(bought))]
    return kept, len(lost)


def _recoded(
    rows: pd.DataFrame, model: Model, fitted: ChoiceData
) -> tuple[ChoiceData, NDArray[np.str_], NDArray[np.str_]]:
    """Choices without the listing, with the columns of the fit; their products and clusters."""
    data, shown, clusters, _ = choices(rows, replace(model, effects=None))
    if data.names != fitted.names[: fitted.n_terms]:
        raise EstimationError("terms differ between shelves with and without it")
    names = fitted.names[fitted.n_terms :]
    levels: NDArray[Any] | None = None
    if model.effects is not None:
        place = {name: k for k, name in enumerate(names)}
        own = f"{model.effects}[" + rows.loc[shown.index, model.effects].astype(str) + "]"
        levels = own.map(place).fillna(-1).to_numpy(int)
    made = replace(data, effects=levels, names=(*data.names, *names))
    return made, shown["product_id"].to_numpy(str), clusters


@dataclass(frozen=True)
class _Shares:
    """Shares of products, what a fit predicts, and how that moves with its coefficients."""

    products: tuple[str, ...]
    observed: Floats
    predicted: Floats
    covariance: Floats
    slope: Floats


def _shares(
    data: ChoiceData, products: NDArray[np.str_], params: Floats, codes: Ints, n_clusters: int
) -> _Shares:
    names, place = np.unique(products, return_inverse=True)
    total, slope = np.zeros((2, len(names))), np.zeros((len(names), data.n_columns))
    left = np.zeros((n_clusters, len(names)))
    columns = np.arange(data.n_columns)
    for block in data.blocks():
        last = block.first + len(block.starts)
        own = data.at_rows(place, block.first, last)
        probability, _ = block.probabilities(params)
        total[0] += np.bincount(own, block.y, len(names))
        total[1] += np.bincount(own, probability, len(names))
        cluster = np.repeat(codes[block.first : last], block.sizes)
        np.add.at(left, (cluster, own), block.y - probability)
        moved = probability[:, None] * (block.x - block.to_rows(block.set_sums(probability)))
        np.add.at(slope, (own[:, None], columns[block.columns][None, :]), moved)
    n = data.n_sets
    apart = left - left.mean(axis=0)
    covariance = n_clusters / (n_clusters - 1) * apart.T @ apart / n**2
    return _Shares(tuple(map(str, names)), total[0] / n, total[1] / n, covariance, slope / n)


def say(found: Removal) -> str:
    """Returns which listings took more or less than their part, in words; empty if none did."""
    t = np.divide(
        found.difference, found.errors, out=np.zeros(len(found.products)), where=found.errors > 0
    )
    most = [f"{found.products[k]} more" for k in np.flatnonzero(t > 2)]
    less = [f"{found.products[k]} less" for k in np.flatnonzero(t < -2)]
    return listed([*most, *less])
