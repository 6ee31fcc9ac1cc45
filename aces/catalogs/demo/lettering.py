"""A single-stroke alphabet, so that packages can carry names and dials the time without a font."""

from aces.catalogs.demo.studio import Drawing, Point, number

# Each glyph: its width, then strokes on a grid 6 high with y down; C is a cubic curve.
GLYPHS: dict[str, tuple[float, str]] = {
    "A": (4, "M0 6 L2 0 L4 6 M0.7 4 L3.3 4"),
    "B": (
        3.6,
        "M0 0 L0 6 M0 0 L1.8 0 C4 0 4 2.9 1.8 2.9 L0 2.9 M1.8 2.9 C4.4 2.9 4.4 6 1.8 6 L0 6",
    ),
    "C": (4, "M4 1.3 C3 -0.6 0 -0.4 0 3 C0 6.4 3 6.6 4 4.7"),
    "D": (4, "M0 0 L0 6 L1.4 6 C4.9 6 4.9 0 1.4 0 L0 0"),
    "E": (3, "M3 0 L0 0 L0 6 L3 6 M0 2.9 L2.6 2.9"),
    "F": (3, "M3 0 L0 0 L0 6 M0 2.9 L2.6 2.9"),
    "G": (4.2, "M4 1.3 C3 -0.6 0 -0.4 0 3 C0 6.6 4.2 6.9 4.2 3.2 L2.4 3.2"),
    "H": (3.8, "M0 0 L0 6 M3.8 0 L3.8 6 M0 2.9 L3.8 2.9"),
    "I": (0, "M0 0 L0 6"),
    "J": (2.6, "M2.6 0 L2.6 4.2 C2.6 6.6 0 6.6 0 4.4"),
    "K": (3.6, "M0 0 L0 6 M3.6 0 L0 3.6 M1.3 2.5 L3.6 6"),
    "L": (2.8, "M0 0 L0 6 L2.8 6"),
    "M": (4.6, "M0 6 L0 0 L2.3 4 L4.6 0 L4.6 6"),
    "N": (3.8, "M0 6 L0 0 L3.8 6 L3.8 0"),
    "O": (4.4, "M2.2 0 C-0.7 0 -0.7 6 2.2 6 C5.1 6 5.1 0 2.2 0 Z"),
    "P": (3.6, "M0 6 L0 0 L1.8 0 C4.2 0 4.2 3.3 1.8 3.3 L0 3.3"),
    "Q": (4.4, "M2.2 0 C-0.7 0 -0.7 6 2.2 6 C5.1 6 5.1 0 2.2 0 Z M2.8 4.4 L4.4 6.3"),
    "R": (3.6, "M0 6 L0 0 L1.8 0 C4.2 0 4.2 3.1 1.8 3.1 L0 3.1 M1.8 3.1 L3.6 6"),
    "S": (
        3.5,
        "M3.4 1.2 C2.9 -0.5 0.1 -0.4 0.1 1.5 C0.1 3.4 3.5 2.6 3.5 4.5 C3.5 6.5 0.4 6.5 0 4.7",
    ),
    "T": (3.8, "M0 0 L3.8 0 M1.9 0 L1.9 6"),
    "U": (3.8, "M0 0 L0 3.8 C0 6.7 3.8 6.7 3.8 3.8 L3.8 0"),
    "V": (4, "M0 0 L2 6 L4 0"),
    "W": (5.6, "M0 0 L1.4 6 L2.8 1 L4.2 6 L5.6 0"),
    "X": (3.8, "M0 0 L3.8 6 M3.8 0 L0 6"),
    "Y": (4, "M0 0 L2 3 L4 0 M2 3 L2 6"),
    "Z": (3.6, "M0 0 L3.6 0 L0 6 L3.6 6"),
    "0": (3.4, "M1.7 0 C-0.6 0 -0.6 6 1.7 6 C4 6 4 0 1.7 0 Z"),
    "1": (1.4, "M0 1.2 L1.4 0 L1.4 6"),
    "2": (3.4, "M0.1 1.5 C0.3 -0.5 3.3 -0.5 3.3 1.7 C3.3 3.2 0.6 4.4 0 6 L3.4 6"),
    "3": (
        3.4,
        "M0.1 1.2 C0.6 -0.5 3.2 -0.3 3.2 1.5 C3.2 2.9 1.6 2.9 1.3 2.9 C1.8 2.9 3.4 3 3.4 4.4 "
        "C3.4 6.5 0.4 6.6 0 4.8",
    ),
    "4": (3.6, "M2.7 6 L2.7 0 L0 4.2 L3.6 4.2"),
    "5": (3.4, "M3.1 0 L0.5 0 L0.2 2.8 C1.2 1.9 3.4 2.2 3.4 4.1 C3.4 6.4 0.5 6.6 0 4.9"),
    "6": (3.4, "M2.8 0 C0.6 1.4 0 3 0 4.2 C0 6.6 3.4 6.6 3.4 4.1 C3.4 1.9 0.5 1.9 0.1 3.7"),
    "7": (3.4, "M0 0 L3.4 0 L1.2 6"),
    "8": (
        3.4,
        "M1.7 2.8 C-0.3 2.8 -0.3 0 1.7 0 C3.7 0 3.7 2.8 1.7 2.8 C-0.6 2.8 -0.6 6 1.7 6 "
        "C4 6 4 2.8 1.7 2.8 Z",
    ),
    "9": (3.4, "M0.6 6 C2.8 4.6 3.4 3 3.4 1.8 C3.4 -0.6 0 -0.6 0 1.9 C0 4.1 2.9 4.1 3.3 2.3"),
    ":": (0, "M0 1.8 L0 1.9 M0 4.4 L0 4.5"),
    ".": (0, "M0 5.9 L0 6"),
    "-": (1.8, "M0 3 L1.8 3"),
    "+": (2.6, "M0 3 L2.6 3 M1.3 1.7 L1.3 4.3"),
    "%": (4, "M4 0 L0 6 M0.9 0.4 L0.9 1.4 M3.1 4.6 L3.1 5.6"),
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
        strokes.append(_placed(outline, x, y, scale))
        x += (units + GAP) * scale
    drawing.line("".join(strokes), colour, height * weight, **style)


def _placed(outline: str, x: float, y: float, scale: float) -> str:
    """The outline scaled and moved; its coordinates alternate between x and y."""
    parts, is_x = [], True
    for token in outline.split():
        letter = token[0] if token[0].isalpha() else ""
        if token[len(letter) :]:
            value = float(token[len(letter) :]) * scale + (x if is_x else y)
            parts.append(f"{letter}{number(value)}")
            is_x = not is_x
        else:
            parts.append(letter)
    return " ".join(parts)
