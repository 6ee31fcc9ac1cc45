"""Does a test of a nudge keep its level, where nudges work differently by text and by category?

Trials of two alternatives, one of them nudged, in the manner of ABxLab: each trial has one of a few
texts and one of a few categories, the gap that the nudge makes is the sum of an effect of its text
and one of its category, and the mean of both is 0. Errors by trial with the normal, as the released
R code has them without `vcov`; two-way by text and category (Cameron, Gelbach and Miller 2011) with
the normal and with t(min(G) - 1); and the largest of the two-way and both one-way errors with the
same t, which is what `linear_probability` prints. The last column is how often the latter finds a
nudge that works: a mean gap of 0.3.

    python -m benchmarks.two_way [--runs 1000]
"""

import argparse
import warnings

import numpy as np
from numpy.typing import NDArray

from aces.seeds import Stream
from aces.stats.intervals import critical_value
from aces.stats.linear import clustered, least_squares
from benchmarks.machine import write_result

DESIGNS = ((5, 6), (12, 15))
TRIALS = (300, 1000)
SPREADS = (0.0, 0.05, 0.1, 0.15)
GAP = 0.3


def experiment(
    rng: np.random.Generator, trials: int, sizes: tuple[int, int], spread: float, gap: float
) -> tuple[float, float, float, float]:
    """Returns the estimated gap and its standard error: by trial, two-way alone, largest of three.

    Args:
        rng: Of the run.
        trials: How many.
        sizes: Texts and categories.
        spread: Standard deviation of the effects of texts, and of those of categories.
        gap: Mean effect.
    """
    text, category = (rng.integers(0, size, trials) for size in sizes)
    effects = [rng.normal(0, spread, size) for size in sizes]
    chance = 0.5 + (gap + effects[0][text] + effects[1][category]) / 2
    nudged = rng.integers(0, 2, trials)
    bought = np.where(rng.random(trials) < chance, nudged, 1 - nudged)
    X, y = np.eye(2)[nudged].ravel(), np.eye(2)[bought].ravel()
    trial = np.repeat(np.arange(trials), 2)
    fit = least_squares(X[:, None], y, ["nudged"], trial)
    both = clustered(fit, np.repeat(text, 2), np.repeat(category, 2))
    by_trial = clustered(fit, trial).bse[0]
    return float(fit.params[0]), float(by_trial), float(both.bse_two_way[0]), float(both.bse[0])


def rates(found: NDArray[np.float64], sizes: tuple[int, int]) -> list[float]:
    """Returns how often each test rejects, from rows as `experiment` returns them."""
    normal, t = critical_value(), critical_value(0.95, min(sizes) - 1)
    gap, trial, two_way, largest = np.abs(found).T
    tests = ((trial, normal), (two_way, normal), (two_way, t), (largest, t))
    return [float((gap > critical * error).mean()) for error, critical in tests]


def main() -> None:
    """Runs the simulations, prints the table and writes it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    args = parser.parse_args()
    warnings.simplefilter("ignore")  # of few clusters
    lines = [
        f"{args.runs} runs of each row; rejections at 5 %, of a mean effect that is 0.",
        "",
        "| texts × categories | trials | spread of effects | by trial, normal | two-way, normal "
        "| two-way, t | largest of three, t | finds a gap of 0.3 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for sizes in DESIGNS:
        for trials in TRIALS:
            for spread in SPREADS:
                shown = _row(args.runs, sizes, trials, spread)
                lines.append(f"| {sizes[0]} × {sizes[1]} | {trials:,} | {spread} | {shown} |")
                print(lines[-1], flush=True)
    body = "\n".join(lines)
    print(f"\nwrote {write_result('two_way', 'Two-way clusters', body)}")


def _row(runs: int, sizes: tuple[int, int], trials: int, spread: float) -> str:
    shown = []
    for gap in (0.0, GAP):
        rng = Stream(0, "two-way", *sizes, trials, spread, gap).generator()
        found = [experiment(rng, trials, sizes, spread, gap) for _ in range(runs)]
        shown.append(rates(np.array(found), sizes))
    return " | ".join(f"{rate:.3f}" for rate in [*shown[0], shown[1][-1]])


if __name__ == "__main__":
    main()
