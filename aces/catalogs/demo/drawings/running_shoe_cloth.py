"""Draws the cloth of running shoes, and the mark that each maker puts on the side."""

from collections.abc import Callable, Iterator

from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    is_bright,
    move,
    number,
    on_circle,
    placed,
    polygon,
    polyline,
    shade,
)


def _mesh(drawing: Drawing, colour: str) -> None:
    holes = shade(colour, -0.32) if is_bright(colour) else shade(colour, 0.2)
    for row in range(80):
        start = 20 + 2.6 * (row % 2)
        drawing.line(
            f"M{start},{90 + 3.8 * row}H460", holes, 1.7, stroke_dasharray="0.1 5.2", opacity=0.55
        )


def _knit(drawing: Drawing, colour: str) -> None:
    light, dark = shade(colour, 0.2), shade(colour, -0.26)
    zigzag = "".join("l3,2.2l3,-2.2" for _ in range(72))
    for row in range(80):
        drawing.line(f"M20,{80 + 4 * row}{zigzag}", light if row % 2 else dark, 1.2, opacity=0.45)


def _ripstop(drawing: Drawing, colour: str) -> None:
    thread = shade(colour, -0.35) if is_bright(colour) else shade(colour, 0.28)
    lines = [f"M20,{90 + 11 * i}l440,-60" for i in range(36)]
    lines += [f"M{20 + 11 * i},70l60,330" for i in range(-4, 42)]
    drawing.line("".join(lines), thread, 0.8, opacity=0.5)


def _nylon(drawing: Drawing, colour: str) -> None:
    sheen = (f"M20,{90 + 3 * i}H460" for i in range(100))
    drawing.line("".join(sheen), shade(colour, 0.3), 0.8, opacity=0.5)


CLOTHS: dict[str, Callable[[Drawing, str], None]] = {
    "mesh": _mesh,
    "knit": _knit,
    "ripstop": _ripstop,
    "suede": _nylon,
}


def _scatter(n: int) -> Iterator[Point]:
    """Points spread over the shoe, the same every time."""
    for i in range(1, n + 1):
        yield 30 + 420 * (i * 0.7548776662 % 1), 80 + 320 * (i * 0.5698402910 % 1)


def nap(drawing: Drawing, colour: str, part: str) -> None:
    """Adds the nap of suede to a part."""
    drawing.open_group(clip_path=drawing.clip(part))
    hairs = (f"M{number(x)},{number(y)}l2.5,1.5" for x, y in _scatter(900))
    drawing.line("".join(hairs), shade(colour, 0.25), 0.9, opacity=0.45)
    drawing.close_group()


def flecks(drawing: Drawing, colour: str) -> None:
    """Adds flecks that throw light back."""
    strokes = (f"M{number(x)},{number(y)}l7,-3" for x, y in _scatter(150))
    drawing.line("".join(strokes), colour, 2, opacity=0.75)


def _wave(drawing: Drawing, at: Point, ink: str) -> None:
    for i in range(2):
        x, y = at[0] - 46, at[1] + 16 * i
        drawing.line(f"M{x},{number(y)}c16,-26 30,-26 46,0s30,26 46,0", ink, 8)


def _kite(drawing: Drawing, at: Point, ink: str) -> None:
    corners = [(-14, -34), (30, -2), (-6, 38), (-34, 6)]
    drawing.line(polygon([move(at, corner) for corner in corners]), ink, 7)
    drawing.line(polyline([move(at, (-14, -34)), move(at, (-6, 38))]), ink, 5)


def _arcs(drawing: Drawing, at: Point, ink: str) -> None:
    for radius in (14, 28, 42):
        points = [on_circle(move(at, (0, 22)), radius, angle) for angle in range(185, 356, 10)]
        drawing.line(polyline(points), ink, 6.5)


def _bolt(drawing: Drawing, at: Point, ink: str) -> None:
    corners = [(34, -46), (-26, 4), (0, 4), (-40, 46), (30, -8), (4, -8)]
    drawing.path(polygon([move(at, corner) for corner in corners]), ink)


def _leaf(drawing: Drawing, at: Point, ink: str) -> None:
    blade = "M -40 22 C -20 -34 22 -34 42 -24 C 34 14 0 34 -40 22 Z"
    drawing.path(placed(blade, at, 1), ink)
    rib = "M -48 30 C -16 8 8 -6 28 -14"
    drawing.line(placed(rib, at, 1), "#ffffff", 3, opacity=0.7)


def _ring(drawing: Drawing, at: Point, ink: str) -> None:
    drawing.ellipse(at, 32, 26, "none", stroke=ink, stroke_width=8)
    drawing.line(polyline([move(at, (-52, 10)), move(at, (52, -10))]), ink, 7)


def _peak(drawing: Drawing, at: Point, ink: str) -> None:
    for steps in ([(-48, 30), (-16, -26), (8, 14)], [(-6, 30), (20, -8), (46, 30)]):
        drawing.line(polyline([move(at, step) for step in steps]), ink, 8)


def _fin(drawing: Drawing, at: Point, ink: str) -> None:
    for i, size in enumerate((1.0, 0.68)):
        corners = [(44 - 26 * i, -36), (28 - 26 * i, 36 * size), (-30 * size - 20 * i, 36 * size)]
        drawing.path(polygon([move(at, corner) for corner in corners]), ink, opacity=1 - 0.3 * i)


MARKS: dict[str, Callable[[Drawing, Point, str], None]] = {
    "wave": _wave,
    "kite": _kite,
    "arcs": _arcs,
    "bolt": _bolt,
    "leaf": _leaf,
    "ring": _ring,
    "peak": _peak,
    "fin": _fin,
}
