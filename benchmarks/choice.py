"""Conditional logits side by side: `python -m benchmarks.choice [--sets N ...] [--out FILE]`.

Every tool fits the same draw, 8 alternatives with 20 columns, with errors clustered by groups of
20 choice sets, in a process of its own. Measured is the fit alone: imports, data and a warm-up on
100 choice sets come before. All have one thread, as several burn CPU time waiting. Memory is the
highest resident size of the process during the fit (data and imports included), and how far that is
above the size before it.
"""

import argparse
import importlib.util
import json
import os
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import hardware

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("ACES_SHARED", ROOT.parent / "shared")) / "bench" / "choice" / "gen.py"
ALTERNATIVES, PER_CLUSTER = 8, 20
ONE_THREAD = os.environ | dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS"), "1"
)
JACKKNIFE = "ACES, each cluster left out"
TOO_SLOW = {("statsmodels PHReg", 200_000), (JACKKNIFE, 200_000)}

Rows = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
Estimates = tuple[np.ndarray, np.ndarray]


def draw(n_sets: int, seed: int = 0) -> Rows:
    """Returns X (rows, 20), y, choice sets and clusters: the shared draw, else our own."""
    if SHARED.is_file():
        spec = importlib.util.spec_from_file_location("gen", SHARED)
        assert spec is not None
        assert spec.loader is not None
        shared = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(shared)
        X, chosen, _, cluster = shared.make(n_sets, seed, sigma_v=0.5)
        X, y, sets, _ = shared.long(X, chosen)
        return X, y, sets, np.repeat(cluster, ALTERNATIVES)
    return own_draw(n_sets, seed)


def own_draw(n_sets: int, seed: int) -> Rows:
    """Returns a draw of the same shape: dummies of product and slot, prices, ratings, tags."""
    rng = np.random.default_rng(seed)
    shape = (n_sets, ALTERNATIVES)
    beta = rng.normal(0, 0.5, 20)
    X = np.zeros((*shape, 20))
    product = rng.permuted(np.tile(np.arange(ALTERNATIVES), (n_sets, 1)), axis=1)
    for k in range(1, ALTERNATIVES):
        X[:, :, k - 1] = product == k
        X[:, k, 6 + k] = 1.0
    X[:, :, 14:17] = rng.normal(size=(*shape, 3))
    for k in (17, 18, 19):
        X[np.arange(n_sets), rng.integers(0, ALTERNATIVES, n_sets), k] = 1.0
    cluster = np.arange(n_sets) // PER_CLUSTER
    taste = rng.normal(0, 0.5, (cluster[-1] + 1, ALTERNATIVES))
    utility = X @ beta + taste[cluster[:, None], product] + rng.gumbel(size=shape)
    y = (utility == utility.max(axis=1, keepdims=True)).astype(np.int64).ravel()
    sets, clusters = (np.repeat(a, ALTERNATIVES) for a in (np.arange(n_sets), cluster))
    return X.reshape(-1, 20), y, sets, clusters


def aces(X: np.ndarray, y: np.ndarray, sets: np.ndarray, clusters: np.ndarray) -> Estimates:
    """Fits with this project's estimator, errors as the other tools have them."""
    from analysis import ConditionalLogit

    result = ConditionalLogit(X, y, sets, clusters).fit("cluster")
    return result.params, result.bse


def left_out(X: np.ndarray, y: np.ndarray, sets: np.ndarray, clusters: np.ndarray) -> Estimates:
    """The same with jackknifed errors, the default with up to 100 clusters."""
    from analysis import ConditionalLogit

    result = ConditionalLogit(X, y, sets, clusters).fit("jackknife")
    return result.params, result.bse


def plain_newton(X: np.ndarray, y: np.ndarray, sets: np.ndarray, clusters: np.ndarray) -> Estimates:
    """Fits as one would by hand: whole arrays, every set of the same size, no checks at all."""
    n_sets, k = len(X) // ALTERNATIVES, X.shape[1]
    shaped = X.reshape(n_sets, ALTERNATIVES, k)
    beta = np.zeros(k)
    chosen = X[y == 1]
    for _ in range(30):
        weight = np.exp((X @ beta).reshape(n_sets, ALTERNATIVES))
        p = weight / weight.sum(axis=1, keepdims=True)
        weighted = shaped * p[:, :, None]
        means = weighted.sum(axis=1)
        scores = chosen - means
        information = X.T @ weighted.reshape(-1, k) - means.T @ means
        step = np.linalg.solve(information, scores.sum(axis=0))
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    by_cluster = np.zeros((clusters[-1] + 1, k))
    np.add.at(by_cluster, clusters[::ALTERNATIVES], scores)
    bread, n = np.linalg.inv(information), len(by_cluster)
    matrix = n / (n - 1) * bread @ by_cluster.T @ by_cluster @ bread
    return beta, np.sqrt(matrix.diagonal())


def phreg(X: np.ndarray, y: np.ndarray, sets: np.ndarray, clusters: np.ndarray) -> Estimates:
    """Fits with statsmodels' Cox regression, a stratum per choice set."""
    from statsmodels.duration.hazard_regression import PHReg

    result = PHReg(np.ones(len(y)), X, status=y, strata=sets).fit(groups=clusters)
    n = clusters[-1] + 1
    return result.params, result.bse * np.sqrt(n / (n - 1))


def fepois(X: np.ndarray, y: np.ndarray, sets: np.ndarray, clusters: np.ndarray) -> Estimates:
    """Fits with pyfixest's Poisson regression, an effect per choice set."""
    import pandas as pd
    import pyfixest

    names = [f"x{k}" for k in range(X.shape[1])]
    data = pd.DataFrame(X, columns=names).assign(y=y, sets=sets, clusters=clusters)
    result = pyfixest.fepois(
        f"y ~ {' + '.join(names)} | sets", data, vcov={"CRV1": "clusters"}, iwls_tol=1e-10
    )
    return result.coef().to_numpy(), result.se().to_numpy()


TOOLS: dict[str, Callable[..., Estimates]] = {
    "ACES": aces,
    JACKKNIFE: left_out,
    "plain numpy Newton": plain_newton,
    "pyfixest fepois": fepois,
    "statsmodels PHReg": phreg,
}


def measure(tool: str, n_sets: int) -> dict[str, Any]:
    """Returns what one fit in this process takes, and what it finds."""
    warnings.simplefilter("ignore")
    TOOLS[tool](*draw(100))
    rows = draw(n_sets)
    before = resident("VmRSS")
    forget_peak()
    usage, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    params, bse = TOOLS[tool](*rows)
    wall = time.perf_counter() - wall
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime
    peak = resident("VmHWM")
    return {
        "cpu": cpu, "wall": wall, "peak": peak, "own": peak - before,
        "params": list(params), "bse": list(bse),
    }  # fmt: skip


def resident(which: str) -> float:
    """Returns the process's resident size now (VmRSS) or at most (VmHWM), in MB."""
    status = Path("/proc/self/status").read_text()
    return float(status.partition(which + ":")[2].split()[0]) / 1024


def forget_peak() -> None:
    """Makes the highest resident size start again from here (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")


def run(tool: str, n_sets: int) -> dict[str, Any]:
    """Returns `measure` from a process of its own, the one of three that took least CPU time."""
    command = [sys.executable, "-m", "benchmarks.choice", "--measure", tool, str(n_sets)]
    found = []
    for _ in range(3):
        done = subprocess.run(command, cwd=ROOT, env=ONE_THREAD, check=True, capture_output=True)
        found.append(json.loads(done.stdout))
    return min(found, key=lambda one: float(one["cpu"]))


def report(sizes: list[int], tools: list[str] | None = None) -> str:
    """Returns the table of all tools (or of ours and those named) and sizes."""
    lines = [
        "| choice sets | tool | CPU s | x ACES | wall s | peak MB | above start MB "
        "| greatest difference of estimate, error |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for n_sets in sizes:
        ours = run("ACES", n_sets)
        for tool in TOOLS:
            if tools is not None and tool not in ("ACES", *tools):
                continue
            if (tool, n_sets) in TOO_SLOW:
                lines.append(f"| {n_sets:,} | {tool} | not run | | | | | |")
                continue
            found = ours if tool == "ACES" else run(tool, n_sets)
            apart = ", ".join(
                f"{np.abs(np.subtract(found[name], ours[name])).max():.0e}"
                for name in ("params", "bse")
            )
            lines.append(
                f"| {n_sets:,} | {tool} | {found['cpu']:.3g} | {found['cpu'] / ours['cpu']:.1f} "
                f"| {found['wall']:.3g} | {found['peak']:,.0f} | {found['own']:,.0f} "
                f"| {'' if tool == 'ACES' else apart} |"
            )
            print(lines[-1], file=sys.stderr)
    return "\n".join(lines)


def main() -> None:
    """Prints the table, and writes it where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, nargs="+", default=[2_000, 20_000, 200_000])
    parser.add_argument("--measure", nargs=2, metavar=("TOOL", "N"))
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(measure(asked.measure[0], int(asked.measure[1]))))
        return
    sizes = " ".join(map(str, asked.sets))
    draws = "the shared draw (bench/choice/gen.py)" if SHARED.is_file() else "our own draw"
    load = os.getloadavg()[0]
    text = (
        f"# Conditional logit\n\n`python -m benchmarks.choice --sets {sizes}`, {hardware()}; "
        f"{draws}. Least CPU time of three runs, each in a fresh process with one thread; load "
        f"average {load:.1f} at the start, so that other work shared the cores.\n\n"
        f"{report(asked.sets)}\n"
    )
    print(text)
    if asked.out:
        asked.out.write_text(text)


if __name__ == "__main__":
    main()
