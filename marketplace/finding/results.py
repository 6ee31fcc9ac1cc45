"""What a shopper finds: results of a search or a category, filtered, sorted and page by page."""

from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from aces.catalog import Catalog
from aces.types import Listing, World
from marketplace.finding.assortment import Ids
from marketplace.finding.facets import Choice, Facet, facets_of
from marketplace.finding.query import SORTS, Query
from marketplace.finding.search import Index, index_of
from marketplace.finding.sieve import Sieve
from marketplace.rankers import RANKERS, Ranker
from marketplace.sessions import Session

__all__ = ["SORTS", "Choice", "Facet", "Query", "Results", "find", "offered", "search", "similar"]


@dataclass(frozen=True, slots=True)
class Results:
    """One page of what was found.

    Attributes:
        query: What was asked for; its page may lie beyond the last.
        listings: Of this page, in shown order.
        first: Place of the first of them among all, from 1; 0 where nothing was found.
        total: Results on all pages.
        page: This page, from 1.
        pages: How many there are, at least 1.
        facets: How the results can be narrowed; none unless asked for.
        corrected: The spelling that was searched for instead.
    """

    query: Query
    listings: tuple[Listing, ...]
    first: int
    total: int
    page: int
    pages: int
    facets: tuple[Facet, ...] = ()
    corrected: str | None = None


def find(session: Session, query: Query, facets: bool | None = None) -> Results:
    """Returns a page of results and logs the impression.

    Args:
        session: Who asks; the world says what is sold, how it is ranked and how much fits a page.
        query: What for.
        facets: Whether to count what the results can be narrowed to; by default where the world's
            pages show it.
    """
    found = search(session, query, facets)
    browsed = not query.text and (query.category or query.department)
    session.log(
        "category" if browsed else "search",
        "results",
        query=query.text,
        results=[listing.product_id for listing in found.listings],
        page=found.page,
        total=found.total,
        filters=query.filters() if query.filtered else {},
        sort=query.sort,
    )
    return found


def search(session: Session, query: Query, facets: bool | None = None) -> Results:
    """Returns a page of results, unlogged; see `find`."""
    world, index = session.world, _index(session)
    ranking = _ranker(world.ranker).rank(world, query.text, index)
    ids = ranking.ids
    counted: tuple[Facet, ...] = ()
    wanted = world.controls if facets is None else facets
    if wanted or query.sort != "relevance" or query.filtered:
        goods = index.goods(world)
        sieve = Sieve(query, goods, goods.rows(ids))
        ids = Ids(sieve.sorted(), goods.names)
        counted = facets_of(sieve, world.locale) if wanted else ()
    pages = max(1, -(-len(ids) // world.page_size))
    page = min(query.page, pages)
    first = (page - 1) * world.page_size
    shown = ids[first : first + world.page_size]
    return Results(
        query,
        tuple([session.listings[id] for id in shown]),
        first=first + 1 if shown else 0,
        total=len(ids),
        page=page,
        pages=pages,
        facets=counted,
        corrected=ranking.corrected,
    )


def similar(session: Session, product_id: str, n: int = 6) -> list[Listing]:
    """Returns what else a shopper may like, nearest first; from the shelf where that is all.

    Raises:
        KeyError: If the shop does not sell the product.
    """
    session.listings[product_id]
    ids = _index(session).similar(session.world, product_id, n)
    return [session.listings[id] for id in ids]


def offered(session: Session, seller: str) -> list[Listing]:
    """Returns the listings of others of which a seller has an offer too, most popular first."""
    ids = _index(session).offered(session.world, seller)
    return [session.listings[id] for id in ids]


def _index(session: Session) -> Index:
    """The search over what the session's shop sells."""
    if session.catalog is not None and session.catalog.listings:
        return index_of(session.catalog)
    return Index(_shelf_alone(session.world))


def _shelf_alone(world: World) -> Catalog:
    """The shelf as a catalogue, for shops without one."""
    listings = {listing.product_id: listing for listing in world.listings}
    return Catalog("shelf", world.currency, world.products, listings)


@lru_cache(maxsize=32)
def _ranker(name: str) -> Ranker:
    return cast(Ranker, RANKERS.build(name, {}))
