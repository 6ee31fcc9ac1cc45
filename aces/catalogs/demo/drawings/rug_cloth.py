"""A rug as flat shapes, which can be laid on paper from above or on a floor in perspective."""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from random import Random

from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    arc_points,
    number,
    on_circle,
    polygon,
    soften,
)

Project = Callable[[Point], Point]
"""From a place on the rug to a place in the picture."""


class Cloth:
    """Shapes on a rug, in the order they are woven. One unit is a pixel as seen from above."""

    def __init__(self, outline: Sequence[Point]) -> None:
        self.outline = list(outline)
        self.width = max(x for x, _ in outline)
        self.height = max(y for _, y in outline)
        self._shapes: list[tuple[list[list[Point]], str, float]] = []

    @property
    def middle(self) -> Point:
        """The centre of the rug."""
        return self.width / 2, self.height / 2

    def fill(self, points: Iterable[Point], colour: str, opacity: float = 1) -> None:
        """Adds a polygon."""
        corners = list(points)
        around = zip(corners, corners[1:] + corners[:1], strict=True)
        if sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in around) < 0:
            corners.reverse()  # one way round, so that overlapping shapes can be one path
        if self._shapes and opacity == 1 and self._shapes[-1][1:] == (colour, 1):
            self._shapes[-1][0].append(corners)
        else:
            self._shapes.append(([corners], colour, opacity))

    def disc(self, at: Point, rx: float, colour: str, ry: float | None = None) -> None:
        """Adds an ellipse."""
        sides = 10 if rx < 6 else 28
        self.fill(arc_points(at, rx, rx if ry is None else ry, 0, 360, sides)[:-1], colour)

    def frame(self, inset: float, colour: str) -> None:
        """Adds a rectangle that keeps a distance from the edges."""
        right, low = self.width - inset, self.height - inset
        self.fill([(inset, inset), (right, inset), (right, low), (inset, low)], colour)

    def line(self, points: Sequence[Point], colour: str, width: float, opacity: float = 1) -> None:
        """Adds a line of even width."""
        for (x1, y1), (x2, y2) in pairwise(points):
            length = math.hypot(x2 - x1, y2 - y1) or 1
            dx, dy = (y1 - y2) * width / length / 2, (x2 - x1) * width / length / 2
            quad = [(x1 + dx, y1 + dy), (x2 + dx, y2 + dy), (x2 - dx, y2 - dy), (x1 - dx, y1 - dy)]
            self.fill(quad, colour, opacity)

    def lay(self, drawing: Drawing, project: Project) -> None:
        """Draws the rug, cut to its outline."""
        edge = polygon(map(project, self.outline))
        drawing.open_group(clip_path=drawing.clip(edge))
        for shapes, colour, opacity in self._shapes:
            see_through = {"opacity": opacity} if opacity < 1 else {}
            outline = "".join(polygon(map(project, shape)) for shape in shapes)
            drawing.path(outline, colour, **see_through)
        drawing.close_group()


def rectangle(width: float, height: float) -> list[Point]:
    """Returns the outline of a rug with slightly rounded corners."""
    return soften([(0, 0), (width, 0), (width, height), (0, height)], 4)


def ellipse(width: float, height: float) -> list[Point]:
    """Returns the outline of a round or oval rug."""
    return arc_points((width / 2, height / 2), width / 2, height / 2, 0, 360, 90)[:-1]


def hide(width: float, height: float) -> list[Point]:
    """Returns the outline of a cowhide: four legs, neck and tail."""
    half = [
        (0.5, 0.0), (0.6, 0.03), (0.63, 0.12), (0.74, 0.17), (0.86, 0.1), (0.98, 0.12),
        (0.97, 0.22), (0.86, 0.3), (0.83, 0.44), (0.85, 0.6), (0.9, 0.72), (1.0, 0.84),
        (0.95, 0.94), (0.84, 0.9), (0.72, 0.86), (0.6, 0.9), (0.55, 1.0), (0.5, 1.0),
    ]  # fmt: skip
    whole = half + [(1 - x, y - 0.012) for x, y in reversed(half[1:-1])]
    return soften([(x * width, y * height) for x, y in whole], 60)


def hairs(
    drawing: Drawing, cloth: Cloth, project: Project, length: float, n: int, strength: float
) -> None:
    """Adds the nap: dark and light fibres strewn over a rug.

    Args:
        drawing: Where to.
        cloth: The rug.
        project: Where it lies.
        length: Of a fibre, in pixels as seen from above.
        n: How many there are of each tone.
        strength: Opacity of the light ones; the dark ones have two thirds of it.
    """
    random = Random(n)
    width = 2.2 if length > 8 else 1
    drawing.open_group(clip_path=drawing.clip(polygon(map(project, cloth.outline))))
    for colour, opacity in (("#1a140c", strength * 0.66), ("#ffffff", strength)) * 2:
        strokes = []
        for _ in range(n // 2):
            x, y = random.random() * cloth.width, random.random() * cloth.height
            turn, reach = random.uniform(0.3, 2.8), length * random.uniform(0.4, 1.1)
            end = (x + reach * math.cos(turn), y + reach * math.sin(turn))
            strokes.append(_stroke(project((x, y)), project(end)))
        drawing.line("".join(strokes), colour, width, opacity=round(opacity, 3))
    drawing.close_group()


def weave(drawing: Drawing, cloth: Cloth, project: Project, strength: float) -> None:
    """Adds the ribs of a flat weave."""
    drawing.open_group(clip_path=drawing.clip(polygon(map(project, cloth.outline))))
    for colour, shift in (("#1a140c", 0.0), ("#ffffff", 1.6)):
        rows = [i * 3.4 + shift for i in range(int(cloth.height / 3.4) + 1)]
        ribs = "".join(_stroke(project((0, y)), project((cloth.width, y))) for y in rows)
        drawing.line(ribs, colour, 1, opacity=round(strength, 3), stroke_dasharray="3 1.6")
    drawing.close_group()


def ragged(drawing: Drawing, cloth: Cloth, project: Project, colour: str, length: float) -> None:
    """Adds tufts that hang over the edge, to be laid under the rug."""
    random, strokes = Random(3), []
    centre = cloth.middle
    for start, end in pairwise([*cloth.outline, cloth.outline[0]]):
        steps = max(1, int(math.dist(start, end) / 1.6))
        for i in range(steps):
            x = start[0] + (end[0] - start[0]) * i / steps
            y = start[1] + (end[1] - start[1]) * i / steps
            away = math.atan2(y - centre[1], x - centre[0]) + random.uniform(-0.7, 0.7)
            reach = length * random.uniform(0.4, 1)
            tip = (x + reach * math.cos(away), y + reach * math.sin(away))
            strokes.append(_stroke(project((x, y)), project(tip)))
    drawing.line("".join(strokes), colour, 2)


def fringe(drawing: Drawing, cloth: Cloth, project: Project, colour: str) -> None:
    """Adds tassels at both ends."""
    strokes = []
    for i in range(int(cloth.width / 5) + 1):
        x = 2 + i * (cloth.width - 4) / int(cloth.width / 5)
        lean = 2.0 if i % 3 else -2.5
        strokes.append(_stroke(project((x, 1)), project((x + lean, -13))))
        low = cloth.height
        strokes.append(_stroke(project((x, low - 1)), project((x - lean, low + 13))))
    drawing.line("".join(strokes), colour, 2.2)


def _stroke(start: Point, end: Point) -> str:
    return f"M{number(start[0])},{number(start[1])}L{number(end[0])},{number(end[1])}"


def diamond(at: Point, rx: float, ry: float) -> list[Point]:
    """Returns a square that stands on a corner."""
    x, y = at
    return [(x, y - ry), (x + rx, y), (x, y + ry), (x - rx, y)]


def square(x: float, y: float, size: float) -> list[Point]:
    """Returns a square from its top left corner."""
    return [(x, y), (x + size, y), (x + size, y + size), (x, y + size)]


def on_ellipse(at: Point, rx: float, ry: float, degrees: float) -> Point:
    """Returns the point of an ellipse at an angle, 0 at the right, 90 below."""
    x, y = on_circle((0, 0), 1, degrees)
    return at[0] + rx * x, at[1] + ry * y


def lobed(at: Point, rx: float, ry: float, lobes: int, depth: float) -> list[Point]:
    """Returns an ellipse with a scalloped edge."""
    points = []
    for i in range(120):
        dent = 1 - depth * (1 - abs(math.sin(math.radians(1.5 * i * lobes))))
        points.append(on_ellipse(at, rx * dent, ry * dent, 3 * i))
    return points


def flower(cloth: Cloth, at: Point, radius: float, petal: str, eye: str, n: int) -> None:
    """Adds a flower of `n` petals."""
    for i in range(n):
        cloth.disc(on_circle(at, radius * 0.58, 360 * i / n + 18), radius * 0.42, petal)
    cloth.disc(at, radius * 0.5, petal)
    cloth.disc(at, radius * 0.34, eye)
