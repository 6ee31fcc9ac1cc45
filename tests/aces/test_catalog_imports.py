"""Foreign catalogues: real ones under shared/data, else small files written as documented.

By hand are those of Shopify, Google, schema.org, Amazon Reviews, ESCI, MerRec, and ACES's Parquet:
none of these lies under shared/data.
"""

import io
import json
import sys
from types import ModuleType

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from aces import pictures
from aces.catalog import load_catalog, write_catalog
from aces.errors import CatalogError
from aces.pictures import MISSING_KEY


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """A folder for fetched pictures of each test's own."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


def told(catalog):
    return [f"{problem.where}: {problem.field} {problem.reason}" for problem in catalog.problems]


def kept_whole(catalog, folder):
    """Returns whether the catalogue, written in our own format, comes back the same."""
    write_catalog(catalog, folder / "own.parquet")
    return load_catalog(folder / "own.parquet") == catalog


# Real data -----------------------------------------------------------------------------------


def test_dummyjson(shared, tmp_path):
    catalog = load_catalog(shared / "data" / "catalogue-dummyjson" / "products.json")
    assert len(catalog.products) == 194
    mascara = catalog.listings["1"]
    assert (mascara.price_cents, mascara.list_price_cents) == (894, 999)  # 10.48 % off
    assert (mascara.rating, mascara.review_count, mascara.delivery_days) == (2.56, 3, 5)
    assert mascara.pictures == (MISSING_KEY,)
    assert set(catalog.drawn.values()) == {("pictures",)}
    assert len(catalog.problems) == 1
    assert "is not fetched" in catalog.problems[0].reason
    assert kept_whole(catalog, tmp_path)


def test_aws_retail(shared):
    catalog = load_catalog(shared / "data" / "catalogue-aws-retail-demo" / "products.yaml.gz")
    assert len(catalog.products) == 2449
    assert [problem.field for problem in catalog.problems] == ["where_visible"] * 16
    backpack = catalog.listings["6579c22f-be2b-444c-a52b-0116dd82df6c"]
    assert (backpack.price_cents, backpack.stock, backpack.rating) == (12999, 15, None)
    assert catalog.about["backpack"].department == "Accessories"


def test_abxlab_with_its_pairs(shared, tmp_path):
    catalog = load_catalog(shared / "data" / "catalogue-abxlab")
    assert len(catalog.products) == 7546
    assert told(catalog) == [
        "line 2: rating counts up to 100; taken as stars out of 5 (and 2420 more)"
    ]
    kinds = [(shelf.kind, shelf.group) for shelf in catalog.shelves]
    assert kinds.count(("pair", "pairs")) == 50
    assert kinds.count(("pair", "pairs-independent")) == 406
    assert kinds.count(("group", "groups")) == 20
    pair = next(shelf for shelf in catalog.shelves if shelf.id == "pairs/1")
    assert [(each.price_cents, each.rating) for each in pair.listings] == [
        (5274, 4.35),
        (5297, 4.1),
    ]
    assert pair.category == "digital_cameras"
    small = catalog.subset(list(catalog.products)[:20])
    assert small.shelves == ()


def test_abxlab_s_pairs_must_agree_with_its_products(tmp_path):
    (tmp_path / "products.csv").write_text(
        "category,product_name,product_url,price,rating,reviews,has_options\n"
        "Cheese,Brie,${env.abxlab_url}brie.html,$4.00,80%,3,False\n"
        "Cheese,Feta,${env.abxlab_url}feta.html,$5.00,,0,False\n"
    )
    head = "category" + "".join(
        f",product{n}_{what}"
        for n in (1, 2)
        for what in ("name", "url", "price", "rating", "reviews")
    )
    (tmp_path / "product_pairs-matched-ratings.csv").write_text(
        f"{head}\nCheese,Feta,feta.html,5.0,,0,Brie,brie.html,4.5,80.0,3\n"
        "Cheese,Brie,brie.html,4.0,80.0,3,Gone,gone.html,1,1,1\n"
    )
    catalog = load_catalog(tmp_path)
    (shelf,) = catalog.shelves
    assert (shelf.id, [each.title for each in shelf.listings]) == (
        "pairs-matched-ratings/1", ["Feta", "Brie"])  # fmt: skip
    file = "product_pairs-matched-ratings.csv"
    assert told(catalog)[1:] == [
        f"{file} line 2: product2_price is 4 in products.csv, which counts",
        f"{file} line 3: product1_url ... is of a product that was not read; row left out",
    ]
    in_yen = catalog.priced_in("JPY", 150)
    assert in_yen.shelves[0].listings[0].price_cents == 750


def test_pictures_are_fetched_once_and_travel_with_the_catalogue(tmp_path, monkeypatch):
    asked = []

    def fetch(url, _):
        asked.append(url)
        return png("red")

    monkeypatch.setattr(pictures, "fetch", fetch)
    path = tmp_path / "feed.tsv"
    path.write_text(
        "id\ttitle\tprice\tproduct_type\timage_link\na\tCup\t3 USD\tCups\thttps://x.example/a\n"
    )
    before = load_catalog(path)
    assert before.listings["a"].pictures == (MISSING_KEY,)
    assert before.picture(MISSING_KEY)[0].startswith(b"\x89PNG")
    fetched = load_catalog(path, fetch_pictures=True)
    (key,) = fetched.listings["a"].pictures
    assert fetched.picture(key) == (png("red"), "image/png")
    assert (fetched.drawn, fetched.problems) == ({}, ())
    assert load_catalog(path) == fetched  # from the folder of fetched pictures
    assert load_catalog(f"{path}?pictures=none").listings["a"].pictures == ()
    assert asked == ["https://x.example/a"]
    assert kept_whole(fetched, tmp_path)


def test_aces_trials_in_long_form(shared, tmp_path):
    source = shared / "data" / "aces-fixture" / "test_parallel_dataset.csv"
    catalog = load_catalog(source)
    assert len(catalog.shelves) == 8
    assert catalog.categories() == {"mousepad": 8, "toothpaste": 8}
    first = catalog.shelves[0]
    assert (first.id, first.group, first.query) == ("mousepad/control/1", "control", "mousepad")
    assert [each.product_id for each in first.listings] == ["test_1_exp1", "test_2_exp1"]
    assert [facts["desired_choice"] for facts in first.facts] == ["1", "0"]
    assert first.chosen == {}
    assert kept_whole(catalog, tmp_path)


# Shopify -------------------------------------------------------------------------------------

SHOPIFY = """\
Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,\
Option2 Value,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,\
Variant Price,Variant Compare At Price,Image Src,Status
tee,Linen tee,<p>Soft.</p><ul><li>Light</li></ul>,Ava,Shirts,,TRUE,Size,S,Color,Red,shopify,3,deny,\
20.00,25.00,,active
tee,,,,,,,,M,,Red,shopify,0,deny,22.00,,,
tee,,,,,,,,S,,Blue,shopify,4,deny,20.00,,,
tee,,,,,,,,M,,Blue,shopify,4,deny,30.00,,,
mug,Mug,Plain,Bo,Mugs,,TRUE,Title,Default Title,,,shopify,-2,deny,9.00,9.00,,active
old,Old mug,,Bo,Mugs,,TRUE,Title,Default Title,,,,,deny,9.00,,,archived
hid,Hidden mug,,Bo,Mugs,,FALSE,Title,Default Title,,,,,deny,9.00,,,active
"""


def test_shopify_variants_become_options_with_price_factors(tmp_path):
    path = tmp_path / "products_export.csv"
    path.write_text(SHOPIFY)
    catalog = load_catalog(path)
    tee, listing = catalog.products["tee"], catalog.listings["tee"]
    assert (listing.price_cents, listing.list_price_cents, listing.stock) == (2000, 2500, 11)
    assert listing.description == "Soft.\n\nLight"
    assert [(o.name, [(v.value, v.price_factor) for v in o.values]) for o in tee.options] == [
        ("Size", [("S", 1.0), ("M", 1.1)]),
        ("Color", [("Red", 1.0), ("Blue", 1.0)]),
    ]
    # M Red has no stock; M Blue costs 30.00 where the factors come to 22.00
    assert tee.sold_out == ({"Size": "M", "Color": "Red"}, {"Size": "M", "Color": "Blue"})
    assert (catalog.listings["mug"].stock, catalog.listings["mug"].list_price_cents) == (0, None)
    assert list(catalog.products) == ["tee", "mug"]
    assert told(catalog) == [
        "line 5: Variant Price is not what the options' other prices come to, 22.00; "
        "taken as sold out",
        "line 7: Status is not for sale; row left out",
        "line 8: Published is not for sale; row left out",
        "line 6: Variant Inventory Qty is negative; taken as 0",
    ]
    assert kept_whole(catalog, tmp_path)


def test_shopify_s_newer_header(tmp_path):
    path = tmp_path / "products.csv"
    path.write_text(
        "Title,URL handle,Description,Vendor,Product category,Status,Option1 name,Option1 value,"
        "Price,Inventory quantity,Inventory tracker,Product image URL\n"
        "Mug,mug,Plain,Bo,Home > Kitchen > Mugs,Active,Size,Small,free,3,shopify,\n"
        ",mug,,,,,,Large,12.00,1,shopify,\n"
    )
    catalog = load_catalog(path)
    assert catalog.listings["mug"].price_cents == 1200
    assert catalog.categories() == {"mugs": 1}
    assert catalog.about["mugs"].department == "Home"
    assert "line 2: Price is not a price such as 19.99; row left out" in told(catalog)


# Google --------------------------------------------------------------------------------------

ITEM = """<g:id>{id}</g:id><title>{title}</title>
<g:description>Fine &lt;b&gt;x&lt;/b&gt;</g:description>
<g:price>15.00 USD</g:price><g:availability>{stock}</g:availability><g:brand>Ava</g:brand>
<g:gtin>0123</g:gtin><g:product_type>Home &gt; Cups</g:product_type><g:color>Blue</g:color>
<g:shipping><g:country>US</g:country><g:price>4.50 USD</g:price></g:shipping>"""
GOOGLE = {
    "feed.xml": '<?xml version="1.0"?><rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">'
    "<channel><title>Shop</title><item>{0}<g:sale_price>12.00 USD</g:sale_price></item>"
    "<item>{1}</item></channel></rss>",
    "feed.atom": '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">'
    "<entry>{0}<g:sale_price>12.00 USD</g:sale_price></entry><entry>{1}</entry></feed>",
}


@pytest.mark.parametrize("name", GOOGLE)
def test_google_merchant_xml(name, tmp_path):
    items = (ITEM.format(id="a", title="Cup", stock="in stock"),
             ITEM.format(id="b", title="Bowl", stock="out_of_stock"))  # fmt: skip
    (tmp_path / name).write_text(GOOGLE[name].format(*items))
    catalog = load_catalog(tmp_path / name)
    cup, bowl = catalog.listings["a"], catalog.listings["b"]
    assert (cup.price_cents, cup.list_price_cents, cup.shipping_cents) == (1200, 1500, 450)
    assert (bowl.price_cents, bowl.list_price_cents, bowl.stock) == (1500, None, 0)
    assert (cup.title, cup.description, cup.stock) == ("Cup", "Fine x", 100)
    assert catalog.products["a"].specification == {"gtin": "0123"}
    assert catalog.products["a"].attributes == {"color": "Blue"}
    assert catalog.about["cups"].department == "Home"
    assert [problem.field for problem in catalog.problems] == ["description"] * 2


def test_google_merchant_text(tmp_path):
    path = tmp_path / "feed.tsv"
    path.write_text(
        "id\ttitle\tprice\tsale price\tavailability\timage link\tshipping\tproduct type\n"
        'a\tLamp 12"\t1.299,00 EUR\t\tpreorder\t\tDE:::4.90 EUR\tLamps\n'
        "b\tLamp\t20.00 EUR\t25.00 EUR\tsoon\tx.png\t\tLamps\n"
    )
    catalog = load_catalog(path)
    assert catalog.currency == "EUR"
    assert catalog.listings["a"].price_cents == 129_900
    assert (catalog.listings["a"].title, catalog.listings["a"].shipping_cents) == ('Lamp 12"', 490)
    assert (catalog.listings["b"].price_cents, catalog.listings["b"].list_price_cents) == (
        2500,
        None,
    )
    fields = [problem.field for problem in catalog.problems]
    assert fields == ["availability", "price", "image_link"]


def test_an_xml_feed_cannot_reach_files_or_swell(tmp_path):
    (tmp_path / "secret").write_text("secret words")
    path = tmp_path / "feed.xml"
    path.write_text(
        '<!DOCTYPE rss [<!ENTITY f SYSTEM "secret"><!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 if n > 1 else str()};" * 10}">' for n in range(1, 9))
        + ']><rss xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>a</g:id>'
        "<g:price>3 USD</g:price><g:title>Cup &f;</g:title><g:description>&a8;</g:description>"
        "</item></channel></rss>"
    )
    listing = load_catalog(f"google_merchant:{path}").listings["a"]
    assert "secret" not in listing.title
    assert len(listing.description) < 1000


# schema.org ----------------------------------------------------------------------------------

PRODUCT = {
    "@type": "Product",
    "name": "Kettle",
    "sku": "K1",
    "image": ["kettle.png", {"@type": "ImageObject", "url": "../outside.png"}],
    "brand": {"@type": "Brand", "name": "Ava"},
    "category": "Home > Kettles",
    "aggregateRating": {"ratingValue": "8.4", "bestRating": 10, "reviewCount": "1,204"},
    "review": [
        {"name": "Good", "reviewBody": "Fast.<br>", "reviewRating": {"ratingValue": 5},
         "datePublished": "2024-05-06T10:00"},
        {"name": "No stars"},
    ],
    "additionalProperty": [{"name": "Volume", "value": 1.7, "unitText": "l"}],
    "offers": [
        {"@type": "Offer", "price": "49.90", "priceCurrency": "EUR",
         "availability": "https://schema.org/InStock", "seller": {"name": "Main"}},
        {"@type": "Offer", "price": 54.89, "priceCurrency": "EUR", "seller": {"name": "Other"}},
        {"@type": "Offer", "price": 54.89, "priceCurrency": "USD", "seller": {"name": "Far"}},
    ],
}  # fmt: skip
LISTED = {
    "@context": "https://schema.org",
    "@graph": [
        {"@type": "ItemList", "itemListElement": [
            {"@type": "ListItem", "item": {"@type": ["Product", "Thing"], "name": "Pot",
                "offers": {"@type": "AggregateOffer", "lowPrice": 10, "priceCurrency": "EUR"}}}
        ]},
        {"@type": "WebPage", "mainEntity": {"@type": "ProductGroup", "brand": "Bo", "hasVariant": [
            {"@type": "Product", "name": "Pan S", "offers": {"price": 5, "priceCurrency": "EUR"}},
            {"@type": "Product", "name": "Pan L", "offers": {"price": "x"}}]}},
    ],
}  # fmt: skip


def test_json_ld_of_a_saved_page(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    for file in (site / "kettle.png", tmp_path / "outside.png"):
        Image.new("RGB", (4, 4)).save(file)
    scripts = [json.dumps(PRODUCT), json.dumps(LISTED), "{broken"]
    (site / "page.html").write_text(
        "<html><head>"
        + "".join(f'<script type="application/ld+json">{script}</script>' for script in scripts)
        + "</head><body><h1>Kettle</h1></body></html>"
    )
    catalog = load_catalog(site / "page.html")
    kettle = catalog.listings["K1"]
    assert catalog.currency == "EUR"
    assert (kettle.price_cents, kettle.rating, kettle.review_count) == (4990, 4.2, 1204)
    assert [(o.seller, round(o.price_factor, 3)) for o in kettle.offers] == [("Other", 1.1)]
    assert len(kettle.pictures) == 1
    assert kettle.pictures != (MISSING_KEY,)
    assert any("outside the catalogue's folder" in line for line in told(catalog))
    assert catalog.products["K1"].specification == {"sku": "K1", "Volume": "1.7 l"}
    (review,) = catalog.products["K1"].reviews
    assert (review.stars, review.text, review.date) == (5, "Fast.", "2024-05-06")
    assert {each.title: each.price_cents for each in catalog.listings.values()} == {
        "Kettle": 4990, "Pot": 1000, "Pan S": 500}  # fmt: skip
    pan = next(id for id, listing in catalog.listings.items() if listing.title == "Pan S")
    assert catalog.products[pan].brand == "Bo"
    fields = sorted(problem.field for problem in catalog.problems)
    assert fields == sorted(
        ["aggregateRating.ratingValue", "image", "offers", "offers.lowPrice", "offers.price",
         "review", "script", "category", "category"])  # fmt: skip


def test_json_ld_of_a_folder_and_of_a_file(tmp_path):
    page = '<script type="application/ld+json">{}</script>'
    for name in ("a", "b"):
        product = PRODUCT | {"sku": name, "image": []}
        (tmp_path / f"{name}.html").write_text(page.format(json.dumps(product)))
    (tmp_path / "all.json").write_text(json.dumps(LISTED))
    assert list(load_catalog(tmp_path).products) == ["a", "b"]
    assert len(load_catalog(tmp_path / "all.json").products) == 2


# Amazon, ESCI, MerRec ------------------------------------------------------------------------


def test_amazon_reviews_with_the_reviews_beside(tmp_path):
    item = {
        "main_category": "All Beauty", "title": "Brush", "average_rating": 4.8, "rating_number": 10,
        "features": ["Soft &amp; light"], "description": ["One", "Two"], "price": 8.5,
        "images": {"hi_res": [None], "large": ["x"], "thumb": ["y"]}, "store": "Yes",
        "categories": [], "details": {"Brand": "Howard", "Ranks": {"x": 1}, "Color": "Red"},
        "parent_asin": "B01",
    }  # fmt: skip
    meta = tmp_path / "meta_All_Beauty.jsonl"
    meta.write_text(
        json.dumps(item) + "\n" + json.dumps(item | {"parent_asin": "B02", "price": None})
    )
    review = {"rating": 4.0, "title": "Nice", "text": "Very<br />nice", "parent_asin": "B01",
              "timestamp": 1_588_687_728_923, "helpful_vote": 3}  # fmt: skip
    rows = [review] * 32 + [review | {"rating": "bad"}, review | {"parent_asin": "B99"}]
    (tmp_path / "All_Beauty.jsonl").write_text("\n".join(map(json.dumps, rows)))
    catalog = load_catalog(meta)
    brush = catalog.products["B01"]
    assert (brush.brand, brush.category) == ("Howard", "all_beauty")
    assert brush.specification == {"Brand": "Howard", "Color": "Red"}
    assert len(brush.reviews) == 30
    first = brush.reviews[0]
    assert (first.stars, first.text, first.date, first.helpful) == (
        4,
        "Very\nnice",
        "2020-05-05",
        3,
    )
    assert catalog.listings["B01"].bullets == ("Soft & light",)
    assert catalog.listings["B01"].description == "One\n\nTwo"
    assert list(catalog.products) == ["B01"]
    assert "line 2: price is missing; row left out" in told(catalog)
    assert any("are more than 30" in line and "(and 2 more)" in line for line in told(catalog))
    assert load_catalog(f"{meta}?reviews=no").products["B01"].reviews == ()


def test_esci_sells_nothing_without_a_price_and_keeps_the_judgements(tmp_path):
    columns = ("product_id", "product_title", "product_description", "product_bullet_point",
               "product_brand", "product_color", "product_locale")  # fmt: skip
    rows = [("B1", "Cup", None, "One\nTwo", "Ava", "Red", "us"),
            ("B2", "Mug", "<p>x</p>", "", "", "", "us"),
            ("B3", "Taza", "", "", "", "", "es")]  # fmt: skip
    path = tmp_path / "shopping_queries_dataset_products.parquet"
    table = pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in rows])
    pq.write_table(table, path)
    (tmp_path / "shopping_queries_dataset_examples.csv").write_text(
        "example_id,query,query_id,product_id,product_locale,esci_label,small_version\n"
        "0,red cup,1,B2,us,S,1\n1,red cup,1,B1,us,E,1\n2,taza,2,B3,es,E,1\n3,red cup,1,B1,us,?,1\n"
    )
    with pytest.raises(CatalogError, match="none are made up"):
        load_catalog(path)
    catalog = load_catalog(f"{path}?price=12.50")
    assert {each.price_cents for each in catalog.listings.values()} == {1250}
    assert set(catalog.drawn.values()) == {("price",)}
    (shelf,) = catalog.shelves
    assert [each.title for each in shelf.listings] == ["Cup", "Mug"]
    assert [facts["esci_label"] for facts in shelf.facts] == ["E", "S"]
    assert catalog.categories() == {"red_cup": 2}
    assert [problem.field for problem in catalog.problems] == ["esci_label", "product_locale"]


def test_merrec_takes_each_item_at_its_first_event(tmp_path):
    row = {"user_id": 1, "sequence_id": "a", "session_id": "s", "event_id": "item_view",
           "item_id": 11, "product_id": "p", "name": "Coat", "price": 25.0, "c0_name": "Women",
           "c1_name": "Coats", "c2_name": None, "brand_name": "Ava", "color": "Red"}  # fmt: skip
    folder = tmp_path / "20230501"
    folder.mkdir()
    rows = [row, row | {"event_id": "item_like"}, row | {"item_id": 12, "price": 0.0}]
    pq.write_table(pa.Table.from_pylist(rows), folder / "000000000000.parquet")
    catalog = load_catalog(tmp_path)
    assert list(catalog.products) == ["11"]
    assert catalog.listings["11"].stock == 100
    assert catalog.about["coats"].department == "Women"
    assert told(catalog) == ["row 3: price is no price; row left out"]


# ACES ----------------------------------------------------------------------------------------


def png(color):
    out = io.BytesIO()
    Image.new("RGB", (6, 4), color).save(out, "PNG")
    return out.getvalue()


def aces_row(number, order, **changes):
    """One experiment in the hub's layout: sequences of eight, one screenshot."""
    columns = {
        "sku": [f"S{n}" for n in range(8)],
        "title": [f"Stapler {n}" for n in range(8)],
        "url": ["http://x"] * 8,
        "image_url": [None] * 8,
        "sponsored": [n == 2 for n in range(8)],
        "rating": [4.0 + n / 10 for n in range(8)],
        "rating_count": [100 + n for n in range(8)],
        "price": [10.0 + n + number for n in range(8)],
        "overall_pick": [n == 3 for n in range(8)],
        "best_seller": [False] * 8,
        "limited_time": [False] * 8,
        "discounted": [False] * 8,
        "low_stock": [n == 4 for n in range(8)],
        "stock_quantity": [3] * 8,
        "position_in_experiment": list(range(8)),
        "assigned_position": order,
        "desired_choice": [0] * 8,
        "original_price": [10.0 + n for n in range(8)],
        "original_rating": [4.5] * 8,
        "original_rating_count": [77] * 8,
    }
    scalars = {"query": "stapler", "experiment_label": "v3", "experiment_number": number}
    scalars["budget"] = None
    shot = {"bytes": png((number, 0, 0)), "path": None}
    return columns | scalars | {"screenshot": shot} | changes


def test_aces_trials_as_the_hub_has_them_can_be_shown_again(tmp_path):
    rows = [
        aces_row(0, list(range(8))),
        aces_row(1, [7, 6, 5, 4, 3, 2, 1, 0]),
        aces_row(2, [0] * 8),
        aces_row(3, list(range(8)), sku=["S0"] * 8, budget="under $12"),
    ]
    path = tmp_path / "choice_behavior.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=2)
    catalog = load_catalog(path)
    assert len(catalog.products) == 15  # S0 eight times on one page: seven ids more
    base = catalog.listings["S2"]
    assert (base.price_cents, base.rating, base.review_count) == (1200, 4.5, 77)
    assert [shelf.id for shelf in catalog.shelves] == [
        "stapler/v3/0",
        "stapler/v3/1",
        "stapler/v3/3",
    ]
    assert told(catalog) == [
        "row 3: shelf has no place of its own for each product; shelf left out"
    ]
    shelf = catalog.shelves[1]
    assert [each.product_id for each in shelf.listings] == [f"S{n}" for n in range(7, -1, -1)]
    assert [each.price_cents for each in shelf.listings] == [1800 - 100 * n for n in range(8)]
    marks = {e.product_id: [mark.kind for mark in e.marks] for e in shelf.listings if e.marks}
    assert marks == {"S2": ["sponsored"], "S3": ["overall_pick"]}
    # only what was shown as scarce is so low that our shop says it
    assert [each.stock for each in shelf.listings] == [100, 100, 100, 3, 100, 100, 100, 100]
    assert shelf.facts[0]["original_price"] == 17.0
    assert catalog.shelves[2].instruction == {"budget": "under $12"}
    assert catalog.screenshots[shelf.screenshot]() == png((1, 0, 0))
    assert len(catalog.screenshots) == 3
    assert kept_whole(catalog, tmp_path)
    again = load_catalog(tmp_path / "own.parquet")
    assert again.screenshots[shelf.screenshot]() == png((1, 0, 0))


def test_published_choices_are_kept_with_who_chose(tmp_path):
    text = (
        "sku,title,price,rating,rating_count,sponsored,low_stock,stock_quantity,query,"
        "experiment_label,experiment_number,assigned_position,selected,model_name\n"
    )
    for model, selected in (("A", (1, 0)), ("B", (0, 2)), ("C", (0, 0)), ("D", (-2, -2))):
        for n in (0, 1):
            shown = f"S{n},Cup {n},{3 + n}.999,4.5,9,False,False,50,cup,v1,1,{n}"
            text += f"{shown},{selected[n]},{model}\n"
    path = tmp_path / "run_aggregated_experiment_data.csv"
    path.write_text(text)
    (shelf,) = load_catalog(path).shelves
    assert shelf.chosen == {"A": "S0", "B": "S1", "C": "", "D": ""}
    assert shelf.listings[0].price_cents == 400
    assert shelf.facts[0]["price"] == 3.999


def test_the_hub_is_asked_where_its_package_is_there(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(CatalogError, match=r"hf download My-Custom-AI/ACE-BB --repo-type dataset"):
        load_catalog("aces_hub:My-Custom-AI/ACE-BB?subset=market_share")
    asked = []

    def snapshot_download(id, repo_type, allow_patterns):
        asked.append((id, repo_type, allow_patterns))
        folder = tmp_path / "market_share"
        folder.mkdir(exist_ok=True)
        pq.write_table(pa.Table.from_pylist([aces_row(0, list(range(8)))]), folder / "data.parquet")
        return str(tmp_path)

    package = ModuleType("huggingface_hub")
    package.snapshot_download = snapshot_download
    monkeypatch.setitem(sys.modules, "huggingface_hub", package)
    catalog = load_catalog("aces_hub:My-Custom-AI/ACE-BB?subset=market_share")
    assert asked == [("My-Custom-AI/ACE-BB", "dataset", ["*market_share*"])]
    assert len(catalog.shelves) == 1
