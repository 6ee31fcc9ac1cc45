"""The bathroom in which bidets are shown."""

from aces.catalogs.demo.drawings.bidet_parts import (
    Camera,
    box,
    egg,
    gloss,
    solid,
    upright,
)
from aces.catalogs.demo.drawings.studio import SIZE, Drawing, Point, number, polygon, rounded, shade

CHINA = "#f3f5f6"
"""Colour of the toilet."""

RIM = 39.0
"""Height of the bowl, in centimetres."""

FLOOR = 372
"""Where the wall ends, in pixels."""


def tiled(drawing: Drawing, colour: str, floor: int = FLOOR) -> None:
    """Fills the picture with a tiled wall and a floor."""
    drawing.rect(0, 0, SIZE, SIZE, drawing.linear((0, shade(colour, -0.12)), (1, colour), angle=70))
    tiles = "".join(
        rounded(x - 2 + 40 * (row % 2), floor - 42 - 42 * row, 76, 38, 2)
        for row in range(9)
        for x in range(-80, SIZE, 80)
    )
    drawing.path(
        tiles, drawing.linear((0, shade(colour, 0.35)), (1, shade(colour, 0.12)), angle=40)
    )
    light = drawing.linear((0, "#ffffff", 0.5), (0.6, "#ffffff", 0), (1, "#20304a", 0.16), angle=25)
    drawing.rect(0, 0, SIZE, floor, light)
    ground = drawing.linear((0, "#b9b2a8"), (1, "#dcd6cc"), angle=90)
    drawing.rect(0, floor, SIZE, SIZE - floor, ground)
    drawing.rect(0, floor - 10, SIZE, 12, "#fbfaf8")
    drawing.rect(0, floor + 2, SIZE, 12, "#000000", opacity=0.14, filter=drawing.blur(5))


def toilet(drawing: Drawing, camera: Camera, length: float = 27) -> None:
    """A bowl and its tank, without a seat; `length` is how far the bowl reaches forward."""
    drawing.shadow(camera.see(2, 2), 24 * camera.unit, 15 * camera.unit, opacity=0.35, blur=12)
    tank = box(-21, 20, 42, 17, 4)
    solid(drawing, camera, upright(tank, 0), (36, 72), CHINA)
    solid(drawing, camera, upright(box(-22, 19, 44, 19, 4), 0.02), (72, 75), CHINA)
    button = camera.see(0, 28, 75)
    drawing.ellipse(button, 11, 6, gloss(drawing, "#aeb4bb"), stroke="#8b9199", stroke_width=1)
    solid(drawing, camera, lambda share: _bowl(share, length), (0, RIM), CHINA, None)
    inside = [(0.62 * x, 0.66 * y) for x, y in egg(36, length, 19)]
    hollow = drawing.radial((0, "#aebcc7"), (0.7, "#cfd8de"), (1, "#8f9ba5"), at=(0.5, 0.7))
    drawing.path(polygon(camera.seen(inside, RIM)), hollow)


def _bowl(share: float, length: float) -> list[Point]:
    """The bowl's outline: a narrow foot that widens to the rim."""
    if share < 0.35:
        scale = 0.68 - 0.12 * share / 0.35
    else:
        scale = 0.56 + 0.44 * ((share - 0.35) / 0.65) ** 0.6
    return [(x * scale, 7 + (y - 7) * scale) for x, y in egg(36, length, 19)]


def shelf(drawing: Drawing) -> None:
    """A stone shelf with towels and a plant."""
    stone = drawing.linear((0, "#f4f2ee"), (1, "#cfcac2"), angle=90)
    drawing.rect(0, 384, SIZE, 30, stone)
    drawing.rect(0, 414, SIZE, 66, "#000000", opacity=0.16, filter=drawing.blur(9))
    for row, colour in enumerate(("#d9c7b0", "#f1ece4", "#b9c9cf")):
        y = 348 - 34 * row
        drawing.rect(
            22, y, 126, 36, drawing.linear((0, shade(colour, 0.3)), (1, colour), angle=80), 15
        )
        drawing.line(f"M30,{y + 19} h112", shade(colour, -0.25), 1.5, opacity=0.7)
        drawing.line(f"M36,{y + 10} h100", shade(colour, 0.6), 2, opacity=0.6)
    _sprig(drawing, (424, 384))


def _sprig(drawing: Drawing, at: Point) -> None:
    """Eucalyptus in a small vase."""
    x, y = at
    for lean, high in ((-34, 128), (-8, 158), (24, 134)):
        drawing.line(f"M{x},{y - 50} q{lean / 4},{-high / 2} {lean},{-high + 20}", "#5f7a64", 2)
        for step in range(6):
            share = step / 5
            cx, cy = x + lean * (0.2 + 0.8 * share), y - 62 - (high - 80) * share
            for side in (-9, 9):
                leaf = drawing.linear((0, "#9db8a2"), (1, "#67876f"))
                drawing.ellipse((cx + side, cy - 8), 9, 6.5, leaf)
    vase = f"M{x - 14},{y - 58} q-14,24 -10,58 h48 q4,-34 -10,-58 Z"
    drawing.path(vase, gloss(drawing, "#a9b7b5"))
    drawing.ellipse((x, y - 58), 14, 4, shade("#a9b7b5", -0.35))


def towel_ring(drawing: Drawing, at: Point, colour: str) -> None:
    """A towel on a ring on the wall."""
    x, y = at
    drawing.ellipse((x, y + 26), 30, 26, "none", stroke="#9aa1a9", stroke_width=5)
    drawing.ellipse((x, y), 8, 8, gloss(drawing, "#b9bec6"))
    folds = drawing.linear(
        (0, shade(colour, -0.15)),
        (0.3, shade(colour, 0.25)),
        (0.55, shade(colour, -0.1)),
        (0.75, shade(colour, 0.15)),
        (1, shade(colour, -0.2)),
    )
    hang = f"M{number(x - 32)},{y + 44} q32,-14 64,0 l6,110 q-38,8 -76,0 Z"
    drawing.path(hang, folds)
