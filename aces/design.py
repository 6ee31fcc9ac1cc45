"""How levels are drawn: declarations as data, and the one pure function that draws them.

A treatment declares its draw; `draw` turns (declaration, listings, k, stream) into levels with the
probability of what was drawn. A level is the value shown, already rounded, so a stored plan can be
drawn again by anyone who has the declarations, the catalogue slice and the seed. The rules of
`Factor`, `Headroom` and `Tags` at their defaults are those of the ACES generator
(arXiv 2508.02630, released code, `experiments/data_generation.py`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Literal, Self, TypeVar

import numpy as np
from pydantic import Field, JsonValue, field_validator, model_validator

from aces.seeds import Stream
from aces.types import Listing, Record

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Draw:
    """Levels drawn for the J products of one shelf; every sequence has length J."""

    levels: dict[str, tuple[Any, ...]]
    probability: float = 1.0
    """Joint probability of the discrete levels."""
    marginals: dict[str, tuple[float, ...]] = field(default_factory=dict)
    densities: dict[str, tuple[float | None, ...]] = field(default_factory=dict)


class OneLevel(Record):
    """What declarations of a single level have in common."""

    level: str

    def levels(self) -> list[str]:
        """Returns every level it sets."""
        return [self.level]

    def products_named(self) -> list[str]:
        """Returns the products it names."""
        return []

    def varied(self) -> list[str]:
        """Returns the levels that differ between worlds."""
        return [self.level]


class Permutation(OneLevel):
    """Slots 1..J in uniformly random order."""

    kind: Literal["permutation"] = "permutation"
    level: str = "position"

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns slots with probability 1/J!."""
        size = len(listings)
        slots = tuple((stream.generator().permutation(size) + 1).tolist())
        return Draw(
            {self.level: slots},
            probability=1 / math.factorial(size),
            marginals={self.level: (1 / size,) * size},
        )


class Fixed(OneLevel):
    """Given values by product id; products not named keep the catalogue's."""

    kind: Literal["fixed"] = "fixed"
    values: Mapping[str, JsonValue]

    def products_named(self) -> list[str]:
        """Returns the products it names."""
        return list(self.values)

    def varied(self) -> list[str]:
        """Returns nothing: its levels are the same in all worlds."""
        return []

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns the given values, with certainty."""
        values = tuple(
            self.values.get(item.product_id, getattr(item, self.level, None)) for item in listings
        )
        return Draw({self.level: values})


class Factor(OneLevel):
    """A catalogue value times a random factor, rounded to a whole number.

    `lognormal`: exp(N(mu, sigma)), which keeps the median, not the mean. `uniform`: on
    [low, high]. `levels`: one of `factors`, equally likely.
    """

    kind: Literal["factor"] = "factor"
    distribution: Literal["lognormal", "uniform", "levels"] = "lognormal"
    mu: float = 0.0
    sigma: float = Field(default=0.3, ge=0)
    low: float = Field(default=0.8, gt=0)
    high: float = Field(default=1.25, gt=0)
    factors: tuple[float, ...] = ()
    scope: Literal["listing", "shelf"] = "listing"
    """`shelf`: one factor for all listings of a world."""
    rounding: Literal["nearest", "down"] = "nearest"
    ending: Literal["free", "keep"] = "free"
    """`keep`: the last two digits stay (a .99 price ends in .99 again)."""
    minimum: int = Field(default=0, ge=0)
    keep_first: bool = False
    """World 0 keeps the catalogue's values, as experiment 0 of ACES does."""
    hides: tuple[str, ...] = ()
    """Optional fields that are taken away, because they would contradict the drawn value."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.distribution == "levels" and not self.factors:
            raise ValueError("distribution 'levels' needs `factors: [...]`")
        if self.distribution == "uniform" and self.low >= self.high:
            raise ValueError("`low` must be below `high`")
        return self

    def levels(self) -> list[str]:
        """Returns every level it sets."""
        return [self.level, *self.hides]

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns rounded values with their probability or density."""
        base = [getattr(item, self.level) for item in listings]
        drawn = self._draw(base, k, stream)
        drawn.levels.update({name: (None,) * len(base) for name in self.hides})
        return drawn

    def _draw(self, base: list[int], k: int, stream: Stream) -> Draw:
        if self.keep_first and k == 0:
            return Draw({self.level: tuple(base)})
        size = 1 if self.scope == "shelf" else len(base)
        generator = stream.generator()
        if self.distribution == "levels":
            return self._draw_levels(base, generator, size)
        factors = self._factors(generator, size)
        if self.scope == "shelf":
            factors = factors * len(base)
        values = tuple(map(self._round, base, factors))
        densities = tuple(map(self._density, base, factors))
        return Draw({self.level: values}, densities={self.level: densities})

    def _draw_levels(self, base: list[int], generator: np.random.Generator, size: int) -> Draw:
        """One of the equally likely factors for each listing, or for the shelf.

        Factors that lead to the same value add up: what has a probability is the value shown.
        """
        indices = generator.integers(len(self.factors), size=size).tolist()
        factors = [self.factors[i] for i in indices] * (len(base) // size)
        values = tuple(map(self._round, base, factors))
        shelves = [tuple(self._round(each, f) for each in base) for f in self.factors]
        chances = tuple(
            options.count(value) / len(options)
            for value, options in zip(values, zip(*shelves, strict=True), strict=True)
        )
        whole = shelves.count(values) / len(shelves)
        joint = whole if self.scope == "shelf" else math.prod(chances)
        return Draw({self.level: values}, joint, {self.level: chances})

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
        chances = tuple(chance for _, chance in pairs)
        return Draw(
            {self.level: tuple(value for value, _ in pairs)},
            probability=math.prod(chances),
            marginals={self.level: chances},
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


class Tag(Record):
    """One tag of a `Tags` draw."""

    level: str
    probability: float = Field(default=0.5, ge=0, le=1)
    """That any listing of the shelf carries it."""
    most: int = Field(default=1, ge=1)
    """Where it is carried, by how many: uniform on 1..most."""
    also: Mapping[str, tuple[int, ...]] = {}
    """Further levels of a tagged listing, each uniform on a list: `stock: [1, 2, 3, 4]`."""

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


class Arm(Record):
    """One version of a listing: the fields it changes."""

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    weight: float = Field(default=1.0, gt=0)
    changes: Mapping[str, JsonValue] = {}
    """Listing field -> value shown, for all listings in the arm."""
    by_product: Mapping[str, Mapping[str, JsonValue]] = {}
    """Product id -> listing field -> value shown; wins over `changes`."""


class Arms(Record):
    """Named versions of chosen listings; the first arm is the baseline.

    `unit: world` draws one arm for all chosen listings of a world, `listing` one for each. Every
    arm but the first gives a 0/1 level `<name>_<arm>` (`<name>` where there are two arms).
    """

    kind: Literal["arms"] = "arms"
    name: str
    arms: tuple[Arm, ...] = Field(min_length=1)
    products: tuple[str, ...] | None = None
    """The listings it applies to; all where not given."""
    unit: Literal["world", "listing"] = "world"

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [arm.name for arm in self.arms]
        if len(set(names)) < len(names):
            raise ValueError(f"two arms have the same name, found {', '.join(names)}")
        return self

    def columns(self) -> list[str]:
        """Returns the names of the 0/1 levels, in the order of the arms after the first."""
        if len(self.arms) == 2:
            return [self.name]
        return [f"{self.name}_{arm.name}" for arm in self.arms[1:]]

    def levels(self) -> list[str]:
        """Returns every level it sets."""
        return [*self.columns(), *sorted(self._fields())]

    def products_named(self) -> list[str]:
        """Returns the products it names."""
        by_product = (name for arm in self.arms for name in arm.by_product)
        return list(dict.fromkeys([*(self.products or ()), *by_product]))

    def varied(self) -> list[str]:
        """Returns the 0/1 levels; the fields an arm changes vary only with it."""
        return self.columns()

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns the arms' 0/1 levels and the values of every field that any arm changes."""
        chosen = [self.products is None or item.product_id in self.products for item in listings]
        arms, probability = self._draw_arms(chosen, stream.generator())
        total = sum(arm.weight for arm in self.arms)
        levels: dict[str, tuple[Any, ...]] = {}
        marginals: dict[str, tuple[float, ...]] = {}
        for index, column in enumerate(self.columns(), start=1):
            share = self.arms[index].weight / total
            levels[column] = tuple(int(arm == index) for arm in arms)
            marginals[column] = tuple(
                1.0 if arm is None else share if arm == index else 1 - share for arm in arms
            )
        for name in sorted(self._fields()):
            levels[name] = tuple(
                self._shown(name, item, arm) for item, arm in zip(listings, arms, strict=True)
            )
        return Draw(levels, probability, marginals)

    def _draw_arms(
        self, chosen: list[bool], generator: np.random.Generator
    ) -> tuple[list[int | None], float]:
        """The arm of each listing (None: not among the chosen), and its joint probability."""
        weights = np.array([arm.weight for arm in self.arms])
        weights = weights / weights.sum()
        size = 1 if self.unit == "world" else sum(chosen)
        drawn = generator.choice(len(self.arms), size=size, p=weights).tolist()
        probability = float(np.prod(weights[drawn])) if any(chosen) else 1.0
        if self.unit == "world":
            return [drawn[0] if on else None for on in chosen], probability
        rest = iter(drawn)
        return [next(rest) if on else None for on in chosen], probability

    def _fields(self) -> set[str]:
        return {
            name
            for arm in self.arms
            for changes in (arm.changes, *arm.by_product.values())
            for name in changes
        }

    def _shown(self, name: str, item: Listing, arm: int | None) -> Any:  # noqa: ANN401
        catalogue = getattr(item, name, 0)  # a mark's kind is a level too
        if arm is None:
            return catalogue
        own = self.arms[arm].by_product.get(item.product_id, {})
        return own.get(name, self.arms[arm].changes.get(name, catalogue))


Declaration = Annotated[
    Permutation | Fixed | Factor | Headroom | Tags | Arms, Field(discriminator="kind")
]


def draw(
    declarations: Mapping[str, Declaration], listings: Sequence[Listing], k: int, stream: Stream
) -> Draw:
    """Returns the levels of world k: every declaration drawn on its own named stream.

    Args:
        declarations: Treatment name -> declaration. The names address the streams.
        listings: The shelf's J base listings in catalogue order.
        k: Index of the world within its task.
        stream: The world's stream.
    """
    levels: dict[str, tuple[Any, ...]] = {}
    probability = 1.0
    marginals: dict[str, tuple[float, ...]] = {}
    densities: dict[str, tuple[float | None, ...]] = {}
    for name, declaration in declarations.items():
        part = declaration.draw(listings, k, stream.child(name))
        levels |= part.levels
        probability *= part.probability
        marginals |= part.marginals
        densities |= part.densities
    levels.setdefault("position", tuple(range(1, len(listings) + 1)))
    return Draw(levels, probability, marginals, densities)


def shelf(pool: Sequence[V], size: int, sample: bool, stream: Stream) -> list[V]:
    """Returns the pool's first `size` members or, with `sample`, `size` drawn without replacement.

    Either way they come in the pool's order, so that catalogue order stays the reference.
    """
    if not sample:
        return list(pool[:size])
    chosen = stream.generator().choice(len(pool), size=size, replace=False)
    return [pool[i] for i in sorted(chosen.tolist())]
