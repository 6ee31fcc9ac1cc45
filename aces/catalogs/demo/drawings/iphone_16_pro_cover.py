"""Draws covers for a phone with three cameras: the back on the phone, and the empty inside."""

from collections.abc import Callable, Mapping
from typing import Any

from aces.catalogs.demo.drawings.iphone_16_pro_finish import (
    FINISHES,
    FRAME,
    HEIGHT,
    MIDDLE,
    RADIUS,
    WIDTH,
    is_see_through,
    leather,
    stitch,
)
from aces.catalogs.demo.drawings.lettering import write
from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    ink_on,
    mix,
    polyline,
    rounded,
    shade,
)

Look = Mapping[str, Any]

VIEWS = ("front", "inside")
"""The back of the cover with the phone in it, and the empty cover with its side beside it."""

CAMERA = (16.0, 16.0, 100.0)
"""Left, top and size of the cameras' square, from the cover's corner."""

THICK = {"armor": 13.0, "battery": 16.0, "cards": 10.0, "folio": 12.0}
"""How far the side wall shows, in pixels, where it is not that of a thin cover."""


def draw(look: Look, brand: str, view: str = "front") -> str:
    """Returns the SVG of a cover.

    Args:
        look: `finish` (silicone, clear, folio, armor, floral, ring, aramid, frost, wood, glitter,
            cards, cord, battery, marble, canvas, stripes), `body`, `accent` and `lining` colours,
            `phone`, the colour of what it covers, and `magnets`, whether a ring of them shows.
        brand: Printed or embossed on its back.
        view: One of `VIEWS`.
    """
    drawing = Drawing()
    if view == "inside":
        OPENED.get(look["finish"], _inside_and_side)(drawing, look, brand)
    else:
        _back(drawing, look, brand)
    return drawing.svg()


def _back(drawing: Drawing, look: Look, brand: str) -> None:
    """The cover on the phone, cameras at the upper left, turned a little."""
    hangs = look["finish"] == "cord"
    turn = "translate(52 84) scale(0.78)" if hangs else ""
    drawing.open_group(transform=f"{turn} rotate(-7 240 240)")
    _fallen_shadow(drawing, _thickness(look))
    if hangs:
        _strap(drawing, look)
    _wall(drawing, look)
    outline = rounded(*FRAME, RADIUS)
    drawing.open_group(clip_path=drawing.clip(outline))
    FINISHES[look["finish"]](drawing, look)
    drawing.close_group()
    _edge(drawing, look)
    if look.get("magnets"):
        _magnets(drawing, look)
    _cameras(drawing, look)
    _brand(drawing, look, brand)
    EXTRAS.get(look["finish"], _nothing)(drawing, look)
    drawing.close_group()


def _nothing(drawing: Drawing, look: Look) -> None:
    """Most covers have no moving part."""


def _thickness(look: Look) -> float:
    return THICK.get(look["finish"], 7.0)


def _side_colour(look: Look) -> str:
    """That of the frame: a clear cover's is paler than its back."""
    if "edge" in look:
        return str(look["edge"])
    return mix(look["body"], "#ffffff", 0.42) if is_see_through(look) else str(look["body"])


def _fallen_shadow(drawing: Drawing, thick: float) -> None:
    """The cover stands before the paper and shades it to the lower right."""
    x, y, width, height = FRAME
    for drift, blur, opacity in ((thick + 6, 7, 0.4), (thick + 18, 20, 0.18)):
        paint = drawing.blur(blur)
        drawing.rect(
            x + drift, y + drift, width, height, "#1a1d26", RADIUS, opacity=opacity, filter=paint
        )


def _wall(drawing: Drawing, look: Look) -> None:
    """The side at the right and below, and the buttons in it."""
    x, y, width, height = FRAME
    thick = _thickness(look)
    colour = _side_colour(look)
    tone = shade(colour, -0.1 if is_see_through(look) else -0.28)
    for step in range(int(thick), 0, -1):
        share = step / thick
        drawing.rect(x + step, y + 0.7 * step, width, height, shade(tone, -0.35 * share), RADIUS)
    for top, length in ((100, 26), (146, 40), (194, 40)):
        button = shade(look.get("button", colour), -0.12)
        drawing.rect(x + width + thick * 0.3, y + top, 6, length, button, 3)


def _edge(drawing: Drawing, look: Look) -> None:
    """The rim where back and side meet catches the light."""
    x, y, width, height = FRAME
    rim = rounded(x + 1.5, y + 1.5, width - 3, height - 3, RADIUS - 1.5)
    drawing.path(rim, "none", stroke="#ffffff", stroke_width=2, opacity=0.4)
    if look.get("edge"):
        inner = rounded(x + 4, y + 4, width - 8, height - 8, RADIUS - 4)
        drawing.path(inner, "none", stroke=look["edge"], stroke_width=8)
    gleam = f"M{x + 8},{y + 120}V{y + height - 60}"
    drawing.line(gleam, "#ffffff", 3, opacity=0.45, filter=drawing.blur(0.6))


def _magnets(drawing: Drawing, look: Look) -> None:
    """The ring that holds a charger, and the bar below it."""
    colour = look.get("ring", "#ffffff" if is_see_through(look) else shade(look["body"], 0.2))
    drawing.ellipse(MIDDLE, 54, 54, "none", stroke=colour, stroke_width=9, opacity=0.6)
    drawing.rect(MIDDLE[0] - 5, MIDDLE[1] + 70, 10, 34, colour, 4, opacity=0.6)


def _cameras(drawing: Drawing, look: Look) -> None:
    """The square of three lenses, a lamp and a sensor, within the cover's raised rim."""
    x, y, size = FRAME[0] + CAMERA[0], FRAME[1] + CAMERA[1], CAMERA[2]
    rim = shade(_side_colour(look), 0.08)
    drawing.rect(x + 3, y + 4, size, size, "#14161b", 30, opacity=0.35, filter=drawing.blur(4))
    tone = drawing.linear((0, shade(rim, 0.3)), (0.5, rim), (1, shade(rim, -0.35)), angle=50)
    drawing.rect(x, y, size, size, tone, 30)
    glass = drawing.linear(
        (0, shade(look["phone"], 0.16)), (1, shade(look["phone"], -0.2)), angle=55
    )
    drawing.rect(x + 6, y + 6, size - 12, size - 12, glass, 25)
    for at in ((31, 31), (31, 69), (69, 50)):
        _lens(drawing, (x + at[0], y + at[1]), look["phone"])
    lamp = drawing.radial((0, "#fffdf2"), (0.6, "#f3e6bd"), (1, "#b9a878"))
    drawing.ellipse((x + 69, y + 22), 6, 6, lamp)
    drawing.ellipse((x + 69, y + 78), 6, 6, "#15171c")


def _lens(drawing: Drawing, at: Point, phone: str) -> None:
    steel = drawing.linear((0, shade(phone, 0.55)), (0.5, phone), (1, shade(phone, -0.5)), angle=50)
    drawing.ellipse(at, 17.5, 17.5, steel)
    drawing.ellipse(at, 14.5, 14.5, "#0b0d12")
    deep = drawing.radial((0, "#2c3550"), (0.5, "#131722"), (1, "#050608"), at=(0.45, 0.4))
    drawing.ellipse(at, 10.5, 10.5, deep)
    drawing.ellipse((at[0] - 4, at[1] - 4.5), 3, 2.2, "#b9cdf5", opacity=0.8)
    drawing.ellipse((at[0] + 3.5, at[1] + 4), 1.6, 1.6, "#8f7fd0", opacity=0.6)


def _brand(drawing: Drawing, look: Look, brand: str) -> None:
    foot = (MIDDLE[0], FRAME[1] + HEIGHT - 30)
    spot = MIDDLE if look["finish"] == "floral" else foot
    if is_see_through(look):
        ink = ink_on(look["phone"]) if look["finish"] == "clear" else shade(look["body"], -0.4)
    else:
        ink = ink_on(look["body"])
    write(drawing, brand, spot, 9, look.get("ink", ink), 0.16, opacity=0.75)


def _ring_stand(drawing: Drawing, look: Look) -> None:
    """A metal ring on a turning plate, folded out to hold or to stand."""
    steel = drawing.linear(
        (0, "#f4f6f8"), (0.35, "#9aa1aa"), (0.55, "#e8ebee"), (1, "#6c727b"), angle=60
    )
    x, y = MIDDLE
    drawing.ellipse((x + 3, y + 5), 50, 50, "#14161b", opacity=0.35, filter=drawing.blur(4))
    drawing.ellipse(MIDDLE, 48, 48, steel)
    drawing.ellipse(MIDDLE, 40, 40, shade(look["body"], -0.2))
    drawing.ellipse((x + 6, y + 20), 33, 38, "none", stroke="#14161b", stroke_width=9, opacity=0.3)
    drawing.ellipse((x, y + 14), 33, 38, "none", stroke=steel, stroke_width=9)
    drawing.rect(x - 14, y - 30, 28, 13, steel, 5)


def _strap(drawing: Drawing, look: Look) -> None:
    """A cord from eyelets at both lower corners, up behind the phone."""
    x, y, width, height = FRAME
    foot, far = y + height - 10, y - 84
    cord = (
        f"M{x + 4},{foot}C{x - 120},{foot - 30} {x - 110},{far} {x + width / 2},{far}"
        f"C{x + width + 110},{far} {x + width + 120},{foot - 30} {x + width - 4},{foot}"
    )
    drawing.line(cord, "#1a1d26", 13, opacity=0.25, filter=drawing.blur(6))
    drawing.line(cord, shade(look["accent"], -0.35), 12)
    drawing.line(cord, look["accent"], 9)
    for dash, tint in (("4 7", -0.3), ("3 8", 0.4)):
        drawing.line(
            cord, shade(look["accent"], tint), 8, stroke_dasharray=dash, stroke_linecap="butt"
        )
    _eyelets(drawing, look)


def _eyelets(drawing: Drawing, look: Look) -> None:
    """The two loops at the lower corners that a cord clips to."""
    x, y, width, height = FRAME
    for side in (x + 2, x + width - 2):
        drawing.ellipse((side, y + height - 10), 15, 15, shade(look["body"], -0.15))
        drawing.ellipse((side, y + height - 10), 8, 8, "#c9a86a")


EXTRAS: dict[str, Callable[[Drawing, Look], None]] = {"ring": _ring_stand}


def _inside_and_side(drawing: Drawing, look: Look, brand: str) -> None:
    """The empty cover from its open side, and its profile."""
    drawing.open_group(transform="translate(84 24) scale(0.9)")
    _inside(drawing, look)
    drawing.close_group()
    _profile(drawing, look, (76, 56), 374)


def _inside(drawing: Drawing, look: Look) -> None:
    x, y, width, height = FRAME
    _fallen_shadow(drawing, 4)
    if look["finish"] == "cord":
        _eyelets(drawing, look)
    clear, tone = is_see_through(look), shade(_side_colour(look), 0.06)
    wall = drawing.linear((0, shade(tone, 0.25)), (0.5, tone), (1, shade(tone, -0.25)), angle=40)
    drawing.rect(*FRAME, wall, RADIUS)
    lining = rounded(x + 11, y + 11, width - 22, height - 22, RADIUS - 10)
    colour = mix("#f4f7f9", look["body"], 0.16) if clear else look["lining"]
    paint = drawing.linear(
        (0, shade(colour, -0.3)), (0.2, colour), (1, shade(colour, 0.16)), angle=60
    )
    drawing.path(lining, paint)
    drawing.open_group(clip_path=drawing.clip(lining))
    if clear:
        drawing.open_group(transform="translate(480 0) scale(-1 1)", opacity=0.42)
        FINISHES[look["finish"]](drawing, {**look, "phone": "#eef2f4"})
        drawing.close_group()
    drawing.path(
        rounded(x + 4, y + 4, width - 8, height - 8, RADIUS),
        stroke="#000000",
        stroke_width=22,
        opacity=0.22,
        filter=drawing.blur(7),
    )
    drawing.close_group()
    _inner_parts(drawing, look, colour)
    _opening(drawing, shade(colour, -0.2))


def _inner_parts(drawing: Drawing, look: Look, colour: str) -> None:
    """What shows on the lining: magnets, the plug of a battery, air cushions of an armour."""
    x, y, width, height = FRAME
    if look.get("magnets") or look["finish"] in ("armor", "ring"):
        tone = shade(colour, -0.16)
        drawing.ellipse(MIDDLE, 56, 56, "none", stroke=tone, stroke_width=11)
        drawing.rect(MIDDLE[0] - 5, MIDDLE[1] + 72, 10, 36, tone, 4)
    if look["finish"] == "battery":
        drawing.rect(MIDDLE[0] - 26, y + height - 36, 52, 20, shade(colour, -0.4), 6)
        drawing.rect(MIDDLE[0] - 12, y + height - 52, 24, 20, "#c3c8cf", 6)
    if look["finish"] == "armor":
        for left in (x + 14, x + width - 40):
            for top in (y + height - 44, y + height - 62):
                drawing.rect(left, top, 26, 9, shade(colour, -0.35), 4)
    drawing.rect(MIDDLE[0] - 22, y + height - 9, 44, 7, "#f2f4f6", 3, opacity=0.9)


def _opening(drawing: Drawing, rim: str) -> None:
    """The hole for the cameras, at the upper right as seen from inside."""
    size = CAMERA[2] - 10
    x, y = FRAME[0] + WIDTH - CAMERA[0] - size - 4, FRAME[1] + CAMERA[1] + 4
    drawing.rect(x - 4, y - 4, size + 8, size + 8, rim, 30)
    hole = drawing.linear((0, "#d9dde2"), (0.3, "#f1f3f5"), (1, "#ffffff"), angle=55)
    drawing.rect(x, y, size, size, hole, 26)


def _profile(drawing: Drawing, look: Look, at: Point, length: float) -> None:
    """The side: how thick it is, its buttons, and how far the rim stands up."""
    x, y = at
    width = 20 + 1.8 * _thickness(look)
    tone = _side_colour(look)
    drawing.shadow((x + 8, y + length + 4), width * 0.9, 8, opacity=0.35, blur=6)
    if look["finish"] == "ring":
        drawing.line(
            polyline([(x - width / 2, y + 200), (x - width / 2 - 34, y + 256)]), "#8d939b", 9
        )
        drawing.rect(x - width / 2 - 7, y + 170, 8, 74, "#b9bfc6", 4)
    side = drawing.linear(
        (0, shade(tone, -0.3)), (0.25, shade(tone, 0.35)), (0.6, tone), (1, shade(tone, -0.4))
    )
    bump = shade(tone, -0.15)
    drawing.rect(x - width / 2 - 6, y + 18, 16, 92, bump, 7)
    drawing.rect(x - width / 2, y, width, length, side, 13)
    button = shade(look.get("button", tone), -0.2)
    for top, tall in ((96, 24), (138, 38), (184, 38)):
        drawing.rect(x - 5, y + top, 10, tall, button, 5)
        drawing.line(f"M{x - 2},{y + top + 5}v{tall - 10}", "#ffffff", 1.6, opacity=0.5)


def _open_folio(drawing: Drawing, look: Look, brand: str) -> None:
    """The wallet as an open book: card slots on the left, the tray for the phone on the right."""
    drawing.open_group(transform="translate(102 50) scale(0.8)")
    x, y, width, height = FRAME
    flap = (x - width - 6, y, width, height)
    _book_shadow(drawing, flap)
    drawing.open_group(clip_path=drawing.clip(rounded(*flap, 26)))
    leather(drawing, shade(look["body"], -0.1), flap)
    for row, tint in enumerate(("#2f6db5", "#d9dce0", "#2d8a63")):
        top = y + 96 + 66 * row
        drawing.rect(flap[0] + 20, top - 16, width - 60, 60, tint, 6)
        pocket = (flap[0] + 12, top, width - 44, 92.0)
        leather(drawing, look["body"], pocket)
        stitch(drawing, pocket, shade(look["body"], 0.4), 8)
    write(drawing, brand, (flap[0] + width / 2 - 10, y + 46), 12, shade(look["body"], -0.45), 0.15)
    drawing.close_group()
    drawing.rect(x - 12, y + 6, 24, height - 12, shade(look["body"], -0.3), 8)
    _inside(drawing, look)
    drawing.close_group()


def _book_shadow(drawing: Drawing, flap: tuple[float, float, float, float]) -> None:
    x, y, width, height = flap
    paint = drawing.blur(9)
    drawing.rect(x + 8, y + 14, 2 * width, height, "#1a1d26", 26, opacity=0.3, filter=paint)
    drawing.rect(x - 34, y + 180, 60, 54, "#6b4a33", 10)
    drawing.ellipse((x - 20, y + 207), 6, 6, "#d8b25e")


OPENED: dict[str, Callable[[Drawing, Look, str], None]] = {"folio": _open_folio}
