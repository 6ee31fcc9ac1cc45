"""Gates that test something, where nothing is wrong."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from analysis.checks.losses import sample_ratio
from benchmarks.estimator_coverage_cells import Cell, Held, Method

RATIO = "sample ratio, at 5 % (the gate asks for .1 %)"


def lost(rng: np.random.Generator, trials: int, share: float, repeats: int) -> Held:
    """Two buyers that lose trials alike; what is lost of a world is lost in all of its repeats."""
    gone = np.repeat(rng.random(2 * trials // repeats) < share, repeats)
    table = pd.DataFrame(
        {
            "status": np.where(gone, "failed", "chosen"),
            "buyer": np.repeat(["a", "b"], trials),
            "interface": "json",
            "world_id": np.arange(2 * trials) // repeats,
        }
    )
    p = sample_ratio(table, table, None).p_value
    return {RATIO: [p is not None and p < 0.05]}


def _cells() -> Iterator[Cell]:
    for share, repeats in ((0.02, 1), (0.2, 1), (0.2, 4)):
        for trials in (20, 100, 1000):
            together = f", worlds met {repeats} times lost whole" if repeats > 1 else ""
            yield Cell(
                "Trials lost alike by two buyers, trials each",
                f"a share of {share:g} is lost{together}",
                f"{trials:,}",
                (Method(RATIO, "rejects at most 5 %"),),
                partial(lost, trials=trials, share=share, repeats=repeats),
                300,
            )


CELLS = tuple(_cells())
