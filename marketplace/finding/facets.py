"""Facets: what results can be narrowed to, and how many would be left.

A choice's count is the number of results once it is chosen, all else as it is.
"""

import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from marketplace.finding.columns import ATTRIBUTE
from marketplace.finding.query import Query, between, sentence, told
from marketplace.finding.sieve import TESTS, Sieve, chosen, within
from marketplace.money import digits

MAX_CHOICES = 30
MAX_ATTRIBUTES = 8
STARS = (4, 3, 2)
DAYS = (1, 2, 4, 7)
NICE = (1, 1.5, 2, 3, 5, 7.5, 10)
"""Where bands of prices may meet, times a power of ten."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that results can be narrowed to.

    Attributes:
        label: How it is called.
        count: Results once it is chosen, all else as it is.
        selected: Whether it is chosen now.
        query: What following it leads to: with it, or without it where it is chosen.
    """

    label: str
    count: int
    selected: bool
    query: Query


@dataclass(frozen=True, slots=True)
class Facet:
    """Choices of one kind.

    Attributes:
        name: `department`, `category`, `price`, `stars`, `delivery`, `brand`, `more`, or `a.` and
            the name of an attribute.
        title: How it is called.
        choices: At least two, or one that can be taken back.
    """

    name: str
    title: str
    choices: tuple[Choice, ...]

    @property
    def useful(self) -> bool:
        """Whether there is anything to choose or to take back."""
        return len(self.choices) > 1 or any(choice.selected for choice in self.choices)


def facets_of(sieve: Sieve, locale: str = "en-US") -> tuple[Facet, ...]:
    """Returns what filtered results can be narrowed to, or widened again.

    Args:
        sieve: The results and their filters.
        locale: How prices are written.
    """
    query = sieve.query
    found = [
        Facet("department", "Department", _one_of(sieve, "department")),
        Facet("category", "Category", _one_of(sieve, "category")),
        Facet("brand", "Brand", _any_of(sieve, "brand", query.brands, _brands)),
        Facet("price", "Price", tuple(_prices(sieve, locale))),
        Facet("stars", "Customer rating", tuple(_steps(sieve, "stars", STARS))),
        Facet("delivery", "Delivery", (*_flag(sieve, "free_delivery"), *_days(sieve))),
        *_attributes(sieve),
        Facet("more", "Offers and stock", (*_flag(sieve, "deals"), *_flag(sieve, "in_stock"))),
    ]
    return tuple(facet for facet in found if facet.useful)


def _one_of(sieve: Sieve, name: str) -> tuple[Choice, ...]:
    """Choices of which one holds at a time."""
    query, now, titles = sieve.query, getattr(sieve.query, name), sieve.titles
    return tuple(
        Choice(
            told(name, text, titles),
            count,
            selected=text == now,
            query=query.but(**{name: "" if text == now else text}),
        )
        for text, count in _commonest(sieve, name, (now,))
    )


def _any_of(
    sieve: Sieve,
    name: str,
    now: tuple[str, ...],
    change: Callable[[Query, tuple[str, ...]], Query],
) -> tuple[Choice, ...]:
    """Choices of which several may hold: each adds its results to those of the others.

    Args:
        sieve: The results.
        name: Of the column.
        now: The values chosen.
        change: Returns the query with other values chosen.
    """
    total = int(sieve.passed.sum())
    choices = []
    for text, count in _commonest(sieve, name, now):
        if text in now:
            less = tuple(other for other in now if other != text)
            choices.append(Choice(text, total, selected=True, query=change(sieve.query, less)))
        else:
            more = change(sieve.query, (*now, text))
            choices.append(Choice(text, count + total * bool(now), selected=False, query=more))
    return tuple(choices)


def _commonest(sieve: Sieve, name: str, kept: Collection[str]) -> list[tuple[str, int]]:
    """The most frequent texts of a column and how often they stand there, all else as it is.

    Those kept are there in any case, if the column holds them at all.
    """
    codes, number = sieve.codes(name)
    counts = np.bincount(codes[sieve.but(name)], minlength=len(number))
    counts[0] = 0  # no text
    places = min(MAX_CHOICES, len(counts))
    least = max(1, int(np.partition(counts, -places)[-places]))
    wanted = {number[text] for text in kept if number.get(text)}
    wanted.update(np.flatnonzero(counts >= least).tolist())
    names = list(number)
    found = [(names[code], int(counts[code])) for code in wanted]
    found.sort(key=lambda pair: (-pair[1], natural(pair[0])))
    return found[:MAX_CHOICES] + [pair for pair in found[MAX_CHOICES:] if pair[0] in kept]


def natural(text: str) -> list[tuple[float, str]]:
    """Returns a key that sorts numbers inside of texts by their size."""
    parts = re.split(r"(\d+(?:\.\d+)?)", text)
    return [
        (float(part), "") if at % 2 else (-1.0, part.casefold()) for at, part in enumerate(parts)
    ]


def _brands(query: Query, brands: tuple[str, ...]) -> Query:
    return query.but(brands=brands)


def _prices(sieve: Sieve, locale: str) -> Iterator[Choice]:
    """Bands of prices that meet where the results divide about evenly."""
    query = sieve.query
    prices = sieve.numbers("price")[sieve.but("price")]
    cuts: list[int | None] = [None, *_cuts(prices, 10 ** digits(query.currency)), None]
    for low, high in pairwise(cuts):
        count = int(within(prices, low, high).sum())
        selected = (low, high) == (query.low_cents, query.high_cents)
        if count and len(cuts) > 2:
            label = between(low, high, query.currency, locale)
            off = (None, None) if selected else (low, high)
            yield Choice(label, count, selected, query.but(low_cents=off[0], high_cents=off[1]))


def _cuts(prices: NDArray[np.float64], unit: int) -> list[int]:
    """Round prices near the quartiles, inside the range."""
    if not len(prices):
        return []
    near = {nice(cents / unit) for cents in np.quantile(prices, (0.25, 0.5, 0.75))}
    cuts = (round(price * unit) for price in sorted(near))
    return [cut for cut in cuts if prices.min() < cut < prices.max()]


def nice(price: float) -> float:
    """Returns the nearest round number, by ratio."""
    if price <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(price))
    return min((step * power for step in NICE), key=lambda step: abs(math.log(step / price)))


def _steps(sieve: Sieve, name: str, steps: Iterable[int]) -> Iterator[Choice]:
    """Ever wider choices, of which one holds at a time; those that add nothing are left out."""
    query, others = sieve.query, sieve.but(name)
    now, before = getattr(query, name), 0
    for step in steps:
        count = int((TESTS[name](sieve, step) & others).sum())
        if count > before or step == now:
            before = count
            other = None if step == now else step
            yield Choice(told(name, step), count, step == now, query.but(**{name: other}))


def _days(sieve: Sieve) -> Iterator[Choice]:
    """Times of delivery, without those that everything keeps."""
    everything = int(sieve.but("delivery_days").sum())
    for choice in _steps(sieve, "delivery_days", DAYS):
        if choice.selected or choice.count < everything:
            yield choice


def _flag(sieve: Sieve, name: str) -> Iterator[Choice]:
    """A filter that is on or off, where it changes anything."""
    query, others = sieve.query, sieve.but(name)
    now = bool(getattr(query, name))
    count = int((TESTS[name](sieve, True) & others).sum())
    if now or 0 < count < others.sum():
        yield Choice(told(name, True), count, now, query.but(**{name: not now}))


def _attributes(sieve: Sieve) -> Iterator[Facet]:
    """Facets of the attributes, where the results are of one category."""
    codes, number = sieve.codes("category")
    there = np.unique(codes[sieve.passed])
    if len(there) != 1:
        return
    category = list(number)[there[0]]
    for attribute in sieve.goods.attributes(category)[:MAX_ATTRIBUTES]:
        column, now = ATTRIBUTE + attribute, chosen(sieve.query, attribute)

        def change(query: Query, values: tuple[str, ...], name: str = attribute) -> Query:
            others = tuple(pair for pair in query.attributes if pair[0] != name)
            return query.but(attributes=(*others, *((name, value) for value in values)))

        yield Facet(column, sentence(attribute), _any_of(sieve, column, now, change))
