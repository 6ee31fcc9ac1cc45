"""What a conditional logit found: estimates, tests, effects, and what they are estimates of."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aces.errors import EstimationError
from aces.stats.choice import ChoiceFit
from aces.stats.choice_data import Floats
from aces.stats.intervals import critical_value, p_values
from aces.stats.joint import WaldTest, wald_test
from analysis import choice_effects
from analysis.choice_effects import PriceChange, Scale
from analysis.model_result import Labelled, ModelResult, Provenance, term_lines

if TYPE_CHECKING:
    import pandas as pd

    from aces.stats.score_bootstrap import ScoreBootstrap, ScoreTest
    from analysis.restrictions import Restrictions

DRAWS = 9_999
ROUNDING = 1e-12
"""Variance of a difference, relative to those of its parts, that is none."""
ALL_TERMS = "all terms"

LISTED = 5
"""How many names a line of the summary holds."""


@dataclass(frozen=True)
class Groups:
    """Whose coefficients the terms of a stacked model are: `log_price[qwen]`.

    Attributes:
        by: Columns that tell the groups apart.
        labels: The groups.
        terms: Terms that each of them has.
    """

    by: tuple[str, ...]
    labels: tuple[str, ...]
    terms: tuple[str, ...]


class ConditionalLogitResult(ModelResult):
    """Estimates of a conditional logit. Names and meanings are those of statsmodels.

    With named terms, vectors are pandas Series and matrices DataFrames, else arrays. Effects by
    level (`effects="product_id"`) are kept apart from the terms, in `effects()`.

    Args:
        fit: The estimates.
        provenance: Where the choices come from.
        groups: Whose coefficients they are, where each has its own.
        clusters: (rows,) cluster of each row, for tests that need it again.
    """

    def __init__(
        self,
        fit: ChoiceFit,
        provenance: Provenance,
        groups: Groups | None = None,
        clusters: NDArray[Any] | None = None,
    ) -> None:
        self.choice_fit = fit
        self.groups = groups
        self.clusters = clusters
        self.bootstrap: ScoreBootstrap | None = None
        self.terms = fit.data.names[: fit.data.n_terms]
        super().__init__(fit.data, fit.covariance, provenance, self.terms)

    @property
    def params(self) -> Labelled:
        """Estimates of the terms."""
        return self._vector(self.choice_fit.params)

    @property
    def bse(self) -> Labelled:
        """Standard errors."""
        return self._vector(self.choice_fit.bse)

    @property
    def tvalues(self) -> Labelled:
        """Estimates over standard errors."""
        return self._vector(self._statistics)

    @property
    def pvalues(self) -> Labelled:
        """Two-sided p-values: t(G - 1) with G clusters, otherwise normal; or bootstrapped."""
        return self._vector(self._p)

    def cov_params(self) -> Labelled:
        """Returns the covariance matrix of the estimates."""
        k = len(self.terms)
        return self._table(self.choice_fit.covariance.matrix[:k, :k], self.terms)

    def conf_int(self, alpha: float = 0.05) -> Labelled:
        """Returns (terms, 2) lower and upper limits with confidence 1 - alpha."""
        return self._table(self._limits(1 - alpha)[: len(self.terms)], (0, 1))

    @property
    def llf(self) -> float:
        """Log-likelihood."""
        return self.choice_fit.llf

    @cached_property
    def llnull(self) -> float:
        """Log-likelihood of equal probabilities."""
        return self.choice_fit.data.null_log_likelihood

    @property
    def df_model(self) -> int:
        """Coefficients, effects by level included, less constraints."""
        return self.choice_fit.n_free

    @property
    def n_left_out(self) -> Mapping[str, int]:
        """Status -> choice sets left out, as nothing was chosen."""
        return self.provenance.left_out

    @property
    def never_chosen(self) -> Mapping[str, int]:
        """Level never chosen -> rows dropped."""
        return {} if self.provenance.effects is None else self.provenance.effects.never_chosen

    def table(self, level: float = 0.95) -> "pd.DataFrame":
        """Returns one row per term: term, estimate, std_error, ci_low, ci_high, p_value."""
        return self._estimates(slice(0, len(self.terms)), list(self.terms), "term", level)

    def effects(self, level: float = 0.95) -> "pd.DataFrame":
        """Returns one row per level that has an effect: level, baseline, and as in `table`."""
        import pandas as pd

        built = self.provenance.effects
        if built is None:
            return pd.DataFrame()
        found = self._estimates(slice(len(self.terms), None), list(built.names), "level", level)
        against = {name: base for base, names in built.baselines.items() for name in names}
        found.insert(1, "baseline", [against.get(name, "buying nothing") for name in built.names])
        return found

    def average_marginal_effects(self, level: float = 0.95) -> "pd.DataFrame":
        """Returns the average change of an alternative's own choice probability by term.

        For columns of 0 and 1 it is the contrast 0 -> 1, with the baseline named (columns never 1
        together with it are 0 before), for others the derivative. Errors by the delta method.
        """
        import pandas as pd

        fit = self.choice_fit
        if self.groups is not None:
            raise EstimationError(
                "marginal effects are those of one buyer: fit each alone, without by=..."
            )
        rows = [
            (
                effect.term,
                effect.baseline,
                effect.estimate,
                *choice_effects.inference(fit, effect, level),
            )
            for effect in choice_effects.marginal_effects(fit)
        ]
        columns = ["term", "baseline", "estimate", "std_error", "ci_low", "ci_high", "p_value"]
        return pd.DataFrame(rows, columns=columns)

    def compensating_price_change(
        self, term: str, price: str = "log_price", *, scale: Scale = "log", krinsky_robb: int = 0
    ) -> PriceChange:
        """Returns the price change that together with the term leaves utility as it was.

        Args:
            term: The term, raised by 1.
            price: The price term.
            scale: `log` where it is a logarithm, `linear` where it is money.
            krinsky_robb: Draws for simulated limits beside Fieller's; 0 for none.
        """
        return choice_effects.price_change(
            self.choice_fit, term, price, "compensating", scale=scale, krinsky_robb=krinsky_robb
        )

    def equivalent_price_change(
        self, term: str, price: str = "log_price", *, scale: Scale = "log", krinsky_robb: int = 0
    ) -> PriceChange:
        """Returns the price change that is worth as much as the term; arguments as above."""
        return choice_effects.price_change(
            self.choice_fit, term, price, "equivalent", scale=scale, krinsky_robb=krinsky_robb
        )

    def wald_test(self, restrictions: "Restrictions") -> WaldTest:
        """Tests linear restrictions: F with clusters (Hotelling's, from few), else chi-square.

        Args:
            restrictions: `"log_price[a] = log_price[b]"`, a list of such, `{"rating": 1}`, or
                arrays R and r of R b = r.
        """
        from analysis.restrictions import read

        R, r, _ = read(restrictions, self.choice_fit.data.names)
        params, matrix = self.choice_fit.params, self.choice_fit.covariance.matrix
        apart, covariance = R @ params - r, R @ matrix @ R.T
        # what is equal by construction (the same choices twice) differs by rounding only
        largest = np.einsum("qk,k->q", R**2, matrix.diagonal())
        sure = covariance.diagonal() <= ROUNDING * largest
        apart[sure & (np.abs(apart) <= 1e-8 * (np.abs(R) @ np.abs(params) + np.abs(r)))] = 0.0
        covariance[sure], covariance[:, sure] = 0.0, 0.0
        return wald_test(apart, covariance, self.df)

    def bootstrapped(self, draws: int = DRAWS, seed: int = 0) -> "ConditionalLogitResult":
        """Returns the result with p-values and intervals of the terms by score bootstrap.

        From 5 clusters on they hold their level better than t(G - 1) does (a term that is the same
        in whole clusters: 8.6 % for 5 % with 5 of them, about 5 % from 10 on); below, they reject
        far too rarely and intervals are mostly unbounded: `benchmarks.few_clusters`. Intervals are
        inverted tests. Standard errors, effects by level, Wald tests and what prices offset stay as
        they are. (Kline and Santos 2012; Webb's weights below 12 clusters.)

        Args:
            draws: Draws; all combinations of weights are taken where there are fewer.
            seed: Of the draws.

        Raises:
            EstimationError: If the model has no clusters.
        """
        from aces.stats.score_bootstrap import ScoreBootstrap

        fit = self.choice_fit
        if self.clusters is None:
            raise EstimationError(
                "the score bootstrap needs clusters: say which column holds them."
            )
        found = ConditionalLogitResult(fit, self.provenance, self.groups, self.clusters)
        found.bootstrap = ScoreBootstrap(
            fit.data, fit.at, self.clusters, limits=fit.limits, draws=draws, seed=seed
        )
        return found

    def score_test(
        self, restrictions: "Restrictions", draws: int = DRAWS, seed: int = 0
    ) -> "ScoreTest":
        """Tests linear restrictions, several together if asked, by score bootstrap.

        Args:
            restrictions: As for `wald_test`.
            draws: As for `bootstrapped`.
            seed: Of the draws.
        """
        from analysis.restrictions import read

        made = self.bootstrap or self.bootstrapped(draws, seed).bootstrap
        assert made is not None
        R, r, _ = read(restrictions, self.choice_fit.data.names)
        return made.test(R, r)

    def equality(self) -> "pd.DataFrame":
        """Returns, for models `by` groups, tests that all groups have one coefficient.

        One row per term, and one for all of them: term, f, df, df_clusters, p_value.
        """
        import pandas as pd

        if self.groups is None:
            raise EstimationError("there are no groups to compare: build the model with by=...")
        first, *others = self.groups.labels
        each = {
            term: [f"`{term}[{first}]` = `{term}[{other}]`" for other in others]
            for term in self.groups.terms
        }
        asked = {**each, ALL_TERMS: [text for texts in each.values() for text in texts]}
        found = {term: self.wald_test(texts) for term, texts in asked.items() if texts}
        rows = [(k, t.statistic, t.df, t.df_clusters, t.p_value) for k, t in found.items()]
        return pd.DataFrame(rows, columns=["term", "f", "df", "df_clusters", "p_value"])

    def summary(self) -> str:
        """Returns what was estimated, from what, and the table of estimates as text."""
        return _summary(self)

    @cached_property
    def _statistics(self) -> Floats:
        """Estimates over errors; none for a coefficient that constraints hold."""
        error = self.choice_fit.bse
        held = ~(error > 1e-12 * np.abs(self.choice_fit.params))
        return np.asarray(self.choice_fit.params / np.where(held, np.nan, error))

    @cached_property
    def _p(self) -> Floats:
        found = p_values(self._statistics, self.df)
        if self.bootstrap is not None:
            zero = np.zeros(1)
            for k in self._free_terms:
                found[k] = self.bootstrap.test(np.eye(len(found))[[k]], zero).p_value
        return found

    def _limits(self, level: float) -> Floats:
        half = critical_value(level, self.df) * self.choice_fit.bse
        limits = np.column_stack([self.choice_fit.params - half, self.choice_fit.params + half])
        if self.bootstrap is not None:
            for k in self._free_terms:
                limits[k] = self.bootstrap.interval(k, level)
        return limits

    @property
    def _free_terms(self) -> list[int]:
        """Terms that constraints do not hold."""
        return [k for k in range(len(self.terms)) if np.isfinite(self._statistics[k])]

    def _estimates(
        self, which: slice, names: list[str], called: str, level: float
    ) -> "pd.DataFrame":
        import pandas as pd

        limits = self._limits(level)[which]
        columns = {
            called: names,
            "estimate": self.choice_fit.params[which],
            "std_error": self.choice_fit.bse[which],
            "ci_low": limits[:, 0],
            "ci_high": limits[:, 1],
            "p_value": self._p[which],
        }
        return pd.DataFrame(columns)


def _summary(result: ConditionalLogitResult) -> str:
    """Returns head, table of terms and notes, in lines of at most about 100 characters."""
    rows = term_lines(result.table(), untested="held")
    return "\n".join(["Conditional logit", *_head(result), "", *rows, "", _errors(result)])


def _head(result: ConditionalLogitResult) -> list[str]:
    data, provenance = result.choice_fit.data, result.provenance
    lines = [("Estimand", result.estimand), ("Choice sets", _sets(result))]
    if provenance.left_out:
        lines.append(("Left out", _counted(provenance.left_out)))
    if provenance.effects is not None:
        lines += [("Effects", line) for line in _effects(result)]
    if result.never_chosen:
        rows = {f"'{name}'": count for name, count in result.never_chosen.items()}
        lines.append(("Never chosen", f"rows dropped: {_counted(rows, after=True)}"))
    if data.weights is not None:
        lines.append(("Weights", f"of choice sets; their mean is {data.mean_weight:.4g}"))
    limits = result.choice_fit.limits
    if limits is not None:
        lines += [("Constraint", label) for label in limits.labels]
    null = "equal shares" if data.offset is None else "the offset alone"
    lines.append(("Log-likelihood", f"{result.llf:,.3f}; {null} {result.llnull:,.3f}"))
    lines.append(("McFadden's R2", f"{result.prsquared:.4f} with {result.df_model} coefficients"))
    return [f"{title + ':':<16}{text}" for title, text in lines]


def _sets(result: ConditionalLogitResult) -> str:
    sizes = result.choice_fit.data.sizes
    low, high = int(sizes.min()), int(sizes.max())
    each = f"{low}" if low == high else f"{low} to {high}"
    extra = " and buying nothing" if result.provenance.outside else ""
    alone = int((sizes == 1).sum()) if not result.provenance.outside else 0
    silent = f"; {alone:,} with a single alternative say nothing" if alone else ""
    return f"{result.nobs:,} of {each} alternatives{extra}, {int(sizes.sum()):,} rows{silent}"


def _effects(result: ConditionalLogitResult) -> list[str]:
    effects = result.provenance.effects
    assert effects is not None
    if result.provenance.outside:
        return [f"{len(effects.names)} of {effects.column}, against buying nothing"]
    return [
        f"{len(names)} of {effects.column}, baseline '{baseline}'"
        for baseline, names in list(effects.baselines.items())[:LISTED]
    ] + ([f"... {len(effects.baselines)} baselines"] if len(effects.baselines) > LISTED else [])


def _errors(result: ConditionalLogitResult) -> str:
    if result.n_clusters is not None:
        how = f"and p-values from t({result.df:.0f})"
        if result.bootstrap is not None:
            how = f"and p-values of the terms by {result.bootstrap.name}"
        return f"Errors: {result.clusters_note}; intervals {how}."
    fractional = not np.isin(result.choice_fit.data.y, (0, 1)).all()
    if result.cov_type == "robust":
        return "Errors: robust by choice set (sandwich); intervals and p-values from the normal."
    warning = " They do not hold for outcomes that are probabilities." if fractional else ""
    if result.choice_fit.data.weights is not None:
        warning += " Weights count as repeated choice sets."
    return f"Errors: information matrix; intervals and p-values from the normal.{warning}"


def _counted(counts: Mapping[str, int], *, after: bool = False) -> str:
    shown = list(counts.items())[:LISTED]
    texts = [f"{name} ({n:,})" if after else f"{n:,} {name}" for name, n in shown]
    return ", ".join(texts) + (f", ... {len(counts)} in all" if len(counts) > LISTED else "")
