"""The catalogue of dotnet's sample shop: `catalog.json` and a picture per product beside it.

Its rows have `Id`, `Type`, `Brand`, `Name`, `Description` and `Price`; the picture is `<Id>.webp`.
Ratings and review counts, which it lacks, are drawn at random and marked as drawn.
"""

import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from statistics import NormalDist
from typing import Any

from aces.catalog import Catalog
from aces.catalog_builder import CatalogBuilder
from aces.errors import CatalogError
from aces.seeds import Stream

COLUMNS = {"Id", "Type", "Brand", "Name", "Description", "Price"}
RATINGS = NormalDist(4.3, 0.35)
"""Truncated to what large shops mostly show."""
LOWEST, HIGHEST = 3.4, 4.9
MEAN_LOG_REVIEWS, SD_LOG_REVIEWS = 5.5, 1.5
"""Review counts are log-normal, with 245 in the middle."""


class EshopImporter:
    """The .NET sample shop: a folder with catalog.json (Id, Type, Name, ...) and <Id>.webp files.

    Args:
        seed: Of the drawn ratings and review counts; recorded in the catalogue.
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def recognises(self, path: Path) -> bool:
        """Returns whether the first row of the folder's file has the sample shop's columns."""
        file = _file(path)
        if file.suffix != ".json" or not file.is_file():
            return False
        with file.open(encoding="utf-8-sig", errors="replace") as text:
            return set(re.findall(r'"(\w+)"\s*:', text.read(4000))) >= COLUMNS

    def load(self, path: Path) -> Catalog:
        """Reads a catalogue.

        Raises:
            CatalogError: If the file is broken as a whole; broken rows are problems.
        """
        file = _file(path)
        try:
            rows = json.loads(file.read_text(encoding="utf-8-sig"), parse_float=Decimal)
        except (ValueError, OSError) as error:
            raise CatalogError(f"catalogue '{file}' can't be read: {error}") from error
        if not isinstance(rows, list):
            raise CatalogError(f"catalogue '{file}' can't be read: it is not a list of products")
        builder = CatalogBuilder("eshop", folder=file.parent, drawn_seed=self.seed)
        for number, row in enumerate(rows, start=1):
            if isinstance(row, dict):
                builder.add(f"row {number}", self._translated(row))
            else:
                reason = "is not an object; row left out"
                builder.report(f"row {number}", "row", row, reason, left_out=True)
        return builder.build()

    def _translated(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The row in our own columns, with what it lacks drawn."""
        id = str(row.get("Id") or "")
        return {
            "id": id,
            "category": _slug(str(row.get("Type") or "")),
            "brand": row.get("Brand"),
            "title": row.get("Name"),
            "description": row.get("Description"),
            "price": row.get("Price"),
            "rating": draw_rating(Stream(self.seed, "rating", id)),
            "review_count": draw_review_count(Stream(self.seed, "review_count", id)),
            "pictures": [f"{id}.webp"],
            "drawn": ["rating", "review_count"],
        }


def draw_rating(stream: Stream) -> float:
    """Returns a rating in steps of 0.1: normal, truncated to 3.4 to 4.9."""
    low, high = RATINGS.cdf(LOWEST), RATINGS.cdf(HIGHEST)
    return round(RATINGS.inv_cdf(low + (high - low) * stream.uniform()), 1)


def draw_review_count(stream: Stream) -> int:
    """Returns a log-normal count, at least 1."""
    return max(1, round(math.exp(MEAN_LOG_REVIEWS + SD_LOG_REVIEWS * stream.normal())))


def _file(path: Path) -> Path:
    return path / "catalog.json" if path.is_dir() else path


def _slug(text: str) -> str:
    """`Ski/boarding` becomes `ski_boarding`."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
