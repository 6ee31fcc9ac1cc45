"""One file per ranking rule: which listings a query brings up, and in what order."""

from typing import Any, Protocol

from aces.registry import Registry
from aces.types import Listing, World


class Ranker(Protocol):
    """Orders listings for a query. Pure: the same world and query give the same page."""

    def rank(self, world: World, query: str) -> tuple[Listing, ...]:
        """Returns the listings of the results page, position 1 first."""
        ...


RANKERS: Registry[Any] = Registry("ranker", "marketplace.rankers", "Ranker")
