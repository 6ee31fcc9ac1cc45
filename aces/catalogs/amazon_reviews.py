"""Amazon Reviews 2023: item metadata, `meta_<category>.jsonl`, and reviews, `<category>.jsonl`.

The reviews are read where they lie beside the metadata; both files may be packed as `.gz`.
Items without a price, which are most in some categories, are left out one by one. Of the reviews
at most 30 of a product are kept, the first of the file, without the reviewer's id.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import Field

from aces.catalog import Catalog
from aces.catalogs._intake import Format, ImportOptions, Intake
from aces.catalogs._tables import glance, jsonl_rows, reading

NAMES = {
    "id": "parent_asin",
    "rating": "average_rating",
    "review_count": "rating_number",
    "bullets": "features",
    "specification": "details",
    "category": "categories",
    "brand": "store",
    "urls": "images",
    "reviews": "reviews",
}
MOST_REVIEWS = 30

Reviews = dict[str, list[dict[str, Any]]]


class AmazonReviewsImporter:
    """Amazon Reviews 2023: meta_X.jsonl with parent_asin, average_rating, ...; reviews too."""

    class Config(ImportOptions):
        """Parameters."""

        limit: int | None = Field(default=20_000, ge=1)
        """So many items are taken: whole categories have millions."""
        reviews: bool = True
        """Whether the file of reviews beside it is read."""

    def __init__(self, config: Config | None = None) -> None:
        self.options = config or self.Config()

    def recognises(self, path: Path) -> bool:
        """Returns whether the first line is an item of the metadata."""
        if not path.name.endswith((".jsonl", ".jsonl.gz")):
            return False
        first = glance(path, 65_536).partition("\n")[0]
        return '"parent_asin"' in first and '"average_rating"' in first

    def load(self, path: Path) -> Catalog:
        """Reads a catalogue.

        Raises:
            CatalogError: If the file is broken as a whole; broken items are problems.
        """
        markup = ("description", "bullets", "specification")
        intake = Intake(Format("amazon-reviews", NAMES, markup), path.parent, self.options)
        with reading(path):
            rows = jsonl_rows(path, self.options.encoding, intake.report)
            intake.take_all(rows, lambda _, item: _translated(item))
            beside = path.with_name(path.name.removeprefix("meta_"))
            if self.options.reviews and beside != path and beside.is_file():
                reviews = _reviews(beside, self.options.encoding, intake)
                intake.take_with(lambda row: {"reviews": reviews.get(row["id"], [])})
        return intake.finish()


def _translated(item: Mapping[str, Any]) -> dict[str, Any]:
    details = item.get("details") or {}
    facts = details if isinstance(details, dict) else {}
    return {
        "id": str(item.get("parent_asin") or ""),
        "category": item.get("categories") or item.get("main_category"),
        "brand": facts.get("Brand") or item.get("store"),
        "title": item.get("title"),
        "description": "\n\n".join(map(str, _texts(item.get("description")))),
        "bullets": item.get("features"),
        "price": item.get("price"),
        "rating": item.get("average_rating"),
        "review_count": item.get("rating_number"),
        "specification": _flat(details),
        "urls": _pictures(item.get("images")),
    }


def _flat(details: object) -> object:
    """The facts without those that are tables themselves; what is no table stays for the report."""
    if not isinstance(details, dict):
        return details
    return {name: v for name, v in details.items() if not isinstance(v, dict | list)}


def _texts(found: object) -> list[Any]:
    return found if isinstance(found, list) else [found] if found else []


def _pictures(found: object) -> list[str]:
    """The largest version of each picture; as a list of maps, or a map of lists."""
    if isinstance(found, dict):
        columns = [found.get(size) or [] for size in ("hi_res", "large", "thumb")]
        return [next((url for url in urls if url), "") for urls in zip(*columns, strict=False)]
    images = [each for each in _texts(found) if isinstance(each, dict)]
    return [str(i.get("hi_res") or i.get("large") or i.get("thumb") or "") for i in images]


def _reviews(path: Path, encoding: str, intake: Intake) -> Reviews:
    def report(where: str, name: str, found: object, reason: str) -> None:
        intake.report(f"{path.name} {where}", name, found, reason)

    kept: Reviews = {}
    wanted = intake.ids
    for where, row in jsonl_rows(path, encoding, report):
        id = str(row.get("parent_asin") or "")
        if id not in wanted:
            continue
        if len(kept.setdefault(id, [])) < MOST_REVIEWS:
            kept[id].append(_review(row))
        else:
            reason = f"are more than {MOST_REVIEWS} of one product; the first are kept"
            intake.tell_once(f"{path.name} {where}", "reviews", id, reason)
    return kept


def _review(row: Mapping[str, Any]) -> dict[str, Any]:
    helpful = row.get("helpful_vote")
    return {
        "stars": row.get("rating"),
        "title": row.get("title"),
        "text": row.get("text"),
        "date": _date(row.get("timestamp")),
        "verified": row.get("verified_purchase") is not False,
        "helpful": helpful if isinstance(helpful, int) and helpful > 0 else 0,
    }


def _date(milliseconds: object) -> str:
    if not isinstance(milliseconds, int) or not 0 < milliseconds < 4e12:
        return ""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d")
