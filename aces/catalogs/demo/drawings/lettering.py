"""A single-stroke alphabet, so that packages can carry names and dials the time without a font."""

from aces.catalogs.demo.drawings.studio import Drawing, Point, placed

# Each glyph: its width, then strokes on a grid 6 high with y down; C is a cubic curve.
GLYPHS: dict[str, tuple[float, str]] = {
    "A": (4, "M 0 6 L 2 0 L 4 6 M 0.7 4 L 3.3 4"),
    "B": (
        3.6,
        "M 0 0 L 0 6 M 0 0 L 1.8 0 C 4 0 4 2.9 1.8 2.9 L 0 2.9 M 1.8 2.9 "
        "C 4.4 2.9 4.4 6 1.8 6 L 0 6",
    ),
    "C": (4, "M 4 1.3 C 3 -0.6 0 -0.4 0 3 C 0 6.4 3 6.6 4 4.7"),
    "D": (4, "M 0 0 L 0 6 L 1.4 6 C 4.9 6 4.9 0 1.4 0 L 0 0"),
    "E": (3, "M 3 0 L 0 0 L 0 6 L 3 6 M 0 2.9 L 2.6 2.9"),
    "F": (3, "M 3 0 L 0 0 L 0 6 M 0 2.9 L 2.6 2.9"),
    "G": (4.2, "M 4 1.3 C 3 -0.6 0 -0.4 0 3 C 0 6.6 4.2 6.9 4.2 3.2 L 2.4 3.2"),
    "H": (3.8, "M 0 0 L 0 6 M 3.8 0 L 3.8 6 M 0 2.9 L 3.8 2.9"),
    "I": (0, "M 0 0 L 0 6"),
    "J": (2.6, "M 2.6 0 L 2.6 4.2 C 2.6 6.6 0 6.6 0 4.4"),
    "K": (3.6, "M 0 0 L 0 6 M 3.6 0 L 0 3.6 M 1.3 2.5 L 3.6 6"),
    "L": (2.8, "M 0 0 L 0 6 L 2.8 6"),
    "M": (4.6, "M 0 6 L 0 0 L 2.3 4 L 4.6 0 L 4.6 6"),
    "N": (3.8, "M 0 6 L 0 0 L 3.8 6 L 3.8 0"),
    "O": (4.4, "M 2.2 0 C -0.7 0 -0.7 6 2.2 6 C 5.1 6 5.1 0 2.2 0 Z"),
    "P": (3.6, "M 0 6 L 0 0 L 1.8 0 C 4.2 0 4.2 3.3 1.8 3.3 L 0 3.3"),
    "Q": (4.4, "M 2.2 0 C -0.7 0 -0.7 6 2.2 6 C 5.1 6 5.1 0 2.2 0 Z M 2.8 4.4 L 4.4 6.3"),
    "R": (3.6, "M 0 6 L 0 0 L 1.8 0 C 4.2 0 4.2 3.1 1.8 3.1 L 0 3.1 M 1.8 3.1 L 3.6 6"),
    "S": (
        3.5,
        "M 3.4 1.2 C 2.9 -0.5 0.1 -0.4 0.1 1.5 C 0.1 3.4 3.5 2.6 3.5 4.5 C 3.5 6.5 0.4 6.5 0 4.7",
    ),
    "T": (3.8, "M 0 0 L 3.8 0 M 1.9 0 L 1.9 6"),
    "U": (3.8, "M 0 0 L 0 3.8 C 0 6.7 3.8 6.7 3.8 3.8 L 3.8 0"),
    "V": (4, "M 0 0 L 2 6 L 4 0"),
    "W": (5.6, "M 0 0 L 1.4 6 L 2.8 1 L 4.2 6 L 5.6 0"),
    "X": (3.8, "M 0 0 L 3.8 6 M 3.8 0 L 0 6"),
    "Y": (4, "M 0 0 L 2 3 L 4 0 M 2 3 L 2 6"),
    "Z": (3.6, "M 0 0 L 3.6 0 L 0 6 L 3.6 6"),
    "0": (3.4, "M 1.7 0 C -0.6 0 -0.6 6 1.7 6 C 4 6 4 0 1.7 0 Z"),
    "1": (1.4, "M 0 1.2 L 1.4 0 L 1.4 6"),
    "2": (3.4, "M 0.1 1.5 C 0.3 -0.5 3.3 -0.5 3.3 1.7 C 3.3 3.2 0.6 4.4 0 6 L 3.4 6"),
    "3": (
        3.4,
        "M 0.1 1.2 C 0.6 -0.5 3.2 -0.3 3.2 1.5 C 3.2 2.9 1.6 2.9 1.3 2.9 C 1.8 2.9 3.4 3 3.4 4.4 "
        "C 3.4 6.5 0.4 6.6 0 4.8",
    ),
    "4": (3.6, "M 2.7 6 L 2.7 0 L 0 4.2 L 3.6 4.2"),
    "5": (3.4, "M 3.1 0 L 0.5 0 L 0.2 2.8 C 1.2 1.9 3.4 2.2 3.4 4.1 C 3.4 6.4 0.5 6.6 0 4.9"),
    "6": (3.4, "M 2.8 0 C 0.6 1.4 0 3 0 4.2 C 0 6.6 3.4 6.6 3.4 4.1 C 3.4 1.9 0.5 1.9 0.1 3.7"),
    "7": (3.4, "M 0 0 L 3.4 0 L 1.2 6"),
    "8": (
        3.4,
        "M 1.7 2.8 C -0.3 2.8 -0.3 0 1.7 0 C 3.7 0 3.7 2.8 1.7 2.8 C -0.6 2.8 -0.6 6 1.7 6 "
        "C 4 6 4 2.8 1.7 2.8 Z",
    ),
    "9": (3.4, "M 0.6 6 C 2.8 4.6 3.4 3 3.4 1.8 C 3.4 -0.6 0 -0.6 0 1.9 C 0 4.1 2.9 4.1 3.3 2.3"),
    ":": (0, "M 0 1.8 L 0 1.9 M 0 4.4 L 0 4.5"),
    ".": (0, "M 0 5.9 L 0 6"),
    "-": (1.8, "M 0 3 L 1.8 3"),
    "+": (2.6, "M 0 3 L 2.6 3 M 1.3 1.7 L 1.3 4.3"),
    "%": (4, "M 4 0 L 0 6 M 0.9 0.4 L 0.9 1.4 M 3.1 4.6 L 3.1 5.6"),
    " ": (1.6, ""),
}

GAP = 1.5
"""Space between glyphs, in grid units."""


def width(text: str, height: float) -> float:
    """Returns how many pixels wide the text is at this height."""
    units = sum(GLYPHS[letter][0] + GAP for letter in text.upper()) - GAP
    return units * height / 6


def write(
    drawing: Drawing,
    text: str,
    at: Point,
    height: float,
    colour: str,
    weight: float = 0.13,
    **style: object,
) -> None:
    """Writes capitals and digits.

    Args:
        drawing: Where to.
        text: What; letters without a glyph are not allowed.
        at: Middle of the text.
        height: Of the capitals, in pixels.
        colour: Of the stroke.
        weight: Its width, as a share of the height.
        style: Further SVG attributes.
    """
    scale = height / 6
    x, y = at[0] - width(text, height) / 2, at[1] - height / 2
    strokes = []
    for letter in text.upper():
        units, outline = GLYPHS[letter]
        strokes.append(placed(outline, (x, y), scale))
        x += (units + GAP) * scale
    drawing.line("".join(strokes), colour, height * weight, **style)
