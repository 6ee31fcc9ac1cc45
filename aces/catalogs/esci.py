"""Amazon's shopping queries (ESCI): the file of products, and the judged examples beside it.

The data have no prices, ratings or pictures, and none are made up: without the option `price`
nothing can be sold. With it every product costs that much, and `price` is marked as not given;
vary it with a treatment. Queries become given shelves, best label first, whose labels no shopper
sees; a product's category is the first query that names it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from aces.catalog import Catalog
from aces.catalogs import _cleaning as clean
from aces.catalogs._intake import Format, ImportOptions, Intake, with_shelves
from aces.catalogs._tables import reading, table_columns, table_rows
from aces.errors import CatalogError
from aces.given_shelves import GivenShelf

NAMES = {
    "id": "product_id",
    "title": "product_title",
    "description": "product_description",
    "bullets": "product_bullet_point",
    "brand": "product_brand",
    "attributes": "product_color",
    "category": "query",
}
CURRENCIES = {"us": "USD", "es": "EUR", "jp": "JPY"}
TABLES = (".csv", ".parquet")
LABELS = ("E", "S", "C", "I")
"""Exact, substitute, complement, irrelevant; some copies spell them out."""

Judged = dict[str, list[tuple[int, str, str]]]
"""Query -> rank of the label, label, product."""


class EsciImporter:
    """Amazon shopping queries (ESCI): product_id, product_title, ..., examples beside it."""

    class Config(ImportOptions):
        """Parameters."""

        price: str | None = None
        """What every product costs: the data have no prices."""
        locale: str = "us"
        """Whose products are read: us, es or jp."""
        limit: int | None = Field(default=20_000, ge=1)
        """So many products are taken: there are 1.8 million."""

    def __init__(self, config: Config | None = None) -> None:
        self.options = config or self.Config()

    def recognises(self, path: Path) -> bool:
        """Returns whether the file has ESCI's columns of products."""
        return path.is_file() and table_columns(path) >= {
            "product_id",
            "product_title",
            "product_locale",
        }

    def load(self, path: Path) -> Catalog:
        """Reads a catalogue.

        Raises:
            CatalogError: If no price is given, or the file is broken as a whole.
        """
        if self.options.price is None:
            hint = f"esci:{path}?price=20 sells everything at that price"
            raise CatalogError(f"catalogue '{path}' has no prices, and none are made up; {hint}")
        currency = CURRENCIES.get(self.options.locale, "USD")
        format = Format("esci", NAMES, ("description", "bullets"), currency=currency)
        intake = Intake(format, path.parent, self.options)
        with reading(path):
            judged = self._judged(path, intake)
            rows = table_rows(path, self.options.encoding, intake.report)
            first = {id: query for query, found in judged.items() for _, _, id in reversed(found)}
            intake.take_all(rows, lambda where, row: self._translated(intake, where, row, first))
        catalog = intake.finish()
        return with_shelves(catalog, intake, shelves=tuple(_shelves(catalog, judged)))

    def _translated(
        self, intake: Intake, where: str, row: Mapping[str, Any], queries: Mapping[str, str]
    ) -> dict[str, Any] | None:
        locale = row.get("product_locale")
        if locale != self.options.locale:
            reason = f"is not {self.options.locale}; these rows are left out"
            intake.tell_once(where, "product_locale", locale, reason)
            return None
        id = str(row.get("product_id") or "")
        if queries and id not in queries:
            reason = "is named by no example; these rows are left out"
            intake.tell_once(where, "product_id", id, reason)
            return None
        return {
            "id": id,
            "category": queries.get(id, "products"),
            "brand": row.get("product_brand"),
            "title": row.get("product_title"),
            "description": row.get("product_description"),
            "bullets": str(row.get("product_bullet_point") or "").split("\n"),
            "attributes": {"color": row.get("product_color")},
            "price": self.options.price,
            "drawn": ["price"],
        }

    def _judged(self, path: Path, intake: Intake) -> Judged:
        """Query -> its products by label, from the file of examples beside the products'."""
        file = next((f for f in sorted(path.parent.glob("*examples*")) if f.suffix in TABLES), None)
        judged: Judged = {}
        if file is None:
            return judged

        def report(where: str, name: str, found: object, reason: str) -> None:
            intake.report(f"{file.name} {where}", name, found, reason)

        for where, row in table_rows(file, self.options.encoding, report):
            label = str(row.get("esci_label") or "")[:1].upper()
            query, id = str(row.get("query") or "").strip(), str(row.get("product_id") or "")
            if row.get("product_locale") not in (None, self.options.locale):
                continue  # its product is left out too, which is told there
            if label not in LABELS or not query or not id:
                shown = row.get("esci_label") if query and id else query or id
                report(where, "esci_label", shown, "is no judged product; row left out")
            else:
                judged.setdefault(query, []).append((LABELS.index(label), label, id))
        return judged


def _shelves(catalog: Catalog, judged: Judged) -> Iterator[GivenShelf]:
    for query, found in judged.items():
        known = [
            (label, id)
            for _, label, raw in sorted(found, key=lambda each: each[0])
            if (id := clean.product_id(raw)) in catalog.products
        ]
        if known:
            yield GivenShelf(
                id=f"query/{query}",
                kind="query",
                category=catalog.products[known[0][1]].category,
                query=query,
                listings=tuple(catalog.listings[id] for _, id in known),
                facts=tuple({"esci_label": label} for label, _ in known),
            )
