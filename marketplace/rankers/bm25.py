"""Full-text search, with nothing pinned."""

from aces.types import World
from marketplace.finding.search import Index, Ranking


class Bm25Ranker:
    """What is sold, by how well its words fit the query; without a query, by popularity."""

    def rank(self, world: World, text: str, index: Index) -> Ranking:
        """Returns what the query finds."""
        return index.search(world, text) if text else index.everything(world, pinned=False)
