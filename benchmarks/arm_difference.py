"""Differences between arms, plain and adjusted: coverage, size and length of their intervals.

    python -m benchmarks.arm_difference [--runs 2000]

Spending of planted shoppers over shelves of four with drawn prices, half of the worlds nudged. The
shelf's mean price says half of the variance of what is spent; the nudge's effect rises with it, so
that the adjusting regression is wrong unless it is interacted.
"""

import argparse
import os
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from aces.stats.covariance import FewClustersWarning
from analysis.arm_differences import ArmDifferences, Question

WORLDS = (12, 20, 50, 200)
CHANGE = 0.5
WHOSE = {"buyer": "planted", "model": "", "persona": "", "prompt_hash": "", "interface": "json"}


def table(worlds: int, effect: float, rng: np.random.Generator) -> pd.DataFrame:
    """Returns two trials for each world; effects are those on average over the shelves drawn."""
    price = rng.normal(10, 2, (worlds, 1, 4)).repeat(2, axis=1)
    mean = price[:, 0].mean(axis=1)
    nudge = rng.permutation(worlds) % 2
    world = np.arange(worlds)
    heterogeneous = effect * (1 + (mean - mean.mean()))
    paid = mean + nudge * heterogeneous + rng.normal(0, 0.7, worlds)
    paid = paid[:, None] + rng.normal(0, 0.7, (worlds, 2))
    rows = 8
    return pd.DataFrame(
        {
            "world_id": world.repeat(rows),
            "trial_id": np.arange(2 * worlds).repeat(4),
            "task_id": "mugs",
            "price": price.ravel(),
            "nudge": nudge.repeat(rows),
            "chosen": (rng.random((2 * worlds, 4)).argsort(axis=1) == 0).astype(int).ravel(),
            "paid": paid.ravel().repeat(4),
            "status": "chosen",
            **WHOSE,
        }
    )


def measure(worlds: int, effect: float, runs: int) -> dict[str, tuple[float, float, float]]:
    """Returns kind -> coverage, rejections of no effect, and mean standard error."""
    question = Question("spent", ("nudge",), "paid", adjust=("price",))
    found: dict[str, list[tuple[float, float, float]]] = {"plain": [], "adjusted": []}
    for run in range(runs):
        rng = np.random.default_rng((run, worlds, round(100 * effect)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FewClustersWarning)
            buyer = ArmDifferences(question, table(worlds, effect, rng)).buyers[0]
        for each in buyer.differences:
            v = each.values
            inside = v["ci_low"] <= effect <= v["ci_high"]
            found[each.kind].append((inside, v["p_value"] < 0.05, v["std_error"]))
    return {kind: tuple(np.mean(rows, axis=0)) for kind, rows in found.items()}  # type: ignore[misc]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    runs = parser.parse_args().runs
    print("| worlds | change | intervals | coverage | rejects no change | mean s.e. |")
    print("|---|---|---|---|---|---|")
    for worlds in WORLDS:
        for effect in (0.0, CHANGE):
            for kind, (inside, rejected, error) in measure(worlds, effect, runs).items():
                told = f"{inside:.3f} | {rejected:.3f} | {error:.3f}"
                print(f"| {worlds} | {effect:g} | {kind} | {told} |", flush=True)
    print(f"\n{runs:,} experiments a row; Monte Carlo error of a coverage of .95: ", end="")
    print(f"{np.sqrt(0.95 * 0.05 / runs):.4f}.")


if __name__ == "__main__":
    main()
