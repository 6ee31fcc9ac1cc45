"""What a gate is, and the arms that it is held against."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from analysis.display import Table

ARM = ["buyer", "interface"]
MISSING = ("failed", "truncated")
"""Statuses without an outcome. Leaving without a purchase is an outcome."""


@dataclass(frozen=True)
class Check:
    """One gate.

    Attributes:
        name: What was checked.
        passed: Whether it holds; None where it does not apply.
        verdict: The finding, in a sentence.
        p_value: Of its test, where it is one.
        table: The numbers behind it.
        failing: Buyers with their interfaces that fail it; empty where it concerns all of them.
    """

    name: str
    passed: bool | None
    verdict: str
    p_value: float | None = None
    table: Table | None = None
    failing: tuple[tuple[str, str], ...] = ()

    def concerns(self, buyer: str, interface: str) -> bool:
        """Returns whether the gate does not hold for a buyer with its interface."""
        return self.passed is False and (not self.failing or (buyer, interface) in self.failing)


def arms(trials: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yields each buyer and interface with its trials, named `buyer · interface`."""
    for (buyer, interface), group in trials.groupby(ARM, sort=False):
        yield f"{buyer} · {interface}", group
