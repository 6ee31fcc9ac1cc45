"""What is withheld: coefficients of buyers that take one slot whatever stands there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from aces.spec import Plugin
from aces.types import Estimate
from analysis.checks.check import Check
from analysis.checks.position import SlotTaken
from analysis.estimates import CHANGES
from analysis.estimators import ESTIMATORS
from analysis.fits import GROUP, SLOTS, across, groups, with_terms
from analysis.study import Study

_LOGIT = "conditional_logit"


@dataclass(frozen=True)
class Withheld:
    """What is not estimated of one locked buyer.

    Attributes:
        arm: Whose choices, in words.
        why: The reason.
        estimates: Rows of `estimates.csv`, without numbers.
    """

    arm: str
    why: str
    estimates: tuple[Estimate, ...]

    @property
    def sentence(self) -> str:
        """What is withheld and why."""
        names = dict.fromkeys(row.analysis for row in self.estimates if row.analysis != SLOTS)
        listed = f" ({', '.join(names)})" if names else ""
        return f"{self.arm} is {self.why}: its coefficients are withheld{listed}"


def without_locked(table: pd.DataFrame, locked: Sequence[SlotTaken]) -> pd.DataFrame:
    """Returns the rows of buyers that are not locked."""
    groups_locked = {one.group for one in locked}
    if not groups_locked:
        return table
    kept = [
        rows.index for group, rows in groups(table) if tuple(group.values()) not in groups_locked
    ]
    return table.loc[kept[0].append(kept[1:]).sort_values()] if kept else table.iloc[:0]


def withheld(
    table: pd.DataFrame, asked: Sequence[Plugin], locked: Sequence[SlotTaken], study: Study | None
) -> list[Withheld]:
    """Returns for each locked buyer the rows that its analyses would have had.

    Args:
        table: The long table.
        asked: The analyses.
        locked: Buyers that are locked to a slot.
        study: The run; None for a table without one.
    """
    trials = {tuple(group.values()): rows["trial_id"].nunique() for group, rows in groups(table)}
    fitted = [each for each in asked if not across(each) or of_coefficients(each)]
    single = [with_terms(each, table, study) for each in fitted]
    return [
        Withheld(
            one.arm,
            one.why,
            tuple(row for each in single for row in _rows(each, one, trials.get(one.group, 0))),
        )
        for one in locked
    ]


def with_gates(rows: Sequence[Estimate], checks: Sequence[Check]) -> list[Estimate]:
    """Returns the estimates with the names of the gates that their buyers, or all, fail."""
    failed = [check for check in checks if check.passed is False]
    if not failed:
        return list(rows)
    return [
        row.model_copy(update={"gate": "; ".join(names)})
        if (names := [c.name for c in failed if c.concerns(row.buyer, row.interface)])
        else row
        for row in rows
    ]


def of_coefficients(plugin: Plugin) -> bool:
    """Returns whether an analysis of several buyers estimates coefficients of each."""
    return bool(getattr(ESTIMATORS.load(plugin.use), "coefficients", False))


def _rows(plugin: Plugin, one: SlotTaken, trials: int) -> Iterator[Estimate]:
    terms = [str(term) for term in plugin.parameters.get("terms") or ("all",)]
    estimators = [plugin.use]
    if plugin.use == _LOGIT and plugin.name != SLOTS:
        estimators.append("average_marginal_effect")
        estimators += [f"{kind}_price_change" for kind in CHANGES if _prices(terms)]
    for estimator in estimators:
        for term in terms:
            if not (estimator.endswith("_price_change") and term in _prices(terms)):
                yield Estimate(
                    **dict(zip(GROUP, one.group, strict=True)),
                    analysis=plugin.name,
                    estimand=f"withheld: {one.why}",
                    estimator=estimator,
                    term=term,
                    estimate=None,
                    n_trials=trials,
                )


def _prices(terms: Sequence[str]) -> list[str]:
    return [term for term in terms if term in ("log_price", "price")]
