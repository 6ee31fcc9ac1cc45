"""What a listing costs."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from aces.design import Declaration, Factor, FactorSettings, Fixed


class PriceTreatment:
    """The catalogue's price times a random factor, in whole cents; or given prices."""

    class Config(FactorSettings):
        """Parameters; the defaults are the ACES generator's."""

        ending: Literal["free", "keep"] = "free"
        """`keep`: a .99 price ends in .99 again."""
        shift: tuple[Annotated[float, Field(gt=0, le=1000)], ...] = ()
        """One more factor for the whole shelf, drawn per world: `[0.7, 1, 1.4]`. It is what tells
        about leaving; independent prices hardly move what the shelf as a whole is worth."""
        list_price: Literal["hide", "keep"] = "hide"
        """`hide`: a struck-through price would turn a drawn price into a random discount."""
        fixed: dict[str, PositiveInt] = Field(default={})
        """Product id -> price in cents; draws nothing."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns the factor draw, or the given prices."""
        if self.config.fixed:
            return Fixed(level="price_cents", values=self.config.fixed)
        parameters = self.config.model_dump(exclude={"fixed", "list_price"})
        hides = ("list_price_cents",) if self.config.list_price == "hide" else ()
        return Factor(level="price_cents", minimum=1, hides=hides, **parameters)
