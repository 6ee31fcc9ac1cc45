"""Versions of listings: the arms of a general A/B test."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, Self, TypeVar

import numpy as np
from pydantic import Field, JsonValue, model_validator

from aces.design.draws import Draw
from aces.design.table import Shares
from aces.seeds import Stream
from aces.types import Listing, Mark, Record

V = TypeVar("V")


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

    def pictures_named(self) -> list[str]:
        """Returns the keys of the pictures that its arms show."""
        lists = (changes.get("pictures") for changes in self._changes())
        return [str(key) for keys in lists for key in _entries(keys)]

    def marks_named(self) -> list[Mark]:
        """Returns the marks that its arms show."""
        lists = (changes.get("marks") for changes in self._changes())
        return [Mark.model_validate(each) for marks in lists for each in _entries(marks)]

    def varied(self) -> list[str]:
        """Returns the 0/1 levels, unless whole shelves are of one arm: none varies within one.

        The fields an arm changes vary only with it.
        """
        return [] if self.unit == "world" and self.products is None else self.columns()

    def options(self, listings: Sequence[Listing]) -> list[list[int]]:
        """Returns the arms, once for the world or once for each chosen listing."""
        factors = 1 if self.unit == "world" else sum(self._chosen(listings))
        return [list(range(len(self.arms)))] * factors

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns the arms' 0/1 levels and the values of every field that any arm changes."""
        weights = np.array([arm.weight for arm in self.arms])
        weights = weights / weights.sum()
        size = len(self.options(listings))
        drawn = stream.generator().choice(len(self.arms), size=size, p=weights).tolist()
        found = self.at(listings, drawn, [weights.tolist()] * size)
        probability = float(np.prod(weights[drawn])) if any(self._chosen(listings)) else 1.0
        return replace(found, probability=probability)

    def at(self, listings: Sequence[Listing], chosen: Sequence[int], shares: Shares) -> Draw:
        """Returns the levels at given arms, and how often each is shown."""
        arms = self._each(listings, chosen)
        often = self._each(listings, shares)
        levels: dict[str, tuple[Any, ...]] = {}
        marginals: dict[str, tuple[float, ...]] = {}
        for index, column in enumerate(self.columns(), start=1):
            levels[column] = tuple(int(arm == index) for arm in arms)
            marginals[column] = tuple(
                1.0 if share is None else share[index] if arm == index else 1 - share[index]
                for arm, share in zip(arms, often, strict=True)
            )
        for name in sorted(self._fields()):
            levels[name] = tuple(
                self._shown(name, item, arm) for item, arm in zip(listings, arms, strict=True)
            )
        return Draw(levels, marginals=marginals)

    def _chosen(self, listings: Sequence[Listing]) -> list[bool]:
        """Whether each listing is among those that the arms are for."""
        return [self.products is None or item.product_id in self.products for item in listings]

    def _each(self, listings: Sequence[Listing], values: Sequence[V]) -> list[V | None]:
        """What holds for each listing of one value for the world, or one for each chosen listing.

        None: the listing is not among the chosen.
        """
        chosen = self._chosen(listings)
        if self.unit == "world":
            return [values[0] if on else None for on in chosen]
        rest = iter(values)
        return [next(rest) if on else None for on in chosen]

    def _changes(self) -> list[Mapping[str, JsonValue]]:
        return [each for arm in self.arms for each in (arm.changes, *arm.by_product.values())]

    def _fields(self) -> set[str]:
        return {name for changes in self._changes() for name in changes}

    def _shown(self, name: str, item: Listing, arm: int | None) -> Any:  # noqa: ANN401
        # as it will be stored: lists, not tuples, and no records
        catalogue = item.model_dump(mode="json", include={name}).get(name, 0)
        if arm is None:
            return catalogue
        own = self.arms[arm].by_product.get(item.product_id, {})
        return own.get(name, self.arms[arm].changes.get(name, catalogue))


def _entries(value: JsonValue) -> list[JsonValue]:
    """The entries of a list, none of anything else."""
    return value if isinstance(value, list) else []
