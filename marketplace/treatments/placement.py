"""A paid place on the page, and how it is disclosed."""

from pydantic import Field, PositiveInt, field_validator

from aces.design import Declaration, Doses, Tag
from aces.types import Record
from marketplace.treatments.badges import check_visible, with_text

WORDINGS = (
    Tag(level="sponsored"),
    Tag(level="ad"),
    Tag(level="promoted"),
    Tag(level="paid_placement"),
)


class PlacementTreatment:
    """One slot is paid for: who stands there is drawn, and in which words the page says so.

    All listings come in random order, so leave `position` out. Silence and each wording are equally
    likely; silence is the baseline: the place without the disclosure.
    """

    class Config(Record):
        """Parameters."""

        name: str = Field(default="placement", pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
        """Names the columns: `<name>` (number of the wording) and `<name>_target`."""
        slot: PositiveInt = 1
        """The paid place."""
        wordings: tuple[Tag, ...] = Field(default=WORDINGS, min_length=1)
        """Marks by name, or of your own: `{level: sponsor, text: Our sponsor, place: title}`."""

        @field_validator("wordings")
        @classmethod
        def _visible(cls, wordings: tuple[Tag, ...]) -> tuple[Tag, ...]:
            if len({tag.level for tag in wordings}) < len(wordings):
                raise ValueError("the same wording is given twice")
            for tag in wordings:
                check_visible(tag)
            return wordings

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns slot and wordings as data."""
        arms = ((), *((with_text(tag),) for tag in self.config.wordings))
        return Doses(name=self.config.name, slot=self.config.slot, arms=arms)
