"""The desk on which staplers are pictured in use: wood and window light, and what was stapled."""

from collections.abc import Callable, Mapping
from typing import Any

from aces.catalogs.demo.drawings.lettering import write
from aces.catalogs.demo.drawings.studio import (
    SIZE,
    Drawing,
    Point,
    is_bright,
    mix,
    number,
    polygon,
    polyline,
    shade,
)

Look = Mapping[str, Any]

HORIZON = 214.0
"""Where the wall ends and the desk begins."""
AWAY = (0.56, -0.5)
"""How a length that runs away from the viewer lies in the picture."""


def draw_desk(drawing: Drawing, look: Look) -> None:
    """Adds the wall, the desk in the look's `desk` colour and a blurred cup of pens."""
    top = look.get("desk", "#b98a5e")
    wall = mix(top, "#ffffff", 0.82)
    lit = drawing.linear((0, shade(wall, -0.04)), (0.6, shade(wall, 0.4)), (1, wall), angle=12)
    drawing.rect(0, 0, SIZE, HORIZON + 4, lit)
    _cup(drawing, look)
    surface = drawing.linear(
        (0, shade(top, 0.3)), (0.3, shade(top, 0.08)), (1, shade(top, -0.18)), angle=80
    )
    drawing.rect(0, HORIZON, SIZE, SIZE - HORIZON, surface)
    for row in range(14):
        y = HORIZON + 5 + row * (6 + row * 1.1)
        bend = 4 * (row % 3 - 1)
        grain = f"M0,{number(y)} C150,{number(y + bend)} 320,{number(y - bend)} 480,{number(y)}"
        drawing.line(grain, shade(top, -0.3), 1 + row / 12, opacity=0.16)
    light = [(250.0, HORIZON), (400.0, HORIZON), (330.0, 480.0), (120.0, 480.0)]
    drawing.path(polygon(light), "#ffffff", opacity=0.2, filter=drawing.blur(26))
    drawing.rect(0, HORIZON - 1, SIZE, 5, "#000000", opacity=0.12, filter=drawing.blur(2))


def _cup(drawing: Drawing, look: Look) -> None:
    """Out of focus behind the stapler, standing on the far end of the desk."""
    glaze = mix(look["body"], "#e9e6e0", 0.75)
    drawing.open_group(filter=drawing.blur(3.4))
    for x, tip, colour in ((414, 72, "#e0b23c"), (434, 60, "#4a5560"), (452, 86, "#b5524a")):
        drawing.line(f"M{x - 4},178 L{x},{tip}", colour, 8)
    round_cup = drawing.linear((0, shade(glaze, 0.3)), (0.5, glaze), (1, shade(glaze, -0.3)))
    drawing.rect(394, 134, 76, 92, round_cup, 8)
    drawing.ellipse((432, 136), 38, 7, shade(glaze, -0.35))
    drawing.close_group()


def draw_paperwork(drawing: Drawing, look: Look, brand: str) -> None:
    """Adds what the look's form fastens, in front, and its box of staples."""
    PAPERWORK.get(look["form"], _document)(drawing, look)
    if look["form"] not in ("free", "plier"):
        _staple_box(drawing, look, brand)


def _lying(corner: Point, across: float, away: float) -> Point:
    """A place on the desk: so far to the right of a corner, and so far away from it."""
    return corner[0] + across + away * AWAY[0], corner[1] + away * AWAY[1]


def _sheet(
    drawing: Drawing, corner: Point, width: float, length: float, colour: str = "#fdfdfb"
) -> None:
    outline = [_lying(corner, x, y) for x, y in ((0, 0), (0, length), (width, length), (width, 0))]
    paper = drawing.linear((0, shade(colour, -0.09)), (0.5, colour), (1, colour), angle=35)
    drawing.path(polygon(outline), paper, stroke=shade(colour, -0.22), stroke_width=0.8)


def _shade_below(drawing: Drawing, corner: Point, width: float, length: float) -> None:
    spots = ((-4, -8), (6, length), (width + 10, length), (width + 8, -8))
    outline = [_lying(corner, x, y) for x, y in spots]
    drawing.path(polygon(outline), "#14161c", opacity=0.3, filter=drawing.blur(6))


def _text(drawing: Drawing, corner: Point, width: float, length: float, left: float = 18) -> None:
    """A heading and lines of print, the last of each paragraph short."""
    for row in range(11):
        away = length - 20 - row * (length - 34) / 11
        end = width - 18 if row % 4 != 3 else width * 0.55
        heading = row == 0
        points = [_lying(corner, left, away), _lying(corner, width * 0.5 if heading else end, away)]
        ink, thick = ("#3a3f48", 5.0) if heading else ("#9aa0aa", 2.2)
        drawing.line(polyline(points), ink, thick, opacity=0.85)


def _staple(drawing: Drawing, at: Point, across: float = 14, away: float = 14) -> None:
    ends = [at, _lying(at, across, away)]
    below = [(x + 1.2, y + 2) for x, y in ends]
    drawing.line(polyline(below), "#14161c", 3.4, opacity=0.35)
    drawing.line(polyline(ends), "#8b929b", 3.4)
    drawing.line(polyline([(x, y - 0.8) for x, y in ends]), "#f4f6f8", 1.3)


def _document(drawing: Drawing, look: Look) -> None:
    """A few pages held by a staple in the far left corner."""
    corner, width, length = (44.0, 452.0), 196.0, 176.0
    _shade_below(drawing, corner, width, length)
    for sheet in range(3):
        _sheet(drawing, (corner[0] + 3 - 1.5 * sheet, corner[1] + 3 - 2.2 * sheet), width, length)
    top = (corner[0], corner[1] - 2)
    _text(drawing, top, width, length)
    if look["form"] == "free":
        _tucked_corner(drawing, _lying(top, 16, length - 22))
    else:
        _staple(drawing, _lying(top, 7, length - 20))


def _tucked_corner(drawing: Drawing, at: Point) -> None:
    """The tongue cut from the pages and folded through a slit."""
    tongue = [_lying(at, x, y) for x, y in ((0, 0), (6, 12), (20, 12), (14, 0))]
    drawing.path(polygon(tongue), "#c9ccd2", stroke="#868c96", stroke_width=1)
    drawing.line(polyline([_lying(at, 18, 4), _lying(at, 24, 14)]), "#6b7079", 2)


def _report(drawing: Drawing, look: Look) -> None:
    """A thick report with a colored cover."""
    corner, width, length, depth = (40.0, 444.0), 204.0, 160.0, 26
    _shade_below(drawing, (corner[0], corner[1] + 16), width, length)
    for sheet in range(depth):
        tone = "#f6f4ee" if sheet % 2 else "#d9d6cd"
        _sheet(drawing, (corner[0] + sheet % 3 * 0.8, corner[1] + 20 - sheet), width, length, tone)
    cover = mix(look["body"], look["desk"], 0.2)
    top = (corner[0], corner[1] - 6)
    _sheet(drawing, top, width, length, cover)
    ink = "#2b2e34" if is_bright(cover) else "#eef0f2"
    for away, end in ((0.62, 0.7), (0.5, 0.52)):
        points = [_lying(top, 44, length * away), _lying(top, width * end, length * away)]
        drawing.line(polyline(points), ink, 5 if away > 0.6 else 3, opacity=0.8)
    for away in (0.75, 0.3):
        _staple(drawing, _lying(top, 12, length * away), 0, 20)


def _booklet(drawing: Drawing, look: Look) -> None:
    """An open booklet, stapled twice through the fold."""
    corner, width, length = (34.0, 448.0), 118.0, 160.0
    _shade_below(drawing, corner, 2 * width, length)
    for page in (0, 1):
        left = (corner[0] + page * width, corner[1])
        for sheet in range(3):
            place = (left[0] + (2 - 4 * page) * (1 - sheet) * 0.8, left[1] + 3 - 2 * sheet)
            _sheet(drawing, place, width, length)
        _text(drawing, (left[0], left[1] - 1), width, length, 14)
    fold = [_lying(corner, width, 0), _lying(corner, width, length)]
    drawing.line(polyline(fold), "#7d838d", 6, opacity=0.25, filter=drawing.blur(2))
    for away in (0.25, 0.7):
        _staple(drawing, _lying((corner[0], corner[1] - 2), width, length * away), 0, 20)


def _note(drawing: Drawing, look: Look) -> None:
    """Two small cards and a pencil."""
    corner, width, length = (62.0, 446.0), 128.0, 118.0
    _shade_below(drawing, corner, width, length)
    _sheet(drawing, (corner[0] + 3, corner[1] + 3), width, length)
    _sheet(drawing, corner, width, length, mix(look["body"], "#ffffff", 0.86))
    _text(drawing, corner, width, length, 16)
    _staple(drawing, _lying(corner, 6, length - 16), 10, 10)
    drawing.line("M216,458 L318,424", "#14161c", 9, opacity=0.25, filter=drawing.blur(3))
    drawing.line("M216,452 L306,422", "#e5b53d", 8)
    drawing.line("M217,450 L305,420.5", "#fbe08d", 2)
    drawing.path("M304.5,417.5 L321,417 L307.5,426.5 Z", "#edd9b4")
    drawing.path("M316,417.1 L321,417 L317,419.8 Z", "#33363b")


def _bag(drawing: Drawing, look: Look) -> None:
    """A paper bag, its folded top held by a ticket."""
    drawing.shadow((150, 452), 92, 10, opacity=0.35, blur=7)
    kraft = "#c49a67"
    face = drawing.linear((0, shade(kraft, 0.18)), (0.7, kraft), (1, shade(kraft, -0.2)))
    near = [(72, 330), (206, 330), (212, 454), (66, 454)]
    drawing.path(polygon([(206, 330), (236, 314), (242, 436), (212, 454)]), shade(kraft, -0.3))
    drawing.path(polygon(near), face)
    drawing.path(
        polygon([(70, 322), (208, 322), (238, 308), (238, 330), (208, 346), (70, 346)]),
        shade(kraft, -0.06),
        stroke=shade(kraft, -0.35),
        stroke_width=0.8,
    )
    drawing.line("M80,454 L92,350 M198,454 L186,350", shade(kraft, -0.25), 1.4, opacity=0.6)
    drawing.path(
        polygon([(112, 330), (170, 330), (170, 396), (112, 396)]),
        "#fbfaf5",
        stroke="#c9c4b6",
        stroke_width=1,
    )
    for row in range(3):
        drawing.line(f"M122,{360 + 11 * row}h{(38, 30, 34)[row]}", "#9aa0aa", 2.4)
    drawing.line("M134,341h16", "#7d848d", 3.4)
    drawing.line("M134,340h16", "#f4f6f8", 1.3)


def _staple_box(drawing: Drawing, look: Look, brand: str) -> None:
    """A carton with the maker's name, and a strip of staples beside it."""
    colour = mix(look["body"], "#ffffff", 0.1)
    drawing.shadow((402, 440), 62, 9, opacity=0.35, blur=6)
    outline = [(352.0, 392.0), (428.0, 392.0), (428.0, 438.0), (352.0, 438.0)]
    drawing.extrude(outline, colour, (26, -22))
    drawing.rect(352, 402, 76, 17, "#fbfbf9", opacity=0.92)
    write(drawing, brand, (390, 410.5), 7 if len(brand) < 9 else 6, "#2b2e34", 0.16)
    strip = [(330.0, 456.0), (330.0, 447.0), (404.0, 447.0), (404.0, 456.0)]
    wire = look["trim"] if look.get("wood") else "#c4c9d0"
    drawing.extrude(strip, wire, (12, -10))
    for i in range(18):
        x = 332 + 4 * i
        drawing.line(f"M{x},447 l12,-10 M{x},447 v9", shade(wire, -0.4), 0.9, opacity=0.7)


PAPERWORK: dict[str, Callable[[Drawing, Look], None]] = {
    "heavy": _report,
    "long": _booklet,
    "mini": _note,
    "plier": _bag,
}
"""What a form fastens where it is not a document."""
