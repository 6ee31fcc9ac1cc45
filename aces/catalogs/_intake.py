"""From the rows of another format to a catalogue: one place for what all formats get wrong."""

import codecs
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from aces.catalog import Catalog
from aces.catalog_builder import CatalogBuilder, UnusableError
from aces.catalogs import _cleaning as clean
from aces.errors import CatalogError
from aces.money import minor_digits
from aces.pictures import (
    MISSING_KEY,
    PictureError,
    PictureFetcher,
    UnreachableError,
    missing_picture,
)
from aces.types import Category, Record

Row = Mapping[str, Any]


class ImportOptions(Record):
    """What every foreign format takes, as in `shopify:shop.csv?currency=EUR&limit=500`."""

    limit: int | None = Field(default=None, ge=1)
    """So many rows are read."""
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    """Of prices that say none; rows that say another are left out."""
    encoding: str = "utf-8"
    """Of text files without a byte order mark."""
    pictures: Literal["cached", "fetch", "none"] = "cached"
    """Of pictures named by address: those fetched before, or all, or none."""

    @field_validator("encoding")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            codecs.lookup(name)
        except LookupError:
            raise ValueError(f"there is no encoding '{name}'") from None
        return name


@dataclass
class Format:
    """How a format names and writes things.

    Attributes:
        name: Of the catalogue.
        names: Our column -> the source's, for problems.
        markup: Our columns that hold HTML by design.
        currency: Of prices that say none.
        says: Whether prices say their currency, so that the commonest is the catalogue's.
        scale: What ratings count up to.
    """

    name: str
    names: Mapping[str, str]
    markup: tuple[str, ...] = ()
    currency: str = "USD"
    says: bool = False
    scale: float = 5


class Intake:
    """Takes rows, then makes the catalogue.

    A row has the columns of our own format, with values as the source writes them, and may have
    `currency` (of its price), `scale` (of its rating), `urls` (of pictures, best first) and
    `names` (of columns, where its own differ); `category` may be a path from the department down.

    Args:
        format: What is read.
        folder: Where the source lies.
        options: As the user gave them.
        fetcher: Of pictures named by address; by the options if not given.
    """

    def __init__(
        self,
        format: Format,
        folder: Path,
        options: ImportOptions,
        fetcher: PictureFetcher | None = None,
    ) -> None:
        self.format = format
        self.options = options
        self.builder = CatalogBuilder(format.name, options.currency or format.currency, folder)
        self.fetcher = fetcher or PictureFetcher(options.pictures == "fetch")
        self._rows: list[tuple[str, Row]] = []
        self._told: dict[tuple[str, str], _Told] = {}
        self._paths: dict[str, tuple[str, ...]] = {}

    def take(self, where: str, row: Row) -> None:
        """Takes a row; it is looked at when all are there, since the commonest currency counts."""
        self._rows.append((where, row))

    def take_all(
        self, rows: Iterable[tuple[str, Row]], translated: Callable[[str, Row], Row | None]
    ) -> None:
        """Takes as many rows as the user wants, each translated first; nothing is skipped."""
        for where, row in rows:
            if self.options.limit is not None and len(self._rows) >= self.options.limit:
                reason = "rows are taken, as `limit` says; the rest is not read"
                self.report(where, "limit", self.options.limit, reason)
                return
            found = translated(where, row)
            if found is not None:
                self.take(where, found)

    def take_with(self, more: Callable[[Row], Row]) -> None:
        """Adds to every row taken so far what is only known now."""
        self._rows = [(where, {**row, **more(row)}) for where, row in self._rows]

    @property
    def ids(self) -> set[str]:
        """The ids of the rows taken so far, as the source writes them."""
        return {str(row.get("id")) for _, row in self._rows}

    def report(self, where: str, name: str, found: object, reason: str, id: str = "") -> None:
        """Notes a problem; one whose reason says so has cost the row."""
        left_out = reason.endswith("row left out")
        self.builder.report(where, name, found, reason, product_id=id, left_out=left_out)

    def tell_once(self, where: str, name: str, found: object, reason: str) -> None:
        """Notes what holds for a column as a whole: once, and how often."""
        told = self._told.setdefault((name, reason), _Told(where, found))
        told.times += 1

    def finish(self) -> Catalog:
        """Returns the catalogue of all rows.

        Raises:
            CatalogError: If no row could be used.
        """
        self.builder.currency = self._currency()
        for where, row in self._rows:
            self._add(where, row)
        for (name, reason), told in self._told.items():
            more = f" (and {told.times - 1} more)" if told.times > 1 else ""
            self.report(told.where, name, told.found, reason + more)
        catalog = self.builder.build()
        if not catalog.products:
            first = "\n".join(f"  {problem}" for problem in catalog.problems[:5])
            raise CatalogError(f"{self.format.name}: no row could be used\n{first}")
        return catalog

    def _currency(self) -> str:
        """The user's, or the one that most prices say they are in, or the format's."""
        if self.options.currency or not self.format.says:
            return self.options.currency or self.format.currency
        said = Counter(filter(None, (_said(row) for _, row in self._rows)))
        return said.most_common(1)[0][0] if said else self.format.currency

    def _add(self, where: str, row: Row) -> None:
        cleaner = _Cleaner(self, where, row)
        cleaned = {column: cleaner.value(column) for column in _READERS if column in row}
        if cleaner.left_out:
            return
        listed, price = cleaned.get("list_price"), cleaned["price"]
        if isinstance(listed, Decimal) and isinstance(price, Decimal) and listed <= price:
            if listed < price:
                cleaner.tell("list_price", "is below the price; no list price")
            cleaned["list_price"] = None
        drawn = list(row.get("drawn", ()))
        if "urls" in row and self.options.pictures != "none":
            cleaned["pictures"] = self._pictures(cleaner, cleaner.several("urls"))
            drawn += ["pictures"] * (cleaned["pictures"] == [MISSING_KEY])
        self.builder.add(where, {**cleaned, "drawn": drawn}, cleaner.names)

    def picture(self, url: str, tell: Callable[[str], None]) -> str:
        """Returns the key of a picture named by address or by file; empty where it is not had."""
        if "://" not in url and self._is_file(url):
            return self._local(url, tell)
        try:
            key, file = self.fetcher.get(url)
        except PictureError as error:
            if self.fetcher.online and not isinstance(error, UnreachableError):
                tell(str(error))
            else:
                self.tell_once("all rows", self.format.names.get("urls", "urls"), url, str(error))
            return ""
        self.builder.add_picture(key, file.read_bytes)
        return key

    def _is_file(self, path: str) -> bool:
        try:
            return (self.builder.folder / path).is_file()
        except (OSError, ValueError):  # no name that a file could have
            return False

    def _local(self, path: str, tell: Callable[[str], None]) -> str:
        """A file's path, if it lies below the catalogue's folder."""
        if not (self.builder.folder / path).resolve().is_relative_to(self.builder.folder.resolve()):
            tell("lies outside the catalogue's folder; left away")
            return ""
        return path

    def _pictures(self, cleaner: "_Cleaner", urls: Iterable[object]) -> list[str]:
        named = [str(url) for url in urls if not clean.missing(url)]
        keys = [self.picture(url, lambda why, u=url: cleaner.tell("urls", why, u)) for url in named]  # type: ignore[misc]
        found = [key for key in dict.fromkeys(keys) if key]
        if not found:
            self.builder.add_picture(MISSING_KEY, missing_picture)
        return found or [MISSING_KEY]

    def category(self, path: Iterable[str]) -> str:
        """Returns the name of a category, the last step of its path where that is unambiguous."""
        steps = tuple(path)
        for start in range(len(steps) - 1, -1, -1):
            name = clean.slug(" ".join(steps[start:]))
            if name and self._paths.setdefault(name, steps) == steps:
                self.builder.add_category(name, Category(title=steps[-1], department=steps[0]))
                return name
        return clean.slug(" ".join(steps))


@dataclass
class _Told:
    where: str
    found: object
    times: int = field(default=0)


class _Cleaner:
    """Reads the values of one row, reporting each fault under the source's own name for it."""

    def __init__(self, intake: Intake, where: str, row: Row) -> None:
        self.intake = intake
        self.where = where
        self.row = row
        self.id = clean.product_id(row.get("id"))
        self.names = {**intake.format.names, **row.get("names", {})}
        self.left_out = False

    def tell(self, column: str, reason: str, found: object = None) -> None:
        name = self.names.get(column, column)
        shown = self.row.get(column, "") if found is None else found
        self.intake.report(self.where, name, "" if shown is None else shown, reason, self.id)

    def value(self, column: str) -> Any:  # noqa: ANN401
        try:
            return _READERS[column](self, column)
        except UnusableError as fault:
            self.tell(column, str(fault))
            self.left_out = self.left_out or fault.costs_the_row
            return None if fault.costs_the_row else fault.instead

    def teller(self, column: str) -> clean.Tell:
        return lambda reason: self.tell(column, reason)

    def line(self, column: str) -> str:
        return self._line(column, self.row[column])

    def _line(self, column: str, found: object) -> str:
        markup = column in self.intake.format.markup
        return clean.line(found, self.teller(column), markup)

    def paragraphs(self, column: str) -> str:
        markup = column in self.intake.format.markup
        return clean.paragraphs(self.row[column], self.teller(column), markup)

    def several(self, column: str) -> list[Any]:
        """A list; a single text counts as one of one."""
        found = self.row[column]
        if isinstance(found, list | tuple):
            return list(found)
        if isinstance(found, dict | bool | int | float | Decimal):
            self.tell(column, "is no list; left away")
            return []
        return [] if clean.missing(found) else [found]

    def lines(self, column: str) -> list[str]:
        return [text for each in self.several(column) if (text := self._line(column, each))]

    def table(self, column: str) -> dict[str, str]:
        found = self.row[column] or {}
        if not isinstance(found, dict):
            self.tell(column, "is no table; left away")
            return {}
        pairs = ((self._line(column, k), self._line(column, v)) for k, v in found.items())
        return {name: value for name, value in pairs if name and value}

    def reviews(self, column: str) -> list[dict[str, Any]]:
        found = self.several(column)
        return [review for each in found if (review := self._review(column, each))]

    def _review(self, column: str, found: Any) -> dict[str, Any]:  # noqa: ANN401
        """A review with its stars rounded; none where they are missing."""
        try:
            scale = float(found.get("scale", 5))
            given = clean.stars(found.get("stars"), scale, lambda _: None)
        except (UnusableError, AttributeError, TypeError, ValueError):
            given = None
        if not given:
            self.tell(column, "has a review without stars from 1 to 5; that review left away")
            return {}
        text = clean.paragraphs(found.get("text"), self.teller(column), True)
        title, date = self._line(column, found.get("title")), str(found.get("date") or "")
        if not re.fullmatch(r"(\d{4}-\d\d-\d\d)?", date):
            self.tell(column, "has a review whose date is none; shown without it", date)
            date = ""
        rest = {name: found[name] for name in ("verified", "helpful") if name in found}
        return {"stars": max(1, round(given)), "title": title, "text": text, "date": date, **rest}

    def category(self, column: str) -> str:
        steps = [text for each in self.several(column) if (text := self._line(column, each))]
        return self.intake.category(steps) if steps else ""

    def price(self, column: str) -> Decimal:
        amount, code = clean.money(self.row[column])
        code, own = code or str(self.row.get("currency") or ""), self.intake.builder.currency
        if code and code != own:
            raise UnusableError(f"is in {code}, the catalogue in {own}; row left out")
        return clean.minor(amount, minor_digits(own))

    def list_price(self, column: str) -> Decimal | None:
        return self._price_or(column, None, "no list price")

    def shipping(self, column: str) -> Decimal | int:
        return self._price_or(column, 0, "taken as free") or 0

    def _price_or(self, column: str, instead: Any, then: str) -> Decimal | None:  # noqa: ANN401
        """A price that may be missing or zero, without which the row is still sold."""
        if clean.missing(self.row[column]):
            return None
        try:
            return self.price(column)
        except UnusableError as fault:
            if "is no price" in str(fault):
                return None
            raise UnusableError(str(fault).replace("row left out", then), instead) from None

    def rating(self, column: str) -> float | None:
        scale = float(self.row.get("scale") or self.intake.format.scale)
        given = clean.stars(self.row[column], scale, self.teller(column))
        if given is not None and scale != 5:
            reason = f"counts up to {scale:g}; taken as stars out of 5"
            name = self.names.get(column, column)
            self.intake.tell_once(self.where, name, self.row[column], reason)
        unrated = given == 0 and self.row.get("review_count") in (None, "", 0, "0")
        return None if unrated else given

    def review_count(self, column: str) -> object:
        return clean.count(self.row[column], 0, self.teller(column))

    def stock(self, column: str) -> object:
        return clean.count(self.row[column], 100, self.teller(column))

    def as_it_is(self, column: str) -> Any:  # noqa: ANN401
        return self.row[column]


_READERS: dict[str, Callable[[_Cleaner, str], Any]] = {
    "id": lambda cleaner, _: cleaner.id,
    "category": _Cleaner.category,
    "brand": _Cleaner.line,
    "attributes": _Cleaner.table,
    "specification": _Cleaner.table,
    "options": _Cleaner.as_it_is,
    "sold_out": _Cleaner.as_it_is,
    "reviews": _Cleaner.reviews,
    "title": _Cleaner.line,
    "description": _Cleaner.paragraphs,
    "bullets": _Cleaner.lines,
    "price": _Cleaner.price,
    "list_price": _Cleaner.list_price,
    "rating": _Cleaner.rating,
    "review_count": _Cleaner.review_count,
    "stock": _Cleaner.stock,
    "seller": _Cleaner.line,
    "delivery_days": _Cleaner.as_it_is,
    "shipping": _Cleaner.shipping,
    "offers": _Cleaner.as_it_is,
    "marks": _Cleaner.as_it_is,
}
"""Our column -> how a foreign value of it is read, before the builder checks it again."""


def _said(row: Row) -> str:
    """The currency that a row's price says it is in."""
    try:
        return clean.money(row.get("price"))[1] or str(row.get("currency") or "")
    except UnusableError:
        return ""


def with_shelves(catalog: Catalog, intake: Intake, **more: Any) -> Catalog:  # noqa: ANN401
    """Returns the catalogue with what else was found, and the problems met on the way."""
    return replace(catalog, problems=intake.builder.build().problems, **more)
