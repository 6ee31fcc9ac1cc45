"""The built-in catalogue: invented products in thirteen categories, with pictures drawn by code.

A category is three files: `<category>.json` holds its rows, each with a `look`;
`drawings/<category>.py` draws a look from several sides; `<category>.reviews.json` holds what
buyers say. Who they are and when they said it, and what the sellers' terms are, is drawn at random
in `people.py`.
`picture_keys.json` holds the digest of each drawing, so that loading draws nothing and the
catalogue is the same on every machine; `python -m aces.catalogs.demo` writes it anew.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aces.catalog import Catalog
from aces.catalog_builder import CatalogBuilder, picture_digest
from aces.catalogs.demo import people
from aces.catalogs.demo.departments import CATEGORIES, DRAWERS
from aces.catalogs.demo.drawings.studio import rasterise

FOLDER = Path(__file__).parent

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture to be taken.

    Attributes:
        name: Among those of the product: a view, or `Color=Blue`.
        category: Whose module draws it.
        look: What is drawn.
        brand: Printed on it.
        view: From where.
    """

    name: str
    category: str
    look: Mapping[str, Any]
    brand: str
    view: str

    def svg(self) -> str:
        """Returns the drawing."""
        return DRAWERS[self.category].draw(self.look, self.brand, self.view)


class DemoImporter:
    """The built-in catalogue: no file, just `demo`."""

    def recognises(self, path: Path) -> bool:
        """Returns False: it is asked for by name."""
        return False

    def load(self, path: Path) -> Catalog:
        """Returns the catalogue; its pictures are drawn when they are first asked for."""
        builder = CatalogBuilder("demo")
        keys = json.loads((FOLDER / "picture_keys.json").read_text(encoding="utf-8"))
        reviews = read_reviews()
        for name, category in CATEGORIES.items():
            builder.add_category(name, category)
        for row in read_rows():
            own = keys[row["id"]]
            for shot in shots(row):
                builder.add_picture(own[shot.name], partial(_photograph, own[shot.name], shot))
            said = people.sign(row, reviews[row["id"]])
            offers = people.offers(row)
            builder.add(row["id"], {**_shown(row, own), "reviews": said, "offers": offers})
            for seller in (row["seller"], *(offer["seller"] for offer in offers)):
                builder.add_seller(people.seller(seller))
        return builder.build()


def read_rows() -> Iterator[Row]:
    """Yields the rows of all categories as written, with their look."""
    for category in CATEGORIES:
        text = (FOLDER / f"{category}.json").read_text(encoding="utf-8")
        for row in json.loads(text):
            yield {**row, "category": category}


def read_reviews() -> dict[str, list[Row]]:
    """Returns product id -> what its buyers say, unsigned."""
    files = (FOLDER / f"{category}.reviews.json" for category in CATEGORIES)
    return {
        product_id: said
        for file in files
        for product_id, said in json.loads(file.read_text(encoding="utf-8")).items()
    }


def shots(row: Row) -> Iterator[Shot]:
    """Yields the pictures of a product: from all sides, then one for each option that looks."""
    category, look, brand = row["category"], row["look"], row["brand"]
    views = DRAWERS[category].VIEWS
    for view in views:
        yield Shot(view, category, look, brand, view)
    for option in row.get("options", ()):
        for value in option["values"]:
            if "look" in value:
                name = f"{option['name']}={value['value']}"
                yield Shot(name, category, {**look, **value["look"]}, brand, views[0])


def drawn_keys() -> dict[str, dict[str, str]]:
    """Returns product id -> name of a picture -> its key, by drawing every picture."""
    return {
        row["id"]: {s.name: f"{picture_digest(s.svg().encode())}.png" for s in shots(row)}
        for row in read_rows()
    }


def _shown(row: Row, keys: Mapping[str, str]) -> Row:
    """The row with pictures in place of looks."""
    views = DRAWERS[row["category"]].VIEWS
    options = [
        {"name": option["name"], "values": [_value(option, v, keys) for v in option["values"]]}
        for option in row.get("options", ())
    ]
    kept = {name: value for name, value in row.items() if name not in ("look", "shipping_cents")}
    shipping = Decimal(row.get("shipping_cents", 0)).scaleb(-2)
    pictures = [keys[view] for view in views]
    return {**kept, "shipping": shipping, "options": options, "pictures": pictures}


def _value(option: Row, value: Row, keys: Mapping[str, str]) -> Row:
    kept = {name: each for name, each in value.items() if name != "look"}
    picture = keys.get(f"{option['name']}={value['value']}", "")
    return {**kept, "price_factor": float(value.get("price_factor", 1)), "picture": picture}


def _photograph(key: str, shot: Shot) -> bytes:
    """The picture as PNG; it takes a tenth of a second to draw, so it is drawn once per machine."""
    kept = album() / key
    if kept.is_file():
        return kept.read_bytes()
    picture = rasterise(shot.svg())
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
