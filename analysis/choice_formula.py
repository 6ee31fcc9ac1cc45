"""From a formula and a long table to the columns of a choice model, a block of rows at a time."""

import ast
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aces.errors import EstimationError, nearest
from aces.stats.choice_data import Floats

if TYPE_CHECKING:
    import pandas as pd

BLOCK_ROWS = 65_536
"""Rows computed at a time: what is built along the way stays small beside the result."""
PROBE_ROWS = 64
SPOILT = 0.5
"""Share of numbers among values from which on text passes for numbers with something else in."""


def sides(formula: str) -> tuple[str, str]:
    """Returns outcome and terms of a formula."""
    outcome, tilde, terms = formula.partition("~")
    if not tilde or not outcome.strip() or not terms.strip():
        raise EstimationError(f"formula '{formula}' should read 'chosen ~ price + rating'.")
    return outcome.strip(), terms.strip()


def terms_of(right: str) -> list[str]:
    """Returns the terms on the right of a formula; no intercept unless it says `1`."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError
    from formulaic.parser import DefaultFormulaParser

    try:
        parsed = Formula(right, _parser=DefaultFormulaParser(include_intercept=False))
    except FormulaicError as error:
        raise EstimationError(f"the terms '{right}' can't be read: {_said(error)}") from error
    return [":".join(map(_written, term.factors)) for term in parsed]


def _written(factor: Any) -> str:  # noqa: ANN401
    """A factor as a formula has it: names of columns that are no words in backticks."""
    name = str(factor.expr)
    looked_up = factor.eval_method.value == "lookup" and not name.isidentifier()
    return f"`{name}`" if looked_up else name


def _said(error: Exception) -> str:
    """The first line of formulaic's message, without the codes that colour it."""
    return re.sub(r"\x1b?\[[\d;]*m", "", str(error)).splitlines()[0]


def columns_of(terms: Sequence[str], data: "pd.DataFrame", *others: str | None) -> list[str]:
    """Returns the columns that terms are made of, and others, as far as the table has them.

    Raises:
        EstimationError: If a term names a column that is not there; the message has the nearest.
    """
    from formulaic import Formula

    formula = Formula(list(terms))
    factors = [factor for term in formula for factor in term.factors]
    known = set(map(str, data.columns))
    for factor in factors:
        if factor.eval_method.value == "lookup" and str(factor.expr) not in known:
            raise EstimationError(
                f"there is no column '{factor.expr}'{nearest(str(factor.expr), known)}"
            )
    needed = {str(name) for name in formula.required_variables} | set(map(str, others))
    for factor in factors:  # what a transform that keeps a state is of, formulaic does not list
        needed |= _names_in(str(factor.expr))
    return [column for column in data.columns if column in needed]


def _names_in(expression: str) -> set[str]:
    """The names in a Python expression; none where it is none."""
    try:
        nodes = ast.walk(ast.parse(expression, mode="eval"))
    except SyntaxError:
        return set()
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def matrix(
    terms: Sequence[str], frame: "pd.DataFrame", *, constant: bool, block: int = BLOCK_ROWS
) -> tuple[list[str], Floats]:
    """Returns names and values of the terms' columns, one array filled block by block.

    The intercept is put in, so that a factor has a baseline, and taken out again unless asked for.
    Levels of factors are those of the whole table. A term whose values depend on other rows
    (`center(price)`, splines) is computed on the whole table at once.

    Args:
        terms: Terms of the formula.
        frame: The table.
        constant: Whether to keep the intercept.
        block: Rows at a time.

    Raises:
        EstimationError: If a term can't be computed, or a factor has no level in some row.
    """
    from formulaic.errors import FormulaicError

    try:
        spec = _spec([term for term in terms if term != "1"], frame, block)
        return _filled(spec, frame, block, constant=constant)
    except FormulaicError as error:
        known = ", ".join(map(str, frame.columns)) or "none of those named"
        raise EstimationError(
            f"the terms '{' + '.join(terms)}' can't be computed: {_said(error)}. Columns found: "
            f"{known}."
        ) from error


def _spec(terms: Sequence[str], frame: "pd.DataFrame", block: int) -> Any:  # noqa: ANN401
    """How formulaic computes the columns, levels of the whole table known to it."""
    from formulaic import Formula

    formula = Formula(["1", *terms])
    found = formula.get_model_matrix(frame.iloc[:PROBE_ROWS], na_action="ignore").model_spec
    variables = _factor_variables(found, frame)
    _check_levels(variables, frame)
    if len(frame) <= PROBE_ROWS:
        return found
    rows = np.arange(len(frame))
    if not found.transform_state:
        first = np.zeros(len(frame), dtype=bool)
        for names in variables.values():
            first |= ~frame[names].duplicated().to_numpy()
        first[0] = True
        rows = np.flatnonzero(first)
    if len(rows) > block:  # more levels than rows of a block, or a term that needs all rows
        rows = np.arange(len(frame))
    return formula.get_model_matrix(frame.iloc[rows], na_action="ignore").model_spec


def _factor_variables(spec: Any, frame: "pd.DataFrame") -> dict[str, list[str]]:  # noqa: ANN401
    """Factor with levels -> the columns of the table that it is made of."""
    levels = {name for name, (kind, _) in spec.encoder_state.items() if kind.value == "categorical"}
    return {
        str(factor): [name for name in map(str, used) if name in frame.columns]
        for factor, used in spec.factor_variables.items()
        if str(factor) in levels
    }


def _check_levels(variables: dict[str, list[str]], frame: "pd.DataFrame") -> None:
    """Raises EstimationError for rows without a level: they would pass for the baseline.

    And for numbers with something else among them, unless `C(...)` says that they are levels.
    """
    for factor, names in variables.items():
        for name in names:
            missing = frame[name].isna()
            if missing.any():
                raise EstimationError(
                    f"'{name}' is missing in {missing.sum()} rows, first in row "
                    f"{missing.idxmax()} of the table. Fill it in, or leave out the whole choice "
                    "sets these rows are in: without one row the choice is another."
                )
        if factor in names:
            _check_spoilt(frame[factor])


def _check_spoilt(column: "pd.Series[Any]") -> None:
    """Raises EstimationError for a column of text that is mostly numbers."""
    import pandas as pd

    if column.dtype.kind in "biuf" or isinstance(column.dtype, pd.CategoricalDtype):
        return
    levels = column.drop_duplicates().astype(str)
    wrong = pd.to_numeric(levels, errors="coerce").isna().to_numpy()
    comma = levels.str.fullmatch(r"\s*[+-]?\d+,\d+\s*").to_numpy(bool)
    if (wrong & ~comma).mean() > 1 - SPOILT:
        return
    odd = wrong if wrong.any() else ~wrong
    where, value = levels.index[odd][0], levels.to_numpy()[odd][0]
    what = "holds numbers as text" if comma.any() or not wrong.any() else "holds numbers and text"
    raise EstimationError(
        f"'{column.name}' {what}: row {where} of the table has '{value}'. Make it a number, or "
        f"write C({column.name}) if its values are names."
    )


def _filled(
    spec: Any,  # noqa: ANN401
    frame: "pd.DataFrame",
    block: int,
    *,
    constant: bool,
) -> tuple[list[str], Floats]:
    first = 0 if constant else 1  # the intercept is the first column
    names = list(spec.column_names)[first:]
    found = np.empty((len(frame), len(names)))
    for rows in blocks(len(frame), block):
        made = spec.get_model_matrix(frame.iloc[rows], na_action="ignore")
        found[rows] = made.to_numpy(dtype=float)[:, first:]
    return names, found


def blocks(n: int, block: int) -> Iterator[slice]:
    """Yields slices of n rows."""
    for first in range(0, n, block):
        yield slice(first, min(first + block, n))


def by_group(
    names: Sequence[str], X: Floats, codes: NDArray[np.int64], labels: Sequence[str]
) -> tuple[list[str], Floats]:
    """Returns each column once per group, 0 in the rows of others: `log_price[qwen]`.

    Args:
        names: (K,) names of the columns.
        X: (rows, K) columns.
        codes: (rows,) group of each row.
        labels: Name of each group.
    """
    k = len(names)
    wide = np.zeros((len(X), k * len(labels)))
    for group in range(len(labels)):
        rows = np.flatnonzero(codes == group)
        for part in blocks(len(rows), BLOCK_ROWS):
            wide[rows[part], group * k : (group + 1) * k] = X[rows[part]]
    return [f"{name}[{label}]" for label in labels for name in names], wide
