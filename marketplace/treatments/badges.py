"""Which listings carry a tag."""

from pydantic import Field, field_validator

from aces.design import ACES_TAGS, Declaration, Tag, Tags
from aces.errors import nearest
from aces.types import Record
from marketplace.marks import LOW_STOCK, STANDARD_MARKS


class BadgesTreatment:
    """Mutually exclusive tags drawn one after another: sponsored, overall pick, scarcity (ACES)."""

    class Config(Record):
        """Parameters; the defaults are the ACES generator's."""

        tags: tuple[Tag, ...] = Field(default=ACES_TAGS, min_length=1)
        """In order of drawing. `level` is a kind of mark, or `scarcity` with its `stock`."""

        @field_validator("tags")
        @classmethod
        def _visible(cls, tags: tuple[Tag, ...]) -> tuple[Tag, ...]:
            for tag in tags:
                stock = tag.also.get("stock", ())
                if tag.level == "scarcity" and not all(1 <= n <= LOW_STOCK for n in stock or (0,)):
                    raise ValueError(
                        f"scarcity shows only with `also: {{stock: [...]}}` of 1 to {LOW_STOCK}"
                    )
                if tag.level not in (*STANDARD_MARKS, "scarcity"):
                    known = nearest(tag.level, (*STANDARD_MARKS, "scarcity"))
                    raise ValueError(f"the shop has no mark '{tag.level}'{known}")
            return tags

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns the sequential draw of tags."""
        return Tags(tags=self.config.tags)
