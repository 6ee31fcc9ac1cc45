"""What a design will tell of each term: standard errors expected at stated tastes, and power."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from aces import terms
from aces.stats.choice_data import Floats
from experiments.levels import level_table, reseeded
from experiments.plan import Plan

PILOT_WORLDS = 2000
"""Worlds drawn to see what the design varies, shared out among the tasks."""
LEAST_PILOT = 250
"""Worlds drawn per task at least."""
REACH = 4.0
"""Standard errors around an effect over which its standard error is followed."""
ROUNDS = 4
"""In which an estimate and the standard error at it come to agree."""
LEFT_OVER = 1e-6
"""Share of a term's information that other terms must leave, or it can't be told from them."""
RANK = 1e-9
"""Eigenvalues below this share of the largest are none: product effects have one baseline."""
STILL = 1e-12
"""Information per world below which a term is the same for a whole shelf, but for rounding."""
SIZE = 0.05
CRITICAL = 1.959964
"""Of a two-sided 5 % test."""


@dataclass(frozen=True)
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

    @cached_property
    def columns(self) -> Floats:
        """(worlds, size, terms + products)."""
        return np.concatenate([self.X, self.products], axis=2)

    def probabilities(self) -> tuple[Floats, Floats]:
        """Returns (worlds, size) choice given a purchase, and (worlds,) that of a purchase."""
        top = self.utility.max(axis=1, keepdims=True)
        weight = np.exp(self.utility - top)
        total = weight.sum(axis=1)
        return weight / total[:, None], total / (total + np.exp(self.outside - top[:, 0]))

    def information(self, shift: Floats | None = None) -> Floats:
        """Returns (K, K) the information of one world, given a purchase or nothing at all.

        Args:
            shift: (K,) added to the prior's coefficients.
        """
        x = self.columns
        moved = self if shift is None else replace(self, utility=self.utility + x @ shift)
        choice, purchase = moved.probabilities()
        x = x - np.einsum("ws,wsk->wk", choice, x)[:, None]
        x *= np.sqrt(choice * purchase[:, None])[:, :, None]
        flat = x.reshape(-1, x.shape[2])
        return np.asarray(flat.T @ flat / len(x))


Levels = Mapping[str, NDArray[np.generic]]


def pilot_levels(plan: Plan) -> list[Levels]:
    """Returns some worlds of each task as `level_table` gives them, drawn with their own seed."""
    drawer = reseeded(plan, plan.spec.seed + 1_000_003)
    each = max(LEAST_PILOT, PILOT_WORLDS // len(plan.spec.tasks))
    return [
        level_table(plan, [drawer.assignment(task.id, k) for k in range(each)])
        for task in plan.spec.tasks
    ]


def _pilot(plan: Plan, table: Levels, names: Sequence[str], prior: Mapping[str, float]) -> Pilot:
    ids = np.asarray(table["product_id"])
    X = terms.matrix(names, table)
    products = np.column_stack([ids == product for product in plan.listings]).astype(float)
    return Pilot(
        X=by_world(X, table, 0.0),
        products=by_world(products, table, 0.0),
        utility=by_world(utility(table, prior), table, -np.inf),
        outside=prior.get("outside_option", -np.inf),
    )


def by_world(values: Floats, table: Levels, gap: float) -> Floats:
    """Returns rows as (worlds, size, ...), with `gap` where a shelf holds fewer than others."""
    sets = np.asarray(table["set"], dtype=np.int64)
    sizes = np.bincount(sets)
    at = np.arange(len(sets)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    found = np.full((len(sizes), sizes.max(), *values.shape[1:]), gap)
    found[sets, at] = values
    return found


def utility(table: Levels, prior: Mapping[str, float]) -> Floats:
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


@dataclass(frozen=True)
class Expected:
    """What a design is expected to tell of terms estimated with product effects.

    Attributes:
        names: The terms.
        prior: Coefficients by term, product effects as `product_id[ID]`; with `outside_option`,
            trials that buy nothing add no information.
        pilots: Worlds drawn from the design, not those of the plan's own seed.
        worlds: Worlds per task.
    """

    names: Sequence[str]
    prior: Mapping[str, float]
    pilots: Sequence[Pilot]
    worlds: int

    @classmethod
    def of(
        cls,
        plan: Plan,
        names: Sequence[str],
        prior: Mapping[str, float],
        levels: Sequence[Levels] | None = None,
    ) -> "Expected":
        """Returns what a plan's design is expected to tell at a prior.

        Args:
            plan: The experiment's plan.
            names: Terms.
            prior: As above.
            levels: What `pilot_levels` has drawn, where several priors are looked at.
        """
        drawn = pilot_levels(plan) if levels is None else levels
        pilots = [_pilot(plan, table, names, prior) for table in drawn]
        return cls(names, prior, pilots, plan.spec.worlds_per_task)

    @cached_property
    def errors(self) -> Floats:
        """(terms,) standard errors, from the information of a conditional logit given a purchase.

        Infinite for terms that the design can't tell from others.
        """
        information = self._information()
        left = _terms_alone(information, len(self.names))
        lost = _lost(left, np.diag(information)[: len(self.names)])
        variance = np.diag(np.linalg.pinv(left, hermitian=True)) / self.worlds
        return np.where(lost, np.inf, np.sqrt(np.where(lost, 1.0, variance)))

    def power(self, effects: Floats) -> Floats:
        """Returns (terms,) the chance that a two-sided 5 % test finds effects.

        The estimate is taken as normal, its standard error not as fixed: where a thing is bought
        rarely, little is known of it, so that an estimate too low by chance comes with a larger
        error. The error is followed along the line on which the others move with the term.

        Args:
            effects: (terms,) each term's coefficient, the others being as the prior says.
        """
        return np.array([self._power(k, float(effect)) for k, effect in enumerate(effects)])

    def _information(self, shift: Floats | None = None) -> Floats:
        return np.asarray(sum(pilot.information(shift) for pilot in self.pilots))

    @cached_property
    def _covariance(self) -> Floats:
        """(K, K) of all coefficients, product effects included."""
        return self._inverse(self._information())

    def _inverse(self, information: Floats) -> Floats:
        return np.asarray(np.linalg.pinv(information, rcond=RANK, hermitian=True) / self.worlds)

    def _power(self, k: int, effect: float) -> float:
        from scipy.special import ndtr

        if not np.isfinite(self.errors[k]):
            return SIZE
        error = self._error(k, effect)
        high, low = (self._threshold(k, effect, error, side) for side in (1, -1))
        return float(ndtr((effect - high) / error) + ndtr((low - effect) / error))

    def _threshold(self, k: int, effect: float, error: float, side: int) -> float:
        """The estimate from which on a test finds an effect, above zero or below."""
        found = side * CRITICAL * error
        for _ in range(ROUNDS):
            near = np.clip(found, effect - REACH * error, effect + REACH * error)
            found = side * CRITICAL * self._error(k, near)
        return found

    def _error(self, k: int, value: float) -> float:
        """Standard error of a coefficient where it has this value."""
        by = value - self.prior.get(self.names[k], 0.0)
        if by == 0:
            return float(self.errors[k])
        along = self._covariance[:, k] / self._covariance[k, k]
        return float(np.sqrt(self._inverse(self._information(by * along))[k, k]))


def expected_errors(plan: Plan, names: Sequence[str], prior: Mapping[str, float]) -> Floats:
    """Returns the standard error expected of each term with product effects, shape (terms,).

    Args:
        plan: The experiment's plan.
        names: Terms.
        prior: As in `Expected`.
    """
    return Expected.of(plan, names, prior).errors


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
