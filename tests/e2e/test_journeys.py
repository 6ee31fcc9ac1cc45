"""People who shop: in a browser without scripts, at a desk and on a phone, by what they can see.

What they should find is worked out here from the catalogue, by plain loops and sums.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Locator, Page

from aces.catalog import Catalog
from aces.types import Listing
from marketplace.app import create_app
from marketplace.sessions import Session, Sessions
from marketplace.worlds import browsing_world

pytestmark = pytest.mark.browser

SHOWN = "domcontentloaded"
WINDOWS = {
    "desk": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
ROLES = ("link", "button")
TEE, CINNAMON, ANISE, LAMP = (
    "fernlea-soft-vee",
    "whitmere-cinnamon",
    "sorvella-anise-metal",
    "lumenby-flex-led",
)


@dataclass
class Person:
    """Somebody in front of a screen, and what the shop knows of them."""

    page: Page
    session: Session
    catalog: Catalog
    phone: bool

    def press(self, target: Locator) -> None:
        """Clicks, or taps."""
        target.tap() if self.phone else target.click()

    def go(self, target: Locator) -> None:
        """Presses what leads to another page, and waits for that."""
        with self.page.expect_navigation(wait_until=SHOWN):
            self.press(target)

    def button(self, name: str, within: Locator | None = None) -> None:
        self.go((within or self.page).get_by_role("button", name=name, exact=True))

    def link(self, name: str | re.Pattern[str], within: Locator | None = None) -> None:
        self.go((within or self.page).get_by_role("link", name=name, exact=True).first)

    def search(self, text: str) -> None:
        box = self.page.get_by_role("searchbox", name="Search Marigold")
        box.fill(text)
        with self.page.expect_navigation(wait_until=SHOWN):
            box.press("Enter")

    def open(self, product_id: str) -> None:
        """Follows the title of a listing on the page."""
        title = self.catalog.listings[product_id].title
        self.go(self.page.get_by_role("heading", name=title, exact=True).get_by_role("link"))
        assert self.page.get_by_role("heading", level=1).inner_text() == title

    def visit(self, product_id: str) -> None:
        """Finds a product by its name, and opens it."""
        self.search(self.catalog.listings[product_id].title)
        self.open(product_id)

    def narrow(self, name: str, facet: str) -> None:
        """Takes a filter; on a phone these are folded away."""
        if self.phone:
            self.press(self.page.locator("summary").get_by_text("Filters", exact=True))
        section = self.page.locator("section.facet").filter(
            has=self.page.get_by_role("heading", name=facet, exact=True)
        )
        self.link(re.compile(f"^{re.escape(name)} \\("), section)

    def shown(self) -> list[str]:
        """Titles on a page of results, in order."""
        return self.page.locator("article.listing h2").all_inner_texts()

    def says(self, *texts: str) -> None:
        """What can be read on the page, line breaks aside."""
        body = " ".join(self.page.locator("body").inner_text().split())
        missing = [text for text in texts if text not in body]
        assert not missing, (missing, body)

    def heading(self) -> str:
        return self.page.get_by_role("heading", level=1).inner_text().strip()

    def done(self, kind: str) -> list[dict]:
        """The data of the session's events of a kind."""
        return [dict(event.data) for event in self.session.events if event.kind == kind]

    def bought(self) -> list[tuple[str, int]]:
        """Product and units of every line of every order, by what the log says."""
        lines = [line for order in self.done("order") for line in order["items"]]
        return [(line["product_id"], line["units"]) for line in lines]


@pytest.fixture(scope="module")
def sessions(demo: Catalog) -> Sessions:
    return Sessions(demo)


@pytest.fixture(scope="module")
def address(sessions: Sessions, serve: Callable) -> str:
    return serve(create_app(sessions))


@pytest.fixture
def enter(
    chromium: Browser, address: str, sessions: Sessions, demo: Catalog
) -> Iterator[Callable[[str], Person]]:
    """Lets somebody in: `enter("phone")`."""
    contexts = []

    def enter(window: str) -> Person:
        context = chromium.new_context(
            java_script_enabled=False, base_url=address, **WINDOWS[window]
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page, token = context.new_page(), sessions.admit(browsing_world(demo))
        page.goto(f"/enter/{token}")
        return Person(page, sessions.get(token), demo, window == "phone")

    yield enter
    for context in contexts:
        context.close()


@pytest.fixture(params=list(WINDOWS))
def person(request: pytest.FixtureRequest, enter: Callable[[str], Person]) -> Person:
    return enter(request.param)


def titles(listings: list[Listing]) -> list[str]:
    return [listing.title for listing in listings]


def buy_now(person: Person) -> None:
    person.button("Buy now")
    assert person.heading() == "Checkout"
    person.button("Place your order")
    assert person.heading() == "Thank you, your order is placed"


def test_finds_by_search_with_a_slip_and_buys(person):
    person.search("stapelr heavy duty")
    person.says("Nothing matched", "so we searched for stapler heavy duty instead")
    (searched,) = person.done("search")
    shown = [person.catalog.listings[id] for id in searched["results"]]
    assert person.shown() == titles(shown)
    assert {person.catalog.products[each.product_id].category for each in shown} == {"stapler"}
    person.open(shown[0].product_id)
    buy_now(person)
    person.says(shown[0].title, "Order total: $")
    assert person.bought() == [(shown[0].product_id, 1)]
    assert person.session.orders[0].total_cents == shown[0].price_cents + shown[0].shipping_cents


def test_finds_by_category_and_buys(person):
    person.link("Clothing & Shoes", person.page.get_by_role("navigation", name="Departments"))
    assert person.heading().startswith("Clothing & Shoes")
    person.narrow("T-shirts", "Category")
    tees = [id for id, each in person.catalog.products.items() if each.category == "t_shirt"]
    person.says(f"{len(tees)} results")
    assert sorted(person.shown()) == sorted(person.catalog.listings[id].title for id in tees)
    assert [event["filters"] for event in person.done("category")] == [
        {"department": "Clothing & Shoes"},
        {"department": "Clothing & Shoes", "category": "t_shirt"},
    ]
    person.open(TEE)
    person.link("T-shirts", person.page.get_by_role("navigation", name="Breadcrumbs"))
    assert person.heading().startswith("T-shirts")
    person.open(TEE)
    person.button("Add to cart", person.page.get_by_role("region", name="Buy"))
    person.link("Proceed to checkout")
    person.button("Place your order")
    assert person.bought() == [(TEE, 1)]


def test_finds_by_filters_and_sorts(person):
    catalog, page = person.catalog, person.page
    person.search("lamp")
    person.narrow("Desk lamps", "Category")
    person.narrow("4 stars & up", "Customer rating")
    person.narrow("metal", "Material")
    person.narrow("Arkelle", "Brand")
    person.narrow("Tendral", "Brand")
    if person.phone:
        person.press(page.locator("summary").get_by_text("Filters", exact=True))
    page.get_by_label("Lowest price").fill("35")
    page.get_by_label("Highest price").fill("60.50")
    person.button("Go, set the price range")
    page.get_by_label("Sort by").select_option(label="Price: high to low")
    person.button("Go, sort")

    def wanted(listing: Listing, brands: tuple[str, ...] = ("Arkelle", "Tendral")) -> bool:
        product = catalog.products[listing.product_id]
        return (
            product.category == "office_lamp"
            and listing.rating >= 4
            and 3500 <= listing.price_cents <= 6050
            and product.brand in brands
            and product.attributes["material"] == "metal"
        )

    found = [each for each in catalog.listings.values() if wanted(each)]
    dearest = sorted(found, key=lambda each: -each.price_cents)
    assert len(dearest) == 2
    assert person.shown() == titles(dearest)
    person.says("2 results", "4 stars & up", "$35 to $60.50")
    last = person.done("search")[-1]
    assert last["results"] == [each.product_id for each in dearest]
    assert last["sort"] == "price_desc"
    assert last["filters"] == {
        "category": "office_lamp",
        "low_cents": 3500,
        "high_cents": 6050,
        "stars": 4,
        "brands": ("Arkelle", "Tendral"),
        "attributes": (("material", "metal"),),
    }
    person.link("Remove filter: Tendral")
    assert person.shown() == titles([each for each in dearest if wanted(each, ("Arkelle",))])
    person.link("Clear all")
    assert not person.done("search")[-1]["filters"]
    assert len(person.shown()) > 2


def test_compares_two_and_opens_one(person):
    page = person.page
    person.search("toothpaste")
    wanted = [person.catalog.listings[id] for id in (ANISE, CINNAMON)]
    boxes = [page.get_by_label(f"Compare, {each.title}", exact=True) for each in wanted]
    for box in boxes:
        box.check()
    order = [each for each in person.shown() if each in titles(wanted)]
    person.button("Compare")
    assert person.heading() == "Compare products"
    heads = page.get_by_role("columnheader")
    assert [each.inner_text().strip() for each in heads.all()] == order
    person.says("$12.40", "$5.49", "$4.99 delivery Thu, Jan 22", "FREE delivery Tue, Jan 20")
    (compared,) = person.done("compare")
    assert set(compared["results"]) == {ANISE, CINNAMON}
    person.link(wanted[1].title)
    assert person.heading() == wanted[1].title
    assert person.done("product")[-1]["product_id"] == CINNAMON


def test_chooses_size_and_colour_but_not_what_is_gone(person):
    page = person.page
    person.visit(TEE)
    colour, size = (page.get_by_role("region", name=name) for name in ("Color", "Size"))
    person.link("2XL", size)
    person.says("Color: Dusty Rose", "Size: 2XL", "In stock")
    person.link("Ivory (sold out)", colour)
    person.says("Currently unavailable", "Color: Ivory", "Size: 2XL")
    assert page.get_by_role("button", name=re.compile("Add to cart$|Buy now")).count() == 0
    person.link("M", size)
    person.link("Ink", colour)
    person.says("Color: Ink", "Size: M", "$24.99")
    person.button("Add to cart", page.get_by_role("region", name="Buy"))
    person.says("Color: Ink, Size: M", "Subtotal (1 item): $24.99")
    (item,) = person.session.cart
    assert item.options == (("Color", "Ink"), ("Size", "M"))
    assert [event.get("options") for event in person.done("cart_add")] == [
        {"Color": "Ink", "Size": "M"}
    ]


def test_uses_a_coupon(person):
    page = person.page
    person.visit(CINNAMON)
    person.says("Code WELCOME10 takes 10% off on orders of $25.00 or more")
    person.button("Add to cart", page.get_by_role("region", name="Buy"))

    def hand_in(code: str) -> None:
        page.get_by_label("Coupon code").fill(code)
        person.button("Apply")

    hand_in("welcome10")
    assert page.get_by_role("alert").inner_text() == (
        "The code WELCOME10 needs items worth $25.00 or more."
    )
    hand_in("HELLO")
    assert page.get_by_role("alert").inner_text() == "The code 'HELLO' is not valid."
    assert person.session.coupon is None
    person.visit(LAMP)
    person.button("Add to cart", page.get_by_role("region", name="Buy"))
    assert page.get_by_role("alert").count() == 0
    hand_in(" welcome10 ")
    # 5.49 + 22.99 = 28.48, a tenth of which is 2.848
    person.says("Subtotal (2 items): $28.48", "WELCOME10 -$2.85", "Estimated total $25.63")
    person.link("Proceed to checkout")
    person.says("WELCOME10 -$2.85", "Order total $25.63")
    person.button("Place your order")
    person.says("Order total: $25.63")
    (order,) = person.done("order")
    assert (order["discount_cents"], order["total_cents"]) == (285, 2563)
    assert order["coupon"] == "WELCOME10"
    assert [event["why"][:14] for event in person.done("refused")] == [
        "The code WELCO",
        "The code 'HELL",
    ]


def test_changes_the_cart(person):
    page = person.page
    person.visit(CINNAMON)
    page.get_by_role("combobox", name="Quantity").select_option("3")
    person.button("Add to cart", page.get_by_role("region", name="Buy"))
    person.says("Subtotal (3 items): $16.47", "$5.49 each")
    title = person.catalog.listings[CINNAMON].title
    page.get_by_role("combobox", name="Quantity").select_option("2")
    person.button(f"Update quantity of {title}")
    person.says("Subtotal (2 items): $10.98")
    person.button(f"Remove, {title}")
    assert person.heading() == "Your cart is empty"
    assert not person.session.cart
    person.visit(CINNAMON)
    person.button("Add to cart", page.get_by_role("region", name="Buy"))
    person.says("Subtotal (1 item): $5.49")
    assert [item.product_id for item in person.session.cart] == [CINNAMON]
    changes = ("cart_add", "cart_units", "cart_remove")
    done = [(e.kind, e.data["units"]) for e in person.session.events if e.kind in changes]
    assert done == [("cart_add", 3), ("cart_units", 2), ("cart_remove", 2), ("cart_add", 1)]


def test_has_it_sent_elsewhere_by_express(person):
    page = person.page
    person.visit(ANISE)
    person.button("Add to cart", page.get_by_role("region", name="Buy"))
    person.visit(CINNAMON)
    page.get_by_role("combobox", name="Quantity").select_option("2")
    person.button("Buy now")
    # 12.40 + 2 * 5.49 = 23.38; the dearest delivery is 4.99, the slowest takes seven days
    person.says("Thu, Jan 22", "Delivery $4.99", "Order total $28.37")
    page.get_by_label("Full name").fill("Bo Lindqvist")
    page.get_by_label("Street and number").fill("")
    page.get_by_label("City").fill("Portland, ME")
    page.get_by_label("Postal code").fill("04101")
    page.get_by_role("radio", name="Express delivery").check()
    person.says("Fri, Jan 16", "Delivery $14.98", "Order total $38.36")
    person.button("Place your order")
    assert page.get_by_role("alert").inner_text() == "The address needs a street."
    assert page.get_by_label("City").input_value() == "Portland, ME"
    assert page.get_by_role("radio", name="Express delivery").is_checked()
    assert not person.session.orders
    page.get_by_label("Street and number").fill("9 Wharf Street")
    person.button("Place your order")
    person.says(
        "Arriving Fri, Jan 16 at Bo Lindqvist, 9 Wharf Street, Portland, ME 04101",
        "Items (3) $23.38 Delivery $14.98",
        "Order total: $38.36",
    )
    (order,) = person.done("order")
    assert (order["delivery"], order["shipping_cents"]) == ("express", 1498)
    assert order["total_cents"] == 3836
    assert person.bought() == [(ANISE, 1), (CINNAMON, 2)]


def test_looks_up_an_earlier_order(person):
    for product_id in (CINNAMON, LAMP):
        person.visit(product_id)
        buy_now(person)
    person.link("Continue shopping")
    person.link("Your orders", person.page.get_by_role("contentinfo"))
    first, second = person.session.orders
    panels = person.page.get_by_role("region", name="Order")
    assert [panel.get_attribute("aria-label") for panel in panels.all()] == [
        f"Order {second.id}",
        f"Order {first.id}",
    ]
    person.says("$22.99", "$5.49", "Order placed January 15, 2026", "Arriving Tue, Jan 20")
    person.link("View order details", panels.nth(1))
    person.says(first.id, person.catalog.listings[CINNAMON].title, "Order total: $5.49")
    assert person.done("orders") == [{"results": [first.id, second.id]}]
    assert person.bought() == [(CINNAMON, 1), (LAMP, 1)]


def test_comes_back_by_link_and_buys_once(person, enter, address):
    page, title = person.page, person.catalog.listings[TEE].title
    link = f"/product/{TEE}?o.Color=Ink&o.Size=M"
    page.goto(link)
    assert person.heading() == title
    person.says("Color: Ink", "Size: M")
    other = page.context.new_page()
    person.button("Buy now")
    page.go_back()
    assert person.heading() == title
    page.go_forward()
    assert person.heading() == "Checkout"
    other.goto("/checkout")
    person.button("Place your order")
    for _ in range(2):
        page.reload()
        assert person.heading() == "Thank you, your order is placed"
    other.get_by_role("button", name="Place your order").click()  # a second tab, left open
    assert other.url == page.url
    page.go_back()
    assert person.heading() == "Your cart is empty"
    assert len(person.session.orders) == len(person.done("order")) == 1
    stranger = page.context.browser.new_page()
    assert stranger.goto(address + link).status == 401
    assert title not in stranger.content()
    stranger.close()


def test_buys_from_another_seller(person):
    (offer,) = person.catalog.listings[ANISE].offers
    name = offer.seller
    person.visit(ANISE)
    person.link(name)
    assert person.heading() == name
    (visited,) = person.done("seller")
    assert visited["seller"] == name
    listing = person.catalog.listings[visited["results"][0]]
    (factor,) = (offer.price_factor for offer in listing.offers if offer.seller == name)
    cents = int(Decimal(str(factor)) * listing.price_cents + Decimal("0.5"))
    price = f"${cents // 100}.{cents % 100:02d}"
    person.says(price)
    person.open(listing.product_id)
    person.says(price, f"Sold by {name}")
    person.button("Add to cart", person.page.get_by_role("region", name="Buy"))
    person.says(f"Sold by {name}", f"Subtotal (1 item): {price}")
    (added,) = person.done("cart_add")
    assert (added["product_id"], added["seller"]) == (listing.product_id, name)


def test_gives_up_with_a_full_cart(person):
    for product_id in (CINNAMON, LAMP):
        person.visit(product_id)
        person.button("Add to cart", person.page.get_by_role("region", name="Buy"))
    person.link("Proceed to checkout")
    person.says("Items (2) $28.48")
    person.page.close()
    assert [event.kind for event in person.session.events][-1] == "checkout"
    assert person.done("order") == []
    assert person.session.orders == []
    assert {item.product_id: units for item, units in person.session.cart.items()} == {
        CINNAMON: 1,
        LAMP: 1,
    }


def test_buys_by_keyboard_alone(enter):
    person = enter("desk")
    page, keys = person.page, person.page.keyboard
    focused = page.locator(":focus")

    def tab_to(name: str, most: int = 120) -> None:
        """Goes on until something of this name has the focus."""
        for _ in range(most):
            keys.press("Tab")
            if any(page.get_by_role(role, name=name).and_(focused).count() for role in ROLES):
                return
        raise AssertionError(f"no way to {name}")

    for _ in range(3):
        keys.press("Tab")
    keys.type("cinnamon toothpaste")
    with page.expect_navigation():
        keys.press("Enter")
    for name in (person.catalog.listings[CINNAMON].title, "Buy now", "Place your order"):
        tab_to(name)
        with page.expect_navigation():
            keys.press("Enter")
    assert person.heading() == "Thank you, your order is placed"
    assert person.bought() == [(CINNAMON, 1)]
