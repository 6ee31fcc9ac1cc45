"""Draws toothpaste: a tube before its cartons, a row of minis, a pump, a jar, and all in use."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from aces.catalogs.demo.drawings import lettering
from aces.catalogs.demo.drawings.lettering import write
from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    number,
    placed,
    polygon,
    polyline,
    rounded,
    shade,
    soften,
)
from aces.catalogs.demo.drawings.toothpaste_label import MOTIFS, ink, print_label

Look = Mapping[str, Any]

TUBE = (
    "M 0 0.01 L 0.05 0.01 Q 0.5 -0.06 0.94 0 Q 0.99 0.06 1 0.26 "
    "L 1 0.74 Q 0.99 0.94 0.94 1 Q 0.5 1.06 0.05 0.99 L 0 0.99 Z"
)
"""The outline of a tube with an extent of one."""

VIEWS = ("front", "brush")
"""The pack, and what comes out of it on a brush."""


def draw(look: Look, brand: str, view: str = "front") -> str:
    """Returns the SVG of a pack of toothpaste.

    Args:
        look: `form` (tube where not given, pump, jar), `tube`, `band` and `accent` colours,
            `motif` (mint, leaf, sparkle, shield, charcoal, berry, moon, waves, swirl, citrus,
            anise, banana, bubbles), `pack`, the number of tubes, `paste` and `stripe` colours.
        brand: Printed on tube and carton.
        view: One of `VIEWS`.
    """
    drawing = Drawing()
    if view == "brush":
        _in_use(drawing, look, brand)
    elif look.get("form"):
        FORMS[look["form"]](drawing, look, brand)
    elif look["pack"] > 4:
        _minis(drawing, look, brand)
    else:
        lift = {1: -66, 2: -36, 3: -22, 4: 0}[look["pack"]]
        drawing.open_group(transform=f"translate(0 {lift})")
        _cartons(drawing, look, brand)
        _tube(drawing, (64, 316), 352, 92, look, brand)
        drawing.close_group()
    return drawing.svg()


def _cartons(drawing: Drawing, look: Look, brand: str) -> None:
    """Long boxes lying on each other, the lowest first."""
    count, height = look["pack"], 74 if look["pack"] < 3 else 60
    floor = 300 if count < 4 else 312
    drawing.shadow((246, floor + 2), 190, 12, opacity=0.3, blur=8)
    for level in range(count):
        x = 54 + (6, -4, 4, -2)[level]
        _carton(drawing, x, floor - height * (level + 1), 336, height, look, brand)


def _carton(
    drawing: Drawing, x: float, y: float, width: float, height: float, look: Look, brand: str
) -> None:
    face = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    drawing.extrude(face, look["band"] if look["tube"] != "#24262a" else look["tube"], (34, -20))
    print_label(drawing, rounded(x, y, width, height, 1), (x, y), width, height, look, brand)
    drawing.path(polygon(face), drawing.linear((0, "#20242c", 0), (1, "#20242c", 0.1), angle=70))
    drawing.line(polygon(face), "#20242c", 1, opacity=0.22)


def _tube(
    drawing: Drawing, at: Point, length: float, height: float, look: Look, brand: str
) -> None:
    """A tube lying on its back, the crimp at the left and the cap at the right."""
    x, y = at
    middle, body = y + height / 2, length * 0.86
    drawing.shadow(
        (x + length / 2 + 6, y + height + 2), length * 0.5, height * 0.1, opacity=0.42, blur=5
    )
    drawing.shadow(
        (x + length / 2 + 12, y + height + 6), length * 0.55, height * 0.2, opacity=0.15, blur=13
    )
    _tube_body(drawing, at, body, height, look, brand)
    _cap(drawing, x + body - 3, middle, length - body, height * 0.5, look)


def _tube_body(
    drawing: Drawing, at: Point, body: float, height: float, look: Look, brand: str
) -> None:
    x, y = at
    outline = placed(TUBE, at, body, height)
    print_label(drawing, outline, (x, y), body, height, look, brand)
    drawing.path(outline, _roundness(drawing))
    drawing.open_group(clip_path=drawing.clip(outline))
    gloss = placed("M 0.1 0.2 Q 0.5 0.12 1 0.16", at, body, height)
    drawing.line(gloss, "#ffffff", height * 0.07, opacity=0.6, filter=drawing.blur(1.6))
    _crimp(drawing, x, y, height, look)
    drawing.close_group()


def _roundness(drawing: Drawing) -> str:
    return drawing.linear(
        (0, "#ffffff", 0.1),
        (0.18, "#ffffff", 0.42),
        (0.34, "#ffffff", 0.06),
        (0.6, "#000000", 0.05),
        (0.9, "#000000", 0.34),
        (1, "#000000", 0.2),
        angle=90,
    )


def _crimp(drawing: Drawing, x: float, y: float, height: float, look: Look) -> None:
    """The flat welded end."""
    drawing.rect(x, y - 2, 15, height + 4, shade(look["tube"], -0.1))
    ridges = "".join(polyline([(x + 3 + 3 * i, y), (x + 3 + 3 * i, y + height)]) for i in range(4))
    drawing.line(ridges, shade(look["tube"], -0.35), 1, opacity=0.7)
    for fold in (0.3, 0.68):
        crease = polygon(
            [
                (x + 15, y + height * (fold - 0.07)),
                (x + 88, y + height * fold),
                (x + 15, y + height * (fold + 0.07)),
            ]
        )
        drawing.path(crease, "#000000", opacity=0.1, filter=drawing.blur(2))


def _cap(
    drawing: Drawing, x: float, middle: float, length: float, height: float, look: Look
) -> None:
    colour = look["band"] if look["tube"] != "#24262a" else "#45484e"
    drawing.rect(x - 1, middle - height * 0.42, 9, height * 0.84, shade(colour, -0.3), 2)
    corners = [
        (x + 6, middle - height * 0.6),
        (x + length, middle - height * 0.52),
        (x + length, middle + height * 0.52),
        (x + 6, middle + height * 0.6),
    ]
    side = drawing.linear(
        (0, shade(colour, 0.1)),
        (0.22, shade(colour, 0.55)),
        (0.45, colour),
        (1, shade(colour, -0.45)),
        angle=90,
    )
    drawing.path(polygon(soften(corners, 5)), side)
    ribs = "".join(
        polyline([(x + 10, middle + height * r), (x + length - 3, middle + height * r * 0.88)])
        for r in (i / 14 for i in range(-7, 8))
    )
    drawing.line(ribs, shade(colour, -0.5), 1.1, opacity=0.5)


def _minis(drawing: Drawing, look: Look, brand: str) -> None:
    """Small tubes side by side, standing on their caps."""
    for i in range(look["pack"]):
        x, y = 112 + 128 * (i % 3), 30 + 212 * (i // 3)
        drawing.open_group(transform=f"translate({x} {y}) rotate(90) translate(0 -38)")
        _tube(drawing, (0, 0), 194, 76, look, brand)
        drawing.close_group()


def _pump(drawing: Drawing, look: Look, brand: str) -> None:
    """A dispenser that stands up; a press on its head brings the paste."""
    drawing.shadow((252, 440), 92, 10, opacity=0.4, blur=6)
    drawing.shadow((262, 446), 120, 18, opacity=0.14, blur=14)
    _pump_head(drawing, (240, 132), look)
    _upright(drawing, (154, 132), 172, 308, look, brand, 22)


def _pump_head(drawing: Drawing, at: Point, look: Look) -> None:
    """The presser and its spout to the right; `at` is where it meets the bottle."""
    x, y = at
    colour = look["band"]
    side = drawing.linear(
        (0, shade(colour, -0.25)), (0.25, shade(colour, 0.45)), (0.5, colour), (1, "#20242c")
    )
    top = drawing.linear((0, shade(colour, 0.4)), (0.5, colour), (1, shade(colour, -0.4)), angle=90)
    drawing.rect(x - 62, y - 28, 124, 34, side, 8)
    drawing.rect(x - 40, y - 62, 80, 38, side, 6)
    drawing.path(
        placed(
            "M -46 -60 L -46 -84 Q -44 -96 -20 -96 L 30 -92 L 104 -72 L 104 -56 L 40 -60 Z", at, 1
        ),
        top,
    )
    drawing.line(placed("M -38 -86 Q -30 -91 30 -86 L 96 -69", at, 1), "#ffffff", 3, opacity=0.6)
    drawing.ellipse((x + 104, y - 64), 4, 8.5, shade(colour, -0.5))


def _upright(
    drawing: Drawing, at: Point, width: float, height: float, look: Look, brand: str, radius: float
) -> None:
    """The printed wall of something round that stands: the brand above, the motif below."""
    (x, y), outline = at, rounded(*at, width, height, radius)
    middle = x + width / 2
    drawing.path(outline, look["tube"])
    drawing.open_group(clip_path=drawing.clip(outline))
    for rise, colour in ((-0.045, look["accent"]), (0, look["band"])):
        wave = "M 0 0.5 C 0.3 0.38 0.6 0.62 1 0.46 L 1 1.2 L 0 1.2 Z"
        drawing.path(placed(wave, (x, y + rise * height), width, height), colour)
    MOTIFS[look["motif"]](drawing, (middle, y + height * 0.75), width * 0.24, look)
    size = min(0.78 * width / lettering.width(brand, 1), 0.17 * height)
    write(drawing, brand, (middle, y + height * 0.2), size, ink(look), 0.19)
    for row, share in enumerate((0.5, 0.34)):
        bar = middle - width * share / 2
        drawing.rect(
            bar, y + height * (0.3 + 0.05 * row), width * share, 4, ink(look), 2, opacity=0.45
        )
    drawing.close_group()
    drawing.path(outline, _barrel(drawing))


def _barrel(drawing: Drawing) -> str:
    """Light from the left on something round that stands."""
    return drawing.linear(
        (0, "#000000", 0.2),
        (0.16, "#ffffff", 0.05),
        (0.26, "#ffffff", 0.5),
        (0.38, "#ffffff", 0.05),
        (0.7, "#000000", 0.05),
        (1, "#000000", 0.36),
    )


def _jar(drawing: Drawing, look: Look, brand: str) -> None:
    """A glass of tablets with a metal lid, a few of them in front."""
    drawing.shadow((250, 408), 128, 12, opacity=0.4, blur=7)
    drawing.shadow((262, 416), 160, 22, opacity=0.14, blur=16)
    glass = rounded(124, 128, 232, 280, 34)
    drawing.path(glass, "#e3ecee")
    drawing.open_group(clip_path=drawing.clip(rounded(132, 158, 216, 244, 28)))
    for row in range(13):
        for column in range(8):
            drift = 9 * math.sin(2.3 * row + 1.7 * column)
            _tablet(drawing, (132 + 31 * column + drift, 176 + 19 * row), 19, 20 * drift, look)
    drawing.close_group()
    _upright(drawing, (124, 222), 232, 144, look, brand, 2)
    drawing.path(glass, _barrel(drawing), opacity=0.8)
    drawing.line(glass, "#ffffff", 3, opacity=0.8)
    _lid(drawing)
    for x, y, turn in ((330, 424, 8), (376, 410, -14), (296, 436, 0), (398, 436, 20)):
        drawing.shadow((x + 5, y + 8), 22, 8, opacity=0.3, blur=4)
        _tablet(drawing, (x, y), 22, turn, look)


def _lid(drawing: Drawing) -> None:
    steel = drawing.linear(
        (0, "#83888f"), (0.2, "#f6f8fa"), (0.45, "#b9bfc6"), (0.8, "#7d838b"), (1, "#a3a9b1")
    )
    drawing.rect(136, 78, 208, 56, steel, 9)
    for y in (88, 122, 128):
        drawing.line(polyline([(138, y), (342, y)]), "#5d636b", 1.2, opacity=0.5)


def _tablet(drawing: Drawing, at: Point, size: float, turn: float, look: Look) -> None:
    x, y = at
    spin = f"rotate({number(turn)} {number(x)} {number(y)})"
    colour = look["paste"]
    drawing.open_group(transform=spin)
    drawing.rect(x - size, y - size * 0.1, 2 * size, size * 0.62, shade(colour, -0.2), size * 0.3)
    dome = drawing.radial((0, "#ffffff"), (0.6, colour), (1, shade(colour, -0.12)), at=(0.4, 0.3))
    drawing.ellipse((x, y), size, size * 0.52, dome)
    drawing.close_group()


def _in_use(drawing: Drawing, look: Look, brand: str) -> None:
    """A brush on the table with what the pack gives, and the open pack above it."""
    _brush(drawing, look)
    form = look.get("form", "tube")
    if form == "jar":
        _dose_of_tablets(drawing, look)
    else:
        _ribbon(drawing, look)
    drawing.open_group(transform=ABOVE_BRUSH[form])
    if form == "tube":
        drawing.rect(262, 22, 34, 36, _thread(drawing, look["tube"]), 3)
        _tube_body(drawing, (-20, -12), 286, 104, look, brand)
    else:
        FORMS[form](drawing, look, brand)
    drawing.close_group()


ABOVE_BRUSH = {
    "tube": "translate(36 6) rotate(33)",
    "pump": "translate(-88 72) scale(0.98)",
    "jar": "translate(40 10) scale(0.6)",
}
"""Where the pack is held."""


def _dose_of_tablets(drawing: Drawing, look: Look) -> None:
    for x, y, size, turn in ((322, 280, 30, -6), (236, 420, 26, 0), (300, 436, 26, 9)):
        drawing.shadow((x + 6, y + 13), size, 8, opacity=0.3, blur=4)
        _tablet(drawing, (x, y), size, turn, look)


def _thread(drawing: Drawing, colour: str) -> str:
    """The open neck of a tube."""
    stops = [(i / 8, shade(colour, -0.1 if i % 2 else -0.34)) for i in range(9)]
    return drawing.linear(*stops)


def _brush(drawing: Drawing, look: Look) -> None:
    """A toothbrush on its back: the handle to the left, the bristles up."""
    drawing.shadow((250, 392), 236, 8, opacity=0.34, blur=6)
    colour = look["band"] if look["band"] != look["tube"] else look["accent"]
    handle = (
        "M -20 356 C 60 350 110 356 170 366 C 200 371 210 366 236 362 L 430 362 "
        "C 448 362 448 386 430 386 L 236 386 C 200 388 120 394 -20 392 Z"
    )
    plastic = drawing.linear(
        (0, shade(colour, 0.5)),
        (0.3, shade(colour, 0.15)),
        (0.6, colour),
        (1, shade(colour, -0.4)),
        angle=90,
    )
    drawing.path(handle, plastic)
    drawing.line("M 0 362 C 60 357 110 361 168 371", "#ffffff", 4, opacity=0.55)
    for tuft in range(12):
        x = 254 + 15 * tuft
        shadow = drawing.linear((0, "#c9d2d8"), (0.4, "#ffffff"), (1, "#b4bec6"))
        tip = look["accent"] if tuft in (0, 1, 10, 11) else "#ffffff"
        drawing.rect(x, 304, 13, 60, shadow, 2)
        drawing.rect(x, 304, 13, 16, tip, 3, opacity=0.55)


def _ribbon(drawing: Drawing, look: Look) -> None:
    """Paste laid along the bristles in waves."""
    colour = look.get("paste", "#f4f8f8")
    crest = [(262 + 2 * i, 294 - 5 * abs(math.sin(i / 9))) for i in range(82)]
    outline = [*crest, (436, 296), (430, 308), *((x, 308.0) for x in (400, 330, 258)), (252, 300)]
    drawing.line(polygon(outline), shade(colour, -0.16), 18)
    drawing.path(polygon(outline), colour)
    for share, tint, width in ((0, colour, 17), (1, shade(colour, 0.3), 6)):
        wave = [(x, y - 4 * share) for x, y in crest]
        drawing.line(polyline(wave), tint, width)
    if look.get("stripe"):
        drawing.line(polyline([(x, y + 6) for x, y in crest]), look["stripe"], 5, opacity=0.85)
    drawing.line(polyline([(x, y - 7) for x, y in crest[6:60]]), "#ffffff", 2.5, opacity=0.7)


FORMS: dict[str, Callable[[Drawing, Look, str], None]] = {"pump": _pump, "jar": _jar}
