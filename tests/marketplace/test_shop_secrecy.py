"""A page tells the treatment in the one place where a shopper sees it, and nothing else leaks."""

import difflib
import re

import pytest

from aces.types import Mark
from marketplace.marks import STANDARD_MARKS, legend, standard_mark

DATA_BLOCK = '<script type="application/ld+json">'
SHEETS = ("shop", "marigold", "harbor")
RESULTS, PRODUCT, CART = "/search?q=stapler", "/product/p3", "/cart"


def walk(visitor):
    """Every page of a purchase of p3: path -> markup."""
    pages = {path: visitor.page(path) for path in ("/", RESULTS, PRODUCT)}
    visitor.post("/cart", product_id="p3")
    pages |= {path: visitor.page(path) for path in (CART, "/checkout")}
    order = visitor.post("/orders", number=1)
    return pages | {order: visitor.page(order)}


def to_machines(page):
    """What a page marks up for machines."""
    return re.findall(r'<meta property=.*|<script type="application/ld\+json">.*', page)


def to_people(page):
    """The page without what it marks up, and without the ratings behind its stars."""
    page = re.sub(r'<meta property=.*\n|<script type="application/ld\+json">.*\n', "", page)
    return re.sub(r'<section [^>]*id="reviews">.*?</section>', "", page, flags=re.DOTALL)


def changed(old, new):
    """Lines that went and came between two pages, folded to what is not blank."""
    lines = difflib.ndiff(old.splitlines(), new.splitlines())
    kept = [line for line in lines if line[0] in "-+" and line[2:].strip()]
    return [line[2:] for line in kept if line[0] == "-"], [
        line[2:] for line in kept if line[0] == "+"
    ]


def mark(look, text):
    return [], [f'<span class="mark mark-{look}">{text}</span>']


PRICE = '<span class="price"><span class="symbol">$</span>{}<span class="cents">{}</span></span>'
NOTHING = ([], [])
CUSTOM = Mark(kind="eco", text="Climate friendly", look="badge", place="delivery")
ARMS = [
    ({"marks": (standard_mark("sponsored"),)}, *[mark("quiet", "Sponsored")] * 2),
    ({"marks": (standard_mark("overall_pick"),)}, *[mark("badge", "Overall Pick")] * 2),
    ({"marks": (standard_mark("best_seller"),)}, *[mark("ribbon", "Best Seller")] * 2),
    ({"marks": (standard_mark("limited_time"),)}, *[mark("flag", "Limited time deal")] * 2),
    ({"marks": (CUSTOM,)}, *[mark("badge", "Climate friendly")] * 2),
    (
        {"stock": 2},
        mark("notice", "Only 2 left in stock"),
        (['<p class="in-stock">In stock</p>'], mark("notice", "Only 2 left in stock")[1]),
    ),
    ({"stock": 5}, NOTHING, NOTHING),
    (
        {"price_cents": 1234},
        *[([PRICE.format(25, ".99")], [PRICE.format(12, ".34")])] * 2,
    ),
    (
        {"list_price_cents": 3999},
        *[
            (
                [],
                [
                    '<s class="list-price"><span class="hidden">List price </span>$39.99</s>',
                    '<span class="saving">-35%</span>',
                ],
            )
        ]
        * 2,
    ),
    (
        {"review_count": 77},
        *[
            (
                ['<span class="count">(3,234<span class="hidden"> ratings</span>)</span>'],
                ['<span class="count">(77<span class="hidden"> ratings</span>)</span>'],
            )
        ]
        * 2,
    ),
]


@pytest.mark.parametrize(("change", "on_results", "on_product"), ARMS, ids=lambda value: "")
def test_arms_differ_in_the_visible_place_only(visit, make_world, change, on_results, on_product):
    control = walk(visit(make_world()))
    arm = walk(visit(make_world(changes={3: change}, id="other-world")))
    assert list(control) == list(arm)
    found = {path: changed(to_people(control[path]), to_people(arm[path])) for path in control}
    assert found.pop(RESULTS) == found.pop("/") == on_results
    assert found.pop(PRODUCT) == on_product
    marked_up = to_machines(control[PRODUCT]) != to_machines(arm[PRODUCT])
    assert marked_up == bool({"price_cents", "list_price_cents", "review_count"} & set(change))
    if "price_cents" in change:  # what is paid is seen to the end
        gone, come = zip(*found.values(), strict=True)
        # the price itself, or with express delivery
        assert all(re.search(r"\$25\.99|\$35\.98", line) for lines in gone for line in lines)
        assert all(re.search(r"\$12\.34|\$22\.33", line) for lines in come for line in lines)
    else:
        assert set(map(str, found.values())) == {str(NOTHING)}


def test_position_is_order_alone(visit, make_world):
    world = make_world()
    turned = world.model_copy(update={"listings": world.listings[::-1], "id": "other"})
    pages = [visit(each).page(RESULTS) for each in (world, turned)]
    shelf = re.compile(r'(?<=<ol class="results").*?(?=</ol>)', re.DOTALL)
    shelves = [re.findall(r"<li>.*?</li>", shelf.search(page)[0], re.DOTALL) for page in pages]
    assert shelves[0] == shelves[1][::-1]
    assert len(shelves[0]) == 8
    assert shelf.sub("", pages[0]) == shelf.sub("", pages[1])


def everything(make_world):
    marks = tuple(standard_mark(kind) for kind in STANDARD_MARKS)
    return make_world(changes={3: {"marks": marks, "stock": 2, "list_price_cents": 9999}})


def test_markup_never_names_a_treatment(visit, make_world):
    for path, page in walk(visit(everything(make_world))).items():
        tags = " ".join(re.findall(r"<[^>]*>", page)).lower()
        words = set(re.split(r"[^a-z_]+", tags))
        secrets = {*legend(), "low_stock", "treatment", "arm", "level", "world", "discounted"}
        assert not words & secrets, path
        assert "world-1" not in page


def test_nothing_is_loaded_from_or_leads_to_elsewhere(visit, make_world, app):
    for path, page in walk(visit(everything(make_world))).items():
        targets = re.findall(r'\s(?:href|src|action|srcset|formaction)="([^"]*)"', page)
        assert targets, path
        assert all(re.match(r"/(?!/)|#", target) for target in targets), path
        assert "://" not in page.replace("https://schema.org", ""), path
        assert set(re.findall(r"<script[^>]*>", page)) <= {DATA_BLOCK}, path
    sheets = [app.test_client().get(f"/static/{name}.css").text for name in SHEETS]
    sheet = "".join(sheets)
    for forbidden in ("url(", "@import", "@keyframes", "animation:", "transition:"):
        assert forbidden not in sheet


def test_pages_have_no_clock_and_no_chance(visit, make_world):
    assert walk(visit(make_world())) == walk(visit(make_world()))


def test_every_answer_carries_the_headers(visit, app):
    visitor = visit()
    for path in ("/search", "/product/p1", "/nowhere", "/api/search", "/pictures/a.png"):
        headers = visitor.client.get(path).headers
        policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == policy["img-src"] == policy["style-src"] == "'self'"
        assert policy["script-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["form-action"] == "'self'"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        keep = "immutable" in headers["Cache-Control"]
        assert keep == path.startswith("/pictures/")
        assert keep or headers.getlist("Cache-Control") == ["no-store"]
    style = re.search(r"/static/shop\.css\?v=\w+", visitor.page("/"))[0]
    with app.test_client().get(style) as sheet:
        assert sheet.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert app.test_client().get("/pictures/missing.png").headers["Cache-Control"] == "no-store"
