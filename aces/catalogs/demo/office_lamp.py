"""Draws desk lamps, lit: bases, stems and shades seen from a little above."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aces.catalogs.demo.lettering import write
from aces.catalogs.demo.studio import (
    Drawing,
    Point,
    mix,
    move,
    number,
    placed,
    polygon,
    polyline,
    rotated,
    shade,
    soften,
)

Look = Mapping[str, Any]


def draw(look: Look, brand: str) -> str:
    """Returns the SVG of a lamp.

    Args:
        look: `form` (gooseneck, arm, clip, bar, banker, panel, globe, clamp, pharmacy, dome),
            `colour` of the shade, `metal` of the stem, `light`; `drum` for a linen shade, `cup`
            for a pen holder.
        brand: Printed on the foot where there is room.
    """
    drawing = Drawing()
    FORMS[look["form"]](drawing, look, brand)
    return drawing.svg()


def _across(drawing: Drawing, colour: str, gloss: float = 0.5) -> str:
    """Paint of something round, lit from the left."""
    return drawing.linear(
        (0, shade(colour, -0.3)),
        (0.2, shade(colour, 0.12)),
        (0.32, shade(colour, gloss)),
        (0.5, colour),
        (0.85, shade(colour, -0.35)),
        (1, shade(colour, -0.22)),
    )


def _disc(drawing: Drawing, at: Point, rx: float, height: float, colour: str) -> None:
    """A round foot, `height` thick; `at` is the middle of its top."""
    x, y = at
    ry = rx * 0.27
    drawing.shadow((x + 12, y + height + 2), rx * 1.08, ry * 0.95, opacity=0.4, blur=7)
    drawing.shadow((x + 20, y + height + 6), rx * 1.4, ry * 1.3, opacity=0.14, blur=15)
    side = f"M{x - rx},{y} v{height} a{rx},{ry} 0 0 0 {2 * rx},0 v{-height} Z"
    drawing.path(side, _across(drawing, colour))
    top = drawing.linear(
        (0, shade(colour, 0.38)), (0.6, colour), (1, shade(colour, -0.2)), angle=25
    )
    drawing.ellipse(at, rx, ry, top)
    drawing.ellipse(
        at, rx - 1.5, ry - 1, "none", stroke=shade(colour, 0.5), stroke_width=1.2, opacity=0.6
    )


def _tube(drawing: Drawing, outline: str, colour: str, width: float) -> None:
    """A round rod along a path."""
    drawing.line(outline, shade(colour, -0.45), width)
    drawing.line(outline, colour, width * 0.76)
    light = {"transform": f"translate({number(-width * 0.14)} {number(-width * 0.12)})"}
    drawing.line(outline, shade(colour, 0.3), width * 0.42, **light)
    drawing.line(outline, shade(colour, 0.7), width * 0.14, **light)


def _knob(drawing: Drawing, at: Point, radius: float, colour: str) -> None:
    drawing.ellipse(
        at,
        radius,
        radius,
        drawing.radial(
            (0, shade(colour, 0.7)),
            (0.5, colour),
            (1, shade(colour, -0.5)),
            at=(0.36, 0.32),
            radius=0.75,
        ),
    )


def _beam(drawing: Drawing, corners: Sequence[Point], light: str, opacity: float = 0.75) -> None:
    """Light that falls from the first two corners to the last two."""
    top, bottom = corners[0][1], corners[2][1]
    warm = mix(light, "#ffc24d", 0.4)
    fall = drawing.linear(
        (0, warm, opacity),
        (0.6, warm, opacity * 0.3),
        (1, warm, 0),
        extent=((240, top), (240, bottom)),
    )
    drawing.path(polygon(corners), fall, filter=drawing.blur(6))


def _pool(drawing: Drawing, at: Point, rx: float, light: str) -> None:
    """The bright patch on the desk."""
    warm = mix(light, "#ffc24d", 0.45)
    drawing.ellipse(
        at, rx, rx * 0.26, drawing.radial((0, warm, 0.8), (0.6, warm, 0.35), (1, warm, 0))
    )


def _hood(drawing: Drawing, at: Point, angle: float, look: Look) -> None:
    """A bell shade whose neck is at `at`, turned clockwise; lit from within."""
    x, y = at
    drawing.open_group(transform=f"rotate({number(angle)} {number(x)} {number(y)})")
    bell = "M -17 0 C -23 37 -66 37 -66 82 L 66 82 C 66 37 23 37 17 0 Z"
    drawing.path(placed(bell, at, 1), _across(drawing, look["colour"]))
    neck = _across(drawing, shade(look["colour"], -0.12))
    drawing.rect(x - 17, y - 15, 34, 18, neck, 5)
    _mouth(drawing, (x, y + 82), 66, 18, look)
    drawing.close_group()


def _mouth(drawing: Drawing, at: Point, rx: float, ry: float, look: Look) -> None:
    """The open end of a shade, with the bulb shining in it."""
    warm = mix(look["light"], "#ffb52e", 0.35)
    drawing.ellipse(at, rx, ry, shade(look["colour"], -0.25))
    drawing.ellipse(
        at, rx - 2.5, ry - 2, drawing.radial((0, "#ffffff"), (0.4, look["light"]), (1, warm))
    )


def _gooseneck(drawing: Drawing, look: Look, brand: str) -> None:
    _pool(drawing, (282, 404), 150, look["light"])
    _disc(drawing, (196, 388), 92, 16, look["colour"])
    _tube(drawing, "M176,388 C150,250 140,96 236,82 C292,76 312,110 318,136", look["metal"], 15)
    if look.get("cup"):
        _cup(drawing, look)
    _beam(drawing, [(268, 176), (390, 162), (452, 410), (196, 416)], look["light"])
    head = rotated([(258, 138), (394, 138), (400, 162), (252, 162)], (326, 150), -6)
    drawing.extrude(soften(head, 11), look["colour"], (10, -12))
    glow = rotated([(260, 163), (394, 163)], (326, 150), -6)
    drawing.line(polyline(glow), look["light"], 6)
    drawing.ellipse((226, 392), 9, 3.4, shade(look["colour"], -0.35))
    drawing.ellipse((226, 391.4), 4, 1.6, "#59c4ff")
    write(drawing, brand, (196, 417), 8, shade(look["colour"], -0.4), 0.15)


def _cup(drawing: Drawing, look: Look) -> None:
    for x, top, colour in ((226, 292, "#f2b632"), (240, 276, "#4a8ad4"), (254, 300, "#5aab5e")):
        drawing.line(polyline([(x, top), (240, 380)]), colour, 7)
        drawing.path(polygon([(x - 3.5, top), (x + 3.5, top), (x - 1, top - 13)]), "#e9c9a0")
    drawing.path(
        "M212,330 L217,388 a23,7 0 0 0 46,0 L268,330 Z", _across(drawing, look["metal"], 0.3)
    )
    drawing.ellipse((240, 330), 28, 8, "none", stroke=shade(look["metal"], -0.2), stroke_width=3)


def _arm(drawing: Drawing, look: Look, brand: str) -> None:
    _pool(drawing, (330, 418), 116, look["light"])
    _disc(drawing, (176, 402), 84, 14, look["colour"] if not look.get("drum") else look["metal"])
    foot, elbow, neck = (176.0, 396.0), (112.0, 226.0), (288.0, 104.0)
    joint = look["metal"] if not look.get("drum") else "#b98a3d"
    for start, end in ((foot, elbow), (elbow, neck)):
        for side in (-6, 6):
            dx, dy = (end[1] - start[1]), (start[0] - end[0])
            length = (dx * dx + dy * dy) ** 0.5
            by = (side * dx / length, side * dy / length)
            _tube(drawing, polyline([move(start, by), move(end, by)]), look["metal"], 8)
        if not look.get("drum"):
            _spring(
                drawing,
                move(start, (end[0] - start[0], end[1] - start[1]), 0.12),
                move(start, (end[0] - start[0], end[1] - start[1]), 0.42),
            )
    for at in (foot, elbow, neck):
        _knob(drawing, at, 13, joint)
    if look.get("drum"):
        _drum(drawing, look)
    else:
        _beam(drawing, [(284, 204), (396, 172), (446, 424), (212, 424)], look["light"])
        _hood(drawing, (300, 108), -17, look)


def _spring(drawing: Drawing, start: Point, end: Point) -> None:
    step = ((end[0] - start[0]) / 16, (end[1] - start[1]) / 16)
    wave = [
        move(move(start, step, i), (step[1], -step[0]), 0.9 if i % 2 else -0.9) for i in range(17)
    ]
    drawing.line(polyline(wave), "#5c6168", 3.2)
    drawing.line(polyline(wave), "#d4d8dd", 1.4)


def _drum(drawing: Drawing, look: Look) -> None:
    _beam(drawing, [(234, 230), (392, 230), (440, 424), (190, 424)], look["light"], 0.6)
    linen = drawing.linear(
        (0, shade(look["colour"], -0.16)),
        (0.3, mix(look["colour"], look["light"], 0.7)),
        (0.5, "#fff6df"),
        (0.75, mix(look["colour"], look["light"], 0.5)),
        (1, shade(look["colour"], -0.2)),
    )
    drawing.path("M250,122 L228,228 a84,17 0 0 0 168,0 L374,122 Z", linen)
    threads = "".join(
        f"M{244 - 20 * t},{122 + 100 * t} q68,20 {136 + 40 * t},0"
        for t in (i / 24 for i in range(25))
    )
    drawing.line(threads, "#b7a98c", 0.7, opacity=0.35)
    drawing.ellipse((312, 122), 62, 10, shade(look["colour"], -0.08))
    drawing.ellipse((312, 122), 57, 7.5, "#fffbea")
    _tube(drawing, "M290,106 L312,120", "#b98a3d", 8)


def _clip(drawing: Drawing, look: Look, brand: str) -> None:
    drawing.shadow((240, 414), 150, 14, opacity=0.3)
    _book(drawing)
    _beam(drawing, [(286, 176), (386, 146), (452, 400), (200, 396)], look["light"])
    for corners in (
        [(116, 404), (112, 384), (150, 350), (222, 342), (226, 356), (160, 392)],
        [(118, 346), (150, 322), (224, 330), (226, 344), (150, 346), (124, 366)],
    ):
        drawing.extrude(soften(corners, 8), look["colour"], (20, -13))
    drawing.ellipse(
        (134, 366),
        13,
        13,
        _across(drawing, look["metal"]),
        stroke=shade(look["colour"], -0.4),
        stroke_width=2,
    )
    neck = "M150,334 C96,226 150,90 262,110 C290,116 306,128 318,140"
    _tube(drawing, neck, look["metal"], 13)
    drawing.line(neck, "#5c6168", 13, stroke_dasharray="1.4 5", stroke_linecap="butt", opacity=0.5)
    head = rotated(
        [(270, 130), (398, 130), (408, 152), (400, 166), (268, 166), (260, 150)], (334, 148), -16
    )
    drawing.extrude(soften(head, 15), look["colour"], (12, -14))
    drawing.line(polyline(rotated([(280, 166), (390, 166)], (334, 148), -16)), look["light"], 8)
    x, y = rotated([(346, 147)], (334, 148), -16)[0]
    write(
        drawing,
        brand,
        (x, y),
        11,
        shade(look["colour"], -0.45),
        0.15,
        transform=f"rotate(-16 {number(x)} {number(y)})",
    )


def _book(drawing: Drawing) -> None:
    """What the lamp is clipped to."""
    cover = [(150, 404), (214, 346), (440, 346), (410, 404)]
    drawing.extrude([(150, 410), (150, 402), (410, 402), (410, 410)], "#7d8aa0", (56, -58))
    drawing.path(polygon(cover), "#fdfbf5", stroke="#d8d2c4", stroke_width=1)
    for row in range(7):
        y = 354 + 6.4 * row
        drawing.line(polyline([(236 - 7 * row, y), (406 - 3 * row, y)]), "#c9c4b8", 1.5)


def _bar(drawing: Drawing, look: Look, brand: str) -> None:
    drawing.shadow((240, 424), 120, 12, opacity=0.35)
    drawing.extrude(
        soften([(196, 424), (204, 410), (276, 410), (284, 424)], 5), "#3b3e44", (14, -12)
    )
    drawing.extrude([(222, 412), (226, 350), (254, 350), (258, 412)], "#4b4f56", (8, -5))
    drawing.extrude(soften([(58, 364), (58, 150), (422, 150), (422, 364)], 7), "#24262a", (5, -4))
    screen = drawing.linear((0, "#2c5a8f"), (0.5, "#6b8fc4"), (1, "#f0b58b"), angle=60)
    drawing.rect(66, 158, 348, 194, screen, 3)
    drawing.path(
        "M66,352 L66,300 L140,236 L204,296 L262,220 L340,304 L414,260 L414,352 Z",
        "#1d3a5c",
        opacity=0.55,
    )
    _beam(drawing, [(120, 152), (360, 152), (436, 356), (44, 356)], look["light"], 0.62)
    drawing.extrude(
        soften([(218, 176), (218, 126), (262, 126), (262, 176)], 6), look["metal"], (8, -6)
    )
    body = drawing.linear(
        (0, shade(look["colour"], 0.5)),
        (0.35, look["colour"]),
        (1, shade(look["colour"], -0.4)),
        angle=90,
    )
    drawing.rect(96, 118, 288, 27, body, 13)
    drawing.rect(112, 139, 256, 7, look["light"], 3)
    for x in (96, 362):
        drawing.rect(x, 118, 22, 27, _across(drawing, shade(look["metal"], 0.1)), 11)
    write(drawing, brand, (240, 131), 9, "#e8eaed", 0.15)
    _disc(drawing, (380, 404), 34, 18, look["metal"])


def _banker(drawing: Drawing, look: Look, brand: str) -> None:
    _pool(drawing, (240, 416), 170, look["light"])
    _disc(drawing, (240, 396), 88, 10, look["metal"])
    _disc(drawing, (240, 386), 58, 10, look["metal"])
    _beam(drawing, [(96, 206), (384, 206), (420, 410), (60, 410)], look["light"], 0.55)
    _tube(drawing, "M240,384 L240,120", look["metal"], 17)
    for y in (366, 250, 226):
        drawing.ellipse((240, y), 15, 7, _across(drawing, look["metal"]))
    _tube(drawing, "M112,150 C112,118 160,112 240,112 C320,112 368,118 368,150", look["metal"], 9)
    glass = (
        "M84,212 C74,168 96,128 140,124 L340,124 C384,128 406,168 396,212 C300,226 180,226 84,212 Z"
    )
    emerald = drawing.linear(
        (0, shade(look["colour"], 0.5)),
        (0.3, look["colour"]),
        (0.8, shade(look["colour"], 0.12)),
        (1, mix(look["colour"], look["light"], 0.5)),
        angle=90,
    )
    drawing.path(glass, emerald)
    drawing.path(
        "M108,160 C116,138 130,134 150,133 L312,133 C280,142 160,144 108,160 Z",
        "#ffffff",
        opacity=0.5,
    )
    drawing.line("M86,212 C180,226 300,226 394,212", "#fff6d8", 4)
    _knob(drawing, (240, 108), 10, look["metal"])
    for i in range(13):
        _knob(drawing, (310, 222 + 6.4 * i), 2.7, look["metal"])
    _knob(drawing, (310, 308), 6, look["metal"])


def _panel(drawing: Drawing, look: Look, brand: str) -> None:
    _pool(drawing, (270, 408), 170, look["light"])
    drawing.shadow((250, 420), 160, 16, opacity=0.35)
    base = soften([(110, 424), (110, 408), (360, 408), (360, 424)], 5)
    drawing.extrude(base, look["colour"], (44, -46))
    drawing.ellipse((292, 386), 46, 13, "none", stroke="#8d949e", stroke_width=2)
    drawing.line(polyline([(282, 386), (302, 386)]), "#8d949e", 2.5)
    drawing.line(polyline([(292, 383), (292, 389)]), "#8d949e", 2.5)
    for i in range(5):
        drawing.ellipse((146 + 16 * i, 392), 3, 1.6, "#ffffff" if i < 3 else "#5a5e66")
    drawing.extrude(
        soften([(140, 384), (128, 116), (152, 110), (166, 384)], 6), look["metal"], (12, -8)
    )
    _beam(drawing, [(150, 118), (412, 118), (446, 402), (116, 402)], look["light"], 0.6)
    arm = soften(rotated([(128, 118), (128, 92), (420, 92), (420, 112)], (140, 106), 4), 8)
    drawing.extrude(arm, look["colour"], (30, -20))
    drawing.line(polyline(rotated([(156, 119), (416, 113)], (140, 106), 4)), look["light"], 7)
    _knob(drawing, (142, 106), 13, look["metal"])
    write(drawing, brand, (234, 417), 9, "#c9cdd3", 0.15)


def _globe(drawing: Drawing, look: Look, brand: str) -> None:
    warm = mix(look["light"], "#ffb52e", 0.35)
    _pool(drawing, (240, 402), 170, look["light"])
    _disc(drawing, (240, 392), 70, 10, look["metal"])
    side = "M206,300 L214,392 a26,8 0 0 0 52,0 L274,300 Z"
    drawing.path(side, _across(drawing, look["metal"], 0.65))
    drawing.ellipse(
        (240, 188), 168, 168, drawing.radial((0, warm, 0.6), (0.6, warm, 0.22), (1, warm, 0))
    )
    glass = drawing.radial(
        (0, "#ffffff"),
        (0.45, "#fffaf0"),
        (0.8, look["light"]),
        (1, mix(look["light"], "#c98f3a", 0.45)),
        at=(0.46, 0.48),
        radius=0.56,
    )
    drawing.ellipse((240, 190), 122, 122, glass)
    drawing.ellipse(
        (196, 138),
        34,
        20,
        "#ffffff",
        opacity=0.55,
        transform="rotate(-35 196 138)",
        filter=drawing.blur(5),
    )
    drawing.path(
        "M196,300 a44,12 0 0 1 88,0 v10 a44,12 0 0 1 -88,0 Z", _across(drawing, look["metal"], 0.65)
    )


def _clamp(drawing: Drawing, look: Look, brand: str) -> None:
    drawing.extrude(soften([(30, 396), (30, 374), (400, 374), (400, 396)], 3), "#b98d60", (60, -34))
    _pool(drawing, (300, 356), 140, look["light"])
    _beam(drawing, [(150, 96), (430, 96), (440, 360), (130, 360)], look["light"], 0.5)
    drawing.extrude(
        soften([(60, 374), (60, 354), (108, 354), (108, 374)], 4), look["metal"], (22, -14)
    )
    drawing.extrude(
        [(60, 432), (60, 374), (70, 374), (70, 422), (100, 422), (100, 432)],
        look["metal"],
        (12, -7),
    )
    _tube(drawing, "M92,424 L92,398", look["metal"], 9)
    foot, elbow, neck = (96.0, 346.0), (66.0, 182.0), (258.0, 84.0)
    for start, end in ((foot, elbow), (elbow, neck)):
        _tube(drawing, polyline([start, end]), look["metal"], 19)
    for at in (foot, elbow, neck):
        _knob(drawing, at, 15, shade(look["metal"], -0.3))
    drawing.extrude(
        soften([(132, 104), (132, 80), (424, 80), (424, 104)], 11), look["colour"], (26, -17)
    )
    drawing.line(polyline([(148, 105), (410, 105)]), look["light"], 6)
    write(drawing, brand, (350, 92), 10, shade(look["colour"], -0.5), 0.15)


def _pharmacy(drawing: Drawing, look: Look, brand: str) -> None:
    _pool(drawing, (292, 414), 140, look["light"])
    _disc(drawing, (176, 396), 80, 12, look["metal"])
    _tube(drawing, "M176,392 L176,64", look["metal"], 12)
    _knob(drawing, (176, 62), 9, look["metal"])
    _beam(drawing, [(206, 200), (402, 200), (440, 408), (150, 408)], look["light"])
    _tube(drawing, "M176,140 L282,140 L300,156", look["metal"], 10)
    drawing.extrude(
        soften([(160, 156), (160, 124), (192, 124), (192, 156)], 5), look["metal"], (8, -6)
    )
    _knob(drawing, (156, 140), 9, shade(look["metal"], -0.2))
    dome = "M202,204 C202,128 240,108 304,108 C368,108 406,128 406,204 Z"
    drawing.path(dome, _across(drawing, look["colour"], 0.7))
    drawing.path(
        "M228,148 C250,122 280,118 306,117 C280,126 250,138 236,178 Z", "#ffffff", opacity=0.45
    )
    _mouth(drawing, (304, 204), 102, 15, look)


def _dome(drawing: Drawing, look: Look, brand: str) -> None:
    _pool(drawing, (240, 404), 170, look["light"])
    _disc(drawing, (240, 394), 74, 14, look["metal"])
    _knob(drawing, (266, 400), 8, "#f1ede6")
    _beam(drawing, [(100, 224), (380, 224), (412, 404), (68, 404)], look["light"], 0.65)
    drawing.path("M222,224 L212,388 a28,8 0 0 0 56,0 L258,224 Z", _across(drawing, look["metal"]))
    drawing.path(
        "M84,226 C84,128 148,76 240,76 C332,76 396,128 396,226 Z",
        _across(drawing, look["colour"], 0.45),
    )
    drawing.path(
        "M116,188 C124,134 160,104 206,94 C170,116 144,146 136,196 Z", "#ffffff", opacity=0.5
    )
    _mouth(drawing, (240, 226), 156, 24, look)
    drawing.path("M222,232 L219,262 L261,262 L258,232 Z", shade(look["metal"], -0.15))


FORMS: dict[str, Callable[[Drawing, Look, str], None]] = {
    "gooseneck": _gooseneck,
    "arm": _arm,
    "clip": _clip,
    "bar": _bar,
    "banker": _banker,
    "panel": _panel,
    "globe": _globe,
    "clamp": _clamp,
    "pharmacy": _pharmacy,
    "dome": _dome,
}
