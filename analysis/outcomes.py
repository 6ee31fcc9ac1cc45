"""Binary and ordered outcomes of whole trials, by statsmodels: bought at all, a rating given.

Estimates are statsmodels' (`Logit`, `Probit`, `OrderedModel`); errors are computed from its scores
as those of choice models are, so that they are the same for both kinds: each of up to 100 clusters
is left out, of more the sandwich is taken (`aces.stats.scored`). A model of an ordered outcome:
McCullagh, P. (1980), Journal of the Royal Statistical Society B 42, 109-142.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from aces.errors import EstimationError
from aces.stats.choice_data import Floats
from aces.stats.covariance import (
    FEW_CLUSTERS,
    FEWEST_CLUSTERS,
    Covariance,
    FewClustersWarning,
)
from aces.stats.intervals import critical_value, p_values
from aces.stats.mixed.likelihood import Simulated
from aces.stats.scored import Scored, score_covariance
from analysis.choice_sample import require_column

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["binary", "ordered"]
Link = Literal["logit", "probit"]

BOUGHT = "bought"
"""Whether anything was bought: an outcome that every long table has."""
FARTHEST = 15.0
"""Effect of one standard deviation of a column, in log-odds, beyond which it has none."""
STEEPEST = 1e-3
"""Gradient, times the standard error, that is left at most."""


@dataclass(frozen=True)
class OutcomeResult:
    """Estimates of a binary or ordered outcome.

    Attributes:
        names: (P,) terms; of an ordered outcome the thresholds come last and are not among them.
        params: (P,) estimates.
        covariance: (P, P) of them.
        levels: Of the outcome, from least to greatest.
        outcome: Its column.
        link: `logit` or `probit`.
        nobs: Trials.
        n_clusters: Clusters; None without.
        llf: Log-likelihood.
        left_out: Status -> trials left out.
    """

    names: tuple[str, ...]
    params: Floats
    covariance: Floats
    levels: tuple[str, ...]
    outcome: str
    link: Link
    nobs: int
    n_clusters: int | None
    llf: float
    left_out: Mapping[str, int]

    @property
    def df(self) -> float:
        """Degrees of freedom of intervals: G - 1, or infinite."""
        return np.inf if self.n_clusters is None else self.n_clusters - 1.0

    @property
    def estimand(self) -> str:
        """What the estimates are of."""
        what = "log-odds" if self.link == "logit" else "standard deviations of a latent normal"
        if len(self.levels) == 2:
            return f"{what} that {self.outcome} is {self.levels[1]}"
        return f"{what} that {self.outcome} is higher ({' < '.join(self.levels)})"

    def table(self, level: float = 0.95) -> "pd.DataFrame":
        """Returns one row per term: term, estimate, std_error, ci_low, ci_high, p_value."""
        import pandas as pd

        error = np.sqrt(self.covariance.diagonal())
        half = critical_value(level, self.df) * error
        return pd.DataFrame(
            {
                "term": list(self.names),
                "estimate": self.params,
                "std_error": error,
                "ci_low": self.params - half,
                "ci_high": self.params + half,
                "p_value": p_values(self.params / error, self.df),
            }
        )


def outcome_model(
    data: "pd.DataFrame",
    terms: Sequence[str],
    *,
    outcome: str = BOUGHT,
    kind: Kind = "binary",
    link: Link = "logit",
    cluster: str | None = "world_id",
    trial: str = "trial_id",
) -> OutcomeResult:
    """Fits a model of an outcome that each trial has once.

    Args:
        data: Long table; all rows of a trial say the same of outcome and terms.
        terms: Formula terms of columns that are the same within a trial.
        outcome: Column; `bought` is whether anything was, of trials that chose or abstained.
        kind: `binary`, or `ordered` for several levels in their order.
        link: `logit` or `probit`.
        cluster: Unit of randomisation; None for errors robust by trial.
        trial: Column of the trial.

    Raises:
        EstimationError: If statsmodels is not there, columns are at fault, or no maximum is found.
    """
    rows, left_out = _trials(data, terms, outcome, cluster, trial)
    y, levels = _levels(rows[outcome], kind)
    X, columns = _columns(rows, terms)
    model, names = _model(X, tuple(columns), y, kind, link)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they say is looked at below
        fitted = _fitted(model, kind)
        at = _point(model, np.asarray(fitted.params))
    errors = _errors(model, at, None if cluster is None else rows[cluster])
    _check(at, errors, X, names)
    kept = len(names)
    return OutcomeResult(
        names=names,
        params=at.params[:kept],
        covariance=errors.matrix[:kept, :kept],
        levels=levels,
        outcome=outcome,
        link=link,
        nobs=len(rows),
        n_clusters=errors.n_clusters,
        llf=at.llf,
        left_out=left_out,
    )


def _trials(
    data: "pd.DataFrame", terms: Sequence[str], outcome: str, cluster: str | None, trial: str
) -> tuple["pd.DataFrame", Mapping[str, int]]:
    """One row per trial, and which were left out."""
    require_column(data, trial)
    left_out: dict[str, int] = {}
    if outcome == BOUGHT and BOUGHT not in data:
        data = data.assign(**{BOUGHT: data.groupby(trial)["chosen"].transform("max")})
        if "status" in data:
            known = data["status"].astype(str).isin(["chosen", "abstained"])
            gone = data.loc[~known].drop_duplicates(trial)["status"].astype(str).value_counts()
            left_out, data = {str(k): int(v) for k, v in gone.items()}, data[known]
    columns = [outcome, *_variables(terms), *([cluster] if cluster else [])]
    for name in columns:
        require_column(data, name)
        split = data.groupby(trial, sort=False)[name].nunique(dropna=False) > 1
        if split.any():
            raise EstimationError(
                f"'{name}' differs between rows of trial {split.idxmax()!r}: outcomes of trials "
                "depend on what a whole shelf has."
            )
    rows = data.drop_duplicates(trial)
    missing = rows[columns].isna().any(axis=1)
    if missing.any():
        left_out["incomplete"] = int(missing.sum())
    if missing.all():
        raise EstimationError(f"no trial has '{outcome}' and all terms.")
    return rows[~missing], left_out


def _variables(terms: Sequence[str]) -> list[str]:
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    if not terms:
        raise EstimationError("an outcome needs terms: columns that differ between trials.")
    try:
        return sorted(str(name) for name in Formula(list(terms)).required_variables)
    except FormulaicError as error:
        raise EstimationError(f"the terms {', '.join(terms)} can't be read: {error}") from error


def _levels(column: "pd.Series[Any]", kind: Kind) -> tuple[NDArray[Any], tuple[str, ...]]:
    import pandas as pd

    codes, found = pd.factorize(column, sort=True)
    if isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered:
        found = column.dtype.categories[column.dtype.categories.isin(found)]
        codes = found.get_indexer(pd.Index(column))
    if len(found) < 2 or (kind == "binary" and len(found) > 2):
        wanted = "two" if kind == "binary" else "two or more"
        raise EstimationError(f"'{column.name}' has {len(found)} levels, not {wanted}.")
    return np.asarray(codes), tuple(map(str, found))


def _columns(rows: "pd.DataFrame", terms: Sequence[str]) -> tuple[Floats, list[str]]:
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        matrix = Formula(["1", *terms]).get_model_matrix(rows)
    except FormulaicError as error:
        raise EstimationError(f"the terms {', '.join(terms)} can't be computed: {error}") from error
    X = matrix.drop(columns="Intercept")
    values = X.to_numpy(dtype=float)
    flat = [name for name, column in zip(X.columns, values.T, strict=True) if np.ptp(column) == 0]
    if flat or not values.shape[1]:
        what = flat[0] if flat else ", ".join(terms)
        raise EstimationError(f"'{what}' is the same in all trials: it has no effect to find.")
    if np.linalg.matrix_rank(np.column_stack([np.ones(len(values)), values])) <= values.shape[1]:
        raise EstimationError(f"the terms {', '.join(X.columns)} are collinear: leave one out.")
    return values, [str(name) for name in X.columns]


def _model(
    X: Floats, names: tuple[str, ...], y: NDArray[Any], kind: Kind, link: Link
) -> tuple[Any, tuple[str, ...]]:
    """The model of statsmodels, and the names of its coefficients but for thresholds."""
    try:
        from statsmodels.discrete.discrete_model import Logit, Probit
        from statsmodels.miscmodels.ordinal_model import OrderedModel
    except ImportError as error:
        raise EstimationError(
            "binary and ordered outcomes are estimated by statsmodels, which is not installed: "
            "pip install statsmodels"
        ) from error
    if kind == "ordered":
        return OrderedModel(y, X, distr=link), names
    plain = {"logit": Logit, "probit": Probit}[link]
    return plain(y, np.column_stack([X, np.ones(len(X))])), (*names, "Intercept")


def _fitted(model: Any, kind: Kind) -> Any:  # noqa: ANN401
    try:
        if kind == "ordered":
            return model.fit(method="bfgs", disp=0, gtol=1e-8, maxiter=500)
        return model.fit(method="newton", disp=0, maxiter=100)
    except (np.linalg.LinAlgError, ValueError) as error:
        raise EstimationError(f"statsmodels finds no maximum: {error}") from error


def _point(model: Any, params: Floats) -> Simulated:  # noqa: ANN401
    """What statsmodels says of a point."""
    scores = np.asarray(model.score_obs(params))
    hessian = np.asarray(model.hessian(params))
    return Simulated(params, float(model.loglike(params)), scores, scores.sum(axis=0), hessian)


def _errors(
    model: Any,  # noqa: ANN401
    at: Simulated,
    clusters: "pd.Series[Any] | None",
) -> Covariance:
    def likelihood(params: Floats) -> Scored:
        return Scored(float(model.loglike(params)), np.asarray(model.score_obs(params)))

    if clusters is None:
        return score_covariance(likelihood, at, "robust")
    codes, names = clusters.factorize()
    n = len(names)
    if n < FEWEST_CLUSTERS:
        raise EstimationError(f"{n} clusters are too few for any interval.")
    if n < FEW_CLUSTERS:
        warnings.warn(
            f"{n} clusters: intervals use t({n - 1}), and still cover less than they say.",
            FewClustersWarning,
            stacklevel=3,
        )
    return score_covariance(likelihood, at, None, codes, n)


def _check(at: Simulated, errors: Covariance, X: Floats, names: Sequence[str]) -> None:
    """Raises EstimationError where statsmodels stopped short of a maximum, or there is none."""
    size = np.abs(at.params[: X.shape[1]]) * X.std(axis=0)
    if not np.isfinite(at.params).all() or size.max() > FARTHEST:
        raise EstimationError(
            f"'{names[int(np.nanargmax(size))]}' predicts the outcome perfectly, or nearly: no "
            "finite estimate. Leave it out, or gather trials that contradict it."
        )
    left = np.abs(at.gradient) * np.sqrt(errors.matrix.diagonal())
    if not left.max() < STEEPEST:
        raise EstimationError("statsmodels stopped before the maximum. Put columns on one scale.")
