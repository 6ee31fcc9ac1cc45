"""What an adaptive design may look at: outcomes of the buyer's own earlier worlds."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aces.design import Allocation, Arms, Versions
from aces.store import RunStore
from aces.types import Status
from experiments.designs import Met, Past
from experiments.plan import Plan

_TRIALS = """
    SELECT t.buyer, t.interface, t.world_id, o.status, o.product_id
    FROM trials t LEFT JOIN latest o USING (trial_id) ORDER BY t.plan_index
"""
_WORLD = "SELECT task_id, k, product_ids, levels FROM worlds WHERE world_id = ?"

Ended = tuple[str | None, str | None]
"""Status of a trial, None where it has not ended yet, and the product bought."""


@dataclass(frozen=True, slots=True)
class _World:
    task_id: str
    k: int
    arm: int
    prices: Mapping[str, int]
    """Product -> price shown, in minor units."""


class Ledger:
    """Reads from a run what each buyer through each interface has met so far.

    A trial that failed has no outcome; one that left, or ran out of steps, has bought nothing. A
    world all of whose trials failed says nothing of its arm.
    """

    def __init__(self, store: RunStore, plan: Plan) -> None:
        self.store = store
        self.plan = plan
        declared = plan.declarations.values()
        self.allocation = next(d for d in declared if isinstance(d, Allocation))
        self._known: dict[str, _World] = {}

    def read(self) -> dict[tuple[str, str], Past]:
        """Returns the past of every buyer and interface that has one."""
        found: dict[tuple[str, str], dict[str, list[Ended]]] = {}
        for buyer, interface, world_id, status, bought in self.store.db.execute(_TRIALS):
            worlds = found.setdefault((buyer, interface), {})
            worlds.setdefault(world_id, []).append((status, bought))
        return {arm: self._past(worlds) for arm, worlds in found.items()}

    def _past(self, worlds: Mapping[str, Sequence[Ended]]) -> Past:
        met = [self._met(self._world(world_id), ended) for world_id, ended in worlds.items()]
        return Past(
            worlds=1 + max(self._world(world_id).k for world_id in worlds),
            complete=all(status is not None for ended in worlds.values() for status, _ in ended),
            arms=self.allocation.arms,
            met=[each for each in met if each.sales],
        )

    def _met(self, world: _World, ended: Sequence[Ended]) -> Met:
        wanted = self.allocation.products or tuple(world.prices)
        counted = {product: price for product, price in world.prices.items() if product in wanted}
        sales = [
            counted.get(bought or "")
            for status, bought in ended
            if status not in (None, Status.FAILED.value)
        ]
        return Met(world.task_id, world.arm, sales)

    def _world(self, world_id: str) -> _World:
        if world_id not in self._known:
            task_id, k, ids, levels = self.store.db.execute(_WORLD, (world_id,)).fetchone()
            shown = json.loads(levels)
            products = json.loads(ids)
            catalogue = [self.plan.listings[i].price_cents for i in products]
            prices = dict(zip(products, shown.get("price_cents", catalogue), strict=True))
            self._known[world_id] = _World(task_id, k, self._arm(shown), prices)
        return self._known[world_id]

    def _arm(self, levels: Mapping[str, Sequence[int]]) -> int:
        """Number of the world's arm: its 0/1 level is 1 for some listing; the first has none."""
        treatment = self.plan.declarations[self.allocation.treatment]
        assert isinstance(treatment, Arms | Versions)
        on = (any(levels[column]) for column in treatment.columns())
        return next((i for i, each in enumerate(on, start=1) if each), 0)
