"""Which listings strike through a higher price."""

from typing import Annotated

from pydantic import Field

from aces.design import Declaration, Struck
from aces.types import Record


class ListPriceTreatment:
    """A struck-through price beside the price, on listings drawn at random.

    Together with drawn prices give these `list_price: keep`, and keep them below `factors`: a
    price that is not lower is not shown as a discount, and the long table says so.
    """

    class Config(Record):
        """Parameters."""

        probability: float = Field(default=0.5, gt=0, lt=1)
        """That a listing has one, each by itself."""
        factors: tuple[Annotated[float, Field(gt=1, le=10)], ...] = Field(
            default=(1.25,), min_length=1
        )
        """Of the catalogue's price, equally likely."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns the draw of struck-through prices."""
        return Struck(**self.config.model_dump())
