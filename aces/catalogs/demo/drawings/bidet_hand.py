"""Draws bidets that are held in the hand: sprayers with a hose, and bottles for travel."""

from collections.abc import Callable
from typing import NamedTuple

from aces.catalogs.demo.drawings.bidet_parts import (
    Look,
    chrome,
    chrome_down,
    gloss,
    hose,
    valve,
)
from aces.catalogs.demo.drawings.lettering import write
from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    arc_points,
    ink_on,
    mix,
    number,
    shade,
)

Draw = Callable[[Drawing, Look, str], None]


class Handheld(NamedTuple):
    """Two pictures of something held in the hand."""

    alone: Draw
    in_place: Draw
    """On the wall, or on the shelf."""


def _placed(
    drawing: Drawing, draw: Draw, look: Look, brand: str, at: Point, scale: float, turn: float = 0
) -> None:
    """Draws something whose foot is its origin."""
    spot = f"translate({number(at[0])} {number(at[1])})"
    drawing.open_group(transform=f"{spot} scale({number(scale)}) rotate({number(turn)})")
    draw(drawing, look, brand)
    drawing.close_group()


# --- sprayers


def _sprayer_alone(drawing: Drawing, look: Look, brand: str) -> None:
    metal = look["accent"]
    hose(
        drawing,
        "M206,352 C196,420 268,440 330,420 C430,390 450,290 372,276 C310,266 270,330 330,364 "
        "C350,376 380,372 396,346",
        13,
        metal,
    )
    valve(drawing, (414, 326), 0.95, metal)
    _holder(drawing, (104, 392), metal, 1.15)
    _placed(drawing, WANDS[look["head"]], look, brand, (206, 356), 1.28, 17)


def _sprayer_in_place(drawing: Drawing, look: Look, brand: str) -> None:
    metal, at = look["accent"], (352.0, 276.0)
    if look.get("sink"):
        at = (292.0, 286.0)
        _basin(drawing)
        hose(drawing, "M292,282 C294,372 318,424 352,408 C384,392 388,318 398,276", 9, metal)
        valve(drawing, (404, 268), 0.4, metal)
    else:
        hose(drawing, "M352,272 C356,372 322,424 292,414 C268,406 262,380 262,352", 9, metal)
        valve(drawing, (270, 336), 0.55, metal)
    _holder(drawing, (at[0], at[1] - 40), metal, 1)
    _placed(drawing, WANDS[look["head"]], look, brand, at, 0.86, -4)


def _basin(drawing: Drawing) -> None:
    """A basin on the wall with its faucet."""
    drawing.rect(352, 310, 130, 84, "#000000", 20, opacity=0.25, filter=drawing.blur(9))
    drawing.path("M356,306 C360,362 388,388 430,390 H480 V306 Z", gloss(drawing, "#f3f5f6"))
    drawing.rect(344, 290, 150, 20, gloss(drawing, "#fafbfc"), 9)
    spout = "M446,290 V236 Q446,214 424,214 Q404,214 404,240"
    drawing.line(spout, "#6d737b", 17)
    drawing.line(spout, "#b9bec6", 13)
    drawing.line(spout, "#f4f6f8", 4, transform="translate(-3 -2)")
    drawing.rect(434, 276, 26, 16, chrome(drawing), 4)


def _holder(drawing: Drawing, at: Point, colour: str, scale: float) -> None:
    """The bracket that is screwed to the wall."""
    x, y = at
    drawing.open_group(transform=f"translate({number(x)} {number(y)}) scale({number(scale)})")
    drawing.rect(-22, -26, 44, 60, "#000000", 8, opacity=0.3, filter=drawing.blur(5))
    drawing.rect(-24, -32, 44, 60, gloss(drawing, colour), 8)
    for top in (-22, 16):
        drawing.ellipse((-2, top), 4.5, 4.5, chrome(drawing))
        drawing.line(f"M-5,{top} h6", "#4b5057", 1.2)
    drawing.path("M-20,-4 h36 l-5,22 h-26 Z", chrome(drawing, shade(colour, -0.1)))
    drawing.ellipse((-2, -4), 18, 6, shade(colour, -0.5))
    drawing.close_group()


def _wand(drawing: Drawing, look: Look, brand: str) -> None:
    """A sprayer upright on the nut of its hose; the head looks to the left."""
    colour = look["colour"]
    drawing.rect(-13, -26, 26, 30, chrome(drawing, look["accent"]), 3)
    lever = "M16,-166 C44,-150 40,-92 22,-58 L13,-62 C24,-94 24,-132 8,-150 Z"
    drawing.path(lever, chrome(drawing, shade(look["accent"], -0.1)))
    handle = (
        "M-12,-24 C-18,-80 -18,-120 -16,-160 C-15,-184 -30,-196 -46,-198 L-42,-232 "
        "C-8,-236 20,-212 19,-166 C18,-120 16,-80 12,-24 Z"
    )
    drawing.path(handle, chrome(drawing, colour))
    drawing.path(
        "M-40,-236 C-28,-232 -26,-198 -36,-188 L-62,-180 L-68,-240 Z", chrome(drawing, colour)
    )
    tilt = "rotate(9 -66 -210)"
    drawing.ellipse((-66, -210), 15, 33, shade(colour, -0.4), transform=tilt)
    face = drawing.linear((0, shade(colour, 0.3)), (1, shade(colour, -0.25)), angle=70)
    drawing.ellipse((-69, -210), 13, 30, face, transform=tilt)
    for ring, n in ((0.35, 6), (0.68, 10)):
        for hole in arc_points((-69, -210), 13 * ring, 30 * ring, 0, 360, n)[1:]:
            drawing.ellipse(hole, 1.4, 2, "#22262b")
    turned = {"transform": "rotate(-90 0 -96)"}
    write(drawing, brand, (0, -96), 9, ink_on(colour), 0.16, **turned)


def _pistol(drawing: Drawing, look: Look, brand: str) -> None:
    """A straight sprayer with a lever for the thumb on top."""
    colour = look["colour"]
    drawing.rect(-13, -26, 26, 30, chrome(drawing, look["accent"]), 3)
    drawing.path(
        "M-13,-24 C-17,-70 -17,-110 -19,-168 H21 C18,-110 17,-70 13,-24 Z", chrome(drawing, colour)
    )
    lever = (
        "M-34,-226 C-10,-244 30,-240 44,-196 C48,-180 44,-172 36,-176 C26,-206 0,-214 -30,-212 Z"
    )
    drawing.path(
        "M-58,-214 H2 C20,-214 24,-196 21,-164 H-19 L-24,-172 H-58 Z", chrome_down(drawing, colour)
    )
    drawing.path(lever, chrome_down(drawing, shade(look["accent"], -0.1)))
    drawing.rect(-76, -220, 20, 54, chrome_down(drawing, look["accent"]), 4)
    drawing.ellipse((-77, -193), 7, 27, shade(look["accent"], -0.35))
    for hole in arc_points((-78, -193), 3.6, 17, 0, 360, 9):
        drawing.ellipse(hole, 1.1, 1.9, "#15171a")
    turned = {"transform": "rotate(-90 0 -96)"}
    write(drawing, brand, (0, -96), 9, ink_on(colour), 0.16, **turned)


# --- bottles


def _alone(draw: Draw, scale: float, pouch: bool) -> Draw:
    """A picture of a bottle on studio paper, with its pouch where it has one."""

    def picture(drawing: Drawing, look: Look, brand: str) -> None:
        at = (186.0, 424.0) if pouch else (240.0, 424.0)
        drawing.shadow((at[0] + 12, at[1]), 84 * scale, 13, opacity=0.35, blur=7)
        if pouch:
            _placed(drawing, _pouch, look, brand, (366, 426), 1.1)
        _placed(drawing, draw, look, brand, at, scale)

    return picture


def _shelved(draw: Draw, scale: float, pouch: bool) -> Draw:
    """A picture of a bottle on the shelf."""

    def picture(drawing: Drawing, look: Look, brand: str) -> None:
        drawing.shadow((262, 390), 60 * scale + 20, 7, opacity=0.4, blur=5)
        _placed(drawing, draw, look, brand, (252, 390), scale)
        if pouch:
            _placed(drawing, _pouch, look, brand, (348, 394), 0.72)

    return picture


def _pouch(drawing: Drawing, look: Look, brand: str) -> None:
    """A bag with a drawstring."""
    cloth = mix("#8c8f96", look["colour"], 0.25)
    drawing.shadow((8, 0), 76, 12, opacity=0.35, blur=7)
    bag = "M-52,-128 C-66,-90 -78,-20 -62,-4 C-30,4 30,4 62,-4 C78,-20 66,-90 52,-128 Z"
    folds = drawing.linear(
        (0, shade(cloth, -0.3)),
        (0.22, shade(cloth, 0.18)),
        (0.4, cloth),
        (0.62, shade(cloth, 0.12)),
        (1, shade(cloth, -0.38)),
    )
    drawing.path(bag, folds)
    frill = "M-52,-128 L-58,-158 q14,8 28,0 q14,8 30,0 q14,8 30,0 q14,8 28,0 L52,-128 Z"
    drawing.path(frill, folds)
    for x in (-30, -6, 18, 38):
        drawing.line(f"M{x},-150 L{0.8 * x},-106", shade(cloth, -0.4), 2, opacity=0.5)
    drawing.line("M-53,-130 q53,12 106,0", "#f2efe9", 5)
    drawing.line("M40,-126 q34,18 22,54 M40,-126 q14,30 -4,58", "#f2efe9", 4)
    write(drawing, brand, (0, -58), 12, shade(cloth, 0.7), 0.14)


def _spout(drawing: Drawing, colour: str, foot: float) -> None:
    """A long bent nozzle that rises from height `foot`."""
    bend = f"M0,{foot} V{foot - 40} Q0,{foot - 66} 24,{foot - 80} L70,{foot - 108}"
    drawing.line(bend, shade(colour, -0.35), 25)
    drawing.line(bend, colour, 20)
    drawing.line(bend, shade(colour, 0.7), 6, transform="translate(-4 -3)")
    drawing.ellipse((72, foot - 109), 13, 15, gloss(drawing, colour))
    for dx, dy in ((-3, -5), (4, -6), (0, 0), (6, 1), (2, 7), (-4, 5)):
        drawing.ellipse((75 + dx, foot - 109 + dy), 1.5, 1.5, "#2b3036")


def _bottle(drawing: Drawing, look: Look, brand: str) -> None:
    """A soft bottle that is squeezed."""
    colour = look["colour"]
    _spout(drawing, "#eef1f3", -222)
    drawing.rect(-40, -226, 80, 34, gloss(drawing, look["accent"]), 8)
    grooves = "".join(f"M{x},-222 v26" for x in range(-34, 36, 6))
    drawing.line(grooves, shade(look["accent"], -0.4), 1.2, opacity=0.5)
    body = (
        "M-40,-194 C-66,-180 -70,-160 -68,-130 C-66,-104 -58,-96 -60,-76 C-62,-56 -72,-40 -66,-14 "
        "Q-62,0 -46,0 H46 Q62,0 66,-14 C72,-40 62,-56 60,-76 C58,-96 66,-104 68,-130 "
        "C70,-160 66,-180 40,-194 Z"
    )
    drawing.path(body, gloss(drawing, colour))
    drawing.path(
        "M-52,-170 C-58,-150 -56,-116 -48,-98 C-50,-120 -50,-150 -40,-172 Z", "#ffffff", opacity=0.6
    )
    for row in range(4):
        y = -44 + 10 * row
        drawing.line(f"M-54,{y} q54,12 108,0", shade(colour, -0.25), 2, opacity=0.5)
    write(drawing, brand, (2, -128), 14, ink_on(colour), 0.14)


def _electric(drawing: Drawing, look: Look, brand: str) -> None:
    """A tank of water under a pump with one key."""
    colour, water = look["colour"], look["accent"]
    _spout(drawing, colour, -236)
    tank = "M-50,-128 V-16 Q-50,0 -34,0 H34 Q50,0 50,-16 V-128 Z"
    clear = drawing.linear(
        (0, "#9fb4c2", 0.9), (0.2, "#ffffff", 0.9), (0.5, "#dfeaf0", 0.8), (1, "#8aa0ae", 0.9)
    )
    drawing.path(tank, clear)
    drawing.path("M-46,-96 V-16 Q-46,-4 -34,-4 H34 Q46,-4 46,-16 V-96 Z", water, opacity=0.5)
    drawing.ellipse((0, -96), 46, 7, shade(water, 0.5), opacity=0.8)
    for mark in range(4):
        drawing.line(f"M30,{-28 - 22 * mark} h12", "#55697a", 1.6)
    drawing.rect(-42, -120, 9, 108, "#ffffff", 4, opacity=0.7)
    drawing.path(
        "M-50,-126 V-214 Q-50,-242 -20,-242 H20 Q50,-242 50,-214 V-126 Z", gloss(drawing, colour)
    )
    drawing.rect(-51, -134, 102, 9, shade(colour, -0.35), 3)
    drawing.ellipse((0, -196), 19, 19, shade(colour, -0.3))
    drawing.ellipse((0, -197), 17, 17, gloss(drawing, shade(colour, 0.15)))
    drawing.line("M0,-206 v9 M-7,-202 a10,10 0 1 0 14,0", "#4ab3ff", 2.4)
    write(drawing, brand, (0, -156), 10, ink_on(colour), 0.15)


def _folding(drawing: Drawing, look: Look, brand: str) -> None:
    """Rings of silicone that slide into each other."""
    colour = look["colour"]
    _spout(drawing, look["accent"], -196)
    drawing.rect(-34, -204, 68, 26, gloss(drawing, look["accent"]), 7)
    for ring, (y, wide) in enumerate(((-180, 50), (-142, 60), (-100, 68), (-54, 76))):
        tall = 44 + 2 * ring
        bell = f"M{-wide + 12},{y} C{-wide},{y + 8} {-wide},{y + tall - 10} {-wide + 4},{y + tall} "
        bell += f"H{wide - 4} C{wide},{y + tall - 10} {wide},{y + 8} {wide - 12},{y} Z"
        drawing.path(bell, gloss(drawing, shade(colour, 0.12 if ring % 2 else 0)))
        crease = f"M{-wide + 12},{y + 2} q{wide - 12},9 {2 * wide - 24},0"
        drawing.line(crease, shade(colour, -0.4), 3, opacity=0.6)
    drawing.rect(-76, -14, 152, 14, gloss(drawing, shade(colour, -0.12)), 7)
    write(drawing, brand, (0, -78), 12, ink_on(colour), 0.14)


def _folded(drawing: Drawing, look: Look, brand: str) -> None:
    """The same, pushed flat."""
    colour = look["colour"]
    drawing.shadow((8, 0), 80, 10, opacity=0.35, blur=6)
    for y, wide in ((-14, 76), (-26, 68), (-37, 58)):
        drawing.rect(-wide, y, 2 * wide, 15, gloss(drawing, shade(colour, -0.004 * (wide - 58))), 7)
    drawing.rect(-34, -54, 68, 19, gloss(drawing, look["accent"]), 7)


def _folding_alone(drawing: Drawing, look: Look, brand: str) -> None:
    drawing.shadow((176, 424), 104, 14, opacity=0.35, blur=7)
    _placed(drawing, _folding, look, brand, (166, 424), 1.26)
    _placed(drawing, _folded, look, brand, (368, 426), 1.1)


def _folding_in_place(drawing: Drawing, look: Look, brand: str) -> None:
    drawing.shadow((262, 390), 76, 8, opacity=0.4, blur=5)
    _placed(drawing, _folding, look, brand, (244, 390), 0.84)
    _placed(drawing, _folded, look, brand, (362, 392), 0.62)


def _capped(drawing: Drawing, look: Look, brand: str) -> None:
    """A nozzle screwed to an ordinary bottle of water."""
    _spout(drawing, look["colour"], -262)
    drawing.rect(-24, -272, 48, 30, gloss(drawing, look["colour"]), 5)
    grooves = "".join(f"M{x},-268 v22" for x in range(-20, 22, 4))
    drawing.line(grooves, shade(look["colour"], -0.4), 1, opacity=0.5)
    shell = (
        "M-18,-244 C-20,-222 -48,-212 -50,-178 V-128 l6,8 l-6,8 V-20 Q-50,0 -34,0 H34 "
        "Q50,0 50,-20 V-112 l-6,-8 l6,-8 V-178 C48,-212 20,-222 18,-244 Z"
    )
    glass = drawing.linear(
        (0, "#8fb9d0", 0.85), (0.2, "#f4fbff", 0.85), (0.55, "#cfe6f2", 0.75), (1, "#7fa9c2", 0.85)
    )
    drawing.path(shell, glass)
    drawing.line("M-46,-196 q46,14 92,0", "#ffffff", 2, opacity=0.8)
    for y in (-84, -62, -40):
        drawing.line(f"M-49,{y} q49,10 98,0", "#7fa9c2", 2, opacity=0.6)
    drawing.rect(-40, -180, 8, 156, "#ffffff", 4, opacity=0.7)
    drawing.path("M-50,-170 q50,14 100,0 v40 q-50,14 -100,0 Z", look["colour"], opacity=0.85)
    write(drawing, brand, (0, -143), 11, ink_on(look["colour"]), 0.15)


def _cap(drawing: Drawing, look: Look, brand: str) -> None:
    """The nozzle on its own."""
    drawing.shadow((14, 0), 46, 8, opacity=0.35, blur=5)
    _spout(drawing, look["accent"], -26)
    drawing.rect(-24, -32, 48, 32, gloss(drawing, look["accent"]), 5)
    grooves = "".join(f"M{x},-28 v24" for x in range(-20, 22, 4))
    drawing.line(grooves, shade(look["accent"], -0.4), 1, opacity=0.5)


def _cap_alone(drawing: Drawing, look: Look, brand: str) -> None:
    drawing.shadow((172, 424), 84, 12, opacity=0.35, blur=7)
    _placed(drawing, _capped, look, brand, (164, 424), 1.02)
    _placed(drawing, _cap, look, brand, (320, 424), 1.02)


def _cap_in_place(drawing: Drawing, look: Look, brand: str) -> None:
    drawing.shadow((262, 390), 62, 7, opacity=0.4, blur=5)
    _placed(drawing, _capped, look, brand, (246, 390), 0.8)
    _placed(drawing, _cap, look, brand, (326, 391), 0.62)


WANDS: dict[str, Draw] = {"shower": _wand, "pistol": _pistol}
"""Head of a sprayer -> who draws it."""

HANDHELD: dict[str, Handheld] = {
    "sprayer": Handheld(_sprayer_alone, _sprayer_in_place),
    "bottle": Handheld(_alone(_bottle, 1.16, True), _shelved(_bottle, 0.86, True)),
    "electric": Handheld(_alone(_electric, 1.12, True), _shelved(_electric, 0.84, True)),
    "fold": Handheld(_folding_alone, _folding_in_place),
    "cap": Handheld(_cap_alone, _cap_in_place),
}
"""Form -> its pictures."""
