"""Results of models whose parameters are estimated together: vectors, intervals, table, summary."""

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from aces.stats.choice_data import ChoiceData, Floats
from aces.stats.covariance import Covariance
from aces.stats.intervals import critical_value, p_values
from analysis.model_result import Labelled, ModelResult, Provenance, term_lines

if TYPE_CHECKING:
    import pandas as pd


class ScoredResult(ModelResult):
    """Estimates with errors. Names and meanings are those of statsmodels.

    With named terms, vectors are pandas Series and matrices DataFrames, else arrays.

    Args:
        data: The choices.
        params: (P,) estimates.
        covariance: Of the estimates.
        provenance: Where the choices come from.
        names: Of the parameters.
        null: (P,) the value that each parameter is tested against; NaN where none is.
        unit: Whose scores robust errors rest on, in words.
    """

    def __init__(
        self,
        data: ChoiceData,
        params: Floats,
        covariance: Covariance,
        provenance: Provenance,
        names: tuple[str, ...],
        null: Floats,
        unit: str = "choice set",
    ) -> None:
        self.names = names
        self.null = null
        self._unit = unit
        self._params = params
        super().__init__(data, covariance, provenance, names)

    @property
    def params(self) -> Labelled:
        """Estimates."""
        return self._vector(self._params)

    @property
    def bse(self) -> Labelled:
        """Standard errors."""
        return self._vector(self._errors)

    @property
    def tvalues(self) -> Labelled:
        """Estimates, less what they are tested against, over standard errors."""
        return self._vector(self._statistics)

    @property
    def pvalues(self) -> Labelled:
        """Two-sided p-values: t(G - 1) with G clusters, otherwise normal."""
        return self._vector(p_values(self._statistics, self.df))

    def cov_params(self) -> Labelled:
        """Returns the covariance matrix of the estimates."""
        return self._table(self._covariance.matrix, self.names)

    def conf_int(self, alpha: float = 0.05) -> Labelled:
        """Returns (parameters, 2) lower and upper limits with confidence 1 - alpha."""
        half = critical_value(1 - alpha, self.df) * self._errors
        return self._table(np.column_stack([self._params - half, self._params + half]), (0, 1))

    @property
    def llnull(self) -> float:
        """Log-likelihood of equal probabilities."""
        return self._data.null_log_likelihood

    @property
    def df_model(self) -> int:
        """Parameters."""
        return len(self.names)

    def table(self, level: float = 0.95) -> "pd.DataFrame":
        """Returns one row per parameter: term, estimate, std_error, ci_low, ci_high, p_value."""
        import pandas as pd

        limits = np.asarray(self.conf_int(1 - level))
        columns = {
            "term": list(self.names),
            "estimate": self._params,
            "std_error": self._errors,
            "ci_low": limits[:, 0],
            "ci_high": limits[:, 1],
            "p_value": np.asarray(self.pvalues),
        }
        return pd.DataFrame(columns)

    @property
    def errors_note(self) -> str:
        """Which errors these are, in a sentence."""
        rest = "intervals and p-values from the normal"
        if self.n_clusters is not None:
            return f"{self.clusters_note}; t({self.df:.0f})"
        if self.cov_type == "robust":
            return f"robust by {self._unit} (sandwich); {rest}"
        return f"inverse of minus the Hessian; {rest}"

    def rows(self) -> list[str]:
        """Returns the table of estimates as lines of text."""
        return term_lines(self.table())

    @cached_property
    def _errors(self) -> Floats:
        return np.sqrt(self._covariance.matrix.diagonal())

    @cached_property
    def _statistics(self) -> Floats:
        return np.asarray((self._params - self.null) / self._errors)


def head(lines: list[tuple[str, str]]) -> list[str]:
    """Returns titles and texts as lines, the texts below each other."""
    return [f"{title + ':':<16}{text}" for title, text in lines]


def sizes(data: ChoiceData, *, outside: bool) -> str:
    """Returns how many choice sets of how many alternatives there are, in words."""
    low, high = int(data.sizes.min()), int(data.sizes.max())
    each = f"{low}" if low == high else f"{low} to {high}"
    extra = " and buying nothing" if outside else ""
    return f"{data.n_sets:,} of {each} alternatives{extra}"
