"""Pages and API: the same facts, the same session, nothing that a seller could break."""

import json
import re
from decimal import Decimal

import pytest

from aces.types import Mark
from marketplace.marks import standard_mark

RICH = {
    1: {"marks": (standard_mark("sponsored"), standard_mark("limited_time"))},
    2: {"list_price_cents": 2999, "marks": (standard_mark("overall_pick"),)},
    3: {"stock": 3, "marks": (standard_mark("best_seller"),)},
    4: {"rating": None, "review_count": 0, "pictures": ()},
    5: {"price_cents": 123456, "review_count": 1, "rating": 5},
    6: {"stock": 0, "list_price_cents": 1000},
}


def card_facts(card):
    """What a results card says, in the API's terms."""
    rating = card.all(cls="rating")
    count = re.match(r"\(([\d,]+) ", card.one(cls="count").text)[1]
    struck = card.all("s", cls="list-price")
    saving = card.all(cls="saving")
    price = re.fullmatch(r"\$([\d,]+\.\d\d)", card.one(cls="price").text)[1]
    picture = card.all("img")
    return {
        "id": card.one(cls="title").one("a").attributes["href"].rpartition("/")[2],
        "title": card.one("h2", cls="title").text,
        "price": price.replace(",", ""),
        "list_price": struck[0].text.removeprefix("List price $") if struck else None,
        "saving_percent": int(saving[0].text.strip("-%")) if saving else 0,
        "available": bool(card.all("button")),
        "rating": float(rating[0].attributes["aria-label"].split()[0]) if rating else None,
        "review_count": int(count.replace(",", "")),
        "marks": sorted(mark.text for mark in card.all(cls="mark")),
        "delivery": card.one(cls="delivery").text,
        "picture": picture[0].attributes["src"] if picture else None,
        "url": card.one(cls="title").one("a").attributes["href"],
    }


def test_page_and_api_state_the_same_facts(visit, make_world):
    visitor = visit(make_world(changes=RICH))
    page, answer = visitor.read("/search?q=stapler"), visitor.api("GET", "/api/search?q=stapler")
    cards = [card_facts(card) for card in page.one("ol", cls="results").all("article")]
    told = [result | {"marks": sorted(result["marks"])} for result in answer["results"]]
    assert [{"position": n, **card} for n, card in enumerate(cards, start=1)] == told
    assert (answer["query"], answer["total"], answer["currency"]) == ("stapler", 8, "USD")
    assert answer["layout"] == {"columns": 4}
    assert page.one("ol", cls="results").attributes["style"] == "--columns:4"
    assert page.one("h1").text == "8 results for stapler"


def test_what_each_card_shows(visit, make_world):
    visitor = visit(make_world(changes=RICH))
    told = visitor.api("GET", "/api/search?q=")["results"]
    assert [result["marks"] for result in told[:6]] == [
        ["Sponsored", "Limited time deal"],
        ["Overall Pick"],
        ["Best Seller", "Only 3 left in stock"],
        [],
        [],
        ["Currently unavailable"],
    ]
    cards = visitor.read("/search").all("article")
    assert cards[1].one("p", cls="prices").text == "$20.99 List price $29.99 -30%"
    assert cards[4].one(cls="price").text == "$1,234.56"
    assert cards[4].one(cls="count").text == "(1 rating)"
    assert cards[5].one("s").text == "List price $10.00"
    assert not cards[5].all(cls="saving")
    assert [len(card.all("button")) for card in cards] == [1, 1, 1, 1, 1, 0, 1, 1]
    assert cards[0].one("button").text == "Add to cart"
    assert cards[0].one("button").attributes["aria-label"] == f"Add to cart, {told[0]['title']}"


def test_product_page_and_api_state_the_same_facts(visit, make_world):
    visitor = visit(make_world(changes=RICH))
    for number in range(1, 9):
        told = visitor.api("GET", f"/api/products/p{number}")
        whole = visitor.read(f"/product/p{number}")
        page = whole.one("article", cls="product")
        assert page.one("h1").text == told["title"]
        assert Decimal(page.one(cls="price").text[1:].replace(",", "")) == Decimal(told["price"])
        assert [li.text for li in page.one(cls="bullets").all("li")] == told["bullets"]
        rows = page.one("table", cls="attributes").all("tr")
        assert {r.one("th").text: r.one("td").text for r in rows} == told["attributes"]
        told_more = whole.one(cls="description").one("p").text
        assert told_more == told["description"]
        assert page.one(cls="seller").text == f"Sold by {told['seller']}"
        assert page.one(cls="product-brand").text == f"Brand: {told['brand']}"
        assert sorted(mark.text for mark in page.all(cls="mark")) == sorted(told["marks"])
        assert bool(page.all("button")) == told["available"] == (number != 6)


def test_a_purchase_by_page_and_one_by_api_are_the_same_events(visit, log):
    by_page, by_api = visit(), visit()
    by_page.page("/search?q=stapler")
    assert by_page.post("/cart", product_id="p5") == "/cart"
    assert by_page.read("/cart").one("p", cls="total").text == "Subtotal (1 item): $35.99"
    number = by_page.read("/checkout").one("input", name="number").attributes["value"]
    confirmation = by_page.post("/orders", number=number)
    assert by_page.post("/orders", number=number) == confirmation

    assert by_api.api("GET", "/api/enter") == {
        "shop": "Marigold",
        "currency": "USD",
        "query": "stapler",
    }
    by_api.api("GET", "/api/search?q=stapler")
    assert by_api.api("POST", "/api/cart", product_id="p5")["subtotal"] == "35.99"
    bought = by_api.api("POST", "/api/orders", status=201)
    by_api.api("POST", "/api/orders", status=409)

    assert log(by_page, "order") == log(by_api, "order")
    assert bought["order_id"] == confirmation.rpartition("/")[2]
    assert bought == by_page.api("GET", f"/api{confirmation}")
    assert bought["total"] == "35.99"
    page = by_api.read(confirmation)
    assert page.one(cls="order-id").text == bought["order_id"]
    assert page.one(cls="line").one(cls="title").text == bought["items"][0]["title"]
    assert page.one("p", cls="total").one("strong").text == "$35.99"


def test_checkout_is_filled_in(visit):
    visitor = visit()
    assert visitor.post("/cart", product_id="p1", buy_now=1) == "/checkout"
    assert visitor.post("/cart", product_id="p1", buy_now=1) == "/checkout"
    page = visitor.read("/checkout").one("main")
    filled = {
        field.attributes["name"]: field.attributes["value"]
        for field in page.all("input", form="order")
        if "type" not in field.attributes
    }
    assert filled == {
        "name": "Alex Morgan",
        "street": "48 Juniper Street",
        "city": "Springfield, IL",
        "postal_code": "62704",
    }
    assert "Visa ending in 4242" in page.text
    assert "Tue, Jan 20" in page.text


def test_a_second_unit_is_refused_in_words(visit, log):
    visitor = visit()
    visitor.post("/cart", product_id="p1")
    assert visitor.post("/cart", product_id="p2") == "/cart"
    why = visitor.read("/cart").one(role="alert").text
    assert why.startswith("Limit of 1 item per customer.")
    assert visitor.api("POST", "/api/cart", status=409, product_id="p2") == {"error": why}
    assert visitor.post("/cart", product_id="p2", buy_now=1) == "/cart"
    assert len(visitor.read("/cart").all(cls="line")) == 1
    assert log(visitor, "refused") == [{"why": why}] * 3
    visitor.page("/search")
    assert not visitor.read("/cart").all(role="alert")
    visitor.post("/cart/p1/remove")
    assert visitor.read("/cart").one("h1").text == "Your cart is empty"


def test_more_units_where_the_world_allows_them(visit, make_world):
    visitor = visit(make_world(changes={2: {"stock": 3}}, max_units=None))
    options = [option.text for option in visitor.read("/product/p2").all("option")]
    assert options == ["1", "2", "3"]
    visitor.post("/cart", product_id="p2", units=3)
    visitor.api("POST", "/api/cart", product_id="p1", units=2)
    cart = visitor.api("GET", "/api/cart")
    assert [(item["id"], item["units"]) for item in cart["items"]] == [("p2", 3), ("p1", 2)]
    assert cart["subtotal"] == "94.95"
    assert visitor.api("DELETE", "/api/cart/p2")["subtotal"] == "31.98"
    visitor.api("DELETE", "/api/cart/p2", status=404)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"product_id": "nobody"}, 404),
        ({"product_id": ["p1"]}, 400),
        ({}, 400),
        ({"product_id": "p1", "unit": 1}, 400),
        ({"product_id": "p1", "units": 0}, 400),
        ({"product_id": "p1", "units": True}, 400),
        ({"product_id": "p1", "units": "2"}, 400),
        ({"product_id": "p1", "units": -1}, 400),
    ],
)
def test_senseless_requests_are_answered_and_change_nothing(visit, body, status, log):
    visitor = visit()
    assert set(visitor.api("POST", "/api/cart", status=status, **body)) == {"error"}
    assert visitor.api("GET", "/api/cart")["items"] == []
    assert log(visitor, "cart_add") == log(visitor, "refused") == []


def test_other_senseless_requests(visit):
    visitor = visit()
    client = visitor.client
    assert client.post("/api/cart", data="[", headers=visitor.bearer).status_code == 400
    assert client.post("/cart", data={"product_id": "p1", "units": "²"}).status_code == 400
    assert client.post("/cart", data={"product_id": "p1", "units": "9" * 9}).status_code == 400
    assert client.post("/cart", data={"product_id": "x" * 100_000}).status_code == 413
    assert client.get("/checkout").headers["Location"] == "/cart"
    assert client.get("/pictures/missing.png").status_code == 404
    assert client.get("/orders/101-1").status_code == 404
    assert visitor.api("GET", "/api/nowhere", status=404) == {
        "error": "There is no such page in this shop."
    }
    assert "There is no such page in this shop." in visitor.page("/nowhere", status=404)


HOSTILE = """"><script>alert('x')</script> {{ 7*7 }} {% raw %} &amp; </h2> ' onload="x" 喜び 🎁"""


def test_seller_text_is_only_ever_text(visit, make_world):
    changes = {
        "title": HOSTILE,
        "description": HOSTILE,
        "bullets": (HOSTILE,),
        "seller": HOSTILE,
        "pictures": ("//evil.example/" + HOSTILE,),
        "marks": (Mark(kind=HOSTILE, text=HOSTILE, look=HOSTILE),),
    }
    world = make_world(2, {1: changes}, query=HOSTILE)
    product = world.products["p1"].model_copy(
        update={"brand": HOSTILE, "attributes": {HOSTILE: HOSTILE}}
    )
    world = world.model_copy(update={"products": {**world.products, "p1": product}})
    visitor = visit(world)
    visitor.post("/cart", product_id="p1")
    paths = ["/search", "/product/p1", "/cart", "/checkout"]
    pages = [visitor.read(path) for path in paths]
    pages.append(visitor.read(visitor.post("/orders", number=1)))
    client_page = visitor.client.get("/search", query_string={"q": HOSTILE}).text
    for page in pages:  # the reader itself fails where a tag is broken
        assert {node.attributes["type"] for node in page.all("script")} <= {"application/ld+json"}
        assert not [node for node in page.walk() if "onload" in node.attributes]
        assert page.one("main").text.count("{{ 7*7 }}") >= 1
        for image in page.all("img"):
            assert re.match(r"/pictures/[^/]+$", image.attributes["src"])
    assert "<script" not in client_page
    graph = json.loads(pages[1].one("script").text)["@graph"]
    assert graph[0]["name"] == HOSTILE
    assert pages[0].all("h2")[0].text == HOSTILE == visitor.api("GET", "/api/products/p1")["title"]


def test_the_visitors_own_words_are_escaped_and_cut(visit, log):
    visitor = visit()
    page = visitor.client.get("/search", query_string={"q": HOSTILE + "x" * 500}).text
    assert "<script" not in page
    assert len(log(visitor, "search")[-1]["query"]) == 200
