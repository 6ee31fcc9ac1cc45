"""Draws rolls of toilet paper out of their pack: upright, in a bathroom, embossed."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from aces.catalogs.demo.drawings.studio import (
    SIZE,
    Drawing,
    Point,
    arc_points,
    mix,
    number,
    on_circle,
    polygon,
    polyline,
    shade,
)

Look = Mapping[str, Any]
Stroke = list[Point]
Place = Callable[[float, float], Point]
"""From a place on the flat sheet to one in the picture."""

SWING = 24.0
"""How far the view from the side moves the front of a roll on its holder, in pixels."""
CARD = "#b9966b"
"""The cardboard of the core."""


def emboss(
    drawing: Drawing, pattern: str, size: Point, place: Place, paper: str, strength: float = 1
) -> None:
    """Presses a pattern into paper: each stroke has a shadow, and a light beside it.

    Args:
        drawing: Where to.
        pattern: A key of `PATTERNS`.
        size: Width and height of the sheet in pixels.
        place: Where a point of the sheet lies in the picture.
        paper: Its colour.
        strength: How deep, 1 as usual.
    """
    dark, light = [], []
    for stroke in PATTERNS[pattern](*size):
        dark.append(polyline(place(x, y) for x, y in stroke))
        light.append(polyline(place(x + 1.2, y + 1.4) for x, y in stroke))
    drawing.line("".join(light), "#ffffff", 1.6, opacity=min(0.9 * strength, 1))
    drawing.line("".join(dark), shade(paper, -0.3), 1.3, opacity=0.42 * strength)


def _grid(width: float, height: float, step: float) -> Iterator[Point]:
    """Middles of motifs, every other row shifted by half a step."""
    for row in range(int(height / (step * 0.8)) + 1):
        for column in range(int(width / step) + 1):
            yield (column + 0.25 + row % 2 / 2) * step, (row + 0.5) * step * 0.8


def _within(points: Stroke, width: float, height: float) -> bool:
    return all(0 <= x <= width and 0 <= y <= height for x, y in points)


def _motifs(
    motif: Callable[[Point], Iterator[Stroke]], step: float
) -> Callable[[float, float], Iterator[Stroke]]:
    def pattern(width: float, height: float) -> Iterator[Stroke]:
        for middle in _grid(width, height, step):
            yield from (s for s in motif(middle) if _within(s, width, height))

    return pattern


def _dot(middle: Point) -> Iterator[Stroke]:
    yield arc_points(middle, 2.6, 2.6, 0, 360, 8)


def _petals(middle: Point) -> Iterator[Stroke]:
    for turn in range(5):
        yield arc_points(on_circle(middle, 6, 72 * turn - 90), 4, 4, 0, 360, 10)


def _leaf(middle: Point) -> Iterator[Stroke]:
    x, y = middle
    for sign in (-1, 1):
        yield [(x + sign * 6 * math.sin(math.pi * i / 8), y - 12 + 3 * i) for i in range(9)]
    yield [(x, y - 8), (x, y + 16)]


def _heart(middle: Point) -> Iterator[Stroke]:
    x, y = middle
    turns = [2 * math.pi * i / 20 for i in range(21)]
    yield [
        (
            x + 7 * math.sin(a) ** 3,
            y - 6 * math.cos(a) + 2.4 * math.cos(2 * a) + 1.2 * math.cos(3 * a),
        )
        for a in turns
    ]


def _quilt(width: float, height: float) -> Iterator[Stroke]:
    step = 30.0
    for i in range(-int(height / step) - 1, int(width / step) + 1):
        for flip in (False, True):
            line = [(i * step + t * height / 12, t * height / 12) for t in range(13)]
            inside = [(x, height - y if flip else y) for x, y in line if 0 <= x <= width]
            if len(inside) > 1:
                yield inside


def _waves(width: float, height: float) -> Iterator[Stroke]:
    for row in range(1, int(height / 15)):
        steps = range(int(width / 4) + 1)
        yield [(4 * i, 15 * row + 4 * math.sin(4 * i / 11)) for i in steps]


def _ribs(width: float, height: float) -> Iterator[Stroke]:
    for column in range(1, int(width / 9)):
        yield [(9.0 * column, t * height / 6) for t in range(7)]


def _crepe(width: float, height: float) -> Iterator[Stroke]:
    """No pattern: only the fine creases of the paper."""
    for row in range(2, int(height / 7)):
        start = (row * 37) % 50
        for left in range(start, int(width) - 24, 62):
            yield [(left, 7.0 * row), (left + 22, 7.0 * row + (row % 3 - 1))]


PATTERNS: dict[str, Callable[[float, float], Iterator[Stroke]]] = {
    "quilt": _quilt,
    "dots": _motifs(_dot, 18),
    "flowers": _motifs(_petals, 42),
    "leaves": _motifs(_leaf, 36),
    "hearts": _motifs(_heart, 34),
    "waves": _waves,
    "ribs": _ribs,
    "crepe": _crepe,
}
"""Name of an embossing -> strokes on a sheet of some width and height."""


def draw_roll(drawing: Drawing, look: Look, base: Point, radius: float, height: float) -> None:
    """Adds a roll that stands upright.

    Args:
        drawing: Where to.
        look: `paper` colour, `emboss`, and `core` (none where there is no tube).
        base: Middle of its foot.
        radius: In pixels.
        height: Of its side.
    """
    (x, y), paper, flat = base, look["paper"], radius * 0.3
    top = y - height
    drawing.shadow((x + 10, y + 2), radius * 1.12, flat * 1.1, opacity=0.32, blur=8)
    outline = polygon(
        [
            *arc_points((x, top), radius, flat, 180, 360, 24),
            *arc_points((x, y), radius, flat, 0, 180, 24),
        ]
    )
    drawing.path(outline, cylinder(drawing, paper))
    around = math.pi * radius * 0.98

    def place(u: float, v: float) -> Point:
        angle = (u / around - 0.5) * math.pi * 0.98
        return x + radius * math.sin(angle), top + v + flat * math.cos(angle)

    emboss(drawing, look["emboss"], (around, height), place, paper, 0.8)
    _roll_end(drawing, look, (x, top), radius, flat)


def cylinder(drawing: Drawing, colour: str, angle: float = 0) -> str:
    """Returns the paint of a round side, lit from the left, or from above at 90 degrees."""
    stops = [(0, shade(colour, -0.2)), (0.22, shade(colour, 0.25)), (0.45, colour)]
    return drawing.linear(
        *stops, (0.8, shade(colour, -0.13)), (1, shade(colour, -0.3)), angle=angle
    )


def _roll_end(drawing: Drawing, look: Look, middle: Point, rx: float, ry: float) -> None:
    """The wound layers round the core."""
    paper = look["paper"]
    face = drawing.linear((0, shade(paper, 0.4)), (1, shade(paper, -0.08)), angle=60)
    drawing.ellipse(middle, rx, ry, face, stroke=shade(paper, -0.16), stroke_width=0.8)
    for ring in range(1, 9):
        share = 1 - ring * 0.075
        drawing.ellipse(
            middle, rx * share, ry * share, "none", stroke=shade(paper, -0.2), opacity=0.5
        )
    hole = 0.12 if look.get("core") == "none" else 0.33
    if hole > 0.2:
        drawing.ellipse(middle, rx * (hole + 0.025), ry * (hole + 0.025), CARD)
    inside = drawing.linear((0, "#3d3126"), (1, shade(CARD, -0.15)), angle=90)
    drawing.ellipse(middle, rx * hole, ry * hole, inside)


def draw_wall(drawing: Drawing, look: Look) -> None:
    """Adds a roll on its holder before a tiled wall, a few sheets hanging down."""
    _tiles(drawing, look["tile"])
    left, right, y, radius = 148.0, 336.0, 182.0, 82.0
    _holder(drawing, look, left, right, y)
    dark = {"opacity": 0.26, "filter": drawing.blur(14)}
    drawing.rect(left, y - radius + 26, right - left, 2 * radius + 140, "#14161c", 20, **dark)
    _roll_on_bar(drawing, look, left, right, y, radius)
    _bar(drawing, look, right, y)
    _hanging(drawing, look, left - SWING, right - SWING, y)


def _roll_on_bar(
    drawing: Drawing, look: Look, left: float, right: float, y: float, radius: float
) -> None:
    """A roll with its axis level, seen a little from the right."""
    paper = look["paper"]
    near = arc_points((left, y), SWING, radius, 90, 270, 24)
    body = [*near, (right, y - radius), (right, y + radius)]
    drawing.path(polygon(body), cylinder(drawing, paper, 90))
    quarter = math.pi * radius / 2

    def place(u: float, v: float) -> Point:
        angle = v / quarter * math.pi / 2
        return left + u - SWING * math.sin(angle), y - radius * math.cos(angle)

    emboss(drawing, look["emboss"], (right - left, quarter), place, paper)
    _roll_end(drawing, look, (right, y), SWING, radius)


def _tiles(drawing: Drawing, colour: str) -> None:
    lit = drawing.linear(
        (0, shade(colour, 0.3)), (0.6, colour), (1, shade(colour, -0.12)), angle=50
    )
    drawing.rect(0, 0, SIZE, SIZE, shade(colour, -0.16))
    for row in range(8):
        for column in range(-1, 5):
            x, y = column * 122 + row % 2 * 61, row * 61
            drawing.rect(
                x + 1.5, y + 1.5, 119, 58, shade(colour, 0.06 * ((row * 3 + column) % 3)), 3
            )
            drawing.line(f"M{x + 5},{y + 5}h110", "#ffffff", 1.6, opacity=0.5)
    drawing.rect(0, 0, SIZE, SIZE, lit, opacity=0.55)


def _holder(drawing: Drawing, look: Look, left: float, right: float, y: float) -> None:
    """The plate on the wall and the arm that comes forward from it."""
    metal = look["holder"]
    drawing.ellipse((left - 34, y + 8), 34, 34, "#14161c", opacity=0.3, filter=drawing.blur(8))
    plate = drawing.radial(
        (0, shade(metal, 0.6)), (0.7, metal), (1, shade(metal, -0.4)), at=(0.35, 0.3)
    )
    drawing.ellipse((left - 38, y), 30, 30, plate)
    rod = drawing.linear((0, shade(metal, 0.6)), (0.4, metal), (1, shade(metal, -0.45)), angle=90)
    drawing.rect(left - 44, y - 9, right - left + 84, 18, rod, 9)


def _bar(drawing: Drawing, look: Look, right: float, y: float) -> None:
    """The end of the arm, over the roll's right side."""
    metal = look["holder"]
    rod = drawing.linear((0, shade(metal, 0.6)), (0.4, metal), (1, shade(metal, -0.45)), angle=90)
    drawing.rect(right - 1, y - 9, 40, 18, rod, 9)
    drawing.ellipse((right + 32, y), 8, 13, shade(metal, 0.15))
    drawing.ellipse((right + 34, y), 5, 9, shade(metal, 0.5), opacity=0.6)


def _hanging(drawing: Drawing, look: Look, left: float, right: float, y: float) -> None:
    """Two sheets and a bit, torn off at a perforation, each ply a little shorter."""
    paper = look["paper"]
    for ply in reversed(range(int(look.get("ply", 2)))):
        end = 446.0 - 7 * ply
        edge = [
            (left + (right - left) * i / 26, end + (i % 2) * 2.4 + 4 * math.sin(i / 4 + ply))
            for i in range(27)
        ]
        fall = [(0, paper), (0.3, shade(paper, 0.3)), (0.8, paper)]
        fill = drawing.linear(*fall, (1, shade(paper, -0.07)), angle=90)
        outline = polygon([(left, y), (right, y), *reversed(edge)])
        drawing.path(outline, fill)
        drawing.line(polyline([(left, y), *edge, (right, y)]), shade(paper, -0.2), 0.9)

    def place(u: float, v: float) -> Point:
        return left + u, y + v

    emboss(drawing, look["emboss"], (right - left, 436 - y), place, paper)
    for at in (252.0, 350.0):
        drawing.line(
            f"M{number(left + 2)},{at}H{number(right - 2)}",
            shade(paper, -0.35),
            1.4,
            stroke_dasharray="5 4",
            opacity=0.8,
        )


def draw_shelf(drawing: Drawing, look: Look) -> None:
    """Adds two rolls on a wooden shelf, a run of sheets unrolled towards the viewer."""
    wall = look["tile"]
    drawing.rect(0, 0, SIZE, 320, drawing.linear((0, shade(wall, 0.35)), (1, wall), angle=70))
    wood = mix("#b98a5e", wall, 0.25)
    top = drawing.linear((0, shade(wood, 0.22)), (1, shade(wood, -0.14)), angle=90)
    drawing.rect(0, 290, SIZE, 190, top)
    for row in range(9):
        y = 296 + row * (9 + 1.8 * row)
        drawing.line(
            f"M0,{number(y)} C160,{number(y + 5)} 320,{number(y - 5)} 480,{number(y)}",
            shade(wood, -0.3),
            1.3,
            opacity=0.2,
        )
    _plant(drawing)
    wide = look["form"] == "jumbo"
    draw_roll(drawing, look, (306, 326), *((112, 82) if wide else (84, 158)))
    _run(drawing, look)
    draw_roll(drawing, look, (160, 366), *((128, 92) if wide else (92, 172)))


def _plant(drawing: Drawing) -> None:
    """Out of focus behind the rolls."""
    drawing.open_group(filter=drawing.blur(3.6))
    for angle in (-158, -128, -100, -72, -44, -20):
        tip = on_circle((418, 226), 104, angle)
        drawing.line(polyline([(418, 226), tip]), mix("#3f7a4c", "#a8c98a", (angle % 5) / 5), 20)
    drawing.path(polygon([(380, 222), (456, 222), (446, 300), (390, 300)]), "#e4ded4")
    drawing.close_group()


def _run(drawing: Drawing, look: Look) -> None:
    """Sheets that lie on the shelf and leave the picture at the bottom right."""
    paper = look["paper"]
    near, far = ((120.0, 402.0), (250.0, 350.0)), ((372.0, 500.0), (520.0, 430.0))

    def place(u: float, v: float) -> Point:
        t, s = u / 300, v / 110
        start = (
            near[0][0] + (near[1][0] - near[0][0]) * s,
            near[0][1] + (near[1][1] - near[0][1]) * s,
        )
        end = far[0][0] + (far[1][0] - far[0][0]) * s, far[0][1] + (far[1][1] - far[0][1]) * s
        lift = -7 * math.sin(math.pi * min(2.2 * t, 1))
        return start[0] + (end[0] - start[0]) * t, start[1] + (end[1] - start[1]) * t + lift

    steps = [300 * i / 20 for i in range(21)]
    outline = polygon([*(place(u, 0) for u in steps), *(place(u, 110) for u in reversed(steps))])
    drawing.path(
        outline, "#14161c", opacity=0.35, filter=drawing.blur(6), transform="translate(2 8)"
    )
    fill = drawing.linear((0, shade(paper, -0.12)), (0.3, shade(paper, 0.2)), (1, paper), angle=30)
    drawing.path(outline, fill, stroke=shade(paper, -0.2), stroke_width=0.9)
    emboss(drawing, look["emboss"], (300, 110), place, paper)
    for u in (90, 200):
        drawing.line(
            polyline([place(u, 0), place(u, 110)]), shade(paper, -0.35), 1.4, stroke_dasharray="5 4"
        )
