"""Stopping rules, applied to what is completed in plan order and to nothing else.

Which trials finish first depends on how they end, so that only the completed prefix of the plan is
looked at, and only at numbers of worlds fixed in advance: the stopping point is the same with any
number of workers, and however often the run was interrupted.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aces import terms
from aces.errors import EstimationError, SpecError, nearest
from aces.stats.choice_data import Floats, Ints
from aces.stats.intervals import critical_value
from aces.stats.sequential import always_valid_radius, difference_of_means, mixing_rate
from aces.stats.shares import wilson_interval
from aces.stopping import Finding, Stopped, StopRule, looks
from aces.store import Finished, RunStore
from aces.types import Status, Trial
from experiments.levels import connected, level_table
from experiments.plan import Plan
from experiments.replay import stored_assignments, stored_trials

Arm = tuple[str, str]
"""A buyer and an interface."""
Outcome = tuple[str, str]
"""Status of a trial, and the product bought."""

EVENTS = 10
"""Purchases for each coefficient, and on either side of what is compared, to decide anything."""


def check_rules(plan: Plan) -> None:
    """Checks that the rules are about what this experiment varies and sells.

    Raises:
        SpecError: Naming the line of the rule that is not.
    """
    known = plan.default_terms()
    for index, rule in enumerate(plan.spec.stop):
        place = plan.spec.where("stop", index)
        if rule.term is not None and rule.term not in known:
            raise SpecError(
                f"{place}: no term '{rule.term}' in the default analysis{nearest(rule.term, known)}"
            )
        if rule.product is not None and rule.product not in plan.listings:
            raise SpecError(
                f"{place}: no shelf shows product '{rule.product}'"
                f"{nearest(rule.product, plan.listings)}"
            )
        if rule.level is not None and rule.level not in plan.varied():
            raise SpecError(
                f"{place}: no treatment varies '{rule.level}'{nearest(rule.level, plan.varied())}"
            )


@dataclass(frozen=True)
class Sample:
    """Worlds of a plan as columns, and what one arm did in them.

    Attributes:
        names: Terms of the default analysis.
        X: (rows, terms) of all worlds.
        groups: Product -> group of products that share shelves.
        table: One row per listing of each world, as `level_table` gives it.
        world: (trials,) index of each trial's world.
        bought: (trials,) product bought; empty where nothing was.
        failed: (trials,) whether the trial has no outcome.
    """

    names: Sequence[str]
    X: Floats
    groups: dict[str, int]
    table: dict[str, Any]
    world: Ints
    bought: NDArray[Any]
    failed: NDArray[np.bool_]

    @cached_property
    def products(self) -> NDArray[Any]:
        """(rows,) product of each listing."""
        return np.asarray(self.table["product_id"])

    @cached_property
    def starts(self) -> Ints:
        """(worlds + 1,) first row of each world."""
        sizes = np.bincount(self.table["set"])
        return np.concatenate([[0], np.cumsum(sizes)])

    def find(self, rule: StopRule, worlds: int) -> tuple[Finding, bool] | None:
        """Returns what a rule finds in the first worlds, and whether it is met.

        None where there is too little to decide anything.
        """
        try:
            if rule.term is not None:
                found = self._term(rule.term, worlds)
            elif rule.level is not None:
                found = self._difference(rule, worlds)
            else:
                return self._share(rule, worlds)
        except EstimationError:  # separated, or collinear, so far
            return None
        return None if found is None else _judge(rule, *found)

    def _share(self, rule: StopRule, worlds: int) -> tuple[Finding, bool] | None:
        """Wilson's interval; trials of one world count as one."""
        _, y = self._means(str(rule.product), worlds)
        if len(y) < EVENTS:
            return None
        low, high = (float(limit[0]) for limit in wilson_interval([y.sum()], len(y)))
        finding = Finding(rule=str(rule), estimate=float(y.mean()), low=low, high=high)
        return finding, (high - low) / 2 <= (rule.half_width or 0.0)

    def _difference(self, rule: StopRule, worlds: int) -> tuple[float, float, int] | None:
        """Difference of a product's share between worlds with and without a level."""
        rows, y = self._means(str(rule.product), worlds)
        level = np.asarray(self.table[str(rule.level)], dtype=float)[rows]
        with_it = level == rule.between[1]
        compared = with_it | (level == rule.between[0])
        events = [
            (y[group].sum(), (1 - y[group]).sum()) for group in (with_it, compared & ~with_it)
        ]
        if np.min(events) < EVENTS:
            return None
        return *difference_of_means(y[compared], with_it[compared]), int(compared.sum())

    def _means(self, product: str, worlds: int) -> tuple[Ints, Floats]:
        """Rows of a product on the shelves of the first worlds, and how often it was bought."""
        used = (self.world < worlds) & ~self.failed
        trials = np.bincount(self.world[used], minlength=worlds)
        bought = used & (self.bought == product)
        buys = np.bincount(self.world[bought], minlength=worlds)
        rows = np.flatnonzero(self.products[: self.starts[worlds]] == product)
        where = self.table["set"][rows]
        seen = trials[where] > 0
        return rows[seen], buys[where[seen]] / trials[where[seen]]

    def _term(self, term: str, worlds: int) -> tuple[float, float, int] | None:
        """Estimate of the default analysis, errors clustered by world."""
        from aces.stats.choice import estimate
        from aces.stats.choice_data import choice_data
        from aces.stats.covariance import covariance

        rows, y, sets, world = self._purchases(worlds)
        codes, labels = self._effects(rows, y)
        kept = codes >= -1
        rows, y, sets, world, codes = rows[kept], y[kept], sets[kept], world[kept], codes[kept]
        at = self.names.index(term)
        if y.sum() < EVENTS * (len(self.names) + len(labels)) or self._rare(at, rows, y):
            return None
        data = choice_data(
            self.X[rows], y, sets, names=self.names, effects=codes, effect_names=labels
        )
        best = estimate(data)
        matrix = covariance(data, best, "cluster", world).matrix
        return float(best.params[at]), float(np.sqrt(matrix[at, at])), len(np.unique(world))

    def _purchases(self, worlds: int) -> tuple[Ints, Floats, Ints, Ints]:
        """Rows, outcomes, choice sets and worlds of the trials that bought from their shelf."""
        trials = np.flatnonzero((self.world < worlds) & (self.bought != ""))
        first, sizes = self.starts[self.world[trials]], np.diff(self.starts)[self.world[trials]]
        offsets = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        rows = np.repeat(first, sizes) + offsets
        y = (self.products[rows] == np.repeat(self.bought[trials], sizes)).astype(float)
        sets = np.repeat(np.arange(len(trials)), sizes)
        on_shelf = (np.bincount(sets, weights=y) > 0)[sets]
        world = np.repeat(self.world[trials], sizes)
        return rows[on_shelf], y[on_shelf], sets[on_shelf], world[on_shelf]

    def _effects(self, rows: Ints, y: Floats) -> tuple[Ints, list[str]]:
        """Code of each row's product effect: -1 for a baseline, -2 for one never chosen."""
        chosen = list(dict.fromkeys(self.products[rows[y > 0]].tolist()))
        baselines = {self.groups[product]: product for product in reversed(chosen)}
        own = [product for product in chosen if product not in baselines.values()]
        code = {product: i for i, product in enumerate(own)} | dict.fromkeys(baselines.values(), -1)
        return np.array([code.get(product, -2) for product in self.products[rows]]), own

    def _rare(self, at: int, rows: Ints, y: Floats) -> bool:
        """Whether a term of two values was bought too rarely with either."""
        x = self.X[rows, at]
        values = np.unique(x)
        return len(values) == 2 and any(y[x == value].sum() < EVENTS for value in values)


def _judge(rule: StopRule, estimate: float, error: float, n: int) -> tuple[Finding, bool]:
    """The interval a rule goes by, and whether that decides."""
    if rule.use == "precision":
        radius = critical_value(df=n - 1) * error
        met = radius <= (rule.half_width or 0.0)
    else:
        rate = mixing_rate(rule.best_at, rule.alpha)
        radius = float(always_valid_radius(error, n, rate, rule.alpha))
        met = abs(estimate) > radius or abs(estimate) + radius < (rule.smallest_effect or 0.0)
    finding = Finding(
        rule=str(rule), estimate=estimate, low=estimate - radius, high=estimate + radius
    )
    return finding, met


@dataclass
class Watch:
    """Follows one arm and says when its rules are met.

    Attributes:
        plan: The experiment's plan.
        arm: Buyer and interface.
        trials: All planned trials of the arm, in plan order.
        outcomes: Trial id -> how it ended.
        worlds: Assignments of the arm's worlds by id.
        stopped: Where it ended by rule.
    """

    plan: Plan
    arm: Arm
    trials: Sequence[Trial]
    worlds: dict[str, Any]
    outcomes: dict[str, Outcome]
    stopped: Stopped | None = None
    _complete: int = 0
    _looked: int = 0
    _looks: int = 0
    _by_world: dict[str, list[Trial]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for trial in self.trials:
            self._by_world.setdefault(trial.world_id, []).append(trial)

    @classmethod
    def of(cls, store: RunStore, plan: Plan, arm: Arm, again: Container[str] = ()) -> "Watch":
        """Reads what is planned and finished; trials to be run `again` count as unfinished."""
        trials = [t for t in stored_trials(store) if (t.buyer, t.interface) == arm]
        worlds = stored_assignments(store)
        rows = store.db.execute(
            "SELECT trial_id, status, product_id FROM latest JOIN trials USING (trial_id) "
            "WHERE buyer = ? AND interface = ?",
            arm,
        )
        outcomes = {i: (status, bought or "") for i, status, bought in rows if i not in again}
        watch = cls(plan, arm, trials, worlds, outcomes, stops(store).get(arm))
        watch.look()
        return watch

    def add(self, finished: Iterable[Finished]) -> bool:
        """Takes in finished trials, looks where it is time, and says whether the rules are met."""
        for one in finished:
            self.outcomes[one.trial_id] = (one.choice.status.value, one.choice.product_id or "")
        return self.look()

    def look(self) -> bool:
        """Looks at every completed prefix not looked at yet; says whether the rules are met."""
        if self.stopped is None:
            self._advance()
            for seen in looks(len(self._by_world), min(r.every for r in self.plan.spec.stop)):
                if self._looked < seen <= self._complete and self.stopped is None:
                    self._looked = seen
                    self._look_at(seen)
        return self.stopped is not None

    def _advance(self) -> None:
        shelves = list(self._by_world.values())
        while self._complete < len(shelves) and all(
            trial.id in self.outcomes for trial in shelves[self._complete]
        ):
            self._complete += 1

    def _look_at(self, worlds: int) -> None:
        rules = self.plan.spec.stop
        trials = [trial for shelf in list(self._by_world.values())[:worlds] for trial in shelf]
        if len(trials) < max(rule.after for rule in rules):
            return
        self._looks += 1
        sample = self._sample(trials)
        found = []
        for rule in rules:
            one = sample.find(rule, worlds)
            if one is None or not one[1]:
                return
            found.append(one[0])
        self.stopped = Stopped(
            buyer=self.arm[0],
            interface=self.arm[1],
            worlds=worlds,
            trials=len(trials),
            last_index=trials[-1].plan_index,
            looks=self._looks,
            findings=tuple(found),
        )

    def _sample(self, trials: Sequence[Trial]) -> Sample:
        number = {world_id: i for i, world_id in enumerate(self._by_world)}
        ended = [self.outcomes[trial.id] for trial in trials]
        return Sample(
            names=self.plan.default_terms(),
            X=self._matrix,
            groups=self._groups,
            table=self._table,
            world=np.array([number[trial.world_id] for trial in trials]),
            bought=np.array([b if s == Status.CHOSEN else "" for s, b in ended], dtype=object),
            failed=np.array([s == Status.FAILED for s, _ in ended]),
        )

    @cached_property
    def _table(self) -> dict[str, Any]:
        return level_table(self.plan, [self.worlds[world_id] for world_id in self._by_world])

    @cached_property
    def _matrix(self) -> Floats:
        return terms.matrix(self.plan.default_terms(), self._table)

    @cached_property
    def _groups(self) -> dict[str, int]:
        """Product -> group of products whose shelves are connected."""
        groups = connected(self.plan)
        return {product: i for i, group in enumerate(groups) for product in group}


def stops(store: RunStore) -> dict[Arm, Stopped]:
    """Returns where each arm of a run was stopped by rule."""
    found = [Stopped.model_validate(one) for one in store.meta("stopped") or []]
    return {(one.buyer, one.interface): one for one in found}


def keep_stop(store: RunStore, stopped: Stopped) -> None:
    """Stores where an arm was stopped."""
    found = stops(store) | {(stopped.buyer, stopped.interface): stopped}
    store.set_meta("stopped", [one.model_dump(mode="json") for one in found.values()])
