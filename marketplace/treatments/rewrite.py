"""Sellers that rewrite their listings: how many of a shelf, and which, drawn at random."""

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from aces.design import Declaration, Rewrite, Saturation
from aces.types import Listing, Record
from marketplace.marks import STANDARD_MARKS, STOCK_MARKS

TAKEN = (*Listing.model_fields, *STANDARD_MARKS, *STOCK_MARKS, "position")


class RewriteTreatment:
    """So many sellers of a shelf show texts of their own: an arms race at random saturation.

    The number is drawn for every world, then who they are. What rewriting gains, what it costs
    those who do not, and what is left of it once all do, are then told apart by design.
    """

    class Config(Record):
        """Parameters."""

        name: str = Field(default="rewrite", pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
        """Names the 0/1 column of listings; `<name>_count` says how many of the shelf."""
        sellers: tuple[Annotated[int, Field(ge=0)], ...] = Field(default=(0, 1, 4, 7, 8))
        """How many rewrite, each number equally likely."""
        texts: dict[str, Rewrite] = Field(min_length=1)
        """Product id -> `{title: ..., description: ..., bullets: [...]}`, of every product."""

        @field_validator("name")
        @classmethod
        def _column_of_its_own(cls, name: str) -> str:
            if name in TAKEN:
                raise ValueError(f"'{name}' is a column already; give the treatment another name")
            return name

        @model_validator(mode="after")
        def _declared(self) -> "RewriteTreatment.Config":
            Saturation(**dict(self))
            return self

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns the two-stage draw as data."""
        return Saturation(**dict(self.config))
