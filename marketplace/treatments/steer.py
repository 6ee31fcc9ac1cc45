"""A dearer listing among listings that are otherwise alike, with a tag or without."""

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from aces.design import Declaration, Steering, Tag
from aces.types import Record
from marketplace.treatments.badges import check_visible, with_text

GAPS = (0.0, 0.02, 0.05, 0.10, 0.20, 0.35, 0.50)
TAGS = (Tag(level="overall_pick"), Tag(level="sponsored"))


class SteerTreatment:
    """One listing of each shelf is dearer by a gap and carries one of several tags, or none.

    For shelves of copies of one product (`copies_of:` of the task), so that the dearer one is
    dominated: whoever takes it was steered. Gaps and tags are crossed, each combination equally
    likely; `design: factorial` has each once in a block.
    """

    class Config(Record):
        """Parameters."""

        gaps: tuple[Annotated[float, Field(ge=0, le=10)], ...] = Field(default=GAPS, min_length=1)
        """By which share it is dearer; 0: it costs as much."""
        tags: tuple[Tag, ...] = Field(default=TAGS, min_length=1)
        """`level` is a kind of mark (the shop's or a preset's), or a name of your own with `text`,
        `look` and `place`: `[{level: overall_pick}, {level: paid, text: Paid placement}]`. An arm
        without a tag is always there."""

        @field_validator("tags")
        @classmethod
        def _visible(cls, tags: tuple[Tag, ...]) -> tuple[Tag, ...]:
            for tag in tags:
                check_visible(tag)
                given = tag.model_fields_set & {"probability", "most", "also"}
                changed = {n for n in given if getattr(tag, n) != Tag.model_fields[n].default}
                if changed:
                    raise ValueError(
                        f"{', '.join(sorted(changed))} of tag '{tag.level}' has no meaning here: "
                        "one listing carries the tag, and arms are drawn equally often"
                    )
            return tags

        @model_validator(mode="after")
        def _declared(self) -> "SteerTreatment.Config":
            Steering(gaps=self.gaps, tags=self.tags)
            return self

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns gaps and tags as data."""
        return Steering(gaps=self.config.gaps, tags=tuple(map(with_text, self.config.tags)))
