"""The nested logit for tables and arrays of choices: groups of closer substitutes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aces.errors import EstimationError
from aces.stats import nested
from aces.stats.choice_data import choice_data
from aces.stats.covariance import CovType
from aces.stats.joint import WaldTest, wald_test
from analysis.choice_sample import require_column
from analysis.display import listed
from analysis.model_columns import codes, with_columns
from analysis.model_result import Provenance
from analysis.scored_result import ScoredResult, head, sizes

if TYPE_CHECKING:
    import pandas as pd

NEST, ALONE = "its nest", "alone: "
"""Column of nests made from others, and label of products that none names."""
NUMBERS = "biuf"
"""Kinds of columns whose values are no names."""


class NestedLogitResult(ScoredResult):
    """Estimates of a nested logit: coefficients, then dissimilarities, which are tested against 1.

    Args:
        fit: The estimates.
        provenance: Where the choices come from.
        column: What the nests are, in words.
    """

    def __init__(self, fit: nested.NestedFit, provenance: Provenance, column: str) -> None:
        self.nested_fit = fit
        self.column = column
        null = np.append(np.zeros(fit.data.n_columns), np.ones(len(fit.nests.parameters)))
        super().__init__(fit.data, fit.params, fit.covariance, provenance, fit.names, null)

    @property
    def llf(self) -> float:
        """Log-likelihood."""
        return self.nested_fit.llf

    @property
    def llfixed(self) -> float:
        """Log-likelihood of the conditional logit, in which all dissimilarities are 1."""
        return self.nested_fit.conditional_llf

    @cached_property
    def iia_test(self) -> WaldTest:
        """Wald's test that all dissimilarities are 1, so that nests do not matter."""
        k = self.nested_fit.data.n_columns
        matrix = self._covariance.matrix[k:, k:]
        return wald_test(self._params[k:] - 1, matrix, self.df)

    @property
    def dissimilarities(self) -> Mapping[str, float]:
        """Dissimilarity of each nest; 1 where no set holds two of its alternatives."""
        found = dict(nested.dissimilarities(self.nested_fit))
        return {**found, **dict.fromkeys(self.nested_fit.nests.alone, 1.0)}

    def summary(self) -> str:
        """Returns what was estimated, from what, and the table of estimates as text."""
        return "\n".join(["Nested logit", *_head(self), "", *self.rows(), "", *_notes(self)])


def _head(result: NestedLogitResult) -> list[str]:
    fit, test = result.nested_fit, result.iia_test
    lines = [
        ("Estimand", result.estimand),
        ("Choice sets", sizes(fit.data, outside=result.provenance.outside)),
        ("Nests", f"{result.column}: {', '.join(fit.nests.names)}"),
    ]
    if fit.nests.alone:
        lines.append(("Alone", f"no set holds two of: {listed(fit.nests.alone)}"))
    if result.provenance.left_out:
        counts = [f"{n:,} {status}" for status, n in result.provenance.left_out.items()]
        lines.append(("Left out", ", ".join(counts)))
    shape = f"{test.df}" if np.isinf(test.df_clusters) else f"{test.df}, {test.df_clusters:.0f}"
    lines += [
        (
            "Log-likelihood",
            f"{result.llf:,.3f}; conditional logit {result.llfixed:,.3f}; equal shares "
            f"{result.llnull:,.3f}",
        ),
        ("All are 1", f"Wald F({shape}) = {test.statistic:.3f}, p = {test.p_value:.4f}"),
    ]
    return head(lines)


def _notes(result: NestedLogitResult) -> list[str]:
    lines = [
        f"Errors: {result.errors_note}.",
        "p-values of dissimilarities are of the hypothesis that they are 1: no closer substitutes.",
    ]
    above = [name for name, value in result.dissimilarities.items() if value > 1]
    if above:
        lines.append(f"Above 1, where utility need not be maximised: {', '.join(above)}.")
    return lines


class NestedLogit:
    """A nested logit with two levels; alternatives of a nest are closer substitutes than others.

    Args:
        X: (rows, terms) attributes, one row per alternative of each choice set.
        y: (rows,) 1 for the alternative chosen and 0 for the others, or choice probabilities.
        sets: (rows,) choice set of each row; sets may differ in size.
        nests: (rows,) nest of each alternative.
        clusters: (rows,) cluster of each row, for clustered errors.
        names: Names of the terms, by default the columns of X where it is a DataFrame.
        outside: Whether each set has one more alternative, with attributes 0 and in no nest.
        common: Whether all nests have the same dissimilarity.
    """

    def __init__(
        self,
        X: "NDArray[Any] | pd.DataFrame",
        y: ArrayLike,
        sets: ArrayLike,
        nests: ArrayLike,
        clusters: ArrayLike | None = None,
        *,
        names: Sequence[str] | None = None,
        outside: bool = False,
        common: bool = False,
    ) -> None:
        if names is None and hasattr(X, "columns"):
            names = [str(column) for column in X.columns]
        self._data = choice_data(np.asarray(X), y, sets, names=names, outside=outside)
        self._nests = np.asarray(nests)
        self._clusters = None if clusters is None else np.asarray(clusters)
        self._provenance = Provenance(named=names is not None, outside=outside)
        self._common, self._column = common, "nests"

    @classmethod
    def from_formula(
        cls,
        formula: str,
        data: "pd.DataFrame",
        choice_set: str,
        *,
        nests: str | Mapping[str, Sequence[str]],
        effects: str | None = None,
        cluster: str | None = None,
        outside: bool = False,
        common: bool = False,
        status: str = "status",
    ) -> "NestedLogit":
        """Builds the model from a long table with one row per alternative per choice set.

        Args:
            formula: `chosen ~ price + rating`, as for `ConditionalLogit`.
            data: The table. Choice sets without a purchase are left out and counted.
            choice_set: Column that says which choice set a row belongs to.
            nests: Column with the nest of each row, or nest -> its product ids (others are alone).
            effects: Column with a coefficient for each level, such as `product_id`.
            cluster: Column with the unit of randomisation, for clustered errors.
            outside: Whether buying nothing is one more alternative, in no nest.
            common: Whether all nests have the same dissimilarity.
            status: Column that says how a trial ended, where there is one.

        Raises:
            EstimationError: If the formula or columns are at fault.
        """
        table, column, said = with_nests(data, nests)
        model = cls.__new__(cls)
        model._data, model._provenance, rows = with_columns(
            formula,
            table,
            choice_set,
            [column],
            cluster=cluster,
            effects=effects,
            outside=outside,
            status=status,
        )
        model._nests = rows[column].to_numpy(str)
        model._clusters = None if cluster is None else codes(rows[cluster])
        model._common, model._column = common, said
        return model

    def fit(self, cov_type: CovType | None = None) -> NestedLogitResult:
        """Estimates the model.

        Args:
            cov_type: `jackknife` (the default with up to 100 clusters), `cluster` (the default
                with more), `robust` by choice set (the default without) or `nonrobust`.

        Raises:
            EstimationError: If nests say nothing of substitution, or no maximum is found.

        Warns:
            DissimilarityWarning: If a dissimilarity is above 1.
        """
        found = nested.fit(
            self._data,
            self._nests,
            clusters=self._clusters,
            common=self._common,
            cov_type=cov_type,
        )
        return NestedLogitResult(found, self._provenance, self._column)


@dataclass(frozen=True)
class Nesting:
    """Which nest a listing is in.

    Attributes:
        column: Column of the nest; empty where products say it.
        products: Product id -> nest; others are alone.
    """

    column: str
    products: Mapping[str, str]

    @classmethod
    def of(cls, data: "pd.DataFrame", nests: str | Mapping[str, Sequence[str]]) -> "Nesting":
        """Returns what `nests` says of a table.

        Args:
            data: Long table.
            nests: Column, or nest -> product ids.

        Raises:
            EstimationError: If a column or product is not there, or a product in two nests.
        """
        if isinstance(nests, str):
            require_column(data, nests)
            return cls(nests, {})
        require_column(data, "product_id")
        label = {product: name for name, products in nests.items() for product in products}
        if len(label) < sum(map(len, nests.values())):
            raise EstimationError("a product is in more than one nest.")
        shown = set(data["product_id"].astype(str))
        if unknown := [product for product in label if product not in shown]:
            raise EstimationError(f"no row has the product {unknown[0]!r}.")
        return cls("", label)

    @property
    def told(self) -> str:
        """What the nests are, in words."""
        return self.column or "nests of products"

    def labels(self, data: "pd.DataFrame") -> "pd.Series[Any]":
        """Returns the nest of each row; missing where its column is."""
        if not self.column:
            own = data["product_id"].astype(str)
            return own.map(self.products).fillna(ALONE + own)
        found = data[self.column]
        if found.dtype.kind not in NUMBERS:
            return found
        return found.map(lambda value: f"{self.column}={value:g}", na_action="ignore")


def with_nests(
    data: "pd.DataFrame", nests: str | Mapping[str, Sequence[str]]
) -> tuple["pd.DataFrame", str, str]:
    """Returns the table, its column with nests, and what they are in words.

    Args:
        data: Long table.
        nests: Column, or nest -> product ids; products that none names are alone.

    Raises:
        EstimationError: If a product is not there, or in two nests.
    """
    nesting = Nesting.of(data, nests)
    if nesting.column and data[nesting.column].dtype.kind not in NUMBERS:
        return data, nesting.column, nesting.told
    return data.assign(**{NEST: nesting.labels(data)}), NEST, nesting.told
