"""Figures of the report, as inline SVG."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from aces.types import Estimate
from analysis.display import Curve, Plot, Point, number
from analysis.estimates import coefficients
from analysis.fits import Fit
from analysis.report.curve import specification_curve
from analysis.report.style import ARMS, BLUE, INK, MUTED, ORANGE, RULE, figure, svg

LONGEST_LABEL = 30


def coefficient_limits(fits: Sequence[Fit]) -> tuple[float, float]:
    """Returns the common range of coefficient plots: all intervals and planted values in it."""
    rows = [row for fit in fits for row in coefficients(fit)]
    values = [v for row in rows for v in (row.ci_low, row.ci_high, row.truth) if v is not None]
    # one wild interval must not flatten the others
    usual = sorted(map(abs, values))[int(0.8 * (len(values) - 1))]
    low, high = max(min([*values, 0.0]), -4 * usual), min(max([*values, 0.0]), 4 * usual)
    edge = 0.06 * (high - low)
    return low - edge, high + edge


def coefficient_plot(fit: Fit, limits: tuple[float, float]) -> Markup:
    """Returns estimates with 95 % intervals, and what was planted as upright strokes."""
    rows = list(coefficients(fit))
    with figure(4.4, 0.27 * len(rows) + 0.62) as (made, axes):
        axes.axvline(0, color=MUTED, linewidth=0.8, zorder=1)
        for y, row in enumerate(rows):
            axes.axhline(y, color=RULE, linewidth=0.6, zorder=0)
            axes.plot([row.ci_low, row.ci_high], [y, y], color=BLUE, linewidth=1.8, zorder=3)
            axes.plot(row.estimate, y, "o", color=BLUE, markersize=5, zorder=4)
            for end, limit, arrow in zip((row.ci_low, row.ci_high), limits, "<>", strict=True):
                if end is not None and (end < limit if arrow == "<" else end > limit):
                    axes.plot(limit, y, arrow, color=BLUE, markersize=5, clip_on=False)
            if row.truth is not None:
                stroke = {"markersize": 13, "markeredgewidth": 2.4, "markeredgecolor": ORANGE}
                axes.plot(row.truth, y, "|", zorder=2, **stroke)
        axes.set_yticks(range(len(rows)), [row.term for row in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(*limits)
        axes.set_xlabel("coefficient (log odds of being bought)")
        return svg(made, f"Coefficients of {fit.arm}: {_spoken(rows)}")


def _spoken(rows: Sequence[Estimate]) -> str:
    return "; ".join(f"{row.term} {number(row.estimate, 2)}" for row in rows)


def share_plot(
    shares: Mapping[str, Sequence[Estimate]], titles: Mapping[str, str], even: float
) -> Markup:
    """Returns product shares of one task with Wilson intervals, a colour for each arm.

    Args:
        shares: Arm -> its shares by product.
        titles: Product id -> title.
        even: The share of each product were all alike.
    """
    totals: dict[str, float] = {}
    for rows in shares.values():
        for row in rows:
            totals[row.product_id] = totals.get(row.product_id, 0.0) + (row.estimate or 0.0)
    order = sorted(totals, key=lambda product: (-totals[product], product))
    step = 0.5 / len(shares)
    offset = {arm: step * (i - (len(shares) - 1) / 2) for i, arm in enumerate(shares)}
    height = (0.24 + 0.05 * len(shares)) * len(order) + 0.6
    with figure(4.4, height) as (made, axes):
        axes.axvline(100 * even, color=MUTED, linewidth=0.8, linestyle=(0, (3, 3)), zorder=1)
        for (arm, rows), colour in zip(shares.items(), _colours(len(shares)), strict=True):
            for row in rows:
                y = order.index(row.product_id) + offset[arm]
                limits = [100 * (row.ci_low or 0.0), 100 * (row.ci_high or 0.0)]
                axes.plot(limits, [y, y], color=colour, linewidth=1.6, zorder=2)
                dot = {"color": colour, "markersize": 4.5, "clip_on": False, "zorder": 3}
                axes.plot(100 * (row.estimate or 0.0), y, "o", **dot)
        for y in range(len(order)):
            axes.axhline(y, color=RULE, linewidth=0.6, zorder=0)
        axes.set_yticks(range(len(order)), [_short(titles.get(p, p)) for p in order])
        axes.set_ylim(len(order) - 0.4, -0.6)
        axes.set_xlim(left=0)
        axes.set_xlabel("share of purchases, %")
        return svg(made, "Shares of purchases by product")


def plot(shown: Plot) -> Markup:
    """Returns a plot: estimates by label, one below the other, along a number, or in order."""
    if isinstance(shown, Curve):
        return specification_curve(shown)
    return _along(shown) if shown.along else _by_label(shown)


def _by_label(shown: Plot) -> Markup:
    """Estimates at their labels, the series of one label close together."""
    labels = list(dict.fromkeys(str(p.at) for points in shown.series.values() for p in points))
    step = 0.5 / max(1, len(shown.series))
    height = (0.2 + 0.07 * len(shown.series)) * len(labels) + 0.6
    with figure(4.4, height) as (made, axes):
        for index, (points, colour) in enumerate(_coloured(shown)):
            shift = step * (index - (len(shown.series) - 1) / 2)
            for point in points:
                y = labels.index(str(point.at)) + shift
                if point.low is not None:
                    axes.plot([point.low, point.high], [y, y], color=colour, linewidth=1.6)
                axes.plot(point.value, y, "o", color=colour, markersize=4.5, zorder=3)
        for y in range(len(labels)):
            axes.axhline(y, color=RULE, linewidth=0.6, zorder=0)
        if shown.reference is not None:
            axes.axvline(shown.reference, color=MUTED, linewidth=0.8, zorder=1)
        axes.set_yticks(range(len(labels)), labels)
        axes.set_ylim(len(labels) - 0.4, -0.6)
        axes.set_xlabel(shown.value)
        return svg(made, f"{shown.title}: {_read_aloud(shown)}")


def _along(shown: Plot) -> Markup:
    """Estimates joined along a number, with their intervals as bands."""
    with figure(4.4, 2.8) as (made, axes):
        for points, colour in _coloured(shown):
            kept = sorted(points, key=lambda point: float(point.at))
            x = [float(point.at) for point in kept]
            axes.plot(x, [p.value for p in kept], "-o", color=colour, markersize=4, zorder=3)
            sure = [(a, p.low, p.high) for a, p in zip(x, kept, strict=True) if p.low is not None]
            if sure:
                axes.fill_between(*zip(*sure, strict=True), color=colour, alpha=0.15, linewidth=0)
        if shown.reference is not None:
            axes.axhline(shown.reference, color=MUTED, linewidth=0.8, zorder=1)
        axes.set_xlabel(shown.along)
        axes.set_ylabel(shown.value)
        return svg(made, f"{shown.title}: {_read_aloud(shown)}")


def _coloured(shown: Plot) -> list[tuple[Sequence[Point], str]]:
    return list(zip(shown.series.values(), _colours(len(shown.series)), strict=True))


def _read_aloud(shown: Plot) -> str:
    return "; ".join(
        f"{name}: {', '.join(f'{p.at} {number(p.value, 2)}' for p in points)}"
        for name, points in shown.series.items()
    )


def _colours(n: int) -> list[str]:
    return [ARMS[i % len(ARMS)] for i in range(n)]


def arm_colours(names: Sequence[str]) -> dict[str, str]:
    """Returns the colour of each arm, the same in all figures."""
    return dict(zip(names, _colours(len(names)), strict=True))


def _short(title: str) -> str:
    if len(title) <= LONGEST_LABEL:
        return title
    return title[: LONGEST_LABEL - 1].rsplit(" ", 1)[0].rstrip(",;-– ") + "…"


__all__ = ["INK", "arm_colours", "coefficient_limits", "coefficient_plot", "plot", "share_plot"]
