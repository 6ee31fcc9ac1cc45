"""Checks of independence of irrelevant alternatives, for every buyer.

Three kinds: shares without a listing against what a fit with it predicts (an experiment, where a
`menu` treatment removes listings); score tests of cross-effects; and, only if asked for, Hausman
and McFadden's comparison, by bootstrap.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces.errors import EstimationError
from aces.seeds import Stream
from aces.stats import iia
from aces.stats.choice import estimate
from aces.stats.choice_data import ChoiceData, Floats
from aces.stats.covariance import cluster_codes, cluster_influence, inverse
from aces.stats.intervals import critical_value
from aces.stats.likelihood import Likelihood
from aces.stats.multiplicity import holm
from aces.types import Estimate
from analysis.display import Plot, Point, Table, listed, number, p_value
from analysis.fits import GROUP, arm_names, groups
from analysis.iia_removal import Model, Removal, choices, removals, say
from analysis.model_finding import left_out
from analysis.nested_logit import with_nests

NOTE = (
    "The odds of two listings should depend on no third one. A small p says that they do: then a "
    "conditional logit misstates what happens when listings come and go, and a nested, mixed or "
    "latent class logit may do better. p-values of removals are adjusted by Holm; those of score "
    "tests are not."
)


@dataclass(frozen=True)
class Asked:
    """What is asked.

    Attributes:
        name: Of the analysis.
        model: The conditional logit.
        terms: Its terms.
        nests: Column with groups of listings, or group -> product ids; None for none.
        products: Listings whose removal is looked at; all that some shelves lack by default.
        hausman: Listings without which coefficients are compared by Hausman's test.
        draws: Draws of its bootstrap.
    """

    name: str
    model: Model
    terms: tuple[str, ...]
    nests: str | Mapping[str, Sequence[str]] | None = None
    products: tuple[str, ...] = ()
    hausman: tuple[str, ...] = ()
    draws: int = 999


@dataclass(frozen=True)
class Check:
    """One check of one buyer.

    Attributes:
        what: What is tested.
        statistic: F, or a quadratic form where `df_clusters` is missing.
        df: Its degrees of freedom.
        df_clusters: Those of its denominator.
        p_value: Of it.
        said: What it shows, in words.
        cross: Cross-effects one by one.
        removal: Shares without a listing.
        hausman: Hausman's test.
    """

    what: str
    statistic: float
    df: int
    df_clusters: float | None
    p_value: float
    said: str = ""
    cross: iia.CrossTest | None = None
    removal: Removal | None = None
    hausman: iia.HausmanTest | None = None


@dataclass(frozen=True)
class Buyer:
    """What all checks of one buyer found.

    Attributes:
        group: Whose choices, as columns.
        whose: The same in words.
        checks: The checks.
        notes: What could not be checked.
        trials: Choice sets.
    """

    group: Mapping[str, str]
    whose: str
    checks: Sequence[Check]
    notes: Sequence[str]
    trials: int


@dataclass(frozen=True)
class IIAChecks:
    """The checks of all buyers.

    Attributes:
        asked: What is asked.
        data: The long table.
    """

    asked: Asked
    data: pd.DataFrame

    @cached_property
    def buyers(self) -> list[Buyer]:
        """The checks of each buyer and interface."""
        if not self.asked.terms:
            raise EstimationError("nothing varies between worlds: there is no effect to estimate")
        names = arm_names(self.data)
        return [
            _buyer(self.asked, group, names[tuple(group.values())], rows)
            for group, rows in groups(self.data)
        ]

    @property
    def notes(self) -> list[str]:
        """What must be said beside the checks."""
        return [
            f"{self.asked.name}, {one.whose}: {text}" for one in self.buyers for text in one.notes
        ]

    @property
    def table(self) -> Table:
        """The checks for people."""
        heads = ("buyer · interface", "check", "statistic", "df", "p", "what it shows")
        rows = tuple(
            (
                one.whose,
                check.what,
                number(check.statistic, 2),
                _df(check),
                p_value(check.p_value),
                check.said,
            )
            for one in self.buyers
            for check in one.checks
        )
        title = f"{self.asked.name} · do odds depend on third listings?"
        return Table(title, heads, rows, NOTE)

    @property
    def plots(self) -> list[Plot]:
        """Shares without each removed listing, less what was predicted."""
        plots = []
        for one in self.buyers:
            series = {
                f"without {found.removed}": _points(found)
                for found in (check.removal for check in one.checks)
                if found is not None
            }
            if series:
                title = f"{self.asked.name}, {one.whose}: shares where a listing is not there"
                plots.append(Plot(title, "observed less predicted, points", series, reference=0.0))
        return plots

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: statistics, differences of shares, cross-effects."""
        return [
            Estimate(
                **{name: one.group[name] for name in GROUP},
                analysis=self.asked.name,
                **{"n_trials": one.trials} | row,
            )
            for one in self.buyers
            for check in one.checks
            for row in _estimates(check)
        ]


def _buyer(asked: Asked, group: Mapping[str, str], whose: str, rows: pd.DataFrame) -> Buyer:
    checks: list[Check] = []
    trials = int(rows["trial_id"].nunique())
    found, lost = removals(rows, asked.model, asked.products)
    adjusted = holm([one.test.p_value for one in found])
    for one, p in zip(found, adjusted, strict=True):
        checks.append(_of_removal(one, float(p)))
    notes = [f"no removal is compared for {text}" for text in lost]
    try:
        scored = _Scored(asked, rows)
    except EstimationError as error:
        return Buyer(group, whose, checks, [*notes, f"no score tests: {error}"], trials)
    notes += left_out(scored.left_out)
    for test in scored.tests():
        try:
            checks.append(test())
        except EstimationError as error:
            notes.append(str(error))
    return Buyer(group, whose, checks, notes, scored.data.n_sets)


class _Scored:
    """The conditional logit of one buyer, and its tests."""

    def __init__(self, asked: Asked, rows: pd.DataFrame) -> None:
        self.asked, self.rows = asked, rows
        self.said, columns = "", []
        if asked.nests is not None:
            rows, column, self.said = with_nests(rows, asked.nests)
            columns.append(column)
        self.data, shown, self.clusters, self.left_out = choices(rows, asked.model, *columns)
        self.nests = [shown[column].to_numpy(str) for column in columns]
        self.codes, self.n_clusters = cluster_codes(self.data, self.clusters)
        self.at = estimate(self.data)

    def tests(self) -> Iterator[Callable[[], Check]]:
        """Yields the tests, each to be called."""
        values = np.asarray(self.data.X, dtype=float)
        terms = self.data.names[: self.data.n_terms]
        if self.nests:
            yield lambda: self._cross(
                f"closer substitutes in one group ({self.said})",
                *iia.nest_columns(self.data, self.at, self.nests[0]),
                meaning="1 less dissimilarity",
            )
            yield lambda: self._cross(
                f"rivals of one group ({self.said})",
                iia.rival_columns(self.data, values, self.nests[0]),
                [f"rivals' {term}" for term in terms],
            )
        yield lambda: self._cross(
            "attributes by level of the shelf",
            iia.level_columns(self.data, values),
            [f"{term} x shelf mean" for term in terms],
        )
        for product in self.asked.hausman:
            yield lambda product=product: self._hausman(product)  # type: ignore[misc]

    def _cross(
        self, what: str, columns: Floats, names: Sequence[str], meaning: str = "log-odds"
    ) -> Check:
        if not columns.shape[1]:
            raise EstimationError(f"{what}: no group has two listings on one shelf")
        try:
            found = iia.cross_test(self.data, self.at, columns, names, self.codes, self.n_clusters)
        except EstimationError as error:
            raise EstimationError(f"{what}: {error}") from error
        t = np.abs(found.step / found.errors)
        strong = [f"{found.names[k]} {number(found.step[k], 2)}" for k in np.flatnonzero(t > 2)]
        said = f"{meaning}, about: {listed(strong)}" if strong else ""
        test = found.test
        return Check(
            what, test.statistic, test.df, test.df_clusters, test.p_value, said, cross=found
        )

    def _hausman(self, product: str) -> Check:
        own = self.rows["product_id"].astype(str) == product
        if not own.any():
            raise EstimationError(f"Hausman: no shelf shows '{product}'")
        gone = self.rows.loc[own & (self.rows["chosen"] == 1), "trial_id"]
        rows = self.rows[~own & ~self.rows["trial_id"].isin(gone)]
        whole = _terms_of(self.data, self.at, self.clusters)
        try:
            data, _, clusters, _ = choices(rows, self.asked.model)
            part = _terms_of(data, estimate(data), clusters, among=self.clusters)
        except EstimationError as error:
            raise EstimationError(f"Hausman, without {product}: {error}") from error
        rng = Stream(0, "hausman", product).generator()
        found = iia.hausman_test(whole, part, draws=self.asked.draws, rng=rng)
        said = f"Hausman and McFadden's own statistic {number(found.plain, 2)}"
        if not found.definite:
            said += ", which means nothing: the difference of variances is not positive definite"
        what = f"Hausman, without {product}, by bootstrap"
        return Check(what, found.statistic, found.df, None, found.p_value, said, hausman=found)


def _terms_of(
    data: ChoiceData,
    at: Likelihood,
    clusters: NDArray[np.str_],
    among: NDArray[np.str_] | None = None,
) -> tuple[Floats, Floats, Floats]:
    """Coefficients of terms, what each cluster adds to them, and their inverse information.

    Clusters are those of `among`, where given; those that are not in the data add nothing.
    """
    k = data.n_terms
    names, influence = cluster_influence(data, at, clusters)
    if among is not None:
        every = np.unique(among)
        wide = np.zeros((len(every), k))
        wide[np.searchsorted(every, names)] = influence[:, :k]
        influence = wide
    return at.params[:k], influence[:, :k], inverse(at.information)[:k, :k]


def _of_removal(found: Removal, p: float) -> Check:
    told = say(found)
    aside = f"; {found.aside:,} choices of listings not bought with it" if found.aside else ""
    said = f"{told or 'none took another share than predicted'}{aside}"
    test = found.test
    what = f"shares without {found.removed} ({found.n_sets:,} choices)"
    return Check(what, test.statistic, test.df, test.df_clusters, p, said, removal=found)


def _df(check: Check) -> str:
    if check.df_clusters is None or np.isinf(check.df_clusters):
        return f"{check.df}"
    return f"{check.df}, {check.df_clusters:.0f}"


def _limits(found: Removal) -> Iterator[tuple[str, float, float, float, float]]:
    critical = critical_value(0.95, found.n_clusters - 1.0)
    for name, value, error in zip(found.products, found.difference, found.errors, strict=True):
        yield name, float(value), float(error), value - critical * error, value + critical * error


def _points(found: Removal) -> list[Point]:
    return [
        Point(name, 100 * value, 100 * low, 100 * high)
        for name, value, _, low, high in _limits(found)
    ]


def _estimates(check: Check) -> Iterator[dict[str, Any]]:
    # not adjusted here: `estimates.csv` adjusts for all tests of its family
    p = check.p_value if check.removal is None else check.removal.test.p_value
    yield {
        "estimator": "iia",
        "estimand": f"independence of irrelevant alternatives: {check.what}; statistic",
        "term": f"iia[{check.what}]",
        "estimate": check.statistic,
        "p_value": None if np.isnan(p) else p,
    }
    if check.removal is not None:
        found = check.removal
        for name, value, error, low, high in _limits(found):
            yield {
                "estimator": "iia_removal",
                "estimand": f"share without {found.removed}, less what the fit with it predicts",
                "term": f"removed[{found.removed}]",
                "product_id": name,
                "estimate": value,
                "std_error": error,
                "ci_low": low,
                "ci_high": high,
                "n_trials": found.n_sets,
                "n_clusters": found.n_clusters,
            }
    if check.cross is not None:
        cross = check.cross
        critical = critical_value(0.95, cross.n_clusters - 1.0)
        for name, step, error in zip(cross.names, cross.step, cross.errors, strict=True):
            yield {
                "estimator": "iia_score",
                "estimand": f"{check.what}: coefficient, one Newton step from 0",
                "term": f"cross[{name}]",
                "estimate": float(step),
                "std_error": float(error),
                "ci_low": float(step - critical * error),
                "ci_high": float(step + critical * error),
                "n_clusters": cross.n_clusters,
            }
