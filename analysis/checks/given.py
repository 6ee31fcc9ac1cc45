"""Worlds that are given shelves: they are as given, and that is all there is to check."""

import pandas as pd

from analysis.checks.check import Check
from analysis.display import counted
from analysis.redraw import Redraw
from analysis.study import Study


def given_worlds(table: pd.DataFrame, study: Study | None) -> Check | None:
    """Returns whether stored worlds are the given shelves; None where worlds are drawn.

    What a source has drawn can't be drawn again by us: there is no test of balance.
    """
    if study is None or study.spec.design.use != "given":
        return None
    met = table.drop_duplicates("world_id").groupby("task_id", sort=False)["k"]
    redraw = Redraw(study)
    different = sum(redraw.differing(str(task_id), list(k)) for task_id, k in met)
    if different:
        verdict = f"{counted(different, 'world')} differ from the given shelves."
        return Check("Balance", False, verdict)
    laid = [name for name in study.declarations if name != study.spec.design.name]
    drawn = f"; {', '.join(laid)} on top are those of seed and design" if laid else ""
    verdict = f"Worlds are given, not drawn: stored ones are as given{drawn}."
    return Check("Balance", None, f"{verdict} No test by drawing again.")
