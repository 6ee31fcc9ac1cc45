"""Rules that an experiment declares and its analysis goes by: gates, and families of tests."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from aces.types.record import Record


class Gates(Record):
    """What must hold of each buyer with its interface; null leaves a gate out."""

    parse_rate: float | None = Field(default=0.95, ge=0, le=1)
    """Least share of a buyer's answers that could be read."""
    refusal_rate: float | None = Field(default=0.05, ge=0, le=1)
    """Greatest share of refusals."""
    comprehension: float | None = Field(default=0.9, ge=0, le=1)
    """Least share of right answers to each kind of question about the shelf."""
    label_mass: float | None = Field(default=0.5, ge=0, le=1)
    """Probability that a forced choice's answer begins with a label, at least."""
    low_label_mass: float = Field(default=0.05, ge=0, le=1)
    """Greatest share of trials with less than that."""
    position_lock: float | None = Field(default=0.9, ge=0.5, lt=1)
    """Share of purchases of one slot above which, by its lower limit, a buyer is locked to it and
    has its coefficients withheld. From one half on only the most chosen slot can pass it."""


class Multiplicity(Record):
    """How p-values are adjusted, and for which others."""

    adjust: Literal["holm", "benjamini_hochberg"] = "holm"
    """`holm`: the chance of any false finding; `benjamini_hochberg`: the share of false ones."""
    families: Mapping[str, tuple[str, ...]] = {}
    """Name -> terms: `{nudges: [authority, scarcity]}`. Terms not named are one family."""

    @model_validator(mode="after")
    def _apart(self) -> Self:
        owner: dict[str, str] = {}
        for name, terms in self.families.items():
            for term in terms:
                if owner.setdefault(term, name) != name:
                    raise ValueError(f"'{term}' stands in '{owner[term]}' and in '{name}'")
        return self

    def family(self, term: str) -> str:
        """Returns the declared family of a term; empty where it has none of its own."""
        return next((name for name, terms in self.families.items() if term in terms), "")
