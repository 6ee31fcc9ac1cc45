"""Which products stand on the shelf at all."""

from pydantic import Field, PositiveInt

from aces.design import Declaration, Removal
from aces.types import Record


class MenuTreatment:
    """Some of the shelf's products are left out at random, others in each world."""

    class Config(Record):
        """Parameters."""

        remove: PositiveInt = 1
        """How many products are left out of each shelf."""
        among: tuple[str, ...] | None = Field(default=None, min_length=1)
        """Product ids that may be left out; all where not given."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns the draw of what is left out."""
        return Removal(count=self.config.remove, among=self.config.among)
