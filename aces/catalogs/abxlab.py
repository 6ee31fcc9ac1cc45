"""ABxLab's products, and its pairs and groups of matched products as given shelves.

`products.csv` has ratings in per cent; empty ones stay empty. The files of pairs beside it become
shelves in the order of their columns. A shelf whose product, price, rating or review count is not
that of `products.csv` says so. Which products have options is known, which options is not.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aces.catalog import Catalog
from aces.catalog_builder import UnusableError
from aces.catalogs import _cleaning as clean
from aces.catalogs._intake import Format, ImportOptions, Intake, with_shelves
from aces.catalogs._tables import csv_rows, header, reading
from aces.given_shelves import GivenShelf

NAMES = {"id": "product_url", "title": "product_name", "review_count": "reviews"}
COLUMNS = {"category", "product_name", "product_url", "price", "rating", "reviews"}


class AbxlabImporter:
    """ABxLab: products.csv with product_name, product_url, rating in %, and its files of pairs."""

    obtain = (
        "ABxLab's data are public: `git clone https://github.com/PapayaResearch/abxlab`, then give "
        "its folder of tasks: `catalog: abxlab/tasks`, or `--set catalog=abxlab/tasks`"
    )
    """How to get data of the format."""

    class Config(ImportOptions):
        """Parameters."""

    def __init__(self, config: Config | None = None) -> None:
        self.options = config or self.Config()

    def recognises(self, path: Path) -> bool:
        """Returns whether it is, or holds, a products.csv with ABxLab's columns."""
        return header(_file(path)) >= COLUMNS

    def load(self, path: Path) -> Catalog:
        """Reads a catalogue.

        Raises:
            CatalogError: If the file is broken as a whole; broken rows are problems.
        """
        file = _file(path)
        intake = Intake(Format("abxlab", NAMES, scale=100), file.parent, self.options)
        with reading(file):
            rows = csv_rows(file, self.options.encoding, intake.report)
            intake.take_all(rows, lambda _, row: _translated(row))
        catalog = intake.finish()
        shelves = tuple(self._shelves(catalog, intake, file.parent))
        return with_shelves(catalog, intake, shelves=shelves)

    def _shelves(self, catalog: Catalog, intake: Intake, folder: Path) -> Iterator[GivenShelf]:
        for file in sorted(
            [*folder.glob("product_pairs*.csv"), *folder.glob("product_groups.csv")]
        ):
            kind = "group" if file.stem == "product_groups" else "pair"
            group = file.stem.removeprefix("product_").replace("_", "-")

            def report(where: str, name: str, found: object, why: str, file: Path = file) -> None:
                intake.report(f"{file.name} {where}", name, found, why)

            rows = csv_rows(file, self.options.encoding, report)
            for number, (where, row) in enumerate(rows, start=1):
                ids = _named(catalog, row)
                if "" in ids or len(ids) < 2:
                    absent = "is of a product that was not read; row left out"
                    report(where, "product1_url ...", row.get("product1_url"), absent)
                    continue
                _compare(catalog, row, ids, lambda *told, where=where: report(where, *told))
                category = catalog.products[ids[0]].category
                listings = tuple(catalog.listings[id] for id in ids)
                yield GivenShelf(
                    id=f"{group}/{number}",
                    kind=kind,
                    group=group,
                    category=category,
                    listings=listings,
                )


def _translated(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": _id(row.get("product_url")),
        "category": row.get("category"),
        "title": row.get("product_name"),
        "price": row.get("price"),
        "rating": row.get("rating"),
        "review_count": row.get("reviews"),
    }


def _id(url: object) -> str:
    """The last part of an address, without its ending."""
    name = str(url or "").rpartition("}")[2].rpartition("/")[2]
    return clean.product_id(name.removesuffix(".html"))


def _named(catalog: Catalog, row: Mapping[str, Any]) -> list[str]:
    """The products that a row names, in order; empty where one is unknown."""
    columns = sorted(name for name in row if re.fullmatch(r"product\d_url", name))
    ids = [_id(row[name]) for name in columns if row[name]]
    return [id if id in catalog.products else "" for id in ids]


def _compare(catalog: Catalog, row: Mapping[str, Any], ids: list[str], tell: Any) -> None:  # noqa: ANN401
    """Tells where a row of pairs says otherwise than the products' own file."""
    for place, id in enumerate(ids, start=1):
        listing = catalog.listings[id]
        known = {"price": listing.price_cents / 100, "reviews": listing.review_count}
        known["rating"] = (listing.rating or 0) * 20
        for name, value in known.items():
            found = row.get(f"product{place}_{name}")
            try:
                said = 0 if clean.missing(found) else float(clean.money(found)[0])
            except UnusableError:
                said = float("nan")
            if not abs(said - value) < 0.05:
                tell(f"product{place}_{name}", found, f"is {value:g} in products.csv, which counts")


def _file(path: Path) -> Path:
    return path / "products.csv" if path.is_dir() else path
