"""Few clusters: how often tests of nothing reject, and intervals hold the truth.

    python -m benchmarks.few_clusters [--runs 2000] [--write]

Conditional logits with errors clustered by G units (tasks, say) whose tastes differ, sd 0.5. The
tested attribute is symmetric around 0 and so are the tastes for it, so that its coefficient is 0
for certain. `even`: 40 choice sets of 5 in each cluster; `uneven`: their number grows from one
cluster to the last by a factor of 7; `by cluster`: a term that is the same in whole clusters, an
attribute times an arm drawn for the cluster, as when treatments are assigned to tasks. Methods: the
normal and t(G - 1) with CR1 errors, t(G - 1) with each cluster left out (CR3, the default), and the
score bootstrap.
"""

import argparse
import sys
import time
import warnings

import numpy as np

from aces.stats.choice import fit
from aces.stats.covariance import covariance
from aces.stats.intervals import critical_value
from aces.stats.score_bootstrap import ScoreBootstrap
from aces.stats.shares import wilson_interval
from benchmarks.machine import write_result

ALTERNATIVES, SETS, SPREAD = 5, 40, 0.5
CLUSTERS = (3, 5, 10, 20)
DESIGNS = ("even", "uneven", "by cluster")
LENGTHS = 20
METHODS = ("CR1, normal", "CR1, t(G - 1)", "CR3, t(G - 1)", "score bootstrap")


def draw(n_clusters: int, design: str, seed: int) -> tuple[np.ndarray, ...]:
    """Returns X, y, choice sets and clusters of rows; the first coefficient is 0."""
    rng = np.random.default_rng([n_clusters, DESIGNS.index(design), seed])
    sizes = np.full(n_clusters, SETS)
    if design == "uneven":
        sizes = (np.exp(np.linspace(-1, 1, n_clusters)) * SETS).astype(int)
    cluster = np.repeat(np.arange(n_clusters), sizes)
    X = rng.normal(size=(len(cluster), ALTERNATIVES, 3))
    taste = np.array([0.0, -1.0, 0.5]) + SPREAD * rng.normal(size=(n_clusters, 3))
    if design == "by cluster":
        arm = rng.permutation(np.arange(n_clusters) % 2)
        X[:, :, 0] = X[:, :, 1] * (arm - 0.5)[cluster][:, None]
        taste[:, 0] = 0.0
    utility = np.einsum("njk,nk->nj", X, taste[cluster]) + rng.gumbel(size=X.shape[:2])
    y = np.eye(ALTERNATIVES)[utility.argmax(axis=1)].ravel()
    sets, clusters = (np.repeat(a, ALTERNATIVES) for a in (np.arange(len(cluster)), cluster))
    return X.reshape(-1, 3), y, sets, clusters


def once(n_clusters: int, design: str, seed: int) -> tuple[np.ndarray, float]:
    """Returns which methods reject at 5 %, and the bootstrap interval's length over CR3's."""
    rows = draw(n_clusters, design, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = fit(*rows)
        first_order = covariance(found.data, found.at, "cluster", rows[3]).matrix[0, 0]
    made = ScoreBootstrap(found.data, found.at, rows[3], draws=999, seed=seed)
    z, left_out = abs(found.params[0]) / np.sqrt(first_order), abs(found.params[0]) / found.bse[0]
    test = made.test(np.eye(3)[:1], np.zeros(1))
    t = critical_value(0.95, n_clusters - 1)
    rejected = [z > critical_value(0.95), z > t, left_out > t, test.p_value <= 0.05]
    ratio = np.nan
    if seed < LENGTHS:
        low, high = made.interval(0)
        ratio = (high - low) / (2 * t * found.bse[0])
    return np.array(rejected), ratio


def table(runs: int) -> str:
    """Returns the table of rejections."""
    heads = " | ".join(f"{name}, %" for name in METHODS)
    lines = [
        f"| clusters | design | {heads} | length of the bootstrap interval over CR3's, "
        f"median of {LENGTHS} |",
        "|---|---|---|---|---|---|---|",
    ]
    for n_clusters in CLUSTERS:
        for design in DESIGNS:
            found = [once(n_clusters, design, seed) for seed in range(runs)]
            rejected = np.sum([each for each, _ in found], axis=0)
            low, high = wilson_interval(rejected, runs)
            cells = [
                f"{100 * k / runs:.1f} [{100 * a:.1f}, {100 * b:.1f}]"
                for k, a, b in zip(rejected, low, high, strict=True)
            ]
            ratio = np.median([r for _, r in found if not np.isnan(r)])
            length = "unbounded" if np.isinf(ratio) else f"{ratio:.2f}"
            lines.append(f"| {n_clusters} | {design} | {' | '.join(cells)} | {length} |")
            print(lines[-1], file=sys.stderr)
    return "\n".join(lines)


def main() -> None:
    """Prints the table, and writes it if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    start = time.perf_counter()
    body = (
        f"{asked.runs:,} experiments each; rejections of a coefficient of 0 at 5 %, with Wilson's "
        f"95 % interval of that share.\n\n{table(asked.runs)}\n\n"
        f"In {time.perf_counter() - start:.0f} s."
    )
    print(body)
    if asked.write:
        print(write_result("few-clusters", "Few clusters", body), file=sys.stderr)


if __name__ == "__main__":
    main()
