"""Searching a catalogue, and the shelf that a trial has treated.

A treated listing is scored by the untreated collection's statistics, and what counts as a hit, how
a word is corrected and how ties are broken are settled by untreated texts too. So rewriting one
listing moves that listing and no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from threading import Lock, RLock
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from aces.catalog import Catalog
from aces.types import Listing, Product, World
from marketplace.finding.assortment import Assortment, Ids
from marketplace.finding.columns import Columns, by_popularity
from marketplace.finding.index import Postings, Scores, build, document
from marketplace.finding.spelling import Asked, Spelling, understand
from marketplace.finding.words import fold, terms, words

KEPT = 64
"""Queries whose scores are kept for the next page, filter or shopper."""
MANY = 4096
"""Products whose neighbours are kept."""
FEW = 4
"""Hits that are too few to choose from."""
DECIMALS = 4
"""Scores that agree so far are a tie."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a query brings up.

    Attributes:
        ids: Products, best first.
        corrected: What was searched for instead of the query, where it was.
    """

    ids: Sequence[str]
    corrected: str | None = None


class Index:
    """The search of one catalogue; made when first needed, once, and safe to share by threads.

    Args:
        catalog: What can be found.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._listings, self._products = catalog.listings, catalog.products
        self.about = catalog.about
        self._making = RLock()
        self._columns: Columns | None = None
        self._collection: tuple[Postings, Spelling] | None = None
        self._scored = lru_cache(maxsize=KEPT)(self._score)
        self._near = lru_cache(maxsize=MANY)(self._untreated)

    @property
    def columns(self) -> Columns:
        """What is known of the listings, by row."""
        if self._columns is None:
            with self._making:
                listings = by_popularity(self._listings)
                made = self._columns or Columns(listings, self._products, self.about)
                self._columns = made
        return self._columns

    @property
    def postings(self) -> Postings:
        """What the listings say, by term."""
        return self._searchable()[0]

    def goods(self, world: World) -> Assortment:
        """Returns what a world sells."""
        closed = world.rest == "none"
        return Assortment(self.columns, world.listings, world.products, closed=closed)

    def everything(self, world: World, *, pinned: bool) -> Ranking:
        """Returns all that a world sells, most popular first; where `pinned`, after the shelf."""
        goods = self.goods(world)
        rows = goods.sold()
        if pinned:
            others = np.ones(len(goods.names), dtype=bool)
            others[goods.shelf] = False
            rows = np.concatenate([goods.shelf, goods.sold(others)])
        return Ranking(Ids(rows, goods.names))

    def search(self, world: World, text: str) -> Ranking:
        """Returns what a world sells that fits a query, best first.

        Hits have three quarters of the words that the best of them has; where these are few, fewer
        words will do, but two. A product's id finds that product before all else.
        """
        goods = self.goods(world)
        asked, scores, found, enough = self._in_world(goods, text)
        hits = goods.sold(found >= enough)
        rows = hits[np.argsort(-np.round(scores[hits], DECIMALS), kind="stable")]
        named = goods.find(text.strip())
        if named is not None:
            rows = np.concatenate([[named], rows[rows != named]])
        return Ranking(Ids(rows, goods.names), asked.corrected)

    def similar(self, world: World, product_id: str, n: int) -> Sequence[str]:
        """Returns products like one: of its category first, nearest by title and attributes.

        Untreated texts decide, so that a treatment does not choose a product's neighbours.

        Raises:
            KeyError: If there is no such product.
        """
        shelf = [listing.product_id for listing in world.listings]
        if not self.columns.row.keys() >= {product_id, *shelf}:
            return self._nearest(self.goods(world), product_id, n)
        closed = frozenset(shelf) if world.rest == "none" else None
        return self._near(product_id, closed, n)

    def offered(self, world: World, seller: str) -> list[str]:
        """Returns the products of others of which a seller has an offer too, most popular first.

        As the catalogue has it: a treated count of reviews moves nothing.
        """
        shelf = {listing.product_id: listing for listing in world.listings}
        rest = self._offers.get(seller, ()) if world.rest == "catalog" else ()
        found = [id for id in rest if id not in shelf]
        found += [id for id, listing in shelf.items() if _offers_of(listing, seller)]
        row = self.columns.row
        return sorted(found, key=lambda id: row.get(id, len(row)))

    @cached_property
    def _offers(self) -> dict[str, list[str]]:
        """Seller -> products that it offers beside their own seller."""
        found: dict[str, list[str]] = {}
        for listing in self.columns.listings:
            for seller in dict.fromkeys(offer.seller for offer in listing.offers):
                if seller != listing.seller:
                    found.setdefault(seller, []).append(listing.product_id)
        return found

    def _searchable(self) -> tuple[Postings, Spelling]:
        if self._collection is None:
            with self._making:
                if self._collection is None:
                    postings = build(self.columns.listings, self._products, self.about)
                    self._collection = postings, Spelling(postings.vocabulary)
        return self._collection

    def _score(self, text: str) -> tuple[Asked, Scores, NDArray[np.int8]]:
        """What a query asks for; score and number of words found of each untreated listing."""
        postings, spelling = self._searchable()
        asked = understand(text, postings.term, spelling)
        return asked, postings.total(asked.terms), postings.found(asked.words)

    def _in_world(
        self, goods: Assortment, text: str
    ) -> tuple[Asked, Scores, NDArray[np.int8], int]:
        """The same for a world's listings, and how many words make a hit."""
        asked, scores, found = self._scored(text)
        if goods.treated:
            scores, found = goods.lengthen(scores), goods.lengthen(found)
        for row, listing in goods.new():
            scores[row], found[row] = self._read(goods, listing, asked)
        enough = _enough(found[goods.sold()])
        for row, listing in goods.rewritten():
            scores[row], found[row] = self._read(goods, listing, asked)
        return asked, scores, found, enough

    def _read(self, goods: Assortment, listing: Listing, asked: Asked) -> tuple[float, int]:
        """Score and number of words found of one listing as it is shown."""
        product = goods.product(listing.product_id)
        text = document(listing, product, self.about.get(product.category))
        return self.postings.score(text, asked.terms), text.holds(asked.words)

    def _untreated(self, product_id: str, shelf: frozenset[str] | None, n: int) -> Sequence[str]:
        """Products like one in the catalogue, or on a shelf of its listings."""
        listings = [self._listings[id] for id in shelf or ()]
        goods = Assortment(self.columns, listings, {}, closed=shelf is not None)
        return self._nearest(goods, product_id, n)

    def _nearest(self, goods: Assortment, product_id: str, n: int) -> Sequence[str]:
        """Products whose texts have most of one's title and attributes."""
        product = goods.product(product_id)
        asked = _gist(goods.untreated(product_id), product)
        totals = goods.lengthen(self.postings.total(asked.terms))
        for row, listing in goods.new():
            totals[row], _ = self._read(goods, listing, asked)
        rows = goods.sold()
        rows = rows[rows != goods.find(product_id)]
        scores = np.round(totals[rows], DECIMALS)
        same = goods.view(rows).has("category", (product.category,))
        keep = same if same.sum() >= n else same | (scores > 0)
        order = np.lexsort((-scores[keep], ~same[keep]))
        return Ids(rows[keep][order[:n]], goods.names)[:]


_INDEXES: dict[int, Index] = {}
_MAKING = Lock()


def index_of(catalog: Catalog) -> Index:
    """Returns the one index of a catalogue; it goes when the catalogue goes."""
    key = id(catalog)
    if key not in _INDEXES:
        with _MAKING:
            if key not in _INDEXES:
                _INDEXES[key] = Index(catalog)
                finalize(catalog, _INDEXES.pop, key, None)
    return _INDEXES[key]


def _offers_of(listing: Listing, seller: str) -> bool:
    """Whether somebody else than a listing's own seller offers it too."""
    return listing.seller != seller and any(offer.seller == seller for offer in listing.offers)


def _enough(found: NDArray[np.int8]) -> int:
    """How many words a hit has, by how many each listing has; shape (listings,)."""
    enough = max(1, -(-3 * int(found.max(initial=0)) // 4))
    while enough > 2 and np.count_nonzero(found >= enough) < FEW:
        enough -= 1
    return enough


def _gist(listing: Listing, product: Product) -> Asked:
    """A product's title and attributes as a query."""
    said = " ".join([listing.title, *product.attributes.values()])
    found = dict.fromkeys(term for word in words(fold(said)) for term in terms(word))
    return Asked(tuple(((term,),) for term in found))
