"""Draws bidets: attachments, seats, hand-held sprayers and travel bottles."""

from collections.abc import Callable

from aces.catalogs.demo.drawings.bidet_bathroom import RIM, shelf, tiled, toilet, towel_ring
from aces.catalogs.demo.drawings.bidet_hand import HANDHELD
from aces.catalogs.demo.drawings.bidet_parts import (
    STEEL,
    Camera,
    Look,
    box,
    dial,
    egg,
    gloss,
    hose,
    jet,
    solid,
    upright,
    valve,
)
from aces.catalogs.demo.drawings.lettering import write
from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    ink_on,
    number,
    polygon,
    polyline,
    shade,
)

VIEWS = ("front", "bathroom")
"""On studio paper; where it is used."""


def draw(look: Look, brand: str, view: str = "front") -> str:
    """Returns the SVG of a bidet.

    Args:
        look: `form` (attachment, seat or one of `bidet_hand.HANDHELD`), `colour`, `accent` of
            knobs, nozzle or tank, `wall` behind it in the bathroom; of an attachment `dials`, how
            many; of a seat `control` (panel, remote, dials) and `round` for a short bowl; of a
            sprayer `head` (shower, pistol) and `sink` where it is fed by a faucet.
        brand: Printed on the panel or the body.
        view: One of `VIEWS`.
    """
    drawing = Drawing()
    if look["form"] in HANDHELD:
        _hand(drawing, look, brand, view)
    else:
        ON_TOILET[look["form"], view](drawing, look, brand)
    return drawing.svg()


def _hand(drawing: Drawing, look: Look, brand: str, view: str) -> None:
    """What is held in the hand: alone, on a wall or on a shelf."""
    form = HANDHELD[look["form"]]
    if view == "front":
        form.alone(drawing, look, brand)
        return
    tiled(drawing, look["wall"])
    if look["form"] == "sprayer":
        toilet(drawing, Camera((128, 440), 3.6, 0, 0.42))
        _plain_seat(drawing, Camera((128, 440), 3.6, 0, 0.42))
    else:
        shelf(drawing)
    form.in_place(drawing, look, brand)


def _attachment(drawing: Drawing, look: Look, brand: str) -> None:
    """The plate that goes under the seat, with its hose and valve beside it."""
    camera, colour = Camera((226, 226), 9.6, 12, 0.62), look["colour"]
    drawing.shadow(camera.see(-1, -3, -2), 186, 50, opacity=0.26, blur=10)
    drawing.shadow(camera.see(20, -8, -2), 52, 74, opacity=0.3, blur=10)
    x, y = camera.see(20, 3.4, 1.6)
    coil = f"M{number(x)},{number(y)} C{number(x + 16)},70 462,96 452,180 C446,250 462,300 440,352"
    hose(drawing, coil + " C420,400 330,402 250,396")
    valve(drawing, (200, 396), -1)
    solid(drawing, camera, upright(box(-19, -3.5, 34, 8, 4), 0), (0, 0.9), colour)
    for x in (-13.5, 4.5):
        slot = polygon(camera.seen(box(x, -1.4, 6, 3.4, 1.6), 0.9))
        drawing.path(slot, "#e9ebee", stroke=shade(colour, -0.35), stroke_width=1.5)
        drawing.line(polyline(camera.seen([(x + 1, 0.3), (x + 5, 0.3)], 0.9)), STEEL, 4)
    solid(drawing, camera, upright(box(-6.5, -8, 10, 8, 2)), (0.5, 3.2), colour)
    for x in (-3.4, 0.4) if look["dials"] > 1 else (-1.5,):
        _nozzle(drawing, camera, (x, -8), look)
    _arm(drawing, camera, look, brand, (0.0, 3.6))


def _nozzle(drawing: Drawing, camera: Camera, at: Point, look: Look) -> None:
    x, y = at
    pipe = polyline([camera.see(x, y, 1.6), camera.see(x, y - 4.5, 0.9)])
    drawing.line(pipe, shade(look["accent"], -0.4), 13)
    drawing.line(pipe, shade(look["accent"], 0.3), 9)
    drawing.line(pipe, "#ffffff", 3, opacity=0.7, transform="translate(-2 -2)")
    tip = camera.see(x, y - 4.5, 1.2)
    for dx in (-2.4, 0, 2.4):
        drawing.ellipse((tip[0] + dx, tip[1]), 0.9, 0.9, "#3b4047")


def _arm(
    drawing: Drawing, camera: Camera, look: Look, brand: str, heights: Point, size: float = 1
) -> None:
    """The panel with the dials, to the right of the seat."""
    plan = box(15, -15, 9.5, 19, 3.5)
    solid(drawing, camera, upright(plan, 0.08), heights, look["colour"])
    place = {1: (-6.0,), 2: (-1.5, -10.0), 3: (-0.2, -6.0, -11.6)}[look["dials"]]
    radius = camera.unit * (3 if look["dials"] < 3 else 2.4)
    for y in place:
        dial(drawing, camera.see(19.7, y, heights[1]), radius, 1.4 * camera.unit, look["accent"])
    if size == 1:
        x, y = camera.see(19.7, -13.4 if look["dials"] < 3 else -14, heights[1] - 1.4)
        write(drawing, brand, (x + 6, y + 15), 8, ink_on(look["colour"]), 0.15)


def _attached(drawing: Drawing, look: Look, brand: str) -> None:
    """The attachment under the seat of a toilet."""
    tiled(drawing, look["wall"])
    camera = Camera((214, 426), 4.5, 16, 0.46)
    towel_ring(drawing, (420, 70), "#e8dfd2")
    hose(drawing, "M330,250 C330,326 346,352 372,330", 7)
    hose(drawing, "M396,308 C396,262 360,262 340,236", 7)
    valve(drawing, (396, 328), 0.5)
    toilet(drawing, camera)
    _lid(drawing, camera, 27, RIM + 2, "#f6f7f8")
    solid(drawing, camera, upright(box(-17, 11, 34, 7, 3), 0), (RIM, RIM + 1.2), look["colour"])
    ring, hole = egg(37, 28, 17), egg(22, 20, 9)
    solid(drawing, camera, upright(ring, 0.03), (RIM + 1, RIM + 3), "#f6f7f8", hole)
    tip = camera.see(0, 8, RIM)
    jet(drawing, tip, (-14, 28))
    _arm(drawing, camera, look, brand, (RIM - 1.6, RIM + 3), 0.5)


def _lid(drawing: Drawing, camera: Camera, length: float, low: float, colour: str) -> None:
    """A lid that stands open."""
    high = length + 17
    plan = [(x, y) for x, y in egg(37, high - 9, 9)]
    stands = [camera.see(x, 17.5 + 0.1 * (9 - y), low + 9 - y) for x, y in plan]
    back = polygon([(x + 3, y + 1) for x, y in stands])
    drawing.path(back, shade(colour, -0.3))
    face = drawing.linear(
        (0, shade(colour, 0.6)), (0.55, colour), (1, shade(colour, -0.14)), angle=55
    )
    drawing.path(polygon(stands), face, stroke=shade(colour, -0.18), stroke_width=1)
    x = sum(px for px, _ in stands) / len(stands)
    y = sum(py for _, py in stands) / len(stands)
    inner = polygon([(x + 0.86 * (px - x), y + 0.88 * (py - y)) for px, py in stands])
    drawing.line(inner, shade(colour, -0.14), 1.6, opacity=0.7)


def _plain_seat(drawing: Drawing, camera: Camera) -> None:
    """An ordinary closed seat."""
    solid(drawing, camera, upright(egg(37, 28, 18), 0.03), (RIM, RIM + 2), "#d3d8dd")
    solid(drawing, camera, upright(egg(37, 28, 18), 0.06), (RIM + 2, RIM + 5), "#f7f8f9")


def _seat_parts(drawing: Drawing, camera: Camera, look: Look, brand: str, low: float) -> None:
    """Lid, housing, ring and control of a seat whose underside is at height `low`."""
    colour, front = look["colour"], 22 if look.get("round") else 28
    _lid(drawing, camera, front, low + 5, colour)
    tall = 5 if look["control"] == "dials" else 9
    solid(drawing, camera, upright(box(-19.5, 8, 39, 11, 4), 0.05), (low, low + tall), colour)
    name = camera.see(-8, 7.6, low + tall * 0.62)
    spin = f"rotate({number(camera.turn * 0.5)} {number(name[0])} {number(name[1])})"
    ring, hole = egg(38, front, 12), egg(22.5, front - 7.5, 7.5)
    solid(drawing, camera, upright(ring, 0.03), (low, low + 4), colour, hole)
    shine = [(0.86 * x, 0.88 * y) for x, y in ring if x < -4 and y < 6]
    drawing.line(polyline(camera.seen(shine, low + 4)), "#ffffff", 3, opacity=0.8)
    write(drawing, brand, name, 1.1 * camera.unit, ink_on(colour), 0.15, transform=spin)
    wand = polyline([camera.see(0, 8, low + 1.5), camera.see(0, 1.5, low)])
    drawing.line(wand, shade(look["accent"], -0.3), 1.7 * camera.unit)
    drawing.line(wand, shade(look["accent"], 0.55), 1.1 * camera.unit)


def _panel(drawing: Drawing, camera: Camera, look: Look, low: float) -> None:
    """Keys on an arm at the right of the seat."""
    solid(
        drawing,
        camera,
        upright(box(19, -13, 9.5, 28, 3.5), 0.07),
        (low + 0.5, low + 5),
        look["colour"],
    )
    if look["control"] == "dials":
        for y in (-6.5, 5):
            dial(
                drawing,
                camera.see(23.7, y, low + 5),
                3.1 * camera.unit,
                1.5 * camera.unit,
                look["accent"],
            )
        return
    glass = polygon(camera.seen(box(20.6, -10.5, 6.3, 23, 2), low + 5))
    drawing.path(glass, drawing.linear((0, "#3a4048"), (1, "#15181c"), angle=70))
    for row, tone in enumerate(("#ff6b6b", "#59c4ff", "#59c4ff", "#ff9fc2", "#ffd27a", "#7fe0a4")):
        for x in (22.3, 25.2):
            at = camera.see(x, 10 - 3.7 * row, low + 5.1)
            drawing.ellipse(at, 0.85 * camera.unit, 0.6 * camera.unit, shade(tone, 0.1))


def _remote(drawing: Drawing, at: Point, scale: float, look: Look) -> None:
    """A hand control with a display."""
    x, y = at
    drawing.open_group(transform=f"translate({number(x)} {number(y)}) scale({number(scale)})")
    drawing.shadow((4, 80), 40, 8, opacity=0.35, blur=6)
    drawing.rect(-36, -78, 72, 156, gloss(drawing, look["colour"]), 14)
    drawing.rect(-27, -68, 54, 40, drawing.linear((0, "#2a3038"), (1, "#0f1215"), angle=60), 6)
    write(drawing, "100", (0, -48), 15, "#8fe3ff", 0.14)
    for row, tone in enumerate(("#e2574c", "#3d9be0", "#6a7079", "#6a7079")):
        for column in (-17, 0, 17):
            key = tone if column != 0 or row > 1 else "#e58bb0"
            drawing.ellipse((column, -12 + 23 * row), 6.5, 6.5, shade(key, 0.15))
    drawing.close_group()


def _seat(drawing: Drawing, look: Look, brand: str) -> None:
    """A seat alone, its lid open."""
    camera = Camera((212, 322), 5.4, 18, 0.56)
    drawing.shadow(camera.see(2, -4), 146, 86, opacity=0.3, blur=13)
    _seat_parts(drawing, camera, look, brand, 0)
    if look["control"] == "remote":
        _remote(drawing, (420, 360), 0.78, look)
    else:
        _panel(drawing, camera, look, 0)


def _seated(drawing: Drawing, look: Look, brand: str) -> None:
    """A seat on a toilet."""
    tiled(drawing, look["wall"])
    camera = Camera((214, 428), 4.3, 18, 0.46)
    toilet(drawing, camera, 21 if look.get("round") else 27)
    _seat_parts(drawing, camera, look, brand, RIM)
    jet(drawing, camera.see(0, 2, RIM), (-12, 26))
    if look["control"] == "remote":
        drawing.rect(384, 112, 56, 116, "#000000", 12, opacity=0.25, filter=drawing.blur(6))
        _remote(drawing, (408, 164), 0.72, look)
        return
    _panel(drawing, camera, look, RIM)
    towel_ring(drawing, (424, 64), "#dfe6ea")


ON_TOILET: dict[tuple[str, str], Callable[[Drawing, Look, str], None]] = {
    ("attachment", "front"): _attachment,
    ("attachment", "bathroom"): _attached,
    ("seat", "front"): _seat,
    ("seat", "bathroom"): _seated,
}
"""Form and view -> who draws them."""
