"""Draws fitness watches: closed straps that curve away above and below a lit face."""

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from aces.catalogs.demo.lettering import write
from aces.catalogs.demo.studio import (
    Drawing,
    Point,
    arc_points,
    mix,
    number,
    on_circle,
    polygon,
    polyline,
    rounded,
    shade,
)

CENTRE = (240.0, 236.0)
HALF = {"round": (112.0, 112.0), "square": (96.0, 114.0), "band": (58.0, 122.0)}
"""Half width and half height of the case by shape."""
LUG = {"round": 70.0, "square": 76.0, "band": 50.0}
"""Half width of the strap where it leaves the case."""
REACH = 196.0
"""How far the strap goes up and down before it turns away."""

Look = Mapping[str, str]


def draw(look: Look, brand: str) -> str:
    """Returns the SVG of a watch.

    Args:
        look: `shape` (round, square, band), `case`, `strap` and `accent` colours, `weave` of the
            strap (plain, ribs, holes, nylon, leather, mesh, links), `face` (rings, route, bars,
            digital, compass, hands, waves, heart).
        brand: Engraved below the face.
    """
    drawing = Drawing()
    drawing.shadow((250, 440), 92, 11, opacity=0.42)
    drawing.shadow((250, 446), 150, 16, opacity=0.13, blur=14)
    drawing.open_group(transform="rotate(-5 240 240)")
    for side in (-1, 1):
        _strap(drawing, look, side)
    _case(drawing, look)
    _screen(drawing, look, brand)
    drawing.close_group()
    return drawing.svg()


def _strap_edge(look: Look, side: int, t: float) -> tuple[float, float]:
    """Half width and y of the strap at t from 0 (case) to 1 (where it turns away)."""
    start = HALF[look["shape"]][1] - 26
    y = CENTRE[1] + side * (start + (REACH - start) * math.sin(t * math.pi / 2))
    return LUG[look["shape"]] * (1 - 0.2 * t**1.5), y


def _strap(drawing: Drawing, look: Look, side: int) -> None:
    edges = [_strap_edge(look, side, i / 20) for i in range(21)]
    x, round_end = CENTRE[0], 9 * side
    left = [(x - half, y) for half, y in edges]
    right = [(x + half, y) for half, y in reversed(edges)]
    outline = polygon([*left, *_rounded_end(x, *edges[-1], round_end), *right])
    colour = look["strap"]
    across = [(0, shade(colour, -0.42)), (0.12, shade(colour, 0.02)), (0.34, shade(colour, 0.2))]
    across += [(0.62, colour), (0.9, shade(colour, -0.2)), (1, shade(colour, -0.5))]
    drawing.path(outline, drawing.linear(*across))
    drawing.open_group(clip_path=drawing.clip(outline))
    WEAVES[look["weave"]](drawing, look, side)
    drawing.close_group()
    dark = [(0, 0.5), (0.3, 0.0), (0.62, 0.05), (1, 0.62)]
    turning = drawing.linear(
        *((offset, "#000000", opacity) for offset, opacity in dark),
        extent=((x, edges[0][1]), (x, edges[-1][1] + round_end)),
    )
    drawing.path(outline, turning)


def _rounded_end(x: float, half: float, y: float, depth: float) -> list[Point]:
    """Where the strap turns away: its corners follow a flat curve."""
    angles = (math.pi * i / 16 for i in range(1, 16))
    circle = ((math.cos(a), math.sin(a)) for a in angles)
    return [(x - half * math.copysign(abs(c) ** 0.4, c), y + depth * s**0.6) for c, s in circle]


def _along(look: Look, side: int, n: int) -> Iterator[tuple[float, float, float]]:
    """`n` places along the strap, closer together where it turns away: half width, y, and t."""
    for i in range(1, n + 1):
        t = i / (n + 0.5)
        half, y = _strap_edge(look, side, t)
        yield half, y, t


def _plain(drawing: Drawing, look: Look, side: int) -> None:
    for sign in (-1, 1):
        points = [(CENTRE[0] + sign * half * 0.86, y) for half, y, _ in _along(look, side, 12)]
        drawing.line(polyline(points), shade(look["strap"], 0.35), 1.2, opacity=0.35)


def _ribs(drawing: Drawing, look: Look, side: int) -> None:
    for half, y, t in _along(look, side, 7):
        depth = 7 * math.cos(t * math.pi / 2) + 2
        drawing.rect(
            CENTRE[0] - half * 0.7, y, half * 1.4, depth, shade(look["strap"], -0.5), 4, opacity=0.6
        )
        drawing.rect(
            CENTRE[0] - half * 0.7,
            y + depth,
            half * 1.4,
            1.5,
            shade(look["strap"], 0.4),
            opacity=0.6,
        )


def _holes(drawing: Drawing, look: Look, side: int) -> None:
    for half, y, t in _along(look, side, 6):
        ry = 6.5 * math.cos(t * math.pi / 2) + 1
        for place in (-0.5, 0, 0.5):
            centre = (CENTRE[0] + place * half * 1.1, y)
            drawing.ellipse((centre[0], y + 1.3), 7, ry, shade(look["strap"], 0.45), opacity=0.7)
            drawing.ellipse(centre, 7, ry, shade(look["strap"], -0.62))


def _nylon(drawing: Drawing, look: Look, side: int) -> None:
    for half, y, t in _along(look, side, 26):
        for sign in (-1, 1):
            points = [(CENTRE[0], y + side * 5), (CENTRE[0] + sign * half, y - side * 4)]
            drawing.line(
                polyline(points), shade(look["strap"], 0.3 if t < 0.8 else 0.1), 1.4, opacity=0.5
            )
    edge = [(CENTRE[0] + half * 0.9, y) for half, y, _ in _along(look, side, 12)]
    drawing.line(polyline(edge), look["accent"], 4, opacity=0.85)
    drawing.line(
        polyline([(2 * CENTRE[0] - x, y) for x, y in edge]), look["accent"], 4, opacity=0.85
    )


def _leather(drawing: Drawing, look: Look, side: int) -> None:
    for sign in (-1, 1):
        points = [(CENTRE[0] + sign * half * 0.84, y) for half, y, _ in _along(look, side, 12)]
        drawing.line(polyline(points), shade(look["strap"], 0.6), 2.4, stroke_dasharray="6 5")
    for half, y, t in _along(look, side, 9):
        bend = 5 * math.sin(7 * t)
        points = [(CENTRE[0] - half * 0.6, y + bend), (CENTRE[0] + half * 0.5, y - bend)]
        drawing.line(polyline(points), shade(look["strap"], -0.35), 1, opacity=0.3)


def _mesh(drawing: Drawing, look: Look, side: int) -> None:
    for row, (half, y, t) in enumerate(_along(look, side, 22)):
        ry = 3.4 * math.cos(t * math.pi / 2) + 0.8
        for i in range(-9, 10):
            x = CENTRE[0] + (i + row % 2 / 2) * half / 8.6
            drawing.ellipse((x, y), half / 19, ry, shade(look["strap"], 0.38), opacity=0.75)
            drawing.ellipse(
                (x, y + ry * 0.6), half / 26, ry * 0.5, shade(look["strap"], -0.5), opacity=0.7
            )


def _links(drawing: Drawing, look: Look, side: int) -> None:
    shine = [(0, shade(look["strap"], -0.3)), (0.3, shade(look["strap"], 0.55))]
    shine += [(0.55, look["strap"]), (1, shade(look["strap"], -0.45))]
    steel = drawing.linear(*shine, angle=90)
    places = [(LUG[look["shape"]], _strap_edge(look, side, 0)[1], 0.0), *_along(look, side, 6)]
    for (half, y, _), (_, after, _) in pairwise(places):
        top, height = min(y, after) + 1.2, abs(after - y) - 2.4
        for start, end in ((-1, -0.46), (-0.42, 0.42), (0.46, 1)):
            drawing.rect(CENTRE[0] + start * half, top, (end - start) * half, height, steel, 3)
            drawing.line(
                rounded(CENTRE[0] + start * half, top, (end - start) * half, height, 3),
                shade(look["strap"], -0.6),
                1.2,
                opacity=0.8,
            )


def _case_outline(look: Look, inset: float) -> str:
    half_x, half_y = (half - inset for half in HALF[look["shape"]])
    radius = {"round": 200.0, "square": 40 - inset * 0.7, "band": 44 - inset * 0.6}[look["shape"]]
    return rounded(CENTRE[0] - half_x, CENTRE[1] - half_y, 2 * half_x, 2 * half_y, radius)


def _case(drawing: Drawing, look: Look) -> None:
    colour, half = look["case"], HALF[look["shape"]]
    drawing.path(_case_outline(look, -2), "#000000", opacity=0.35, filter=drawing.blur(5))
    _buttons(drawing, look, half[0])
    metal = [(0, shade(colour, 0.6)), (0.28, colour), (0.52, shade(colour, 0.42))]
    metal += [(0.75, shade(colour, -0.3)), (1, shade(colour, -0.55))]
    drawing.path(_case_outline(look, 0), drawing.linear(*metal, angle=55))
    inner = [(0, shade(colour, -0.5)), (0.5, shade(colour, -0.1)), (1, shade(colour, 0.45))]
    drawing.path(_case_outline(look, 8), drawing.linear(*inner, angle=55))
    drawing.path(_case_outline(look, 10.5), "#07080b")


def _buttons(drawing: Drawing, look: Look, half: float) -> None:
    if look["shape"] == "band":
        return
    knob = drawing.linear(
        (0, shade(look["case"], 0.5)), (0.5, look["case"]), (1, shade(look["case"], -0.5)), angle=90
    )
    x = CENTRE[0] + half - (14 if look["shape"] == "round" else 3)
    for turn in (-28, 28) if look["shape"] == "round" else (0,):
        drawing.open_group(transform=f"rotate({turn} {number(CENTRE[0])} {number(CENTRE[1])})")
        drawing.rect(x, CENTRE[1] - 17, 24 if look["shape"] == "round" else 13, 34, knob, 5)
        for groove in range(-3, 4):
            y = CENTRE[1] + groove * 4.4
            drawing.line(
                polyline([(x + 11, y), (x + 23, y)]) if look["shape"] == "round" else "",
                "#000000",
                1,
                opacity=0.35,
            )
        drawing.close_group()


def _screen(drawing: Drawing, look: Look, brand: str) -> None:
    outline = _case_outline(look, 14)
    drawing.open_group(clip_path=drawing.clip(outline))
    glow = drawing.radial((0, mix("#0c0e14", look["accent"], 0.16)), (1, "#07080b"), radius=0.6)
    drawing.path(outline, glow)
    FACES[look["face"]](drawing, look)
    if look["face"] in NAMED and look["shape"] != "band":
        dy, colour = NAMED[look["face"]]
        write(drawing, brand, (CENTRE[0], CENTRE[1] + dy), 8, colour, 0.14)
    half_x, half_y = HALF[look["shape"]]
    x, y = CENTRE[0], CENTRE[1]
    glare = [
        (x - half_x, y - half_y),
        (x + half_x * 0.5, y - half_y),
        (x - half_x * 0.35, y + half_y),
        (x - half_x, y + half_y),
    ]
    drawing.path(
        polygon(glare), drawing.linear((0, "#ffffff", 0.2), (0.9, "#ffffff", 0.02), angle=70)
    )
    drawing.close_group()


def _time(drawing: Drawing, look: Look, dy: float, height: float, colour: str = "#ffffff") -> None:
    write(drawing, "10:09", (CENTRE[0], CENTRE[1] + dy), height, colour, 0.14)


def _arc(
    drawing: Drawing, radius: float, start: float, end: float, colour: str, width: float
) -> None:
    drawing.line(polyline(arc_points(CENTRE, radius, radius, start, end, 40)), colour, width)


def _rings(drawing: Drawing, look: Look) -> None:
    colours = (look["accent"], "#b8f04a", "#35d0ff")
    for ring, (colour, share) in enumerate(zip(colours, (0.82, 0.64, 0.5), strict=True)):
        radius = 76 - 15 * ring
        _arc(drawing, radius, 0, 360, mix("#0a0b10", colour, 0.25), 10)
        _arc(drawing, radius, -90, -90 + 360 * share, colour, 10)
    _time(drawing, look, 0, 19)


def _digital(drawing: Drawing, look: Look) -> None:
    narrow = look["shape"] == "band"
    x, y = CENTRE
    if narrow:
        write(drawing, "10", (x, y - 42), 40, "#ffffff", 0.14)
        write(drawing, "09", (x, y + 12), 40, look["accent"], 0.14)
    else:
        _time(drawing, look, -26, 42)
        write(drawing, "THU 15", (x, y - 68), 11, look["accent"], 0.14)
    for row, (text, colour, share) in enumerate(
        (("8 412", look["accent"], 0.8), ("72", "#ff6b6b", 0.5))
    ):
        place, half = y + (56 if narrow else 22) + 26 * row, 32 if narrow else 62
        drawing.rect(x - half, place, 2 * half, 7, "#2a2d36", 4)
        drawing.rect(x - half, place, 2 * half * share, 7, colour, 4)
        if not narrow:
            write(drawing, text, (x - half + 14 + 4 * row, place - 8), 8, "#c8ccd4", 0.15)


def _bars(drawing: Drawing, look: Look) -> None:
    x, y = CENTRE
    write(drawing, "10:09", (x, y - 62), 19, "#ffffff", 0.14)
    for day, share in enumerate((0.5, 0.8, 0.35, 0.95, 0.6, 0.72, 0.42)):
        height = 82 * share
        colour = look["accent"] if day == 3 else mix("#15171e", look["accent"], 0.5)
        drawing.rect(x - 35 + day * 10.6, y + 52 - height, 7, height, colour, 3.5)
    write(drawing, "9 640", (x, y + 78), 13, look["accent"], 0.14)


def _route(drawing: Drawing, look: Look) -> None:
    x, y = CENTRE
    for ring in range(1, 6):
        points = [
            (x + 34 + px * (1 + 0.25 * math.sin(3 * i / 6 + ring)), y + 26 + py)
            for i, (px, py) in enumerate(arc_points((0, 0), 24 * ring, 18 * ring, 0, 360, 36))
        ]
        drawing.line(polyline(points), "#4d6b52", 1.4, opacity=0.8)
    trail: list[Point] = [
        (x - 66, y + 52),
        (x - 40, y + 28),
        (x - 22, y + 40),
        (x + 2, y + 14),
        (x + 26, y + 20),
        (x + 58, y - 16),
    ]
    drawing.line(polyline(trail), look["accent"], 5)
    drawing.ellipse(trail[0], 6, 6, "#ffffff")
    drawing.ellipse(trail[-1], 8, 8, "#ffffff")
    drawing.ellipse(trail[-1], 5, 5, look["accent"])
    drawing.rect(x - 60, y - 76, 120, 40, "#07080b", 12, opacity=0.8)
    _time(drawing, look, -56, 24)


def _compass(drawing: Drawing, look: Look) -> None:
    x, y = CENTRE
    for tick in range(60):
        inner = 80 if tick % 5 else 74
        ends = [on_circle(CENTRE, r, 6 * tick) for r in (inner, 89)]
        drawing.line(
            polyline(ends), look["accent"] if tick % 15 == 0 else "#8a9099", 1.4 if tick % 5 else 3
        )
    for letter, place in (
        ("N", (x, y - 62)),
        ("E", (x + 62, y)),
        ("S", (x, y + 60)),
        ("W", (x - 62, y)),
    ):
        write(drawing, letter, place, 12, "#ffffff", 0.16)
    drawing.open_group(transform=f"rotate(32 {number(x)} {number(y)})")
    drawing.path(polygon([(x, y - 48), (x + 8, y), (x - 8, y)]), look["accent"])
    drawing.path(polygon([(x, y + 48), (x + 8, y), (x - 8, y)]), "#d9dde3")
    drawing.close_group()
    drawing.ellipse(CENTRE, 24, 13, "#07080b")
    _time(drawing, look, 0, 13)


def _hands(drawing: Drawing, look: Look) -> None:
    dial = drawing.radial((0, "#fbf8f1"), (0.8, "#f1eadc"), (1, "#d8cdb8"))
    drawing.ellipse(CENTRE, 98, 98, dial)
    for hour in range(12):
        ends = [on_circle(CENTRE, r, 30 * hour) for r in (70, 86)]
        drawing.line(polyline(ends), "#3d332a", 4 if hour % 3 == 0 else 2.2)
    _small_dial(drawing, look)
    for angle, length, width in ((-146, 46, 6), (-36, 70, 4.5)):
        tip = on_circle(CENTRE, length, angle)
        drawing.line(polyline([CENTRE, tip]), "#2c2621", width)
    second = [on_circle(CENTRE, r, 120) for r in (-16, 76)]
    drawing.line(polyline(second), look["accent"], 1.8)
    drawing.ellipse(CENTRE, 6, 6, "#2c2621")


def _small_dial(drawing: Drawing, look: Look) -> None:
    """The step counter above six o'clock."""
    middle = (CENTRE[0], CENTRE[1] + 42)
    drawing.ellipse(middle, 19, 19, "#efe6d4", stroke="#c9bca3", stroke_width=1.5)
    drawing.line(polyline(arc_points(middle, 14, 14, -90, 150, 24)), look["accent"], 4)


def _waves(drawing: Drawing, look: Look) -> None:
    x, y = CENTRE
    for row in range(3):
        points = [
            (x - 90 + i * 5, y + 34 + 20 * row + 6 * math.sin(i / 2.6 + row)) for i in range(37)
        ]
        water = polygon([*points, (x + 90, y + 120), (x - 90, y + 120)])
        drawing.path(water, mix("#0b3140", look["accent"], 0.25 + 0.2 * row), opacity=0.85)
    _time(drawing, look, -24, 34)
    write(drawing, "1500", (x, y - 66), 13, look["accent"], 0.14)


def _heart(drawing: Drawing, look: Look) -> None:
    x, y = CENTRE
    beat = [
        (-84, 0),
        (-52, 0),
        (-44, -8),
        (-36, 0),
        (-24, 0),
        (-16, 12),
        (-4, -46),
        (8, 34),
        (16, 0),
        (32, 0),
        (42, -12),
        (52, 0),
        (84, 0),
    ]
    points = [(x + dx, y + 22 + 0.8 * dy) for dx, dy in beat]
    drawing.line(polyline(points), look["accent"], 8, opacity=0.25)
    drawing.line(polyline(points), look["accent"], 3.4)
    _time(drawing, look, -44, 28)
    heart = f"M{x - 26},{y + 64} c-5,-9 -18,-2 -10,8 l10,10 l10,-10 c8,-10 -5,-17 -10,-8 Z"
    drawing.path(heart, "#ff5470")
    write(drawing, "64", (x + 14, y + 71), 17, "#ffffff", 0.15)


WEAVES: dict[str, Callable[[Drawing, Look, int], None]] = {
    "plain": _plain,
    "ribs": _ribs,
    "holes": _holes,
    "nylon": _nylon,
    "leather": _leather,
    "mesh": _mesh,
    "links": _links,
}
NAMED = {"digital": (81, "#9aa0aa"), "route": (80, "#9aa0aa"), "hands": (-42, "#5a4c3f")}
"""Faces that carry the brand: how far below the middle, and in which colour."""

FACES: dict[str, Callable[[Drawing, Look], None]] = {
    "rings": _rings,
    "route": _route,
    "bars": _bars,
    "digital": _digital,
    "compass": _compass,
    "hands": _hands,
    "waves": _waves,
    "heart": _heart,
}
