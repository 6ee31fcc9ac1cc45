"""What bidets are put together from: a camera, moulded solids, knobs, hoses and valves."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    arc_points,
    move,
    number,
    polygon,
    polyline,
    rotated,
    shade,
)

Look = Mapping[str, Any]

STEEL = "#b9bec6"


class Camera(NamedTuple):
    """Looks down on a floor measured in centimetres: x to the right, y away, z up."""

    middle: Point
    """Where the floor's origin appears, in pixels."""
    unit: float
    """Pixels per centimetre."""
    turn: float = 0
    """How far things are turned clockwise, in degrees."""
    tilt: float = 0.6
    """Height over width of a small square on the floor."""

    def see(self, x: float, y: float, z: float = 0) -> Point:
        """Returns where a point appears, in pixels."""
        [(x, y)] = rotated([(x, y)], (0, 0), -self.turn)
        up = self.tilt * y + math.sqrt(1 - self.tilt**2) * z
        return self.middle[0] + self.unit * x, self.middle[1] - self.unit * up

    def seen(self, plan: Sequence[Point], z: float = 0) -> list[Point]:
        """Returns where the points of a plan appear at one height."""
        return [self.see(x, y, z) for x, y in plan]


def gloss(drawing: Drawing, colour: str) -> str:
    """Paint of smooth ceramic or plastic that curves away to both sides."""
    return drawing.linear(
        (0, shade(colour, -0.16)),
        (0.18, shade(colour, 0.1)),
        (0.34, shade(colour, 0.35)),
        (0.6, shade(colour, -0.04)),
        (0.9, shade(colour, -0.28)),
        (1, shade(colour, -0.2)),
    )


def chrome(drawing: Drawing, colour: str = STEEL) -> str:
    """Paint of polished metal."""
    return drawing.linear(
        (0, shade(colour, -0.45)),
        (0.14, shade(colour, 0.25)),
        (0.3, shade(colour, 0.85)),
        (0.45, shade(colour, 0.1)),
        (0.7, shade(colour, -0.35)),
        (0.88, shade(colour, 0.3)),
        (1, shade(colour, -0.4)),
    )


def solid(
    drawing: Drawing,
    camera: Camera,
    plan: Callable[[float], Sequence[Point]],
    heights: Point,
    colour: str,
    hole: Sequence[Point] | None = None,
) -> None:
    """Draws a body layer by layer, from the floor up.

    Args:
        drawing: Where to.
        camera: Who looks.
        plan: Its outline at a share of its height, 0 at the bottom.
        heights: Of bottom and top, in centimetres.
        colour: Of its material.
        hole: What is cut out of it, from above.
    """
    low, high = heights
    layers = max(2, round((high - low) * camera.unit * math.sqrt(1 - camera.tilt**2) / 1.6))
    side = gloss(drawing, colour)
    for layer in range(layers + 1):
        z = low + (high - low) * layer / layers
        outline = polygon(camera.seen(plan(layer / layers), z))
        if hole:
            outline += polygon(camera.seen(hole, z))
        top = layer == layers
        drawing.path(outline, _top(drawing, colour) if top else side, fill_rule="evenodd")


def _top(drawing: Drawing, colour: str) -> str:
    return drawing.linear(
        (0, shade(colour, 0.5)), (0.5, shade(colour, 0.12)), (1, shade(colour, -0.08)), angle=65
    )


def box(x: float, y: float, width: float, depth: float, radius: float) -> list[Point]:
    """Returns the plan of a rectangle with rounded corners; (x, y) is its near left one."""
    r = min(radius, width / 2, depth / 2)
    corners = (
        (x + width - r, y + depth - r, 0),
        (x + r, y + depth - r, 90),
        (x + r, y + r, 180),
        (x + width - r, y + r, 270),
    )
    return [p for cx, cy, a in corners for p in arc_points((cx, cy), r, r, a, a + 90, 8)]


def upright(plan: Sequence[Point], rounding: float = 0.04) -> Callable[[float], list[Point]]:
    """Returns a body with vertical sides whose top edge is rounded off."""
    cx = (min(x for x, _ in plan) + max(x for x, _ in plan)) / 2
    cy = (min(y for _, y in plan) + max(y for _, y in plan)) / 2

    def outline(share: float) -> list[Point]:
        scale = 1 - rounding * max(0.0, (share - 0.6) / 0.4) ** 2
        return [(cx + (x - cx) * scale, cy + (y - cy) * scale) for x, y in plan]

    return outline


def egg(width: float, front: float, back: float) -> list[Point]:
    """Returns the plan of a toilet seat: a long round front, a squarer back."""
    points = []
    for x, y in arc_points((0, 0), 1, 1, 0, 360, 64):
        square = 0.55 if y > 0 else 0.95
        points.append(
            (
                width / 2 * math.copysign(abs(x) ** (0.75 if y > 0 else 0.95), x),
                (back if y > 0 else front) * math.copysign(abs(y) ** square, y),
            )
        )
    return points


def dial(drawing: Drawing, at: Point, radius: float, height: float, colour: str) -> None:
    """A knob that stands up from a panel; `at` is the middle of its foot."""
    x, y = at
    ry = 0.62 * radius
    drawing.ellipse((x + 3, y + 3), radius, ry, "#000000", opacity=0.3, filter=drawing.blur(2.5))
    side = f"M{number(x - radius)},{number(y)} v{number(-height)} h{number(2 * radius)} "
    side += f"v{number(height)} a{number(radius)},{number(ry)} 0 0 1 {number(-2 * radius)},0 Z"
    drawing.path(side, chrome(drawing, colour))
    for step in range(1, 9):
        across = radius * math.cos(math.pi * step / 9)
        foot = (x + across, y + ry * math.sin(math.pi * step / 9))
        ridge = polyline([foot, move(foot, (0, -height))])
        drawing.line(ridge, shade(colour, -0.5), 0.8, opacity=0.5)
    top = drawing.linear((0, shade(colour, 0.75)), (1, shade(colour, -0.15)), angle=50)
    drawing.ellipse((x, y - height), radius, ry, top, stroke=shade(colour, -0.25), stroke_width=0.8)
    pointer = [(x, y - height - 0.75 * ry), (x, y - height - 0.25 * ry)]
    drawing.line(polyline(pointer), shade(colour, -0.55), 2)


def hose(drawing: Drawing, outline: str, width: float = 11, colour: str = STEEL) -> None:
    """A hose in a metal braid."""
    drawing.line(
        outline, "#1a1d26", width, opacity=0.22, transform="translate(4 7)", filter=drawing.blur(4)
    )
    drawing.line(outline, shade(colour, -0.5), width)
    drawing.line(outline, colour, 0.8 * width)
    shine = {"transform": f"translate({number(-0.14 * width)} {number(-0.16 * width)})"}
    drawing.line(outline, shade(colour, 0.75), 0.3 * width, **shine)
    braid = {"stroke_linecap": "butt", "opacity": 0.4}
    drawing.line(outline, shade(colour, -0.6), 0.8 * width, stroke_dasharray="1.2 2.6", **braid)


def valve(drawing: Drawing, at: Point, scale: float = 1, colour: str = STEEL) -> None:
    """A T-piece with its outlet to the left; a `scale` below 0 turns it to the right."""
    x, y = at
    drawing.open_group(
        transform=f"translate({number(x)} {number(y)}) scale({number(scale)} {number(abs(scale))})"
    )
    drawing.shadow((2, 44), 30, 7, opacity=0.3, blur=5)
    metal, turned = chrome(drawing, colour), chrome_down(drawing, colour)
    drawing.rect(-42, -9, 34, 18, turned, 3)
    drawing.rect(-46, -12, 12, 24, turned, 3)
    drawing.rect(-12, -34, 24, 74, metal, 4)
    for top in (-44, 26):
        drawing.rect(-17, top, 34, 20, metal, 3)
        grooves = "".join(f"M{groove},{top + 2} v16" for groove in range(-13, 16, 4))
        drawing.line(grooves, shade(colour, -0.5), 0.9, opacity=0.6)
    drawing.close_group()


def chrome_down(drawing: Drawing, colour: str = STEEL) -> str:
    """Paint of polished metal that lies on its side."""
    return drawing.linear(
        (0, shade(colour, 0.2)),
        (0.25, shade(colour, 0.85)),
        (0.5, shade(colour, -0.1)),
        (0.8, shade(colour, -0.45)),
        (1, shade(colour, 0.1)),
        angle=90,
    )


def jet(drawing: Drawing, start: Point, reach: Point) -> None:
    """Water that springs from `start` and falls at `start` + `reach`."""
    (x, y), (dx, dy) = start, reach
    for spread in (-5, 0, 5):
        arc = f"M{number(x)},{number(y)} q{number(dx / 2 + spread / 2)},{number(dy - 46)} "
        arc += f"{number(dx + spread)},{number(dy)}"
        drawing.line(arc, "#7cc8ee", 3.4, opacity=0.5)
        drawing.line(arc, "#ffffff", 1.2, opacity=0.9)
