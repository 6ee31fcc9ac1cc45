"""Do the intervals of decisions cover? Simulated experiments with planted tastes say.

Every run is an experiment of its own: shelves of eight products in random order with random
prices, ratings and badges, bought from by a logit with planted coefficients. The truth of each
number is that of the planted coefficients on the very shelves of the run (of the population
where the number is of that).

    python -m benchmarks.decisions [--runs 400] [--worlds 300] [--only WORD ...]
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TASTES = {
    "row_1": 0.9,
    "col_1": 0.4,
    "log_price": -1.8,
    "rating": 0.8,
    "sponsored": -0.3,
    "overall_pick": 1.2,
}
TERMS = tuple(TASTES)


@dataclass(frozen=True)
class Shop:
    """What a simulated experiment is.

    Attributes:
        worlds: Per task.
        tasks: Each with products of its own.
        pool: Products of a task; shelves hold `size` of them.
        size: Listings of a shelf.
        columns: Of the grid.
        tastes: Planted coefficients.
        outside: Constant of all listings against buying nothing; None without that.
        repeats: Trials of each world.
        serving: Standard deviation of noise in the utilities, drawn for each trial.
        wordings: Ways to ask; 0 for one.
        per_wording: Standard deviation of each taste between wordings.
        crossed: Whether each world meets every wording; else one.
    """

    worlds: int = 300
    tasks: int = 1
    pool: int = 8
    size: int = 8
    columns: int = 4
    tastes: dict[str, float] = field(default_factory=lambda: dict(TASTES))
    outside: float | None = None
    repeats: int = 1
    serving: float = 0.0
    wordings: int = 0
    per_wording: dict[str, float] = field(default_factory=dict)
    crossed: bool = False

    def effects(self) -> Floats:
        """Returns (tasks, pool) planted product effects; always the same."""
        return np.random.default_rng(5).normal(0, 0.5, (self.tasks, self.pool))

    def shelves(self, generator: np.random.Generator) -> pd.DataFrame:
        """Returns one row per listing per world, its planted utility without noise in `v`."""
        prices = np.random.default_rng(6).uniform(15, 60, (self.tasks, self.pool))
        n, size = self.tasks * self.worlds, self.size
        task = np.repeat(np.arange(self.tasks), self.worlds)
        product = np.argsort(generator.random((n, self.pool)), axis=1)[:, :size]
        position = np.argsort(generator.random((n, size)), axis=1) + 1
        price = prices[task[:, None], product] * np.exp(generator.normal(0, 0.3, (n, size)))
        best = np.argsort(generator.random((n, size)), axis=1)
        sponsored = (generator.random((n, size)) < 0.2) & (best > 0)
        frame = pd.DataFrame(
            {
                "world": np.repeat(np.arange(n), size),
                "task_id": np.repeat(task, size),
                "product": product.ravel(),
                "position": position.ravel(),
                "price_cents": np.maximum(np.rint(100 * price), 1).ravel(),
                "rating": np.round(generator.uniform(3.5, 5.0, n * size), 1),
                "sponsored": sponsored.ravel().astype(int),
                "overall_pick": ((best == 0) & (generator.random((n, 1)) < 0.7)).ravel() * 1,
            }
        )
        frame["product_id"] = [
            f"t{t}-{p}" for t, p in zip(frame["task_id"], frame["product"], strict=True)
        ]
        frame["row"] = (frame["position"] - 1) // self.columns + 1
        frame["col"] = (frame["position"] - 1) % self.columns + 1
        return frame.assign(currency="USD", v=self.utility(frame))

    def utility(self, frame: pd.DataFrame, tastes: dict[str, float] | None = None) -> Floats:
        """Returns (rows,) planted utilities without noise."""
        from aces import terms

        planted = self.tastes if tastes is None else tastes
        own = terms.matrix(planted, frame) @ np.array(list(planted.values()))  # type: ignore[arg-type]
        effect = self.effects()[frame["task_id"], frame["product"]]
        return np.asarray(own + effect + (self.outside or 0.0))

    def table(self, seed: int) -> pd.DataFrame:
        """Returns the long table of one experiment, planted probabilities in `true_p`."""
        generator = np.random.default_rng(seed)
        shelves = self.shelves(generator)
        told = self._told(generator)
        parts = [self._trials(shelves, *asked, generator) for asked in told]
        return pd.concat(parts, ignore_index=True).sort_values(
            ["world", "repeat", "prompt"], kind="stable", ignore_index=True
        )

    def _told(self, generator: np.random.Generator) -> list[tuple[int, str, Floats, Any]]:
        """Repeat, wording, its shift of tastes, and the worlds it meets (None: all)."""
        none = np.zeros(len(self.tastes))
        if not self.wordings:
            return [(r, "", none, None) for r in range(self.repeats)]
        sd = np.array([self.per_wording.get(name, 0.0) for name in self.tastes])
        shifts = generator.normal(size=(self.wordings, len(sd))) * sd
        own = generator.permutation(self.tasks * self.worlds) % self.wordings
        return [
            (r, f"w{w:02}", shifts[w], None if self.crossed else own == w)
            for w in range(self.wordings)
            for r in range(self.repeats)
        ]

    def _trials(
        self,
        shelves: pd.DataFrame,
        repeat: int,
        prompt: str,
        shift: Floats,
        worlds: NDArray[np.bool_] | None,
        generator: np.random.Generator,
    ) -> pd.DataFrame:
        frame = shelves if worlds is None else shelves[worlds[shelves["world"]]]
        tastes = dict(zip(self.tastes, np.array(list(self.tastes.values())) + shift, strict=True))
        v = self.utility(frame, tastes) + self.serving * generator.normal(size=len(frame))
        utility = v.reshape(-1, self.size)
        weight = np.exp(utility)
        p = weight / (weight.sum(axis=1, keepdims=True) + (self.outside is not None))
        drawn = generator.random((len(p), 1))
        index = (p.cumsum(axis=1) < drawn).sum(axis=1)
        if self.outside is None:
            index = np.minimum(index, self.size - 1)
        chosen = np.arange(self.size) == index[:, None]
        name = frame["world"].astype(str)
        return frame.assign(
            repeat=repeat,
            prompt=prompt,
            prompt_hash=prompt,
            world_id="w" + name,
            trial_id="w" + name + f"-{repeat}{prompt}",
            buyer="planted",
            interface="json",
            persona="",
            chosen=chosen.ravel().astype(int),
            status=np.repeat(np.where(chosen.any(axis=1), "chosen", "abstained"), self.size),
            cause="",
            true_p=p.ravel(),
        )
