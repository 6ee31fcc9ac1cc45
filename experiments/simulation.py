"""Simulated experiments: what the design finds where tastes are as stated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aces import terms
from aces.errors import EstimationError
from aces.seeds import Stream
from aces.stats.choice import ChoiceFit, fit
from aces.stats.choice_data import Floats
from experiments.information import CRITICAL, by_world, utility
from experiments.levels import connected, level_table, reseeded
from experiments.plan import Plan


@dataclass(frozen=True, slots=True)
class Realised:
    """What simulated experiments found.

    Attributes:
        runs: Experiments that could be estimated.
        lost: Those that could not.
        std_error: (terms,) mean standard error.
        spread: (terms,) standard deviation of the estimates.
        power: (terms,) share of runs in which the term is significant at 5 %.
    """

    runs: int
    lost: int
    std_error: Floats
    spread: Floats
    power: Floats


def simulate(plan: Plan, names: Sequence[str], prior: Mapping[str, float], runs: int) -> Realised:
    """Returns what the default analysis finds in so many experiments at the prior."""
    found = [_one(plan, names, prior, seed) for seed in range(runs)]
    fits = [each for each in found if each is not None]
    if len(fits) < 2:
        missing = np.full(len(names), np.nan)
        return Realised(len(fits), runs - len(fits), missing, missing, missing)
    k = len(names)
    estimates = np.array([each.params[:k] for each in fits])
    errors = np.array([each.bse[:k] for each in fits])
    return Realised(
        runs=len(fits),
        lost=runs - len(fits),
        std_error=errors.mean(axis=0),
        spread=estimates.std(axis=0, ddof=1),
        power=(np.abs(estimates) > CRITICAL * errors).mean(axis=0),
    )


def _one(
    plan: Plan, names: Sequence[str], prior: Mapping[str, float], seed: int
) -> ChoiceFit | None:
    """One experiment, chosen by a logit and fitted with product effects; None if it can't be."""
    drawer = reseeded(plan, plan.spec.seed + 2_000_003 + seed)
    cells = [(t.id, k) for k in range(plan.spec.worlds_per_task) for t in plan.spec.tasks]
    table = level_table(plan, drawer.draw_cells(cells))
    X, y = terms.matrix(names, table), _choose(table, prior, seed, len(cells))
    sets = np.asarray(table["set"])
    bought = np.bincount(sets, y)[sets] > 0
    dummies, kept = _dummies(plan, np.asarray(table["product_id"]), y)
    rows = bought & kept
    try:
        return fit(np.column_stack([X, dummies])[rows], y[rows], np.asarray(table["set"])[rows])
    except EstimationError:
        return None


def _choose(table: Mapping[str, Any], prior: Mapping[str, float], seed: int, worlds: int) -> Floats:
    """(rows,) 1 for what is bought in each world; none where leaving is worth most."""
    rng = Stream(seed, "simulated noise").generator()
    inside = by_world(utility(table, prior), table, -np.inf)
    inside = inside + rng.gumbel(size=inside.shape)
    leave = prior.get("outside_option", -np.inf) + rng.gumbel(size=worlds)
    best = np.maximum(inside.max(axis=1), leave)
    there = by_world(np.ones(len(table["set"])), table, 0.0) > 0
    return np.asarray(inside == best[:, None], dtype=float)[there]


def _dummies(plan: Plan, products: Any, y: Floats) -> tuple[Floats, Any]:  # noqa: ANN401
    """Dummies of the products chosen but one per group of shelves, and the rows that are kept."""
    chosen = set(products[y > 0].tolist())
    baselines: set[str] = set()
    for group in connected(plan):
        baselines |= set([product for product in group if product in chosen][:1])
    own = [product for product in plan.listings if product in chosen - baselines]
    return np.column_stack([products == p for p in own]), np.isin(products, list(chosen))
