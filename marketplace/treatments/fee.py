"""A mandatory fee on top of the price, told with the price or at the end."""

from typing import Any

from pydantic import Field, field_validator

from aces.design import Declaration, Fees, FeeSettings
from aces.types import FeeTold


class FeeTreatment:
    """A fee drawn for each listing, and where it is told drawn for each world.

    A fee told at the checkout stands on no page before the cart: buyers must browse.
    """

    class Config(FeeSettings):
        """Parameters."""

        told: tuple[FeeTold, ...] = Field(default=())
        """`upfront`, `checkout`, or `[upfront, checkout]` to draw one for each world; where not
        given, upfront or as the page's `fee_told` says."""

        @field_validator("told", mode="before")
        @classmethod
        def _one_or_several(cls, told: Any) -> Any:  # noqa: ANN401
            return (told,) if isinstance(told, str) else told

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns the draw of fees."""
        return Fees(**self.config.model_dump())
