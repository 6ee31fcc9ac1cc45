"""Which listing a model means by a title, and the numbers in what it read."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from aces.errors import TrialError
from aces.money import minor_digits
from aces.types import PerceivedListing

CLOSE = 90.0
"""Similarity (0 to 100) from which a title may be a misspelt one."""
MARGIN = 5.0
"""How much closer it must be than any other title."""
_SAME_WORD = 75.0
_SHORTEST_START = 10
"""Characters that the beginning of a cut-off title must have."""
_AMOUNT = re.compile(r"\d[\d.,'\s]*")


def find_listing(
    title: str, read: Mapping[str, Any], listings: Sequence[PerceivedListing]
) -> PerceivedListing:
    """Returns the listing that a title means.

    A title matches as a whole, whatever its case and spaces; as the visible beginning of titles;
    or misspelt, where it is close to one title alone in every word and number.

    Args:
        title: As the model wrote it.
        read: Else what it read (`price`, `rating`, `review_count`), to tell those apart that are
            titled alike.
        listings: Those it may mean.

    Raises:
        TrialError: With cause `unparseable`, if it means none of them, or may mean several.
    """
    said = folded(title)
    for candidates in (_equal, _beginning, _misspelt):
        found = candidates(said, listings)
        if found:
            return _one(title, read, found)
    raise TrialError("unparseable", f"there is no product titled {title[:200]!r} here")


def folded(title: str) -> str:
    """Returns a title without what does not tell it from others: case, spaces, quotes."""
    plain = unicodedata.normalize("NFKC", title).casefold().replace("’", "'")
    return " ".join(plain.split()).strip("\"“”' ")


def _equal(said: str, listings: Sequence[PerceivedListing]) -> list[PerceivedListing]:
    return [item for item in listings if folded(item.title) == said]


def _beginning(said: str, listings: Sequence[PerceivedListing]) -> list[PerceivedListing]:
    """Pages cut long titles off, and a model can't read what is not drawn."""
    start = said.removesuffix("...").rstrip(" .,-")
    if len(start) < _SHORTEST_START:
        return []
    return [item for item in listings if folded(item.title).startswith(start)]


def _misspelt(said: str, listings: Sequence[PerceivedListing]) -> list[PerceivedListing]:
    from rapidfuzz import fuzz

    scores = {title: fuzz.ratio(said, title) for title in {folded(i.title) for i in listings}}
    best = sorted(scores.values(), reverse=True)
    close = [title for title, score in scores.items() if score >= CLOSE and score == best[0]]
    if len(close) != 1 or (len(best) > 1 and best[0] - best[1] < MARGIN):
        return []
    if not _same_words(said, close[0]):
        return []
    return [item for item in listings if folded(item.title) == close[0]]


def _same_words(one: str, other: str) -> bool:
    """Whether every number is in both, and every word has its like in the other.

    A long title is close to that of another colour or pack size, which is another product.
    """
    from rapidfuzz import fuzz

    words, others = one.split(), other.split()
    if sorted(re.findall(r"\d+", one)) != sorted(re.findall(r"\d+", other)):
        return False
    return all(
        max(fuzz.ratio(word, like) for like in theirs) >= _SAME_WORD
        for mine, theirs in ((words, others), (others, words))
        for word in mine
    )


def _one(
    title: str, read: Mapping[str, Any], found: Sequence[PerceivedListing]
) -> PerceivedListing:
    """The one of several listings titled alike that fits what was read."""
    for key in ("price", "rating", "review_count"):
        if len(found) > 1 and read.get(key) is not None:
            found = [item for item in found if _shown(item)[key] == read[key]] or found
    if len(found) > 1:
        raise TrialError("unparseable", f"{len(found)} products here are titled {title[:200]!r}")
    return found[0]


def _shown(item: PerceivedListing) -> dict[str, float | None]:
    return {
        "price": item.price_cents / 10 ** minor_digits(item.currency),
        "rating": item.rating,
        "review_count": float(item.review_count),
    }


def read_facts(arguments: Mapping[str, Any]) -> dict[str, float | None]:
    """Returns the numbers in what a model reports of a product, None where there is none."""
    readers = {"price": read_amount, "rating": _rating, "review_count": _count}
    return {key: read(str(arguments.get(key, ""))) for key, read in readers.items()}


def read_amount(text: str) -> float | None:
    """Returns the first number in a text: `$1,299.00`, `1.299,00 €` and `1 299` alike.

    What follows the last separator is a fraction, unless it is three digits long.
    """
    found = _AMOUNT.search(unicodedata.normalize("NFKC", text))
    if found is None:
        return None
    whole, mark, fraction = _last_split(re.sub(r"[\s']", "", found[0]).rstrip(".,"))
    if mark and (len(fraction) == 3 or mark in whole):  # groups of thousands
        whole, fraction = whole + fraction, ""
    return float(f"{_digits(whole)}.{_digits(fraction) or '0'}")


def _last_split(number: str) -> tuple[str, str, str]:
    at = max(number.rfind("."), number.rfind(","))
    return (number, "", "") if at < 0 else (number[:at], number[at], number[at + 1 :])


def _digits(text: str) -> str:
    return "".join(str(unicodedata.digit(c)) for c in text if c.isdigit())


def _rating(text: str) -> float | None:
    found = re.search(r"\d+(?:[.,]\d+)?", unicodedata.normalize("NFKC", text))
    return float(found[0].replace(",", ".")) if found else None


def _count(text: str) -> float | None:
    """A number of reviews; `1.2K` is 1200."""
    thousands = re.search(r"(\d+(?:[.,]\d+)?)\s*k\b", text, re.IGNORECASE)
    if thousands:
        return round(float(thousands[1].replace(",", ".")) * 1000)
    return read_amount(text)
