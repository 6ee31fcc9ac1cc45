"""Which listings carry a tag."""

from pydantic import Field

from aces.design import ACES_TAGS, Declaration, Tag, Tags
from aces.types import Record


class BadgesTreatment:
    """Mutually exclusive tags drawn one after another: sponsored, overall pick, scarcity (ACES)."""

    class Config(Record):
        """Parameters; the defaults are the ACES generator's."""

        tags: tuple[Tag, ...] = Field(default=ACES_TAGS, min_length=1)
        """In order of drawing. `level` is a kind of mark, or `scarcity` with its `stock`."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns the sequential draw of tags."""
        return Tags(tags=self.config.tags)
