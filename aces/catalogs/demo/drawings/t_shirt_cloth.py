"""Draws what T-shirts are knitted of, dyed and printed with."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

from aces.catalogs.demo.drawings.lettering import write
from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    arc_points,
    ink_on,
    is_bright,
    number,
    polygon,
    polyline,
    shade,
)

Look = Mapping[str, Any]

MIDDLE = 240.0


def weave(drawing: Drawing, look: Look) -> None:
    """Adds the pattern of the cloth, all over the picture: clip it to the shirt."""
    if look.get("weave", "plain") != "plain":
        WEAVES[look["weave"]](
            drawing, look.get("yarn", [shade(look["colour"], 0.35), shade(look["colour"], -0.3)])
        )


def _scatter(n: int) -> Iterator[Point]:
    """Points anywhere on the picture, the same every time."""
    dice = Random(n)
    for _ in range(n):
        yield dice.uniform(-40, 520), dice.uniform(-40, 520)


def _heather(drawing: Drawing, yarn: Sequence[str]) -> None:
    for i, colour in enumerate(yarn):
        flecks = (f"M{number(x)},{number(y)}l{number(2 + x % 5)},1" for x, y in _scatter(1400 + i))
        drawing.line("".join(flecks), colour, 1.1, opacity=0.42)


def _slub(drawing: Drawing, yarn: Sequence[str]) -> None:
    for i, colour in enumerate(yarn):
        streaks = (
            f"M{number(x + 40 * i)},{number(y + 3 * i)}h{number(16 + x % 34)}"
            for x, y in _scatter(420)
        )
        drawing.line("".join(streaks), colour, 1, opacity=0.34)


def _mesh(drawing: Drawing, yarn: Sequence[str]) -> None:
    for row in range(110):
        drawing.line(
            f"M{-20 + 2.5 * (row % 2)},{4.2 * row + 10}H500",
            yarn[1],
            1.3,
            stroke_dasharray="0.1 5",
            opacity=0.5,
        )


def _stripes(drawing: Drawing, yarn: Sequence[str]) -> None:
    for i in range(24):
        y = 118 + 19 * i if len(yarn) == 1 else 100 + 17 * i
        drawing.line(f"M-40,{y}C120,{y + 7} 360,{y + 7} 520,{y}", yarn[i % len(yarn)], 7.5)


def _spiral(drawing: Drawing, yarn: Sequence[str]) -> None:
    """Dye that was tied in a twist: arms of colour winding out from the chest."""
    drawing.open_group(filter=drawing.blur(3))
    arms = 2 * len(yarn)
    for arm in range(arms):
        near = [_twist(arm / arms, t / 24) for t in range(25)]
        far = [_twist((arm + 0.86) / arms, t / 24) for t in range(25)]
        drawing.path(polygon([*near, *reversed(far)]), yarn[arm % len(yarn)], opacity=0.88)
    drawing.close_group()
    for arm in range(3 * arms):
        crease = [_twist(arm / arms / 3 + 0.02, t / 24) for t in range(3, 25)]
        drawing.line(polyline(crease), "#ffffff", 2.4, opacity=0.34)


def _twist(turn: float, t: float) -> Point:
    angle = 2 * math.pi * (turn + 0.85 * t**0.6)
    radius = 350 * t**1.25 * (1 + 0.05 * math.sin(9 * angle))
    return 236 + radius * math.cos(angle), 236 + radius * math.sin(angle)


WEAVES: dict[str, Callable[[Drawing, Sequence[str]], None]] = {
    "heather": _heather,
    "slub": _slub,
    "mesh": _mesh,
    "stripes": _stripes,
    "spiral": _spiral,
}


def imprint(drawing: Drawing, look: Look, brand: str) -> None:
    """Adds what is printed on the chest, if anything is."""
    if look.get("print"):
        PRINTS[look["print"]](drawing, look.get("ink", [ink_on(look["colour"])]), brand)


def _sun(drawing: Drawing, ink: Sequence[str], brand: str) -> None:
    disc = arc_points((MIDDLE, 228), 56, 56, 0, 360, 48)
    drawing.open_group(clip_path=drawing.clip(polygon(disc)))
    drawing.rect(180, 170, 120, 116, drawing.linear((0, ink[0]), (1, ink[1]), angle=90))
    drawing.close_group()
    for i in range(4):
        y = 244 + 12 * i
        wave = "".join(f"q8,{-7 - i} 16,0t16,0" for _ in range(5))
        drawing.line(f"M{MIDDLE - 80},{y}{wave}", ink[2 + i % (len(ink) - 2)], 5.5)
    drawing.line(f"M{MIDDLE + 20},196q8,-8 14,0q6,-8 14,0", ink[-1], 2.6)
    write(drawing, brand, (MIDDLE, 306), 13, ink[-1], 0.16)


def _peaks(drawing: Drawing, ink: Sequence[str], brand: str) -> None:
    ridges = [(160, 276), (196, 226), (212, 240), (244, 184), (276, 238), (288, 224), (322, 276)]
    drawing.path(polygon(ridges), ink[0])
    snow = [(244, 184), (230, 208), (240, 204), (246, 216), (254, 205), (261, 212)]
    drawing.path(polygon(snow), ink[1])
    drawing.ellipse((298, 190), 13, 13, ink[1])
    for i in range(3):
        drawing.line(f"M{172 + 14 * i},{286 + 8 * i}H{310 - 14 * i}", ink[0], 3)
    write(drawing, brand, (MIDDLE, 322), 13, ink[0], 0.16)


def _fern(drawing: Drawing, ink: Sequence[str], brand: str) -> None:
    stem = [(MIDDLE + 14 * math.sin(i / 6) - 8, 312 - 10 * i) for i in range(15)]
    drawing.line(polyline(stem), ink[0], 2.6)
    for i in range(2, 15):
        size = 8 + 52 * (1 - i / 15) ** 0.8
        for side in (-1, 1):
            drawing.path(_leaf(stem[i], side * size), ink[0])


def _leaf(root: Point, reach: float) -> str:
    """A leaf that grows sideways and up."""
    (x, y), tip = root, (root[0] + reach, root[1] - 0.34 * abs(reach))
    up, down = (x + 0.4 * reach, y - 6 - 0.2 * abs(reach)), (x + 0.6 * reach, y - 0.06 * abs(reach))
    points = [f"{number(a)},{number(b)}" for a, b in (root, up, tip, down, root)]
    return f"M{points[0]}Q{points[1]} {points[2]}Q{points[3]} {points[4]}Z"


def _logo(drawing: Drawing, ink: Sequence[str], brand: str) -> None:
    drawing.line("M274,150q8,-12 16,0t16,0", ink[0], 3.4)
    write(drawing, brand, (290, 166), 5.4, ink[0], 0.16)


def _wordmark(drawing: Drawing, ink: Sequence[str], brand: str) -> None:
    write(drawing, brand, (MIDDLE, 190), 15, ink[0], 0.19)


PRINTS: dict[str, Callable[[Drawing, Sequence[str], str], None]] = {
    "sun": _sun,
    "peaks": _peaks,
    "fern": _fern,
    "logo": _logo,
    "wordmark": _wordmark,
}


def stitch(drawing: Drawing, outline: str, colour: str) -> None:
    """Adds a seam of small stitches."""
    tone = shade(colour, -0.3) if is_bright(colour) else shade(colour, 0.3)
    drawing.line(outline, tone, 1, stroke_dasharray="3.2 2", opacity=0.7)


def placket(drawing: Drawing, look: Look, low: float) -> None:
    """Adds the buttoned slit of a henley, which begins at y `low`."""
    band = look.get("trim", look["colour"])
    paint = drawing.linear((0, shade(band, 0.1)), (0.6, band), (1, shade(band, -0.28)))
    drawing.rect(MIDDLE - 12, low, 24, 94, paint, 3, stroke=shade(band, -0.4), stroke_width=0.8)
    stitch(drawing, f"M{MIDDLE - 8},{low + 4}V{low + 88}H{MIDDLE + 8}V{low + 4}", band)
    for i in range(3):
        y = low + 16 + 28 * i
        drawing.ellipse((MIDDLE + 0.8, y + 1.4), 5, 5, "#000000", opacity=0.35)
        drawing.ellipse(
            (MIDDLE, y), 5, 5, drawing.radial((0, "#efe6d6"), (1, "#a58f73"), at=(0.35, 0.3))
        )
        for x in (-1.5, 1.5):
            drawing.ellipse((MIDDLE + x, y), 0.8, 0.8, "#5a4a38")


def pocket(drawing: Drawing, colour: str) -> None:
    """Adds a pocket on the heart's side."""
    outline = "M276,176H330V226L303,240L276,226Z"
    drawing.path(
        outline, "#000000", opacity=0.25, transform="translate(1.5 3)", filter=drawing.blur(2)
    )
    drawing.path(
        outline, drawing.linear((0, shade(colour, 0.06)), (1, shade(colour, -0.06)), angle=80)
    )
    drawing.path(outline, stroke=shade(colour, -0.3), stroke_width=0.8, opacity=0.6)
    stitch(drawing, "M279,179V224L303,236L327,224V179", colour)
    stitch(drawing, "M277,186H329", colour)
