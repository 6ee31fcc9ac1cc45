"""Versions of the whole page: what a world's settings are, drawn once for each world."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, Self

from pydantic import Field, JsonValue, model_validator

from aces.design.draws import Draw
from aces.design.table import Shares
from aces.seeds import Stream
from aces.types import Listing, Mark, Record


class Version(Record):
    """One version of the page: the settings it has."""

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    weight: float = Field(default=1.0, gt=0)
    settings: Mapping[str, JsonValue] = Field(min_length=1)
    """Field of a world -> its value: `{theme: harbor, density: compact}`."""


class Versions(Record):
    """Named versions of the page, one drawn for each world; the first is the baseline.

    Every version but the first gives a 0/1 level `<name>_<version>` (`<name>` where there are
    two), the same for all listings of a world. What is the same for a whole shelf has no
    coefficient of its own in a choice model: interact it (`row_1:<name>`).
    """

    kind: Literal["versions"] = "versions"
    name: str
    versions: tuple[Version, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _comparable(self) -> Self:
        names = [version.name for version in self.versions]
        if len(set(names)) < len(names):
            raise ValueError(f"two versions have the same name, found {', '.join(names)}")
        said = [set(version.settings) for version in self.versions]
        missing = sorted(set().union(*said) - said[0].intersection(*said))
        if missing:
            raise ValueError(
                f"every version must say its {', '.join(missing)}, the baseline's included"
            )
        return self

    def columns(self) -> list[str]:
        """Returns the names of the 0/1 levels, in the order of the versions after the first."""
        if len(self.versions) == 2:
            return [self.name]
        return [f"{self.name}_{version.name}" for version in self.versions[1:]]

    def levels(self) -> list[str]:
        """Returns every level it sets."""
        return [*self.columns(), *sorted(self.versions[0].settings)]

    def products_named(self) -> list[str]:
        """Returns no products: it is about the page."""
        return []

    def marks_named(self) -> list[Mark]:
        """Returns the marks that its versions show."""
        lists = (version.settings.get("notices") for version in self.versions)
        return [
            Mark.model_validate(mark)
            for marks in lists
            if isinstance(marks, list)
            for mark in marks
        ]

    def varied(self) -> list[str]:
        """Returns nothing: none of its levels varies within a shelf."""
        return []

    def options(self, listings: Sequence[Listing]) -> list[list[int]]:
        """Returns the versions: one factor for the world."""
        return [list(range(len(self.versions)))]

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns the version's 0/1 levels and settings, the same for every listing."""
        weights = [version.weight for version in self.versions]
        shares = [weight / sum(weights) for weight in weights]
        drawn = int(stream.generator().choice(len(shares), p=shares))
        return replace(self.at(listings, [drawn], [shares]), probability=shares[drawn])

    def at(self, listings: Sequence[Listing], chosen: Sequence[int], shares: Shares) -> Draw:
        """Returns the levels at a given version, and how often each is shown."""
        n, (drawn,), (often,) = len(listings), chosen, shares
        levels: dict[str, tuple[Any, ...]] = {}
        marginals: dict[str, tuple[float, ...]] = {}
        for index, column in enumerate(self.columns(), start=1):
            levels[column] = (int(index == drawn),) * n
            marginals[column] = (often[index] if index == drawn else 1 - often[index],) * n
        for name, value in sorted(self.versions[drawn].settings.items()):
            levels[name] = (value,) * n
        return Draw(levels, marginals=marginals)
