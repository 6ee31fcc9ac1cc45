"""The specification curve: estimates in order, and below each the choices it rests on."""

from typing import Any

from markupsafe import Markup

from analysis.display import Curve, Point, number
from analysis.report.style import BLUE, INK, MUTED, ORANGE, RULE, figure, svg


def specification_curve(shown: Curve) -> Markup:
    """Returns the curve above a board of dots, one column per universe and one row per option.

    Blue lies above the reference with its whole interval, orange below, grey holds it.
    """
    points = [point for series in shown.series.values() for point in series]
    rows = [(d, o) for d in _dimensions(shown) for o in _options(shown, d)]
    wide = min(max(6.0, 0.09 * len(points) + 2.4), 9.0)
    with figure(wide, 2.1 + 0.19 * len(rows)) as (made, axes):
        axes.remove()
        heights = [2.0, 0.19 * len(rows) + 0.1]
        upper, lower = made.subplots(2, 1, sharex=True, height_ratios=heights)
        _estimates(upper, points, shown)
        _board(lower, points, rows, shown)
        return svg(made, f"{shown.title}: {_spoken(points)}")


def _estimates(axes: Any, points: list[Point], shown: Curve) -> None:  # noqa: ANN401
    if shown.reference is not None:
        axes.axhline(shown.reference, color=MUTED, linewidth=0.8, zorder=1)
    for x, point in enumerate(points):
        colour = _colour(point, shown.reference)
        if point.low is not None:
            axes.plot([x, x], [point.low, point.high], color=colour, linewidth=1.0, alpha=0.6)
        axes.plot(x, point.value, "o", color=colour, markersize=3, zorder=3)
    axes.set_ylabel(shown.value)
    axes.tick_params(bottom=False)


def _board(
    axes: Any,  # noqa: ANN401
    points: list[Point],
    rows: list[tuple[str, str]],
    shown: Curve,
) -> None:
    for y, (dimension, option) in enumerate(rows):
        axes.axhline(y, color=RULE, linewidth=0.5, zorder=0)
        at = [x for x, own in enumerate(shown.choices) if own.get(dimension) == option]
        for x in at:
            axes.plot(x, y, "s", color=_colour(points[x], shown.reference), markersize=2.6)
        if y and rows[y - 1][0] != dimension:
            axes.axhline(y - 0.5, color=MUTED, linewidth=0.8)
    axes.set_yticks(range(len(rows)), [f"{d}: {o}" for d, o in rows], fontsize=8)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xticks([])
    axes.set_xlim(-0.8, len(points) - 0.2)


def _colour(point: Point, reference: float | None) -> str:
    if reference is None or point.low is None or point.high is None:
        return INK
    if point.low > reference:
        return BLUE
    return ORANGE if point.high < reference else MUTED


def _dimensions(shown: Curve) -> list[str]:
    return list(dict.fromkeys(name for own in shown.choices for name in own))


def _options(shown: Curve, dimension: str) -> list[str]:
    """The options of a dimension that were compared; none where there is one only."""
    found = dict.fromkeys(sorted(own.get(dimension, "–") for own in shown.choices))
    options = [option for option in found if option != "–"]
    return options if len(found) > 1 else []


def _spoken(points: list[Point]) -> str:
    values = sorted(point.value for point in points)
    return (
        f"{len(values)} estimates from {number(values[0], 3)} to {number(values[-1], 3)}, "
        f"the middle one {number(values[len(values) // 2], 3)}"
    )
