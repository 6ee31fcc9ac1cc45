"""Google Merchant Center feeds: RSS 2.0 or Atom with the `g:` namespace, or tab-separated text.

`sale_price` is what is paid where it is given, and `price` the list price; dates of sales are not
looked at. Every item is a product, also where several share an `item_group_id`. Feeds have no
ratings.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aces.catalog import Catalog
from aces.catalogs import _cleaning as clean
from aces.catalogs._intake import Format, ImportOptions, Intake
from aces.catalogs._tables import csv_rows, glance, header, reading

NAMESPACE = "http://base.google.com/ns/1.0"
NAMES = {
    "category": "product_type",
    "stock": "availability",
    "urls": "image_link",
    "bullets": "product_highlight",
    "specification": "product_detail, gtin, mpn",
    "attributes": "color, size, ...",
}
IN_STOCK = ("in_stock", "preorder", "backorder", "available_for_order", "limited_availability", "")
SOLD_OUT = "out_of_stock"
FACTS = ("color", "size", "material", "pattern", "gender", "age_group", "condition")
CODES = ("gtin", "mpn", "energy_efficiency_class", "unit_pricing_measure")

Item = dict[str, list[Any]]
"""Attribute -> what it says, each time it is there: text, or a map of its parts."""


class GoogleMerchantImporter:
    """Google Merchant feed: RSS or Atom with g:id, g:price, ..., or .tsv with the same columns."""

    class Config(ImportOptions):
        """Parameters."""

    def __init__(self, config: Config | None = None) -> None:
        self.options = config or self.Config()

    def recognises(self, path: Path) -> bool:
        """Returns whether the file names Google's namespace, or is text with its columns."""
        if path.suffix in (".tsv", ".txt"):
            columns = {_attribute(name) for name in header(path, "\t")}
            return columns >= {"id", "title", "price"} and bool(columns & {"link", "image_link"})
        return path.suffix in (".xml", ".rss", ".atom") and NAMESPACE in glance(path)

    def load(self, path: Path) -> Catalog:
        """Reads a catalogue.

        Raises:
            CatalogError: If the file is broken as a whole; broken rows are problems.
        """
        intake = Intake(Format("google-merchant", NAMES, says=True), path.parent, self.options)
        with reading(path):
            text = path.suffix in (".tsv", ".txt")
            items = self._text(path, intake) if text else _xml(path, intake)
            intake.take_all(items, lambda where, item: _translated(intake, where, item))
        return intake.finish()

    def _text(self, path: Path, intake: Intake) -> Iterator[tuple[str, Item]]:
        for where, row in csv_rows(path, self.options.encoding, intake.report, "\t"):
            item: Item = {_attribute(name): [value] for name, value in row.items() if value}
            for name in ("additional_image_link", "product_highlight"):
                item[name] = [part for cell in item.get(name, ()) for part in cell.split(",")]
            yield where, item


def _attribute(name: str) -> str:
    """`g:image link` becomes `image_link`."""
    return name.strip().lower().removeprefix("g:").replace(" ", "_")


def _xml(path: Path, intake: Intake) -> Iterator[tuple[str, Item]]:
    """The items of a feed; what is no well-formed XML is told and skipped."""
    from lxml import etree

    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    root = etree.fromstring(path.read_bytes(), parser)
    for fault in list(parser.error_log)[:20]:
        reason = f"is not well-formed XML ({fault.message}); rows may be lost here"
        intake.report(f"line {fault.line}", "feed", "", reason)
    if root is None:
        raise ValueError("it is not XML")
    for element in root.iter("{*}item", "{*}entry"):
        yield f"line {element.sourceline}", _item(element)


def _item(element: Any) -> Item:  # noqa: ANN401
    """An item's attributes; Google's own come before RSS's of the same name."""
    item: Item = {}
    for child in element.iterchildren("{*}*"):
        namespace, _, name = child.tag.removeprefix("{").rpartition("}")
        parts = {
            part.tag.rpartition("}")[2]: part.text or "" for part in child.iterchildren("{*}*")
        }
        found = parts or child.text or ""
        if namespace == NAMESPACE:
            item.setdefault(name, []).append(found)
        else:
            item.setdefault(f"plain {name}", []).append(found)
    for name in ("id", "title", "description"):
        item.setdefault(name, item.get(f"plain {name}", []))
    return item


def _translated(intake: Intake, where: str, item: Mapping[str, list[Any]]) -> dict[str, Any]:
    one = {name: found[0] for name, found in item.items() if found and isinstance(found[0], str)}
    sale = not clean.missing(one.get("sale_price"))
    path = one.get("product_type") or one.get("google_product_category") or ""
    return {
        "id": one.get("id"),
        "category": [step.strip() for step in path.split(">")],
        "brand": one.get("brand"),
        "title": one.get("title"),
        "description": one.get("description"),
        "price": one.get("sale_price") if sale else one.get("price"),
        "list_price": one.get("price") if sale else None,
        "stock": _stock(intake, where, one),
        "shipping": _shipping(item),
        "attributes": {name.replace("_", " "): one[name] for name in FACTS if name in one},
        "specification": _specification(item, one),
        "bullets": [text for text in item.get("product_highlight", ()) if isinstance(text, str)],
        "urls": [one.get("image_link"), *item.get("additional_image_link", ())],
        "names": {"price": "sale_price", "list_price": "price"} if sale else {},
    }


def _stock(intake: Intake, where: str, one: Mapping[str, str]) -> object:
    """0 where it is sold out, empty where it can be had: feeds give no numbers."""
    said = one.get("availability", "")
    word = said.strip().lower().replace(" ", "_")
    if word not in (*IN_STOCK, SOLD_OUT):
        reason = "is no availability of Google's; taken as in stock"
        intake.report(where, "availability", said, reason, clean.product_id(one.get("id")))
    return 0 if word == SOLD_OUT else ""


def _shipping(item: Mapping[str, list[Any]]) -> str | None:
    """The first price of delivery: of a map, or the end of `US:CA:Standard:5.00 USD`."""
    found = next(iter(item.get("shipping", ())), None)
    if isinstance(found, dict):
        return found.get("price")
    return str(found).split(",")[0].rpartition(":")[2] if found else None


def _specification(item: Mapping[str, list[Any]], one: Mapping[str, str]) -> dict[str, str]:
    facts = {name.replace("_", " "): one[name] for name in CODES if name in one}
    for detail in item.get("product_detail", ()):
        if isinstance(detail, dict) and detail.get("attribute_name"):
            facts[detail["attribute_name"]] = detail.get("attribute_value", "")
    return facts
