"""Nudges: one listing of a shelf at a time carries one of several texts."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from aces.design.draws import Draw
from aces.seeds import Stream
from aces.types import Listing, Mark, Record


class Nudge(Record):
    """One text."""

    name: str
    mark: Mark
    """Its kind is the level that the text counts towards."""
    by_product: Mapping[str, str] = {}
    """Product id -> the text there, where it depends on the product."""


class Nudges(Record):
    """One listing, each equally likely, carries one of the texts, each equally likely; or none.

    A 0/1 level for each kind of text, and `nudge`, the text's name where it stands.
    """

    kind: Literal["nudges"] = "nudges"
    nudges: tuple[Nudge, ...] = Field(min_length=1)
    nobody: float = Field(ge=0, lt=1)
    """Share of worlds in which no listing carries a text."""

    @property
    def kinds(self) -> list[str]:
        """The kinds of texts."""
        return list(dict.fromkeys(nudge.mark.kind for nudge in self.nudges))

    def levels(self) -> list[str]:
        """Returns every level it sets."""
        return [*self.kinds, "nudge", "marks"]

    def products_named(self) -> list[str]:
        """Returns no products: any listing may be nudged."""
        return []

    def marks_named(self) -> list[Mark]:
        """Returns the marks that it shows, one of each text."""
        return [
            nudge.mark.model_copy(update={"text": text})
            for nudge in self.nudges
            for text in dict.fromkeys([*nudge.by_product.values()] or [nudge.mark.text])
        ]

    def varied(self) -> list[str]:
        """Returns the kinds."""
        return self.kinds

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns which listing carries which text, and how often each kind is carried."""
        generator, size = stream.generator(), len(listings)
        place, chosen = size, self.nudges[0]
        if generator.random() >= self.nobody:
            place = int(generator.integers(size))
            chosen = self.nudges[int(generator.integers(len(self.nudges)))]
        on = [i == place for i in range(size)]
        levels: dict[str, tuple[Any, ...]] = {
            kind: tuple(int(here and chosen.mark.kind == kind) for here in on)
            for kind in self.kinds
        }
        marginals = {
            kind: tuple(self._often(kind, size, value) for value in levels[kind])
            for kind in self.kinds
        }
        levels["nudge"] = tuple(chosen.name if here else "" for here in on)
        levels["marks"] = tuple(
            self._marks(item, chosen if here else None)
            for item, here in zip(listings, on, strict=True)
        )
        probability = self.nobody if place == size else self._each(size)
        return Draw(levels, probability, marginals)

    def _each(self, size: int) -> float:
        """How often one listing carries one text."""
        return (1 - self.nobody) / (size * len(self.nudges))

    def _often(self, kind: str, size: int, value: int) -> float:
        share = sum(nudge.mark.kind == kind for nudge in self.nudges) * self._each(size)
        return share if value else 1 - share

    def _marks(self, item: Listing, nudge: Nudge | None) -> list[dict[str, Any]]:
        # as it will be stored: no records
        marks = [mark.model_dump(mode="json") for mark in item.marks]
        if nudge is None:
            return marks
        text = nudge.by_product.get(item.product_id, nudge.mark.text)
        return [*marks, nudge.mark.model_copy(update={"text": text}).model_dump(mode="json")]
