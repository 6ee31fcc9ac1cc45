"""Gates: what must hold before an estimate of this run may be believed.

Each check returns a verdict in a sentence. Thresholds that a run declares are its `gates:`.
"""

import pandas as pd

from aces.rules import Gates
from analysis.checks.allotted import allotted_worlds
from analysis.checks.answers import label_mass, parse_rate, refusal_rate, understanding
from analysis.checks.balance import balance
from analysis.checks.check import Check, arms
from analysis.checks.given import given_worlds
from analysis.checks.losses import missing_data, sample_ratio, status_by_assignment
from analysis.checks.operation import operational_failures
from analysis.checks.position import position_lock, slots_taken
from analysis.frame import trials_of
from analysis.redraw import Redraw
from analysis.study import Study

__all__ = ["Check", "arms", "run_checks"]


def run_checks(table: pd.DataFrame, study: Study | None = None) -> tuple[Check, ...]:
    """Returns all checks of a long table; those by drawing again need the run it came from."""
    trials = trials_of(table)
    redraw = Redraw.of(study) if study is not None else None
    gates = study.spec.gates if study is not None else Gates()
    size = float(table.groupby("trial_id").size().mean()) if len(table) else 0.0
    return (
        operational_failures(trials),
        parse_rate(trials, gates.parse_rate),
        refusal_rate(trials, gates.refusal_rate),
        understanding(study, table, gates.comprehension),
        label_mass(study, trials, gates),
        missing_data(table, trials, redraw),
        status_by_assignment(trials, redraw),
        sample_ratio(table, trials, study),
        allotted_worlds(study) or given_worlds(table, study) or balance(table, redraw),
        position_lock(slots_taken(table, gates.position_lock), size, gates),
    )
