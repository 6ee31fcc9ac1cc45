"""Many tests at once: p-values adjusted for the family they belong to.

References: Holm, S. (1979), A simple sequentially rejective multiple test procedure, Scandinavian
Journal of Statistics 6, 65-70 (chance of any false finding, whatever the dependence); Benjamini, Y.
and Hochberg, Y. (1995), Controlling the false discovery rate, Journal of the Royal Statistical
Society B 57, 289-300 (share of false findings, independent or positively dependent tests).
"""

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from aces.errors import EstimationError
from aces.stats.choice_data import Floats


def holm(p: ArrayLike) -> Floats:
    """Returns (tests,) adjusted p-values: below alpha, any false finding has chance alpha.

    Args:
        p: (tests,) p-values; NaN marks a test that could not be made and is not counted.
    """
    return _adjusted(p, _step_down)


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Returns (tests,) adjusted p-values: of those below alpha, a share alpha is false on average.

    Args:
        p: (tests,) p-values; NaN marks a test that could not be made and is not counted.
    """
    return _adjusted(p, _step_up)


def by_family(
    p: ArrayLike, families: Sequence[Hashable], adjust: Callable[[ArrayLike], Floats] = holm
) -> Floats:
    """Returns (tests,) p-values adjusted within each declared family.

    Args:
        p: (tests,) p-values.
        families: (tests,) the family of each.
        adjust: `holm` or `benjamini_hochberg`.

    Raises:
        EstimationError: If a test has no family.
    """
    values = np.asarray(p, dtype=float)
    if len(families) != len(values):
        raise EstimationError(f"{len(values)} p-values, but {len(families)} families.")
    members: dict[Hashable, list[int]] = {}
    for index, family in enumerate(families):
        members.setdefault(family, []).append(index)
    adjusted = np.full(values.shape, np.nan)
    for indices in members.values():
        adjusted[indices] = adjust(values[indices])
    return adjusted


def _step_down(ordered: Floats) -> Floats:
    left = len(ordered) - np.arange(len(ordered))
    return np.maximum.accumulate(left * ordered)


def _step_up(ordered: Floats) -> Floats:
    rank = np.arange(1, len(ordered) + 1)
    return np.minimum.accumulate((len(ordered) / rank * ordered)[::-1])[::-1]


def _adjusted(p: ArrayLike, step: Callable[[Floats], Floats]) -> Floats:
    values = np.asarray(p, dtype=float)
    made = np.flatnonzero(~np.isnan(values))
    if values.ndim != 1 or not ((values[made] >= 0) & (values[made] <= 1)).all():
        raise EstimationError("p-values must be one row of numbers from 0 to 1.")
    order = made[np.argsort(values[made], kind="stable")]
    adjusted = np.full(values.shape, np.nan)
    adjusted[order] = np.minimum(step(values[order]), 1.0)
    return adjusted
