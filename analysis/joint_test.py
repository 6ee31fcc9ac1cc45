"""The joint test of a specification curve: all universes under draws of the term by the design.

Under the sharp hypothesis that the term changes no choice, every outcome would have been the same
had the term been drawn otherwise. So worlds are drawn again, all universes are computed from each
draw, and what the curve shows is compared with what such draws show. Universes may share trials and
worlds: the test holds whatever they have in common, as each draw goes through all of them at once.

Reference: Simonsohn, U., Simmons, J. P. and Nelson, L. D. (2020), Specification curve analysis.
Nature Human Behaviour 4, 1208-1214. Labels are not shuffled here: worlds are drawn by their design.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces import terms
from aces.errors import EstimationError
from aces.stats.choice_data import Floats, Ints
from aces.stats.intervals import p_values
from aces.stats.rescored import Steps
from analysis.null_draws import DrawsOfRuns, Levels
from analysis.universe_fits import Features, Stepper

CHUNK = 50
"""Draws made at once."""
MOST_NUMBERS = 6_000_000
"""Of a chunk, in one universe."""
MEDIAN, SHARE, STOUFFER = "median estimate", "significant in one direction", "aggregated z"
BEST = "smallest p of any universe"


@dataclass(frozen=True)
class Statistic:
    """One number of the curve, and how it lies among draws.

    Attributes:
        name: What it is.
        observed: Its value.
        low: 2.5 % quantile over draws.
        high: 97.5 % quantile.
        p_value: Share of draws, the stored one among them, that are as extreme; of both tails but
            for the smallest p.
    """

    name: str
    observed: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True)
class JointTest:
    """The test's result.

    Attributes:
        redraws: Number of draws.
        universes: How many went through it.
        hypothesis: What was tested, in words.
        statistics: Median, share significant, aggregated z, and the smallest p-value.
    """

    redraws: int
    universes: int
    hypothesis: str
    statistics: tuple[Statistic, ...]

    def p_value(self, name: str) -> float:
        """Returns the p-value of one statistic."""
        return next(one.p_value for one in self.statistics if one.name == name)


@dataclass(frozen=True)
class Redrawn:
    """The terms of the table's rows in draws of their worlds.

    Attributes:
        null: How worlds are drawn.
        features: The table.
        world: (rows,) number of each row's world.
        slot: (rows,) its place in the world's list of products.
    """

    null: DrawsOfRuns
    features: Features
    world: Ints
    slot: Ints

    @classmethod
    def of(cls, null: DrawsOfRuns, features: Features) -> "Redrawn":
        """Finds the rows of the table in the stored worlds.

        Raises:
            EstimationError: If the table is not of these worlds.
        """
        table = features.table
        found = pd.Index(null.ids).get_indexer(pd.Index(table["world_id"]))
        world: Ints = np.asarray(found, dtype=np.int64)
        slot = table.groupby("trial_id", sort=False).cumcount().to_numpy(dtype=np.int64)
        products = null.products
        size = products.shape[1]
        same = bool((slot < size).all()) and bool(
            (products[world, slot % size] == table["product_id"].to_numpy(str)).all()
        )
        if not same:
            raise EstimationError("the table's listings are not those of the stored worlds")
        return cls(null, features, world, np.asarray(slot, dtype=np.int64))

    def chunk(self, n: int, number: int) -> Callable[[str, Ints], Floats]:
        """Draws all worlds n times; returns what gives (rows, n) values of a term."""
        levels = self.null.draw(n, number)
        base = self._base(levels)
        drawn: dict[str, Floats] = {}

        def moved(name: str, rows: Ints) -> Floats:
            if not self.null.moves(name):
                return np.repeat(self.features.columns([name], rows), n, axis=1)
            if name not in drawn:
                drawn[name] = self._term(name, levels, base)
            values = drawn[name][self.world[rows], :, self.slot[rows]]
            return np.asarray(values)

        return moved

    def _base(self, levels: Levels) -> Mapping[str, NDArray[np.generic]]:
        """(worlds, 1, J) facts of each world's listings that the draws leave alone."""
        table = self.features.table
        first = ~pd.Series(self.world * (1 + int(self.slot.max())) + self.slot).duplicated()
        kept = table[first.to_numpy()]
        shape = self.null.products.shape
        where = self.world[first.to_numpy()], self.slot[first.to_numpy()]
        found: dict[str, NDArray[np.generic]] = {}
        for name in table.columns:
            if name in levels or terms.is_derived(str(name)) or name in self.null.draws_terms:
                continue
            values = kept[name].to_numpy()
            if values.dtype.kind in "biuf" or name == "currency":
                found[str(name)] = np.empty((shape[0], 1, shape[1]), dtype=values.dtype)
                found[str(name)][where[0], 0, where[1]] = values
        return found

    def _term(self, name: str, levels: Levels, base: Mapping[str, NDArray[np.generic]]) -> Floats:
        """(worlds, n, J) values of a term."""
        shape = next(iter(levels.values())).shape
        needed = {**base, **levels}
        if "discounted" in self.null.draws_terms:
            was, now = needed["list_price_cents"], needed["price_cents"]
            needed["discounted"] = np.asarray(was > now, dtype=float)
        flat = {n: np.broadcast_to(v, shape).ravel() for n, v in needed.items() if _used(n, name)}
        return np.asarray(np.nan_to_num(terms.term(name, flat)).reshape(shape))


def _used(column: str, term: str) -> bool:
    """Whether a term may be made from a column."""
    sources = {"row": "row", "col": "col", "pos": "position"}
    for part in term.split(":"):
        own = {part, sources.get(part.partition("_")[0], part)}
        if part in ("price", "log_price"):
            own = {"price_cents", "currency"}
        if part == "log_review_count":
            own = {"review_count"}
        if column in own:
            return True
    return False


def joint_test(
    steppers: Sequence[Stepper],
    redrawn: Redrawn,
    redraws: int,
    *,
    alpha: float = 0.05,
) -> JointTest:
    """Returns how the curve lies among curves from worlds drawn again.

    Args:
        steppers: The universes.
        redrawn: Draws worlds.
        redraws: How many times.
        alpha: Below which p-value a universe counts as significant.
    """
    found = [[stepper() for stepper in steppers]]
    widest = max(len(s.sample.rows) * len(s.moving) for s in steppers)
    size = int(np.clip(MOST_NUMBERS // widest, 5, CHUNK))
    for number, first in enumerate(range(0, redraws, size)):
        n = min(size, redraws - first)
        moved = redrawn.chunk(n, number)
        found.append([stepper(moved) for stepper in steppers])
    curve = _together(found)
    dfs = [stepper.sample.df for stepper in steppers]
    return JointTest(
        redraws, len(steppers), redrawn.null.hypothesis, statistics_of(curve, dfs, alpha)
    )


def _together(chunks: Sequence[Sequence[Steps]]) -> Steps:
    """(universes, 1 + draws), the stored worlds first."""
    columns = [
        (np.stack([s.estimate for s in chunk]), np.stack([s.z for s in chunk])) for chunk in chunks
    ]
    return Steps(
        np.concatenate([estimate for estimate, _ in columns], axis=1),
        np.concatenate([z for _, z in columns], axis=1),
    )


def statistics_of(curve: Steps, dfs: Sequence[float], alpha: float) -> tuple[Statistic, ...]:
    """Returns the statistics of the first column, held against all.

    Args:
        curve: (universes, 1 + draws) estimates and z.
        dfs: (universes,) degrees of freedom.
        alpha: Level of a universe's own test.
    """
    z = np.nan_to_num(curve.z)
    p = np.stack([p_values(row, df) for row, df in zip(z, dfs, strict=True)])
    p = np.where(np.isnan(curve.z), 1.0, p)
    rising, falling = ((p < alpha) & (z > 0)).mean(axis=0), ((p < alpha) & (z < 0)).mean(axis=0)
    one_way = np.where(rising >= falling, rising, -falling)
    return (
        _statistic(MEDIAN, _median(curve.estimate)),
        _statistic(SHARE, one_way),
        _statistic(STOUFFER, z.sum(axis=0) / np.sqrt(len(z))),
        _statistic(BEST, p.min(axis=0), small=True),
    )


def _median(estimates: Floats) -> Floats:
    """Median over the universes that have an estimate; 0 where none has."""
    none = np.isnan(estimates).all(axis=0)
    return np.asarray(np.nanmedian(np.where(none, 0.0, estimates), axis=0))


def _statistic(name: str, values: Floats, *, small: bool = False) -> Statistic:
    """The first of the values held against all: two-sided by doubling the smaller tail.

    Draws need not lie around 0: a score of few marked listings is skewed.
    """
    tails = [1 + int((sign * values[1:] >= sign * values[0] - 1e-12).sum()) for sign in (1, -1)]
    extreme = tails[1] if small else min(2 * min(tails), len(values))
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return Statistic(name, float(values[0]), float(low), float(high), extreme / len(values))
