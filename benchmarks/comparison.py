"""Does a comparison of versions say yes when it should, and does it name the right cause?

Every experiment is a battery of 2 x 150 worlds drawn by the project's own designs on the built-in
catalogue, met by an old version twice and by a new one once. What the update changed is planted:
nothing; the taste for price; for the top row; the noise alone, as a higher temperature would; the
appeal of one product. Versions choose with noise of their own; or all with the same, but for one
world in twenty, as deterministic models do that are served in batches. Then both are compared as
`aces analyze A B --compare --replicate A2` compares them; where nothing was changed also without
the replicate.

    python -m benchmarks.comparison [--runs 300] [--worlds 150] [--processes 2]
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pandas as pd

from aces import terms
from aces.catalog import load_catalog
from aces.seeds import Stream
from aces.spec import ExperimentSpec, Plugin
from aces.stats.intervals import critical_value
from aces.types import Task
from agents.buyers.utility import ProductEffects, UtilityBuyer
from analysis.comparison.arms import Arm, Pair
from analysis.comparison.endings import odd_one_out
from analysis.comparison.shares import share_changes
from analysis.comparison.tastes import NOISE, Tastes, fit_tastes, shared, testable
from analysis.comparison.verdict import FEW_CAUSES, Versions
from benchmarks.machine import workers, write_result
from experiments.plan import Plan, make_plan
from experiments.power import level_table
from marketplace.treatments import TREATMENTS

OLD = {
    "row_1": 0.9,
    "log_price": -1.8,
    "rating": 0.8,
    "log_review_count": 0.15,
    "sponsored": -0.2,
    "overall_pick": 1.2,
    "scarcity": 0.3,
}
TASKS = ("fitness_watch", "stapler")


PRODUCT = "product"
"""Stands for the one product that an update favours."""


@dataclass(frozen=True)
class Update:
    """What a new version changes.

    Attributes:
        cause: What the verdict should name; empty for nothing.
        tastes: Term -> its new coefficient.
        scale: Factor on all utilities: below 1 choices are noisier.
        appeal: Added to one product's utility.
        jitter: Share of worlds in which a run's noise is its own.
    """

    cause: str = ""
    tastes: Mapping[str, float] = field(default_factory=dict)
    scale: float = 1.0
    appeal: float = 0.0
    jitter: float = 1.0


UPDATES = {
    "nothing": Update(),
    "price -1.8 to -0.9": Update("price", {"log_price": -0.9}),
    "top row 0.9 to 0.3": Update("position", {"row_1": 0.3}),
    "noise: all utilities x 0.6": Update(NOISE, scale=0.6),
    "one product + 1": Update(PRODUCT, appeal=1.0),
    "nothing, deterministic": Update(jitter=0.05),
    "price -1.8 to -1.5, deterministic": Update("price", {"log_price": -1.5}, jitter=0.05),
}


@lru_cache
def plan_of(worlds: int) -> Plan:
    """The experiment, with tastes planted on the built-in catalogue."""
    uses = ("position", "price", "rating", "review_count", "badges")
    config = UtilityBuyer.Config(
        coefficients=OLD, product_effects=ProductEffects(sd=0.5, log_price=1.0)
    )
    spec = ExperimentSpec(
        name="comparison",
        tasks=tuple(Task(id=name, category=name) for name in TASKS),
        treatments=tuple(
            Plugin(use=use, name=use, parameters=TREATMENTS.config(use)().model_dump(mode="json"))
            for use in uses
        ),
        buyers=(Plugin(use="utility", name="planted", parameters=config.model_dump(mode="json")),),
        interfaces=(Plugin(use="json", name="json"),),
        worlds_per_task=worlds,
    )
    return make_plan(spec, load_catalog("demo"))


@lru_cache(maxsize=4)
def _shelves(worlds: int, seed: int) -> pd.DataFrame:
    """Worlds of a seed, with the planted appeal of each product."""
    plan = plan_of(worlds)
    fields = {name: getattr(plan, name) for name in plan.__dataclass_fields__}
    plan = Plan(**{**fields, "spec": plan.spec.model_copy(update={"seed": seed})})
    cells = [(task.id, k) for k in range(worlds) for task in plan.spec.tasks]
    levels = level_table(plan, plan.draw_cells(cells))
    effects = dict(plan.spec.buyers[0].parameters)["product_effects"]
    ids = np.asarray(levels["product_id"]).astype(str)
    world = np.char.add("w", np.asarray(levels["set"]).astype(str))
    columns = {name: terms.column(name, levels) for name in OLD}
    task = [cells[int(i)][0] for i in levels["set"]]
    return pd.DataFrame({"world_id": world, "task_id": task, "product_id": ids, **columns}).assign(
        appeal=[effects[p] for p in ids]
    )


def battery(
    name: str, update: Update, seed: int, worlds: int = 150, jitter: float = 1.0
) -> pd.DataFrame:
    """Returns the long table of one run of a version.

    Args:
        name: Of the run, and of its noise.
        update: What its version changes.
        seed: Of the worlds.
        worlds: For each task.
        jitter: Chance that noise is the run's own in a world, and not that of all runs: 1 as
            models sample, less where they are deterministic but for batching.
    """
    rows = _shelves(worlds, seed)
    product = favoured(worlds, seed)
    tastes = {**OLD, **update.tastes}
    worth = rows["appeal"] + update.appeal * (rows["product_id"] == product)
    worth = update.scale * (worth + sum(v * rows[term] for term, v in tastes.items()))
    own = Stream(seed, "comparison", name).generator()
    noise = own.gumbel(size=(len(rows) // 8, 8))
    common = Stream(seed, "comparison").generator().gumbel(size=noise.shape)
    noise = np.where(own.random((len(noise), 1)) < jitter, noise, common).ravel()
    total = worth + noise
    best = total.groupby(rows["world_id"]).transform("max")
    return rows.assign(
        trial_id=rows["world_id"] + "/" + name,
        run=name,
        buyer="model",
        model="",
        persona="",
        prompt_hash="",
        interface="json",
        repeat=0,
        status="chosen",
        chosen=(total == best).astype(int),
    )


def favoured(worlds: int, seed: int) -> str:
    """The product whose appeal an update changes: the third best of the first shelf, as planted."""
    rows = _shelves(worlds, seed)
    worth = rows["appeal"] + sum(v * rows[term] for term, v in OLD.items())
    first = rows["task_id"] == TASKS[0]
    return str(worth[first].groupby(rows["product_id"]).mean().sort_values().index[-3])


@dataclass(frozen=True, slots=True)
class Outcome:
    """One comparison of a simulated update.

    Attributes:
        changed: Whether it said yes.
        suffices: Whether the planted cause is among those that suffice.
        named: Whether it comes first among at most three.
        alone: Whether it is the only one.
        wrong: Whether another one is the only one.
        covered: Whether the interval of how far the cause moved holds the truth; None without one.
        products: Whether any product is said to have gained or lost.
    """

    changed: bool
    suffices: bool
    named: bool
    alone: bool
    wrong: bool
    covered: bool | None
    products: bool


def compared(seed: int, worlds: int, name: str, replicate: bool) -> Versions:
    """Returns what `aces analyze --compare` finds, with the old version's fits kept."""
    update = UPDATES[name]
    old = ["A", "A2"] if replicate else ["A"]
    runs = [_old(run, seed, worlds, update.jitter) for run in old]
    rows = battery("B", update, seed, worlds, update.jitter)
    keys = [{"run": run, "buyer": "model", "interface": "json"} for run in ("A", "B")]
    pair = Pair(Arm(keys[0], runs[0][0], tuple(rows for rows, _ in runs[1:])), Arm(keys[1], rows))
    fits = [fit for _, fit in runs], fit_tastes(rows, list(OLD))
    return Versions(
        pair=pair,
        shares=share_changes(pair.runs, rows, Stream("comparison", "A → B")),
        odd=odd_one_out(pair.runs, rows),
        tastes=testable(shared(*fits, list(OLD))),
        whole=None,
        fits=fits,
        equal=(0, 0),
    )


@lru_cache(maxsize=8)
def _old(run: str, seed: int, worlds: int, jitter: float) -> tuple[pd.DataFrame, Tastes]:
    """A run of the old version and its fit."""
    rows = battery(run, Update(), seed, worlds, jitter)
    return rows, fit_tastes(rows, list(OLD))


def simulate(seed: int, worlds: int, name: str, replicate: bool) -> Outcome:
    """Draws, chooses and compares one battery."""
    update = UPDATES[name]
    found = compared(seed, worlds, name, replicate)
    cause = favoured(worlds, seed) if update.cause == PRODUCT else update.cause
    names = [one.name for one in found.tastes.causes] if found.tastes and cause else []
    told = names if found.changed and found.tastes_changed else []
    return Outcome(
        changed=found.changed,
        suffices=cause in names,
        named=told[:1] == [cause] and len(told) <= FEW_CAUSES,
        alone=told == [cause],
        wrong=len(told) == 1 and told != [cause],
        covered=_covered(found, update, cause),
        products=bool(found.shares.moved("gained") + found.shares.moved("lost")),
    )


def _covered(found: Versions, update: Update, cause: str) -> bool | None:
    """Whether how far the planted cause moved lies in its interval, given that it is the cause."""
    one = found.tastes.cause(cause) if found.tastes and cause in found.tastes.single else None
    if one is None:
        return None
    if cause == NOISE:
        return one.found.low <= update.scale <= one.found.high
    truth = update.appeal or next(value - OLD[term] for term, value in update.tastes.items())
    half = critical_value(0.95, one.found.df) * one.found.error[0]
    return bool(abs(one.found.moved[0] - truth) <= half)


def simulate_many(seed: int, worlds: int) -> dict[tuple[str, bool], Outcome]:
    """Compares all updates of one battery."""
    return {
        (name, again): simulate(seed, worlds, name, again)
        for name, update in UPDATES.items()
        for again in (False, True)
        if again or not (update.cause or update.jitter < 1)
    }


def table_of(found: Sequence[Mapping[tuple[str, bool], Outcome]]) -> str:
    """Returns rates as a table: updates by what was said."""
    heads = (
        "update",
        "replicate",
        "yes",
        "named",
        "alone",
        "wrong",
        "suffices",
        "covers",
        "product",
    )
    lines = ["| " + " | ".join(heads) + " |", "|---|---|" + "---|" * (len(heads) - 2)]
    for name, again in found[0]:
        own = [one[name, again] for one in found]
        planted = bool(UPDATES[name].cause)
        covered = [one.covered for one in own if one.covered is not None]
        rates = [
            _rate([one.changed for one in own]),
            *(
                _rate([getattr(one, key) for one in own]) if planted else ""
                for key in ("named", "alone", "wrong", "suffices")
            ),
            _rate(covered) if planted else "",
            _rate([one.products for one in own]),
        ]
        lines.append(f"| {name} | {'yes' if again else 'no'} | " + " | ".join(rates) + " |")
    return "\n".join(lines)


def _rate(values: Sequence[bool | None]) -> str:
    return f"{np.mean([bool(value) for value in values]):.3f}" if values else ""


def main() -> None:
    """Runs the simulation, prints the table and writes it."""
    from rich.progress import track

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--worlds", type=int, default=150)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    with workers(args.processes) as pool:
        jobs = pool.map(simulate_many, range(1, args.runs + 1), [args.worlds] * args.runs)
        found = []
        for one in track(jobs, total=args.runs, description="batteries"):
            found.append(one)
            if len(found) % 50 == 0:  # what there is, should the rest not come
                print(f"\n{len(found)} batteries\n{table_of(found)}", flush=True)
    error = np.sqrt(0.05 * 0.95 / args.runs)
    body = (
        f"{args.runs} batteries of {len(TASKS)} x {args.worlds} worlds; standard error of a rate "
        f"of 5 %: {error:.3f}. Yes: any change is said to be there. Of the planted cause: named "
        "(first of at most three that suffice), alone (the only one), wrong (another is the only "
        "one), suffices (its test does not reject it, whatever was said), covers (the 95 % "
        "interval of how far it moved). Product: any is said to gain or lose.\n\n"
        f"{table_of(found)}"
    )
    print(body)
    print(f"\nwrote {write_result('comparison', 'Did the update change what it buys?', body)}")


if __name__ == "__main__":
    main()
