"""The general A/B test: versions of chosen listings."""

from typing import Literal

from pydantic import Field, field_validator

from aces.design import Arm, Arms, Declaration
from aces.errors import nearest
from aces.types import Listing, Record

FIELDS = sorted(set(Listing.model_fields) - {"product_id"})


class ListingTreatment:
    """Named versions of chosen listings, drawn at random; a version may change any field."""

    class Config(Record):
        """Parameters."""

        name: str = "listing"
        """Names the 0/1 columns: `<name>` for two arms, `<name>_<arm>` for more."""
        arms: tuple[Arm, ...] = Field(min_length=1)
        """The first is the baseline: `[{name: control}, {name: short, changes: {title: ...}}]`."""
        products: tuple[str, ...] | None = None
        """Product ids it applies to; all where not given."""
        unit: Literal["world", "listing"] = "world"
        """Draw one arm per world, or one for each chosen listing."""

        @field_validator("arms")
        @classmethod
        def _known_fields(cls, arms: tuple[Arm, ...]) -> tuple[Arm, ...]:
            for arm in arms:
                for changes in (arm.changes, *arm.by_product.values()):
                    for name in changes:
                        if name not in FIELDS:
                            raise ValueError(
                                f"listings have no field '{name}'{nearest(name, FIELDS)}"
                            )
            return arms

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns the arms as data."""
        return Arms(**self.config.model_dump())
