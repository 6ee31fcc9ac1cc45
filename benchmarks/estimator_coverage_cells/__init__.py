"""The cells of `benchmarks.estimator_coverage`: a module of them for each family of methods.

A new method joins by a module here with `CELLS`, a tuple of `Cell`s; nothing else needs to know.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

Claim = Literal["covers 95 %", "covers at least 95 %", "rejects 5 %", "rejects at most 5 %"]
Held = Mapping[str, Iterable[bool]]
"""Method -> of each of its intervals whether it holds the truth, of each test whether it rejects.

An empty one was withheld: the method gave no answer for these data.
"""


@dataclass(frozen=True)
class Method:
    """What a method says of itself.

    Attributes:
        name: As in what `simulate` returns.
        claim: What is tested.
        told: Where a user is told that it misses; empty where it does not.
    """

    name: str
    claim: Claim
    told: str = ""


@dataclass(frozen=True)
class Cell:
    """One design at one size, simulated again and again.

    Attributes:
        family: Heading of the table that it stands in.
        design: What is drawn, in words.
        size: What counts as the number of independent units, in words (`G = 20`).
        methods: What is tested on each data set.
        simulate: From a stream of random numbers to what each method did.
        runs: How often; fewer than 2,000 where a fit is dear.
    """

    family: str
    design: str
    size: str
    methods: tuple[Method, ...]
    simulate: Callable[[np.random.Generator], Held]
    runs: int = 2000

    @property
    def name(self) -> str:
        """By which results are kept."""
        return f"{self.family} | {self.design} | {self.size}"


def cells() -> list[Cell]:
    """Returns the cells of all modules, in the order of their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return [cell for module in modules for cell in getattr(module, "CELLS", ())]
