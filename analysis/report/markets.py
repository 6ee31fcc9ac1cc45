"""Who sells, and how far shoppers got: shares of products and stages of the way to an order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from aces.errors import EstimationError
from aces.stats.shares import wilson_interval
from aces.types import Estimate
from analysis.analyze import Analysis
from analysis.display import number, percent
from analysis.fits import GROUP, arm_names, groups
from analysis.funnel import stages
from analysis.published import with_published
from analysis.report.matrix import Bar, Bars

STAGES = {
    "clicked": "opened a listing",
    "carted": "put one in the cart",
    "chosen": "bought one",
}
LONGEST = 44
HEAT_WIDTH = 8
"""Buyers of one table of who buys what."""


@dataclass(frozen=True)
class Market:
    """One task's shares, of all runs that have it.

    Attributes:
        task: Its name.
        bars: Shares by product and buyer.
        concentration: Buyer -> its HHI.
        reading: Who sells most, in a sentence.
    """

    task: str
    bars: Bars
    concentration: Mapping[str, str]
    reading: str


@dataclass(frozen=True)
class Heat:
    """One cell of who buys what: its share, and how deep its colour is (0 to 100)."""

    share: str
    depth: int


def markets(found: Sequence[Analysis]) -> Iterator[Market]:
    """Yields the shares of each task."""
    titles: dict[str, str] = {}
    rows: list[tuple[str, str, Estimate]] = []
    for one in found:
        titles |= dict(zip(one.table["product_id"], one.table["title"], strict=True))
        names = arm_names(with_published(one.table, one.study))
        rows += [
            (one.name, names[tuple(getattr(row, name) for name in GROUP)], row)
            for row in one.estimates
            if row.analysis == "shares"
        ]
    faces = {row.interface for _, _, row in rows}
    rows = [(run, without_common(arm, faces), row) for run, arm, row in rows]
    arms = dict.fromkeys((run, arm) for run, arm, _ in rows)
    twice = len({arm for _, arm in arms}) < len(arms)
    sizes = [one.study.spec.shelf.size for one in found if one.study]
    for task in dict.fromkeys(row.task_id for _, _, row in rows):
        own = [
            (f"{arm} ({run})" if twice else arm, row)
            for run, arm, row in rows
            if row.task_id == task
        ]
        yield _market(task, own, titles, sizes)


def _market(
    task: str, rows: Sequence[tuple[str, Estimate]], titles: Mapping[str, str], sizes: Sequence[int]
) -> Market:
    sold: dict[str, dict[str, Bar]] = {}
    for arm, row in rows:
        if row.estimator == "share":
            bar = Bar(row.estimate or 0.0, row.ci_low, row.ci_high)
            sold.setdefault(row.product_id, {})[arm] = bar
    order = sorted(sold, key=lambda p: (-sum(bar.share for bar in sold[p].values()), p))
    labels = _labels(order, titles)
    even = 1 / (sizes[0] if sizes else max(len(sold), 1))
    bars = Bars({labels[p]: sold[p] for p in order}, "share of purchases, %", even, "product")
    hhi = {arm: number(row.estimate) for arm, row in rows if row.estimator == "hhi"}
    return Market(task.replace("_", " "), bars, hhi, _best_seller(bars))


def without_common(arm: str, faces: set[str]) -> str:
    """Returns whose choices, in words, without the interface where it is the same for all."""
    first, *others = arm.split(" · ")
    kept = [part for part in others if len(faces) > 1 or part not in faces]
    return " · ".join([first, *kept])


def _labels(products: Sequence[str], titles: Mapping[str, str]) -> dict[str, str]:
    """Titles, cut where they are long; with the id where two are alike."""
    cut = {product: short_title(titles.get(product, product)) for product in products}
    names = list(cut.values())
    return {p: f"{name} ({p})" if names.count(name) > 1 else name for p, name in cut.items()}


def short_title(title: str) -> str:
    """Returns a title that fits a line."""
    if len(title) <= LONGEST:
        return title
    return title[: LONGEST - 1].rsplit(" ", 1)[0].rstrip(",;-– ") + "…"


def _best_seller(bars: Bars) -> str:
    """Who sells most, and to whom."""
    every = [(b.share, label, arm) for label, row in bars.rows.items() for arm, b in row.items()]
    share, label, arm = max(every, key=lambda each: each[0])
    bar = bars.rows[label][arm]
    limits = f" ({percent(bar.low)} to {percent(bar.high)})" if bar.low is not None else ""
    return (
        f"The largest share is that of “{label}”: {percent(share)} of what {arm} bought{limits}; "
        f"an even share would be {percent(bars.reference)}."
    )


def heat(bars: Bars) -> list[tuple[tuple[str, ...], list[tuple[str, list[Heat | None]]]]]:
    """Returns who buys what, in tables that fit a page of paper.

    Each is its buyers, and a row for each product with a shaded cell for each of them.
    """
    columns = list(dict.fromkeys(arm for row in bars.rows.values() for arm in row))
    top = max(bar.share for row in bars.rows.values() for bar in row.values()) or 1.0
    parts = [tuple(columns[i : i + HEAT_WIDTH]) for i in range(0, len(columns), HEAT_WIDTH)]
    return [
        (
            part,
            [
                (label, [_shaded(row[arm], top) if arm in row else None for arm in part])
                for label, row in bars.rows.items()
            ],
        )
        for part in parts
    ]


def _shaded(bar: Bar, top: float) -> Heat:
    return Heat(number(100 * bar.share, 1), round(100 * bar.share / top))


def funnel_bars(found: Sequence[Analysis]) -> Iterator[tuple[str, Bars]]:
    """Yields how far shoppers got, of runs in which pages can be opened."""
    for one in found:
        try:
            done = stages(one.table)
        except EstimationError:
            continue
        if done["clicked"].any() and done["carted"].any():
            yield one.name, _funnel(one.table, done)


def _funnel(table: pd.DataFrame, done: pd.DataFrame) -> Bars:
    """Shares of completed trials with at least one listing at each stage."""
    names = arm_names(table)
    rows: dict[str, dict[str, Bar]] = {label: {} for label in STAGES.values()}
    for group, part in groups(table):
        met = done[done.index.isin(part.index)]
        if met.empty:
            continue
        trials = met.groupby("trial_id")[list(STAGES)].max()
        # trials that met one world count as one
        weight = met["world_id"].nunique() / len(trials)
        counts = [float(trials[stage].sum()) for stage in STAGES]
        low, high = wilson_interval([n * weight for n in counts], len(trials) * weight)
        arm = without_common(names[tuple(group.values())], set(table["interface"].unique()))
        for label, n, a, b in zip(STAGES.values(), counts, low, high, strict=True):
            rows[label][arm] = Bar(n / len(trials), float(a), float(b))
    return Bars(rows, "share of completed trials, %", None, "stage")
