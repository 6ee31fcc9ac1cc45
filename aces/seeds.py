"""Named random streams: the same seed gives the same plan on any machine, with any workers.

A stream is an address, not a state: `Stream(7, "draw", "stapler", 12)` is one point in a tree of
names, so that no draw depends on how many others were made before it.
"""

import math
from hashlib import blake2b

import numpy as np


class Stream:
    """A node in the tree of random streams.

    Args:
        path: The names that lead to it; their text is what counts.
    """

    __slots__ = ("_key",)

    def __init__(self, *path: object) -> None:
        self._key = "\x1f".join(map(str, path))

    def child(self, *path: object) -> "Stream":
        """Returns the stream named `path` below this one."""
        return Stream(self._key, *path)

    def generator(self) -> np.random.Generator:
        """Returns a fresh generator at the stream's start; two calls give equal draws."""
        return np.random.Generator(np.random.Philox(key=self._number(16)))

    def uniform(self) -> float:
        """Returns the stream's own number in (0, 1)."""
        # 52 bits and a half are exact in a float: neither 0 nor 1 can come out
        return ((self._number(8) >> 12) + 0.5) / 2.0**52

    def gumbel(self) -> float:
        """Returns the stream's own standard Gumbel draw."""
        return -math.log(-math.log(self.uniform()))

    def normal(self) -> float:
        """Returns the stream's own standard normal draw."""
        from statistics import NormalDist

        return NormalDist().inv_cdf(self.uniform())

    def whole(self) -> int:
        """Returns the stream's own whole number in [0, 2**31), as model servers take seeds."""
        return self._number(8) >> 33

    @property
    def address(self) -> str:
        """The names that lead to it, as one text."""
        return self._key

    def _number(self, size: int) -> int:
        return int.from_bytes(blake2b(self._key.encode(), digest_size=size).digest(), "big")
