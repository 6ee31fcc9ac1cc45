"""What is woven into rugs: each pattern adds its shapes to a cloth."""

import math
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from aces.catalogs.demo.drawings.rug_cloth import Cloth, diamond, flower, lobed, on_ellipse, square
from aces.catalogs.demo.drawings.studio import Point, arc_points, mix, on_circle, shade, soften

Look = Mapping[str, Any]


def plain(cloth: Cloth, look: Look) -> None:
    """One colour, in clouds a little lighter and darker."""
    cloth.frame(0, look["field"])
    random = Random(5)
    for i in range(60):
        at = (random.random() * cloth.width, random.random() * cloth.height)
        tint = shade(look["field"], 0.25 if i % 2 else -0.12)
        cloth.fill(arc_points(at, 34, 22, 0, 360, 14)[:-1], tint, 0.22)


def medallion(cloth: Cloth, look: Look) -> None:
    """A Persian centre with borders, corners and florets; threadbare where it is worn."""
    field, border, figure, accent = (look[c] for c in ("field", "border", "figure", "accent"))
    for inset, colour in ((0, border), (7, figure), (10, accent), (13, border), (45, accent)):
        cloth.frame(inset, colour)
    cloth.frame(48, figure)
    cloth.frame(52, field)
    _rosettes(cloth, look)
    _florets(cloth, look)
    for x in (52.0, cloth.width - 52):
        for y in (52.0, cloth.height - 52):
            _corner(cloth, (x, y), look)
    x, y = cloth.middle
    for sign in (-1, 1):
        cloth.line([(x, y), (x, y + sign * 118)], figure, 3)
        cloth.fill(diamond((x, y + sign * 116), 11, 17), border)
        cloth.fill(diamond((x, y + sign * 116), 6, 10), figure)
    for size, colour in (
        (1.0, figure),
        (0.94, border),
        (0.76, accent),
        (0.7, field),
        (0.48, figure),
    ):
        cloth.fill(lobed((x, y), 74 * size, 96 * size, 16, 0.1), colour)
    cloth.fill(lobed((x, y), 31, 41, 8, 0.2), border)
    for i in range(8):
        cloth.disc(on_ellipse((x, y), 54, 72, 45 * i + 22), 5, figure)
        cloth.disc(on_ellipse((x, y), 54, 72, 45 * i + 22), 2.5, border)
    flower(cloth, (x, y), 15, accent, figure, 8)
    if look.get("worn"):
        _wear(cloth, look["worn"])


def _rosettes(cloth: Cloth, look: Look) -> None:
    """Flowers and leaves that go round in the main border."""
    across, down = round((cloth.width - 58) / 29), round((cloth.height - 58) / 29)
    spots = [
        (29 + i * (cloth.width - 58) / across, y)
        for i in range(across + 1)
        for y in (29, cloth.height - 29)
    ]
    spots += [
        (x, 29 + i * (cloth.height - 58) / down)
        for i in range(1, down)
        for x in (29, cloth.width - 29)
    ]
    for i, at in enumerate(spots):
        if (i // 2) % 2:
            cloth.fill(diamond(at, 8, 8), look["accent"])
            cloth.fill(diamond(at, 4, 4), look["figure"])
        else:
            flower(cloth, at, 11, look["figure"], look["field"], 6)


def _florets(cloth: Cloth, look: Look) -> None:
    """Small flowers and vines in the field, mirrored about both axes."""
    x, y = cloth.middle
    spots = ((30, 122), (64, 100), (92, 62), (88, 112), (60, 136), (96, 20), (34, 140))
    for dx, dy in spots:
        for sx in (-1, 1):
            for sy in (-1, 1):
                at = (
                    x + sx * dx * (cloth.width - 104) / 216,
                    y + sy * dy * (cloth.height - 104) / 296,
                )
                stem = (at[0] - sx * 9, at[1] + sy * 11)
                cloth.line([at, stem], look["accent"], 1.4)
                cloth.fill(diamond(stem, 3, 5), look["accent"])
                flower(cloth, at, 6, look["figure"], look["border"], 5)


def _corner(cloth: Cloth, at: Point, look: Look) -> None:
    """A quarter of a medallion in a corner of the field."""
    sx = 1 if at[0] < cloth.width / 2 else -1
    sy = 1 if at[1] < cloth.height / 2 else -1
    for size, colour in (
        (1.0, look["figure"]),
        (0.94, look["border"]),
        (0.66, look["accent"]),
        (0.6, look["border"]),
    ):
        lobes = lobed((0, 0), 66 * size, 82 * size, 20, 0.1)
        quarter = [(at[0] + sx * max(x, 0), at[1] + sy * max(y, 0)) for x, y in lobes]
        cloth.fill(quarter, colour)
    flower(cloth, (at[0] + sx * 22, at[1] + sy * 26), 12, look["figure"], look["accent"], 6)


def _wear(cloth: Cloth, ground: str) -> None:
    """Patches where the ground shows through."""
    random = Random(11)
    for _ in range(620):
        x, y = random.random() * cloth.width, random.random() * cloth.height
        length, thin = random.uniform(8, 46), random.uniform(0.8, 2.6)
        cloth.line(
            [(x, y), (x + length, y + random.uniform(-2, 2))],
            ground,
            thin,
            round(random.uniform(0.25, 0.7), 2),
        )
    cloth.fill(cloth.outline, ground, 0.22)


def trellis(cloth: Cloth, look: Look) -> None:
    """A lattice of diamonds, a little uneven as if drawn by hand."""
    cloth.frame(0, look["field"])
    random = Random(2)
    columns, rows = 4, 5
    dx, dy = cloth.width / columns, cloth.height / rows
    joints = {
        (i, j): (i * dx / 2 + random.uniform(-4, 4), j * dy / 2 + random.uniform(-4, 4))
        for i in range(-1, 2 * columns + 2)
        for j in range(-1, 2 * rows + 2)
    }
    for (i, j), at in joints.items():
        for step in (-1, 1):
            if (i + j) % 2 == 0 and (i + step, j + 1) in joints:
                cloth.line([at, joints[i + step, j + 1]], look["figure"], 6)
        if (i + j) % 2:
            cloth.fill(diamond(at, 8, 11), look["accent"])


def stripe(cloth: Cloth, look: Look) -> None:
    """Bands of uneven width across."""
    cloth.frame(0, look["field"])
    y, i = 0.0, 0
    widths = (14, 5, 26, 5, 14, 3, 8, 3)
    colours = (look["figure"], look["field"], look["accent"], look["field"])
    while y < cloth.height:
        band = widths[i % len(widths)]
        ends = [(0, y), (cloth.width, y), (cloth.width, y + band), (0, y + band)]
        cloth.fill(ends, colours[i % 4] if i % 16 < 8 else colours[(i + 2) % 4])
        y, i = y + band, i + 1


def braid(cloth: Cloth, look: Look) -> None:
    """Rings of plaited cord, from the edge to the middle."""
    cloth.frame(0, look["field"])
    colours = look["cords"]
    x, y = cloth.middle
    cord = 10.5
    for ring in range(int(min(cloth.width, cloth.height) / 2 / cord) + 1):
        rx, ry = cloth.width / 2 - ring * cord - cord / 2, cloth.height / 2 - ring * cord - cord / 2
        if min(rx, ry) < 3:
            break
        colour = colours[ring % len(colours)]
        n = max(8, int((rx + ry) * math.pi / 9))
        for i in (*range(0, n, 2), *range(1, n, 2)):
            _plait(cloth, [(rx + r, ry + r, 360 * (i + a) / n) for r, a in _STRAND], colour, i)
        seam = [on_ellipse((x, y), rx + 5.2, ry + 5.2, 6 * k) for k in range(61)]
        cloth.line(seam, shade(colour, -0.5), 1.3, 0.55)
    cloth.disc((x, y), 4, shade(colours[0], -0.2))


_STRAND = ((-5, 0.05), (0, 0.55), (5, 0.05), (5, 0.9), (0, 1.4), (-5, 0.9))


def _plait(cloth: Cloth, corners: list[tuple[float, float, float]], colour: str, i: int) -> None:
    """One visible strand of a plait."""
    tint = shade(colour, 0.14 if i % 2 else -0.12)
    cloth.fill([on_ellipse(cloth.middle, rx, ry, turn) for rx, ry, turn in corners], tint)


def abstract(cloth: Cloth, look: Look) -> None:
    """Washes of colour and a few veins, like ink in water."""
    cloth.frame(0, look["field"])
    random = Random(look.get("seed", 4))
    washes = (look["figure"], look["accent"], look["border"], look["field"])
    for i in range(46):
        at = (random.random() * cloth.width, random.random() * cloth.height)
        rx, ry = random.uniform(30, 110), random.uniform(16, 60)
        turn = random.uniform(-0.6, 0.6)
        cloth.fill(_cloud(at, rx, ry, turn, random), washes[i % 4], 0.3)
    for i in range(7):
        y = cloth.height * (0.06 + 0.14 * i)
        vein = []
        for j in range(25):
            y += random.uniform(-9, 9)
            vein.append((cloth.width * j / 24, y))
        cloth.line(vein, look["vein"], 1.2 + i % 3, 0.85)


def _cloud(at: Point, rx: float, ry: float, turn: float, random: Random) -> list[Point]:
    """A ragged ellipse, turned by radians."""
    cos, sin = math.cos(turn), math.sin(turn)
    points = []
    for i in range(40):
        grow = random.uniform(0.78, 1.14)
        x, y = on_circle((0, 0), grow, 9 * i)
        points.append((at[0] + rx * x * cos - ry * y * sin, at[1] + rx * x * sin + ry * y * cos))
    return soften(points, 40)


def checker(cloth: Cloth, look: Look) -> None:
    """Squares in two colours, with a carved line between them."""
    cloth.frame(0, look["field"])
    columns, rows = 6, round(6 * cloth.height / cloth.width)
    wide, tall = cloth.width / columns, cloth.height / rows
    groove = shade(look["figure"], -0.3)
    for i in range(columns):
        for j in range(rows):
            if (i + j) % 2:
                left, top = i * wide, j * tall
                right, low = left + wide, top + tall
                cloth.fill([(left, top), (right, top), (right, low), (left, low)], look["figure"])
    for i in range(1, columns):
        cloth.line([(i * wide, 0), (i * wide, cloth.height)], groove, 1.6, 0.4)
    for j in range(1, rows):
        cloth.line([(0, j * tall), (cloth.width, j * tall)], groove, 1.6, 0.4)


def kilim(cloth: Cloth, look: Look) -> None:
    """Bands of zigzags, stepped diamonds and triangles."""
    cloth.frame(0, look["field"])
    colours = (look["figure"], look["accent"], look["border"])
    y, i = 10.0, 0
    while y < cloth.height - 30:
        kind = i % 3
        tall = (26, 46, 20)[kind]
        first, second = colours[i % 3], colours[(i + 1) % 3]
        cloth.fill(_band(cloth, y - 5, 3), second)
        if kind == 0:
            _zigzag(cloth, y, tall, first, second)
        elif kind == 1:
            _steps(cloth, y, tall, first, second)
        else:
            _teeth(cloth, y, tall, first)
        y, i = y + tall + 11, i + 1


def _band(cloth: Cloth, y: float, tall: float) -> list[Point]:
    return [(0, y), (cloth.width, y), (cloth.width, y + tall), (0, y + tall)]


def _zigzag(cloth: Cloth, y: float, tall: float, first: str, second: str) -> None:
    n = round(cloth.width / 25) * 2
    for shift, colour in ((0.0, first), (10.0, second)):
        peaks = [(cloth.width * i / n, y + shift + (tall - 10) * (i % 2)) for i in range(n + 1)]
        cloth.line(peaks, colour, 6)


def _steps(cloth: Cloth, y: float, tall: float, first: str, second: str) -> None:
    n = max(3, round(cloth.width / 50))
    wide = cloth.width / n
    for i in range(n):
        middle = (i + 0.5) * wide
        for size, colour in ((1.0, first), (0.62, second), (0.28, first)):
            for step in range(4):
                half = wide * 0.46 * size * (1 - step / 4)
                rise = tall * 0.5 * size * (step + 1) / 4
                centre = y + tall / 2
                box = [(middle - half, centre - rise), (middle + half, centre - rise)]
                cloth.fill(
                    [*box, (middle + half, centre + rise), (middle - half, centre + rise)], colour
                )


def _teeth(cloth: Cloth, y: float, tall: float, colour: str) -> None:
    n = round(cloth.width / 17)
    for i in range(n):
        left, wide = cloth.width * i / n, cloth.width / n
        cloth.fill([(left, y + tall), (left + wide / 2, y), (left + wide, y + tall)], colour)


def ovals(cloth: Cloth, look: Look) -> None:
    """Nested ovals whose halves are of different colours."""
    cloth.frame(0, look["field"])
    colours = (look["figure"], look["accent"], look["border"])
    size = cloth.width / 4
    rows = math.ceil(cloth.height / size)
    for i in range(4):
        for j in range(rows):
            up = (i + j) % 2 == 0
            foot = ((i + 0.5) * size, (j + 1) * size if up else j * size)
            for k in range(5):
                radius = size * (0.49 - 0.095 * k)
                arch = arc_points(foot, radius, radius * 1.85, 180, 360 if up else 0, 24)
                cloth.fill(arch, look["field"] if k % 2 else colours[(k // 2 + i + 2 * j) % 3])


def town(cloth: Cloth, look: Look) -> None:
    """Roads, houses, a pond and trees for toy cars."""
    cloth.frame(0, look["field"])
    width, height = cloth.width, cloth.height
    roads = (
        [(0, 90), (width, 90)],
        [(0, 300), (width, 300)],
        [(90, 0), (90, height)],
        [(198, 90), (198, height)],
    )
    for ends in roads:
        cloth.line(ends, "#f2efe6", 40)
    for ends in roads:
        cloth.line(ends, look["figure"], 35)
    for (x1, y1), (x2, y2) in roads:
        for i in range(24):
            a, b = (i + 0.25) / 24, (i + 0.7) / 24
            dash = [(x1 + (x2 - x1) * s, y1 + (y2 - y1) * s) for s in (a, b)]
            cloth.line(dash, "#fbf6dd", 2.4)
    for size, colour in ((1.0, "#e8d7a4"), (0.86, "#5fb2dd")):
        cloth.fill(lobed((144, 214), 32 * size, 48 * size, 7, 0.12), colour)
    for i, at in enumerate(_HOUSES):
        _house(cloth, at, ("#d9574a", "#f0b43c", "#6f8fd1", "#9a6bb0", "#e58a4b", "#56a38b")[i % 6])
    for x, y in _TREES:
        cloth.disc((x, y), 11, "#3f8a48")
        cloth.disc((x - 2, y - 3), 6, "#63b061")


_HOUSES = (
    (36, 42),
    (144, 42),
    (214, 42),
    (36, 160),
    (242, 160),
    (36, 240),
    (242, 240),
    (36, 356),
    (144, 356),
    (242, 356),
)
_TREES = (
    (180, 30),
    (252, 30),
    (20, 122),
    (56, 200),
    (124, 136),
    (164, 140),
    (124, 276),
    (228, 200),
    (256, 278),
    (16, 276),
    (58, 398),
    (122, 398),
    (168, 400),
    (226, 402),
)


def _house(cloth: Cloth, at: Point, colour: str) -> None:
    x, y = at
    cloth.fill(square(x - 16, y - 10, 32), mix(colour, "#ffffff", 0.62))
    cloth.fill([(x - 21, y - 8), (x, y - 28), (x + 21, y - 8)], colour)
    cloth.fill(
        [(x - 5, y + 22), (x - 5, y + 6), (x + 5, y + 6), (x + 5, y + 22)], shade(colour, -0.3)
    )


def leaves(cloth: Cloth, look: Look) -> None:
    """Palm fronds in a frame."""
    cloth.frame(0, look["field"])
    random = Random(6)
    spots = [
        (x, y) for y in range(30, int(cloth.height), 62) for x in range(34, int(cloth.width), 66)
    ]
    for i, (x, y) in enumerate(spots):
        turn = 50 * i + random.uniform(-20, 20)
        _frond(
            cloth,
            (x + random.uniform(-10, 10), y + random.uniform(-8, 8)),
            turn,
            look["figure"] if i % 2 else look["accent"],
        )
    for inset, colour, width in ((15, look["figure"], 2.4), (6, look["border"], 12)):
        right, low = cloth.width - inset, cloth.height - inset
        for level in (inset, low):
            cloth.line([(0, level), (cloth.width, level)], colour, width)
        for side in (inset, right):
            cloth.line([(side, 0), (side, cloth.height)], colour, width)


def _frond(cloth: Cloth, at: Point, turn: float, colour: str) -> None:
    """A palm leaf whose stem starts at a point."""
    tip = on_circle(at, 58, turn)
    cloth.line([on_circle(at, 30, turn + 180), tip], colour, 2.4)
    for i in range(7):
        root = on_circle(at, -22 + 12 * i, turn)
        long = 30 - 2.6 * abs(i - 2.5)
        for side in (-1, 1):
            end = on_circle(root, long, turn + side * 48)
            belly = [on_circle(root, long * 0.5, turn + side * (48 + lean)) for lean in (-13, 13)]
            cloth.fill([root, belly[0], end, belly[1]], colour)


def floral(cloth: Cloth, look: Look) -> None:
    """Large flowers on stems, strewn over the ground."""
    cloth.frame(0, look["border"])
    cloth.frame(6, look["field"])
    random = Random(9)
    spots = [
        (
            x + (30 if row % 2 else 0) + random.uniform(-12, 12),
            34 + 58 * row + random.uniform(-9, 9),
        )
        for row in range(int(cloth.height / 58) + 1)
        for x in range(26, int(cloth.width), 74)
    ]
    for i, at in enumerate(spots):
        _spray(cloth, at, 40 * i, look["accent"])
    petals = (look["figure"], look["border"], mix(look["figure"], "#ffffff", 0.45))
    for i, at in enumerate(spots):
        size = 21.0 if i % 3 else 15.0
        flower(cloth, at, size, petals[i % 3], shade(petals[i % 3], -0.35), 6 + i % 3)
        cloth.disc(at, size * 0.2, "#f1cf6b")


def _spray(cloth: Cloth, at: Point, turn: float, colour: str) -> None:
    """Leaves that stand out from under a flower."""
    for i in range(4):
        way = turn + 90 * i
        root, end = on_circle(at, 8, way), on_circle(at, 40, way + 14)
        cloth.line([root, end], colour, 2)
        for share, side in ((0.5, -1), (0.7, 1), (1.0, -1)):
            bud = (root[0] + (end[0] - root[0]) * share, root[1] + (end[1] - root[1]) * share)
            belly = [on_circle(bud, 8, way + side * (30 + lean)) for lean in (-24, 24)]
            cloth.fill(
                [bud, belly[0], on_circle(bud, 15, way + side * 30), belly[1]],
                shade(colour, 0.15 * side),
            )


def cow(cloth: Cloth, look: Look) -> None:
    """The blotches of a hide, dark along the spine."""
    cloth.frame(0, look["field"])
    random = Random(look.get("seed", 21))
    x = cloth.width / 2
    for i in range(26):
        side = -1 if i % 2 else 1
        at = (
            x + side * random.uniform(0.16, 0.52) * cloth.width,
            random.uniform(0.05, 0.95) * cloth.height,
        )
        size = random.uniform(20, 52)
        cloth.fill(_cloud(at, size, size * 0.8, random.uniform(-1, 1), random), look["figure"])
    for i in range(12):
        at = (x + random.uniform(-16, 16), cloth.height * (0.04 + 0.083 * i))
        cloth.fill(_cloud(at, 26, 30, 0, random), look["figure"] if i % 4 else look["field"])
    cloth.line([(x, 0), (x, cloth.height)], shade(look["figure"], -0.35), 4, 0.22)


def contour(cloth: Cloth, look: Look) -> None:
    """Lines of height as on a hiker's map, carved into the pile."""
    cloth.frame(0, look["field"])
    hills = ((0.3, 0.26, 1.0), (0.78, 0.56, 0.9), (0.2, 0.86, 0.8))
    for ring in range(16, 0, -1):
        for k, (across, down, size) in enumerate(hills):
            at = (across * cloth.width, down * cloth.height)
            hill = [on_ellipse(at, *_slope(ring * size, 8 * i, k), 8 * i) for i in range(45)]
            cloth.fill(hill, mix(look["field"], look["figure"], 1 - ring / 17))
            cloth.line([*hill, hill[0]], shade(look["field"], -0.3), 1.6, 0.6)
            cloth.line([(x + 1.4, y + 1.4) for x, y in [*hill, hill[0]]], "#ffffff", 1, 0.3)


def _slope(ring: float, turn: float, k: int) -> tuple[float, float]:
    """Radii of a height line at an angle."""
    way = math.radians(turn)
    wave = 1 + 0.16 * math.sin(2 * way + k) + 0.09 * math.sin(3 * way + 2 * k + ring * 0.12)
    return 13 * ring * wave, 11 * ring * wave


PATTERNS: dict[str, Callable[[Cloth, Look], None]] = {
    "plain": plain,
    "medallion": medallion,
    "trellis": trellis,
    "stripe": stripe,
    "braid": braid,
    "abstract": abstract,
    "checker": checker,
    "kilim": kilim,
    "ovals": ovals,
    "town": town,
    "leaves": leaves,
    "floral": floral,
    "cow": cow,
    "contour": contour,
}
"""Name of a pattern -> function that weaves it."""
