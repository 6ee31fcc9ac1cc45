"""Products left out of the shelf at random."""

import math
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from aces.design.draws import Draw
from aces.seeds import Stream
from aces.types import Listing, Record


class Removal(Record):
    """So many products of each shelf are left out, every choice of them equally likely.

    What takes their share tells whether alternatives are independent of irrelevant ones. With
    `chance` the same products are left out of some worlds, and of others none.
    """

    kind: Literal["removal"] = "removal"
    count: int = Field(default=1, ge=1)
    among: tuple[str, ...] | None = None
    """The products that may be left out; all where not given."""
    chance: float = Field(default=1.0, gt=0, le=1)
    """How often anything is left out."""

    @model_validator(mode="after")
    def _all_or_none(self) -> Self:
        # else a shelf alone would not tell whether anything was left out
        if self.chance < 1 and (self.among is None or len(self.among) != self.count):
            raise ValueError(
                f"a `chance` below 1 needs `among:` with as many products as are left out "
                f"({self.count})"
            )
        return self

    def levels(self) -> list[str]:
        """Returns no levels: what is left out has no row."""
        return []

    def products_named(self) -> list[str]:
        """Returns the products it names."""
        return list(self.among or ())

    def varied(self) -> list[str]:
        """Returns nothing: it sets no level."""
        return []

    def keep(self, listings: Sequence[Listing], stream: Stream) -> list[Listing]:
        """Returns the shelf without those left out, in the same order."""
        if self.chance < 1 and stream.child("chance").uniform() >= self.chance:
            return list(listings)
        may_go = [i for i, item in enumerate(listings) if self._may_go(item)]
        order = stream.generator().permutation(len(may_go))
        gone = {may_go[i] for i in order[: self.count].tolist()}
        return [item for i, item in enumerate(listings) if i not in gone]

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns the probability that these listings are kept; it has no levels."""
        kept = sum(map(self._may_go, listings))
        if self.chance < 1:
            return Draw({}, probability=1 - self.chance if kept else self.chance)
        return Draw({}, probability=1 / math.comb(kept + self.count, self.count))

    def _may_go(self, item: Listing) -> bool:
        return self.among is None or item.product_id in self.among
