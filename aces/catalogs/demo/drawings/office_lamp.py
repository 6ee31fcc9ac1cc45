"""Draws desk lamps, lit: bases, stems and shades seen from a little above."""

from collections.abc import Callable

from aces.catalogs.demo.drawings.lettering import write
from aces.catalogs.demo.drawings.office_lamp_parts import (
    Look,
    across,
    beam,
    disc,
    hood,
    knob,
    mouth,
    pool,
    tube,
)
from aces.catalogs.demo.drawings.office_lamp_room import evening
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
    polygon,
    polyline,
    rotated,
    shade,
    soften,
)

VIEWS = ("front", "room")
"""On studio paper; in a room at night."""


def draw(look: Look, brand: str, view: str = "front") -> str:
    """Returns the SVG of a lamp.

    Args:
        look: `form` (one of `FORMS`), `colour` of the shade, `metal` of the stem, `light`; `drum`
            for a linen shade, `cup` for a pen holder.
        brand: Printed on the foot where there is room.
        view: One of `VIEWS`.
    """
    drawing = Drawing()
    if view == "room":
        evening(drawing, look)
    FORMS[look["form"]](drawing, look, brand)
    return drawing.svg()


def _gooseneck(drawing: Drawing, look: Look, brand: str) -> None:
    pool(drawing, (282, 404), 150, look["light"])
    disc(drawing, (196, 388), 92, 16, look["colour"])
    tube(drawing, "M176,388 C150,250 140,96 236,82 C292,76 312,110 318,136", look["metal"], 15)
    if look.get("cup"):
        _cup(drawing, look)
    beam(drawing, [(268, 176), (390, 162), (452, 410), (196, 416)], look["light"])
    head = rotated([(258, 138), (394, 138), (400, 162), (252, 162)], (326, 150), -6)
    drawing.extrude(soften(head, 11), look["colour"], (10, -12))
    glow = rotated([(260, 163), (394, 163)], (326, 150), -6)
    drawing.line(polyline(glow), look["light"], 6)
    drawing.ellipse((226, 392), 9, 3.4, shade(look["colour"], -0.35))
    drawing.ellipse((226, 391.4), 4, 1.6, "#59c4ff")
    write(drawing, brand, (196, 417), 8, ink_on(look["colour"]), 0.15)


def _cup(drawing: Drawing, look: Look) -> None:
    for x, top, colour in ((226, 292, "#f2b632"), (240, 276, "#4a8ad4"), (254, 300, "#5aab5e")):
        drawing.line(polyline([(x, top), (240, 380)]), colour, 7)
        drawing.path(polygon([(x - 3.5, top), (x + 3.5, top), (x - 1, top - 13)]), "#e9c9a0")
    drawing.path(
        "M212,330 L217,388 a23,7 0 0 0 46,0 L268,330 Z", across(drawing, look["metal"], 0.3)
    )
    drawing.ellipse((240, 330), 28, 8, "none", stroke=shade(look["metal"], -0.2), stroke_width=3)


def _arm(drawing: Drawing, look: Look, brand: str) -> None:
    pool(drawing, (330, 418), 116, look["light"])
    disc(drawing, (176, 402), 84, 14, look["colour"] if not look.get("drum") else look["metal"])
    foot, elbow, neck = (176.0, 396.0), (112.0, 226.0), (288.0, 104.0)
    joint = look["metal"] if not look.get("drum") else "#b98a3d"
    for start, end in ((foot, elbow), (elbow, neck)):
        for side in (-6, 6):
            dx, dy = (end[1] - start[1]), (start[0] - end[0])
            length = (dx * dx + dy * dy) ** 0.5
            by = (side * dx / length, side * dy / length)
            tube(drawing, polyline([move(start, by), move(end, by)]), look["metal"], 8)
        if not look.get("drum"):
            _spring(
                drawing,
                move(start, (end[0] - start[0], end[1] - start[1]), 0.12),
                move(start, (end[0] - start[0], end[1] - start[1]), 0.42),
            )
    for at in (foot, elbow, neck):
        knob(drawing, at, 13, joint)
    if look.get("drum"):
        _drum(drawing, look)
    else:
        beam(drawing, [(284, 204), (396, 172), (446, 424), (212, 424)], look["light"])
        hood(drawing, (300, 108), -17, look)


def _spring(drawing: Drawing, start: Point, end: Point) -> None:
    step = ((end[0] - start[0]) / 16, (end[1] - start[1]) / 16)
    wave = [
        move(move(start, step, i), (step[1], -step[0]), 0.9 if i % 2 else -0.9) for i in range(17)
    ]
    drawing.line(polyline(wave), "#5c6168", 3.2)
    drawing.line(polyline(wave), "#d4d8dd", 1.4)


def _drum(drawing: Drawing, look: Look) -> None:
    beam(drawing, [(234, 230), (392, 230), (440, 424), (190, 424)], look["light"], 0.6)
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
    tube(drawing, "M290,106 L312,120", "#b98a3d", 8)


def _clip(drawing: Drawing, look: Look, brand: str) -> None:
    drawing.shadow((240, 414), 150, 14, opacity=0.3)
    _book(drawing)
    beam(drawing, [(286, 176), (386, 146), (452, 400), (200, 396)], look["light"])
    for corners in (
        [(116, 404), (112, 384), (150, 350), (222, 342), (226, 356), (160, 392)],
        [(118, 346), (150, 322), (224, 330), (226, 344), (150, 346), (124, 366)],
    ):
        drawing.extrude(soften(corners, 8), look["colour"], (20, -13))
    drawing.ellipse(
        (134, 366),
        13,
        13,
        across(drawing, look["metal"]),
        stroke=shade(look["colour"], -0.4),
        stroke_width=2,
    )
    neck = "M150,334 C96,226 150,90 262,110 C290,116 306,128 318,140"
    tube(drawing, neck, look["metal"], 13)
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
        ink_on(look["colour"]),
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
    beam(drawing, [(120, 152), (360, 152), (436, 356), (44, 356)], look["light"], 0.62)
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
        drawing.rect(x, 118, 22, 27, across(drawing, shade(look["metal"], 0.1)), 11)
    write(drawing, brand, (240, 131), 9, "#e8eaed", 0.15)
    disc(drawing, (380, 404), 34, 18, look["metal"])


def _banker(drawing: Drawing, look: Look, brand: str) -> None:
    pool(drawing, (240, 416), 170, look["light"])
    disc(drawing, (240, 396), 88, 10, look["metal"])
    disc(drawing, (240, 386), 58, 10, look["metal"])
    beam(drawing, [(96, 206), (384, 206), (420, 410), (60, 410)], look["light"], 0.55)
    tube(drawing, "M240,384 L240,120", look["metal"], 17)
    for y in (366, 250, 226):
        drawing.ellipse((240, y), 15, 7, across(drawing, look["metal"]))
    tube(drawing, "M112,150 C112,118 160,112 240,112 C320,112 368,118 368,150", look["metal"], 9)
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
    knob(drawing, (240, 108), 10, look["metal"])
    for i in range(13):
        knob(drawing, (310, 222 + 6.4 * i), 2.7, look["metal"])
    knob(drawing, (310, 308), 6, look["metal"])


def _panel(drawing: Drawing, look: Look, brand: str) -> None:
    pool(drawing, (270, 408), 170, look["light"])
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
    beam(drawing, [(150, 118), (412, 118), (446, 402), (116, 402)], look["light"], 0.6)
    arm = soften(rotated([(128, 118), (128, 92), (420, 92), (420, 112)], (140, 106), 4), 8)
    drawing.extrude(arm, look["colour"], (30, -20))
    drawing.line(polyline(rotated([(156, 119), (416, 113)], (140, 106), 4)), look["light"], 7)
    knob(drawing, (142, 106), 13, look["metal"])
    write(drawing, brand, (234, 417), 9, ink_on(look["colour"]), 0.15)


def _globe(drawing: Drawing, look: Look, brand: str) -> None:
    warm = mix(look["light"], "#ffb52e", 0.35)
    pool(drawing, (240, 402), 170, look["light"])
    disc(drawing, (240, 392), 70, 10, look["metal"])
    side = "M206,300 L214,392 a26,8 0 0 0 52,0 L274,300 Z"
    drawing.path(side, across(drawing, look["metal"], 0.65))
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
        "M196,300 a44,12 0 0 1 88,0 v10 a44,12 0 0 1 -88,0 Z", across(drawing, look["metal"], 0.65)
    )


def _clamp(drawing: Drawing, look: Look, brand: str) -> None:
    drawing.extrude(soften([(30, 396), (30, 374), (400, 374), (400, 396)], 3), "#b98d60", (60, -34))
    pool(drawing, (300, 356), 140, look["light"])
    beam(drawing, [(150, 96), (430, 96), (440, 360), (130, 360)], look["light"], 0.5)
    drawing.extrude(
        soften([(60, 374), (60, 354), (108, 354), (108, 374)], 4), look["metal"], (22, -14)
    )
    drawing.extrude(
        [(60, 432), (60, 374), (70, 374), (70, 422), (100, 422), (100, 432)],
        look["metal"],
        (12, -7),
    )
    tube(drawing, "M92,424 L92,398", look["metal"], 9)
    foot, elbow, neck = (96.0, 346.0), (66.0, 182.0), (258.0, 84.0)
    for start, end in ((foot, elbow), (elbow, neck)):
        tube(drawing, polyline([start, end]), look["metal"], 19)
    for at in (foot, elbow, neck):
        knob(drawing, at, 15, shade(look["metal"], -0.3))
    drawing.extrude(
        soften([(132, 104), (132, 80), (424, 80), (424, 104)], 11), look["colour"], (26, -17)
    )
    drawing.line(polyline([(148, 105), (410, 105)]), look["light"], 6)
    write(drawing, brand, (350, 92), 10, ink_on(look["colour"]), 0.15)


def _pharmacy(drawing: Drawing, look: Look, brand: str) -> None:
    pool(drawing, (292, 414), 140, look["light"])
    disc(drawing, (176, 396), 80, 12, look["metal"])
    tube(drawing, "M176,392 L176,64", look["metal"], 12)
    knob(drawing, (176, 62), 9, look["metal"])
    beam(drawing, [(206, 200), (402, 200), (440, 408), (150, 408)], look["light"])
    tube(drawing, "M176,140 L282,140 L300,156", look["metal"], 10)
    drawing.extrude(
        soften([(160, 156), (160, 124), (192, 124), (192, 156)], 5), look["metal"], (8, -6)
    )
    knob(drawing, (156, 140), 9, shade(look["metal"], -0.2))
    dome = "M202,204 C202,128 240,108 304,108 C368,108 406,128 406,204 Z"
    drawing.path(dome, across(drawing, look["colour"], 0.7))
    drawing.path(
        "M228,148 C250,122 280,118 306,117 C280,126 250,138 236,178 Z", "#ffffff", opacity=0.45
    )
    mouth(drawing, (304, 204), 102, 15, look)


def _dome(drawing: Drawing, look: Look, brand: str) -> None:
    pool(drawing, (240, 404), 170, look["light"])
    disc(drawing, (240, 394), 74, 14, look["metal"])
    knob(drawing, (266, 400), 8, "#f1ede6")
    beam(drawing, [(100, 224), (380, 224), (412, 404), (68, 404)], look["light"], 0.65)
    drawing.path("M222,224 L212,388 a28,8 0 0 0 56,0 L258,224 Z", across(drawing, look["metal"]))
    drawing.path(
        "M84,226 C84,128 148,76 240,76 C332,76 396,128 396,226 Z",
        across(drawing, look["colour"], 0.45),
    )
    drawing.path(
        "M116,188 C124,134 160,104 206,94 C170,116 144,146 136,196 Z", "#ffffff", opacity=0.5
    )
    mouth(drawing, (240, 226), 156, 24, look)
    drawing.path("M222,232 L219,262 L261,262 L258,232 Z", shade(look["metal"], -0.15))


def _magnifier(drawing: Drawing, look: Look, brand: str) -> None:
    """A lens in a ring of light on a jointed arm."""
    pool(drawing, (318, 410), 120, look["light"])
    disc(drawing, (150, 398), 82, 16, look["colour"])
    foot, elbow, neck = (150.0, 392.0), (92.0, 226.0), (226.0, 122.0)
    for start, end in ((foot, elbow), (elbow, neck)):
        tube(drawing, polyline([start, end]), look["metal"], 15)
    for at in (foot, elbow, neck):
        knob(drawing, at, 14, shade(look["metal"], -0.2))
    beam(drawing, [(236, 178), (408, 178), (438, 410), (196, 410)], look["light"], 0.6)
    middle, turn = (322.0, 156.0), "rotate(-8 322 156)"
    drawing.open_group(transform=turn)
    drawing.ellipse((322, 166), 116, 62, shade(look["colour"], -0.4))
    drawing.ellipse(middle, 116, 60, across(drawing, look["colour"]))
    drawing.ellipse(middle, 97, 47, look["light"])
    drawing.ellipse(middle, 97, 47, "none", stroke="#ffffff", stroke_width=4, opacity=0.9)
    dots = (arc_points(middle, 91, 42.5, 0, 360, 44))[:-1]
    for dot in dots:
        drawing.ellipse(dot, 2.2, 1.6, "#ffffff")
    lens = drawing.linear((0, "#eef7fb"), (0.5, "#c6dde8"), (1, "#f5fbfd"), angle=50)
    drawing.ellipse(middle, 84, 37, lens, stroke=shade(look["metal"], -0.3), stroke_width=2.5)
    drawing.path("M256,150 C276,126 320,122 352,126 C314,132 282,142 268,168 Z", "#ffffff")
    drawing.path("M352,184 C372,180 388,170 394,160 C388,180 372,188 352,184 Z", "#ffffff")
    drawing.close_group()
    write(drawing, brand, (150, 421), 7, ink_on(look["colour"]), 0.15)


def _ring(drawing: Drawing, look: Look, brand: str) -> None:
    """A ring of light, seen from the front, that holds a telephone."""
    disc(drawing, (240, 408), 86, 12, look["colour"])
    tube(drawing, "M240,404 L240,150", look["metal"], 13)
    drawing.rect(231, 322, 18, 34, shade(look["metal"], -0.25), 5)
    middle = (240.0, 170.0)
    halo = drawing.radial((0, look["light"], 0.1), (0.55, look["light"], 0.75), (1, "#fff3da", 0))
    drawing.ellipse(middle, 196, 196, halo)
    rim = shade(look["colour"], -0.22) if is_bright(look["colour"]) else look["colour"]
    drawing.ellipse(middle, 118, 118, "none", stroke=rim, stroke_width=44)
    shine = drawing.linear((0, "#ffffff"), (0.6, look["light"]), (1, "#ffe9c2"), angle=70)
    drawing.ellipse(middle, 118, 118, "none", stroke=shine, stroke_width=34)
    for step in range(60):
        drawing.ellipse(on_circle(middle, 118, 6 * step), 2.6, 2.6, "#ffffff", opacity=0.9)
    drawing.rect(226, 104, 28, 150, shade(look["metal"], -0.3), 8)
    screen = drawing.linear((0, "#5d7ea8"), (0.6, "#a9b9d0"), (1, "#e6cdbd"), angle=80)
    drawing.rect(199, 92, 82, 158, "#17191d", 13)
    drawing.rect(204, 98, 72, 146, screen, 9)
    drawing.ellipse((240, 152), 19, 22, "#e7bfa0")
    drawing.path("M204,244 C206,200 222,186 240,186 C258,186 274,200 276,244 Z", "#7a4f63")
    drawing.path("M219,156 C214,122 266,122 261,156 C256,138 226,136 219,156 Z", "#3a2a26")
    for y in (120, 222):
        drawing.rect(192, y, 96, 9, shade(look["metal"], -0.1), 4)
    drawing.extrude(soften([(352, 440), (352, 422), (404, 422), (404, 440)], 6), "#2b2e33", (8, -6))
    write(drawing, brand, (240, 428), 8, ink_on(look["colour"]), 0.15)


def _cage(drawing: Drawing, look: Look, brand: str) -> None:
    """Iron pipe on a block of wood, a bare bulb in a cage of wire."""
    pool(drawing, (318, 408), 132, look["light"])
    drawing.shadow((236, 426), 150, 13, opacity=0.4)
    block = soften([(96, 426), (96, 394), (346, 394), (346, 426)], 4)
    drawing.extrude(block, look["colour"], (46, -40))
    for y in (402, 410, 418):
        drawing.line(f"M100,{y} q120,-6 242,1", shade(look["colour"], -0.3), 1, opacity=0.6)
    write(drawing, brand, (222, 411), 9, ink_on(look["colour"]), 0.17)
    disc(drawing, (190, 374), 38, 8, look["metal"])
    tube(drawing, "M190,372 L190,112 Q190,82 220,82 L292,82 Q318,82 318,108", look["metal"], 21)
    for x, y, wide, high in ((176, 336, 28, 22), (176, 118, 28, 20), (236, 69, 20, 27)):
        drawing.rect(x, y, wide, high, across(drawing, shade(look["metal"], 0.1)), 4)
    _valve(drawing, (190, 258), look)
    drawing.path("M296,106 h44 l5,40 h-54 Z", across(drawing, look["metal"]))
    warm = mix(look["light"], "#ffab3d", 0.5)
    halo = drawing.radial((0, warm, 0.75), (0.5, warm, 0.28), (1, warm, 0))
    drawing.ellipse((318, 214), 120, 120, halo)
    bulb = "M302,148 C302,172 278,184 278,218 A40,42 0 0 0 358,218 C358,184 334,172 334,148 Z"
    glass = drawing.radial((0, "#fffdf2"), (0.5, look["light"]), (1, warm), radius=0.6)
    drawing.path(bulb, glass, opacity=0.92)
    drawing.line("M308,158 L302,226 L312,184 L318,230 L324,184 L334,226 L328,158", "#ff8a1f", 1.8)
    for lean in (-50, -18, 18, 50):
        wire = f"M{318 + lean * 0.45},146 C{318 + lean * 1.2},180 {318 + lean * 1.25},240 318,284"
        drawing.line(wire, look["metal"], 3)
    for y, rx in ((178, 46), (232, 49)):
        drawing.ellipse((318, y), rx, 8, "none", stroke=look["metal"], stroke_width=3)
    knob(drawing, (318, 285), 6, look["metal"])


def _valve(drawing: Drawing, at: Point, look: Look) -> None:
    """The hand wheel that switches the lamp."""
    tube(drawing, polyline([at, move(at, (-40, 0))]), look["metal"], 13)
    hub = move(at, (-44, 0))
    drawing.ellipse(hub, 13, 30, "none", stroke="#8e2f26", stroke_width=9)
    drawing.ellipse(hub, 13, 30, "none", stroke="#cf5040", stroke_width=3)
    drawing.line(polyline([move(hub, (0, -28)), move(hub, (0, 28))]), "#a63a2f", 5)
    knob(drawing, hub, 8, "#c9a24e")


def _pleat(drawing: Drawing, look: Look, brand: str) -> None:
    """A pleated cone on a slim stem, without a cord."""
    pool(drawing, (240, 404), 160, look["light"])
    disc(drawing, (240, 394), 62, 18, look["metal"])
    write(drawing, brand, (240, 421), 6, ink_on(look["metal"]), 0.15)
    tube(drawing, "M240,390 L240,212", look["metal"], 12)
    knob(drawing, (240, 384), 11, look["metal"])
    beam(drawing, [(118, 236), (362, 236), (402, 404), (78, 404)], look["light"], 0.6)
    drawing.path("M186,92 L110,232 a130,24 0 0 0 260,0 L294,92 Z", across(drawing, look["colour"]))
    glow = mix(look["colour"], look["light"], 0.75)
    warm = drawing.radial((0, "#fff8e2", 0.95), (0.5, glow, 0.7), (1, glow, 0), at=(0.5, 0.62))
    drawing.path("M186,92 L110,232 a130,24 0 0 0 260,0 L294,92 Z", warm)
    for fold in range(33):
        t = fold / 16 - 1
        sag = 24 * (1 - t * t) ** 0.5
        top, foot = (240 + 54 * t, 92 + 0.35 * sag), (240 + 130 * t, 232 + sag)
        drawing.line(polyline([top, foot]), shade(look["colour"], -0.35), 1.6, opacity=0.45)
        light = {"transform": "translate(3 0)", "opacity": 0.45}
        drawing.line(polyline([top, foot]), "#ffffff", 1, **light)
    drawing.ellipse((240, 92), 54, 8.5, mix(look["colour"], look["light"], 0.4))
    drawing.ellipse((240, 92), 46, 6, "#fffbea")
    knob(drawing, (240, 84), 10, look["metal"])


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
    "magnifier": _magnifier,
    "ring": _ring,
    "cage": _cage,
    "pleat": _pleat,
}
