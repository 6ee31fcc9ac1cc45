"""What the results of all choice models have in common. Names and meanings are statsmodels'."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from aces.stats.choice_data import ChoiceData, Floats
from aces.stats.covariance import Covariance

if TYPE_CHECKING:
    import pandas as pd

    from analysis.choice_sample import ProductEffects

Labelled: TypeAlias = Any
"""A Series or DataFrame where terms have names, else an array."""


@dataclass(frozen=True)
class Provenance:
    """Where the choices come from.

    Attributes:
        named: Whether terms have names, so that results are pandas objects.
        outside: Whether buying nothing is an alternative.
        whose: Column that says whose choices they are -> its values.
        outcome: Column of the outcome.
        choice_set: Column of the choice set.
        cluster: Column of the cluster.
        left_out: Status -> choice sets left out.
        effects: Effects by level.
    """

    named: bool = False
    outside: bool = False
    whose: Mapping[str, list[str]] = field(default_factory=dict)
    outcome: str = "chosen"
    choice_set: str = "choice set"
    cluster: str | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    effects: "ProductEffects | None" = None


class ModelResult(ABC):
    """Fit statistics, errors and labels of a fitted choice model.

    Args:
        data: The choices.
        covariance: Of the estimates.
        provenance: Where the choices come from.
        labels: Names of the parameters that are shown.
    """

    def __init__(
        self,
        data: ChoiceData,
        covariance: Covariance,
        provenance: Provenance,
        labels: tuple[str, ...],
    ) -> None:
        self.provenance = provenance
        self._data = data
        self._covariance = covariance
        self._labels = labels

    @property
    @abstractmethod
    def llf(self) -> float:
        """Log-likelihood."""

    @property
    @abstractmethod
    def llnull(self) -> float:
        """Log-likelihood of equal probabilities."""

    @property
    @abstractmethod
    def df_model(self) -> int:
        """Parameters."""

    @property
    def prsquared(self) -> float:
        """McFadden's pseudo-R2, against equal probabilities."""
        return 1 - self.llf / self.llnull

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return 2 * (self.df_model - self.llf)

    @property
    def bic(self) -> float:
        """Schwarz's criterion, with choice sets as observations."""
        return float(self.df_model * np.log(self.nobs) - 2 * self.llf)

    @property
    def nobs(self) -> int:
        """Choice sets."""
        return self._data.n_sets

    @property
    def n_clusters(self) -> int | None:
        """Clusters; None without."""
        return self._covariance.n_clusters

    @property
    def df(self) -> float:
        """Degrees of freedom of intervals and p-values: G - 1, or infinite."""
        return self._covariance.df

    @property
    def cov_type(self) -> str:
        """`jackknife`, `cluster`, `robust` or `nonrobust`."""
        return self._covariance.cov_type

    @property
    def clusters_note(self) -> str:
        """What errors are clustered by, and how, in words."""
        by = self.provenance.cluster or "cluster"
        kind = "CR3, each left out" if self.cov_type == "jackknife" else "CR1"
        return f"clustered by {by} ({kind}, {self.n_clusters:,} clusters)"

    @property
    def estimand(self) -> str:
        """What the estimates are of: whose choices, and given what."""
        whose = [
            f"{column} {', '.join(values)}" for column, values in self.provenance.whose.items()
        ]
        given = "buying nothing included" if self.provenance.outside else "given a purchase"
        return f"choices of {'; '.join(whose) or 'those in the data'}; {given}"

    def _vector(self, values: Floats) -> Labelled:
        values = values[: len(self._labels)]
        if not self.provenance.named:
            return values
        import pandas as pd

        return pd.Series(values, index=list(self._labels))

    def _table(self, values: Floats, columns: tuple[Any, ...]) -> Labelled:
        if not self.provenance.named:
            return values
        import pandas as pd

        return pd.DataFrame(values, index=list(self._labels), columns=list(columns))


def term_lines(table: "pd.DataFrame", untested: str = "") -> list[str]:
    """Returns estimates as lines of text.

    Args:
        table: Columns term, estimate, std_error, ci_low, ci_high and p_value.
        untested: What stands in place of a p-value that there is none of.
    """
    width = max([*map(len, table["term"]), 4])
    lines = [f"{'term':<{width}}  estimate  std error    95 % interval       p"]
    for row in table.to_dict("records"):
        value = row["p_value"]
        told = f"{untested:>6}" if np.isnan(value) else f"{value:6.3f}"
        p_value = "< .001" if value < 0.001 else told
        lines.append(
            f"{row['term']:<{width}}  {row['estimate']:8.4f}  {row['std_error']:9.4f}  "
            f"[{row['ci_low']:8.4f}, {row['ci_high']:8.4f}]  {p_value}".rstrip()
        )
    return lines
