"""Reading what a shop shows: prices, counts, stars and marks as a shopper would understand them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from aces.money import minor_digits
from aces.types import PerceivedListing

Box = tuple[float, float, float, float]

_PRODUCT = re.compile(r"/product/([^/?#]+)")
_STARS = re.compile(r"(\d(?:[.,]\d)?) out of 5")
_COUNT = re.compile(r"\d(?:[\d\s.,'’]*\d)?")
_FEE = re.compile(r"\+ \S.* service fee")
_TOTALS = ("Subtotal", "Estimated total", "Order total")
"""How a cart or checkout begins to say what is to be paid; the last one counts."""
_DIRECTIONS = re.compile("[\u200e\u200f\u061c\u2066-\u2069]")
"""Invisible marks of writing direction."""


@dataclass(frozen=True, slots=True)
class Money:
    """How a shop writes amounts of its one currency, and how they are read.

    Args:
        locale: Such as `de-DE`: the language that a page declares.
        currency: ISO 4217 code.
    """

    locale: str = "en-US"
    currency: str = "USD"

    def read(self, text: str) -> int:
        """Returns the minor units of the first amount in a text: `$1,299.00` -> 129900."""
        amount, decimal, digits = _money(self)
        found = amount.search(_DIRECTIONS.sub("", text))
        if found is None:
            raise ValueError(f"no price in {text!r}")
        return _minor(found[1], decimal, digits)

    def finds(self, text: str) -> bool:
        """Returns whether there is an amount in a text."""
        return _money(self)[0].search(_DIRECTIONS.sub("", text)) is not None

    def starts(self, text: str) -> bool:
        """Returns whether a text starts with an amount."""
        return _money(self)[0].match(_DIRECTIONS.sub("", text)) is not None


@lru_cache(maxsize=64)
def _money(money: Money) -> tuple[re.Pattern[str], str, int]:
    """The pattern of an amount with its symbol, the decimal sign, and the decimals there are."""
    from babel import numbers

    locale = money.locale.replace("-", "_")
    decimal, group = numbers.get_decimal_symbol(locale), numbers.get_group_symbol(locale)
    gap = r"\s" if group.isspace() else re.escape(group)
    fraction = rf"(?:{re.escape(decimal)}\d+)?"
    number = rf"(\d{{1,3}}(?:{gap}\d{{2,3}})+{fraction}|\d+{fraction})"
    written = _DIRECTIONS.sub("", numbers.format_currency(0, money.currency, locale=locale))
    symbol = re.escape(re.sub(r"[\d\s]|(?<=\d)\D(?=\d)", "", written))
    first = written[0].isdigit()
    pattern = rf"{number}\s*{symbol}" if first else rf"{symbol}\s*{number}"
    return re.compile(pattern), decimal, minor_digits(money.currency)


def _minor(number: str, decimal: str, digits: int) -> int:
    """Minor units of a number as written."""
    whole, _, fraction = number.partition(decimal) if digits else (number, "", "")
    return int("".join(filter(str.isdigit, whole)) + fraction.ljust(digits, "0"))


def read_product_id(url: str) -> str:
    """Returns the product that a link leads to."""
    found = _PRODUCT.search(url)
    if found is None:
        raise ValueError(f"no product in the link {url!r}")
    return found[1]


def read_title(text: str) -> str:
    """Returns a title as it reads: runs of white space are one space."""
    return " ".join(text.split())


def read_decimal(text: str, currency: str) -> int:
    """Returns the minor units of an amount for programs: `1299.00` -> 129900."""
    return _minor(text, ".", minor_digits(currency))


def read_stars(text: str | None) -> float | None:
    """Returns the stars in `4.4 out of 5 stars`, None where there are none."""
    found = _STARS.search(text or "")
    return float(found[1].replace(",", ".")) if found else None


def read_count(text: str | None) -> int:
    """Returns the number in `(8,412 ratings)`, 0 where there is none."""
    found = _COUNT.search(text or "")
    return int("".join(filter(str.isdigit, found[0]))) if found else 0


def read_listing(
    position: int,
    legend: Mapping[str, tuple[str, ...]],
    money: Money,
    *,
    url: str,
    title: str,
    price: str,
    list_price: str | None,
    fee: str | None,
    stars: str | None,
    count: str | None,
    marks: Iterable[str],
) -> PerceivedListing:
    """Returns a listing from the texts on its card; row and column are found by `place`."""
    return PerceivedListing(
        product_id=read_product_id(url),
        title=read_title(title),
        currency=money.currency,
        price_cents=money.read(price),
        list_price_cents=None if list_price is None else money.read(list_price),
        fee_cents=money.read(fee) if fee else 0,
        rating=read_stars(stars),
        review_count=read_count(count),
        marks=read_marks(marks, legend),
        position=position,
        row=1,
        col=1,
    )


def read_fee(texts: Iterable[str]) -> str | None:
    """Returns the text of a card that tells of a fee: `+ $4.50 service fee`."""
    return next((text for text in texts if _FEE.search(text)), None)


def read_total(texts: Iterable[str], money: Money) -> int | None:
    """Returns what is to be paid: the amount after the last text that says it is a total."""
    found, due = None, False
    for text in texts:
        due = due or text.startswith(_TOTALS)
        if due and money.finds(text):
            found, due = money.read(text), False
    return found


@lru_cache(maxsize=16)
def _patterns(
    legend: tuple[tuple[str, tuple[str, ...]], ...],
) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Kind of mark and the pattern of its text, longest text first."""
    pairs = [(kind, text) for kind, texts in legend for text in texts]
    by_length = sorted(pairs, key=lambda pair: -len(pair[1]))
    return tuple(
        (kind, re.compile(re.escape(text).replace(re.escape("{value}"), r"(\S+)")))
        for kind, text in by_length
    )


def read_marks(texts: Iterable[str], legend: Mapping[str, tuple[str, ...]]) -> dict[str, int | str]:
    """Returns kind -> value (1 where it has none) of the marks whose text is visible."""
    marks: dict[str, int | str] = {}
    rest = "\n".join(texts)
    if not rest:
        return marks
    for kind, pattern in _patterns(tuple(legend.items())):
        found = pattern.search(rest)
        if found:
            value = found[1] if pattern.groups else "1"
            marks[kind] = int(value) if value.isdigit() else value
            rest = rest[: found.start()] + "\n" + rest[found.end() :]
    return marks


def slots(boxes: Sequence[Box]) -> list[tuple[int, int]]:
    """Returns the 1-based (row, column) of each box, from where it stands on the page."""
    tops: list[float] = []
    for top in sorted(box[1] for box in boxes):
        if not tops or top - tops[-1] > 8:  # cards of one row may differ by a pixel
            tops.append(top)
    rows = [sum(top <= box[1] + 8 for top in tops) for box in boxes]
    return [
        (row, 1 + sum(r == row and other[0] < box[0] for r, other in zip(rows, boxes, strict=True)))
        for row, box in zip(rows, boxes, strict=True)
    ]


def place(
    found: Sequence[PerceivedListing], boxes: Sequence[Box], viewport: Box
) -> tuple[PerceivedListing, ...]:
    """Returns the listings with box, row, column and exposure filled in.

    Args:
        found: As read, in document order.
        boxes: Of each on the page, in the same order.
        viewport: What of the page is visible.
    """
    if len(found) != len(boxes):
        raise ValueError(f"{len(found)} listings were read, but {len(boxes)} are drawn")
    return tuple(
        item.model_copy(
            update={"box": box, "row": row, "col": col, "exposed": inside(box, viewport)}
        )
        for item, box, (row, col) in zip(found, boxes, slots(boxes), strict=True)
    )


def inside(box: Box, viewport: Box) -> bool:
    """Returns whether a box lies wholly in the viewport, to a pixel."""
    x, y, width, height = box
    left, top, wide, high = viewport
    return (
        x >= left - 1
        and y >= top - 1
        and x + width <= left + wide + 1
        and y + height <= top + high + 1
    )
