"""The print on a pack of toothpaste: brand, wave and motif."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from aces.catalogs.demo.drawings import lettering
from aces.catalogs.demo.drawings.lettering import write
from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    is_bright,
    mix,
    move,
    number,
    on_circle,
    placed,
    polygon,
    polyline,
    shade,
)

Look = Mapping[str, Any]

LEAF = "M 0 0 Q 0.5 -0.48 1 0 Q 0.5 0.48 0 0 Z"
SHIELD = "M -0.8 -0.8 Q 0 -0.8 0 -1.05 Q 0 -0.8 0.8 -0.8 Q 0.9 0.6 0 1.1 Q -0.9 0.6 -0.8 -0.8 Z"
TOOTH = (
    "M -0.45 -0.3 Q -0.25 -0.65 0 -0.42 Q 0.28 -0.64 0.45 -0.3 Q 0.55 0.2 0.27 0.6 "
    "Q 0.13 0.5 0 0.15 Q -0.13 0.55 -0.27 0.6 Q -0.55 0.2 -0.45 -0.3 Z"
)
BERRY = "M 0 1 C -1.1 0.2 -0.9 -0.75 0 -0.5 C 0.9 -0.75 1.1 0.2 0 1 Z"
MOON = (
    "M 0.2 -1 C -0.5 -1 -0.9 -0.5 -0.9 0 C -0.9 1 0.35 1.25 0.85 0.5 "
    "C 0.3 0.75 -0.25 0.35 -0.25 -0.2 C -0.25 -0.6 -0.05 -0.85 0.2 -1 Z"
)
BANANA = (
    "M -0.9 -0.6 Q -0.6 0.5 0.7 0.45 L 0.95 0.3 L 1 0.45 Q 0.2 1.35 -0.9 0.6 Q -1.3 0.2 -1.1 -0.6 Z"
)
"""Outlines with an extent of about one."""


def print_label(
    drawing: Drawing, outline: str, at: Point, width: float, height: float, look: Look, brand: str
) -> None:
    """The printed design: the brand at the left, a coloured wave with the motif at the right."""
    x, y = at
    drawing.path(outline, look["tube"])
    drawing.open_group(clip_path=drawing.clip(outline))
    for offset, colour in ((-0.045, look["accent"]), (0, look["band"])):
        wave = "M 0.6 0 C 0.53 0.35 0.71 0.65 0.63 1 L 1.1 1 L 1.1 0 Z"
        drawing.path(placed(wave, (x + offset * width, y), width, height), colour)
    MOTIFS[look["motif"]](drawing, (x + width * 0.79, y + height * 0.5), height * 0.36, look)
    colour = ink(look)
    size = min(height * 0.27, 0.42 * width * height * 0.27 / lettering.width(brand, height * 0.27))
    write(drawing, brand, (x + width * 0.33, y + height * 0.42), size, colour, 0.19)
    for row, share in enumerate((0.34, 0.22)):
        place = y + height * (0.68 + 0.11 * row)
        drawing.rect(
            x + width * 0.33 - width * share / 2,
            place,
            width * share,
            height * 0.045,
            colour,
            2,
            opacity=0.45,
        )
    drawing.close_group()


def ink(look: Look) -> str:
    """What prints legibly on the tube."""
    return shade(look["band"], -0.12) if is_bright(look["tube"]) else "#ffffff"


def _mint(drawing: Drawing, at: Point, size: float, look: Look) -> None:
    for angle, colour in ((-150, "#3fa65a"), (-30, "#57c271"), (-90, "#7ddb8d")):
        _leaf_shape(drawing, at, size, angle, colour)


def _leaf(drawing: Drawing, at: Point, size: float, look: Look) -> None:
    _leaf_shape(drawing, (at[0] - size * 0.3, at[1] + size * 0.5), size * 1.25, -60, look["accent"])
    _leaf_shape(
        drawing, (at[0] - size * 0.2, at[1] + size * 0.5), size, -140, shade(look["accent"], 0.35)
    )


def _leaf_shape(drawing: Drawing, at: Point, size: float, angle: float, colour: str) -> None:
    stem = (at[0], at[1] + size * 0.3)
    spin = f"rotate({number(angle)} {number(stem[0])} {number(stem[1])})"
    drawing.path(placed(LEAF, stem, 1.2 * size), colour, transform=spin)
    rib = placed("M 0 0 L 0.8 0", stem, 1.2 * size)
    drawing.line(rib, "#ffffff", size * 0.05, transform=spin, opacity=0.7)


def _star(drawing: Drawing, at: Point, size: float, colour: str) -> None:
    radii = (size, size * 0.24)
    points = [on_circle(at, radii[i % 2], 45 * i - 90) for i in range(8)]
    drawing.path(polygon(points), colour)


def _sparkle(drawing: Drawing, at: Point, size: float, look: Look) -> None:
    for dx, dy, share in ((-0.35, 0.1, 1.1), (0.75, -0.5, 0.55), (0.7, 0.65, 0.4)):
        _star(drawing, move(at, (dx, dy), size), share * size, look["accent"])


def _shield(drawing: Drawing, at: Point, size: float, look: Look) -> None:
    drawing.path(placed(SHIELD, at, size), look["accent"])
    drawing.path(placed(TOOTH, at, size), "#ffffff")


def _charcoal(drawing: Drawing, at: Point, size: float, look: Look) -> None:
    coal = drawing.linear((0, "#8b9098"), (0.4, "#1d1f23"), (1, "#050506"), angle=50)
    for dx, dy, share in ((-0.5, 0.3, 0.75), (0.6, 0.35, 0.62), (0.05, -0.4, 0.68)):
        middle = (at[0] + dx * size, at[1] + dy * size)
        radii = [share * size * r for r in (1, 0.8, 1, 0.9, 0.75, 1)]
        lump = [on_circle(middle, radius, 60 * i + 20) for i, radius in enumerate(radii)]
        drawing.path(polygon(lump), coal)
    _leaf_shape(drawing, (at[0] + size * 0.9, at[1] - size * 0.5), size * 0.6, -35, look["accent"])


def _berry(drawing: Drawing, at: Point, size: float, look: Look) -> None:
    flesh = drawing.linear((0, "#ff5a6e"), (1, "#c9182f"), angle=60)
    drawing.path(placed(BERRY, at, size), flesh, stroke="#ffffff", stroke_width=1.5)
    seeds = ((-0.35, -0.1), (0.05, -0.15), (0.42, -0.08), (-0.15, 0.25), (0.25, 0.25), (0.02, 0.58))
    for seed in seeds:
        drawing.ellipse(move(at, seed, size), size * 0.06, size * 0.09, "#ffe28a")
    stalk = move(at, (0, -0.5), size)
    for angle in (-160, -125, -90, -55, -20):
        tip = on_circle(stalk, size * 0.55, angle)
        drawing.line(polyline([stalk, tip]), "#4caf50", size * 0.2)


def _moon(drawing: Drawing, at: Point, size: float, look: Look) -> None:
    drawing.path(placed(MOON, at, size), "#fdf3c9")
    for dx, dy, share in ((0.7, -0.5, 0.36), (1.3, 0.1, 0.24), (0.5, 0.15, 0.2)):
        _star(drawing, move(at, (dx, dy), size), share * size, look["accent"])


def _waves(drawing: Drawing, at: Point, size: float, look: Look) -> None:
    for row in range(3):
        y = at[1] + size * (0.55 * row - 0.55)
        points = [
            (at[0] - size * 1.3 + size * 0.13 * i, y + size * 0.16 * math.sin(i / 1.6))
            for i in range(21)
        ]
        drawing.line(polyline(points), ("#ffffff", look["accent"], "#ffffff")[row], size * 0.2)


def _swirl(drawing: Drawing, at: Point, size: float, look: Look) -> None:
    points = [on_circle(at, size * 0.014 * i, 9.5 * i) for i in range(75)]
    drawing.line(polyline(points), look["accent"], size * 0.24)


def _citrus(drawing: Drawing, at: Point, size: float, look: Look) -> None:
    drawing.ellipse(at, size * 1.1, size * 1.1, "#ffffff")
    drawing.ellipse(at, size, size, mix(look["band"], "#ffe45c", 0.5))
    for i in range(8):
        spoke = [at, on_circle(at, size * 0.95, 45 * i)]
        drawing.line(polyline(spoke), "#ffffff", size * 0.1)
    _leaf_shape(drawing, move(at, (0.7, -1.1), size), size * 0.8, 20, look["accent"])


def _anise(drawing: Drawing, at: Point, size: float, look: Look) -> None:
    for i in range(8):
        spin = f"rotate({45 * i} {number(at[0])} {number(at[1])})"
        drawing.path(placed(LEAF, at, size * 1.15), look["accent"], transform=spin)
        seed = move(at, (0.6, 0), size)
        drawing.ellipse(seed, size * 0.17, size * 0.1, "#5a2f14", transform=spin)


def _banana(drawing: Drawing, at: Point, size: float, look: Look) -> None:
    skin = drawing.linear((0, "#fff0a0"), (1, "#f4c21f"), angle=60)
    for turn in (20, -18):
        spin = f"rotate({turn} {number(at[0])} {number(at[1])})"
        drawing.path(
            placed(BANANA, at, size), skin, stroke="#ffffff", stroke_width=2, transform=spin
        )


def _bubbles(drawing: Drawing, at: Point, size: float, look: Look) -> None:
    spots = (
        (-0.5, 0.3, 0.62),
        (0.55, 0.1, 0.48),
        (-0.1, -0.65, 0.36),
        (0.6, -0.8, 0.24),
        (0.2, 0.9, 0.26),
    )
    for dx, dy, share in spots:
        ball = drawing.radial(
            (0, "#ffffff", 0.9), (0.5, look["accent"], 0.7), (1, "#ffffff", 0.6), at=(0.35, 0.3)
        )
        drawing.ellipse(move(at, (dx, dy), size), share * size, share * size, ball)


MOTIFS: dict[str, Callable[[Drawing, Point, float, Look], None]] = {
    "mint": _mint,
    "leaf": _leaf,
    "sparkle": _sparkle,
    "shield": _shield,
    "charcoal": _charcoal,
    "berry": _berry,
    "moon": _moon,
    "waves": _waves,
    "swirl": _swirl,
    "citrus": _citrus,
    "anise": _anise,
    "banana": _banana,
    "bubbles": _bubbles,
}
