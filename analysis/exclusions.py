"""Exclusion rules that an experiment declares: which arms are not estimated from."""

from collections.abc import Iterator

import pandas as pd

from aces.spec import Exclude
from analysis.checks.check import arms
from analysis.display import counted, percent
from analysis.frame import trials_of


def without_excluded(table: pd.DataFrame, rules: Exclude) -> tuple[pd.DataFrame, list[str]]:
    """Returns the rows that are estimated from, and what was excluded by which rule.

    Args:
        table: The long table; gates are still held against all of it.
        rules: As declared.
    """
    notes: list[str] = []
    excluded: set[str] = set()
    for arm, trials in arms(trials_of(table)):
        reasons = list(_reasons(trials, rules))
        if reasons:
            excluded |= set(trials.index)
            notes.append(
                f"excluded by rule: {arm}, {counted(len(trials), 'trial')}: {'; '.join(reasons)}"
            )
    return (table[~table["trial_id"].isin(excluded)] if excluded else table), notes


def _reasons(trials: pd.DataFrame, rules: Exclude) -> Iterator[str]:
    """The rules under which one arm is excluded."""
    slots = trials["position"].dropna() if "position" in trials else pd.Series(dtype=float)
    if rules.position_lock is not None and len(slots):
        share = float((slots == slots.mode()[0]).mean())
        if share > rules.position_lock:
            yield (
                f"slot {int(slots.mode()[0])} taken in {percent(share)} of purchases, more than "
                f"`position_lock: {rules.position_lock:g}`"
            )
    failed = float((trials["status"] == "failed").mean())
    if rules.failed is not None and failed > rules.failed:
        yield f"{percent(failed)} failed, more than `failed: {rules.failed:g}`"
