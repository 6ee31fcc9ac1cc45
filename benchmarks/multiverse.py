"""Does the joint test of a multiverse keep its size, has it power, and what does picking do?

Every run is a whole experiment: worlds drawn by the project's own design, bought in by planted
shoppers (two with the same tastes and noise of their own, as two wordings of one would be), stored,
and analysed through all universes. Other terms have effects throughout; the term in question has
none (size) or one (power). Beside the joint test stand one analysis chosen before, and an analyst
who reports whichever universe is significant.

    python -m benchmarks.multiverse [--runs 200] [--worlds 60] [--redraws 199] [--processes 2]
"""

import argparse
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from aces.catalog import Catalog, load_catalog
from aces.spec import ExperimentSpec, Plugin
from aces.store import RunStore
from aces.types import Task
from agents.buyers.utility import ProductEffects, UtilityBuyer
from analysis.frame import choices
from analysis.joint_test import BEST, MEDIAN, SHARE, STOUFFER
from analysis.multiverse import ALPHA, Multiverse, multiverse
from analysis.study import Study
from benchmarks.machine import workers, write_result
from experiments.executors.inline import InlineExecutor
from experiments.run import run
from marketplace.treatments import TREATMENTS

TASKS = ("office_lamp", "mousepad")
TASTES = {"row_1": 0.6, "log_price": -1.8, "rating": 0.8, "overall_pick": 1.2, "scarcity": 0.3}
TERM = "sponsored"
OVER: dict[str, list[Any]] = {
    "buyer": ["all", "each"],
    "task_id": ["all", "each"],
    "estimator": ["conditional_logit", "linear_probability", "shares"],
    "effects": ["product_id", "none"],
    "controls": ["all", "none"],
}
BEFORE = {
    "buyer": "all",
    "task_id": "all",
    "estimator": "conditional_logit",
    "effects": "product_id",
    "controls": "all",
}
EFFECTS = (0.0, 0.4)
"""Planted log-odds of the term: none for size, one for power."""
PLANNED, PICKED, ONE_WAY = "one analysis, chosen before", "any significant", "any, positive"
BAND = (0.02, 0.09)
"""Where the size of a 5 % test lies in 200 runs, but for one time in a hundred."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One simulated experiment: way of testing -> p-value; and the number of universes."""

    p_values: dict[str, float]
    universes: int


@cache
def _catalog() -> Catalog:
    return load_catalog("demo")


def spec_of(effect: float, worlds: int, seed: int) -> ExperimentSpec:
    """Returns an experiment whose two buyers have the same tastes."""
    config = UtilityBuyer.Config(
        coefficients={**TASTES, TERM: effect},
        product_effects=ProductEffects(sd=0.5, log_price=1.0),
        noise="independent",
    ).model_dump(mode="json")
    uses = ("position", "price", "rating", "badges")
    return ExperimentSpec(
        name="multiverse",
        seed=seed,
        tasks=tuple(Task(id=name, category=name, query=name) for name in TASKS),
        treatments=tuple(
            Plugin(
                use=use,
                name=use,
                parameters=TREATMENTS.config(use)().model_dump(mode="json"),
            )
            for use in uses
        ),
        buyers=tuple(Plugin(use="utility", name=n, parameters=config) for n in ("one", "two")),
        interfaces=(Plugin(use="json", name="json"),),
        worlds_per_task=worlds,
    )


def simulate(effect: float, worlds: int, redraws: int, seed: int) -> Outcome:
    """Runs and analyses one experiment."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        run(spec_of(effect, worlds, seed), _catalog(), path, InlineExecutor())
        with RunStore.open(path) as store:
            study = Study.of(store)
            found = multiverse(
                choices(store),
                TERM,
                OVER,
                terms=study.default_terms,
                scale="probability",
                redraws=redraws,
                study=study,
            )
    return Outcome(_p_values(found), len(found.estimated))


def _p_values(found: Multiverse) -> dict[str, float]:
    assert found.test is not None
    pairs = found.estimated
    planned = [e.p_value for u, e in pairs if dict(u.choices) == BEFORE]
    return {
        **{name: found.test.p_value(name) for name in (MEDIAN, SHARE, STOUFFER, BEST)},
        PLANNED: planned[0] if planned else 1.0,
        PICKED: min(e.p_value for _, e in pairs),
        ONE_WAY: min([e.p_value for _, e in pairs if e.estimate > 0], default=1.0),
    }


def simulate_many(
    effect: float, runs: int, worlds: int, redraws: int, processes: int
) -> list[Outcome]:
    """Simulates experiments of seeds 1 to `runs`."""
    from rich.progress import track

    with workers(processes) as pool:
        jobs = [[v] * runs for v in (effect, worlds, redraws)]
        found = pool.map(simulate, *jobs, range(1, runs + 1), chunksize=5)
        return list(track(found, total=runs, description=f"{TERM} {effect:g}"))


def rejections(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Returns how often each way of testing rejects at 5 %."""
    names = list(outcomes[0].p_values)
    return {n: float(np.mean([o.p_values[n] <= ALPHA for o in outcomes])) for n in names}


def table(rates: dict[float, dict[str, float]]) -> str:
    """Returns rejection rates as a table: ways of testing by planted effect."""
    heads = " | ".join("no effect" if e == 0 else f"{TERM} {e:g}" for e in rates)
    lines = [f"| test at 5 % | {heads} |", "|---|" + "---|" * len(rates)]
    names = {
        MEDIAN: "joint test: median estimate",
        SHARE: "joint test: share significant in one direction",
        STOUFFER: "joint test: aggregated z",
        BEST: "best universe, its p-value held against that of the draws",
        PLANNED: PLANNED,
        PICKED: "best universe, its own p-value (the analyst who picks)",
        ONE_WAY: "best universe with a positive estimate, its own p-value",
    }
    for name, words in names.items():
        lines.append(f"| {words} | " + " | ".join(f"{r[name]:.3f}" for r in rates.values()) + " |")
    return "\n".join(lines)


def main() -> None:
    """Runs the simulation, prints the table and writes it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--worlds", type=int, default=60)
    parser.add_argument("--redraws", type=int, default=199)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    rates, universes = {}, 0
    for effect in EFFECTS:
        found = simulate_many(effect, args.runs, args.worlds, args.redraws, args.processes)
        rates[effect], universes = rejections(found), max(o.universes for o in found)
    sizes = [rates[0.0][name] for name in (MEDIAN, SHARE, STOUFFER, BEST)]
    held = all(size <= BAND[1] for size in sizes)
    body = (
        f"{args.runs} experiments each of {len(TASKS)} x {args.worlds} worlds, two buyers, up to "
        f"{universes} universes, {args.redraws} redraws; standard error of a rate of 5 %: "
        f"{np.sqrt(0.05 * 0.95 / args.runs):.3f}. Other tags, prices, ratings and slots have "
        f"effects throughout.\n\n{table(rates)}\n\nThe joint tests keep their size: "
        f"{'yes' if held else 'NO'} (at most {BAND[1]})."
    )
    print(body)
    print(f"\nwrote {write_result('multiverse', 'Size and power of the joint test', body)}")


if __name__ == "__main__":
    main()
