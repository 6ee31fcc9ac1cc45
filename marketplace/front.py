"""What a shop shows of its catalogue before anybody asks: departments, deals, what is popular."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from urllib.parse import quote

from aces.catalog import Catalog
from aces.types import Listing
from marketplace.sessions import Session

WINDOWS = 4
"""Pictures with which a department shows itself."""
KEPT = 60
"""How many deals and popular products are known by heart."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category or a department, and how to get there."""

    title: str
    url: str
    ids: tuple[str, ...]
    """Its products, the most popular first, a few of them."""
    total: int
    """How many products it has."""
    parts: tuple["Shelf", ...] = ()
    """Of a department: its categories."""


class Front:
    """The front of a catalogue, worked out once.

    Args:
        catalog: What the shop sells.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    @cached_property
    def departments(self) -> tuple[Shelf, ...]:
        """The departments, in catalogue order."""
        by_category: dict[str, list[str]] = {}
        for id in self._ranked:
            by_category.setdefault(self._catalog.products[id].category, []).append(id)
        return tuple(
            _department(name, [self._category(each, by_category[each]) for each in categories])
            for name, categories in self._catalog.departments().items()
        )

    @cached_property
    def department_of(self) -> dict[str, Shelf]:
        """Category -> its department."""
        names = self._catalog.departments()
        return {
            category: department
            for department in self.departments
            for category in names[department.title]
        }

    @cached_property
    def popular(self) -> tuple[str, ...]:
        """The products with the most ratings, every category in turn."""
        return self._in_turn(self._ranked)

    @cached_property
    def deals(self) -> tuple[str, ...]:
        """The products furthest below their list price, every category in turn."""
        listings = self._catalog.listings
        reduced = [id for id in listings if _saving(listings[id])]
        return self._in_turn(sorted(reduced, key=lambda id: -_saving(listings[id])))

    @cached_property
    def titles(self) -> dict[str, str]:
        """Category -> how it is called."""
        return {name: self._catalog.title(name) for name in self._catalog.categories()}

    def title(self, category: str) -> str:
        """Returns how a category is called."""
        return self._catalog.title(category)

    @cached_property
    def _ranked(self) -> list[str]:
        """All products, the most rated first."""
        listings = self._catalog.listings
        return sorted(listings, key=lambda id: -listings[id].review_count)

    def _category(self, name: str, ids: list[str]) -> Shelf:
        url = f"/category/{quote(name, safe='')}"
        return Shelf(self.title(name), url, tuple(ids[:WINDOWS]), len(ids))

    def _in_turn(self, ids: Iterable[str]) -> tuple[str, ...]:
        """The first ids such that each category has its first before any has its second."""
        seen: dict[str, int] = {}
        turns: list[tuple[int, str]] = []
        for id in ids:
            category = self._catalog.products[id].category
            seen[category] = seen.get(category, 0) + 1
            turns.append((seen[category], id))
        return tuple(id for _, id in sorted(turns, key=lambda turn: turn[0])[:KEPT])


def popular(session: Session, front: Front | None, n: int) -> list[Listing]:
    """Returns what most people buy here; in a shop of one shelf that shelf, as it stands."""
    if session.world.rest == "none" or front is None:
        return list(session.world.listings[:n])
    return _sold(session, front.popular, n, lambda _: True)


def deals(session: Session, front: Front | None, n: int) -> list[Listing]:
    """Returns what is reduced here, as it is sold in this session."""
    if session.world.rest == "none" or front is None:
        return [listing for listing in session.world.listings if _saving(listing)][:n]
    return _sold(session, front.deals, n, lambda listing: _saving(listing) > 0)


def _sold(
    session: Session, ids: Iterable[str], n: int, fits: Callable[[Listing], bool]
) -> list[Listing]:
    found = (session.listing(id) for id in ids)
    return list(islice((each for each in found if each is not None and fits(each)), n))


def _department(name: str, categories: list[Shelf]) -> Shelf:
    ids = tuple(id for category in categories for id in category.ids)
    total = sum(category.total for category in categories)
    return Shelf(name, f"/department/{quote(name, safe='')}", ids, total, tuple(categories))


def _saving(listing: Listing) -> float:
    """Share of the list price that is saved."""
    struck = listing.list_price_cents or 0
    return max(0.0, 1 - listing.price_cents / struck) if struck else 0.0
