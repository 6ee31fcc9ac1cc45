"""Finding: results, filters, facets, sorting and pages, against plain loops."""

import json
from math import ceil
from random import Random

import pytest

from aces.catalog import Catalog
from aces.types import Category, Listing, Product, World
from marketplace.finding.results import SORTS, Query, find, search, similar
from marketplace.sessions import Sessions

CATEGORIES = {
    "lamp": Category(title="Desk lamps", department="Office"),
    "cable": Category(title="Cables", department="Electronics"),
    "mouse": Category(title="Mice", department="Electronics"),
}
COLORS = ("red", "blue", "green")
BRANDS = ("Acme", "Bolt", "Core", "")


def a_product(rng, id):
    attributes = {"length": rng.choice(("1 m", "2 m", "10 m"))}
    if rng.random() < 0.7:
        attributes["color"] = rng.choice(COLORS)
    category = rng.choice([*CATEGORIES, "rug"])
    return Product(id=id, category=category, brand=rng.choice(BRANDS), attributes=attributes)


def a_listing(rng, id):
    return Listing(
        product_id=id,
        title=rng.choice(("Red lamp", "Blue lamp", "Cable", "Lamp cable")),
        price_cents=rng.choice((0, 500, 999, 1000, 2500, 4999)),
        list_price_cents=rng.choice((None, 999, 3000)),
        rating=rng.choice((None, 2.95, 3.96, 4.0, 4.35, 5.0)),
        review_count=rng.choice((0, 3, 50)),
        stock=rng.choice((0, 4)),
        seller=rng.choice(("Shop A", "Shop B")),
        delivery_days=rng.choice((0, 1, 2, 5)),
        shipping_cents=rng.choice((0, 0, 399)),
    )


def a_visit(rng):
    """A session in a shop with a treated shelf, which may hold what the catalogue lacks."""
    base = {f"p{number}": a_listing(rng, f"p{number}") for number in range(rng.randint(1, 40))}
    products = {id: a_product(rng, id) for id in base}
    shelf = rng.sample(sorted(base), k=rng.randint(0, len(base)))
    listings = [a_listing(rng, id) if rng.random() < 0.5 else base[id] for id in shelf]
    lacking = [f"new{number}" for number in range(rng.choice((0, 0, 2)))]
    listings += [a_listing(rng, id) for id in lacking]
    world = World(
        id="w",
        task_id="t",
        k=0,
        query="lamp",
        listings=tuple(listings),
        products={
            each.product_id: products.get(each.product_id) or a_product(rng, each.product_id)
            for each in listings
        },
        rest=rng.choice(("none", "catalog", "catalog")),
        ranker=rng.choice(("fixed", "bm25")),
        page_size=rng.randint(1, 9),
    )
    catalog = Catalog("test", "USD", products, base, about=CATEGORIES)
    return a_session(world, rng.choice((catalog, catalog, catalog, None)))


def a_session(world, catalog=None):
    sessions = Sessions(catalog)
    return sessions.get(sessions.admit(world))


FILTERS = {
    "category": ("lamp", "cable", "sofa"),
    "department": ("Electronics",),
    "seller": ("Shop A",),
    "low_cents": (500, 1000),
    "high_cents": (0, 999, 2500),
    "stars": (3, 4),
    "brands": (("Acme",), ("Bolt", "Acme"), ("Nobody",)),
    "attributes": ((("color", "red"),), (("color", "red"), ("color", "blue"), ("length", "1 m"))),
    "deals": (True,),
    "delivery_days": (0, 2),
    "free_delivery": (True,),
    "in_stock": (True,),
}


def a_query(rng):
    """Words, and none to three filters."""
    chosen = rng.sample(sorted(FILTERS), k=rng.randint(0, 3))
    return Query(
        text=rng.choice(("", "", "lamp", "red lamp", "cable", "lmap", "zzz")),
        sort=rng.choice(sorted(SORTS)),
        **{name: rng.choice(FILTERS[name]) for name in chosen},
    )


def drawn(seed, queries=12):
    """A visit and what the shopper asks for there."""
    rng = Random(seed)
    return a_visit(rng), [a_query(rng) for _ in range(queries)]


def fits(query, listing, session):
    """Whether a listing passes a query's filters, one after the other."""
    product = session.product(listing.product_id)
    about = session.catalog and session.catalog.about.get(product.category)
    wanted = {}
    for name, value in query.attributes:
        wanted.setdefault(name, []).append(value)
    high = float("inf") if query.high_cents is None else query.high_cents
    return (
        query.category in ("", product.category)
        and query.department in ("", about.department if about else None)
        and query.seller in ("", listing.seller)
        and (query.low_cents or 0) <= listing.price_cents <= high
        and (query.stars is None or round(listing.rating or 0, 1) >= query.stars)
        and (not query.brands or product.brand in query.brands)
        and all(product.attributes.get(name) in values for name, values in wanted.items())
        and (not query.deals or (listing.list_price_cents or 0) > listing.price_cents)
        and (query.delivery_days is None or listing.delivery_days <= query.delivery_days)
        and (not query.free_delivery or listing.shipping_cents == 0)
        and (not query.in_stock or listing.stock > 0)
    )


SORT_KEYS = {
    "relevance": lambda listing: 0,
    "price_asc": lambda listing: listing.price_cents,
    "price_desc": lambda listing: -listing.price_cents,
    "rating": lambda listing: 1 if listing.rating is None else -round(listing.rating, 1),
    "reviews": lambda listing: -listing.review_count,
    "delivery": lambda listing: (listing.delivery_days, listing.shipping_cents),
}


def all_pages(session, query):
    """Every result of a query, page by page."""
    first = search(session, query)
    pages = [first, *(search(session, query.but(page=at)) for at in range(2, first.pages + 1))]
    assert [page.page for page in pages] == list(range(1, first.pages + 1))
    return [listing for page in pages for listing in page.listings]


# -- against plain loops --------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_filters_and_sorting_are_those_of_a_plain_loop(seed):
    session, queries = drawn(seed)
    for query in queries:
        unfiltered = all_pages(session, Query(text=query.text))
        kept = [each for each in unfiltered if fits(query, each, session)]
        kept.sort(key=SORT_KEYS[query.sort])  # stable, as ours must be
        assert all_pages(session, query) == kept
        assert all(each is session.listings[each.product_id] for each in kept)


@pytest.mark.parametrize("seed", range(20))
def test_each_choice_leads_to_as_many_results_as_it_says(seed):
    session, queries = drawn(seed)
    for query in queries:
        found = search(session, query, facets=True)
        for facet in found.facets:
            assert len(facet.choices) > 1 or facet.choices[0].selected
            assert len({choice.label for choice in facet.choices}) == len(facet.choices)
            for choice in facet.choices:
                if choice.selected:
                    assert choice.count == found.total
                    assert choice.query.filters() != query.filters()
                else:
                    assert choice.count == search(session, choice.query).total > 0


@pytest.mark.parametrize("seed", range(20))
def test_what_is_chosen_can_be_taken_back(seed):
    session, queries = drawn(seed)
    for query in queries:
        for facet in search(session, query, facets=True).facets:
            for choice in (each for each in facet.choices if not each.selected):
                there = search(session, choice.query, facets=True)
                back = [each for other in there.facets for each in other.choices if each.selected]
                back = [each for each in back if each.label == choice.label]
                # another attribute may bring in a category that has it not
                assert len(back) == 1 or (facet.name.startswith("a.") and not back)
                for each in back:
                    assert each.count == choice.count
                    assert set(each.query.parameters()) <= set(query.parameters())


@pytest.mark.parametrize("seed", range(20))
def test_pages_beyond_the_last_show_the_last(seed):
    session, queries = drawn(seed)
    for page, query in enumerate(queries, start=1):
        found = search(session, query.but(page=page))
        size = session.world.page_size
        assert found.pages == max(1, ceil(found.total / size))
        assert found.page == min(page, found.pages)
        assert len(found.listings) == min(size, found.total - (found.page - 1) * size)
        assert found.first == ((found.page - 1) * size + 1 if found.total else 0)


# -- the shelf ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def catalog():
    """Two lamps for every cable, in turn."""
    products, listings = {}, {}
    for at in range(12):
        id, category = f"p{at}", "cable" if at % 3 == 0 else "lamp"
        products[id] = Product(
            id=id, category=category, brand=BRANDS[at % 3], attributes={"color": COLORS[at % 2]}
        )
        listings[id] = Listing(
            product_id=id,
            title=f"{category.title()} number {at}",
            price_cents=1000 + 300 * at,
            rating=3 + at / 10,
            review_count=at,
            delivery_days=1 + at % 3,
        )
    return Catalog("test", "USD", products, listings, about=CATEGORIES)


@pytest.fixture
def visit(catalog):
    """Enters a shop whose shelf is p7, p2, p4: `visit(rest="catalog")`."""

    def enter(**settings):
        ids = ("p7", "p2", "p4")
        facts = {
            "id": "w",
            "task_id": "t",
            "k": 0,
            "query": "Lamp",
            "listings": tuple(catalog.listings[id] for id in ids),
            "products": {id: catalog.products[id] for id in ids},
        }
        return a_session(World.model_validate(facts | settings), catalog)

    return enter


def ids(results):
    return [listing.product_id for listing in results.listings]


@pytest.mark.parametrize("text", ["Lamp", "lamp", " lamps ", "a good lamp!"])
def test_the_trials_query_brings_up_the_pinned_shelf(visit, text):
    for rest in ("none", "catalog"):
        session = visit(rest=rest)
        assert search(session, Query(text=text)).listings == session.world.listings


@pytest.mark.parametrize("text", ["", "cable", "zzz"])
def test_a_closed_shop_shows_its_shelf_whatever_is_asked(visit, text):
    session = visit()
    assert search(session, Query(text=text)).listings == session.world.listings
    assert ids(search(session, Query(text=text, sort="price_desc"))) == ["p7", "p4", "p2"]
    assert search(session, Query(text=text, category="cable")).total == 0


def test_an_open_shop_searches_other_queries(visit):
    session = visit(rest="catalog")
    assert ids(search(session, Query(text="cable"))) == ["p9", "p6", "p3", "p0"]
    everything = ids(search(session, Query()))
    assert everything == ["p7", "p2", "p4", *(f"p{at}" for at in (11, 10, 9, 8, 6, 5, 3, 1, 0))]
    assert ids(search(session, Query(category="lamp")))[:4] == ["p7", "p2", "p4", "p11"]


def test_search_alone_pins_nothing(visit):
    assert ids(search(visit(ranker="bm25"), Query(text="lamp"))) == ["p7", "p4", "p2"]
    assert ids(search(visit(ranker="bm25", rest="catalog"), Query()))[:3] == ["p11", "p10", "p9"]


def test_shown_values_rule_not_the_catalogues(visit, catalog):
    cheap = catalog.listings["p7"].model_copy(update={"price_cents": 1, "rating": 4.96})
    session = visit(rest="catalog", listings=(cheap,))
    assert ids(search(session, Query(category="lamp", sort="price_asc")))[0] == "p7"
    assert ids(search(session, Query(category="lamp", stars=5))) == ["p7"]
    assert ids(search(session, Query(high_cents=10))) == ["p7"]


def test_a_shop_without_shelf_shows_its_catalogue(visit, catalog):
    session = visit(rest="catalog", listings=(), products={}, query="")
    assert search(session, Query()).total == 12


def test_no_facets_are_counted_where_none_are_shown(visit):
    assert search(visit(), Query()).facets == ()
    assert search(visit(), Query(stars=3)).facets == ()
    assert search(visit(controls=True), Query()).facets != ()
    assert search(visit(controls=True), Query(), facets=False).facets == ()


def test_the_facets_of_a_small_shop(visit):
    session = visit(rest="catalog", controls=True)
    told = {
        facet.name: [(choice.label, choice.count) for choice in facet.choices]
        for facet in search(session, Query()).facets
    }
    assert told == {
        "department": [("Office", 8), ("Electronics", 4)],
        "category": [("Desk lamps", 8), ("Cables", 4)],
        "brand": [("Acme", 4), ("Bolt", 4), ("Core", 4)],
        "price": [("Up to $20", 4), ("$20 to $30", 3), ("$30 & above", 5)],
        "stars": [("4 stars & up", 2), ("3 stars & up", 12)],
        "delivery": [("By tomorrow", 4), ("Within 2 days", 8)],
    }
    lamps = search(session, Query(category="lamp", brands=("Bolt",))).facets
    assert [facet.name for facet in lamps][-1] == "a.color"
    (brands,) = (facet for facet in lamps if facet.name == "brand")
    assert [(choice.label, choice.count, choice.selected) for choice in brands.choices] == [
        ("Bolt", 4, True),
        ("Core", 8, False),  # Bolt or Core
    ]


def test_numbers_inside_of_choices_sort_by_size():
    products = {
        f"p{at}": Product(id=f"p{at}", category="cable", attributes={"length": length})
        for at, length in enumerate(("10 m", "2 m", "1.5 m", "m"))
    }
    listings = {id: Listing(product_id=id, title="Cable", price_cents=1) for id in products}
    world = World(id="w", task_id="t", k=0, listings=(), products={}, rest="catalog")
    session = a_session(world, Catalog("test", "USD", products, listings))
    (facet,) = search(session, Query(), facets=True).facets
    assert [choice.label for choice in facet.choices] == ["1.5 m", "2 m", "10 m", "m"]


# -- the log --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "kind", "filters"),
    [
        (Query(text="zzz"), "search", {}),
        (Query(category="lamp", page=2), "category", {"category": "lamp"}),
        (Query(department="Office"), "category", {"department": "Office"}),
        (
            Query(text="lamp", category="lamp", brands=("Bolt",), delivery_days=0, sort="rating"),
            "search",
            {"category": "lamp", "brands": ["Bolt"], "delivery_days": 0},
        ),
    ],
)
def test_finding_logs_what_was_shown(visit, query, kind, filters):
    session = visit(rest="catalog", page_size=3)
    found = find(session, query)
    (event,) = session.events
    assert (event.kind, event.page) == (kind, "results")
    assert json.loads(json.dumps(dict(event.data))) == {
        "query": query.text,
        "results": ids(found),
        "page": found.page,
        "total": found.total,
        "filters": filters,
        "sort": query.sort,
    }


def test_similar_gives_what_the_shop_sells(visit):
    treated = visit().world.listings[1].model_copy(update={"price_cents": 7})
    session = visit(rest="catalog", listings=(treated,))
    near = similar(session, "p4", n=7)
    assert len(near) == 7
    assert treated in near
    assert {session.product(each.product_id).category for each in near} == {"lamp"}
    assert {each.product_id for each in similar(visit(), "p7")} == {"p2", "p4"}
    with pytest.raises(KeyError):
        similar(visit(), "p0")
