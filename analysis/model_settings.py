"""Parameters that choice models have in common, as experiment files write them."""

from pydantic import Field, PositiveInt, field_validator

from aces.stats.mixed.draws import Sequences
from aces.types import Record


class UtilitySettings(Record):
    """What utility is made of, and what errors rest on."""

    terms: tuple[str, ...] = ()
    """Terms of the utility; where not given, every level that the design varies."""
    effects: str | None = "product_id"
    """Column with a coefficient for each level; null for none."""
    cluster: str | None = "world_id"
    """Unit of randomisation; null for errors by choice set, or by decider."""
    outside: bool = False
    """Whether buying nothing is an alternative."""


class MixedSettings(Record):
    """How tastes differ between deciders."""

    random: dict[str, str] | None = None
    """Term -> `normal`, `lognormal`, `negative lognormal`, `triangular`; null: all are normal."""
    panel: str | None = None
    """Column that says who chose, such as `persona`; null where every trial is a decider's."""
    correlated: bool = False
    """Whether random coefficients are correlated."""
    draws: int = Field(default=500, ge=2)
    """Draws per decider."""
    sequence: Sequences = "halton"
    """`halton` or `sobol`, both scrambled."""


class NestedSettings(Record):
    """Which listings are closer substitutes."""

    nests: str | dict[str, tuple[str, ...]]
    """Column with the nest of each listing, such as `sponsored`, or nest -> product ids; a
    product that none names is alone, and buying nothing is in no nest."""
    common: bool = False
    """Whether all nests have the same dissimilarity."""


class LatentSettings(Record):
    """Of which types deciders may be."""

    panel: tuple[str, ...] = ()
    """Columns that say who chose, such as `buyer` and `persona`; none where every trial is a
    decider's."""
    membership: tuple[str, ...] = ()
    """Columns that the chance of a class depends on, such as `persona`; each has one value per
    decider."""
    common: tuple[str, ...] = ()
    """Terms whose coefficient all classes share; effects by level are shared anyway."""
    starts: PositiveInt = 10
    """Random starts."""

    @field_validator("panel", "membership", "common", "by", mode="before", check_fields=False)
    @classmethod
    def _one_name(cls, names: object) -> object:
        return (names,) if isinstance(names, str) else names
