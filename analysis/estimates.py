"""Rows of `estimates.csv`: one number each, with what it is of and how sure it is."""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.shares import hhi, wilson_interval
from aces.types import Estimate
from analysis.choice_effects import Scale
from analysis.fits import SLOTS, Fit, groups

Change = Literal["compensating", "equivalent"]
CHANGES: tuple[Change, ...] = ("compensating", "equivalent")


def estimates_of(fit: Fit) -> Iterator[Estimate]:
    """Yields coefficients, effects by level, average marginal effects and price equivalents."""
    yield from coefficients(fit)
    if fit.analysis == SLOTS:  # made for the heat map; the rest would only be said twice
        return
    if fit.result.provenance.effects is not None:
        yield from _effects(fit)
    if fit.result.groups is None:  # marginal effects are of one buyer
        yield from _marginal_effects(fit)
    yield from price_changes(fit)


def _row(fit: Fit, estimator: str, term: str, **values: Any) -> Estimate:  # noqa: ANN401
    return Estimate(
        analysis=fit.analysis,
        estimator=estimator,
        term=term,
        evidence=fit.evidence,
        n_trials=fit.result.nobs,
        n_clusters=fit.result.n_clusters,
        **{"estimand": fit.estimand, **fit.group, **values},
    )


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def _numbers(row: Mapping[str, Any]) -> dict[str, float]:
    names = ("estimate", "std_error", "ci_low", "ci_high", "p_value")
    return {name: float(row[name]) for name in names}


def coefficients(fit: Fit) -> Iterator[Estimate]:
    """Yields the coefficients of the terms, with planted values where they are known."""
    for row in _records(fit.result.table()):
        term = str(row["term"])
        yield _row(fit, "conditional_logit", term, **_numbers(row), truth=fit.truth.get(term))


def _effects(fit: Fit) -> Iterator[Estimate]:
    column = fit.result.provenance.effects.column  # type: ignore[union-attr]
    for row in _records(fit.result.effects()):
        term, level = f"{column}[{row['level']}]", str(row["level"])
        yield _row(
            fit,
            "conditional_logit",
            term,
            **_numbers(row),
            estimand=f"{fit.estimand}; against {row['baseline']}",
            product_id=level if column == "product_id" else "",
            truth=fit.truth.get(term),
        )


def _marginal_effects(fit: Fit) -> Iterator[Estimate]:
    for row in _records(fit.result.average_marginal_effects()):
        change = f"average change of an alternative's own probability ({row['baseline']})"
        yield _row(
            fit,
            "average_marginal_effect",
            str(row["term"]),
            **_numbers(row),
            estimand=f"{change}; {fit.estimand}",
        )


def price_changes(fit: Fit) -> Iterator[Estimate]:
    """Yields what each term is worth in price; nothing where the fit has no price term."""
    if fit.price is None:
        return
    price, scale = fit.price
    unit = "as a share of the price" if scale == "log" else "in major units of money"
    for term in fit.result.terms:
        if term == price:
            continue
        for kind in CHANGES:
            find = getattr(fit.result, f"{kind}_price_change")
            found = find(term, price, scale=scale)
            yield _row(
                fit,
                f"{kind}_price_change",
                term,
                estimate=found.change,
                # an unbounded Fieller set is no interval; it has no finite limits
                ci_low=found.ci_low,
                ci_high=found.ci_high,
                estimand=f"price change {unit}; {fit.estimand}",
                truth=_true_change(fit.truth, term, price, kind, scale),  # type: ignore[arg-type]
            )


def _true_change(
    truth: Mapping[str, float], term: str, price: str, kind: Change, scale: Scale
) -> float | None:
    if truth.get(price, 0.0) == 0 or term not in truth:
        return None
    ratio = truth[term] / truth[price] * (-1 if kind == "compensating" else 1)
    return math.expm1(ratio) if scale == "log" else ratio


def share_estimates(table: pd.DataFrame) -> Iterator[Estimate]:
    """Yields each product's share of purchases, and how concentrated they are, task by task.

    Where a world was met several times, its choices are not independent: the interval is that of
    one choice per world, which holds however alike they are.
    """
    for group, rows in groups(table):
        parts = rows.groupby("task_id", sort=False) if "task_id" in rows else [("", rows)]
        for task_id, part in parts:
            yield from _shares_of_task(group, str(task_id), part)


def _shares_of_task(
    group: Mapping[str, str], task_id: str, rows: pd.DataFrame
) -> Iterator[Estimate]:
    counts = rows.groupby("product_id", sort=False)["chosen"].sum()
    bought = rows[rows["chosen"] == 1]
    n, worlds = len(bought), int(bought["world_id"].nunique()) if "world_id" in rows else 0
    if n == 0:
        return
    weight = worlds / n if worlds else 1.0
    common: dict[str, Any] = {
        **group,
        "analysis": "shares",
        "estimand": "share of purchases, as assigned",
        "task_id": task_id,
        "n_trials": n,
        "n_clusters": worlds or None,
    }
    low, high = wilson_interval(counts.to_numpy(float) * weight, n * weight)
    for i, (product_id, count) in enumerate(counts.items()):
        share = float(count) / n
        yield Estimate(
            **common,
            estimator="share",
            term="share",
            product_id=str(product_id),
            estimate=share,
            std_error=math.sqrt(share * (1 - share) / (n * weight)),
            ci_low=float(low[i]),
            ci_high=float(high[i]),
        )
    try:
        index = hhi(counts.to_numpy(float))
    except EstimationError:  # a single purchase has no concentration
        return
    common["estimand"] = "chance that two purchases are of one product"
    limits = {"ci_low": index.low, "ci_high": index.high}
    yield Estimate(**common, estimator="hhi", term="hhi", estimate=index.estimate, **limits)


COLUMNS = tuple(Estimate.model_fields)
"""Columns of `estimates.csv`, in order."""


def write_estimates(estimates: Sequence[Estimate], path: str | Path) -> Path:
    """Writes `estimates.csv`: numbers in full precision, empty where there is none."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for estimate in estimates:
            writer.writerow([_cell(getattr(estimate, name)) for name in COLUMNS])
    return path


def _cell(value: object) -> object:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return value
