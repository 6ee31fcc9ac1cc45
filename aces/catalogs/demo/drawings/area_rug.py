"""Draws area rugs: from above on studio paper, and laid in a furnished room."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aces.catalogs.demo.drawings.living_room import furnish, on_floor, shell
from aces.catalogs.demo.drawings.rug_cloth import (
    Cloth,
    Project,
    ellipse,
    fringe,
    hairs,
    hide,
    ragged,
    rectangle,
    weave,
)
from aces.catalogs.demo.drawings.rug_patterns import PATTERNS
from aces.catalogs.demo.drawings.studio import SIZE, Drawing, Point, number, polygon, shade

Look = Mapping[str, Any]

VIEWS = ("front", "room")
"""From above; in a room."""

SHAPES: Mapping[str, tuple[Callable[[float, float], list[Point]], float, float]] = {
    "rectangle": (rectangle, 328, 410),
    "narrow": (rectangle, 268, 412),
    "runner": (rectangle, 140, 428),
    "round": (ellipse, 404, 404),
    "oval": (ellipse, 300, 420),
    "hide": (hide, 380, 424),
}
"""Name of a shape -> its outline, width and height in pixels from above."""


def draw(look: Look, brand: str, view: str = "front") -> str:
    """Returns the SVG of a rug.

    Args:
        look: `shape`; `pattern` with the colours it needs (`field`, `border`, `figure`, `accent`,
            `vein`, `cords`, `worn`); `pile` (flat, low, plush, shag); `fringe`, its colour; the
            `room` with `wall`, `boards` and the `cloth` of its furniture.
        brand: Not shown: a rug has its label on the back.
        view: One of `VIEWS`.
    """
    outline, width, height = SHAPES[look["shape"]]
    cloth = Cloth(outline(width, height))
    PATTERNS[look["pattern"]](cloth, look)
    drawing = Drawing()
    if view == "room":
        shell(drawing, look)
        _lay(drawing, cloth, look, _in_room(cloth, look), (0, 4))
        furnish(drawing, look)
    else:
        corner = ((SIZE - width) / 2, (SIZE - height) / 2)
        _lay(drawing, cloth, look, lambda p: (p[0] + corner[0], p[1] + corner[1]), (3, 6))
    return drawing.svg()


def _in_room(cloth: Cloth, look: Look) -> Project:
    """Where a rug lies on the floor: a runner lengthwise, others with a long side to the front."""
    if look["shape"] == "runner":
        foot = cloth.height / 7.2
        return lambda p: on_floor((p[0] - cloth.width / 2) / foot, 14.6 - p[1] / foot * 0.98)
    foot = cloth.height / (6.6 if look["shape"] == "round" else 7.8)
    near = 7.75 if look["room"] == "bed" else 8.15
    far = near + cloth.width / foot
    return lambda p: on_floor((p[1] - cloth.height / 2) / foot, far - p[0] / foot)


def _lay(drawing: Drawing, cloth: Cloth, look: Look, project: Project, fall: Point) -> None:
    """Adds a rug with its shadow, its edge and its nap."""
    outline = [project(point) for point in cloth.outline]
    _shadow(drawing, outline, fall)
    if look["pile"] == "shag":
        ragged(drawing, cloth, project, shade(look["field"], -0.16), 11)
        ragged(drawing, cloth, project, look["field"], 8)
    else:
        thick = [(x + fall[0] * 0.5, y + fall[1] * 0.5) for x, y in outline]
        drawing.path(polygon(thick), shade(look.get("border", look["field"]), -0.45))
    if "fringe" in look:
        fringe(drawing, cloth, project, look["fringe"])
    cloth.lay(drawing, project)
    _nap(drawing, cloth, look, project)
    sheen = drawing.linear(
        (0, "#ffffff", 0.16), (0.45, "#ffffff", 0), (1, "#14100a", 0.16), angle=50
    )
    drawing.path(polygon(outline), sheen)
    if look["pile"] in ("flat", "low"):
        binding = shade(look.get("border", look["field"]), -0.2)
        drawing.line(polygon(outline), binding, 2, opacity=0.7)


def _nap(drawing: Drawing, cloth: Cloth, look: Look, project: Project) -> None:
    """Adds what the surface is made of."""
    pile = look["pile"]
    if pile == "flat":
        weave(drawing, cloth, project, 0.16)
    elif pile == "shag":
        hairs(drawing, cloth, project, 9, 4200, 0.17)
    elif pile == "plush":
        hairs(drawing, cloth, project, 4, 3600, 0.13)
    else:
        hairs(drawing, cloth, project, 3, 2400, 0.17)


def _shadow(drawing: Drawing, outline: Sequence[Point], fall: Point) -> None:
    """Adds the soft shadow of something that lies flat."""
    for share, opacity, blur in ((1.0, 0.5, 4), (2.2, 0.18, 11)):
        shift = f"translate({number(fall[0] * share)} {number(fall[1] * share)})"
        drawing.path(
            polygon(outline), "#1a1d26", opacity=opacity, transform=shift, filter=drawing.blur(blur)
        )
