"""From rows of a long table to the arrays of a linear model, and to averages of its slopes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces.errors import EstimationError
from aces.stats.choice_data import Floats, Ints
from aces.stats.linear import LinearFit
from analysis.choice_sample import require_column

MOST_LEVELS = 1000
STEP = 1e-3
"""By how much of its spread a column is moved to find its slope."""


@dataclass(frozen=True)
class LinearTerms:
    """The terms of a formula, computed on one table.

    Attributes:
        names: Of the columns.
        X: (rows, columns).
        variables: Columns of the table that the terms are made of.
    """

    names: tuple[str, ...]
    X: Floats
    variables: tuple[str, ...]
    _spec: Any

    @classmethod
    def of(cls, formula: str, frame: pd.DataFrame) -> "LinearTerms":
        """Computes the terms; factors have their first level as baseline.

        Raises:
            EstimationError: If the formula can't be read or computed.
        """
        from formulaic import Formula
        from formulaic.errors import FormulaicError

        try:
            matrix = Formula(formula).get_model_matrix(frame)
        except FormulaicError as error:
            raise EstimationError(f"the terms '{formula}' can't be computed: {error}") from error
        names = tuple(map(str, matrix.columns))
        return cls(names, matrix.to_numpy(dtype=float), variables_of(formula), matrix.model_spec)

    def marginal(self, fit: LinearFit, frame: pd.DataFrame) -> LinearFit:
        """Returns average marginal effects: of 0/1 columns the change 0 -> 1, of others the slope.

        Averaged over the rows as they are. Columns that are factors have none.
        """
        at = [self.names.index(name) for name in fit.names]
        weights, names = [], []
        for variable in self.variables:
            change = self._change(variable, frame)
            if change is not None and np.any(change[at]):
                weights.append(change[at])
                names.append(variable)
        return fit.combined(np.reshape(weights, (len(names), len(at))), names)

    def _change(self, variable: str, frame: pd.DataFrame) -> Floats | None:
        """(columns,) mean change of the terms for one unit of a column; None for a factor."""
        factors = {str(factor) for term in self._spec.terms for factor in term.factors}
        if not pd.api.types.is_numeric_dtype(frame[variable]):
            return None
        if any(f"C({variable}" in factor for factor in factors):
            return None
        values = frame[variable].to_numpy(dtype=float)
        if np.isin(values, (0, 1)).all():
            low, high, unit = np.zeros(len(values)), np.ones(len(values)), 1.0
        else:
            step = STEP * (float(values.std()) or 1.0)
            low, high, unit = values - step, values + step, 2 * step
        return np.asarray((self._at(variable, high, frame) - self._at(variable, low, frame)) / unit)

    def _at(self, variable: str, values: Floats, frame: pd.DataFrame) -> Floats:
        moved = self._spec.get_model_matrix(frame.assign(**{variable: values}))
        return np.asarray(moved.to_numpy(dtype=float).mean(axis=0))


def formula_of(terms: Sequence[str]) -> str:
    """Returns the right side of a formula; the constant is absorbed by effects later."""
    return " + ".join(["1", *terms])


def variables_of(formula: str) -> tuple[str, ...]:
    """Returns the columns that a formula needs, in order.

    Raises:
        EstimationError: If it can't be read.
    """
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        terms = Formula(formula)
    except FormulaicError as error:
        raise EstimationError(f"the terms '{formula}' can't be read: {error}") from error
    needed = map(str, terms.required_variables)
    return tuple(sorted(needed, key=lambda name: (formula.find(name), name)))


def complete_trials(
    rows: pd.DataFrame, columns: Iterable[str]
) -> tuple[pd.DataFrame, Mapping[str, int]]:
    """Returns the trials that have a value in all columns, and why others are left out.

    Raises:
        EstimationError: If a column is absent.
    """
    left_out: dict[str, int] = {}
    for column in dict.fromkeys(columns):
        require_column(rows, column)
        lost = rows["trial_id"].isin(rows.loc[rows[column].isna(), "trial_id"])
        if lost.any():
            left_out[f"without {column}"] = int(rows.loc[lost, "trial_id"].nunique())
            rows = rows[~lost]
    flags = [name for name in columns if pd.api.types.is_bool_dtype(rows[name])]
    return rows.astype(dict.fromkeys(flags, int)), left_out


def of_trials(column: "pd.Series[Any]", trials: Ints) -> NDArray[Any]:
    """Returns (rows,) labels of clusters.

    What one listing of a trial alone has, such as a persuasive text, is taken for the whole trial.

    Args:
        column: Labels, empty where a row has none.
        trials: (rows,) number of the trial.
    """
    labels = column.astype(str).to_numpy()
    said = pd.Series(labels).groupby(trials)
    if (said.nunique() <= 1).all():
        return labels
    own = pd.Series(labels)[labels != ""].groupby(trials[labels != ""])
    if (own.nunique() > 1).any():
        return labels
    return pd.Series(trials).map(own.first()).fillna("").to_numpy()


def level_columns(column: "pd.Series[Any]") -> tuple[list[str], Floats]:
    """Returns a 0/1 column for each level, as `product_id[x]`.

    Raises:
        EstimationError: If there are too many levels.
    """
    codes, levels = pd.factorize(column, sort=True)
    if len(levels) > MOST_LEVELS:
        raise EstimationError(
            f"'{column.name}' has {len(levels):,} levels; effects of at most {MOST_LEVELS:,} are "
            "estimated here: use `effects: null`, or the conditional logit"
        )
    return [f"{column.name}[{level}]" for level in levels], np.eye(len(levels))[codes]
