"""What a buyer must be able to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from aces.seeds import Stream
from aces.types.acting import Action, Observation
from aces.types.record import Record
from aces.types.shop import Listing
from aces.types.trials import Task


@dataclass(frozen=True, slots=True)
class Ground:
    """What the parameters of a buyer are resolved against when an experiment is planned.

    Attributes:
        seed: The experiment's.
        listings: Base offers of every product that may be shown.
        folder: Of the experiment's file, which relative paths start from.
    """

    seed: int
    listings: Sequence[Listing]
    folder: Path | None = None


class Factor(Record):
    """Names among which a buyer differs from trial to trial: its personas, its prompts."""

    levels: tuple[str, ...]
    drawn: bool = False
    """Whether each world gets one of them at random, the same for all buyers that have it;
    otherwise every world meets each of them."""


class BuyerSession(Protocol):
    """A buyer on one errand."""

    async def act(self, observation: Observation) -> Action:
        """Returns the next action."""
        ...


@runtime_checkable
class Buyer(Protocol):
    """Anything that shops. One instance serves many trials, side by side."""

    def start(self, task: Task, stream: Stream) -> BuyerSession:
        """Opens a session; `stream` is its only source of randomness."""
        ...

    def truth(self) -> Mapping[str, float] | None:
        """Planted coefficients by term, for the analysis to compare with; None for real buyers."""
        ...
