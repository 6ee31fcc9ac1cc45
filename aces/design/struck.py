"""Struck-through prices: which listings show one, and how high it is."""

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from aces.design.draws import Draw
from aces.seeds import Stream
from aces.types import Listing, Record


class Struck(Record):
    """Each listing shows a struck-through price with a probability, the others none.

    It is a factor of the catalogue's price, one of `factors` equally likely, to the next .99 up.
    Levels: `discounted` (0/1) and `list_price_cents`.
    """

    kind: Literal["struck"] = "struck"
    probability: float = Field(default=0.5, gt=0, lt=1)
    factors: tuple[Annotated[float, Field(gt=1, le=10)], ...] = Field(default=(1.25,), min_length=1)

    def levels(self) -> list[str]:
        """Returns every level it sets."""
        return ["discounted", "list_price_cents"]

    def products_named(self) -> list[str]:
        """Returns no products."""
        return []

    def varied(self) -> list[str]:
        """Returns `discounted`; how high the price is varies only with it."""
        return ["discounted"]

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns 0/1 and the struck-through price of each listing, drawn independently."""
        generator = stream.generator()
        on = (generator.random(len(listings)) < self.probability).tolist()
        picked = generator.integers(len(self.factors), size=len(listings)).tolist()
        prices: list[Any] = [
            self._price(item, self.factors[i]) if shown else None
            for item, shown, i in zip(listings, on, picked, strict=True)
        ]
        chances = tuple(self.probability if shown else 1 - self.probability for shown in on)
        joint = math.prod(chances) / len(self.factors) ** sum(on)
        levels = {"discounted": tuple(map(int, on)), "list_price_cents": tuple(prices)}
        return Draw(levels, joint, {"discounted": chances})

    def _price(self, item: Listing, factor: float) -> int:
        return math.ceil((item.price_cents * factor - 99) / 100) * 100 + 99
