"""What is printed or woven on the mouse pads, drawn on the desk top as the camera sees it."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from aces.catalogs.demo.drawings.lettering import write
from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    arc_points,
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
    tilt: float = 0.64
    """Height over width of a small square: 1 as seen from above."""
    near: float = 0.34
    """How much smaller the far side appears."""

    @property
    def unit(self) -> float:
        """Pixels per centimetre at the pad's middle."""
        return self.span / self.width

    @property
    def rise(self) -> float:
        """How far up the picture a thing's height takes it: 1 at the usual tilt."""
        return math.sqrt((1 - self.tilt**2) / (1 - 0.64**2))

    def see(self, x: float, y: float) -> Point:
        """Returns where a point appears, in pixels; y grows away from the camera."""
        [(x, y)] = rotated([(x, y)], (0, 0), self.angle)
        scale = self.unit / (1 + self.near * y / self.width)
        return self.middle[0] + x * scale, self.middle[1] - self.tilt * y * scale

    def seen(self, points: Sequence[Point]) -> list[Point]:
        """Returns where the points appear."""
        return [self.see(x, y) for x, y in points]


def edge(desk: Desk, inset: float = 0) -> list[Point]:
    """The pad's edge in centimetres."""
    x, y = desk.width / 2 - desk.corner, desk.height / 2 - desk.corner
    radius = desk.corner - inset
    corners = ((x, y, 0), (-x, y, 90), (-x, -y, 180), (x, -y, 270))
    return [
        point
        for cx, cy, start in corners
        for point in arc_points((cx, cy), radius, radius, start, start + 90, 18)
    ]


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
    seam = polygon(desk.seen(edge(desk, desk.width * 0.01)))
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
    rim = polygon(desk.seen(edge(desk, 0.35)))
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
        polygon(desk.seen(edge(desk, 1.6))),
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
        polygon(desk.seen(edge(desk, 0.25))),
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
    drawing.path(polygon(desk.seen(edge(desk))), shine)
    drawing.line(polygon(desk.seen(edge(desk, 0.12))), "#ffffff", 2, opacity=0.9)


def _topo(drawing: Drawing, desk: Desk, look: Look) -> None:
    size = desk.width / 80
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
                contour.append((size * (cx + x * swell), size * (cy + y * swell)))
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
    drawing.line(polygon(desk.seen(edge(desk, 0.5))), mix(look["colour"], "#ffffff", 0.6), 2.5)


def _glass(drawing: Drawing, desk: Desk, look: Look) -> None:
    sky = drawing.linear(
        (0, "#ffffff", 0.9), (0.5, look["accent"], 0.25), (1, "#ffffff", 0.6), angle=30
    )
    drawing.path(polygon(desk.seen(edge(desk))), sky)
    for x, width in ((-11, 4), (-5.5, 1.6), (7, 2.4)):
        band = [(x, 12), (x + width, 12), (x + width - 8, -12), (x - 8, -12)]
        drawing.path(polygon(desk.seen(band)), "#ffffff", opacity=0.65)
    drawing.line(polygon(desk.seen(edge(desk, 0.15))), "#7fc3da", 2.4, opacity=0.9)


def _planner(drawing: Drawing, desk: Desk, look: Look) -> None:
    """Seven days, and a corner for notes under the mouse."""
    w, h, ink = desk.width, desk.height, look["accent"]
    head = [(-0.5 * w, 0.5 * h), (0.5 * w, 0.5 * h), (0.5 * w, 0.39 * h), (-0.5 * w, 0.39 * h)]
    drawing.path(polygon(desk.seen(head)), ink, opacity=0.9)
    _label(drawing, desk, "WEEK", (-0.4 * w, 0.44 * h), 9, "#ffffff")
    names = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
    for day, name in enumerate(names):
        x, y = (-0.47 + 0.145 * (day % 4)) * w, (0.35 - 0.36 * (day // 4)) * h
        box = [(x, y), (x + 0.13 * w, y), (x + 0.13 * w, y - 0.32 * h), (x, y - 0.32 * h)]
        drawing.path(polygon(desk.seen(box)), "#ffffff", opacity=0.6)
        drawing.line(polygon(desk.seen(box)), ink, 1)
        _label(drawing, desk, name, (x + 0.065 * w, y - 0.035 * h), 5, shade(ink, -0.2))
        rules = ([(x, y - s * h), (x + 0.13 * w, y - s * h)] for s in (0.07, 0.13, 0.19, 0.25))
        drawing.line("".join(polyline(desk.seen(rule)) for rule in rules), ink, 0.6, opacity=0.5)
    for row in range(12):
        y = (-0.03 - 0.028 * row) * h
        tick = arc_points((-0.02 * w, y), 0.14, 0.14, 0, 360, 12)
        drawing.line(polygon(desk.seen(tick)), ink, 1)
        drawing.line(polyline(desk.seen([(0, y), (0.12 * w, y)])), ink, 0.7, opacity=0.6)


def _label(drawing: Drawing, desk: Desk, text: str, at: Point, height: float, colour: str) -> None:
    x, y = desk.see(*at)
    spin = f"rotate({number(-0.7 * desk.angle)} {number(x)} {number(y)})"
    write(drawing, text, (x, y), height, colour, 0.15, transform=spin)


def _cork(drawing: Drawing, desk: Desk, look: Look) -> None:
    tones = (shade(look["accent"], -0.15), shade(look["colour"], -0.25), shade(look["colour"], 0.3))
    for group, tone in enumerate(tones):
        flakes = []
        for i in range(1200):
            if i % 3 == group:
                x = ((i * i * 0.7548776662) % 1 - 0.5) * desk.width
                y = ((i * i * 0.5698402910) % 1 - 0.5) * desk.height
                size = 0.1 + 0.07 * (i * 7 % 5)
                flake = arc_points((x, y), size, 0.7 * size, i * 37, i * 37 + 360, 4 + i % 3)
                flakes.append(polygon(desk.seen(flake)))
        drawing.path("".join(flakes), tone, opacity=0.35 if group else 0.6)


def _charge(drawing: Drawing, desk: Desk, look: Look) -> None:
    """Grain and seam, a fold, and a telephone on the coil."""
    dots = [polyline(desk.seen([(x, y), (x + 0.25, y + 0.05)])) for x, y in _noise(1500, desk)]
    drawing.line("".join(dots), shade(look["colour"], -0.35), 0.9, opacity=0.3)
    seam = shade(look["colour"], 0.45)
    drawing.line(polygon(desk.seen(edge(desk, 0.5))), seam, 1.3, stroke_dasharray="4 3")
    x, y = -0.3 * desk.width, 0.04 * desk.height
    fold = desk.seen([(-0.1 * desk.width, 20), (-0.1 * desk.width, -20)])
    drawing.line(polyline(fold), shade(look["colour"], -0.4), 2, opacity=0.7)
    drawing.line(polygon(desk.seen(arc_points((x, y), 4.2, 4.2, 0, 360, 60))), look["accent"], 2)
    light = desk.see(x + 4.6, 0.38 * desk.height)
    drawing.ellipse(light, 8, 5, "#4aa8ff", opacity=0.5, filter=drawing.blur(2.5))
    drawing.ellipse(light, 2.6, 1.8, "#bfe2ff")
    _telephone(drawing, desk, (x, y))


def _telephone(drawing: Drawing, desk: Desk, at: Point) -> None:
    """A telephone of 7 by 14.6 cm, its screen showing that it charges."""
    body = edge(Desk(7, 14.6, 1.1, 0, (0, 0), 7))
    top = [move(point, (0, -5 * desk.rise)) for point in desk.seen([move(at, p) for p in body])]
    shade_below = polygon([move(point, (4, 8)) for point in top])
    drawing.path(shade_below, "#000000", opacity=0.45, filter=drawing.blur(4))
    for step in range(round(5 * desk.rise), 0, -1):
        drawing.path(polygon([move(point, (0, step)) for point in top]), "#8c929b")
    drawing.path(polygon(top), "#14161a", stroke="#5b6068", stroke_width=1)
    [middle] = [move(point, (0, -5 * desk.rise)) for point in desk.seen([at])]
    rx, ry = 1.9 * desk.unit, 1.9 * desk.unit * desk.tilt
    drawing.ellipse(middle, rx, ry, "none", stroke="#3ddc84", stroke_width=3)
    bolt = ((2, -11), (-6, 2), (-1, 2), (-2, 11), (6, -2), (1, -2))
    drawing.path(polygon(move(middle, (x, y * desk.tilt)) for x, y in bolt), "#3ddc84")


def _waves(drawing: Drawing, desk: Desk, look: Look) -> None:
    """Seigaiha: scales of circles, each row laid over the one behind."""
    radius = desk.width / 16
    rows = math.ceil(desk.height / radius) + 2
    for row in range(rows, -rows, -1):
        for column in range(-9, 10):
            x, y = (2 * column + row % 2) * radius, row * radius / 2
            if abs(y) < desk.height / 2 + radius:
                _scale(drawing, desk, look, (x, y), radius)


def _scale(drawing: Drawing, desk: Desk, look: Look, at: Point, radius: float) -> None:
    tone = mix(look["colour"], "#000000", 0.18)
    arcs = [arc_points(at, share * radius, share * radius, 0, 180, 20) for share in (1, 0.7, 0.4)]
    fill = drawing.linear((0, look["colour"]), (1, tone), angle=90)
    drawing.path(polygon(desk.seen(arcs[0])), fill, stroke=look["accent"], stroke_width=1.7)
    inner = "".join(polyline(desk.seen(arc)) for arc in arcs[1:])
    drawing.line(inner, look["accent"], 1.1, opacity=0.85)


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
    "planner": _planner,
    "cork": _cork,
    "charge": _charge,
    "waves": _waves,
}
