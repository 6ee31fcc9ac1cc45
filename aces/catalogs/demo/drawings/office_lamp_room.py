"""The room at night in which a desk lamp is shown lit."""

from collections.abc import Callable

from aces.catalogs.demo.drawings.office_lamp_parts import Look, across
from aces.catalogs.demo.drawings.studio import SIZE, Drawing, mix, number, polyline, rounded, shade

HORIZON = 346
"""Where the desk meets the wall."""

WOODS = {"oak": "#8a6340", "walnut": "#5d3f2c", "ash": "#a58865"}


def evening(drawing: Drawing, look: Look) -> None:
    """Fills the picture with wall and desk; what else is there depends on the lamp."""
    wall = mix("#2c3443", look["colour"], 0.16)
    fall = drawing.linear((0, shade(wall, -0.3)), (1, shade(wall, 0.05)), angle=90)
    drawing.rect(0, 0, SIZE, SIZE, fall)
    behind, wood = ROOMS[look["form"]]
    behind(drawing)
    _glow(drawing, look)
    if look["form"] != "clamp":  # it brings the edge of its own desk
        _books(drawing)
        _plant(drawing)
        _desk(drawing, WOODS[wood])


def _glow(drawing: Drawing, look: Look) -> None:
    """The lamp's light on the wall."""
    warm = mix(look["light"], "#ffb84a", 0.4)
    light = drawing.radial((0, warm, 0.5), (0.5, warm, 0.18), (1, warm, 0))
    drawing.ellipse((270, 220), 300, 250, light)


def _desk(drawing: Drawing, wood: str) -> None:
    top = drawing.linear((0, shade(wood, -0.4)), (0.5, wood), (1, shade(wood, -0.45)))
    drawing.rect(0, HORIZON, SIZE, SIZE - HORIZON, top)
    for line in range(11):
        y = HORIZON + 8 + 1.1 * line**2
        grain = f"M0,{number(y)} q120,{3 + line % 4} 240,0 t240,0"
        drawing.line(grain, shade(wood, -0.45), 1, opacity=0.3)
    drawing.rect(0, HORIZON, SIZE, 3, shade(wood, 0.35), opacity=0.45)


def _books(drawing: Drawing) -> None:
    """A few, standing against the wall on the right."""
    x = 396.0
    for wide, high, colour in ((16, 92, "#7a3b35"), (22, 78, "#3d5a6c"), (14, 98, "#b08d4f")):
        drawing.rect(x, HORIZON - high, wide, high, across(drawing, shade(colour, -0.15), 0.2), 2)
        drawing.rect(x, HORIZON - high + 14, wide, 5, shade(colour, 0.45), opacity=0.7)
        x += wide + 1
    leaning = "M456,346 L472,258 L484,262 L484,346 Z"
    drawing.path(leaning, across(drawing, "#55664c", 0.2))


def _plant(drawing: Drawing) -> None:
    """In a pot on the left."""
    for tip, bend in (((6, 236), -14), ((34, 216), 4), ((66, 230), 16), ((84, 266), 24)):
        stem = f"M42,318 Q{42 + bend},{tip[1] + 44} {tip[0]},{tip[1]}"
        drawing.line(stem, "#34523c", 2.5)
        x, y = tip
        leaf = f"M{x},{y - 24} C{x + 17},{y - 8} {x + 13},{y + 18} {x},{y + 28}"
        leaf += f" C{x - 13},{y + 18} {x - 17},{y - 8} {x},{y - 24} Z"
        drawing.path(leaf, drawing.linear((0, "#2d4a36"), (1, "#5d8a5e")))
        drawing.line(polyline([(x, y - 18), (x, y + 24)]), "#7fa67c", 1, opacity=0.6)
    drawing.path("M18,300 h50 l-6,50 h-38 Z", across(drawing, "#b7694a", 0.2))
    drawing.rect(14, 294, 58, 12, across(drawing, "#c2754f", 0.2), 3)


def _window(drawing: Drawing) -> None:
    """The moon over roofs."""
    sky = drawing.linear((0, "#0e1a33"), (1, "#33466b"), angle=90)
    drawing.rect(262, 26, 190, 218, "#c9c3b6", 3)
    drawing.rect(271, 35, 172, 200, sky)
    drawing.ellipse((404, 76), 34, 34, "#dfe6f5", opacity=0.2, filter=drawing.blur(9))
    drawing.ellipse((404, 76), 17, 17, "#eef1e4")
    drawing.path("M271,235 V190 l30,-22 l26,20 v-16 h34 v24 l28,-20 l54,34 V235 Z", "#0b1222")
    for x, y in ((290, 204), (304, 204), (336, 190), (346, 206), (404, 216), (418, 216)):
        drawing.rect(x, y, 7, 9, "#f4c566", opacity=0.85)
    drawing.path(rounded(353, 35, 8, 200, 0) + rounded(271, 128, 172, 8, 0), "#c9c3b6")
    drawing.rect(252, 242, 210, 10, "#d8d2c5", 2)
    drawing.rect(262, 26, 190, 218, "#0d1422", opacity=0.35)


def _frame(drawing: Drawing) -> None:
    """A landscape in a frame."""
    drawing.rect(284, 40, 150, 190, "#000000", 2, opacity=0.35, filter=drawing.blur(7))
    drawing.rect(280, 34, 150, 190, "#3b2b20", 2)
    drawing.rect(287, 41, 136, 176, "#d9d0bf")
    drawing.rect(308, 66, 94, 126, drawing.linear((0, "#c78d63"), (1, "#e6cda0"), angle=90))
    drawing.ellipse((372, 104), 14, 14, "#f3e3b8")
    drawing.path("M308,150 Q336,122 360,146 T402,136 V192 H308 Z", "#5b7468")
    drawing.path("M308,170 Q344,148 402,172 V192 H308 Z", "#34493f")


def _shelf(drawing: Drawing) -> None:
    """Books on a board along the wall."""
    tones = ("#6f3f3a", "#31506a", "#8c7443", "#4d5c46", "#3f3b52", "#a07b5a", "#2f4a4a")
    x = 20.0
    for i in range(24):
        wide, high = 11 + i * 7 % 9, 56 + i * 11 % 26
        tone = shade(tones[i * 3 % 7], -0.2)
        drawing.rect(x, 104 - high, wide, high, across(drawing, tone, 0.15), 1.5)
        drawing.rect(x + 2, 104 - high + 10, wide - 4, 3, shade(tone, 0.5), opacity=0.6)
        x += wide + (12 if i % 9 == 8 else 1.5)
    drawing.rect(0, 104, SIZE, 9, "#4b3526")
    drawing.rect(0, 113, SIZE, 14, "#000000", opacity=0.25, filter=drawing.blur(5))


ROOMS: dict[str, tuple[Callable[[Drawing], None], str]] = {
    "gooseneck": (_frame, "ash"),
    "arm": (_window, "oak"),
    "clip": (_shelf, "walnut"),
    "bar": (_shelf, "ash"),
    "banker": (_shelf, "walnut"),
    "panel": (_window, "oak"),
    "globe": (_frame, "walnut"),
    "clamp": (_shelf, "walnut"),
    "pharmacy": (_frame, "oak"),
    "dome": (_window, "ash"),
    "magnifier": (_shelf, "ash"),
    "ring": (_frame, "oak"),
    "cage": (_window, "walnut"),
    "pleat": (_shelf, "oak"),
}
"""Form of the lamp -> what hangs behind it, and the wood of the desk."""
