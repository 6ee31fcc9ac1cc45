import json

import pytest

from aces.catalog import load_catalog, write_catalog
from aces.catalogs.eshop import EshopImporter


@pytest.fixture(scope="module")
def folder(shared):
    return shared / "data" / "images-eshop"


def test_all_products_come_with_their_pictures(folder):
    catalog = load_catalog(folder)
    assert catalog.problems == ()
    assert len(catalog.products) == len(catalog.pictures) == 101
    assert catalog.categories()["ski_boarding"] == 18
    assert catalog.listings["1"].price_cents == 10999
    assert catalog.products["1"].brand == "Daybird"
    for listing in catalog.listings.values():
        content, mimetype = catalog.picture(listing.pictures[0])
        assert (content[8:12], mimetype) == (b"WEBP", "image/webp")


def test_what_it_lacks_is_drawn_and_says_so(folder, tmp_path):
    catalog = load_catalog(f"eshop:{folder / 'catalog.json'}")
    assert catalog.drawn_seed == 0
    assert set(catalog.drawn) == set(catalog.products)
    assert set(catalog.drawn.values()) == {("rating", "review_count")}
    ratings = [listing.rating for listing in catalog.listings.values()]
    assert 3.4 <= min(ratings) < 4.0 < 4.6 < max(ratings) <= 4.9
    assert load_catalog(folder) == catalog
    assert EshopImporter(seed=1).load(folder).listings != catalog.listings
    write_catalog(catalog, tmp_path / "eshop.parquet")
    assert load_catalog(tmp_path / "eshop.parquet") == catalog


def test_bad_rows_are_reported(tmp_path):
    good = {
        "Id": 1,
        "Type": "Ski/boarding",
        "Brand": "B",
        "Name": "N",
        "Description": "",
        "Price": 5,
    }
    rows = [good, {**good, "Id": 2, "Price": "n/a"}, {**good, "Id": 3, "Name": None}, "junk", good]
    (tmp_path / "catalog.json").write_text(json.dumps(rows))
    catalog = load_catalog(tmp_path)
    assert list(catalog.products) == ["1"]
    assert [(problem.where, problem.field) for problem in catalog.problems] == [
        ("row 1", "pictures"),
        ("row 2", "price"),
        ("row 3", "title"),
        ("row 4", "row"),
        ("row 5", "id"),
    ]
