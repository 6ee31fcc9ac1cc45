"""Shelves as a source showed them, one after another."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, PositiveInt, field_validator

from aces.spec import ExperimentSpec
from aces.types import Record
from experiments.designs import Cell, History
from experiments.designs.independent import IndependentDesign


class GivenDesign:
    """Worlds are the catalogue's given shelves: published trials, matched pairs, judged results.

    A task's `category` says of which category, `any` of all; `shelf.size` how long.
    """

    class Config(Record):
        """Parameters."""

        kind: Literal["trial", "pair", "group", "query"] | None = None
        """Only shelves of this kind."""
        group: tuple[str, ...] = ()
        """Only those that the source calls so: an experiment's label, a file of pairs; one or
        several."""
        query: tuple[str, ...] = ()
        """Only those of these searches; one or several."""
        order: Literal["as_given", "random"] = "as_given"
        """`random`: the seed draws which shelf comes when, each once: a sample."""
        times: PositiveInt = 1
        """So many worlds show each shelf, with what treatments lay on top drawn anew."""
        match: tuple[Literal["price", "review_count"], ...] = ()
        """What all listings of a shelf share: the mean, rounded to whole units."""
        intents: str = ""
        """CSV with the columns `Intent` and `Starting Point`, as ABxLab has it: what the shopper
        is told. Looked for from here, beside the experiment and beside the catalogue."""
        intent: str = Field(default="Category")
        """Which: its `Starting Point`."""

        @field_validator("group", "query", "match", mode="before")
        @classmethod
        def _several(cls, value: object) -> object:
            return [value] if isinstance(value, str) else value

    def __init__(self, config: Config) -> None:
        self.config = config

    def next(self, spec: ExperimentSpec, history: History) -> Sequence[Cell] | None:
        """Returns the worlds not planned yet."""
        return IndependentDesign().next(spec, history)
