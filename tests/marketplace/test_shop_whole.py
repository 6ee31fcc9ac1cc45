"""What a whole shop has beside results, cart and order: filters, options, reviews, orders, help."""

import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from aces.catalog import Catalog
from aces.types import Category, Mark, Seller
from marketplace.app import create_app
from marketplace.sessions import Sessions
from marketplace.views.rendering import LOOKS, PAGE_PLACES, PLACES


@pytest.fixture
def whole_shop(full_world, visit):
    """A visitor to a shop that sells a catalogue, of which the shelf is empty."""
    listings = {listing.product_id: listing for listing in full_world.listings}
    catalog = Catalog(
        "test",
        "USD",
        full_world.products,
        listings,
        sellers={"Seller 1": Seller(name="Seller 1", rating=4.6, review_count=1234, since=2019)},
        about={"stapler": Category(title="Staplers", department="Office & School")},
    )
    world = full_world.model_copy(
        update={"listings": (), "products": {}, "rest": "catalog", "page_size": 3}
    )
    sessions = Sessions(catalog)
    return type(visit())(create_app(sessions), sessions.admit(world))


def titles(page):
    return [card.one("h2").text[5] for card in page.one("ol", cls="results").all("article")]


def test_the_front_page_leads_into_the_catalogue(whole_shop):
    page = whole_shop.read("/")
    departments = page.one("nav", cls="departments").all("a")
    assert [(link.text, link.attributes["href"]) for link in departments] == [
        ("Today's deals", "/deals"),
        ("Office & School", "/department/Office%20%26%20School"),
    ]
    rows = [row.one("h2").text for row in page.all("section", cls="row")]
    assert rows == ["Shop by department", "Today's deals", "Popular right now"]
    for path in ("/department/Office%20%26%20School", "/category/stapler"):
        assert whole_shop.read(path).one("h1").text.endswith("1-3 of 8 results")
    assert whole_shop.read("/deals").one("h1").text == "Today's deals 1 result"
    crumbs = whole_shop.read("/category/stapler").one("nav", cls="trail").all("li")
    assert [crumb.text for crumb in crumbs] == ["Marigold", "Office & School", "Staplers"]


def test_a_trials_shop_has_no_way_out_of_the_shelf(visit):
    visitor = visit()
    page = visitor.read("/")
    assert not page.all("nav", cls="departments")
    assert len(page.all("div", cls="tile")) == 8
    for path in ("/category/lamp", "/department/Office", "/seller/Nobody", "/help/me", "/gallery"):
        visitor.page(path, status=404)


def test_filters_sorting_and_pages_are_links_and_forms(whole_shop):
    page = whole_shop.read("/search?q=stapler&sort=price_desc")
    assert titles(page) == ["8", "7", "6"]
    assert page.one("nav", cls="pages").one(rel="next").attributes["href"].endswith("page=2")
    sort = page.one("form", cls="sort")
    assert [field.attributes["value"] for field in sort.all("input", name="q")] == ["stapler"]
    assert [o.attributes["value"] for o in sort.all("option", selected="")] == ["price_desc"]
    brand = next(a for a in page.one(cls="filters").all("a") if a.text.startswith("Brand7 "))
    assert brand.text == "Brand7 (1 products)"
    narrowed = whole_shop.read(brand.attributes["href"])
    assert titles(narrowed) == ["7"]
    (chip,) = narrowed.one(cls="chips").all("a")
    assert chip.text == "Remove filter: Brand7×"
    assert titles(whole_shop.read(chip.attributes["href"])) == ["8", "7", "6"]
    kept = dict(parse_qsl(urlsplit(chip.attributes["href"]).query))
    assert kept == {"q": "stapler", "sort": "price_desc"}


def test_plain_trials_show_no_controls_but_their_urls_work(visit):
    visitor = visit()
    page = visitor.read("/search?q=stapler")
    for tag, cls in (("details", "filters"), ("form", "sort"), ("label", "pick")):
        assert not page.all(tag, cls=cls)
    assert titles(visitor.read("/search?q=stapler&sort=price_desc"))[:2] == ["8", "7"]


def test_nothing_found_says_what_to_do(whole_shop):
    page = whole_shop.read("/search?q=stapler&low=900")
    assert page.one("h1").text == "0 results for stapler"
    assert page.one(cls="empty").all("a")[0].attributes["href"] == "/search?q=stapler"
    assert page.one("section", cls="row").all("div", cls="tile")


def test_options_are_links_and_the_choice_is_bought(visit, full_world, log):
    visitor = visit(full_world)
    page = visitor.read("/product/p1")
    sizes, colors = page.all("section", cls="option")
    assert [a.text for a in sizes.all("a")] == ["S $15.99", "L $19.99"]
    assert [a.text for a in colors.all("a")] == ["Black", "Red"]
    large = visitor.read(sizes.all("a")[1].attributes["href"])
    assert large.one("article", cls="product").one(cls="price").text == "$19.99"
    assert large.one("a", cls="gone").text == "Red (sold out)"
    fields = large.one("form", cls="buy").all("input", type="hidden")
    form = {field.attributes["name"]: field.attributes["value"] for field in fields}
    visitor.post("/cart", **form)
    assert log(visitor, "cart_add")[0]["options"] == {"Size": "L", "Color": "Black"}
    assert "Size: L, Color: Black" in visitor.read("/cart").one(cls="line").text
    gone = visitor.read("/product/p1?o.Size=L&o.Color=Red")
    assert not gone.all("form", cls="buy")
    assert "Currently unavailable" in gone.one(cls="buy-box").text
    assert gone.one(cls="gallery").all("img")[-2].attributes["src"] != ""


def test_other_sellers_sell_too(visit, full_world, log):
    visitor = visit(full_world)
    (offer,) = visitor.read("/product/p1").one("section", cls="offers").all("li")
    assert offer.text.startswith("$11.19 Second Hand Used - good $4.99 delivery Sun, Jan 18")
    fields = offer.all("input")
    visitor.post("/cart", **{f.attributes["name"]: f.attributes["value"] for f in fields})
    assert log(visitor, "cart_add")[0]["seller"] == "Second Hand"
    assert visitor.read("/cart").one("p", cls="total").text == "Subtotal (1 item): $11.19"
    page = visitor.read("/product/p1?seller=Second+Hand")
    assert page.one("article", cls="product").one(cls="price").text == "$11.19"
    assert page.one("form", cls="buy").one("input", name="seller").attributes["value"]


def test_reviews_are_sorted_and_filtered(visit, full_world, log):
    visitor = visit(full_world)
    page = visitor.read("/product/p1").one("section", id="reviews")
    assert len(page.all("article", cls="review")) == 5
    shares = [row.all("td")[1].text for row in page.one("table", cls="bars").all("tr")]
    assert all(re.fullmatch(r"\d+% \([\d,]+\)", share) for share in shares)
    newest = visitor.read("/product/p1/reviews?sort=newest").all("article", cls="review")
    days = [review.all("p", cls="meta")[0].text for review in newest]
    assert "December" in days[0]
    assert "January" in days[-1]
    fives = visitor.read("/product/p1/reviews?stars=5").all("article", cls="review")
    assert {review.one(role="img").attributes["aria-label"] for review in fives} == {"5 stars"}
    assert log(visitor, "reviews")[-1] == {"product_id": "p1", "sort": "helpful", "stars": 5}
    visitor.page("/product/p1/reviews?sort=%00&stars=99")


def test_products_side_by_side(visit, full_world, log):
    visitor = visit(full_world)
    ids = "&".join(f"id=p{n}" for n in (1, 1, 2, 99, 3, 4, 5))
    page = visitor.read(f"/compare?{ids}").one("table")
    assert [th.one(cls="title").text[5] for th in page.all("th", scope="col")] == list("1234")
    assert log(visitor, "compare") == [{"results": ["p1", "p2", "p3", "p4"]}]
    rows = {row.one("th").text: [cell.text for cell in row.all("td")] for row in page.all("tr")[1:]}
    assert rows["Brand"] == ["Brand1", "Brand2", "Brand3", "Brand4"]
    assert rows["Capacity"] == ["21 sheets", "22 sheets", "23 sheets", "24 sheets"]
    assert rows["Buy"][1] == "Not available"
    assert not visitor.read("/compare").all("table")


def test_who_sells(whole_shop):
    page = whole_shop.read("/seller/Seller%201")
    assert page.all("span", cls="count")[0].text == "(1,234 seller ratings)"
    facts = {row.one("th").text: row.one("td").text for row in page.one("table").all("tr")}
    assert facts == {"Selling here since": "2019", "Returns": "Within 30 days"}
    assert [tile.one("h3").text[5] for tile in page.all("div", cls="tile")] == ["1"]


def test_units_and_coupons_in_the_cart(visit, full_world, log):
    visitor = visit(full_world)
    visitor.post("/cart", product_id="p4")
    assert visitor.post("/cart/p4", units=3) == "/cart"
    assert visitor.post("/coupon", code="tenoff ") == "/cart"
    aside = visitor.read("/cart").one("aside")
    assert aside.one("p", cls="total").text == "Subtotal (3 items): $92.97"
    assert [dd.text for dd in aside.all("dd")] == ["-$9.30", "FREE", "$83.67"]
    visitor.post("/coupon/remove")
    assert not visitor.read("/cart").one("aside").all("dd")
    visitor.post("/coupon", code="NONSENSE")
    assert visitor.read("/cart").one(role="alert").text == "The code 'NONSENSE' is not valid."
    visitor.post("/cart/p4", units=0)
    assert visitor.read("/cart").one("h1").text == "Your cart is empty"
    assert visitor.client.post("/cart/p4", data={"units": 1}).status_code == 404
    assert [event["code"] for event in log(visitor, "coupon")] == ["TENOFF", ""]


def test_checkout_takes_an_address_and_a_delivery(visit, full_world, log):
    visitor = visit(full_world)
    visitor.post("/cart", product_id="p4")
    ways = visitor.read("/checkout").all("label", cls="way")
    assert [way.text for way in ways] == [
        "Tue, Jan 20 Standard delivery, order total $30.99 FREE",
        "Fri, Jan 16 Express delivery, order total $40.98 $9.99",
    ]
    form = {"number": 1, "delivery": "express", "name": "Kim Lee", "street": " ", "city": "Ames"}
    answer = visitor.client.post("/orders", data=form)
    assert answer.status_code == 422
    assert "The address needs a street." in answer.text
    assert 'value="Kim Lee"' in answer.text
    assert re.search(r'value="express"[^>]* checked', answer.text)
    order = visitor.post("/orders", **form | {"street": "1 Elm Road"})
    page = visitor.read(order)
    assert "Arriving Fri, Jan 16 at Kim Lee, 1 Elm Road, Ames 62704" in page.one("main").text
    assert page.one("p", cls="total").one("strong").text == "$40.98"
    (placed,) = visitor.read("/orders").all("section", cls="panel")
    assert placed.all("dd")[1].text == "$40.98"
    assert placed.one("dl").one("a").attributes["href"] == order
    assert log(visitor, "order")[0]["delivery"] == "express"


@pytest.mark.parametrize("topic", ["shipping", "returns", "payment", "reviews", "about"])
def test_help(visit, topic):
    assert visit().read(f"/help/{topic}").one("article").all("p")


def test_programs_find_their_way(app):
    client = app.test_client()
    assert client.get("/robots.txt").text.startswith("User-agent: *")
    told = client.get("/llms.txt")
    assert told.content_type == "text/plain; charset=utf-8"
    assert "/api/openapi.json" in told.text


def test_marks_are_drawn_by_look_and_place_or_plainly(visit, make_world):
    marks = [Mark(kind="a", text="Odd", look="neon", place="moon")]
    marks += [Mark(kind="b", text=f"At {place}", look="nudge", place=place) for place in PLACES]
    notices = [Mark(kind="c", text=place, look="coupon", place=place) for place in PAGE_PLACES]
    visitor = visit(make_world(1, {1: {"marks": tuple(marks)}}, notices=tuple(notices)))
    card = visitor.read("/search").one("article")
    drawn = [(mark.text, mark.attributes["class"]) for mark in card.all("span", cls="mark")]
    assert drawn == [
        ("At image", "mark mark-nudge"),
        ("Odd", "mark mark-badge"),
        ("At title", "mark mark-nudge"),
        ("At price", "mark mark-nudge"),
        ("At delivery", "mark mark-nudge"),
    ]
    buy = visitor.read("/product/p1").one(cls="buy-box")
    assert [mark.text for mark in buy.all(cls="mark")] == ["At buy", "At delivery"]
    visitor.post("/cart", product_id="p1")
    for path, shown in (
        ("/", ["banner"]),
        ("/search", ["banner", "results"]),
        ("/cart", ["banner", "cart"]),
        ("/checkout", ["banner", "checkout"]),
    ):
        page = visitor.read(path).one("main")
        assert [mark.text for mark in page.all("p", cls="mark")] == shown


def test_the_gallery_shows_every_look(visit, sessions, make_world):
    own = (Mark(kind="eco", text="Climate friendly"), Mark(kind="x", text="Hey", place="banner"))
    app = create_app(sessions, gallery=own)
    visitor = type(visit())(app, sessions.admit(make_world()))
    page = visitor.read("/gallery")
    assert {"Climate friendly", "Hey"} < {mark.text for mark in page.all(cls="mark")}
    for look in LOOKS:
        assert len(page.all(cls=f"mark-{look}")) >= len(PLACES)


@pytest.mark.parametrize(
    ("settings", "classes"),
    [
        ({}, "theme-marigold density-comfortable layout-grid scheme-light"),
        (
            {"theme": "harbor", "density": "compact", "layout": "list", "scheme": "dark"},
            "theme-harbor density-compact layout-list scheme-dark",
        ),
        ({"theme": "unknown"}, "theme-marigold density-comfortable layout-grid scheme-light"),
    ],
)
def test_looks_are_classes_on_the_page(visit, make_world, settings, classes):
    page = visit(make_world(locale="de-DE", **settings)).read("/search")
    html = page.one("html")
    assert html.attributes == {"lang": "de-DE", "class": classes}
    sheets = [link.attributes["href"] for link in page.all("link", rel="stylesheet")]
    theme = classes.split()[0].removeprefix("theme-")
    assert [re.sub(r"\?.*", "", sheet) for sheet in sheets] == [
        "/static/shop.css",
        f"/static/{theme}.css",
    ]
    assert page.all(cls="price")[0].text == "15,99\xa0$".replace("\xa0", " ")


def test_programs_are_told_the_notices_of_their_page(visit, make_world):
    notices = [Mark(kind="c", text=place, look="coupon", place=place) for place in PAGE_PLACES]
    visitor = visit(make_world(2, notices=tuple(notices)))
    told = {
        path: visitor.api("GET", path)["notices"]
        for path in ("/api/home", "/api/search?q=x", "/api/products/p1", "/api/cart")
    }
    visitor.api("POST", "/api/cart", product_id="p1")
    told["/api/checkout"] = visitor.api("GET", "/api/checkout")["notices"]
    assert list(told.values()) == [
        ["banner"],
        ["banner", "results"],
        ["banner"],
        ["banner", "cart"],
        ["banner", "checkout"],
    ]
    assert "notices" not in visit(make_world(2)).api("GET", "/api/search?q=x")
