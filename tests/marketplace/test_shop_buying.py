"""Options, other sellers, coupons, delivery and addresses: what is bought, and for how much."""

from datetime import date

import pytest

from marketplace.bill import EXPRESS_CENTS, delivery_choices
from marketplace.choosing import as_chosen, can_choose, chosen, price_cents
from marketplace.customer import CUSTOMER, Address
from marketplace.items import Item
from marketplace.sessions import RefusalError, Session

LARGE_BLACK = (("Size", "L"), ("Color", "Black"))


@pytest.fixture
def session(full_world):
    return Session("token", full_world)


def test_first_values_are_what_the_listing_offers(session, full_world):
    product, listing = full_world.products["p1"], full_world.listings[0]
    plain = chosen(product, {})
    assert plain == (("Size", "S"), ("Color", "Black"))
    assert chosen(product, {"Color": "Red", "Size": "XXL", "Shape": "round"})[0] == ("Size", "S")
    assert as_chosen(listing, product, plain) is listing
    for wanted in ({}, {"Size": "S"}, dict(plain)):
        assert session.add("p1", 1, wanted, listing.seller) == Item("p1")
    assert session.cart == {Item("p1"): 3}
    assert Item("p1").key == "p1"


def test_a_choice_has_its_own_price_and_line(session):
    large = session.add("p1", 2, {"Size": "L"})
    session.add("p1")
    assert large == Item("p1", LARGE_BLACK)
    assert large.key.startswith("p1~")
    assert [(line.unit_cents, line.units) for line in session.lines] == [(1999, 2), (1599, 1)]
    assert session.lines[0].options == LARGE_BLACK
    assert session.events[0].data == {
        "product_id": "p1",
        "options": {"Size": "L", "Color": "Black"},
        "units": 2,
    }
    session.set_units(large.key, 1)
    session.remove("p1")
    assert session.cart == {large: 1}
    assert session.remove("p1") == 0
    with pytest.raises(KeyError):
        session.set_units("p1", 1)


def test_other_sellers_sell_on_their_terms(session, full_world):
    listing = full_world.listings[0]
    used = session.add("p1", 1, {"Size": "L"}, "Second Hand")
    (line,) = session.lines
    assert used.seller == line.listing.seller == "Second Hand"
    assert line.unit_cents == 1399  # 15.99 x 1.25 x 0.7
    assert line.listing.list_price_cents is None
    assert session.bill().shipping_cents == 499
    assert session.bill().arrival == date(2026, 1, 18)
    assert len({used.key, Item("p1").key, Item("p1", LARGE_BLACK).key}) == 3
    assert listing.seller == "Seller 1"


def test_prices_of_choices_follow_a_treated_price(full_world):
    product = full_world.products["p1"]
    for cents, large, offered in ((1000, 1250, 700), (1, 1, 1), (0, 0, 0), (1999, 2499, 1399)):
        changes = {"price_cents": cents, "list_price_cents": 2 * cents}
        listing = full_world.listings[0].model_copy(update=changes)
        assert price_cents(listing, product, LARGE_BLACK) == large
        in_large = as_chosen(listing, product, LARGE_BLACK)
        assert (in_large.price_cents, in_large.rating) == (large, listing.rating)
        assert in_large.list_price_cents in (2 * large, 2 * large - 1, 2 * large + 1)
        assert as_chosen(listing, product, (), "Second Hand").price_cents == offered


def test_pictures_show_the_choice_first(full_world):
    red = (("Size", "S"), ("Color", "Red"))
    shown = as_chosen(full_world.listings[0], full_world.products["p1"], red)
    assert shown.pictures == ("red.png", "picture1.png")


@pytest.mark.parametrize(
    ("product_id", "options", "seller", "why"),
    [
        ("p1", {"Size": "L", "Color": "Red"}, "", "sold out in L, Red"),
        ("p1", {"Size": "XL"}, "", "no Size 'XL'. Choose from: S, L"),
        ("p1", {"Shape": "round"}, "", "no option 'Shape'"),
        ("p3", {"Size": "S"}, "", "no option 'Size'"),
        ("p1", {}, "Nobody", "Nobody does not sell this"),
        ("p2", {}, "", "currently unavailable"),
    ],
)
def test_what_cannot_be_had_is_refused_in_words(session, product_id, options, seller, why):
    with pytest.raises(RefusalError, match=why):
        session.add(product_id, 1, options, seller)
    assert session.cart == {}
    assert why in session.refusal


def test_choices_that_are_gone_can_be_told(full_world):
    product = full_world.products["p1"]
    plain = chosen(product, {})
    assert can_choose(product, plain, "Color", "Red")
    assert not can_choose(product, LARGE_BLACK, "Color", "Red")
    red = (("Size", "L"), ("Color", "Red"))
    assert as_chosen(full_world.listings[0], product, red).stock == 0


def test_options_share_the_stock_but_not_with_other_sellers(full_world):
    scarce = full_world.listings[0].model_copy(update={"stock": 3})
    world = full_world.model_copy(update={"listings": (scarce, *full_world.listings[1:])})
    session = Session("token", world)
    large = session.add("p1", 2, {"Size": "L"})
    session.add("p1", 1)
    session.add("p1", 50, {}, "Second Hand")
    for attempt in (
        lambda: session.add("p1"),
        lambda: session.set_units("p1", 2),
        lambda: session.set_units(large.key, 3),
    ):
        with pytest.raises(RefusalError, match="Only 3 of this item"):
            attempt()
    session.set_units(large.key, 0)
    session.set_units("p1", 3)
    assert session.cart == {Item("p1"): 3, Item("p1", (), "Second Hand"): 50}


def test_the_limit_counts_changes_as_it_counts_additions(make_world):
    session = Session("token", make_world(max_units=2))
    session.add("p1")
    session.add("p3")
    with pytest.raises(RefusalError, match="Limit of 2 items"):
        session.set_units("p1", 2)
    session.set_units("p3", 0)
    session.set_units("p1", 2)
    assert session.cart == {Item("p1"): 2}


def test_coupons(session):
    session.add("p3", 3)  # 3 x 25.99
    for code, why in (("nope", "'NOPE' is not valid"), ("", "not valid")):
        with pytest.raises(RefusalError, match=why):
            session.apply_coupon(code)
    session.apply_coupon(" tenoff ")
    bill = session.bill()
    assert (bill.items_cents, bill.discount_cents, bill.total_cents) == (7797, 780, 7017)
    with pytest.raises(RefusalError, match="applied already"):
        session.apply_coupon("TENOFF")
    session.apply_coupon("FIVE")  # another replaces it
    assert session.bill().discount_cents == 500
    session.set_units("p3", 1)  # too little now: it stays, and counts for nothing
    assert (session.bill().discount_cents, session.bill().coupon) == (0, None)
    session.set_units("p3", 3)
    order = session.order()
    assert (order.total_cents, order.bill.coupon.code) == (7297, "FIVE")
    assert session.coupon is None
    session.add("p1", 5)
    with pytest.raises(RefusalError, match="have used the code FIVE"):
        session.apply_coupon("FIVE")
    session.drop_coupon()
    told = [event.data["code"] for event in session.events if event.kind == "coupon"]
    assert told == ["TENOFF", "FIVE"]


def test_a_coupons_minimum_is_told_in_money(session):
    session.add("p1")
    with pytest.raises(RefusalError, match=r"needs items worth \$50\.00 or more"):
        session.apply_coupon("FIVE")
    session.apply_coupon("TENOFF")
    session.drop_coupon()
    assert session.bill().discount_cents == 0


def test_delivery_is_that_of_the_dearest_and_the_slowest(session):
    session.add("p1")  # 3.50, five days
    session.add("p3")  # free, tomorrow
    standard, express = delivery_choices(session.lines, session.world)
    assert (standard.cents, standard.arrival) == (350, date(2026, 1, 20))
    assert (express.cents, express.arrival) == (350 + EXPRESS_CENTS, date(2026, 1, 16))
    order = session.order(delivery="express")
    assert order.bill.shipping_cents == 350 + EXPRESS_CENTS
    assert session.events[-1].data["delivery"] == "express"
    session.add("p3")
    assert [way.name for way in delivery_choices(session.lines, session.world)] == ["standard"]
    with pytest.raises(RefusalError, match="can't be sent like this"):
        session.order(delivery="express")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"name": " \t"}, "needs a name"),
        ({"postal_code": ""}, "needs a postal code"),
        ({"city": "x" * 101}, "city of the address is longer than 100"),
    ],
)
def test_addresses_are_whole(session, given, why):
    session.add("p1")
    with pytest.raises(RefusalError, match=why):
        session.order(address=Address.read(given))
    assert not session.orders
    order = session.order(address=Address.read({"name": "  Kim \n Lee "}))
    assert order.address.name == "Kim Lee"
    assert order.address.lines == CUSTOMER.address


def test_the_shelf_hides_the_rest_and_nothing_is_sold_twice(make_world):
    from aces.catalog import Catalog

    untreated = make_world(8)
    listings = {listing.product_id: listing for listing in untreated.listings}
    catalog = Catalog("c", "USD", untreated.products, listings)
    world = make_world(2, {1: {"price_cents": 5}})
    closed, whole = (
        Session("t", world, catalog),
        Session("t", world.model_copy(update={"rest": "catalog"}), catalog),
    )
    assert closed.listing("p5") is None
    assert set(closed.listings) == {"p1", "p2"}
    with pytest.raises(KeyError):
        closed.add("p5")
    assert whole.listing("p1").price_cents == 5
    assert whole.listing("p5") is listings["p5"]
    assert len(whole.listings) == 8
    whole.add("p1")
    assert whole.bill().items_cents == 5
