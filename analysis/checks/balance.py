"""Whether worlds are those of the design, by drawing again."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces.seeds import Stream
from analysis.checks.check import Check
from analysis.display import counted, p_equals
from analysis.redraw import Redraw

Floats = NDArray[np.float64]

BALANCE_ALPHA = 0.001
REPLICATES = 999


def balance(table: pd.DataFrame, redraw: Redraw | None) -> Check:
    """Whether the worlds met look like draws of the stored design, by one test of all levels.

    Draws of one task are independent and alike, so stored and redrawn ones are exchangeable: the
    statistic (sum of squared standardised differences of means) is compared with its values when
    the two are mixed at random. Where worlds are drawn in blocks, it is compared with its values
    for fresh blocks in the stored ones' place.
    """
    name = "Balance"
    if redraw is None or not redraw.study.varied:
        return Check(name, None, "Nothing was drawn, or the design is not at hand.")
    met = table.drop_duplicates("world_id").groupby("task_id", sort=False)["k"]
    different = sum(redraw.differing(str(task_id), list(k)) for task_id, k in met)
    if different:
        verdict = f"{counted(different, 'world')} differ from what seed and design give."
        return Check(name, False, verdict)
    observed, samples = 0.0, np.zeros(REPLICATES)
    for task_id, k in met:
        ks = k.to_numpy()
        ks = ks[ks >= redraw.first]  # a screen is drawn otherwise, and compared above
        if not len(ks):
            continue
        stored = redraw.stored(str(task_id), ks).levels()
        pool = redraw.pool(str(task_id)).levels()
        if redraw.block == 1:
            difference, mixed = _distance(stored, pool, str(task_id))
        else:
            difference, mixed = _distance_of_blocks(stored, pool, ks, redraw)
        observed, samples = observed + difference, samples + mixed
    # whole blocks may differ by rounding errors alone
    p = (1 + int((samples >= observed - 1e-9).sum())) / (1 + REPLICATES)
    verdict = (
        f"Stored worlds are those that seed and design give, and "
        f"{'as balanced as' if p >= BALANCE_ALPHA else 'less balanced than'} "
        f"fresh draws ({p_equals(p)})."
    )
    return Check(name, p >= BALANCE_ALPHA, verdict, p)


def _distance(stored: Floats, pool: Floats, task_id: str) -> tuple[float, Floats]:
    """The statistic, and its values when stored and redrawn worlds are mixed at random."""
    both = np.concatenate([stored, pool])
    spread = both.std(axis=0)
    both = (both / np.where(spread > 1e-12, spread, np.inf)).astype(np.float32)
    total, n = both.sum(axis=0, dtype=np.float64), len(stored)

    def difference(part: NDArray[np.float32]) -> float:
        inside = part.sum(axis=0, dtype=np.float64)
        return float(((inside / n - (total - inside) / (len(both) - n)) ** 2).sum()) * n

    generator = Stream("balance", task_id).generator()
    mixed = [difference(both[generator.permutation(len(both))[:n]]) for _ in range(REPLICATES)]
    return difference(both[:n]), np.array(mixed)


def _distance_of_blocks(
    stored: Floats, pool: Floats, ks: NDArray[np.int64], redraw: Redraw
) -> tuple[float, Floats]:
    """The statistic, and its values for worlds of fresh blocks in the place of the stored ones."""
    mean, spread = pool.mean(axis=0), pool.std(axis=0)
    spread = np.where(spread > 1e-12, spread, np.inf)

    def difference(part: Floats) -> float:
        return float((((part.mean(axis=0) - mean) / spread) ** 2).sum()) * len(part)

    generator = Stream("balance", *map(int, ks[:1]), len(ks)).generator()
    fresh = [pool[redraw.like(ks, len(pool), generator)] for _ in range(REPLICATES)]
    return difference(stored), np.array([difference(part) for part in fresh])
