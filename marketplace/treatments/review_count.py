"""How many reviews a listing has."""

from pydantic import Field, NonNegativeInt

from aces.design import Declaration, Factor, FactorSettings, Fixed


class ReviewCountTreatment:
    """The catalogue's count times a random factor, cut to a whole number; or given counts."""

    class Config(FactorSettings):
        """Parameters; the defaults are the ACES generator's."""

        sigma: float = Field(default=1.0, ge=0)
        fixed: dict[str, NonNegativeInt] = Field(default={})
        """Product id -> review count; draws nothing."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns the factor draw, or the given counts."""
        if self.config.fixed:
            return Fixed(level="review_count", values=self.config.fixed)
        parameters = self.config.model_dump(exclude={"fixed"})
        return Factor(level="review_count", rounding="down", **parameters)
