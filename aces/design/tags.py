"""Mutually exclusive tags, as the ACES generator draws them."""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from pydantic import Field, field_validator

from aces.design.draws import Draw
from aces.seeds import Stream
from aces.types import Listing, Mark, Record


class Tag(Record):
    """One tag of a `Tags` draw."""

    level: str
    probability: float = Field(default=0.5, ge=0, le=1)
    """That any listing of the shelf carries it."""
    most: int = Field(default=1, ge=1)
    """Where it is carried, by how many: uniform on 1..most."""
    also: Mapping[str, tuple[int, ...]] = {}
    """Further levels of a tagged listing, each uniform on a list: `stock: [1, 2, 3, 4]`."""
    text: str = ""
    """What the shopper reads, for a mark of one's own; `look` and `place` go with it."""
    look: str = "badge"
    place: str = "image"

    @property
    def mark(self) -> Mark | None:
        """The mark of one's own that it is, if it has a text."""
        if not self.text:
            return None
        return Mark(kind=self.level, text=self.text, look=self.look, place=self.place)

    @field_validator("also")
    @classmethod
    def _fields_of_listings(cls, also: Mapping[str, tuple[int, ...]]) -> Mapping[str, Any]:
        for name, values in also.items():
            if name not in Listing.model_fields or not values:
                raise ValueError(f"`{name}` must be a listing's field, such as stock, with values")
        return also


ACES_TAGS = (
    Tag(level="sponsored", most=4),
    Tag(level="overall_pick"),
    Tag(level="scarcity", also={"stock": (1, 2, 3, 4)}),
)


class Tags(Record):
    """Mutually exclusive 0/1 tags, drawn one after another among listings still without a tag."""

    kind: Literal["tags"] = "tags"
    tags: tuple[Tag, ...] = ACES_TAGS

    def levels(self) -> list[str]:
        """Returns every level it sets."""
        return list(dict.fromkeys(n for tag in self.tags for n in (tag.level, *tag.also)))

    def products_named(self) -> list[str]:
        """Returns the products it names."""
        return []

    def marks_named(self) -> list[Mark]:
        """Returns the marks of its own that it shows."""
        return [tag.mark for tag in self.tags if tag.mark]

    def varied(self) -> list[str]:
        """Returns the tags; what comes with a tag varies only with it."""
        return [tag.level for tag in self.tags]

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns one 0/1 level per tag, with its further levels."""
        generator = stream.generator()
        size = len(listings)
        free = list(range(size))
        levels: dict[str, list[Any]] = {}
        probability = 1.0
        for tag in self.tags:
            holders, chance = _draw_holders(tag, free, generator)
            free = [i for i in free if i not in holders]
            probability *= chance
            levels[tag.level] = [int(i in holders) for i in range(size)]
            for level, values in tag.also.items():
                column = levels.setdefault(level, [getattr(item, level) for item in listings])
                for i in holders:
                    column[i] = values[int(generator.integers(len(values)))]
                    probability /= len(values)
        shares = _expected_shares(tuple((tag.probability, tag.most) for tag in self.tags), size)
        marginals = {
            tag.level: tuple(share if on else 1 - share for on in levels[tag.level])
            for tag, share in zip(self.tags, shares, strict=True)
        }
        return Draw({name: tuple(v) for name, v in levels.items()}, probability, marginals)


@lru_cache(maxsize=256)
def _expected_shares(tags: tuple[tuple[float, int], ...], size: int) -> list[float]:
    """Probability that a given listing carries each tag: all listings are alike in this.

    Args:
        tags: Probability and greatest number of each, in order of drawing.
        size: Listings on the shelf.
    """
    free = {size: 1.0}
    shares = []
    for probability, most in tags:
        after: dict[int, float] = {}
        expected = 0.0
        for n, weight in free.items():
            for count, chance in _count_distribution(probability, min(most, n)).items():
                expected += weight * chance * count
                after[n - count] = after.get(n - count, 0.0) + weight * chance
        free = after
        shares.append(expected / size)
    return shares


def _count_distribution(probability: float, most: int) -> dict[int, float]:
    """How many listings get a tag: number -> probability."""
    if most == 0:
        return {0: 1.0}
    spread = dict.fromkeys(range(1, most + 1), probability / most)
    return {0: 1 - probability, **spread}


def _draw_holders(
    tag: Tag, free: list[int], generator: np.random.Generator
) -> tuple[set[int], float]:
    """The listings that get the tag, and the probability of exactly these."""
    most = min(tag.most, len(free))
    if most == 0 or generator.random() >= tag.probability:
        return set(), 1.0 if most == 0 else 1 - tag.probability
    count = int(generator.integers(1, most + 1))
    holders = {free[i] for i in generator.permutation(len(free))[:count].tolist()}
    return holders, tag.probability / most / math.comb(len(free), count)
