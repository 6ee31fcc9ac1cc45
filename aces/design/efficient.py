"""D-efficient tables of choice sets for a conditional logit, by coordinate exchange.

One option of one factor in one world is exchanged at a time, as long as that raises the
determinant of the information on the terms, product effects estimated along with them (Kessels,
Jones, Goos and Vandebroek 2009, J. Bus. Econ. Stat. 27, 279; Huber and Zwerina 1996, J. Mark. Res.
33, 307). Several draws of the coefficients make it good on average over what they may be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aces import terms
from aces.design.table import Crossable, alike
from aces.types import Listing

Floats = NDArray[np.float64]
Table = NDArray[np.int64]
"""(worlds, factors): options."""

PASSES = 20
"""Through the whole table, at most."""
LEAST_GAIN = 1e-7
"""In the mean log determinant: below, machines may disagree."""
RIDGE = 1e-8


@dataclass(frozen=True)
class ChoiceSets:
    """How terms of shelves depend on the options of factors: a sum of their contributions.

    Attributes:
        options: How many each factor has.
        base: (tasks, J, terms) with every factor at its first option.
        change: Of each factor, (options, tasks, J, terms): what its options add to the base.
    """

    options: tuple[int, ...]
    base: Floats
    change: tuple[Floats, ...]

    @classmethod
    def of(
        cls,
        parts: Mapping[str, Crossable],
        shelves: Sequence[Sequence[Listing]],
        names: Sequence[str],
    ) -> "ChoiceSets":
        """Tries each option of each factor on the shelf of every task.

        Args:
            parts: Treatments by name; each term depends on one of them.
            shelves: Base listings by task.
            names: Terms.
        """
        counts = [len(o) for part in parts.values() for o in part.options(shelves[0])]
        start = [0] * len(counts)
        base = _terms(parts, shelves, names, start)
        change = tuple(
            np.stack(
                [
                    _terms(parts, shelves, names, [*start[:f], option, *start[f + 1 :]]) - base
                    for option in range(count)
                ]
            )
            for f, count in enumerate(counts)
        )
        return cls(tuple(counts), base, change)

    def random(self, worlds: int, generator: np.random.Generator) -> Table:
        """Returns a table of independent, equally likely options."""
        columns = [generator.integers(count, size=worlds) for count in self.options]
        return np.stack(columns, axis=1)

    def information(self, row: Sequence[int], betas: Floats) -> Floats:
        """Returns the information of one world, all tasks together.

        Args:
            row: Option of each factor.
            betas: (draws, terms) coefficients.

        Returns:
            (draws, n, n), n terms and J - 1 product effects for each task.
        """
        X = self.base + sum(change[o] for change, o in zip(self.change, row, strict=True))
        utility = np.einsum("tjp,rp->rtj", X, betas)
        odds = np.exp(utility - utility.max(axis=2, keepdims=True))
        p = odds / odds.sum(axis=2, keepdims=True)
        Z = self._with_products(X)
        centred = Z - np.einsum("rtj,tjn->rtn", p, Z)[:, :, None, :]
        weighted = centred * p[..., None]
        flat = (len(betas), -1, Z.shape[-1])
        return np.asarray(weighted.reshape(flat).transpose(0, 2, 1) @ centred.reshape(flat))

    def _with_products(self, X: Floats) -> Floats:
        tasks, size, _ = X.shape
        effects = np.zeros((tasks, size, tasks, size - 1))
        for task in range(tasks):
            effects[task, 1:, task] = np.eye(size - 1)
        return np.concatenate([X, effects.reshape(tasks, size, -1)], axis=2)


def _terms(
    parts: Mapping[str, Crossable],
    shelves: Sequence[Sequence[Listing]],
    names: Sequence[str],
    row: Sequence[int],
) -> Floats:
    """(tasks, J, terms) at one option of each factor."""
    found = []
    for shelf in shelves:
        columns = {
            field: [getattr(item, field) or 0 for item in shelf]
            for field in ("price_cents", "review_count", "rating")
        }
        start = 0
        for part in parts.values():
            options = part.options(shelf)
            chosen = row[start : start + len(options)]
            levels = part.at(shelf, chosen, alike(options)).levels
            columns |= {k: [value or 0 for value in v] for k, v in levels.items()}
            start += len(options)
        found.append(terms.matrix(names, columns))
    return np.stack(found)


def log_information(total: Floats, n_terms: int) -> float:
    """Returns the log determinant of the information on the terms, per term, mean over draws.

    Product effects are estimated too: the determinant is that of the Schur complement.
    """
    total = total + RIDGE * np.eye(total.shape[-1])
    whole = np.linalg.slogdet(total)[1]
    nuisance = np.linalg.slogdet(total[:, n_terms:, n_terms:])[1]
    return float((whole - nuisance).mean() / n_terms)


def d_error(sets: ChoiceSets, table: Table, betas: Floats) -> float:
    """Returns the D-error of a table, per world: det(information / worlds) ** (-1 / terms)."""
    total = sum(sets.information(row, betas) for row in table.tolist())
    return float(np.exp(-log_information(np.asarray(total) / len(table), betas.shape[1])))


def exchange(sets: ChoiceSets, table: Table, betas: Floats) -> Table:
    """Returns a table improved by coordinate exchange.

    Args:
        sets: What the options mean.
        table: Where to start from.
        betas: (draws, terms) coefficients.
    """
    table = table.copy()
    parts = np.stack([sets.information(row, betas) for row in table.tolist()])
    best = log_information(parts.sum(axis=0), betas.shape[1])
    for _ in range(PASSES):
        before = best
        total = parts.sum(axis=0)  # anew in each pass: differences would add up rounding errors
        for world in range(len(table)):
            for factor, count in enumerate(sets.options):
                for option in range(count):
                    if option == table[world, factor]:
                        continue
                    row = table[world].tolist()
                    row[factor] = option
                    one = sets.information(row, betas)
                    value = log_information(total - parts[world] + one, betas.shape[1])
                    if value > best + LEAST_GAIN:
                        total, best = total - parts[world] + one, value
                        parts[world] = one
                        table[world, factor] = option
        if best < before + 1e-4:
            break
    return table
