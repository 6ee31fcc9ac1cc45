"""The built-in catalogue: invented products in six categories, with pictures drawn by code.

A category is two files: `<category>.json` holds its rows, each with a `look`; `<category>.py`
draws a look.
"""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path

from aces.catalog import Catalog
from aces.catalog_builder import CatalogBuilder, picture_digest
from aces.catalogs.demo import fitness_watch
from aces.catalogs.demo.studio import rasterise

DRAW: Mapping[str, Callable[[Mapping[str, str], str], str]] = {
    "fitness_watch": fitness_watch.draw,
}
"""Category -> function from a look and a brand to SVG, in catalogue order."""


class DemoImporter:
    """The built-in catalogue: no file, just `demo`."""

    def recognises(self, path: Path) -> bool:
        """Returns False: it is asked for by name."""
        return False

    def load(self, path: Path) -> Catalog:
        """Returns the catalogue; its pictures are rendered when they are first asked for."""
        builder = CatalogBuilder("demo")
        for category, draw in DRAW.items():
            text = Path(__file__).with_name(f"{category}.json").read_text(encoding="utf-8")
            for row in json.loads(text, parse_float=Decimal):
                svg = draw(row.pop("look"), row["brand"])
                key = f"{picture_digest(svg.encode())}.png"
                builder.add_picture(key, partial(rasterise, svg))
                builder.add(row["id"], {**row, "category": category, "pictures": [key]})
        return builder.build()
