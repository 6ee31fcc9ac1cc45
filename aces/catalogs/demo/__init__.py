"""The built-in catalogue: invented products in six categories, with pictures drawn by code.

A category is two files: `<category>.json` holds its rows, each with a `look`; `<category>.py`
draws a look. `picture_keys.json` holds the digest of each drawing, so that loading draws nothing
and the catalogue is the same on every machine; `python -m aces.catalogs.demo` writes it anew.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aces.catalog import Catalog
from aces.catalog_builder import CatalogBuilder, picture_digest
from aces.catalogs.demo import (
    fitness_watch,
    mousepad,
    office_lamp,
    stapler,
    toothpaste,
    usb_cable,
)
from aces.catalogs.demo.studio import rasterise

FOLDER = Path(__file__).parent

DRAW: Mapping[str, Callable[[Mapping[str, Any], str], str]] = {
    "fitness_watch": fitness_watch.draw,
    "stapler": stapler.draw,
    "mousepad": mousepad.draw,
    "office_lamp": office_lamp.draw,
    "toothpaste": toothpaste.draw,
    "usb_cable": usb_cable.draw,
}
"""Category -> function from a look and a brand to SVG, in catalogue order."""


class DemoImporter:
    """The built-in catalogue: no file, just `demo`."""

    def recognises(self, path: Path) -> bool:
        """Returns False: it is asked for by name."""
        return False

    def load(self, path: Path) -> Catalog:
        """Returns the catalogue; its pictures are drawn when they are first asked for."""
        builder = CatalogBuilder("demo")
        keys = json.loads((FOLDER / "picture_keys.json").read_text(encoding="utf-8"))
        for row in read_rows():
            key = keys[row["id"]]
            look = row.pop("look")
            builder.add_picture(key, partial(_photograph, key, row["category"], look, row["brand"]))
            builder.add(row["id"], {**row, "pictures": [key]})
        return builder.build()


def read_rows() -> Iterator[dict[str, Any]]:
    """Yields the rows of all categories as written, with their look."""
    for category in DRAW:
        text = (FOLDER / f"{category}.json").read_text(encoding="utf-8")
        for row in json.loads(text, parse_float=Decimal):
            yield {**row, "category": category}


def drawn_keys() -> dict[str, str]:
    """Returns product id -> picture key, by drawing every product."""
    svgs = {row["id"]: DRAW[row["category"]](row["look"], row["brand"]) for row in read_rows()}
    return {id: f"{picture_digest(svg.encode())}.png" for id, svg in svgs.items()}


def _photograph(key: str, category: str, look: Mapping[str, Any], brand: str) -> bytes:
    """The picture as PNG; it takes a tenth of a second to draw, so it is drawn once per machine."""
    kept = album() / key
    if kept.is_file():
        return kept.read_bytes()
    picture = rasterise(DRAW[category](look, brand))
    with contextlib.suppress(OSError):  # a home that can't be written to costs only time
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial_file = kept.with_name(f".{key}.{os.getpid()}")
        partial_file.write_bytes(picture)
        partial_file.replace(kept)
    return picture


def album() -> Path:
    """Returns the folder where drawn pictures are kept, one for each version of the renderer."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return caches / "aces" / f"pictures-resvg-{version('resvg_py')}"
