"""Did a change of version change outcomes? Versions exchanged within worlds, as if it had not.

Where a version is no other, the outcomes of one world may be handed to either: all such exchanges
are equally likely, and what they give is what chance alone would. Reference: Fisher, R. A. (1935),
The Design of Experiments, section 21; p-values as in Phipson, B. and Smyth, G. K. (2010),
Statistical Applications in Genetics and Molecular Biology 9, article 39.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aces.errors import EstimationError
from aces.stats.choice_data import Floats, Ints

BLOCK = 200
TIE = 1e-9


@dataclass(frozen=True)
class Exchange:
    """Changes of m outcomes, and what exchanges within worlds say of them.

    Attributes:
        change: (m,) new less old, the mean over worlds.
        p_value: (m,) share of exchanges with a change at least as large either way.
        statistic: Sum of squared changes over their variances under exchange.
        joint_p: Share of exchanges with a statistic at least as large.
        worlds: Worlds with outcomes of both kinds.
    """

    change: Floats
    p_value: Floats
    statistic: float
    joint_p: float
    worlds: int


def exchange_test(
    values: Floats,
    worlds: NDArray[np.generic],
    new: NDArray[np.bool_],
    generator: np.random.Generator,
    draws: int = 1999,
) -> Exchange:
    """Tests that outcomes do not depend on which trials of a world are of the new kind.

    Args:
        values: (trials, m) outcomes.
        worlds: (trials,) world of each.
        new: (trials,) whether it is of the new kind.
        generator: For the exchanges.
        draws: How many; p-values are no smaller than 1 / (draws + 1).

    Raises:
        EstimationError: If no world has outcomes of both kinds.
    """
    codes = np.unique(worlds, return_inverse=True)[1]
    size = np.bincount(codes).astype(float)
    fresh = np.bincount(codes, weights=new)
    both = (fresh > 0) & (fresh < size)
    if not both.any():
        raise EstimationError("no world has outcomes of both versions")
    kept = both[codes]
    codes = np.unique(codes[kept], return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    values, codes, new = np.asarray(values)[kept][order], codes[order], new[kept][order]
    size, fresh = size[both], fresh[both]
    weight = 1 / fresh[codes], -1 / (size - fresh)[codes]
    observed = np.where(new, *weight) @ values
    sd = np.sqrt(_variances(values, codes, size, 1 / fresh + 1 / (size - fresh)))
    moves = sd > TIE
    scaled = values[:, moves] / sd[moves]
    starts = np.cumsum(size) - size
    rank = np.arange(len(codes)) - np.repeat(starts, size.astype(int))
    first = rank < fresh[codes]
    single = (fresh == 1).all()
    beyond, above = np.zeros(int(moves.sum())), 0
    found = np.abs(observed[moves] / sd[moves])
    total = float((found**2).sum())
    for start in range(0, draws, BLOCK):
        n = min(BLOCK, draws - start)
        if single:
            drawn = _exchanged_one(starts, size, weight, n, generator) @ scaled
        else:
            drawn = _exchanged(codes, first, weight, n, generator) @ scaled
        beyond += (np.abs(drawn) >= found - TIE).sum(axis=0)
        above += int(((drawn**2).sum(axis=1) >= total - TIE).sum())
    p = np.ones(values.shape[1])
    p[moves] = (1 + beyond) / (draws + 1)
    n_worlds = int(both.sum())
    return Exchange(observed / n_worlds, p, total, (1 + above) / (draws + 1), n_worlds)


def _variances(values: Floats, codes: Ints, size: Floats, factor: Floats) -> Floats:
    """(m,) variances of the summed changes over all exchanges: those of drawing within worlds."""
    sums = np.zeros((len(size), values.shape[1]))
    np.add.at(sums, codes, values)
    away = values - (sums / size[:, None])[codes]
    weight = (factor / (size - 1))[codes]
    return np.asarray(weight @ away**2)


def _exchanged(
    codes: Ints,
    first: NDArray[np.bool_],
    weight: tuple[Floats, Floats],
    n: int,
    generator: np.random.Generator,
) -> Floats:
    """(n, trials) weights of n exchanges: the first of each world in random order are new."""
    order = np.argsort(codes + generator.random((n, len(codes))), axis=1)
    fresh = np.zeros((n, len(codes)), dtype=bool)
    np.put_along_axis(fresh, order[:, first], True, axis=1)
    return np.where(fresh, *weight)


def _exchanged_one(
    starts: Floats,
    size: Floats,
    weight: tuple[Floats, Floats],
    n: int,
    generator: np.random.Generator,
) -> Floats:
    """The same where one outcome of each world is new: it is drawn without sorting the world."""
    drawn = np.tile(weight[1], (n, 1))
    picked = (starts + np.floor(generator.random((n, len(size))) * size)).astype(np.int64)
    np.put_along_axis(drawn, picked, weight[0][picked], axis=1)
    return drawn
