"""Prompt wordings as a random factor: how far wordings differ, and what a new one would do.

Every wording (or persona) gets estimates of its own; their sampling errors, shared worlds included,
are known from the fits, and what they differ by beyond that is the variance between wordings. The
mean is over wordings like these, not over these; the prediction interval is where the effect under
a wording yet to be written is expected.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.choice import ChoiceFit
from aces.stats.choice_data import Floats
from aces.stats.covariance import FewClustersWarning, cluster_influence
from aces.stats.joint import joint_covariance
from aces.stats.random_effects import FEWEST, RandomEffects, random_effects
from aces.types import Estimate
from analysis.choice_sample import require_column
from analysis.decisions.demand import Demand, DemandConfig, fit_demand
from analysis.decisions.found import Failures, Found, Whose, estimate_row
from analysis.display import Plot, Point, Table, counted, interval, number, p_value
from analysis.fits import GROUP

ENOUGH = 12
"""Wordings below which the variance between them is hardly known."""
MEAN, NEXT = "mean of wordings", "a new wording"


class WordingConfig(DemandConfig):
    """Parameters of the wordings."""

    name: str = "wording"
    """Of the analysis; that of its entry where not given."""
    by: str = "prompt"
    """Column of the factor: `prompt`, `persona`, or a column of your own."""


@dataclass(frozen=True)
class Wordings:
    """One buyer's coefficients by wording.

    Attributes:
        levels: The wordings.
        terms: The terms.
        estimates: (levels, terms).
        errors: (levels, terms) standard errors.
        effects: Term -> what wordings have in common, and how far they differ.
        trials: Trials fitted.
        worlds: Worlds they met.
        said: What must be said beside it.
    """

    levels: tuple[str, ...]
    terms: tuple[str, ...]
    estimates: Floats
    errors: Floats
    effects: dict[str, RandomEffects]
    trials: int
    worlds: int
    said: tuple[str, ...]


def by_wording(rows: pd.DataFrame, asked: WordingConfig) -> Wordings:
    """Returns the coefficients of one buyer by wording, and the variance between wordings.

    Raises:
        EstimationError: If fewer than 3 wordings can be fitted.
    """
    require_column(rows, asked.by)
    if asked.cluster is None:
        raise EstimationError("wordings need a `cluster`: what they share tells them apart")
    levels = rows[asked.by].astype(str)
    if levels.nunique() < FEWEST:
        raise EstimationError(
            f"{counted(levels.nunique(), 'level')} of '{asked.by}': at least {FEWEST} are needed, "
            f"{ENOUGH} to say much; write `prompt: {{draw: paraphrases}}`"
        )
    fits: dict[str, tuple[Demand, pd.DataFrame]] = {}
    wrong = Failures()
    for level, own in rows.groupby(levels, sort=True):
        with wrong.of(f"{asked.by} {level}"), warnings.catch_warnings():
            warnings.simplefilter("ignore", FewClustersWarning)
            fits[str(level)] = (fit_demand(own, asked), own)
    if len(fits) < FEWEST:
        raise EstimationError("; ".join(wrong.said))
    return _together(fits, asked, wrong.said)


def _together(
    fits: dict[str, tuple[Demand, pd.DataFrame]], asked: WordingConfig, said: Sequence[str]
) -> Wordings:
    first = next(iter(fits.values()))[0]
    k = len(first.names)
    worlds, influences = [], []
    for demand, own in fits.values():
        fit = demand.fit
        assert isinstance(fit, ChoiceFit)
        clusters, influence = cluster_influence(fit.data, fit.at, _clusters(demand, own, asked))
        worlds.append(clusters)
        influences.append(influence[:, :k])
    matrix, count = joint_covariance(worlds, influences)
    estimates = np.array([demand.params[:k] for demand, _ in fits.values()])
    effects = {
        term: random_effects(estimates[:, j], matrix[j::k, j::k])
        for j, term in enumerate(first.names)
    }
    notes = [f"no estimates of {text}" for text in said]
    if len(fits) < ENOUGH:
        notes.append(
            f"{len(fits)} wordings say little of wordings at large: {ENOUGH} or more are advised"
        )
    return Wordings(
        tuple(fits),
        first.names,
        estimates,
        np.sqrt(np.diag(matrix)).reshape(-1, k),
        effects,
        sum(demand.fit.data.n_sets for demand, _ in fits.values()),
        count,
        tuple(notes),
    )


def _clusters(demand: Demand, own: pd.DataFrame, asked: WordingConfig) -> Floats:
    """(rows,) the cluster of each fitted row, under its own name."""
    of = own.drop_duplicates("trial_id").set_index("trial_id")[asked.cluster].astype(str)
    data = demand.fit.data
    sets = np.repeat(data.ids, data.sizes)
    placed = np.empty(len(sets), dtype=object)
    placed[slice(None) if data.order is None else data.order] = of.loc[sets].to_numpy()
    return np.asarray(placed.astype(str))


def wordings(table: pd.DataFrame, asked: WordingConfig) -> Found:
    """Returns how far wordings differ, for each buyer and interface.

    Raises:
        EstimationError: If no buyer has 3 wordings that can be fitted.
    """
    require_column(table, asked.by)
    found: list[tuple[Whose, Wordings]] = []
    wrong, said = Failures(), []
    for _, rows in table.groupby(["buyer", "interface"], sort=False):
        # whatever else varies is part of what the wordings met
        group = dict.fromkeys(GROUP, "")
        group |= {n: str(rows[n].iloc[0]) for n in ("buyer", "model", "interface") if n in rows}
        whose = Whose(group, f"{group['buyer']} · {group['interface']}")
        with wrong.of(whose.name):
            one = by_wording(rows, asked)
            found.append((whose, one))
            said += [f"{asked.name}, {whose.name}: {text}" for text in one.said]
    if not found:
        raise EstimationError("; ".join(wrong.said))
    said += [f"{asked.name}: no estimates: {text}" for text in wrong.said]
    rows_of = [row for each in found for row in _rows(asked, *each)]
    plots = [_plot(asked, found, term) for term in found[0][1].terms]
    return Found(_table(asked, found), plots, said, rows_of)


def _table(asked: WordingConfig, found: Sequence[tuple[Whose, Wordings]]) -> Table:
    heads = ("buyer · interface", "term", "mean", "95 % interval", "sd between", "95 % interval")
    heads_all = (*heads, "a new one", "p")
    lines = []
    for whose, one in found:
        for term, effect in one.effects.items():
            sds = [np.sqrt(v) for v in (effect.variance_low, effect.variance_high)]
            lines.append(
                (
                    whose.name,
                    term,
                    number(effect.mean),
                    interval(effect.low, effect.high),
                    number(float(np.sqrt(effect.variance))),
                    interval(float(sds[0]), float(sds[1])),
                    interval(effect.next_low, effect.next_high),
                    p_value(effect.p_value),
                )
            )
    levels = ", ".join(f"{whose.name} {len(one.levels)}" for whose, one in found)
    note = (
        f"Coefficients by {asked.by} ({levels}), as drawn from all one might have written. Mean: "
        "over such wordings. Sd between: beyond what sampling explains; interval by Q's profile. A "
        "new one: where the coefficient under another wording is expected (95 %). p: that all "
        "wordings are alike."
    )
    return Table(f"{asked.name} · a random factor", heads_all, tuple(lines), note)


def _plot(asked: WordingConfig, found: Sequence[tuple[Whose, Wordings]], term: str) -> Plot:
    """Coefficients by wording, then the mean and what a new wording is expected to do."""
    series = {}
    for whose, one in found:
        j = one.terms.index(term)
        points = [
            Point(level, float(b), float(b - 1.96 * e), float(b + 1.96 * e))
            for level, b, e in zip(one.levels, one.estimates[:, j], one.errors[:, j], strict=True)
        ]
        effect = one.effects[term]
        points.append(Point(MEAN, effect.mean, effect.low, effect.high))
        points.append(Point(NEXT, effect.mean, effect.next_low, effect.next_high))
        series[whose.name] = points
    return Plot(f"{term} by {asked.by}", "coefficient", series, reference=0.0)


def _rows(asked: WordingConfig, whose: Whose, one: Wordings) -> list[Estimate]:
    made = []
    for term, e in one.effects.items():
        low, high = e.variance_low, e.variance_high
        of = f"coefficient over {asked.by}s like the {len(one.levels)} here"
        for estimator, what, numbers in (
            ("wording_mean", f"mean {of}", (e.mean, e.low, e.high)),
            ("wording_variance", f"variance of the {of}", (e.variance, low, high)),
            ("wording_next", f"{of}, one yet to be drawn", (e.mean, e.next_low, e.next_high)),
        ):
            names = ("estimate", "ci_low", "ci_high")
            made.append(
                estimate_row(
                    asked.name,
                    whose,
                    None,
                    n_trials=one.trials,
                    n_clusters=one.worlds,
                    estimator=estimator,
                    estimand=what,
                    term=term,
                    p_value=e.p_value if estimator == "wording_variance" else None,
                    **dict(zip(names, numbers, strict=True)),
                )
            )
    return made
