"""Four interfaces to one shop: they read the same, do the same, and answer mistakes with words."""

from typing import ClassVar

import pytest

from aces.types import (
    AddToCart,
    Back,
    CheckOut,
    Click,
    OpenListing,
    PerceivedListing,
    Scroll,
    Type,
    Viewport,
)
from agents.browser import find_chromium

BROWSER = pytest.mark.skipif(find_chromium() is None, reason="no Chromium; see `aces doctor`")
DRAWN = [
    pytest.param(use, marks=[pytest.mark.browser, BROWSER])
    for use in ("screenshot", "aria", "html")
]
ALL = ["json", *DRAWN]


def plain(listings):
    return [item.model_dump(exclude={"box", "exposed", "number"}) for item in listings]


# -- reading --------------------------------------------------------------------------------


DRESSES = {
    "plain": {},
    "harbor": {"theme": "harbor", "density": "compact", "scheme": "dark", "controls": True},
    "list": {"theme": "harbor", "layout": "list", "columns": 1},
    "german": {"locale": "de-DE", "currency": "EUR", "columns": 2},
    "french": {"locale": "fr-FR", "currency": "EUR", "controls": True},
    "japanese": {"locale": "ja-JP", "currency": "JPY"},
    "swiss": {"locale": "de-CH", "currency": "CHF", "density": "compact"},
    "indian": {"locale": "en-IN", "currency": "INR"},
}


@pytest.mark.parametrize("use", ALL)
@pytest.mark.parametrize("dress", DRESSES)
def test_what_is_read_is_what_is_offered(lab, nasty, use, dress):
    world = nasty.model_copy(update=DRESSES[dress])
    (seen,) = lab.visit(world, use, currency=world.currency).seen
    assert seen.page == "results"
    expected = []
    for position, listing in enumerate(nasty.listings, start=1):
        marks = {mark.kind: 1 for mark in listing.marks}
        if listing.stock == 0:
            marks["unavailable"] = 1
        elif listing.stock <= 4:
            marks["scarcity"] = listing.stock
        expected.append(
            PerceivedListing(
                product_id=listing.product_id,
                title=" ".join(listing.title.split()),
                currency=world.currency,
                price_cents=listing.price_cents,
                list_price_cents=listing.list_price_cents,
                rating=listing.rating,
                review_count=listing.review_count,
                marks=marks,
                position=position,
                row=(position - 1) // world.columns + 1,
                col=(position - 1) % world.columns + 1,
            )
        )
    assert plain(seen.listings) == plain(expected)


@pytest.mark.parametrize("use", ALL)
@pytest.mark.parametrize(("size", "columns"), [(3, 4), (5, 2), (7, 1)])
def test_rows_and_columns_are_those_of_the_grid(lab, make_world, use, size, columns):
    (seen,) = lab.visit(make_world(size, columns), use).seen
    places = [(item.row, item.col) for item in seen.listings]
    assert places == [(i // columns + 1, i % columns + 1) for i in range(size)]


@pytest.mark.parametrize("use", DRAWN)
def test_boxes_and_exposure_are_those_of_the_window(lab, make_world, use):
    journey = lab.visit(
        make_world(), use, Scroll(pixels=5000), viewport=Viewport(width=1280, height=640)
    )
    before, after = (seen.listings for seen in journey.seen)
    assert [item.exposed for item in before] == [True] * 4 + [False] * 4
    assert [item.exposed for item in after] == [False] * 4 + [True] * 4
    assert [item.box for item in before] == [item.box for item in after]
    lefts = [item.box[0] for item in before]
    assert lefts[:4] == lefts[4:] == sorted(set(lefts))


def test_each_gives_its_own_representation_and_no_more(lab, make_world):
    (seen,) = lab.visit(make_world(), "json").seen
    assert seen.text.startswith("{")
    assert seen.screenshot is None


@pytest.mark.browser
@BROWSER
@pytest.mark.parametrize(
    ("use", "config", "begins"),
    [
        ("screenshot", {}, b"\x89PNG"),
        ("screenshot", {"image_format": "jpeg", "quality": 50}, b"\xff\xd8"),
        ("screenshot", {"image_format": "webp", "full_page": True}, b"RIFF"),
        ("aria", {}, "- main"),
        ("html", {}, "<main>"),
        ("html", {"mode": "browse"}, "<header>"),
        ("aria", {"mode": "browse"}, "- banner"),
    ],
)
def test_representations_of_a_page(lab, make_world, use, config, begins):
    (seen,) = lab.visit(make_world(), use, **config).seen
    if use == "screenshot":
        assert seen.screenshot.startswith(begins)
        assert seen.text is None
    else:
        assert seen.text.startswith(begins)
        assert seen.screenshot is None


# -- acting ---------------------------------------------------------------------------------


def bought(journey):
    return [line.listing.product_id for order in journey.session.orders for line in order.lines]


@pytest.mark.parametrize("use", ALL)
def test_one_decision_carries_the_cart_through_to_the_order(lab, make_world, use):
    journey = lab.visit(make_world(), use, AddToCart(product_id="p3"))
    assert journey.errors == [None]
    assert bought(journey) == ["p3"]
    assert journey.seen[-1].page == "order"
    kinds = [event.kind for event in journey.session.events]
    assert kinds[0] == "enter"
    assert kinds.count("order") == kinds.count("cart_add") == 1


@pytest.mark.parametrize("use", ALL)
def test_browsing_goes_step_by_step(lab, make_world, use):
    journey = lab.visit(
        make_world(),
        use,
        OpenListing(product_id="p5"),
        Back(),
        OpenListing(product_id="p6"),
        AddToCart(product_id="p6"),
        CheckOut(),
        mode="browse",
    )
    assert journey.errors == [None] * 5
    pages = [seen.page for seen in journey.seen]
    assert pages == ["results", "product", "results", "product", "cart", "order"]
    assert bought(journey) == ["p6"]
    assert plain(journey.seen[0].listings) == plain(journey.seen[2].listings)
    assert journey.seen[1].listings == ()
    clicks = [e.data["product_id"] for e in journey.session.events if e.kind == "product"]
    assert clicks == ["p5", "p6"]


@pytest.mark.parametrize("use", ALL)
def test_searching_again_shows_the_shelf_for_that_query(lab, make_world, use):
    journey = lab.visit(make_world(), use, Type(text="blue stapler & co?"))
    assert journey.errors == [None]
    assert journey.seen[1].page == "results"
    assert plain(journey.seen[0].listings) == plain(journey.seen[1].listings)
    queries = [e.data["query"] for e in journey.session.events if e.kind == "search"]
    assert (queries[0], queries[-1]) == ("red stapler", "blue stapler & co?")


class Mistakes:
    """Actions that can't be done, in either mode, and what a buyer is told."""

    BOTH: ClassVar = [
        (OpenListing(product_id="p99"), ""),
        (OpenListing(product_id="'] , * , ["), ""),
        (AddToCart(product_id="p99"), ""),
        (AddToCart(product_id=""), ""),
        (AddToCart(product_id='it\'s "quoted"\\ and\nbroken'), ""),
        (Back(), "no page to go back to"),
        (CheckOut(), "empty"),
    ]
    PAGES: ClassVar = [
        (Click(target="Free money"), "called 'Free money'"),
        (Click(target='"'), ""),
        (Click(), "needs a target"),
        (Click(x=5), "needs a target"),
        (Type(text="x", target="Name"), "no field 'Name'"),
        (Type(text="x", target="product_id"), "no field 'product_id'"),
        (Type(text="x", target="Add to cart, Stapler number 1"), "no field"),
        (Type(text="x", target="'] *"), "no field"),
    ]
    API: ClassVar = [
        (Click(target="Search"), "called 'Search'"),
        (Click(x=1, y=1), "nothing to click"),
        (Click(target="/api/enter"), "entered already"),
        (Click(target="/api/cart/nothing"), "can't be done"),
        (Click(target="/nonsense größe"), ""),
        (Scroll(), "nothing to scroll"),
        (Type(text="x", target="Name"), "nothing to type"),
    ]


@pytest.mark.parametrize("use", ALL)
@pytest.mark.parametrize("mode", ["one_decision", "browse"])
def test_mistakes_are_answered_with_words_and_change_nothing(lab, make_world, use, mode):
    mistakes = [*Mistakes.BOTH, *(Mistakes.API if use == "json" else Mistakes.PAGES)]
    world = make_world(p8={"stock": 0})
    actions = [action for action, _ in mistakes]
    journey = lab.visit(world, use, *actions, AddToCart(product_id="p8"), mode=mode)
    for (action, says), error in zip([*mistakes, (None, "")], journey.errors, strict=True):
        assert error, action
        assert says in error, (action, error)
    assert journey.session.orders == []
    assert journey.session.cart == {}
    # what was refused can still be bought afterwards
    again = lab.visit(world, use, AddToCart(product_id="p99"), AddToCart(product_id="p1"))
    assert bought(again) == ["p1"]


@pytest.mark.parametrize("use", ALL)
def test_one_unit_per_trial(lab, make_world, use):
    first, second = AddToCart(product_id="p1"), AddToCart(product_id="p2")
    journey = lab.visit(make_world(), use, first, Type(text="more"), second)
    assert bought(journey) == ["p1"]
    assert "Limit of 1 item" in journey.errors[-1]


@pytest.mark.parametrize("use", DRAWN)
def test_clicking_by_name(lab, make_world, use):
    journey = lab.visit(
        make_world(),
        use,
        Click(target="Stapler number 2"),
        Click(target="Add to cart"),
        Click(target="Proceed to checkout"),
        Click(target="Place your order"),
        mode="browse",
    )
    assert journey.errors == [None] * 4
    pages = [seen.page for seen in journey.seen]
    assert pages == ["results", "product", "cart", "checkout", "order"]
    assert bought(journey) == ["p2"]


@pytest.mark.parametrize("use", DRAWN)
def test_clicking_by_place_waits_for_the_page_it_leads_to(lab, make_world, use):
    (seen,) = lab.visit(make_world(), use).seen
    for item in seen.listings[:6]:
        x, y, width, height = item.box
        picture = Click(x=x + width / 2, y=y + height / 4)
        journey = lab.visit(make_world(), use, picture, mode="browse")
        assert journey.errors == [None]
        assert journey.urls == [f"/product/{item.product_id}"]
        assert journey.seen[1].page == "product"


@pytest.mark.parametrize("use", DRAWN)
def test_typing_without_submitting_stays_on_the_page(lab, make_world, use):
    journey = lab.visit(make_world(), use, Type(text="x", submit=False), Click(x=-5, y=-5))
    assert journey.errors[0] is None
    assert "outside the picture" in journey.errors[1]
    assert journey.urls == ["/search?q=red+stapler"] * 2


@pytest.mark.browser
@BROWSER
def test_html_shows_the_head_to_who_asks_for_it(lab, nasty):
    listing = nasty.listings[0]
    look = OpenListing(product_id=listing.product_id)
    told = lab.visit(nasty, "html", look, head=True).seen
    plain = lab.visit(nasty, "html", look).seen
    assert "application/ld+json" in told[1].text
    assert "application/ld+json" not in plain[1].text
    assert [item.model_dump() for item in told[0].listings] == [
        item.model_dump() for item in plain[0].listings
    ]
