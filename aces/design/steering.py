"""A dominated listing: one of several alike is dearer by a gap, and may carry a tag."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from aces.design.draws import Draw
from aces.design.table import Shares, alike
from aces.design.tags import Tag
from aces.seeds import Stream
from aces.types import Listing, Mark, Record

UNTAGGED = "none"
"""Name of the arm without a tag."""


class Steering(Record):
    """One listing of each shelf, drawn at random, is dearer by one of `gaps` than all others.

    It carries one of `tags` or none, every combination of gap and arm equally likely. For shelves
    of copies of one product: the dearer one is then dominated. Levels: `price_cents` (and
    `list_price_cents`, which is taken away), one 0/1 level for each tag, `focal` (0/1: which
    listing it is), `gap` and `tag`, the same for the whole shelf.
    """

    kind: Literal["steering"] = "steering"
    gaps: tuple[Annotated[float, Field(ge=0, le=10)], ...] = Field(min_length=1)
    """Share by which the focal listing is dearer; 0: it costs as much."""
    tags: tuple[Tag, ...] = Field(min_length=1)
    """Of their parameters the wording alone counts: each is an arm, drawn equally often."""

    @model_validator(mode="after")
    def _differ(self) -> Self:
        names = [tag.level for tag in self.tags]
        if len(set(names)) < len(names) or UNTAGGED in names:
            raise ValueError(
                f"tags must have names of their own, other than '{UNTAGGED}'; found "
                f"{', '.join(names)}"
            )
        if len(set(self.gaps)) < len(self.gaps):
            raise ValueError(f"a gap is given twice, found {', '.join(map(str, self.gaps))}")
        return self

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms: no tag, then each tag."""
        return (UNTAGGED, *(tag.level for tag in self.tags))

    def levels(self) -> list[str]:
        """Returns every level it sets."""
        return ["price_cents", "list_price_cents", *self.arms[1:], "focal", "gap", "tag"]

    def products_named(self) -> list[str]:
        """Returns no products: any listing may be the dearer one."""
        return []

    def marks_named(self) -> list[Mark]:
        """Returns the marks of its own that it shows."""
        return [tag.mark for tag in self.tags if tag.mark]

    def varied(self) -> list[str]:
        """Returns the levels that differ within a shelf: the price and the tags."""
        return ["price_cents", *self.arms[1:]]

    def unseen(self, listing: Listing) -> list[float]:
        """Returns the gaps that vanish when this listing's price is rounded to whole cents."""
        return [
            gap for gap in self.gaps if gap > 0 and self._price(listing, gap) <= listing.price_cents
        ]

    def options(self, listings: Sequence[Listing]) -> list[list[int]]:
        """Returns two factors: the combination of gap and arm, and which listing it is.

        Combinations are counted gap by gap, in each the arm without a tag first.
        """
        combinations = len(self.gaps) * (1 + len(self.tags))
        return [list(range(combinations)), list(range(len(listings)))]

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns prices and tags at a combination and a listing drawn uniformly."""
        generator = stream.generator()
        options = self.options(listings)
        chosen = [int(generator.integers(len(option))) for option in options]
        found = self.at(listings, chosen, alike(options))
        return replace(found, probability=1 / len(options[0]) / len(options[1]))

    def at(self, listings: Sequence[Listing], chosen: Sequence[int], shares: Shares) -> Draw:
        """Returns the levels at a given combination and listing, and how often each is shown."""
        n, (cell, place), (often, where) = len(listings), chosen, shares
        arms = self.arms
        row, column = divmod(cell, len(arms))
        gap, arm = self.gaps[row], arms[column]
        here = [int(i == place) for i in range(n)]
        levels: dict[str, tuple[Any, ...]] = {
            "price_cents": tuple(
                self._price(item, gap) if on else item.price_cents
                for item, on in zip(listings, here, strict=True)
            ),
            "list_price_cents": (None,) * n,
            "focal": tuple(here),
            "gap": (gap,) * n,
            "tag": (arm,) * n,
        }
        marginals = {
            "focal": tuple(where[i] if on else 1 - where[i] for i, on in enumerate(here)),
            "gap": (sum(often[row * len(arms) : (row + 1) * len(arms)]),) * n,
            "tag": (sum(often[column :: len(arms)]),) * n,
        }
        for i, tag in enumerate(arms[1:], start=1):
            levels[tag] = tuple(int(on and tag == arm) for on in here)
            shown = sum(often[i :: len(arms)])
            carried = [shown * share for share in where]
            marginals[tag] = tuple(
                share if on else 1 - share for share, on in zip(carried, levels[tag], strict=True)
            )
        return Draw(levels, marginals=marginals)

    def _price(self, item: Listing, gap: float) -> int:
        return round(item.price_cents * (1 + gap))
