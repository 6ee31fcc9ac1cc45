"""Buyers, channels and versions on the same worlds: what differs, one by one and jointly."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.comparison.shares import paired_change
from analysis.stacked import Stacked, fit_arm
from analysis.stacked_logit import StackedLogit
from benchmarks.estimator_coverage_cells import Cell, Held, Method
from benchmarks.estimator_coverage_cells.tables import long_table, slots

PRODUCTS = 5
TERMS = ("log_price", "badge", "pos_1")
TASTE = np.array([-1.5, 0.8, 0.5])
EFFECTS = np.array([0.0, 0.5, -0.5, 0.3, -0.3])
BUYERS = 3
ALIKE = 0.5
"""Chance that a buyer's noise on a world is what all buyers have there."""
APART = "difference of a coefficient between two arms"
TOGETHER = "joint test that no coefficient differs"
ONE_MODEL = "one model of all buyers: that all are equal"
ONE_TERM = "one model of all buyers: that a term is equal"
CHANGE = "change of a share, paired by world"


def same(rng: np.random.Generator, worlds: int) -> pd.DataFrame:
    """Long table of buyers of one taste on the same worlds."""
    shape = (worlds, PRODUCTS)
    price, badge = rng.normal(3.0, 0.4, shape), (rng.random(shape) < 0.3).astype(int)
    place = slots(rng, worlds, PRODUCTS)
    first = (place == 1).astype(int)
    utility = np.stack([price, badge, first], axis=2) @ TASTE + EFFECTS
    common, parts = rng.gumbel(size=shape), []
    for number in range(BUYERS):
        alike = rng.random((worlds, 1)) < ALIKE
        bought = (utility + np.where(alike, common, rng.gumbel(size=shape))).argmax(axis=1)
        values = {"log_price": price, "badge": badge, "position": place, "pos_1": first}
        rows = long_table(bought, np.arange(worlds), PRODUCTS, values)
        rows["trial_id"] += f" {number}"
        parts.append(rows.assign(buyer=f"b{number}"))
    return pd.concat(parts, ignore_index=True)


def stacked(rng: np.random.Generator, worlds: int) -> Held:
    """Fits of their own, compared as channels and versions are; and one model of all."""
    table = same(rng, worlds)
    arms = [fit_arm(rows, TERMS) for _, rows in table.groupby("buyer", sort=False)]
    found = Stacked(TERMS, arms).contrast(np.array([[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]]))
    tests = StackedLogit("stacked", table, TERMS).result.equality().set_index("term")["p_value"]
    every, each = float(tests.iloc[-1]), tests.iloc[:-1]
    return {
        APART: (found.p < 0.05).tolist(),
        TOGETHER: [] if np.isnan(found.joint.p_value) else [found.joint.p_value < 0.05],
        ONE_TERM: (each[each.notna()] < 0.05).tolist(),
        ONE_MODEL: [] if np.isnan(every) else [every < 0.05],
    }


def drifted(rng: np.random.Generator, worlds: int, moved: bool) -> Held:
    """Shares of four products by world, two trials of each version."""
    old = rng.dirichlet(np.array([5.0, 3.0, 1.5, 0.5]), worlds)
    new = old[:, [1, 0, 2, 3]] if moved else old
    mean = np.array([0.5, 0.3, 0.15, 0.05])
    truth = mean[[1, 0, 2, 3]] - mean if moved else np.zeros(4)
    bought = [_bought(rng, share) for share in (old, old, new, new)]
    values, held = np.eye(4)[np.concatenate(bought)], np.ones((4 * worlds, 4))
    world, fresh = np.tile(np.arange(worlds), 4), np.repeat([False, False, True, True], worlds)
    _, low, high = paired_change(values, held, world, fresh)
    return {CHANGE: ((low <= truth + 1e-12) & (truth - 1e-12 <= high)).tolist()}


def _bought(rng: np.random.Generator, share: NDArray[np.float64]) -> NDArray[np.int64]:
    beyond = (rng.random((len(share), 1)) > share.cumsum(axis=1)).sum(axis=1)
    return np.asarray(beyond.clip(0, share.shape[1] - 1))


def _cells() -> Iterator[Cell]:
    for worlds, runs in ((40, 300), (100, 100), (300, 500), (1000, 200)):
        yield Cell(
            "Buyers of one taste, worlds that all of them met",
            "three buyers, half of their noise shared",
            f"{worlds:,}",
            (
                Method(APART, "rejects 5 %"),
                Method(TOGETHER, "rejects 5 %"),
                Method(ONE_TERM, "rejects 5 %"),
                Method(ONE_MODEL, "rejects 5 %"),
            ),
            partial(stacked, worlds=worlds),
            runs,
        )
    for moved in (False, True):
        for worlds in (5, 10, 20, 100, 1000):
            yield Cell(
                "Shares of two versions, worlds",
                f"two trials of each a world, {'two shares swapped' if moved else 'no change'}",
                f"{worlds:,}",
                (Method(CHANGE, "covers 95 %"),),
                partial(drifted, worlds=worlds, moved=moved),
            )


CELLS = tuple(_cells())
