"""What a shopper asked for, as it stands in a URL."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from operator import attrgetter
from typing import Any, Protocol
from urllib.parse import urlencode

from marketplace.money import decimal, minor_units, parts

MAX_TEXT = 200
MAX_NAME = 1000
"""Characters of a category, brand, ...; longer ones are ignored."""
MAX_VALUES = 20
"""Values of one filter, and filters on attributes, that are read; more are ignored."""
MAX_CENTS = 10**12
MAX_DIGITS = 16
SORTS = {
    "relevance": "Featured",
    "price_asc": "Price: low to high",
    "price_desc": "Price: high to low",
    "rating": "Average rating",
    "reviews": "Most reviews",
    "delivery": "Fastest delivery",
}
"""Orders of results, and how they are called."""
ATTRIBUTE = "a."
"""What a parameter that filters by an attribute begins with."""


class Arguments(Protocol):
    """The parameters of a URL, such as `flask.request.args`."""

    def __iter__(self) -> Iterator[str]: ...

    def getlist(self, key: str, /) -> list[str]:
        """Returns the values of one, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Query:
    """What a shopper asked for.

    Attributes:
        text: Words to be found.
        category: Of the catalogue.
        department: Of its categories.
        seller: Whose own listings are wanted.
        low_cents: Least price.
        high_cents: Greatest price.
        stars: Least rating, as shown.
        brands: Any of these.
        attributes: Name and value; any of the values of one name, and every name.
        deals: Only what is below its list price.
        delivery_days: The most there may be.
        free_delivery: Only what is delivered free.
        in_stock: Only what can be had.
        sort: One of `SORTS`.
        page: From 1.
        currency: Of the prices.
    """

    text: str = ""
    category: str = ""
    department: str = ""
    seller: str = ""
    low_cents: int | None = None
    high_cents: int | None = None
    stars: int | None = None
    brands: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    deals: bool = False
    delivery_days: int | None = None
    free_delivery: bool = False
    in_stock: bool = False
    sort: str = "relevance"
    page: int = 1
    currency: str = "USD"

    @classmethod
    def read(cls, args: Arguments, currency: str) -> "Query":
        """Reads a URL's parameters; what is unknown or broken is ignored."""

        def first(name: str) -> str:
            return next(iter(args.getlist(name)), "")

        def one(name: str) -> str:
            return _clean(first(name))

        low, high = _cents(one("low"), currency), _cents(one("high"), currency)
        if low is not None and high is not None and low > high:
            low, high = high, low
        sort = one("sort")
        return cls(
            text=one("q"),
            category=_name(first("category")),
            department=_name(first("department")),
            seller=_name(first("seller")),
            low_cents=low or None,
            high_cents=high,
            stars=_whole(one("stars"), 1, 5),
            brands=_several(args.getlist("brand")),
            attributes=_attributes(args),
            deals=one("deals") == "1",
            delivery_days=_whole(one("days"), 0, 365),
            free_delivery=one("free") == "1",
            in_stock=one("stock") == "1",
            sort=sort if sort in SORTS else "relevance",
            page=_whole(one("page"), 1, 10**6) or 1,
            currency=currency,
        )

    def url(self, path: str = "/search", **changes: Any) -> str:  # noqa: ANN401
        """Returns the link to this query with some of its fields changed.

        The page goes back to 1 unless it is among the changes. What the path itself says
        (`/category/...`, `/department/...`, `/seller/...`, `/deals`) is not said again.
        """
        said = path.split("/")[1]
        pairs = self.but(**changes).parameters()
        asked = urlencode([(name, value) for name, value in pairs if name != said])
        return f"{path}?{asked}" if asked else path

    def parameters(self) -> list[tuple[str, str]]:
        """Returns names and values as a URL has them; what is as by default is left out."""
        money = ("low", self.low_cents), ("high", self.high_cents)
        pairs = [
            ("q", self.text),
            ("category", self.category),
            ("department", self.department),
            ("seller", self.seller),
            *((name, _major(cents, self.currency)) for name, cents in money),
            ("stars", str(self.stars or "")),
            *(("brand", brand) for brand in self.brands),
            *((ATTRIBUTE + name, value) for name, value in self.attributes),
            ("deals", "1" if self.deals else ""),
            ("days", "" if self.delivery_days is None else str(self.delivery_days)),
            ("free", "1" if self.free_delivery else ""),
            ("stock", "1" if self.in_stock else ""),
            ("sort", "" if self.sort == "relevance" else self.sort),
            ("page", "" if self.page == 1 else str(self.page)),
        ]
        return [(name, value) for name, value in pairs if value]

    @property
    def filtered(self) -> bool:
        """Whether anything but words narrows the results."""
        return _filters(self) != _OFF

    def filters(self) -> dict[str, Any]:
        """Returns the active filters by field."""
        values = zip(FILTERS, _filters(self), _OFF, strict=True)
        return {name: value for name, value, off in values if value != off}

    def used(
        self, titles: Mapping[str, str] | None = None, locale: str = "en-US"
    ) -> list[tuple[str, "Query"]]:
        """Returns each active filter in words, with the query that lacks it.

        Args:
            titles: Category -> how it is called.
            locale: How prices are written.
        """
        found = []
        active = self.filters()
        for name, value in active.items():
            if name == "high_cents" and "low_cents" in active:
                continue  # told with the lower
            if name in ("low_cents", "high_cents"):
                label = between(self.low_cents, self.high_cents, self.currency, locale)
                found.append((label, self.but(low_cents=None, high_cents=None)))
            elif isinstance(value, tuple):
                found += [
                    (told(name, one, titles), self.but(**{name: _less(value, one)}))
                    for one in value
                ]
            else:
                label = told(name, value, titles)
                found.append((label, self.but(**{name: _OFF[FILTERS.index(name)]})))
        return found

    def but(self, **changes: Any) -> "Query":  # noqa: ANN401
        """Returns this query with some fields changed, from page 1."""
        return replace(self, **{"page": 1, **changes})


FILTERS = (
    *("category", "department", "seller", "low_cents", "high_cents", "stars", "brands"),
    *("attributes", "deals", "delivery_days", "free_delivery", "in_stock"),
)
"""Fields that narrow the results."""
_filters = attrgetter(*FILTERS)
_OFF = _filters(Query())
_FLAGS = {"deals": "Deals", "free_delivery": "Free delivery", "in_stock": "In stock"}


def told(name: str, value: Any, titles: Mapping[str, str] | None = None) -> str:  # noqa: ANN401
    """Returns a value of a filter in words.

    Args:
        name: Field of the query.
        value: One value of it.
        titles: Category -> how it is called.
    """
    if name == "attributes":
        return f"{sentence(value[0])}: {value[1]}"
    if name == "category":
        return (titles or {}).get(value) or sentence(value)
    if name == "stars":
        return "5 stars" if value == 5 else f"{value} stars & up" if value > 1 else "1 star & up"
    if name == "delivery_days":
        return {0: "Today", 1: "By tomorrow"}.get(value, f"Within {value} days")
    return _FLAGS.get(name, str(value))


def _round(cents: int, currency: str, locale: str) -> str:
    """An amount without its fraction where that is nought."""
    symbol, whole, fraction = parts(cents, currency, locale)
    return symbol + whole + (fraction if fraction.strip(".,0") else "")


def between(low: int | None, high: int | None, currency: str, locale: str) -> str:
    """Returns a range of prices in words."""
    if low is None:
        return f"Up to {_round(high or 0, currency, locale)}"
    if high is None:
        return f"{_round(low, currency, locale)} & above"
    return f"{_round(low, currency, locale)} to {_round(high, currency, locale)}"


def sentence(name: str) -> str:
    """Returns an identifier as a title: `battery_life` as `Battery life`."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def _clean(text: str) -> str:
    """A parameter without white space around it, control characters or excess."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:MAX_TEXT].strip()


def _name(text: str) -> str:
    """A name as the catalogue writes it, to the letter; empty where it can't be one."""
    return text if text.strip() and len(text) <= MAX_NAME else ""


def _whole(text: str, least: int, most: int) -> int | None:
    """The number a parameter holds, if it is one between the two."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1
    return number if least <= number <= most else None


def _cents(text: str, currency: str) -> int | None:
    """The amount a parameter holds in major units, if it is one."""
    try:
        cents = minor_units(Decimal(text), currency) if len(text) <= MAX_DIGITS else -1
    except (ArithmeticError, ValueError):  # no number, one beyond Decimal's reach, or not finite
        return None
    return cents if 0 <= cents <= MAX_CENTS else None


def _major(cents: int | None, currency: str) -> str:
    """An amount as a parameter, without decimals that are nought."""
    if cents is None:
        return ""
    text = decimal(cents, currency)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _several(values: Iterable[str]) -> tuple[str, ...]:
    """Different values of a parameter that may be given repeatedly."""
    names = (_name(value) for value in islice(values, MAX_VALUES))
    return tuple(dict.fromkeys(name for name in names if name))


def _attributes(args: Arguments) -> tuple[tuple[str, str], ...]:
    """Names and values of the parameters that filter by attributes."""
    names = [name for name in args if name.startswith(ATTRIBUTE) and name != ATTRIBUTE]
    return tuple(
        (name.removeprefix(ATTRIBUTE), value)
        for name in names[:MAX_VALUES]
        for value in _several(args.getlist(name))
    )


def _less(values: tuple[Any, ...], one: object) -> tuple[Any, ...]:
    return tuple(value for value in values if value != one)
