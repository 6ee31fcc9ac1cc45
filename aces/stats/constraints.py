"""Linear constraints on coefficients, R b = r, and the directions that they leave open.

Reference: Greene, W. H. (2018), Econometric Analysis, section 5.5; estimates move only within the
null space of R, so that they satisfy the constraints exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from aces.errors import EstimationError
from aces.stats.choice_data import Floats

NEGLIGIBLE = 1e-10
"""Share of the largest pivot below which a constraint repeats others."""


@dataclass(frozen=True)
class Constraints:
    """What coefficients must satisfy; build it with `constraints`.

    Attributes:
        matrix: (q, K) R, its rows independent.
        values: (q,) r.
        origin: (K,) a point that satisfies them.
        along: (K, K - q) directions in which coefficients may still move.
        labels: How the user wrote them.
    """

    matrix: Floats
    values: Floats
    origin: Floats
    along: Floats
    labels: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)


def constraints(
    matrix: ArrayLike, values: ArrayLike, labels: Sequence[str] = ()
) -> Constraints | None:
    """Returns the constraints R b = r; those that follow from others are dropped, None if all do.

    Args:
        matrix: (q, K) R.
        values: (q,) r.
        labels: How the user wrote each, for messages.

    Raises:
        EstimationError: If the shapes do not fit, or the constraints contradict each other.
    """
    from scipy.linalg import qr, solve_triangular

    R, r = np.atleast_2d(np.asarray(matrix, dtype=float)), np.atleast_1d(np.asarray(values, float))
    if r.shape != (len(R),) or not (np.isfinite(R).all() and np.isfinite(r).all()):
        raise EstimationError(
            f"constraints R b = r need (q, K) and (q,); found {R.shape}, {r.shape}"
        )
    named = tuple(labels) or tuple(f"constraint {i + 1}" for i in range(len(R)))
    scale = np.abs(R).max(axis=1, initial=0.0)
    kept = _independent(R / np.where(scale > 0, scale, 1.0)[:, None])
    _check_consistent(R, r, kept, named)
    if not len(kept):
        return None
    R, r, n = R[kept], r[kept], R.shape[1]
    q, triangle, order = qr(R, pivoting=True)
    own, free = order[: len(R)], order[len(R) :]
    origin, along = np.zeros(n), np.zeros((n, n - len(R)))
    origin[own] = solve_triangular(triangle[:, : len(R)], q.T @ r)
    along[own] = -solve_triangular(triangle[:, : len(R)], triangle[:, len(R) :])
    along[free, np.arange(len(free))] = 1.0
    return Constraints(R, r, origin, along, tuple(named[i] for i in kept))


def _independent(R: Floats) -> list[int]:
    """Rows that are no combination of those before them."""
    kept: list[int] = []
    for i in range(len(R)):
        rows = R[[*kept, i]]
        if np.linalg.svd(rows, compute_uv=False)[-1] > NEGLIGIBLE and len(rows) <= R.shape[1]:
            kept.append(i)
    return kept


def _check_consistent(R: Floats, r: Floats, kept: list[int], labels: tuple[str, ...]) -> None:
    """Raises EstimationError where a dropped row asks for another value than the rest imply."""
    for i in sorted(set(range(len(R))) - set(kept)):
        weights = np.linalg.lstsq(R[kept].T, R[i], rcond=None)[0] if kept else np.zeros(0)
        implied = float(weights @ r[kept])
        if abs(implied - r[i]) > 1e-9 * max(1.0, float(np.abs(r).max())):
            others = ", ".join(f"'{labels[k]}'" for k in kept) or "0 = 0"
            raise EstimationError(f"the constraint '{labels[i]}' contradicts {others}.")
