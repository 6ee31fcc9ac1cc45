"""Which slot of the results page each listing gets."""

from pydantic import Field, PositiveInt

from aces.design import Declaration, Fixed, Permutation
from aces.types import Record


class PositionTreatment:
    """A uniformly random order of the shelf, or a given one."""

    class Config(Record):
        """Parameters."""

        fixed: dict[str, PositiveInt] = Field(default={})
        """Product id -> slot, for every product shown; empty draws a random permutation."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns a permutation, or the given slots."""
        if self.config.fixed:
            return Fixed(level="position", values=self.config.fixed)
        return Permutation()
