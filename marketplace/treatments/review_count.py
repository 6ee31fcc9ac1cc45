"""How many reviews a listing has."""

from typing import Literal

from pydantic import Field, NonNegativeInt

from aces.design import Declaration, Factor, Fixed
from aces.types import Record


class ReviewCountTreatment:
    """The catalogue's count times a random factor, cut to a whole number; or given counts."""

    class Config(Record):
        """Parameters; the defaults are the ACES generator's."""

        distribution: Literal["lognormal", "uniform", "levels"] = "lognormal"
        mu: float = 0.0
        sigma: float = Field(default=1.0, ge=0)
        low: float = Field(default=0.5, gt=0)
        high: float = Field(default=2.0, gt=0)
        factors: tuple[float, ...] = ()
        """Of `levels`: the factors, equally likely."""
        keep_first: bool = False
        """World 0 keeps the catalogue's counts, as in ACES."""
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
