"""Which listings carry a tag."""

from pydantic import Field, field_validator

from aces.design import ACES_TAGS, Declaration, Tag, Tags
from aces.errors import nearest
from aces.types import Record
from marketplace.marks import LOW_STOCK, STANDARD_MARKS, presets


class BadgesTreatment:
    """Mutually exclusive tags drawn one after another: the ACES ones, or marks of one's own."""

    class Config(Record):
        """Parameters; the defaults are the ACES generator's."""

        tags: tuple[Tag, ...] = Field(default=ACES_TAGS, min_length=1)
        """In order of drawing. `level` is a kind of mark (the shop's or a preset's), or `scarcity`
        with its `stock`, or a name of your own with `text`, `look` and `place`."""

        @field_validator("tags")
        @classmethod
        def _visible(cls, tags: tuple[Tag, ...]) -> tuple[Tag, ...]:
            for tag in tags:
                stock = tag.also.get("stock", ())
                if tag.level == "scarcity" and not all(1 <= n <= LOW_STOCK for n in stock or (0,)):
                    raise ValueError(
                        f"scarcity shows only with `also: {{stock: [...]}}` of 1 to {LOW_STOCK}"
                    )
                known_marks = (*STANDARD_MARKS, "scarcity", *presets())
                if tag.level not in known_marks and not tag.text:
                    known = nearest(tag.level, known_marks)
                    raise ValueError(
                        f"the shop has no mark '{tag.level}'{known}; give it a `text:` to make one"
                    )
            return tags

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns the sequential draw of tags; a preset's text goes along with its name."""
        return Tags(tags=tuple(map(_with_text, self.config.tags)))


def _with_text(tag: Tag) -> Tag:
    preset = presets().get(tag.level)
    if preset is None or tag.text:
        return tag
    return tag.model_copy(update=preset.model_dump(include={"text", "look", "place"}))
