"""The specification curve: estimates in order, and below each the choices it rests on."""

from dataclasses import dataclass

from markupsafe import Markup

from analysis.display import Curve, Point, number
from analysis.report.matrix import Scale, scale

_SQUARE = 0.36
"""Half the width of a mark, as a share of its column."""


@dataclass(frozen=True)
class SpecificationCurve:
    """A curve above a board of marks, one column per universe and one row per option.

    Attributes:
        drawn: The estimates.
        rows: Option, and its marks.
        value: What is estimated.
        colours: Class and meaning of each colour that is used.
    """

    drawn: Markup
    rows: tuple[tuple[str, Markup], ...]
    value: str
    colours: tuple[tuple[str, str], ...]


_MEANING = {
    "above": "interval above {}",
    "below": "interval below {}",
    "within": "interval holds {}",
    "plain": "estimate",
}


def specification_curve(shown: Curve) -> SpecificationCurve:
    """Returns the curve; colours say on which side of the reference an interval lies."""
    points = [point for series in shown.series.values() for point in series]
    on = scale([v for p in points for v in (p.value, p.low, p.high)], shown.reference)
    kinds = [_kind(point, shown.reference) for point in points]
    rows = [(d, o) for d in _dimensions(shown) for o in _options(shown, d)]
    reference = f"{shown.reference or 0:g}"
    return SpecificationCurve(
        _estimates(points, kinds, on, shown),
        tuple((f"{d}: {o}", _marks(shown, d, o, kinds)) for d, o in rows),
        shown.value,
        tuple((kind, _MEANING[kind].format(reference)) for kind in dict.fromkeys(kinds)),
    )


def _estimates(points: list[Point], kinds: list[str], on: Scale, shown: Curve) -> Markup:
    said = f"{shown.title}: {_spoken(points)}"
    parts = [Markup('<svg class="chart curve" role="img" aria-label="{}">').format(said)]
    for place, text in on.ticks():
        parts.append(
            Markup(
                '<line class="rule" x1="0" x2="100%" y1="{0}%" y2="{0}%"/>'
                '<text x="-8" y="{0}%" dy=".32em" text-anchor="end">{1}</text>'
            ).format(round(100 - place, 2), text)
        )
    if shown.reference is not None:
        at = round(100 - on.place(shown.reference), 2)
        parts.append(Markup('<line class="zero" x1="0" x2="100%" y1="{0}%" y2="{0}%"/>').format(at))
    for i, (point, kind) in enumerate(zip(points, kinds, strict=True)):
        parts.append(_estimate(_middle(i, len(points)), point, kind, on))
    return Markup("").join(parts) + Markup("</svg>")


def _estimate(x: float, point: Point, kind: str, on: Scale) -> Markup:
    drawn = Markup("")
    if point.low is not None and point.high is not None:
        low, high = (round(100 - min(max(on.place(v), 0), 100), 2) for v in (point.low, point.high))
        drawn = Markup('<line class="{0}" x1="{1}%" x2="{1}%" y1="{2}%" y2="{3}%"/>').format(
            kind, x, low, high
        )
    at = round(100 - on.place(point.value), 2)
    return drawn + Markup('<circle class="{}" cx="{}%" cy="{}%" r="3"/>').format(kind, x, at)


def _marks(shown: Curve, dimension: str, option: str, kinds: list[str]) -> Markup:
    """The universes in which an option was chosen."""
    n = len(kinds)
    wide = round(100 * 2 * _SQUARE / n, 3)
    marks = [
        Markup('<rect class="{}" x="{}%" width="{}%" y="20%" height="60%"/>').format(
            kind, round(_middle(i, n) - wide / 2, 2), wide
        )
        for i, (own, kind) in enumerate(zip(shown.choices, kinds, strict=True))
        if own.get(dimension) == option
    ]
    return Markup('<svg aria-hidden="true">') + Markup("").join(marks) + Markup("</svg>")


def _middle(i: int, n: int) -> float:
    return round(100 * (i + 0.5) / n, 2)


def _kind(point: Point, reference: float | None) -> str:
    if reference is None or point.low is None or point.high is None:
        return "plain"
    if point.low > reference:
        return "above"
    return "below" if point.high < reference else "within"


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
