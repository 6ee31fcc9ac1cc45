"""What is shown in many worlds, as columns."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from aces import terms
from aces.design import Given
from aces.types import Assignment
from experiments.plan import Plan


def reseeded(plan: Plan, seed: int) -> Plan:
    """Returns the plan with another seed: other draws by the same design."""
    return replace(plan, spec=plan.spec.model_copy(update={"seed": seed}))


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


def connected(plan: Plan) -> list[list[str]]:
    """Returns groups of products whose shelves are connected, each in catalogue order.

    Only within a group can product effects be told apart.
    """
    given = [d for d in plan.declarations.values() if isinstance(d, Given)]
    worlds = (world for d in given for shelves in d.worlds.values() for world in shelves)
    shelves: list[Sequence[str]] = [world.products for world in worlds]
    group_of: dict[str, set[str]] = {}
    for shelf in shelves or plan.pools.values():
        whole = set(shelf).union(*(group_of.get(product, ()) for product in shelf))
        group_of |= dict.fromkeys(whole, whole)
    groups = {id(group): group for group in group_of.values()}.values()
    return [[product for product in plan.listings if product in group] for group in groups]
