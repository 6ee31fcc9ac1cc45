"""The standard marks: what the shop lays over a listing, and how it reads."""

from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

import yaml

from aces.errors import UserError, nearest
from aces.types import Listing, Mark

LOW_STOCK = 4
"""At this many units or fewer, the shop says how many are left."""

WITHIN = ("alt", "review", "description")
"""Places of marks that are no marks to the eye: they stand in the listing's own words."""

# Looks and places say how a mark is drawn, never what it is: the markup carries only these.
STANDARD_MARKS = {
    "sponsored": Mark(kind="sponsored", text="Sponsored", look="quiet", place="title"),
    "overall_pick": Mark(kind="overall_pick", text="Overall Pick", look="badge", place="image"),
    "best_seller": Mark(kind="best_seller", text="Best Seller", look="ribbon", place="image"),
    "limited_time": Mark(kind="limited_time", text="Limited time deal", look="flag", place="price"),
}
"""Marks that a listing carries, by kind."""

STOCK_MARKS = {
    "scarcity": Mark(
        kind="scarcity", text="Only {value} left in stock", look="notice", place="delivery"
    ),
    "unavailable": Mark(
        kind="unavailable", text="Currently unavailable", look="notice", place="delivery"
    ),
}
"""Marks that follow from a listing's stock; no listing carries them itself."""

_ALL = STANDARD_MARKS | STOCK_MARKS


@cache
def presets() -> dict[str, Mark]:
    """Returns the marks that can be drawn by name beside the standard ones, by kind."""
    text = Path(__file__).with_name("presets.yaml").read_text(encoding="utf-8")
    return {mark["kind"]: Mark.model_validate(mark) for mark in yaml.safe_load(text)["marks"]}


@lru_cache(maxsize=256)
def standard_mark(kind: str, value: int | str = 1) -> Mark:
    """Returns the shop's own mark of a kind.

    Raises:
        UserError: If the shop has no mark of that kind.
    """
    if kind not in _ALL:
        raise UserError(f"the shop has no mark '{kind}'{nearest(kind, _ALL)}")
    return _ALL[kind].model_copy(update={"value": value})


def legend(own: Iterable[Mark] = ()) -> dict[str, tuple[str, ...]]:
    """Returns the texts by which each kind of mark is known; `{value}` stands for its value.

    Args:
        own: Marks of an experiment's or a catalogue's own, beside the standard ones.
    """
    texts = {kind: [mark.text] for kind, mark in _ALL.items()}
    for mark in own:
        texts.setdefault(mark.kind, []).append(mark.text)
    return {kind: tuple(dict.fromkeys(found)) for kind, found in texts.items()}


def shown_marks(listing: Listing) -> tuple[Mark, ...]:
    """Returns the marks on a listing's card: its own, then what its stock says."""
    own = listing.marks
    if any(mark.place in WITHIN for mark in own):
        own = tuple(mark for mark in own if mark.place not in WITHIN)
    if listing.stock > LOW_STOCK:
        return own
    if listing.stock == 0:
        return (*own, standard_mark("unavailable"))
    return (*own, standard_mark("scarcity", listing.stock))


def words_within(listing: Listing, place: str) -> str:
    """Returns what marks add to a listing's own words at a place; empty where there are none."""
    return " ".join(visible_text(mark) for mark in listing.marks if mark.place == place)


def visible_text(mark: Mark) -> str:
    """Returns what the shopper reads on a mark."""
    return mark.text if mark.value is None else mark.text.replace("{value}", str(mark.value))
