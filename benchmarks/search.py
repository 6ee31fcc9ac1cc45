"""How fast is the search of a large catalogue, beside SQLite's FTS5 in the same run?

    python -m benchmarks.search [--products 100000] [--queries 200]

Products are made from the words of the demo catalogue's own, category by category. Both sides give
the first 24 results and how many there are; queries of the two alternate and none is asked twice,
so that no cache answers. With filters and facets, SQLite filters by joined columns and counts
brands, prices, stars and delivery by one grouped query each. Spelling it does not correct.
"""

import argparse
import random
import sqlite3
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aces.catalog import Catalog, load_catalog
from aces.types import Listing, Product, World
from benchmarks.machine import write_result
from marketplace.finding.index import texts
from marketplace.finding.results import Query, find
from marketplace.finding.search import Index, index_of
from marketplace.finding.words import fold, words
from marketplace.sessions import Session, Sessions

PAGE = 24
SYLLABLES = [first + last for first in "bdfgklmnprstvz" for last in "aeiou"]
MATCH = "SELECT id FROM docs WHERE docs MATCH ? ORDER BY bm25(docs, 0, 3, 2, 1) LIMIT ?"
COUNT = "SELECT count(*) FROM docs WHERE docs MATCH ?"
JOINED = "FROM docs JOIN facts USING (id) WHERE docs MATCH ? AND price BETWEEN 1000 AND 9000"
GROUPED = "SELECT {}, count(*) " + JOINED + " GROUP BY 1"
GROUPS = ("brand", "category", "price / 2000", "cast(rating AS int)", "days")


@dataclass(frozen=True)
class Side:
    """One of the two that are compared: what it costs to have, and how it answers."""

    name: str
    build_s: float
    memory_mb: float
    page: Callable[[str], int]
    faceted: Callable[[str], int]


def make(count: int, seed: int = 7) -> Catalog:
    """Returns a catalogue of so many products, in the words of the demo catalogue."""
    demo, rng = load_catalog("demo"), random.Random(seed)
    said = {name: _said(demo, demo.slice(name)) for name in demo.categories()}
    brands = ["".join(rng.choices(SYLLABLES, k=3)).title() for _ in range(1500)]
    products, listings = {}, {}
    for number in range(count):
        model = demo.products[rng.choice(list(demo.products))]
        id = f"{model.category}-{number}"
        own = said[model.category]
        products[id] = Product(
            id=id,
            category=model.category,
            brand=rng.choice(brands),
            attributes=model.attributes,
        )
        listings[id] = _listing(rng, id, products[id], own, demo.listings[model.id])
    return Catalog("synthetic", demo.currency, products, listings, about=demo.about)


def _said(demo: Catalog, ids: Iterable[str]) -> list[str]:
    listings = [demo.listings[id] for id in ids]
    return [
        word
        for listing in listings
        for text in (listing.title, *listing.bullets, listing.description)
        for word in text.split()
    ]


def _listing(
    rng: random.Random, id: str, product: Product, own: list[str], model: Listing
) -> Listing:
    def text(length: int) -> str:
        return " ".join(rng.choices(own, k=length))

    return Listing(
        product_id=id,
        title=f"{product.brand} {text(10)} {rng.choice(SYLLABLES)}{rng.randint(10, 99)}",
        bullets=tuple(text(10) for _ in range(5)),
        description=text(40),
        price_cents=max(100, round(model.price_cents * rng.lognormvariate(0, 0.5))),
        rating=rng.randint(20, 50) / 10,
        review_count=int(3 * rng.paretovariate(1)),
        stock=rng.choice((0, 9, 100)),
        delivery_days=rng.randint(1, 7),
        shipping_cents=rng.choice((0, 0, 499)),
    )


def ours(catalog: Catalog) -> Side:
    """Builds our index."""
    session = enter(catalog)
    started = time.perf_counter()
    index = index_of(catalog)
    memory = _index_mb(index)  # made when first asked for
    took = time.perf_counter() - started
    narrowed = {"low_cents": 1000, "high_cents": 9000}
    find(session, Query(text="of", **narrowed), facets=True)  # columns, made once

    def page(text: str) -> int:
        return find(session, Query(text=text)).total

    def faceted(text: str) -> int:
        return find(session, Query(text=text, **narrowed), facets=True).total

    return Side("ACES", took, memory, page, faceted)


def sqlite(catalog: Catalog) -> Side:
    """Builds the same as an FTS5 table in memory, columns of facts beside it."""
    started = time.perf_counter()
    base = sqlite3.connect(":memory:")
    base.execute("CREATE VIRTUAL TABLE docs USING fts5(id UNINDEXED, title, names, body)")
    base.execute("CREATE TABLE facts (id PRIMARY KEY, brand, category, price, rating, days)")
    base.executemany("INSERT INTO docs VALUES (?, ?, ?, ?)", _documents(catalog))
    base.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?)", _facts(catalog))
    base.execute("INSERT INTO docs(docs) VALUES ('optimize')")
    took = time.perf_counter() - started
    pages, size = (base.execute(f"PRAGMA page_{name}").fetchone()[0] for name in ("count", "size"))
    memory = pages * size / 2**20

    def page(text: str) -> int:
        asked = _asked(text)
        base.execute(MATCH, (asked, PAGE)).fetchall()
        return int(base.execute(COUNT, (asked,)).fetchone()[0])

    def faceted(text: str) -> int:
        asked = _asked(text)
        order = " ORDER BY bm25(docs, 0, 3, 2, 1) LIMIT ?"
        base.execute(f"SELECT id {JOINED}{order}", (asked, PAGE)).fetchall()
        for group in GROUPS:
            base.execute(GROUPED.format(group), (asked,)).fetchall()
        return int(base.execute(f"SELECT count(*) {JOINED}", (asked,)).fetchone()[0])

    return Side("SQLite FTS5", took, memory, page, faceted)


def enter(catalog: Catalog, **settings: Any) -> Session:  # noqa: ANN401
    """Returns a visit to a shop that sells the whole catalogue."""
    facts: dict[str, Any] = {"rest": "catalog", "listings": (), "products": {}} | settings
    sessions = Sessions(catalog)
    token = sessions.admit(World(id="w", task_id="t", k=0, page_size=PAGE, **facts))
    session = sessions.get(token)
    assert session is not None
    return session


def _documents(catalog: Catalog) -> Iterable[tuple[str, str, str, str]]:
    for id, listing in catalog.listings.items():
        product = catalog.products[id]
        told = texts(listing, product, catalog.about.get(product.category))
        yield id, *(text for text, _ in told)


def _facts(catalog: Catalog) -> Iterable[tuple[object, ...]]:
    for id, listing in catalog.listings.items():
        product = catalog.products[id]
        facts = (listing.price_cents, listing.rating, listing.delivery_days)
        yield id, product.brand, product.category, *facts


def _asked(text: str) -> str:
    """A query for FTS5 that needs all words."""
    return " ".join(f'"{word}"' for word in text.split())


def _index_mb(index: Index) -> float:
    """What the arrays and the vocabulary of an index take."""
    held = index.postings
    arrays = (held.starts, held.rows, held.scores)
    texts = (held.term, held.vocabulary, *held.term)
    return (sum(each.nbytes for each in arrays) + sum(map(sys.getsizeof, texts))) / 2**20


def queries(catalog: Catalog, count: int, seed: int = 8) -> dict[str, list[str]]:
    """Returns different queries by kind: common words, three of one title's, misspelt words."""
    rng = random.Random(seed)
    titles = [words(fold(listing.title)) for listing in catalog.listings.values()]
    ranked = Counter(word for title in titles for word in title if len(word) > 3).most_common()
    common = [word for word, _ in ranked if word.isalpha()]
    often = set(common[: 3 * count])
    some = rng.sample(titles, min(len(titles), 9 * count))
    three = {tuple(word for word in dict.fromkeys(title) if word in often)[:3] for title in some}
    wrong = {_misspelt(rng, rng.choice(common)) for _ in range(4 * count)}
    return {
        "one common word": common[:count],
        "three words": [" ".join(each) for each in sorted(three) if len(each) == 3][:count],
        "a misspelt word": sorted(wrong.difference(*titles))[:count],
    }


def _misspelt(rng: random.Random, word: str) -> str:
    """A word with two neighbouring letters in each other's place."""
    at = rng.randrange(len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def milliseconds(sides: Sequence[Side], ask: str, asked: Sequence[str]) -> list[dict[str, float]]:
    """Returns percentiles of the time of each side's answers, one query after the other."""
    taken: list[list[float]] = [[] for _ in sides]
    found: list[list[int]] = [[] for _ in sides]
    for text in asked:
        for at, side in enumerate(sides):
            started = time.perf_counter()
            found[at].append(getattr(side, ask)(text))
            taken[at].append(1000 * (time.perf_counter() - started))
    return [
        _percentiles(times) | {"median hits": statistics.median(totals)}
        for times, totals in zip(taken, found, strict=True)
    ]


def _percentiles(times: list[float]) -> dict[str, float]:
    ranked = sorted(times)
    return {f"p{at}": round(ranked[int(at / 100 * (len(ranked) - 1))], 3) for at in (50, 95, 99)}


def closed_us(catalog: Catalog, rounds: int = 5000) -> float:
    """Returns microseconds that a trial's shelf of eight costs, logged."""
    shelf = tuple(list(catalog.listings.values())[:8])
    products = {listing.product_id: catalog.products[listing.product_id] for listing in shelf}
    session = enter(catalog, rest="none", listings=shelf, products=products)
    query = Query(text="anything")
    started = time.perf_counter()
    for _ in range(rounds):
        find(session, query)
    return 1e6 * (time.perf_counter() - started) / rounds


def table(rows: dict[str, list[dict[str, float]]], sides: Sequence[Side]) -> list[str]:
    """Returns the times as a table."""
    lines = [
        "| query | side | p50, ms | p95, ms | p99, ms | median hits |",
        "|---|---|---|---|---|---|",
    ]
    for kind, results in rows.items():
        for side, told in zip(sides, results, strict=False):
            times = " | ".join(f"{told[name]:.2f}" for name in ("p50", "p95", "p99"))
            lines.append(f"| {kind} | {side.name} | {times} | {told['median hits']:.0f} |")
    return lines


def main() -> None:
    """Measures everything, prints it and writes it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    args = parser.parse_args()
    catalog = make(args.products)
    sides = [ours(catalog), sqlite(catalog)]
    asked = queries(catalog, args.queries)
    rows = {kind: milliseconds(sides, "page", asked[kind]) for kind in list(asked)[:2]}
    rows["a misspelt word"] = milliseconds(sides[:1], "page", asked["a misspelt word"])
    rows["one common word, price range, facets"] = milliseconds(
        sides, "faceted", asked["one common word"]
    )
    shelf_us = closed_us(catalog)
    lines = ["| side | build, s | memory, MB |", "|---|---|---|"]
    lines += [f"| {side.name} | {side.build_s:.1f} | {side.memory_mb:.0f} |" for side in sides]
    lines += ["", *table(rows, sides), ""]
    lines += [f"A trial's shelf of eight, nothing narrowed, logged: {shelf_us:.0f} µs."]
    body = f"{args.products:,} products, first {PAGE} results and their number.\n\n" + "\n".join(
        lines
    )
    print(body)
    print(f"\nwrote {write_result('search', 'Search of a large catalogue', body)}")


if __name__ == "__main__":
    main()
