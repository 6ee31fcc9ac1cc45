"""Draws staplers from the side and a little above: profiles with a depth."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aces.catalogs.demo.drawings.lettering import write
from aces.catalogs.demo.drawings.stapler_desk import draw_desk, draw_paperwork
from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    ink_on,
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

VIEWS = ("front", "desk")
"""Alone in the studio, and on a desk with what it fastened."""
PLACE_ON_DESK = {
    "heavy": "translate(46 58) scale(0.7)",
    "plier": "translate(160 118) scale(0.7)",
}
DEPTH = (46.0, -30.0)
"""From the near side to the far one."""


def draw(look: Look, brand: str, view: str = "front") -> str:
    """Returns the SVG of a stapler.

    Args:
        look: `form` (classic, lever, mini, heavy, long, electric, plier, free, plunger), `body`
            and `trim` colours; `clear` for acrylic, `wood` for a wooden cover, `whale` for a mini
            with a face; `desk` is the colour of the desk.
        brand: Printed on its side.
        view: One of `VIEWS`.
    """
    drawing = Drawing()
    if view == "desk":
        draw_desk(drawing, look)
        place = PLACE_ON_DESK.get(look["form"], "translate(44 42) scale(0.78)")
    else:
        place = f"translate(-8 {0 if look['form'] == 'heavy' else -34})"
    drawing.open_group(transform=place)
    FORMS[look["form"]](drawing, look, brand)
    drawing.close_group()
    if view == "desk":
        draw_paperwork(drawing, look, brand)
    return drawing.svg()


def _part(
    drawing: Drawing,
    corners: Sequence[Point],
    colour: str,
    radius: float = 6,
    between: tuple[float, float] = (0, 1),
    face: str | None = None,
) -> list[Point]:
    """Adds a rounded part that fills a share of the depth, and returns its near outline."""
    near, far = between
    outline = [move(point, DEPTH, near) for point in soften(corners, radius)]
    drawing.extrude(outline, colour, (DEPTH[0] * (far - near), DEPTH[1] * (far - near)), face)
    return outline


def _steel(drawing: Drawing, colour: str) -> str:
    """Brushed metal from above to below."""
    stops = [(0, shade(colour, 0.5)), (0.35, colour), (0.5, shade(colour, 0.55))]
    return drawing.linear(*stops, (0.7, colour), (1, shade(colour, -0.45)), angle=90)


def _floor(drawing: Drawing, left: float, right: float, y: float) -> None:
    middle, half = (left + right) / 2, (right - left) / 2
    drawing.shadow((middle + 24, y - 4), half + 16, 11, opacity=0.38, blur=7)
    drawing.shadow((middle + 24, y + 4), half + 40, 20, opacity=0.13, blur=16)


def _base(drawing: Drawing, look: Look, left: float, right: float, y: float) -> None:
    """The foot with its rubber sole and the anvil at its tip."""
    _floor(drawing, left, right, y + 12)
    _part(
        drawing,
        [(left + 4, y + 12), (left + 4, y + 4), (right - 4, y + 4), (right - 4, y + 12)],
        "#1c1d20",
        3,
    )
    tip = [
        (left, y + 5),
        (left, y - 8),
        (left + 30, y - 14),
        (right - 8, y - 14),
        (right, y - 6),
        (right, y + 5),
    ]
    _part(drawing, tip, _foot_colour(look), 7)
    anvil = [
        move((left + x, y - 14), DEPTH, share)
        for x, share in ((34, 0.2), (86, 0.2), (86, 0.8), (34, 0.8))
    ]
    drawing.path(polygon(anvil), _steel(drawing, "#c4c9d0"), stroke="#8a9099", stroke_width=0.8)
    groove = [move((left + x, y - 14), DEPTH, 0.5) for x in (46, 74)]
    drawing.line(polyline(groove), "#6b7079", 3)


def _foot_colour(look: Look) -> str:
    if look.get("wood"):
        return "#2d2723"
    return str(look["trim"] if look.get("clear") else look["body"])


def _shine(
    drawing: Drawing, points: Sequence[Point], width: float = 2.4, opacity: float = 0.55
) -> None:
    drawing.line(polyline(points), "#ffffff", width, opacity=opacity)


def _print(
    drawing: Drawing, text: str, at: Point, angle: float, height: float, colour: str
) -> None:
    spin = f"rotate({number(angle)} {number(at[0])} {number(at[1])})"
    write(drawing, text, at, height, colour, 0.15, transform=spin, opacity=0.85)


def _classic(drawing: Drawing, look: Look, brand: str) -> None:
    _base(drawing, look, 56, 404, 356)
    pivot, angle = (384.0, 330.0), 9
    _part(drawing, [(352, 344), (356, 296), (398, 296), (402, 344)], look["trim"], 6, (0.12, 0.88))
    rail = rotated([(66, 316), (66, 290), (386, 290), (386, 316)], pivot, angle)
    _part(drawing, rail, look["trim"], 3, (0.2, 0.8), _steel(drawing, look["trim"]))
    cover = rotated(
        [(60, 300), (58, 262), (92, 242), (250, 236), (386, 258), (410, 286), (396, 300)],
        pivot,
        angle,
    )
    outline = _part(drawing, cover, look["body"], 22, face=_cover_paint(drawing, look))
    if look.get("wood"):
        _grain(drawing, outline, look["body"])
    if look.get("clear"):
        _clear(drawing, outline, pivot, angle, look)
    _shine(drawing, rotated([(84, 255), (110, 247), (250, 243), (340, 254)], pivot, angle))
    _print(drawing, brand, rotated([(226, 274)], pivot, angle)[0], angle, 13, ink_on(look["body"]))


def _cover_paint(drawing: Drawing, look: Look) -> str:
    colour = look["body"]
    return drawing.linear(
        (0, shade(colour, 0.3)),
        (0.25, shade(colour, 0.06)),
        (0.65, colour),
        (1, shade(colour, -0.38)),
        angle=82,
    )


def _grain(drawing: Drawing, outline: Sequence[Point], colour: str) -> None:
    drawing.open_group(clip_path=drawing.clip(polygon(outline)))
    for row in range(16):
        bend = 9 if row % 3 else -6
        fibre = f"M 40 0 C 130 {bend} 190 {-bend} 260 14 C 330 {28 + bend} 380 {46 + bend} 440 56"
        tint = shade(colour, -0.45 if row % 2 else 0.25)
        drawing.line(placed(fibre, (0, 205 + 9 * row), 1), tint, 1.6 + row % 3, opacity=0.4)
    drawing.close_group()


def _clear(
    drawing: Drawing, outline: Sequence[Point], pivot: Point, angle: float, look: Look
) -> None:
    """The plated works that show through an acrylic cover."""
    drawing.open_group(clip_path=drawing.clip(polygon(outline)))
    works = rotated([(84, 296), (84, 270), (370, 274), (370, 296)], pivot, angle)
    drawing.path(polygon(works), _steel(drawing, look["trim"]), opacity=0.75)
    for i in range(20):
        coil = rotated([(150 + 9 * i, 272), (156 + 9 * i, 292)], pivot, angle)
        drawing.line(polyline(coil), shade(look["trim"], -0.35), 2, opacity=0.7)
    drawing.close_group()
    drawing.line(polygon(outline), "#ffffff", 2.5, opacity=0.8)


def _lever(drawing: Drawing, look: Look, brand: str) -> None:
    _base(drawing, {**look, "body": look["trim"]}, 66, 402, 356)
    pivot, angle = (384.0, 330.0), 4
    _part(
        drawing,
        [(340, 344), (346, 280), (400, 280), (402, 344)],
        shade(look["trim"], -0.3),
        8,
        (0.1, 0.9),
    )
    rail = rotated([(74, 322), (74, 300), (386, 300), (386, 322)], pivot, angle)
    _part(drawing, rail, "#b4bac2", 3, (0.2, 0.8), _steel(drawing, "#b9bfc7"))
    lower = rotated([(68, 306), (64, 268), (90, 250), (396, 272), (408, 306)], pivot, angle)
    _part(drawing, lower, look["trim"], 14)
    handle = rotated(
        [
            (100, 262),
            (84, 226),
            (116, 204),
            (230, 190),
            (352, 214),
            (412, 262),
            (406, 300),
            (360, 286),
            (250, 262),
        ],
        pivot,
        angle,
    )
    _part(drawing, handle, look["body"], 26, (0.04, 0.96), _cover_paint(drawing, look))
    _shine(drawing, rotated([(112, 219), (150, 206), (232, 197), (330, 215)], pivot, angle))
    for i in range(5):
        grip = rotated([(128 + 13 * i, 224 - 2 * i), (136 + 13 * i, 246 - 2 * i)], pivot, angle)
        drawing.line(polyline(grip), shade(look["body"], -0.4), 4, opacity=0.6)
    _print(
        drawing, brand, rotated([(286, 240)], pivot, angle)[0], angle + 9, 13, ink_on(look["body"])
    )


def _mini(drawing: Drawing, look: Look, brand: str) -> None:
    _base(drawing, look, 118, 350, 352)
    pivot, angle = (330.0, 318.0), 11
    _part(drawing, [(306, 340), (308, 286), (342, 286), (346, 340)], look["trim"], 8, (0.1, 0.9))
    rail = rotated([(128, 318), (128, 290), (334, 290), (334, 318)], pivot, angle)
    _part(drawing, rail, "#c4c9d0", 3, (0.2, 0.8), _steel(drawing, "#c4c9d0"))
    cover = rotated(
        [(118, 304), (114, 246), (160, 216), (250, 216), (336, 244), (362, 286), (346, 304)],
        pivot,
        angle,
    )
    if look.get("whale"):
        _tail(drawing, look)
    _part(drawing, cover, look["body"], 34, face=_cover_paint(drawing, look))
    _shine(drawing, rotated([(138, 244), (164, 228), (248, 225)], pivot, angle), 4)
    middle = 262 if look.get("whale") else 230
    at = rotated([(middle, 268)], pivot, angle)[0]
    _print(drawing, brand, at, angle, 12, ink_on(look["body"]))
    if look.get("whale"):
        _face(drawing)


def _tail(drawing: Drawing, look: Look) -> None:
    """Two flukes behind the cover."""
    for lift in (0, 1):
        fluke = [(352, 292), (372, 262 - 12 * lift), (404, 226), (392, 258), (420, 250 + 12 * lift)]
        _part(drawing, [*fluke, (388, 284)], look["body"], 9, (0.15 + 0.4 * lift, 0.4 + 0.4 * lift))


def _face(drawing: Drawing) -> None:
    drawing.ellipse((172, 232), 9, 10.5, "#ffffff")
    drawing.ellipse((170, 233), 5.5, 7, "#1d2026")
    drawing.ellipse((168, 230), 2, 2.4, "#ffffff")
    drawing.ellipse((188, 252), 9, 5.5, "#ff8fa0", opacity=0.55)
    drawing.line("M142,250 C150,262 164,264 174,256", "#1d2026", 3, opacity=0.75)


def _heavy(drawing: Drawing, look: Look, brand: str) -> None:
    _floor(drawing, 50, 420, 386)
    _part(
        drawing,
        [(46, 386), (46, 352), (70, 344), (414, 344), (424, 356), (424, 386)],
        look["trim"],
        8,
    )
    _part(drawing, [(150, 344), (150, 326), (196, 326), (196, 344)], "#b9bec6", 3, (0.0, 1.0))
    _part(
        drawing,
        [(282, 346), (270, 250), (300, 214), (404, 214), (416, 346)],
        look["body"],
        14,
        (0.08, 0.92),
    )
    _part(
        drawing,
        [(62, 312), (60, 262), (84, 246), (330, 240), (330, 312)],
        look["body"],
        12,
        (0.1, 0.9),
    )
    rail = [(64, 326), (64, 306), (320, 306), (320, 326)]
    _part(drawing, rail, "#c4c9d0", 3, (0.2, 0.8), _steel(drawing, "#c4c9d0"))
    arm = rotated([(120, 214), (120, 188), (390, 188), (410, 226), (330, 226)], (384, 214), 22)
    _part(drawing, arm, look["body"], 10, (0.25, 0.75), _steel(drawing, look["body"]))
    grip = rotated([(34, 218), (34, 184), (180, 184), (180, 218)], (384, 214), 22)
    _part(drawing, grip, look["trim"], 14, (0.18, 0.82))
    _shine(drawing, rotated([(48, 192), (168, 192)], (384, 214), 22))
    drawing.ellipse(
        (362, 262), 17, 17, _steel(drawing, "#aab0b8"), stroke="#5b6067", stroke_width=1.5
    )
    drawing.line(polyline([(352, 262), (372, 262)]), "#5b6067", 3)
    _print(drawing, brand, (190, 272), -1, 17, "#f2f4f6")


def _long(drawing: Drawing, look: Look, brand: str) -> None:
    _base(drawing, look, 26, 424, 350)
    pivot, angle = (412.0, 318.0), 7
    _part(drawing, [(384, 338), (386, 286), (416, 282), (426, 338)], look["body"], 8, (0.1, 0.9))
    arm = rotated(
        [(60, 304), (60, 284), (404, 276), (424, 292), (420, 316), (380, 306)], pivot, angle
    )
    _part(drawing, arm, look["trim"], 5, (0.15, 0.85), _steel(drawing, look["trim"]))
    for tick in range(24):
        x = 152 + 9.6 * tick
        ends = rotated([(x, 288), (x, 298 if tick % 5 == 0 else 293)], pivot, angle)
        drawing.line(polyline([move(end, DEPTH, 0.15) for end in ends]), "#33363b", 1.4)
    head = rotated(
        [(36, 318), (34, 268), (58, 246), (132, 250), (148, 268), (148, 318)], pivot, angle
    )
    _part(drawing, head, look["body"], 14, face=_cover_paint(drawing, look))
    _shine(drawing, rotated([(48, 264), (64, 254), (128, 257)], pivot, angle))
    _print(drawing, brand, rotated([(92, 288)], pivot, angle)[0], angle, 9, ink_on(look["body"]))


def _electric(drawing: Drawing, look: Look, brand: str) -> None:
    _floor(drawing, 92, 388, 380)
    _part(drawing, [(92, 380), (92, 366), (380, 366), (380, 380)], "#2b2d31", 4)
    body = [
        (80, 368),
        (80, 344),
        (118, 338),
        (118, 318),
        (84, 312),
        (96, 222),
        (132, 196),
        (348, 196),
        (388, 232),
        (388, 368),
    ]
    _part(drawing, body, look["body"], 16, face=_cover_paint(drawing, look))
    slot = [(86, 336), (86, 320), (150, 320), (150, 336)]
    drawing.path(polygon(soften(slot, 4)), drawing.linear((0, "#15161a"), (1, "#4a4d54")))
    window = [(160, 214), (330, 214), (344, 244), (148, 244)]
    drawing.path(
        polygon(soften(window, 8)),
        drawing.linear((0, "#2b3138"), (1, "#58626d"), angle=90),
        opacity=0.9,
    )
    for i in range(22):
        drawing.line(
            polyline([(166 + 7 * i, 226), (166 + 7 * i, 238)]), "#c9ced6", 2.5, opacity=0.8
        )
    drawing.rect(300, 282, 54, 20, shade(look["trim"], -0.1), 10)
    drawing.rect(302, 283, 50, 9, "#ffffff", 5, opacity=0.3)
    drawing.ellipse(
        (276, 292), 6, 6, drawing.radial((0, "#d8ffd0"), (0.5, "#48c95a"), (1, "#2b9440"))
    )
    _shine(drawing, [(112, 214), (136, 203), (340, 203)])
    _print(drawing, brand, (262, 346), 0, 15, "#8a9099")


def _plier(drawing: Drawing, look: Look, brand: str) -> None:
    drawing.shadow((250, 380), 170, 14, opacity=0.3, blur=9)
    drawing.shadow((250, 386), 200, 22, opacity=0.12, blur=16)
    chrome = _chrome(drawing, look["body"])
    lower = [
        (60, 316),
        (66, 296),
        (150, 296),
        (214, 300),
        (300, 330),
        (420, 372),
        (414, 388),
        (300, 362),
        (206, 330),
        (120, 322),
    ]
    _part(drawing, lower, look["body"], 10, (0.2, 0.6), chrome)
    _part(drawing, [(54, 308), (54, 296), (112, 296), (112, 308)], look["trim"], 3, (0.1, 0.7))
    rail = rotated([(52, 274), (52, 250), (230, 250), (230, 274)], (230, 276), 4)
    _part(drawing, rail, look["trim"], 3, (0.15, 0.65), _steel(drawing, look["trim"]))
    upper = [
        (48, 246),
        (56, 208),
        (92, 196),
        (200, 206),
        (300, 222),
        (424, 218),
        (430, 238),
        (310, 262),
        (240, 290),
        (190, 276),
        (150, 252),
    ]
    _part(drawing, upper, look["body"], 16, (0.1, 0.7), chrome)
    hub = move((216, 266), DEPTH, 0.1)
    drawing.ellipse(hub, 20, 20, _chrome(drawing, look["trim"]), stroke="#5f656d", stroke_width=1.5)
    drawing.ellipse(hub, 7, 7, "#4a4f57")
    _shine(drawing, [(72, 206), (96, 199), (200, 208), (300, 224)], 3, 0.9)
    _print(drawing, brand, (130, 226), 5, 11, "#4a4f57")


def _free(drawing: Drawing, look: Look, brand: str) -> None:
    """A punch that folds pages into each other: a squat block under a round lever."""
    _floor(drawing, 128, 348, 368)
    _part(drawing, [(126, 368), (126, 340), (350, 340), (350, 368)], look["trim"], 8)
    _part(drawing, [(218, 344), (222, 262), (346, 262), (352, 344)], look["body"], 14, (0.06, 0.94))
    mouth = [(122, 322), (122, 268), (170, 256), (240, 258), (240, 322)]
    _part(drawing, mouth, look["trim"], 12, (0.1, 0.9))
    lever = rotated(
        [(104, 262), (104, 226), (150, 196), (250, 186), (336, 206), (362, 254), (340, 276)],
        (340, 262),
        6,
    )
    _part(drawing, lever, look["body"], 30, face=_cover_paint(drawing, look))
    _shine(drawing, rotated([(122, 226), (156, 206), (250, 196), (320, 208)], (340, 262), 6), 3.5)
    drawing.ellipse((148, 292), 13, 13, shade(look["trim"], -0.2))
    drawing.ellipse((148, 292), 9, 9, look["body"])
    _print(drawing, brand, (234, 232), 6, 14, ink_on(look["body"]))


def _plunger(drawing: Drawing, look: Look, brand: str) -> None:
    """The pattern of the nineteen-thirties: a knob over the head, struck with the palm."""
    _base(drawing, look, 62, 408, 356)
    _part(drawing, [(340, 346), (352, 262), (396, 262), (404, 346)], look["body"], 12, (0.1, 0.9))
    rail = [(70, 326), (70, 300), (384, 290), (384, 318)]
    _part(drawing, rail, look["trim"], 3, (0.2, 0.8), _steel(drawing, look["trim"]))
    arm = [(128, 302), (132, 274), (220, 262), (356, 250), (402, 262), (404, 290), (330, 294)]
    _part(drawing, arm, look["body"], 16, (0.1, 0.9), _cover_paint(drawing, look))
    middle = 104 + DEPTH[0] / 2
    rod = drawing.linear((0, "#8a9099"), (0.35, "#ffffff"), (0.6, "#c4c9d0"), (1, "#6b7079"))
    drawing.rect(middle - 13, 176, 26, 84, rod, 3)
    for ring in range(7):
        y = 214 + 6 * ring
        drawing.line(f"M{number(middle - 15)},{y}h30", "#6b7079", 2.4, opacity=0.7)
    _part(drawing, [(64, 328), (66, 254), (142, 248), (146, 322)], look["body"], 10)
    knob = drawing.radial(
        (0, "#ffffff"),
        (0.25, shade(look["knob"], 0.3)),
        (1, shade(look["knob"], -0.35)),
        at=(0.36, 0.26),
        radius=0.75,
    )
    drawing.ellipse((middle, 172), 46, 24, knob)
    drawing.ellipse((middle, 165), 38, 18, knob, opacity=0.7)
    _shine(drawing, [(150, 278), (224, 268), (350, 257)])
    _print(drawing, brand, (268, 279), -4, 12, ink_on(look["body"]))


def _chrome(drawing: Drawing, colour: str) -> str:
    """Polished metal: a bright sky over a dark horizon."""
    return drawing.linear(
        (0, "#ffffff"),
        (0.3, shade(colour, 0.2)),
        (0.46, shade(colour, -0.45)),
        (0.54, shade(colour, 0.65)),
        (0.8, shade(colour, -0.1)),
        (1, shade(colour, -0.4)),
        angle=88,
    )


FORMS: dict[str, Callable[[Drawing, Look, str], None]] = {
    "classic": _classic,
    "lever": _lever,
    "mini": _mini,
    "heavy": _heavy,
    "long": _long,
    "electric": _electric,
    "plier": _plier,
    "free": _free,
    "plunger": _plunger,
}
