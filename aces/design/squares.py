"""Orders of the shelf balanced within blocks of worlds: Latin squares and Williams designs."""

import math
from collections.abc import Sequence
from typing import Literal

from aces.design.draws import Draw, OneLevel
from aces.seeds import Stream
from aces.types import Listing


class Square(OneLevel):
    """Within a block of worlds every product stands in every slot equally often.

    The rows of a square are the worlds of a block, its columns the slots, its symbols the products;
    a block of J products has J rows. With `neighbours` each product also follows each other one
    equally often, in the order of the slots (Williams 1949, Aust. J. Sci. Res. A 2, 149): J rows
    where J is even, 2 J where it is odd. Rows and symbols (and columns, without `neighbours`) are
    drawn again for each block, so that every world alone is in uniformly random order.
    """

    kind: Literal["square"] = "square"
    level: str = "position"
    neighbours: bool = False

    def block(self, size: int) -> int:
        """Returns how many worlds make a block for a shelf of so many products."""
        return 2 * size if self.neighbours and size % 2 else size

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns the slots of world k, given the stream of all its task's blocks."""
        size = len(listings)
        number, row = divmod(k, self.block(size))
        order = self._order(size, row, stream.child(number))
        slots = [0] * size
        for slot, product in enumerate(order, start=1):
            slots[product] = slot
        return Draw(
            {self.level: tuple(slots)},
            probability=1 / math.factorial(size),
            marginals={self.level: (1 / size,) * size},
        )

    def _order(self, size: int, row: int, stream: Stream) -> list[int]:
        """The products in order of their slots in one row of a block's square."""
        generator = stream.generator()
        symbols = generator.permutation(size).tolist()
        shift = int(generator.permutation(self.block(size))[row])
        columns = zigzag(size) if self.neighbours else generator.permutation(size).tolist()
        if shift >= size:  # the second square of an odd number is the first read backwards
            columns.reverse()
        return [symbols[(column + shift) % size] for column in columns]


def zigzag(size: int) -> list[int]:
    """Returns 0, 1, size - 1, 2, size - 2, ...: neighbours differ by each number once.

    Modulo `size`, where that is even; where it is odd, the series and its reverse have each
    difference twice between them.
    """
    return [(i + 1) // 2 if i % 2 else (size - i // 2) % size for i in range(size)]
