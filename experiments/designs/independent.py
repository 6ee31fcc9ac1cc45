"""Every world drawn on its own."""

from collections.abc import Sequence

from aces.spec import ExperimentSpec
from experiments.designs import Cell, History


class IndependentDesign:
    """All worlds in one batch, their levels drawn independently of one another."""

    def next(self, spec: ExperimentSpec, history: History) -> Sequence[Cell] | None:
        """Returns the worlds not planned yet, k before task, so that extending appends."""
        cells = [
            (task.id, k)
            for k in range(spec.worlds_per_task)
            for task in spec.tasks
            if (task.id, k) not in history.planned
        ]
        return cells or None
