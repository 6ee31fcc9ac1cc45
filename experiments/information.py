"""What a design will tell of each term: standard errors expected at stated tastes, and power."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aces import terms
from aces.stats.choice_data import Floats
from experiments.levels import level_table, reseeded
from experiments.plan import Plan

PILOT_WORLDS = 400
"""Worlds drawn per task to see what the design varies."""
LEFT_OVER = 1e-6
"""Share of a term's information that other terms must leave, or it can't be told from them."""
STILL = 1e-12
"""Information per world below which a term is the same for a whole shelf, but for rounding."""
CRITICAL = 1.959964
"""Of a two-sided 5 % test."""


@dataclass(frozen=True, slots=True)
class Pilot:
    """Drawn worlds of one task as arrays.

    Attributes:
        X: (worlds, size, terms).
        products: (worlds, size, products) 1 for the product of each listing.
        utility: (worlds, size) at the prior.
        outside: Utility of buying nothing; minus infinity where that is not possible.
    """

    X: Floats
    products: Floats
    utility: Floats
    outside: float

    @property
    def columns(self) -> Floats:
        """(worlds, size, terms + products)."""
        return np.concatenate([self.X, self.products], axis=2)

    def probabilities(self) -> tuple[Floats, Floats]:
        """Returns (worlds, size) choice given a purchase, and (worlds,) that of a purchase."""
        top = self.utility.max(axis=1, keepdims=True)
        weight = np.exp(self.utility - top)
        total = weight.sum(axis=1)
        return weight / total[:, None], total / (total + np.exp(self.outside - top[:, 0]))

    def information(self) -> Floats:
        """Returns (K, K) the information of one world, given a purchase or nothing at all."""
        choice, purchase = self.probabilities()
        x = self.columns
        x = x - np.einsum("ws,wsk->wk", choice, x)[:, None]
        x *= np.sqrt(choice * purchase[:, None])[:, :, None]
        flat = x.reshape(-1, x.shape[2])
        return np.asarray(flat.T @ flat / len(x))


def pilots(plan: Plan, names: Sequence[str], prior: Mapping[str, float]) -> Iterator[Pilot]:
    """Yields up to 400 worlds of each task, drawn with a seed of their own."""
    drawer = reseeded(plan, plan.spec.seed + 1_000_003)
    for task in plan.spec.tasks:
        worlds = [drawer.assignment(task.id, k) for k in range(PILOT_WORLDS)]
        yield _pilot(plan, level_table(plan, worlds), names, prior)


def _pilot(
    plan: Plan,
    table: Mapping[str, NDArray[np.generic]],
    names: Sequence[str],
    prior: Mapping[str, float],
) -> Pilot:
    ids = np.asarray(table["product_id"])
    worlds = int(np.asarray(table["set"])[-1]) + 1
    X = terms.matrix(names, table)
    products = np.column_stack([ids == product for product in plan.listings]).astype(float)
    return Pilot(
        X=X.reshape(worlds, -1, X.shape[1]),
        products=products.reshape(worlds, -1, products.shape[1]),
        utility=utility(table, prior).reshape(worlds, -1),
        outside=prior.get("outside_option", -np.inf),
    )


def utility(table: Mapping[str, NDArray[np.generic]], prior: Mapping[str, float]) -> Floats:
    """Returns (rows,) the utility of each listing; what the table has no column for adds nothing.

    Args:
        table: As `level_table` gives it.
        prior: Coefficients by term, product effects as `product_id[ID]`.
    """
    total = np.array([prior.get(f"product_id[{i}]", 0.0) for i in table["product_id"]])
    for name, value in prior.items():
        if all(part in table or terms.is_derived(part) for part in name.split(":")):
            total = total + value * terms.term(name, table)
    return total


def expected_errors(plan: Plan, names: Sequence[str], prior: Mapping[str, float]) -> Floats:
    """Returns the standard error expected of each term with product effects, shape (terms,).

    The information of a conditional logit given a purchase, at the prior, averaged over worlds
    drawn from the design (not those of the plan's own seed), scaled to the number of worlds.
    Infinite for terms that the design can't tell from others.

    Args:
        plan: The experiment's plan.
        names: Terms.
        prior: Coefficients by term, product effects as `product_id[ID]`; with `outside_option`,
            trials that buy nothing add no information.
    """
    information = np.asarray(sum(pilot.information() for pilot in pilots(plan, names, prior)))
    left = _terms_alone(information, len(names))
    lost = _lost(left, np.diag(information)[: len(names)])
    variance = np.diag(np.linalg.pinv(left, hermitian=True)) / plan.spec.worlds_per_task
    return np.where(lost, np.inf, np.sqrt(np.where(lost, 1.0, variance)))


def _terms_alone(information: Floats, n: int) -> Floats:
    """Information on the terms after product effects took theirs."""
    cross = information[:n, n:]
    return np.asarray(
        information[:n, :n] - cross @ np.linalg.pinv(information[n:, n:], hermitian=True) @ cross.T
    )


def _lost(left: Floats, alone: Floats) -> NDArray[np.bool_]:
    """Which terms have no information of their own, or share it with others entirely."""
    still = alone < STILL
    scale = np.sqrt(np.where(still, 1.0, alone))
    values, vectors = np.linalg.eigh(left / np.outer(scale, scale))
    nothing = values < LEFT_OVER
    return np.asarray(still | (np.abs(vectors[:, nothing]) > 1e-3).any(axis=1))


def power(effect: Floats, std_error: Floats) -> Floats:
    """Returns the chance that a two-sided 5 % test finds effects, normal approximation."""
    from scipy.special import ndtr

    z = np.asarray(effect) / std_error
    return np.asarray(ndtr(z - CRITICAL) + ndtr(-z - CRITICAL))


def worlds_needed(half_width: float, std_error: float, worlds: int) -> int | None:
    """Returns worlds per task for a 95 % interval of so much on either side; None: never.

    Args:
        half_width: Wanted.
        std_error: Expected with `worlds` per task.
        worlds: Worlds per task.
    """
    if not np.isfinite(std_error):
        return None
    return int(np.ceil(worlds * (CRITICAL * std_error / half_width) ** 2))
