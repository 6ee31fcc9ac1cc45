"""Whatever a buyer can name, it can click; what could mean several things is never guessed."""

import re

import pytest

from aces.types import AddToCart, Back, Click, OpenListing, Type
from agents.browser import find_chromium
from agents.interfaces._things import Thing, Things, called

NEEDS_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium; see `aces doctor`"),
]


def things(*pairs):
    return [
        Thing(i, "link" if href else "button", name, "", href, True, True, True, (0, 0, 9, 9), "")
        for i, (name, href) in enumerate(pairs)
    ]


SHELF = things(
    ("Cart (0)", "/cart"),
    ("Stapler", "/product/a"),
    ("Add to cart, Stapler", ""),
    ("Stapler", "/product/b"),
    ("Add to cart, Stapler", ""),
    ("Stapler deluxe [2]", "/product/c"),
    ("Stapler  Deluxe", "/product/d"),
    ("See all", "/all"),
    ("See all", "/all"),
)


@pytest.mark.parametrize(
    ("target", "index"),
    [
        ("Cart (0)", 0),
        ("cart", 0),
        ("  CART ( 0 )", 0),
        ("/product/b", 3),
        ("Stapler [2]", 3),
        ("Add to cart, Stapler [1]", 2),
        ("Stapler deluxe [2]", 5),
        ("Stapler deluxe", 6),
        ("See all", 7),
    ],
)
def test_a_name_finds_its_thing(target, index):
    assert called(SHELF, target).index == index


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("Stapler", r"could be 2 things: 'Stapler \[1\]' \(link to /product/a\), 'Stapler \[2\]'"),
        ("Add to cart", r"could be 2 things: .*\(button\)"),
        ("Stapler d", "could be 2 things: 'Stapler deluxe .2.', 'Stapler  Deluxe'"),
        ("Stapler [3]", "called 'Stapler \\[3\\]'"),
        ("Staplr", "did you mean 'Stapler'"),
        ("", "called ''"),
    ],
)
def test_what_could_be_several_things_or_none_is_said(target, says):
    assert re.search(says, called(SHELF, target))


NAMED = re.compile(
    r'^\s*- (link|button|checkbox|radio|combobox|searchbox|textbox) ("(?:[^"\\]|\\.)*")'
)


async def unreachable(visit):
    """Names in the accessibility tree of a page that lead to nothing."""
    seen = (await visit.look())["text"]
    found = [match.groups() for line in seen.splitlines() if (match := NAMED.match(line))]
    assert found
    there = (await Things.of(visit._page)).all
    missing = []
    for role, quoted in found:
        meant = called(there, quoted[1:-1].replace('\\"', '"'))
        if isinstance(meant, str) and "could be" not in meant:
            missing.append((visit.url, role, quoted, meant))
    return missing


class TestBrowser:
    """Real pages."""

    pytestmark = NEEDS_BROWSER

    def test_every_name_on_every_page_is_known(self, lab, rich):
        journey = lab.visit(
            rich,
            "aria",
            Click(target="Compare, Stapler number 1"),
            Click(target="Compare, Stapler number 2"),
            Click(target="Compare"),
            Back(),
            Type(text="Price: low to high", target="Sort by"),
            Click(target="Go, sort"),
            Click(target="Stapler number 1"),
            Click(target="Show picture 2 of 2"),
            Click(target="Blue"),
            Click(target="See reviews"),
            Click(target="See reviews"),
            Click(target="Add to cart, from Bolt & Co"),
            Type(text="TENOFF", target="Coupon code"),
            Click(target="Proceed to checkout"),
            Click(target="Express delivery"),
            Click(target="Place your order"),
            Click(target="Your orders"),
            Click(target="Marigold"),
            mode="browse",
            look=unreachable,
        )
        assert journey.errors == [None] * 18
        assert [missing for found in journey.found for missing in found] == []
        pages = list(dict.fromkeys(seen.page for seen in journey.seen))
        assert pages == [
            *("results", "compare", "product", "cart", "checkout", "order", "orders", "home")
        ]
        (order,) = journey.session.orders
        (line,) = order.lines
        assert (line.listing.product_id, dict(line.options)) == ("p1", {"Colour": "Blue"})
        assert line.listing.seller == "Bolt & Co"
        assert order.bill.delivery == "express"
        sorted_ = journey.seen[6].listings
        assert [item.price_cents for item in sorted_] == sorted(x.price_cents for x in sorted_)

    def test_pruned_html_tells_what_was_typed_and_ticked(self, lab, rich):
        journey = lab.visit(
            rich,
            "html",
            Type(text="40", target="Lowest price", submit=False),
            Click(target="Compare, Stapler number 3"),
            Type(text="Price: low to high", target="Sort by"),
            mode="browse",
        )
        assert journey.errors == [None] * 3
        told = journey.seen[-1].text
        assert re.search(r'<input name="low"[^>]*value="40"', told)
        assert re.search(r'<input type="checkbox"[^>]*value="p3"[^>]*checked', told)
        assert re.search(r"<option[^>]* selected[^>]*>Price: low to high<", told)
        before = journey.seen[0].text
        assert not re.search(r"checked|value=\"40\"", before)

    def test_menus_and_forms_say_what_they_lack(self, lab, rich):
        journey = lab.visit(
            rich,
            "screenshot",
            Type(text="Cheapest", target="Sort by"),
            Click(target="Sort by"),
            AddToCart(product_id="p2"),
            Click(target="Apply"),
            Type(text="", target="Coupon code"),
            Click(number=3),
            mode="browse",
        )
        unknown, menu, bought, empty, blank, number = journey.errors
        assert "no option 'Cheapest'; it has 'Featured', 'Price: low to high'" in unknown
        assert "this is a menu" in menu
        assert bought is None
        assert "fill out" in empty
        assert "fill out" in blank
        assert "number" in number

    @pytest.mark.parametrize("use", ["aria", "html", "screenshot"])
    def test_a_page_for_programs_is_no_dead_end(self, lab, rich, use):
        journey = lab.visit(rich, use, Click(target="For programs"), Back(), mode="browse")
        assert journey.errors == [None, None]
        assert journey.urls == ["/llms.txt", "/search?q=red+stapler"]
        assert journey.seen[1].text or use == "screenshot"

    def test_typing_goes_into_the_field_that_was_clicked(self, lab, rich):
        journey = lab.visit(
            rich, "screenshot", Click(target="Lowest price"), Type(text="50"), mode="browse"
        )
        assert journey.errors == [None, None]
        assert [item.price_cents for item in journey.seen[-1].listings] == [5099, 6099, 7099, 8099]


class TestApi:
    """The same errand without pages."""

    def test_every_page_is_reached_by_name_or_path(self, lab, rich):
        journey = lab.visit(
            rich,
            "json",
            Click(target="/api/search?q=stapler&low=30&sort=price_desc&facets=1"),
            Click(target="Stapler number 5"),
            Click(target="/compare?id=p1&id=p2"),
            Click(target="Stapler number 1"),
            Click(target="reviews"),
            Click(target="Next page"),
            Back(),
            Back(),
            Click(target="Acme"),
            Click(target="/product/p1?o.Colour=Blue&seller=Bolt+%26+Co"),
            AddToCart(product_id="p1"),
            Click(target="Remove, Stapler number 1"),
            Back(),
            Back(),
            AddToCart(product_id="p1"),
            Type(text="TENOFF", target="Coupon code"),
            Click(target="Checkout"),
            Click(target="Place your order"),
            mode="browse",
        )
        *errors, last = journey.errors
        assert errors == [None] * 17, journey.urls
        assert "called 'Place your order'" in last
        pages = list(dict.fromkeys(seen.page for seen in journey.seen))
        assert pages == ["results", "product", "compare", "seller", "cart", "checkout"]
        assert [x.price_cents for x in journey.seen[1].listings][:2] == [8099, 7099]
        bought = lab.visit(
            rich, "json", Click(target="/product/p1?o.Colour=Blue"), AddToCart(product_id="p1")
        )
        (order,) = bought.session.orders
        assert dict(order.lines[0].options) == {"Colour": "Blue"}

    def test_names_of_several_things_are_not_guessed(self, lab, make_world):
        world = make_world(p2={"title": "Stapler number 1"})
        journey = lab.visit(
            world,
            "json",
            Click(target="Stapler number 1"),
            Click(target="Stapler number 1 [2]"),
            OpenListing(product_id="p3"),
        )
        assert "could be 2 things" in journey.errors[0]
        assert journey.urls[1:] == ["/api/products/p2", "/api/products/p3"]
