"""How many stars a listing shows."""

from typing import Annotated

from pydantic import Field

from aces.design import Declaration, Fixed, Headroom
from aces.types import Record


class RatingTreatment:
    """r + a (5 - r), a uniform on [-spread, spread], to a tenth of a star; or steps; or given."""

    class Config(Record):
        """Parameters; the defaults are the ACES generator's."""

        spread: float = Field(default=0.4, ge=0, le=1)
        steps: tuple[float, ...] = ()
        """Instead: add one of these, equally likely, the same for every product: [-0.1, 0, 0.1]."""
        keep_first: bool = False
        """World 0 keeps the catalogue's ratings, as in ACES."""
        fixed: dict[str, Annotated[float, Field(ge=0, le=5)]] = Field(default={})
        """Product id -> rating; draws nothing."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns the draw, or the given ratings."""
        if self.config.fixed:
            return Fixed(level="rating", values=self.config.fixed)
        return Headroom(**self.config.model_dump(exclude={"fixed"}))
