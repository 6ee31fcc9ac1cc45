"""The linear probability model with trial effects: what raises the chance of being bought."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.choice_data import Floats, Ints
from aces.stats.covariance import FewClustersWarning
from aces.stats.intervals import critical_value, p_values
from aces.stats.linear import ClusteredErrors, LinearFit, clustered, least_squares
from aces.stats.multiplicity import benjamini_hochberg
from aces.types import Estimate
from analysis.choice_sample import choice_sample
from analysis.display import Plot, Point, Table, interval, listed, number, p_value
from analysis.fits import arm_names, groups
from analysis.linear_design import (
    LinearTerms,
    complete_trials,
    formula_of,
    level_columns,
    of_trials,
    variables_of,
)

Kind = Literal["average_marginal_effect", "average_marginal_effect_difference", "coefficient"]


@dataclass(frozen=True)
class Model:
    """What is asked of the data.

    Attributes:
        name: Of the analysis.
        terms: Columns, or formula terms such as `cheaper*nudged` and `C(theme)`.
        cluster: One or two columns.
        outcome: Column with 0/1.
        effects: Column with a coefficient for each level; None for none.
        outside: Whether trials that bought nothing by choice count.
    """

    name: str
    terms: tuple[str, ...]
    cluster: tuple[str, ...] = ("world_id",)
    outcome: str = "chosen"
    effects: str | None = None
    outside: bool = False


@dataclass(frozen=True)
class Arm:
    """The model fitted to one buyer and interface.

    Attributes:
        group: Whose choices: column -> value.
        name: In words.
        fit: The coefficients.
        marginal: Average marginal effects, as combinations of the coefficients.
        clusters: (rows,) labels of each grouping.
        shelf: Alternatives of a trial, on average.
        left_out: Why trials were left out -> how many.
    """

    group: Mapping[str, str]
    name: str
    fit: LinearFit
    marginal: LinearFit
    clusters: tuple[Any, ...]
    shelf: float
    left_out: Mapping[str, int]

    @property
    def n_trials(self) -> int:
        """Trials."""
        return len(np.unique(self.fit.absorbed))


@dataclass(frozen=True)
class Line:
    """One estimate with its errors.

    Attributes:
        kind: What it is: a coefficient, a marginal effect, or a difference of two such.
        arm: Whose it is; of a difference, of the buyer that is compared.
        against: With whom it is compared; empty but for differences.
        term: The term.
        values: estimate, std_error, ci_low, ci_high, p_value, and `two_way` and `trial`: standard
            errors by Cameron, Gelbach and Miller alone, and clustered by trial.
        clusters: Clusters of each grouping.
    """

    kind: Kind
    arm: Arm
    against: str
    term: str
    values: Mapping[str, float]
    clusters: tuple[int, ...]


@dataclass(frozen=True)
class LinearProbability:
    """Estimates of every buyer and interface, and how they differ from those of the first.

    Attributes:
        model: What was asked.
        arms: The fits.
        lines: All estimates.
        errors: Of the first fit: how many clusters, which t.
        said: What must be said beside them.
    """

    model: Model
    arms: tuple[Arm, ...]
    lines: tuple[Line, ...]
    errors: ClusteredErrors
    said: tuple[str, ...]

    @property
    def notes(self) -> list[str]:
        """What must be said beside the estimates."""
        return [f"{self.model.name}: {note}" for note in self.said]

    @cached_property
    def adjusted(self) -> dict[int, float]:
        """Index of a line -> p-value adjusted (Benjamini-Hochberg) among those of its kind."""
        found: dict[int, float] = {}
        for kind in dict.fromkeys(line.kind for line in self.lines):
            own = [i for i, line in enumerate(self.lines) if line.kind == kind]
            p = benjamini_hochberg([self.lines[i].values["p_value"] for i in own])
            found |= dict(zip(own, p.tolist(), strict=True))
        return found

    @property
    def table(self) -> Table:
        """Marginal effects in points, then differences between buyers."""
        two = len(self.errors.n_clusters) == 2
        heads = ("buyer · interface", "term", "points", "s.e.", "95 % interval", "p", "p (BH)")
        heads = (*heads, *(("two-way",) if two else ()), "by trial")
        lines = tuple(
            self._row(i, line, two=two)
            for i, line in enumerate(self.lines)
            if line.kind != "coefficient"
        )
        return Table(f"{self.model.name} · linear probability model", heads, lines, self._note(two))

    def _row(self, index: int, line: Line, *, two: bool) -> tuple[str, ...]:
        points = {name: 100 * value for name, value in line.values.items()}
        whose = f"{line.arm.name} less {line.against}" if line.against else line.arm.name
        return (
            whose,
            line.term,
            number(points["estimate"], 1),
            number(points["std_error"], 1),
            interval(points["ci_low"], points["ci_high"], 1),
            p_value(line.values["p_value"]),
            p_value(self.adjusted[index]),
            *((number(points["two_way"], 1),) if two else ()),
            number(points["trial"], 1),
        )

    def _note(self, two: bool) -> str:
        arm = self.arms[0]
        own = 1 - 1 / arm.shelf
        text = (
            f"{self.estimand}. Effect: how much more often an alternative with the term is bought "
            f"than one of the same trial without it; its own probability changes by {own:.2g} of "
            f"that, as the others of {arm.shelf:.3g} lose what it gains. {self.clusters}."
        )
        if two:
            text += (
                " The standard error is the largest of the two-way and both one-way ones; the "
                "two-way one alone, beside it, may be far too small where clusters hardly differ."
            )
        text += " By trial: the standard error had trials been independent."
        return text + " BH: adjusted among all effects of this table, differences apart."

    @property
    def clusters(self) -> str:
        """By what errors are clustered, how many there are, and which t is used."""
        names = zip(self.model.cluster, self.errors.n_clusters, strict=True)
        by = " and ".join(f"{name} ({n:,})" for name, n in names)
        return f"Errors clustered by {by}, t({self.errors.df:.0f})"

    @property
    def estimand(self) -> str:
        """What the effects are of."""
        given = "buying nothing included" if self.model.outside else "given a purchase"
        return f"Choices {given}, trial effects"

    @property
    def plots(self) -> list[Plot]:
        """Marginal effects by term, a colour for each buyer."""
        series: dict[str, list[Point]] = {}
        for line in self.lines:
            if line.kind == "average_marginal_effect":
                values = (100 * line.values[name] for name in ("estimate", "ci_low", "ci_high"))
                series.setdefault(line.arm.name, []).append(Point(line.term, *values))
        return [Plot(self.model.name, "effect, points", series, reference=0.0)]

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`; further errors as rows of their own."""
        return [row for line in self.lines for row in self._of_line(line)]

    def _of_line(self, line: Line) -> Iterator[Estimate]:
        against = f", less that of {line.against}" if line.against else ""
        common: dict[str, Any] = {
            **line.arm.group,
            "analysis": self.model.name,
            "term": line.term,
            "estimate": line.values["estimate"],
            "n_trials": line.arm.n_trials,
            "n_clusters": min(line.clusters),
        }
        estimator = "linear_probability" if line.kind == "coefficient" else line.kind
        of = f"gap in purchase probability within a trial{against}; {self.estimand}"
        names = ("std_error", "ci_low", "ci_high", "p_value")
        values = {name: line.values[name] for name in names}
        yield Estimate(**common, estimator=estimator, estimand=f"{of}; {self.clusters}", **values)
        if line.kind != "average_marginal_effect":
            return
        further = {"trial": "errors clustered by trial"}
        if len(self.errors.n_clusters) == 2:
            further["two_way"] = "errors two-way alone"
        for name, words in further.items():
            yield Estimate(
                **common,
                estimator=f"{estimator}_{name}",
                estimand=f"{of}; {words}",
                std_error=line.values[name],
            )


def linear_probability(table: pd.DataFrame, model: Model) -> LinearProbability:
    """Returns the model fitted to every buyer and interface of a long table.

    Raises:
        EstimationError: If columns are missing, or no buyer allows any estimate.
    """
    if not 1 <= len(model.cluster) <= 2:
        raise EstimationError(f"clusters are one or two columns, not {len(model.cluster)}")
    if table.empty:
        raise EstimationError("there are no choices")
    if not model.terms:
        raise EstimationError("there are no terms; name some, `terms: [...]`")
    names = arm_names(table)
    arms, said = [], []
    for group, rows in groups(table):
        try:
            arms.append(_arm(model, group, names[tuple(group.values())], rows))
        except EstimationError as error:
            said.append(f"{names[tuple(group.values())]}: no estimates: {error}")
    if not arms:
        raise EstimationError("; ".join(said) or "there are no choices")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FewClustersWarning)
        lines = tuple(_lines(arms))
        errors = clustered_quietly(arms[0].fit, *arms[0].clusters)
    said += [str(warning.message) for warning in caught if _few(warning)]
    said += list(_remarks(arms, model))
    return LinearProbability(model, tuple(arms), lines, errors, tuple(dict.fromkeys(said)))


def _few(warning: warnings.WarningMessage) -> bool:
    return issubclass(warning.category, FewClustersWarning)


def _remarks(arms: Sequence[Arm], model: Model) -> Iterator[str]:
    """What was left out, by buyer; terms that can't be told apart; variances that were repaired."""
    for arm in arms:
        lost = ", ".join(f"{n:,} {why}" for why, n in arm.left_out.items())
        if lost:
            yield f"{arm.name}: left out: {lost}"
        effect = f"{model.effects}["
        dropped = [n for n in arm.fit.dropped if n != "Intercept" and not n.startswith(effect)]
        if dropped:
            yield (
                f"{arm.name}: {listed(dropped)} not estimated: no variation within trials beside "
                "the other terms"
            )
        if clustered_quietly(arm.fit, *arm.clusters).repaired:
            yield (
                f"{arm.name}: the two-way covariance was not positive definite; its negative "
                "eigenvalues were set to 0"
            )


def clustered_quietly(fit: LinearFit, *groupings: Any) -> ClusteredErrors:  # noqa: ANN401
    """Returns `clustered` without its warning, which was given before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewClustersWarning)
        return clustered(fit, *groupings)


def _lines(arms: Sequence[Arm]) -> Iterator[Line]:
    for arm in arms:
        yield from _estimates("average_marginal_effect", arm, arm.marginal, arm.clusters)
    first = arms[0]
    for arm in arms[1:]:
        terms = [name for name in arm.marginal.names if name in first.marginal.names]
        both = _only(arm.marginal, terms).minus(_only(first.marginal, terms))
        pairs = zip(arm.clusters, first.clusters, strict=True)
        clusters = tuple(np.concatenate(pair) for pair in pairs)
        yield from _estimates("average_marginal_effect_difference", arm, both, clusters, first.name)
    for arm in arms:
        yield from _estimates("coefficient", arm, arm.fit, arm.clusters)


def _only(fit: LinearFit, terms: Sequence[str]) -> LinearFit:
    return fit.combined(np.eye(len(fit.names))[[fit.names.index(t) for t in terms]], terms)


def _estimates(
    kind: Kind, arm: Arm, fit: LinearFit, clusters: Sequence[Any], against: str = ""
) -> Iterator[Line]:
    if not fit.names:
        return
    errors = clustered(fit, *clusters)
    trial = clustered_quietly(fit, fit.absorbed).bse
    half = critical_value(0.95, errors.df) * errors.bse
    with np.errstate(divide="ignore", invalid="ignore"):
        p = p_values(fit.params / errors.bse, errors.df)
    for k, term in enumerate(fit.names):
        value = float(fit.params[k])
        values = {
            "estimate": value,
            "std_error": float(errors.bse[k]),
            "ci_low": value - float(half[k]),
            "ci_high": value + float(half[k]),
            "p_value": float(p[k]),
            "two_way": float(errors.bse_two_way[k]),
            "trial": float(trial[k]),
        }
        yield Line(kind, arm, against, term, values, errors.n_clusters)


def _arm(model: Model, group: Mapping[str, str], name: str, rows: pd.DataFrame) -> Arm:
    formula = formula_of(model.terms)
    needed = [*variables_of(formula), *model.cluster, *filter(None, [model.effects])]
    whole, left_out = complete_trials(rows, needed)
    sample = choice_sample(whole, model.outcome, "trial_id", outside=model.outside)
    terms = LinearTerms.of(formula, sample.frame)
    trials = pd.factorize(sample.sets)[0]
    fit = _fit(terms, sample.y, trials, sample.frame[model.effects] if model.effects else None)
    clusters = tuple(of_trials(sample.frame[column], trials) for column in model.cluster)
    clustered_quietly(fit, *clusters)  # raises for this buyer alone if there are too few
    return Arm(
        group=group,
        name=name,
        fit=fit,
        marginal=terms.marginal(fit, sample.frame),
        clusters=clusters,
        shelf=len(trials) / (int(trials.max()) + 1),
        left_out={**left_out, **sample.left_out},
    )


def _fit(
    terms: LinearTerms, y: Floats, trials: Ints, effects: "pd.Series[Any] | None"
) -> LinearFit:
    """The coefficients of the terms; effects of levels are estimated beside them and left away."""
    names, X = list(terms.names), terms.X
    if effects is not None:
        levels, columns = level_columns(effects)
        names, X = [*levels, *names], np.column_stack([columns, X])
    fit = least_squares(X, y, names, trials)
    own = [name for name in fit.names if name in terms.names]
    if not own:
        raise EstimationError("no term varies within trials beside the effects")
    return _only(fit, own)
