"""Purchases held against probabilities that were read elsewhere."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import softmax

from analysis.bridge import bridge
from benchmarks.estimator_coverage_cells import Cell, Held, Method
from benchmarks.estimator_coverage_cells.tables import long_table, picked, slots

PRODUCTS = 5
TERMS = ("log_price", "badge", "pos_1", "pos_2")
TASTE = np.array([-1.5, 0.8, 0.5, 0.2])
SLOPE = "slope in the logit"
LINEAR = "linear slope and intercept"
TOGETHER = "linear slope 1 and intercept 0"
BESIDE = "slope 1 and nothing left to four terms"
FEW = "a note of `bridge` below 500 purchases"
METHODS = {
    "slope in the logit": SLOPE,
    "linear slope": LINEAR,
    "linear intercept": LINEAR,
    "linear slope 1 and intercept 0 (F)": TOGETHER,
    "slope 1 and nothing left to 4 terms (F)": BESIDE,
}


def paired(rng: np.random.Generator, worlds: int) -> pd.DataFrame:
    """Long table of two buyers: one's probabilities are the chances of the other's purchases."""
    shape = (worlds, PRODUCTS)
    price, badge = rng.normal(3.0, 0.4, shape), (rng.random(shape) < 0.3).astype(int)
    place = slots(rng, worlds, PRODUCTS)
    values = {"log_price": price, "badge": badge, "position": place}
    values |= {f"pos_{i}": (place == i).astype(int) for i in (1, 2)}
    utility = np.stack([values[term] for term in TERMS], axis=2) @ TASTE
    p = softmax(utility + rng.normal(0, 0.5, shape), axis=1)
    common = {**values, "probability": p}
    parts = [
        long_table(picked(rng, p).clip(0), np.arange(worlds), PRODUCTS, common).assign(buyer=name)
        for name in ("buys", "reads")
    ]
    parts[1]["trial_id"] += " read"
    return pd.concat(parts, ignore_index=True)


def bridged(rng: np.random.Generator, worlds: int) -> Held:
    """Everything that the bridge tests, where it holds."""
    found = bridge(paired(rng, worlds), "buys", "reads", terms=TERMS)
    held: dict[str, list[bool]] = {name: [] for name in METHODS.values()}
    for line in found.lines:
        if not np.isnan(line.p_value):
            held[METHODS[line.term]].append(line.p_value < 0.05)
    return held


def _cells() -> Iterator[Cell]:
    for worlds, runs in ((20, 300), (50, 300), (100, 300), (500, 300)):
        yield Cell(
            "Purchases against probabilities, worlds",
            "probabilities that are the chances",
            f"{worlds:,}",
            tuple(Method(name, "rejects 5 %", FEW) for name in dict.fromkeys(METHODS.values())),
            partial(bridged, worlds=worlds),
            runs,
        )


CELLS = tuple(_cells())
