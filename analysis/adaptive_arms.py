"""What each arm of a treatment brings, from the stored probabilities of the arms.

The unit is a world: a buyer's trials in it are averaged. A trial that failed has no outcome; one
that left, or ran out of steps, has bought nothing. Shares of arms may have followed earlier
outcomes (`design: adaptive`) or been fixed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from aces import terms
from aces.errors import EstimationError
from aces.stats.adaptive import ArmMeans, Method, Value, arm_means, drawn_as_told
from aces.stats.choice_data import Floats, Ints
from aces.types import Estimate
from analysis.choice_sample import require_column
from analysis.display import Plot, Point, Table, counted, interval, number, p_equals, with_limits
from analysis.fits import GROUP, arm_names, groups

BASELINE = "baseline"
METHODS: tuple[Method, ...] = get_args(Method)
CONFIRMATION = "confirmation"
BIASED = "; biased, as shares of arms followed outcomes"
UNLIKELY = 0.001
"""p-value below which stored probabilities are not believed."""

Outcome = Literal["purchase", "revenue"]


@dataclass(frozen=True)
class Worlds:
    """Worlds of one buyer in the order in which they were planned.

    Attributes:
        y: (n,) outcomes.
        arm: (n,) arms, counted from 0.
        chances: (n, K) probability of each arm.
        confirmation: (n,) whether a world's chances were fixed before the run.
        lost: Worlds without an outcome.
        bounded: Whether outcomes are shares, between 0 and 1.
    """

    y: Floats
    arm: Ints
    chances: Floats
    confirmation: Ints
    lost: int
    bounded: bool

    @property
    def adaptive(self) -> bool:
        """Whether chances differ between worlds."""
        return bool(np.ptp(self.chances, axis=0).max() > 1e-9) if len(self.y) else False

    def means(self, method: Method) -> ArmMeans:
        """Returns the arms' means by a method."""
        return arm_means(self.y, self.arm, self.chances, method, bounded=self.bounded)

    @property
    def learned(self) -> int:
        """Worlds before the confirmation sample; one that a run went on after is none."""
        before = np.flatnonzero(self.confirmation == 0)
        return int(before[-1]) + 1 if len(before) else len(self.y)

    def leader(self) -> int | None:
        """Returns the arm with the greatest weighted mean before the confirmation sample."""
        part = slice(self.learned)
        means = arm_means(self.y[part], self.arm[part], self.chances[part], "weighted_aipw")
        known = not np.isnan(means.estimate).all()
        return int(np.nanargmax(means.estimate)) if known else None

    def confirmed(self) -> ArmMeans | None:
        """Returns plain means of the confirmation sample; None where there is none."""
        part = slice(self.learned, None)
        if not len(self.y[part]):
            return None
        own = self.y[part], self.arm[part], self.chances[part]
        return arm_means(*own, "naive", bounded=self.bounded)


def worlds_of(
    rows: pd.DataFrame, by: Sequence[str], outcome: Outcome, products: Sequence[str]
) -> Worlds:
    """Returns one buyer's worlds as arrays.

    Args:
        rows: Long table of one buyer and interface.
        by: 0/1 columns of all arms but the first.
        outcome: Share of trials that buy one of the products, or what they pay for it, in major
            units of the currency.
        products: Whose purchases count; all where empty.

    Raises:
        EstimationError: If a world has no arm, several, or unknown probabilities.
    """
    sold = rows["chosen"] == 1
    if products:
        sold &= rows["product_id"].isin(list(products))
    worth = terms.column("price", rows) if outcome == "revenue" else 1.0  # type: ignore[arg-type]
    keys = ["world_id", "trial_id"]
    trials = rows.assign(sale=sold * worth).groupby(keys, sort=False)
    ended = trials.agg(sale=("sale", "sum"), status=("status", "first"))
    ended = ended[ended["status"] != "failed"]
    y = ended.groupby(level="world_id", sort=False)["sale"].mean()
    shown = _arms_shown(rows, by)
    told = shown.loc[shown.index.isin(y.index)].sort_values(["k", "task_id"])
    on, chance = (told[[f"{kind}{column}" for column in by]].to_numpy() for kind in ("", "p_"))
    later = np.where(on == 1, chance, 1 - chance)
    chances = np.column_stack([1 - later.sum(axis=1), later])
    arm = np.where(on.any(axis=1), 1 + on.argmax(axis=1), 0)
    own = chances[np.arange(len(arm)), arm]
    if (on.sum(axis=1) > 1).any() or not (own > 1e-9).all():
        raise EstimationError(
            f"{', '.join(by)} can't be the arms of one treatment: some world has two of them, or "
            "one that has no chance"
        )
    confirmation = told["confirmation"].to_numpy(dtype=np.int64)
    lost = len(shown) - len(told)
    bounded = outcome == "purchase"
    return Worlds(y.loc[told.index].to_numpy(float), arm, chances, confirmation, lost, bounded)


def _arms_shown(rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """One row per world: k, task, and each arm's 0/1 column with its probability.

    Listings that a treatment leaves alone have level 0 with certainty; the others must agree.
    """
    worlds = rows.groupby("world_id", sort=False)
    found = worlds[["k", "task_id"]].first()
    found["confirmation"] = worlds["confirmation"].max() if "confirmation" in rows else 0
    for column in by:
        touched = rows[rows[f"p_{column}"] < 1].groupby("world_id", sort=False)[column]
        if (touched.nunique() > 1).any():
            raise EstimationError(
                f"'{column}' differs between listings of one world; an arm must be one for each "
                "world (`unit: world`)"
            )
        found[column] = worlds[column].max()
        found[f"p_{column}"] = worlds[f"p_{column}"].min()
    return found


@dataclass(frozen=True)
class ArmValues:
    """Means of a treatment's arms for every buyer, by every method.

    Attributes:
        name: Of the analysis.
        data: The long table.
        by: 0/1 columns of all arms but the first.
        outcome: What is averaged.
        products: Whose purchases count; all where empty.
        together: Whether tasks are taken as one.
    """

    name: str
    data: pd.DataFrame
    by: tuple[str, ...]
    outcome: Outcome = "purchase"
    products: tuple[str, ...] = ()
    together: bool = False

    def __post_init__(self) -> None:
        for column in self.by:
            require_column(self.data, column)
            require_column(self.data, f"p_{column}")
        self.cells  # noqa: B018 - what can't be estimated is said at once

    @cached_property
    def cells(self) -> list[tuple[dict[str, Any], Worlds]]:
        """Whose worlds, of which task, and the worlds."""
        names = arm_names(self.data)
        return [
            (
                {**group, "whose": names[tuple(group.values())], "task_id": task},
                worlds_of(some, self.by, self.outcome, self.products),
            )
            for group, part in groups(self.data)
            for task, some in self._tasks(part)
        ]

    def _tasks(self, rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
        if self.together:
            yield "", rows
            return
        for task, some in rows.groupby("task_id", sort=False):
            yield str(task), some

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms, the first being what is shown where no column is 1."""
        return (BASELINE, *self.by)

    @property
    def notes(self) -> list[str]:
        """Which arm leads, what the confirmation sample says of it, and what is missing."""
        return [said for cell, worlds in self.cells for said in self._notes(cell, worlds)]

    def _notes(self, cell: Mapping[str, Any], worlds: Worlds) -> Iterator[str]:
        where = f"{self.name}, {' · '.join(filter(None, (cell['whose'], cell['task_id'])))}"
        if worlds.lost:
            yield f"{where}: {counted(worlds.lost, 'world')} without an outcome left out"
        p = drawn_as_told(worlds.arm, worlds.chances)
        if p < UNLIKELY:
            said = f"arms were not drawn as often as their probabilities say ({p_equals(p)})"
            yield f"{where}: {said}"
        best = worlds.leader()
        if not worlds.adaptive or best is None:
            return
        lead = f"{self.arms[best]} leads; as the greatest of several, its mean is likely too high"
        confirmed = worlds.confirmed()
        if confirmed is not None:
            n = counted(len(worlds.y) - worlds.learned, "world")
            lead += (
                f". It led before the confirmation sample: in the {n} of that it is "
                f"{self._both(confirmed, best)}"
            )
        yield f"{where}: {lead}"

    @property
    def answer(self) -> list[str]:
        """Which arm leads, by how much; by the confirmation sample where there is one."""
        return [text for cell, worlds in self.cells if (text := self._lead(cell, worlds))]

    def _lead(self, cell: Mapping[str, Any], worlds: Worlds) -> str:
        best, confirmed = worlds.leader(), worlds.confirmed()
        if best is None:
            return ""
        means = worlds.means("weighted_aipw") if confirmed is None else confirmed
        whose = " · ".join(filter(None, (cell["whose"], cell["task_id"])))
        what = "purchases" if self.outcome == "purchase" else "revenue per trial"
        said = f"{whose}: {self.arms[best]} leads with {self._told(means.mean(best))} {what}"
        gain = f", {self._told(means.contrast(best, 0))} more than {self.arms[0]}" if best else ""
        where = "" if confirmed is None else ", as the confirmation sample has it"
        return f"{said}{gain}{where}."

    def _told(self, value: Value) -> str:
        unit = "%" if self.outcome == "purchase" else ""
        ends = (self._scale * x for x in (value.estimate, value.low, value.high))
        return with_limits(*ends, unit=unit, digits=self._digits)

    def _number(self, value: float) -> str:
        return number(self._scale * value, self._digits)

    def _interval(self, value: Value) -> str:
        return interval(self._scale * value.low, self._scale * value.high, self._digits)

    def _both(self, means: ArmMeans, arm: int) -> str:
        value = means.mean(arm)
        return f"{self._number(value.estimate)} {self._interval(value)}".strip()

    @property
    def _scale(self) -> float:
        return 100.0 if self.outcome == "purchase" else 1.0

    @property
    def _digits(self) -> int:
        return 1 if self.outcome == "purchase" else 2

    @property
    def _unit(self) -> str:
        return "%" if self.outcome == "purchase" else "money"

    @property
    def table(self) -> Table:
        """Naive means, weighted ones, and what arms gain, for people."""
        confirms = any(worlds.confirmed() is not None for _, worlds in self.cells)
        adaptive = any(worlds.adaptive for _, worlds in self.cells)
        heads = ["buyer · interface", "task", "arm", "worlds", f"plain, {self._unit}"]
        heads += [f"weighted, {self._unit}", "95 % interval", "gain", "95 % interval"]
        heads += ["confirmed"] * confirms
        lines = [
            tuple(self._line(cell, worlds, arm, confirms=confirms))
            for cell, worlds in self.cells
            for arm in range(len(self.arms))
        ]
        of = f" of {', '.join(self.products)}" if self.products else ""
        what = "Share of trials with a purchase" if self.outcome == "purchase" else "Revenue"
        note = (
            f"{what}{of}. Weighted: adaptively weighted AIPW from stored probabilities. Gain: "
            "against the first arm."
        )
        if adaptive:
            note += " Plain means are biased: shares of arms followed earlier outcomes."
        return Table(f"{self.name} · arms", tuple(heads), tuple(lines), note)

    def _line(
        self, cell: Mapping[str, Any], worlds: Worlds, arm: int, *, confirms: bool
    ) -> Iterator[str]:
        means = worlds.means("weighted_aipw")
        yield from (cell["whose"], cell["task_id"], self.arms[arm], f"{means.worlds[arm]:,}")
        yield self._number(worlds.means("naive").mean(arm).estimate)
        value = means.mean(arm)
        yield from (self._number(value.estimate), self._interval(value))
        gain = means.contrast(arm, 0) if arm else None
        yield from (
            (self._number(gain.estimate), self._interval(gain)) if gain is not None else ("", "")
        )
        if confirms:
            confirmed = worlds.confirmed()
            yield self._both(confirmed, arm) if confirmed else ""

    @property
    def plots(self) -> list[Plot]:
        """Weighted means with their intervals, task by task."""
        found: dict[str, dict[str, list[Point]]] = {}
        for cell, worlds in self.cells:
            means = worlds.means("weighted_aipw")
            values = [(name, means.mean(i)) for i, name in enumerate(self.arms)]
            found.setdefault(cell["task_id"], {})[cell["whose"]] = [
                Point(name, *(self._scale * x for x in (v.estimate, v.low, v.high)))
                for name, v in values
                if not np.isnan(v.std_error)
            ]
        what = "purchases, %" if self.outcome == "purchase" else "revenue per trial"
        return [Plot(f"Arms {task}".strip(), what, series) for task, series in found.items()]

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: means and gains by every method."""
        return [each for cell, worlds in self.cells for each in self._estimates(cell, worlds)]

    def _estimates(self, cell: Mapping[str, Any], worlds: Worlds) -> Iterator[Estimate]:
        found: dict[str, ArmMeans | None] = {
            **{method: worlds.means(method) for method in METHODS},
            CONFIRMATION: worlds.confirmed(),
        }
        whole = {
            **{name: cell[name] for name in (*GROUP, "task_id")},
            "analysis": self.name,
            "product_id": self.products[0] if len(self.products) == 1 else "",
        }
        for method, means in found.items():
            if means is None:
                continue
            of = f"{self.outcome} per trial, buying nothing included"
            if method == "naive" and worlds.adaptive:
                of += BIASED
            for arm, name in enumerate(self.arms):
                yield _row(whole, f"mean[{name}]", of, method, means.mean(arm), means, (arm,))
                if arm:
                    gain = means.contrast(arm, 0)
                    yield _row(whole, f"gain[{name}]", of, method, gain, means, (arm, 0))


def _row(
    whole: Mapping[str, Any],
    term: str,
    of: str,
    method: str,
    value: Value,
    means: ArmMeans,
    arms: tuple[int, ...],
) -> Estimate:
    """One estimate; what is not known is empty."""
    numbers = {
        "estimate": value.estimate,
        "std_error": value.std_error,
        "ci_low": value.low,
        "ci_high": value.high,
        "p_value": value.p_value if len(arms) > 1 and not of.endswith(BIASED) else np.nan,
    }
    known = {name: None if np.isnan(x) else x for name, x in numbers.items()}
    n = int(sum(means.worlds[arm] for arm in arms))
    estimand = f"{'difference of ' if len(arms) > 1 else ''}{of}"
    return Estimate(
        **whole, term=term, estimand=estimand, estimator=method, n_trials=n, n_clusters=n, **known
    )
