"""The mixed logit for tables and arrays of choices: coefficients that vary between deciders."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aces.stats.choice_data import choice_data
from aces.stats.covariance import CovType
from aces.stats.mixed.draws import Sequences
from aces.stats.mixed.fit import DrawsUsed, fit
from analysis.mixed_result import MixedLogitResult
from analysis.model_columns import codes, with_columns
from analysis.model_result import Provenance

if TYPE_CHECKING:
    import pandas as pd


class MixedLogit:
    """A conditional logit whose coefficients differ between deciders, in a way that is estimated.

    Estimates are of the population: the mean and the spread of each random coefficient. Shapes are
    `normal`, `lognormal` (positive for all), `negative lognormal` (negative for all: a price) and
    `triangular`; mean and sd of a lognormal coefficient are those of its logarithm.

    Args:
        X: (rows, terms) attributes, one row per alternative of each choice set.
        y: (rows,) 1 for the alternative chosen and 0 for the others.
        sets: (rows,) choice set of each row; sets may differ in size.
        panel: (rows,) who chose, where several sets are one decider's: these share coefficients.
        random: Term -> shape, of those that vary.
        correlated: Whether random coefficients are correlated (normal and lognormal ones).
        clusters: (rows,) cluster of each row, for clustered errors; one per decider.
        weights: (rows,) weight of the decider.
        names: Names of the terms, by default the columns of X where it is a DataFrame.
        outside: Whether each set has one more alternative, with attributes 0: buying nothing.
    """

    def __init__(
        self,
        X: "NDArray[Any] | pd.DataFrame",
        y: ArrayLike,
        sets: ArrayLike,
        panel: ArrayLike | None = None,
        *,
        random: Mapping[str, str],
        correlated: bool = False,
        clusters: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        names: Sequence[str] | None = None,
        outside: bool = False,
    ) -> None:
        if names is None and hasattr(X, "columns"):
            names = [str(column) for column in X.columns]
        self._data = choice_data(np.asarray(X), y, sets, names=names, outside=outside)
        self._random, self._correlated = dict(random), correlated
        self._panel = None if panel is None else np.asarray(panel)
        self._clusters = None if clusters is None else np.asarray(clusters)
        self._weights = None if weights is None else np.asarray(weights)
        self._provenance = Provenance(named=names is not None, outside=outside)
        self._decider: str | None = None

    @classmethod
    def from_formula(
        cls,
        formula: str,
        data: "pd.DataFrame",
        choice_set: str,
        *,
        panel: str | None = None,
        random: Mapping[str, str],
        correlated: bool = False,
        cluster: str | None = None,
        weights: str | None = None,
        effects: str | None = None,
        outside: bool = False,
        status: str = "status",
    ) -> "MixedLogit":
        """Builds the model from a long table with one row per alternative per choice set.

        Args:
            formula: `chosen ~ price + rating`, as for `ConditionalLogit`.
            data: The table. Choice sets without a purchase are left out and counted.
            choice_set: Column that says which choice set a row belongs to.
            panel: Column that says who chose; each choice set has its own decider by default.
            random: Term -> `normal`, `lognormal`, `negative lognormal` or `triangular`.
            correlated: Whether random coefficients are correlated.
            cluster: Column with the unit of randomisation, for clustered errors.
            weights: Column with the weight of the decider.
            effects: Column with a (fixed) coefficient for each level, such as `product_id`.
            outside: Whether buying nothing is one more alternative, with attributes 0.
            status: Column that says how a trial ended, where there is one.

        Raises:
            EstimationError: If the formula or columns are at fault.
        """
        model = cls.__new__(cls)
        model._data, model._provenance, rows = with_columns(
            formula,
            data,
            choice_set,
            [name for name in (panel, weights) if name],
            cluster=cluster,
            effects=effects,
            outside=outside,
            status=status,
        )
        model._random, model._correlated = dict(random), correlated
        model._panel = None if panel is None else rows[panel].to_numpy()
        model._clusters = None if cluster is None else codes(rows[cluster])
        model._weights = None if weights is None else rows[weights].to_numpy(float)
        model._decider = panel
        return model

    def fit(
        self,
        draws: int = 500,
        *,
        sequence: Sequences = "halton",
        scramble: bool = True,
        seed: int = 0,
        other_sets: int = 4,
        cov_type: CovType | None = None,
    ) -> MixedLogitResult:
        """Estimates the model by simulated maximum likelihood.

        Args:
            draws: Draws for each decider. Estimates depend on them: see `simulation` of the
                result, and double them where that matters.
            sequence: `halton` or `sobol`.
            scramble: Whether digits are permuted at random, by `seed`.
            seed: Which set of draws.
            other_sets: Further sets of draws from which the simulation error is told.
            cov_type: `jackknife` (the default with up to 100 clusters), `cluster` (the default
                with more), `robust` by decider (the default without) or `nonrobust`, the inverse
                Hessian.

        Raises:
            EstimationError: If no maximum is found; nothing unconverged is returned.
        """
        used = DrawsUsed(draws, sequence, scramble, seed)
        found = fit(
            self._data,
            self._random,
            deciders=self._panel,
            clusters=self._clusters,
            weights=self._weights,
            correlated=self._correlated,
            draws=used,
            other_sets=other_sets,
            cov_type=cov_type,
        )
        return MixedLogitResult(found, self._provenance, self._decider)
