"""What is printed on packs of toilet paper: a background, an icon, the name and the numbers."""

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
    number,
    on_circle,
    placed,
    polygon,
    polyline,
    rounded,
    shade,
)
from aces.catalogs.demo.drawings.toilet_rolls import Look


class Area(NamedTuple):
    """The near face of a pack, in pixels."""

    x: float
    y: float
    width: float
    height: float


def draw_print(drawing: Drawing, area: Area, look: Look, brand: str, up: int) -> None:
    """Prints a face: the look's `design` and `icon`, the brand, the plies and the rolls.

    Args:
        drawing: Where to.
        area: The face.
        look: Of the pack.
        brand: Its name.
        up: How many rolls stand on each other behind the face.
    """
    DESIGNS[look["design"]](drawing, area, look)
    x, h, ink = area.x + area.width / 2, area.height, _ink(look)
    title = min(40.0, 0.8 * area.width / width(brand, 1), h * 0.16)
    y, radius = area.y + h * 0.4, min(h * 0.1, 30)
    ICONS[look["icon"]](drawing, (x, y - title * 0.5 - radius * 1.2 - 5), radius, look)
    write(drawing, brand, (x, y), title, ink, 0.16)
    plies = f"{look['ply']} PLY"
    write(drawing, plies, (x, y + title * 0.5 + 15), max(h * 0.035, 8), ink, 0.15, opacity=0.85)
    at = (area.x + area.width * 0.8, area.y + h * (0.7 if up > 1 else 0.6))
    _badge(drawing, look, at, min(h * 0.12, 34))


def _ink(look: Look) -> str:
    return str(look.get("ink", ink_on(look["wrap"])))


def _badge(drawing: Drawing, look: Look, at: Point, radius: float) -> None:
    fill = look.get("badge", look["accent"])
    drawing.ellipse(at, radius, radius, fill, stroke="#ffffff", stroke_width=2.5)
    ink = "#ffffff" if not is_bright(fill) else shade(fill, -0.7)
    write(drawing, look["count"], (at[0], at[1] - radius * 0.15), radius * 0.66, ink, 0.17)
    write(drawing, "ROLLS", (at[0], at[1] + radius * 0.5), radius * 0.24, ink, 0.16)


def _swoosh(drawing: Drawing, area: Area, look: Look) -> None:
    x, y, w, h = area
    wave = "M 0 0 C 0.3 0.2 0.6 -0.14 1 0.02 L 1 0.24 L 0 0.24 Z"
    for lift, tint in ((0.08, 0.45), (0.0, 0.0)):
        drawing.path(placed(wave, (x, y + h * (0.62 - lift)), w, h), shade(look["accent"], tint))


def _sky(drawing: Drawing, area: Area, look: Look) -> None:
    x, y, w, h = area
    fade = drawing.linear((0, look["accent"]), (1, look["wrap"]), angle=90)
    drawing.rect(x, y, w, h * 0.7, fade)
    for i in range(6):
        middle = (x + w * (0.02 + 0.19 * i), y + h * (0.72 + 0.04 * (i % 2)))
        drawing.ellipse(middle, w * 0.15, h * 0.09, "#ffffff", opacity=0.75)


def _stripes(drawing: Drawing, area: Area, look: Look) -> None:
    x, y, w, h = area
    stripe = "M 0 1 L 0.3 0 L 0.37 0 L 0.07 1 Z"
    for i in range(9):
        drawing.path(
            placed(stripe, (x + w * (0.17 * i - 0.3), y), w, h), look["accent"], opacity=0.22
        )
    drawing.rect(x, y + h * 0.16, w, h * 0.42, look["wrap"])
    for share in (0.16, 0.58):
        drawing.rect(x, y + h * share - 2, w, 4, look["accent"])


def _panel(drawing: Drawing, area: Area, look: Look) -> None:
    x, y, w, h = area
    drawing.rect(x, y + h * 0.1, w, h * 0.48, look["accent"])
    frame = rounded(x - 4, y + h * 0.115, w + 8, h * 0.45, 0)
    drawing.line(frame, "#ffffff", 1.5, opacity=0.6)


def _hills(drawing: Drawing, area: Area, look: Look) -> None:
    x, y, w, h = area
    for row, (lift, tint) in enumerate(((0.53, 0.4), (0.6, 0.15), (0.69, -0.12))):
        crest = [
            (x + w * i / 24, y + h * (lift + 0.04 * math.sin(i / (3.2 - 0.5 * row) + 2 * row)))
            for i in range(25)
        ]
        drawing.path(polygon([*crest, (x + w, y + h), (x, y + h)]), shade(look["accent"], tint))


def _spots(drawing: Drawing, area: Area, look: Look) -> None:
    for i in range(40):
        place = (area.x + area.width * (i * 0.381966 % 1), area.y + area.height * (i + 0.5) / 40)
        drawing.ellipse(place, 5 + i % 4 * 3, 5 + i % 4 * 3, look["accent"], opacity=0.35)
    middle = (area.x + area.width / 2, area.y + area.height * 0.36)
    drawing.ellipse(middle, area.width * 0.44, area.height * 0.26, look["wrap"])


def _simple(drawing: Drawing, area: Area, look: Look) -> None:
    """A thin frame and nothing else."""
    x, y, w, h = area
    drawing.line(rounded(x + 14, y + 14, w - 28, h - 28, 6), look["accent"], 2.2, opacity=0.8)


def _cloud(drawing: Drawing, at: Point, r: float, look: Look) -> None:
    x, y = at
    for dx, dy, size in ((-0.8, 0.25, 0.55), (0, -0.15, 0.8), (0.8, 0.2, 0.6)):
        drawing.ellipse((x + dx * r, y + dy * r), size * r, size * r, _ink(look))
    drawing.rect(x - 1.3 * r, y + 0.15 * r, 2.7 * r, 0.65 * r, _ink(look), 0.3 * r)


def _leaf(drawing: Drawing, at: Point, r: float, look: Look) -> None:
    for turn in (-38, 38):
        drawing.open_group(transform=f"rotate({turn} {number(at[0])} {number(at[1] + r)})")
        blade = "M 0 1 Q -1 0 0 -1.1 Q 1 0 0 1 Z"
        drawing.path(placed(blade, at, r), _ink(look))
        drawing.line(placed("M 0 1 L 0 -0.4", at, r), look["wrap"], r * 0.09)
        drawing.close_group()


def _bamboo(drawing: Drawing, at: Point, r: float, look: Look) -> None:
    x, y = at
    for dx, lean in ((-0.45, 0.5), (0.3, -0.6)):
        for part in range(3):
            place = x + dx * r + lean * part, y + r - (part + 1) * 0.72 * r
            drawing.rect(*place, 0.34 * r, 0.66 * r, _ink(look), 0.1 * r)
    for dx, dy, turn in ((0.95, -0.5, 50), (-0.95, -0.2, -55), (0.9, 0.4, 75)):
        middle = x + dx * r, y + dy * r
        spin = f"rotate({turn} {number(middle[0])} {number(middle[1])})"
        drawing.ellipse(middle, 0.17 * r, 0.55 * r, _ink(look), transform=spin)


def _drop(drawing: Drawing, at: Point, r: float, look: Look) -> None:
    drop = "M 0 -1 C 0.4 -0.3 0.8 0 0.8 0.4 C 0.8 1.5 -0.8 1.5 -0.8 0.4 C -0.8 0 -0.4 -0.3 0 -1 Z"
    drawing.path(placed(drop, at, r), _ink(look))
    light = arc_points((at[0], at[1] + 0.4 * r), 0.5 * r, 0.5 * r, 90, 170, 8)
    drawing.line(polyline(light), "#ffffff", r * 0.12, opacity=0.8)


def _feather(drawing: Drawing, at: Point, r: float, look: Look) -> None:
    drawing.open_group(transform=f"rotate(38 {number(at[0])} {number(at[1])})")
    drawing.ellipse(at, 0.42 * r, 1.15 * r, _ink(look))
    drawing.line(placed("M 0 -0.9 L 0 1.3", at, r), _ink(look), r * 0.1)
    drawing.line(placed("M 0 -0.9 L 0 1.1", at, r), look["wrap"], r * 0.08)
    for i in range(4):
        barb = placed("M 0 -0.4 L 0.42 -0.66", (at[0], at[1] + 0.34 * i * r), r)
        drawing.line(barb, look["wrap"], r * 0.07)
    drawing.close_group()


def _moon(drawing: Drawing, at: Point, r: float, look: Look) -> None:
    outer = arc_points(at, r, r, 60, 300, 30)
    inner = arc_points((at[0] + 0.5 * r, at[1]), 0.86 * r, 0.86 * r, 270, 90, 24)
    drawing.path(polygon([*outer, *inner]), _ink(look))
    for dx, dy in ((0.9, -0.6), (1.25, 0.1)):
        drawing.ellipse((at[0] + dx * r, at[1] + dy * r), 0.12 * r, 0.12 * r, _ink(look))


def _flower(drawing: Drawing, at: Point, r: float, look: Look) -> None:
    for turn in range(6):
        drawing.ellipse(on_circle(at, 0.6 * r, 60 * turn), 0.38 * r, 0.38 * r, _ink(look))
    drawing.ellipse(at, 0.34 * r, 0.34 * r, look["accent"])


DESIGNS: dict[str, Callable[[Drawing, Area, Look], None]] = {
    "swoosh": _swoosh,
    "sky": _sky,
    "stripes": _stripes,
    "panel": _panel,
    "hills": _hills,
    "spots": _spots,
    "simple": _simple,
}
"""What is printed behind the name."""

ICONS: dict[str, Callable[[Drawing, Point, float, Look], None]] = {
    "cloud": _cloud,
    "leaf": _leaf,
    "bamboo": _bamboo,
    "drop": _drop,
    "feather": _feather,
    "moon": _moon,
    "flower": _flower,
}
"""What stands above the name: in the ink of the name, of a radius in pixels."""
