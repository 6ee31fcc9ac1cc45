"""What an arm of an experiment changes in what a shelf sells: differences of means, adjusted.

The outcome is the trial's: whether anything was bought, or the value of a column for what was. The
difference of its means between arms needs no model of choice. Adjusting for what else was drawn
with the shelf makes it more precise and, with each covariate centred and interacted with each arm,
asymptotically never less so:

    y = sum_a beta_a D_a + (x - mean x)' gamma + sum_a D_a (x - mean x)' delta_a + error

beta_a is the average difference over the shelves of the run. Reference: Lin, W. (2013), Agnostic
notes on regression adjustments to experimental data, Annals of Applied Statistics 7, 295-318.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.choice_data import Floats
from aces.stats.intervals import critical_value, p_values
from aces.stats.linear import LinearFit, clustered, least_squares
from aces.types import Estimate
from analysis.arm_shares import BASELINE, arms_of
from analysis.choice_sample import require_column
from analysis.display import Plot, Point, Table, counted, interval, listed, number, p_value
from analysis.fits import GROUP, arm_names, groups

PURCHASE = "purchase"
BALANCE_ALPHA = 0.001
"""Below this p-value a covariate differs between arms more than a draw would make it."""

FEW_WORLDS = 20
"""Below, adjusted intervals cover less than they say (benchmarks/results/arm-difference.md)."""

Kind = Literal["plain", "adjusted"]


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        name: Of the analysis.
        by: 0/1 columns of the arms.
        outcome: `purchase`, or the column whose value for the listing bought is averaged.
        given: Whether trials that decided against buying count.
        adjust: Columns whose means over the shelf are covariates.
    """

    name: str
    by: tuple[str, ...]
    outcome: str = PURCHASE
    given: Literal["all", "purchase"] = "all"
    adjust: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the long table that are needed."""
        of_outcome = () if self.outcome == PURCHASE else (self.outcome,)
        return (*self.by, *self.adjust, *of_outcome)

    @property
    def estimand(self) -> str:
        """What the means are of."""
        if self.outcome == PURCHASE:
            return "chance of a purchase"
        none = ", 0 where nothing is" if self.given == "all" else ", given a purchase"
        return f"{self.outcome} of what is bought{none}"


@dataclass(frozen=True)
class Difference:
    """What one arm changes.

    Attributes:
        arm: The arm.
        kind: `plain`, or `adjusted` for the covariates.
        values: estimate, std_error, ci_low, ci_high, p_value.
    """

    arm: str
    kind: Kind
    values: Mapping[str, float]


@dataclass(frozen=True)
class Buyer:
    """What one buyer did.

    Attributes:
        group: Whose choices: column -> value.
        whose: The same in words.
        means: Arm -> mean outcome, the baseline first.
        trials: Trials used.
        worlds: Worlds they met.
        differences: Of all arms from the baseline.
        notes: What must be said beside them.
    """

    group: Mapping[str, str]
    whose: str
    means: Mapping[str, float]
    trials: int
    worlds: int
    differences: tuple[Difference, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ArmDifferences:
    """Differences of all buyers.

    Attributes:
        question: What is asked.
        data: The long table.
    """

    question: Question
    data: pd.DataFrame

    @cached_property
    def _found(self) -> tuple[list[Buyer], list[str]]:
        for column in self.question.columns:
            require_column(self.data, column)
        names, found, faults = arm_names(self.data), list[Buyer](), list[str]()
        for group, rows in groups(self.data):
            whose = names[tuple(group.values())]
            try:
                found.append(_buyer(self.question, group, whose, rows))
            except EstimationError as error:
                faults.append(f"{self.question.name}, {whose}: no estimates: {error}")
        if not found:
            raise EstimationError("; ".join(faults) or "there are no choices")
        return found, faults

    @property
    def buyers(self) -> list[Buyer]:
        """What each buyer did; those without estimates are in the notes."""
        return self._found[0]

    @property
    def notes(self) -> list[str]:
        """What must be said beside the estimates."""
        of_buyers = [
            f"{self.question.name}, {buyer.whose}: {note}"
            for buyer in self.buyers
            for note in buyer.notes
        ]
        return [*self._found[1], *of_buyers]

    @property
    def table(self) -> Table:
        """Means by arm and their differences from the baseline."""
        heads = (
            *("buyer · interface", "arm", "mean", "against baseline", "95 % interval", "p"),
            *("unadjusted", "95 % interval"),
        )
        lines = tuple(line for buyer in self.buyers for line in _lines(buyer))
        covariates = [*self.question.adjust, "task"]
        note = (
            f"Mean {self.question.estimand}. Differences are averages over the shelves of this "
            f"run, adjusted for {listed(covariates)} (Lin 2013); errors by world."
        )
        return Table(f"{self.question.name} · differences between arms", heads, lines, note)

    @property
    def plots(self) -> list[Plot]:
        """The adjusted differences by arm, a colour for each buyer."""
        series = {
            buyer.whose: [
                Point(d.arm, *(d.values[name] for name in ("estimate", "ci_low", "ci_high")))
                for d in buyer.differences
                if d.kind == "adjusted"
            ]
            for buyer in self.buyers
        }
        title = f"{self.question.name}: change against the baseline"
        return [Plot(title, self.question.estimand, series, reference=0.0)]

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: adjusted and plain differences."""
        return [row for buyer in self.buyers for row in self._rows(buyer)]

    def _rows(self, buyer: Buyer) -> Iterator[Estimate]:
        for difference in buyer.differences:
            yield Estimate(
                **{name: buyer.group[name] for name in GROUP},
                analysis=self.question.name,
                term=difference.arm,
                estimand=f"change of the mean {self.question.estimand}, against worlds without",
                estimator=f"arm_difference_{difference.kind}",
                n_trials=buyer.trials,
                n_clusters=buyer.worlds,
                **difference.values,
            )


def _lines(buyer: Buyer) -> Iterator[tuple[str, ...]]:
    found = {(d.arm, d.kind): d.values for d in buyer.differences}
    for arm, mean in buyer.means.items():
        own = [buyer.whose, arm, number(mean, 3)]
        if arm == BASELINE:
            yield (*own, "", "", "", "", "")
            continue
        adjusted, plain = found[arm, "adjusted"], found[arm, "plain"]
        own += [number(adjusted["estimate"]), interval(adjusted["ci_low"], adjusted["ci_high"])]
        own += [p_value(adjusted["p_value"]), number(plain["estimate"])]
        yield (*own, interval(plain["ci_low"], plain["ci_high"]))


def _buyer(question: Question, group: Mapping[str, str], whose: str, rows: pd.DataFrame) -> Buyer:
    trials, lost = _trials(question, rows)
    means = trials.groupby("arm")["outcome"].mean()
    arms = sorted(set(means.index) - {BASELINE})
    if BASELINE not in means.index or not arms:
        raise EstimationError(
            f"there are trials of {listed([*means.index]) or 'no arm'} alone; a difference needs "
            "the baseline and another arm"
        )
    D = np.column_stack([(trials["arm"] == arm).to_numpy(dtype=float) for arm in arms])
    names, x = _covariates(question, trials)
    centred = x - x.mean(axis=0)
    interacted = [D[:, [k]] * centred for k in range(len(arms))]
    designs: dict[Kind, Floats] = {
        "adjusted": np.column_stack([D, centred, *interacted]),
        "plain": D,
    }
    worlds = int(trials["world_id"].nunique())
    notes = [f"left out: {lost}"] if lost else []
    notes += [_few(worlds)] if worlds < FEW_WORLDS else []
    notes += _imbalance(names, x, D, trials["world_id"])
    return Buyer(
        group=group,
        whose=whose,
        means={arm: float(means[arm]) for arm in (BASELINE, *arms)},
        trials=len(trials),
        worlds=worlds,
        differences=tuple(
            difference
            for kind, X in designs.items()
            for difference in _differences(kind, arms, X, trials)
        ),
        notes=tuple(notes),
    )


def _few(worlds: int) -> str:
    return f"{worlds} worlds: below {FEW_WORLDS}, adjusted intervals hold less than 95 %"


def _trials(question: Question, rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """A row per trial that counts: its arm, outcome and covariates; and what does not count."""
    rows = rows.assign(arm=arms_of(rows, question.by))
    status = rows.groupby("trial_id", sort=False)["status"].first()
    wanted = ["chosen", "abstained"] if question.given == "all" else ["chosen"]
    counts = status.value_counts()
    lost = [f"{counts[s]:,} {s}" for s in counts.index if s not in wanted]
    used = rows[rows["trial_id"].isin(status.index[status.isin(wanted)])]
    if used.empty:
        raise EstimationError("there are no trials that ended by choice")
    value = 1.0 if question.outcome == PURCHASE else used[question.outcome]
    used = used.assign(outcome=(used["chosen"] == 1) * value)
    told: dict[str, Any] = {name: (name, "first") for name in ("arm", "world_id", "task_id")}
    told |= {f"mean {name}": (name, "mean") for name in question.adjust}
    return used.groupby("trial_id", sort=False).agg(outcome=("outcome", "sum"), **told), ", ".join(
        lost
    )


def _covariates(question: Question, trials: pd.DataFrame) -> tuple[list[str], Floats]:
    """Names and (trials, covariates): means over the shelf, then tasks but the first."""
    means = {name: trials[f"mean {name}"].to_numpy(dtype=float) for name in question.adjust}
    tasks = sorted(trials["task_id"].unique())[1:]
    means |= {f"task {task}": (trials["task_id"] == task).to_numpy(float) for task in tasks}
    for name, values in means.items():
        if not np.isfinite(values).all():
            raise EstimationError(f"'{name}' is missing in some trials; it can't be adjusted for")
    return list(means), np.column_stack([np.empty((len(trials), 0)), *means.values()])


def _fit(X: Floats, y: Floats, names: list[str]) -> LinearFit:
    constant = np.zeros(len(y), dtype=np.intp)
    return least_squares(X, y, names, constant)


def _differences(
    kind: Kind, arms: list[str], X: Floats, trials: pd.DataFrame
) -> Iterator[Difference]:
    names = [*arms, *(f"covariate {k}" for k in range(X.shape[1] - len(arms)))]
    fit = _fit(X, trials["outcome"].to_numpy(dtype=float), names)
    errors = clustered(fit, trials["world_id"].to_numpy())
    half = critical_value(0.95, errors.df) * errors.bse
    with np.errstate(divide="ignore", invalid="ignore"):
        p = p_values(fit.params / errors.bse, errors.df)
    for arm in arms:
        k = fit.names.index(arm)
        value = float(fit.params[k])
        values = {
            "estimate": value,
            "std_error": float(errors.bse[k]),
            "ci_low": value - float(half[k]),
            "ci_high": value + float(half[k]),
            "p_value": float(p[k]),
        }
        yield Difference(arm, kind, values)


def _imbalance(names: list[str], x: Floats, D: Floats, worlds: "pd.Series[Any]") -> list[str]:
    """Covariates that differ between arms more than drawing would make them: maybe treated."""
    apart = []
    arms = [f"arm {k}" for k in range(D.shape[1])]
    for name, values in zip(names, x.T, strict=True):
        if np.ptp(values) == 0:
            continue
        fit = _fit(D, values, arms)
        errors = clustered(fit, worlds.to_numpy())
        with np.errstate(divide="ignore", invalid="ignore"):
            p = np.nan_to_num(p_values(fit.params / errors.bse, errors.df), nan=1.0)
        if (p < BALANCE_ALPHA / (len(names) * len(arms))).any():
            apart.append(name)
    if not apart:
        return []
    return [
        f"{counted(len(apart), 'covariate')} ({listed(apart)}) differ between arms more than a "
        "draw would make them; what the treatment changes must not be adjusted for"
    ]
