"""The speed and memory of the choice models: `python -m benchmarks.estimators [--write]`.

One command for four tables: conditional logits of several tools (`benchmarks.choice`), ours on two
million choice sets, formulas built in blocks beside formulaic's whole matrix, and panel mixed
logits (`benchmarks.mixed`; xlogit's where `--xlogit` names an interpreter that has it).

Each fit has a process of its own, with one thread. The two million sets of 8 alternatives with 20
columns are an array of float64 in memory (2.56 GB), drawn in parts so that the draw leaves nothing
behind; memory is the highest resident size of the process during the fit above that before it.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import choice, mixed
from benchmarks.choice import ALTERNATIVES, ONE_THREAD, forget_peak, resident
from benchmarks.machine import write_result

ROOT = Path(__file__).resolve().parent.parent
MANY = 2_000_000
PART = 50_000
LIMIT_GB = 4.0
FORMULA = ["log_price", "rating", "log_reviews", "sponsored", "badge", "scarcity", "C(product)"]
FORMULA += ["C(slot)"]
FORMULA_SETS = 200_000


def many(n_sets: int) -> choice.Rows:
    """Returns rows as `choice.draw` does, filled into arrays part by part."""
    rows = n_sets * ALTERNATIVES
    X = np.empty((rows, 20))
    y = np.empty(rows, dtype=np.int64)
    for seed, first in enumerate(range(0, n_sets, PART)):
        part = slice(first * ALTERNATIVES, min(first + PART, n_sets) * ALTERNATIVES)
        some = choice.draw((part.stop - part.start) // ALTERNATIVES, seed)
        X[part], y[part] = some[0], some[1]
    sets = np.repeat(np.arange(n_sets), ALTERNATIVES)
    return X, y, sets, sets // choice.PER_CLUSTER


def table(n_sets: int) -> Any:  # noqa: ANN401
    """Returns a long table with a factor of products and one of slots."""
    import pandas as pd

    rng = np.random.default_rng(0)
    rows = n_sets * ALTERNATIVES
    product = rng.permuted(np.tile(np.arange(ALTERNATIVES), (n_sets, 1)), axis=1).ravel()
    frame = pd.DataFrame({name: rng.normal(size=rows) for name in FORMULA[:3]})
    for name in FORMULA[3:6]:
        frame[name] = (rng.random(rows) < 1 / ALTERNATIVES).astype(float)
    frame["product"] = pd.Categorical.from_codes(product, [f"p{j}" for j in range(ALTERNATIVES)])
    frame["slot"] = np.tile(np.arange(ALTERNATIVES), n_sets)
    return frame


def in_blocks(frame: Any) -> np.ndarray:  # noqa: ANN401
    """Returns the formula's columns as this project builds them."""
    from analysis.choice_formula import matrix

    return matrix(FORMULA, frame, constant=False)[1]


def naive(frame: Any) -> np.ndarray:  # noqa: ANN401
    """Returns the formula's columns as one would by hand."""
    from formulaic import Formula

    made = Formula(["1", *FORMULA]).get_model_matrix(frame, na_action="ignore")
    return np.ascontiguousarray(made.drop(columns="Intercept").to_numpy(dtype=float))


def fit_many(rows: choice.Rows) -> np.ndarray:
    """Returns our estimates and errors."""
    return np.concatenate(choice.aces(*rows))


WORK: dict[str, tuple[Callable[[int], Any], Callable[[Any], np.ndarray]]] = {
    "two million": (many, fit_many),
    "in blocks": (table, in_blocks),
    "whole": (table, naive),
}


def measure(work: str, n: int) -> dict[str, Any]:
    """Returns what one piece of work takes in this process; a small one warms up."""
    make, do = WORK[work]
    do(make(200))
    given = make(n)
    before = resident("VmRSS")
    forget_peak()
    usage, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    found = do(given)
    wall = time.perf_counter() - wall
    after = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "cpu": after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime,
        "wall": wall,
        "before": before,
        "own": resident("VmHWM") - before,
        "size": found.nbytes / 2**20,
        "sums": [float(found.sum()), float((found * found).sum()), float(found.ravel()[::7].sum())],
    }


def run(work: str, n: int) -> dict[str, Any]:
    """Returns `measure` from a process of its own."""
    command = [sys.executable, "-m", "benchmarks.estimators", "--measure", work, str(n)]
    done = subprocess.run(command, cwd=ROOT, env=ONE_THREAD, check=True, capture_output=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def large(n_sets: int) -> str:
    """Returns what two million choice sets take."""
    found = run("two million", n_sets)
    own = found["own"] / 1024
    said = "within" if own < LIMIT_GB else "**beyond**"
    return (
        f"{n_sets:,} choice sets x {ALTERNATIVES} x 20 with clustered errors: {found['cpu']:.1f} s "
        f"CPU, {found['wall']:.1f} s wall; resident before the fit {found['before'] / 1024:.2f} GB "
        f"(the arrays handed in, imports), above that {own:.2f} GB: {said} {LIMIT_GB:g} GB."
    )


def formulas(n_sets: int, rounds: int) -> str:
    """Returns the table of formulas built in blocks and whole."""
    lines = [
        "| how | CPU s, each round | matrix MB | peak above start MB | x matrix |",
        "|---|---|---|---|---|",
    ]
    found: dict[str, list[dict[str, Any]]] = {"in blocks": [], "whole": []}
    for _ in range(rounds):
        for work, each in found.items():
            each.append(run(work, n_sets))
    for work, each in found.items():
        own, size = min(one["own"] for one in each), each[0]["size"]
        times = ", ".join(f"{one['cpu']:.2f}" for one in each)
        lines.append(f"| {work} | {times} | {size:,.0f} | {own:,.0f} | {own / size:.2f} |")
    same = found["in blocks"][0]["sums"] == found["whole"][0]["sums"]
    lines += [
        "",
        f"Sums of the two matrices are {'equal' if same else '**not equal**'} bit by bit.",
    ]
    return "\n".join(lines)


def parts(asked: argparse.Namespace) -> Iterator[str]:
    """Yields the tables one after another."""
    shared = choice.SHARED.is_file()
    draws = "the shared draw (bench/choice/gen.py)" if shared else "our own draw"
    yield (
        f"Load average {os.getloadavg()[0]:.1f} at the start; where other work shares the cores, "
        "ratios within a table say more than seconds. One thread each."
    )
    table = choice.report(asked.sets, asked.tools)
    head = "## Conditional logit, errors clustered"
    yield f"{head}\n\n{draws}; least CPU time of three runs.\n\n{table}"
    said = f"`{' + '.join(FORMULA)}` on {FORMULA_SETS * ALTERNATIVES:,} rows."
    yield f"## Formulas\n\n{said}\n\n{formulas(FORMULA_SETS, asked.rounds)}"
    if mixed.DATA.is_file():
        speed = mixed.speed(600, asked.rounds, asked.xlogit)
        yield f"## Panel mixed logit, electricity, 600 draws\n\n{speed}"
    else:
        yield f"Panel mixed logit: not run, there is no {mixed.DATA}."
    yield f"## {asked.many:,} choice sets\n\n{large(asked.many)}"


def main() -> None:
    """Prints the tables, and writes them if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, nargs="+", default=[2_000, 20_000, 200_000])
    parser.add_argument("--tools", nargs="*", help="beside ours; all by default")
    parser.add_argument("--many", type=int, default=MANY)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--xlogit", help="interpreter of an environment with xlogit and pandas")
    parser.add_argument("--measure", nargs=2, metavar=("WORK", "N"))
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(measure(asked.measure[0], int(asked.measure[1]))))
        return
    done: list[str] = []
    for part in parts(asked):
        print(part, flush=True)
        done.append(part)
        if asked.write:  # after each part: the last ones take long
            write_result("estimators", "Speed of the choice models", "\n\n".join(done))


if __name__ == "__main__":
    main()
