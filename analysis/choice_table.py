"""Choice data, clusters and provenance of a model that is read from a long table."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces.errors import EstimationError
from aces.stats.choice_data import ChoiceData, Floats, choice_data
from analysis.choice_formula import by_group, columns_of, matrix, sides, terms_of
from analysis.choice_result import Groups
from analysis.choice_sample import ChoiceSample, choice_sample, require_column
from analysis.model_result import Provenance

GROUP = "whose choices"
"""Name of the column of groups while a model is built."""
WHOSE = ("buyer", "model", "persona", "interface", "temperature", "prompt_hash")


@dataclass(frozen=True)
class Columns:
    """What the columns of a table mean.

    Attributes:
        choice_set: Which choice set a row belongs to.
        effects: A coefficient for each level; None without.
        cluster: Unit of randomisation; None without.
        by: Whose choices they are, where each has coefficients of its own.
        offset: Part of utility that is known; None without.
        weights: Weight of the choice set; None without.
        status: How a trial ended.
    """

    choice_set: str
    effects: str | None = None
    cluster: str | None = None
    by: tuple[str, ...] = ()
    offset: str | None = None
    weights: str | None = None
    status: str = "status"


@dataclass(frozen=True)
class TableModel:
    """A model read from a table.

    Attributes:
        choices: The choice sets.
        clusters: (rows,) number of each row's cluster; None without.
        provenance: Where the choices come from.
        groups: Whose coefficients they are, where each has its own.
    """

    choices: ChoiceData
    clusters: NDArray[Any] | None
    provenance: Provenance
    groups: Groups | None


def read_table(
    formula: str, data: pd.DataFrame, asked: Columns, *, outside: bool = False
) -> TableModel:
    """Returns the model of a formula.

    Args:
        formula: `chosen ~ price + rating`.
        data: One row per alternative per choice set.
        asked: What its columns mean.
        outside: Whether buying nothing is one more alternative.

    Raises:
        EstimationError: If the formula or columns are at fault.
    """
    outcome, right = sides(formula)
    terms, others = terms_of(right), (asked.cluster, asked.offset, asked.weights)
    for column in filter(None, others):
        require_column(data, column)
    if asked.by:
        data = _grouped(data, asked)
    sample = choice_sample(
        data,
        outcome,
        asked.choice_set,
        columns=columns_of(terms, data, *others, GROUP if asked.by else None),
        effects=asked.effects,
        outside=outside,
        status=asked.status,
    )
    names, X = matrix(terms, sample.frame, constant=outside and "1" in terms)
    groups = None
    if asked.by:
        codes, found = sample.frame[GROUP].factorize()
        groups = Groups(asked.by, tuple(map(str, found)), tuple(names))
        names, X = by_group(names, X, codes, groups.labels)
    provenance = Provenance(
        named=True,
        outside=outside,
        whose=_whose(data),
        outcome=outcome,
        choice_set=asked.choice_set,
        cluster=asked.cluster,
        left_out=sample.left_out,
        effects=sample.effects,
    )
    clusters = None if asked.cluster is None else _clusters(sample.frame[asked.cluster])
    return TableModel(_choices(X, names, sample, asked, outside), clusters, provenance, groups)


def _choices(
    X: Floats, names: list[str], sample: ChoiceSample, asked: Columns, outside: bool
) -> ChoiceData:
    effects, frame = sample.effects, sample.frame
    return choice_data(
        X,
        sample.y,
        sample.sets,
        names=names,
        effects=None if effects is None else effects.codes,
        effect_names=() if effects is None else [f"{effects.column}[{n}]" for n in effects.names],
        outside=outside,
        offset=None if asked.offset is None else _numbers(frame[asked.offset]),
        weights=None if asked.weights is None else _numbers(frame[asked.weights]),
    )


def _numbers(column: "pd.Series[Any]") -> NDArray[np.float64]:
    try:
        return np.asarray(column.to_numpy(dtype=float, na_value=np.nan))
    except (TypeError, ValueError) as error:
        raise EstimationError(f"'{column.name}' must hold numbers.") from error


def _grouped(data: pd.DataFrame, asked: Columns) -> pd.DataFrame:
    """The table with whose choice each row is of, effects told apart by it."""
    for name in (*asked.by, asked.choice_set, *filter(None, [asked.effects])):
        require_column(data, name)
    for name in asked.by:
        if data[name].isna().any():
            raise EstimationError(f"'{name}' is missing in {data[name].isna().sum()} rows.")
        values = data.groupby(asked.choice_set, sort=False, observed=True)[name].nunique()
        if (values > 1).any():
            found = (values > 1).idxmax()
            raise EstimationError(f"choice set '{found}' has several values of '{name}'.")
    label = data[asked.by[0]].astype(str)
    for name in asked.by[1:]:
        label = label + " · " + data[name].astype(str)
    data = data.assign(**{GROUP: label})
    effects = asked.effects
    if effects is None or data[effects].isna().any():  # a missing level is named later
        return data
    return data.assign(**{effects: data[effects].astype(str) + ", " + label})


def _clusters(column: "pd.Series[Any]") -> NDArray[Any]:
    if column.isna().any():
        raise EstimationError(f"cluster '{column.name}' is missing in {column.isna().sum()} rows.")
    codes: NDArray[Any] = column.factorize()[0]
    return codes


def _whose(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Whose choices they are: the values of the columns that say so."""
    found = {
        column: sorted(filter(None, map(str, frame[column].dropna().unique())))
        for column in WHOSE
        if column in frame.columns
    }
    return {column: values for column, values in found.items() if values}
