"""Worlds in pairs that are equal but for one treatment."""

from collections.abc import Sequence

from aces.design import Pairs
from aces.errors import SpecError
from aces.spec import ExperimentSpec
from aces.types import Record
from experiments.designs import Cell, Declared, History
from experiments.designs._crossing import Declarations, Shelves, factors, named
from experiments.designs.independent import IndependentDesign


class PairedDesign:
    """Each pair of worlds equal but for one treatment: as many worlds as that has levels."""

    class Config(Record):
        """Parameters."""

        by: str
        """The treatment that differs within a pair."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def next(self, spec: ExperimentSpec, history: History) -> Sequence[Cell] | None:
        """Returns the worlds not planned yet."""
        return IndependentDesign().next(spec, history)

    def declare(
        self, spec: ExperimentSpec, declarations: Declarations, shelves: Shelves
    ) -> Declared:
        """Returns how the treatment is set within a pair.

        Raises:
            SpecError: If its levels can't be set, or are drawn for each listing.
        """
        by = self.config.by
        _, options = factors(named([by], declarations, shelves), shelves)
        if len(options) != 1:
            raise SpecError(
                f"'{by}' is drawn for each listing; pairs need a treatment with one level per "
                "world: `unit: world`, `scope: shelf`, or a single product"
            )
        if options[0] < 2:
            raise SpecError(f"'{by}' has one level only; pairs need two or more")
        note = f"{options[0]} worlds at a time are equal but for {by}; `pair` names them"
        return Declared(Pairs(treatment=by, worlds=options[0]), [note])
