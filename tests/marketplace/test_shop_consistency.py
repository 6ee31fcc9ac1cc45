"""Whatever a world holds, every page, the API and the markup say the same of it."""

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.marks import STANDARD_MARKS, standard_mark

LOCALES = ["en-US", "de-DE", "fr-FR", "hi-IN", "ja-JP", "nl-NL", "ar-EG", "sv-SE"]
CURRENCIES = ["USD", "EUR", "JPY", "KWD"]

changes = st.fixed_dictionaries(
    {
        "price_cents": st.integers(0, 10**8),
        "list_price_cents": st.none() | st.integers(0, 10**8),
        "rating": st.none() | st.floats(0, 5),
        "review_count": st.integers(0, 10**6),
        "stock": st.integers(0, 8),
        "fee_cents": st.sampled_from([0, 0, 1, 1250]),
        "delivery_days": st.integers(0, 20),
        "shipping_cents": st.sampled_from([0, 1, 499, 12345]),
        "marks": st.sets(st.sampled_from(sorted(STANDARD_MARKS))).map(
            lambda kinds: tuple(standard_mark(kind) for kind in sorted(kinds))
        ),
    }
)
worlds = st.fixed_dictionaries(
    {
        "changes": st.fixed_dictionaries({1: changes, 2: changes}),
        "locale": st.sampled_from(LOCALES),
        "currency": st.sampled_from(CURRENCIES),
        "fee_told": st.sampled_from(["upfront", "checkout"]),
        "layout": st.sampled_from(["grid", "list"]),
        "theme": st.sampled_from(["marigold", "harbor"]),
        "max_units": st.none(),
    }
)


def units(text):
    """The minor units in an amount: shops write all its digits."""
    return int(re.sub(r"\D", "", text))


def amounts(node):
    """Price, list price, saving and stars of a card, of a product page or a column."""
    struck, saving = node.all("s", cls="list-price"), node.all(cls="saving")
    fee = node.all(cls="fee")
    stars = node.all(cls="rating")
    return {
        "price": units(node.all(cls="price")[0].text),
        "list_price": units(struck[0].text) if struck else None,
        "saving": units(saving[0].text) if saving else 0,
        "fee": units(fee[0].text) if fee else 0,
        "rating": units(stars[0].attributes["aria-label"].partition(" ")[0]) if stars else None,
        "review_count": units(node.all(cls="count")[0].text),
        "marks": sorted(mark.text for mark in node.all(cls="mark")),
        "delivery": node.all(cls="delivery")[0].text,
        "available": bool(node.all("button")),
    }


def told(summary):
    """The same of an answer of the API."""
    list_price, rating = summary["list_price"], summary["rating"]
    return {
        "price": units(summary["price"]),
        "list_price": None if list_price is None else units(list_price),
        "saving": summary["saving_percent"],
        "fee": units(summary.get("fee", "0")),
        "rating": None if rating is None else round(10 * rating),
        "review_count": summary["review_count"],
        "marks": sorted(summary["marks"]),
        "delivery": " ".join(summary["delivery"].split()),
        "available": summary["available"],
    }


def true(listing, fee_told):
    """What must be seen of a listing."""
    price, struck, rating = (listing[n] for n in ("price_cents", "list_price_cents", "rating"))
    left = [f"Only {listing['stock']} left in stock"] if 1 <= listing["stock"] <= 4 else []
    gone = ["Currently unavailable"] if listing["stock"] == 0 else []
    return {
        "price": price,
        "list_price": struck,
        "saving": (struck - price) * 100 // struck if struck and struck > price else 0,
        "fee": listing["fee_cents"] if fee_told == "upfront" else 0,
        "rating": None if rating is None else round(10 * round(rating, 1)),
        "review_count": listing["review_count"],
        "marks": sorted([mark.text for mark in listing["marks"]] + left + gone),
        "available": listing["stock"] > 0,
    }


def column(table, index):
    """One product's column of the comparison."""
    rows = [[cell for cell in row.children if not isinstance(cell, str)] for row in table.all("tr")]
    return type(table)("td", {}, [row[index] for row in rows])


def marked_up(page):
    """What the markup of a product page says, in the API's terms; and its Open Graph price."""
    script = page.one("script", type="application/ld+json")
    (product,) = (node for node in json.loads(script.text)["@graph"] if node["@type"] == "Product")
    offer, rating = product["offers"], product.get("aggregateRating")
    further = offer.get("priceSpecification", [])
    prices = {
        each.get("name", "list price"): units(each["price"])
        for each in (further if isinstance(further, list) else [further])
    }
    graph = {
        node.attributes["property"]: node.attributes["content"]
        for node in page.all("meta")
        if "property" in node.attributes
    }
    return {
        "title": product["name"],
        "price": units(offer["price"]),
        "currency": offer["priceCurrency"],
        "list_price": prices.get("list price"),
        "fee": prices.get("Service fee", 0),
        "available": offer["availability"] == "https://schema.org/InStock",
        "rating": round(10 * rating["ratingValue"]) if rating else None,
        "review_count": rating["ratingCount"] if rating else 0,
    }, {
        "title": graph["og:title"],
        "price": units(graph["product:price:amount"]),
        "currency": graph["product:price:currency"],
        "available": graph["product:availability"] == "in stock",
    }


@given(facts=worlds)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_results_product_comparison_api_and_markup_agree(visit, make_world, facts):
    visitor = visit(make_world(2, **facts))
    results = visitor.api("GET", "/api/search?q=stapler")["results"]
    compared = visitor.api("GET", "/api/compare?id=p1&id=p2")["products"]
    page = visitor.read("/search?q=stapler")
    versus = visitor.read("/compare?id=p1&id=p2").one("table", cls="versus")
    for n, card in enumerate(page.one("ol", cls="results").all("article")):
        shown, answer = amounts(card), told(results[n])
        product = visitor.read(f"/product/p{n + 1}")
        details = visitor.api("GET", f"/api/products/p{n + 1}")
        assert shown == answer == told(compared[n]) == told(details)
        assert shown | true(facts["changes"][n + 1], facts["fee_told"]) == shown
        assert amounts(product.one("article", cls="product")) == shown
        assert amounts(column(versus, n + 1)) == shown
        markup, graph = marked_up(product)
        rated = shown["rating"] is not None and shown["review_count"] > 0
        expected = {
            "title": details["title"],
            "price": shown["price"],
            "currency": facts["currency"],
            "available": shown["available"],
        }
        assert graph == expected
        assert markup == {
            **expected,
            "list_price": shown["list_price"],
            "fee": shown["fee"],
            "rating": shown["rating"] if rated else None,
            "review_count": shown["review_count"] if rated else 0,
        }
        bars = details["histogram"].values()
        assert sum(bars) in (0, shown["review_count"])


@given(facts=worlds, bought=st.integers(1, 8))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_paid_is_what_was_shown(visit, make_world, facts, bought):
    facts["changes"][1]["stock"] = 8
    listing = facts["changes"][1]
    visitor = visit(make_world(2, **facts))
    visitor.post("/cart", product_id="p1", units=bought)
    items = bought * listing["price_cents"]
    fees = bought * listing["fee_cents"]
    total = items + listing["shipping_cents"] + fees
    cart = visitor.read("/cart")
    assert units(cart.one("p", cls="total").one("strong").text) == items
    assert units(cart.one("p", cls="line-total").children[0]) == items
    answer = visitor.api("GET", "/api/cart")
    assert (units(answer["subtotal"]), units(answer["total"])) == (items, total)
    assert units(answer.get("fees", "0")) == fees
    due = visitor.read("/cart").all("dd", cls="total")
    assert (units(due[0].text) if due else items) == total
    assert units(answer["items"][0]["total"]) == items
    ways = visitor.api("GET", "/api/checkout")["deliveries"]
    assert units(ways[0]["total"]) == total
    summary = visitor.read("/checkout").one("aside")
    assert units(summary.all("dd", cls="total")[0].all("span")[0].text) == total
    number = visitor.read("/checkout").one("input", name="number").attributes["value"]
    path = visitor.post("/orders", number=number)
    order = visitor.api("GET", f"/api{path}")
    assert (units(order["subtotal"]), units(order["total"])) == (items, total)
    assert units(visitor.read(path).one("p", cls="total").one("strong").text) == total


CHOICES = [
    ("Size=S&Color=Black", ""),
    ("Size=L&Color=Black", ""),
    ("Size=S&Color=Red", ""),
    ("Size=L&Color=Red", ""),
    ("Size=L&Color=Black", "Second Hand"),
    ("Size=Huge&Shape=round", "Nobody"),
]


@pytest.mark.parametrize(("choice", "seller"), CHOICES)
def test_a_choice_costs_what_its_page_says(visit, full_world, choice, seller):
    visitor = visit(full_world)
    wanted = dict(pair.split("=") for pair in choice.split("&"))
    query = "&".join(f"o.{name}={value}" for name, value in wanted.items())
    path = f"/product/p1?{query}&seller={seller}"
    page, answer = visitor.read(path), visitor.api("GET", f"/api{path}".replace("ct/", "cts/"))
    shown = amounts(page.one("article", cls="product"))
    assert shown == told(answer)
    assert marked_up_offers(page)[0] == (answer["seller"], shown["price"], shown["available"])
    assert marked_up_offers(page)[1:] == [
        (offer["seller"], units(offer["price"]), shown["available"]) for offer in answer["offers"]
    ]
    form = page.all("form", cls="buy")
    assert bool(form) == shown["available"]
    if form:
        fields = {
            each.attributes["name"]: each.attributes["value"] for each in form[0].all("input")
        }
        visitor.post("/cart", **fields)
        (item,) = visitor.api("GET", "/api/cart")["items"]
        assert (units(item["price"]), item["seller"]) == (shown["price"], answer["seller"])
        assert item["options"] == {each["name"]: each["selected"] for each in answer["options"]}
        assert item["url"] == answer["url"]


def marked_up_offers(page):
    """Seller, price and availability of every offer in the markup, the one shown first."""
    graph = json.loads(page.one("script", type="application/ld+json").text)["@graph"]
    (product,) = (node for node in graph if node["@type"] == "Product")
    assert product["offers"]["offerCount"] == 2
    offers = product["offers"]["offers"]
    prices = sorted(units(offer["price"]) for offer in offers)
    low_high = [units(product["offers"][name]) for name in ("lowPrice", "highPrice")]
    assert low_high == [prices[0], prices[-1]]
    return [
        (
            offer["seller"]["name"],
            units(offer["price"]),
            offer["availability"].endswith("/InStock"),
        )
        for offer in offers
    ]


def test_a_visit_by_page_and_one_by_api_leave_the_same_log(visit, full_world, log):
    by_page, by_api = visit(full_world), visit(full_world)
    for path in (
        "/",
        "/search?q=stapler&brand=Brand3&sort=price_desc",
        "/product/p1?o.Size=L",
        "/product/p1/reviews?sort=newest&stars=5",
        "/compare?id=p1&id=p3",
        "/seller/Seller%203",
    ):
        by_page.page(path)
    by_page.post("/cart", product_id="p1", units=2, **{"o.Size": "L", "seller": "Second Hand"})
    key = by_page.read("/cart").one("form", cls="units").attributes["action"].rpartition("/")[2]
    by_page.post(f"/cart/{key}", units=3)
    by_page.post("/cart", product_id="p3")
    by_page.post("/cart/p3/remove")
    by_page.post("/coupon", code="tenoff")
    by_page.page("/checkout")
    by_page.post("/orders", number=1, delivery="express", name="Kim Lee")
    by_page.page("/orders")

    by_api.api("GET", "/api/home")
    by_api.api("GET", "/api/search?q=stapler&brand=Brand3&sort=price_desc")
    by_api.api("GET", "/api/products/p1?o.Size=L")
    by_api.api("GET", "/api/products/p1/reviews?sort=newest&stars=5")
    by_api.api("GET", "/api/compare?id=p1&id=p3")
    by_api.api("GET", "/api/sellers/Seller%203")
    body = {"product_id": "p1", "units": 2, "options": {"Size": "L"}, "seller": "Second Hand"}
    cart = by_api.api("POST", "/api/cart", **body)
    by_api.api("PATCH", f"/api/cart/{cart['items'][0]['key']}", units=3)
    by_api.api("POST", "/api/cart", product_id="p3")
    by_api.api("DELETE", "/api/cart/p3")
    by_api.api("POST", "/api/cart/coupon", code="TENOFF")
    by_api.api("GET", "/api/checkout")
    order = {"delivery": "express", "address": {"name": "Kim Lee"}}
    by_api.api("POST", "/api/orders", status=201, **order)
    by_api.api("GET", "/api/orders")

    assert log(by_page) == log(by_api)
