"""What a draw gives, and the two simplest: a random order, and values that are given."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import JsonValue

from aces.seeds import Stream
from aces.types import Listing, Record


@dataclass(frozen=True, slots=True)
class Draw:
    """Levels drawn for the J products of one shelf; every sequence has length J."""

    levels: dict[str, tuple[Any, ...]]
    probability: float = 1.0
    """Joint probability of the discrete levels."""
    marginals: dict[str, tuple[float, ...]] = field(default_factory=dict)
    densities: dict[str, tuple[float | None, ...]] = field(default_factory=dict)


class OneLevel(Record):
    """What declarations of a single level have in common."""

    level: str

    def levels(self) -> list[str]:
        """Returns every level it sets."""
        return [self.level]

    def products_named(self) -> list[str]:
        """Returns the products it names."""
        return []

    def varied(self) -> list[str]:
        """Returns the levels that differ between worlds."""
        return [self.level]


class Permutation(OneLevel):
    """Slots 1..J in uniformly random order."""

    kind: Literal["permutation"] = "permutation"
    level: str = "position"

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns slots with probability 1/J!."""
        size = len(listings)
        slots = tuple((stream.generator().permutation(size) + 1).tolist())
        return Draw(
            {self.level: slots},
            probability=1 / math.factorial(size),
            marginals={self.level: (1 / size,) * size},
        )


class Fixed(OneLevel):
    """Given values by product id; products not named keep the catalogue's."""

    kind: Literal["fixed"] = "fixed"
    values: Mapping[str, JsonValue]

    def products_named(self) -> list[str]:
        """Returns the products it names."""
        return list(self.values)

    def varied(self) -> list[str]:
        """Returns nothing: its levels are the same in all worlds."""
        return []

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns the given values, with certainty."""
        values = tuple(
            self.values.get(item.product_id, getattr(item, self.level, None)) for item in listings
        )
        return Draw({self.level: values})
