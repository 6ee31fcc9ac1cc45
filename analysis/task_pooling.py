"""One effect in several tasks: pooled silently, task by task, and drawn together as far as it is.

The published analysis pools the trials of all categories in one model, which says nothing of how
categories differ. Here that estimate stands beside those of each task and their partial pooling.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.pooling import Pooled, Shrunk, partial_pooling
from aces.stats.random_effects import FEWEST, RandomEffects
from aces.types import Estimate
from analysis.choice_model import ConditionalLogit
from analysis.choice_result import ConditionalLogitResult
from analysis.choice_sample import require_column
from analysis.display import Plot, Point, Table, counted, interval, number, p_equals, percent
from analysis.fits import arm_names, groups

ONE_MODEL = "one model of all tasks"
MEAN = "mean of tasks"
ANOTHER = "another task"
BETWEEN = "sd between tasks"
ENOUGH = 100
"""Worlds of a task from which on its error may count as known."""
MEANING = (
    f"'{ONE_MODEL}' weights tasks by their information and its interval is for these tasks only; "
    f"'{MEAN}' is of the population that they are drawn from, '{ANOTHER}' where the effect in a "
    "further one lies. Partly pooled: each task drawn towards the mean as far as tasks agree; "
    "where they differ less than their errors these intervals hold 92 to 95 %."
)


@dataclass(frozen=True)
class Line:
    """One number of the finding.

    Attributes:
        term: The term.
        what: Task, or one of the names above.
        estimator: Its name in `estimates.csv`.
        values: estimate, std_error, ci_low, ci_high and p_value, where there is one.
        n: Trials.
        clusters: Worlds; None for what is of tasks.
        task_id: The task; empty for what is of several.
    """

    term: str
    what: str
    estimator: str
    values: Mapping[str, float | None]
    n: int
    clusters: int | None
    task_id: str = ""


@dataclass(frozen=True)
class Arm:
    """What one buyer did.

    Attributes:
        one: The model of all tasks; None where it can't be estimated.
        tasks: Task -> its fit.
        pooled: Term -> its partial pooling, where enough tasks have an estimate.
        failed: Why fits are missing.
    """

    one: ConditionalLogitResult | None
    tasks: Mapping[str, ConditionalLogitResult]
    pooled: Mapping[str, Pooled]
    failed: tuple[str, ...]


@dataclass(frozen=True)
class TaskPooling:
    """Effects by task, for each buyer.

    Attributes:
        name: Of the analysis.
        data: The long table.
        terms: Terms of the utility.
        by: Column with the task.
        effects: Column with a coefficient for each level; None for none.
        cluster: Unit of randomisation, within tasks.
        outside: Whether buying nothing is an alternative.
    """

    name: str
    data: pd.DataFrame
    terms: tuple[str, ...]
    by: str = "task_id"
    effects: str | None = "product_id"
    cluster: str | None = "world_id"
    outside: bool = False

    @cached_property
    def arms(self) -> list[tuple[Mapping[str, str], str, Arm]]:
        """Whose (as columns and in words), and what was found."""
        if not self.terms:
            raise EstimationError("nothing varies between worlds: there is no effect to estimate")
        require_column(self.data, self.by)
        names = arm_names(self.data)
        return [
            (group, names[tuple(group.values())], self._arm(rows))
            for group, rows in groups(self.data)
        ]

    def _arm(self, rows: pd.DataFrame) -> Arm:
        failed: list[str] = []
        one = self._fit(rows, ONE_MODEL, failed)
        fits = {
            str(task): self._fit(part, str(task), failed)
            for task, part in rows.groupby(self.by, sort=False, observed=True)
        }
        tasks = {task: fit for task, fit in fits.items() if fit is not None}
        names = next((fit.terms for fit in tasks.values()), ())
        pooled = {}
        for term in names if len(tasks) >= FEWEST else ():
            numbers = [(fit.params[term], fit.bse[term]) for fit in tasks.values()]
            pooled[term] = partial_pooling(*np.transpose(numbers))
        if len(tasks) < FEWEST:
            failed.append(
                f"{len(tasks)} tasks do not say how much tasks differ ({FEWEST} are needed): "
                "nothing is drawn together"
            )
        return Arm(one, tasks, pooled, tuple(failed))

    def _fit(
        self, rows: pd.DataFrame, whose: str, failed: list[str]
    ) -> ConditionalLogitResult | None:
        try:
            return ConditionalLogit.from_formula(
                f"chosen ~ {' + '.join(self.terms)}",
                rows,
                "trial_id",
                effects=self.effects,
                cluster=self.cluster,
                outside=self.outside,
            ).fit()
        except EstimationError as error:
            failed.append(f"{whose}: no estimates: {error}")
            return None

    @property
    def notes(self) -> list[str]:
        """What must be said beside the estimates."""
        said = []
        for _, whose, arm in self.arms:
            lines = [*arm.failed, *(_sentence(*item) for item in arm.pooled.items()), *_few(arm)]
            said += [f"{self.name}, {whose}: {line}" for line in lines]
        return said

    @property
    def table(self) -> Table:
        """Alone and partly pooled, task by task, and what holds for all."""
        rows = tuple(
            (whose, term, what, *cells)
            for _, whose, arm in self.arms
            for term, lines in _by_term(_lines(arm)).items()
            for what, cells in _cells(lines)
        )
        alone = ("buyer · interface", "term", "task", "estimate", "95 % interval")
        heads = (*alone, "partly pooled", "95 % interval")
        return Table(f"{self.name} · do tasks agree?", heads, rows, MEANING)

    @property
    def plots(self) -> list[Plot]:
        """Tasks alone and partly pooled, and what holds for all, a figure for each term."""
        found = []
        for _, whose, arm in self.arms:
            for term, lines in _by_term(_lines(arm)).items():
                series: dict[str, list[Point]] = {}
                for line in lines:
                    if line.what != BETWEEN:
                        series.setdefault(_series(line), []).append(_point(line))
                title = f"{self.name}: {term} by task, {whose}"
                found.append(Plot(title, "log-odds", series, reference=0.0))
        return found

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`."""
        return [
            self._row(group, line)
            for group, _, arm in self.arms
            for line in _lines(arm)
            if line.values["estimate"] is not None
        ]

    def _row(self, group: Mapping[str, str], line: Line) -> Estimate:
        given = "choice, buying nothing included" if self.outside else "choice given a purchase"
        which = f"task {line.task_id}" if line.task_id else line.what
        return Estimate(
            **group,
            analysis=self.name,
            estimand=f"{given}; {which}; as assigned",
            estimator=line.estimator,
            term=line.term,
            task_id=line.task_id if self.by == "task_id" else "",
            n_trials=line.n,
            n_clusters=line.clusters,
            **line.values,
        )


def _lines(arm: Arm) -> Iterator[Line]:
    """Every number of one buyer, term by term."""
    fits = [arm.one, *arm.tasks.values()]
    names = next((fit.terms for fit in fits if fit is not None), ())
    n = sum(fit.nobs for fit in arm.tasks.values())
    for term in names:
        for task, fit in arm.tasks.items():
            yield Line(term, task, "conditional_logit", *_of_fit(fit, term), task)
        pooled = arm.pooled.get(term)
        if pooled is not None:
            for i, task in enumerate(arm.tasks):
                yield Line(term, task, "partial_pooling", _of_task(pooled.tasks, i), n, None, task)
        if arm.one is not None:
            yield Line(term, ONE_MODEL, "conditional_logit", *_of_fit(arm.one, term))
        if pooled is not None:
            yield from _of_all(term, pooled.common, n)


def _of_all(term: str, found: RandomEffects, n: int) -> Iterator[Line]:
    """The mean of tasks, another task, and how far tasks differ."""
    mean = _values(found.mean, found.low, found.high) | {"std_error": found.error}
    yield Line(term, MEAN, "mean_of_tasks", mean, n, None)
    another = _values(found.mean, found.next_low, found.next_high)
    yield Line(term, ANOTHER, "new_task", another, n, None)
    variances = (found.variance, found.variance_low, found.variance_high)
    yield Line(term, BETWEEN, "sd_between_tasks", _values(*np.sqrt(variances)), n, None)


def _values(estimate: float, low: float, high: float) -> dict[str, float | None]:
    return {"estimate": float(estimate), "ci_low": float(low), "ci_high": float(high)}


def _of_fit(
    fit: ConditionalLogitResult, term: str
) -> tuple[dict[str, float | None], int, int | None]:
    row = next(row for row in fit.table().to_dict("records") if row["term"] == term)
    values: dict[str, float | None] = {str(k): float(v) for k, v in row.items() if k != "term"}
    return values, fit.nobs, fit.n_clusters


def _of_task(found: Shrunk, i: int) -> dict[str, float | None]:
    own = _values(found.value[i], found.low[i], found.high[i])
    return own | {"std_error": float(found.error[i])}


def _by_term(lines: Iterator[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.term, []).append(line)
    return found


def _cells(lines: list[Line]) -> Iterator[tuple[str, tuple[str, str, str, str]]]:
    """Rows of the table: what stands in one row, alone and partly pooled."""
    drawn = {line.what: line for line in lines if line.estimator == "partial_pooling"}
    for line in lines:
        if line.estimator == "partial_pooling":
            continue
        beside = drawn.get(line.what)
        yield line.what, (*_shown(line), *(_shown(beside) if beside else ("", "")))


def _shown(line: Line) -> tuple[str, str]:
    values = line.values
    return number(values["estimate"]), interval(values["ci_low"], values["ci_high"])


def _series(line: Line) -> str:
    if not line.task_id:
        return "all tasks"
    return "partly pooled" if line.estimator == "partial_pooling" else "each task alone"


def _point(line: Line) -> Point:
    values = line.values
    assert values["estimate"] is not None
    return Point(line.what, values["estimate"], values["ci_low"], values["ci_high"])


def _few(arm: Arm) -> Iterator[str]:
    """Says where errors of tasks are less sure than they are taken for."""
    worlds = min((fit.n_clusters or ENOUGH for fit in arm.tasks.values()), default=ENOUGH)
    if arm.pooled and worlds < ENOUGH:
        yield (
            f"a task has {counted(worlds, 'world')}: below {ENOUGH} its error is less sure than it "
            "is taken for, and equal tasks seem to differ more often than 5 % of the time"
        )


def _sentence(term: str, pooled: Pooled) -> str:
    """Whether tasks differ in a term, and what that means for another one."""
    found = pooled.common
    share = percent(max(1 - (found.levels - 1) / found.q, 0.0) if found.q > 0 else 0.0, 0)
    verb = "differ" if found.p_value < 0.05 else "do not differ significantly"
    sd, low, high = np.sqrt((found.variance, found.variance_low, found.variance_high))
    new = interval(found.next_low, found.next_high, 2)
    return (
        f"tasks {verb} in {term} ({p_equals(found.p_value)}; sd {number(sd, 2)}, "
        f"95 % interval {interval(low, high, 2)}; {share} of the spread is more than noise); "
        f"in another task it lies in {new}"
    )
