"""Browsing: what slots and marks do to clicks, to purchases given a click, and to purchases."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import expit

from analysis.funnel import STAGES, FunnelEffects
from benchmarks.estimator_coverage_cells import Cell, Held, Method
from benchmarks.estimator_coverage_cells.tables import long_table, picked, slots

PRODUCTS = 5
OPENS = np.array([-0.8, -0.3, -1.2, -0.5, -0.9])
BUYS = np.array([0.2, -0.4, 0.5, -0.2, 0.0])
TERMS = ("pos_1", "badge")
EFFECTS = {"click": (0.7, 0.5), "purchase_given_click": (0.0, 0.6)}
"""Stage -> effects of the first slot and of a badge, where they have any."""
NAMES = {stage: f"effects on {stage.replace('_', ' ')}" for stage in STAGES}


def browsed(rng: np.random.Generator, worlds: int, moves: bool) -> pd.DataFrame:
    """Long table of one buyer that opens listings and buys one of those, or none."""
    shape = (worlds, PRODUCTS)
    place, badge = slots(rng, worlds, PRODUCTS), (rng.random(shape) < 0.3).astype(int)
    shown = np.stack([place == 1, badge], axis=2).astype(float)
    opens, buys = (moves * (shown @ np.array(EFFECTS[stage])) for stage in EFFECTS)
    clicked = rng.random(shape) < expit(OPENS + opens)
    odds = np.exp(BUYS + buys) * clicked
    bought = picked(rng, odds / (1 + odds.sum(axis=1, keepdims=True)))
    columns = {
        "buyer": "one",
        "position": place,
        "pos_1": place == 1,
        "badge": badge,
        "seen": 1,
        "clicked": clicked.astype(int),
        "carted": bought[:, None] == np.arange(PRODUCTS),
    }
    return long_table(bought, np.arange(worlds), PRODUCTS, columns)


def funnel(rng: np.random.Generator, worlds: int, moves: bool) -> Held:
    """All stages where nothing moves them; those with a known truth where something does."""
    found = FunnelEffects("funnel", browsed(rng, worlds, moves), TERMS)
    held: dict[str, list[bool]] = {NAMES[stage]: [] for stage in (EFFECTS if moves else STAGES)}
    for row in found.estimates():
        stage = row.estimator.removeprefix("funnel_")
        if row.ci_low is None or row.ci_high is None or row.p_value is None:
            continue
        if not moves:
            held[NAMES[stage]].append(row.p_value < 0.05)
        elif stage in EFFECTS:
            true = EFFECTS[stage][TERMS.index(row.term)]
            held[NAMES[stage]].append(row.ci_low <= true <= row.ci_high)
    return held


def _cells() -> Iterator[Cell]:
    for moves in (True, False):
        for worlds, runs in ((20, 150), (50, 60), (300, 200), (1000, 60)):
            names = [NAMES[stage] for stage in (EFFECTS if moves else STAGES)]
            claim = "covers 95 %" if moves else "rejects 5 %"
            yield Cell(
                "Browsing, worlds",
                "a slot that is opened more, a badge" if moves else "nothing moves anything",
                f"{worlds:,}",
                tuple(Method(name, claim) for name in names),  # type: ignore[arg-type]
                partial(funnel, worlds=worlds, moves=moves),
                runs,
            )


CELLS = tuple(_cells())
