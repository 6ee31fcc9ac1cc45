"""Draws washing machines from the front and a little above: closed, and open in a laundry room."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from aces.catalogs.demo.drawings.laundry_room import basket, room, towel
from aces.catalogs.demo.drawings.lettering import write
from aces.catalogs.demo.drawings.porthole import metal, porthole
from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    arc_points,
    ink_on,
    is_bright,
    mix,
    move,
    number,
    on_circle,
    placed,
    polygon,
    polyline,
    rounded,
    shade,
    soften,
)

Look = Mapping[str, Any]

VIEWS = ("front", "open")
"""Closed in the studio; open at home, with laundry in it."""

STEEL = "#c3c9d0"


class Cabinet(NamedTuple):
    """The front side of a box in pixels, and how far it goes back."""

    x: float
    y: float
    width: float
    height: float
    depth: Point

    def front(self, across: float, down: float) -> Point:
        """Returns a point of the front, from shares of its width and height."""
        return self.x + across * self.width, self.y + down * self.height

    def top(self, across: float, back: float) -> Point:
        """Returns a point of the top, from shares of its width and depth."""
        return move(self.front(across, 0), self.depth, back)


def draw(look: Look, brand: str, view: str = "front") -> str:
    """Returns the SVG of a washing machine.

    Args:
        look: `form` (front, combo, retro, coin, console, top, twin, tub), colours `body`, `panel`
            (controls), `ring` (door) and `tint` (glass or lid); `size` compact or slim, `pedestal`,
            `hinge` right, `agitator`, `dial` middle or not;
            where it stands: `wall`, `floor`, `backdrop`, `linen`.
        brand: Printed on its controls.
        view: One of `VIEWS`.
    """
    drawing, is_open = Drawing(), view == "open"
    if is_open:
        room(drawing, look["wall"], look.get("floor", "#b98d63"), look.get("backdrop", "shelf"))
    FORMS[look["form"]](drawing, look, brand, is_open)
    if is_open:
        basket(drawing, (402, 452), look.get("linen", "#e9c46a"))
    return drawing.svg()


# Cabinets


def _box(drawing: Drawing, cabinet: Cabinet, colour: str, radius: float = 9) -> None:
    """The sheet-metal body on its feet."""
    x, y, width, height, depth = cabinet
    floor = y + height + 7
    drawing.shadow((x + width / 2 + 26, floor - 2), width * 0.56, 10, opacity=0.45, blur=6)
    drawing.shadow((x + width / 2 + 34, floor + 2), width * 0.7, 20, opacity=0.16, blur=15)
    for across in (0.09, 0.91):
        drawing.rect(cabinet.front(across, 1)[0] - 11, y + height - 3, 22, 10, "#26282c", 3)
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    face = drawing.linear(
        (0, shade(colour, 0.14)),
        (0.45, colour),
        (1, shade(colour, -0.13)),
        angle=62,
    )
    drawing.extrude(soften(corners, radius), colour, depth, face)
    edge = soften(corners, radius)
    drawing.line(polygon(edge), shade(colour, -0.22), 1, opacity=0.6)
    drawing.line(polyline([(x + 5, y + 12), (x + 5, y + height - 12)]), "#ffffff", 2, opacity=0.35)


def _pedestal(drawing: Drawing, cabinet: Cabinet, look: Look) -> None:
    """A drawer underneath; a second, small washer where it has a display."""
    body = look["body"]
    _box(drawing, cabinet, body, 6)
    x, y, width, height, _ = cabinet
    drawing.rect(x + 9, y + 9, width - 18, height - 18, shade(body, 0.05), 6)
    drawing.line(rounded(x + 9, y + 9, width - 18, height - 18, 6), shade(body, -0.28), 1.2)
    drawing.rect(x + width * 0.3, y + height * 0.28, width * 0.4, 9, metal(drawing, STEEL), 4)
    if look["pedestal"] == "washer":
        _display(drawing, (x + width * 0.5, y + height * 0.66), 62, 16, "0:28")


def _seam(drawing: Drawing, cabinet: Cabinet, down: float, colour: str) -> None:
    ends = [cabinet.front(0.0, down), cabinet.front(1.0, down)]
    drawing.line(polyline(ends), shade(colour, -0.3), 1.2, opacity=0.8)
    drawing.line(polyline([move(end, (0, 1.6)) for end in ends]), "#ffffff", 1, opacity=0.4)


# Controls


def _display(drawing: Drawing, at: Point, width: float, height: float, text: str) -> None:
    x, y = at[0] - width / 2, at[1] - height / 2
    screen = drawing.linear((0, "#2a3038"), (0.5, "#0d1014"), (1, "#1a1e24"), angle=70)
    drawing.rect(x, y, width, height, screen, 3)
    write(drawing, text, at, height * 0.46, "#9fe3ff", 0.14)


def _dial(drawing: Drawing, at: Point, radius: float, colour: str, ticks: int = 14) -> None:
    ink = "#8b929b"
    for i in range(ticks):
        ends = [on_circle(at, radius * r, 135 + 270 * i / (ticks - 1)) for r in (1.2, 1.36)]
        drawing.line(polyline(ends), ink, 1.2)
    drawing.ellipse(move(at, (2, 3)), radius, radius, "#14161a", opacity=0.35)
    drawing.ellipse(at, radius, radius, metal(drawing, colour))
    drawing.ellipse(
        at,
        radius * 0.78,
        radius * 0.78,
        drawing.linear((0, shade(colour, 0.4)), (1, shade(colour, -0.18)), angle=60),
    )
    ends = [on_circle(at, radius * r, 300) for r in (0.35, 0.7)]
    drawing.line(polyline(ends), "#e2572b", 2.4)


def _buttons(drawing: Drawing, at: Point, n: int, step: float, colour: str) -> None:
    for i in range(n):
        spot = (at[0] + i * step, at[1])
        drawing.ellipse(spot, 4.6, 4.6, shade(colour, -0.25), opacity=0.8)
        drawing.ellipse(spot, 3.8, 3.8, shade(colour, 0.25))


def _fascia(drawing: Drawing, cabinet: Cabinet, look: Look, brand: str) -> None:
    """The strip of controls over a door: drawer, dial and display."""
    x, y, width, height, _ = cabinet
    panel, tall = look["panel"], height * 0.17
    paint = drawing.linear((0, shade(panel, 0.16)), (1, shade(panel, -0.12)), angle=80)
    drawing.path(polygon(soften(_corners(x + 1, y + 1, width - 2, tall), 7)), paint)
    _seam(drawing, cabinet, 0.174, look["body"])
    drawing.rect(x + 10, y + 10, width * 0.3, tall - 18, shade(panel, 0.06), 5)
    drawing.line(rounded(x + 10, y + 10, width * 0.3, tall - 18, 5), shade(panel, -0.32), 1.1)
    write(drawing, brand, (x + 10 + width * 0.15, y + tall * 0.5), 7.5, ink_on(panel), 0.15)
    middle, mid_y = look.get("dial") == "middle", y + tall * 0.52
    dial = STEEL if is_bright(panel) else "#8d949d"
    _dial(drawing, (x + width * (0.5 if middle else 0.47), mid_y), tall * 0.28, dial)
    _display(drawing, (x + width * 0.71, mid_y), width * 0.2, tall * 0.46, look.get("time", "1:08"))
    _buttons(drawing, (x + width * 0.87, mid_y), 2, 15, mix(panel, "#9aa1aa", 0.5))


def _corners(x: float, y: float, width: float, height: float) -> list[Point]:
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


# Front loaders

SIZES: Mapping[str, Cabinet] = {
    "full": Cabinet(100, 86, 246, 348, (56, -32)),
    "compact": Cabinet(116, 118, 222, 316, (52, -30)),
    "slim": Cabinet(122, 118, 222, 316, (26, -16)),
    "raised": Cabinet(124, 62, 202, 286, (48, -28)),
}


def _front_cabinet(drawing: Drawing, look: Look, is_open: bool, radius: float = 9) -> Cabinet:
    """Adds the body of a front loader, a drawer under it where it has one."""
    cabinet = SIZES["raised" if "pedestal" in look else look.get("size", "full")]
    if is_open:
        cabinet = cabinet._replace(x=cabinet.x + (24 if look.get("hinge") != "right" else -30))
    if "pedestal" in look:
        x, y, width, height, depth = cabinet
        _pedestal(drawing, Cabinet(x, y + height, width, 96, depth), look)
    _box(drawing, cabinet, look["body"], radius)
    return cabinet


def _front(drawing: Drawing, look: Look, brand: str, is_open: bool) -> None:
    cabinet = _front_cabinet(drawing, look, is_open)
    _fascia(drawing, cabinet, look, brand)
    _seam(drawing, cabinet, 0.93, look["body"])
    porthole(drawing, cabinet.front(0.5, 0.555), cabinet.width * 0.36, look, is_open)


def _combo(drawing: Drawing, look: Look, brand: str, is_open: bool) -> None:
    """A dark glass front, controls and all."""
    cabinet = _front_cabinet(drawing, look, is_open)
    x, y, width, height, _ = cabinet
    sheet = drawing.linear((0, "#30363d"), (0.4, "#14171b"), (1, "#23282e"), angle=65)
    drawing.rect(x + 8, y + 8, width - 16, height * 0.15, sheet, 8)
    _display(drawing, cabinet.front(0.7, 0.085), width * 0.36, height * 0.085, "WASH+DRY")
    write(drawing, brand, cabinet.front(0.28, 0.085), 11, "#dfe4ea", 0.14)
    _seam(drawing, cabinet, 0.93, look["body"])
    porthole(drawing, cabinet.front(0.5, 0.555), width * 0.39, look, is_open)


def _retro(drawing: Drawing, look: Look, brand: str, is_open: bool) -> None:
    """Round shoulders, a chrome band and two dials."""
    cabinet = _front_cabinet(drawing, look, is_open, 34)
    x, y, width, height, _ = cabinet
    _dial(drawing, cabinet.front(0.2, 0.11), 15, look["ring"])
    _dial(drawing, cabinet.front(0.8, 0.11), 15, look["ring"])
    write(drawing, brand, cabinet.front(0.5, 0.1), 13, ink_on(look["body"]), 0.17)
    drawing.rect(x, y + height * 0.2, width, 7, metal(drawing, look["ring"]))
    porthole(drawing, cabinet.front(0.5, 0.58), width * 0.33, look, is_open)
    drawing.rect(x + 10, y + height * 0.93, width - 20, 5, metal(drawing, look["ring"]), 2)


def _coin(drawing: Drawing, look: Look, brand: str, is_open: bool) -> None:
    """A stainless machine of the laundromat."""
    cabinet = _front_cabinet(drawing, look, is_open, 4)
    x, y, width, height, _ = cabinet
    for i in range(60):
        row = y + 6 + i * (height - 12) / 59
        grain = polyline([(x + 6, row), (x + width - 6, row)])
        drawing.line(grain, "#ffffff" if i % 3 else "#6b727b", 0.8, opacity=0.16)
    drawing.rect(x + 10, y + 10, width - 20, height * 0.14, look["panel"], 4)
    write(drawing, brand, cabinet.front(0.3, 0.098), 13, "#f1f3f5", 0.15)
    _display(drawing, cabinet.front(0.66, 0.098), 48, 22, "24")
    drawing.rect(x + width * 0.82, y + 20, 18, 32, metal(drawing, STEEL), 3)
    drawing.line(
        polyline([cabinet.front(0.857, 0.08), cabinet.front(0.857, 0.125)]), "#22252a", 2.5
    )
    for across, down in ((0.06, 0.22), (0.94, 0.22), (0.06, 0.95), (0.94, 0.95)):
        drawing.ellipse(cabinet.front(across, down), 3.5, 3.5, metal(drawing, STEEL))
    porthole(drawing, cabinet.front(0.5, 0.58), width * 0.39, look, is_open)


# Top loaders


def _sheet(cabinet: Cabinet, left: float, right: float, near: float, far: float) -> list[Point]:
    """A rectangle on a cabinet's top."""
    ends = ((left, near), (left, far), (right, far), (right, near))
    return [cabinet.top(across, back) for across, back in ends]


def _tub(drawing: Drawing, cabinet: Cabinet, span: Sequence[float], look: Look) -> None:
    """An open tub within a span (left, right, near, far) of the top, with washing in it."""
    left, right, near, far = span
    middle = cabinet.top((left + right) / 2, (near + far) / 2)
    rx = cabinet.width * (right - left) * 0.46
    ry = -cabinet.depth[1] * (far - near) * 0.48
    drawing.ellipse(middle, rx + 5, ry + 4, shade(look["body"], -0.2))
    wall = drawing.linear((0, "#7d858f"), (0.3, "#dfe4e9"), (0.6, "#8b939d"), (1, "#59616b"))
    drawing.ellipse(middle, rx, ry, wall)
    drawing.open_group(clip_path=drawing.clip(polygon(arc_points(middle, rx, ry, 0, 360, 60))))
    for row in range(2):
        for i in range(15):
            angle = 190 + 160 * i / 14
            hole = on_circle(middle, 1, angle)
            x = middle[0] + (hole[0] - middle[0]) * rx * 0.97
            y = middle[1] + (hole[1] - middle[1]) * ry * 0.88 + 9 * row
            drawing.ellipse((x, y), 1.8, 2.2, "#3b424a", opacity=0.8)
    low = move(middle, (0, ry * 0.42))
    drawing.ellipse(low, rx * 0.92, ry * 0.84, drawing.linear((0, "#9fcbe0"), (1, "#5f97b4")))
    _load(drawing, low, rx, ry, look)
    drawing.close_group()


def _load(drawing: Drawing, low: Point, rx: float, ry: float, look: Look) -> None:
    """What floats in a tub: washing, and the agitator's post where there is one."""
    linen = look.get("linen", "#e9c46a")
    heaps = (
        (-0.5, 0.1, "#f4efe6"),
        (0.5, 0.05, "#6f9fc8"),
        (0.05, 0.3, linen),
        (0.62, 0.4, "#d9705e"),
    )
    for x, y, colour in heaps:
        towel(drawing, move(low, (x * rx, y * ry)), rx * 0.34, colour)
    if look.get("agitator"):
        x, y = low
        post = [(x - 9, y - ry * 0.95), (x + 9, y - ry * 0.95), (x + 17, y), (x - 17, y)]
        drawing.path(
            polygon(soften(post, 6)),
            drawing.linear((0, "#9aa1aa"), (0.35, "#ffffff"), (1, "#8b929b")),
        )
        for i in range(3):
            fin = [(x - 14, y - ry * 0.25 * i), (x + 14, y - ry * 0.25 * i - 8)]
            drawing.line(polyline(fin), "#7f8790", 2, opacity=0.7)


def _lid(drawing: Drawing, corners: Sequence[Point], look: Look, frame: str) -> None:
    """A lid of glass in its frame."""
    drawing.path(polygon(soften(corners, 10)), frame, stroke=shade(frame, -0.35), stroke_width=1.2)
    centre = (sum(p[0] for p in corners) / 4, sum(p[1] for p in corners) / 4)
    pane = [move(centre, (p[0] - centre[0], p[1] - centre[1]), 0.86) for p in corners]
    tint = look["tint"]
    glass = drawing.linear((0, shade(tint, 0.45)), (0.4, tint), (1, shade(tint, -0.35)), angle=35)
    drawing.path(polygon(soften(pane, 9)), glass, opacity=0.92)
    left, right = pane[0], pane[3]
    far = move(pane[1], (pane[2][0] - pane[1][0], 0), 0.3)
    streak = [move(left, (right[0] - left[0], 0), s) for s in (0.12, 0.3)]
    drawing.path(
        polygon([streak[0], move(far, (-10, 2)), move(far, (34, 2)), streak[1]]),
        "#ffffff",
        opacity=0.22,
    )


def _back_panel(drawing: Drawing, cabinet: Cabinet, look: Look, brand: str) -> None:
    """The console that rises at the back."""
    left, right = cabinet.top(0, 0.84), cabinet.top(1, 0.84)
    front = [move(left, (6, -50)), move(right, (-6, -50)), right, left]
    drawing.extrude(soften(front, 7), look["panel"], (10, -10))
    y, width = left[1] - 25, right[0] - left[0]
    knob = STEEL if is_bright(look["panel"]) else "#9aa1aa"
    _dial(drawing, (left[0] + width * 0.8, y), 15, knob)
    if brand:
        write(drawing, brand, (left[0] + width * 0.22, y), 10, ink_on(look["panel"]), 0.15)
    if look.get("dials"):
        for across in (0.46, 0.6):
            _dial(drawing, (left[0] + width * across, y), 10, knob, 7)
    else:
        _display(drawing, (left[0] + width * 0.52, y), width * 0.22, 22, look.get("time", "0:52"))


def _raised(cabinet: Cabinet, span: Sequence[float], rise: float) -> list[Point]:
    """A lid that stands on its hinge at the back of a span."""
    left, right, _, far = span
    low, high = cabinet.top(left, far), cabinet.top(right, far)
    return [low, move(low, (5, -rise)), move(high, (5, -rise)), high]


def _console(drawing: Drawing, look: Look, brand: str, is_open: bool) -> None:
    """A full-size top loader."""
    cabinet = Cabinet(98, 158, 252, 276, (36, -78))
    if is_open:
        cabinet = Cabinet(82, 222, 248, 222, (26, -134))
    _box(drawing, cabinet, look["body"])
    _back_panel(drawing, cabinet, look, brand)
    span = (0.07, 0.93, 0.07, 0.76)
    if is_open:
        _tub(drawing, cabinet, span, look)
        _lid(drawing, _raised(cabinet, (0.1, 0.9, 0, 0.8), 96), look, shade(look["body"], -0.06))
    else:
        _lid(drawing, _sheet(cabinet, *span), look, shade(look["body"], 0.08))
    _seam(drawing, cabinet, 0.04, look["body"])


def _top(drawing: Drawing, look: Look, brand: str, is_open: bool) -> None:
    """A small automatic with its buttons in front of the lid."""
    cabinet = Cabinet(132, 158, 196, 270, (30, -92))
    if is_open:
        cabinet = Cabinet(110, 222, 196, 216, (22, -134))
    _box(drawing, cabinet, look["body"], 16)
    strip = _sheet(cabinet, 0.05, 0.95, 0.04, 0.26)
    drawing.path(polygon(soften(strip, 6)), look["panel"])
    at = cabinet.top(0.14, 0.15)
    _buttons(drawing, at, 4, 17, mix(look["panel"], "#c9ced6", 0.5))
    _display(drawing, cabinet.top(0.74, 0.15), 44, 14, look.get("time", "0:37"))
    write(drawing, brand, cabinet.front(0.5, 0.09), 12, ink_on(look["body"]), 0.15)
    span = (0.08, 0.92, 0.32, 0.95)
    if is_open:
        _tub(drawing, cabinet, span, look)
        _lid(drawing, _raised(cabinet, (0.1, 0.9, 0, 0.97), 84), look, shade(look["body"], -0.08))
    else:
        _lid(drawing, _sheet(cabinet, *span), look, shade(look["body"], -0.05))
    for i in range(5):
        ends = [cabinet.front(0.3, 0.8 + 0.025 * i), cabinet.front(0.7, 0.8 + 0.025 * i)]
        drawing.line(polyline(ends), shade(look["body"], -0.25), 2, opacity=0.5)


def _twin(drawing: Drawing, look: Look, brand: str, is_open: bool) -> None:
    """Two tubs in one plastic body: one washes, one spins."""
    cabinet = Cabinet(66, 232, 306, 190, (28, -92))
    if is_open:
        cabinet = Cabinet(44, 262, 290, 178, (20, -118))
    _box(drawing, cabinet, look["body"], 22)
    for across in (0.04, 0.64):
        inset = cabinet.front(across, 0.2)
        width = cabinet.width * (0.54 if across < 0.5 else 0.32)
        drawing.line(
            rounded(*inset, width, cabinet.height * 0.62, 14), shade(look["body"], -0.16), 1.5
        )
    write(drawing, brand, cabinet.front(0.3, 0.5), 16, ink_on(look["body"]), 0.16)
    _back_panel(drawing, cabinet, {**look, "dials": "yes"}, "")
    frame = shade(look["tint"], 0.3)
    for span in ((0.05, 0.6, 0.08, 0.78), (0.65, 0.95, 0.08, 0.78)):
        if not is_open:
            _lid(drawing, _sheet(cabinet, *span), look, frame)
        elif span[0] < 0.5:
            _tub(drawing, cabinet, span, look)
            _lid(drawing, _raised(cabinet, span, 88), look, frame)
        else:
            _spinner(drawing, cabinet, span)
            _lid(drawing, _raised(cabinet, span, 88), look, frame)
    if not is_open:
        _hose(drawing, cabinet.front(1, 0.82))


def _spinner(drawing: Drawing, cabinet: Cabinet, span: Sequence[float]) -> None:
    """The narrow basket that spins."""
    middle = cabinet.top((span[0] + span[1]) / 2, (span[2] + span[3]) / 2)
    for size, colour in ((1, "#e8ebee"), (0.88, "#8b939d"), (0.76, "#4a525b")):
        drawing.ellipse(middle, 40 * size, 38 * size, colour)
    drawing.ellipse(middle, 9, 8, "#c9ced4")


def _hose(drawing: Drawing, at: Point) -> None:
    """A ribbed drain hose that lies beside the machine."""
    x, y = at
    bend = f"M{number(x)},{number(y)} c46,-4 54,26 30,40 c-14,9 -34,4 -30,-6"
    drawing.line(bend, "#8d959e", 12)
    drawing.line(bend, "#d5dae0", 8, stroke_dasharray="2 5", stroke_linecap="butt")


def _bucket(drawing: Drawing, look: Look, brand: str, is_open: bool) -> None:
    """A single round tub on a motor foot."""
    x, top, low = (226.0 if is_open else 240.0), 158.0, 336.0
    drawing.shadow((x + 10, 424), 112, 16, opacity=0.4, blur=7)
    drawing.shadow((x + 18, 428), 142, 24, opacity=0.14, blur=15)
    foot = f"M{x - 92},{low - 14} L{x - 104},404 a104,26 0 0 0 208,0 L{x + 92},{low - 14} Z"
    body = look["body"]
    across = [
        (0, shade(body, -0.28)),
        (0.25, shade(body, 0.3)),
        (0.6, body),
        (1, shade(body, -0.35)),
    ]
    drawing.path(foot, drawing.linear(*across))
    _dial(drawing, (x, 376), 21, look["ring"], 11)
    write(drawing, brand, (x, 418), 10, ink_on(body), 0.16)
    tint = look["tint"]
    wall = f"M{x - 116},{top} L{x - 94},{low} a94,24 0 0 0 188,0 L{x + 116},{top} Z"
    clear = [(0, shade(tint, -0.35), 0.95), (0.25, shade(tint, 0.5), 0.75), (0.6, tint, 0.7)]
    drawing.path(wall, "#eef3f6")
    if is_open:
        drawing.open_group(clip_path=drawing.clip(wall), opacity=0.8)
        _load(drawing, (x, 290), 96, 40, look)
        drawing.close_group()
    drawing.path(wall, drawing.linear(*clear, (1, shade(tint, -0.4), 0.95)))
    drawing.line(polyline([(x - 82, top + 34), (x - 70, low - 20)]), "#ffffff", 7, opacity=0.5)
    _bucket_top(drawing, (x, top), look, is_open)


def _bucket_top(drawing: Drawing, at: Point, look: Look, is_open: bool) -> None:
    """The rim with its lid, or the lid leaning at the side."""
    x, y = at
    body, tint = look["body"], look["tint"]
    drawing.ellipse((x, y), 122, 32, shade(body, -0.2))
    drawing.ellipse((x, y - 4), 120, 30, shade(body, 0.15))
    if is_open:
        cabinet = Cabinet(x - 116, y + 24, 232, 100, (0, -56))
        _tub(drawing, cabinet, (0.02, 0.98, 0.0, 1.0), look)
        drawing.ellipse((96, 404), 30, 64, shade(body, 0.2))
        drawing.ellipse((92, 404), 26, 58, shade(tint, 0.3))
        return
    dome = placed("M -108 -6 C -92 -62 92 -62 108 -6 C 100 26 -100 26 -108 -6 Z", at, 1)
    glass = drawing.linear(
        (0, shade(tint, -0.3)), (0.3, shade(tint, 0.55)), (1, shade(tint, -0.35))
    )
    drawing.path(dome, glass, opacity=0.85)
    drawing.rect(x - 26, y - 58, 52, 13, shade(body, -0.05), 6)
    drawing.line(polyline(arc_points((x, y - 2), 84, 36, 200, 262, 14)), "#ffffff", 5, opacity=0.6)


FORMS: dict[str, Callable[[Drawing, Look, str, bool], None]] = {
    "front": _front,
    "combo": _combo,
    "retro": _retro,
    "coin": _coin,
    "console": _console,
    "top": _top,
    "twin": _twin,
    "tub": _bucket,
}
