"""One file per design: which worlds come next, given what has been planned so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from aces.design import Declaration
from aces.registry import Registry
from aces.spec import ExperimentSpec

Cell = tuple[str, int]
"""A world's place in a design: task id and k."""


@dataclass(frozen=True, slots=True)
class History:
    """What an adaptive design may look at."""

    planned: frozenset[Cell]
    """Worlds planned so far."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a design adds to the treatments' declarations."""

    declaration: Declaration
    notes: Sequence[str] = ()
    """What `aces plan` says of it."""


class Design(Protocol):
    """Plans worlds in batches; deterministic given the history, so that resuming replays it.

    A design that sets several treatments together also has `declare(spec, declarations, shelves)`,
    which returns how, as data: a `Declared`.
    """

    def next(self, spec: ExperimentSpec, history: History) -> Sequence[Cell] | None:
        """Returns the next batch of worlds in plan order, or None when the design is complete."""
        ...


DESIGNS: Registry[Design] = Registry("design", "experiments.designs", "Design")
