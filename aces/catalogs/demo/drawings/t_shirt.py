"""Draws T-shirts as worn by nobody, and folded with the tag on."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from aces.catalogs.demo.drawings.lettering import write
from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    is_bright,
    mix,
    move,
    number,
    polygon,
    polyline,
    shade,
)
from aces.catalogs.demo.drawings.t_shirt_cloth import (
    MIDDLE,
    Look,
    imprint,
    placket,
    pocket,
    stitch,
    weave,
)

VIEWS = ("front", "folded")

TOP = 66.0
"""y where the shoulders meet the neck."""
ARMPIT = 196.0


@dataclass(frozen=True)
class Cut:
    """Half widths of the body, and how far down it reaches; pixels."""

    shoulder: float
    chest: float
    waist: float
    hem: float
    bottom: float


Light = Callable[[Drawing, Look, Cut], None]

CUTS = {
    "regular": Cut(106, 108, 105, 107, 432),
    "relaxed": Cut(116, 120, 119, 121, 432),
    "fitted": Cut(90, 93, 82, 97, 424),
    "boxy": Cut(132, 132, 132, 131, 424),
    "crop": Cut(98, 103, 103, 104, 352),
    "tunic": Cut(92, 98, 97, 122, 450),
}
NECKS = {
    "crew": (45.0, 108.0, 0.62),
    "henley": (45.0, 108.0, 0.62),
    "v": (47.0, 156.0, 0.1),
    "scoop": (62.0, 146.0, 0.66),
    "boat": (78.0, 94.0, 0.6),
}
"""Half width, y of the lowest point, and how round the front is."""
SLEEVES = {
    "cap": (50.0, 66.0, 80.0),
    "short": (33.0, 134.0, 82.0),
    "rolled": (38.0, 108.0, 84.0),
    "elbow": (22.0, 214.0, 62.0),
    "long": (12.0, 322.0, 46.0),
}
"""Degrees from hanging, length of the outer edge, width of the cuff."""


PULLS = (
    (((4, 200), (34, 226), (44, 250), (62, 292)), 9, 0.22),
    (((18, 196), (44, 206), (66, 200), (88, 178)), 8, 0.16),
    (((30, 214), (52, 232), (60, 252), (74, 280)), 7, -0.28),
    (((30, 128), (40, 150), (44, 166), (46, 188)), 7, 0.1),
)
"""Folds that the arms pull: inward from the edge of the chest and down, width, darkness."""
DRAPES = (
    (-0.62, 10, 11, 0.17),
    (-0.44, 8, 8, -0.3),
    (-0.1, -6, 12, 0.1),
    (0.16, -8, 8, -0.24),
    (0.4, -12, 12, 0.2),
    (0.74, -8, 9, 0.16),
)
"""Folds that hang: place across the chest, bend, width, darkness."""


def draw(look: Look, brand: str, view: str = "front") -> str:
    """Returns the SVG of a T-shirt.

    Args:
        look: `cut`, `neck` and `sleeve` as listed above, `colour`; `trim` for a second colour of
            collar and cuffs, and of the sleeves too where `raglan`; `weave` (plain, heather,
            slub, mesh, stripes, spiral) in `yarn` colours; `print` (sun, peaks, fern, logo,
            wordmark) in `ink`; `pocket`; `pack` for the colours of several shirts.
        brand: On the label and the tag.
        view: One of `VIEWS`.
    """
    drawing = Drawing()
    VIEW[view](drawing, look, brand)
    return drawing.svg()


def _front(drawing: Drawing, look: Look, brand: str) -> None:
    pack, cut = look.get("pack", [look["colour"]]), CUTS[look["cut"]]
    reach, scale = (0.0, 1.0) if len(pack) == 1 else (58.0, 0.84)
    floor = 36 + cut.bottom * scale if len(pack) > 1 else cut.bottom + 16
    drawing.shadow((MIDDLE, floor), cut.hem + reach, 8, opacity=0.24, blur=9)
    for i, colour in enumerate(reversed(pack)):
        x = MIDDLE * (1 - scale) + reach * (1 - 2 * i / max(1, len(pack) - 1))
        y = (28 - 8 * (len(pack) - 1 - i)) * (len(pack) > 1)
        drawing.open_group(transform=f"translate({number(x)} {y}) scale({scale})")
        for side in (-1, 1):
            _sleeve(drawing, {**look, "colour": colour}, cut, side)
        outline = _chain(_outline(cut, look["neck"]))
        _body(drawing, {**look, "colour": colour}, brand, cut, outline, _worn)
        drawing.close_group()


def _folded(drawing: Drawing, look: Look, brand: str) -> None:
    pack = look.get("pack", [look["colour"]])
    drawing.shadow((250, 404 + 12 * len(pack)), 132, 14, opacity=0.34, blur=10)
    for i, colour in enumerate(reversed(pack)):
        height = len(pack) - 1 - i
        place = f"translate({4 * height} {8 + 17 * height})"
        drawing.open_group(transform=f"{place} rotate(3 240 240)")
        _bundle(drawing, {**look, "colour": colour}, brand)
        drawing.close_group()
    _tag(drawing, brand, look)


BUNDLE = Cut(124, 124, 124, 124, 388)


def _bundle(drawing: Drawing, look: Look, brand: str) -> None:
    """One folded shirt: layers of cloth under a front whose sleeves are tucked away."""
    outline = _chain(_fold_outline(look["neck"]))
    for depth in range(22, 0, -1):
        layer = depth % 8
        dark = shade(look["colour"], -0.42 if layer in (0, 7) else -0.08 - 0.04 * layer)
        place = f"translate({number(-0.12 * depth)} {depth})"
        drawing.path(_chain(_fold_outline(None)), dark, transform=place)
    _body(drawing, look, brand, BUNDLE, outline, _pressed)


def _fold_outline(neck: str | None) -> list[Point]:
    """A sheet with round corners and a collar, or the layers below that have none."""
    half, low = BUNDLE.chest, BUNDLE.bottom
    left = (
        _neckline(neck) if neck else [(MIDDLE, 108.0), *_straight((MIDDLE, 108), (195, TOP + 40))]
    )
    left += _straight(left[-1], (MIDDLE - half + 22, TOP + 26))
    corner = (MIDDLE - half, TOP + 54)
    left += [(MIDDLE - half + 6, TOP + 31), (MIDDLE - half, TOP + 38), corner]
    left += _straight(corner, (MIDDLE - half - 1, low - 26))
    left += [(MIDDLE - half - 1, low - 6), (MIDDLE - half + 8, low), (MIDDLE - half + 30, low)]
    left += _straight(left[-1], (MIDDLE, low + 2))
    return left + _turned(reversed(left[:-1]))


def _pressed(drawing: Drawing, look: Look, cut: Cut) -> None:
    """Light on a folded shirt: flat, rolling away at the edges, with a crease across."""
    deep, gloss = _strength(look), _gloss(look)
    roll = [(0, "#000000", 0.3 * deep), (0.07, "#000000", 0.02), (0.3, "#ffffff", gloss)]
    roll += [(0.93, "#000000", 0.06 * deep), (1, "#000000", 0.4 * deep)]
    left, right = (MIDDLE - cut.chest, 0), (MIDDLE + cut.chest, 0)
    drawing.rect(90, 40, 300, 430, drawing.linear(*roll, extent=(left, right)))
    down = [(0, "#000000", 0), (0.84, "#000000", 0), (0.93, "#ffffff", 2 * gloss)]
    down += [(1, "#000000", 0.42 * deep)]
    drawing.rect(90, 40, 300, 430, drawing.linear(*down, extent=((0, 40), (0, cut.bottom + 2))))
    drawing.open_group(filter=drawing.blur(5))
    for outline, colour, opacity in (
        ("M110,256C180,262 300,250 376,258", "#000000", 0.15 * deep),
        ("M110,266C180,272 300,260 376,268", "#ffffff", 1.6 * gloss),
        ("M128,130C150,170 140,200 150,236", "#000000", 0.12 * deep),
        ("M352,140C336,170 342,200 330,232", "#000000", 0.14 * deep),
        ("M330,290C316,320 320,340 312,368", "#000000", 0.1 * deep),
    ):
        drawing.line(outline, colour, 9, opacity=number(opacity))
    drawing.close_group()


def _tag(drawing: Drawing, brand: str, look: Look) -> None:
    """The paper tag on its string."""
    drawing.line("M206,100C176,112 158,122 146,148", "#77716650", 2)
    drawing.line("M206,99C176,111 158,121 145,147", "#6f6a60", 1.5)
    drawing.open_group(transform="rotate(12 145 150)")
    drawing.rect(112, 143, 66, 104, "#14161c", 5, opacity=0.3, filter=drawing.blur(5))
    drawing.rect(112, 138, 66, 104, drawing.linear((0, "#fbf7ee"), (1, "#e9e2d3"), angle=70), 5)
    drawing.ellipse((145, 150), 4.5, 4.5, "#8a8478")
    drawing.ellipse((145, 150), 2.4, 2.4, "#d9d2c4")
    write(drawing, brand, (145, 178), min(9.0, 54 / len(brand)), "#2c2a27", 0.15)
    tone = shade(look["colour"], -0.45) if is_bright(look["colour"]) else look["colour"]
    drawing.rect(124, 196, 42, 4, tone, 2)
    for i, length in enumerate((30, 36, 24)):
        drawing.rect(124, 206 + 7 * i, length, 2.4, "#b4ac9c", 1)
    drawing.close_group()


VIEW: dict[str, Callable[[Drawing, Look, str], None]] = {"front": _front, "folded": _folded}


def _chain(points: Sequence[Point]) -> str:
    """The path of joined cubic curves: a start, then two handles and an end each."""
    pairs = [f"{number(x)},{number(y)}" for x, y in points]
    return (
        "M" + pairs[0] + "".join(f"C{' '.join(pairs[i : i + 3])}" for i in range(1, len(pairs), 3))
    )


def _straight(start: Point, end: Point) -> list[Point]:
    """Handles and end of a cubic that is a line."""
    step = (end[0] - start[0], end[1] - start[1])
    return [move(start, step, 1 / 3), move(start, step, 2 / 3), end]


def _tip(cut: Cut, neck: str) -> Point:
    """Where shoulder and sleeve meet, left."""
    width = NECKS[neck][0]
    return MIDDLE - cut.shoulder, TOP + 0.42 * (cut.shoulder - width) + 2


def _neckline(neck: str) -> list[Point]:
    """The left half of the front of the collar, from the middle up."""
    width, low, round_ = NECKS[neck]
    corner = (MIDDLE - width, TOP)
    handle = (MIDDLE - width * round_, low - (0 if round_ > 0.3 else 12))
    return [(MIDDLE, low), handle, (corner[0] - 1, TOP + (low - TOP) * 0.45), corner]


def _outline(cut: Cut, neck: str) -> list[Point]:
    """The body without sleeves as a chain, clockwise from the middle of the collar's front."""
    left = _neckline(neck)
    tip, pit = _tip(cut, neck), (MIDDLE - cut.chest, ARMPIT)
    left += _straight(left[-1], tip)
    left += [(tip[0] + 14, tip[1] + 34), (tip[0] + 12, ARMPIT - 26), pit]
    waist, hem = (MIDDLE - cut.waist, 296), (MIDDLE - cut.hem, cut.bottom)
    if cut.bottom > 360:
        left += [(pit[0] + 3, pit[1] + 40), (waist[0], waist[1] - 30), waist]
        left += [(waist[0], waist[1] + 40), (hem[0] + 2, hem[1] - 50), hem]
    else:
        left += _straight(pit, hem)
    bottom = (MIDDLE, cut.bottom + 9)
    left += [(hem[0] + 40, hem[1] + 8), (MIDDLE - 40, bottom[1]), bottom]
    return left + _turned(reversed(left[:-1]))


def _body(drawing: Drawing, look: Look, brand: str, cut: Cut, outline: str, light: Light) -> None:
    """All but the sleeves; `light` lays the shadows over the cloth."""
    _inside(drawing, look, brand)
    drawing.path(outline, look["colour"])
    drawing.open_group(clip_path=drawing.clip(outline))
    weave(drawing, look)
    if look.get("raglan"):
        _raglan(drawing, look, cut)
    imprint(drawing, look, brand)
    if look.get("pocket"):
        pocket(drawing, look["colour"])
    light(drawing, look, cut)
    _collar(drawing, look)
    drawing.close_group()
    drawing.path(outline, stroke=shade(look["colour"], -0.35), stroke_width=1, opacity=0.55)
    if look["neck"] == "henley":
        placket(drawing, look, NECKS["henley"][1] - 6)


def _strength(look: Look) -> float:
    """How dark shadows are on this cloth: white must stay white, black needs little."""
    return 0.62 if is_bright(look["colour"]) else 1.0


def _gloss(look: Look) -> float:
    """How strong highlights are: cotton hardly shines, which shows on dark shirts."""
    return 0.13 if is_bright(look["colour"]) else 0.06


def _worn(drawing: Drawing, look: Look, cut: Cut) -> None:
    """Roundness of the chest, soft folds and seams, over whatever cloth lies below."""
    deep, gloss = _strength(look), _gloss(look)
    stops = [(0, "#000000", 0.34 * deep), (0.16, "#000000", 0.08 * deep), (0.36, "#ffffff", gloss)]
    stops += [(0.62, "#000000", 0.02), (0.86, "#000000", 0.16 * deep), (1, "#000000", 0.42 * deep)]
    left, right = (MIDDLE - cut.chest, 0), (MIDDLE + cut.chest, 0)
    drawing.rect(90, 40, 300, 430, drawing.linear(*stops, extent=(left, right)))
    drawing.open_group(filter=drawing.blur(6))
    for outline, width, opacity in _folds(cut):
        colour, share = ("#ffffff", 5 * gloss) if opacity < 0 else ("#000000", deep)
        drawing.line(outline, colour, width, opacity=number(abs(opacity) * share))
    drawing.close_group()
    _seams(drawing, look, cut)


def _folds(cut: Cut) -> Iterator[tuple[str, float, float]]:
    """Path, width and darkness (negative: light) of each fold."""
    for side in (-1, 1):
        for steps, width, opacity in PULLS:
            points = [(MIDDLE + side * (cut.chest - x), y) for x, y in steps]
            yield _chain(points), width, opacity
    for at, bend, width, opacity in DRAPES:
        x, low = MIDDLE + at * cut.chest, cut.bottom
        drape = [(x, low + 12), (x + bend, low - 40), (x + bend, low - 74), (x - bend, low - 128)]
        yield _chain(drape), width, opacity


def _seams(drawing: Drawing, look: Look, cut: Cut) -> None:
    half = cut.hem + 4
    for up in (11, 14):
        y = cut.bottom - up
        hem = [(MIDDLE - half, y), (MIDDLE - 60, y + 10), (MIDDLE + 60, y + 10), (MIDDLE + half, y)]
        stitch(drawing, _chain(hem), look["colour"])
    if look.get("raglan"):
        return
    x, y = _tip(cut, look["neck"])
    arm = [(x, y), (x + 14, y + 34), (x + 12, ARMPIT - 26), (MIDDLE - cut.chest, ARMPIT)]
    for points in (arm, _turned(arm)):
        drawing.line(_chain(points), "#000000", 3, opacity=number(0.2 * _strength(look)))


def _turned(points: Iterable[Point]) -> list[Point]:
    """The same on the other side of the shirt."""
    return [(2 * MIDDLE - x, y) for x, y in points]


def _front_edge(neck: str) -> list[Point]:
    left = _neckline(neck)
    return [*reversed(left), *_turned(left[1:])]


def _inside(drawing: Drawing, look: Look, brand: str) -> None:
    """The back of the neck, seen through the collar, with its label."""
    width = NECKS[look["neck"]][0]
    low = TOP + 0.2 * width
    rim = [(MIDDLE + width, TOP), (MIDDLE + 0.6 * width, low)]
    rim += reversed(_turned(rim))
    dark = mix(shade(look["colour"], -0.42), "#8d9199", 0.15 if is_bright(look["colour"]) else 0)
    paint = drawing.linear((0, dark), (1, shade(dark, -0.3)), angle=90)
    drawing.path(_chain([*_front_edge(look["neck"]), *rim[1:]]) + "Z", paint)
    band = look.get("trim", look["colour"])
    drawing.line(_chain(rim), shade(band, -0.16), 7)
    ribs = shade(band, -0.4)
    drawing.line(_chain(rim), ribs, 6.4, stroke_dasharray="0.8 2.6", opacity=0.4)
    if look["neck"] != "boat":
        _label(drawing, brand, TOP + 0.155 * width + 4)


def _label(drawing: Drawing, brand: str, y: float) -> None:
    drawing.rect(
        MIDDLE - 16, y, 32, 15, drawing.linear((0, "#fdfdfb"), (1, "#dcdad4"), angle=90), 1
    )
    height = min(5.0, 26 / (0.86 * len(brand)))
    write(drawing, brand, (MIDDLE, y + 7.5), height, "#33343a", 0.16)


def _collar(drawing: Drawing, look: Look) -> None:
    """The ribbed band: twice as wide as seen, as its inner half is cut away."""
    edge = _chain(_front_edge(look["neck"]))
    band = look.get("trim", look["colour"])
    ends = {"stroke_linecap": "butt"}
    drawing.line(edge, "#000000", 27, opacity=0.14 * _strength(look), **ends)
    drawing.line(edge, shade(band, 0.05), 22, **ends)
    rib = shade(band, -0.35) if is_bright(band) else shade(band, 0.22)
    drawing.line(edge, rib, 22, stroke_dasharray="0.9 2.5", opacity=0.35, **ends)
    drawing.line(edge, "#000000", 5, opacity=0.16, **ends)


def _raglan(drawing: Drawing, look: Look, cut: Cut) -> None:
    """Sleeves that run up to the collar."""
    width = NECKS[look["neck"]][0]
    for side in (-1, 1):
        neck, pit = MIDDLE + side * (width - 6), MIDDLE + side * (cut.chest + 2)
        handles = (neck + 22 * side, TOP + 60), (pit - 26 * side, ARMPIT - 34)
        edge = _chain([(neck, TOP + 16), *handles, (pit, ARMPIT + 6)])
        drawing.path(f"{edge}V40H{neck}Z", look.get("trim", look["colour"]))
        drawing.line(edge, "#000000", 2, opacity=0.25)


def _sleeve(drawing: Drawing, look: Look, cut: Cut, side: int) -> None:
    """One sleeve, drawn at the left and turned over for the right."""
    outline, cuff = _sleeve_shape(look, cut)
    colour = look.get("trim", look["colour"]) if look.get("raglan") else look["colour"]
    flip = {} if side < 0 else {"transform": "translate(480 0) scale(-1 1)"}
    drawing.open_group(**flip)
    drawing.path(outline, colour)
    drawing.open_group(clip_path=drawing.clip(outline))
    if not look.get("raglan"):
        drawing.open_group(
            transform=f"rotate({SLEEVES[look['sleeve']][0]} {cuff[0][0]} {cuff[0][1]})"
        )
        weave(drawing, look)
        drawing.close_group()
    _sleeve_light(drawing, look, cuff, cut)
    _cuff(drawing, {**look, "colour": colour}, cuff)
    drawing.close_group()
    drawing.path(outline, stroke=shade(colour, -0.35), stroke_width=1, opacity=0.55)
    drawing.close_group()


def _sleeve_shape(look: Look, cut: Cut) -> tuple[str, tuple[Point, Point]]:
    """Outline of the left sleeve, and the outer and inner end of its cuff."""
    angle, length, width = SLEEVES[look["sleeve"]]
    sin, cos = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    tip, pit = _tip(cut, look["neck"]), (MIDDLE - cut.chest, ARMPIT)
    outer = move(tip, (-sin * length, cos * length))
    inner = move(outer, (cos * width, sin * width))
    points = [tip, (tip[0] - 12, tip[1] + 12), move(outer, (sin, -cos), length * 0.5), outer]
    points += _straight(outer, inner)
    points += [move(inner, (sin, -cos), 12), (pit[0] - 2, pit[1] + 12), (pit[0] + 4, pit[1])]
    points += _straight(points[-1], (tip[0] + 22, tip[1] + 20))
    points += _straight(points[-1], tip)
    return _chain(points) + "Z", (outer, inner)


def _sleeve_light(drawing: Drawing, look: Look, cuff: tuple[Point, Point], cut: Cut) -> None:
    (outer, inner), deep = cuff, _strength(look)
    across = drawing.linear(
        (0, "#000000", 0.26 * deep),
        (0.3, "#ffffff", _gloss(look)),
        (0.55, "#000000", 0.05),
        (1, "#000000", 0.5 * deep),
        extent=(outer, inner),
    )
    drawing.rect(0, 40, 240, 420, across)
    drawing.open_group(filter=drawing.blur(5))
    pit = MIDDLE - cut.chest
    drawing.line(
        f"M{pit},{ARMPIT}L{number(pit - 34)},{ARMPIT - 44}", "#000000", 9, opacity=0.26 * deep
    )
    middle = move(outer, (inner[0] - outer[0], inner[1] - outer[1]), 0.55)
    drawing.line(
        polyline([move(middle, (8, -10)), (pit - 8, ARMPIT - 78)]),
        "#ffffff",
        8,
        opacity=_gloss(look),
    )
    drawing.close_group()


def _cuff(drawing: Drawing, look: Look, cuff: tuple[Point, Point]) -> None:
    outer, inner = cuff
    across = (inner[0] - outer[0], inner[1] - outer[1])
    length = math.hypot(*across)
    up = (across[1] / length, -across[0] / length)
    ends = move(outer, across, -0.2), move(inner, across, 0.2)
    if "trim" in look and not look.get("raglan"):
        band = [*ends, move(ends[1], up, 14), move(ends[0], up, 14)]
        drawing.path(polygon(band), look["trim"], opacity=0.92)
    if look["sleeve"] == "rolled":
        _roll(drawing, look["colour"], ends, up)
    for height in (11, 14):
        stitch(drawing, polyline([move(end, up, height) for end in ends]), look["colour"])


def _roll(drawing: Drawing, colour: str, ends: tuple[Point, Point], up: Point) -> None:
    band = [*ends, move(ends[1], up, 24), move(ends[0], up, 24)]
    drawing.path(polygon(band), shade(colour, 0.14), opacity=0.85)
    drawing.line(polyline(band[2:]), "#000000", 3, opacity=0.28)
