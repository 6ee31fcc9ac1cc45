"""Which coefficients the choice sets can tell apart at all, whatever was chosen."""

import numpy as np
from numpy.typing import NDArray

from aces.errors import CollinearityError
from aces.stats.choice_data import ChoiceData, Floats, Ints
from aces.stats.constraints import Constraints
from aces.stats.likelihood import SAMPLE_SETS, log_likelihood

LEFT_OVER = 1e-9
"""Share of a column's variation within sets that others must leave, or it is their combination."""


def check_identified(data: ChoiceData, limits: Constraints | None = None) -> None:
    """Raises CollinearityError, naming columns, unless every coefficient is identified.

    More choice sets can only add information, so that a sample mostly suffices.

    Args:
        data: The choice sets.
        limits: Linear constraints on the coefficients, which may identify what else is not.
    """
    if limits is not None:
        _check_within(data, limits)
        return
    every = max(data.n_sets // (SAMPLE_SETS * data.n_columns), 1)
    zero = np.zeros(data.n_columns)
    information = log_likelihood(data.sample(every), zero).information
    _check_variation(data)
    if every > 1 and _deficient(_correlation(information)):
        information = log_likelihood(data, zero).information
    _check_collinearity(data, information)


def _check_within(data: ChoiceData, limits: Constraints) -> None:
    """The same under constraints: every direction that they leave open must move utilities."""
    along, information = limits.along, log_likelihood(data, limits.origin).information
    within = along.T @ information @ along
    scale = np.sqrt(np.maximum(within.diagonal(), 1e-300))
    values, vectors = np.linalg.eigh(within / np.outer(scale, scale))
    if not len(values) or (values[0] >= LEFT_OVER and (within.diagonal() > 0).all()):
        return
    still = np.flatnonzero(within.diagonal() <= 0)
    direction = along[:, still[0]] if len(still) else along @ (vectors[:, 0] / scale)
    loud = np.abs(direction) > 1e-6 * np.abs(direction).max()
    names = ", ".join(f"'{data.names[k]}'" for k in np.flatnonzero(loud))
    raise CollinearityError(
        f"under the constraints the choices can't tell the coefficients of {names} apart: moved "
        "together they change no probability. Leave a column out, or constrain one more."
    )


def _check_variation(data: ChoiceData) -> None:
    still = ~_varying(data)
    if still.any():
        log_likelihood(data, np.zeros(data.n_columns))  # a missing value is named before
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
    correlation = _correlation(information)
    if not _deficient(correlation):
        return
    dependent = _dependent(correlation, _order(data))
    column = dependent[0]
    others = np.setdiff1d(_order(data), dependent)
    weights = _combination(information, column, others)
    parts = [(others[i], weights[i]) for i in np.flatnonzero(np.abs(weights) > 1e-6)]
    raise CollinearityError(
        f"'{data.names[column]}' is collinear: within choice sets it equals "
        f"{_describe(data, parts)}{'' if data.outside else ' plus a constant'}. Leave one out."
    )


def _correlation(information: Floats) -> Floats:
    scale = np.sqrt(np.maximum(information.diagonal(), 1e-300))
    return np.asarray(information / np.outer(scale, scale))


def _deficient(correlation: Floats) -> bool:
    return bool(np.linalg.eigvalsh(correlation)[0] < LEFT_OVER)


def _dependent(correlation: Floats, order: Ints) -> list[int]:
    """Columns that those before them in `order` leave nothing of, by Gaussian elimination.

    The worst is named where rounding lets none fall below the bound.
    """
    left, found, smallest = correlation.copy(), [], (np.inf, 0)
    for column in order:
        pivot = left[column, column]
        smallest = min(smallest, (pivot, int(column)))
        if pivot < LEFT_OVER:
            found.append(int(column))
        else:
            left -= np.outer(left[:, column], left[column]) / pivot
    return found or [smallest[1]]


def _order(data: ChoiceData) -> Ints:
    """Effects first, so that the term that repeats them is named."""
    return np.roll(np.arange(data.n_columns), data.n_columns - data.n_terms)


def _combination(information: Floats, column: int, others: Ints) -> Floats:
    """Weights of `others` that come nearest to `column`."""
    target = information[others, column]
    scale = np.sqrt(information.diagonal()[others])
    scaled = information[np.ix_(others, others)] / np.outer(scale, scale)
    return np.asarray(np.linalg.lstsq(scaled, target / scale, rcond=1e-13)[0] / scale)


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
