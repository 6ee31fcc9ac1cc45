"""Every page, in both themes, by day and by night: what axe finds, and the way by keyboard."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from aces.types import Mark
from marketplace.views.rendering import LOOKS, PAGE_PLACES, PLACES

pytestmark = pytest.mark.browser

MARKS = tuple(
    Mark(kind=f"{look}_{place}", text=f"{look} {place}", look=look, place=place)
    for look in LOOKS
    for place in PLACES
)
NOTICES = tuple(
    Mark(kind=f"page_{look}_{place}", text=f"{look} {place}", look=look, place=place)
    for look in LOOKS
    for place in PAGE_PLACES
)
PATHS = (
    "/",
    "/search?q=stapler",
    "/search?q=&brand=Brand1&stars=4",
    "/search?q=zzzz&low=9999",
    "/product/p1",
    "/product/p1?o.Size=L&o.Color=Red",
    "/product/p1/reviews",
    "/compare?id=p1&id=p2&id=p3&id=p4",
    "/seller/Seller%201",
    "/cart",
    "/checkout",
    "/orders",
    "/help/shipping",
    "/gallery",
    "/nowhere",
)


@pytest.fixture
def enter(chromium, address, sessions):
    """Opens a world: `enter(world)` returns its page, and the session."""
    contexts = []

    def enter(world, width=1280):
        # axe is a script, which the shop's pages do not allow
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, bypass_csp=True, base_url=address
        )
        contexts.append(context)
        page, token = context.new_page(), sessions.admit(world)
        page.goto(f"/enter/{token}")
        return page, sessions.get(token)

    yield enter
    for context in contexts:
        context.close()


@pytest.fixture
def marked_world(full_world):
    """Every mark and notice there is, beside all that a world can have."""

    def make(**settings):
        listings = list(full_world.listings)
        listings[3] = listings[3].model_copy(update={"marks": MARKS})
        listings[0] = listings[0].model_copy(update={"marks": MARKS[::3]})
        facts = {"id": "browse", "listings": tuple(listings), "notices": NOTICES, **settings}
        return full_world.model_copy(update=facts)

    return make


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("theme", ["marigold", "harbor"])
def test_axe_finds_nothing_serious(enter, marked_world, theme, scheme):
    page, session = enter(marked_world(theme=theme, scheme=scheme))
    session.add("p3")
    session.order()
    session.add("p1", options={"Size": "L"})
    session.apply_coupon("TENOFF")
    # what is no matter of colour is the same in all four
    once = (theme, scheme) == ("marigold", "light")
    options = {} if once else {"runOnly": ["color-contrast"]}
    axe, found = Axe(), []
    for path in PATHS:
        page.goto(path)
        for violation in axe.run(page, options=options).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                where = [node["html"][:160] for node in violation["nodes"][:3]]
                found.append((path, violation["id"], where))
    assert found == []


def test_the_way_by_keyboard(enter, marked_world):
    page, _ = enter(marked_world())
    reached, seen = [], []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim()"))
        seen.append(page.evaluate("getComputedStyle(document.activeElement).outlineStyle"))
    assert reached[:2] == ["Skip to content", "Marigold"]
    assert set(seen) == {"solid"}
    page.goto("/product/p1")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    inside = "document.querySelector('main').contains(document.activeElement)"
    assert page.evaluate(inside), "the skip link leads past the header"


def test_pictures_are_switched_without_scripts(enter, full_world):
    listings = list(full_world.listings)
    listings[0] = listings[0].model_copy(update={"pictures": ("a.png", "b.png", "c.png")})
    page, _ = enter(full_world.model_copy(update={"listings": tuple(listings)}))
    page.goto("/product/p1")
    shown = ".gallery .frame >> visible=true"
    assert page.locator(shown).locator("img").get_attribute("alt") == "Product picture 1 of 3"
    page.get_by_label("Show picture 3 of 3").press("Space")
    assert page.locator(shown).locator("img").get_attribute("alt") == "Product picture 3 of 3"


def test_the_summary_follows_the_delivery_chosen(enter, full_world):
    page, session = enter(full_world)
    session.add("p4")
    page.goto("/checkout")
    total = page.locator("dd.total").inner_text
    assert total() == "$30.99"
    page.get_by_role("radio", name="Express").check()
    assert total() == "$40.98"
    page.get_by_role("button", name="Place your order").click()
    assert session.orders[0].total_cents == 4098
