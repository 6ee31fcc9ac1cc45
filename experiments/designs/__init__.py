"""One file per design: which worlds come next, given what has been planned so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from aces.design import Allocation, Declaration
from aces.registry import Registry
from aces.spec import ExperimentSpec

Cell = tuple[str, int]
"""A world's place in a design: task id and k."""


@dataclass(frozen=True, slots=True)
class Allotted:
    """A world of one buyer through one interface, in which arms have chances of their own."""

    task_id: str
    k: int
    buyer: str
    interface: str
    shares: tuple[float, ...] = ()
    """Chance of each arm; equal where not given."""
    confirmation: bool = False
    """Whether the world is of a sample that no outcome has a part in."""

    @property
    def cell(self) -> Cell:
        """Its place in the design."""
        return self.task_id, self.k

    @property
    def owner(self) -> tuple[str, str]:
        """Buyer and interface."""
        return self.buyer, self.interface

    def given(self, declarations: Mapping[str, Declaration]) -> dict[str, Declaration]:
        """Returns the declarations with the arms' chances in this world."""
        own = {"shares": self.shares, "confirmation": self.confirmation}
        return {
            name: each.model_copy(update=own) if isinstance(each, Allocation) else each
            for name, each in declarations.items()
        }


@dataclass(frozen=True, slots=True)
class Met:
    """A world that a buyer met, and what came of it.

    Attributes:
        task_id: Its task.
        arm: Number of its arm.
        sales: Of each trial with an outcome: price of the product bought, in minor units, where it
            is one that counts; None where nothing of the kind was bought.
    """

    task_id: str
    arm: int
    sales: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Past:
    """What one buyer through one interface has behind it.

    Attributes:
        worlds: Worlds planned per task.
        complete: Whether all of their trials have ended.
        arms: How many arms there are.
        met: Worlds with an outcome, in plan order.
    """

    worlds: int = 0
    complete: bool = True
    arms: int = 0
    met: Sequence[Met] = ()


@dataclass(frozen=True, slots=True)
class History:
    """What a design may look at; outcomes are there for adaptive ones only."""

    planned: frozenset[Cell]
    """Worlds planned so far."""
    past: Mapping[tuple[str, str], Past] = field(default_factory=dict)
    """Buyer and interface -> its own past."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a design adds to the treatments' declarations."""

    declaration: Declaration
    notes: Sequence[str] = ()
    """What `aces plan` says of it."""


class Design(Protocol):
    """Plans worlds in batches; deterministic given the history, so that resuming replays it.

    A design that sets several treatments together also has `declare(spec, declarations, shelves)`,
    which returns how, as data: a `Declared`. One whose worlds depend on outcomes says
    `adaptive = True` and names them per buyer and interface, as `Allotted`.
    """

    def next(self, spec: ExperimentSpec, history: History) -> Sequence[Cell | Allotted] | None:
        """Returns the next batch of worlds in plan order, or None when the design is complete."""
        ...


DESIGNS: Registry[Design] = Registry("design", "experiments.designs", "Design")
