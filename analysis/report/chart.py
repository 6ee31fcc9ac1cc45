"""Line charts as inline SVG that fills its place: letters keep their size on any screen.

Places are percent of the drawing, lines and bands stand in a square that is stretched; colours are
the page's own, by class, so that they follow it into the dark and onto paper.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analysis.display import Plot, Point, number
from analysis.report.matrix import Scale, scale, writer

COLOURS = 8
"""Classes `s0` to `s7` of the page's style."""
CROWD = 4
"""Lines whose bands can be told apart where they lie on one another; those of more are paler."""


@dataclass(frozen=True)
class Chart:
    """A line chart.

    Attributes:
        drawn: The SVG.
        legend: Name of each line and the class of its colour.
        down: What stands upwards.
        along: What stands to the right.
    """

    drawn: Markup
    legend: tuple[tuple[str, str], ...]
    down: str
    along: str


def line_chart(shown: Plot, *, dots: bool = True, log: bool = False) -> Chart:
    """Returns estimates joined along a number, with their intervals as bands.

    Args:
        shown: What to draw.
        dots: Whether each estimate is marked.
        log: Whether equal ratios along it are equally far apart.
    """
    series = {name: _sorted(points) for name, points in shown.series.items() if points}
    every = [point for points in series.values() for point in points]
    x = _span([float(point.at) for point in every], log=log)
    y = _upright([v for p in every for v in (p.value, p.low, p.high)], shown.reference)
    parts = [_grid(x, y, shown.reference)]
    for i, points in enumerate(series.values()):
        parts.append(_series(points, x, y, i % COLOURS, dots=dots))
    said = f"{shown.title}. {_aloud(shown)}"
    kind = "chart crowd" if len(series) > CROWD else "chart"
    head = Markup('<svg class="{}" role="img" aria-label="{}">').format(kind, said)
    legend = tuple((name, f"s{i % COLOURS}") for i, name in enumerate(series))
    return Chart(head + Markup("").join(parts) + Markup("</svg>"), legend, shown.value, shown.along)


def _sorted(points: Sequence[Point]) -> list[Point]:
    return sorted(points, key=lambda point: float(point.at))


def _upright(values: Sequence[float | None], reference: float | None) -> Scale:
    """The scale of values; from nothing upwards where they are positive and not far from it."""
    found = scale(values, reference, edge=0.06)
    known = [value for value in values if value is not None]
    return Scale(0.0, found.high) if 0 <= min(known) < 0.5 * max(known) else found


def _span(values: Sequence[float], *, log: bool) -> Scale:
    low, high = min(values), max(values)
    if high <= low:
        low, high = low - 0.5, high + 0.5
    return Scale(low, high, log)


def _grid(x: Scale, y: Scale, reference: float | None) -> Markup:
    parts = []
    for place, text in y.ticks():
        parts.append(
            Markup(
                '<line class="rule" x1="0" x2="100%" y1="{0}%" y2="{0}%"/>'
                '<text x="-8" y="{0}%" dy=".32em" text-anchor="end">{1}</text>'
            ).format(_up(place), text)
        )
    for place, text in x.ticks():
        parts.append(
            Markup('<text x="{}%" y="100%" dy="1.5em" text-anchor="middle">{}</text>').format(
                place, text
            )
        )
    if reference is not None:
        at = _up(y.place(reference))
        parts.append(Markup('<line class="zero" x1="0" x2="100%" y1="{0}%" y2="{0}%"/>').format(at))
    return Markup("").join(parts)


def _series(points: Sequence[Point], x: Scale, y: Scale, colour: int, *, dots: bool) -> Markup:
    places = [(x.place(float(p.at)), _up(y.place(p.value)), p) for p in points]
    band = [
        (a, _up(y.place(p.low)), _up(y.place(p.high)))
        for a, _, p in places
        if p.low is not None and p.high is not None
    ]
    inner = Markup("")
    if band:
        around = [(a, high) for a, _, high in band] + [(a, low) for a, low, _ in reversed(band)]
        inner += Markup('<polygon class="band" points="{}"/>').format(_pairs(around))
    inner += Markup('<polyline points="{}"/>').format(_pairs([(a, b) for a, b, _ in places]))
    square = Markup(
        '<svg class="s{}" viewBox="0 0 100 100" preserveAspectRatio="none">{}</svg>'
    ).format(colour, inner)
    marks = Markup("").join(
        Markup('<circle class="s{}" cx="{}%" cy="{}%" r="3.5"/>').format(colour, a, b)
        for a, b, _ in (places if dots else ())
    )
    return square + marks


def _pairs(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{a:g},{b:g}" for a, b in places)


def _up(place: float) -> float:
    """Places are counted from above, values from below; what lies far outside is cut."""
    return round(min(max(100 - place, -50.0), 150.0), 2)


def _aloud(shown: Plot) -> str:
    """The first and last estimate of each line: what its picture shows at once."""
    text = writer([p for points in shown.series.values() for p in points])
    said = []
    for name, points in shown.series.items():
        ordered = _sorted(points)
        if ordered:
            first, last = ordered[0], ordered[-1]
            said.append(
                f"{name}: {text(first.value)} at {number(float(first.at), 0)}, "
                f"{text(last.value)} at {number(float(last.at), 0)}"
            )
    return "; ".join(said)
