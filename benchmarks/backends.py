"""One pass over the choice sets (log-likelihood, gradient, information) in numpy, numba and torch.

    PYTHON -m benchmarks.backends [--sets 20000 200000] [--rounds 5] [--write]

What a conditional logit's fit spends its time on, so that this decides what it is written in.
PYTHON is the interpreter of an environment that has numba and torch beside numpy, pydantic and
pandas; one that is missing is left out, and said. One thread each, float64, rounds alternating;
the first call of each, with its compilation, is told apart. The choice sets are the shared draw, 8
alternatives x 20 columns.
"""

import argparse
import os
import time
from collections.abc import Callable
from importlib.util import find_spec

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")

import numpy as np

from aces.stats.choice_data import choice_data
from aces.stats.likelihood import log_likelihood
from benchmarks.choice import ALTERNATIVES, draw
from benchmarks.machine import write_result

Pass = Callable[[np.ndarray], tuple[float, np.ndarray, np.ndarray]]
BLOCK = 2_000
"""Choice sets that torch takes at once: whole arrays are slower."""


def in_numpy(X: np.ndarray, y: np.ndarray, sets: np.ndarray) -> Pass:
    """The project's own, in blocks that stay in the cache."""
    data = choice_data(X, y, sets)

    def once(beta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        at = log_likelihood(data, beta)
        return at.llf, at.gradient, at.information

    return once


def in_numba(X: np.ndarray, y: np.ndarray, sets: np.ndarray) -> Pass:
    """Compiled loops, set by set; nothing but sums is kept."""
    import numba

    @numba.njit(fastmath=True)
    def total(X: np.ndarray, y: np.ndarray, beta: np.ndarray) -> tuple:  # type: ignore[type-arg]
        n, k = len(X) // ALTERNATIVES, X.shape[1]
        llf, gradient, information = 0.0, np.zeros(k), np.zeros((k, k))
        utility, mean = np.empty(ALTERNATIVES), np.empty(k)
        for s in range(n):
            first = s * ALTERNATIVES
            for j in range(ALTERNATIVES):
                utility[j] = 0.0
                for c in range(k):
                    utility[j] += X[first + j, c] * beta[c]
            top = utility.max()
            inclusive = 0.0
            for j in range(ALTERNATIVES):
                llf += y[first + j] * (utility[j] - top)
                utility[j] = np.exp(utility[j] - top)
                inclusive += utility[j]
            llf -= np.log(inclusive)
            mean[:] = 0.0
            for j in range(ALTERNATIVES):
                utility[j] /= inclusive
                for c in range(k):
                    mean[c] += utility[j] * X[first + j, c]
                    gradient[c] += (y[first + j] - utility[j]) * X[first + j, c]
            for j in range(ALTERNATIVES):
                for c in range(k):
                    part = utility[j] * (X[first + j, c] - mean[c])
                    for d in range(c + 1):
                        information[c, d] += part * (X[first + j, d] - mean[d])
        return llf, gradient, information

    def once(beta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        llf, gradient, lower = total(X, y, beta)
        return llf, gradient, lower + np.tril(lower, -1).T

    return once


def in_torch(X: np.ndarray, y: np.ndarray, sets: np.ndarray) -> Pass:
    """Batched tensors, in blocks."""
    import torch

    torch.set_num_threads(1)
    x = torch.from_numpy(X).reshape(-1, ALTERNATIVES, X.shape[1])
    chosen = torch.from_numpy(y.astype(float)).reshape(-1, ALTERNATIVES)

    def once(beta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        b, k = torch.from_numpy(beta), X.shape[1]
        llf, gradient, information = 0.0, torch.zeros(k).double(), torch.zeros(k, k).double()
        for part, own in zip(x.split(BLOCK), chosen.split(BLOCK), strict=True):
            logp = torch.log_softmax(part @ b, dim=1)
            p = logp.exp()
            llf += float((own * logp).sum())
            gradient += ((own - p)[:, :, None] * part).sum(dim=(0, 1))
            mean = torch.bmm(p[:, None], part)
            centred = ((part - mean) * p.sqrt()[:, :, None]).reshape(-1, k)
            information += centred.T @ centred
        return llf, gradient.numpy(), information.numpy()

    return once


OURS = "numpy (ours)"
BACKENDS = {OURS: in_numpy, "numba": in_numba, "torch": in_torch}


def measured(n_sets: int, rounds: int) -> list[str]:
    """Returns a row for each backend: least CPU time of the rounds, the first call, differences."""
    X, y, sets, _ = draw(n_sets)
    beta = np.linspace(-0.5, 0.5, X.shape[1])
    ready = {n: make for n, make in BACKENDS.items() if n == OURS or find_spec(n)}
    passes = {name: make(X, y, sets) for name, make in ready.items()}
    first = {name: _timed(once, beta)[0] for name, once in passes.items()}
    rows = [[_timed(once, beta)[0] for once in passes.values()] for _ in range(rounds)]
    least = dict(zip(passes, np.min(rows, axis=0), strict=True))
    want = passes[OURS](beta)
    return [
        f"| {n_sets:,} | {name} | {least[name]:.4f} | {least[name] / least[OURS]:.2f} | "
        f"{first[name]:.2f} | {_apart(once(beta), want):.0e} |"
        for name, once in passes.items()
    ]


def _timed(once: Pass, beta: np.ndarray) -> tuple[float, object]:
    start = time.process_time()
    found = once(beta)
    return time.process_time() - start, found


def _apart(found: tuple[float, np.ndarray, np.ndarray], want: tuple) -> float:  # type: ignore[type-arg]
    """Greatest difference, relative to the greatest value of each result."""
    parts = zip(map(np.asarray, found), map(np.asarray, want), strict=True)
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in parts)


def main() -> None:
    """Prints the table, and writes it if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, nargs="+", default=[20_000, 200_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    lines = [
        "| choice sets | backend | CPU s a pass | x numpy | first call, CPU s | difference |",
        "|---|---|---|---|---|---|",
    ]
    for n_sets in asked.sets:
        lines += measured(n_sets, asked.rounds)
    missing = [name for name in ("numba", "torch") if not find_spec(name)]
    body = "\n".join(lines) + (f"\n\nNot installed: {', '.join(missing)}." if missing else "")
    print(body)
    if asked.write:
        print(write_result("backends", "What a pass over choices is written in", body))


if __name__ == "__main__":
    main()
