"""Levels of listings chosen to say the most about declared terms."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from aces import terms
from aces.design import Crossable, Table, efficient
from aces.errors import SpecError, nearest
from aces.seeds import Stream
from aces.spec import ExperimentSpec
from aces.types import Record
from experiments.designs import Cell, Declared, History
from experiments.designs._crossing import Declarations, Shelves, crossable, factors, named
from experiments.designs.independent import IndependentDesign

Floats = NDArray[np.float64]
RANDOM = 20
"""Tables of independent levels that the efficient one is compared with."""


class EfficientDesign:
    """A D-efficient table of choice sets for given or default priors, by coordinate exchange."""

    class Config(Record):
        """Parameters."""

        treatments: tuple[str, ...] = ()
        """Which to set; all of single listings whose levels are finitely many where not given."""
        priors: dict[str, float] = Field(default={})
        """Expected coefficients by term; 0 where not given."""
        prior_sd: dict[str, float] = Field(default={})
        """How uncertain they are: the design is good on average over normal draws."""
        draws: PositiveInt = 20
        """Draws of uncertain priors."""
        worlds: PositiveInt | None = None
        """Worlds of the table, which is then repeated in new order; `worlds_per_task` where not
        given, and then the run can't grow."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def next(self, spec: ExperimentSpec, history: History) -> Sequence[Cell] | None:
        """Returns the worlds not planned yet."""
        return IndependentDesign().next(spec, history)

    def declare(
        self, spec: ExperimentSpec, declarations: Declarations, shelves: Shelves
    ) -> Declared:
        """Searches for the table.

        Raises:
            SpecError: If nothing can be set, or a prior is of no term that it varies.
        """
        parts = self._parts(declarations, shelves)
        factors(parts, shelves)
        names = terms.default_terms([v for n in parts for v in declarations[n].varied()], 1, 1)
        betas = self._betas(names)
        sets = efficient.ChoiceSets.of(parts, shelves, names)
        worlds = self.config.worlds or spec.worlds_per_task
        if worlds < len(names) + 2:
            raise SpecError(f"{worlds} worlds are too few for {len(names)} terms")
        # of the table alone: another seed orders the same worlds otherwise
        generator = Stream("efficient", worlds, *sets.options).generator()
        start = sets.random(worlds, generator)
        table = efficient.exchange(sets, start, betas)
        rows = tuple(tuple(row) for row in table.tolist())
        notes = [self._note(names), *_gains(sets, table, betas, generator)]
        return Declared(Table(treatments=tuple(parts), rows=rows), notes)

    def _parts(self, declarations: Declarations, shelves: Shelves) -> Mapping[str, Crossable]:
        """Treatments of single listings: those of a whole shelf have no effect within it."""
        single = {
            name: part
            for name, part in crossable(declarations, shelves).items()
            if len(part.options(shelves[0])) > 1
        }
        parts = named(self.config.treatments, declarations, shelves)
        found = {name: part for name, part in parts.items() if name in single}
        if not found or (self.config.treatments and len(found) < len(parts)):
            raise SpecError(
                "an efficient design sets levels of single listings: `scope: listing`, `unit: "
                f"listing`, `steps:`; found {', '.join(parts)}"
            )
        return found

    def _betas(self, names: Sequence[str]) -> Floats:
        """(draws, terms) coefficients; one draw where nothing is uncertain."""
        for name in (*self.config.priors, *self.config.prior_sd):
            if name not in names:
                raise SpecError(f"prior of '{name}', which it does not vary{nearest(name, names)}")
        mean = np.array([self.config.priors.get(name, 0.0) for name in names])
        sd = np.array([self.config.prior_sd.get(name, 0.0) for name in names])
        if not sd.any():
            return mean[None]
        normal = Stream("priors").generator().standard_normal((self.config.draws, len(names)))
        return np.asarray(mean + sd * normal)

    def _note(self, names: Sequence[str]) -> str:
        said = []
        for name in names:
            sd = self.config.prior_sd.get(name)
            prior = f"{self.config.priors.get(name, 0.0):g}"
            said.append(f"{name} {prior}" + (f" ± {sd:g}" if sd else ""))
        return f"D-efficient for priors {', '.join(said)}"


def _gains(
    sets: efficient.ChoiceSets,
    table: efficient.Table,
    betas: Floats,
    generator: np.random.Generator,
) -> list[str]:
    """Says how the table compares with independent levels, at the priors and at no effects."""
    others = [sets.random(len(table), generator) for _ in range(RANDOM)]
    lines = []
    for where, at in (("at the priors", betas), ("at no effects", 0 * betas[:1])):
        ours = efficient.d_error(sets, table, at)
        drawn = float(np.mean([efficient.d_error(sets, other, at) for other in others]))
        lines.append(
            f"D-error {where} {ours:.4g} a world, of independent levels {drawn:.4g}: "
            f"100 worlds say as much as {100 * drawn / ours:.0f}"
        )
    return lines
