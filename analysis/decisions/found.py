"""What an analysis of decisions hands back, and how it goes through the buyers of a table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pandas as pd

from aces.errors import EstimationError
from aces.stats.choice import ChoiceFit
from aces.types import Estimate
from analysis.decisions.demand import Demand, DemandConfig, fit_demand
from analysis.display import Plot, Table, listed
from analysis.fits import arm_names, groups

T = TypeVar("T")


@dataclass(frozen=True)
class Whose:
    """Whose choices.

    Attributes:
        group: Column -> value.
        name: In words.
    """

    group: Mapping[str, str]
    name: str


@dataclass(frozen=True)
class Found:
    """The numbers of an analysis, for people and for `estimates.csv`.

    Attributes:
        table: For people.
        plots: What one would rather look at.
        notes: What must be said beside them.
        rows: Rows of `estimates.csv`.
    """

    table: Table
    plots: list[Plot] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: Sequence[Estimate] = ()

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`."""
        return list(self.rows)


class Failures:
    """Reasons why there is no estimate, each said once with all whom it concerns."""

    def __init__(self) -> None:
        self._names: dict[str, list[str]] = {}

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Notes an EstimationError of the block under `name` and goes on."""
        try:
            yield
        except EstimationError as error:
            self._names.setdefault(str(error), []).append(name)

    @property
    def said(self) -> list[str]:
        """Who has no estimate, and why."""
        return [f"{listed(names)}: {why}" for why, names in self._names.items()]


def of_each(
    table: pd.DataFrame, name: str, ask: Callable[[Whose, pd.DataFrame], T]
) -> tuple[list[tuple[Whose, T]], list[str]]:
    """Returns the answer of each buyer and interface, and why others have none.

    Args:
        table: Long table.
        name: Of the analysis, for notes.
        ask: What is asked of the rows of one.

    Raises:
        EstimationError: If there is no answer at all.
    """
    arms = arm_names(table)
    found, wrong = [], Failures()
    for group, rows in groups(table):
        whose = Whose(group, arms[tuple(group.values())])
        with wrong.of(whose.name):
            found.append((whose, ask(whose, rows)))
    if not found:
        raise EstimationError("; ".join(wrong.said) or "there are no choices")
    return found, [f"{name}: no estimates: {text}" for text in wrong.said]


def demands(
    table: pd.DataFrame, name: str, asked: DemandConfig
) -> tuple[list[tuple[Whose, Demand]], list[str]]:
    """Returns the fitted model of each buyer and interface, and what must be said of losses."""
    found, said = of_each(table, name, lambda _, rows: fit_demand(rows, asked))
    for whose, demand in found:
        if demand.left_out:
            counts = ", ".join(f"{n:,} {status}" for status, n in demand.left_out.items())
            said.append(f"{name}, {whose.name}: left out of the fit: {counts}")
        said += [f"{name}, {whose.name}: {text}" for text in demand.model.said]
    return found, said


def answers(
    table: pd.DataFrame, name: str, asked: DemandConfig, ask: Callable[[Demand], T]
) -> tuple[list[tuple[Whose, Demand, T]], list[str]]:
    """Returns what each buyer's model answers, and what must be said beside it.

    Args:
        table: Long table.
        name: Of the analysis, for notes.
        asked: The model.
        ask: What is asked of a model.

    Raises:
        EstimationError: If there is no answer at all.
    """
    models, said = demands(table, name, asked)
    found, wrong = [], Failures()
    for whose, demand in models:
        with wrong.of(whose.name):
            found.append((whose, demand, ask(demand)))
    if not found:
        raise EstimationError("; ".join(wrong.said))
    return found, said + [f"{name}: no estimates: {text}" for text in wrong.said]


def given(demand: Demand) -> str:
    """Returns given what shares are: a purchase, or including none."""
    return "buying nothing included" if demand.outside else "given a purchase"


def estimate_row(name: str, whose: Whose, demand: Demand | None, **values: Any) -> Estimate:  # noqa: ANN401
    """Returns a row of `estimates.csv`, with counts, and the model but for a logit."""
    counts: dict[str, Any] = {}
    if demand is not None:
        covariance = demand.fit.covariance
        counts = {"n_trials": demand.fit.data.n_sets, "n_clusters": covariance.n_clusters}
        if not isinstance(demand.fit, ChoiceFit):
            values["estimand"] = f"{values['estimand']}; {demand.model.name}"
    return Estimate(**{"analysis": name, **whose.group, **counts, **values})


def numbers(values: Any, at: int, *, test: bool = False) -> dict[str, float | None]:  # noqa: ANN401
    """Returns estimate, error and limits of one of several values as columns of a row."""
    found: dict[str, float | None] = {
        "estimate": float(values.value[at]),
        "std_error": float(values.error[at]),
        "ci_low": float(values.low[at]),
        "ci_high": float(values.high[at]),
    }
    p_value = float(values.p_values[at])
    return found | ({"p_value": p_value} if test and p_value == p_value else {})
