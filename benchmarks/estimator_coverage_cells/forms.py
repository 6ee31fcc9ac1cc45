"""Price ladders: does price move anything, and are two forms of it told apart?"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from aces.stats.price_forms import Form, price_forms, price_matters, vuong
from benchmarks.estimator_coverage_cells import Cell, Held, Method
from benchmarks.estimator_coverage_cells.tables import picked, slots

GAPS = np.array([0.0, 0.01, 0.02, 0.05, 0.1, 0.2])
MATTERS = "test that price moves nothing"
APART = "Vuong's test, two forms equally near"


def indifferent(rng: np.random.Generator, choices: int) -> Held:
    """Pairs on a ladder of gaps, chosen by slot alone."""
    base = rng.choice([20.0, 50.0, 90.0], choices)
    dear = np.arange(2) == rng.integers(0, 2, choices)[:, None]
    prices = base[:, None] * (1 + dear * rng.choice(GAPS, choices)[:, None])
    place = slots(rng, choices, 2)
    first = np.exp(0.4 * (place == 1))
    chosen = picked(rng, first / first.sum(axis=1, keepdims=True)).clip(0)
    return {MATTERS: [price_matters(price_forms(prices, place, chosen)) < 0.05]}


def equally_near(rng: np.random.Generator, worlds: int) -> Held:
    """Log-likelihoods of two fixed forms with one mean; two choices of a world are alike."""
    of_world = np.repeat(rng.gamma(2.0, size=(worlds, 2)), 2, axis=0)
    one, other = (-of_world - rng.gamma(2.0, size=of_world.shape)).T
    forms = [Form(name, 0.0, None, 1, x) for name, x in (("one", one), ("other", other))]
    p = vuong(forms[0], forms[1], np.repeat(np.arange(worlds), 2).tolist())
    return {APART: [] if p is None else [p < 0.05]}


def _cells() -> Iterator[Cell]:
    for choices, runs in ((20, 1000), (100, 500), (780, 200)):
        yield Cell(
            "Price ladders, choices",
            "pairs, six gaps, three prices; price moves nothing",
            f"{choices:,}",
            (Method(MATTERS, "rejects at most 5 %"),),
            partial(indifferent, choices=choices),
            runs,
        )
    for worlds in (5, 10, 20, 100, 1000):
        yield Cell(
            "Forms of the price term, worlds",
            "two forms equally near the truth, two choices a world",
            f"{worlds:,}",
            (Method(APART, "rejects 5 %"),),
            partial(equally_near, worlds=worlds),
        )


CELLS = tuple(_cells())
