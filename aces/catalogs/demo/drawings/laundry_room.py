"""Draws a laundry room to stand a machine in: wall, floor, shelf, basket and towels."""

from aces.catalogs.demo.drawings.studio import (
    SIZE,
    Drawing,
    Point,
    mix,
    move,
    on_circle,
    placed,
    polygon,
    polyline,
    shade,
    soften,
)

FLOOR = 352
"""Where the wall meets the floor."""


def room(drawing: Drawing, wall: str, floor: str, backdrop: str) -> None:
    """Adds a room that fills the picture.

    Args:
        drawing: Where to.
        wall: Its colour.
        floor: Colour of the planks.
        backdrop: What the wall has: `tiles`, `boards` or a `shelf`.
    """
    light = drawing.radial(
        (0, shade(wall, 0.4)), (0.7, wall), (1, shade(wall, -0.14)), at=(0.35, 0.3), radius=0.9
    )
    drawing.rect(0, 0, SIZE, FLOOR, light)
    if backdrop == "tiles":
        _tiles(drawing, wall)
    elif backdrop == "boards":
        _boards(drawing, wall)
    else:
        _shelf(drawing, (352, 92), wall)
    _planks(drawing, floor)
    drawing.rect(0, FLOOR - 13, SIZE, 14, shade(wall, 0.55))
    drawing.rect(0, FLOOR, SIZE, 5, "#14161a", opacity=0.18)


def _tiles(drawing: Drawing, wall: str) -> None:
    """Courses of brick-laid tiles."""
    joint = shade(wall, -0.12)
    for row in range(12):
        y = 30 * row + 6
        drawing.line(polyline([(0, y), (SIZE, y)]), joint, 1.6, opacity=0.8)
        for i in range(9):
            x = 60 * i + (30 if row % 2 else 0)
            drawing.line(polyline([(x, y), (x, y + 30)]), joint, 1.6, opacity=0.8)
            drawing.line(polyline([(x + 4, y + 3), (x + 50, y + 3)]), "#ffffff", 1.2, opacity=0.35)


def _boards(drawing: Drawing, wall: str) -> None:
    """A panelled wall up to a rail."""
    drawing.rect(0, 168, SIZE, FLOOR - 168, shade(wall, 0.34))
    for i in range(20):
        groove = polyline([(24 * i + 10, 178), (24 * i + 10, FLOOR)])
        drawing.line(groove, shade(wall, -0.1), 1.8, opacity=0.8)
    rail = drawing.linear((0, shade(wall, 0.75)), (1, shade(wall, 0.1)), angle=90)
    drawing.rect(0, 164, SIZE, 12, rail)
    drawing.rect(0, 176, SIZE, 4, "#14161a", opacity=0.1)


def _planks(drawing: Drawing, floor: str) -> None:
    """Boards that run to a point behind the wall."""
    paint = drawing.linear((0, shade(floor, -0.22)), (1, shade(floor, 0.12)), angle=90)
    drawing.rect(0, FLOOR, SIZE, SIZE - FLOOR, paint)
    for i in range(-6, 16):
        far, near = 40 * i, 240 + (40 * i - 240) * 1.9
        drawing.line(polyline([(far, FLOOR), (near, SIZE)]), shade(floor, -0.35), 1.2, opacity=0.55)
        if i % 2:
            y = FLOOR + 26 + 16 * (i % 5)
            reach = (y - FLOOR) / (SIZE - FLOOR)
            x = far + (near - far) * reach
            drawing.line(
                polyline([(x, y), (x + 40 * (1 + 0.9 * reach), y)]),
                shade(floor, -0.35),
                1,
                opacity=0.5,
            )


def _shelf(drawing: Drawing, at: Point, wall: str) -> None:
    """A board with a bottle, folded towels and a plant; `at` is the middle of its top."""
    x, y = at
    drawing.ellipse((x + 6, y + 22), 96, 10, "#14161a", opacity=0.16, filter=drawing.blur(5))
    drawing.rect(x - 92, y, 184, 10, drawing.linear((0, "#c99c66"), (1, "#96693a"), angle=90), 2)
    for i, colour in enumerate(("#f4efe6", mix(wall, "#5f8fb4", 0.6), "#e8c9a8")):
        paint = drawing.linear((0, shade(colour, 0.25)), (1, shade(colour, -0.2)), angle=90)
        drawing.rect(x - 84 + 2 * i, y - 14 * (i + 1), 66 - 4 * i, 14, paint, 6)
    bottle = "M 0 0 L 0 -34 C 0 -44 8 -42 8 -52 L 22 -52 C 22 -42 30 -44 30 -34 L 30 0 Z"
    drawing.path(
        placed(bottle, (x + 2, y), 1),
        drawing.linear((0, "#7fb8e6"), (0.3, "#b9dcf5"), (1, "#3c7db0")),
    )
    drawing.rect(x + 9, y - 62, 16, 11, "#f7f8f9", 2)
    drawing.rect(x + 5, y - 28, 24, 17, "#ffffff", 3, opacity=0.85)
    _plant(drawing, (x + 66, y))


def _plant(drawing: Drawing, at: Point) -> None:
    """Long leaves in a pot that stands at a point."""
    x, y = at
    leaf = "M 0 0 C -10 -16 -8 -34 0 -46 C 8 -34 10 -16 0 0 Z"
    for turn in (-62, -34, 0, 30, 58):
        paint = drawing.linear((0, "#7db36b"), (1, "#3b7045"), angle=90)
        drawing.path(placed(leaf, (x, y - 16), 1), paint, transform=f"rotate({turn} {x} {y - 16})")
    pot = polygon([(x - 15, y - 22), (x + 15, y - 22), (x + 11, y), (x - 11, y)])
    drawing.path(pot, drawing.linear((0, "#f3f1ec"), (1, "#c3bdb2")))


def basket(drawing: Drawing, at: Point, linen: str) -> None:
    """Adds a wicker basket of washing that stands at a point."""
    x, y = at
    drawing.shadow((x + 6, y), 66, 10, opacity=0.4, blur=7)
    for (dx, dy), size, colour in (
        ((-26, -68), 34, "#f4efe6"),
        ((28, -70), 33, "#7fa9cc"),
        ((2, -78), 34, linen),
    ):
        towel(drawing, (x + dx, y + dy), size, colour)
    body = soften([(x - 60, y - 66), (x + 60, y - 66), (x + 46, y), (x - 46, y)], 10)
    weave = drawing.linear((0, "#a87f4f"), (0.3, "#d9b483"), (1, "#8a6439"))
    drawing.path(polygon(body), weave)
    drawing.open_group(clip_path=drawing.clip(polygon(body)))
    for row in range(8):
        for i in range(11):
            left = x - 66 + 12 * i + (6 if row % 2 else 0)
            top = y - 62 + 8 * row
            drawing.line(polyline([(left, top), (left + 8, top)]), "#7a5730", 2, opacity=0.45)
    drawing.close_group()
    drawing.rect(
        x - 64, y - 70, 128, 11, drawing.linear((0, "#b98d5a"), (0.3, "#e6c696"), (1, "#93693b")), 5
    )
    drape = soften(
        [(x - 2, y - 84), (x + 42, y - 80), (x + 47, y - 34), (x + 24, y - 22), (x + 2, y - 40)], 12
    )
    cloth = drawing.linear((0, shade(linen, 0.2)), (0.4, linen), (1, shade(linen, -0.3)), angle=60)
    drawing.path(polygon(drape), cloth, stroke=shade(linen, -0.3), stroke_width=0.8)
    for dx in (13, 28):
        crease = polyline([(x + dx, y - 74), (x + dx + 4, y - 38)])
        drawing.line(crease, shade(linen, -0.35), 2, opacity=0.4)


def towel(drawing: Drawing, at: Point, size: float, colour: str) -> None:
    """Adds a crumpled heap of cloth, `size` pixels from its middle to its rim."""
    rims = (1.0, 0.88, 1.06, 0.92, 0.98, 1.1, 0.86, 1.02, 0.94)
    spots = [on_circle((0, 0), size * r, 40 * i + 10) for i, r in enumerate(rims)]
    outline = polygon(soften([move(at, (x, 0.74 * y)) for x, y in spots], size))
    paint = drawing.linear(
        (0, shade(colour, 0.32)), (0.5, colour), (1, shade(colour, -0.32)), angle=70
    )
    drawing.path(outline, paint, stroke=shade(colour, -0.3), stroke_width=0.7)
    drawing.open_group(clip_path=drawing.clip(outline))
    for i, fold in enumerate(_FOLDS):
        tint, width = (shade(colour, -0.38), 0.07) if i % 2 else (shade(colour, 0.55), 0.1)
        drawing.line(placed(fold, at, size), tint, size * width, opacity=0.5)
    drawing.close_group()


_FOLDS = (
    "M -0.9 0.08 C -0.5 -0.3 -0.1 -0.26 0.3 -0.5",
    "M -0.88 0.18 C -0.46 -0.2 -0.06 -0.14 0.36 -0.42",
    "M -0.5 0.5 C -0.1 0.06 0.4 0.18 0.92 -0.14",
    "M -0.44 0.6 C -0.04 0.18 0.44 0.28 0.96 -0.04",
    "M 0.1 0.6 C 0.3 0.36 0.6 0.42 0.84 0.3",
)
