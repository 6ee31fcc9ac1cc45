"""Whether predicted shares come true on shelves that the model has not seen.

Cross-fitted: worlds (or menus, sets of products that stand together) are split into folds, and each
is predicted by the model fitted on the others. Said of the predictions are

* the log score, mean ln of the probability given to what was bought, and how much it gains on equal
  shares and on shares alone (each product's rate of sale in the training worlds);
* the slope of choices on predicted log probabilities, by a conditional logit: 1 where predictions
  are right, below 1 where they are too extreme;
* reliability: how often listings were bought that were given such and such a probability.

Errors are clustered by world. The estimand is the quality of this model fitted on a run of this
size. A product never bought in training is given half a sale; a shelf with a product that training
never showed, or whose products training never compared, can't be predicted and is counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.choice import fit
from aces.stats.choice_data import Floats, Ints
from aces.stats.intervals import critical_value
from aces.stats.means import Contrast, contrast
from aces.stats.shares import wilson_interval
from aces.types import Estimate
from analysis.decisions.crossfit import Predictions, Unit, predictions
from analysis.decisions.demand import DemandConfig
from analysis.decisions.found import Found, Whose, estimate_row, of_each
from analysis.display import Plot, Point, Table, interval, number

ALIKE = "as predicted"


class CalibrationConfig(DemandConfig):
    """Parameters of a calibration."""

    name: str = "calibration"
    """Of the analysis; that of its entry where not given."""
    held_out: tuple[Unit, ...] = ("worlds", "menus")
    """What is held out: `worlds`, `menus` (sets of products)."""
    folds: int = 5
    """Parts that are held out in turn."""
    bins: int = 10
    """Points of the reliability curve."""


@dataclass(frozen=True)
class Bin:
    """Listings that were given about the same probability.

    Attributes:
        predicted: Mean prediction.
        share: Share bought.
        low: Lower limit of what it is an estimate of.
        high: Upper limit.
        rows: Listings.
    """

    predicted: float
    share: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True)
class Calibration:
    """How one buyer's predictions fared.

    Attributes:
        unit: What was held out.
        trials: Trials predicted.
        unpredicted: Trials whose shelf can't be predicted.
        score: Mean log score.
        over_equal: Its gain on equal shares.
        over_shares: Its gain on shares alone.
        slope: Of choices on predictions, with its 95 % limits.
        bins: The reliability curve.
    """

    unit: Unit
    trials: int
    unpredicted: int
    score: Contrast
    over_equal: Contrast
    over_shares: Contrast
    slope: tuple[float, float, float]
    bins: tuple[Bin, ...]


def calibration(rows: pd.DataFrame, asked: CalibrationConfig, unit: Unit) -> Calibration:
    """Returns how predictions of held-out worlds or menus of one buyer fared.

    Raises:
        EstimationError: If a model can't be fitted, or hardly a shelf can be predicted.
    """
    return scored(predictions(rows, asked, unit, asked.folds), unit, asked.bins)


def scored(made: Predictions, unit: Unit, bins: int) -> Calibration:
    """Returns how predictions fared.

    Args:
        made: The predictions.
        unit: What was held out.
        bins: Points of the reliability curve.
    """
    model = made.log_scores(made.p)
    size = np.bincount(made.trial)[made.trial] + made.outside
    equal, alone = made.log_scores(1 / size), made.log_scores(made.alone)
    world = made.world[made.starts]
    return Calibration(
        unit,
        len(model),
        made.unpredicted,
        _mean(model, world),
        _mean(model - equal, world),
        _mean(model - alone, world),
        _slope(made),
        tuple(_bins(made, bins)),
    )


def _mean(values: Floats, world: Ints) -> Contrast:
    return contrast(values, np.zeros(len(values)), {0: 1.0}, world)


def _slope(made: Predictions) -> tuple[float, float, float]:
    """Choices on predicted log probabilities: coefficient and its 95 % limits."""
    odds = np.log(np.maximum(made.p, 1e-300))
    if made.outside:
        nothing = 1 - np.add.reduceat(made.p, made.starts)
        odds = odds - np.log(np.maximum(nothing, 1e-300))[made.trial]
    found = fit(odds[:, None], made.chosen, made.trial, made.world, outside=made.outside)
    half = critical_value(0.95, found.covariance.df) * found.bse[0]
    slope = float(found.params[0])
    return slope, slope - float(half), slope + float(half)


def _bins(made: Predictions, most: int) -> Iterator[Bin]:
    """Listings in groups of about equal size by their prediction.

    Wilson's interval, with as many independent listings as the error clustered by world amounts to.
    """
    edges = np.unique(np.quantile(made.p, np.linspace(0, 1, most + 1)[1:-1]))
    where = np.searchsorted(edges, made.p, side="right")
    for b in np.unique(where):
        own = where == b
        found = _mean(made.chosen[own], made.world[own])
        share, spread = found.estimate, found.estimate * (1 - found.estimate)
        amounts = spread / found.std_error**2 if found.std_error > 0 else float(found.n_clusters)
        low, high = wilson_interval([share * amounts], amounts)
        yield Bin(float(made.p[own].mean()), share, float(low[0]), float(high[0]), int(own.sum()))


def calibrations(table: pd.DataFrame, asked: CalibrationConfig) -> Found:
    """Returns how predictions of held-out worlds and menus fared, for each buyer and interface.

    Raises:
        EstimationError: If nothing could be predicted.
    """
    found, said, wrong = [], [], []
    for unit in asked.held_out:
        try:
            ask = partial(_of_one, asked=asked, unit=unit)
            several, notes = of_each(table, f"{asked.name}, held-out {unit}", ask)
        except EstimationError as error:
            wrong.append(f"held-out {unit}: {error}")
        else:
            found += several
            said += notes
    if not found:
        raise EstimationError("; ".join(wrong))
    said += [f"{asked.name}, no estimates: {text}" for text in wrong]
    rows = [row for each in found for row in _rows(asked, *each)]
    plots = [_plot(found, unit) for unit in asked.held_out]
    return Found(_table(asked, found), [plot for plot in plots if plot.series], said, rows)


def _of_one(_: Whose, rows: pd.DataFrame, asked: CalibrationConfig, unit: Unit) -> Calibration:
    return calibration(rows, asked, unit)


def _table(asked: CalibrationConfig, found: Sequence[tuple[Whose, Calibration]]) -> Table:
    gains = ("over equal shares", "95 % interval", "over shares alone", "95 % interval")
    first = ("buyer · interface", "held out", "trials", "log score")
    heads = (*first, *gains, "slope", "95 % interval")
    lines = []
    for whose, one in found:
        cells = [whose.name, one.unit, f"{one.trials:,}", number(one.score.estimate)]
        for gain in (one.over_equal, one.over_shares):
            cells += [number(gain.estimate), interval(*(gain.interval() or (None, None)))]
        lines.append((*cells, number(one.slope[0], 2), interval(one.slope[1], one.slope[2], 2)))
    note = (
        "Log score: mean ln of the probability that was given to what was bought; gains on equal "
        "shares and on each product's rate of sale alone, per trial. Slope: 1 where predictions "
        f"are right, below 1 where they are too extreme. {asked.folds} folds."
    )
    lost = [
        f" {whose.name}: {one.unpredicted:,} trials of held-out {one.unit} show a product that the "
        "other folds never compared with the rest of the shelf, and are not predicted."
        for whose, one in found
        if one.unpredicted
    ]
    return Table(f"{asked.name} · held-out predictions", heads, tuple(lines), note + "".join(lost))


def _plot(found: Sequence[tuple[Whose, Calibration]], unit: Unit) -> Plot:
    """Reliability: how often listings were bought, along what was predicted."""
    series: dict[str, list[Point]] = {}
    for whose, one in found:
        if one.unit == unit:
            series[whose.name] = [
                Point(*(100 * x for x in (b.predicted, b.share, b.low, b.high))) for b in one.bins
            ]
    if series:
        ends = [point.at for points in series.values() for point in points]
        series[ALIKE] = [Point(at, float(at)) for at in (min(ends), max(ends))]
    return Plot(f"Reliability, held-out {unit}", "bought, %", series, "predicted, %")


def _rows(asked: CalibrationConfig, whose: Whose, one: Calibration) -> list[Estimate]:
    held = f"of held-out {one.unit}, {asked.folds} folds"
    common: dict[str, Any] = {"n_trials": one.trials, "n_clusters": one.score.n_clusters}
    made = []
    for estimator, found, what in (
        ("log_score", one.score, "mean ln of the probability given to what was bought"),
        ("log_score_over_equal", one.over_equal, "gain of log score on equal shares"),
        ("log_score_over_shares", one.over_shares, "gain of log score on shares alone"),
    ):
        low, high = found.interval() or (None, None)
        values = {"estimate": found.estimate, "std_error": found.std_error}
        limits = {"ci_low": low, "ci_high": high, "estimand": f"{what}, {held}"}
        more = {"estimator": estimator, "term": one.unit}
        made.append(estimate_row(asked.name, whose, None, **common, **values, **limits, **more))
    names = ("estimate", "ci_low", "ci_high")
    slope = dict(zip(names, one.slope, strict=True))
    what = f"slope of choices on predicted log probabilities, {held}"
    common |= {"term": one.unit}
    made.append(
        estimate_row(
            asked.name, whose, None, **common, **slope, estimator="calibration_slope", estimand=what
        )
    )
    for b in one.bins:
        share = dict(zip(names, (b.share, b.low, b.high), strict=True))
        what = f"share bought of {b.rows:,} listings predicted {b.predicted:.4g}, {held}"
        made.append(
            estimate_row(
                asked.name, whose, None, **common, **share, estimator="reliability", estimand=what
            )
        )
    return made
