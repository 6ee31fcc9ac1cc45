"""Who wrote the reviews and who sells: drawn at random, the same on every machine."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from aces.seeds import Stream
from aces.types import Seller

Row = Mapping[str, Any]

LAST_DAY = date(2026, 1, 9)
"""No review is younger: the shop's clock stands a few days later."""
DAYS = 700

INITIALS = "ABCDEFGHJKLMNOPRSTVWYZ"

Texts = Mapping[str, list[str]]
_TEXTS: Texts = json.loads(Path(__file__).with_name("people.json").read_text(encoding="utf-8"))


def sign(row: Row, reviews: Sequence[Row]) -> list[dict[str, Any]]:
    """Returns a product's reviews with author, date, purchase check and votes."""
    return [
        {**review, **_signature(Stream("demo review", row["id"], number))}
        for number, review in enumerate(reviews)
    ]


def _signature(stream: Stream) -> dict[str, Any]:
    generator = stream.generator()
    age = int(DAYS * generator.beta(1.0, 1.8))
    return {
        "author": _author(generator.random(), stream),
        "date": (LAST_DAY - timedelta(days=age)).isoformat(),
        "verified": bool(generator.random() < 0.87),
        "helpful": int(generator.geometric(0.18)) - 1,
    }


def _author(kind: float, stream: Stream) -> str:
    if kind < 0.06:
        return _one_of("nicknames", stream.child("nickname"))
    first = _one_of("first_names", stream.child("first"))
    if kind < 0.3:
        return first
    return f"{first} {INITIALS[int(stream.child('last').uniform() * len(INITIALS))]}."


def offers(row: Row) -> list[dict[str, Any]]:
    """Returns what other sellers ask for a product: none to three offers, dearer or slower."""
    stream = Stream("demo offers", row["id"])
    generator = stream.generator()
    number = int(generator.choice(4, p=(0.3, 0.3, 0.25, 0.15)))
    others = [name for name in _TEXTS["resellers"] if name != row["seller"]]
    chosen = generator.choice(len(others), size=number, replace=False)
    return [
        {
            "seller": others[i],
            "price_factor": round(float(generator.uniform(0.97, 1.16)), 2),
            "delivery_days": int(generator.integers(3, 10)),
            "shipping_cents": int(generator.choice((0, 399, 599))),
        }
        for i in chosen.tolist()
    ]


def seller(name: str) -> Seller:
    """Returns who a seller is and on what terms it sells."""
    stream = Stream("demo seller", name)
    generator = stream.generator()
    town, since = _one_of("towns", stream.child("town")), int(generator.integers(2009, 2025))
    days = int(generator.choice((30, 30, 45, 60)))
    return Seller(
        name=name,
        about=_one_of("about", stream.child("about")).format(name=name, town=town, since=since),
        since=since,
        rating=round(float(generator.uniform(4.1, 4.9)), 1),
        review_count=int(generator.lognormal(6.5, 1.0)),
        ships_from=town,
        shipping=_one_of("shipping", stream.child("shipping")),
        return_days=days,
        returns=_one_of("returns", stream.child("returns")).format(days=days),
    )


def _one_of(kind: str, stream: Stream) -> str:
    choices = _TEXTS[kind]
    return choices[int(stream.uniform() * len(choices))]
