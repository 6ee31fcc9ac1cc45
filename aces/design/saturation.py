"""Randomised saturation: how many sellers of a shelf are treated, and then which ones.

References: Hudgens, M. G. and Halloran, M. E. (2008), Toward causal inference with interference,
Journal of the American Statistical Association 103, 832-842; Baird, S., Bohren, J. A., McIntosh,
C. and Özler, B. (2018), Optimal design of experiments in the presence of interference, Review of
Economics and Statistics 100, 844-860.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from aces.design.draws import Draw
from aces.errors import UserError
from aces.seeds import Stream
from aces.types import Listing, Record

FIELDS = ("title", "description", "bullets")


class Rewrite(Record):
    """What a seller writes instead; what is not given stays."""

    title: str | None = Field(default=None, min_length=1)
    description: str | None = None
    bullets: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if all(getattr(self, name) is None for name in FIELDS):
            raise ValueError(f"a rewritten listing needs one of {', '.join(FIELDS)}")
        return self


class Saturation(Record):
    """So many sellers of a shelf show what they have rewritten; which ones is drawn at random.

    In two stages: the number, each of `sellers` equally likely for every world, then the sellers,
    every choice of so many equally likely. Levels: `<name>` (0/1 by listing), `<name>_count` (the
    number, for the whole shelf) and the texts. The marginal of `<name>` is over both stages; given
    the number m on a shelf of J it is m / J.
    """

    kind: Literal["saturation"] = "saturation"
    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    sellers: tuple[int, ...] = Field(min_length=1)
    """How many rewrite."""
    texts: Mapping[str, Rewrite] = Field(min_length=1)
    """Product id -> what its seller writes."""

    @model_validator(mode="after")
    def _numbers(self) -> Self:
        if len(set(self.sellers)) < len(self.sellers) or min(self.sellers) < 0:
            raise ValueError(
                "`sellers` are different numbers from 0 up, found "
                f"{', '.join(map(str, self.sellers))}"
            )
        return self

    @property
    def count(self) -> str:
        """Name of the level that says how many rewrote."""
        return f"{self.name}_count"

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that any seller rewrites."""
        texts = self.texts.values()
        return tuple(f for f in FIELDS if any(getattr(text, f) is not None for text in texts))

    def levels(self) -> list[str]:
        """Returns every level it sets."""
        return [self.name, self.count, *self.fields]

    def products_named(self) -> list[str]:
        """Returns the products whose sellers may rewrite."""
        return list(self.texts)

    def varied(self) -> list[str]:
        """Returns the level that differs within a shelf."""
        return [self.name]

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns who rewrites, and the texts shown.

        Raises:
            UserError: If the shelf has fewer sellers than are to rewrite.
        """
        n = len(listings)
        if max(self.sellers) > n:
            raise UserError(f"'{self.name}': {max(self.sellers)} of {n} sellers can't rewrite")
        generator = stream.generator()
        number = self.sellers[int(generator.integers(len(self.sellers)))]
        who = set(generator.permutation(n)[:number].tolist())
        on = [int(i in who) for i in range(n)]
        often = sum(self.sellers) / len(self.sellers) / n
        levels: dict[str, tuple[Any, ...]] = {
            self.name: tuple(on),
            self.count: (number,) * n,
            **{name: self._shown(name, listings, on) for name in self.fields},
        }
        marginals = {
            self.name: tuple(often if one else 1 - often for one in on),
            self.count: (1 / len(self.sellers),) * n,
        }
        return Draw(levels, 1 / len(self.sellers) / math.comb(n, number), marginals)

    def _shown(self, name: str, listings: Sequence[Listing], on: Sequence[int]) -> tuple[Any, ...]:
        """A field of each listing as it will be stored."""
        shown = []
        for item, one in zip(listings, on, strict=True):
            own = getattr(self.texts.get(item.product_id), name, None) if one else None
            value = getattr(item, name) if own is None else own
            shown.append(list(value) if isinstance(value, tuple) else value)
        return tuple(shown)
