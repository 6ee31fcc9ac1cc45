"""Pressure on one listing, in doses."""

from pydantic import Field, field_validator

from aces.design import Declaration, Doses, Tag
from aces.types import Record
from marketplace.treatments.badges import check_visible, with_text

STEPS = (
    Tag(level="scarcity", also={"stock": (2,)}),
    Tag(level="countdown"),
    Tag(
        level="watched",
        text="17 people are looking at this right now",
        look="nudge",
        place="title",
    ),
)


class PressureTreatment:
    """One listing of each shelf, drawn at random, carries the first of several cues, up to all.

    Dose 0 carries none, dose 1 the first, dose 2 the first two; all doses are equally likely. Which
    listing it is is drawn in dose 0 too, so that its share of purchases is the baseline.
    """

    class Config(Record):
        """Parameters."""

        name: str = Field(default="pressure", pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
        """Names the columns: `<name>` (the dose: 0, 1, 2, ...) and `<name>_target`."""
        steps: tuple[Tag, ...] = Field(default=STEPS, min_length=1)
        """What each dose adds: a mark by name, `scarcity` with its `stock`, or one of your own with
        `text`, `look` and `place`."""

        @field_validator("steps")
        @classmethod
        def _visible(cls, steps: tuple[Tag, ...]) -> tuple[Tag, ...]:
            if len({tag.level for tag in steps}) < len(steps):
                raise ValueError("the same cue is given twice")
            for tag in steps:
                if tag.level == "scarcity" and not tag.also.get("stock"):
                    raise ValueError("scarcity shows only with `also: {stock: [2]}`")
                check_visible(tag, "scarcity")
            return steps

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns the doses as data."""
        steps = tuple(map(with_text, self.config.steps))
        arms = tuple(steps[:dose] for dose in range(len(steps) + 1))
        return Doses(name=self.config.name, arms=arms)
