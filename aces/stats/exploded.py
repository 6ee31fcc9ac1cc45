"""Rankings as choices: the first of all, the second of the rest, and so on down.

If noise is Gumbel, the best of what is left is again a conditional logit, independent of what came
before, so that a ranking of J is worth up to J - 1 choices. It holds only if people rank the lower
places with the same care. References: Beggs, S., Cardell, S. and Hausman, J. (1981), Journal of
Econometrics 17, 1-19; Chapman, R. G. and Staelin, R. (1982), Journal of Marketing Research 19,
288-301; Hausman, J. and Ruud, P. (1987), Journal of Econometrics 34, 83-104.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aces.errors import EstimationError
from aces.stats.choice_data import Floats, Ints


@dataclass(frozen=True)
class Exploded:
    """Rankings as choices, one stage after another.

    Attributes:
        rows: (n,) which row of the rankings each row is.
        y: (n,) 1 for the best of what is left, else 0.
        sets: (n,) number of the choice.
        stage: (n,) 1 for the best of all, 2 for the best of the rest, and so on.
        rankings: Rankings used.
        unranked: Rankings without any rank.
    """

    rows: Ints
    y: Floats
    sets: Ints
    stage: Ints
    rankings: int
    unranked: int


def explode(ranks: ArrayLike, sets: ArrayLike, *, depth: int | None = None) -> Exploded:
    """Returns rankings as choices.

    Args:
        ranks: (rows,) 1 for the best; NaN for alternatives below all that have a rank.
        sets: (rows,) ranking of each row.
        depth: How many ranks to use; all by default.

    Raises:
        EstimationError: If ranks are tied, have gaps or are no whole numbers from 1, or none is
            left.
    """
    place, own = np.asarray(ranks, dtype=float), np.asarray(sets)
    ids, codes = np.unique(own, return_inverse=True)
    if place.shape != codes.shape:
        raise EstimationError("there must be one rank per row, missing where there is none.")
    _check(place, codes, ids)
    ranked = np.zeros(len(ids), dtype=int)
    np.maximum.at(ranked, codes, np.nan_to_num(place).astype(int))
    if not ranked.any():
        raise EstimationError("no alternative has a rank.")
    sizes = np.bincount(codes)
    last = np.minimum(ranked, sizes - 1)  # what is left at the end is no choice
    if depth is not None:
        last = np.minimum(last, depth)
    below = np.where(np.isnan(place), np.inf, place)
    parts = []
    for stage in range(1, int(last.max()) + 1):
        rows = np.flatnonzero((last[codes] >= stage) & (below >= stage))
        parts.append((rows, below[rows] == stage, np.full(len(rows), stage)))
    rows = np.concatenate([part[0] for part in parts])
    stages = np.concatenate([part[2] for part in parts])
    return Exploded(
        rows=rows,
        y=np.concatenate([part[1] for part in parts]).astype(float),
        sets=codes[rows] * (int(last.max()) + 1) + stages,
        stage=stages,
        rankings=int((last > 0).sum()),
        unranked=int((ranked == 0).sum()),
    )


def _check(place: Floats, codes: Ints, ids: NDArray[Any]) -> None:
    """Raises EstimationError unless the ranks of each set are 1, 2, ... without ties."""
    given = ~np.isnan(place)
    wrong = given & ((place < 1) | (place % 1 != 0) | np.isinf(place))
    if wrong.any():
        raise EstimationError(
            f"ranks are whole numbers from 1, the best; ranking {_name(ids, codes, wrong)} has "
            f"{place[wrong][0]:g}. Leave those empty that have none."
        )
    order = np.lexsort((place, codes))
    order = order[given[order]]
    own, rank = codes[order], place[order]
    first = np.append(True, own[1:] != own[:-1])
    starts = np.maximum.accumulate(np.where(first, np.arange(len(own)), 0))
    off = rank != np.arange(len(own)) - starts + 1
    if off.any():
        bad = int(np.flatnonzero(off)[0])
        tied = not first[bad] and rank[bad] == rank[bad - 1]
        what = f"has two of rank {rank[bad]:g}" if tied else f"lacks a rank before {rank[bad]:g}"
        raise EstimationError(f"ranking {ids[own[bad] : own[bad] + 1].tolist()[0]!r} {what}.")


def _name(ids: NDArray[Any], codes: Ints, which: NDArray[np.bool_]) -> str:
    return repr(ids[codes[which][:1]].tolist()[0])
