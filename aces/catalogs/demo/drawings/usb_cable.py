"""Draws USB cables: coiled, bent, sprung, split or on a key ring, and their plugs up close."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aces.catalogs.demo.drawings.lettering import write
from aces.catalogs.demo.drawings.studio import Drawing, Point, ink_on, move, number, polyline, shade

Look = Mapping[str, Any]

PASTELS = ("#f2a0b8", "#f7c49a", "#f3e08c", "#a5dcc0", "#a3cdee")
"""The colours of an assorted pack."""


VIEWS = ("front", "plugs")
"""The pack, and the plugs at both ends up close."""


def draw(look: Look, brand: str, view: str = "front") -> str:
    """Returns the SVG of a pack of cables.

    Args:
        look: `ends` (two of c, c-angle, c-display, a, a-female, micro, pin, magnet, multi), `tails`
            (what multi splits into), `cord` and `shell` colours, `braid` (yes, no, flat, glow),
            `pack`, `layout` (coil, short, spring, fan, ring) and, of a coil, `turns`.
        brand: Printed on the plugs.
        view: One of `VIEWS`.
    """
    drawing = Drawing()
    picture = _plugs if view == "plugs" else LAYOUTS[look["layout"]]
    picture(drawing, look, brand)
    return drawing.svg()


def _cord(drawing: Drawing, points: Sequence[Point], look: Look, width: float) -> None:
    """A stretch of cable; later stretches lie over earlier ones."""
    colour, outline = look["cord"], polyline(points)
    butt = {"stroke_linecap": "butt"}
    if look["braid"] == "glow":
        _light_tube(drawing, outline, colour, width)
        return
    drawing.line(outline, shade(colour, -0.55), width, **butt)
    drawing.line(outline, colour, width * 0.82, **butt)
    if look["braid"] == "flat":
        drawing.line(outline, shade(colour, 0.12), width * 0.66, **butt)
        drawing.line(outline, shade(colour, -0.14), width * 0.12, **butt)
        return
    light = {**butt, "transform": f"translate({number(-width * 0.1)} {number(-width * 0.14)})"}
    drawing.line(outline, shade(colour, 0.28), width * 0.36, **light)
    if look["braid"] == "yes":
        for dash, tint, offset in (("2.2 3.6", -0.5, 0), ("1.6 4.2", 0.5, 2.9)):
            drawing.line(
                outline,
                shade(colour, tint),
                width * 0.8,
                stroke_dasharray=dash,
                stroke_dashoffset=offset,
                opacity=0.5,
                **butt,
            )
    else:
        drawing.line(outline, "#ffffff", width * 0.12, opacity=0.55, **light)


def _light_tube(drawing: Drawing, outline: str, colour: str, width: float) -> None:
    """A clear jacket with pulses of light running through it."""
    butt = {"stroke_linecap": "butt"}
    drawing.line(outline, colour, width * 2, opacity=0.16, filter=drawing.blur(6), **butt)
    drawing.line(outline, shade(colour, -0.35), width, **butt)
    drawing.line(outline, shade(colour, 0.35), width * 0.8, **butt)
    pulse = {**butt, "stroke_dasharray": f"{number(width * 1.6)} {number(width * 1.4)}"}
    drawing.line(outline, colour, width * 0.6, **pulse)
    drawing.line(outline, "#ffffff", width * 0.3, opacity=0.9, **pulse)


def _shadow(drawing: Drawing, points: Sequence[Point], width: float) -> None:
    below = polyline([move(point, (6, 9)) for point in points])
    drawing.line(below, "#1a1d26", width * 1.05, opacity=0.32, filter=drawing.blur(5))


def _curve(start: Point, lean: Point, lean_end: Point, end: Point, n: int = 30) -> list[Point]:
    """Points of a cubic Bezier curve."""
    points = []
    for t in (i / n for i in range(n + 1)):
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        pairs = zip(weights, (start, lean, lean_end, end), strict=True)
        x = y = 0.0
        for weight, point in pairs:
            x, y = x + weight * point[0], y + weight * point[1]
        points.append((x, y))
    return points


def _coil(drawing: Drawing, look: Look, brand: str) -> None:
    """One coil, or several side by side, each smaller."""
    pack = look["pack"]
    places = {
        1: [((240.0, 176.0), 1.0)],
        2: [((130.0, 150.0), 0.7), ((346.0, 210.0), 0.7)],
        3: [((118.0, 96.0), 0.52), ((356.0, 96.0), 0.52), ((240.0, 296.0), 0.56)],
        5: [
            ((92.0, 100.0), 0.44),
            ((240.0, 88.0), 0.44),
            ((388.0, 100.0), 0.44),
            ((158.0, 296.0), 0.48),
            ((322.0, 296.0), 0.48),
        ],
    }[pack]
    for i, (centre, scale) in enumerate(places):
        tint = {"cord": PASTELS[i]} if pack == 5 else {}
        _one_coil(drawing, {**look, **tint}, brand, centre, scale)


def _one_coil(drawing: Drawing, look: Look, brand: str, centre: Point, scale: float) -> None:
    rx, ry, width = 142 * scale, 104 * scale, (22 if look["braid"] == "flat" else 15) * scale
    loop = [_on_loop(centre, rx, ry, 180 + 5 * i) for i in range(72 * look.get("turns", 3) + 37)]
    turns = [loop[start : start + 38] for start in range(0, len(loop), 36)]
    left = _curve(
        (centre[0] - rx * 0.62, centre[1] + 178 * scale),
        (centre[0] - rx * 0.62, centre[1] + 120 * scale),
        move(loop[0], (0, 70 * scale)),
        loop[0],
    )
    right = _curve(
        loop[-1],
        move(loop[-1], (0, 70 * scale)),
        (centre[0] + rx * 0.62, centre[1] + 120 * scale),
        (centre[0] + rx * 0.62, centre[1] + 178 * scale),
    )
    for stretch in (*turns, left, right):
        _shadow(drawing, stretch, width)
    for stretch in (left, *turns, right):
        _cord(drawing, stretch, look, width)
    _tie(drawing, centre, ry, scale, look)
    _plug(drawing, look["ends"][0], left[0], 0, look, brand, scale)
    _plug(drawing, look["ends"][1], right[-1], 0, look, brand, scale)


def _on_loop(centre: Point, rx: float, ry: float, degrees: float) -> Point:
    """A point of a coil wound by hand: no turn lies quite on the one before."""
    a = math.radians(degrees)
    spread = 1 + 0.06 * math.sin(0.41 * a)
    x, y = rx * spread * math.cos(a), ry * spread * math.sin(a)
    return centre[0] + x + 0.04 * rx * math.sin(0.7 * a), centre[1] + y + 0.07 * ry * math.cos(
        0.63 * a
    )


def _tie(drawing: Drawing, centre: Point, ry: float, scale: float, look: Look) -> None:
    """The strap that holds the loops at the top."""
    width, height = 30 * scale, 58 * scale
    strap = drawing.linear((0, "#5a5e66"), (0.3, "#3a3d43"), (1, "#1d1f23"), angle=90)
    drawing.rect(
        centre[0] - width / 2, centre[1] - ry - height / 2, width, height, strap, 5 * scale
    )


def _short(drawing: Drawing, look: Look, brand: str) -> None:
    """A short thick cable in one wide bend."""
    bend = _curve((150, 300), (60, -10), (420, -10), (330, 300), 60)
    loop = [(x + 14 * math.sin(i / 60 * math.pi * 2), y) for i, (x, y) in enumerate(bend)]
    _shadow(drawing, loop, 22)
    _cord(drawing, loop, look, 22)
    _plug(drawing, look["ends"][0], loop[0], 14, look, brand, 1.3)
    _plug(drawing, look["ends"][1], loop[-1], -14, look, brand, 1.3)


def _spring(drawing: Drawing, look: Look, brand: str) -> None:
    """A helix that springs back."""
    n = 15
    helix = [
        (
            88 + 304 * t + 17 * math.sin(2 * math.pi * n * t),
            196 - 54 * math.cos(2 * math.pi * n * t) - 26 * math.sin(math.pi * t),
        )
        for t in (i / (n * 24) for i in range(n * 24 + 1))
    ]
    left = _curve((104, 330), (90, 296), (60, 250), helix[0])
    right = _curve(helix[-1], (430, 170), (410, 270), (380, 330))
    for stretch in (left, right, helix):
        _shadow(drawing, stretch, 14)
    _cord(drawing, left, look, 14)
    for turn in range(n):
        back = helix[turn * 24 + 11 : turn * 24 + 26]
        _cord(drawing, back, {**look, "cord": shade(look["cord"], -0.3)}, 14)
    for turn in range(n):
        _cord(drawing, helix[max(turn * 24 - 1, 0) : turn * 24 + 14], look, 14)
    _cord(drawing, right, look, 14)
    _plug(drawing, look["ends"][0], left[0], 8, look, brand, 1)
    _plug(drawing, look["ends"][1], right[-1], 8, look, brand, 1)


def _fan(drawing: Drawing, look: Look, brand: str) -> None:
    """One plug above, two or three below."""
    main = _curve((92, 164), (110, 10), (256, 20), (256, 196), 40)
    _shadow(drawing, main, 16)
    kinds = _tails(look)
    places = (150, 256, 362) if len(kinds) == 3 else (172, 340)
    tails = [_curve((256, 214), (256, 260), (x, 250), (x, 330), 24) for x in places]
    for tail in tails:
        _shadow(drawing, tail, 13)
    _cord(drawing, main, look, 16)
    for tail in tails:
        _cord(drawing, tail, look, 12)
    bead = drawing.linear((0, "#6a6e76"), (0.3, "#9a9fa8"), (1, "#2c2e33"))
    drawing.rect(232, 190, 48, 44, bead, 10)
    _plug(drawing, look["ends"][0], (92, 164), 6, look, brand, 1)
    for tail, kind in zip(tails, kinds, strict=True):
        _plug(drawing, kind, tail[-1], 0, look, brand, 0.9)


def _tails(look: Look) -> Sequence[str]:
    tails: Sequence[str] = look.get("tails", ("c", "micro", "pin"))
    return tails


def _ring(drawing: Drawing, look: Look, brand: str) -> None:
    """A hand's length of cable folded through a key ring, its plugs side by side."""
    steel = drawing.linear((0, "#eef1f4"), (0.4, "#8d939b"), (0.6, "#f4f6f8"), (1, "#7b818a"))
    drawing.ellipse((246, 92), 58, 58, "none", stroke="#1a1d26", stroke_width=9, opacity=0.25)
    for radius, width in ((58, 9), (51, 4)):
        drawing.ellipse((240, 84), radius, radius, "none", stroke=steel, stroke_width=width)
    loop = _curve((194, 300), (120, 70), (360, 70), (286, 300), 50)
    _shadow(drawing, loop, 24)
    _cord(drawing, loop, look, 24)
    front = [(240 + 55 * math.cos(a), 84 + 55 * math.sin(a)) for a in (0.9, 1.2, 1.5, 1.8)]
    drawing.line(polyline(front), "#c9ced5", 9)
    _plug(drawing, look["ends"][0], loop[0], -3, look, brand, 1.3)
    _plug(drawing, look["ends"][1], loop[-1], 3, look, brand, 1.3)


def _plugs(drawing: Drawing, look: Look, brand: str) -> None:
    """All plugs side by side, enlarged, their cords coming from above."""
    first, last = look["ends"]
    kinds = (first, *_tails(look)) if last == "multi" else (first, last)
    scale, y = {2: (2.6, 64.0), 3: (2.15, 86.0), 4: (1.85, 112.0)}[len(kinds)]
    width, room = 15 if look["braid"] != "flat" else 21, 480 / len(kinds) / scale
    necks = [
        (room * (i + 0.5) - (14 if kind.endswith("angle") else 0), y)
        for i, kind in enumerate(kinds)
    ]
    cords = [_from_above(neck, 1 if i % 2 == 0 else -1) for i, neck in enumerate(necks)]
    drawing.open_group(transform=f"scale({number(scale)})")
    below = "".join(polyline([move(point, (4, 3)) for point in cord]) for cord in cords)
    drawing.line(below, "#1a1d26", width, opacity=0.3, filter=drawing.blur(3))
    for i, kind in enumerate(kinds):
        _cord(drawing, cords[i], look, width)
        core = polyline([move(necks[i], (0, -12)), move(necks[i], (0, 12))])
        drawing.line(core, shade(look["shell"], -0.45), 11, stroke_linecap="butt")
        _plug(drawing, kind, necks[i], 4 * (-1) ** (i + 1), look, brand, 1)
    drawing.close_group()


def _from_above(neck: Point, side: int) -> list[Point]:
    """The last stretch of a cord that hangs down, a little to one side."""
    end, top = move(neck, (0.6 * side, -8)), (neck[0] + 14 * side, -20.0)
    return _curve(end, move(end, (2 * side, -30)), move(top, (-16 * side, 36)), top)


def _plug(
    drawing: Drawing, kind: str, at: Point, angle: float, look: Look, brand: str, scale: float
) -> None:
    """A plug that hangs down from `at`, turned clockwise."""
    place = (
        f"translate({number(at[0])} {number(at[1])}) rotate({number(angle)}) scale({number(scale)})"
    )
    drawing.open_group(transform=place)
    name, _, variant = kind.partition("-")
    if variant == "angle":
        _elbow(drawing, look)
    else:
        _straight(drawing, name, variant, look, brand)
    drawing.close_group()


def _straight(drawing: Drawing, name: str, variant: str, look: Look, brand: str) -> None:
    width, length = SHELLS[name]
    length += 16 if variant == "display" else 0
    _plug_shadow(drawing, width, length + 26)
    _neck(drawing, look)
    TIPS[name](drawing, 10 + length, look, variant)
    _shell(drawing, width, length, look)
    if variant == "display":
        drawing.rect(-11, 20, 22, 38, "#0b0d10", 4)
        write(drawing, "96", (0, 39), 13, "#5dffb0", 0.15)
    else:
        spot = (0, 10 + length * 0.55)
        write(drawing, brand[0], spot, 12, ink_on(look["shell"]), 0.14)


def _plug_shadow(drawing: Drawing, width: float, length: float) -> None:
    blur = drawing.blur(5)
    drawing.rect(6 - width / 2, 14, width, length, "#1a1d26", 8, opacity=0.3, filter=blur)


def _neck(drawing: Drawing, look: Look) -> None:
    """The ribbed sleeve that protects the cable."""
    colour = shade(look["shell"], -0.2)
    for i in range(5):
        half = 7.5 + 0.7 * i
        drawing.rect(-half, -16 + 6 * i, 2 * half, 4.6, _round_paint(drawing, colour), 2)


def _round_paint(drawing: Drawing, colour: str) -> str:
    return drawing.linear(
        (0, shade(colour, -0.3)),
        (0.22, shade(colour, 0.45)),
        (0.5, colour),
        (1, shade(colour, -0.42)),
    )


def _shell(drawing: Drawing, width: float, length: float, look: Look) -> None:
    drawing.rect(-width / 2, 10, width, length, _round_paint(drawing, look["shell"]), 7)
    drawing.rect(
        -width / 2 + 1,
        11,
        width - 2,
        length - 2,
        "none",
        6,
        stroke="#ffffff",
        stroke_width=1,
        opacity=0.35,
    )


def _steel(drawing: Drawing) -> str:
    return drawing.linear(
        (0, "#8d939b"), (0.2, "#f4f6f8"), (0.5, "#c3c8cf"), (0.85, "#878d96"), (1, "#b5bac2")
    )


def _c_tip(drawing: Drawing, y: float, look: Look, variant: str) -> None:
    drawing.rect(-12, y - 6, 24, 32, _steel(drawing), 7)
    drawing.rect(-8, y + 21, 16, 4, "#2a2c31", 2)
    drawing.line(polyline([(-9, y + 4), (9, y + 4)]), "#7c828b", 1, opacity=0.7)


def _a_tip(drawing: Drawing, y: float, look: Look, variant: str) -> None:
    if variant == "female":
        drawing.rect(-21, y - 8, 42, 26, _round_paint(drawing, shade(look["shell"], -0.25)), 4)
        drawing.rect(-17, y + 4, 34, 12, _steel(drawing), 2)
        drawing.rect(-14, y + 6, 28, 8, "#101216", 1)
        drawing.rect(-12, y + 10.5, 24, 3, "#4f8df0", 1)
        return
    drawing.rect(-17, y - 6, 34, 46, _steel(drawing), 2.5)
    for x in (-10, 4):
        drawing.rect(x, y + 12, 6.5, 8, "#33363b", 1)
    drawing.rect(-14, y + 36, 28, 3.5, "#3f6fd0" if look["shell"] == "#2456b8" else "#f2f3f5", 1)


def _micro_tip(drawing: Drawing, y: float, look: Look, variant: str) -> None:
    drawing.path(f"M-11,{y - 4} h22 v20 l-4,7 h-14 l-4,-7 Z", _steel(drawing))
    for x in (-6, 3):
        drawing.rect(x, y + 6, 3, 5, "#43464c", 1)


def _pin_tip(drawing: Drawing, y: float, look: Look, variant: str) -> None:
    drawing.rect(-9, y - 4, 18, 24, "#f3f4f6", 5, stroke="#9ba1a9", stroke_width=1)
    for i in range(4):
        drawing.rect(-6.4 + 3.4 * i, y + 6, 2.3, 10, "#d8a93f", 1)


def _magnet_tip(drawing: Drawing, y: float, look: Look, variant: str) -> None:
    drawing.ellipse((0, y + 4), 16, 16, "#4aa8ff", opacity=0.55, filter=drawing.blur(6))
    drawing.rect(-13, y - 6, 26, 14, _steel(drawing), 4)
    drawing.rect(-13, y + 18, 26, 12, _steel(drawing), 4)
    drawing.rect(-10, y + 28, 20, 18, _steel(drawing), 6)
    drawing.rect(-7, y + 42, 14, 3.5, "#2a2c31", 2)


def _elbow(drawing: Drawing, look: Look) -> None:
    """A plug whose tip stands at a right angle to the cable."""
    _plug_shadow(drawing, 56, 52)
    _neck(drawing, look)
    drawing.rect(
        34,
        24,
        28,
        24,
        drawing.linear((0, "#f4f6f8"), (0.5, "#c3c8cf"), (1, "#878d96"), angle=90),
        7,
    )
    drawing.rect(57, 28, 4, 16, "#2a2c31", 2)
    drawing.rect(-15, 10, 56, 50, _round_paint(drawing, look["shell"]), 12)
    drawing.rect(-14, 11, 54, 48, "none", 11, stroke="#ffffff", stroke_width=1, opacity=0.35)


SHELLS = {
    "c": (32.0, 56.0),
    "a": (42.0, 58.0),
    "micro": (32.0, 46.0),
    "pin": (27.0, 44.0),
    "magnet": (30.0, 50.0),
}
"""Width and length of a plug's housing by kind."""
TIPS: dict[str, Callable[[Drawing, float, Look, str], None]] = {
    "c": _c_tip,
    "a": _a_tip,
    "micro": _micro_tip,
    "pin": _pin_tip,
    "magnet": _magnet_tip,
}
LAYOUTS: dict[str, Callable[[Drawing, Look, str], None]] = {
    "coil": _coil,
    "short": _short,
    "spring": _spring,
    "fan": _fan,
    "ring": _ring,
}
