"""Do always-valid tests keep their level under peeking, and fixed precision its coverage?

Every run of the first table is a stream of trials in two arms with the same share, looked at after
each trial from the hundredth on: by `aces.stats.sequential`, given ten events on each side of both
arms as stopping rules want them, and naively by |z| > 1.96. Runs of the
second end when Wilson's interval of a share is narrow enough, not before 100 trials.

    python -m benchmarks.sequential [--runs 5000] [--trials 5000]
"""

import argparse

import numpy as np
from numpy.typing import NDArray

from aces.seeds import Stream
from aces.stats.sequential import always_valid_radius, mixing_rate
from aces.stats.shares import wilson_interval
from aces.stopping import FEWEST
from benchmarks.machine import write_result

Floats = NDArray[np.float64]

EVENTS = 10
SHARES = (0.05, 0.125, 0.5)
HALF_WIDTHS = (0.03, 0.05, 0.08)
MOST_WRONG, LEAST_NAIVE = 0.058, 0.30


def peek(y: Floats, treated: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Returns |z| of the difference of two means after each trial, and where events suffice.

    Args:
        y: (runs, trials) outcomes, 0 or 1.
        treated: (runs, trials) arm of each.
    """
    seen = [np.cumsum(group, axis=1, dtype=float) for group in (treated, ~treated)]
    buys = [np.cumsum(y * group, axis=1) for group in (treated, ~treated)]
    enough = np.ones_like(treated)
    variance = np.zeros_like(y)
    means = []
    for n, k in zip(seen, buys, strict=True):
        enough = enough & (k >= EVENTS) & (n - k >= EVENTS)
        mean = k / np.maximum(n, 1)
        means.append(mean)
        variance += mean * (1 - mean) / np.maximum(n - 1, 1)
    z = np.abs(means[0] - means[1]) / np.sqrt(np.maximum(variance, 1e-300))
    z[:, : FEWEST - 1] = 0.0
    return z, enough


def errors(share: float, runs: int, trials: int) -> tuple[float, float]:
    """Returns how often always-valid and naive peeking find a difference that is not there."""
    radius = always_valid_radius(1.0, np.arange(1, trials + 1), mixing_rate(500))
    valid = naive = 0
    for first in range(0, runs, 100):
        size = (min(100, runs - first), trials)
        rng = Stream(first, "peeking", share).generator()
        z, enough = peek((rng.random(size) < share).astype(float), rng.random(size) < 0.5)
        valid += int(((z > radius) & enough).any(axis=1).sum())
        naive += int((z > 1.959964).any(axis=1).sum())
    return valid / runs, naive / runs


def precision(share: float, half_width: float, runs: int) -> tuple[float, float]:
    """Returns coverage of Wilson's interval where it got narrow enough, and the trials it took."""
    most = 2000
    n = np.arange(FEWEST, most + 1)
    tables = [wilson_interval(np.arange(trials + 1), trials) for trials in n]
    covered, took = 0, 0
    rng = Stream(0, "precision", share, half_width).generator()
    for _ in range(runs):
        counts = np.cumsum(rng.random(most) < share)[FEWEST - 1 :]
        for trials, count, (low, high) in zip(n, counts, tables, strict=True):
            if high[count] - low[count] <= 2 * half_width:
                covered += low[count] <= share <= high[count]
                took += int(trials)
                break
    return covered / runs, took / runs


def main() -> None:
    """Runs the simulations, prints the tables and writes them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--trials", type=int, default=5000)
    args = parser.parse_args()
    lines = [
        f"{args.runs} runs of {args.trials} trials each without any difference, looked at after "
        f"every trial from trial {FEWEST} on. Accepted: always-valid at most {MOST_WRONG}, naive "
        f"at least {LEAST_NAIVE}.",
        "",
        "| share in both arms | always-valid finds a difference | naive finds one | accepted |",
        "|---|---|---|---|",
    ]
    for share in SHARES:
        valid, naive = errors(share, args.runs, args.trials)
        verdict = "yes" if valid <= MOST_WRONG and naive >= LEAST_NAIVE else "NO"
        lines.append(f"| {share} | {valid:.4f} | {naive:.3f} | {verdict} |")
    lines += ["", "| share | half width | coverage at the stop | trials |", "|---|---|---|---|"]
    for share in SHARES:
        for width in HALF_WIDTHS:
            covered, took = precision(share, width, args.runs)
            lines.append(f"| {share} | {width} | {covered:.4f} | {took:.0f} |")
    body = "\n".join(lines)
    print(body)
    print(f"\nwrote {write_result('sequential', 'Stopping', body)}")


if __name__ == "__main__":
    main()
