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
                check_visible(tag, "scarcity")
            return tags

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns the sequential draw of tags; a preset's text goes along with its name."""
        return Tags(tags=tuple(map(with_text, self.config.tags)))


def check_visible(tag: Tag, *others: str) -> None:
    """Raises ValueError unless the shop has such a mark, or the tag says what it reads.

    Args:
        tag: The tag.
        others: Kinds that are shown without a mark.
    """
    known = (*STANDARD_MARKS, *others, *presets())
    if tag.level not in known and not tag.text:
        raise ValueError(
            f"the shop has no mark '{tag.level}'{nearest(tag.level, known)}; give it a `text:` to "
            "make one"
        )


def with_text(tag: Tag) -> Tag:
    """Returns the tag with the text of the preset that it names."""
    preset = presets().get(tag.level)
    if preset is None or tag.text:
        return tag
    return tag.model_copy(update=preset.model_dump(include={"text", "look", "place"}))
