"""Effects of several tasks or wordings drawn together, and variances from repeats."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from aces.stats.components import components
from aces.stats.pooling import partial_pooling
from benchmarks.estimator_coverage_cells import Cell, Held, Method

CENTRE = 0.3
MEAN = "mean of tasks"
BETWEEN = "sd between tasks"
ANOTHER = "another task"
EACH = "each task, partly pooled"
EQUAL = "test that tasks are alike (Cochran's Q)"
PARTS = "variance components"
SHARES = "parts of the total"
TOLD = "`partial_pooling`; under its table, a note below 100 worlds a task"


def pooled(rng: np.random.Generator, tasks: int, spread: float, worlds: int) -> Held:
    """Normal effects of tasks; the size of each error is known, or from so many worlds."""
    true = rng.uniform(0.5, 1.5, tasks)
    effects = CENTRE + spread * rng.normal(size=tasks)
    errors = true * np.sqrt(rng.chisquare(worlds - 1, tasks) / (worlds - 1)) if worlds else true
    found = partial_pooling(effects + true * rng.normal(size=tasks), errors)
    common, each = found.common, found.tasks
    another = CENTRE + spread * rng.normal()
    held = {
        MEAN: [common.low <= CENTRE <= common.high],
        BETWEEN: [common.variance_low <= spread**2 <= common.variance_high],
        ANOTHER: [common.next_low <= another <= common.next_high],
        EACH: ((each.low <= effects) & (effects <= each.high)).tolist(),
    }
    return held | ({} if spread else {EQUAL: [common.p_value < 0.05]})


def repeated(rng: np.random.Generator, worlds: int, read: bool) -> Held:
    """Four listings, worlds met three times: odds of a world, of a serving, and a draw."""
    mean, by_world, by_serving = np.array([0.5, 0.3, 0.15, 0.05]), 3.0, 8.0
    of_world = rng.dirichlet(by_world * mean, worlds).repeat(3, axis=0)
    odds = rng.gamma(np.maximum(by_serving * of_world, 1e-12)) + 1e-300
    p = odds / odds.sum(axis=1, keepdims=True)
    drawn = (rng.random((len(p), 1)) > p.cumsum(axis=1)).sum(axis=1).clip(0, 3)
    world = np.repeat(np.arange(worlds), 3)
    found = components(p if read else np.eye(4)[drawn], world, probabilities=read)
    total = 1 - mean @ mean
    apart = total / (by_world + 1)
    serving = (total - apart) / (by_serving + 1)
    sampling = total - apart - serving
    within = [serving, sampling] if read else [np.nan, serving + sampling]
    truth = np.array([apart, *within, total])
    told = ~np.isnan(truth)
    (low, high), (least, most) = found.limits(), found.share_limits()
    parts = truth / total
    return {
        PARTS: ((low <= truth) & (truth <= high))[told].tolist(),
        SHARES: ((least <= parts) & (parts <= most))[told][:-1].tolist(),
    }


def _cells() -> Iterator[Cell]:
    family = "Effects that differ by task, tasks"
    for worlds, of in ((0, "known"), (20, "each from 20 worlds"), (100, "each from 100 worlds")):
        for spread in (0.0, 0.5, 2.0) if worlds < 100 else (0.0,):
            for tasks in (3, 5, 10, 20, *(() if spread else (100,))):
                methods = [Method(name, "covers 95 %", TOLD) for name in (MEAN, BETWEEN)]
                methods += [Method(name, "covers 95 %", TOLD) for name in (ANOTHER, EACH)]
                methods += [] if spread else [Method(EQUAL, "rejects 5 %", TOLD)]
                yield Cell(
                    family,
                    f"errors of about 1, {of}; sd between tasks {spread:g}",
                    f"{tasks:,}",
                    tuple(methods),
                    partial(pooled, tasks=tasks, spread=spread, worlds=worlds),
                    1000,
                )
    for read in (False, True):
        for worlds in (5, 10, 20, 100, 1000):
            yield Cell(
                "Variances from repeats, worlds met three times",
                "probabilities read" if read else "choices alone",
                f"{worlds:,}",
                (
                    Method(PARTS, "covers 95 %", "`aces.stats.components`; a note of `variance`"),
                    Method(SHARES, "covers 95 %", "`aces.stats.components`; a note of `variance`"),
                ),
                partial(repeated, worlds=worlds, read=read),
            )


CELLS = tuple(_cells())
