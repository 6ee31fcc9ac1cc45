"""What are pairs of worlds worth, and do their intervals hold what they should?

Shelves of eight, prices, ratings and slots drawn as in `biases`, chosen from by a conditional logit
with product effects; a badge on one product in one of the two worlds. Paired: both worlds are equal
but for the badge. Unpaired: as many worlds, all drawn by themselves. Noise is independent, as a
model's is, or shared within the pair, as a planted buyer's is. The outcome is that the product is
bought; intervals are Tango's within pairs and Newcombe's between independent worlds.

    python -m benchmarks.paired [--runs 1000]
"""

import argparse

import numpy as np
from numpy.typing import NDArray

from aces.seeds import Stream
from aces.stats.paired import paired_difference
from analysis.arm_shares import newcombe
from benchmarks.machine import write_result

Floats = NDArray[np.float64]

SIZES = (50, 200)
BADGES = (0.0, 1.0)
NOISES = ("independent", "shared")
EFFECTS = np.array([0.0, 0.8, -0.5, 0.3, 0.0, -0.9, 0.6, -0.2])
FOCAL = 1


def worth(rng: np.random.Generator, worlds: int) -> Floats:
    """Returns (worlds, 8) utilities of freshly drawn shelves, without the badge."""
    slots = rng.permuted(np.tile(np.arange(8), (worlds, 1)), axis=1)
    price = rng.normal(0, 0.3, slots.shape)
    rating = rng.uniform(-0.4, 0.4, slots.shape)
    return np.asarray(0.9 * (slots < 4) + 0.5 * (slots % 4 == 0) - 1.8 * price + rating + EFFECTS)


def bought(utility: Floats, noise: Floats, badge: float) -> NDArray[np.int64]:
    """Returns (worlds,) whether the product was bought."""
    with_badge = utility + badge * (np.arange(8) == FOCAL)
    return ((with_badge + noise).argmax(axis=1) == FOCAL).astype(np.int64)


def truth(badge: float) -> float:
    """Returns the difference that the badge makes to the product's share, over 400,000 shelves."""
    utility = worth(np.random.default_rng(1), 400_000)
    shares = []
    for value in (badge, 0.0):
        e = np.exp(utility + value * (np.arange(8) == FOCAL))
        shares.append(float((e[:, FOCAL] / e.sum(axis=1)).mean()))
    return shares[0] - shares[1]


def row(pairs: int, badge: float, noise: str, runs: int) -> str:
    """Returns one row of the table: coverage, power and spread, paired and unpaired."""
    rng = Stream(0, "paired", pairs, badge, noise).generator()
    real = truth(badge)
    found, hits, finds = np.zeros((runs, 2)), np.zeros(2), np.zeros(2)
    for run in range(runs):
        shelf, one = worth(rng, pairs), rng.gumbel(size=(pairs, 8))
        other = one if noise == "shared" else rng.gumbel(size=(pairs, 8))
        paired = paired_difference(bought(shelf, one, badge), bought(shelf, other, 0.0))
        sides = [bought(worth(rng, pairs), rng.gumbel(size=(pairs, 8)), x) for x in (badge, 0.0)]
        apart = newcombe(float(sides[0].sum()), pairs, float(sides[1].sum()), pairs)
        for k, (value, low, high) in enumerate(((paired.estimate, paired.low, paired.high), apart)):
            found[run, k] = value
            hits[k] += low <= real <= high
            finds[k] += not low <= 0 <= high
    gain = float(found[:, 1].var() / found[:, 0].var())
    cells = [f"{real:.3f}", *(f"{x:.3f}" for x in (*hits / runs, *finds / runs)), f"{gain:.2f}"]
    return f"| {pairs} | {badge:g} | {noise} | " + " | ".join(cells) + " |"


def main() -> None:
    """Runs the simulations, prints the table and writes it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    args = parser.parse_args()
    lines = [
        f"{args.runs} runs of each row. Gain: variance of the unpaired difference over that of the "
        "paired one, from as many worlds.",
        "",
        "| pairs | badge, log odds | noise | true difference | coverage, paired | unpaired "
        "| finds it, paired | unpaired | gain |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for pairs in SIZES:
        for badge in BADGES:
            for noise in NOISES:
                if badge == 0 and noise == "shared":
                    continue  # the two are equal then, to the last purchase
                lines.append(row(pairs, badge, noise, args.runs))
                print(lines[-1], flush=True)
    body = "\n".join(lines)
    print(f"\nwrote {write_result('paired', 'Pairs of worlds', body)}")


if __name__ == "__main__":
    main()
