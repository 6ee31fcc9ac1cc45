"""The mixed logit: deciders whose tastes differ."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from aces.stats.choice_data import choice_data
from aces.stats.mixed.fit import DrawsUsed, fit
from benchmarks.estimator_coverage_cells import Cell, Held, Method

MEAN, SPREAD = np.array([1.0, -0.5]), np.array([0.8, 0.0])
SETS, ALTERNATIVES = 8, 4
MEANS = "mixed logit, robust by decider: means"
SPREADS = "mixed logit, robust by decider: standard deviation"


def panel(rng: np.random.Generator, deciders: int) -> Held:
    """Normal tastes for one of two attributes."""
    n = deciders * SETS
    sets = np.repeat(np.arange(n), ALTERNATIVES)
    decider = sets // SETS
    X = rng.normal(size=(len(sets), 2))
    taste = MEAN + rng.normal(size=(deciders, 2)) * SPREAD
    utility = (X * taste[decider]).sum(axis=1) + rng.gumbel(size=len(sets))
    best = utility.reshape(n, -1).max(axis=1)
    y = (utility == best[sets]).astype(float)
    data = choice_data(X, y, sets, names=("a", "b"))
    used = DrawsUsed(count=150)
    found = fit(data, {"a": "normal"}, deciders=decider, draws=used, other_sets=0)
    estimate, error = found.params, found.bse
    truth = np.array([*MEAN, SPREAD[0]])
    inside = (np.abs(np.abs(estimate) - np.abs(truth)) <= 1.959964 * error).tolist()
    return {MEANS: inside[:2], SPREADS: inside[2:]}


def _cells() -> Iterator[Cell]:
    for deciders in (30, 100, 300):
        yield Cell(
            "Tastes that differ, deciders",
            "eight choices each, normal tastes, 150 draws",
            f"{deciders:,}",
            (Method(MEANS, "covers 95 %"), Method(SPREADS, "covers 95 %")),
            partial(panel, deciders=deciders),
            300,
        )


CELLS = tuple(_cells())
