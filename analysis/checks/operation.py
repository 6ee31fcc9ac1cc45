"""Whether the laboratory itself worked."""

import pandas as pd

from aces.store import OPERATIONAL_CAUSES
from analysis.checks.check import Check, arms
from analysis.display import Table, counted, percent

MOST_FAILED = 0.05


def operational_failures(trials: pd.DataFrame) -> Check:
    """Whether few enough trials failed for causes that lie with the laboratory."""
    failed = trials["cause"].isin(OPERATIONAL_CAUSES) & (trials["status"] == "failed")
    share = float(failed.mean()) if len(trials) else 0.0
    rows = [
        (arm, str(cause), f"{n:,}")
        for arm, group in arms(trials)
        for cause, n in group[group["status"] == "failed"]["cause"].value_counts().items()
    ]
    if not rows:
        return Check("Operation", True, f"All {counted(len(trials), 'trial')} have an outcome.")
    verdict = (
        f"{int(failed.sum()):,} of {counted(len(trials), 'trial')} ({percent(share)}) failed for "
        f"causes of the laboratory; {percent(MOST_FAILED, 0)} are tolerated."
    )
    table = Table("Failed trials", ("buyer · interface", "cause", "trials"), tuple(rows))
    return Check("Operation", share <= MOST_FAILED, verdict, table=table)
