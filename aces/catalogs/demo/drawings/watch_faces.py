"""The faces of the drawn fitness watches: what a lit screen, or a dial with hands, shows."""

import math
from collections.abc import Callable, Mapping

from aces.catalogs.demo.drawings.lettering import write
from aces.catalogs.demo.drawings.studio import (
    Drawing,
    Point,
    arc_points,
    mix,
    number,
    on_circle,
    polygon,
    polyline,
    shade,
)

CENTRE = (240.0, 236.0)
"""Where every watch has its middle."""

Look = Mapping[str, str]


def _time(drawing: Drawing, look: Look, dy: float, height: float, colour: str = "#ffffff") -> None:
    write(drawing, "10:09", (CENTRE[0], CENTRE[1] + dy), height, colour, 0.14)


def _arc(
    drawing: Drawing, radius: float, start: float, end: float, colour: str, width: float
) -> None:
    drawing.line(polyline(arc_points(CENTRE, radius, radius, start, end, 40)), colour, width)


def _rings(drawing: Drawing, look: Look) -> None:
    colours = (look["accent"], "#b8f04a", "#35d0ff")
    for ring, (colour, share) in enumerate(zip(colours, (0.82, 0.64, 0.5), strict=True)):
        radius = 76 - 15 * ring
        _arc(drawing, radius, 0, 360, mix("#0a0b10", colour, 0.25), 10)
        _arc(drawing, radius, -90, -90 + 360 * share, colour, 10)
    _time(drawing, look, 0, 19)


def _digital(drawing: Drawing, look: Look) -> None:
    narrow = look["shape"] == "band"
    x, y = CENTRE
    if narrow:
        write(drawing, "10", (x, y - 42), 40, "#ffffff", 0.14)
        write(drawing, "09", (x, y + 12), 40, look["accent"], 0.14)
    else:
        _time(drawing, look, -26, 42)
        write(drawing, "THU 15", (x, y - 68), 11, look["accent"], 0.14)
    for row, (text, colour, share) in enumerate(
        (("8 412", look["accent"], 0.8), ("72", "#ff6b6b", 0.5))
    ):
        place, half = y + (56 if narrow else 22) + 26 * row, 32 if narrow else 62
        drawing.rect(x - half, place, 2 * half, 7, "#2a2d36", 4)
        drawing.rect(x - half, place, 2 * half * share, 7, colour, 4)
        if not narrow:
            write(drawing, text, (x - half + 14 + 4 * row, place - 8), 8, "#c8ccd4", 0.15)


def _bars(drawing: Drawing, look: Look) -> None:
    x, y = CENTRE
    write(drawing, "10:09", (x, y - 62), 19, "#ffffff", 0.14)
    for day, share in enumerate((0.5, 0.8, 0.35, 0.95, 0.6, 0.72, 0.42)):
        height = 82 * share
        colour = look["accent"] if day == 3 else mix("#15171e", look["accent"], 0.5)
        drawing.rect(x - 35 + day * 10.6, y + 52 - height, 7, height, colour, 3.5)
    write(drawing, "9 640", (x, y + 78), 13, look["accent"], 0.14)


def _route(drawing: Drawing, look: Look) -> None:
    x, y = CENTRE
    for ring in range(1, 6):
        points = [
            (x + 34 + px * (1 + 0.25 * math.sin(3 * i / 6 + ring)), y + 26 + py)
            for i, (px, py) in enumerate(arc_points((0, 0), 24 * ring, 18 * ring, 0, 360, 36))
        ]
        drawing.line(polyline(points), "#4d6b52", 1.4, opacity=0.8)
    trail: list[Point] = [
        (x - 66, y + 52),
        (x - 40, y + 28),
        (x - 22, y + 40),
        (x + 2, y + 14),
        (x + 26, y + 20),
        (x + 58, y - 16),
    ]
    drawing.line(polyline(trail), look["accent"], 5)
    drawing.ellipse(trail[0], 6, 6, "#ffffff")
    drawing.ellipse(trail[-1], 8, 8, "#ffffff")
    drawing.ellipse(trail[-1], 5, 5, look["accent"])
    drawing.rect(x - 60, y - 76, 120, 40, "#07080b", 12, opacity=0.8)
    _time(drawing, look, -56, 24)


def _compass(drawing: Drawing, look: Look) -> None:
    x, y = CENTRE
    for tick in range(60):
        inner = 80 if tick % 5 else 74
        ends = [on_circle(CENTRE, r, 6 * tick) for r in (inner, 89)]
        drawing.line(
            polyline(ends), look["accent"] if tick % 15 == 0 else "#8a9099", 1.4 if tick % 5 else 3
        )
    for letter, place in (
        ("N", (x, y - 62)),
        ("E", (x + 62, y)),
        ("S", (x, y + 60)),
        ("W", (x - 62, y)),
    ):
        write(drawing, letter, place, 12, "#ffffff", 0.16)
    drawing.open_group(transform=f"rotate(32 {number(x)} {number(y)})")
    drawing.path(polygon([(x, y - 48), (x + 8, y), (x - 8, y)]), look["accent"])
    drawing.path(polygon([(x, y + 48), (x + 8, y), (x - 8, y)]), "#d9dde3")
    drawing.close_group()
    drawing.ellipse(CENTRE, 24, 13, "#07080b")
    _time(drawing, look, 0, 13)


def _hands(drawing: Drawing, look: Look) -> None:
    dial = drawing.radial((0, "#fbf8f1"), (0.8, "#f1eadc"), (1, "#d8cdb8"))
    drawing.ellipse(CENTRE, 98, 98, dial)
    for hour in range(12):
        ends = [on_circle(CENTRE, r, 30 * hour) for r in (70, 86)]
        drawing.line(polyline(ends), "#3d332a", 4 if hour % 3 == 0 else 2.2)
    _small_dial(drawing, look)
    for angle, length, width in ((-146, 46, 6), (-36, 70, 4.5)):
        tip = on_circle(CENTRE, length, angle)
        drawing.line(polyline([CENTRE, tip]), "#2c2621", width)
    second = [on_circle(CENTRE, r, 120) for r in (-16, 76)]
    drawing.line(polyline(second), look["accent"], 1.8)
    drawing.ellipse(CENTRE, 6, 6, "#2c2621")


def _small_dial(drawing: Drawing, look: Look) -> None:
    """The step counter above six o'clock."""
    middle = (CENTRE[0], CENTRE[1] + 42)
    drawing.ellipse(middle, 19, 19, "#efe6d4", stroke="#c9bca3", stroke_width=1.5)
    drawing.line(polyline(arc_points(middle, 14, 14, -90, 150, 24)), look["accent"], 4)


def _waves(drawing: Drawing, look: Look) -> None:
    x, y = CENTRE
    for row in range(3):
        points = [
            (x - 90 + i * 5, y + 34 + 20 * row + 6 * math.sin(i / 2.6 + row)) for i in range(37)
        ]
        water = polygon([*points, (x + 90, y + 120), (x - 90, y + 120)])
        drawing.path(water, mix("#0b3140", look["accent"], 0.25 + 0.2 * row), opacity=0.85)
    _time(drawing, look, -24, 34)
    write(drawing, "1500", (x, y - 66), 13, look["accent"], 0.14)


def _heart(drawing: Drawing, look: Look) -> None:
    x, y = CENTRE
    beat = [
        (-84, 0),
        (-52, 0),
        (-44, -8),
        (-36, 0),
        (-24, 0),
        (-16, 12),
        (-4, -46),
        (8, 34),
        (16, 0),
        (32, 0),
        (42, -12),
        (52, 0),
        (84, 0),
    ]
    points = [(x + dx, y + 22 + 0.8 * dy) for dx, dy in beat]
    drawing.line(polyline(points), look["accent"], 8, opacity=0.25)
    drawing.line(polyline(points), look["accent"], 3.4)
    _time(drawing, look, -44, 28)
    heart = f"M{x - 26},{y + 64} c-5,-9 -18,-2 -10,8 l10,10 l10,-10 c8,-10 -5,-17 -10,-8 Z"
    drawing.path(heart, "#ff5470")
    write(drawing, "64", (x + 14, y + 71), 17, "#ffffff", 0.15)


def _pet(drawing: Drawing, look: Look) -> None:
    """A round creature that is happy about the day's steps."""
    x, y = CENTRE
    _time(drawing, look, -64, 26)
    fur = drawing.radial((0, shade(look["accent"], 0.45)), (1, look["accent"]), at=(0.4, 0.3))
    for sign in (-1, 1):
        drawing.ellipse((x + 26 * sign, y - 20), 11, 18, look["accent"])
    drawing.ellipse((x, y + 18), 48, 42, fur)
    drawing.ellipse((x, y + 36), 28, 20, "#ffffff", opacity=0.55)
    for sign in (-1, 1):
        eye = (x + 18 * sign, y + 8)
        drawing.ellipse(eye, 6, 7.5, "#22252c")
        drawing.ellipse((eye[0] - 2, eye[1] - 3), 2.2, 2.2, "#ffffff")
        drawing.ellipse((x + 32 * sign, y + 22), 6, 4, "#ff8fa0", opacity=0.7)
    drawing.line(polyline(arc_points((x, y + 20), 9, 7, 20, 160, 12)), "#22252c", 3)
    for star in range(5):
        centre = (x - 48 + 24 * star, y + 84)
        drawing.ellipse(centre, 6, 6, "#ffd84a" if star < 4 else "#343843")


def _hole(drawing: Drawing, look: Look) -> None:
    """A golf hole from above, with the way to the green."""
    x, y = CENTRE
    fairway = f"M{x + 12},{y + 92} C{x - 14},{y + 30} {x + 86},{y + 6} {x + 34},{y - 66}"
    drawing.line(fairway, "#2c6b34", 58)
    drawing.line(fairway, "#3f8c45", 40)
    drawing.ellipse((x + 34, y - 52), 27, 21, "#7cc86a")
    drawing.ellipse((x + 6, y - 34), 10, 7, "#ead9a0")
    drawing.ellipse((x + 72, y + 22), 9, 15, "#3d8fc9")
    drawing.line(polyline([(x + 26, y + 48), (x + 34, y - 52)]), "#ffffff", 1.8, opacity=0.9)
    drawing.line(polyline([(x + 34, y - 52), (x + 34, y - 74)]), "#ffffff", 2)
    drawing.path(polygon([(x + 34, y - 75), (x + 50, y - 69), (x + 34, y - 63)]), look["accent"])
    drawing.ellipse((x + 26, y + 48), 4.5, 4.5, "#ffffff")
    write(drawing, "142", (x - 50, y - 8), 34, "#ffffff", 0.14)
    write(drawing, "PAR 4", (x - 50, y + 26), 11, look["accent"], 0.15)


def _moon(drawing: Drawing, look: Look) -> None:
    """Last night: a crescent over the stages of sleep."""
    x, y = CENTRE
    drawing.ellipse((x, y - 74), 21, 21, look["accent"])
    drawing.ellipse((x + 9, y - 80), 18, 18, "#0b0c12")
    _time(drawing, look, -26, 19)
    for row, share in enumerate((0.35, 0.9, 0.62, 0.8, 0.3)):
        place = y + 8 + 15 * row
        drawing.rect(x - 34, place, 68, 8, "#23252f", 4)
        start = (0.1, 0.0, 0.3, 0.15, 0.6)[row]
        width = 68 * min(share, 1 - start)
        drawing.rect(x - 34 + 68 * start, place, width, 8, look["accent"], 4, opacity=0.95)
    write(drawing, "7:42", (x, y + 98), 12, "#c9cdd8", 0.14)


def _large(drawing: Drawing, look: Look) -> None:
    """Big digits and one big button for those who read without glasses."""
    x, y = CENTRE
    _time(drawing, look, -46, 48)
    drawing.rect(x - 74, y + 12, 148, 56, look["accent"], 28)
    drawing.rect(x - 68, y + 14, 136, 20, "#ffffff", 10, opacity=0.18)
    write(drawing, "SOS", (x, y + 40), 26, "#ffffff", 0.17)


NAMED = {"digital": (81, "#9aa0aa"), "route": (80, "#9aa0aa"), "hands": (-42, "#5a4c3f")}
"""Faces that carry the brand: how far below the middle, and in which colour."""

FACES: dict[str, Callable[[Drawing, Look], None]] = {
    "rings": _rings,
    "route": _route,
    "bars": _bars,
    "digital": _digital,
    "compass": _compass,
    "hands": _hands,
    "waves": _waves,
    "heart": _heart,
    "pet": _pet,
    "hole": _hole,
    "moon": _moon,
    "large": _large,
}
"""Name of a face -> what draws it."""
