"""A catalogue that means harm, or knows no measure: every page, the API and every link of it.

Chromium runs with scripts switched on, so that whatever got into a page as markup would show.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import Browser, Page, Request

from aces.catalog import Catalog
from aces.types import (
    Category,
    Coupon,
    Listing,
    Mark,
    Offer,
    Option,
    OptionValue,
    Product,
    Review,
    Seller,
)
from marketplace.app import create_app
from marketplace.sessions import Session, Sessions
from marketplace.views.rendering import LOOKS, PAGE_PLACES, PLACES
from marketplace.worlds import browsing_world
from tests.marketplace.conftest import PageReader, StubPictures, Visitor

CODE = "window.hacked=1"
TEXTS = {
    "script": f"<script>{CODE}</script>",
    "image": f'"><img src=x onerror="{CODE}">',
    "quotes": f'\' onmouseover=\'{CODE}\' " autofocus onfocus="{CODE}" style="',
    "entities": "&lt;b&gt; &amp; &#39; & <b &nbsp",
    "closing": f"</script><script>{CODE}</script><!-- <script>",
    "comment": f"--><!-- ]]></title></textarea></style></select><script>{CODE}</script>",
    "address": f"javascript:{CODE}//",
    "template": "{{ 7 * 7 }}{% raw %} ${7*7} {0} %s %(x)s \\u003c \\",
    "direction": "\u202eevil\u202c מהדק 12 Stapler קטן (٣) مشبك \u2066x\u2069 \u2028 \u2029",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈👨🏽‍🚀" * 40,
    "unbroken": "W" * 5000,
    "words": ("many words " * 455).strip(),
}
CATEGORIES = {
    "a/b": ("Rock / Paper", "Toys / Games & <More>"),
    "\"q\" & 'r' <i>": (TEXTS["image"], "Toys / Games & <More>"),
    "what? #1 100%2F": ("What? #1", 'It\'s "here"'),
    "לא ידוע": (TEXTS["direction"], TEXTS["closing"]),
    "unbroken": ("W" * 300, "V" * 300),
    "no title": None,
}
NUMBERS = {
    "free": {"price_cents": 0, "list_price_cents": 0, "rating": 0.0, "review_count": 0},
    "dear": {
        "price_cents": 99_999_999_999,
        "list_price_cents": 10**12,
        "shipping_cents": 10**11,
        "rating": 5.0,
        "review_count": 60_000_000,
        "delivery_days": 3000,
    },
    "gone": {"stock": 0, "rating": None, "review_count": 7},
    "unrated": {"rating": 0.0, "review_count": 60_000_000, "stock": 1},
    "cheaper": {"list_price_cents": 1, "rating": 4.999, "review_count": 0},
    "bare": {"pictures": (), "description": "", "bullets": (), "seller": "", "offers": ()},
}
ADDRESS = ("name", "street", "city", "postal_code")


def a_product(id: str, text: str, category: str, values: int = 3) -> Product:
    """A product that says the same wherever it can say something."""
    shades = tuple(
        OptionValue(
            value=f"{n} {text}"[:400],
            price_factor=1 + n / 10,
            swatch="red;background:url(//evil)" if n % 2 else "",
            picture=text[:80],
        )
        for n in range(values)
    )
    kinds = (OptionValue(value="One"), OptionValue(value="Two"))
    reviews = tuple(
        Review(stars=5 - n % 3, title=text, text=text, author=text[:400], date="2025-01-11")
        for n in range(4)
    )
    return Product(
        id=id,
        category=category,
        brand=text[:600],
        attributes={text[:400]: text[:900], "color": text[:900]},
        specification={text[:400]: text, "Size": text},
        options=(Option(name=text[:200], values=shades), Option(name="Kind", values=kinds)),
        sold_out=({"Kind": "Two"},),
        reviews=reviews,
    )


def a_listing(id: str, text: str, **facts: object) -> Listing:
    """Its listing, as loud."""
    offer = Offer(seller=f"2 {text}"[:600], price_factor=0.5, condition=text[:300])
    marks = (
        Mark(kind="own", text=text[:300], look=LOOKS[len(text) % len(LOOKS)], place=place)
        for place in PLACES
    )
    told = {
        "title": text,
        "description": text,
        "bullets": (text[:900],) * 60,
        "price_cents": 1999,
        "rating": 4.5,
        "review_count": 1200,
        "pictures": ("missing.png", "fine.png", f"../{text[:80]}"),
        "seller": text[:600],
        "offers": (offer,),
        "marks": tuple(marks),
    }
    return Listing.model_validate({"product_id": id, **told, **facts})


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    texts = {f"{name}.v-1..0": text for name, text in TEXTS.items()}
    texts |= {f"{name}-": f"Something {name}" for name in NUMBERS}
    categories = list(CATEGORIES)
    products = {
        id: a_product(id, text, categories[n % len(categories)], 40 if n % 4 == 0 else 3)
        for n, (id, text) in enumerate(texts.items())
    }
    listings = {id: a_listing(id, text, **NUMBERS.get(id[:-1], {})) for id, text in texts.items()}
    known = {
        text[:600]: Seller(
            name=text[:600],
            about=text,
            ships_from=text[:300],
            rating=4.2,
            review_count=10**8,
            shipping=text,
            returns=text,
        )
        for text in TEXTS.values()
    }
    about = {
        name: Category(title=told[0], department=told[1])
        for name, told in CATEGORIES.items()
        if told
    }
    return Catalog("hostile", "USD", products, listings, sellers=known, about=about)


def a_shop(catalog: Catalog, **settings: object) -> tuple[Visitor, Sessions, str]:
    """A visitor in it, with an order behind and things in the cart."""
    texts = list(TEXTS.values())
    notices = tuple(
        Mark(kind="note", text=texts[n % len(texts)][:300], look=look, place=place)
        for n, look in enumerate(LOOKS)
        for place in PAGE_PLACES
    )
    coupons = (Coupon(code="A" * 20, percent=100, off_cents=10**9, minimum_cents=10**9),)
    world = browsing_world(catalog, notices=notices, coupons=coupons, **settings)
    sessions = Sessions(catalog)
    token = sessions.admit(world)
    visitor = Visitor(create_app(sessions, StubPictures()), token)
    listings = list(catalog.listings)
    for id in (*listings[:6], "dear-"):
        visitor.post("/cart", product_id=id)
    address = dict.fromkeys(ADDRESS, (TEXTS["script"] + TEXTS["image"])[:100])
    visitor.post("/orders", number=1, **address)
    for n, id in enumerate(id for id in listings if id != "gone-"):
        wanted = {"seller": catalog.listings[id].offers[0].seller} if n % 5 == 0 else {}
        visitor.post("/cart", product_id=id, **wanted)
    visitor.post("/coupon", code="A" * 20)
    return visitor, sessions, token


def pages(catalog: Catalog, order: str) -> Iterator[str]:
    """Every kind of page, with what is worst on it."""
    yield from ("/", "/search?q=many+words", "/search?q=", "/deals", "/cart", "/checkout")
    yield from ("/orders", order, "/gallery", "/help/about", "/compare", "/search?q=zzzzqq")
    yield "/search?" + urlencode({"q": TEXTS["image"], "brand": TEXTS["script"], "a.x": "'\"><b>"})
    yield "/search?" + urlencode({"q": "W" * 4000, "seller": TEXTS["closing"], "low": "<1>"})
    ids = list(catalog.listings)
    yield from (f"/product/{id}" for id in ids)
    for name in ("direction", "unbroken", "closing"):
        yield f"/product/{name}.v-1..0/reviews"
    for start in range(0, len(ids), 4):
        yield "/compare?" + urlencode([("id", id) for id in ids[start : start + 4]])
    for text in (TEXTS["image"], TEXTS["address"], TEXTS["unbroken"][:600]):
        yield f"/seller/{quote(text, safe='')}"
    for name in CATEGORIES:
        yield f"/category/{quote(name, safe='')}"
    for name in catalog.departments():
        yield f"/department/{quote(name, safe='')}"


@pytest.fixture(scope="module")
def shop(catalog: Catalog) -> tuple[Visitor, list[str]]:
    visitor, sessions, token = a_shop(catalog)
    session = sessions.get(token)
    assert session.coupon is not None
    assert len(session.cart) == len(catalog.listings) - 1
    return visitor, list(pages(catalog, f"/orders/{session.orders[0].id}"))


def folded(text: str) -> str:
    return " ".join(text.split())


def test_every_page_is_whole_and_holds_no_foreign_element(shop):
    visitor, paths = shop
    for path in paths:
        root = PageReader(visitor.page(path)).root
        scripts = [node.attributes for node in root.all("script")]
        assert scripts in ([], [{"type": "application/ld+json"}]), path
        for node in root.walk():
            assert node.tag not in ("iframe", "object", "svg", "style", "b", "i", "base"), path
            assert not [name for name in node.attributes if name.startswith("on")], path
            assert "autofocus" not in node.attributes, path
            target = node.attributes.get("href", node.attributes.get("action", "/"))
            assert re.match(r"/(?!/)|#", target), (path, target)
            assert re.fullmatch(
                r"|--(columns|rating|share|swatch):[\d.#a-f]+", node.attributes.get("style", "")
            ), (path, node.attributes)


def test_error_pages_say_what_was_asked_for_as_text_or_not_at_all(shop):
    visitor, _ = shop
    for path in (f"/{TEXTS['script']}", f"/product/{TEXTS['image']}", f"/seller/{CODE}/<b>"):
        root = PageReader(visitor.page(quote(path), status=404)).root
        assert not root.all("script")
        assert not root.all("b")
    visitor.post("/coupon", code=TEXTS["image"])
    alert = PageReader(visitor.page("/cart")).root.one(role="alert")
    assert alert.text == f"The code '{TEXTS['image'].upper()[:20]}' is not valid."


@pytest.mark.parametrize("name", TEXTS)
def test_a_product_is_told_as_it_was_written(shop, catalog, name):
    visitor, _ = shop
    id, text = f"{name}.v-1..0", TEXTS[name]
    product = catalog.products[id]
    root = PageReader(visitor.page(f"/product/{id}")).root
    assert root.one("h1").text == folded(text)
    assert root.one(cls="product-brand").one("a").text == folded(product.brand)
    assert [node.text for node in root.one(cls="bullets").all("li")] == [folded(text[:900])] * 60
    assert root.one(cls="description").one("p").text == folded(text)
    assert folded(text) in [node.text for node in root.all(cls="text")]
    cells = [node.text for node in root.one("table", cls="attributes").all("td")]
    assert cells == [folded(text[:900])] * 2
    graph = json.loads(root.one("script").text)["@graph"]
    (node,) = (each for each in graph if each["@type"] == "Product")
    assert (node["name"], node["description"]) == (text, text)
    assert node["brand"]["name"] == product.brand
    assert {each["value"] for each in node["additionalProperty"]} == {text[:900]}
    assert [each["reviewBody"] for each in node["review"]] == [text] * 4
    assert node["offers"]["offers"][0]["seller"]["name"] == text[:600]
    tags = {each.attributes.get("property"): each.attributes for each in root.all("meta")}
    assert unescape(tags["og:title"]["content"]) == unescape(text)
    answer = visitor.api("GET", f"/api/products/{id}")
    assert (answer["title"], answer["brand"]) == (text, product.brand)
    assert answer["attributes"] == dict(product.attributes)
    assert len(answer["options"][0]["values"]) == len(product.options[0].values)


def test_the_api_answers_everywhere(shop, catalog):
    visitor, _ = shop
    for path in (
        "home",
        "categories",
        "search?q=many+words&facets=1",
        "cart",
        "checkout",
        "orders",
    ):
        visitor.api("GET", f"/api/{path}")
    for id in catalog.listings:
        assert visitor.api("GET", f"/api/products/{id}")["id"] == id
        visitor.api("GET", f"/api/products/{id}/reviews")
    for name in catalog.sellers:
        assert visitor.api("GET", f"/api/sellers/{quote(name, safe='')}")["name"] == name
    told = {
        each["id"]: each["total"] for each in visitor.api("GET", "/api/categories")["categories"]
    }
    assert told == catalog.categories()


def test_every_link_leads_somewhere(shop):
    visitor, paths = shop
    found = {}
    for path in paths:
        for link in PageReader(visitor.page(path)).root.all("a"):
            found.setdefault(link.attributes["href"].partition("#")[0], path)
    found.pop("")
    broken = [
        (path, href)
        for href, path in found.items()
        if visitor.client.get(href, follow_redirects=True).status_code != 200
    ]
    assert broken == []


def test_a_choice_of_a_facet_finds_as_many_as_it_says(shop, catalog):
    visitor, _ = shop
    wrong, tried = [], 0
    for name in CATEGORIES:
        root = PageReader(visitor.page(f"/category/{quote(name, safe='')}")).root
        for choice in root.one("details", cls="filters").all("li"):
            link = choice.one("a")
            count = int(re.search(r"\((\d+) products\)$", choice.text)[1])
            if link.attributes.get("aria-current"):
                continue
            tried += 1
            answer = visitor.api("GET", f"/api{link.attributes['href']}")
            if answer["total"] != count:
                wrong.append((name, choice.text[:60], answer["total"]))
    assert tried > 50
    assert wrong == []


MISSING = "Failed to load resource: the server responded with a status of 404 (NOT FOUND)"
INTRUDER = f'<img src="/x" onerror="{CODE}">'
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
STICKING_OUT = """() => {
  const cards = "article.listing, .tile, .shelf, .panel, .sheet, .buy-box, .line, .review, .facet";
  const found = [];
  for (const card of document.querySelectorAll(cards)) {
    const room = card.getBoundingClientRect();
    for (const node of card.querySelectorAll("*")) {
      const box = node.getBoundingClientRect();
      if (!box.width || !box.height || node.closest(".hidden, option")) continue;
      if (!node.checkVisibility({visibilityProperty: true})) continue;
      const beyond = Math.max(room.left - box.left, box.right - room.right,
                              room.top - box.top, box.bottom - room.bottom);
      if (beyond <= 1) continue;
      let parent = node.parentElement, cut = false;
      for (; parent != card && !cut; parent = parent.parentElement)
        cut = getComputedStyle(parent).overflow != "visible";
      if (getComputedStyle(card).overflowX == "auto") cut = true;
      if (!cut) found.push(`${node.tagName}.${node.className} ${Math.round(beyond)}px out of ` +
                           `${card.tagName}.${card.className}`);
    }
  }
  return [...new Set(found)];
}"""


@dataclass
class Watched:
    """A page whose every request and complaint is noted."""

    page: Page
    address: str
    asked: list[tuple[str, bool]] = field(default_factory=list)
    """URL, and whether a page was asked for."""
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        say = self.complaints.append
        self.page.on("console", lambda message: say(message.text))
        self.page.on("pageerror", lambda error: say(str(error)))
        self.page.on("dialog", lambda dialog: say(dialog.message))
        self.page.on("request", self.note)

    def note(self, request: Request) -> None:
        self.asked.append((request.url, request.is_navigation_request()))

    def wrong(self) -> list[str]:
        """What was said but that a picture is missing, and asked for but pages and files."""
        here = re.escape(self.address)
        said = [text for text in self.complaints if text != MISSING]
        return said + [
            url
            for url, whole in self.asked
            if not re.match(f"{here}/" if whole else f"{here}/(static|pictures)/", url)
        ]

    def bursting(self) -> list[str]:
        """What does not fit the window or its card."""
        beyond = self.page.evaluate(OVERFLOW)
        return ([f"page by {beyond}px"] if beyond > 0 else []) + self.page.evaluate(STICKING_OUT)


@pytest.fixture
def watch(chromium: Browser, serve: Callable, catalog: Catalog) -> Iterator[Callable]:
    """Opens the shop in a browser with scripts: `watch(theme="harbor")`."""
    contexts = []

    def watch(**settings: object) -> tuple[Watched, Session]:
        visitor, sessions, token = a_shop(catalog, **settings)
        address = serve(visitor.client.application)
        contexts.append(chromium.new_context(base_url=address))
        watched = Watched(contexts[-1].new_page(), address)
        watched.page.goto(f"/enter/{token}")
        return watched, sessions.get(token)

    yield watch
    for context in contexts:
        context.close()


@pytest.mark.browser
@pytest.mark.parametrize("layout", ["grid", "list"])
@pytest.mark.parametrize("theme", ["marigold", "harbor"])
def test_nothing_runs_is_fetched_or_bursts_in_a_browser(watch, catalog, theme, layout):
    watched, session = watch(theme=theme, layout=layout, columns=4 if layout == "grid" else 1)
    paths = [*pages(catalog, f"/orders/{session.orders[0].id}"), f"/{quote(TEXTS['script'])}"]
    if layout == "list":  # which is a matter of results alone
        paths = [path for path in paths if re.match("/(search|category|department|deals)", path)]
    page, burst = watched.page, []
    for path in paths:
        page.goto(path, wait_until="domcontentloaded")
        assert page.evaluate("window.hacked") is None, path
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            burst += [(path[:80], width, each) for each in watched.bursting()]
    assert burst == []
    assert watched.wrong() == []


@pytest.mark.browser
def test_what_should_not_be_is_noticed(watch):
    watched, _ = watch()
    page = watched.page
    assert watched.wrong() + watched.bursting() == []
    page.evaluate("document.querySelector('.tile .price').style.marginLeft = '500px'")
    assert any(" out of DIV.tile" in each for each in watched.bursting())
    page.evaluate("document.querySelector('.page').style.width = '3000px'")
    assert watched.bursting()[0].startswith("page by ")
    with page.expect_console_message(lambda message: "Security Policy" in message.text):
        page.evaluate(f"document.body.insertAdjacentHTML('beforeend', {json.dumps(INTRUDER)})")
    policy, asked = watched.wrong()
    assert "Content Security Policy" in policy
    assert asked == f"{watched.address}/x"
