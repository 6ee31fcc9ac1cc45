"""What an experiment will be able to say, before the first trial is paid for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aces import terms
from aces.types import Assignment, Factor
from experiments.plan import Plan

PILOT_WORLDS = 400
"""Worlds drawn per task to see what the design varies."""
SECONDS_PER_TRIAL = {"json": 0.001}
"""Rough cost of a trial on one core without a model; a browser's is about a third of a second."""
BROWSER_SECONDS = 0.35
POWER_FACTOR = 1.959964 + 0.841621
"""Effect over standard error that a two-sided 5 % test finds with 80 % power."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pilot:
    """Drawn worlds as arrays: X (rows, terms), choice set and product of each row."""

    X: Floats
    sets: NDArray[np.int64]
    products: NDArray[np.int64]
    effects: Floats
    """What each row's utility has besides the terms: product effects, terms not estimated."""


def describe(plan: Plan) -> dict[str, Any]:
    """Returns size, treatments, expected precision and warnings, ready to print or encode."""
    names = plan.default_terms()
    return {
        "name": plan.spec.name,
        "size": _size(plan),
        "treatments": [
            (name, ", ".join(d.levels()), type(d).__name__.lower())
            for name, d in plan.declarations.items()
        ],
        "design": list(plan.notes),
        "models": _models(plan),
        "terms": names,
        "precision": [_precision(plan, names, buyer) for buyer in _priors(plan)] if names else [],
        "warnings": _warnings(plan, names),
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
        if plan.factors[buyer.name]
    ]


def _levels(factor: Factor | None) -> str:
    if factor is None:
        return "none"
    names = ", ".join(factor.levels[:4]) + (", ..." if len(factor.levels) > 4 else "")
    how = "one per world, of" if factor.drawn else "each world meets all"
    return names if len(factor.levels) == 1 else f"{how} {len(factor.levels)}: {names}"


def _priors(plan: Plan) -> list[tuple[str, Mapping[str, float]]]:
    """Buyers with planted coefficients, and the case of no effect at all."""
    planted = [(name, truth) for name, truth in plan.truths().items() if truth]
    return [("any buyer", {}), *planted]


def _precision(
    plan: Plan, names: Sequence[str], prior: tuple[str, Mapping[str, float]]
) -> dict[str, Any]:
    """Expected standard errors if the buyer's coefficients are as planted."""
    buyer, truth = prior
    errors = expected_errors(plan, names, truth)
    rows = [
        (name, truth.get(name, 0.0), float(error), float(POWER_FACTOR * error))
        for name, error in zip(names, errors, strict=True)
    ]
    return {"buyer": buyer, "prior": "as planted" if truth else "no effects", "rows": rows}


def expected_errors(plan: Plan, names: Sequence[str], prior: Mapping[str, float]) -> Floats:
    """Returns the standard error expected of each term with product effects, shape (terms,).

    The information of a conditional logit at the prior, averaged over worlds drawn from the
    design (not those of the plan's own seed), scaled to the number of worlds.

    Args:
        plan: The experiment's plan.
        names: Terms.
        prior: Coefficients by term, product effects as `product_id[ID]`.
    """
    from aces.stats.choice_data import choice_data
    from aces.stats.likelihood import log_likelihood

    pilot = pilot_worlds(plan, names, prior)
    y = np.zeros(len(pilot.sets))
    y[np.flatnonzero(np.diff(pilot.sets, prepend=-1))] = 1.0
    beta = np.array([prior.get(name, 0.0) for name in names])
    # planted effects enter as one more column of coefficient 1, whose information is set aside
    X = np.column_stack([pilot.X, pilot.effects])
    labels = [f"product {i}" for i in range(int(pilot.products.max()) + 1)]
    data = choice_data(
        X, y, pilot.sets, effects=pilot.products, effect_names=labels, names=[*names, "planted"]
    )
    point = np.concatenate([beta, [1.0], np.zeros(len(labels))])
    information = log_likelihood(data, point).information
    keep = np.r_[0 : len(names), len(names) + 1 : len(point)]
    share = data.n_sets / (plan.spec.worlds_per_task * len(plan.spec.tasks))
    covariance = np.linalg.pinv(information[np.ix_(keep, keep)], hermitian=True) * share
    return np.asarray(np.sqrt(np.diag(covariance)[: len(names)]))


def pilot_worlds(plan: Plan, names: Sequence[str], prior: Mapping[str, float]) -> Pilot:
    """Returns up to 400 worlds per task, drawn with a seed of their own."""
    spec = plan.spec.model_copy(update={"seed": plan.spec.seed + 1_000_003})
    drawer = Plan(**{**_fields(plan), "spec": spec})
    worlds = [drawer.assignment(t.id, k) for t in spec.tasks for k in range(PILOT_WORLDS)]
    table = level_table(plan, worlds)
    code = {product_id: i for i, product_id in enumerate(plan.listings)}
    ids = table["product_id"]
    return Pilot(
        X=terms.matrix(names, table),
        sets=table["set"],
        products=np.array([code[product_id] for product_id in ids]),
        effects=np.array([prior.get(f"product_id[{i}]", 0.0) for i in ids])
        + _other_effects(names, prior, table),
    )


def _other_effects(
    names: Sequence[str], prior: Mapping[str, float], table: Mapping[str, Any]
) -> Floats:
    """What planted terms that are not estimated add to the utility of each row."""
    total = np.zeros(len(table["set"]))
    for name, value in prior.items():
        parts = name.split(":")
        if name not in names and all(part in table or terms.is_derived(part) for part in parts):
            total += value * terms.term(name, table)
    return total


def _fields(plan: Plan) -> dict[str, Any]:
    return {name: getattr(plan, name) for name in plan.__dataclass_fields__}


def level_table(plan: Plan, worlds: Sequence[Assignment]) -> dict[str, Any]:
    """Returns what is shown in many worlds as columns, one row per listing of each world.

    Besides every level there are `product_id`, `set` (the world's number), `row`, `col` and
    `discounted`; facts that no treatment sets are the catalogue's.
    """
    ids = [product_id for world in worlds for product_id in world.product_ids]
    sizes = [len(world.product_ids) for world in worlds]
    base = [plan.listings[product_id] for product_id in ids]
    columns: dict[str, Any] = {
        field: [getattr(item, field) for item in base]
        for field in ("price_cents", "review_count", "rating", "list_price_cents")
    }
    for level in worlds[0].levels:
        columns[level] = [value for world in worlds for value in world.levels[level]]
    columns["rating"] = [value or 0.0 for value in columns["rating"]]
    columns["row"], columns["col"] = terms.grid(columns["position"], plan.spec.shelf.columns)
    struck = zip(columns["list_price_cents"], columns["price_cents"], strict=True)
    columns["discounted"] = [float((was or 0) > now) for was, now in struck]
    columns["product_id"] = ids
    columns["set"] = np.repeat(np.arange(len(worlds)), sizes)
    return columns


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
