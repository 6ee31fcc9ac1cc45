"""The latent class logit for tables and arrays of choices: a few types of deciders."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aces.errors import EstimationError
from aces.stats.choice_data import choice_data
from aces.stats.covariance import CovType
from aces.stats.intervals import critical_value
from aces.stats.latent import fit as latent
from aces.stats.mixed.panel import panel as by_decider
from analysis.display import listed
from analysis.model_columns import codes, with_columns
from analysis.model_result import Provenance
from analysis.scored_result import ScoredResult, head, sizes

if TYPE_CHECKING:
    import pandas as pd


class LatentClassResult(ScoredResult):
    """Estimates of a latent class logit: coefficients by class, then log-odds of membership.

    Classes are numbered by size. `is_class2.1` is the constant of the log-odds to be of class 2
    rather than of class 1.

    Args:
        fit: The estimates.
        provenance: Where the choices come from.
        decider: What a decider is, in words.
    """

    def __init__(self, fit: latent.LatentFit, provenance: Provenance, decider: str) -> None:
        self.latent_fit = fit
        self.decider = decider
        names = fit.layout.names
        super().__init__(
            fit.data, fit.params, fit.covariance, provenance, names, np.zeros(len(names)), "decider"
        )

    @property
    def llf(self) -> float:
        """Log-likelihood."""
        return self.latent_fit.llf

    @property
    def n_classes(self) -> int:
        """Classes."""
        return self.latent_fit.layout.classes

    @property
    def n_deciders(self) -> int:
        """Deciders."""
        return self.latent_fit.deciders.choices.n_deciders

    @property
    def entropy(self) -> float:
        """How surely deciders are told apart: 1 where each is of one class, 0 where none is."""
        chance = self.latent_fit.posterior()
        lost = -(chance * np.log(chance.clip(1e-300))).sum()
        return float(1 - lost / (self.n_deciders * np.log(self.n_classes)))

    def shares(self, level: float = 0.95) -> "pd.DataFrame":
        """Returns the share of each class among the deciders, with limits from its logit."""
        import pandas as pd

        share, slopes = self.latent_fit.shares()
        error = np.sqrt(np.einsum("cp,pq,cq->c", slopes, self._covariance.matrix, slopes))
        half = critical_value(level, self.df) * error / (share * (1 - share))
        middle = np.log(share / (1 - share))
        limits = [1 / (1 + np.exp(-(middle + sign * half))) for sign in (-1, 1)]
        return pd.DataFrame(
            {
                "class": np.arange(1, self.n_classes + 1),
                "share": share,
                "std_error": error,
                "ci_low": limits[0],
                "ci_high": limits[1],
            }
        )

    def coefficients(self) -> "pd.DataFrame":
        """Returns (terms, classes) coefficients; common ones are the same in all classes."""
        import pandas as pd

        beta, _ = self.latent_fit.layout.split(self._params)
        columns = range(1, self.n_classes + 1)
        return pd.DataFrame(beta.T, index=list(self.latent_fit.layout.terms), columns=columns)

    def posterior(self) -> "pd.DataFrame":
        """Returns (deciders, classes) the chance of each decider to be of each class."""
        import pandas as pd

        columns = range(1, self.n_classes + 1)
        labels = pd.Index(self.latent_fit.labels, name=self.decider)
        return pd.DataFrame(self.latent_fit.posterior(), index=labels, columns=columns)

    @property
    def estimand(self) -> str:
        """What the estimates are of: whose choices, and given what."""
        given = "buying nothing included" if self.provenance.outside else "given a purchase"
        whose = "; ".join(
            f"{name} {listed(values)}" for name, values in self.provenance.whose.items()
        )
        what = f"coefficients of {self.n_classes} classes of deciders"
        return f"{what}; choices of {whose or 'those in the data'}; {given}"

    @property
    def starts_note(self) -> str:
        """How many starts agree on the maximum, in words."""
        ends = self.latent_fit.ends
        lost = int(np.isnan(ends).sum())
        away = f", {lost} ran away" if lost else ""
        return f"{self.latent_fit.agreeing} of {len(ends)} ended at this maximum{away}"

    def summary(self) -> str:
        """Returns what was estimated, from what, and the table of estimates as text."""
        title = f"Latent class logit, {self.n_classes} classes"
        return "\n".join([title, *_head(self), "", *self.rows(), "", *_notes(self)])


def _head(result: LatentClassResult) -> list[str]:
    counts = result.latent_fit.deciders.choices.counts()
    each = (
        f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    )
    shares = [
        f"class {row['class']:.0f}: {row['share']:.3f} [{row['ci_low']:.3f}, {row['ci_high']:.3f}]"
        for row in result.shares().to_dict("records")
    ]
    lines = [
        ("Estimand", result.estimand),
        ("Deciders", f"{result.n_deciders:,} ({result.decider}) with {each} choice sets each"),
        ("Choice sets", sizes(result.latent_fit.data, outside=result.provenance.outside)),
    ]
    if result.provenance.left_out:
        told = [f"{n:,} {status}" for status, n in result.provenance.left_out.items()]
        lines.append(("Left out", ", ".join(told)))
    lines += [
        ("Shares", "; ".join(shares)),
        ("Told apart", f"entropy {result.entropy:.3f} of 1"),
        ("Log-likelihood", f"{result.llf:,.3f}; equal shares {result.llnull:,.3f}"),
        ("BIC", f"{result.bic:,.1f} with {result.df_model} parameters"),
        ("Starts", result.starts_note),
    ]
    return head(lines)


def _notes(result: LatentClassResult) -> list[str]:
    return [
        f"Errors: {result.errors_note}.",
        "They take the number of classes as known. That a class is needed at all is not tested by",
        "them, nor by twice the difference of log-likelihoods: compare BIC (`compare`).",
    ]


class LatentClassLogit:
    """A conditional logit whose deciders are of a few types, with the chance of each type.

    Args:
        X: (rows, terms) attributes, one row per alternative of each choice set.
        y: (rows,) 1 for the alternative chosen and 0 for the others.
        sets: (rows,) choice set of each row; sets may differ in size.
        panel: (rows,) who chose, where several sets are one decider's: these are of one class.
        membership: (rows, M) what the chance of a class depends on, the same for all of a decider.
        common: Terms whose coefficient all classes share.
        clusters: (rows,) cluster of each row, for clustered errors; it holds whole deciders.
        weights: (rows,) weight of the decider.
        names: Names of the terms, by default the columns of X where it is a DataFrame.
        membership_names: Names of what membership depends on.
        outside: Whether each set has one more alternative, with attributes 0: buying nothing.
    """

    def __init__(
        self,
        X: "NDArray[Any] | pd.DataFrame",
        y: ArrayLike,
        sets: ArrayLike,
        panel: ArrayLike | None = None,
        *,
        membership: ArrayLike | None = None,
        common: Sequence[str] = (),
        clusters: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        names: Sequence[str] | None = None,
        membership_names: Sequence[str] | None = None,
        outside: bool = False,
    ) -> None:
        if names is None and hasattr(X, "columns"):
            names = [str(column) for column in X.columns]
        self._data = choice_data(np.asarray(X), y, sets, names=names, outside=outside)
        self._provenance = Provenance(named=names is not None, outside=outside)
        self._membership = None if membership is None else np.asarray(membership, dtype=float)
        width = 0 if self._membership is None else self._membership.shape[1]
        self._known = tuple(membership_names or [f"z{k + 1}" for k in range(width)])
        self._panel = None if panel is None else np.asarray(panel)
        self._clusters = None if clusters is None else np.asarray(clusters)
        self._weights = None if weights is None else np.asarray(weights)
        self._common, self._decider = tuple(common), "panel" if panel is not None else "choice set"

    @classmethod
    def from_formula(
        cls,
        formula: str,
        data: "pd.DataFrame",
        choice_set: str,
        *,
        panel: str | Sequence[str] | None = None,
        membership: str | None = None,
        common: Sequence[str] = (),
        cluster: str | None = None,
        weights: str | None = None,
        effects: str | None = None,
        outside: bool = False,
        status: str = "status",
    ) -> "LatentClassLogit":
        """Builds the model from a long table with one row per alternative per choice set.

        Args:
            formula: `chosen ~ price + rating`, as for `ConditionalLogit`.
            data: The table. Choice sets without a purchase are left out and counted.
            choice_set: Column that says which choice set a row belongs to.
            panel: Column or columns that say who chose; each choice set has its own decider by
                default.
            membership: Formula of what the chance of a class depends on, such as `persona`.
            common: Terms whose coefficient all classes share.
            cluster: Column with the unit of randomisation, for clustered errors.
            weights: Column with the weight of the decider.
            effects: Column with a coefficient for each level, such as `product_id`, which all
                classes share.
            outside: Whether buying nothing is one more alternative, with attributes 0.
            status: Column that says how a trial ended, where there is one.

        Raises:
            EstimationError: If a formula or columns are at fault.
        """
        who = [panel] if isinstance(panel, str) else list(panel or ())
        needed = [] if membership is None else _variables(membership)
        model = cls.__new__(cls)
        model._data, model._provenance, rows = with_columns(
            formula,
            data,
            choice_set,
            [*who, *needed, *([weights] if weights else [])],
            cluster=cluster,
            effects=effects,
            outside=outside,
            status=status,
        )
        model._known, model._membership = (), None
        if membership is not None:
            model._known, model._membership = known(membership, rows)
        model._panel = joined(rows, who) if who else None
        model._clusters = None if cluster is None else codes(rows[cluster])
        model._weights = None if weights is None else rows[weights].to_numpy(float)
        levels = model._data.names[model._data.n_terms :]
        model._common, model._decider = (*common, *levels), " · ".join(who) or choice_set
        return model

    def fit(
        self,
        classes: int = 2,
        *,
        starts: int = 10,
        seed: int = 0,
        order: str | None = None,
        cov_type: CovType | None = None,
    ) -> LatentClassResult:
        """Estimates the model by expectation and maximisation, then Newton's method.

        Args:
            classes: How many classes, at least 2.
            starts: Random starts; the summary says how many ended at the maximum.
            seed: Of the starts.
            order: Term by whose coefficient classes are numbered, least first; by size by default.
            cov_type: `nonrobust` (the observed information, the default without clusters),
                `robust` by decider, `jackknife` (the default with up to 100 clusters) or `cluster`
                (the default with more).

        Raises:
            EstimationError: If classes run away, or no maximum is found.
        """
        found = latent.fit(
            self._data,
            classes,
            deciders=self._panel,
            membership=self._membership,
            membership_names=self._known,
            common=self._common,
            clusters=self._clusters,
            weights=self._weights,
            starts=starts,
            seed=seed,
            order=order,
            cov_type=cov_type,
        )
        return LatentClassResult(found, self._provenance, self._decider)

    def compare(self, most: int = 4, *, starts: int = 10, seed: int = 0) -> "pd.DataFrame":
        """Returns fit by number of classes, from 1 on.

        Columns: classes, llf, parameters, aic, bic (of choice sets), bic_deciders, entropy, and how
        many starts agreed. The first number that can't be estimated ends it.

        Args:
            most: Greatest number of classes.
            starts: Random starts of each.
            seed: Of the starts.
        """
        import pandas as pd

        rows: list[Mapping[str, float]] = [self._single()]
        for classes in range(2, most + 1):
            try:
                found = self.fit(classes, starts=starts, seed=seed)
            except EstimationError:
                break
            rows.append(
                {
                    **_criteria(found.llf, found.df_model, found.nobs, found.n_deciders),
                    "classes": classes,
                    "entropy": found.entropy,
                    "agreeing": found.latent_fit.agreeing,
                }
            )
        columns = ["classes", "llf", "parameters", "aic", "bic", "bic_deciders", "entropy"]
        return pd.DataFrame(rows)[[*columns, "agreeing"]]

    def one_class(self) -> float:
        """Returns BIC of a single class: the conditional logit, with the weights of deciders."""
        return self._single()["bic"]

    def _single(self) -> dict[str, float]:
        choices = by_decider(self._data, self._panel, self._weights)
        llf = latent.one_class(self._data, choices).at.llf
        found = _criteria(llf, self._data.n_columns, self._data.n_sets, choices.n_deciders)
        return {**found, "classes": 1, "entropy": np.nan, "agreeing": 1}


def _criteria(llf: float, parameters: int, sets: int, deciders: int) -> dict[str, float]:
    return {
        "llf": llf,
        "parameters": parameters,
        "aic": 2 * (parameters - llf),
        "bic": float(parameters * np.log(sets) - 2 * llf),
        "bic_deciders": float(parameters * np.log(deciders) - 2 * llf),
    }


def _variables(membership: str) -> list[str]:
    """Columns that a formula of membership needs."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        return sorted(str(name) for name in Formula(membership).required_variables)
    except FormulaicError as error:
        raise EstimationError(f"membership '{membership}' can't be read: {error}") from error


def known(membership: str, rows: "pd.DataFrame") -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Returns names and columns of what membership depends on, without the constant.

    Args:
        membership: Formula.
        rows: Long table.

    Raises:
        EstimationError: If it can't be computed.
    """
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        matrix = Formula(f"1 + {membership}").get_model_matrix(rows, na_action="ignore")
    except FormulaicError as error:
        raise EstimationError(f"membership '{membership}' can't be computed: {error}") from error
    matrix = matrix.drop(columns="Intercept")
    return tuple(map(str, matrix.columns)), matrix.to_numpy(dtype=float)


def joined(rows: "pd.DataFrame", columns: Sequence[str]) -> NDArray[Any]:
    """Returns (rows,) the values of columns as one text each: who chose."""
    parts = [rows[name].astype(str).to_numpy() for name in columns]
    return np.array([" · ".join(values) for values in zip(*parts, strict=True)])
