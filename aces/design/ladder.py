"""A ladder of price gaps between listings that are otherwise alike."""

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from aces.design.draws import Draw
from aces.seeds import Stream
from aces.types import Listing, Record

LADDER = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


class Rungs(Record):
    """What a ladder is made of."""

    gaps: tuple[Annotated[float, Field(ge=0, le=10)], ...] = Field(default=LADDER, min_length=1)
    """How much dearer the others are than the cheapest, as a share of its price."""
    references: tuple[Annotated[float, Field(gt=0, le=1000)], ...] = Field(
        default=(1.0,), min_length=1
    )
    """Prices of the cheapest, as multiples of the catalogue's."""
    screen: int = Field(default=0, ge=0)
    """Worlds of each task, before the ladder, with equal prices or the widest gap: who takes one
    slot in both is locked to it."""

    @model_validator(mode="after")
    def _rising(self) -> Self:
        for name, values in (("gaps", self.gaps), ("references", self.references)):
            if list(values) != sorted(set(values)):
                raise ValueError(f"`{name}` must rise, each given once")
        return self


class Ladder(Rungs):
    """One listing is at the reference price, the others dearer by a gap; slots are balanced.

    In a block of worlds every reference and gap occurs once with the cheapest in each slot, in
    drawn order; which product is cheapest, and the order of the others, are drawn. Levels besides
    price and position: `gap`, `reference_cents`, and `stage` (`screen` or `ladder`).
    """

    kind: Literal["ladder"] = "ladder"

    def levels(self) -> list[str]:
        """Returns every level it sets."""
        hidden = "list_price_cents"  # would make of the lower price a deeper discount
        return ["position", "price_cents", hidden, "reference_cents", "gap", "stage"]

    def products_named(self) -> list[str]:
        """Returns no products: any listing may be the cheapest."""
        return []

    def varied(self) -> list[str]:
        """Returns the levels that differ between listings."""
        return ["position", "price_cents"]

    def block(self, size: int) -> int:
        """Returns how many worlds after the screen make a block for a shelf of so many products."""
        return len(self.references) * len(self.gaps) * size

    def unseen(self, listing: Listing) -> list[float]:
        """Returns the gaps that rounding to cents would swallow."""
        found = []
        for reference in self.references:
            shown = [_shown(listing, reference, gap) for gap in self.gaps]
            least = _shown(listing, reference, 0.0)
            pairs = zip(self.gaps, [least, *shown], shown, strict=False)
            found += [gap for gap, before, now in pairs if gap > 0 and now <= before]
        return sorted(set(found))

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns the levels of world k, given the stream of all its task's blocks."""
        size, screening = len(listings), k < self.screen
        gaps = self._gaps(screening)
        cells = list(product(self.references, gaps, range(size)))
        number, place = divmod(k if screening else k - self.screen, len(cells))
        stage = "screen" if screening else "ladder"
        own = stream.child(stage, number)
        reference, gap, slot = cells[int(own.generator().permutation(len(cells))[place])]
        slots = own.child(place).generator().permutation(size).tolist()
        prices = tuple(
            _shown(item, reference, 0.0 if at == slot else gap)
            for item, at in zip(listings, slots, strict=True)
        )
        shared: dict[str, Any] = {
            "list_price_cents": None,
            "reference_cents": _shown(listings[slots.index(slot)], reference, 0.0),
            "gap": gap,
            "stage": stage,
        }
        levels: dict[str, tuple[Any, ...]] = {
            "position": tuple(at + 1 for at in slots),
            "price_cents": prices,
            **{name: (value,) * size for name, value in shared.items()},
        }
        # without a gap no slot is that of the cheapest
        orders = math.factorial(size) * (size if gap else 1)
        pairs = zip(listings, prices, strict=True)
        return Draw(
            levels,
            probability=1 / (len(self.references) * len(gaps) * orders),
            marginals={
                "position": (1 / size,) * size,
                "price_cents": tuple(self._often(item, price, gaps, size) for item, price in pairs),
            },
        )

    def _gaps(self, screening: bool) -> tuple[float, ...]:
        return tuple(dict.fromkeys((0.0, self.gaps[-1]))) if screening else self.gaps

    def _often(self, item: Listing, price: int, gaps: Sequence[float], size: int) -> float:
        """How often a listing shows a price, over all references, gaps and slots."""

        def shown() -> Iterator[float]:
            for reference, gap in product(self.references, gaps):
                cheap, dear = _shown(item, reference, 0.0), _shown(item, reference, gap)
                yield (cheap == price) / size + (dear == price) * (size - 1) / size

        return sum(shown()) / (len(self.references) * len(gaps))


def _shown(item: Listing, reference: float, gap: float) -> int:
    return round(round(item.price_cents * reference) * (1 + gap))
