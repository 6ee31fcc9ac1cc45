"""Do 95 % intervals cover, and does a test of nothing reject 5 %? Simulated experiments say.

Every run is an experiment of 2 x 500 worlds drawn by the project's own designs on the built-in
catalogue, with planted tastes, product effects and Gumbel noise, analysed as `aces analyze` does:
conditional logit with product effects, errors clustered by world. Choices follow from the planted
utilities directly; that shops and interfaces deliver the same choices is tested elsewhere.

    python -m benchmarks.coverage [--runs 2000] [--worlds 500] [--processes 2]
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aces import terms
from aces.catalog import load_catalog
from aces.seeds import Stream
from aces.spec import ExperimentSpec, Plugin
from aces.stats.choice import fit
from aces.types import Task
from agents.buyers.utility import ProductEffects, UtilityBuyer
from benchmarks.machine import workers, write_result
from experiments.plan import Plan, make_plan
from experiments.power import level_table
from marketplace.treatments import TREATMENTS

Floats = NDArray[np.float64]

PLANTED = {
    "row_1": 0.9,
    "col_1": 0.5,
    "col_2": 0.0,
    "col_3": 0.0,
    "log_price": -1.8,
    "rating": 0.8,
    "log_review_count": 0.15,
    "sponsored": -0.2,
    "overall_pick": 1.2,
    "scarcity": 0.3,
}
DUMMY = "same_again"
"""A dummy arm: its two versions of a listing are the same, so its effect is zero."""
BAND, SIZE_BAND = (0.933, 0.966), (0.037, 0.064)
TASKS = ("fitness_watch", "stapler")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One simulated experiment."""

    covered: NDArray[np.bool_]
    """(terms + 1,) whether the interval holds the truth; the dummy arm last."""
    covered_without_effects: NDArray[np.bool_]
    dummy_p: float
    """p-value of the dummy arm's coefficient."""
    row_p: float
    """p-value of the dummy arm's effect on the share of the top row."""


@cache
def plan_of(worlds: int) -> Plan:
    """The experiment, with tastes planted on the built-in catalogue."""
    catalog = load_catalog("demo")
    focal = [catalog.slice(category)[0] for category in TASKS]
    dummy = {
        "name": DUMMY,
        "arms": [{"name": "control"}, {"name": "same"}],
        "products": focal,
    }
    uses: list[tuple[str, dict[str, Any]]] = [
        (name, {}) for name in ("position", "price", "rating", "review_count", "badges")
    ]
    treatments = [
        Plugin(
            use=use,
            name=str(parameters.get("name", use)),
            parameters=TREATMENTS.config(use)(**parameters).model_dump(mode="json"),
        )
        for use, parameters in [*uses, ("listing", dummy)]
    ]
    config = UtilityBuyer.Config(
        coefficients=PLANTED, product_effects=ProductEffects(sd=0.5, log_price=1.0)
    )
    buyer = Plugin(use="utility", name="planted", parameters=config.model_dump(mode="json"))
    spec = ExperimentSpec(
        name="coverage",
        tasks=tuple(Task(id=name, category=name) for name in TASKS),
        treatments=tuple(treatments),
        buyers=(buyer,),
        interfaces=(Plugin(use="json", name="json"),),
        worlds_per_task=worlds,
    )
    return make_plan(spec, catalog)


def simulate(seed: int, worlds: int) -> Outcome:
    """Draws, chooses and analyses one experiment."""
    plan = _reseeded(plan_of(worlds), seed)
    cells = [(task.id, k) for k in range(worlds) for task in plan.spec.tasks]
    table = level_table(plan, plan.draw_cells(cells))
    names = [*PLANTED, DUMMY]
    X = terms.matrix(names, table)
    truth = np.array([*PLANTED.values(), 0.0])
    y = _choose(plan, table, X @ truth, seed)
    sets, codes = table["set"], _codes(plan, table["product_id"])
    full = fit(*_without_never_chosen(X, y, sets, codes))
    estimate, error = full.params[: len(names)], full.bse[: len(names)]
    plain = fit(X, y, sets, names=names, clusters=sets)
    return Outcome(
        covered=_covers(estimate, error, truth),
        covered_without_effects=_covers(plain.params, plain.bse, truth),
        dummy_p=_p(estimate[-1] / error[-1]),
        row_p=_row_share_p(table, y),
    )


def _reseeded(plan: Plan, seed: int) -> Plan:
    fields = {name: getattr(plan, name) for name in plan.__dataclass_fields__}
    return Plan(**{**fields, "spec": plan.spec.model_copy(update={"seed": seed})})


def _choose(plan: Plan, table: dict[str, Any], utility: Floats, seed: int) -> Floats:
    """The chosen listing of each world: 1, all others 0."""
    effects = dict(plan.spec.buyers[0].parameters)["product_effects"]
    planted = np.array([effects[product_id] for product_id in table["product_id"]])
    noise = Stream(seed, "coverage noise").generator().gumbel(size=len(utility))
    total = (utility + planted + noise).reshape(-1, plan.spec.shelf.size)
    return np.asarray(total == total.max(axis=1, keepdims=True), dtype=float).ravel()


def _codes(plan: Plan, ids: list[str]) -> NDArray[np.int64]:
    code = {product_id: i for i, product_id in enumerate(plan.listings)}
    return np.array([code[product_id] for product_id in ids])


def _without_never_chosen(X: Floats, y: Floats, sets: Any, codes: Any) -> Any:  # noqa: ANN401
    """X with product dummies, y, sets and clusters; rows of never-chosen products left out."""
    chosen = np.flatnonzero(np.bincount(codes, weights=y) > 0)
    rows = np.isin(codes, chosen)
    bases = {int(chosen[0]), int(chosen[chosen >= 8][0])}
    dummies = np.column_stack([codes == c for c in chosen if int(c) not in bases])
    return np.column_stack([X, dummies])[rows], y[rows], sets[rows], sets[rows]


def _covers(estimate: Floats, error: Floats, truth: Floats) -> NDArray[np.bool_]:
    return np.asarray(np.abs(estimate - truth) <= 1.959964 * error)


def _p(z: float) -> float:
    from scipy.special import ndtr

    return float(2 * ndtr(-abs(z)))


def _row_share_p(table: dict[str, Any], y: Floats) -> float:
    """Test that the dummy arm leaves the share of the top row alone: two independent samples."""
    size = len(y) // (int(table["set"][-1]) + 1)
    top = (y * (np.asarray(table["row"]) == 1)).reshape(-1, size).sum(axis=1)
    arm = np.asarray(table[DUMMY]).reshape(-1, size).max(axis=1) == 1
    a, b = top[arm], top[~arm]
    error = np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
    return _p(float((a.mean() - b.mean()) / error))


def simulate_many(runs: int, worlds: int, processes: int) -> list[Outcome]:
    """Simulates experiments of seeds 1 to `runs`."""
    with workers(processes) as pool:
        found = pool.map(simulate, range(1, runs + 1), [worlds] * runs, chunksize=10)
        return list(_progress(found, runs))


def _progress(found: Iterator[Outcome], runs: int) -> Iterator[Outcome]:
    from rich.progress import track

    return iter(track(found, total=runs, description="experiments"))


def coverage_table(outcomes: list[Outcome]) -> list[tuple[str, float, float]]:
    """Returns term, coverage with product effects, and without."""
    names = [*PLANTED, DUMMY]
    with_effects = np.mean([outcome.covered for outcome in outcomes], axis=0)
    without = np.mean([outcome.covered_without_effects for outcome in outcomes], axis=0)
    return [(n, float(a), float(b)) for n, a, b in zip(names, with_effects, without, strict=True)]


def rejections(outcomes: list[Outcome]) -> dict[str, float]:
    """Returns how often 5 % tests of nothing reject."""
    return {
        "coefficient of the dummy arm": float(np.mean([o.dummy_p < 0.05 for o in outcomes])),
        "top-row share by dummy arm": float(np.mean([o.row_p < 0.05 for o in outcomes])),
    }


def main() -> None:
    """Runs the simulation, prints the table and writes it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--worlds", type=int, default=500)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    outcomes = simulate_many(args.runs, args.worlds, args.processes)
    lines = [
        f"{args.runs} experiments of {len(TASKS)} x {args.worlds} worlds. Accepted when every term "
        f"lies within {list(BAND)} and every rejection rate within {list(SIZE_BAND)}.",
        "",
        "| term | planted | coverage | accepted | without product effects |",
        "|---|---|---|---|---|",
    ]
    planted = {**PLANTED, DUMMY: 0.0}
    for name, covered, without in coverage_table(outcomes):
        verdict = "yes" if BAND[0] <= covered <= BAND[1] else "NO"
        lines.append(f"| {name} | {planted[name]} | {covered:.4f} | {verdict} | {without:.3f} |")
    lines += ["", "| A/A test | rejects at 5 % | accepted |", "|---|---|---|"]
    for name, rate in rejections(outcomes).items():
        verdict = "yes" if SIZE_BAND[0] <= rate <= SIZE_BAND[1] else "NO"
        lines.append(f"| {name} | {rate:.4f} | {verdict} |")
    body = "\n".join(lines)
    print(body)
    print(f"\nwrote {write_result('coverage', 'Coverage and size', body)}")


if __name__ == "__main__":
    main()
