"""Arms of one treatment in shares that earlier batches of worlds decide."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from aces.design.draws import Draw
from aces.design.table import Crossable, Together, alike
from aces.seeds import Stream
from aces.types import Listing


class Allocation(Together):
    """One arm for each world, by shares that are given with the world.

    The shares of a world are stored as the probabilities of its levels. `confirmation` tells the
    worlds whose shares were fixed before the run.
    """

    kind: Literal["allocation"] = "allocation"
    treatment: str
    arms: int = Field(ge=2)
    products: tuple[str, ...] = ()
    """Whose purchases are to be many; empty: all."""
    shares: tuple[float, ...] = ()
    """Of each arm in the world at hand; equal where not given."""
    confirmation: bool = False
    """Whether the world at hand is of the confirmation sample."""

    def levels(self) -> list[str]:
        """Returns the level that tells the confirmation sample."""
        return ["confirmation"]

    def place(
        self, parts: Mapping[str, Crossable], listings: Sequence[Listing], k: int, stream: Stream
    ) -> tuple[dict[str, Draw], float]:
        """Returns the levels of the treatment in world k, and their probability.

        Args:
            parts: Every declaration by name.
            listings: The shelf.
            k: Index of the world.
            stream: Of all worlds of the task.
        """
        part = parts[self.treatment]
        shares = list(self.shares or alike(part.options(listings))[0])
        number = stream.child(k).uniform()
        chosen = int(np.searchsorted(np.cumsum(shares[:-1]), number, side="right"))
        drawn = part.at(listings, [chosen], [shares])
        drawn.levels["confirmation"] = (int(self.confirmation),) * len(listings)
        return {self.treatment: drawn}, shares[chosen]
