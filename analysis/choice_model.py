"""The conditional logit for tables and arrays of choices."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aces.stats.choice import ChoiceFit, estimate
from aces.stats.choice_data import ChoiceData, choice_data
from aces.stats.constraints import constraints as linear
from aces.stats.covariance import CovType, covariance
from analysis.choice_result import ConditionalLogitResult, Groups
from analysis.model_result import Provenance

if TYPE_CHECKING:
    import pandas as pd

    from analysis.restrictions import Restrictions


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
        offset: (rows,) part of utility that is known: its coefficient is 1.
        weights: (rows,) weight of the choice set. Robust and clustered errors take it for
            importance, `nonrobust` for a count of equal sets.

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
        offset: ArrayLike | None = None,
        weights: ArrayLike | None = None,
    ) -> None:
        if names is None and hasattr(X, "columns"):
            names = [str(column) for column in X.columns]
        self._data = choice_data(
            np.asarray(X), y, sets, names=names, outside=outside, offset=offset, weights=weights
        )
        self._clusters = None if clusters is None else np.asarray(clusters)
        self._provenance = Provenance(named=names is not None, outside=outside)
        self._groups: Groups | None = None

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
        by: str | Sequence[str] | None = None,
        offset: str | None = None,
        weights: str | None = None,
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
            by: Columns such as `buyer` or `persona`: every coefficient is estimated for each of
                their values, in one model. With `cluster` its covariance allows for values that
                met the same worlds, which separate fits do not.
            offset: Column with a part of utility that is known.
            weights: Column with the weight of the choice set.
            status: Column that says how a trial ended, where there is one.

        Raises:
            EstimationError: If the formula or columns are at fault.
        """
        from analysis.choice_table import Columns, read_table

        asked = Columns(
            choice_set=choice_set,
            effects=effects,
            cluster=cluster,
            by=(by,) if isinstance(by, str) else tuple(by or ()),
            offset=offset,
            weights=weights,
            status=status,
        )
        found = read_table(formula, data, asked, outside=outside)
        model = cls.__new__(cls)
        model._data, model._clusters = found.choices, found.clusters
        model._provenance, model._groups = found.provenance, found.groups
        return model

    @property
    def data(self) -> ChoiceData:
        """The choice sets."""
        return self._data

    @property
    def groups(self) -> Groups | None:
        """Whose coefficients they are, where each has its own."""
        return self._groups

    @property
    def provenance(self) -> Provenance:
        """Where the choices come from."""
        return self._provenance

    def fit(
        self, cov_type: CovType | None = None, *, constraints: "Restrictions | None" = None
    ) -> ConditionalLogitResult:
        """Estimates the model.

        Args:
            cov_type: `jackknife` (CR3, the default with up to 100 clusters), `cluster` (CR1, the
                default with more), `robust` by choice set (the default without) or `nonrobust`,
                from the information matrix.
            constraints: What coefficients must satisfy: `"log_price = -1, row_1 = row_2"`, a list
                of such, `{"log_price": -1}`, or arrays R and r of R b = r.

        Raises:
            CollinearityError: If columns are constant or combinations of others within sets.
            SeparationError: If columns predict choices perfectly.
            EstimationError: If attributes are missing, or clusters too few.
        """
        limits = None
        if constraints is not None:
            from analysis import restrictions

            limits = linear(*restrictions.read(constraints, self._data.names))
        at = estimate(self._data, limits)
        errors = covariance(self._data, at, cov_type, self._clusters, limits)
        fit = ChoiceFit(self._data, at, errors, limits)
        return ConditionalLogitResult(fit, self._provenance, self._groups, self._clusters)
