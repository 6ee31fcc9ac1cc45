"""Queries: from a URL and back, and in words."""

import string
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from marketplace.finding.results import SORTS, Query

names = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)
cents = st.none() | st.integers(1, 10**9)
queries = st.builds(
    Query,
    text=st.just("") | names,
    category=st.just("") | names,
    department=st.just("") | names,
    seller=st.just("") | names,
    low_cents=cents,
    high_cents=cents,
    stars=st.none() | st.integers(1, 5),
    brands=st.lists(names, unique=True, max_size=3).map(tuple),
    attributes=st.dictionaries(names, names, max_size=3).map(lambda pairs: tuple(pairs.items())),
    deals=st.booleans(),
    delivery_days=st.none() | st.integers(0, 30),
    free_delivery=st.booleans(),
    in_stock=st.booleans(),
    sort=st.sampled_from(sorted(SORTS)),
    page=st.integers(1, 500),
    currency=st.sampled_from(("USD", "JPY", "KWD")),
)


def read(url, currency="USD"):
    return Query.read(MultiDict(parse_qsl(urlsplit(url).query, keep_blank_values=True)), currency)


@settings(deadline=None)
@given(queries)
def test_a_url_says_the_whole_query(query):
    low, high = query.low_cents, query.high_cents
    if low is not None and high is not None and low > high:
        query = query.but(low_cents=high, high_cents=low, page=query.page)
    assert read(query.url(page=query.page), query.currency) == query


@settings(deadline=None)
@given(queries)
def test_taking_back_every_filter_leaves_the_words(query):
    for _, without in query.used():
        assert len(without.filters()) < len(query.filters()) or without.filters() != query.filters()
    bare = query.but()
    while bare.filtered:
        bare = bare.used()[0][1]
    assert bare == Query(text=query.text, sort=query.sort, currency=query.currency)


@given(
    st.dictionaries(
        st.sampled_from(
            sorted(
                (
                    "q",
                    "low",
                    "high",
                    "stars",
                    "brand",
                    "a.",
                    "a.x",
                    "deals",
                    "days",
                    "free",
                    "sort",
                    "page",
                    "z",
                )
            )
        ),
        st.text(max_size=20) | st.text(string.digits + ".-e_", max_size=20),
    )
)
@example([("high", "1e1000000")])
@example([("low", "Infinity"), ("high", "-NaN")])
def test_any_url_can_be_read(args):
    query = Query.read(MultiDict(args), "USD")
    assert read(query.url(page=query.page)) == query


@pytest.mark.parametrize(
    "broken",
    [
        *("low=abc", "low=-5", "low=NaN", "high=Infinity", "high=1e999", "high=9" + "9" * 15),
        *(
            "stars=9",
            "stars=0",
            "stars=4.5",
            "stars=٤",
            "brand=",
            "a.=red",
            "a.color=",
            "deals=yes",
        ),
        *("days=-1", "days=x", "free=2", "sort=cheapest", "page=0", "page=-1", "x=y"),
        *("page=1e3", "page=99999999999999999999", "q=%20%00%20", "low=0", "deals=yes"),
    ],
)
def test_what_is_broken_is_ignored(broken):
    assert read(f"/search?{broken}") == Query()


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        ("?q=%20red%20%20lamp%0A", {"text": "red lamp"}),
        ("?low=10&high=20.5", {"low_cents": 1000, "high_cents": 2050}),
        ("?low=20&high=10", {"low_cents": 1000, "high_cents": 2000}),
        ("?brand=B&brand=A&brand=B", {"brands": ("B", "A")}),
        ("?a.color=red&a.color=blue", {"attributes": (("color", "red"), ("color", "blue"))}),
        ("?q=a&q=b", {"text": "a"}),
        ("?days=0&free=1&stock=1&deals=1", {"delivery_days": 0, "free_delivery": True}),
    ],
)
def test_what_a_url_says(url, fields):
    query = read(url)
    assert {name: getattr(query, name) for name in fields} == fields
    assert len(read("?q=" + "x" * 999).text) == 200


def test_amounts_are_in_the_currencys_major_units():
    assert read("?low=10", "JPY").low_cents == 10
    assert read("?low=10.5", "KWD").low_cents == 10500
    assert Query(low_cents=10, currency="JPY").url() == "/search?low=10"


def test_links_change_what_is_asked_and_start_at_page_one():
    query = Query(text="usb c", category="cable", sort="rating", page=3)
    assert query.url() == "/search?q=usb+c&category=cable&sort=rating"
    assert query.url(page=4).endswith("&page=4")
    assert query.url("/category/cable", text="") == "/category/cable?sort=rating"
    assert Query(deals=True, stars=4).url("/deals") == "/deals?stars=4"
    assert Query().url() == "/search"


def test_filters_in_words():
    query = Query(
        category="usb_cable",
        low_cents=1000,
        high_cents=2550,
        stars=4,
        brands=("Acme", "Bolt"),
        attributes=(("cable_length", "2 m"),),
        delivery_days=1,
        in_stock=True,
    )
    words = [label for label, _ in query.used({"usb_cable": "Cables"})]
    told = ["Cables", "$10 to $25.50", "4 stars & up", "Acme", "Bolt", "Cable length: 2 m"]
    assert words == [*told, "By tomorrow", "In stock"]
    assert dict(query.used())["Acme"].brands == ("Bolt",)
    assert dict(query.used(locale="de-DE"))["10,00\xa0$ to 25,50\xa0$"].low_cents is None
    same = Query(seller="Acme", brands=("Acme",)).used()
    assert [without.brands for _, without in same] == [("Acme",), ()]
    assert Query(high_cents=500).used()[0][0] == "Up to $5"
