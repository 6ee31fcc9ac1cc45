"""One file per treatment: its parameters, and its draw as an `aces.design` declaration."""

from typing import Any, Protocol

from aces.design import Declaration
from aces.registry import Registry


class Treatment(Protocol):
    """What is varied between worlds. Levels are written into listings by `marketplace.worlds`."""

    def declare(self) -> Declaration:
        """Returns how its levels are drawn."""
        ...


TREATMENTS: Registry[Any] = Registry("treatment", "marketplace.treatments", "Treatment")
