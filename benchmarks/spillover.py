"""How sure is an arms race of its effects, and do its intervals hold what they should?

Every run is one experiment as `study-arms-race` draws it: the number of sellers who rewrite, then
which; choices from the config's planted buyer, with its product effects and outside option, but
for its liking of the top row, so that the truth can be enumerated over all assignments. Beside
the estimates by design those that a conditional logit implies.

    python -m benchmarks.spillover [--runs 1000] [--worlds 2000]
"""

import argparse
from itertools import combinations
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import experiments
from aces.catalog import load_catalog
from aces.cli.console import read_experiment
from aces.seeds import Stream
from analysis.implied_shares import implied_shares
from analysis.spillover import Effect, Shelves, effects, limits
from benchmarks.machine import write_result
from experiments.plan import Plan, make_plan

Floats = NDArray[np.float64]
CONFIG = Path(experiments.__file__).parent / "configs" / "study-arms-race.yaml"
COUNTS = (0, 1, 4, 7, 8)
EVERY = 10
"""Of how many runs one has its logit fitted."""


def worth(plan: Plan, buyer: str) -> tuple[Floats, float]:
    """Returns (8,) utilities of the products against leaving, and what a rewritten title adds."""
    planted: Any = plan.truths()[buyer]
    inside = [
        planted["log_price"] * log(item.price_cents / 100)
        + planted["rating"] * (item.rating or 0.0)
        + planted[f"product_id[{item.product_id}]"]
        - planted["outside_option"]
        for item in plan.listings.values()
    ]
    return np.array(inside), float(planted["rewritten"])


def probabilities(utility: Floats, value: float, treated: Floats) -> Floats:
    """Returns (n, 8) choice probabilities; the rest leave."""
    weight = np.exp(utility + value * treated)
    return np.asarray(weight / (1 + weight.sum(axis=1, keepdims=True)))


def truth(effect: Effect, utility: Floats, value: float) -> float:
    """Returns an effect by enumeration of who may have rewritten."""
    total = 0.0
    for cell, coefficient in effect.cells.items():
        who = list(combinations(range(8), cell.sellers))
        treated = np.zeros((len(who), 8))
        for row, some in zip(treated, who, strict=True):
            row[list(some)] = 1
        p = probabilities(utility, value, treated)
        share = 1 - p.sum(axis=1).mean() if cell.kind < 0 else p[treated == cell.kind].mean()
        total += coefficient * float(share)
    return total


def experiment(seed: int, worlds: int, utility: Floats, value: float) -> Shelves:
    """Returns the choices of one simulated experiment."""
    generator = Stream(seed, "arms race").generator()
    count = generator.choice(COUNTS, size=worlds)
    order = np.argsort(generator.random((worlds, 8)), axis=1)
    treated = (order < count[:, None]).astype(np.int64)
    reach = probabilities(utility, value, treated.astype(float)).cumsum(axis=1)
    pick = (generator.random((worlds, 1)) > reach).sum(axis=1)
    bought = (np.arange(8) == pick[:, None]).astype(float)
    return Shelves(bought, treated, np.arange(worlds))


def table_of(shelves: Shelves) -> pd.DataFrame:
    """Returns the choices as a long table."""
    worlds = len(shelves.worlds)
    return pd.DataFrame(
        {
            "trial_id": np.repeat(shelves.worlds, 8),
            "world_id": np.repeat(shelves.worlds, 8),
            "product_id": [f"p{i}" for i in range(8)] * worlds,
            "chosen": shelves.bought.ravel(),
            "rewritten": shelves.treated.ravel(),
        }
    )


def simulate(runs: int, worlds: int, utility: Floats, value: float) -> list[tuple[Any, ...]]:
    """Returns for each effect: name, truth, then spread, mean error and coverage twice.

    First of the estimates by design, then of what the logit implies.
    """
    asked = effects(COUNTS, 8)
    wanted = np.array([truth(effect, utility, value) for effect in asked])
    design, logit = [], []
    for seed in range(runs):
        shelves = experiment(seed, worlds, utility, value)
        found = [(effect, shelves.estimate(effect)) for effect in asked]
        design.append([(c.estimate, c.std_error, *(limits(e, c) or ())) for e, c in found])
        if seed % EVERY == 0:
            implied = implied_shares(table_of(shelves), "rewritten", shelves.counts)
            logit.append([implied.combine(effect.cells) for effect in asked])
    rows = []
    for i, effect in enumerate(asked):
        told: list[float] = []
        for each in (np.array(design)[:, i], np.array(logit)[:, i]):
            held = (each[:, 2] <= wanted[i]) & (wanted[i] <= each[:, 3])
            told += [each[:, 0].std(ddof=1), each[:, 1].mean(), held.mean()]
        rows.append((effect.says, wanted[i], *told))
    return rows


def main() -> None:
    """Runs the simulation, prints the table and writes it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--worlds", type=int, default=2000)
    args = parser.parse_args()
    plan = make_plan(read_experiment(CONFIG, []), load_catalog("demo"))
    lines = [
        f"{args.runs} experiments of {args.worlds} worlds, one in {EVERY} with its logit; in "
        "points of share. Truth by enumeration; s.d.: of the estimates; s.e.: their mean standard "
        "error; covers: share of 95 % intervals that hold the truth.",
    ]
    for buyer in ("searcher", "indifferent"):
        lines += ["", f"**{buyer}**", "", "| effect | truth | s.d. | s.e. | covers | logit s.d. |"]
        lines[-1] += " logit s.e. | logit covers |"
        lines.append("|---|---|---|---|---|---|---|---|")
        for row in simulate(args.runs, args.worlds, *worth(plan, buyer)):
            says, value, sd, se, covers, its_sd, its_se, its = row
            cells = [says, *(f"{100 * x:.2f}" for x in (value, sd, se)), f"{covers:.3f}"]
            cells += [*(f"{100 * x:.2f}" for x in (its_sd, its_se)), f"{its:.2f}"]
            lines.append("| " + " | ".join(cells) + " |")
    body = "\n".join(lines)
    print(body)
    title = "Arms race: errors and coverage by design and by logit"
    print(f"\nwrote {write_result('spillover', title, body)}")


if __name__ == "__main__":
    main()
