"""Separation: a direction in which the likelihood never falls, so that no estimate is finite.

Reference: Albert, A. and Anderson, J. A. (1984). On the existence of maximum likelihood estimates
in logistic regression models. Biometrika 71, 1-10; the linear program is Konis's (2007).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aces.errors import EstimationError, SeparationError
from aces.stats.choice_data import Block, ChoiceData, Floats
from aces.stats.constraints import Constraints, constraints
from aces.stats.likelihood import Likelihood, log_likelihood, maximise

ONE_SIDED_95 = 2.705543454095404
"""90 % point of chi-square with one degree of freedom."""
VIOLATED = 1e-6
"""Margin, as a share of the column's greatest, below which a direction loses a choice."""
CUTS = 500


@dataclass(frozen=True)
class Margins:
    """Attributes of what was chosen minus those of what was not, in one block.

    Attributes:
        lost: (rows, K) against alternatives not chosen; a separating direction has none below 0.
        tied: (rows, K) against others chosen too (fractional outcomes); they must stay at 0.
    """

    lost: Floats
    tied: Floats


def check_separation(data: ChoiceData, at: Likelihood, limits: Constraints | None = None) -> None:
    """Raises SeparationError, naming columns and a bound, where the maximum is at infinity.

    Args:
        data: The choice sets.
        at: Where a search that did not converge ended.
        limits: Linear constraints on the coefficients.
    """
    direction = separating_direction(data, limits)
    if direction is None:
        return
    columns = np.flatnonzero(direction)
    column = int(columns[0])
    sign = float(np.sign(direction[column]))
    try:
        bound = profile_bound(data, at, column, sign, limits)
    except EstimationError:  # so few choices that the others have no finite maximum either
        bound = None
    raise SeparationError(_message(data, direction, bound))


def separating_direction(data: ChoiceData, limits: Constraints | None = None) -> Floats | None:
    """Returns (K,) a direction with few columns in which no choice loses, or None.

    A linear program finds it: margins of all choices summed are maximised, subject to none being
    negative. Only choices that proposals violate enter it as constraints.

    Args:
        data: The choice sets.
        limits: Linear constraints, which the direction must not leave.
    """
    lowest, highest, total = _ranges(data)
    scale = np.maximum(highest, -lowest)
    scale[scale == 0] = 1.0
    for column in range(data.n_columns):
        if lowest[column] >= 0 < highest[column] or highest[column] <= 0 > lowest[column]:
            alone = np.zeros(data.n_columns)
            alone[column] = np.sign(highest[column] + lowest[column])
            if limits is None or not (limits.matrix @ alone).any():
                return alone
    program = _Program(data, scale, total / scale, limits)
    direction = program.solve(np.ones(data.n_columns, dtype=bool))
    return None if direction is None else _sparse(program, direction) / scale


def profile_bound(
    data: ChoiceData,
    at: Likelihood,
    column: int,
    sign: float,
    limits: Constraints | None = None,
) -> float:
    """Returns the one-sided 95 % profile likelihood bound of a coefficient that is infinite.

    Args:
        data: The choice sets.
        at: A point far along the direction, where the likelihood has all but levelled off.
        column: The coefficient.
        sign: +1 where it grows without limit, -1 where it falls.
        limits: Linear constraints on the coefficients.
    """
    from scipy.optimize import brentq

    away, along = _holding(column, data.n_columns, limits)

    def excess(value: float) -> float:
        # from one start always: where several coefficients have no finite maximum, the search ends
        # somewhere that depends on it
        start = log_likelihood(data, at.params + (value - at.params[column]) * away)
        end = maximise(data, start, along=along, tolerance=1e-6).at
        return 2 * (at.llf - end.llf) - ONE_SIDED_95

    inner = far = float(at.params[column])
    width = 1.0 / np.sqrt(max(float(at.information[column, column]), 1.0))
    while excess(inner) < 0:
        far, inner, width = inner, inner - sign * width, 2 * width
    return float(brentq(excess, min(inner, far), max(inner, far), xtol=1e-4))


def _holding(column: int, n: int, limits: Constraints | None) -> tuple[Floats, Floats]:
    """(K,) a direction that moves a coefficient by 1, and (K, m) those that leave it alone."""
    alone = np.eye(n)[column]
    if limits is None:
        return alone, np.delete(np.eye(n), column, axis=1)
    held = constraints(np.vstack([limits.matrix, alone]), np.append(0.0 * limits.values, 1.0))
    assert held is not None
    return held.origin, held.along


class _Program:
    """The linear program over directions in [-1, 1], columns scaled by their greatest margin."""

    def __init__(
        self, data: ChoiceData, scale: Floats, objective: Floats, limits: Constraints | None
    ) -> None:
        self.data = data
        self.scale = scale
        self.objective = objective / max(float(np.abs(objective).max()), 1e-300)
        self.cuts = np.empty((0, data.n_columns))
        self.ties = np.empty((0, data.n_columns)) if limits is None else limits.matrix / scale

    def solve(self, free: NDArray[np.bool_]) -> Floats | None:
        """Returns a separating direction that uses only `free` columns, or None."""
        from scipy.optimize import linprog

        limit = np.where(free, 1.0, 0.0)
        while True:
            solved = linprog(
                -self.objective,
                A_ub=-self.cuts,
                b_ub=np.zeros(len(self.cuts)),
                A_eq=self.ties if len(self.ties) else None,
                b_eq=np.zeros(len(self.ties)) if len(self.ties) else None,
                bounds=np.column_stack([-limit, limit]),
                method="highs",
            )
            direction = np.where(np.abs(solved.x) > VIOLATED, solved.x, 0.0)
            if not direction.any() or -solved.fun < VIOLATED:
                return None
            if not self._cut(direction):
                return direction

    def _cut(self, direction: Floats) -> bool:
        """Adds the choices that `direction` loses most; says whether there were any."""
        cuts, ties = [self.cuts], [self.ties]
        for margins in _margins(self.data):
            lost, tied = margins.lost / self.scale, margins.tied / self.scale
            score = lost @ direction
            worst = np.argsort(score)[: max(CUTS // len(self.data.bounds), 8)]
            cuts.append(lost[worst[score[worst] < -VIOLATED]])
            ties.append(tied[np.abs(tied @ direction) > VIOLATED])
        before = len(self.cuts) + len(self.ties)
        self.cuts, self.ties = np.vstack(cuts), np.vstack(ties)
        return len(self.cuts) + len(self.ties) > before


def _sparse(program: _Program, direction: Floats) -> Floats:
    """The direction with every column left out that can be: those left are the culprits."""
    free = direction != 0
    for column in np.argsort(np.abs(direction)):
        if free[column]:
            without = free.copy()
            without[column] = False
            other = program.solve(without)
            if other is not None:
                free, direction = other != 0, other
    return direction


def _ranges(data: ChoiceData) -> tuple[Floats, Floats, Floats]:
    """Least, greatest and summed margin of each column; a tie counts on both sides."""
    lowest, highest, total = (np.zeros(data.n_columns) for _ in range(3))
    for margins in _margins(data):
        for rows in (margins.lost, margins.tied, -margins.tied):
            if len(rows):
                lowest = np.minimum(lowest, rows.min(axis=0))
                highest = np.maximum(highest, rows.max(axis=0))
        total += margins.lost.sum(axis=0)
    return lowest, highest, total


def _margins(data: ChoiceData) -> Iterator[Margins]:
    for block in data.blocks():
        wide = np.zeros((len(block.y), data.n_columns))
        wide[:, block.columns] = block.x
        yield _block_margins(block, wide)


def _block_margins(block: Block, x: Floats) -> Margins:
    """Margins against the first alternative chosen in each set."""
    chosen = np.flatnonzero(block.y > 0)
    own = np.repeat(np.arange(len(block.starts)), block.sizes)
    with_choice, first = np.unique(own[chosen], return_index=True)
    reference = np.zeros((len(block.starts), x.shape[1]))  # the outside option's attributes are 0
    reference[with_choice] = x[chosen[first]]
    margin = block.to_rows(reference) - x
    lost, tied = margin[block.y <= 0], margin[block.y > 0]
    if block.outside:
        left = block.outside_share(block.y) > 1e-9
        lost = np.vstack([lost, reference[~left]])
        tied = np.vstack([tied, reference[left]])
    return Margins(lost, tied[tied.any(axis=1)])


def _message(data: ChoiceData, direction: Floats, bound: float | None) -> str:
    columns = np.flatnonzero(direction)
    first = data.names[columns[0]]
    rises = direction[columns[0]] > 0
    if len(columns) == 1:
        advice = "Leave the term out" + (" and report that bound" if bound is not None else "")
        return (
            f"'{first}' predicts choices perfectly: no set's choice has a "
            f"{'lower' if rises else 'higher'} value of it than an alternative, so that its "
            f"coefficient is {'+' if rises else '-'}infinite. {_bound(bound, 'it', rises=rises)} "
            f"{advice}, or gather trials that contradict it."
        )
    the = f"the coefficient of '{first}'"
    weights = direction[columns] / np.abs(direction[columns]).max()
    named = ", ".join(
        f"'{data.names[k]}' ({w:+.3g})" for k, w in zip(columns, weights, strict=True)
    )
    return (
        f"these columns together predict choices perfectly, so that their coefficients grow "
        f"without limit in these proportions: {named}. "
        f"{_bound(bound, the, rises=rises)} "
        "Leave one of them out, or gather trials that contradict them."
    )


def _bound(bound: float | None, what: str, *, rises: bool) -> str:
    """What the data do say of an infinite coefficient."""
    if bound is None:
        return "There are too few choices to bound it."
    limit = f"{'at least' if rises else 'at most'} {bound:.4g}"
    return f"What the data do say: {what} is {limit} (one-sided 95 % profile likelihood)."
