"""The photographer's studio: paper, light and shadow for the drawn product pictures.

Pictures are 480 by 480. Positions are in pixels from the top left corner, colours `#rrggbb`.
"""

import math
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise

SIZE = 480

Point = tuple[float, float]
Stop = tuple[float, str] | tuple[float, str, float]
"""Offset from 0 to 1, colour, opacity where not 1."""


class Drawing:
    """An SVG in the making: shapes are laid on each other in the order they are added."""

    def __init__(self) -> None:
        self._defs: list[str] = []
        self._shapes: list[str] = []

    def linear(
        self, *stops: Stop, angle: float = 0, extent: tuple[Point, Point] | None = None
    ) -> str:
        """Returns a gradient to paint with.

        Args:
            stops: Its colours.
            angle: Direction over the shape's box in degrees: 0 runs to the right, 90 down.
            extent: From where to where in pixels, instead of an angle.
        """
        if extent:
            (x1, y1), (x2, y2) = extent
            place = 'gradientUnits="userSpaceOnUse" '
        else:
            x, y = math.cos(math.radians(angle)) / 2, math.sin(math.radians(angle)) / 2
            x1, y1, x2, y2 = 0.5 - x, 0.5 - y, 0.5 + x, 0.5 + y
            place = ""
        place += f'x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"'
        return self._define("linearGradient", place, _stops(stops))

    def radial(self, *stops: Stop, at: Point = (0.5, 0.5), radius: float = 0.5) -> str:
        """Returns a round gradient; centre and radius are fractions of the shape's box."""
        place = f'cx="{number(at[0])}" cy="{number(at[1])}" r="{number(radius)}"'
        return self._define("radialGradient", place, _stops(stops))

    def blur(self, radius: float) -> str:
        """Returns a filter that blurs by `radius` pixels."""
        place = 'x="-50%" y="-50%" width="200%" height="200%"'
        return self._define("filter", place, f'<feGaussianBlur stdDeviation="{number(radius)}"/>')

    def clip(self, outline: str) -> str:
        """Returns a clip to the inside of the path `outline`."""
        return self._define("clipPath", "", f'<path d="{outline}"/>')

    def path(self, outline: str, fill: str = "none", **style: object) -> None:
        """Adds a path; `style` holds SVG attributes, with _ for -."""
        self._shapes.append(f'<path d="{outline}" fill="{fill}"{_attributes(style)}/>')

    def line(self, outline: str, colour: str, width: float, **style: object) -> None:
        """Adds a stroke with round ends and corners along a path."""
        round_ends = {"stroke_linecap": "round", "stroke_linejoin": "round"}
        stroke = {"stroke": colour, "stroke_width": number(width)}
        self.path(outline, "none", **{**stroke, **round_ends, **style})

    def ellipse(self, centre: Point, rx: float, ry: float, fill: str, **style: object) -> None:
        """Adds an ellipse."""
        place = f'cx="{number(centre[0])}" cy="{number(centre[1])}"'
        radii = f'rx="{number(rx)}" ry="{number(ry)}"'
        self._shapes.append(f'<ellipse {place} {radii} fill="{fill}"{_attributes(style)}/>')

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str,
        radius: float = 0,
        **style: object,
    ) -> None:
        """Adds a rectangle with rounded corners."""
        self.path(rounded(x, y, width, height, radius), fill, **style)

    def extrude(
        self, outline: Sequence[Point], colour: str, depth: Point, face: str | None = None
    ) -> None:
        """Adds a solid: a side seen from the front, drawn back along `depth`.

        Args:
            outline: Corners of the near side, clockwise as seen.
            colour: Of the material; the rim gets lighter where it looks up.
            depth: From the near side to the far one, in pixels.
            face: Paint of the near side; shaded `colour` where not given.
        """
        for start, end in pairwise([*outline, outline[0]]):
            normal = (end[1] - start[1], start[0] - end[0])
            length = math.hypot(*normal)
            if length and normal[0] * depth[0] + normal[1] * depth[1] > 0:
                light = (-0.3 * normal[0] - 0.95 * normal[1]) / length
                rim = shade(colour, 0.42 * light if light > 0 else 0.5 * light)
                quad = [start, end, move(end, depth), move(start, depth)]
                self.path(polygon(quad), rim, stroke=rim, stroke_width=0.8)
        side = self.linear(
            (0, shade(colour, 0.12)), (0.5, colour), (1, shade(colour, -0.3)), angle=80
        )
        self.path(polygon(outline), face or side)

    def shadow(
        self, centre: Point, rx: float, ry: float, opacity: float = 0.35, blur: float = 9
    ) -> None:
        """Adds a soft shadow on the floor."""
        self.ellipse(centre, rx, ry, "#1a1d26", opacity=opacity, filter=self.blur(blur))

    def open_group(self, **style: object) -> None:
        """Opens a group whose style (transform, clip_path, filter, opacity) covers what follows."""
        self._shapes.append(f"<g{_attributes(style)}>")

    def close_group(self) -> None:
        """Closes the group opened last."""
        self._shapes.append("</g>")

    def svg(self) -> str:
        """Returns the picture: everything added, on studio paper."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE}" height="{SIZE}" '
            f'viewBox="0 0 {SIZE} {SIZE}"><defs>{_PAPER}{"".join(self._defs)}</defs>'
            f'<rect width="{SIZE}" height="{SIZE}" fill="url(#paper)"/>'
            f"{''.join(self._shapes)}</svg>"
        )

    def _define(self, tag: str, attributes: str, content: str) -> str:
        definition = f" {attributes}>{content}</{tag}>"
        for known in self._defs:
            if known.endswith(definition) and known.startswith(f"<{tag} "):
                return f"url(#{known.split(chr(34))[1]})"
        name = f"d{len(self._defs)}"
        self._defs.append(f'<{tag} id="{name}"{definition}')
        return f"url(#{name})"


_PAPER = (
    '<linearGradient id="paper" x1="0" y1="0" x2="0" y2="1"><stop offset="0.6" '
    'stop-color="#ffffff"/><stop offset="1" stop-color="#eef0f2"/></linearGradient>'
)


@cache
def rasterise(svg: str) -> bytes:
    """Returns the picture as PNG; the same text gives the same bytes."""
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True))


def number(value: float) -> str:
    """Returns a number as it stands in an SVG: two decimals at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def shade(colour: str, amount: float) -> str:
    """Returns the colour moved towards white (`amount` up to 1) or black (down to -1)."""
    goal = 255 if amount > 0 else 0
    channels = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(c + (goal - c) * abs(amount)):02x}" for c in channels)


def mix(one: str, other: str, share: float) -> str:
    """Returns a blend of two colours, `share` of it the other."""
    pairs = ((int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def is_bright(colour: str) -> bool:
    """Returns whether dark print stands out on the colour better than light print."""
    return sum(int(colour[at : at + 2], 16) for at in (1, 3, 5)) > 3 * 135


def ink_on(colour: str) -> str:
    """Returns a tone of the colour that can be read on it."""
    return shade(colour, -0.5) if is_bright(colour) else shade(colour, 0.65)


def polygon(points: Iterable[Point]) -> str:
    """Returns the closed path through the points."""
    return "M" + "L".join(f"{number(x)},{number(y)}" for x, y in points) + "Z"


def polyline(points: Iterable[Point]) -> str:
    """Returns the open path through the points."""
    return polygon(points)[:-1]


def rounded(x: float, y: float, width: float, height: float, radius: float) -> str:
    """Returns the path of a rectangle with rounded corners."""
    r = min(radius, width / 2, height / 2)
    w, h = width - 2 * r, height - 2 * r
    n = number
    arc = f"a{n(r)},{n(r)} 0 0 1 "
    return (
        f"M{n(x + r)},{n(y)}h{n(w)}{arc}{n(r)},{n(r)}v{n(h)}{arc}{n(-r)},{n(r)}"
        f"h{n(-w)}{arc}{n(-r)},{n(-r)}v{n(-h)}{arc}{n(r)},{n(-r)}Z"
    )


def move(point: Point, by: Point, share: float = 1) -> Point:
    """Returns the point moved by a share of a vector."""
    return point[0] + share * by[0], point[1] + share * by[1]


def rotated(points: Iterable[Point], about: Point, degrees: float) -> list[Point]:
    """Returns the points turned clockwise about one of them or any other."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    moved = ((x - about[0], y - about[1]) for x, y in points)
    return [(about[0] + x * cos - y * sin, about[1] + x * sin + y * cos) for x, y in moved]


def soften(corners: Sequence[Point], radius: float) -> list[Point]:
    """Returns a polygon whose corners are rounded off, `radius` pixels along each side."""
    points: list[Point] = []
    for i, corner in enumerate(corners):
        before, after = corners[i - 1], corners[(i + 1) % len(corners)]
        start, end = _towards(corner, before, radius), _towards(corner, after, radius)
        points += [_bend(start, corner, end, i / 6) for i in range(7)]
    return points


def _towards(point: Point, goal: Point, distance: float) -> Point:
    """The place `distance` from the point on the way to the goal, half way at most."""
    length = math.dist(point, goal) or 1
    return move(point, (goal[0] - point[0], goal[1] - point[1]), min(distance / length, 0.5))


def _bend(start: Point, corner: Point, end: Point, t: float) -> Point:
    """A point of the quadratic curve from start to end that leans to the corner."""
    a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
    return (
        a * start[0] + b * corner[0] + c * end[0],
        a * start[1] + b * corner[1] + c * end[1],
    )


def placed(outline: str, at: Point, scale: float, scale_y: float | None = None) -> str:
    """Returns a path scaled and moved.

    Args:
        outline: Commands M, L, C, Q and Z, then x and y in turn, all separated by spaces.
        at: Where its origin goes.
        scale: By which x grows, and y too where nothing else is given.
        scale_y: By which y grows.
    """
    scales, axis, parts = (scale, scale if scale_y is None else scale_y), 0, []
    for token in outline.split():
        if token.isalpha():
            parts.append(token)
        else:
            parts.append(number(at[axis] + float(token) * scales[axis]))
            axis = 1 - axis
    return " ".join(parts)


def on_circle(centre: Point, radius: float, degrees: float) -> Point:
    """Returns the point of a circle at an angle, 0 at the right, 90 below."""
    angle = math.radians(degrees)
    return centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)


def arc_points(
    centre: Point, rx: float, ry: float, start: float, end: float, n: int
) -> list[Point]:
    """Returns `n` + 1 points along an ellipse between two angles in degrees, 0 at the right."""
    angles = (math.radians(start + (end - start) * i / n) for i in range(n + 1))
    return [(centre[0] + rx * math.cos(a), centre[1] + ry * math.sin(a)) for a in angles]


def _stops(stops: Iterable[Stop]) -> str:
    texts = []
    for offset, colour, *opacity in stops:
        see_through = f' stop-opacity="{opacity[0]}"' if opacity else ""
        texts.append(f'<stop offset="{number(offset)}" stop-color="{colour}"{see_through}/>')
    return "".join(texts)


def _attributes(style: dict[str, object]) -> str:
    return "".join(f' {name.replace("_", "-")}="{value}"' for name, value in style.items())


def closeup(svg: str, x: float, y: float, size: float) -> str:
    """Returns the picture cut to a square, and enlarged: the lens moved nearer."""
    whole = f'viewBox="0 0 {SIZE} {SIZE}"'
    near = f'viewBox="{number(x)} {number(y)} {number(size)} {number(size)}"'
    return svg.replace(whole, near, 1)
