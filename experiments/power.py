"""What an experiment will be able to say, before the first trial is paid for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aces.errors import SpecError, nearest
from aces.stats.choice_data import Floats
from aces.types import Factor
from experiments.information import (
    Expected,
    Levels,
    expected_errors,
    pilot_levels,
    worlds_needed,
)
from experiments.levels import level_table
from experiments.plan import Plan
from experiments.pricing import expenses
from experiments.simulation import simulate

__all__ = ["describe", "expected_errors", "level_table"]

SECONDS_PER_TRIAL = {"json": 0.001}
"""Rough cost of a trial on one core without a model; a browser's is about a third of a second."""
BROWSER_SECONDS = 0.35
POWER_FACTOR = 1.959964 + 0.841621
"""Effect over standard error that a two-sided 5 % test finds with 80 % power."""

DEFAULT_EFFECT = 0.3
"""Effect whose power is told where the prior is 0."""
CONCENTRATED = {"one preferred product": 3.6, "near-monopoly": 4.75}
"""Utility of the first product of each shelf under the default priors of concentrated demand."""


def describe(
    plan: Plan,
    *,
    stated: Mapping[str, float] | None = None,
    wanted: Mapping[str, float] | None = None,
    runs: int = 0,
    like: Path | None = None,
) -> dict[str, Any]:
    """Returns size, treatments, expected precision and warnings, ready to print or encode.

    Args:
        plan: The experiment's plan.
        stated: Prior coefficients of a buyer; product effects as `product_id[ID]`.
        wanted: Term -> half the width that its 95 % interval should have.
        runs: Experiments to simulate at each prior that is planted or stated.
        like: Run folder that says what trials take and cost.

    Raises:
        SpecError: If a prior or a wanted interval is of nothing that is here.
        StoreError: If `like` is no run.
    """
    names = plan.default_terms()
    check_terms(plan, stated or {}, wanted or {})
    priors = _priors(plan, stated or {}) if names else []
    levels = pilot_levels(plan) if priors else []
    precision = [_precision(plan, names, prior, levels, wanted or {}) for prior in priors]
    if runs:
        for entry, (_, kind, truth) in zip(precision, priors, strict=True):
            if kind in ("as planted", "as stated"):
                entry["simulated"] = _simulated(plan, names, truth, runs)
    return {
        "name": plan.spec.name,
        "size": _size(plan),
        "treatments": [
            (name, ", ".join(d.levels()), type(d).__name__.lower())
            for name, d in plan.declarations.items()
        ],
        "design": list(plan.notes),
        "models": _models(plan),
        "expenses": expenses(plan, like),
        "stop": [str(rule) for rule in plan.spec.stop],
        "terms": names,
        "precision": precision,
        "warnings": [*_warnings(plan, names), *_unidentified(precision)],
    }


def _size(plan: Plan) -> dict[str, Any]:
    """How many worlds and trials, and about how long they take on one core."""
    spec = plan.spec
    worlds = spec.worlds_per_task * len(spec.tasks)
    arms = [
        (face.use, plan.wordings_per_world(buyer.name) * spec.repeats)
        for buyer in spec.buyers
        for face in spec.buyer_interfaces(buyer)
    ]
    seconds = sum(n * SECONDS_PER_TRIAL.get(face, BROWSER_SECONDS) for face, n in arms)
    return {
        "tasks": len(spec.tasks),
        "worlds": worlds,
        "buyers x interfaces": len(arms),
        "repeats": spec.repeats,
        "trials": worlds * sum(n for _, n in arms),
        "about minutes on one core, without a model": round(worlds * seconds / 60, 1),
    }


def _models(plan: Plan) -> list[tuple[str, str, str, str]]:
    """Buyers with a served model: the model, and how personas and prompts differ by trial."""
    return [
        (
            buyer.name,
            str(buyer.parameters["model"]),
            _levels(plan.factors[buyer.name].get("persona")),
            _levels(plan.factors[buyer.name].get("prompt")),
        )
        for buyer in plan.spec.buyers
        if "model" in buyer.parameters
    ]


def _levels(factor: Factor | None) -> str:
    if factor is None:
        return "none"
    names = ", ".join(factor.levels[:4]) + (", ..." if len(factor.levels) > 4 else "")
    how = "one per world, of" if factor.drawn else "each world meets all"
    return names if len(factor.levels) == 1 else f"{how} {len(factor.levels)}: {names}"


def check_terms(plan: Plan, stated: Mapping[str, float], wanted: Mapping[str, float]) -> None:
    """Checks that priors and wanted intervals are of what the experiment has.

    Raises:
        SpecError: Naming what is not there, and what is.
    """
    names = plan.default_terms()
    for term, half_width in wanted.items():
        if term not in names:
            raise SpecError(f"--precision {term}: no such term{nearest(term, names)}")
        if not half_width > 0:
            raise SpecError(f"--precision {term}={half_width:g}: expected more than 0")
    products = {f"product_id[{product}]" for product in plan.listings}
    for term in stated:
        if term not in names and term not in products and term != "outside_option":
            known = [*names, "outside_option"]
            raise SpecError(f"--prior {term}: no such term{nearest(term, known)}")


def _priors(plan: Plan, stated: Mapping[str, float]) -> list[tuple[str, str, Mapping[str, float]]]:
    """Buyer, kind and coefficients: no effects, concentrated demand, as planted, as stated."""
    first = [pool[0] for pool in plan.pools.values()]
    found: list[tuple[str, str, Mapping[str, float]]] = [("any buyer", "no effects", {})]
    for kind, height in CONCENTRATED.items():
        found.append(("any buyer", kind, {f"product_id[{i}]": height for i in first}))
    known = {*plan.default_terms(), *(f"product_id[{i}]" for i in plan.listings)}
    found += [
        (name, "as planted", truth)
        for name, truth in plan.truths().items()
        if truth and known & set(truth)
    ]
    return [*found, ("any buyer", "as stated", stated)] if stated else found


def _precision(
    plan: Plan,
    names: Sequence[str],
    prior: tuple[str, str, Mapping[str, float]],
    levels: Sequence[Levels],
    wanted: Mapping[str, float],
) -> dict[str, Any]:
    """Expected standard errors and power if the buyer's coefficients are as the prior says."""
    buyer, kind, truth = prior
    expected = Expected.of(plan, names, truth, levels)
    errors = expected.errors
    values = np.array([truth.get(name, 0.0) for name in names])
    found = expected.power(np.where(values == 0, DEFAULT_EFFECT, values))
    worlds = plan.spec.worlds_per_task
    return {
        "buyer": buyer,
        "prior": kind,
        "rows": [
            (name, float(value), _finite(error), _finite(POWER_FACTOR * error), float(chance))
            for name, value, error, chance in zip(names, values, errors, found, strict=True)
        ],
        "needed": [
            {
                "term": term,
                "half_width": half_width,
                "worlds_per_task": worlds_needed(half_width, errors[names.index(term)], worlds),
            }
            for term, half_width in wanted.items()
        ],
    }


def _finite(value: float) -> float | None:
    """A number that JSON has; None for a term that can't be estimated."""
    return float(value) if np.isfinite(value) else None


def _simulated(
    plan: Plan, names: Sequence[str], truth: Mapping[str, float], runs: int
) -> dict[str, Any]:
    """What simulated experiments find, beside what is expected."""
    found = simulate(plan, names, truth, runs)

    def told(values: Floats) -> list[float | None]:
        return [_finite(value) for value in values]

    return {
        "runs": found.runs,
        "not estimable": found.lost,
        "rows": list(
            zip(names, told(found.std_error), told(found.spread), told(found.power), strict=True)
        ),
    }


def _unidentified(precision: Sequence[Mapping[str, Any]]) -> list[str]:
    """Says which terms the design can't tell from others, whatever buyers are like."""
    lost = [row[0] for row in precision[0]["rows"] if row[2] is None] if precision else []
    if not lost:
        return []
    return [f"{', '.join(lost)} can't be told apart from other terms or products by this design"]


def _warnings(plan: Plan, names: Sequence[str]) -> list[str]:
    """What a reader of the plan should know before running it."""
    found = []
    if not names:
        found.append("no treatment varies anything: there is nothing to estimate but shares")
    if "rating" in names:
        high = [i for i, item in plan.listings.items() if (item.rating or 0) >= 4.8]
        if high:
            found.append(
                f"ratings move in proportion to 5 - r: {len(high)} of {len(plan.listings)} "
                "products are rated 4.8 or more and carry little information on it; `steps:` "
                "moves all alike"
            )
    if "position" not in plan.varied():
        found.append("positions are fixed: slots and products can't be told apart")
    worlds = plan.spec.worlds_per_task * len(plan.spec.tasks)
    if worlds < 10:
        found.append(f"{worlds} worlds are fewer than 10 clusters; intervals will be unreliable")
    return found
