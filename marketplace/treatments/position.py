"""Which slot of the results page each listing gets."""

from typing import Literal

from pydantic import Field, PositiveInt

from aces.design import Declaration, Fixed, Permutation, Square
from aces.types import Record


class PositionTreatment:
    """A random order of the shelf, balanced over worlds if asked, or a given one."""

    class Config(Record):
        """Parameters."""

        order: Literal["random", "latin", "williams"] = "random"
        """`latin`: in J consecutive worlds of a task each of J products has each slot once;
        `williams`: and it follows each other one equally often (2 J worlds where J is odd)."""
        fixed: dict[str, PositiveInt] = Field(default={})
        """Product id -> slot, for every product shown; empty draws an order."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns a permutation, a balanced square, or the given slots."""
        if self.config.fixed:
            return Fixed(level="position", values=self.config.fixed)
        if self.config.order != "random":
            return Square(neighbours=self.config.order == "williams")
        return Permutation()
