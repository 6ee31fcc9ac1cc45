"""Which categories there are, what they are called, and who draws them."""

from collections.abc import Mapping
from typing import Any, Protocol, cast

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


CATEGORIES = {
    "fitness_watch": Category(title="Fitness watches", department="Electronics"),
    "stapler": Category(title="Staplers", department="Office"),
    "mousepad": Category(title="Mouse pads", department="Office"),
    "office_lamp": Category(title="Desk lamps", department="Office"),
    "toothpaste": Category(title="Toothpaste", department="Household"),
    "usb_cable": Category(title="USB cables", department="Electronics"),
    "toilet_paper": Category(title="Toilet paper", department="Household"),
    "bidet": Category(title="Bidets", department="Household"),
    "iphone_16_pro_cover": Category(title="iPhone 16 Pro cases", department="Electronics"),
    "washing_machine": Category(title="Washing machines", department="Home"),
    "t_shirt": Category(title="T-shirts", department="Clothing & Shoes"),
    "running_shoe": Category(title="Running shoes", department="Clothing & Shoes"),
    "area_rug": Category(title="Area rugs", department="Home"),
}
"""Category -> its names, in catalogue order: the ten of ACES, two of apparel, one of home."""

_MODULES = (
    fitness_watch,
    stapler,
    mousepad,
    office_lamp,
    toothpaste,
    usb_cable,
    toilet_paper,
    bidet,
    iphone_16_pro_cover,
    washing_machine,
    t_shirt,
    running_shoe,
    area_rug,
)
DRAWERS: Mapping[str, Drawer] = {
    module.__name__.rpartition(".")[2]: cast(Drawer, module) for module in _MODULES
}
"""Category -> who draws it."""
