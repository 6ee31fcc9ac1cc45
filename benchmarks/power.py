"""Does an experiment find what `aces plan` says it will? Power planned and realised.

At each prior, experiments of 500 worlds are drawn, chosen and analysed with product effects, as
`aces plan --simulate` does, and how often terms are significant is held against their power.

    python -m benchmarks.power [--runs 2000] [--worlds 500]
"""

import argparse
from functools import cache

import numpy as np

from aces.catalog import load_catalog
from aces.spec import ExperimentSpec, Plugin
from aces.types import Task
from benchmarks.machine import workers, write_result
from experiments.information import Expected
from experiments.levels import reseeded
from experiments.plan import Plan, make_plan
from experiments.power import CONCENTRATED
from experiments.simulation import Realised, simulate
from marketplace.treatments import TREATMENTS

EFFECTS = {
    "row_1": 0.3,
    "col_1": 0.2,
    "log_price": -0.5,
    "rating": 0.6,
    "log_review_count": 0.1,
    "overall_pick": 0.5,
    "scarcity": 0.3,
}
MOST_APART = 0.023
PART = 50
"""Experiments that a process simulates at a time."""


@cache
def plan_of(worlds: int) -> Plan:
    """The ACES draws on one category of the built-in catalogue."""
    uses = ("position", "price", "rating", "review_count", "badges")
    treatments = [
        Plugin(use=u, name=u, parameters=TREATMENTS.config(u)().model_dump(mode="json"))
        for u in uses
    ]
    spec = ExperimentSpec(
        name="power",
        tasks=(Task(id="watch", category="fitness_watch"),),
        treatments=tuple(treatments),
        buyers=(Plugin(use="random", name="blind"),),
        interfaces=(Plugin(use="json", name="json"),),
        worlds_per_task=worlds,
    )
    return make_plan(spec, load_catalog("demo"))


def priors(plan: Plan) -> dict[str, dict[str, float]]:
    """Returns the effects with even and concentrated demand, and with an outside option."""
    first = f"product_id[{plan.pools['watch'][0]}]"
    heights = {kind: {first: height} for kind, height in CONCENTRATED.items()}
    extra = {"even demand": {}, **heights, "half leave": {"outside_option": 0.0}}
    return {kind: EFFECTS | more for kind, more in extra.items()}


def _part(worlds: int, prior: dict[str, float], seed: int, runs: int) -> Realised:
    plan = reseeded(plan_of(worlds), seed)
    return simulate(plan, plan.default_terms(), prior, runs)


def realised(worlds: int, prior: dict[str, float], runs: int) -> tuple[np.ndarray, int]:
    """Returns how often each term is significant, and how many experiments were simulated."""
    parts = range(0, runs, PART)
    with workers() as pool:
        found = list(
            pool.map(
                _part,
                [worlds] * len(parts),
                [prior] * len(parts),
                [1000 * first for first in parts],
                [min(PART, runs - first) for first in parts],
            )
        )
    done = np.array([part.runs for part in found])
    return np.average([part.power for part in found], axis=0, weights=done), int(done.sum())


def main() -> None:
    """Runs the simulation, prints the table and writes it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--worlds", type=int, default=500)
    args = parser.parse_args()
    plan = plan_of(args.worlds)
    names = plan.default_terms()
    lines = [
        f"{args.runs} experiments of {args.worlds} worlds at each prior. Accepted when planned and "
        f"realised power are within {MOST_APART:g}.",
        "",
        "| prior | term | effect | expected s.e. | power planned | realised | accepted |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind, prior in priors(plan).items():
        expected = Expected.of(plan, names, prior)
        errors = expected.errors
        effects = np.array([prior.get(name, 0.0) for name in names])
        planned = expected.power(effects)
        found, _ = realised(args.worlds, prior, args.runs)
        for row in zip(names, effects, errors, planned, found, strict=True):
            verdict = "yes" if abs(row[3] - row[4]) <= MOST_APART else "NO"
            name, effect, error, chance, share = row
            lines.append(
                f"| {kind} | {name} | {effect:g} | {error:.3f} | {chance:.3f} | {share:.3f} "
                f"| {verdict} |"
            )
    body = "\n".join(lines)
    print(body)
    print(f"\nwrote {write_result('power', 'Power, planned and realised', body)}")


if __name__ == "__main__":
    main()
