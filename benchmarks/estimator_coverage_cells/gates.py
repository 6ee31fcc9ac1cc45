"""Gates that test something, where nothing is wrong."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from analysis.checks.losses import sample_ratio
from benchmarks.estimator_coverage_cells import Cell, Held, Method

RATIO = "sample ratio, at 5 % (the gate asks for .1 %)"


def lost(rng: np.random.Generator, trials: int, share: float) -> Held:
    """Two buyers that lose trials alike."""
    status = np.where(rng.random(2 * trials) < share, "failed", "chosen")
    table = pd.DataFrame(
        {"status": status, "buyer": np.repeat(["a", "b"], trials), "interface": "json"}
    )
    p = sample_ratio(table, table, None).p_value
    return {RATIO: [p is not None and p < 0.05]}


def _cells() -> Iterator[Cell]:
    for share in (0.02, 0.2):
        for trials in (20, 100, 1000):
            yield Cell(
                "Trials lost alike by two buyers, trials each",
                f"a share of {share:g} is lost",
                f"{trials:,}",
                (Method(RATIO, "rejects at most 5 %"),),
                partial(lost, trials=trials, share=share),
                300,
            )


CELLS = tuple(_cells())
