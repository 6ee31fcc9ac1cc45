"""How often the position lock finds a buyer that takes one slot with a given probability: exact.

    python -m benchmarks.position_lock

writes benchmarks/results/position-lock.md.
"""

from pathlib import Path

import numpy as np

from aces.rules import Gates
from aces.stats.shares import wilson_interval

PURCHASES = (35, 60, 84, 100, 200, 400)
SHARES = (1.0, 0.99, 0.97, 0.95, 0.93, 0.9, 0.85)
RESULT = Path(__file__).parent / "results" / "position-lock.md"


def needed(n: int, threshold: float) -> int:
    """Returns the fewest purchases of n, all of one slot, that lock a buyer to it; n + 1: none."""
    return next((k for k in range(n + 1) if wilson_interval([k], n)[0][0] > threshold), n + 1)


def power(n: int, share: float, threshold: float) -> float:
    """Returns the chance of being found locked in n independent purchases."""
    from scipy.stats import binom

    return float(binom.sf(needed(n, threshold) - 1, n, share))


def main() -> None:
    """Prints and writes the table."""
    threshold = Gates().position_lock or np.nan
    heads = ["purchases", "others at most", *(f"{100 * share:g} %" for share in SHARES)]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for n in PURCHASES:
        found = [f"{power(n, share, threshold):.3f}" for share in SHARES]
        lines.append(f"| {n} | {n - needed(n, threshold)} | {' | '.join(found)} |")
    text = (
        "# Power of the position lock\n\nChance that a buyer which takes one slot in the share of "
        f"its purchases above each column is found locked at {threshold:g}, by number of worlds "
        "(exact, binomial). `python -m benchmarks.position_lock`\n\n"
    )
    RESULT.write_text(text + "\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
