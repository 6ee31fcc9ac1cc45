"""Draws mouse pads lying on a desk, each with a mouse on it, which shows how large they are."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from aces.catalogs.demo.lettering import write
from aces.catalogs.demo.studio import (
    Drawing,
    Point,
    arc_points,
    ink_on,
    mix,
    move,
    number,
    polygon,
    polyline,
    rotated,
    shade,
    soften,
)

Look = Mapping[str, Any]


class Desk(NamedTuple):
    """The desk top as the camera sees it; its points are in centimetres from the pad's middle."""

    width: float
    height: float
    corner: float
    angle: float
    middle: Point
    span: float
    """How many pixels wide the pad appears at its middle."""

    @property
    def unit(self) -> float:
        """Pixels per centimetre at the pad's middle."""
        return self.span / self.width

    def see(self, x: float, y: float) -> Point:
        """Returns where a point appears, in pixels; y grows away from the camera."""
        [(x, y)] = rotated([(x, y)], (0, 0), self.angle)
        scale = self.unit / (1 + 0.34 * y / self.width)
        return self.middle[0] + x * scale, self.middle[1] - 0.64 * y * scale

    def seen(self, points: Sequence[Point]) -> list[Point]:
        """Returns where the points appear."""
        return [self.see(x, y) for x, y in points]


DESKS = {
    "standard": Desk(27, 22, 1.2, 9, (232, 248), 356),
    "wide": Desk(80, 36, 3.2, 11, (238, 250), 415),
    "round": Desk(24, 24, 12, 0, (240, 246), 390),
    "rest": Desk(27, 27, 3, 5, (236, 236), 350),
    "stack": Desk(29, 22, 1.2, 9, (222, 236), 350),
}


def draw(look: Look, brand: str) -> str:
    """Returns the SVG of a mouse pad.

    Args:
        look: `shape` (standard, wide, round, rest, stack), `colour`, `accent` and `pattern`
            (plain, edge, felt, leaves, glow, leather, marble, metal, topo, paw, glass).
        brand: Printed small in a corner.
    """
    drawing, desk = Drawing(), DESKS[look["shape"]]
    if look["shape"] == "stack":
        for step, tint in ((2, -0.25), (1, 0.25)):
            below = desk._replace(middle=(desk.middle[0] + 9 * step, desk.middle[1] + 15 * step))
            _slab(drawing, below, {**look, "colour": shade(look["colour"], tint)})
    outline = _slab(drawing, desk, look)
    drawing.open_group(clip_path=drawing.clip(polygon(outline)))
    PATTERNS[look["pattern"]](drawing, desk, look)
    _window_light(drawing, outline)
    drawing.close_group()
    if look["shape"] == "rest":
        _wrist_rest(drawing, desk, look)
    _name(drawing, desk, look, brand)
    _mouse(drawing, desk, look)
    return drawing.svg()


def _outline(desk: Desk, inset: float = 0) -> list[Point]:
    """The pad's edge in centimetres."""
    x, y = desk.width / 2 - desk.corner, desk.height / 2 - desk.corner
    radius = desk.corner - inset
    corners = ((x, y, 0), (-x, y, 90), (-x, -y, 180), (x, -y, 270))
    return [
        point
        for cx, cy, start in corners
        for point in arc_points((cx, cy), radius, radius, start, start + 90, 18)
    ]


def _slab(drawing: Drawing, desk: Desk, look: Look) -> list[Point]:
    """The pad's body and its shadow; returns the outline of its top."""
    top = desk.seen(_outline(desk))
    thick = 4 if look["pattern"] in ("metal", "leather") else 7
    shadow = polygon([move(point, (7, 14)) for point in top])
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
    write(drawing, brand, (x, y), 8, ink_on(look["colour"]), 0.14, transform=spin)


def _mouse(drawing: Drawing, desk: Desk, look: Look) -> None:
    """A mouse on the right half, 11 cm long."""
    x, y = desk.width * 0.24, desk.height * (0.16 if look["shape"] == "rest" else 0.02)
    shell = "#f4f5f7" if look["pattern"] not in ("glass", "marble", "leaves") else "#3b3e45"
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
        lift, shrink = 0.24 * size * step**0.8, 1 - 0.014 * step**1.6
        ring = desk.seen([(x + px * shrink, y + py * shrink) for px, py in _egg(3.2, 5.8)])
        drawing.path(
            polygon([move(p, (0, -lift / 1.5)) for p in ring]), shade(shell, -0.3 + 0.04 * step)
        )
    crown = [move(p, (0, -lift / 1.5)) for p in ring]
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
    split = [move(point, (0, -lift / 1.5)) for point in desk.seen([(x, y + 4.5), (x, y + 1)])]
    drawing.line(polyline(split), shade(shell, -0.5), max(0.1 * size, 0.8))
    wheel = [move(point, (0, -lift / 1.5)) for point in desk.seen([(x, y + 3.4), (x, y + 2.1)])]
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
        ring = [move(point, (0, -1.9 * step**0.8)) for point in desk.seen(shrunk)]
        drawing.path(polygon(ring), shade(colour, -0.38 + 0.036 * step))
    drawing.path(
        polygon(ring), drawing.linear((0, shade(colour, 0.35)), (1, shade(colour, 0.02)), angle=80)
    )


def _noise(n: int, desk: Desk) -> list[Point]:
    """`n` places scattered over the pad, always the same (a low-discrepancy sequence)."""
    return [
        (((i * 0.7548776662) % 1 - 0.5) * desk.width, ((i * 0.5698402910) % 1 - 0.5) * desk.height)
        for i in range(1, n + 1)
    ]


def _plain(drawing: Drawing, desk: Desk, look: Look) -> None:
    weave = "".join(
        polyline(
            desk.seen(
                [(-desk.width / 2, y * desk.height / 60), (desk.width / 2, y * desk.height / 60)]
            )
        )
        for y in range(-30, 31)
    )
    drawing.line(weave, shade(look["colour"], 0.5), 0.7, opacity=0.13)


def _edge(drawing: Drawing, desk: Desk, look: Look) -> None:
    _plain(drawing, desk, look)
    seam = polygon(desk.seen(_outline(desk, desk.width * 0.01)))
    drawing.line(seam, look["accent"], 5, opacity=0.5)
    drawing.line(seam, look["accent"], 5, stroke_dasharray="3 2.4", stroke_linecap="butt")
    for i in range(3):
        bolt = desk.seen(
            [(-33 + 3 * i, 10), (-31 + 3 * i, 10), (-33.5 + 3 * i, 3), (-35.5 + 3 * i, 3)]
        )
        drawing.path(polygon(bolt), look["accent"])


def _felt(drawing: Drawing, desk: Desk, look: Look) -> None:
    for group in range(4):
        hairs = []
        for i, (x, y) in enumerate(_noise(900, desk)):
            if i % 4 == group:
                a = i * 2.4
                hairs.append(
                    polyline(desk.seen([(x, y), (x + 0.45 * math.cos(a), y + 0.45 * math.sin(a))]))
                )
        drawing.line(
            "".join(hairs),
            shade(look["colour"], (0.35, -0.3, 0.18, -0.18)[group]),
            0.9,
            opacity=0.55,
        )
    tab = [
        (desk.width / 2 - 3.4, -7),
        (desk.width / 2, -7),
        (desk.width / 2, -9.5),
        (desk.width / 2 - 3.4, -9.5),
    ]
    drawing.path(polygon(desk.seen(tab)), look["accent"])


def _leaves(drawing: Drawing, desk: Desk, look: Look) -> None:
    greens = (look["accent"], shade(look["accent"], 0.3), shade(look["accent"], -0.3), "#8fb573")
    for i, (x, y) in enumerate(_noise(26, desk)):
        _leaf(drawing, desk, (1.1 * x, 1.1 * y), i * 2.3, 4.6 + i % 3, greens[i % 4])


def _leaf(drawing: Drawing, desk: Desk, at: Point, angle: float, size: float, colour: str) -> None:
    side = [
        (size * t, 0.36 * size * math.sin(math.pi * t) * (1 - 0.45 * t))
        for t in (i / 12 for i in range(13))
    ]
    blade = [*side, *((x, -y) for x, y in reversed(side))]
    turned = rotated(blade, (0, 0), math.degrees(angle))
    drawing.path(polygon(desk.seen([move(at, point) for point in turned])), colour)
    for t in (0.25, 0.42, 0.58, 0.74):
        for sign in (-1, 1):
            vein = [(size * t, 0), (size * (t + 0.14), sign * 0.26 * size * (1 - 0.6 * t))]
            drawing.line(
                polyline(
                    desk.seen(
                        [move(at, point) for point in rotated(vein, (0, 0), math.degrees(angle))]
                    )
                ),
                shade(colour, 0.35),
                0.9,
                opacity=0.8,
            )
    rib = rotated([(-0.2 * size, 0), (0.95 * size, 0)], (0, 0), math.degrees(angle))
    drawing.line(polyline(desk.seen([move(at, point) for point in rib])), shade(colour, 0.4), 1.4)


def _glow(drawing: Drawing, desk: Desk, look: Look) -> None:
    rainbow = ("#ff3b6b", "#ffb03b", "#6bff5b", "#37d6ff", "#6a5bff", "#ff4bd8", "#ff3b6b")
    stops = [(i / 6, colour) for i, colour in enumerate(rainbow)]
    light = drawing.linear(*stops, extent=((40, 200), (440, 330)))
    rim = polygon(desk.seen(_outline(desk, 0.35)))
    drawing.line(rim, light, 26, opacity=0.5, filter=drawing.blur(9))
    drawing.line(rim, light, 7)
    for ring in range(1, 4):
        drawing.line(
            polygon(desk.seen(arc_points((-5, 1), 2.2 * ring, 2.2 * ring, 0, 360, 6))),
            look["accent"],
            1.2,
            opacity=0.6 / ring,
        )


def _leather(drawing: Drawing, desk: Desk, look: Look) -> None:
    dots = [polyline(desk.seen([(x, y), (x + 0.5, y + 0.1)])) for x, y in _noise(1100, desk)]
    drawing.line("".join(dots), shade(look["colour"], -0.35), 1.1, opacity=0.35)
    drawing.line(
        polygon(desk.seen(_outline(desk, 1.6))),
        shade(look["colour"], 0.5),
        1.6,
        stroke_dasharray="5 4",
    )
    x, y = desk.width / 2, desk.height / 2
    fold = desk.seen([(x, y - 13), (x - 17, y), (x - 14, y - 11)])
    drawing.path(
        polygon([move(p, (3, 6)) for p in fold]), "#000000", opacity=0.35, filter=drawing.blur(4)
    )
    drawing.path(polygon(desk.seen([(x, y - 13), (x - 17, y), (x, y)])), "#ffffff")
    drawing.path(
        polygon(fold),
        drawing.linear((0, shade(look["accent"], 0.3)), (1, shade(look["accent"], -0.2)), angle=60),
    )


def _marble(drawing: Drawing, desk: Desk, look: Look) -> None:
    for i in range(7):
        start, slope = -14 + 4.6 * i, 0.5 + 0.12 * (i % 3)
        vein = [
            (start + slope * y + 1.6 * math.sin(0.5 * y + 2 * i) + 0.8 * math.sin(1.7 * y + i), y)
            for y in (j / 2 - 12 for j in range(49))
        ]
        drawing.line(polyline(desk.seen(vein)), "#b9bcc2", 9, opacity=0.28, filter=drawing.blur(3))
        drawing.line(
            polyline(desk.seen(vein)),
            look["accent"] if i % 2 else "#9da1a8",
            2.2 if i % 2 else 1.2,
            opacity=0.9,
        )
    drawing.line(
        polygon(desk.seen(_outline(desk, 0.25))),
        look["accent"],
        4,
        stroke_dasharray="4 2",
        stroke_linecap="butt",
    )


def _metal(drawing: Drawing, desk: Desk, look: Look) -> None:
    lines = [
        polyline(desk.seen([(-desk.width / 2, y), (desk.width / 2, y)]))
        for y in (j * desk.height / 180 for j in range(-90, 91))
    ]
    drawing.line("".join(lines[::2]), "#ffffff", 0.8, opacity=0.35)
    drawing.line("".join(lines[1::3]), "#6d737c", 0.7, opacity=0.35)
    shine = drawing.linear(
        (0, "#ffffff", 0),
        (0.4, "#ffffff", 0.7),
        (0.5, "#ffffff", 0.1),
        (0.75, "#ffffff", 0.4),
        (1, "#ffffff", 0),
        angle=20,
    )
    drawing.path(polygon(desk.seen(_outline(desk))), shine)
    drawing.line(polygon(desk.seen(_outline(desk, 0.12))), "#ffffff", 2, opacity=0.9)


def _topo(drawing: Drawing, desk: Desk, look: Look) -> None:
    for peak, (cx, cy, n) in enumerate(((-20, 5, 13), (24, -9, 11), (2, 16, 5))):
        for ring in range(1, n):
            contour = []
            for x, y in arc_points((0, 0), 2.3 * ring, 1.7 * ring, 0, 360, 60):
                a = math.atan2(y, x)
                swell = (
                    1
                    + 0.16 * math.sin(3 * a + peak + 0.25 * ring)
                    + 0.08 * math.sin(5 * a - 0.3 * ring)
                )
                contour.append((cx + x * swell, cy + y * swell))
            width = 2 if ring % 4 == 0 else 1
            drawing.line(
                polygon(desk.seen(contour)), look["accent"], width, opacity=0.75 - 0.03 * ring
            )


def _paw(drawing: Drawing, desk: Desk, look: Look) -> None:
    pad = shade(look["accent"], 0.1)
    toes = ((-8.6, 3.6, 2.1), (-5.4, 6.7, 2.2), (-1.6, 6.7, 2.2), (1.6, 3.6, 2.1))
    for x, y, size in toes:
        drawing.path(polygon(desk.seen(arc_points((x, y), size, 1.2 * size, 0, 360, 30))), pad)
    heel = [
        (-8, -1.8),
        (-5.6, 2.8),
        (-1.4, 2.8),
        (1, -1.8),
        (-0.8, -4.2),
        (-3.5, -3.2),
        (-6.2, -4.2),
    ]
    drawing.path(polygon(desk.seen(soften(heel, 4))), pad)
    drawing.line(polygon(desk.seen(_outline(desk, 0.5))), mix(look["colour"], "#ffffff", 0.6), 2.5)


def _glass(drawing: Drawing, desk: Desk, look: Look) -> None:
    sky = drawing.linear(
        (0, "#ffffff", 0.9), (0.5, look["accent"], 0.25), (1, "#ffffff", 0.6), angle=30
    )
    drawing.path(polygon(desk.seen(_outline(desk))), sky)
    for x, width in ((-11, 4), (-5.5, 1.6), (7, 2.4)):
        band = [(x, 12), (x + width, 12), (x + width - 8, -12), (x - 8, -12)]
        drawing.path(polygon(desk.seen(band)), "#ffffff", opacity=0.65)
    drawing.line(polygon(desk.seen(_outline(desk, 0.15))), "#7fc3da", 2.4, opacity=0.9)


PATTERNS: dict[str, Callable[[Drawing, Desk, Look], None]] = {
    "plain": _plain,
    "edge": _edge,
    "felt": _felt,
    "leaves": _leaves,
    "glow": _glow,
    "leather": _leather,
    "marble": _marble,
    "metal": _metal,
    "topo": _topo,
    "paw": _paw,
    "glass": _glass,
}
