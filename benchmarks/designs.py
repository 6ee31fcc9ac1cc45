"""Realised standard errors by design, at equal numbers of trials.

Two questions on the built-in catalogue, 2 x 50 worlds of eight listings, one buyer with planted
tastes and product effects: what balanced orders (Latin, Williams) do for slot effects, and what
D-efficient levels of price and rating do where the priors are right, uncertain, or wrong in sign.
Each run draws the worlds anew (same design, another seed), lets the buyer choose, and fits a
conditional logit with product effects; the spread of the estimates over runs is the realised
standard error. All designs meet the same noise.

    python -m benchmarks.designs [--runs 400] [--worlds 50]
"""

import argparse
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aces import terms
from aces.catalog import load_catalog
from aces.errors import EstimationError
from aces.seeds import Stream
from aces.spec import ExperimentSpec, Plugin
from aces.stats.choice import fit
from aces.types import Task
from benchmarks.machine import write_result
from experiments.designs import DESIGNS
from experiments.plan import Plan, make_plan
from experiments.power import level_table
from marketplace.treatments import TREATMENTS

Floats = NDArray[np.float64]

TRUTH = {"row_1": 0.9, "col_1": 0.5, "col_2": 0.0, "col_3": 0.0, "log_price": -1.8, "rating": 0.8}
NAMES = list(TRUTH)
TASKS = ("fitness_watch", "stapler")
RIGHT = {"log_price": -1.8, "rating": 0.8}
WRONG = {"log_price": 1.8, "rating": -0.8}
ARMS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "independent": ("random", {}),
    "Latin squares": ("latin", {}),
    "Williams designs": ("williams", {}),
    "D-efficient, right priors": ("random", {"priors": RIGHT}),
    "D-efficient, right priors, uncertain": (
        "random",
        {"priors": RIGHT, "prior_sd": {"log_price": 0.9, "rating": 0.8}},
    ),
    "D-efficient, priors of 0": ("random", {"priors": {}}),
    "D-efficient, priors of the wrong sign": ("random", {"priors": WRONG}),
    "Latin squares, D-efficient, right priors": ("latin", {"priors": RIGHT}),
}


def plan_of(order: str, settings: Mapping[str, Any], worlds: int) -> Plan:
    """Returns the experiment with an order of slots, and with efficient levels if asked."""
    uses: list[tuple[str, dict[str, Any]]] = [
        ("position", {"order": order}),
        ("price", {"distribution": "levels", "factors": (0.7, 1.0, 1.4)}),
        ("rating", {"steps": (-0.2, 0.0, 0.2)}),
    ]
    use = "efficient" if settings else "independent"
    parameters = DESIGNS.config(use)(**({**settings, "worlds": worlds} if settings else {}))
    spec = ExperimentSpec(
        name="designs",
        tasks=tuple(Task(id=name, category=name) for name in TASKS),
        design=Plugin(use=use, name=use, parameters=parameters.model_dump(mode="json")),
        treatments=tuple(
            Plugin(use=u, name=u, parameters=TREATMENTS.config(u)(**p).model_dump(mode="json"))
            for u, p in uses
        ),
        buyers=(Plugin(use="random", name="nobody"),),
        interfaces=(Plugin(use="json", name="json"),),
        worlds_per_task=worlds,
    )
    return make_plan(spec, load_catalog("demo"))


def estimates(plan: Plan, seed: int) -> Floats | None:
    """Returns (terms,) estimates of one experiment; None where they do not exist."""
    fields = {name: getattr(plan, name) for name in plan.__dataclass_fields__}
    drawn = Plan(**{**fields, "spec": plan.spec.model_copy(update={"seed": seed})})
    cells = [(task.id, k) for k in range(plan.spec.worlds_per_task) for task in plan.spec.tasks]
    table = level_table(drawn, drawn.draw_cells(cells))
    X = terms.matrix(NAMES, table)
    products, codes = np.unique(np.array(table["product_id"]), return_inverse=True)
    liking = Stream("liking").generator().normal(0, 0.5, len(products))
    noise = Stream(seed, "noise").generator().gumbel(size=len(X))
    total = (X @ np.array(list(TRUTH.values())) + liking[codes] + noise).reshape(-1, 8)
    y = (total == total.max(axis=1, keepdims=True)).astype(float).ravel()
    bought = np.flatnonzero(np.bincount(codes, weights=y))
    # the first bought product of each task is its baseline
    bases = {next(c for c in bought if products[c] in pool) for pool in plan.pools.values()}
    dummies = [codes == c for c in bought if c not in bases]
    rows = np.isin(codes, bought)
    try:
        found = fit(np.column_stack([X, *dummies])[rows], y[rows], table["set"][rows])
    except EstimationError:
        return None
    return found.params[: len(NAMES)]


def table_of(found: Mapping[str, list[Floats | None]]) -> str:
    """Returns realised standard errors with 95 % intervals, as Markdown."""
    from scipy.stats import chi2

    # runs in which every design has estimates, so that all have met the same noise
    runs = list(zip(*found.values(), strict=True))
    whole = [i for i, row in enumerate(runs) if all(each is not None for each in row)]
    n = len(whole)
    low, high = np.sqrt((n - 1) / chi2.ppf([0.975, 0.025], n - 1))
    lines = [
        f"Standard deviation of {n} estimates, with its 95 % interval; the {n} of {len(runs)} runs "
        "are those in which every design could be estimated.",
        "",
        "| design | " + " | ".join(NAMES) + " |",
        "|---" * (len(NAMES) + 1) + "|",
    ]
    for name, rows in found.items():
        spread = np.std(np.array([rows[i] for i in whole]), axis=0, ddof=1)
        cells = [f"{s:.3f} ({s * low:.3f} to {s * high:.3f})" for s in spread]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Runs the comparison and writes its result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--worlds", type=int, default=50)
    arguments = parser.parse_args()
    found: dict[str, list[Floats | None]] = {}
    for name, (order, settings) in ARMS.items():
        plan = plan_of(order, settings, arguments.worlds)
        found[name] = [estimates(plan, seed) for seed in range(arguments.runs)]
        print(name, flush=True)
    body = table_of(found)
    print(body)
    write_result("designs", "Realised standard errors by design", body)


if __name__ == "__main__":
    main()
