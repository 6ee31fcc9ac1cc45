"""Draws mouse pads lying on a desk, each with a mouse on it, which shows how large they are."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from aces.catalogs.demo.drawings.lettering import width, write
from aces.catalogs.demo.drawings.mousepad_prints import PATTERNS, Desk, edge
from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    arc_points,
    ink_on,
    is_bright,
    move,
    number,
    polygon,
    polyline,
    rounded,
    shade,
    soften,
)

Look = Mapping[str, Any]

VIEWS = ("front", "size")
"""On the desk; from above, with its measures and, where it is wide, a keyboard."""

DESKS = {
    "standard": Desk(27, 22, 1.2, 9, (232, 248), 356),
    "wide": Desk(80, 36, 3.2, 11, (238, 250), 415),
    "round": Desk(24, 24, 12, 0, (240, 246), 390),
    "rest": Desk(27, 27, 3, 5, (236, 236), 350),
    "stack": Desk(29, 22, 1.2, 9, (222, 236), 350),
}


def draw(look: Look, brand: str, view: str = "front") -> str:
    """Returns the SVG of a mouse pad.

    Args:
        look: `shape` (standard, wide, round, rest, stack), `colour`, `accent`, `pattern` (one of
            `mousepad_prints.PATTERNS`) and `inches`, its width and depth.
        brand: Printed small in a corner.
        view: One of `VIEWS`.
    """
    drawing, desk = Drawing(), DESKS[look["shape"]]
    if view == "size":
        desk = _from_above(desk, look)
        _measures(drawing, desk, look)
    if look["shape"] == "stack":
        for step, tint in ((2, -0.25), (1, 0.25)):
            below = desk._replace(middle=move(desk.middle, (9, 15 * desk.rise), step))
            _slab(drawing, below, {**look, "colour": shade(look["colour"], tint)})
    outline = _slab(drawing, desk, look)
    drawing.open_group(clip_path=drawing.clip(polygon(outline)))
    PATTERNS[look["pattern"]](drawing, desk, look)
    _window_light(drawing, outline)
    drawing.close_group()
    if look["shape"] == "rest":
        _wrist_rest(drawing, desk, look)
    _name(drawing, desk, look, brand)
    if view == "size" and look["shape"] == "wide":
        _keyboard(drawing, desk)
    _mouse(drawing, desk, look)
    return drawing.svg()


def _from_above(desk: Desk, look: Look) -> Desk:
    """The pad in its true measures, straight from above."""
    across, deep = (2.54 * inches for inches in look["inches"])
    unit = min(350 / across, 300 / deep)
    corner = across / 2 if look["shape"] == "round" else desk.corner
    return Desk(across, deep, corner, 0, (258, 222), unit * across, tilt=1, near=0)


def _measures(drawing: Drawing, desk: Desk, look: Look) -> None:
    """Width and depth with arrows, left of the pad and below it."""
    (left, top), (right, bottom) = (
        desk.see(side * desk.width / 2, -side * desk.height / 2) for side in (-1, 1)
    )
    across, deep = look["inches"]
    below, beside = bottom + 34, left - 30
    _arrow(drawing, (left, below), (right, below), f"{across} in")
    if look["shape"] != "round":
        _arrow(drawing, (beside, bottom), (beside, top), f"{deep} in")


def _arrow(drawing: Drawing, start: Point, end: Point, text: str) -> None:
    """A measure between two marks, its text in the middle."""
    ink, middle = "#4d535c", ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    length = math.dist(start, end)
    along = ((end[0] - start[0]) / length, (end[1] - start[1]) / length)
    across = (-along[1], along[0])
    gap = width(text, 13) / 2 + 9
    for tip, way in ((start, 1), (end, -1)):
        drawing.line(polyline([tip, move(middle, along, -way * gap)]), ink, 1.4)
        drawing.line(polyline([move(tip, across, 9), move(tip, across, -9)]), ink, 1.4)
        barbs = [move(move(tip, along, 9 * way), across, side) for side in (-4, 4)]
        drawing.path(polygon([tip, *barbs]), ink)
    turn = math.degrees(math.atan2(along[1], along[0]))
    spin = f"rotate({number(turn)} {number(middle[0])} {number(middle[1])})"
    write(drawing, text, middle, 13, ink, 0.13, transform=spin)


def _keyboard(drawing: Drawing, desk: Desk) -> None:
    """A keyboard on the left half, 36 cm by 13, seen from above."""
    unit = desk.unit
    x, y = desk.see(-0.43 * desk.width, 6.5)
    drawing.rect(
        x + 2, y + 5, 36 * unit, 13 * unit, "#000000", 4, opacity=0.4, filter=drawing.blur(4)
    )
    case = drawing.linear((0, "#f2f3f5"), (1, "#c9cdd3"), angle=80)
    drawing.rect(x, y, 36 * unit, 13 * unit, case, 0.8 * unit)
    keys = "".join(
        rounded(x + (0.75 + 2.32 * column) * unit, y + row * unit, 2.05 * unit, 2.05 * unit, 2)
        for row in (0.8, 3.15, 5.5, 7.85)
        for column in range(15)
    )
    space = [(0.75, 2.8), (4.2, 2.8), (7.7, 13.6), (22, 2.8), (25.5, 2.4), (28.6, 6.4)]
    keys += "".join(
        rounded(x + at * unit, y + 10.2 * unit, long * unit, 2.05 * unit, 2) for at, long in space
    )
    drawing.path(keys, "#ffffff", stroke="#b3b8c0", stroke_width=0.6)


def _slab(drawing: Drawing, desk: Desk, look: Look) -> list[Point]:
    """The pad's body and its shadow; returns the outline of its top."""
    top = desk.seen(edge(desk))
    thick = 4 if look["pattern"] in ("metal", "leather") else 7
    thick = round(thick * desk.rise)
    shadow = polygon([move(point, (7, 14 if thick else 8)) for point in top])
    drawing.path(shadow, "#1a1d26", opacity=0.3, filter=drawing.blur(9))
    side = {"felt": look["accent"], "glass": look["accent"]}.get(look["pattern"])
    rim = shade(side or look["colour"], -0.1 if side else -0.45)
    for step in range(thick, 0, -1):
        drawing.path(polygon([move(point, (0, step)) for point in top]), shade(rim, -0.04 * step))
    colour = look["colour"]
    paint = drawing.linear(
        (0, shade(colour, 0.14)), (0.5, colour), (1, shade(colour, -0.16)), angle=60
    )
    drawing.path(polygon(top), paint)
    return top


def _window_light(drawing: Drawing, outline: Sequence[Point]) -> None:
    light = drawing.linear(
        (0, "#ffffff", 0.16), (0.45, "#ffffff", 0.02), (1, "#000000", 0.1), angle=35
    )
    drawing.path(polygon(outline), light)


def _name(drawing: Drawing, desk: Desk, look: Look, brand: str) -> None:
    if look["shape"] == "rest":
        return
    left = 0.12 if look["shape"] == "round" else 0.34
    x, y = desk.see(-left * desk.width, -0.41 * desk.height)
    spin = f"rotate({number(-0.7 * desk.angle)} {number(x)} {number(y)})"
    if look["pattern"] in ("leaves", "waves", "cork"):
        half = width(brand, 8) / 2 + 7
        drawing.rect(x - half, y - 8, 2 * half, 16, look["colour"], 3, transform=spin)
    write(drawing, brand, (x, y), 8, ink_on(look["colour"]), 0.14, transform=spin)


def _mouse(drawing: Drawing, desk: Desk, look: Look) -> None:
    """A mouse on the right half, 11 cm long."""
    x, y = desk.width * 0.24, desk.height * (0.16 if look["shape"] == "rest" else 0.02)
    pale = look["pattern"] in ("glass", "marble", "leaves") and is_bright(look["colour"])
    shell = "#3b3e45" if pale else "#f4f5f7"
    foot = desk.seen([(x + px, y + py) for px, py in _egg(3.2, 5.8)])
    size = desk.unit
    drawing.path(
        polygon([move(p, (0.5 * size, 0.6 * size)) for p in foot]),
        "#000000",
        opacity=0.4,
        filter=drawing.blur(0.35 * size),
    )
    drawing.path(polygon(foot), shade(shell, -0.45))
    for step in range(8):
        rise, shrink = 0.16 * desk.rise * size * step**0.8, 1 - 0.014 * step**1.6
        ring = desk.seen([(x + px * shrink, y + py * shrink) for px, py in _egg(3.2, 5.8)])
        drawing.path(polygon([move(p, (0, -rise)) for p in ring]), shade(shell, -0.3 + 0.04 * step))
    crown = [move(p, (0, -rise)) for p in ring]
    drawing.path(
        polygon(crown),
        drawing.radial(
            (0, shade(shell, 0.6)),
            (0.6, shell),
            (1, shade(shell, -0.14)),
            at=(0.4, 0.35),
            radius=0.75,
        ),
    )
    split = [move(point, (0, -rise)) for point in desk.seen([(x, y + 4.5), (x, y + 1)])]
    drawing.line(polyline(split), shade(shell, -0.5), max(0.1 * size, 0.8))
    wheel = [move(point, (0, -rise)) for point in desk.seen([(x, y + 3.4), (x, y + 2.1)])]
    drawing.line(polyline(wheel), "#2a2c31", 0.62 * size)
    drawing.line(polyline(wheel), "#7d828b", 0.25 * size)


def _egg(half_width: float, half_length: float) -> list[Point]:
    """The outline of a mouse, its buttons at the far end."""
    round_points = arc_points((0, 0), 1, 1, 0, 360, 48)
    return [
        (
            half_width * math.copysign(abs(x) ** 0.8, x) * (1 - 0.08 * y),
            half_length * math.copysign(abs(y) ** 0.85, y),
        )
        for x, y in round_points
    ]


def _wrist_rest(drawing: Drawing, desk: Desk, look: Look) -> None:
    """The cushion along the near edge."""
    x, y = desk.width / 2, -desk.height / 2
    corners = [
        (-x, y + 6.5),
        (-x * 0.3, y + 5.2),
        (x * 0.3, y + 5.2),
        (x, y + 6.5),
        (x, y - 1),
        (-x, y - 1),
    ]
    colour = look["accent"] if look["pattern"] == "paw" else look["colour"]
    for step in range(14):
        inset = 0.14 * step**1.25
        shrunk = [
            (px * (1 - inset / 18), (py - y - 2.6) * (1 - inset / 5) + y + 2.6)
            for px, py in soften(corners, 4)
        ]
        ring = [move(point, (0, -1.9 * desk.rise * step**0.8)) for point in desk.seen(shrunk)]
        drawing.path(polygon(ring), shade(colour, -0.38 + 0.036 * step))
    drawing.path(
        polygon(ring), drawing.linear((0, shade(colour, 0.35)), (1, shade(colour, 0.02)), angle=80)
    )
