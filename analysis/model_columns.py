"""Choice data of a formula, with further columns of its rows: nests, clusters, who chose."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from aces.errors import EstimationError
from aces.stats.choice_data import ChoiceData
from analysis.choice_model import ConditionalLogit
from analysis.choice_sample import choice_sample, require_column
from analysis.model_result import Provenance

if TYPE_CHECKING:
    import pandas as pd


def with_columns(
    formula: str,
    data: "pd.DataFrame",
    choice_set: str,
    columns: Sequence[str],
    *,
    cluster: str | None = None,
    effects: str | None = None,
    outside: bool = False,
    status: str = "status",
) -> tuple[ChoiceData, Provenance, "pd.DataFrame"]:
    """Returns the choice data of a formula, where they come from, and columns of their rows.

    Args:
        formula: `chosen ~ price + rating`.
        data: Long table.
        choice_set: Column of the choice set.
        columns: Further columns, none of them missing anywhere.
        cluster: Column of the cluster, which is one of the columns returned.
        effects: Column with a coefficient for each level.
        outside: Whether buying nothing is an alternative.
        status: Column that says how a trial ended.

    Raises:
        EstimationError: If formula or columns are at fault.
    """
    wanted = list(dict.fromkeys([*columns, *([cluster] if cluster else [])]))
    for name in wanted:
        require_column(data, name)
    built = ConditionalLogit.from_formula(
        formula, data, choice_set, effects=effects, outside=outside, status=status
    )
    sample = choice_sample(
        data,
        built.provenance.outcome,
        choice_set,
        columns=wanted,
        effects=effects,
        outside=outside,
        status=status,
    )
    for name in wanted:
        if missing := int(sample.frame[name].isna().sum()):
            raise EstimationError(f"'{name}' is missing in {missing} rows.")
    return built.data, replace(built.provenance, cluster=cluster), sample.frame


def codes(column: "pd.Series[Any]") -> NDArray[Any]:
    """Returns (rows,) a number for each value of a column."""
    found: NDArray[Any] = column.factorize()[0]
    return found
