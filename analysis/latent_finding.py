"""Types of buyers, as an analysis shows them: shares, tastes of each, and who is of which."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from pydantic import PositiveInt

from aces.errors import EstimationError
from aces.types import Estimate
from analysis.choice_sample import require_column
from analysis.display import Plot, Point, Table, interval, listed, number, p_value, percent
from analysis.fits import GROUP, arm_names, groups
from analysis.latent_class import LatentClassLogit, LatentClassResult, joined
from analysis.model_finding import left_out
from analysis.model_settings import LatentSettings, UtilitySettings

MEANING = (
    "Classes are numbered by size; coefficients are log-odds within a class. Log-odds of "
    "membership (`is_class2...`) are against class 1. Errors take the number of classes as known."
)


class LatentClassConfig(LatentSettings, UtilitySettings):
    """Parameters of the types."""

    name: str = "latent_class"
    """Of the analysis; that of its entry where not given."""
    classes: PositiveInt | tuple[PositiveInt, ...] = 2
    """Number of classes, or several to choose from by BIC; 1 among them may win."""
    by: tuple[str, ...] = ("interface",)
    """Columns each of whose values has types of its own; all buyers are taken together."""
    cluster: str | None = None
    """Column of clusters, which hold whole deciders; null for the observed information."""

    @property
    def numbers(self) -> tuple[int, ...]:
        """Numbers of classes to try; that of the least BIC is shown."""
        return (self.classes,) if isinstance(self.classes, int) else self.classes


@dataclass(frozen=True)
class Types:
    """The types found among the buyers of one interface.

    Attributes:
        whose: Values of the columns that split the table -> in words.
        rows: The long table.
        found: Number of classes -> estimates, of those that there are.
        best: Estimates with the least BIC; None where one class has it, or none can be told.
        one: BIC of a single class.
        lost: Number of classes -> why there are no estimates.
    """

    whose: Mapping[str, str]
    rows: pd.DataFrame
    found: Mapping[int, LatentClassResult]
    best: LatentClassResult | None
    one: float
    lost: Mapping[int, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Whose, in words."""
        return " · ".join(filter(None, self.whose.values())) or "all choices"


def types_of(table: pd.DataFrame, asked: LatentClassConfig) -> list[Types]:
    """Fits classes for each value of `by`.

    Raises:
        EstimationError: If there is nothing to estimate, or a column is missing.
    """
    if not asked.terms:
        raise EstimationError("nothing varies between worlds: there is no effect to estimate")
    by = [name for name in asked.by if name in table]
    for name in (*asked.panel, *asked.membership):
        require_column(table, name)
    if not by:
        return [_types({}, table, asked)]
    parts = table.groupby(by, sort=False)
    return [
        _types(dict(zip(by, map(str, values), strict=True)), rows, asked) for values, rows in parts
    ]


def _types(whose: Mapping[str, str], rows: pd.DataFrame, asked: LatentClassConfig) -> Types:
    found: dict[int, LatentClassResult] = {}
    lost: dict[int, str] = {}
    try:
        model = LatentClassLogit.from_formula(
            f"chosen ~ {' + '.join(asked.terms)}",
            rows,
            "trial_id",
            panel=asked.panel,
            membership=" + ".join(asked.membership) or None,
            common=asked.common,
            cluster=asked.cluster,
            effects=asked.effects,
            outside=asked.outside,
        )
        single = model.one_class()
    except EstimationError as error:
        return Types(whose, rows, {}, None, float("nan"), {0: str(error)})
    for classes in asked.numbers:
        if classes == 1:
            continue
        try:
            found[classes] = model.fit(classes, starts=asked.starts)
        except EstimationError as error:
            lost[classes] = str(error)
    best = min(found.values(), key=lambda one: one.bic, default=None)
    if best is not None and 1 in asked.numbers and single < best.bic:
        best = None
    return Types(whose, rows, found, best, single, lost)


@dataclass(frozen=True)
class LatentClasses:
    """Shares and tastes of the types.

    Attributes:
        asked: What is asked.
        data: The long table.
    """

    asked: LatentClassConfig
    data: pd.DataFrame

    @cached_property
    def types(self) -> list[Types]:
        """The types of each interface."""
        return types_of(self.data, self.asked)

    @property
    def _best(self) -> Iterator[tuple[Types, LatentClassResult]]:
        for each in self.types:
            if each.best is not None:
                yield each, each.best

    @property
    def notes(self) -> list[str]:
        """What must be said beside the estimates."""
        return [
            f"{self.asked.name}, {each.label}: {text}" for each in self.types for text in _say(each)
        ]

    @property
    def table(self) -> Table:
        """Shares, coefficients and membership."""
        heads = ("interface", "class", "term", "estimate", "95 % interval", "p")
        rows = tuple((each.label, *line) for each, best in self._best for line in self._lines(best))
        return Table(f"{self.asked.name} · types of buyers", heads, rows, MEANING)

    def _lines(self, best: LatentClassResult) -> Iterator[tuple[str, ...]]:
        for row in best.shares().to_dict("records"):
            limits = interval(100 * row["ci_low"], 100 * row["ci_high"], 1)
            yield f"{row['class']:.0f}", "share, %", number(100 * row["share"], 1), limits, ""
        for own in self._shown(best):
            which, term = _split(str(own["term"]))
            limits = interval(own["ci_low"], own["ci_high"])
            yield which, term, number(own["estimate"]), limits, p_value(own["p_value"])

    @property
    def plots(self) -> list[Plot]:
        """Coefficients, types side by side."""
        plots = []
        for each, best in self._best:
            series: dict[str, list[Point]] = {
                f"class {row['class']:.0f}, {percent(row['share'], 0)}": []
                for row in best.shares().to_dict("records")
            }
            names = list(series)
            for own in self._shown(best):
                which, term = _split(str(own["term"]))
                if which.isdigit():
                    point = Point(term, own["estimate"], own["ci_low"], own["ci_high"])
                    series[names[int(which) - 1]].append(point)
            title = f"{self.asked.name}, {each.label}: tastes of each type"
            plots.append(Plot(title, "log-odds", series, reference=0.0))
        return plots

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: shares, coefficients, membership."""
        return [
            Estimate(
                **_names(each),
                analysis=self.asked.name,
                estimand=best.estimand,
                estimator="latent_class",
                n_trials=best.nobs,
                n_clusters=best.n_clusters,
                **row,
            )
            for each, best in self._best
            for row in (*_share_rows(best), *map(_plain, self._shown(best)))
        ]

    def _shown(self, best: LatentClassResult) -> list[dict[str, Any]]:
        """The rows of terms; those of effects by level are left out."""
        rows = best.table().to_dict("records")
        hidden = f"{self.asked.effects}["
        return [
            {str(name): value for name, value in row.items()}
            for row in rows
            if not (self.asked.effects and str(row["term"]).startswith(hidden))
        ]


@dataclass(frozen=True)
class Posteriors:
    """Of which type each buyer is, as its choices say.

    Attributes:
        of: The types.
    """

    of: LatentClasses

    @cached_property
    def rows(self) -> list[tuple[Types, Mapping[str, str], str, int, list[float]]]:
        """Types, whose choices (as columns and in words), deciders, and the chance of each class.

        The chance is the mean over a buyer's deciders, each counted by its trials.
        """
        return [
            (each, group, whose, deciders, chances)
            for each, best in self.of._best
            for group, whose, deciders, chances in _by_buyer(each.rows, best, self.of.asked.panel)
        ]

    @property
    def notes(self) -> list[str]:
        """None: those of the types stand beside them."""
        return []

    @property
    def table(self) -> Table:
        """The chance of each class, for every buyer."""
        most = max((len(row[4]) for row in self.rows), default=0)
        heads = ("buyer · interface", "deciders", *(f"class {c + 1}, %" for c in range(most)))
        lines = tuple(
            (whose, f"{deciders:,}", *(number(100 * chance, 1) for chance in chances))
            for _, _, whose, deciders, chances in self.rows
        )
        note = (
            "Mean chance that a buyer's deciders are of a class, given what they chose and the "
            "estimates; the error of these is not in it."
        )
        return Table(f"{self.of.asked.name} · who is of which type", heads, lines, note)

    @property
    def plots(self) -> list[Plot]:
        """The chance of each class, buyers along."""
        series: dict[str, list[Point]] = {}
        for _, _, whose, _, chances in self.rows:
            for c, chance in enumerate(chances):
                series.setdefault(f"class {c + 1}", []).append(Point(whose, 100 * chance))
        title = f"{self.of.asked.name}: who is of which type"
        return [Plot(title, "chance of the class, %", series)] if series else []

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: chances of classes by buyer."""
        return [
            Estimate(
                **{name: group[name] for name in GROUP},
                analysis=self.of.asked.name,
                estimand="mean chance that the buyer's deciders are of the class",
                estimator="latent_class_posterior",
                term=f"class{c + 1}",
                estimate=chance,
                n_trials=deciders,
            )
            for _, group, _, deciders, chances in self.rows
            for c, chance in enumerate(chances)
        ]


def _by_buyer(
    rows: pd.DataFrame, best: LatentClassResult, panel: Sequence[str]
) -> Iterator[tuple[Mapping[str, str], str, int, list[float]]]:
    chance, names = best.posterior(), arm_names(rows)
    labels = joined(rows, panel) if panel else rows["trial_id"].to_numpy()
    told = pd.Series(labels, index=rows.index)
    for group, own in groups(rows):
        trials = told.loc[own.index[~own["trial_id"].duplicated()]]
        met = trials[trials.isin(chance.index)]
        if len(met):
            means = chance.loc[met].mean()
            yield group, names[tuple(group.values())], met.nunique(), [float(m) for m in means]


def _say(each: Types) -> Iterator[str]:
    for classes, why in each.lost.items():
        yield f"no estimates{f' with {classes} classes' if classes else ''}: {why}"
    if np.isnan(each.one):
        return
    bics = [f"{c} {number(one.bic, 1)}" for c, one in sorted(each.found.items())]
    yield f"BIC by number of classes: {', '.join([f'1 {number(each.one, 1)}', *bics])}"
    if each.best is None:
        yield "no number of classes does better than one: the choices do not tell types apart"
        return
    best = each.best
    yield from left_out(best.provenance.left_out)
    yield (
        f"{best.n_deciders:,} deciders ({best.decider}), {best.nobs:,} choices; told apart: "
        f"entropy {number(best.entropy, 2)} of 1; starts: {best.starts_note}; errors: "
        f"{best.errors_note}"
    )
    if each.one < best.bic:
        yield "a single class has the lesser BIC: these types may be nothing but chance"
    if best.latent_fit.agreeing == 1 and len(best.latent_fit.ends) > 1:
        yield "no second start ended at this maximum, so that a better one may exist: more starts"


def _split(name: str) -> tuple[str, str]:
    """Class and term of a parameter."""
    head, dot, term = name.partition(".")
    if dot and head.startswith("class") and head[5:].isdigit():
        return head[5:], term
    if dot and head.startswith("is_class"):
        return f"is {head[8:]}", "constant" if term == "1" else term
    return "all", name


def _names(each: Types) -> dict[str, str]:
    buyers = sorted(map(str, each.rows["buyer"].unique())) if "buyer" in each.rows else []
    interface = each.whose.get("interface", "")
    if not interface and "interface" in each.rows and each.rows["interface"].nunique() == 1:
        interface = str(each.rows["interface"].iloc[0])
    return {"buyer": listed(buyers), "interface": interface}


def _share_rows(best: LatentClassResult) -> Iterator[dict[str, Any]]:
    for row in best.shares().to_dict("records"):
        yield {
            "term": f"share[class{row['class']:.0f}]",
            "estimate": row["share"],
            "std_error": row["std_error"],
            "ci_low": row["ci_low"],
            "ci_high": row["ci_high"],
        }


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "p_value": None if pd.isna(row["p_value"]) else row["p_value"]}
