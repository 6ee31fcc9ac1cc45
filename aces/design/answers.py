"""Shelves with a right answer: listings that are alike but for one that is plainly better."""

import math
from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from aces.design.draws import Draw
from aces.design.factors import Factor, Headroom
from aces.errors import UserError
from aces.seeds import Stream
from aces.types import Listing, Record

MOST_DRAWS = 1000
"""Draws of a shelf after which none is hoped to have a unique best listing."""

_CHANGES = ("factor", "step", "sigma", "spread")


class Improvement(Record):
    """One way in which a listing comes to be the best; exactly one of the four is given."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    factor: float | None = Field(default=None, gt=0)
    """One listing has the common value times this."""
    step: float | None = None
    """One listing has the common value plus this: cents of a price, stars of a rating."""
    sigma: float | None = Field(default=None, gt=0, le=5)
    """Every price is the common one times exp(N(0, sigma))."""
    spread: float | None = Field(default=None, gt=0, le=1)
    """Every rating is r + a (5 - r), a uniform on [-spread, spread], to a tenth of a star."""

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        given = [name for name in _CHANGES if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"test '{self.name}' needs exactly one of {', '.join(_CHANGES)}, "
                f"found {', '.join(given) or 'none'}"
            )
        return self


class BestOffer(Record):
    """One listing of every shelf is the cheapest, or the best rated; the tests take turns.

    World k has test k modulo their number. `factor` and `step` make one listing better, each
    equally likely. `sigma` and `spread` draw all values at random; shelves whose best value is
    shared, as rounded ratings often are, are drawn again. Levels besides the value:
    `right_answer` (0/1), `test` (its name) and `draws` (how often the shelf was drawn).

    The joint probability is that of the listing made better, 1/J; shelves drawn at random count
    as 1, since what conditioning on a unique best does to their probability has no closed form.
    """

    kind: Literal["best_offer"] = "best_offer"
    level: Literal["price_cents", "rating"]
    tests: tuple[Improvement, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _better(self) -> Self:
        names = [test.name for test in self.tests]
        if len(set(names)) < len(names):
            raise ValueError(f"two tests have the same name, found {', '.join(names)}")
        for test in self.tests:
            if reason := _no_improvement(test, self.level):
                raise ValueError(f"test '{test.name}': {reason}")
        return self

    def levels(self) -> list[str]:
        """Returns every level it sets."""
        return [self.level, *self._hides, "right_answer", "test", "draws"]

    @property
    def _hides(self) -> tuple[str, ...]:
        # a struck-through price would make of a lower price a deeper discount
        return ("list_price_cents",) if self.level == "price_cents" else ()

    def products_named(self) -> list[str]:
        """Returns no products: any listing may be the best."""
        return []

    def varied(self) -> list[str]:
        """Returns the level that differs between worlds."""
        return [self.level]

    def unseen(self, listing: Listing) -> list[str]:
        """Returns the tests that would not change what this listing shows: 1 % off 30 cents."""
        base = getattr(listing, self.level)
        return [t.name for t in self.tests if base is None or not self._seen(t, base)]

    def _seen(self, test: Improvement, base: float) -> bool:
        if test.sigma is not None:
            return base > 0 and round(base * math.exp(-test.sigma)) < base
        if test.spread is not None:
            reach = test.spread * (5 - base)
            return round(base - reach, 1) < round(base + reach, 1)
        value = self._changed(test, base)
        return 0 < value < base if self.level == "price_cents" else base < value <= 5

    def _changed(self, test: Improvement, base: float) -> float:
        value = base * test.factor if test.factor is not None else base + (test.step or 0.0)
        return round(value) if self.level == "price_cents" else round(value, 1)

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns the values shown, which listing is the right answer, and of which test.

        Raises:
            UserError: If no shelf with a unique best listing was drawn.
        """
        test, n = self.tests[k % len(self.tests)], len(listings)
        levels: dict[str, tuple[Any, ...]] = dict.fromkeys(self._hides, (None,) * n)
        if test.sigma is not None or test.spread is not None:
            values, best, draws = self._until_unique(test, listings, stream)
            probability, marginals = 1.0, {}
        else:
            values, best = self._one_better(test, listings, stream)
            draws, probability = 1, 1 / n
            marginals = {"right_answer": tuple(1 / n if i == best else 1 - 1 / n for i in range(n))}
        levels |= {
            self.level: values,
            "right_answer": tuple(int(i == best) for i in range(n)),
            "test": (test.name,) * n,
            "draws": (draws,) * n,
        }
        return Draw(levels, probability, marginals)

    def _one_better(
        self, test: Improvement, listings: Sequence[Listing], stream: Stream
    ) -> tuple[tuple[Any, ...], int]:
        best = int(stream.generator().integers(len(listings)))
        base = [getattr(item, self.level) for item in listings]
        base[best] = self._changed(test, base[best])
        return tuple(base), best

    def _until_unique(
        self, test: Improvement, listings: Sequence[Listing], stream: Stream
    ) -> tuple[tuple[Any, ...], int, int]:
        """Values with one best among them, its index, and how many shelves were drawn."""
        rule: Factor | Headroom = (
            Factor(level=self.level, sigma=test.sigma, minimum=1)
            if test.sigma is not None
            else Headroom(level=self.level, spread=test.spread or 0.0)
        )
        choose = min if self.level == "price_cents" else max
        for draws in range(1, MOST_DRAWS + 1):
            values = rule.draw(listings, 1, stream.child(draws)).levels[self.level]
            best = choose(values)
            if values.count(best) == 1:
                return values, values.index(best), draws
        raise UserError(
            f"test '{test.name}': in {MOST_DRAWS:,} draws no shelf had a unique best {self.level}; "
            "draw the values more widely, or start from others"
        )


def _no_improvement(test: Improvement, level: str) -> str:
    """Why a test can't make a listing better at what it is about; empty where it can."""
    if level == "price_cents":
        if test.spread is not None:
            return "`spread` is for ratings; draw prices with `sigma`"
        if (test.factor or 0.0) >= 1 or (test.step or 0.0) > 0 or test.step == 0:
            return "a better price is lower: `factor` below 1 or a negative `step`"
        if test.step is not None and test.step != int(test.step):
            return "`step` of a price is in whole cents"
        return ""
    if test.sigma is not None or test.factor is not None:
        return "`sigma` and `factor` are for prices; change ratings by `step` or `spread`"
    if test.step is not None and round(test.step, 1) <= 0:
        return "a better rating is higher, by a tenth of a star or more"
    return ""
