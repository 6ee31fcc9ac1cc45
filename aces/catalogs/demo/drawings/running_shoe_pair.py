"""Draws a pair of running shoes: one seen from above, one turned over."""

from collections.abc import Callable, Mapping
from typing import Any

from aces.catalogs.demo.drawings.lettering import write
from aces.catalogs.demo.drawings.running_shoe_cloth import flecks
from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    ink_on,
    is_bright,
    number,
    placed,
    polygon,
    polyline,
    shade,
)

Look = Mapping[str, Any]

STATIONS = (
    (0, 0, 0),
    (6, 22, 24),
    (20, 42, 46),
    (48, 58, 60),
    (90, 66, 66),
    (130, 64, 62),
    (180, 50, 54),
    (230, 42, 50),
    (280, 44, 52),
    (320, 48, 52),
    (352, 44, 46),
    (376, 28, 30),
    (386, 0, 0),
)
"""Outline of a sole: y from the toe down, then how far it reaches to either side."""
TONGUE: list[Point] = [(0, 78), (17, 96), (20, 150), (21, 206), (14, 232)]
TONGUE += [(0, 238), (-14, 232), (-21, 206), (-20, 150), (-17, 96)]


def draw_pair(drawing: Drawing, look: Look, brand: str) -> None:
    """Adds the pair: left the sole, right the shoe as its wearer sees it."""
    for x, turn in ((146, -7), (336, 6)):
        place = f"translate({x} 46) rotate({turn} 0 190) scale({look.get('breadth', 1)} 1)"
        drawing.open_group(transform=place)
        drawing.path(
            _outline(1.04),
            "#14161c",
            opacity=0.34,
            transform="translate(6 10)",
            filter=drawing.blur(9),
        )
        (_sole if turn < 0 else _top)(drawing, look, brand)
        drawing.close_group()


def _outline(scale: float, inset: float = 0) -> str:
    """The foot's outline about the middle of the sole, as a smooth closed path."""
    points = []
    for side, stations in ((1, STATIONS), (-1, STATIONS[-2:0:-1])):
        for y, left, right in stations:
            reach = max(0.0, (right if side > 0 else left) * scale - inset)
            points.append((side * reach, 193 + (y - 193) * scale * (1 - inset / 200)))
    return _smooth(points)


def _smooth(points: list[Point]) -> str:
    """The closed Catmull-Rom curve through the points."""
    n, parts = len(points), [f"M{number(points[0][0])},{number(points[0][1])}"]
    for i in range(n):
        a, b, c, d = (points[(i + k) % n] for k in (-1, 0, 1, 2))
        one = b[0] + (c[0] - a[0]) / 6, b[1] + (c[1] - a[1]) / 6
        two = c[0] - (d[0] - b[0]) / 6, c[1] - (d[1] - b[1]) / 6
        parts.append("C" + " ".join(f"{number(x)},{number(y)}" for x, y in (one, two, c)))
    return "".join(parts) + "Z"


def _sole(drawing: Drawing, look: Look, brand: str) -> None:
    foam, rubber = look["foam"], look["sole"]
    edge = drawing.linear((0, shade(foam, 0.15)), (0.5, foam), (1, shade(foam, -0.3)))
    drawing.path(_outline(1.0), edge)
    inner = _outline(1.0, 5)
    ground = shade(foam, -0.12) if look["tread"] == "pods" else shade(rubber, -0.12)
    drawing.path(inner, ground)
    drawing.open_group(clip_path=drawing.clip(inner))
    TREADS[look["tread"]](drawing, look)
    sheen = drawing.linear((0, "#ffffff", 0.2), (0.4, "#ffffff", 0), (1, "#000000", 0.34), angle=20)
    drawing.rect(-80, -10, 160, 410, sheen)
    drawing.close_group()
    drawing.path(inner, stroke=shade(rubber, -0.5), stroke_width=1, opacity=0.5)
    _stamp(drawing, look, brand)


def _stamp(drawing: Drawing, look: Look, brand: str) -> None:
    """The name in the arch."""
    drawing.rect(-13, 166, 26, 84, look["accent"], 12)
    drawing.rect(-13, 166, 26, 84, drawing.linear((0, "#ffffff", 0.25), (1, "#000000", 0.2)), 12)
    size = min(9.0, 62 / len(brand))
    spin = "rotate(90 0 208)"
    write(drawing, brand, (0, 208), size, ink_on(look["accent"]), 0.16, transform=spin)


def _block(drawing: Drawing, outline: str, colour: str) -> None:
    """A raised piece of rubber."""
    drawing.path(outline, "#000000", opacity=0.35, transform="translate(1.5 2.5)")
    drawing.path(
        outline, drawing.linear((0, shade(colour, 0.22)), (1, shade(colour, -0.1)), angle=60)
    )


def _pods(drawing: Drawing, look: Look) -> None:
    """Islands of rubber where a road shoe wears, bare foam between."""
    for row, y in enumerate((8, 40, 72, 104, 136)):
        for x in (-70, -19, 24):
            width = 46 if x != -19 else 38
            tilt = -6 if x < 0 else 5
            corners = [(x, y), (x + width, y + tilt), (x + width, y + tilt + 25), (x, y + 25)]
            _block(drawing, polygon(corners), look["sole"] if row != 2 else look["accent"])
    for y in (266, 298, 330, 360):
        for x in (-62, 10):
            _block(
                drawing, polygon([(x, y), (x + 46, y), (x + 46, y + 24), (x, y + 24)]), look["sole"]
            )


def _lugs(drawing: Drawing, look: Look) -> None:
    """Deep chevrons that bite forward in front and backward at the heel."""
    for row in range(15):
        y = 6 + 26 * row
        up = 9 if row < 8 else -9
        for x in (-56, -26, 6, 36) if row % 2 else (-70, -40, -10, 20, 50):
            corners = [
                (x, y),
                (x + 11, y - up),
                (x + 22, y),
                (x + 22, y + 12),
                (x + 11, y + 12 - up),
                (x, y + 12),
            ]
            _block(drawing, polygon(corners), look["sole"] if row % 4 else look["accent"])


def _waffle(drawing: Drawing, look: Look) -> None:
    for row in range(26):
        for column in range(10):
            x, y = -76 + 15.5 * column + 7.7 * (row % 2), 4 + 15 * row
            _block(drawing, polygon([(x, y - 5), (x + 5, y), (x, y + 5), (x - 5, y)]), look["sole"])


def _herringbone(drawing: Drawing, look: Look) -> None:
    for row in range(44):
        y = -6 + 9.4 * row
        zigzag = "".join("l11,7l11,-7" for _ in range(8))
        drawing.line(f"M-84,{number(y + 2)}{zigzag}", "#000000", 4.4, opacity=0.35)
        drawing.line(f"M-84,{number(y)}{zigzag}", shade(look["sole"], 0.16), 3.8)


TREADS: dict[str, Callable[[Drawing, Look], None]] = {
    "pods": _pods,
    "lugs": _lugs,
    "waffle": _waffle,
    "herringbone": _herringbone,
}


def _top(drawing: Drawing, look: Look, brand: str) -> None:
    foam, upper = look["foam"], look["upper"]
    wide = 1.03 if look["form"] in ("max", "racer") else 1.0
    drawing.path(
        _outline(wide), drawing.linear((0, shade(foam, 0.2)), (0.6, foam), (1, shade(foam, -0.3)))
    )
    shape = _outline(1.0, 5 if wide == 1.0 else 8)
    drawing.path(shape, "#000000", opacity=0.35, filter=drawing.blur(3))
    drawing.path(shape, upper)
    drawing.open_group(clip_path=drawing.clip(shape))
    _cloth(drawing, upper)
    if look.get("glow"):
        drawing.open_group(transform="translate(-160 -90) scale(0.66 1.1)")
        flecks(drawing, look["glow"])
        drawing.close_group()
    _guards(drawing, look)
    dark = 0.7 if is_bright(upper) else 1.0
    round_ = drawing.linear(
        (0, "#000000", 0.42 * dark),
        (0.22, "#000000", 0.04),
        (0.42, "#ffffff", 0.22),
        (0.7, "#000000", 0.05),
        (1, "#000000", 0.5 * dark),
        extent=((-66, 0), (66, 0)),
    )
    drawing.rect(-80, -10, 160, 410, round_)
    drawing.ellipse((-8, 44), 34, 26, drawing.radial((0, "#ffffff", 0.3), (1, "#ffffff", 0)))
    drawing.close_group()
    _opening(drawing, look, brand)
    _tongue(drawing, look, brand)


def _cloth(drawing: Drawing, colour: str) -> None:
    holes = shade(colour, -0.32) if is_bright(colour) else shade(colour, 0.2)
    for row in range(100):
        start = -80 + 2.4 * (row % 2)
        drawing.line(
            f"M{start},{3.8 * row}H80", holes, 1.5, stroke_dasharray="0.1 4.8", opacity=0.5
        )


def _guards(drawing: Drawing, look: Look) -> None:
    """Toe guard and heel counter."""
    toe = "M-80,-10H80V92C52,50 30,36 0,36C-30,36 -52,50 -80,92Z"
    heel = "M-80,400V262C-44,270 -38,300 -34,330L-30,372H30L34,330C38,300 44,270 80,262V400Z"
    for part in (toe, heel):
        drawing.path(part, look["overlay"])
        drawing.path(part, stroke=shade(look["overlay"], -0.35), stroke_width=1, opacity=0.5)


def _opening(drawing: Drawing, look: Look, brand: str) -> None:
    lining = look["lining"]
    rim = _smooth(
        [
            (0, 196),
            (26, 214),
            (32, 262),
            (31, 318),
            (22, 358),
            (0, 368),
            (-22, 358),
            (-29, 318),
            (-28, 262),
            (-24, 214),
        ]
    )
    drawing.path(rim, shade(lining, -0.05), stroke=shade(lining, 0.2), stroke_width=7)
    drawing.path(
        rim,
        drawing.linear(
            (0, "#000000", 0.6), (0.35, "#000000", 0.25), (1, "#000000", 0.12), angle=90
        ),
    )
    sock = _smooth(
        [(0, 236), (16, 262), (21, 310), (15, 346), (0, 354), (-14, 346), (-19, 310), (-15, 262)]
    )
    bed = look["accent"]
    drawing.path(
        sock, drawing.linear((0, shade(bed, -0.55)), (0.5, shade(bed, -0.12)), (1, bed), angle=90)
    )
    size = min(6.5, 28 / len(brand))
    write(drawing, brand, (0, 322), size, ink_on(bed), 0.16)


def _tongue(drawing: Drawing, look: Look, brand: str) -> None:
    if look["closure"] == "sock":
        _ribs(drawing, look)
        return
    shape = _smooth(TONGUE)
    drawing.path(shape, "#000000", opacity=0.4, filter=drawing.blur(3))
    cloth = shade(look["upper"], -0.12)
    stops = (0, shade(cloth, -0.2)), (0.45, shade(cloth, 0.12)), (1, shade(cloth, -0.3))
    drawing.path(shape, drawing.linear(*stops))
    write(drawing, brand, (0, 222), min(5.0, 24 / len(brand)), ink_on(cloth), 0.16)
    _lacing(drawing, look)


def _ribs(drawing: Drawing, look: Look) -> None:
    """The stretch collar of a shoe without laces."""
    for i in range(9):
        y = 196 - 8 * i
        rib = placed("M -26 14 C -20 -2 20 -2 26 14", (0, y), 1 - 0.03 * i)
        drawing.line(rib, "#000000", 3, opacity=number(0.3 - 0.025 * i))
        drawing.line(rib, "#ffffff", 1, opacity=0.12, transform="translate(0 2)")


def _lacing(drawing: Drawing, look: Look) -> None:
    lace = look["lace"]
    for side in (-1, 1):
        stay = [
            (side * 16, 82),
            (side * 20, 140),
            (side * 21, 206),
            (side * 37, 210),
            (side * 35, 140),
            (side * 28, 86),
        ]
        drawing.path(
            polygon(stay),
            look["overlay"],
            stroke=look["overlay"],
            stroke_width=5,
            stroke_linejoin="round",
        )
    for i in range(6):
        y = 96 + 20 * i
        ends = [(-27, y + (4 if i % 2 else 0)), (0, y - 4), (27, y + (0 if i % 2 else 4))]
        drawing.line(polyline(ends), "#000000", 8, opacity=0.3, transform="translate(0.5 2.5)")
        drawing.line(polyline(ends), shade(lace, -0.2), 7)
        drawing.line(polyline(ends), lace, 4.8)
        for x in (-27, 27):
            drawing.ellipse((x, y + 2), 3, 3, shade(look["overlay"], -0.55))
    _bow(drawing, look)


def _bow(drawing: Drawing, look: Look) -> None:
    if look["closure"] == "toggle":
        drawing.rect(-9, 206, 18, 20, drawing.linear((0, "#5a5d63"), (1, "#1f2023"), angle=80), 5)
        drawing.ellipse((0, 216), 3.6, 3.6, look["accent"])
        return
    lace = look["lace"]
    for side in (-1, 1):
        near, far = 20 * side, 41 * side
        curve = f"M 0 4 C {near} -10 {far} -3 {far} 15 C {far} 27 {near} 14 0 6"
        loop = placed(curve, (0, 200), 1)
        drawing.line(loop, "#000000", 5.6, opacity=0.25, transform="translate(1 3)")
        drawing.line(loop, shade(lace, -0.22), 5)
        drawing.line(loop, lace, 3.4)
    drawing.ellipse((0, 205), 6, 5, drawing.radial((0, shade(lace, 0.2)), (1, shade(lace, -0.3))))
