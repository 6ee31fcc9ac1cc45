"""When a run ends before all that was planned: the rules, and what became of them."""

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from aces.types.record import Record

FEWEST = 100
"""Trials below which nothing is decided."""
GROWTH = 0.02
"""Looks at large samples are this share of the sample apart."""


class StopRule(Record):
    """One rule: `precision` ends when an interval is narrow, `always_valid` when a test decides.

    It is about a `term` of the default analysis, or about how often a `product` is bought; an
    always-valid test of a product compares worlds in which its `level` is as `between` says.
    """

    use: Literal["precision", "always_valid"]
    term: str | None = None
    product: str | None = None
    level: str | None = None
    between: tuple[float, float] = (0.0, 1.0)
    """Values of the level: baseline, treatment."""
    half_width: float | None = Field(default=None, gt=0)
    """Of the 95 % interval, at which precision is enough."""
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    """Chance that an always-valid interval misses at any look."""
    smallest_effect: float | None = Field(default=None, gt=0)
    """An always-valid test also decides when every effect of this size is excluded."""
    best_at: int = Field(default=500, ge=1)
    """Worlds after which an always-valid interval is about as narrow as it can be made."""
    after: int = Field(default=FEWEST, ge=FEWEST)
    """Trials before the first look."""
    every: int = Field(default=10, ge=1)
    """Worlds from look to look; 2 % of the worlds seen, where that is more."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.term is None) == (self.product is None):
            raise ValueError("a stopping rule needs a `term:` or a `product:`, one of the two")
        if self.use == "precision":
            _require(self.half_width is not None, "`use: precision` needs `half_width:`")
            _require(self.smallest_effect is None, "`smallest_effect:` is for `use: always_valid`")
            _require(self.level is None, "`level:` is for `use: always_valid`")
        else:
            _require(self.half_width is None, "`half_width:` is for `use: precision`")
            told = (self.product is None) == (self.level is None)
            _require(told, "a test of a product needs the `level:` that it compares, a term none")
        return self

    def __str__(self) -> str:
        what = f"term {self.term}" if self.term else f"share of {self.product}"
        if self.use == "precision":
            return f"95 % interval of {what} within ± {self.half_width:g}"
        by = f" by {self.level}" if self.level else ""
        small = f", or none of {self.smallest_effect:g}" if self.smallest_effect else ""
        return f"always-valid test of {what}{by}{small} at {self.alpha:g}"


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)


class Finding(Record):
    """What one rule rested on at the look that ended the run."""

    rule: str
    estimate: float
    low: float
    high: float
    """Of the interval that the rule goes by: valid at this look, however it was chosen."""


class Stopped(Record):
    """Where the trials of a buyer through an interface ended, by the rules."""

    buyer: str
    interface: str
    worlds: int
    """Completed in plan order."""
    trials: int
    last_index: int
    """Plan index of the last trial that counts."""
    looks: int
    """How often the data were looked at, this look included."""
    findings: tuple[Finding, ...]

    def __str__(self) -> str:
        found = "; ".join(
            f"{f.rule}: {f.estimate:.3f} [{f.low:.3f}, {f.high:.3f}]" for f in self.findings
        )
        return (
            f"{self.buyer} · {self.interface} stopped by rule after {self.worlds:,} worlds "
            f"({self.trials:,} trials, {self.looks:,} looks). {found}"
        )


def looks(worlds: int, every: int) -> Iterator[int]:
    """Yields the numbers of worlds at which data are looked at: the same however it is run."""
    seen = every
    while seen <= worlds:
        yield seen
        seen += max(every, int(GROWTH * seen))
