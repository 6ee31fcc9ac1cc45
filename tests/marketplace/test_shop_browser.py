"""What only a browser can tell: that cards fit the window, and what a screen reader is given."""

import pytest

from aces.types import Mark, Review
from marketplace.marks import STANDARD_MARKS, standard_mark

pytestmark = pytest.mark.browser

CROWDED = {
    "title": "Brand Heavy Duty Stapler with Ergonomic Grip, Spare Staples and a Remover, " * 3,
    "price_cents": 129999,
    "list_price_cents": 169999,
    "review_count": 128431,
    "stock": 4,
    "marks": tuple(standard_mark(kind) for kind in STANDARD_MARKS),
}


@pytest.fixture
def open_shop(chromium, address, sessions):
    """Opens a world at a window size: `open_shop(world, width, height)`."""
    contexts = []

    def enter(world, width=1280, height=1080):
        context = chromium.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        page = context.new_page()
        page.asked = []
        page.complaints = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.goto(f"{address}/enter/{sessions.admit(world)}")
        return page

    yield enter
    for context in contexts:
        context.close()


def boxes(page):
    return page.eval_on_selector_all(
        "article.listing", "cards => cards.map(card => card.getBoundingClientRect().toJSON())"
    )


@pytest.mark.parametrize("change", [{}, CROWDED], ids=["plain", "crowded"])
def test_eight_cards_fit_the_default_window(open_shop, make_world, change):
    page = open_shop(make_world(changes=dict.fromkeys(range(1, 9), change)))
    cards = boxes(page)
    assert len({round(card["y"]) for card in cards}) == 2
    assert max(card["bottom"] for card in cards) <= 1080
    assert all(card["left"] >= 0 and card["right"] <= 1280 for card in cards)


@pytest.mark.parametrize("columns", [1, 3, 8])
@pytest.mark.parametrize("width", [1000, 1280, 1920])
def test_columns_are_as_set(open_shop, make_world, columns, width):
    page = open_shop(make_world(columns=columns), width)
    assert len({round(card["x"]) for card in boxes(page)}) == columns


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_overflows_and_all_stay_at_home(open_shop, make_world, address, width):
    page = open_shop(make_world(changes={1: CROWDED}), width, 800)
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    overflows = [page.evaluate(overflow)]
    for target in ("article.listing h2 a", "text=Buy now", "text=Place your order"):
        with page.expect_navigation():
            page.click(target)
        overflows.append(page.evaluate(overflow))
    assert page.locator("h1").inner_text() == "Thank you, your order is placed"
    page.goto(address + "/cart")
    overflows.append(page.evaluate(overflow))
    assert overflows == [0] * 5
    assert all(url.startswith(address + "/") for url in page.asked)
    assert page.complaints == []


HOSTILE = {
    "title": "Stapler" * 700,
    "price_cents": 10**13,
    "list_price_cents": 10**14,
    "review_count": 10**9,
    "seller": "Seller" * 60,
    "pictures": ("missing.png",),
    "description": "הידק " * 400 + "x" * 900,
    "bullets": ("y" * 700, "مشبك " * 90, "🎁" * 300),
    "marks": tuple(
        Mark(kind="own", text="Bargain" * 20, look=look, place=place)
        for look in ("badge", "flag")
        for place in ("image", "title", "price", "delivery", "buy")
    ),
}
EVERYWHERE = (
    "/",
    "/search?q=stapler",
    "/search?q=zzzz",
    "/product/p1",
    "/product/p1/reviews",
    "/compare?id=p1&id=p2&id=p3&id=p4",
    "/seller/" + "Seller" * 60,
    "/cart",
    "/checkout",
    "/orders",
    "/help/returns",
    "/gallery",
)


@pytest.mark.parametrize("theme", ["marigold", "harbor"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_bursts_a_page(open_shop, full_world, address, sessions, width, theme):
    listings = [each.model_copy(update=HOSTILE) for each in full_world.listings[:2]]
    product = full_world.products["p1"].model_copy(
        update={
            "brand": "Brand" * 50,
            "attributes": {"name" * 40: "value" * 60},
            "specification": {"name" * 40: "value" * 60},
            "reviews": (Review(stars=4, title="t" * 400, text="w" * 900, author="a" * 200),),
        }
    )
    world = full_world.model_copy(
        update={
            "id": "browse",
            "theme": theme,
            "listings": (*listings, *full_world.listings[2:]),
            "products": {**full_world.products, "p1": product},
        }
    )
    page = open_shop(world, width, 800)
    (session,) = sessions._open.values()
    session.add("p1")
    session.order()
    session.add("p1", 2)
    wide = []
    for path in EVERYWHERE:
        page.goto(address + path)
        beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        wide += [(path, beyond)] if beyond > 0 else []
    assert wide == []


def test_a_screen_reader_is_given_every_fact_once(open_shop, make_world):
    change = {"list_price_cents": 2999, "stock": 3, "marks": (standard_mark("sponsored"),)}
    page = open_shop(make_world(1, {1: change}))
    title = "Brand1 Full-Strip Stapler, Size 1"
    assert page.locator("ol.results").aria_snapshot().splitlines() == [
        "- list:",
        "  - listitem:",
        "    - article:",
        "      - text: Sponsored",
        f'      - heading "{title}" [level=2]:',
        f'        - link "{title}":',
        "          - /url: /product/p1",
        "      - paragraph:",
        '        - img "4.1 out of 5 stars"',
        "        - text: (1,234 ratings )",
        "      - paragraph: $15.99 List price $29.99 -46%",
        "      - paragraph: FREE delivery Tue, Jan 20",
        "      - text: Only 3 left in stock",
        f'      - button "Add to cart, {title}": Add to cart',
    ]


def test_a_page_has_one_set_of_pixels_visited_or_not(open_shop, make_world):
    pages = [open_shop(make_world(changes={2: CROWDED})) for _ in range(3)]
    shots = {page.screenshot() for page in pages}
    pages[0].goto(pages[0].locator("article.listing h2 a").first.evaluate("link => link.href"))
    pages[0].go_back()
    assert shots == {pages[0].screenshot()}
