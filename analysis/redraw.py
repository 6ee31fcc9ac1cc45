"""Worlds drawn again by the stored design, as numbers: the ground of randomisation inference."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aces import terms
from aces.design import Draw, block_size, screen_size, shown_size
from analysis.study import Study

Floats = NDArray[np.float64]

POOL = 2000
"""Fresh draws in all, shared out among the tasks."""
LEAST = 200
"""Fresh draws per task at least."""
LEAST_BLOCKS = 50
"""Fresh blocks per task at least, where worlds are drawn in blocks."""
DESIGNS = ("independent", "factorial", "paired", "efficient")
"""Designs whose worlds do not depend on what buyers did: a pool of fresh ones stands for them."""
REPLAYED = 2000
"""Stored worlds compared with their own redraw, at most, per task."""


@dataclass(frozen=True)
class Drawn:
    """Terms of n worlds of one task.

    Attributes:
        ids: (n, J) products, in the order of the catalogue.
        names: Of the L terms: slots as rows and columns.
        values: (n, J, L) terms.
        positions: (n, J) slots.
    """

    ids: NDArray[np.str_]
    names: tuple[str, ...]
    values: Floats
    positions: Floats

    def mean(self, weights: Mapping[str, float]) -> Floats:
        """Returns (n, L): terms averaged over each shelf with weights by product."""
        products, code = np.unique(self.ids, return_inverse=True)
        weight = np.array([weights.get(str(p), 0.0) for p in products])[
            code.reshape(self.ids.shape)
        ]
        total = weight.sum(axis=1, keepdims=True)
        weight = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
        return np.asarray(np.einsum("nj,njl->nl", weight, self.values))

    def levels(self) -> Floats:
        """Returns (n, J x levels): every level of every product, slots as one number each."""
        other = [i for i, name in enumerate(self.names) if not name.startswith(("row_", "col_"))]
        numbers = np.concatenate([self.positions[..., None], self.values[..., other]], axis=2)
        return numbers.reshape(len(numbers), -1)


@dataclass(frozen=True)
class Redraw:
    """Draws worlds of a study again, each task's pool once."""

    study: Study
    _pools: dict[str, Drawn] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, study: Study) -> "Redraw | None":
        """Returns None where worlds may depend on outcomes: no pool stands for them."""
        return cls(study) if study.spec.design.use in DESIGNS else None

    @property
    def block(self) -> int:
        """How many consecutive worlds of a task are drawn together."""
        return block_size(self.study.declarations, self.study.spec.shelf.size)

    @property
    def first(self) -> int:
        """The first world of each task that is drawn as all later ones are: after a screen."""
        return screen_size(self.study.declarations)

    @property
    def terms(self) -> tuple[str, ...]:
        """The terms that the design varies."""
        return tuple(self.study.default_terms)

    def pool(self, task_id: str) -> Drawn:
        """Returns fresh draws of a task's worlds, whole blocks one after another."""
        if task_id not in self._pools:
            size = max(LEAST, POOL // len(self.study.tasks))
            whole = max(LEAST_BLOCKS, -(-size // self.block))
            # not from index 0: world 0 may be the catalogue's own (`keep_first`)
            start = self.first + self.block
            ks = range(start, start + self.block * whole)
            draws = [self.study.draw(task_id, k, again="check") for k in ks]
            self._pools[task_id] = self._numbers(draws)
        return self._pools[task_id]

    def like(self, ks: NDArray[Any], pool: int, generator: np.random.Generator) -> NDArray[Any]:
        """Returns places in a pool of worlds that stand for worlds ks in one fresh draw of them.

        Worlds of one block are drawn together, so that a whole block of the pool stands for them.

        Args:
            ks: Indices of a task's worlds, none of a screen.
            pool: Worlds in the task's pool.
            generator: Of the choice among the pool's blocks.
        """
        ks = ks - self.first
        blocks, place = np.unique(ks // self.block, return_inverse=True)
        picked = generator.integers(pool // self.block, size=len(blocks))
        return np.asarray(picked[place] * self.block + ks % self.block)

    def stored(self, task_id: str, ks: Sequence[int] | NDArray[Any]) -> Drawn:
        """Returns the stored draws of worlds ks of a task, in that order."""
        rows = self.study.store.db.execute(
            "SELECT k, product_ids, levels FROM worlds WHERE task_id = ?", (task_id,)
        )
        found = {k: (json.loads(ids), Draw(json.loads(levels))) for k, ids, levels in rows}
        return self._numbers([found[int(k)] for k in ks])

    def differing(self, task_id: str, ks: Sequence[int]) -> int:
        """Returns how many stored worlds are not what seed and design give."""
        rows = self.study.store.db.execute(
            "SELECT k, product_ids, levels FROM worlds WHERE task_id = ? ORDER BY k", (task_id,)
        )
        wanted = set(ks)
        stored = [(k, ids, levels) for k, ids, levels in rows if k in wanted]
        some = stored[:: 1 + len(stored) // REPLAYED]
        return sum(not self._same(task_id, *row) for row in some)

    def _same(self, task_id: str, k: int, ids: str, levels: str) -> bool:
        drawn_ids, drawn = self.study.draw(task_id, k)
        again = json.loads(json.dumps(drawn.levels))
        return bool(drawn_ids == json.loads(ids) and again == json.loads(levels))

    def _numbers(self, draws: Sequence[tuple[list[str], Draw]]) -> Drawn:
        size = shown_size(self.study.declarations, self.study.spec.shelf.size)
        gap = np.array([[i >= len(ids) for i in range(size)] for ids, _ in draws])
        ids = np.array([_filled(ids, size, "") for ids, _ in draws])
        columns: dict[str, NDArray[Any]] = {
            name: np.array([_filled(draw.levels[name], size, 1) for _, draw in draws])
            for name in dict.fromkeys([*self.study.varied, "position"])
        }
        positions = columns["position"]
        wide = np.array(
            [draw.levels.get("columns", self.study.spec.shelf.columns) for _, draw in draws]
        )
        columns["row"], columns["col"] = terms.grid(positions, wide.reshape(len(draws), -1))
        values = np.stack([terms.column(name, columns) for name in self.terms], axis=-1)
        # a listing without a rating keeps none, in every draw
        values = np.where(gap[..., None], 0.0, np.nan_to_num(values))
        return Drawn(ids, self.terms, values, np.where(gap, 0.0, positions.astype(float)))


def _filled(values: Sequence[Any], size: int, gap: object) -> list[Any]:
    """The values with `gap` where a shelf holds fewer listings than others."""
    return [*values, *[gap] * (size - len(values))]
