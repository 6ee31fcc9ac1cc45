"""Which categories there are, what they are called, and who draws them."""

from collections.abc import Mapping
from typing import Any, Protocol

from aces.catalogs.demo.drawings import (
    area_rug,
    bidet,
    fitness_watch,
    iphone_16_pro_cover,
    mousepad,
    office_lamp,
    running_shoe,
    stapler,
    t_shirt,
    toilet_paper,
    toothpaste,
    usb_cable,
    washing_machine,
)
from aces.types import Category


class Drawer(Protocol):
    """A module that draws the products of one category."""

    VIEWS: tuple[str, ...]

    def draw(self, look: Mapping[str, Any], brand: str, view: str) -> str:
        """Returns the SVG of a look from one side."""
        ...


_ROWS: tuple[tuple[Any, str, str], ...] = (
    (fitness_watch, "Fitness watches", "Electronics"),
    (stapler, "Staplers", "Office"),
    (mousepad, "Mouse pads", "Office"),
    (office_lamp, "Desk lamps", "Office"),
    (toothpaste, "Toothpaste", "Household"),
    (usb_cable, "USB cables", "Electronics"),
    (toilet_paper, "Toilet paper", "Household"),
    (bidet, "Bidets", "Household"),
    (iphone_16_pro_cover, "iPhone 16 Pro cases", "Electronics"),
    (washing_machine, "Washing machines", "Home"),
    (t_shirt, "T-shirts", "Clothing & Shoes"),
    (running_shoe, "Running shoes", "Clothing & Shoes"),
    (area_rug, "Area rugs", "Home"),
)
"""Who draws, title and department: the ten of ACES, two of apparel, one of home."""

DRAWERS: Mapping[str, Drawer] = {row[0].__name__.rpartition(".")[2]: row[0] for row in _ROWS}
"""Category -> who draws it, in catalogue order."""

CATEGORIES = {
    name: Category(title=title, department=department)
    for name, (_, title, department) in zip(DRAWERS, _ROWS, strict=True)
}
"""Category -> how it is called, in the same order."""
