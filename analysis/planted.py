"""What a fit should find where the truth was planted.

The planted utility is projected onto the columns that were fitted. Where it lies in their span the
projection's coefficients are the truth of this very estimand: a term that was not planted is 0,
product effects are relative to the fit's baselines, saturated slots are sums of row and column,
and a planted term that never varies within a product has become part of the product effects.
Where it does not, a planted term is missing from the fit and there is no truth to compare with.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces import terms

if TYPE_CHECKING:
    from analysis.choice_sample import ProductEffects

Floats = NDArray[np.float64]

OUTSIDE = "outside_option"
"""Name of the planted utility of buying nothing."""

TOLERANCE = 1e-6


def planted_utility(table: pd.DataFrame, truth: Mapping[str, float]) -> Floats | None:
    """Returns (rows,) the planted utility less that of buying nothing; None if not computable."""
    utility = np.full(len(table), -truth.get(OUTSIDE, 0.0))
    effects = {
        name.removeprefix("product_id[").removesuffix("]"): value
        for name, value in truth.items()
        if name.startswith("product_id[")
    }
    if effects:
        utility += table["product_id"].map(effects).fillna(0.0).to_numpy(float)
    for name, value in truth.items():
        if name == OUTSIDE or name.startswith("product_id[") or value == 0:
            continue
        values = _term(name, table)
        if values is None:
            return None
        utility += value * values
    return utility


def truth_of_fit(
    table: pd.DataFrame,
    truth: Mapping[str, float],
    fitted: Sequence[str],
    effects: "ProductEffects | None" = None,
    *,
    outside: bool = False,
) -> dict[str, float]:
    """Returns the true value of each fitted coefficient; empty where there is none.

    Args:
        table: The long table that was fitted.
        truth: Planted coefficients by term, `product_id[ID]` and `outside_option` among them.
        fitted: Terms of the fit.
        effects: Effects of the fit.
        outside: Whether buying nothing was an alternative of the fit.

    Returns:
        Term -> value, and `column[level]` -> value for the effects.
    """
    table = table[table["status"].isin(["chosen", "abstained"] if outside else ["chosen"])]
    if effects is not None and effects.never_chosen:
        table = table[~table[effects.column].astype(str).isin(list(effects.never_chosen))]
    utility = planted_utility(table, truth)
    columns = [_term(name, table) for name in fitted]
    if utility is None or any(values is None for values in columns) or table.empty:
        return {}
    names = list(fitted)
    matrix: Any = np.column_stack([values for values in columns if values is not None])
    if effects is not None:
        matrix = _with_dummies(matrix, table[effects.column].astype(str), effects.names)
        names += [f"{effects.column}[{level}]" for level in effects.names]
    found = _project(matrix, utility, None if outside else table["trial_id"].factorize()[0])
    if found is None:
        return {}
    # what planted numbers are, without the dust of the projection
    return {name: round(value, 9) + 0.0 for name, value in zip(names, found.tolist(), strict=True)}


def _term(name: str, table: pd.DataFrame) -> Floats | None:
    """A term's values; None where it is a formula of its own, or the table lacks its column."""
    try:
        return terms.term(name, table)  # type: ignore[arg-type]
    except (KeyError, ValueError):
        return None


def _with_dummies(matrix: Floats, column: "pd.Series[str]", levels: Sequence[str]) -> Any:  # noqa: ANN401
    """The matrix with a 0/1 column for each level, as a sparse array."""
    from scipy import sparse

    code = pd.Index(levels).get_indexer(pd.Index(column))
    rows = np.flatnonzero(code >= 0)
    shape = (len(code), len(levels))
    dummies = sparse.csr_array((np.ones(len(rows)), (rows, code[rows])), shape=shape)
    return sparse.hstack([sparse.csr_array(matrix), dummies], format="csr")


def _project(matrix: Any, utility: Floats, sets: NDArray[np.int64] | None) -> Floats | None:  # noqa: ANN401
    """Coefficients of `matrix` that give `utility` exactly, up to a constant of each set.

    Deviations from the means of sets are never formed: the matrix stays sparse.
    """
    gram, moment = matrix.T @ matrix, matrix.T @ utility
    gram = gram.toarray() if hasattr(gram, "toarray") else gram
    if sets is not None:
        gram = gram - (sums := _set_sums(matrix, sets)).T @ (means := sums / _sizes(sets)[:, None])
        moment = moment - means.T @ np.bincount(sets, utility)
    found = np.linalg.lstsq(gram, moment, rcond=None)[0]
    left = utility - matrix @ found
    if sets is not None:
        left = left - (np.bincount(sets, left) / _sizes(sets))[sets]
    spread = float(np.abs(utility).max())
    return found if np.abs(left).max() <= TOLERANCE * max(spread, 1.0) else None


def _sizes(sets: NDArray[np.int64]) -> Floats:
    return np.bincount(sets).astype(float)


def _set_sums(matrix: Any, sets: NDArray[np.int64]) -> Floats:  # noqa: ANN401
    """(sets, columns) sums of the rows of each set."""
    from scipy import sparse

    within = sparse.csr_array((np.ones(len(sets)), (sets, np.arange(len(sets)))))
    sums = within @ matrix
    return np.asarray(sums.toarray() if hasattr(sums, "toarray") else sums)
