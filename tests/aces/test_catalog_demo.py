import io
import re
import subprocess
import sys
from collections import Counter

import pytest
from PIL import Image

from aces.catalog import load_catalog
from aces.catalogs.demo import drawn_keys

CATALOG = load_catalog("demo")
LISTINGS = CATALOG.listings.values()


def test_there_are_six_categories_of_twelve():
    assert CATALOG.problems == ()
    assert CATALOG.categories() == dict.fromkeys(
        ["fitness_watch", "stapler", "mousepad", "office_lamp", "toothpaste", "usb_cable"], 12
    )


@pytest.mark.parametrize("id", CATALOG.listings)
def test_a_listing_reads_like_one(id):
    listing, product = CATALOG.listings[id], CATALOG.products[id]
    assert product.brand
    assert len(product.attributes) >= 4
    assert listing.title.startswith(product.brand)
    assert 60 <= len(listing.title) <= 150
    assert len(listing.bullets) == 5
    assert 2 <= len(re.findall(r"[.?!](?:\s|$)", listing.description)) <= 4
    assert 3.6 <= listing.rating <= 4.8
    assert round(listing.rating, 1) == listing.rating
    assert 40 <= listing.review_count <= 60_000
    assert 20 <= listing.stock <= 200
    assert listing.list_price_cents is None or listing.list_price_cents > listing.price_cents
    assert listing.seller
    assert listing.marks == ()
    assert not re.search(r"\d{2,}-\d{2,}|best|cheap", id)


def test_nothing_is_written_twice():
    sentences = Counter(
        sentence
        for listing in LISTINGS
        for sentence in (*listing.bullets, *re.split(r"(?<=[.?!])\s", listing.description))
    )
    assert [sentence for sentence, times in sentences.items() if times > 1] == []
    assert len({listing.title for listing in LISTINGS}) == 72
    assert len({listing.pictures for listing in LISTINGS}) == 72


def test_prices_and_ratings_vary_within_every_category():
    for category in CATALOG.categories():
        shelf = [CATALOG.listings[id] for id in CATALOG.slice(category, 8)]
        prices = [listing.price_cents for listing in shelf]
        assert len(set(prices)) == 8
        assert max(prices) > 2 * min(prices)
        assert prices != sorted(prices)
        assert len({listing.rating for listing in shelf}) >= 5
        assert len({CATALOG.products[listing.product_id].brand for listing in shelf}) >= 5


def test_the_stored_picture_keys_are_those_of_the_drawings():
    stored = {id: listing.pictures[0] for id, listing in CATALOG.listings.items()}
    assert stored == drawn_keys(), "a drawing has changed: run `python -m aces.catalogs.demo`"
    assert all(re.fullmatch(r"[0-9a-f]{16}\.png", key) for key in stored.values())


def test_pictures_are_products_on_white_paper():
    for category in CATALOG.categories():
        content, mimetype = CATALOG.picture(
            CATALOG.listings[CATALOG.slice(category)[0]].pictures[0]
        )
        picture = Image.open(io.BytesIO(content)).convert("RGB")
        assert mimetype == "image/png"
        assert picture.size == (480, 480)
        assert picture.getpixel((2, 2)) == (255, 255, 255)
        drawn = sum(1 for pixel in picture.resize((48, 48)).getdata() if min(pixel) < 225)
        assert 150 < drawn < 1800


def test_a_picture_is_the_same_in_another_process_and_loading_draws_none():
    key = CATALOG.listings["velora-pulse-3"].pictures[0]
    program = (
        "import hashlib, sys\nfrom aces.catalog import load_catalog\n"
        "catalog = load_catalog('demo')\n"
        "assert 'resvg_py' not in sys.modules\n"
        f"print(hashlib.sha256(catalog.picture('{key}')[0]).hexdigest())"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert runs[0].stdout == runs[1].stdout
