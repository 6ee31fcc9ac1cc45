"""From the loose rows of a file to a `Catalog`: every value is checked, every fault reported."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from aces.catalog import MIMETYPES, Catalog, Problem
from aces.errors import nearest
from aces.money import minor_digits
from aces.types import Category, Listing, Mark, Offer, Option, Product, Record, Review, Seller

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_PRICE = re.compile(r"(?:[A-Z]{3} ?|[$€£¥₩])?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?")
_COUNT = re.compile(r"\d{1,3}(?:,\d{3})+|\d+")
_KEY = re.compile(r"[0-9a-f]{16}\.(?:png|webp|jpg|jpeg)")
_NOTHING = object()

T = TypeVar("T", bound="list[Any] | dict[str, Any]")
R = TypeVar("R", bound=Record)


class UnusableError(ValueError):
    """A value that can't be used.

    Args:
        reason: What is wrong with it and what is done about it.
        instead: What stands in for the value; without it the row is left out.
    """

    def __init__(self, reason: str, instead: object = _NOTHING) -> None:
        super().__init__(reason)
        self.instead = instead

    @property
    def costs_the_row(self) -> bool:
        """Whether nothing stands in for the value."""
        return self.instead is _NOTHING


class CatalogBuilder:
    """Collects rows and the problems they have.

    A row maps the names in `COLUMNS` to values, as text or already typed: lists and maps may be
    JSON text, prices are in major units (`19.99`). Only id, title and price must be there.

    Args:
        name: What the catalogue is called.
        currency: ISO 4217 code of every price.
        folder: What the rows' picture paths start from.
        drawn_seed: Seed of the values drawn, where some were.
    """

    def __init__(
        self, name: str, currency: str = "USD", folder: Path = Path(), drawn_seed: int | None = None
    ) -> None:
        self.name = name
        self.currency = currency
        self.folder = folder
        self.drawn_seed = drawn_seed
        self._products: dict[str, Product] = {}
        self._listings: dict[str, Listing] = {}
        self._pictures: dict[str, Callable[[], bytes]] = {}
        self._drawn: dict[str, tuple[str, ...]] = {}
        self._problems: list[Problem] = []
        self._sellers: dict[str, Seller] = {}
        self._about: dict[str, Category] = {}

    def add(
        self, where: str, row: Mapping[str, Any], names: Mapping[str, str] | None = None
    ) -> None:
        """Takes one row; whatever is wrong with it becomes a problem at `where`.

        Args:
            where: `line 14` or `row 3` of the source.
            row: Column -> value.
            names: Column -> what the source calls it, for problems.
        """
        before = len(self._problems)
        called = names or {}
        values = {
            column: self._read(where, row, column, called.get(column, column)) for column in COLUMNS
        }
        if any(problem.left_out for problem in self._problems[before:]):
            return
        pictures = [self._picture(where, values["id"], path) for path in values["pictures"]]
        values["pictures"] = tuple(filter(None, pictures))
        values["options"] = tuple(
            self._pictured(where, values["id"], option) for option in values["options"]
        )
        self._keep(values)

    def add_seller(self, seller: Seller) -> None:
        """Takes who a seller is."""
        self._sellers[seller.name] = seller

    def add_category(self, name: str, about: Category) -> None:
        """Takes how a category is called."""
        self._about[name] = about

    def add_picture(self, key: str, load: Callable[[], bytes]) -> None:
        """Takes a picture that is not a file; rows name it by its key."""
        self._pictures[key] = load

    def report(
        self,
        where: str,
        field: str,
        found: object,
        reason: str,
        product_id: str = "",
        left_out: bool = False,
    ) -> None:
        """Notes a problem: what was found at `where`, and whether it cost the whole row."""
        problem = Problem(
            where=where,
            product_id=product_id,
            field=field,
            found=_shown(found),
            reason=reason,
            left_out=left_out,
        )
        self._problems.append(problem)

    def report_unknown_columns(self, where: str, columns: Iterable[str]) -> None:
        """Notes the columns that mean nothing here, once each."""
        for column in columns:
            if column not in COLUMNS:
                self.report(where, "column", column, f"is ignored{nearest(column, COLUMNS)}")

    def build(self) -> Catalog:
        """Returns the catalogue of what was taken."""
        return Catalog(
            name=self.name,
            currency=self.currency,
            products=self._products,
            listings=self._listings,
            pictures=self._pictures,
            drawn=self._drawn,
            drawn_seed=self.drawn_seed,
            problems=tuple(self._problems),
            sellers=self._sellers,
            about=self._about,
        )

    def _read(self, where: str, row: Mapping[str, Any], column: str, name: str) -> Any:  # noqa: ANN401
        """The column's value, or what stands in for it."""
        found = row.get(column)
        found = "" if found is None else found
        try:
            return COLUMNS[column](self, found)
        except UnusableError as fault:
            left_out = fault.costs_the_row
            product_id = str(row.get("id") or "")
            self.report(where, name, found, str(fault), product_id=product_id, left_out=left_out)
            return fault.instead

    def _picture(self, where: str, product_id: str, path: str) -> str | None:
        """The key of the picture at `path`; a file name that already is a key is kept."""
        if path in self._pictures:
            return path
        file = self.folder / path
        suffix = file.suffix[1:].lower()
        if suffix not in MIMETYPES or not file.is_file():
            fault = "is no file here" if suffix in MIMETYPES else f"is none of {sorted(MIMETYPES)}"
            self.report(where, "pictures", path, f"{fault}; left away", product_id=product_id)
            return None
        named = _KEY.fullmatch(file.name)
        key = file.name if named else f"{picture_digest(file.read_bytes())}.{suffix}"
        self._pictures[key] = file.read_bytes
        return key

    def _pictured(self, where: str, product_id: str, option: Option) -> Option:
        """The option with the files of its pictures turned into keys."""
        values = tuple(
            value.model_copy(
                update={"picture": self._picture(where, product_id, value.picture) or ""}
            )
            if value.picture
            else value
            for value in option.values
        )
        return option.model_copy(update={"values": values})

    def _keep(self, values: dict[str, Any]) -> None:
        id = values.pop("id")
        if drawn := values.pop("drawn"):
            self._drawn[id] = drawn
        facts = {name: values.pop(name) for name in Product.model_fields if name in values}
        self._products[id] = Product(id=id, **facts)
        amounts = {f"{name}_cents": values.pop(name) for name in MONEY}
        self._listings[id] = Listing(product_id=id, **amounts, **values)

    def _id(self, found: object) -> str:
        text = str(found)
        if not text:
            raise UnusableError("is missing; row left out")
        if not _ID.fullmatch(text):
            raise UnusableError("may hold at most 80 letters, digits and . _ -; row left out")
        if text in self._products:
            raise UnusableError("was there before; row left out")
        return text

    def _price(self, found: object) -> int:
        """A price in minor units."""
        if not str(found).strip():
            raise UnusableError("is missing; row left out")
        digits = minor_digits(self.currency)
        cents = _amount(str(found).strip()).scaleb(digits)
        if cents != cents.to_integral_value():
            raise UnusableError(f"has more than {digits} decimals; row left out")
        return int(cents)

    def _list_price(self, found: object) -> int | None:
        return self._price_or(found, None, "no list price")

    def _shipping(self, found: object) -> int | None:
        return self._price_or(found, 0, "taken as free")

    def _price_or(self, found: object, instead: int | None, then: str) -> int | None:
        """A price that may be missing; `then` says what becomes of a broken one."""
        if not str(found).strip():
            return instead
        try:
            return self._price(found)
        except UnusableError as fault:
            raise UnusableError(str(fault).replace("row left out", then), instead) from None


def picture_digest(content: bytes) -> str:
    """Returns the 16 hexadecimal digits that name a picture and betray nothing of it."""
    return hashlib.sha256(content).hexdigest()[:16]


def _shown(found: object) -> str:
    text = str(found)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _amount(text: str) -> Decimal:
    if text.startswith("-"):
        raise UnusableError("is negative; row left out")
    match = _PRICE.fullmatch(text)
    if not match:
        raise UnusableError("is not a price such as 19.99; row left out")
    return Decimal(match[1].replace(",", "") + (match[2] or ""))


def _title(_: CatalogBuilder, found: object) -> str:
    text = str(found)
    if not text.strip():
        raise UnusableError("is missing; row left out")
    return text


def _category(_: CatalogBuilder, found: object) -> str:
    text = str(found)
    if not text.strip():
        raise UnusableError("is missing; put under 'uncategorised'", "uncategorised")
    return text


def _text(_: CatalogBuilder, found: object) -> str:
    return str(found)


def _rating(_: CatalogBuilder, found: object) -> float | None:
    if not str(found).strip():
        return None
    try:
        rating = Decimal(str(found).strip())
        within = 0 <= rating <= 5
    except InvalidOperation:  # no number, or not-a-number
        within = False
    if not within:
        raise UnusableError("is not a number from 0 to 5; shown without a rating", None)
    return float(rating)


def _count(instead: int) -> Callable[[CatalogBuilder, object], int]:
    def read(_: CatalogBuilder, found: object) -> int:
        text = str(found).strip()
        if not text:
            return instead
        if not _COUNT.fullmatch(text):
            raise UnusableError(f"is not a count; taken as {instead}", instead)
        return int(text.replace(",", ""))

    return read


def _decoded(found: object, kind: type[T], example: str) -> T:
    """A list or map, given as such or as JSON text; empty where nothing is given."""
    if found == "":
        return kind()
    try:
        value = json.loads(found) if isinstance(found, str) else found
    except json.JSONDecodeError:
        value = None
    if not isinstance(value, kind):
        raise UnusableError(f"is not JSON such as {example}; left away", kind())
    return value


def _texts(_: CatalogBuilder, found: object) -> tuple[str, ...]:
    return tuple(map(str, _decoded(found, list, '["first", "second"]')))


def _attributes(_: CatalogBuilder, found: object) -> dict[str, str]:
    value = _decoded(found, dict, '{"colour": "black"}')
    return {str(name): str(text) for name, text in value.items()}


def _records(kind: type[R], example: str) -> Callable[[CatalogBuilder, object], tuple[R, ...]]:
    """Reads a list of records of one kind."""

    def read(_: CatalogBuilder, found: object) -> tuple[R, ...]:
        value = _decoded(found, list, example)
        try:
            return tuple(kind.model_validate(each) for each in value)
        except ValidationError as error:
            fault = error.errors()[0]
            place = ".".join(map(str, fault["loc"]))
            name = kind.__name__.lower()
            raise UnusableError(
                f"is no list of {name}s such as {example} ({place}: {fault['msg']}); left away", ()
            ) from None

    return read


def _combinations(_: CatalogBuilder, found: object) -> tuple[dict[str, str], ...]:
    value = _decoded(found, list, '[{"Size": "M"}]')
    if not all(isinstance(each, dict) for each in value):
        raise UnusableError('is not a list such as [{"Size": "M"}]; left away', ())
    return tuple({str(name): str(text) for name, text in each.items()} for each in value)


COLUMNS: dict[str, Callable[[CatalogBuilder, object], Any]] = {
    "id": CatalogBuilder._id,
    "category": _category,
    "brand": _text,
    "attributes": _attributes,
    "specification": _attributes,
    "options": _records(Option, '[{"name": "Size", "values": [{"value": "M"}]}]'),
    "sold_out": _combinations,
    "reviews": _records(Review, '[{"stars": 5, "title": "Good"}]'),
    "title": _title,
    "description": _text,
    "bullets": _texts,
    "price": CatalogBuilder._price,
    "list_price": CatalogBuilder._list_price,
    "rating": _rating,
    "review_count": _count(instead=0),
    "stock": _count(instead=100),
    "pictures": _texts,
    "seller": _text,
    "delivery_days": _count(instead=5),
    "shipping": CatalogBuilder._shipping,
    "offers": _records(Offer, '[{"seller": "Ava", "price_factor": 1.1}]'),
    "marks": _records(Mark, '[{"kind": "new", "text": "New"}]'),
    "drawn": _texts,
}
"""Column of a row -> how its value is read."""

MONEY = ("price", "list_price", "shipping")
"""Columns in major units; a listing has them in minor ones."""
