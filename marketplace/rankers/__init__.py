"""One file per ranking rule: which products a query brings up, and in what order."""

from typing import Any, Protocol

from aces.registry import Registry
from aces.types import World
from marketplace.finding.search import Index, Ranking


class Ranker(Protocol):
    """Orders products for a query. Pure: the same world and query give the same page."""

    def rank(self, world: World, text: str, index: Index) -> Ranking:
        """Returns the products that a query brings up, best first.

        Args:
            world: The shop; its shelf stands in pinned order.
            text: The query; empty where the shopper browses.
            index: Searches what the shop sells; costs nothing until it is used.
        """
        ...


RANKERS: Registry[Any] = Registry("ranker", "marketplace.rankers", "Ranker")
