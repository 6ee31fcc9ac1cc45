"""What shoppers lose because their buyer does not take the best of the shelf.

A value says what is best: by default minus the price, so that a loss is money paid beyond the
cheapest; `{price: -1, rating: 20}` trades a star against 20 of money. The loss of a purchase is the
value of the best listing of its shelf less that of the one bought. Estimand: the mean over
purchases, per 100 shoppers; errors clustered by world. Failed and truncated trials are missing:
bounds are what the mean would be had all of them bought the best, or the worst, of their shelf.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from aces import terms
from aces.errors import EstimationError
from aces.stats.choice_data import Floats
from aces.stats.means import FEWEST, Contrast, contrast
from aces.stats.shares import wilson_interval
from aces.types import Estimate, Record
from analysis.choice_sample import require_column
from analysis.decisions.found import Found, Whose, estimate_row, of_each
from analysis.display import Plot, Point, Table, counted, interval, listed, number

MISSING = ("failed", "truncated")


class LossConfig(Record):
    """Parameters of the losses."""

    name: str = "loss"
    """Of the analysis; that of its entry where not given."""
    value: dict[str, float] = Field(default={"price": -1.0})
    """What a listing is worth to the shopper: column or term -> weight."""
    per: int = 100
    """Shoppers."""


@dataclass(frozen=True)
class Loss:
    """Losses of one buyer, per purchase.

    Attributes:
        mean: The mean loss.
        best: Share of purchases that took a best listing, with its 95 % limits.
        alike: Mean loss of a buyer that takes any listing of these shelves alike.
        missing: Failed or truncated trials.
        bounds: The mean had all missing trials bought the best, or the worst.
        without: Trials that bought nothing, or nothing on the shelf.
    """

    mean: Contrast
    best: tuple[float, float, float]
    alike: float
    missing: int
    bounds: tuple[float, float]
    without: int


def loss(rows: pd.DataFrame, value: dict[str, float]) -> Loss:
    """Returns the losses of one buyer.

    Args:
        rows: Long table.
        value: Column or term -> weight.

    Raises:
        EstimationError: If columns are missing, or nothing was bought.
    """
    trials = _trials(rows, value)
    missing = trials["status"].isin(MISSING)
    bought = trials["bought"].notna() & ~missing
    if not bought.any():
        raise EstimationError("nothing was bought")
    own = trials[bought]
    lost = (own["best"] - own["bought"]).to_numpy(float)
    worlds = own["world"].to_numpy()
    mean = contrast(lost, np.zeros(len(lost)), {0: 1.0}, worlds)
    if mean.n_clusters < FEWEST:
        raise EstimationError(f"{counted(mean.n_clusters, 'world')} are too few for an interval")
    most = float((trials["best"] - trials["worst"])[missing].sum())
    n, m = len(lost), int(missing.sum())
    return Loss(
        mean,
        _best(lost, worlds),
        float((own["best"] - own["mean"]).mean()),
        m,
        (float(lost.sum()) / (n + m), (float(lost.sum()) + most) / (n + m)),
        int((~bought & ~missing).sum()),
    )


def _trials(rows: pd.DataFrame, value: dict[str, float]) -> pd.DataFrame:
    """One row per trial: the best, worst, mean and bought value, status and world."""
    if not value or not any(value.values()):
        raise EstimationError("say what is worth something: `value: {price: -1}`")
    for column in ("trial_id", "chosen", "status"):
        require_column(rows, column)
    v = np.zeros(len(rows))
    for term, weight in value.items():
        try:
            v += weight * terms.term(term, rows)  # type: ignore[arg-type]
        except (KeyError, ValueError) as error:
            raise EstimationError(f"value: there is no column of numbers '{term}'") from error
    if not np.isfinite(v).all():
        raise EstimationError(f"value: {listed(list(value))} is missing for some listings")
    world = rows["world_id"] if "world_id" in rows else rows["trial_id"]
    frame = pd.DataFrame(
        {
            "trial": rows["trial_id"].to_numpy(),
            "v": v,
            "bought": np.where(rows["chosen"] == 1, v, np.nan),
            "status": rows["status"].astype(str).to_numpy(),
            "world": world.to_numpy(),
        }
    )
    return frame.groupby("trial", sort=False).agg(
        best=("v", "max"),
        worst=("v", "min"),
        mean=("v", "mean"),
        bought=("bought", "max"),
        status=("status", "first"),
        world=("world", "first"),
    )


def _best(lost: Floats, worlds: Any) -> tuple[float, float, float]:  # noqa: ANN401
    """Share that took a best listing: Wilson's interval of one choice per world."""
    share = float((lost <= 1e-9 * max(float(lost.max()), 1.0)).mean())
    n = float(len(np.unique(worlds)))
    low, high = wilson_interval([share * n], n)
    return share, float(low[0]), float(high[0])


def losses(table: pd.DataFrame, asked: LossConfig) -> Found:
    """Returns the losses of each buyer and interface.

    Raises:
        EstimationError: If there are none.
    """

    def ask(_: Whose, rows: pd.DataFrame) -> Loss:
        return loss(rows, asked.value)

    found, said = of_each(table, asked.name, ask)
    rows = [row for each in found for row in _rows(asked, *each)]
    return Found(_table(asked, found), [_plot(asked, found)], said, rows)


def _unit(asked: LossConfig) -> str:
    if set(asked.value) == {"price"}:
        return "money"
    return " + ".join(f"{weight:g} {term}" for term, weight in asked.value.items())


def _table(asked: LossConfig, found: Sequence[tuple[Whose, Loss]]) -> Table:
    gaps = any(one.missing for _, one in found)
    heads: tuple[str, ...] = ("buyer · interface", "purchases", f"loss per {asked.per}")
    heads = (*heads, "95 % interval", "any listing alike", "took the best, %", "95 % interval")
    heads = (*heads, "missing", "bounds") if gaps else heads
    lines = []
    for whose, one in found:
        low, high = one.mean.interval() or (None, None)
        cells = [whose.name, f"{one.mean.n:,}", number(asked.per * one.mean.estimate, 2)]
        cells.append(_scaled(asked, low, high))
        cells.append(number(asked.per * one.alike, 2))
        share, least, most = (100 * x for x in one.best)
        cells += [number(share, 1), interval(least, most, 1)]
        if gaps:
            bounds = _scaled(asked, *one.bounds) if one.missing else ""
            cells += [f"{one.missing:,}", bounds]
        lines.append(tuple(cells))
    without = sum(one.without for _, one in found)
    note = (
        f"Value of the best listing of the shelf less that of the one bought, in {_unit(asked)}, "
        f"per {asked.per} shoppers who bought. Intervals clustered by world."
    )
    note += f" {counted(without, 'trial')} bought nothing on the shelf." if without else ""
    if gaps:
        note += " Bounds: had all missing trials bought the best, or the worst."
    return Table(f"{asked.name} · against the best choice", heads, tuple(lines), note)


def _scaled(asked: LossConfig, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    return interval(asked.per * low, asked.per * high, 2)


def _plot(asked: LossConfig, found: Sequence[tuple[Whose, Loss]]) -> Plot:
    points = []
    for whose, one in found:
        low, high = one.mean.interval() or (None, None)
        ends = [None if end is None else asked.per * end for end in (low, high)]
        points.append(Point(whose.name, asked.per * one.mean.estimate, *ends))
    value = f"loss per {asked.per} shoppers, {_unit(asked)}"
    return Plot("Loss against the best choice", value, {"loss": points}, reference=0.0)


def _rows(asked: LossConfig, whose: Whose, one: Loss) -> list[Estimate]:
    common: dict[str, Any] = {
        "n_trials": one.mean.n,
        "n_clusters": one.mean.n_clusters,
        "term": "loss",
    }
    low, high = one.mean.interval() or (None, None)
    what = f"loss against the best listing per {asked.per} purchases, in {_unit(asked)}"
    numbers: list[tuple[str, str, float, float | None, float | None]] = [
        ("loss", what, asked.per * one.mean.estimate, *_times(asked.per, low, high)),
        (
            "loss_of_any",
            f"{what}, of a buyer that takes any alike",
            asked.per * one.alike,
            None,
            None,
        ),
        ("best_share", "share of purchases that took a best listing", *one.best),
    ]
    if one.missing:
        least, most = one.bounds
        told = f"{what}, had all missing trials bought the"
        numbers.append(("loss_lowest", f"{told} best", asked.per * least, None, None))
        numbers.append(("loss_highest", f"{told} worst", asked.per * most, None, None))
    made = []
    for estimator, estimand, value, lower, upper in numbers:
        error = asked.per * one.mean.std_error if estimator == "loss" else None
        more = {"estimate": value, "ci_low": lower, "ci_high": upper, "std_error": error}
        more |= {"estimator": estimator, "estimand": estimand}  # type: ignore[dict-item]
        made.append(estimate_row(asked.name, whose, None, **common, **more))
    return made


def _times(per: int, low: float | None, high: float | None) -> tuple[float | None, float | None]:
    return (None, None) if low is None or high is None else (per * low, per * high)
