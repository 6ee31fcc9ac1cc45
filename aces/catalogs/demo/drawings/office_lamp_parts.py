"""What desk lamps are put together from: feet, rods, shades, and the light itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    mix,
    number,
    placed,
    polygon,
    shade,
)

Look = Mapping[str, Any]


def across(drawing: Drawing, colour: str, gloss: float = 0.5) -> str:
    """Paint of something round, lit from the left."""
    return drawing.linear(
        (0, shade(colour, -0.3)),
        (0.2, shade(colour, 0.12)),
        (0.32, shade(colour, gloss)),
        (0.5, colour),
        (0.85, shade(colour, -0.35)),
        (1, shade(colour, -0.22)),
    )


def disc(drawing: Drawing, at: Point, rx: float, height: float, colour: str) -> None:
    """A round foot, `height` thick; `at` is the middle of its top."""
    x, y = at
    ry = rx * 0.27
    drawing.shadow((x + 12, y + height + 2), rx * 1.08, ry * 0.95, opacity=0.4, blur=7)
    drawing.shadow((x + 20, y + height + 6), rx * 1.4, ry * 1.3, opacity=0.14, blur=15)
    side = f"M{x - rx},{y} v{height} a{rx},{ry} 0 0 0 {2 * rx},0 v{-height} Z"
    drawing.path(side, across(drawing, colour))
    top = drawing.linear(
        (0, shade(colour, 0.38)), (0.6, colour), (1, shade(colour, -0.2)), angle=25
    )
    drawing.ellipse(at, rx, ry, top)
    drawing.ellipse(
        at, rx - 1.5, ry - 1, "none", stroke=shade(colour, 0.5), stroke_width=1.2, opacity=0.6
    )


def tube(drawing: Drawing, outline: str, colour: str, width: float) -> None:
    """A round rod along a path."""
    drawing.line(outline, shade(colour, -0.45), width)
    drawing.line(outline, colour, width * 0.76)
    light = {"transform": f"translate({number(-width * 0.14)} {number(-width * 0.12)})"}
    drawing.line(outline, shade(colour, 0.3), width * 0.42, **light)
    drawing.line(outline, shade(colour, 0.7), width * 0.14, **light)


def knob(drawing: Drawing, at: Point, radius: float, colour: str) -> None:
    """A ball."""
    drawing.ellipse(
        at,
        radius,
        radius,
        drawing.radial(
            (0, shade(colour, 0.7)),
            (0.5, colour),
            (1, shade(colour, -0.5)),
            at=(0.36, 0.32),
            radius=0.75,
        ),
    )


def beam(drawing: Drawing, corners: Sequence[Point], light: str, opacity: float = 0.75) -> None:
    """Light that falls from the first two corners to the last two."""
    top, bottom = corners[0][1], corners[2][1]
    warm = mix(light, "#ffc24d", 0.4)
    fall = drawing.linear(
        (0, warm, opacity),
        (0.6, warm, opacity * 0.3),
        (1, warm, 0),
        extent=((240, top), (240, bottom)),
    )
    drawing.path(polygon(corners), fall, filter=drawing.blur(6))


def pool(drawing: Drawing, at: Point, rx: float, light: str) -> None:
    """The bright patch on the desk."""
    warm = mix(light, "#ffc24d", 0.45)
    drawing.ellipse(
        at, rx, rx * 0.26, drawing.radial((0, warm, 0.8), (0.6, warm, 0.35), (1, warm, 0))
    )


def hood(drawing: Drawing, at: Point, angle: float, look: Look) -> None:
    """A bell shade whose neck is at `at`, turned clockwise; lit from within."""
    x, y = at
    drawing.open_group(transform=f"rotate({number(angle)} {number(x)} {number(y)})")
    bell = "M -17 0 C -23 37 -66 37 -66 82 L 66 82 C 66 37 23 37 17 0 Z"
    drawing.path(placed(bell, at, 1), across(drawing, look["colour"]))
    neck = across(drawing, shade(look["colour"], -0.12))
    drawing.rect(x - 17, y - 15, 34, 18, neck, 5)
    mouth(drawing, (x, y + 82), 66, 18, look)
    drawing.close_group()


def mouth(drawing: Drawing, at: Point, rx: float, ry: float, look: Look) -> None:
    """The open end of a shade, with the bulb shining in it."""
    warm = mix(look["light"], "#ffb52e", 0.35)
    drawing.ellipse(at, rx, ry, shade(look["colour"], -0.25))
    drawing.ellipse(
        at, rx - 2.5, ry - 2, drawing.radial((0, "#ffffff"), (0.4, look["light"]), (1, warm))
    )
