"""Choice data as they are read: choice set by choice set, in blocks that fit the cache."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aces.errors import EstimationError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BLOCK_NUMBERS = 16_384
"""Numbers of X in a block: 128 KiB, which stay in the cache (and keep BLAS on one core)."""


@dataclass(frozen=True)
class Block:
    """Some whole choice sets.

    Attributes:
        first: Index of the first of its choice sets.
        x: (rows, columns) attributes, the dummies of the effects present among them.
        y: (rows,) outcomes.
        starts: (sets,) first row of each choice set.
        sizes: (sets,) rows of each choice set.
        columns: Which columns of the whole model `x` holds.
        outside: Whether each set has one more alternative, of utility 0.
        offset: (rows,) part of utility that is known; None without.
        weights: (sets,) weight of each choice set; None where all are 1.
    """

    first: int
    x: Floats
    y: Floats
    starts: Ints
    sizes: Ints
    columns: Ints | slice
    outside: bool
    offset: Floats | None = None
    weights: Floats | None = None

    def probabilities(self, params: Floats) -> tuple[Floats, float]:
        """Returns choice probabilities (rows,) and the block's log-likelihood."""
        utility = self.x @ params[self.columns]
        if self.offset is not None:
            utility += self.offset
        top = np.maximum.reduceat(utility, self.starts)
        if self.outside:
            top = np.maximum(top, 0.0)
        weight = np.exp(utility - self.to_rows(top))
        total = np.add.reduceat(weight, self.starts)
        if self.outside:
            total += np.exp(-top)
        weight /= self.to_rows(total)
        inclusive = top + np.log(total)
        if self.weights is not None:
            inclusive *= self.weights
        return weight, float(self.weighted(self.y) @ utility - inclusive.sum())

    def weighted(self, values: Floats) -> Floats:
        """Returns values by row times the weight of the row's choice set."""
        return values if self.weights is None else values * self.to_rows(self.weights)

    def outside_share(self, values: Floats) -> Floats:
        """Returns what `values` (rows,), which sum to 1 with the outside option, leave to it."""
        return 1.0 - np.add.reduceat(values, self.starts)

    def set_sums(self, weights: Floats) -> Floats:
        """Returns (sets, columns): the attributes summed over each set with `weights` (rows,)."""
        size = self.sizes[0]
        if self.starts.size * size == self.y.size and (self.sizes == size).all():
            x = self.x.reshape(-1, size, self.x.shape[1])
            return np.asarray(np.matmul(weights.reshape(-1, 1, size), x)[:, 0])
        return np.add.reduceat(weights[:, None] * self.x, self.starts, axis=0)

    def to_rows(self, values: Floats) -> Floats:
        """Returns values by choice set repeated for each of its rows."""
        return np.repeat(values, self.sizes, axis=0)


@dataclass(frozen=True)
class ChoiceData:
    """Alternatives in choice sets; build it with `choice_data`.

    Attributes:
        X: (rows, terms) attributes, any real type and memory order; never copied as a whole.
        y: (rows,) outcomes: 1 for the alternative chosen, or choice probabilities.
        starts: (sets,) first row of each choice set, rows taken in `order`.
        ids: (sets,) the user's name of each choice set.
        order: Rows by choice set, where they are not as given or not all of them are used.
        names: Name of each column of the model: terms, then effects.
        effects: (rows,) level of the effect, -1 for a baseline; None without effects.
        outside: Whether each set has one more alternative, of utility 0.
        offset: (rows,) part of utility that is known; None without.
        weights: (rows,) positive weight of the choice set; None where all are 1.
    """

    X: NDArray[Any]
    y: NDArray[Any]
    starts: Ints
    ids: NDArray[Any]
    order: Ints | None
    names: tuple[str, ...]
    effects: NDArray[Any] | None = None
    outside: bool = False
    offset: NDArray[Any] | None = None
    weights: NDArray[Any] | None = None

    @property
    def n_sets(self) -> int:
        """Choice sets."""
        return int(self.starts.size)

    @property
    def n_terms(self) -> int:
        """Columns of X."""
        return int(self.X.shape[1])

    @property
    def n_columns(self) -> int:
        """Coefficients: terms and effects."""
        return len(self.names)

    @cached_property
    def sizes(self) -> Ints:
        """(sets,) number of rows of each choice set."""
        return np.diff(self.starts, append=self.n_rows)

    @property
    def n_rows(self) -> int:
        """Alternatives, over all choice sets."""
        return len(self.y) if self.order is None else len(self.order)

    @property
    def null_log_likelihood(self) -> float:
        """Log-likelihood of coefficients of 0: equal probabilities, but for an offset."""
        if self.offset is not None:
            zero = np.zeros(self.n_columns)
            return sum(block.probabilities(zero)[1] for block in self.blocks())
        each = np.log(self.sizes + self.outside)
        return -float((each if self.weights is None else each * self.set_weights).sum())

    @cached_property
    def set_weights(self) -> Floats:
        """(sets,) weight of each choice set."""
        if self.weights is None:
            return np.ones(self.n_sets)
        firsts = self.starts if self.order is None else self.order[self.starts]
        return np.asarray(self.weights[firsts], dtype=float)

    @cached_property
    def mean_weight(self) -> float:
        """Weight of a choice set on average: the unit of the log-likelihood."""
        return 1.0 if self.weights is None else float(self.set_weights.mean())

    @cached_property
    def bounds(self) -> Ints:
        """Choice sets at which blocks begin, and the number of sets."""
        width = self.n_terms + min(self.n_columns - self.n_terms, 16)
        rows = max(BLOCK_NUMBERS // max(width, 1), 64)
        firsts = np.searchsorted(self.starts, np.arange(0, self.n_rows, rows))
        return np.unique(np.append(firsts, self.n_sets))

    def blocks(self) -> Iterator[Block]:
        """Yields the choice sets in blocks."""
        for first, last in pairwise(self.bounds.tolist()):
            yield self._block(first, last)

    def sample(self, every: int) -> "ChoiceData":
        """Returns each `every`-th choice set, without copying attributes."""
        return self.subset(np.arange(0, self.n_sets, every))

    def subset(self, sets: Ints) -> "ChoiceData":
        """Returns the choice sets with these numbers, without copying attributes."""
        sizes = self.sizes[sets]
        starts = np.cumsum(sizes) - sizes
        rows = np.repeat(self.starts[sets] - starts, sizes) + np.arange(sizes.sum())
        order = rows if self.order is None else self.order[rows]
        return replace(self, starts=starts, ids=self.ids[sets], order=order)

    def at_rows(self, values: NDArray[Any], first: int, last: int) -> NDArray[Any]:
        """Returns the rows of `values` that belong to the choice sets from first to last - 1."""
        stop = self.n_rows if last == self.n_sets else int(self.starts[last])
        rows = slice(int(self.starts[first]), stop)
        return values[rows] if self.order is None else values[self.order[rows]]

    def _block(self, first: int, last: int) -> Block:
        x = np.asarray(self.at_rows(self.X, first, last), dtype=float)
        columns: Ints | slice = slice(0, self.n_terms)
        if self.effects is not None:
            x, columns = _with_dummies(x, self.at_rows(self.effects, first, last))
        return Block(
            first=first,
            x=x,
            y=np.asarray(self.at_rows(self.y, first, last), dtype=float),
            starts=self.starts[first:last] - self.starts[first],
            sizes=self.sizes[first:last],
            columns=columns,
            outside=self.outside,
            offset=self._offset(first, last),
            weights=None if self.weights is None else self.set_weights[first:last],
        )

    def _offset(self, first: int, last: int) -> Floats | None:
        if self.offset is None:
            return None
        return np.asarray(self.at_rows(self.offset, first, last), dtype=float)


def choice_data(
    X: NDArray[Any],
    y: ArrayLike,
    sets: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    effects: NDArray[Any] | None = None,
    effect_names: Sequence[str] = (),
    outside: bool = False,
    offset: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> ChoiceData:
    """Returns the choice data of rows that say which choice set they belong to.

    Args:
        X: (rows, terms) attributes. Read in blocks and computed in float64; never copied.
        y: (rows,) outcomes, which sum to 1 in each set (with `outside`, to at most 1: the rest
            chose the outside option).
        sets: (rows,) the choice set of each row. Rows of a set need not be neighbours.
        names: Names of the columns of X; `x1`, `x2`, ... by default.
        effects: (rows,) level of an effect (its dummies are made as they are read), -1 for none.
        effect_names: Name of each level.
        outside: Whether each set has one more alternative, with attributes 0 and utility 0.
        offset: (rows,) part of utility that is known: its coefficient is 1.
        weights: (rows,) weight of the choice set. Sets of weight 0 are left out.

    Raises:
        EstimationError: If the arrays do not fit together, or outcomes do not sum as they should.
    """
    X, y, sets = np.asarray(X), np.asarray(y), np.asarray(sets)
    if X.ndim != 2 or y.shape != (len(X),) or sets.shape != (len(X),):
        raise EstimationError(
            f"X must be (rows, terms), y and sets (rows,); found shapes {X.shape}, {y.shape} and "
            f"{sets.shape}. Stack the choice sets: one row per alternative."
        )
    if not X.size:
        raise EstimationError(f"there is nothing to estimate from: X has the shape {X.shape}.")
    names = tuple(names) if names is not None else tuple(f"x{k + 1}" for k in range(X.shape[1]))
    names = (*names, *map(str, effect_names))
    _check_columns(X, names)
    _check_names(sets)
    known, heavy = _per_row(offset, len(X), "offset"), _per_row(weights, len(X), "weights")
    starts, order = _grouped(sets)
    ids = sets[starts if order is None else order[starts]]
    data = ChoiceData(X, y, starts, ids, order, names, effects, outside, known, heavy)
    if heavy is not None:
        data = _positive(data, heavy)
    if known is not None:
        _check_offset(data, known)
    _check_outcomes(data)
    return data


def _per_row(values: ArrayLike | None, rows: int, what: str) -> NDArray[Any] | None:
    if values is None:
        return None
    found = np.asarray(values)
    if found.shape != (rows,) or found.dtype.kind not in "biuf":
        raise EstimationError(
            f"{what} must be numbers, one per row, shape ({rows},); found shape {found.shape} of "
            f"type {found.dtype}."
        )
    return found


def _check_columns(X: NDArray[Any], names: tuple[str, ...]) -> None:
    """Raises EstimationError unless X holds numbers and each column has a name of its own."""
    twice = sorted({name for name in names if names.count(name) > 1}) if _repeated(names) else []
    if twice:
        raise EstimationError(f"two columns are called '{twice[0]}': give each a name of its own.")
    if X.dtype.kind in "biuf":
        return
    faulty = {}
    for k in range(X.shape[1]):
        for row, value in enumerate(X[:, k]):
            if not isinstance(value, (int, float, np.number, np.bool_)):
                faulty[names[k]] = (row, value)
                break
    told = ", ".join(f"'{name}' (row {row}: {value!r})" for name, (row, value) in faulty.items())
    if faulty:
        raise EstimationError(f"attributes must be numbers, not {told}. Write factors as C(...).")


def _repeated(names: tuple[str, ...]) -> bool:
    return len(set(names)) < len(names)


def _check_names(sets: NDArray[Any]) -> None:
    """Raises EstimationError for rows without a choice set."""
    missing = np.isnan(sets) if sets.dtype.kind == "f" else np.zeros(0, dtype=bool)
    if sets.dtype.kind == "O":
        missing = np.array([value is None or value != value for value in sets])
    if missing.any():
        raise EstimationError(
            f"the choice set is missing in {missing.sum()} rows, first row {missing.argmax()}."
        )


def _positive(data: ChoiceData, weights: NDArray[Any]) -> ChoiceData:
    """The data without the choice sets of weight 0; weights must be one number per set."""
    own = data.set_weights
    faulty = ~(np.isfinite(own) & (own >= 0))
    if faulty.any():
        raise EstimationError(
            f"weights must be 0 or more; {faulty.sum()} choice sets have others, first "
            f"{_first(data, faulty)}: {own[faulty][0]:g}."
        )
    rows = np.asarray(weights if data.order is None else weights[data.order], dtype=float)
    split = rows != np.repeat(own, data.sizes)
    if split.any():
        at = np.searchsorted(data.starts, split.argmax(), side="right") - 1
        which = np.arange(data.n_sets) == at
        raise EstimationError(f"choice set {_first(data, which)} has rows of several weights.")
    if (own > 0).all():
        return data
    if not (own > 0).any():
        raise EstimationError("all weights are 0: there is nothing to estimate from.")
    return data.subset(np.flatnonzero(own > 0))


def _check_offset(data: ChoiceData, offset: NDArray[Any]) -> None:
    values = offset if data.order is None else offset[data.order]
    faulty = ~np.isfinite(np.asarray(values, dtype=float))
    if faulty.any():
        at = np.searchsorted(data.starts, faulty.argmax(), side="right") - 1
        raise EstimationError(
            f"the offset is missing or infinite in {faulty.sum()} rows, first in choice set "
            f"{_first(data, np.arange(data.n_sets) == at)}."
        )


def _grouped(sets: NDArray[Any]) -> tuple[Ints, Ints | None]:
    """First row of each choice set, and the order of rows where sets are not contiguous."""
    starts = _run_starts(sets)
    firsts = sets[starts]
    if (firsts[1:] > firsts[:-1]).all() or len(np.unique(firsts)) == len(firsts):
        return starts, None
    order = np.argsort(sets, kind="stable")
    return _run_starts(sets[order]), order


def _run_starts(values: NDArray[Any]) -> Ints:
    return np.append(0, np.flatnonzero(values[1:] != values[:-1]) + 1)


def _with_dummies(x: Floats, levels: NDArray[Any]) -> tuple[Floats, Ints]:
    """Attributes with a dummy for each level present, and the columns these are in the model."""
    present, position = np.unique(levels, return_inverse=True)
    terms = x.shape[1]
    absent = int(present[0] < 0)  # baselines have no dummy
    wide = np.zeros((len(x), terms + len(present) - absent))
    wide[:, :terms] = x
    rows = np.flatnonzero(levels >= 0)
    wide[rows, terms + position[rows] - absent] = 1.0
    return wide, np.concatenate([np.arange(terms), terms + present[absent:]])


def _check_outcomes(data: ChoiceData) -> None:
    """Raises EstimationError unless each set has one choice, or shares that sum to 1."""
    y = data.y if data.order is None else data.y[data.order]
    if y.dtype.kind not in "biuf":
        raise EstimationError(f"y must be 0/1 or probabilities, not of type {y.dtype}.")
    total = np.add.reduceat(y, data.starts, dtype=float)
    if np.isnan(total).any():
        raise EstimationError(f"y is missing in choice set {_first(data, np.isnan(total))}.")
    if y.min() < 0:
        raise EstimationError(f"y has negative values, the least {y.min():g}.")
    several, none = total > 1 + 1e-6, total < 1 - 1e-6
    if data.outside:
        none = np.zeros_like(none)
    if not (several.any() or none.any()):
        return
    if np.isin(y, (0, 1)).all():
        raise EstimationError(_uncounted(data, several, none))
    raise EstimationError(_not_shares(data, total, several | none))


def _uncounted(data: ChoiceData, several: NDArray[np.bool_], none: NDArray[np.bool_]) -> str:
    """What to say of sets in which not one alternative was chosen."""
    if several.any():
        return (
            f"{several.sum()} choice sets have more than one chosen alternative (y sums to more "
            f"than 1), first {_first(data, several)}."
        )
    return (
        f"{none.sum()} choice sets have no chosen alternative (y sums to less than 1), first "
        f"{_first(data, none)}. Leave them out, or count them as buying nothing: outside=True."
    )


def _not_shares(data: ChoiceData, total: Floats, wrong: NDArray[np.bool_]) -> str:
    """What to say of probabilities that do not sum to 1."""
    return (
        f"the probabilities of {wrong.sum()} choice sets do not sum to 1, first those of "
        f"{_first(data, wrong)} to {total[wrong][0]:.6g}. Divide them by their sum; where what "
        "is left of 1 is the probability of buying nothing, say outside=True."
    )


def _first(data: ChoiceData, which: NDArray[np.bool_]) -> str:
    return repr(data.ids[which][:1].tolist()[0])
