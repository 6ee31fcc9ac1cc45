"""What trials of served models will take: measured on a stored run, or assumed and said so."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aces.llm.records import Prices
from aces.spec import Plugin
from aces.store import RunStore
from experiments.plan import Plan

ASSUMED = {"requests": 1.5, "input": 2500.0, "output": 150.0, "seconds": 5.0}
"""Of one trial of a served model where no run says better: a picture, and some repairs."""

_MEASURED = """
    SELECT count(DISTINCT e.trial_id || '/' || e.attempt), count(*), total(e.prompt_tokens),
           total(e.completion_tokens), total(e.seconds + e.waited_s)
    FROM exchanges e JOIN trials t USING (trial_id)
    WHERE e.from_cache = 0 AND t.buyer LIKE ? AND t.interface LIKE ?
"""


def expenses(plan: Plan, like: Path | None) -> list[dict[str, Any]]:
    """Returns trials, tokens, seconds and cost expected of each buyer with a served model.

    Args:
        plan: The experiment's plan.
        like: Run folder of trials like these; without one, numbers are assumed.

    Raises:
        StoreError: If it is no run.
    """
    if like is None:
        return [_expense(plan, *arm, ASSUMED, "assumed") for arm in _served(plan)]
    with RunStore.open(like) as store:
        return [_expense(plan, *arm, *_measured(store, like, *arm)) for arm in _served(plan)]


def _served(plan: Plan) -> list[tuple[Plugin, str]]:
    """Buyers with a served model, with each of their interfaces."""
    return [
        (buyer, face.name)
        for buyer in plan.spec.buyers
        if buyer.parameters.get("model")
        for face in plan.spec.buyer_interfaces(buyer)
    ]


def _measured(
    store: RunStore, like: Path, buyer: Plugin, interface: str
) -> tuple[Mapping[str, float], str]:
    """What a trial took: of this buyer, else of this interface, else of any."""
    for who, face, of in (
        (buyer.name, interface, f"{buyer.name} · {interface}"),
        ("%", interface, interface),
        ("%", "%", "all trials"),
    ):
        trials, requests, *sums = store.db.execute(_MEASURED, (who, face)).fetchone()
        if trials:
            names = ("requests", "input", "output", "seconds")
            values = [total / trials for total in (requests, *sums)]
            return dict(zip(names, values, strict=True)), f"measured in {like}, {of}"
    return ASSUMED, f"assumed: {like} asked no model"


def _expense(
    plan: Plan, buyer: Plugin, interface: str, each: Mapping[str, float], basis: str
) -> dict[str, Any]:
    worlds = plan.spec.worlds_per_task * len(plan.spec.tasks)
    trials = worlds * plan.wordings_per_world(buyer.name) * plan.spec.repeats
    found: dict[str, Any] = {"buyer": buyer.name, "interface": interface, "trials": trials}
    found["tokens"] = round(trials * (each["input"] + each["output"]))
    found["hours one by one"] = round(trials * each["seconds"] / 3600, 2)
    found["cost"] = found["currency"] = None
    if buyer.parameters.get("prices"):
        prices = Prices.model_validate(buyer.parameters["prices"])
        tokens = each["input"] * prices.input + each["output"] * prices.output
        cost = tokens / 1e6 + each["requests"] * prices.request
        found |= {"cost": round(trials * cost, 4), "currency": prices.currency}
    return {**found, "basis": basis}
