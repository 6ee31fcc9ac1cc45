"""Finding: results, filters, facets, sorting and pages, against plain loops."""

import json
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aces.catalog import Catalog
from aces.types import Category, Listing, Product, World
from marketplace.finding import SORTS, Query, find, search, similar
from marketplace.sessions import Sessions

CATEGORIES = {
    "lamp": Category(title="Desk lamps", department="Office"),
    "cable": Category(title="Cables", department="Electronics"),
    "mouse": Category(title="Mice", department="Electronics"),
}
COLORS = ("red", "blue", "green")
BRANDS = ("Acme", "Bolt", "Core", "")


@st.composite
def offers(draw, number):
    """A product and its listing."""
    id = f"p{number}"
    attributes = {"color": draw(st.sampled_from(COLORS))} if draw(st.booleans()) else {}
    product = Product(
        id=id,
        category=draw(st.sampled_from([*CATEGORIES, "rug"])),
        brand=draw(st.sampled_from(BRANDS)),
        attributes={**attributes, "length": draw(st.sampled_from(("1 m", "2 m", "10 m")))},
    )
    return product, draw(listings(id))


@st.composite
def listings(draw, id):
    """An offer of a product."""
    return Listing(
        product_id=id,
        title=draw(st.sampled_from(("Red lamp", "Blue lamp", "Cable", "Lamp cable"))),
        price_cents=draw(st.sampled_from((0, 500, 999, 1000, 2500, 4999))),
        list_price_cents=draw(st.sampled_from((None, 999, 3000))),
        rating=draw(st.sampled_from((None, 2.95, 3.96, 4.0, 4.35, 5.0))),
        review_count=draw(st.sampled_from((0, 3, 50))),
        stock=draw(st.sampled_from((0, 4))),
        seller=draw(st.sampled_from(("Shop A", "Shop B"))),
        delivery_days=draw(st.sampled_from((0, 1, 2, 5))),
        shipping_cents=draw(st.sampled_from((0, 0, 399))),
    )


@st.composite
def visits(draw):
    """A session in a shop with a treated shelf, which may hold what the catalogue lacks."""
    count = draw(st.integers(1, 9))
    made = [draw(offers(number)) for number in range(count)]
    products = {product.id: product for product, _ in made}
    base = {listing.product_id: listing for _, listing in made}
    ids = draw(st.lists(st.sampled_from(sorted(base)), unique=True, max_size=5))
    shelf = [draw(listings(id)) if draw(st.booleans()) else base[id] for id in ids]
    if draw(st.booleans()):
        product, extra = draw(offers(99))
        products[product.id] = product
        shelf.append(extra)
    world = World(
        id="w",
        task_id="t",
        k=0,
        query="lamp",
        listings=tuple(shelf),
        products={listing.product_id: products[listing.product_id] for listing in shelf},
        rest=draw(st.sampled_from(("none", "catalog"))),
        ranker=draw(st.sampled_from(("fixed", "bm25"))),
        controls=draw(st.booleans()),
        page_size=draw(st.integers(1, 4)),
    )
    catalog = Catalog("test", "USD", {id: products[id] for id in base}, base, about=CATEGORIES)
    return a_session(world, draw(st.sampled_from((catalog, catalog, None))))


def a_session(world, catalog=None):
    sessions = Sessions(catalog)
    return sessions.get(sessions.admit(world))


some = st.none() | st.sampled_from((0, 500, 1000, 2500, 9999))
asked = st.builds(
    Query,
    text=st.sampled_from(("", "lamp", "red lamp", "cable", "lmap", "zzz")),
    category=st.sampled_from(("", "", "lamp", "cable", "sofa")),
    department=st.sampled_from(("", "", "", "Electronics")),
    seller=st.sampled_from(("", "", "", "Shop A")),
    low_cents=some,
    high_cents=some,
    stars=st.sampled_from((None, None, 3, 4)),
    brands=st.lists(st.sampled_from(("Acme", "Bolt", "Nobody")), unique=True, max_size=2).map(
        tuple
    ),
    attributes=st.lists(
        st.sampled_from((("color", "red"), ("color", "blue"), ("length", "1 m"), ("no", "x"))),
        unique=True,
        max_size=2,
    ).map(tuple),
    deals=st.booleans(),
    delivery_days=st.sampled_from((None, None, 0, 2)),
    free_delivery=st.booleans(),
    in_stock=st.booleans(),
    sort=st.sampled_from(sorted(SORTS)),
)


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


@settings(max_examples=100, deadline=None)
@given(visits(), asked)
def test_filters_and_sorting_are_those_of_a_plain_loop(session, query):
    unfiltered = all_pages(session, Query(text=query.text))
    kept = [each for each in unfiltered if fits(query, each, session)]
    kept.sort(key=SORT_KEYS[query.sort])  # stable, as ours must be
    assert all_pages(session, query) == kept
    assert search(session, query).total == len(kept)
    assert all(each is session.listings[each.product_id] for each in kept)


@settings(max_examples=100, deadline=None)
@given(visits(), asked)
def test_each_choice_leads_to_as_many_results_as_it_says(session, query):
    found = search(session, query, facets=True)
    for facet in found.facets:
        assert len(facet.choices) > 1
        assert len({choice.label for choice in facet.choices}) == len(facet.choices)
        for choice in facet.choices:
            if choice.selected:
                assert choice.count == found.total
                again = search(session, choice.query, facets=True)
                back = [each for each in again.facets if each.name == facet.name]
                assert not back or not any(
                    each.selected for each in back[0].choices if each.label == choice.label
                )
            else:
                assert choice.count == search(session, choice.query).total > 0


@settings(max_examples=50, deadline=None)
@given(visits(), asked, st.integers(1, 99))
def test_pages_beyond_the_last_show_the_last(session, query, page):
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
