"""What a mixed logit found: the population of coefficients, its errors, and those of the draws."""

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from aces.stats.choice_data import Floats
from aces.stats.intervals import critical_value, p_values
from aces.stats.mixed.fit import MixedFit
from analysis.model_result import Labelled, ModelResult, Provenance, term_lines

if TYPE_CHECKING:
    import pandas as pd

MUCH = 0.5
"""Standard errors between sets of draws at which more draws are advised."""


class MixedLogitResult(ModelResult):
    """Estimates of a mixed logit. Names and meanings are those of statsmodels.

    Parameters are the means of all coefficients, then `sd.TERM` (`spread.TERM` of a triangle, half
    its base), with correlated coefficients the rows of the Cholesky factor, `chol.TERM.OTHER`.
    With named terms, vectors are pandas Series and matrices DataFrames, else arrays.

    Args:
        fit: The estimates.
        provenance: Where the choices come from.
        decider: Column that says who chose; None where each set has its own decider.
    """

    def __init__(self, fit: MixedFit, provenance: Provenance, decider: str | None = None) -> None:
        self.mixed_fit = fit
        self.decider = decider
        self.names = fit.model.names
        super().__init__(fit.data, fit.covariance, provenance, tuple(self.names))

    @property
    def params(self) -> Labelled:
        """Estimates."""
        return self._vector(self.mixed_fit.params)

    @property
    def bse(self) -> Labelled:
        """Standard errors; they do not hold the error of simulation, see `simulation`."""
        return self._vector(self.mixed_fit.bse)

    @property
    def tvalues(self) -> Labelled:
        """Estimates over standard errors; of spreads they test nothing, as 0 is on the edge."""
        return self._vector(self._statistics)

    @property
    def pvalues(self) -> Labelled:
        """Two-sided p-values, t(G - 1) with G clusters, otherwise normal.

        Missing for spreads, as 0 is at the edge of what they can be, where such tests do not hold,
        and for means of logarithms, of which 0 is nothing special.
        """
        model = self.mixed_fit.model
        found = p_values(self._statistics, self.df)
        found[model.diagonal] = np.nan
        found[model.lognormal] = np.nan
        return self._vector(found)

    def cov_params(self) -> Labelled:
        """Returns the covariance matrix of the estimates."""
        return self._table(self.mixed_fit.covariance.matrix, self.names)

    def conf_int(self, alpha: float = 0.05) -> Labelled:
        """Returns (parameters, 2) lower and upper limits with confidence 1 - alpha.

        Those of spreads begin at 0 where they would be negative.
        """
        half = critical_value(1 - alpha, self.df) * self.mixed_fit.bse
        params, spreads = self.mixed_fit.params, self.mixed_fit.model.diagonal
        limits = np.column_stack([params - half, params + half])
        limits[spreads, 0] = np.maximum(limits[spreads, 0], 0.0)
        return self._table(limits, (0, 1))

    @property
    def llf(self) -> float:
        """Simulated log-likelihood."""
        return self.mixed_fit.llf

    @property
    def llnull(self) -> float:
        """Log-likelihood of equal probabilities."""
        return self.mixed_fit.null_llf

    @property
    def llfixed(self) -> float:
        """Log-likelihood of the conditional logit, in which nothing varies."""
        return self.mixed_fit.fixed_llf

    @property
    def n_deciders(self) -> int:
        """Deciders."""
        return self.mixed_fit.choices.n_deciders

    @property
    def df_model(self) -> int:
        """Parameters."""
        return len(self.names)

    @property
    def gradient_norm(self) -> float:
        """Largest element of the gradient at the estimates."""
        return self.mixed_fit.found.gradient_norm

    @property
    def simulation(self) -> Labelled:
        """Standard deviation of each estimate between sets of draws; None if not asked for."""
        told = self.mixed_fit.simulation
        return None if told is None else self._vector(told.params)

    def population(self) -> "pd.DataFrame":
        """Returns mean, sd and share above 0 of each random coefficient between deciders."""
        import pandas as pd

        model = self.mixed_fit.model
        matrix = model.matrix(self.mixed_fit.params)
        rows = []
        for name, shape, k in zip(self._random, model.shapes, model.random, strict=True):
            spread = float(np.sqrt((matrix[k, 1:] ** 2).sum()))
            rows.append((name, shape, *_moments(shape, float(matrix[k, 0]), spread)))
        return pd.DataFrame(rows, columns=["term", "shape", "mean", "sd", "share_above_0"])

    def correlations(self) -> "pd.DataFrame":
        """Returns the correlations of random coefficients (of logarithms, where lognormal)."""
        import pandas as pd

        model = self.mixed_fit.model
        factor = model.matrix(self.mixed_fit.params)[list(model.random), 1:]
        spread = np.sqrt((factor**2).sum(axis=1))
        found = factor @ factor.T / np.outer(spread, spread)
        return pd.DataFrame(found, index=self._random, columns=self._random)

    def table(self, level: float = 0.95) -> "pd.DataFrame":
        """Returns one row per parameter: term, estimate, std_error, ci_low, ci_high, p_value."""
        import pandas as pd

        limits = np.asarray(self.conf_int(1 - level))
        columns = {
            "term": list(self.names),
            "estimate": self.mixed_fit.params,
            "std_error": self.mixed_fit.bse,
            "ci_low": limits[:, 0],
            "ci_high": limits[:, 1],
            "p_value": np.asarray(self.pvalues),
        }
        return pd.DataFrame(columns)

    @property
    def estimand(self) -> str:
        """What the estimates are of: whose choices, and given what."""
        return f"coefficients between deciders; {super().estimand}"

    def summary(self) -> str:
        """Returns what was estimated, from what, and the table of estimates as text."""
        lines = ["Mixed logit", *_head(self), "", *term_lines(self.table()), "", *_notes(self)]
        return "\n".join(lines)

    @property
    def simulation_note(self) -> str:
        """How much of the estimates is due to the draws, in a sentence."""
        told = self.mixed_fit.simulation
        if told is None:
            return "the error of simulation was not measured (other_sets=0)"
        apart, doubled = (np.abs(part) / self.mixed_fit.bse for part in (told.params, told.doubled))
        worst, moved = int(apart.argmax()), int(doubled.argmax())
        more = "; take more draws" if max(apart.max(), doubled.max()) > MUCH else ""
        return (
            f"{told.sets} sets of draws: estimates vary by at most {apart[worst]:.2f} standard "
            f"errors ({self.names[worst]}), the log-likelihood by {told.llf:.2f}; twice as many "
            f"draws: {doubled[moved]:.2f} ({self.names[moved]}), {told.doubled_llf:+.2f}{more}"
        )

    @property
    def _random(self) -> list[str]:
        return [self.names[k] for k in self.mixed_fit.model.random]

    @cached_property
    def _statistics(self) -> Floats:
        return np.asarray(self.mixed_fit.params / self.mixed_fit.bse)


def _moments(shape: str, mean: float, spread: float) -> tuple[float, float, float]:
    """Mean, standard deviation and share above 0 of a coefficient."""
    from scipy.special import ndtr

    if shape == "normal":
        return mean, spread, float(ndtr(mean / spread)) if spread else float(mean > 0)
    if shape == "triangular":
        return mean, spread / np.sqrt(6), _triangle_above(mean, spread)
    sign = 1.0 if shape == "lognormal" else -1.0
    center = float(np.exp(mean + spread**2 / 2))
    return sign * center, center * float(np.sqrt(np.expm1(spread**2))), float(sign > 0)


def _triangle_above(mean: float, spread: float) -> float:
    """Share above 0 of a triangle."""
    at = -mean / spread if spread else -np.inf * np.sign(mean)
    if abs(at) >= 1:
        return float(at < 0)
    return float(1 - (1 + at) ** 2 / 2 if at < 0 else (1 - at) ** 2 / 2)


def _head(result: MixedLogitResult) -> list[str]:
    fit = result.mixed_fit
    sets, sizes = np.diff(fit.choices.starts), fit.data.sizes
    whose = f" ({result.decider})" if result.decider else ""
    each = f"{sets.min()}" if sets.min() == sets.max() else f"{sets.min()} to {sets.max()}"
    wide = f"{sizes.min()}" if sizes.min() == sizes.max() else f"{sizes.min()} to {sizes.max()}"
    extra = " and buying nothing" if result.provenance.outside else ""
    lines = [
        ("Estimand", result.estimand),
        ("Deciders", f"{result.n_deciders:,}{whose} with {each} choice sets each"),
        ("Choice sets", f"{result.nobs:,} of {wide} alternatives{extra}"),
    ]
    if result.provenance.left_out:
        counts = [f"{n:,} {status}" for status, n in result.provenance.left_out.items()]
        lines.append(("Left out", ", ".join(counts)))
    shapes = zip(result._random, fit.model.shapes, strict=True)
    lines += [
        ("Varying", ", ".join(f"{name} {shape}" for name, shape in shapes)),
        (
            "Log-likelihood",
            f"{result.llf:,.3f}; nothing varying {result.llfixed:,.3f}; equal shares "
            f"{result.llnull:,.3f}",
        ),
        ("Draws", f"{fit.draws} per decider"),
        ("Simulation", result.simulation_note),
        (
            "Converged",
            f"in {fit.found.steps} steps: largest gradient {result.gradient_norm:.1e}, "
            f"{np.sqrt(max(fit.found.decrement, 0.0)):.1e} standard errors from the maximum",
        ),
    ]
    return [f"{title + ':':<16}{text}" for title, text in lines]


def _notes(result: MixedLogitResult) -> list[str]:
    rest = "intervals and p-values from the normal."
    if result.n_clusters is not None:
        said = f"{result.clusters_note}; t({result.df:.0f})."
    elif result.cov_type == "robust":
        said = f"robust by decider (sandwich); {rest}"
    else:
        said = f"inverse Hessian; {rest}"
    lines = [
        f"Errors: {said}",
        "Spreads have no p-value, as 0 is the edge of what they can be; their errors are at least",
        "those of the inverse Hessian.",
    ]
    if any("lognormal" in shape for shape in result.mixed_fit.model.shapes):
        lines.append("Lognormal: mean and sd are of the logarithm; see population().")
    if any(shape == "triangular" for shape in result.mixed_fit.model.shapes):
        lines.append("Triangular: the spread is half the base of the triangle.")
    return lines
