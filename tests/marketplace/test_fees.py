"""Fees on top of the price: where they are told, what they come to, and how they are drawn."""

import re
from collections import Counter

import pytest
from pydantic import ValidationError

from aces.seeds import Stream
from aces.types import Listing
from marketplace.treatments import TREATMENTS
from tests.marketplace.conftest import Node

BEFORE = ["/", "/search?q=stapler", "/product/p1", "/product/p1/reviews", "/compare?id=p1&id=p2"]
ASKED = ["/api/home", "/api/search?q=stapler", "/api/products/p1", "/api/compare?id=p1&id=p2"]
FEE = re.compile(r"service fee", re.IGNORECASE)


def seen(visitor):
    """Every page and answer before something lies in the cart."""
    pages = {path: visitor.client.get(path).text for path in BEFORE}
    return pages | {path: visitor.api("GET", path) for path in ASKED}


def test_a_late_fee_stands_nowhere_before_the_cart_and_an_early_one_wherever_the_price_does(
    visit, make_world
):
    fee = {1: {"fee_cents": 450}}
    plain = seen(visit(make_world(2)))
    late = seen(visit(make_world(2, fee, fee_told="checkout")))
    assert late == plain
    early = seen(visit(make_world(2, fee)))
    for path in BEFORE:
        assert "+ $4.50 service fee" in early[path], path
    assert early["/api/search?q=stapler"]["results"][0]["fee"] == "4.50"
    assert (
        early["/api/products/p1"]["fee"] == early["/api/compare?id=p1&id=p2"]["products"][0]["fee"]
    )
    assert '"name":"Service fee","price":"4.50"' in early["/product/p1"]
    others = [answer for answer in early["/api/search?q=stapler"]["results"] if "fee" in answer]
    assert len(others) == 1, "no fee, no word of it"


@pytest.mark.parametrize("told", ["upfront", "checkout"])
def test_the_fee_is_paid_for_every_unit_and_no_coupon_takes_it_off(visit, full_world, log, told):
    listings = [each.model_copy(update={"fee_cents": 200}) for each in full_world.listings]
    world = full_world.model_copy(update={"listings": tuple(listings), "fee_told": told})
    visitor = visit(world)
    visitor.post("/cart", product_id="p3", units=2)
    visitor.post("/coupon", code="TENOFF")
    items, fees = 2 * 2599, 400
    due = items - 520 + fees
    for path in ("/cart", "/checkout"):
        (row,) = [dd for dt, dd in sums(visitor.read(path)) if FEE.match(dt)]
        assert row == "$4.00"
    assert visitor.api("GET", "/api/cart")["fees"] == "4.00"
    ways = visitor.api("GET", "/api/checkout")["deliveries"]
    assert ways[0]["total"] == f"{due / 100:.2f}"
    order = visitor.post("/orders", number=1)
    assert f"${due / 100:.2f}" in visitor.read(order).text
    assert ("Service fee", "$4.00") in sums(visitor.read(order))
    (event,) = log(visitor, "order")
    assert (event["fees_cents"], event["total_cents"]) == (fees, due)
    assert event["items"][0]["price_cents"] == 2599


def sums(page: Node) -> list[tuple[str, str]]:
    """What a bill says, line by line."""
    (bill,) = page.all("dl", cls="sums")
    names, values = bill.all("dt"), bill.all("dd")
    return [(a.text, b.text) for a, b in zip(names, values, strict=True)]


def test_an_order_without_fees_says_nothing_of_them(visit, make_world, log):
    visitor = visit(make_world(2))
    visitor.post("/cart", product_id="p1")
    pages = [visitor.page(path) for path in ("/cart", "/checkout")]
    visitor.post("/orders", number=1)
    assert not any(map(FEE.search, pages))
    assert "fees_cents" not in log(visitor, "order")[0]


SHELF = [Listing(product_id=f"p{i}", title="Thing", price_cents=1000 + 50 * i) for i in range(3)]


def draws(**config):
    fees = TREATMENTS.build("fee", config).declare()
    return fees, [fees.draw(SHELF, k, Stream(3, k)) for k in range(600)]


def test_fees_and_their_place_are_drawn_evenly_with_their_probability():
    fees, found = draws(amounts=[0, 200, 400], told=["upfront", "checkout"])
    assert fees.levels() == ["fee_cents", "fee_told", "fee_late"]
    assert fees.varied() == ["fee_cents"]
    assert {round(each.probability * 54, 9) for each in found} == {1.0}
    counts = Counter(fee for each in found for fee in each.levels["fee_cents"])
    assert all(abs(counts[fee] - 600) < 4 * (1800 * 2 / 9) ** 0.5 for fee in (0, 200, 400))
    late = sum(each.levels["fee_late"][0] for each in found)
    assert abs(late - 300) < 4 * 150**0.5
    for each in found:
        assert len(set(each.levels["fee_told"])) == 1
        assert each.marginals["fee_cents"] == pytest.approx([1 / 3] * 3)
        assert (each.levels["fee_told"][0] == "checkout") == each.levels["fee_late"][0]


def test_shares_are_of_the_catalogues_price_and_one_place_draws_nothing():
    fees, found = draws(shares=[0, 0.1], told="checkout")
    assert fees.levels() == ["fee_cents", "fee_told"]
    for each in found:
        for item, fee in zip(SHELF, each.levels["fee_cents"], strict=True):
            assert fee in (0, round(item.price_cents / 10))
        assert each.levels["fee_told"] == ("checkout",) * 3
    # where a fee is told does not change which fees are drawn
    _, again = draws(shares=[0, 0.1], told="upfront")
    assert [a.levels["fee_cents"] for a in found] == [b.levels["fee_cents"] for b in again]


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({}, "give either `amounts"),
        ({"amounts": [1], "shares": [0.1]}, "give either `amounts"),
        ({"amounts": [100, 100]}, "given twice"),
        ({"amounts": [100], "told": ["upfront", "upfront"]}, "names the same place twice"),
        ({"amounts": [100], "told": "later"}, "upfront"),
        ({"amounts": [-1]}, "greater than or equal to 0"),
    ],
)
def test_fees_that_can_not_be_drawn_are_refused(config, says):
    with pytest.raises(ValidationError, match=says):
        TREATMENTS.build("fee", config)
