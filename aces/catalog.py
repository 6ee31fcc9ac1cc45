"""Catalogues: products, how they are offered to begin with, their pictures, and what was wrong.

`load_catalog("demo")` gives the built-in one; `load_catalog("shop.csv")` reads a file in any
format that has an importer in `aces/catalogs/`.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, runtime_checkable
from urllib.parse import parse_qsl

from pydantic import ValidationError

from aces.errors import CatalogError, nearest
from aces.given_shelves import GivenShelf, Screenshots
from aces.money import minor_digits
from aces.registry import Registry
from aces.types import Category, Listing, Product, Record, Seller

MIMETYPES = {"png": "image/png", "webp": "image/webp", "jpg": "image/jpeg", "jpeg": "image/jpeg"}
_OPTIONS = re.compile(r"[a-z_]+=[^&=]*(&[a-z_]+=[^&=]*)*")


class Problem(Record):
    """One value of a source that could not be used, and what became of its row."""

    where: str
    """`line 14` or `row 3` of the source."""
    product_id: str = ""
    field: str
    found: str
    reason: str
    """What is wrong with it and what was done, such as `is not a price; row left out`."""
    left_out: bool = False

    def __str__(self) -> str:
        product = f" ({self.product_id})" if self.product_id else ""
        return f"{self.where}{product}: {self.field} {self.found} {self.reason}"


@dataclass(frozen=True)
class Catalog:
    """What a shop can sell.

    Two catalogues are equal if they hold the same content; pictures count by their keys.

    Attributes:
        name: What the catalogue is called.
        currency: ISO 4217 code of every price.
        products: Product id -> product, in catalogue order.
        listings: Product id -> the offer that treatments start from, in the same order.
        sellers: Seller's name -> who that is; sellers may be missing.
        about: Category -> how it is called and where it belongs; categories may be missing.
        pictures: Picture key -> function that returns the picture's bytes.
        drawn: Product id -> names of the fields that were drawn at random, not given.
        drawn_seed: Seed of those draws; None where nothing was drawn.
        problems: What was wrong with the source.
        shelves: Shelves that the source shows itself; no part of what the shop sells.
        screenshots: Screenshot key of a given shelf -> function that returns its bytes.
    """

    name: str
    currency: str
    products: Mapping[str, Product]
    listings: Mapping[str, Listing]
    pictures: Mapping[str, Callable[[], bytes]] = field(default_factory=dict, compare=False)
    sellers: Mapping[str, Seller] = field(default_factory=dict, kw_only=True)
    about: Mapping[str, Category] = field(default_factory=dict, kw_only=True)
    drawn: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    drawn_seed: int | None = None
    problems: tuple[Problem, ...] = field(default=(), compare=False)
    shelves: tuple[GivenShelf, ...] = field(default=(), kw_only=True)
    screenshots: Screenshots = field(default_factory=dict, compare=False, kw_only=True)

    def categories(self) -> dict[str, int]:
        """Returns category -> number of products, in catalogue order."""
        return dict(Counter(product.category for product in self.products.values()))

    def slice(self, category: str, size: int | None = None) -> list[str]:
        """Returns the ids of the category's first `size` products, or of all.

        Raises:
            CatalogError: If there is no such category, or it holds fewer products.
        """
        ids = [id for id, product in self.products.items() if product.category == category]
        if not ids:
            raise CatalogError(
                f"catalogue '{self.name}' has no category '{category}'"
                f"{nearest(category, self.categories())}"
            )
        if size is not None and len(ids) < size:
            raise CatalogError(
                f"catalogue '{self.name}', category '{category}': asks for {size} products, "
                f"has {len(ids)}"
            )
        return ids[:size]

    def subset(self, ids: Iterable[str]) -> "Catalog":
        """Returns the catalogue of these products alone, still in catalogue order.

        Given shelves stay behind.

        Raises:
            CatalogError: If one of them is not in the catalogue.
        """
        wanted = set(ids)
        for id in sorted(wanted - set(self.products)):
            raise CatalogError(
                f"catalogue '{self.name}' has no product '{id}'{nearest(id, self.products)}"
            )
        listings = {id: listing for id, listing in self.listings.items() if id in wanted}
        products = {id: product for id, product in self.products.items() if id in wanted}
        shown = {key for id in listings for key in _pictures(products[id], listings[id])}
        selling = {name for listing in listings.values() for name in _sellers(listing)}
        categories = {product.category for product in products.values()}
        return replace(
            self,
            products=products,
            listings=listings,
            pictures={key: load for key, load in self.pictures.items() if key in shown},
            sellers={name: who for name, who in self.sellers.items() if name in selling},
            about={name: what for name, what in self.about.items() if name in categories},
            drawn={id: fields for id, fields in self.drawn.items() if id in wanted},
            shelves=(),
            screenshots={},
        )

    def title(self, category: str) -> str:
        """Returns how a category is called in the shop."""
        known = self.about.get(category)
        return known.title if known else category.replace("_", " ").capitalize()

    def departments(self) -> dict[str, list[str]]:
        """Returns department -> its categories; one without a department is its own."""
        found: dict[str, list[str]] = {}
        for category in self.categories():
            known = self.about.get(category)
            found.setdefault(known.department if known else self.title(category), []).append(
                category
            )
        return found

    def priced_in(self, currency: str, rate: float) -> "Catalog":
        """Returns the catalogue with its prices in another currency, rounded to its minor units.

        Args:
            currency: ISO 4217 code.
            rate: What one unit of the present currency costs in the other.
        """
        scale = rate * 10.0 ** (minor_digits(currency) - minor_digits(self.currency))
        listings = {id: _repriced(listing, scale) for id, listing in self.listings.items()}
        shelves = tuple(
            shelf.model_copy(
                update={"listings": tuple(_repriced(e, scale) for e in shelf.listings)}
            )
            for shelf in self.shelves
        )
        return replace(self, currency=currency, listings=listings, shelves=shelves)

    def picture(self, key: str) -> tuple[bytes, str]:
        """Returns a picture and its media type.

        Raises:
            CatalogError: If the catalogue holds no picture of that key.
        """
        if key not in self.pictures:
            raise CatalogError(f"catalogue '{self.name}' has no picture '{key}'")
        return self.pictures[key](), MIMETYPES[key.rpartition(".")[2]]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all that its shop sells, picture keys among it."""
        content = {
            "currency": self.currency,
            "products": [product.model_dump(mode="json") for product in self.products.values()],
            "listings": [listing.model_dump(mode="json") for listing in self.listings.values()],
            "sellers": [seller.model_dump(mode="json") for seller in self.sellers.values()],
            "about": {name: what.model_dump(mode="json") for name, what in self.about.items()},
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _repriced(listing: Listing, scale: float) -> Listing:
    money = ("price_cents", "list_price_cents", "shipping_cents")
    amounts = {name: getattr(listing, name) for name in money}
    scaled = {
        name: None if cents is None else round(cents * scale) for name, cents in amounts.items()
    }
    return listing.model_copy(update=scaled)


def _pictures(product: Product, listing: Listing) -> Iterator[str]:
    """Keys of the pictures that show a product, its options' among them."""
    yield from listing.pictures
    yield from (value.picture for option in product.options for value in option.values)


def _sellers(listing: Listing) -> Iterator[str]:
    yield listing.seller
    yield from (offer.seller for offer in listing.offers)


@runtime_checkable
class Importer(Protocol):
    """Reads catalogues of one format; its docstring's first line says what they look like."""

    def recognises(self, path: Path) -> bool:
        """Returns whether the file or folder looks like this format, at a glance."""
        ...

    def load(self, path: Path) -> Catalog:
        """Reads it; bad rows become `Catalog.problems`."""
        ...


IMPORTERS: Registry[Any] = Registry("catalogue format", "aces.catalogs", "Importer")


def load_catalog(
    source: str | Path, base: Path | None = None, *, fetch_pictures: bool = False
) -> Catalog:
    """Reads a catalogue.

    Args:
        source: `demo`; or a file or folder, whose format is told from its content; or
            `format:path` to say which format it is. Options of the format may follow, as in
            `shopify:shop.csv?currency=EUR&limit=500`.
        base: Where relative paths are looked for after the working directory.
        fetch_pictures: Whether pictures that the source names by address are fetched.

    Raises:
        CatalogError: If there is nothing there, no format fits, or the file can't be read.
    """
    if source == "demo":
        return _importer("demo", {}).load(Path())
    name, path, options = _parts(str(source))
    if fetch_pictures:
        options = {"pictures": "fetch", **options}
    if name and getattr(IMPORTERS.load(name), "remote", False) and not Path(path).exists():
        return _importer(name, options).load(Path(path))
    found = _find(path, base, getattr(IMPORTERS.load(name), "obtain", "") if name else "")
    return _importer(name or _recognised(found), options).load(found)


def write_catalog(catalog: Catalog, path: Path) -> None:
    """Writes a catalogue in our own format: `.json`, `.csv` or `.parquet` by the path's ending.

    Pictures go to the folder `<stem>_pictures` beside it; `load_catalog` gives back an equal one.

    Raises:
        CatalogError: If the path ends otherwise.
    """
    IMPORTERS.load("native")().write(catalog, path)


def _importer(name: str, options: Mapping[str, str]) -> Importer:
    known = IMPORTERS.config(name).model_fields
    # whoever fetches pictures need not know which formats name any by address
    given = {k: v for k, v in options.items() if k in known or k != "pictures"}
    try:
        importer: Importer = IMPORTERS.build(name, given)
    except ValidationError as error:
        fault = error.errors()[0]
        option = ".".join(map(str, fault["loc"]))
        hint = "" if option in known else f"; {name} knows {', '.join(known) or 'no option'}"
        raise CatalogError(f"{name}: option '{option}': {fault['msg']}{hint}") from None
    return importer


def _parts(source: str) -> tuple[str, str, dict[str, str]]:
    """Splits `format:path?option=value`; format and options are empty where none is named."""
    options: dict[str, str] = {}
    path, mark, query = source.rpartition("?")
    if mark and _OPTIONS.fullmatch(query):
        source, options = path, dict(parse_qsl(query))
    name, colon, path = source.rpartition(":")
    if colon and (name in IMPORTERS.names() or ":" in name):
        return name, path, options
    return "", source, options


def _find(path: str, base: Path | None, obtain: str) -> Path:
    """The first that exists of the path from here and from `base`; else says how to get one."""
    places = [Path(path)] if base is None else [Path(path), base / path]
    for place in places:
        if place.exists():
            return place
    looked = " or ".join(f"'{place}'" for place in places)
    raise CatalogError(f"there is no catalogue at {looked}. {obtain or _formats()}")


def _recognised(path: Path) -> str:
    """The name of the first format that the file looks like."""
    for name in IMPORTERS.names():
        if _importer(name, {}).recognises(path):
            return name
    raise CatalogError(f"no catalogue format fits '{path}'. {_formats()}")


def _formats() -> str:
    lines = [f"  {name}: {IMPORTERS.summary(name)}" for name in IMPORTERS.names()]
    return "\n".join(["A catalogue is one of these (`name:path` forces one):", *lines])
