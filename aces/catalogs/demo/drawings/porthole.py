"""Draws the round doors of washing machines, and the drums behind them."""

from collections.abc import Mapping
from typing import Any

from aces.catalogs.demo.drawings.laundry_room import towel
from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    arc_points,
    mix,
    move,
    on_circle,
    polygon,
    polyline,
    shade,
    soften,
)

Look = Mapping[str, Any]


def metal(drawing: Drawing, colour: str) -> str:
    """Returns the paint of brushed metal, lit from above."""
    return drawing.linear(
        (0, shade(colour, 0.6)),
        (0.3, shade(colour, 0.15)),
        (0.5, shade(colour, -0.3)),
        (0.62, shade(colour, 0.35)),
        (1, shade(colour, -0.35)),
        angle=78,
    )


def _disc(centre: Point, radius: float, squash: float = 1) -> list[Point]:
    return arc_points(centre, radius * squash, radius, 0, 360, 48)[:-1]


def _drum(drawing: Drawing, centre: Point, radius: float) -> None:
    """The steel drum as seen through the door."""
    well = drawing.radial((0, "#6c747e"), (0.62, "#3a4048"), (0.9, "#15181c"), (1, "#0b0d10"))
    drawing.ellipse(centre, radius, radius, well)
    back = move(centre, (radius * 0.05, -radius * 0.03))
    steel = drawing.radial((0, "#d9dee4"), (0.7, "#9aa2ac"), (1, "#646c76"), at=(0.4, 0.35))
    for turn in (80, 200, 320):
        paddle = [on_circle(back, radius * r, turn + a) for r, a in _PADDLE]
        drawing.path(polygon(soften(paddle, 3)), "#7b838d", stroke="#4c535c", stroke_width=1)
    drawing.ellipse(back, radius * 0.62, radius * 0.62, steel)
    for ring, n in ((0.16, 7), (0.3, 13), (0.44, 19), (0.56, 24)):
        for i in range(n):
            hole = on_circle(back, radius * ring, 360 * i / n + 90 * ring)
            drawing.ellipse(hole, radius * 0.018, radius * 0.018, "#3d444d")


_PADDLE = ((0.6, -9), (0.93, -7), (0.93, 7), (0.6, 9))


def _glass(drawing: Drawing, centre: Point, radius: float, tint: str) -> None:
    """Curved glass with the window of the studio mirrored in it."""
    bulge = drawing.radial(
        (0, tint, 0.3), (0.7, tint, 0.55), (1, shade(tint, -0.6), 0.92), at=(0.46, 0.44)
    )
    drawing.ellipse(centre, radius, radius, bulge)
    outer = arc_points(centre, radius * 0.9, radius * 0.9, 190, 290, 20)
    inner = arc_points(move(centre, (8, 9)), radius * 0.78, radius * 0.8, 283, 197, 20)
    shine = drawing.linear((0, "#ffffff", 0.62), (1, "#ffffff", 0.08), angle=20)
    drawing.path(polygon([*outer, *inner]), shine)
    low = arc_points(centre, radius * 0.86, radius * 0.86, 30, 78, 12)
    drawing.line(polyline(low), "#ffffff", 3, opacity=0.28)


def _ring(drawing: Drawing, centre: Point, radius: float, colour: str, squash: float = 1) -> None:
    """The door's frame, a rounded hoop."""
    drawing.path(
        polygon(_disc(move(centre, (3, 5)), radius * 1.02, squash)), "#14161a", opacity=0.3
    )
    drawing.path(polygon(_disc(centre, radius, squash)), metal(drawing, colour))
    paint = drawing.linear((0, shade(colour, 0.25)), (1, shade(colour, -0.3)), angle=55)
    drawing.path(polygon(_disc(centre, radius * 0.955, squash)), paint)
    drawing.path(polygon(_disc(centre, radius * 0.82, squash)), shade(colour, -0.6))


def porthole(drawing: Drawing, centre: Point, radius: float, look: Look, is_open: bool) -> None:
    """Adds a round door, shut or swung aside, and what is behind it.

    Args:
        drawing: Where to.
        centre: Of the door's ring.
        radius: Of the ring, in pixels.
        look: Colours `body`, `ring`, `tint` of the glass, `grip`, `linen`; `hinge` right or not.
        is_open: Swung aside, with towels in the drum.
    """
    side = -1 if look.get("hinge") == "right" else 1
    if not is_open:
        _ring(drawing, centre, radius, look["ring"])
        _drum(drawing, centre, radius * 0.79)
        _glass(drawing, centre, radius * 0.79, look["tint"])
        grip = [on_circle(centre, radius * r, a) for r, a in _GRIP]
        grip = [(centre[0] + side * (p[0] - centre[0]), p[1]) for p in grip]
        colour = look.get("grip", look["ring"])
        drawing.path(polygon(soften(grip, 5)), metal(drawing, colour), stroke=shade(colour, -0.4))
        return
    _ring(drawing, centre, radius * 0.94, shade(look["body"], -0.1))
    gasket = drawing.radial((0.7, "#4b5159"), (0.86, "#9299a2"), (1, "#5a6068"))
    drawing.ellipse(centre, radius * 0.86, radius * 0.86, gasket)
    _drum(drawing, centre, radius * 0.74)
    _washing(drawing, centre, radius * 0.74, look)
    _swung(drawing, (centre[0] - side * radius * 1.42, centre[1]), radius, look)


_GRIP = ((0.8, -14), (1.03, -12), (1.03, 12), (0.8, 14))


def _swung(drawing: Drawing, at: Point, radius: float, look: Look) -> None:
    """The inside of a door that stands open."""
    _ring(drawing, move(at, (7, 0)), radius, shade(look["ring"], -0.2), 0.5)
    _ring(drawing, at, radius * 0.98, look["ring"], 0.46)
    bowl = drawing.radial(
        (0, "#f2f8fb"), (0.5, mix(look["tint"], "#dfe9ee", 0.75)), (1, "#5d6973"), at=(0.4, 0.3)
    )
    drawing.path(polygon(_disc(at, radius * 0.76, 0.44)), bowl)
    glint = arc_points(at, radius * 0.24, radius * 0.6, 175, 265, 12)
    drawing.line(polyline(glint), "#ffffff", 4, opacity=0.75)


def _washing(drawing: Drawing, centre: Point, radius: float, look: Look) -> None:
    """Towels in the lower half of a drum."""
    linen = look.get("linen", "#e9c46a")
    drawing.open_group(clip_path=drawing.clip(polygon(_disc(centre, radius))))
    heaps = (
        ((-0.5, 0.5), 0.62, shade(linen, -0.1)),
        ((0.52, 0.48), 0.6, "#6f9fc8"),
        ((0.08, 0.3), 0.4, "#f4efe6"),
        ((0.05, 0.74), 0.62, linen),
        ((-0.62, 0.86), 0.5, "#d9705e"),
        ((0.66, 0.9), 0.5, "#f4efe6"),
    )
    for (x, y), size, colour in heaps:
        towel(drawing, move(centre, (x * radius, y * radius)), size * radius, colour)
    drawing.close_group()
