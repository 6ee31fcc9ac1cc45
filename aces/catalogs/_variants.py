"""Variants of one product, each with its own price, as options with price factors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any

MOST_COMBINATIONS = 500


@dataclass(frozen=True)
class Variant:
    """One variant as its source has it."""

    where: str
    chosen: Mapping[str, str]
    """Option -> value, in the source's order."""
    price: Decimal
    available: bool = True
    picture: str = ""


def options_of(
    variants: Sequence[Variant], tell: Callable[[Variant, str], None]
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Returns options, and the combinations that can't be had.

    The first variant is what the listing offers. A value's factor is its price over the first
    variant's where nothing else differs; a variant whose price is no product of such factors
    can't be sold at that price, so it counts as sold out and is told.

    Args:
        variants: Of one product, all with the same options.
        tell: Takes a variant that can't be kept, and the reason.
    """
    first = variants[0]
    names = list(first.chosen)
    values = {name: list(dict.fromkeys(v.chosen[name] for v in variants)) for name in names}
    factors = {name: _factors(name, variants, first) for name in names}
    pictures = {(name, v.chosen[name]): v.picture for v in reversed(variants) for name in names[:1]}
    options = [
        {
            "name": name,
            "values": [
                {
                    "value": value,
                    "price_factor": factors[name].get(value, 1.0),
                    "picture": pictures.get((name, value), ""),
                }
                for value in values[name]
            ],
        }
        for name in names
    ]
    return options, _sold_out(variants, values, factors, tell)


def _factors(name: str, variants: Sequence[Variant], first: Variant) -> dict[str, float]:
    """Value -> factor, from the variants that differ least from the first in other options."""
    found: dict[str, tuple[int, float]] = {}
    for variant in variants:
        others = sum(variant.chosen[n] != first.chosen[n] for n in first.chosen if n != name)
        value = variant.chosen[name]
        factor = float(variant.price / first.price) if value != first.chosen[name] else 1.0
        if value not in found or others < found[value][0]:
            found[value] = (others, factor)
    return {value: factor for value, (_, factor) in found.items()}


def _sold_out(
    variants: Sequence[Variant],
    values: Mapping[str, Sequence[str]],
    factors: Mapping[str, Mapping[str, float]],
    tell: Callable[[Variant, str], None],
) -> list[dict[str, str]]:
    """Combinations that do not exist, are not in stock, or have a price of their own."""
    gone: list[dict[str, str]] = []
    known = set()
    for variant in variants:
        known.add(tuple(variant.chosen.values()))
        scaled = float(variants[0].price)
        for name, value in variant.chosen.items():
            scaled *= factors[name].get(value, 1.0)
        if abs(scaled - float(variant.price)) > 0.0051:
            reason = (
                f"is not what the options' other prices come to, {scaled:.2f}; taken as sold out"
            )
            tell(variant, reason)
            gone.append(dict(variant.chosen))
        elif not variant.available:
            gone.append(dict(variant.chosen))
    size = 1
    for each in values.values():
        size *= len(each)
    if size > MOST_COMBINATIONS:
        tell(variants[0], f"has {size} combinations; those that do not exist can be bought too")
    elif len(known) < size:
        absent = (c for c in product(*values.values()) if c not in known)
        gone += [dict(zip(values, combination, strict=True)) for combination in absent]
    return gone
