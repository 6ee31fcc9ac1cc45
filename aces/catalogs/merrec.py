"""MerRec: events of a second-hand marketplace (Mercari), of which the items are read.

An item is taken at its first event; events themselves, sessions and users are not kept. The data
have no pictures, ratings or descriptions. Every item is one of a kind there; here its stock is the
usual, since "only 1 left" on every card would be a treatment.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from aces.catalog import Catalog
from aces.catalogs import _cleaning as clean
from aces.catalogs._intake import Format, ImportOptions, Intake
from aces.catalogs._tables import reading, table_columns, table_rows

NAMES = {
    "id": "item_id",
    "title": "name",
    "category": "c2_name",
    "brand": "brand_name",
    "attributes": "color, size_name, item_condition_name",
}


class MerrecImporter:
    """MerRec: .parquet, a folder of them or .csv with item_id, name, price, c2_name, ..."""

    class Config(ImportOptions):
        """Parameters."""

        limit: int | None = Field(default=20_000, ge=1)
        """So many items are taken: there are 83 million."""

    def __init__(self, config: Config | None = None) -> None:
        self.options = config or self.Config()

    def recognises(self, path: Path) -> bool:
        """Returns whether the first table has MerRec's columns."""
        return table_columns(path) >= {"item_id", "name", "price", "event_id", "sequence_id"}

    def load(self, path: Path) -> Catalog:
        """Reads a catalogue.

        Raises:
            CatalogError: If a file is broken as a whole; broken rows are problems.
        """
        intake = Intake(Format("merrec", NAMES), path.parent, self.options)
        seen: set[str] = set()
        with reading(path):
            rows = table_rows(path, self.options.encoding, intake.report)
            intake.take_all(rows, lambda _, row: _translated(row, seen))
        return intake.finish()


def _translated(row: Mapping[str, Any], seen: set[str]) -> dict[str, Any] | None:
    id = "" if clean.missing(row.get("item_id")) else str(row["item_id"])
    if id in seen:
        return None  # a later event on the same item
    seen.update({id} - {""})
    steps = (
        str(row[c]) for c in ("c0_name", "c1_name", "c2_name") if not clean.missing(row.get(c))
    )
    facts = {
        "color": row.get("color"),
        "size": row.get("size_name"),
        "condition": row.get("item_condition_name"),
    }
    return {
        "id": id,
        "category": list(dict.fromkeys(steps)),
        "brand": row.get("brand_name"),
        "title": row.get("name"),
        "price": row.get("price"),
        "attributes": facts,
    }
