"""Rooms to lay a rug in: the wall and floor behind it, and the furniture that stands on it."""

from collections.abc import Callable, Mapping
from typing import Any

from aces.catalogs.demo.drawings.studio import (
    SIZE,
    Drawing,
    Point,
    is_bright,
    mix,
    placed,
    polygon,
    polyline,
    shade,
    soften,
)

Look = Mapping[str, Any]

HORIZON, WALL = 60.0, 256.0
"""Where the floor's lines meet, and where the floor ends."""
DISTANCE, ZOOM = 3000.0, 400.0
"""Eye height times focal length, and focal length: pixels, with feet as the unit of the floor."""


def on_floor(across: float, away: float) -> Point:
    """Returns where a point of the floor is seen, in feet to the right and from the eye."""
    return SIZE / 2 + ZOOM * across / away, HORIZON + DISTANCE / away


def shell(drawing: Drawing, look: Look) -> None:
    """Adds the wall and the floor of a look's `room`, coloured `wall` and `boards`."""
    wall, boards = look["wall"], look["boards"]
    light = drawing.linear((0, shade(wall, 0.2)), (0.6, wall), (1, shade(wall, -0.12)), angle=25)
    drawing.rect(0, 0, SIZE, WALL, light)
    if look["room"] == "patio":
        _garden(drawing)
    else:
        drawing.rect(0, WALL - 14, SIZE, 15, shade(wall, 0.6))
        drawing.rect(0, WALL - 14, SIZE, 1.5, shade(wall, -0.2))
    depth = drawing.linear(
        (0, shade(boards, -0.25)), (0.5, boards), (1, shade(boards, 0.14)), angle=90
    )
    drawing.rect(0, WALL, SIZE, SIZE - WALL, depth)
    for i in range(-26, 27):
        ends = [on_floor(0.62 * i, away) for away in (15.3, 7)]
        drawing.line(polyline(ends), shade(boards, -0.34), 1, opacity=0.6)
        for j in range(2):
            away = 7.4 + (i * 37 % 11) * 0.7 + 4.2 * j
            if away < 15:
                butt = [on_floor(0.62 * (i + k), away) for k in (0, 1)]
                drawing.line(polyline(butt), shade(boards, -0.34), 1, opacity=0.6)
    drawing.rect(
        0, WALL, SIZE, 10, drawing.linear((0, "#14100a", 0.35), (1, "#14100a", 0), angle=90)
    )
    BEHIND.get(look["room"], _nothing)(drawing, look)


def furnish(drawing: Drawing, look: Look) -> None:
    """Adds the furniture of a look's `room`, upholstered in `cloth`."""
    ROOMS[look["room"]](drawing, look)


def _nothing(drawing: Drawing, look: Look) -> None:
    """What stands behind a rug where nothing does."""


# Pieces


def _soft(
    drawing: Drawing,
    x: float,
    y: float,
    width: float,
    height: float,
    colour: str,
    radius: float = 10,
) -> None:
    """Something upholstered."""
    paint = drawing.linear(
        (0, shade(colour, 0.3)), (0.3, shade(colour, 0.06)), (1, shade(colour, -0.28)), angle=82
    )
    drawing.rect(x, y, width, height, paint, radius, stroke=shade(colour, -0.34), stroke_width=0.8)


def _wood(
    drawing: Drawing, x: float, y: float, width: float, height: float, colour: str = "#a8743f"
) -> None:
    paint = drawing.linear((0, shade(colour, 0.22)), (1, shade(colour, -0.28)), angle=70)
    drawing.rect(x, y, width, height, paint, 2, stroke=shade(colour, -0.4), stroke_width=0.6)


def _picture(drawing: Drawing, x: float, y: float, width: float, height: float, look: Look) -> None:
    """A framed print in the rug's colours."""
    drawing.rect(x + 4, y + 6, width, height, "#14100a", opacity=0.22, filter=drawing.blur(3))
    drawing.rect(x, y, width, height, "#2b2723", 1)
    drawing.rect(x + 3, y + 3, width - 6, height - 6, "#f7f4ee")
    tone = look.get("figure", look["field"])
    tone = shade(tone, -0.35) if is_bright(tone) else tone
    other = look.get("accent", shade(tone, 0.4))
    drawing.ellipse((x + width * 0.6, y + height * 0.36), width * 0.17, width * 0.17, other)
    hill = f"M 0 0 C {width * 0.2} {-height * 0.34} {width * 0.4} {-height * 0.3} {width - 18} 0 Z"
    drawing.path(placed(hill, (x + 9, y + height - 9), 1), tone, opacity=0.85)


def _plant(drawing: Drawing, at: Point, size: float) -> None:
    """A tall plant in a pot that stands at a point."""
    x, y = at
    drawing.shadow((x + 4, y), 22 * size, 5 * size, opacity=0.4, blur=4)
    leaf = "M 0 0 C -16 -30 -12 -64 0 -88 C 12 -64 16 -30 0 0 Z"
    for i, turn in enumerate((-66, -44, -22, 0, 20, 42, 64)):
        green = mix("#2f6b45", "#7fae62", (i * 3 % 7) / 7)
        paint = drawing.linear((0, shade(green, 0.25)), (1, shade(green, -0.25)), angle=20)
        drawing.path(
            placed(leaf, (x, y - 30 * size), size),
            paint,
            transform=f"rotate({turn} {x} {y - 30 * size})",
        )
    pot = [
        (x - 19 * size, y - 36 * size),
        (x + 19 * size, y - 36 * size),
        (x + 14 * size, y),
        (x - 14 * size, y),
    ]
    drawing.path(
        polygon(soften(pot, 4)), drawing.linear((0, "#f6f2ea"), (0.6, "#ded6c8"), (1, "#a89f90"))
    )


def _floor_lamp(drawing: Drawing, at: Point, height: float) -> None:
    x, y = at
    drawing.ellipse(
        (x, y - height + 20), 80, 74, drawing.radial((0, "#ffe2a0", 0.55), (1, "#ffe2a0", 0))
    )
    drawing.ellipse((x, y), 17, 5, "#26231f")
    drawing.line(polyline([(x, y), (x, y - height + 26)]), "#2e2a26", 3)
    shape = [
        (x - 16, y - height),
        (x + 16, y - height),
        (x + 25, y - height + 34),
        (x - 25, y - height + 34),
    ]
    drawing.path(polygon(shape), drawing.linear((0, "#e9d3a2"), (0.4, "#fff4d8"), (1, "#d8b878")))


def _table(drawing: Drawing, at: Point, rx: float) -> None:
    """A round coffee table with a vase; `at` is the middle of its top."""
    x, y = at
    drawing.shadow((x + 4, y + 50), rx, rx * 0.3, opacity=0.35, blur=6)
    for dx in (-0.62, 0.0, 0.62):
        foot = (x + dx * rx * 1.1, y + 44 + (8 if dx == 0 else 0))
        drawing.line(polyline([(x + dx * rx * 0.9, y + 6), foot]), "#6f4a26", 4)
    drawing.ellipse((x, y + 5), rx, rx * 0.32, "#7d542c")
    drawing.ellipse((x, y), rx, rx * 0.32, drawing.linear((0, "#d9a972"), (1, "#a8743f"), angle=30))
    for dx, dy, turn in ((-4, -22, -18), (0, -26, 4), (4, -22, 24)):
        drawing.line(
            polyline([(x - 8, y - 14), (x - 8 + dx + turn / 2, y + dy - 16)]), "#55814f", 1.6
        )
        drawing.ellipse((x - 8 + dx + turn / 2, y + dy - 17), 5, 5, "#f2d7cf")
    vase = "M -6 0 C -14 -8 -8 -16 -4 -20 L 4 -20 C 8 -16 14 -8 6 0 Z"
    drawing.path(placed(vase, (x - 8, y + 3), 1), drawing.linear((0, "#ffffff"), (1, "#a9b3bd")))
    drawing.rect(x + 6, y - 5, 24, 5, "#c75d4a", 1)
    drawing.rect(x + 8, y - 9, 20, 4, "#e9e2d3", 1)


# Rooms


def _sofa(drawing: Drawing, look: Look) -> None:
    """A sofa on the far edge of the rug, with a table before it."""
    cloth = look["cloth"]
    _picture(drawing, 168, 28, 62, 78, look)
    _picture(drawing, 246, 28, 62, 78, look)
    _plant(drawing, (418, 282), 1.05)
    _floor_lamp(drawing, (66, 278), 216)
    drawing.shadow((242, 294), 136, 10, opacity=0.45, blur=6)
    for x in (122, 350):
        drawing.rect(x, 280, 8, 14, "#5a3c20", 2)
    _soft(drawing, 112, 158, 256, 86, cloth, 16)
    for i in range(2):
        _soft(drawing, 134 + 106 * i, 176, 106, 66, shade(cloth, 0.05), 12)
    for i in range(2):
        _soft(drawing, 132 + 108 * i, 228, 108, 32, shade(cloth, 0.12), 9)
    _soft(drawing, 124, 252, 232, 34, shade(cloth, -0.08), 5)
    for x in (96, 352):
        _soft(drawing, x, 198, 34, 88, cloth, 13)
    pillow = look.get("figure", look["field"])
    for x, turn, colour in ((146, -9, pillow), (300, 10, mix(look["field"], "#ffffff", 0.3))):
        drawing.open_group(transform=f"rotate({turn} {x + 20} 210)")
        _soft(drawing, x, 190, 42, 40, colour, 9)
        drawing.close_group()
    _table(drawing, (240, 330), 54)


def _bed(drawing: Drawing, look: Look) -> None:
    """A bed seen from its foot, standing on the rug's middle."""
    cloth = look["cloth"]
    _picture(drawing, 200, 14, 80, 60, look)
    for x in (76, 404):
        drawing.shadow((x, 282), 34, 7, opacity=0.4, blur=4)
        _wood(drawing, x - 28, 220, 56, 58)
        drawing.line(polyline([(x - 20, 248), (x + 20, 248)]), "#5d3d1d", 1.2)
        drawing.ellipse((x, 176), 56, 50, drawing.radial((0, "#ffe2a0", 0.5), (1, "#ffe2a0", 0)))
        drawing.rect(x - 7, 196, 14, 24, "#d7cfc2", 5)
        shape = [(x - 13, 166), (x + 13, 166), (x + 20, 196), (x - 20, 196)]
        drawing.path(
            polygon(shape), drawing.linear((0, "#ead6ab"), (0.4, "#fff4d8"), (1, "#d6b87b"))
        )
    _soft(drawing, 126, 120, 228, 120, mix(cloth, "#8a7a66", 0.35), 12)
    drawing.shadow((244, 332), 132, 12, opacity=0.45, blur=8)
    top = [(136, 196), (344, 196), (362, 284), (118, 284)]
    drawing.path(polygon(soften(top, 10)), drawing.linear((0, "#ffffff"), (1, "#e4dfd6"), angle=90))
    for x in (150, 246):
        _soft(drawing, x, 172, 84, 40, "#faf8f4", 14)
    throw = [(129, 232), (351, 232), (364, 290), (116, 290)]
    drawing.path(
        polygon(soften(throw, 8)), drawing.linear((0, shade(cloth, 0.3)), (1, cloth), angle=90)
    )
    fold = [(130, 226), (350, 226), (353, 240), (127, 240)]
    drawing.path(polygon(soften(fold, 4)), "#ffffff")
    _soft(drawing, 115, 284, 250, 46, shade(cloth, -0.06), 9)
    for i in range(9):
        crease = polyline([(134 + 26.5 * i, 294), (130 + 27.5 * i, 327)])
        drawing.line(crease, shade(cloth, -0.4), 1.6, opacity=0.4)


def _chair(drawing: Drawing, look: Look) -> None:
    """An armchair at the far edge, a basket and a plant."""
    cloth = look["cloth"]
    _picture(drawing, 288, 40, 86, 106, look)
    _plant(drawing, (398, 284), 1.15)
    _floor_lamp(drawing, (118, 276), 224)
    drawing.shadow((232, 308), 84, 10, opacity=0.45, blur=6)
    for x, y in ((178, 300), (280, 300)):
        drawing.line(polyline([(x, 280), (x + (4 if x > 230 else -4), y)]), "#6f4a26", 6)
    _soft(drawing, 170, 150, 120, 120, cloth, 34)
    _soft(drawing, 184, 178, 92, 72, shade(cloth, 0.07), 18)
    _soft(drawing, 176, 240, 108, 34, shade(cloth, 0.14), 12)
    _soft(drawing, 170, 262, 120, 24, shade(cloth, -0.1), 6)
    for x in (150, 276):
        _soft(drawing, x, 204, 34, 80, cloth, 16)
    pillow = look.get("figure", look["field"])
    drawing.open_group(transform="rotate(-8 232 216)")
    _soft(drawing, 208, 196, 46, 42, pillow, 10)
    drawing.close_group()


def _door(drawing: Drawing, look: Look) -> None:
    """The door at the end of a hall, and pictures along it."""
    paint = look["cloth"]
    drawing.rect(180, 24, 120, 234, "#f6f3ec")
    _soft(drawing, 189, 33, 102, 225, paint, 2)
    for x, y, tall in ((200, 46, 86), (246, 46, 86), (200, 146, 96), (246, 146, 96)):
        drawing.rect(
            x, y, 36, tall, shade(paint, -0.06), 2, stroke=shade(paint, -0.3), stroke_width=1.4
        )
    drawing.ellipse((281, 152), 4.5, 4.5, drawing.radial((0, "#fff2c4"), (1, "#9c7a2c")))
    _picture(drawing, 60, 52, 70, 90, look)
    _picture(drawing, 352, 52, 70, 90, look)


def _hall(drawing: Drawing, look: Look) -> None:
    """A console at one side and boots at the other."""
    drawing.shadow((70, 330), 62, 9, opacity=0.35, blur=6)
    _wood(drawing, 6, 204, 124, 12)
    _wood(drawing, 8, 216, 120, 26, "#96662f")
    for x in (14, 112):
        _wood(drawing, x, 242, 10, 86, "#96662f")
    drawing.rect(30, 182, 34, 22, "#d7cfc2", 6)
    _plant(drawing, (92, 206), 0.5)
    _plant(drawing, (424, 322), 1.25)


def _garden(drawing: Drawing) -> None:
    """Sky and a hedge."""
    drawing.rect(0, 0, SIZE, WALL, drawing.linear((0, "#a9d3ef"), (1, "#e9f5f4"), angle=90))
    for i in range(34):
        x, y = 15 * i, 176 + (i * 29 % 17)
        green = mix("#3f7a46", "#79aa5b", (i * 5 % 9) / 9)
        drawing.ellipse(
            (x, y),
            30,
            40,
            drawing.radial((0, shade(green, 0.2)), (1, shade(green, -0.2)), at=(0.4, 0.3)),
        )
    drawing.rect(
        0,
        200,
        SIZE,
        WALL - 200,
        drawing.linear((0, "#4d8a4d"), (1, "#2f5d38"), angle=90),
        opacity=0.75,
    )


def _patio(drawing: Drawing, look: Look) -> None:
    """Two lounge chairs and a table."""
    for x in (84, 276):
        drawing.shadow((x + 62, 302), 68, 9, opacity=0.4, blur=6)
        for leg in (4, 110):
            _wood(drawing, x + leg, 216, 9, 84)
        _soft(drawing, x + 14, 166, 96, 84, look["cloth"], 12)
        _wood(drawing, x, 268, 124, 10)
        _soft(drawing, x + 10, 242, 104, 30, shade(look["cloth"], 0.15), 9)
        for arm in (-4, 106):
            _wood(drawing, x + arm, 212, 24, 8)
    _plant(drawing, (446, 288), 1.1)
    _plant(drawing, (36, 284), 0.9)
    _table(drawing, (240, 296), 34)


def _nursery(drawing: Drawing, look: Look) -> None:
    """A play tent, a shelf and some blocks."""
    drawing.rect(40, 60, 120, 8, "#caa06a", 2)
    for i, colour in enumerate(("#d9574a", "#6f8fd1", "#f0b43c", "#56a38b", "#9a6bb0", "#d9574a")):
        drawing.rect(48 + 15 * i, 28 + 4 * (i % 3), 12, 32 - 4 * (i % 3), colour, 2)
    drawing.shadow((346, 292), 92, 11, opacity=0.4, blur=6)
    for x in (330, 352):
        drawing.line(
            polyline([(341 + (341 - x) * 0.7, 36), (x + (x - 341) * 6.6, 290)]), "#b98a54", 4
        )
    canvas = [(341, 56), (420, 286), (262, 286)]
    drawing.path(polygon(canvas), drawing.linear((0, "#fbf7ee"), (0.6, "#efe6d4"), (1, "#cfc2a8")))
    drawing.path(polygon([(341, 96), (372, 286), (312, 286)]), "#6d5f4a")
    drawing.path(polygon([(341, 96), (341, 240), (312, 286), (282, 286)]), look["cloth"])
    for i in range(7):
        x = 40 + 62 * i
        drawing.path(
            polygon([(x, 6), (x + 40, 6), (x + 20, 30)]),
            (look["cloth"], "#f0b43c", "#6f8fd1")[i % 3],
            opacity=0.9,
        )
    _wood(drawing, 40, 196, 150, 84, "#caa06a")
    for i, colour in enumerate(("#6f8fd1", "#f0b43c", "#d9574a")):
        _soft(drawing, 48 + 47 * i, 214, 40, 54, colour, 6)
    for x, y, colour in ((196, 330, "#d9574a"), (222, 334, "#6f8fd1"), (209, 312, "#f0b43c")):
        _soft(drawing, x, y, 23, 21, colour, 3)


ROOMS: dict[str, Callable[[Drawing, Look], None]] = {
    "sofa": _sofa,
    "bed": _bed,
    "chair": _chair,
    "hall": _hall,
    "patio": _patio,
    "nursery": _nursery,
}
"""Name of a room -> what is put on the rug."""

BEHIND: dict[str, Callable[[Drawing, Look], None]] = {"hall": _door}
"""Name of a room -> what stands at its wall, under the rug's far edge."""
