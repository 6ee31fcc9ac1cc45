"""Long tables of simulated trials, for the functions of `aces analyze` that are given one."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]


def long_table(
    chosen: Ints, worlds: Sequence[int] | Ints, size: int, columns: Mapping[str, ArrayLike]
) -> pd.DataFrame:
    """Returns the long table of trials through one interface, a row per listing.

    Args:
        chosen: (n,) product bought in each trial; -1 for none.
        worlds: (n,) world of each.
        size: Listings on a shelf; product j is `p<j>`.
        columns: Name -> (n, size) values, (n, 1) where all listings of a trial share them.
    """
    n = len(chosen)
    trials = np.array([f"t{i}" for i in range(n)], dtype=object)
    names = np.array([f"w{w:06}" for w in worlds], dtype=object)
    status = np.where(chosen < 0, "abstained", "chosen").astype(object)
    made: dict[str, Any] = {
        "trial_id": np.repeat(trials, size),
        "world_id": np.repeat(names, size),
        "task_id": "task",
        "product_id": np.tile(np.array([f"p{j}" for j in range(size)], dtype=object), n),
        "interface": "json",
        "status": np.repeat(status, size),
        "chosen": (chosen[:, None] == np.arange(size)).astype(int).ravel(),
    }
    shape = (n, size)
    made |= {name: np.broadcast_to(np.asarray(v), shape).ravel() for name, v in columns.items()}
    return pd.DataFrame(made)


def slots(rng: np.random.Generator, trials: int, size: int) -> Ints:
    """Returns (trials, size) slots from 1 on, in random order."""
    return np.argsort(rng.random((trials, size)), axis=1) + 1


def picked(rng: np.random.Generator, probability: NDArray[np.float64]) -> Ints:
    """Returns (n,) which of (n, J) alternatives is chosen; -1 with what is left to 1."""
    drawn = rng.random((len(probability), 1))
    total = probability.cumsum(axis=1)
    found = (drawn > total).sum(axis=1)
    return np.where(found == probability.shape[1], -1, found)
