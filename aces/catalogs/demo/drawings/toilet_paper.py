"""Draws packs of toilet paper: film and paper over rolls, cartons, wrapped and jumbo rolls."""

import math
from collections.abc import Callable
from typing import NamedTuple

from aces.catalogs.demo.drawings.lettering import width, write
from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    arc_points,
    ink_on,
    is_bright,
    mix,
    move,
    number,
    polygon,
    polyline,
    rounded,
    shade,
)
from aces.catalogs.demo.drawings.toilet_print import Area, draw_print
from aces.catalogs.demo.drawings.toilet_rolls import (
    CARD,
    Look,
    cylinder,
    draw_roll,
    draw_shelf,
    draw_wall,
)

VIEWS = ("front", "roll")
"""The pack, and a roll out of it in a bathroom."""


def draw(look: Look, brand: str, view: str = "front") -> str:
    """Returns the SVG of a pack of toilet paper.

    Args:
        look: `form` (film, kraft, carton, wrapped, jumbo), `wrap` and `accent` colours, `design`
            and `icon` of the print, `rolls` (across, up, deep) and their `count`; of the paper
            itself `paper` colour, `emboss`, `ply`, and `core` (none without a tube). The bathroom
            has a `scene` (wall, shelf), a `tile` colour and a `holder` colour.
        brand: Printed on the pack.
        view: One of `VIEWS`.
    """
    drawing = Drawing()
    if view == "roll":
        (draw_wall if look["scene"] == "wall" else draw_shelf)(drawing, look)
    else:
        FORMS[look["form"]](drawing, look, brand)
    return drawing.svg()


class Block(NamedTuple):
    """Rolls packed close: the near face, how far it goes back, and how many there are."""

    x: float
    y: float
    width: float
    height: float
    back: Point
    across: int
    up: int
    deep: int

    @property
    def cell(self) -> float:
        """Width of one roll."""
        return self.width / self.across

    def face(self) -> Area:
        """The near face."""
        return Area(self.x, self.y, self.width, self.height)

    def front(self) -> str:
        """Path of the near face."""
        return rounded(self.x, self.y, self.width, self.height, 13)

    def side(self) -> list[Point]:
        """Corners of the right side."""
        right, bottom = self.x + self.width, self.y + self.height
        near = [(right - 6, self.y + 6), (right - 6, bottom)]
        return [near[0], move(near[0], self.back), move(near[1], self.back), near[1]]

    def top(self) -> list[Point]:
        """Corners of the top."""
        left, right = (self.x + 4, self.y + 6), (self.x + self.width - 4, self.y + 6)
        return [left, move(left, self.back), move(right, self.back), right]


def _block(look: Look) -> Block:
    """The rolls as large as the picture allows, standing on its floor."""
    across, up, deep = (int(n) for n in look["rolls"].split("x"))
    cell = min(404 / (across + 0.4 * deep), 372 / (0.98 * up + 0.26 * deep), 132)
    back = (0.4 * deep * cell, -0.26 * deep * cell)
    width, height = across * cell, 0.98 * up * cell
    x, floor = 240 - (width + back[0]) / 2, min(438, 262 + (height - back[1]) / 2)
    return Block(x, floor - height, width, height, back, across, up, deep)


def _film(drawing: Drawing, look: Look, brand: str) -> None:
    block, wrap = _block(look), look["wrap"]
    _pack_shadow(drawing, block)
    paint = drawing.linear((0, shade(wrap, -0.12)), (1, shade(wrap, -0.34)))
    drawing.path(polygon(block.side()), paint)
    _side_bulges(drawing, block)
    drawing.path(polygon(block.top()), drawing.linear((0, shade(wrap, 0.35)), (1, wrap), angle=70))
    _ends(drawing, block, look)
    drawing.path(block.front(), wrap)
    drawing.open_group(clip_path=drawing.clip(block.front()))
    if look["form"] == "film":
        _window(drawing, block, look)
    draw_print(drawing, block.face(), look, brand, block.up)
    _bulges(drawing, block, 1 if look["form"] == "film" else 0.55)
    (_gloss if look["form"] == "film" else _folds)(drawing, block)
    drawing.close_group()


def _pack_shadow(drawing: Drawing, block: Block) -> None:
    middle, half = block.x + (block.width + block.back[0]) / 2, (block.width + block.back[0]) / 2
    floor = block.y + block.height
    drawing.shadow((middle + 8, floor), half, 9, opacity=0.42, blur=6)
    drawing.shadow((middle + 16, floor + 2), half + 18, 18, opacity=0.15, blur=14)


def _side_bulges(drawing: Drawing, block: Block) -> None:
    dark = drawing.linear((0, "#000000", 0.34), (0.35, "#ffffff", 0.1), (1, "#000000", 0.4))
    near, far, _, bottom = block.side()
    height = bottom[1] - near[1]
    for i in range(block.deep):
        start, end = (move(near, block.back, j / block.deep) for j in (i, i + 1))
        quad = [start, end, (end[0], end[1] + height), (start[0], start[1] + height)]
        drawing.path(polygon(quad), dark)
    for row in range(1, block.up):
        y = near[1] + row * height / block.up
        drawing.line(
            polyline([(near[0], y), (far[0], far[1] + y - near[1])]), "#000000", 3, opacity=0.2
        )


def _ends(drawing: Drawing, block: Block, look: Look) -> None:
    """The roll ends under the film of the top."""
    clear = look["form"] == "film"
    for back in reversed(range(block.deep)):
        for column in range(block.across):
            corner = (block.x + (column + 0.5) * block.cell, block.y + 4)
            middle = move(corner, block.back, (back + 0.5) / block.deep)
            rx, ry = block.cell * 0.46, -block.back[1] / block.deep * 0.46
            face = mix(look["paper"], look["wrap"], 0.2 if clear else 0.85)
            drawing.ellipse(middle, rx, ry, face, stroke=shade(face, -0.25), stroke_width=1)
            if look.get("core") != "none":
                drawing.ellipse(
                    middle, rx * 0.3, ry * 0.3, shade(CARD, -0.2), opacity=0.75 if clear else 0.2
                )
            drawing.line(
                polyline(arc_points(middle, rx * 0.8, ry * 0.8, 190, 260, 8)),
                "#ffffff",
                2.4,
                opacity=0.7,
            )


def _window(drawing: Drawing, block: Block, look: Look) -> None:
    """Clear film in the lowest part of the near face."""
    top = block.y + block.height * (1 - 0.42 / block.up)
    drawing.rect(block.x, top, block.width, block.height, mix(look["paper"], look["wrap"], 0.08))
    sag = f"q{number(block.cell * 0.4)},7 {number(block.cell * 0.8)},0"
    for column in range(block.across):
        x = block.x + (column + 0.1) * block.cell
        for line in range(3):
            y = top + 10 + 11 * line
            drawing.line(
                f"M{number(x)},{number(y)}{sag}",
                shade(look["paper"], -0.3),
                1.2,
                opacity=0.3,
            )
    drawing.rect(block.x, top - 3, block.width, 6, shade(look["accent"], 0.1))


def _bulges(drawing: Drawing, block: Block, strength: float) -> None:
    """Light and shade of the rolls through whatever is wrapped round them."""
    s = strength
    round_side = drawing.linear(
        (0, "#000000", 0.36 * s), (0.14, "#000000", 0.1 * s), (0.3, "#ffffff", 0.34 * s),
        (0.5, "#ffffff", 0.03), (0.82, "#000000", 0.12 * s), (1, "#000000", 0.4 * s),
    )  # fmt: skip
    for column in range(block.across):
        drawing.rect(block.x + column * block.cell, block.y, block.cell, block.height, round_side)
    for row in range(1, block.up):
        y = block.y + row * block.height / block.up
        soft = {"opacity": 0.3 * s, "filter": drawing.blur(2)}
        crease = rounded(block.x, y - 3, block.width, 6, 0)
        drawing.path(crease, "#000000", **soft)
        drawing.line(
            f"M{number(block.x)},{number(y + 4)}h{number(block.width)}",
            "#ffffff",
            2,
            opacity=0.18 * s,
        )
    edge = drawing.linear(
        (0, "#ffffff", 0.4),
        (0.06, "#ffffff", 0),
        (0.9, "#000000", 0),
        (1, "#000000", 0.3),
        angle=90,
    )
    drawing.rect(block.x, block.y, block.width, block.height, edge)


def _gloss(drawing: Drawing, block: Block) -> None:
    """Tight creases and reflections of plastic film."""
    wide = block.cell * 0.06
    for column in range(block.across):
        x = block.x + (column + 0.27) * block.cell
        for row in range(block.up):
            y, h = block.y + row * block.height / block.up, block.height / block.up
            streak = rounded(x - wide / 2, y + h * 0.12, wide, h * 0.4, wide / 2)
            drawing.path(streak, "#ffffff", opacity=0.55, filter=drawing.blur(1.8))
    for i in range(7):
        x, y = block.x + block.width * (0.06 + 0.145 * i), block.y + 3
        bottom = block.y + block.height - 2
        drawing.line(
            f"M{number(x)},{number(y)}l{(i * 5) % 9 - 4},{11 + (i * 7) % 13}",
            "#ffffff",
            1.5,
            opacity=0.6,
        )
        drawing.line(
            f"M{number(x + 5)},{number(bottom)}l{(i * 3) % 7 - 3},-{9 + (i * 5) % 11}",
            "#ffffff",
            1.4,
            opacity=0.5,
        )


def _folds(drawing: Drawing, block: Block) -> None:
    """Soft creases of a paper wrap."""
    for i in range(5):
        x = block.x + block.width * (0.12 + 0.19 * i)
        drawing.line(
            f"M{number(x)},{number(block.y)}l{(i * 7) % 17 - 8},{30 + (i * 11) % 23}",
            "#000000",
            1.2,
            opacity=0.14,
        )
        drawing.line(
            f"M{number(x + 2)},{number(block.y)}l{(i * 7) % 17 - 8},{30 + (i * 11) % 23}",
            "#ffffff",
            1.2,
            opacity=0.3,
        )


def _carton(drawing: Drawing, look: Look, brand: str) -> None:
    """A box of rolls with one of them beside it."""
    wrap = look["wrap"]
    box = Block(66, 158, 272, 276, (78, -52), 3, 3, 3)
    _pack_shadow(drawing, box)
    outline = [(66.0, 158.0), (338.0, 158.0), (338.0, 434.0), (66.0, 434.0)]
    drawing.extrude(
        outline,
        wrap,
        box.back,
        drawing.linear((0, shade(wrap, 0.14)), (1, shade(wrap, -0.08)), angle=70),
    )
    drawing.open_group(clip_path=drawing.clip(polygon(outline)))
    draw_print(drawing, box.face(), look, brand, box.up)
    drawing.close_group()
    seam = [move((66, 158), box.back, 0.5), move((338, 158), box.back, 0.5)]
    drawing.line(polyline(seam), shade(wrap, -0.35), 1.6)
    tape = [
        move((186, 158), box.back, 0),
        move((186, 158), box.back),
        move((222, 158), box.back),
        (222, 158),
    ]
    drawing.path(polygon(tape), shade(look["accent"], 0.2), opacity=0.75)
    drawing.path(
        polygon([(186, 158), (222, 158), (222, 172), (186, 172)]),
        shade(look["accent"], 0.1),
        opacity=0.75,
    )
    draw_roll(drawing, look, (392, 432), 56, 104)


def _wrapped(drawing: Drawing, look: Look, brand: str) -> None:
    """Six rolls in a pyramid, each in its own printed paper."""
    colours = [look["wrap"], look["accent"], look["third"]]
    for row, (y, n) in enumerate(((430, 3), (302, 2), (174, 1))):
        for i in range(n):
            x = 240 + (i - (n - 1) / 2) * 134
            _wrapped_roll(drawing, colours[(i + 2 * row) % 3], (x, y), look, brand)


def _wrapped_roll(drawing: Drawing, colour: str, base: Point, look: Look, brand: str) -> None:
    (x, y), r, h, flat = base, 64.0, 116.0, 17.0
    top = y - h
    if y > 400:
        drawing.shadow((x + 8, y + 12), r * 1.05, 14, opacity=0.32, blur=7)
    sides = [*arc_points((x, top), r, flat, 180, 360, 24), *arc_points((x, y), r, flat, 0, 180, 24)]
    drawing.path(polygon(sides), cylinder(drawing, colour))
    drawing.open_group(clip_path=drawing.clip(polygon(sides)))
    print_colour = "#ffffff" if not is_bright(colour) else shade(colour, -0.45)
    for row in range(4):
        for column in range(-4, 5):
            angle = (column + row % 2 / 2) * 0.36
            spot = (x + r * math.sin(angle), top + 14 + 32 * row + flat * math.cos(angle))
            size = 7.0 if row % 2 else 5.0
            drawing.ellipse(
                spot, size * max(math.cos(angle), 0.2), size, print_colour, opacity=0.55
            )
    band = [
        *arc_points((x, y - 68), r, flat, 180, 0, 20),
        *arc_points((x, y - 36), r, flat, 0, 180, 20),
    ]
    drawing.path(polygon(band), cylinder(drawing, "#fbfaf6"))
    write(drawing, brand, (x, y - 34), min(12, 92 / width(brand, 1)), "#3a3f48", 0.15)
    drawing.close_group()
    drawing.ellipse(
        (x, top), r, flat, shade(colour, 0.12), stroke=shade(colour, -0.2), stroke_width=0.8
    )
    for pleat in range(18):
        ends = [
            (x + r * s * math.cos(a), top + flat * s * math.sin(a))
            for s in (0.94, 0.3)
            for a in (pleat * math.pi / 9 + (1 - s) * 0.5,)
        ]
        drawing.line(polyline(ends), shade(colour, -0.25), 1.2, opacity=0.6)
    drawing.ellipse((x, top), r * 0.26, flat * 0.26, shade(colour, -0.45))


def _jumbo(drawing: Drawing, look: Look, brand: str) -> None:
    """Two wide rolls for dispensers, one on its side, a paper band round each."""
    _disc(drawing, look, (184, 276), 150)
    drawing.shadow((306, 436), 118, 14, opacity=0.34, blur=8)
    _lying(drawing, look, (322, 400), 116, 70, brand)


def _disc(drawing: Drawing, look: Look, at: Point, r: float) -> None:
    """A roll seen from its end."""
    paper, depth = look["paper"], (64.0, -34.0)
    drawing.shadow((at[0] + 40, at[1] + r + 2), r * 0.9, 13, opacity=0.36, blur=8)
    side = drawing.linear((0, shade(paper, 0.1)), (0.5, paper), (1, shade(paper, -0.34)), angle=90)
    for i in range(13):
        drawing.ellipse(move(at, depth, 1 - i / 12), r, r, side)
    face = drawing.linear((0, shade(paper, 0.5)), (1, shade(paper, -0.1)), angle=55)
    drawing.ellipse(at, r, r, face, stroke=shade(paper, -0.2), stroke_width=1)
    for ring in range(1, 22):
        drawing.ellipse(
            at,
            r - 5 * ring,
            r - 5 * ring,
            "none",
            stroke=shade(paper, -0.2 - 0.1 * (ring % 4 == 0)),
            opacity=0.5,
        )
    drawing.ellipse(at, 40, 40, CARD)
    drawing.ellipse(at, 35, 35, drawing.linear((0, "#33291f"), (1, shade(CARD, -0.1)), angle=40))
    drawing.line(polyline(arc_points(at, r - 16, r - 16, 200, 250, 20)), "#ffffff", 8, opacity=0.4)


def _lying(drawing: Drawing, look: Look, base: Point, r: float, h: float, brand: str) -> None:
    """A roll on the floor, its band printed."""
    x, y = base
    flat, colour = r * 0.3, look["wrap"]
    draw_roll(drawing, look, base, r, h)
    band = [
        *arc_points((x, y - 54), r + 1, flat, 180, 0, 24),
        *arc_points((x, y - 14), r + 1, flat, 0, 180, 24),
    ]
    drawing.path(polygon(band), cylinder(drawing, colour))
    write(drawing, brand, (x - 8, y + 1), 18, look.get("ink", ink_on(colour)), 0.17)


FORMS: dict[str, Callable[[Drawing, Look, str], None]] = {
    "film": _film,
    "kraft": _film,
    "carton": _carton,
    "wrapped": _wrapped,
    "jumbo": _jumbo,
}
