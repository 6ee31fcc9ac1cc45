"""One trial as a page: the shelf, then step by step what the buyer saw and did."""

from pathlib import Path

from aces.store import RunStore
from analysis.frame import choices
from analysis.report.page import render
from analysis.report.trials import trial_shown


def write_trial(store: RunStore, trial_id: str, path: str | Path) -> Path:
    """Writes a trial as one self-contained HTML file and returns its path.

    Raises:
        KeyError: If the run has no outcome of that trial.
    """
    path = Path(path)
    shown = trial_shown(choices(store), store, trial_id)
    path.write_text(render("trial.html.jinja", trial=shown), encoding="utf-8")
    return path
