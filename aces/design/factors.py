"""Random factors on prices and counts, and ratings that move within their headroom."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from aces.design.draws import Draw, OneLevel
from aces.design.table import Shares, alike, chance
from aces.seeds import Stream
from aces.types import Listing, Record


class FactorSettings(Record):
    """How a factor is distributed; the parameters of the treatments that draw one.

    `lognormal`: exp(N(mu, sigma)), which keeps the median, not the mean. `uniform`: on
    [low, high]. `levels`: one of `factors`, equally likely.
    """

    distribution: Literal["lognormal", "uniform", "levels"] = "lognormal"
    mu: float = Field(default=0.0, ge=-5, le=5)
    sigma: float = Field(default=0.3, ge=0, le=5)
    low: float = Field(default=0.8, gt=0)
    high: float = Field(default=1.25, gt=0, le=1000)
    factors: tuple[Annotated[float, Field(gt=0, le=1000)], ...] = ()
    """Of `levels`: the factors, equally likely."""
    scope: Literal["listing", "shelf"] = "listing"
    """`shelf`: one factor for all listings of a world."""
    keep_first: bool = False
    """World 0 keeps the catalogue's values, as experiment 0 of ACES does."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.distribution == "levels" and not self.factors:
            raise ValueError("distribution 'levels' needs `factors: [...]`")
        if self.distribution == "uniform" and self.low >= self.high:
            raise ValueError("`low` must be below `high`")
        return self


class Factor(FactorSettings, OneLevel):
    """A catalogue value times a random factor, rounded to a whole number."""

    kind: Literal["factor"] = "factor"
    rounding: Literal["nearest", "down"] = "nearest"
    ending: Literal["free", "keep"] = "free"
    """`keep`: the last two digits stay (a .99 price ends in .99 again)."""
    minimum: int = Field(default=0, ge=0)
    hides: tuple[str, ...] = ()
    """Optional fields that are taken away, because they would contradict the drawn value."""
    shift: tuple[Annotated[float, Field(gt=0, le=1000)], ...] = ()
    """One of these, equally likely, times every factor of a world; the level `<...>_shift`."""

    @property
    def shift_level(self) -> str:
        """Name of the level that holds the shift: `price_shift` of `price_cents`."""
        return f"{self.level.removesuffix('_cents')}_shift"

    def levels(self) -> list[str]:
        """Returns every level it sets."""
        return [self.level, *self.hides, *([self.shift_level] if self.shift else [])]

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns rounded values with their probability or density."""
        if self.shift:
            return self._shifted(listings, k, stream)
        base = [getattr(item, self.level) for item in listings]
        if self.distribution == "levels" and not (self.keep_first and k == 0):
            return self._draw_levels(listings, stream.generator())
        drawn = self._draw(base, k, stream)
        drawn.levels.update(dict.fromkeys(self.hides, (None,) * len(base)))
        return drawn

    def options(self, listings: Sequence[Listing]) -> list[list[Any]]:
        """Returns the values by factor drawn: of each listing, or of the whole shelf."""
        if self.distribution != "levels" or self.shift:
            return []
        base = [getattr(item, self.level) for item in listings]
        if self.scope == "shelf":
            return [[tuple(self._round(each, f) for each in base) for f in self.factors]]
        return [[self._round(each, f) for f in self.factors] for each in base]

    def at(self, listings: Sequence[Listing], chosen: Sequence[int], shares: Shares) -> Draw:
        """Returns the values at given factors, and how often each is shown."""
        n = len(listings)
        options = self.options(listings)
        if self.scope == "shelf":
            each = [[values[i] for values in options[0]] for i in range(n)]
            chosen, shares = list(chosen) * n, list(shares) * n
        else:
            each = options
        values = tuple(shown[option] for shown, option in zip(each, chosen, strict=True))
        often = tuple(map(chance, each, chosen, shares))
        hidden: dict[str, tuple[Any, ...]] = dict.fromkeys(self.hides, (None,) * n)
        return Draw({self.level: values, **hidden}, marginals={self.level: often})

    def _shifted(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """The draw with one more factor for the whole shelf.

        Densities are given the shift; marginal probabilities are over all shifts.
        """
        first = self.keep_first and k == 0
        chosen = int(stream.child("shift").uniform() * len(self.shift))
        shift = 1.0 if first else self.shift[chosen]
        drawn = self._at_shift(shift).draw(listings, k, stream)
        often = 1.0 if first else self.shift.count(shift) / len(self.shift)
        drawn.levels[self.shift_level] = (shift,) * len(listings)
        drawn.marginals[self.shift_level] = (often,) * len(listings)
        if self.distribution == "levels" and not first:
            pairs = zip(listings, drawn.levels[self.level], strict=True)
            drawn.marginals[self.level] = tuple(self._often(item, value) for item, value in pairs)
        return replace(drawn, probability=drawn.probability * often)

    def _at_shift(self, shift: float) -> "Factor":
        """The same draw with every factor so many times as large."""
        scaled = {
            "mu": self.mu + math.log(shift),
            "low": self.low * shift,
            "high": self.high * shift,
            "factors": tuple(factor * shift for factor in self.factors),
        }
        return self.model_copy(update={**scaled, "shift": ()})

    def _often(self, item: Listing, value: int) -> float:
        """How often a listing shows a value, over all factors and shifts."""
        base = getattr(item, self.level)
        shown = [self._round(base, f * shift) for shift in self.shift for f in self.factors]
        return shown.count(value) / len(shown)

    def _draw(self, base: list[int], k: int, stream: Stream) -> Draw:
        if self.keep_first and k == 0:
            return Draw({self.level: tuple(base)})
        size = 1 if self.scope == "shelf" else len(base)
        factors = self._factors(stream.generator(), size)
        if self.scope == "shelf":
            factors = factors * len(base)
        values = tuple(map(self._round, base, factors))
        densities = tuple(map(self._density, base, factors))
        return Draw({self.level: values}, densities={self.level: densities})

    def _draw_levels(self, listings: Sequence[Listing], generator: np.random.Generator) -> Draw:
        """One of the equally likely factors for each listing, or for the shelf.

        Factors that lead to the same value add up: what has a probability is the value shown.
        """
        options = self.options(listings)
        chosen = generator.integers(len(self.factors), size=len(options)).tolist()
        shares = alike(options)
        joint = math.prod(map(chance, options, chosen, shares))
        return replace(self.at(listings, chosen, shares), probability=joint)

    def _factors(self, generator: np.random.Generator, size: int) -> list[float]:
        if self.distribution == "uniform":
            return list(map(float, generator.uniform(self.low, self.high, size)))
        return list(map(float, generator.lognormal(self.mu, self.sigma, size)))

    def _round(self, base: int, factor: float) -> int:
        value = base * factor
        if self.ending == "keep":
            ending = base % 100
            least = max(0, -((ending - self.minimum) // 100))
            return 100 * max(least, round((value - ending) / 100)) + ending
        return max(self.minimum, int(value) if self.rounding == "down" else round(value))

    def _density(self, base: int, factor: float) -> float | None:
        """Density of the unrounded value, per unit of the level."""
        if base == 0 or (self.distribution == "lognormal" and self.sigma == 0):
            return None
        if self.distribution == "uniform":
            return 1 / ((self.high - self.low) * base)
        z = (math.log(factor) - self.mu) / self.sigma
        return math.exp(-0.5 * z * z) / (math.sqrt(2 * math.pi) * self.sigma * factor * base)


class Headroom(OneLevel):
    """r + a (top - r) with a ~ U(-spread, spread): ratings move in proportion to their headroom.

    The spread is proportional to top - r, so a 4.8 moves far less than a 4.0 and carries
    correspondingly less information. `steps`: instead, r + step with step uniform on the given
    list, the same for every product.
    """

    kind: Literal["headroom"] = "headroom"
    level: str = "rating"
    spread: float = Field(default=0.4, ge=0, le=1)
    steps: tuple[float, ...] = ()
    top: float = 5.0
    keep_first: bool = False

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns ratings rounded to a tenth with the probability of each rounded value.

        Rounding makes the level discrete: its probability is the length of the part of
        [-spread, spread] that rounds to it. Listings without a rating keep none.
        """
        base = [getattr(item, self.level) for item in listings]
        if self.keep_first and k == 0:
            return Draw({self.level: tuple(base)})
        draws = stream.generator().uniform(size=len(base)).tolist()
        pairs = [
            (None, 1.0) if r is None else self._draw_one(r, u)
            for r, u in zip(base, draws, strict=True)
        ]
        chances = tuple(often for _, often in pairs)
        return Draw(
            {self.level: tuple(value for value, _ in pairs)},
            probability=math.prod(chances),
            marginals={self.level: chances},
        )

    def options(self, listings: Sequence[Listing]) -> list[list[float]]:
        """Returns the ratings after each step, of every listing that has one."""
        ratings = [r for item in listings if (r := getattr(item, self.level)) is not None]
        return [[self._show(r + step) for step in self.steps] for r in ratings if self.steps]

    def at(self, listings: Sequence[Listing], chosen: Sequence[int], shares: Shares) -> Draw:
        """Returns the ratings after given steps, and how often each is shown."""
        shown = self.options(listings)
        values = iter([each[option] for each, option in zip(shown, chosen, strict=True)])
        often = iter(map(chance, shown, chosen, shares))
        rated = [getattr(item, self.level) is not None for item in listings]
        return Draw(
            {self.level: tuple(next(values) if has else None for has in rated)},
            marginals={self.level: tuple(next(often) if has else 1.0 for has in rated)},
        )

    def _draw_one(self, rating: float, u: float) -> tuple[float, float]:
        """A rounded rating and its probability, from a uniform number."""
        if self.steps:
            shown = [self._show(rating + step) for step in self.steps]
            value = shown[int(u * len(shown))]
            return value, shown.count(value) / len(shown)
        reach = self.spread * (self.top - rating)
        value = self._show(rating + reach * (2 * u - 1))
        return value, self._chance(rating, reach, value)

    def _show(self, rating: float) -> float:
        return min(self.top, max(0.0, round(rating, 1)))

    def _chance(self, rating: float, reach: float, value: float) -> float:
        low, high = rating - reach, rating + reach
        if high - low < 1e-12:
            return 1.0
        # the ends of the scale collect whatever lies beyond them
        left = -math.inf if value <= 0 else value - 0.05
        right = math.inf if value >= self.top else value + 0.05
        return max(0.0, min(high, right) - max(low, left)) / (high - low)
