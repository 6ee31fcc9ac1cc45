"""The shelf that the experiment pins."""

from aces.types import World
from marketplace.finding.search import Index, Ranking
from marketplace.finding.words import fold, spellings, telling, words


class FixedRanker:
    """The world's own order for the trial's query: the assigned position is the position.

    Where the shop sells nothing but the shelf, every query brings it up. Where it sells the rest of
    the catalogue, other queries are searched, and an empty one shows the shelf before all else.
    """

    def rank(self, world: World, text: str, index: Index) -> Ranking:
        """Returns the pinned shelf, or what is found elsewhere."""
        if world.rest == "none" or (text and world.listings and _same(text, world.query)):
            return Ranking(tuple([listing.product_id for listing in world.listings]))
        return index.search(world, text) if text else index.everything(world, pinned=True)


def _same(text: str, query: str) -> bool:
    """Whether two queries ask for the same."""
    return text == query or _terms(text) == _terms(query)


def _terms(query: str) -> set[str]:
    return {term for word in telling(words(fold(query))) for term in spellings(word)[0]}
