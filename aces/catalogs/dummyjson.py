"""DummyJSON's products: a list of objects, or the answer of its `/products`.

Its carts take `discountPercentage` off `price`, so the discounted price is what is paid here and
`price` is the list price. Reviews without words are counted and not shown.
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from aces.catalog import Catalog
from aces.catalogs import _cleaning as clean
from aces.catalogs._intake import Format, ImportOptions, Intake
from aces.catalogs._tables import glance, json_of, listed, reading, text_of

NAMES = {
    "description": "description",
    "list_price": "price",
    "review_count": "reviews",
    "specification": "weight, dimensions, ...",
    "delivery_days": "shippingInformation",
    "urls": "images",
}
DAYS = {"overnight": 1, "1-2 business days": 2, "3-5 business days": 5, "1 week": 7}
DAYS |= {"2 weeks": 14, "1 month": 30}
FACTS = ("sku", "weight", "warrantyInformation", "returnPolicy", "minimumOrderQuantity")


class DummyjsonImporter:
    """DummyJSON: products.json with title, price, discountPercentage, stock, thumbnail, ..."""

    class Config(ImportOptions):
        """Parameters."""

    def __init__(self, config: Config | None = None) -> None:
        self.options = config or self.Config()

    def recognises(self, path: Path) -> bool:
        """Returns whether the file's beginning names columns of DummyJSON alone."""
        start = glance(path) if path.suffix == ".json" else ""
        return '"discountPercentage"' in start and '"availabilityStatus"' in start

    def load(self, path: Path) -> Catalog:
        """Reads a catalogue.

        Raises:
            CatalogError: If the file is broken as a whole; broken rows are problems.
        """
        intake = Intake(Format("dummyjson", NAMES), path.parent, self.options)
        with reading(path):
            found = json_of(text_of(path, self.options.encoding))
            products = found.get("products") if isinstance(found, dict) else found
            rows = listed(products, intake.report)
            intake.take_all(rows, lambda where, row: _translated(intake, where, row))
        return intake.finish()


def _translated(intake: Intake, where: str, row: Mapping[str, Any]) -> dict[str, Any]:
    price, list_price = _prices(row)
    reviews = row.get("reviews") or []
    given = reviews or row.get("review_ratings") or []
    return {
        "id": row.get("id"),
        "category": str(row.get("category") or "").replace("-", " ").capitalize(),
        "brand": row.get("brand"),
        "title": row.get("title"),
        "description": row.get("description"),
        "price": price,
        "list_price": list_price,
        "rating": row.get("rating"),
        "review_count": len(given) if isinstance(given, list) else given,
        "stock": row.get("stock"),
        "delivery_days": _days(intake, where, row),
        "specification": _specification(row),
        "reviews": _reviews(reviews) if isinstance(reviews, list) else reviews,
        "urls": row.get("images") or [row.get("thumbnail")],
    }


def _prices(row: Mapping[str, Any]) -> tuple[object, object]:
    """What is paid, and the price before the discount; as they are where they make no sense."""
    price, off = row.get("price"), row.get("discountPercentage") or 0
    if not isinstance(price, int | Decimal) or not isinstance(off, int | Decimal):
        return price, None
    if not 0 < price < 10**9 or not 0 < off < 100:
        return price, None
    return round(Decimal(price) * (1 - Decimal(off) / 100), 2), price


def _days(intake: Intake, where: str, row: Mapping[str, Any]) -> int | None:
    said = str(row.get("shippingInformation") or "")
    days = DAYS.get(said.removeprefix("Ships ").removeprefix("in "))
    if days is None and said:
        reason = "names no known time; taken as 5 days"
        intake.report(where, "shippingInformation", said, reason, clean.product_id(row.get("id")))
    return days


def _specification(row: Mapping[str, Any]) -> dict[str, object]:
    facts = {_words(name): row[name] for name in FACTS if row.get(name) is not None}
    sizes = row.get("dimensions")
    if isinstance(sizes, dict):
        facts["Dimensions"] = " x ".join(str(size) for size in sizes.values())
    return facts


def _words(name: str) -> str:
    """`minimumOrderQuantity` becomes `Minimum order quantity`."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).capitalize()


def _reviews(found: list[Any]) -> list[Any]:
    """The reviews that have words; what is no review stays for the report."""
    return [_review(e) if isinstance(e, dict) else e for e in found if not _wordless(e)]


def _wordless(found: object) -> bool:
    return isinstance(found, dict) and not found.get("comment")


def _review(found: Mapping[str, Any]) -> dict[str, Any]:
    date = str(found.get("date") or "")[:10]
    return {"stars": found.get("rating"), "title": found.get("comment"), "date": date}
