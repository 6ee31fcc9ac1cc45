"""One universe: its rows and model as arrays, its estimate, and what draws of the term would give.

On the probability scale all models estimate the average change of a listing's own probability of
being bought. The conditional logit gives its average marginal effect; listings never chosen, which
are dropped from its fit, count as unmoved. The linear model and the difference of shares compare
listings of one shelf of J: the gain of one is the loss of J - 1 others, so that the difference is
J / (J - 1) times the change.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces import terms
from aces.errors import EstimationError, nearest
from aces.stats.choice import ChoiceFit, estimate
from aces.stats.choice_data import ChoiceData, Floats, Ints, choice_data
from aces.stats.covariance import FEWEST_CLUSTERS, covariance
from aces.stats.intervals import critical_value, p_values
from aces.stats.linear import clustered, least_squares
from aces.stats.rescored import (
    Steps,
    Working,
    contrasts,
    of_choices,
    of_shares,
    steps,
)
from analysis.choice_effects import inference, marginal_effects
from analysis.choice_sample import ChoiceSample, choice_sample, require_column
from analysis.universes import Scale, Universe

Moved = Callable[[str, Ints], Floats]
"""(term, rows of the table) -> (rows, R) its values in R draws."""


@dataclass(frozen=True)
class Features:
    """The long table and its terms as numbers.

    Attributes:
        table: Rows numbered from 0.
        names: Terms.
        values: (rows, terms).
        term: The term in question, among the names.
        rivals: Terms that are never 1 where it is: what it is against has none of them.
    """

    table: pd.DataFrame
    names: tuple[str, ...]
    values: Floats
    term: str
    rivals: tuple[str, ...]

    @classmethod
    def of(cls, table: pd.DataFrame, term: str, controls: Sequence[str]) -> "Features":
        """Computes the terms of a table.

        Raises:
            EstimationError: If one can't be computed.
        """
        names = tuple(dict.fromkeys([term, *controls]))
        columns = []
        for name in names:
            try:
                columns.append(terms.term(name, table))  # type: ignore[arg-type]
            except (KeyError, ValueError) as error:
                hint = nearest(name, map(str, table.columns))
                raise EstimationError(f"'{name}' can't be computed ({error}){hint}") from None
        values = np.column_stack(columns)
        return cls(table, names, values, term, tuple(_rivals(values, names)))

    def columns(self, names: Sequence[str], rows: Ints) -> Floats:
        """Returns (rows, names) values."""
        places = np.array([self.names.index(name) for name in names], dtype=np.int64)
        return np.asarray(self.values[rows][:, places])

    @property
    def is_binary(self) -> bool:
        """Whether the term is 0 or 1."""
        return bool(np.isin(self.values[:, 0], (0, 1)).all())


def _rivals(values: Floats, names: Sequence[str]) -> list[str]:
    """Terms of 0 and 1 that are never 1 together with the first, itself of 0 and 1."""
    on = values[:, 0] == 1
    if not np.isin(values[:, 0], (0, 1)).all():
        return []
    return [
        name
        for name, column in zip(names[1:], values[:, 1:].T, strict=True)
        if np.isin(column, (0, 1)).all() and column.any() and not column[on].any()
    ]


@dataclass(frozen=True)
class Estimated:
    """What a universe found."""

    estimate: float
    std_error: float
    low: float
    high: float
    p_value: float
    n_trials: int
    n_clusters: int | None


@dataclass(frozen=True)
class Sample:
    """A universe's rows and model, by choice set.

    Attributes:
        universe: The choices.
        features: Of the whole table.
        rows: (rows,) places in the table.
        y: (rows,) outcomes.
        starts: (sets,) first row of each choice set.
        sets: (rows,) name of each row's choice set.
        clusters: (sets,) cluster of each set, counted from 0.
        drawn: The effects of a conditional logit.
        shown: Rows of all these choice sets, those that effects dropped included.
    """

    universe: Universe
    features: Features
    rows: Ints
    y: Floats
    starts: Ints
    sets: NDArray[Any]
    clusters: Ints
    drawn: ChoiceSample
    shown: int

    @classmethod
    def of(cls, universe: Universe, features: Features) -> "Sample":
        """Takes the universe's rows out of the table.

        Raises:
            EstimationError: If nothing is left, or the model is not possible for them.
        """
        table = features.table
        for column in filter(None, (universe.cluster, universe.effects)):
            require_column(table, column)
        if not universe.rows.any():
            raise EstimationError("no trial is of this combination")
        logit = universe.estimator == "conditional_logit"
        columns = ["trial_id", "chosen", *[c for c in ("status",) if c in table]]
        columns += [universe.effects] if universe.effects else []
        frame = table.loc[universe.rows, list(dict.fromkeys(columns))]
        effects = universe.effects if logit else None
        drawn = choice_sample(
            frame, "chosen", "trial_id", effects=effects, outside=universe.outside
        )
        order, starts = _by_set(drawn.sets)
        rows = drawn.frame.index.to_numpy()[order]
        shown = int(frame["trial_id"].isin(pd.unique(drawn.sets)).sum())
        clusters = _clusters(table, universe.cluster, rows[starts])
        kept = _used(universe, features, rows, starts)
        made = cls(
            replace(universe, controls=kept),
            features,
            rows,
            drawn.y[order],
            starts,
            drawn.sets[order],
            clusters,
            drawn,
            shown,
        )
        if universe.estimator == "shares" and not features.is_binary:
            raise EstimationError(
                f"a difference of shares needs a term of 0 and 1, not {features.term}"
            )
        return made

    @property
    def n_clusters(self) -> int | None:
        """Clusters; None where each choice set is one."""
        return int(self.clusters.max()) + 1 if self.universe.cluster else None

    @property
    def df(self) -> float:
        """Degrees of freedom of intervals."""
        return np.inf if self.n_clusters is None else self.n_clusters - 1.0

    @cached_property
    def spread(self) -> float:
        """Change of a listing's own probability, over the difference within shelves."""
        return 1 - len(self.starts) / len(self.rows)

    @cached_property
    def data(self) -> ChoiceData:
        """The conditional logit, with the term first."""
        names = [self.features.term, *self.universe.controls]
        order, _ = _by_set(self.drawn.sets)
        effects = self.drawn.effects
        return choice_data(
            self.features.columns(names, self.rows),
            self.y,
            self.sets,
            names=names,
            effects=None if effects is None else effects.codes[order],
            effect_names=() if effects is None else effects.names,
            outside=self.universe.outside,
        )

    def working(self, moving: Sequence[str]) -> Working:
        """Returns the model without the term and without other terms that move with it.

        Raises:
            EstimationError: If that can't be estimated.
        """
        stay = [name for name in self.universe.controls if name not in moving]
        if self.universe.estimator == "conditional_logit":
            places = [1 + self.universe.controls.index(name) for name in stay]
            return of_choices(self.data, self.clusters, places)
        Z = self.beside(stay)
        if not np.isfinite(Z).all():
            raise EstimationError("attributes are missing or infinite")
        return of_shares(self.y, Z, self.starts, self.clusters)

    def beside(self, controls: Sequence[str]) -> Floats:
        """Returns (rows, K) controls and dummies of a model of shares within shelves."""
        if self.universe.estimator == "shares":
            return np.zeros((len(self.rows), 0))
        Z = self.features.columns(controls, self.rows)
        if self.universe.effects is None:
            return Z
        codes = pd.factorize(self.features.table[self.universe.effects].iloc[self.rows])[0]
        return np.column_stack([Z, np.eye(int(codes.max()) + 1)[codes][:, 1:]])

    def off(self, moved: Moved, on: Floats) -> Floats:
        """Returns (rows, R) 1 where neither the term nor what excludes it is on."""
        off = on == 0
        for name in self.features.rivals:
            off = off & (moved(name, self.rows) == 0)
        return np.asarray(off, dtype=float)


def _used(universe: Universe, features: Features, rows: Ints, starts: Ints) -> tuple[str, ...]:
    """Controls that can explain a choice: those that differ within some shelf.

    Where buying nothing is an alternative of a logit, they also explain whether anything is bought.
    """
    X = features.columns(universe.controls, rows)
    if universe.outside and universe.estimator == "conditional_logit":
        still = (X == 0).all(axis=0)
    else:
        apart = np.maximum.reduceat(X, starts) - np.minimum.reduceat(X, starts)
        still = (apart <= 1e-12 * np.maximum(np.abs(X).max(axis=0), 1e-300)).all(axis=0)
    return tuple(n for n, same in zip(universe.controls, still, strict=True) if not same)


def _by_set(sets: NDArray[Any]) -> tuple[Ints, Ints]:
    """Order that puts the rows of a choice set together, and where each begins."""
    codes = pd.factorize(sets)[0]
    order = np.argsort(codes, kind="stable")
    return order, np.unique(codes[order], return_index=True)[1]


def _clusters(table: pd.DataFrame, column: str | None, firsts: Ints) -> Ints:
    if column is None:
        return np.arange(len(firsts))
    codes = np.asarray(pd.factorize(table[column].iloc[firsts])[0], dtype=np.int64)
    if codes.min() < 0:
        raise EstimationError(f"cluster '{column}' is missing in some trials")
    if codes.max() + 1 < FEWEST_CLUSTERS:
        raise EstimationError(f"{codes.max() + 1} clusters of `{column}` are too few for intervals")
    return codes


def fit(sample: Sample, scale: Scale) -> Estimated:
    """Returns the universe's estimate with its interval.

    Raises:
        EstimationError: If it can't be estimated.
    """
    if sample.universe.estimator == "conditional_logit":
        value, error = _logit(sample, scale)
    elif sample.universe.estimator == "linear_probability":
        value, error = _linear(sample)
    else:
        value, error = _shares(sample)
    half = critical_value(0.95, sample.df) * error
    p = float(p_values(value / error, sample.df)) if error > 0 else float("nan")
    n = len(sample.starts)
    return Estimated(value, error, value - half, value + half, p, n, sample.n_clusters)


def _logit(sample: Sample, scale: Scale) -> tuple[float, float]:
    data = sample.data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few clusters: the table shows how many
        groups = np.repeat(sample.clusters, data.sizes) if sample.universe.cluster else None
        at = estimate(data)
        found = ChoiceFit(data, at, covariance(data, at, None, groups))
    if scale == "log_odds":
        return float(found.params[0]), float(found.bse[0])
    effect = marginal_effects(found)[0]
    kept = len(sample.rows) / sample.shown
    return kept * effect.estimate, kept * inference(found, effect, 0.95)[0]


def _linear(sample: Sample) -> tuple[float, float]:
    """Within shelves, as the estimator `linear_probability` has it."""
    term, stay = sample.features.term, list(sample.universe.controls)
    X = np.column_stack([sample.beside(stay), sample.features.columns([term], sample.rows)])
    sizes = np.diff(sample.starts, append=len(sample.rows))
    names = [*map(str, range(X.shape[1] - 1)), term]
    found = least_squares(X, sample.y, names, np.repeat(np.arange(len(sizes)), sizes))
    if term not in found.names:
        raise EstimationError(f"'{term}' is collinear with the other columns within choice sets")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        error = clustered(found, np.repeat(sample.clusters, sizes)).bse[-1]
    return sample.spread * float(found.params[-1]), sample.spread * float(error)


def _shares(sample: Sample) -> tuple[float, float]:
    found = _contrast(sample, sample.working(()), _as_stored(sample.features))
    value, z = float(found.estimate[0]), float(found.z[0])
    if not np.isfinite(value):
        raise EstimationError("no shelf holds a listing with and one without it")
    return sample.spread * value, sample.spread * abs(value / z) if z else float("nan")


def _contrast(sample: Sample, working: Working, moved: Moved) -> Steps:
    on = moved(sample.features.term, sample.rows)
    return contrasts(sample.y, on, sample.off(moved, on), working)


def _as_stored(features: Features) -> Moved:
    """Values as they were: one draw."""
    return lambda name, rows: features.columns([name], rows)


@dataclass(frozen=True)
class Stepper:
    """Finds a universe's estimate under any draw of the term, by one step.

    Attributes:
        sample: The universe.
        working: Its model without what moves.
        moving: Terms of its model that move, the one in question first.
        unit: What a step is to be multiplied by to be on the common scale.
    """

    sample: Sample
    working: Working
    moving: tuple[str, ...]
    unit: float

    @classmethod
    def of(cls, sample: Sample, moves: Callable[[str], bool], scale: Scale) -> "Stepper":
        """Fits the model without what moves.

        Raises:
            EstimationError: If that can't be estimated.
        """
        moving = [sample.features.term, *filter(moves, sample.universe.controls)]
        working = sample.working(moving)
        unit = sample.spread
        if sample.universe.estimator == "conditional_logit":
            p = working.weight
            slope = float((p * (1 - p)).sum()) / sample.shown
            unit = 1.0 if scale == "log_odds" else slope
        return cls(sample, working, tuple(moving), unit)

    def __call__(self, moved: Moved | None = None) -> Steps:
        """Returns estimates on the common scale and their z, of R draws or as stored."""
        moved = moved or _as_stored(self.sample.features)
        if self.sample.universe.estimator == "shares":
            found = _contrast(self.sample, self.working, moved)
        else:
            values = [moved(name, self.sample.rows) for name in self.moving]
            found = steps(self.working, np.stack(values, axis=1))
        return Steps(self.unit * found.estimate, found.z)
