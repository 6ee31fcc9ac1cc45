"""Numbers drawn over a picture, where they hide as little as can be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from agents.interfaces._reading import Box

if TYPE_CHECKING:
    from PIL import Image, ImageFont

FONT_PX, SMALLEST_PX = 13.0, 10.0
"""Of the digits: in CSS pixels, and in pixels of the picture however small that is."""
AIR_PX = 2.0
"""Kept free around text, in CSS pixels."""
NEAR_PX = 5.0
"""A label so near beside another box, in pixels of the picture, could be taken for that one's."""
INK, PAPER = "#ffffff", "#9c27b0"

# what is written or drawn in the page, in CSS pixels of the page: text, fields and stars; pictures
OBSTACLES = """() => {
    const written = [], pictures = [], range = document.createRange();
    const put = (list, box) => box.width * box.height
        && list.push([box.x + scrollX, box.y + scrollY, box.width, box.height]);
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; node = walk.nextNode();) {
        const parent = node.parentElement;
        if (!node.data.trim() || !parent.checkVisibility({visibilityProperty: true})) continue;
        if (parent.closest('.hidden')) continue;
        range.selectNodeContents(node);
        for (const box of range.getClientRects()) put(written, box);
    }
    for (const each of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
        const box = each.getBoundingClientRect(), style = getComputedStyle(each);
        const text = each.selectedOptions?.[0]?.label || each.value || each.placeholder || '';
        const wide = parseFloat(style.paddingLeft) + 0.6 * text.length * parseFloat(style.fontSize);
        put(written, new DOMRect(box.x, box.y, Math.min(box.width, wide), box.height));
    }
    for (const each of document.querySelectorAll('[role=img], .mark, .swatch'))
        put(written, each.getBoundingClientRect());
    for (const each of document.querySelectorAll('img'))
        put(pictures, each.getBoundingClientRect());
    return {written, pictures};
}"""


@dataclass(frozen=True, slots=True)
class Tag:
    """A number and what it stands for.

    Attributes:
        number: As drawn.
        box: Of the thing, in pixels of the picture.
        inside: Whether the number may stand in the box, which has room for it.
    """

    number: int
    box: Box
    inside: bool


def draw(
    image: "Image.Image",
    tags: Sequence[Tag],
    written: Sequence[Box],
    pictures: Sequence[Box],
    scale: float,
) -> "Image.Image":
    """Returns a copy of a picture with a frame and a number for each tag.

    Args:
        image: Left as it is.
        tags: What is to be numbered.
        written: What the numbers must not hide, in pixels of the picture.
        pictures: What they had better not hide.
        scale: Pixels per CSS pixel.
    """
    from PIL import ImageDraw

    copy = image.convert("RGB")
    pen, font = ImageDraw.Draw(copy), _font(max(SMALLEST_PX, round(FONT_PX * scale)))
    sizes = [_size(font, tag.number) for tag in tags]
    places = place_labels(copy.size, tags, sizes, written, pictures)
    for tag in tags:
        pen.rectangle(_corners(tag.box), outline=PAPER, width=1)
    for tag, place in zip(tags, places, strict=True):
        pen.rectangle(_corners(place), fill=PAPER, outline=INK, width=1)
        middle = place[0] + place[2] / 2, place[1] + place[3] / 2
        pen.text(middle, str(tag.number), fill=INK, font=font, anchor="mm")
    return copy


def place_labels(
    size: tuple[int, int],
    tags: Sequence[Tag],
    sizes: Sequence[tuple[int, int]],
    written: Sequence[Box],
    pictures: Sequence[Box],
) -> list[Box]:
    """Returns where each label goes: of the places around its box, the one that hides least.

    Other labels count most, then hidden text, then other boxes, then pictures; of equals the
    first is taken. All in pixels of the picture.
    """
    text, images = _rectangles(written), _rectangles(pictures)
    frames = _rectangles([tag.box for tag in tags])
    around = frames + np.array([-NEAR_PX, 0.0, 2 * NEAR_PX, 0.0])
    taken = np.empty((0, 4))
    places = []
    for i, (tag, label) in enumerate(zip(tags, sizes, strict=True)):
        others = np.delete(around, i, axis=0)
        spots = _rectangles(list(_spots(tag, label, size)))
        cost = (
            _hidden(spots, text)
            + 4 * _hidden(spots, taken)
            + 0.3 * _hidden(spots, others)
            + 0.02 * _hidden(spots, images)
            + (0.0 if tag.inside else 0.02) * _hidden(spots, frames[i : i + 1])
            + 0.01 * np.arange(len(spots))
        )
        best = spots[int(np.argmin(cost))]
        taken = np.vstack([taken, best])
        places.append((float(best[0]), float(best[1]), float(best[2]), float(best[3])))
    return places


def _spots(tag: Tag, label: tuple[int, int], size: tuple[int, int]) -> Iterator[Box]:
    """Places for a label, the best liked first, moved into the picture where they lie outside."""
    (x, y, width, height), (wide, high) = tag.box, label
    left, right, centre = x - wide, x + width, x + (width - wide) / 2
    above, below, middle = y - high, y + height, y + (height - high) / 2
    inside = [
        (right - wide, y),
        (x, y),
        (right - wide, below - high),
        (x, below - high),
        (right - wide, middle),
        (x, middle),
    ]
    outside = [
        (left, middle),
        (right, middle),
        (x, above),
        (right - wide, above),
        (left, above),
        (right, above),
        (x, below),
        (right - wide, below),
        (left, below),
        (right, below),
        (centre, above),
        (centre, below),
    ]
    for spot_x, spot_y in [*inside, *outside] if tag.inside else [*outside, *inside]:
        yield (
            min(max(0.0, round(spot_x)), size[0] - wide),
            min(max(0.0, round(spot_y)), size[1] - high),
            wide,
            high,
        )


def _hidden(spots: np.ndarray, things: np.ndarray) -> np.ndarray:
    """Area of each spot (rows of x, y, width, height) that lies over any of the things."""
    low = np.maximum(spots[:, None, :2], things[None, :, :2])
    high = np.minimum(
        spots[:, None, :2] + spots[:, None, 2:], things[None, :, :2] + things[None, :, 2:]
    )
    area: np.ndarray = np.clip(high - low, 0, None).prod(axis=2).sum(axis=1)
    return area


def _rectangles(boxes: Sequence[Box]) -> np.ndarray:
    return np.array(boxes, dtype=float).reshape(-1, 4)


def _corners(box: Box) -> tuple[float, float, float, float]:
    x, y, width, height = box
    return x, y, max(x, x + width - 1), max(y, y + height - 1)


@lru_cache(maxsize=8)
def _font(size: float) -> "ImageFont.FreeTypeFont | ImageFont.ImageFont":
    """Pillow's own font: the same digits on every machine."""
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _size(font: "ImageFont.FreeTypeFont | ImageFont.ImageFont", number: int) -> tuple[int, int]:
    """Width and height of a label, the same height for all numbers."""
    left, _, right, _ = font.getbbox(str(number))
    _, top, _, bottom = font.getbbox("0123456789")
    return round(right - left) + 7, round(bottom - top) + 7
