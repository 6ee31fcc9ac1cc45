"""Terms of a utility by what they are of."""

from collections.abc import Sequence

from aces.terms import is_derived

PRICE = ("log_price", "price")
REPUTATION = ("rating", "log_review_count", "review_count")


def families(terms: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Returns the terms by what they are of: position, price, reputation, badges, interactions."""
    found: dict[str, list[str]] = {}
    for term in terms:
        found.setdefault(_family(term), []).append(term)
    return {name: tuple(own) for name, own in found.items()}


def _family(term: str) -> str:
    if ":" in term:
        return "interactions"
    if term in PRICE:
        return "price"
    if term in REPUTATION:
        return "reputation"
    return "position" if is_derived(term) else "badges"
