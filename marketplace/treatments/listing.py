"""The general A/B test: versions of chosen listings."""

import json
from typing import Literal

from pydantic import Field, JsonValue, ValidationError, field_validator

from aces.design import Arm, Arms, Declaration
from aces.errors import nearest
from aces.types import Listing, Record
from marketplace.marks import STANDARD_MARKS, STOCK_MARKS

FIELDS = sorted(set(Listing.model_fields) - {"product_id"})


class ListingTreatment:
    """Named versions of chosen listings, drawn at random; a version may change any field."""

    class Config(Record):
        """Parameters."""

        name: str = Field(default="listing", pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
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
                    for name, value in changes.items():
                        _check_field(name, value)
            return arms

        @field_validator("name")
        @classmethod
        def _column_of_its_own(cls, name: str) -> str:
            if name in (*FIELDS, *STANDARD_MARKS, *STOCK_MARKS, "position"):
                raise ValueError(
                    f"'{name}' is a column already; give the treatment another `name:`"
                )
            return name

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns the arms as data."""
        return Arms(**self.config.model_dump())


def _check_field(name: str, value: JsonValue) -> None:
    """Raises ValueError unless listings have such a field and it may hold the value."""
    if name not in FIELDS:
        raise ValueError(f"listings have no field '{name}'{nearest(name, FIELDS)}")
    example = {"product_id": "any", "title": "Any", "price_cents": 1, name: value}
    try:
        Listing.model_validate_json(json.dumps(example), strict=True)
    except ValidationError as error:
        raise ValueError(f"`{name}`: {error.errors()[0]['msg']}, found {value!r}") from None
