"""Shopify's product CSV: one row per variant or further picture, joined by `Handle`.

Both headers that Shopify has used are read: `Handle`, `Variant Price`, ... and `URL handle`,
`Price`, .... The first variant is what the listing offers; the others become options whose values
have price factors. Drafts, archived and unpublished products are left out.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from aces.catalog import Catalog
from aces.catalog_builder import UnusableError
from aces.catalogs import _cleaning as clean
from aces.catalogs._intake import Format, ImportOptions, Intake
from aces.catalogs._tables import csv_rows, header, reading
from aces.catalogs._variants import Variant, options_of
from aces.money import minor_digits

OLD = {
    "id": "Handle",
    "title": "Title",
    "description": "Body (HTML)",
    "brand": "Vendor",
    "category": "Type",
    "taxonomy": "Product Category",
    "price": "Variant Price",
    "list_price": "Variant Compare At Price",
    "stock": "Variant Inventory Qty",
    "tracker": "Variant Inventory Tracker",
    "policy": "Variant Inventory Policy",
    "published": "Published",
    "status": "Status",
    "urls": "Image Src",
    "variant_picture": "Variant Image",
    "option_name": "Option{} Name",
    "option_value": "Option{} Value",
    "options": "Option1 Value",
}
NEW = OLD | {
    "id": "URL handle",
    "description": "Description",
    "taxonomy": "Product category",
    "price": "Price",
    "list_price": "Compare-at price",
    "stock": "Inventory quantity",
    "tracker": "Inventory tracker",
    "policy": "Continue selling when out of stock",
    "published": "Published on online store",
    "urls": "Product image URL",
    "variant_picture": "Variant image URL",
    "option_name": "Option{} name",
    "option_value": "Option{} value",
    "options": "Option1 value",
}
"""What we look for -> the column, in the older and the newer header."""

Lines = list[tuple[str, Mapping[str, str]]]


class ShopifyImporter:
    """Shopify: product CSV with Handle, Title, Body (HTML), Option1 Name, Variant Price, ..."""

    class Config(ImportOptions):
        """Parameters."""

    def __init__(self, config: Config | None = None) -> None:
        self.options = config or self.Config()

    def recognises(self, path: Path) -> bool:
        """Returns whether the header is one of Shopify's."""
        columns = header(path) if path.suffix == ".csv" else set()
        return any(columns >= {c[k] for k in ("id", "title", "price")} for c in (OLD, NEW))

    def load(self, path: Path) -> Catalog:
        """Reads a catalogue.

        Raises:
            CatalogError: If the file is broken as a whole; broken rows are problems.
        """
        with reading(path):
            columns = OLD if OLD["id"] in header(path) else NEW
            format = Format("shopify", columns, markup=("description",))
            intake = Intake(format, path.parent, self.options)
            rows = csv_rows(path, self.options.encoding, intake.report)
            shop = _Shop(intake, columns)
            intake.take_all(shop.products(rows), shop.translated)
        return intake.finish()


class _Shop:
    """Joins the rows of a product."""

    def __init__(self, intake: Intake, columns: Mapping[str, str]) -> None:
        self.intake = intake
        self.columns = columns

    def cell(self, row: Mapping[str, str], name: str, number: int = 0) -> str:
        found = row.get(self.columns[name].format(number), "")
        return "" if clean.missing(found) else found.strip()

    def products(self, rows: Iterable[tuple[str, Mapping[str, str]]]) -> Iterable[tuple[str, Any]]:
        """The rows of each product, wherever they stand; rows without a handle each their own."""
        found: dict[str, Lines] = {}
        for where, row in rows:
            handle = self.cell(row, "id")
            if not handle:
                self.intake.report(where, self.columns["id"], "", "is missing; row left out")
                continue
            lines = found.setdefault(handle, [])
            if lines and self.cell(row, "title") not in ("", self.cell(lines[0][1], "title")):
                title = self.cell(row, "title")
                reason = "is another product of the same handle; row left out"
                self.intake.report(where, self.columns["title"], title, reason, handle)
                continue
            lines.append((where, row))
        return ((lines[0][0], lines) for lines in found.values())

    def translated(self, where: str, lines: Any) -> dict[str, Any] | None:  # noqa: ANN401
        first: Mapping[str, str] = lines[0][1]
        if self._hidden(where, first):
            return None
        sold = [(w, row) for w, row in lines if row is first or self._is_variant(row)]
        variants = self._variants(sold)
        options, sold_out = options_of(variants, self._tell) if len(variants) > 1 else ([], [])
        offered = next((row for w, row in sold if variants and w == variants[0].where), first)
        pictures = dict.fromkeys(self.cell(row, "urls") for _, row in lines)
        return {
            "id": self.cell(first, "id"),
            "title": self.cell(first, "title"),
            "description": self.cell(first, "description"),
            "brand": self.cell(first, "brand"),
            "category": self._category(first),
            "price": self.cell(offered, "price"),
            "list_price": self.cell(offered, "list_price"),
            "stock": self._stock([row for _, row in sold]),
            "options": options,
            "sold_out": sold_out,
            "urls": [url for url in pictures if url],
        }

    def _hidden(self, where: str, row: Mapping[str, str]) -> bool:
        hidden = {"status": ("draft", "archived"), "published": ("false",)}
        for name, words in hidden.items():
            found = self.cell(row, name)
            if found.lower() in words:
                reason = "is not for sale; row left out"
                self.intake.report(where, self.columns[name], found, reason, self.cell(row, "id"))
                return True
        return False

    def _is_variant(self, row: Mapping[str, str]) -> bool:
        return bool(self.cell(row, "price") or self.cell(row, "option_value", 1))

    def _category(self, row: Mapping[str, str]) -> object:
        taxonomy = [step.strip() for step in self.cell(row, "taxonomy").split(">")]
        return self.cell(row, "category") or taxonomy

    def _variants(self, sold: Lines) -> list[Variant]:
        """The variants that have a price and are not there twice; empty where there is just one."""
        names = [self.cell(sold[0][1], "option_name", n) for n in (1, 2, 3)]
        if len(sold) < 2 or not names[0]:
            for where, row in sold[1:]:
                self._report(where, row, "options", "has no option to be chosen by; row left out")
            return []
        found: dict[tuple[str, ...], Variant] = {}
        for where, row in sold:
            variant = self._variant(where, row, [name for name in names if name])
            if variant is None:
                continue
            if tuple(variant.chosen.values()) in found:
                self._report(where, row, "options", "was there before; row left out")
            else:
                found[tuple(variant.chosen.values())] = variant
        return list(found.values())

    def _variant(self, where: str, row: Mapping[str, str], names: list[str]) -> Variant | None:
        values = [self.cell(row, "option_value", n) for n in range(1, len(names) + 1)]
        if not all(values):
            self._report(where, row, "options", "is missing; row left out")
            return None
        try:
            price = self._price(row)
        except UnusableError as fault:
            self._report(where, row, "price", str(fault))
            return None
        tell = lambda why: self._report(where, row, "options", why)  # noqa: E731
        chosen = {
            clean.line(n, tell): clean.line(v, tell) for n, v in zip(names, values, strict=True)
        }
        url = self.cell(row, "variant_picture")
        picture = (
            self.intake.picture(url, lambda why: self._report(where, row, "variant_picture", why))
            if url
            else ""
        )
        return Variant(where, chosen, price, self._available(row), picture)

    def _price(self, row: Mapping[str, str]) -> Decimal:
        amount, code = clean.money(self.cell(row, "price"))
        own = self.intake.options.currency or self.intake.format.currency
        if code not in ("", own):
            raise UnusableError(f"is in {code}, the catalogue in {own}; row left out")
        return clean.minor(amount, minor_digits(own))

    def _available(self, row: Mapping[str, str]) -> bool:
        """Whether a variant can be had; stock that nobody tracks never ends."""
        goes_on = self.cell(row, "policy").lower() in ("continue", "true")
        quantity = self.cell(row, "stock")
        tracked = bool(self.cell(row, "tracker")) and quantity.lstrip("-").isdecimal()
        return goes_on or not tracked or int(quantity) > 0

    def _stock(self, rows: list[Mapping[str, str]]) -> str | int:
        """What all variants have together; text where it can't be read, for the report."""
        counts = [self.cell(row, "stock") for row in rows if self.cell(row, "tracker")]
        odd = [text for text in counts if text and not text.lstrip("-").isdecimal()]
        if odd or len(rows) == 1:
            return (odd or counts or [""])[0]
        if not any(self._available(row) for row in rows):
            return 0
        total = sum(max(0, int(text)) for text in counts if text)
        return total or ""

    def _report(self, where: str, row: Mapping[str, str], name: str, reason: str) -> None:
        column = self.columns[name]
        self.intake.report(where, column, row.get(column, ""), reason, self.cell(row, "id"))

    def _tell(self, variant: Variant, reason: str) -> None:
        self.intake.report(variant.where, self.columns["price"], variant.price, reason)
