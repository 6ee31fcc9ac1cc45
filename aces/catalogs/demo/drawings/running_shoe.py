"""Draws running shoes from the side, and a pair from above and below."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aces.catalogs.demo.drawings.lettering import write
from aces.catalogs.demo.drawings.running_shoe_cloth import CLOTHS, MARKS, flecks, nap
from aces.catalogs.demo.drawings.running_shoe_pair import draw_pair
from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    ink_on,
    is_bright,
    mix,
    move,
    number,
    placed,
    polygon,
    polyline,
    shade,
)

Look = Mapping[str, Any]

VIEWS = ("front", "pair")

TOE, HEEL = 42.0, 440.0
"""Where the sole begins and ends."""


@dataclass(frozen=True)
class Form:
    """The sole: heights in pixels over the ground, and how its ends lift off."""

    heel: float
    toe: float
    spring: float
    bevel: float = 12
    flare: float = 0
    ground: float = 384


FORMS = {
    "road": Form(60, 44, 25),
    "max": Form(76, 60, 44, 24, 8, 392),
    "racer": Form(76, 56, 48, 30, 16, 392),
    "trail": Form(56, 44, 28, ground=380),
    "minimal": Form(17, 16, 10, 4, ground=352),
    "retro": Form(52, 30, 17, ground=378),
    "flat": Form(36, 27, 24, ground=366),
}
RISE = 0.86
"""How high the upper stands, over the heights written below."""


def draw(look: Look, brand: str, view: str = "front") -> str:
    """Returns the SVG of a running shoe.

    Args:
        look: `form` as listed above; colours `upper`, `overlay`, `foam`, `accent`, `sole`,
            `lace`, `lining`; `cloth` (mesh, knit, ripstop, suede), `mark` on its side (wave,
            kite, arcs, bolt, leaf, ring, peak, fin) in `ink`; `tread` (pods, lugs, waffle,
            herringbone); `closure` (laces, sock, toggle); `glow` for reflecting
            flecks; `breadth`, 1 where not given.
        brand: On tongue and insole.
        view: One of `VIEWS`.
    """
    drawing = Drawing()
    if view == "pair":
        draw_pair(drawing, look, brand)
    else:
        _side(drawing, look, brand)
    return drawing.svg()


def _side(drawing: Drawing, look: Look, brand: str) -> None:
    form = FORMS[look["form"]]
    drawing.open_group(transform="translate(0 -24)")
    _floor(drawing, form)
    drawing.open_group(transform="rotate(-2 240 370)")
    _mouth(drawing, look, form)
    _upper(drawing, look, form, brand)
    _laces(drawing, look, form)
    _outsole(drawing, look, form)
    _midsole(drawing, look, form)
    drawing.close_group()
    drawing.close_group()


def _floor(drawing: Drawing, form: Form) -> None:
    drawing.shadow((262, form.ground - 1), 150, 6, opacity=0.5, blur=5)
    drawing.shadow((246, form.ground + 6), 200, 14, opacity=0.2, blur=12)


def _smooth(t: float) -> float:
    t = min(1.0, max(0.0, t))
    return t * t * (3 - 2 * t)


def _bite(form: Form, x: float) -> float:
    """Y of the line where foam and upper meet."""
    t = (x - TOE) / (HEEL - TOE)
    low, high = form.ground - form.toe, form.ground - form.heel
    y = low + (high - low) * _smooth((t - 0.2) / 0.75) + 5 * math.sin(math.pi * t)
    lift = form.spring * 0.62 * max(0.0, 1 - t / 0.34) ** 2
    return y - lift - 8 * max(0.0, (t - 0.9) / 0.1) ** 2


def _bottom(form: Form, x: float) -> float:
    """Y of the underside: toe and heel lift off the ground."""
    toe, heel = max(0.0, (190 - x) / 148), max(0.0, (x - 370) / 70)
    return form.ground - form.spring * math.pow(toe, 1.9) - form.bevel * heel * heel


def _wall(form: Form, x: float, share: float) -> Point:
    """A point of the foam's side, `share` of the way down."""
    top = _bite(form, x)
    return x, top + (_bottom(form, x) - top) * share


def _span(start: float, end: float, n: int = 40) -> list[float]:
    return [start + (end - start) * i / n for i in range(n + 1)]


def _midsole(drawing: Drawing, look: Look, form: Form) -> None:
    outline = _foam_outline(form)
    high, low = form.ground - form.heel - 10, form.ground
    foam = look["foam"]
    dark = 0.7 if is_bright(foam) else 1.0
    paint = drawing.linear(
        (0, shade(foam, 0.3)),
        (0.45, foam),
        (1, shade(foam, -0.3 * dark)),
        extent=((0, high), (0, low)),
    )
    drawing.path(
        outline, "#000000", opacity=0.3, transform="translate(0 -5)", filter=drawing.blur(4)
    )
    drawing.path(outline, paint)
    drawing.open_group(clip_path=drawing.clip(outline))
    WALLS[look["form"]](drawing, look, form)
    ends = drawing.linear(
        (0, "#000000", 0.26),
        (0.14, "#000000", 0),
        (0.4, "#ffffff", 0.12),
        (0.8, "#000000", 0),
        (1, "#000000", 0.34),
        extent=((TOE, 0), (HEEL + form.flare, 0)),
    )
    drawing.rect(0, high - 40, 480, 200, ends)
    drawing.close_group()
    edge = polyline([_wall(form, x, 0.035) for x in _span(TOE + 10, HEEL - 8)])
    drawing.line(edge, "#ffffff", 1.8, opacity=0.6)
    drawing.path(outline, stroke=shade(foam, -0.4), stroke_width=0.9, opacity=0.6)


def _foam_outline(form: Form) -> str:
    top = [(x, _bite(form, x)) for x in _span(TOE + 3, HEEL)]
    low = [(x, _bottom(form, x) - 2) for x in _span(HEEL - 6, TOE + 16)]
    (x, y), back, out = low[0], top[-1], HEEL + 8 + form.flare
    heel = [(out, back[1] + 0.35 * (y - back[1])), (out - 2, y - 7), (x, y)]
    (x, y), front = low[-1], top[0]
    tip = [(x - 10, y - 4), (TOE - 6, front[1] + 12), front]
    curves = "".join(
        f"{rest}C" + " ".join(f"{number(px)},{number(py)}" for px, py in handles)
        for rest, handles in ((polyline(top), heel), (polyline(low).replace("M", "L"), tip))
    )
    return curves + "Z"


def _groove(
    drawing: Drawing, form: Form, x: float, shares: tuple[float, float], dx: float, width: float
) -> None:
    """A slanted dent in the foam between two heights, with a lit lower lip."""
    ends = [_wall(form, x, shares[0]), _wall(form, x + dx, shares[1])]
    drawing.line(polyline(ends), "#000000", width, opacity=0.2)
    drawing.line(polyline([move(end, (1.6, 1.2)) for end in ends]), "#ffffff", 1.2, opacity=0.5)


def _belt(form: Form, start: float, end: float, top: float, low: float) -> str:
    """A band of the wall between two shares of its height."""
    xs = _span(start, end)
    return polygon(
        [*(_wall(form, x, top) for x in xs), *(_wall(form, x, low) for x in reversed(xs))]
    )


def _road_wall(drawing: Drawing, look: Look, form: Form) -> None:
    wedge = [_wall(form, x, 1.1 - 0.58 * _smooth((x - 190) / 150)) for x in _span(190, 470)]
    drawing.path(polygon([*wedge, (470, 480), (190, 480)]), look["accent"], opacity=0.94)
    for i in range(7):
        _groove(drawing, form, 286 + 22 * i, (0.22, 0.46), -10, 5)
    for i in range(6):
        _groove(drawing, form, 92 + 22 * i, (0.5, 0.74), -6, 4)


def _max_wall(drawing: Drawing, look: Look, form: Form) -> None:
    scoop = [_wall(form, x, 0.6 + 0.16 * math.sin((x - 120) / 62)) for x in _span(30, 470)]
    drawing.path(polygon([*scoop, (470, 470), (30, 470)]), look["accent"], opacity=0.9)
    drawing.line(polyline(scoop), "#000000", 5, opacity=0.16)
    drawing.line(polyline([move(point, (0, 3)) for point in scoop]), "#ffffff", 1.6, opacity=0.6)
    swell = [_wall(form, x, 0.2 + 0.1 * math.sin((x - 60) / 70)) for x in _span(150, 430)]
    drawing.line(polyline(swell), "#000000", 4, opacity=0.14)
    for i in range(4):
        _groove(drawing, form, 388 + 14 * i, (0.3, 0.5), -6, 5)


def _racer_wall(drawing: Drawing, look: Look, form: Form) -> None:
    plate = [_wall(form, x, 0.62 - 0.22 * _smooth((x - 100) / 250)) for x in _span(TOE, 460)]
    drawing.line(polyline(plate), shade(look["accent"], -0.1), 8)
    drawing.line(polyline([move(point, (0, -2)) for point in plate]), "#ffffff", 1.4, opacity=0.5)
    notch = [_wall(form, 300, 1.05), _wall(form, 352, 0.66), _wall(form, 404, 1.05)]
    drawing.path(polygon(notch), shade(look["accent"], -0.3), opacity=0.85)
    for i in range(5):
        _groove(drawing, form, 380 + 11 * i, (0.12, 0.34), -5, 3)


def _trail_wall(drawing: Drawing, look: Look, form: Form) -> None:
    drawing.path(_belt(form, TOE, 470, 0.62, 1.1), look["accent"], opacity=0.95)
    for i in range(17):
        _groove(drawing, form, 66 + 22 * i, (0.66, 0.98), 8 if i % 2 else -8, 5)
    for i in range(4):
        _groove(drawing, form, 320 + 26 * i, (0.2, 0.5), -14, 5)


def _retro_wall(drawing: Drawing, look: Look, form: Form) -> None:
    drawing.path(_belt(form, 150, 470, 0.3, 0.62), look["accent"])
    for i in range(36):
        x = 56 + 11 * i
        drawing.line(
            polyline([_wall(form, x, 0.74), _wall(form, x, 0.94)]), "#000000", 1.4, opacity=0.2
        )


def _thin_wall(drawing: Drawing, look: Look, form: Form) -> None:
    line = polyline([_wall(form, x, 0.5) for x in _span(TOE, 460)])
    drawing.line(line, look["accent"], 3.2, opacity=0.9)


WALLS: dict[str, Callable[[Drawing, Look, Form], None]] = {
    "road": _road_wall,
    "max": _max_wall,
    "racer": _racer_wall,
    "trail": _trail_wall,
    "minimal": _thin_wall,
    "retro": _retro_wall,
    "flat": _thin_wall,
}


def _outsole(drawing: Drawing, look: Look, form: Form) -> None:
    xs = _span(TOE + 8, HEEL - 6, 60)
    depth = {"lugs": 7.0, "herringbone": 4.0}.get(look["tread"], 5.5)
    curve = [(x, _bottom(form, x)) for x in xs]
    body = [*((x, y - 12) for x, y in curve), *((x, y + depth * 0.4) for x, y in reversed(curve))]
    drawing.path(polygon(body), look["sole"])
    step = {"lugs": 21.0, "waffle": 11.0, "herringbone": 7.0}.get(look["tread"], 34.0)
    x = TOE + 16
    while x + step < HEEL - 4:
        y = (_bottom(form, x) + _bottom(form, x + step)) / 2
        lug = [
            (x, y - 4),
            (x + step * 0.8, y - 4),
            (x + step * 0.7, y + depth),
            (x + step * 0.1, y + depth),
        ]
        drawing.path(polygon(lug), shade(look["sole"], -0.12))
        x += step
    lit = polyline([(px, y - 1) for px, y in curve])
    drawing.line(lit, "#ffffff", 1, opacity=0.18)


def _base(form: Form) -> tuple[float, float]:
    """Y of the upper's foot at the heel and at the toes."""
    return form.ground - form.heel, _bite(form, 70) + 4


def _shape(form: Form, outline: str) -> str:
    """A path whose y count from the upper's foot at the heel, in its own measure of height."""
    return placed(outline, (0, _base(form)[0]), 1, RISE)


COLLAR = (
    "M 437 -143 C 434 -152 422 -151 416 -143 C 402 -116 372 -100 344 -106 "
    "C 322 -111 306 -128 294 -150"
)
FAR_COLLAR = "M 430 -148 C 404 -128 362 -124 334 -132 C 316 -138 304 -150 296 -158"
TONGUE = (
    "M 262 -120 C 266 -150 270 -172 278 -186 C 286 -196 306 -188 308 -174 "
    "C 310 -152 312 -130 316 -106 Z"
)
SOCK = "M 250 -112 C 270 -146 280 -166 292 -176 C 306 -184 320 -166 328 -138 L 330 -100 Z"


def _upper_outline(form: Form) -> str:
    """Heel, collar, throat and toe, then back inside the foam."""
    (_, t), n = _base(form), number
    heel = "M 437 8 C 450 -34 442 -84 429 -112 C 425 -124 431 -134 437 -143"
    rest = f" {COLLAR.removeprefix('M 437 -143 ')} C 290 -155 284 -154 280 -149"
    edge = [_throat(form, s / 12) for s in range(1, 13)]
    sunk = [(x, _bite(form, x) + 6) for x in _span(TOE + 10, HEEL - 8, 20)]
    return (
        _shape(form, heel + rest)
        + polyline(edge).replace("M", "L")
        + f"C152,{n(t - 60)} 108,{n(t - 66)} 76,{n(t - 44)}C54,{n(t - 28)} 42,{n(t - 14)} 44,{n(t)}"
        + polyline(sunk).replace("M", "L")
        + "Z"
    )


def _mouth(drawing: Drawing, look: Look, form: Form) -> None:
    """The far side of the collar and the tongue, behind the upper."""
    lining = look["lining"]
    depth = drawing.linear((0, shade(lining, -0.15)), (1, shade(lining, -0.65)), angle=90)
    drawing.path(_shape(form, FAR_COLLAR + " L 300 -100 L 410 -100 Z"), depth)
    drawing.line(_shape(form, FAR_COLLAR), shade(lining, 0.12), 3, opacity=0.8)
    tongue = _shape(form, SOCK if look["closure"] == "sock" else TONGUE)
    cloth = mix(look["upper"], lining, 0.35)
    drawing.path(tongue, drawing.linear((0, shade(cloth, 0.1)), (1, shade(cloth, -0.4))))
    drawing.path(tongue, stroke=shade(cloth, -0.4), stroke_width=1, opacity=0.6)


def _upper(drawing: Drawing, look: Look, form: Form, brand: str) -> None:
    outline = _upper_outline(form)
    drawing.path(outline, look["upper"])
    drawing.open_group(clip_path=drawing.clip(outline))
    CLOTHS[look["cloth"]](drawing, look["upper"])
    if look.get("glow"):
        flecks(drawing, look["glow"])
    for part in _overlays(look, form):
        _lay(drawing, look, part)
    MARKS[look["mark"]](drawing, (278, _base(form)[0] - 32), look["ink"])
    _upper_light(drawing, look, form)
    collar = _shape(form, COLLAR)
    drawing.line(collar, shade(look["lining"], 0.06), 13)
    drawing.line(collar, "#000000", 13, opacity=0.12)
    drawing.line(collar, "#ffffff", 2, opacity=0.3)
    drawing.close_group()
    drawing.path(outline, stroke=shade(look["upper"], -0.45), stroke_width=1, opacity=0.5)
    at = (406.0, _base(form)[0] - 58)
    spin = f"rotate(72 {number(at[0])} {number(at[1])})"
    size = min(6.5, 36 / len(brand))
    write(drawing, brand, at, size, ink_on(look["overlay"]), 0.16, transform=spin, opacity=0.9)


def _overlays(look: Look, form: Form) -> list[str]:
    """Heel counter, toe guard and the stay that carries the eyelets."""
    (_, t), n = _base(form), number
    heel = _shape(
        form,
        "M 460 -118 C 424 -114 402 -102 390 -70 C 378 -38 354 -18 332 40 L 460 40 Z",
    )
    toe = (
        f"M20,{n(t - 70)}L78,{n(t - 50)}C92,{n(t - 34)} 116,{n(t - 16)} 180,{n(t + 2)}"
        f"V{n(t + 40)}H20Z"
    )
    if look["closure"] == "sock":
        return [heel, toe]
    stay = [_throat(form, s) for s in _span(-0.05, 1.04, 12)]
    inner = [_throat(form, s, 36 - 10 * s) for s in _span(1.04, -0.05, 12)]
    return [heel, toe, polygon([*stay, *inner])]


def _lay(drawing: Drawing, look: Look, part: str) -> None:
    """An overlay, raised and stitched along its edge."""
    colour = look["overlay"]
    soft = {"transform": "translate(0 2.5)", "filter": drawing.blur(2)}
    drawing.path(part, "#000000", opacity=0.28, **soft)
    drawing.path(part, colour)
    if look["cloth"] == "suede":
        nap(drawing, colour, part)
    thread = shade(colour, -0.3) if is_bright(colour) else shade(colour, 0.3)
    drawing.path(part, stroke=thread, stroke_width=0.9, stroke_dasharray="3 2", opacity=0.6)


def _upper_light(drawing: Drawing, look: Look, form: Form) -> None:
    (h, t), deep = _base(form), 0.65 if is_bright(look["upper"]) else 1.0
    stops = [(0, "#ffffff", 0.22), (0.4, "#ffffff", 0.05), (0.62, "#000000", 0.03)]
    stops += [(1, "#000000", 0.42 * deep)]
    down = drawing.linear(*stops, extent=((200, h - 140), (236, form.ground - form.toe + 8)))
    drawing.rect(0, 60, 480, 340, down)
    drawing.open_group(filter=drawing.blur(8))
    for outline, colour, width, opacity in (
        ("M 438 -140 C 448 -80 452 -40 442 0", "#000000", 20, 0.4 * deep),
        ("M 210 -30 C 230 -60 236 -76 244 -92", "#000000", 12, 0.14 * deep),
        ("M 316 -90 C 350 -82 380 -88 404 -110", "#ffffff", 10, 0.22),
    ):
        drawing.line(_shape(form, outline), colour, width, opacity=number(opacity))
    toe = placed("M 66 -34 C 92 -54 130 -58 172 -58", (0, t), 1)
    drawing.line(toe, "#ffffff", 12, opacity=0.34)
    crease = placed("M 130 -32 C 146 -26 160 -20 178 -16", (0, t), 1)
    drawing.line(crease, "#000000", 9, opacity=number(0.12 * deep))
    drawing.close_group()


def _throat(form: Form, s: float, inward: float = 0) -> Point:
    """A point of the edge under the laces: s is 0 at the ankle and 1 at the toes."""
    h, t = _base(form)
    low = ((h + t) / 2 - 60 * RISE, h - 88 * RISE, h - 118 * RISE, h - 149 * RISE)
    weights = (s**3, 3 * s * s * (1 - s), 3 * s * (1 - s) ** 2, (1 - s) ** 3)
    x = sum(w * at for w, at in zip(weights, (186, 226, 258, 280), strict=True))
    y = sum(w * at for w, at in zip(weights, low, strict=True))
    return x + 0.62 * inward, y + 0.78 * inward


def _laces(drawing: Drawing, look: Look, form: Form) -> None:
    if look["closure"] == "sock":
        return
    lace, rows = look["lace"], 6
    for i in range(rows):
        s = 0.06 + 0.9 * i / (rows - 1)
        eye, over = _throat(form, s, 17 - 4 * s), _throat(form, s - 0.05, -5)
        drawing.ellipse(eye, 4.6, 4.6, shade(look["overlay"], -0.5))
        cord = polyline([eye, over])
        drawing.line(cord, "#000000", 8.6, opacity=0.25, transform="translate(1 2)")
        drawing.line(cord, shade(lace, -0.22), 7.6)
        drawing.line(cord, lace, 5.2)
        drawing.line(cord, "#000000", 5, stroke_dasharray="0.8 2.4", opacity=0.16)
    if look["closure"] == "toggle":
        _toggle(drawing, look, form)
    else:
        _bow(drawing, look, form)


def _bow(drawing: Drawing, look: Look, form: Form) -> None:
    """The knot, one loop and one end hanging over the side."""
    knot, lace = _throat(form, 0.02, 4), look["lace"]
    loop = placed("M 0 0 C 22 -2 50 18 46 34 C 36 44 16 22 0 3", knot, 0.9)
    end = placed("M 0 2 C 8 22 12 36 10 54", knot, 0.9)
    for outline in (end, loop):
        drawing.line(outline, "#000000", 6, opacity=0.22, transform="translate(1.5 3)")
        drawing.line(outline, shade(lace, -0.25), 5.4)
        drawing.line(outline, lace, 3.6)
    shine = drawing.radial((0, shade(lace, 0.2)), (1, shade(lace, -0.3)))
    drawing.ellipse(move(knot, (0, 1)), 6, 5.4, shine)


def _toggle(drawing: Drawing, look: Look, form: Form) -> None:
    """A lock on the cord instead of a knot."""
    x, y = _throat(form, 0.0, 6)
    drawing.line(placed("M 0 0 C 16 10 20 30 6 44", (x, y), 1), look["lace"], 3)
    drawing.rect(x - 8, y - 7, 20, 15, drawing.linear((0, "#5a5d63"), (1, "#1f2023"), angle=80), 4)
    drawing.ellipse((x + 2, y), 3.4, 3.4, look["accent"])
