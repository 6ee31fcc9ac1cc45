"""Which coefficients the choice sets can tell apart at all, whatever was chosen."""

import numpy as np
from numpy.typing import NDArray

from aces.errors import CollinearityError
from aces.stats.choice_data import ChoiceData, Floats, Ints
from aces.stats.likelihood import SAMPLE_FROM, log_likelihood

LEFT_OVER = 1e-9
"""Share of a column's variation within sets that others must leave, or it is their combination."""


def check_identified(data: ChoiceData) -> None:
    """Raises CollinearityError, naming columns, unless every coefficient is identified.

    More choice sets can only add information, so that a sample mostly suffices.
    """
    n_blocks = len(data.bounds) - 1
    every = max(n_blocks // SAMPLE_FROM, 1)
    zero = np.zeros(data.n_columns)
    information = log_likelihood(data, zero, every).information
    _check_variation(data)
    if every > 1 and _dependent(data, information):
        information = log_likelihood(data, zero).information
    _check_collinearity(data, information)


def _check_variation(data: ChoiceData) -> None:
    still = ~_varying(data)
    if still.any():
        names = ", ".join(f"'{data.names[k]}'" for k in np.flatnonzero(still))
        raise CollinearityError(
            f"no choice set holds two values of {names}: what all alternatives share can't explain "
            "which is chosen. Leave it out, or interact it with an attribute that varies."
        )


def _varying(data: ChoiceData) -> NDArray[np.bool_]:
    """(columns,) whether a column varies within some choice set; stops when all were seen to."""
    seen = np.zeros(data.n_columns, dtype=bool)
    for block in data.blocks():
        apart = block.x if data.outside else block.x - block.to_rows(block.x[block.starts])
        level = np.abs(block.x).max(axis=0)
        seen[block.columns] |= np.abs(apart).max(axis=0) > 1e-12 * level
        if seen.all():
            break
    return seen


def _check_collinearity(data: ChoiceData, information: Floats) -> None:
    dependent = _dependent(data, information)
    if not dependent:
        return
    column = dependent[0]
    others = np.setdiff1d(_order(data), dependent)
    weights = _combination(information, column, others)
    parts = [(others[i], weights[i]) for i in np.flatnonzero(np.abs(weights) > 1e-6)]
    raise CollinearityError(
        f"'{data.names[column]}' is collinear: within choice sets it equals "
        f"{_describe(data, parts)}{' plus a constant' if not data.outside else ''}. Leave one out."
    )


def _dependent(data: ChoiceData, information: Floats) -> list[int]:
    """Columns that are combinations of those before them: Cholesky, row by row."""
    scale = np.sqrt(np.maximum(information.diagonal(), 1e-300))
    correlation = information / np.outer(scale, scale)
    if np.linalg.eigvalsh(correlation)[0] > LEFT_OVER:
        return []
    kept: list[int] = []
    found: list[int] = []
    for column in _order(data):
        weights = _combination(correlation, column, np.array(kept, dtype=int))
        left = 1.0 - weights @ correlation[kept, column]
        (found if left < LEFT_OVER else kept).append(int(column))
    return found


def _order(data: ChoiceData) -> Ints:
    """Effects first, so that the term that repeats them is named."""
    return np.roll(np.arange(data.n_columns), data.n_columns - data.n_terms)


def _combination(information: Floats, column: int, others: Ints) -> Floats:
    """Weights of `others` that come nearest to `column`."""
    target = information[others, column]
    return np.asarray(np.linalg.lstsq(information[np.ix_(others, others)], target, rcond=1e-13)[0])


def _describe(data: ChoiceData, parts: list[tuple[int, float]]) -> str:
    """`2 x 'a' - 'b'`, with effects in one word."""
    said = []
    for column, weight in parts:
        if column < data.n_terms:
            times = "" if abs(abs(weight) - 1) < 1e-6 else f"{abs(weight):.6g} x "
            said.append(f"{'-' if weight < 0 else '+'} {times}'{data.names[column]}'")
    if len(said) < len(parts):
        said.append(f"+ a value for each level of the effects ({data.names[parts[-1][0]]}, ...)")
    return " ".join(said).removeprefix("+ ")
