"""What the backs of phone covers are made of: painted over the whole frame, to be clipped."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    mix,
    move,
    number,
    on_circle,
    placed,
    polygon,
    polyline,
    rounded,
    shade,
)

Look = Mapping[str, Any]
Box = tuple[float, float, float, float]

FRAME: Box = (136.0, 34.0, 208.0, 412.0)
"""Left, top, width and height of the cover."""
WIDTH, HEIGHT, RADIUS = FRAME[2], FRAME[3], 46.0
MIDDLE: Point = (240.0, 262.0)
"""Where a ring of magnets or a stand sits."""
PETAL = "M 0 0 C -0.5 -0.35 -0.42 -1 0 -0.92 C 0.42 -1 0.5 -0.35 0 0 Z"
LEAF = "M 0 0 Q 0.5 -0.4 1 0 Q 0.5 0.4 0 0 Z"
RIDGES = (
    (0.62, 0.5, "M 0 0.72 L 0.2 0.5 L 0.3 0.58 L 0.52 0.34 L 0.7 0.55 L 0.8 0.47 L 1 0.66"),
    (0.8, 0.8, "M 0 0.8 L 0.16 0.68 L 0.36 0.8 L 0.6 0.58 L 0.82 0.76 L 1 0.7"),
)
"""Opacity, depth and outline of engraved mountains."""


def is_see_through(look: Look) -> bool:
    """Returns whether the phone shows through."""
    return look["finish"] in ("clear", "floral", "glitter", "frost")


def noise(i: int, salt: float = 0) -> float:
    """Returns a number from 0 to 1 that looks random and is the same everywhere."""
    return math.floor(1e4 * math.sin(12.9898 * i + 78.233 * salt) % 1 * 1000) / 1000


def _plain(drawing: Drawing, colour: str, depth: float = 0.2) -> None:
    """Matte paint, lighter at the upper left."""
    stops = ((0, shade(colour, depth)), (0.5, colour), (1, shade(colour, -depth)))
    drawing.rect(*FRAME, drawing.linear(*stops, angle=58))


def _gloss(drawing: Drawing, opacity: float = 0.3) -> None:
    """A window mirrored across the back."""
    x, y, width, height = FRAME
    band = [(x, y + 300), (x + width, y + 40), (x + width, y + 150), (x, y + height + 10)]
    light = drawing.linear((0, "#ffffff", opacity), (1, "#ffffff", opacity * 0.15), angle=70)
    drawing.path(polygon(band), light)


def _silicone(drawing: Drawing, look: Look) -> None:
    _plain(drawing, look["body"])


def _phone(drawing: Drawing, look: Look) -> None:
    """The back of the phone under a clear cover, with its rounded glass."""
    x, y, width, height = FRAME
    _plain(drawing, mix(look["phone"], "#ffffff", 0.1), 0.24)
    glass = rounded(x + 9, y + 9, width - 18, height - 18, RADIUS - 8)
    drawing.path(glass, "none", stroke=shade(look["phone"], -0.4), stroke_width=2, opacity=0.5)


def _clear(drawing: Drawing, look: Look) -> None:
    _phone(drawing, look)
    drawing.rect(*FRAME, "#ffffff", opacity=0.1)
    _gloss(drawing, 0.42)
    x, y, width, height = FRAME
    wall = rounded(x + 4, y + 4, width - 8, height - 8, RADIUS - 4)
    drawing.path(wall, "none", stroke="#ffffff", stroke_width=8, opacity=0.45)


def _frost(drawing: Drawing, look: Look) -> None:
    _phone(drawing, look)
    drawing.rect(*FRAME, mix(look["body"], "#ffffff", 0.25), opacity=0.72)
    _gloss(drawing, 0.1)


def leather(drawing: Drawing, colour: str, box: Box) -> None:
    """Paints hide over a box: pores in broken rows."""
    x, y, width, height = box
    stops = ((0, shade(colour, 0.2)), (0.5, colour), (1, shade(colour, -0.25)))
    drawing.rect(*box, drawing.linear(*stops, angle=60))
    for tint, salt in ((-0.35, 0.0), (0.3, 0.5)):
        pores = [
            (x + width * noise(i, salt), y + height * noise(i, salt + 0.3))
            for i in range(int(width * height / 150))
        ]
        dots = "".join(polyline([dot, move(dot, (1.4, 1 - 2 * salt))]) for dot in pores)
        drawing.line(dots, shade(colour, tint), 1.5, opacity=0.28)


def stitch(drawing: Drawing, box: Box, colour: str, inset: float) -> None:
    """Sews along the inside of a box."""
    x, y, width, height = box
    seam = rounded(
        x + inset, y + inset, width - 2 * inset, height - 2 * inset, 32 if width > 200 else 6
    )
    drawing.path(seam, stroke=colour, stroke_width=1.8, stroke_dasharray="6 4", opacity=0.85)


def _folio(drawing: Drawing, look: Look) -> None:
    leather(drawing, look["body"], FRAME)
    stitch(drawing, FRAME, shade(look["body"], 0.45), 11)
    x, y, width, height = FRAME
    drawing.rect(x + width - 20, y, 3, height, shade(look["body"], -0.5), opacity=0.5)
    drawing.rect(x + width - 46, y + 190, 46, 52, shade(look["body"], -0.18), 10)
    drawing.ellipse((x + width - 28, y + 216), 7, 7, look["accent"])


def _cards(drawing: Drawing, look: Look) -> None:
    leather(drawing, look["body"], FRAME)
    x, y, width, height = FRAME
    stitch(drawing, FRAME, shade(look["body"], 0.45), 10)
    drawing.rect(x + 36, y + 176, width - 60, 120, look["accent"], 9)
    for top, left in ((200, 20), (232, 20)):
        pocket = (x + left, y + top, width - 2 * left, height - top - 50)
        drawing.rect(pocket[0] + 2, pocket[1] - 4, pocket[2], 10, "#14161b", 4, opacity=0.35)
        drawing.open_group(clip_path=drawing.clip(rounded(*pocket, 10)))
        leather(drawing, shade(look["body"], 0.04), pocket)
        drawing.close_group()
        stitch(drawing, pocket, shade(look["body"], 0.45), 7)


def _armor(drawing: Drawing, look: Look) -> None:
    x, y, width, height = FRAME
    _plain(drawing, shade(look["body"], -0.3))
    for left in (x - 12, x + width - 54):
        for top in (y - 12, y + height - 66):
            drawing.rect(left, top, 66, 78, shade(look["body"], -0.45), 22)
    plate = [
        (24, 130),
        (60, 118),
        (128, 118),
        (128, 22),
        (176, 22),
        (190, 50),
        (190, 334),
        (160, 368),
    ]
    outline = [(x + a, y + b) for a, b in [*plate, (48, 368), (18, 334), (18, 150)]]
    face = drawing.linear(
        (0, shade(look["body"], 0.22)),
        (0.5, look["body"]),
        (1, shade(look["body"], -0.3)),
        angle=60,
    )
    drawing.path(polygon(outline), face, stroke=shade(look["body"], -0.6), stroke_width=3)
    for i in range(5):
        drawing.rect(x + 62, y + 312 + 10 * i, width - 124, 5, shade(look["body"], -0.5), 2.5)
    for at in ((178, 40), (30, 328), (178, 328), (30, 166)):
        bolt = (x + at[0], y + at[1])
        drawing.ellipse(bolt, 6, 6, shade(look["accent"], -0.1))
        drawing.line(polyline([move(bolt, (-3, -3)), move(bolt, (3, 3))]), "#22252a", 1.6)
    for turn in (0, 1):
        stripe = [(x + 190 * turn + 9, y + 170), (x + 190 * turn + 9, y + 310)]
        drawing.line(polyline(stripe), look["accent"], 6)


def _flower(drawing: Drawing, at: Point, size: float, colour: str, turn: float) -> None:
    for i in range(5):
        spin = f"rotate({number(turn + 72 * i)} {number(at[0])} {number(at[1])})"
        petal = drawing.linear((0, shade(colour, 0.45)), (1, colour), angle=90)
        drawing.path(
            placed(PETAL, at, size),
            petal,
            transform=spin,
            stroke=shade(colour, -0.2),
            stroke_width=0.6,
        )
    drawing.ellipse(at, size * 0.2, size * 0.2, "#f2c14e")
    for i in range(6):
        drawing.ellipse(on_circle(at, size * 0.26, 60 * i + turn), 1.6, 1.6, "#a8772a")


def _floral(drawing: Drawing, look: Look) -> None:
    """A printed meadow that climbs from the lower left and falls from the upper right."""
    _phone(drawing, look)
    drawing.rect(*FRAME, mix(look["body"], "#ffffff", 0.55), opacity=0.55)
    spots = (
        (30, 386, 44), (96, 398, 34), (150, 380, 40), (190, 404, 30), (26, 318, 32), (78, 340, 26),
        (184, 330, 26), (24, 256, 22), (178, 36, 34), (186, 98, 24), (146, 60, 18), (190, 150, 17),
        (120, 344, 18),
    )  # fmt: skip
    x, y = FRAME[:2]
    for i, (dx, dy, size) in enumerate(spots):
        at = (x + dx, y + dy)
        for angle in (50, 170, 290):
            spin = f"rotate({angle + 40 * i} {number(at[0])} {number(at[1])})"
            drawing.path(placed(LEAF, at, size * 1.35), "#6f9b6a", transform=spin, opacity=0.9)
    for i, (dx, dy, size) in enumerate(spots):
        colour = (look["body"], look["accent"], shade(look["body"], 0.45))[i % 3]
        _flower(drawing, (x + dx, y + dy), size, colour, 37 * i)
    _gloss(drawing, 0.22)


def _aramid(drawing: Drawing, look: Look) -> None:
    """A twill of two yarns, each float over two and under two."""
    _plain(drawing, look["body"], 0.16)
    x, y, width, height = FRAME
    cell, warp = 8, []
    for row in range(int(height / cell) + 1):
        for column in range(int(width / cell) + 1):
            if (row + column) % 4 < 2:
                left, top = x + cell * column, y + cell * row
                warp.append(f"M{number(left)},{number(top)}h{cell - 1}v{cell - 1}h{1 - cell}Z")
    drawing.path("".join(warp), look["accent"], opacity=0.75)
    _gloss(drawing, 0.22)


def _wood(drawing: Drawing, look: Look) -> None:
    _plain(drawing, look["body"], 0.14)
    x, y, width, height = FRAME
    for i in range(34):
        left, bend = x - 8 + 6.8 * i, 10 * math.sin(i / 3)
        grain = (
            f"M{number(left)},{y}C{number(left + bend)},{y + 130} "
            f"{number(left - bend)},{y + 270} {number(left + bend / 2)},{y + height}"
        )
        tint = shade(look["body"], -0.3 if i % 3 else 0.2)
        drawing.line(grain, tint, 1 + 1.6 * noise(i), opacity=0.45)
    for opacity, depth, ridge in RIDGES:
        line = placed(ridge, (x, y + 40), width, height)
        drawing.line(line, shade(look["body"], -0.7), 3.5 * depth, opacity=opacity)
    drawing.ellipse(
        (x + 148, y + 168), 20, 20, "none", stroke=shade(look["body"], -0.7), stroke_width=3
    )


def _glitter(drawing: Drawing, look: Look) -> None:
    x, y, width, height = FRAME
    _phone(drawing, look)
    fade = drawing.linear((0, look["body"], 0.15), (1, look["body"], 0.95), angle=90)
    drawing.rect(*FRAME, fade)
    tints = (shade(look["body"], 0.6), look["accent"], "#ffffff", shade(look["body"], -0.25))
    for i in range(420):
        fall = noise(i, 0.7) ** 0.55
        at = (x + width * noise(i, 0.2), y + height * fall)
        size = 1 + 3.4 * noise(i, 0.9) ** 3
        flake = [on_circle(at, size, 60 * k + 90 * noise(i)) for k in range(6)]
        drawing.path(polygon(flake), tints[i % 4], opacity=0.9)
    for i in range(9):
        at = (x + 20 + (width - 40) * noise(i, 1.4), y + 140 + 250 * noise(i, 1.9))
        star = [on_circle(at, (11, 2.2)[k % 2], 45 * k) for k in range(8)]
        drawing.path(polygon(star), "#ffffff", opacity=0.95)
    _gloss(drawing, 0.25)


def _marble(drawing: Drawing, look: Look) -> None:
    _plain(drawing, look["body"], 0.08)
    x, y, width = FRAME[:3]
    for vein in range(7):
        left, top = x + width * noise(vein, 2.1), y - 30 + 70 * vein
        path = [
            (left - 160 + 24 * i + 16 * noise(10 * vein + i), top + 15 * i * (0.6 + noise(vein)))
            for i in range(16)
        ]
        for spread, opacity in ((16, 0.12), (6, 0.25), (1.6, 0.6)):
            soft = drawing.blur(spread / 4)
            drawing.line(polyline(path), look["vein"], spread, opacity=opacity, filter=soft)
        if vein % 2:
            gold = polyline([move(point, (5, 7)) for point in path])
            drawing.line(gold, look["accent"], 2.6)
            drawing.line(gold, shade(look["accent"], 0.6), 0.9)
    _gloss(drawing, 0.2)


def _canvas(drawing: Drawing, look: Look) -> None:
    """Cloth with a leather tab."""
    _plain(drawing, look["body"], 0.12)
    x, y, width, height = FRAME
    for tint, step, dash in ((-0.3, 4, "5 3"), (0.3, 4, "3 5")):
        shift = 2 if tint > 0 else 0
        across = "".join(
            f"M{x},{number(y + step * i + shift)}h{number(width)}"
            for i in range(int(height / step))
        )
        down = "".join(
            f"M{number(x + step * i + shift)},{y}v{number(height)}"
            for i in range(int(width / step))
        )
        style = {"stroke_dasharray": dash, "stroke_linecap": "butt", "opacity": 0.45}
        drawing.line(across + down, shade(look["body"], tint), 1.5, **style)
    tab = (x + width / 2 - 46, y + height - 48, 92.0, 36.0)
    drawing.open_group(clip_path=drawing.clip(rounded(*tab, 6)))
    leather(drawing, look["accent"], tab)
    drawing.close_group()


def _stripes(drawing: Drawing, look: Look) -> None:
    """Bands that rise from below and turn away to the right."""
    _plain(drawing, look["body"], 0.07)
    x, y, width, height = FRAME
    for i, colour in enumerate(look["bands"]):
        turn, left = 168 - 21 * i, x + 26 + 21 * i
        path = (
            f"M{left},{y + height + 20}V{y + 150 + turn}"
            f"Q{left},{y + 150 + 21 * i} {left + turn},{y + 150 + 21 * i}H{x + width + 20}"
        )
        drawing.line(path, colour, 21.5, stroke_linecap="butt")
    _gloss(drawing, 0.16)


def _battery(drawing: Drawing, look: Look) -> None:
    """A raised pack with four lamps, and a chin with slots for the sound."""
    _plain(drawing, look["body"], 0.14)
    x, y, width, height = FRAME
    pack = (x + 16, y + 128, width - 32, height - 168)
    drawing.rect(*pack, "#0c0d10", 26, opacity=0.4, filter=drawing.blur(5))
    top = drawing.linear(
        (0, shade(look["body"], 0.28)),
        (0.5, look["body"]),
        (1, shade(look["body"], -0.2)),
        angle=60,
    )
    drawing.rect(*pack, top, 26)
    for i in range(4):
        lit = "#7dffb4" if i < 3 else shade(look["body"], -0.4)
        drawing.ellipse((x + width / 2 - 27 + 18 * i, y + height - 62), 3.4, 3.4, lit)
    drawing.rect(x + width / 2 - 9, y + height - 90, 18, 8, shade(look["body"], -0.3), 4)
    for i in range(10):
        side = x + 34 + 10 * i if i < 5 else x + width - 84 + 10 * (i - 5)
        drawing.ellipse((side, y + height - 14), 2.6, 2.6, "#0a0b0d")


FINISHES: dict[str, Callable[[Drawing, Look], None]] = {
    "silicone": _silicone,
    "clear": _clear,
    "folio": _folio,
    "armor": _armor,
    "floral": _floral,
    "ring": _silicone,
    "aramid": _aramid,
    "frost": _frost,
    "wood": _wood,
    "glitter": _glitter,
    "cards": _cards,
    "cord": _silicone,
    "battery": _battery,
    "marble": _marble,
    "canvas": _canvas,
    "stripes": _stripes,
}
"""What covers the back."""
