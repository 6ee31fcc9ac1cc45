"""The conditional logit for tables and arrays of choices."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aces.errors import EstimationError
from aces.stats.choice import ChoiceFit, estimate
from aces.stats.choice_data import ChoiceData, choice_data
from aces.stats.covariance import CovType, covariance
from analysis.choice_result import ConditionalLogitResult
from analysis.model_result import Provenance

if TYPE_CHECKING:
    import pandas as pd

    from analysis.choice_sample import ChoiceSample

WHOSE = ("buyer", "model", "persona", "interface", "temperature", "prompt_hash")


class ConditionalLogit:
    """McFadden's conditional logit: choice probabilities proportional to exp(x'b) in each set.

    Args:
        X: (rows, terms) attributes, one row per alternative of each choice set. Nothing is copied:
            they are read in blocks, and computed in float64 whatever their type.
        y: (rows,) 1 for the alternative chosen and 0 for the others, or choice probabilities.
        sets: (rows,) choice set of each row; sets may differ in size.
        clusters: (rows,) cluster of each row, for clustered errors.
        names: Names of the terms, by default the columns of X where it is a DataFrame. With names,
            results are pandas objects, else arrays.
        outside: Whether each set has one more alternative, with attributes 0: buying nothing.

    Example:
        >>> import numpy as np
        >>> X, sets = np.array([[0.0], [1.0]] * 4), np.repeat(np.arange(4), 2)
        >>> y = np.array([0, 1, 0, 1, 0, 1, 1, 0])
        >>> float(ConditionalLogit(X, y, sets).fit().params[0].round(4))  # log(3 / 1)
        1.0986
    """

    def __init__(
        self,
        X: "NDArray[Any] | pd.DataFrame",
        y: ArrayLike,
        sets: ArrayLike,
        clusters: ArrayLike | None = None,
        *,
        names: Sequence[str] | None = None,
        outside: bool = False,
    ) -> None:
        if names is None and hasattr(X, "columns"):
            names = [str(column) for column in X.columns]
        self._data = choice_data(np.asarray(X), y, sets, names=names, outside=outside)
        self._clusters = None if clusters is None else np.asarray(clusters)
        self._provenance = Provenance(named=names is not None, outside=outside)

    @classmethod
    def from_formula(
        cls,
        formula: str,
        data: "pd.DataFrame",
        choice_set: str,
        *,
        effects: str | None = None,
        cluster: str | None = None,
        outside: bool = False,
        status: str = "status",
    ) -> "ConditionalLogit":
        """Builds the model from a long table with one row per alternative per choice set.

        Args:
            formula: `chosen ~ price + C(brand) + price:rating`: left the outcome (0/1 or
                probabilities), right the terms. There is no intercept; with `outside` an explicit
                `1` is the constant of every alternative that is not the outside option.
            data: The table. Choice sets without a purchase are left out and counted.
            choice_set: Column that says which choice set a row belongs to.
            effects: Column with a coefficient for each level, such as `product_id`. One level per
                connected group of shelves is the baseline (none with `outside`); rows of levels
                never chosen are dropped, which is the limit of the likelihood.
            cluster: Column with the unit of randomisation, for clustered errors.
            outside: Whether buying nothing is one more alternative, with attributes 0, that those
                chose who abstained.
            status: Column that says how a trial ended, where there is one.

        Raises:
            EstimationError: If the formula or columns are at fault.
        """
        from analysis.choice_sample import choice_sample, require_column

        outcome, right = _sides(formula)
        terms = _terms(right)
        if cluster is not None:
            require_column(data, cluster)
        sample = choice_sample(
            data,
            outcome,
            choice_set,
            columns=_used(terms, data, cluster),
            effects=effects,
            outside=outside,
            status=status,
        )
        names, X = _matrix(terms, sample.frame, constant=outside and "1" in terms)
        model = cls.__new__(cls)
        model._data = _formula_data(X, names, sample, outside=outside)
        model._clusters = None if cluster is None else _clusters(sample.frame[cluster])
        model._provenance = Provenance(
            named=True,
            outside=outside,
            whose=_whose(data),
            outcome=outcome,
            choice_set=choice_set,
            cluster=cluster,
            left_out=sample.left_out,
            effects=sample.effects,
        )
        return model

    @property
    def data(self) -> ChoiceData:
        """The choice sets."""
        return self._data

    @property
    def provenance(self) -> Provenance:
        """Where the choices come from."""
        return self._provenance

    def fit(self, cov_type: CovType | None = None) -> ConditionalLogitResult:
        """Estimates the model.

        Args:
            cov_type: `cluster` (the default with clusters), `robust` by choice set (the default
                without) or `nonrobust`, from the information matrix.

        Raises:
            CollinearityError: If columns are constant or combinations of others within sets.
            SeparationError: If columns predict choices perfectly.
            EstimationError: If attributes are missing, or clusters too few.
        """
        at = estimate(self._data)
        errors = covariance(self._data, at, cov_type, self._clusters)
        return ConditionalLogitResult(ChoiceFit(self._data, at, errors), self._provenance)


def _sides(formula: str) -> tuple[str, str]:
    """Outcome and terms of a formula."""
    outcome, tilde, terms = formula.partition("~")
    if not tilde or not outcome.strip() or not terms.strip():
        raise EstimationError(f"formula '{formula}' should read 'chosen ~ price + rating'.")
    return outcome.strip(), terms.strip()


def _terms(right: str) -> list[str]:
    """The terms on the right of a formula; there is no intercept unless it says `1`."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError
    from formulaic.parser import DefaultFormulaParser

    try:
        parsed = Formula(right, _parser=DefaultFormulaParser(include_intercept=False))
    except FormulaicError as error:
        raise EstimationError(f"the terms '{right}' can't be read: {error}") from error
    return [str(term) for term in parsed]


def _used(terms: list[str], data: "pd.DataFrame", cluster: str | None) -> list[str]:
    """The columns that the model needs."""
    from formulaic import Formula

    needed = {str(name) for name in Formula(terms).required_variables} | {str(cluster)}
    return [column for column in data.columns if column in needed]


def _matrix(
    terms: list[str], frame: "pd.DataFrame", *, constant: bool
) -> tuple[list[str], NDArray[np.float64]]:
    """Column names and attributes of the terms.

    The intercept is put in, so that a factor has a baseline, and taken out again unless asked for.
    """
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    formula = Formula(["1", *(term for term in terms if term != "1")])
    try:
        matrix = formula.get_model_matrix(frame, na_action="ignore")
    except FormulaicError as error:
        known = ", ".join(map(str, frame.columns)) or "none of those named"
        raise EstimationError(
            f"the terms '{' + '.join(terms)}' can't be computed: {error}. Columns found: {known}."
        ) from error
    if not constant:
        matrix = matrix.drop(columns="Intercept")
    return list(matrix.columns), matrix.to_numpy(dtype=float)


def _formula_data(
    X: NDArray[np.float64], names: list[str], sample: "ChoiceSample", *, outside: bool
) -> ChoiceData:
    effects = sample.effects
    return choice_data(
        X,
        sample.y,
        sample.sets,
        names=names,
        effects=None if effects is None else effects.codes,
        effect_names=() if effects is None else [f"{effects.column}[{n}]" for n in effects.names],
        outside=outside,
    )


def _clusters(column: "pd.Series[Any]") -> NDArray[Any]:
    if column.isna().any():
        raise EstimationError(f"cluster '{column.name}' is missing in {column.isna().sum()} rows.")
    codes: NDArray[Any] = column.factorize()[0]
    return codes


def _whose(frame: "pd.DataFrame") -> dict[str, list[str]]:
    """Whose choices they are: the values of the columns that say so."""
    found = {
        column: sorted(filter(None, map(str, frame[column].dropna().unique())))
        for column in WHOSE
        if column in frame.columns
    }
    return {column: values for column, values in found.items() if values}
