"""Draws fitness watches: closed straps that curve away above and below a lit face."""

import math
from collections.abc import Callable, Iterator
from itertools import pairwise, product

from aces.catalogs.demo.drawings.lettering import GAP, GLYPHS, width, write
from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    arc_points,
    ink_on,
    mix,
    number,
    polygon,
    polyline,
    rounded,
    shade,
)
from aces.catalogs.demo.drawings.watch_faces import CENTRE, FACES, NAMED, Look

VIEWS = ("front", "back")
"""The watch closed, and lying open on its face."""
HALF = {"round": (112.0, 112.0), "square": (96.0, 114.0), "band": (58.0, 122.0)}
"""Half width and half height of the case by shape."""
LUG = {"round": 70.0, "square": 76.0, "band": 50.0}
"""Half width of the strap where it leaves the case."""
REACH = 196.0
"""How far the strap goes up and down before it turns away."""
FLAT_REACH = 292.0
"""How far it goes where the watch lies open."""
BUCKLED = ("plain", "ribs", "holes", "leather")
"""Weaves that are closed by a buckle, and smooth inside."""


def draw(look: Look, brand: str, view: str = "front") -> str:
    """Returns the SVG of a watch.

    Args:
        look: `shape` (round, square, band), `case`, `strap` and `accent` colours, `weave` of the
            strap (plain, ribs, holes, nylon, leather, mesh, links), `face` (rings, route, bars,
            digital, compass, hands, waves, heart, pet, hole, moon, large).
            `depth` and `sensor` (none) tell what is on the back.
        brand: Engraved below the face, and on the back.
        view: One of `VIEWS`.
    """
    drawing = Drawing()
    if view == "back":
        _back(drawing, look, brand)
        return drawing.svg()
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
    if "flat" in look:
        y = CENTRE[1] + side * (start + (FLAT_REACH - start) * t)
        return LUG[look["shape"]] * (1 - 0.24 * t), y
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


def _lean(look: Look, t: float) -> float:
    """How high a mark on the strap looks, over its height, where the strap turns away."""
    return 1 if "flat" in look else math.cos(t * math.pi / 2)


def _plain(drawing: Drawing, look: Look, side: int) -> None:
    for sign in (-1, 1):
        points = [(CENTRE[0] + sign * half * 0.86, y) for half, y, _ in _along(look, side, 12)]
        drawing.line(polyline(points), shade(look["strap"], 0.35), 1.2, opacity=0.35)


def _ribs(drawing: Drawing, look: Look, side: int) -> None:
    for half, y, t in _along(look, side, 7):
        depth = 7 * _lean(look, t) + 2
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
        ry = 6.5 * _lean(look, t) + 1
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
        ry = 3.4 * _lean(look, t) + 0.8
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


def _back(drawing: Drawing, look: Look, brand: str) -> None:
    """The watch on its face: sensor, contacts, clasp."""
    flat = {**look, "flat": "yes"}
    drawing.open_group(transform="translate(240 240) rotate(42) scale(0.75) translate(-240 -236)")
    for side in (-1, 1):
        _open_strap(drawing, flat, side)
    drawing.path(_case_outline(look, -4), "#000000", opacity=0.3, filter=drawing.blur(7))
    drawing.open_group(transform=f"translate({number(2 * CENTRE[0])} 0) scale(-1 1)")
    _buttons(drawing, look, HALF[look["shape"]][0])
    drawing.close_group()
    colour = look["case"]
    metal = [(0, shade(colour, 0.55)), (0.4, colour), (0.6, shade(colour, 0.3))]
    drawing.path(_case_outline(look, 0), drawing.linear(*metal, (1, shade(colour, -0.5)), angle=20))
    plate = mix(colour, "#8d939b", 0.35)
    brushed = [(0, shade(plate, 0.35)), (0.5, shade(plate, 0.05)), (1, shade(plate, -0.25))]
    drawing.path(_case_outline(look, 9), drawing.linear(*brushed, angle=35))
    drawing.line(_case_outline(look, 9), shade(plate, -0.45), 1.5, opacity=0.7)
    (_screws if look.get("sensor") == "none" else _sensor)(drawing, look)
    if look["shape"] != "band":
        _engrave(drawing, brand, -90, ink_on(plate))
        _engrave(drawing, look.get("depth", "5 ATM"), 90, ink_on(plate))
    drawing.close_group()


def _open_strap(drawing: Drawing, look: Look, side: int) -> None:
    edges = [_strap_edge(look, side, i / 8) for i in range(9)]
    x, tip = CENTRE[0], (26 if side > 0 else 6) * side
    left = [(x - half, y) for half, y in edges]
    right = [(x + half, y) for half, y in reversed(edges)]
    outline = polygon([*left, *_rounded_end(x, *edges[-1], tip), *right])
    drawing.path(
        outline,
        "#1a1d26",
        opacity=0.32,
        filter=drawing.blur(8),
        transform="translate(7 3)",
    )
    buckled = look["weave"] in BUCKLED
    inside = mix(look["strap"], "#c9b79c", 0.45) if look["weave"] == "leather" else look["strap"]
    across = [(0, shade(inside, -0.18)), (0.2, shade(inside, 0.1)), (0.7, inside)]
    drawing.path(outline, drawing.linear(*across, (1, shade(inside, -0.28))))
    drawing.open_group(clip_path=drawing.clip(outline))
    if not buckled or look["weave"] == "holes":
        WEAVES[look["weave"]](drawing, look, side)
    drawing.close_group()
    drawing.line(outline, shade(inside, 0.4), 1.3, opacity=0.35)
    if side < 0:
        _buckle(drawing, look, *edges[-1], buckled)
    elif look["weave"] in ("plain", "ribs", "leather"):
        _adjusting_holes(drawing, look, inside)


def _adjusting_holes(drawing: Drawing, look: Look, colour: str) -> None:
    for i in range(7):
        _, y = _strap_edge(look, 1, 0.4 + 0.09 * i)
        drawing.rect(CENTRE[0] - 6, y - 4, 12, 8, shade(colour, -0.65), 4)
        drawing.line(f"M{CENTRE[0] - 5},{number(y + 5)}h10", shade(colour, 0.5), 1.2, opacity=0.5)


def _buckle(drawing: Drawing, look: Look, half: float, y: float, tang: bool) -> None:
    """The clasp at the end of the upper strap: a frame with a tang, or a plate."""
    x, colour = CENTRE[0], mix(look["case"], "#7a8089", 0.35)
    steel = drawing.linear(
        (0, shade(colour, 0.6)), (0.5, colour), (1, shade(colour, -0.4)), angle=60
    )
    if tang:
        drawing.line(rounded(x - half - 7, y - 40, 2 * half + 14, 46, 12), steel, 9)
        drawing.line(f"M{number(x)},{number(y)}v-38", shade(colour, 0.2), 8)
        drawing.rect(x - half - 5, y + 40, 2 * half + 10, 22, shade(look["strap"], -0.25), 5)
        drawing.rect(x - half - 5, y + 41, 2 * half + 10, 7, "#ffffff", 4, opacity=0.15)
    else:
        drawing.rect(x - half - 4, y - 16, 2 * half + 8, 42, steel, 6)
        drawing.line(f"M{number(x - half)},{number(y + 5)}h{number(2 * half)}", "#2a2d33", 1.6)


def _sensor(drawing: Drawing, look: Look) -> None:
    """Green lights and light sensors under dark glass, and the contacts of the charger."""
    x, y = CENTRE
    rx, ry = (32.0, 58.0) if look["shape"] == "band" else (52.0, 52.0)
    drawing.rect(x - rx - 6, y - ry - 6, 2 * rx + 12, 2 * ry + 12, "#ffffff", rx, opacity=0.25)
    glass = drawing.radial((0, "#2d3138"), (0.75, "#0d0f13"), (1, "#23262c"), at=(0.4, 0.35))
    drawing.rect(x - rx, y - ry, 2 * rx, 2 * ry, glass, rx)
    glow = drawing.radial((0, "#e2ffe4"), (0.3, "#57e86d"), (1, "#1f8f3a", 0))
    for dy in (-22, 22):
        drawing.ellipse((x, y + dy), 17, 17, glow)
    for dx in (-17, 17):
        drawing.rect(x + dx - 7, y - 8, 14, 16, "#3a2f3c", 3, stroke="#575d67", stroke_width=1.2)
    shine = f"M{x - rx * 0.6},{y - ry * 0.4} Q{x - rx * 0.3},{y - ry * 0.8} {x + 8},{y - ry * 0.84}"
    drawing.line(shine, "#ffffff", 3, opacity=0.35)
    for pin in (-1, 1):
        place = (x + 11 * pin, y + 88) if look["shape"] == "band" else (x - 71, y + 9 * pin)
        drawing.ellipse(place, 5.5, 5.5, "#6b5a2e")
        drawing.ellipse(place, 4.2, 4.2, drawing.radial((0, "#fff0c0"), (1, "#c39a3e")))


def _screws(drawing: Drawing, look: Look) -> None:
    """A back without a sensor: four screws round a smiling badge."""
    x, y = CENTRE
    ink = ink_on(look["case"])
    for dx, dy in product((-72, 72), (-88, 88)):
        drawing.ellipse((x + dx, y + dy), 7, 7, "#c9ced4", stroke="#6b7079", stroke_width=1.2)
        drawing.line(f"M{number(x + dx - 4)},{number(y + dy)}h8", "#5b6067", 1.8)
    drawing.ellipse(CENTRE, 46, 46, shade(look["case"], 0.25), stroke=ink, stroke_width=2)
    for dx in (-15, 15):
        drawing.ellipse((x + dx, y - 8), 5, 7, ink)
    drawing.line(polyline(arc_points((x, y + 6), 22, 16, 20, 160, 12)), ink, 4)


def _engrave(drawing: Drawing, text: str, degrees: float, colour: str) -> None:
    """Writes along a circle round the sensor, the middle of the text at an angle."""
    height, radius, (x, y) = 10.0, 79.0, CENTRE
    sign = 1 if degrees < 0 else -1
    if degrees > 0:
        radius += 5
    place = -width(text, height) / 2
    for letter in text.upper():
        advance = (GLYPHS[letter][0] + GAP) * height / 6
        turn = math.degrees((place + advance / 2) / radius)
        spin = f"rotate({number(sign * turn)} {number(x)} {number(y)})"
        at = (x, y - sign * radius)
        write(drawing, letter, at, height, colour, 0.14, transform=spin, opacity=0.85)
        place += advance


WEAVES: dict[str, Callable[[Drawing, Look, int], None]] = {
    "plain": _plain,
    "ribs": _ribs,
    "holes": _holes,
    "nylon": _nylon,
    "leather": _leather,
    "mesh": _mesh,
    "links": _links,
}
