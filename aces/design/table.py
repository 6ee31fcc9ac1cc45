"""Several treatments set together: by the rows of a table, or in pairs equal but for one."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import numpy as np
from pydantic import Field

from aces.design.draws import Draw
from aces.seeds import Stream
from aces.types import Listing, Record

Options = Sequence[Sequence[Any]]
"""Of each factor, what each option shows."""
Shares = Sequence[Sequence[float]]
"""Of each factor, how often each option is taken."""


class Crossable(Protocol):
    """A declaration of finitely many levels, which may be set rather than drawn."""

    def options(self, listings: Sequence[Listing]) -> Options:
        """Returns what each option of its factors shows; no factors where it is not finite."""
        ...

    def at(self, listings: Sequence[Listing], chosen: Sequence[int], shares: Shares) -> Draw:
        """Returns the levels at one option of each factor, and how often each is shown."""
        ...


def chance(shown: Sequence[Any], option: int, share: Sequence[float]) -> float:
    """Returns how often a factor shows what an option shows: equal options add up."""
    return sum(s for value, s in zip(shown, share, strict=True) if value == shown[option])


def alike(options: Options) -> Shares:
    """Returns the shares of options that are taken equally often."""
    return [[1 / len(shown)] * len(shown) for shown in options]


class Together(Record):
    """What declarations that set others' levels have in common."""

    def levels(self) -> list[str]:
        """Returns no levels: those are the treatments'."""
        return []

    def products_named(self) -> list[str]:
        """Returns no products."""
        return []

    def varied(self) -> list[str]:
        """Returns nothing: the treatments say what varies."""
        return []


class Table(Together):
    """Levels of several treatments by the rows of a table, each once in a block, in drawn order.

    The factors are those of the treatments, in their order: one for a whole shelf, or one for each
    listing.
    """

    kind: Literal["table"] = "table"
    treatments: tuple[str, ...] = Field(min_length=1)
    rows: tuple[tuple[int, ...], ...] = Field(min_length=1)
    """(runs, factors): options, counted from 0."""

    def place(
        self, parts: Mapping[str, Crossable], listings: Sequence[Listing], k: int, stream: Stream
    ) -> tuple[dict[str, Draw], float]:
        """Returns the levels of world k by treatment, and their joint probability.

        Args:
            parts: Every declaration by name.
            listings: The shelf.
            k: Index of the world.
            stream: Of all blocks of the task.
        """
        number, place = divmod(k, len(self.rows))
        order = stream.child(number).generator().permutation(len(self.rows))
        row = self.rows[int(order[place])]
        table = np.array(self.rows)
        same = np.ones(len(table), dtype=bool)
        found: dict[str, Draw] = {}
        start = 0
        for name in self.treatments:
            options = parts[name].options(listings)
            columns = table[:, start : start + len(options)]
            chosen = row[start : start + len(options)]
            shares = [
                (np.bincount(column, minlength=len(shown)) / len(table)).tolist()
                for column, shown in zip(columns.T, options, strict=True)
            ]
            found[name] = parts[name].at(listings, chosen, shares)
            for column, shown, option in zip(columns.T, options, chosen, strict=True):
                equal = [i for i, value in enumerate(shown) if value == shown[option]]
                same &= np.isin(column, equal)
            start += len(options)
        return found, float(same.mean())


class Pairs(Together):
    """Worlds in groups that are equal but for one treatment, which takes each option once.

    Everything else is drawn once for the group. `pair` names the group in the long table.
    """

    kind: Literal["pairs"] = "pairs"
    treatment: str
    worlds: int = Field(ge=2)
    """Options of the treatment, and worlds of a group."""

    def levels(self) -> list[str]:
        """Returns the level that names the group."""
        return ["pair"]

    def place(
        self, parts: Mapping[str, Crossable], listings: Sequence[Listing], k: int, stream: Stream
    ) -> tuple[dict[str, Draw], float]:
        """Returns the levels of the treatment in world k, and their probability.

        Args:
            parts: Every declaration by name.
            listings: The shelf.
            k: Index of the world.
            stream: Of all groups of the task.
        """
        number, place = divmod(k, self.worlds)
        own = stream.child(number)
        options = parts[self.treatment].options(listings)
        chosen = int(own.generator().permutation(self.worlds)[place])
        drawn = parts[self.treatment].at(listings, [chosen], alike(options))
        drawn.levels["pair"] = (f"{number}-{own.child('name').whole():08x}",) * len(listings)
        return {self.treatment: drawn}, chance(options[0], chosen, alike(options)[0])
