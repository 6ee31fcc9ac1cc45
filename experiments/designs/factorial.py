"""Every combination of several treatments' levels equally often."""

from collections.abc import Sequence

from pydantic import Field

from aces.design import Table, fractions
from aces.errors import SpecError
from aces.spec import ExperimentSpec
from aces.types import Record
from experiments.designs import Cell, Declared, History
from experiments.designs._crossing import Declarations, Shelves, factors, named
from experiments.designs.independent import IndependentDesign

MOST_PRINTED = 12


class FactorialDesign:
    """All combinations of levels once in each block of worlds, or a fraction of them."""

    class Config(Record):
        """Parameters."""

        treatments: tuple[str, ...] = ()
        """Which to cross; all whose levels are finitely many where not given."""
        resolution: int | None = Field(default=None, ge=3, le=6)
        """Of two-level factors: the smallest fraction of this resolution."""
        generators: dict[str, tuple[str, ...]] = Field(default={})
        """Of two-level factors: factor -> those whose product it is: `{d: [a, b, c]}`."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def next(self, spec: ExperimentSpec, history: History) -> Sequence[Cell] | None:
        """Returns the worlds not planned yet."""
        return IndependentDesign().next(spec, history)

    def declare(
        self, spec: ExperimentSpec, declarations: Declarations, shelves: Shelves
    ) -> Declared:
        """Returns the table of combinations.

        Raises:
            SpecError: If the treatments can't be crossed as asked.
        """
        parts = named(self.config.treatments, declarations, shelves)
        names, options = factors(parts, shelves)
        try:
            rows, notes = self._rows(names, options)
        except ValueError as error:
            raise SpecError(str(error)) from None
        return Declared(Table(treatments=tuple(parts), rows=rows), notes)

    def _rows(
        self, names: Sequence[str], options: Sequence[int]
    ) -> tuple[fractions.Rows, list[str]]:
        crossed = " × ".join(map(str, options))
        if self.config.resolution is None and not self.config.generators:
            rows = fractions.full(options)
            note = f"full factorial of {', '.join(names)}: {crossed} = {len(rows)} worlds a block"
            return rows, [note]
        if set(options) != {2}:
            raise ValueError(f"fractions are of factors with two levels, found {crossed}")
        if self.config.generators:
            vectors = fractions.vectors_of_generators(names, self.config.generators)
        else:
            vectors = fractions.vectors_of_resolution(len(names), self.config.resolution or 3)
        if 0 in vectors or len(set(vectors)) < len(vectors):
            raise ValueError("these generators give two factors the same levels in all worlds")
        rows = fractions.fraction(vectors)
        return rows, [_fraction_note(names, vectors, len(rows)), *_aliases(names, vectors)]


def _fraction_note(names: Sequence[str], vectors: Sequence[int], runs: int) -> str:
    found = fractions.resolution(vectors)
    return f"{runs} of {2 ** len(names):,} combinations of {', '.join(names)} in a block, " + (
        f"resolution {found}" if found else "no words of up to 5 letters"
    )


def _aliases(names: Sequence[str], vectors: Sequence[int]) -> list[str]:
    found = fractions.aliases(names, vectors)
    if not found:
        return ["main effects and two-factor interactions can all be told apart"]
    more = len(found) - MOST_PRINTED
    shown = [f"can't be told apart: {line}" for line in found[:MOST_PRINTED]]
    return shown + ([f"and {more} more such groups"] if more > 0 else [])
