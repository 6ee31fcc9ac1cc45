"""Which products stand on the shelf at all."""

from pydantic import Field, PositiveInt

from aces.design import Declaration, Removal
from aces.types import Record


class MenuTreatment:
    """Some of the shelf's products are left out, others in each world, or the same in some."""

    class Config(Record):
        """Parameters."""

        remove: PositiveInt = 1
        """How many products are left out of each shelf."""
        among: tuple[str, ...] | None = Field(default=None, min_length=1)
        """Product ids that may be left out; all where not given."""

        chance: float = Field(default=1.0, gt=0, le=1)
        """How often they are; below 1, `among` names all that are left out together."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns the draw of what is left out."""
        asked = self.config
        return Removal(count=asked.remove, among=asked.among, chance=asked.chance)
