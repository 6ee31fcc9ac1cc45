"""Search: BM25 against a plain one, treated texts, spelling, what is alike."""

import gc
import math
import weakref
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aces.catalog import Catalog
from aces.types import Category, Listing, Product, World
from marketplace.finding import search as search_module
from marketplace.finding.index import build, document
from marketplace.finding.search import Index, index_of
from marketplace.finding.spelling import Spelling, understand

WORDS = ("lamp", "desk", "red", "steel", "usb", "cable", "warm", "light")


def a_catalog(titles, *, descriptions=(), categories=(), counts=(), **more):
    """Products `p0`, `p1`, ... of these titles."""
    listings, products = {}, {}
    for at, title in enumerate(titles):
        id = f"p{at}"
        products[id] = Product(
            id=id, category=categories[at] if categories else "thing", brand="", **more
        )
        listings[id] = Listing(
            product_id=id,
            title=title,
            description=descriptions[at] if descriptions else "",
            price_cents=1000,
            review_count=counts[at] if counts else 0,
        )
    return Catalog("test", "USD", products, listings)


def a_world(catalog, shelf=(), rest="catalog"):
    """A world with these treated listings on its shelf."""
    products = {
        listing.product_id: catalog.products.get(
            listing.product_id, Product(id=listing.product_id, category="thing")
        )
        for listing in shelf
    }
    return World(id="w", task_id="t", k=0, listings=tuple(shelf), products=products, rest=rest)


def found(catalog, text, shelf=(), rest="catalog"):
    return list(index_of(catalog).search(a_world(catalog, shelf, rest), text).ids)


# -- BM25 -----------------------------------------------------------------------------------


def plain_bm25(collection, documents, asked, k1=1.5, b=0.75):
    """Scores of documents (lists of words) by the statistics of a collection, word by word."""
    mean = sum(map(len, collection)) / len(collection)
    scores = []
    for words in documents:
        score = 0.0
        for word in set(asked):
            holding = sum(word in other for other in collection)
            idf = math.log(1 + (len(collection) - holding + 0.5) / (holding + 0.5))
            count = words.count(word)
            score += idf * count / (count + k1 * (1 - b + b * len(words) / mean))
        scores.append(score)
    return scores


def as_words(listing):
    """What a listing says, each word as often as it counts."""
    return listing.title.split() * 3 + ["thing"] * 2 + listing.description.split()


texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join)
corpora = st.lists(st.tuples(texts, texts, st.integers(0, 2)), min_size=2, max_size=9)
queries = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True)


@settings(max_examples=150, deadline=None)
@given(corpora, queries, st.lists(texts, max_size=3))
def test_hits_and_their_order_are_those_of_a_plain_bm25(corpus, asked, rewritten):
    titles, descriptions, counts = zip(*corpus, strict=True)
    catalog = a_catalog(titles, descriptions=descriptions, counts=counts)
    shelf = [
        listing.model_copy(update={"title": title})
        for listing, title in zip(catalog.listings.values(), rewritten, strict=False)
    ]
    shown = {**catalog.listings, **{listing.product_id: listing for listing in shelf}}
    collection = [as_words(listing) for listing in catalog.listings.values()]
    documents = {id: as_words(listing) for id, listing in shown.items()}
    scores = dict(zip(shown, plain_bm25(collection, documents.values(), asked), strict=True))

    def words_in(document):
        return len(set(asked) & set(document))

    enough = max(1, math.ceil(0.75 * max(map(words_in, collection))))
    while enough > 2 and sum(words_in(text) >= enough for text in collection) < 4:
        enough -= 1
    hits = {id for id in shown if words_in(documents[id]) >= enough}
    ids = found(catalog, " ".join(asked), shelf)
    assert set(ids) == hits
    order = {id: (-catalog.listings[id].review_count, at) for at, id in enumerate(shown)}
    for better, worse in pairwise(ids):
        gap = scores[better] - scores[worse]
        assert gap > -2e-4
        if abs(gap) < 1e-6:
            assert order[better] < order[worse]


@settings(max_examples=100, deadline=None)
@given(corpora, st.lists(st.sampled_from((*WORDS, "brandnew", "lmap")), min_size=1), texts)
def test_rewriting_a_listing_moves_no_other(corpus, asked, title):
    titles, descriptions, counts = zip(*corpus, strict=True)
    catalog = a_catalog(titles, descriptions=descriptions, counts=counts)
    base = catalog.listings["p0"]
    query = " ".join(asked)

    def others(**changes):
        return [id for id in found(catalog, query, [base.model_copy(update=changes)]) if id != "p0"]

    assert others() == others(title=title + " brandnew lmap", description="desk " * 50)


def test_a_treated_text_is_scored_like_one_of_the_collection():
    catalog = a_catalog(["red lamp", "desk lamp", "steel desk"])
    index = index_of(catalog)
    for id, listing in catalog.listings.items():
        text = document(listing, catalog.products[id], None)
        score = index.postings.score(text, ["lamp", "desk"])
        row = index.columns.row[id]
        assert score == pytest.approx(index.postings.total(["lamp", "desk"])[row], rel=1e-5)


def test_stuffing_a_title_wins_little_and_costs_the_other_words():
    honest = "red desk lamp with warm light"
    catalog = a_catalog([honest, "desk lamp " + "lamp " * 60, *["steel cable light"] * 8])
    index = index_of(catalog)
    one = index.postings.total(["lamp"])
    assert one[index.columns.row["p1"]] < 1.4 * one[index.columns.row["p0"]]
    assert found(catalog, "red desk lamp")[0] == "p0"
    assert found(catalog, "desk lamp")[0] == "p0"


def test_a_title_counts_more_than_a_description():
    catalog = a_catalog(["steel cable", "red lamp"], descriptions=["red lamp", "steel cable"])
    assert found(catalog, "lamp") == ["p1", "p0"]


def test_everything_that_is_told_is_found():
    product = Product(
        id="x-1", category="office_lamp", brand="Glowco", attributes={"battery_life": "9 hours"}
    )
    listing = Listing(
        product_id="x-1", title="Arc", bullets=("Dims in steps",), description="Oak", price_cents=1
    )
    about = {"office_lamp": Category(title="Reading lights", department="Office")}
    catalog = Catalog("test", "USD", {"x-1": product}, {"x-1": listing}, about=about)
    told = ("x-1", "glowco", "arc", "dims", "oak", "reading lights", "office lamp", "battery life")
    assert [text for text in told if found(catalog, text) != ["x-1"]] == []


# -- words ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "query"),
    [
        ("USB-C Cable, 6 ft", "usb c cable 6ft"),
        ("USB C cable 6-foot", "USB-C 6 ft"),
        ("USBC cable", "usb-c"),
        ("Mouse pad", "mousepad"),
        ("Mousepad", "mouse pad"),
        ("Tooth-paste", "tooth paste"),
        ("Wi-Fi smart plug", "wifi"),
        ("Smart Wifi plug", "wi-fi"),
        ("Power bank 10,000 mAh", "10000mah power bank"),
        ("USB 3.0 hub, 2.4GHz", "2.4 ghz hub"),
        ("Women’s watches", "womens watch"),
        ("Boxes and brushes", "box brush"),
        ("Baby wipes for babies", "baby wipe"),
        ("Crème brûlée torch", "CREME BRULEE"),
        ("Gießkanne Größe L", "giesskanne grosse"),
        ("Łódź Smørrebrød board", "lodz smorrebrod"),
        ("İstanbul kahvesi", "istanbul"),
        ("Velcro™ strips", "velcro strip"),
        ("ＵＳＢ　ケーブル", "usb"),
        ("電動牙刷 充電式", "牙刷"),
        ("緑茶セット", "茶"),
        ("김치냉장고", "냉장고"),
        ("แปรงสีฟันไฟฟ้า", "แปรงสีฟัน"),
        ("हिन्दी किताब", "किताब"),
        ("قَلَم حِبر", "قلم حبر"),
        ("Ёлочный кабель", "елочный КАБЕЛЬ"),
    ],
)
def test_what_is_written_otherwise_is_found(title, query):
    catalog = a_catalog([title, "Something else 7 m"])
    assert found(catalog, query) == ["p0"]
    index = index_of(catalog)
    asked = understand(query, index.postings.term, Spelling({}))
    there = document(catalog.listings["p0"], catalog.products["p0"], None)
    assert there.holds(asked.words) == len(asked.words)  # not only the nearest there is


@pytest.mark.parametrize(
    ("title", "query"),
    [("6 ft cable", "16ft"), ("Walnut stand", "wall"), ("牙膏", "膏牙"), ("Fi antenna", "wi-fi")],
)
def test_other_things_are_not_found(title, query):
    catalog = a_catalog([title])
    assert found(catalog, query) == []
    treated = catalog.listings["p0"].model_copy(update={"description": "Really"})
    assert found(catalog, query, [treated]) == []


@pytest.mark.parametrize("query", ["", "!!!", "🎧", "xyzzyq", "%&/ --", "\x00", "'"])
def test_a_query_that_says_nothing_known_finds_nothing(query):
    ranking = index_of(catalog := a_catalog(["Lamp", "🎧"])).search(a_world(catalog), query)
    assert (list(ranking.ids), ranking.corrected) == ([], None)


def test_small_words_count_only_where_there_are_no_others():
    catalog = a_catalog(["The lamp", "For a desk", "Lamp"])
    assert found(catalog, "a lamp for the desk") == found(catalog, "lamp desk")
    assert found(catalog, "the") == ["p0"]


def test_a_long_wish_finds_what_comes_nearest():
    catalog = a_catalog(["Red desk lamp", "Red steel cable", "Desk"])
    assert found(catalog, "please show me a cosy red lamp for reading at my desk") == ["p0"]


def test_an_id_finds_its_product_first():
    catalog = a_catalog(["p1 p1 p1", "Lamp", "Lamp for p1"])
    assert found(catalog, " p1 ")[0] == "p1"
    assert found(catalog, "p1", [catalog.listings["p0"]], rest="none") == ["p0"]


# -- spelling -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "corrected"),
    [
        ("stapelr", "stapler"),
        ("STAPLR", "stapler"),
        ("tootpaste for kids", "toothpaste for kids"),
        ("toothpatse", "toothpaste"),
        ("tothpatse", "toothpaste"),
        ("lmap", "lamp"),
        ("laap", "lamp"),  # three listings say lamp, one says leap
        ("kid staplers", None),
        ("lap", None),  # too short to tell
        ("st4pler", None),  # a code
        ("usb-d", None),
        ("stxxlxr", None),
    ],
)
def test_words_that_occur_nowhere_are_corrected(query, corrected):
    catalog = a_catalog(["Stapler", "Toothpaste, kids", "Lamp", "Red lamp", "Old lamp", "Leap"])
    ranking = index_of(catalog).search(a_world(catalog), query)
    assert ranking.corrected == corrected
    if corrected:
        assert list(ranking.ids) == found(catalog, corrected)


def test_a_word_that_only_a_treated_listing_has_is_found_there():
    catalog = a_catalog(["Red lamp", "Blue lamp"])
    treated = catalog.listings["p1"].model_copy(update={"title": "Blue lampe zorbo"})
    assert found(catalog, "zorbo", [treated]) == ["p1"]
    assert set(found(catalog, "lampe", [treated])) == {"p0", "p1"}
    assert found(catalog, "zorbo") == []


# -- worlds ---------------------------------------------------------------------------------


def test_a_closed_shop_finds_its_shelf_alone():
    catalog = a_catalog(["Lamp one", "Lamp two", "Lamp three", "Cable"])
    shelf = [catalog.listings["p3"], catalog.listings["p1"]]
    assert found(catalog, "lamp", shelf, rest="none") == ["p1"]


def test_a_shelf_may_hold_what_the_catalogue_lacks():
    catalog = a_catalog(["Lamp one", "Cable"])
    extra = Listing(product_id="new", title="Lamp of ours", price_cents=1)
    assert found(catalog, "lamp", [extra]) == ["p0", "new"]
    assert found(catalog, "ours", [extra]) == ["new"]
    assert found(catalog, "new", [extra], rest="none") == ["new"]


def test_ties_go_to_popularity_then_to_catalogue_order():
    catalog = a_catalog(["Lamp"] * 4, counts=(5, 9, 5, 9))
    assert found(catalog, "lamp") == ["p1", "p3", "p0", "p2"]
    treated = [catalog.listings["p0"].model_copy(update={"review_count": 99})]
    assert found(catalog, "lamp", treated) == ["p1", "p3", "p0", "p2"]


# -- alike ----------------------------------------------------------------------------------

ALIKE = a_catalog(
    [
        "Red desk lamp",
        "Blue desk lamp",
        "Red desk lamp, warm",
        "Red desk stand",
        "Oak table",
        "Rug",
    ],
    categories=("lamp", "lamp", "lamp", "stand", "lamp", "rug"),
)


@pytest.mark.parametrize(
    ("rest", "n", "alike"),
    [
        ("catalog", 2, ["p2", "p1"]),
        ("catalog", 9, ["p2", "p1", "p4", "p3"]),
        ("none", 9, ["p1", "p3"]),
    ],
)
def test_alike_is_the_same_category_first_and_never_itself(rest, n, alike):
    shelf = [ALIKE.listings[id] for id in ("p5", "p3", "p0", "p1")]
    assert list(index_of(ALIKE).similar(a_world(ALIKE, shelf, rest), "p0", n)) == alike


def test_a_treatment_chooses_nobodys_neighbours():
    treated = [ALIKE.listings["p0"].model_copy(update={"title": "Oak top"})]
    for world in (a_world(ALIKE), a_world(ALIKE, treated)):
        assert index_of(ALIKE).similar(world, "p0", 2)[:] == ("p2", "p1")
        assert index_of(ALIKE).similar(world, "p2", 1)[:] == ("p0",)


def test_what_the_catalogue_lacks_has_neighbours_too():
    extra = Listing(product_id="new", title="Warm red lamp", price_cents=1)
    world = a_world(ALIKE, [extra])
    assert index_of(ALIKE).similar(world, "new", 2)[0] == "p2"


# -- one index per catalogue ----------------------------------------------------------------


def test_threads_share_one_index_made_once(monkeypatch):
    made = []
    monkeypatch.setattr(search_module, "build", lambda *args: made.append(1) or build(*args))
    catalog = a_catalog(["Red lamp", "Blue lamp"] * 50)
    world = a_world(catalog)
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: index_of(catalog).search(world, "red lamp").ids[:], [0] * 32)
        )
    assert made == [1]
    assert len(set(answers)) == 1


def test_an_index_goes_with_its_catalogue():
    catalog = a_catalog(["Lamp"])
    found(catalog, "lamp")
    index = weakref.ref(index_of(catalog))
    del catalog
    gc.collect()
    assert index() is None


@pytest.mark.parametrize("titles", [[], ["!!!"], ["🎧", "🎧"]])
def test_a_catalogue_may_say_nothing(titles):
    catalog = a_catalog(titles)
    assert Index(catalog).search(a_world(catalog), "lamp").ids[:] == ()
