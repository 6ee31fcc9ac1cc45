"""Hundreds of malformed rows of many kinds: each reported, none crashes, none silently kept."""

import json
import random
from itertools import cycle

import pytest

from aces.catalog import load_catalog
from aces.errors import CatalogError

GOOD = {
    "parent_asin": "B000",
    "title": "Steel bottle",
    "average_rating": 4.4,
    "rating_number": 120,
    "price": 19.99,
    "features": ["Keeps cold"],
    "description": ["A bottle."],
    "images": [],
    "store": "Ava",
    "categories": ["Sports", "Bottles"],
    "details": {"Color": "Blue"},
}
PRIVATE = ["http://127.0.0.1/x.png", "http://10.1.2.3/x.png", "http://169.254.169.254/latest",
           "http://[::1]/x.png", "http://192.168.0.1:8080/a.jpg", "file:///etc/passwd"]  # fmt: skip
SCRIPTS = ["<script>alert(1)</script>Hi", "Hi<style>p{}</style>", "<iframe src=//evil></iframe>",
           "&lt;script&gt;x&lt;/script&gt;", "<!-- x -->"]  # fmt: skip
MONEY = {  # kind: values of `price`, each of which costs the row
    "no price": [None, "", "None", "  "],
    "price in words": ["free", "ask us", "from 12.99", "$"],
    "negative price": [-1, "-3.50", -0.01],
    "absurd price": [0, "0.00", 1e12, "99,999,999,999"],
    "no number": [float("inf"), "1e5x", "--", True],
    "half cents": ["19.999", "3,1415", 0.125],
    "foreign currency": ["€ 9.99", "12,50 €", "GBP 4.00", "3.00 CAD", "US$ 4.00 EUR"],
    "odd separators": ["1,2,3", "1.2.3,4", "12,34,567.0"],
}
OTHERS = {  # kind: column, values, whether each costs the row
    "no id": ("parent_asin", ["", None, " "], True),
    "id again": ("parent_asin", ["B000"], True),
    "no title": ("title", ["", None, "   ", "<b></b>"], True),
    "HTML": ("title", ["<b>Big</b> cup", "Cup &amp; lid", "Cup<br>"], False),
    "scripts": ("description", [[text] for text in SCRIPTS], False),
    "rating off the scale": ("average_rating", [87, -1, "great", 5.01, 44.0], False),
    "rating in per cent": ("average_rating", ["87%", "4 %", "9 out of 10"], False),
    "negative count": ("rating_number", [-1, -99], False),
    "odd count": ("rating_number", ["many", 1.5, 10**12], False),
    "control characters": ("title", ["Cup\0 blue", "Cup\x07", "\x1bCup"], False),
    "lone surrogate": ("title", ["Cup \ud83d", "\udfffCup"], False),
    "private picture": ("images", [[{"large": url}] for url in PRIVATE], False),
    "broken bytes": ("title", ["Caf\udce9 cup", "\udcff\udcfe"], False),
    "too long": ("title", ["W" * 600, "many words " * 900], False),
    "no JSON": ("row", [b"{", b"[1, 2]", b'"x"', b"nul", b'{"title": "x",}'], True),
}
KINDS = {kind: ("price", values, True) for kind, values in MONEY.items()} | OTHERS


def lines(seed, size):
    """A good row, then malformed ones with a good one after every ninth: kind, bytes."""
    generator = random.Random(seed)
    yield "good", json.dumps(GOOD).encode()
    for number, (kind, (column, values, _)) in zip(range(size), cycle(KINDS.items()), strict=False):
        if number % 9 == 8:
            yield "good", json.dumps(GOOD | {"parent_asin": f"G{number}"}).encode()
        value = generator.choice(values)
        if isinstance(value, bytes):
            yield kind, value
            continue
        row = GOOD | {"parent_asin": f"B{number + 1}"} | {column: value}
        text = json.dumps(row, ensure_ascii=kind != "broken bytes")
        yield kind, text.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("seed", [1, 2])
def test_every_malformed_row_is_reported_where_it_stands(seed, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rows = list(lines(seed, 230))
    path = tmp_path / "meta_Bottles.jsonl"
    path.write_bytes(b"\n".join(row for _, row in rows))
    catalog = load_catalog(f"{path}?pictures=fetch&reviews=no")
    by_place = {}
    for problem in catalog.problems:
        by_place.setdefault(problem.where, []).append(problem)
    lost = 0
    for number, (kind, row) in enumerate(rows, start=1):
        found = by_place.pop(f"line {number}", [])
        if kind == "good":
            assert found == []
            continue
        column, _, costs = KINDS[kind]
        assert column in {problem.field for problem in found}, (kind, row, found)
        assert any(problem.left_out for problem in found) == costs, (kind, row, found)
        assert all(problem.reason and problem.found for problem in found)
        lost += costs
    assert by_place == {}
    assert len(catalog.products) == len(rows) - lost
    for listing in catalog.listings.values():
        shown = listing.model_dump_json().lower()
        assert not any(
            word in shown for word in ("<script", "<style", "iframe", "alert(", "\\u0000")
        )
        assert 0 <= (listing.rating or 0) <= 5
        assert listing.price_cents == 1999


@pytest.mark.parametrize(
    ("rows", "where", "reason"),
    [
        ("b,Cup,3.00", "line 3", "the header has 4"),
        ("b,Cup,3.00,1,spare", "line 3", "the header has 4"),
        ('b,"Two\nlines",3.00', "lines 3 to 4", "the header has 4"),
        ('b,"Cup,3.00,1\nc,Cup,4.00,1', "lines 3 to 4", "opens a quote that nothing closes"),
        ("b,Cup,3.00,\nb,Other,3.00,", "line 4", "another product of the same handle"),
    ],
)
def test_rows_that_slip_out_of_their_columns(rows, where, reason, tmp_path):
    path = tmp_path / "shop.csv"
    path.write_text(f"Handle,Title,Variant Price,Variant Inventory Qty\na,Cup,3.00,1\n{rows}\n")
    catalog = load_catalog(path)
    assert (where, True) in [(p.where, reason in p.reason) for p in catalog.problems]
    assert "a" in catalog.products


def test_the_currency_of_most_rows_is_the_catalogue_s(tmp_path):
    path = tmp_path / "feed.tsv"
    prices = ["4.00 EUR", "5.00 USD", "6.00 EUR", "7.00", "8.00 SEK"]
    rows = "".join(f"i{n}\tCup {n}\t{price}\tx\n" for n, price in enumerate(prices))
    path.write_text("id\ttitle\tprice\tlink\n" + rows)
    catalog = load_catalog(f"{path}?pictures=none")
    assert catalog.currency == "EUR"
    assert list(catalog.products) == ["i0", "i2", "i3"]
    assert [p.where for p in catalog.problems if p.field == "price"] == ["line 3", "line 6"]
    assert list(load_catalog(f"{path}?pictures=none&currency=USD").products) == ["i1", "i3"]


def test_an_encoding_can_be_named(tmp_path):
    path = tmp_path / "feed.tsv"
    path.write_bytes("id\ttitle\tprice\tlink\na\tCafé\t4.00 EUR\tx\n".encode("cp1252"))
    told = load_catalog(f"{path}?pictures=none")
    assert told.listings["a"].title == "Caf\ufffd"
    assert "no text in this encoding" in str(told.problems)
    assert load_catalog(f"{path}?pictures=none&encoding=cp1252").listings["a"].title == "Café"
    path.write_bytes("id\ttitle\tprice\tlink\na\tCafé\t4.00 EUR\tx\n".encode("utf-16"))
    assert load_catalog(f"google_merchant:{path}").listings["a"].title == "Café"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("shopify:{}?limt=3", "option 'limt'.*knows limit, currency"),
        ("shopify:{}?limit=0", "option 'limit'"),
        ("shopify:{}?encoding=klingon", "no encoding 'klingon'"),
        ("eshop:{}?limit=3", "no option"),
        ("shopify:{}", "no row could be used"),
        ("dummyjson:{}", "can't be read"),
        ("aws_retail:{}", "can't be read"),
        ("merrec:{}", "no row could be used"),
        ("jsonld:{}", "can't be read"),
        ("google_merchant:{}.xml", "can't be read"),
        ("amazon_reviews:{}", "no row could be used"),
        ("esci:{}", "no prices, and none are made up"),
        ("esci:{}?price=3", "no row could be used"),
        ("aces_hub:{}", "no row could be used"),
        ("abxlab:{}", "no row could be used"),
    ],
)
def test_what_is_of_another_format_is_refused_with_a_reason(source, reason, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("{not, this\n: [format\n")
    (tmp_path / "x.csv.xml").write_bytes(b"\x00\x01")
    with pytest.raises(CatalogError, match=rf"(?s){reason}"):
        load_catalog(source.format(path))


# Anything at all ----------------------------------------------------------------------------

ODD = [None, "", 0, -1, 1e300, True, [], {}, [[]], [{}], {"a": [1]}, "<b>", "\ud800", 10**30,
       ["a", None, 3], "x" * 3000, "2020-13-45", {"@type": 5}]  # fmt: skip
SAMPLES = {
    "amazon_reviews": GOOD | {"images": [{"large": "x"}]},
    "dummyjson": [{"id": 1, "title": "Cup", "price": 9.99, "discountPercentage": 10.5, "stock": 3,
                   "rating": 4.5, "images": ["x"], "dimensions": {"width": 1.5}, "category": "cups",
                   "reviews": [{"rating": 4, "comment": "Good", "date": "2024-01-02"}]}],
    "jsonld": {"@graph": [{"@type": "Product", "name": "Cup", "image": [{"url": "x"}],
                           "offers": [{"price": 5, "seller": {"name": "A"}}, {"price": "6"}],
                           "aggregateRating": {"ratingValue": 8, "bestRating": 10},
                           "review": [{"reviewRating": {"ratingValue": 4}, "name": "Good"}]}]},
    "aws_retail": [{"id": "a", "name": "Cup", "price": 3.5, "current_stock": 4, "image": "x.jpg",
                    "category": "cups", "style": "blue", "where_visible": "UI"}],
}  # fmt: skip
TEXTS = {
    "shopify": "Handle,Title,Option1 Name,Option1 Value,Variant Price,Variant Inventory Qty\n"
    'a,"Cup, blue",Size,S,3.00,1\na,,,M,4.00,2\nb,Bowl,Title,Default Title,5.00,\n',
    "google_merchant": "id\ttitle\tprice\tsale_price\tavailability\tshipping\tlink\n"
    "a\tCup\t1.299,00 EUR\t\tin stock\tDE:::4.90 EUR\tx\nb\tBowl\t3 EUR\t4 EUR\tsoon\t\tx\n",
    "aces_hub": "sku,title,price,rating,rating_count,low_stock,stock_quantity,query,"
    "experiment_label,experiment_number,assigned_position,selected\n"
    "a,Cup,3.00,4.5,9,False,50,cup,v1,1,0,1\nb,Mug,4.00,4.1,7,True,3,cup,v1,1,1,0\n",
}


def changed(value, generator):
    """The value with something odd somewhere in it."""
    if isinstance(value, dict | list) and value and generator.random() < 0.85:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key = generator.choice(keys)
        copy = value.copy()
        copy[key] = changed(value[key], generator)
        return copy
    return generator.choice(ODD)


def scratched(text, generator):
    """The text's bytes with some lost, some added."""
    content = bytearray(text.encode())
    for _ in range(generator.randint(1, 6)):
        at = generator.randrange(len(content))
        extra = generator.choice([b'"', b",", b"\t", b"\n", b"\xff", b"\0", b"<", b"-", b"\r"])
        content[at : at + generator.choice([0, 1, 9])] = extra
    return bytes(content)


@pytest.mark.parametrize("name", [*SAMPLES, *TEXTS])
def test_nothing_in_a_file_makes_an_importer_crash(name, tmp_path):
    generator = random.Random(name)
    path = tmp_path / ("meta_x.csv" if name in TEXTS else "meta_x.json")
    if name == "google_merchant":
        path = path.with_suffix(".tsv")
    read = 0
    for _ in range(60):
        if name in TEXTS:
            path.write_bytes(scratched(TEXTS[name], generator))
        else:
            path.write_text(json.dumps(changed(changed(SAMPLES[name], generator), generator)))
        try:
            catalog = load_catalog(f"{name}:{path}?pictures=none")
        except CatalogError:
            continue  # nothing of it could be used, which is said
        read += 1
        assert catalog.products
    assert read > 5
