"""Two arms of one world differ in what the treatment changes, where a shopper sees it; no more.

Worlds come from real plans: the same task and the same draw, but another arm. Every page and every
answer of a visit is taken apart into what is about the treated listing and all else. All else must
be the same to the letter, unless the treatment is one of the page; what differs must be lines and
keys that are named here for the treatment.
"""

import difflib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from aces.catalog import Catalog
from aces.cli.console import read_experiment
from aces.types import World
from experiments.plan import make_plan
from marketplace import structured, visits
from marketplace.app import create_app
from marketplace.marks import STANDARD_MARKS, standard_mark
from marketplace.sessions import Sessions
from marketplace.views import api as api_pages
from marketplace.views import pages, product, rendering
from tests.marketplace.conftest import Node, PageReader, Visitor

TREATED, OTHER = "kaelix-square-one", "velora-pulse-3"
PRODUCT, RESULTS = f"/product/{TREATED}", "/search?q=fitness+watch"
ANSWER = f"/api{RESULTS}&facets=1"
SHOPS = ("none", "catalog")
NEVER = 1e-12
"""Weight of an arm that is not drawn."""
MONEY = r"(-?\$?[\d,]*(\.\d\d)?|-\d+%)"
DAY = r"[A-Z][a-z]{2}, [A-Z][a-z]{2} \d+"
PROMISE = rf"(FREE|\$\d+\.\d\d) delivery {DAY}"
PRICES = rf"(reviews: )?{MONEY}"
SUMS = rf"paid: ({MONEY}|FREE|Express delivery, order total {MONEY}|Standard delivery, .*{MONEY})"
ROWS = r'paid: (<d[dlt]( class="(sums|total)")?>|Delivery|Estimated total|Items \(1\))'


@dataclass(frozen=True)
class Treatment:
    """A change of one listing, or of the page, and what it may change.

    Attributes:
        field: Of the listing, or of the world.
        value: What the treated arm has.
        lines: Patterns of the lines that may differ in pages and their markup.
        keys: Pattern of the keys that may differ in answers of the API.
        seen: Pages and answers where it must be seen.
        before: What the world of the other arm has.
    """

    field: str
    value: Any
    lines: tuple[str, ...]
    keys: str = "nothing"
    seen: tuple[str, ...] = (RESULTS, PRODUCT, ANSWER)
    before: Any = None


def marked(kind: str) -> Treatment:
    """A standard mark on the listing."""
    mark = standard_mark(kind)
    lines = rf'<span class="mark mark-{mark.look}">', re.escape(mark.text)
    return Treatment("marks", [mark.model_dump()], lines, r"marks\.0")


LISTING = {
    "price": Treatment(
        "price_cents",
        2799,
        (r"<meta property=.product:price.*", r"ld\..*[pP]rice=.*", "filters: .*", PRICES, SUMS),
        r"(.*\.)?(price|total|subtotal|saving_percent)|facets\..*",
    ),
    "rating": Treatment(
        "rating",
        4.5,
        (
            r'\d\.\d|<span class="rating" role="img" aria-label="\d\.\d out of 5 stars" .*',
            r"ld\..*(ratingValue=|\.review\.).*",
            "reviews: .*|filters: .*",
        ),
        r"rating|total|histogram\.\d|reviews\..*|facets\..*",
    ),
    "review_count": Treatment(
        "review_count",
        9876,
        (r"\([\d,]+", r"ld\..*ratingCount=.*", r"reviews: .*[\d,]+.*"),
        r"review_count|histogram\.\d",
    ),
    **{kind: marked(kind) for kind in STANDARD_MARKS},
    "stock": Treatment(
        "stock",
        3,
        ('<p class="in-stock">|In stock|<span class="mark mark-notice">|Only 3 left in stock',),
        r"marks\.0",
    ),
    "title": Treatment(
        "title",
        "Kaelix Watch",
        (r"((reviews|paid): )?.*Kaelix (Square One Smart|Watch).*",),
        r"(.*\.)?title",
    ),
    "pictures": Treatment(
        "pictures",
        ["9d12e3728f523cbb.png"],
        (
            r'((reviews|paid): )?<(img|input|label|meta) .*(/pictures/\w+\.png|picture-\d)".*',
            r'<(div|span) class="(frame|picture|hidden)">|Show picture \d of \d',
            r"ld\..*image\.\d=.*",
        ),
        r"picture|pictures\.\d",
    ),
    "delivery_days": Treatment(
        "delivery_days",
        3,
        (
            PROMISE,
            rf"paid: ({PROMISE}|{DAY}|Arriving {DAY}.*)",
            r"ld\..*(min|max)Value=\d+",
            "filters: .*",
        ),
        r"(.*\.)?(delivery|arrival|arrives)|facets\..*",
    ),
    "shipping": Treatment(
        "shipping_cents",
        499,
        (PROMISE, f"paid: {PROMISE}", SUMS, ROWS, r"ld\..*shippingRate\.value=.*", "filters: .*"),
        r"(.*\.)?(delivery|shipping|price|total)|facets\..*",
    ),
    "fee": Treatment(
        "fee_cents",
        250,
        (
            r'<span class="fee">|\+ \$2\.50 service fee',
            r"reviews: (<span class=.fee.>|\+ \$2\.50 service fee)",
            SUMS,
            ROWS,
            "paid: Service fee",
            r"ld\..*priceSpecification\..*",
        ),
        r"(.*\.)?(fee|fees|total)",
    ),
}
NOTICES = [
    {"kind": "told", "text": "Sorted by us", "look": "disclosure", "place": place}
    for place in ("banner", "results", "cart", "checkout")
]
PARTS = ["product", "breadcrumb"]
CLAIMS = {TREATED: {"rating": 5.0, "price_cents": 999, "stock": 0}}
PAGE = {
    "theme": Treatment(
        "theme",
        "harbor",
        (r"page: <html .*", r'page: <link rel="stylesheet" href="/static/(marigold|harbor)\.css.*'),
        seen=("/", RESULTS, PRODUCT, "/cart", "/orders"),
        before="marigold",
    ),
    "columns": Treatment(
        "columns",
        2,
        (r'page: <ol class="results" style="--columns:\d">',),
        r"page: layout\.columns",
        seen=(RESULTS, ANSWER),
        before=4,
    ),
    "notices": Treatment(
        "notices",
        NOTICES,
        (
            r'(page|paid|reviews): <div class="(banner|notices)" role="note">',
            r'(page|paid|reviews): (<p class="mark mark-disclosure">|Sorted by us|\s*)',
        ),
        r"(\w+: )?notices\.\d",
        seen=("/", RESULTS, ANSWER, PRODUCT, "/cart", "/checkout"),
        before=[],
    ),
    "parts": Treatment(
        "markup",
        {"parts": PARTS},
        (
            r"(page: )?(ld\..*|<meta property=.*)",
            r"page: (\[(meta|script) of the listing\]|<script type=.*|\s*)",
        ),
        seen=(PRODUCT, f"/product/{OTHER}"),
        before={},
    ),
    "says": Treatment(
        "markup",
        {"says": CLAIMS},
        (
            r"ld\..*(ratingValue|[pP]rice|availability)=.*",
            r"<meta property=.product:(price|availability).*",
        ),
        seen=(PRODUCT,),
        before={},
    ),
}
TREATMENTS = LISTING | PAGE


@pytest.fixture(scope="module")
def arm(demo: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, str]]:
    """Walks through the world of one arm: `arm("none", treatment, treated=True)`."""
    return arms_of(demo, tmp_path_factory.mktemp("arms") / "arms.yaml")


@pytest.fixture
def arm_anew(demo: Catalog, tmp_path: Path) -> Callable[..., dict[str, str]]:
    """The same, and nothing that another test walked through is used again."""
    return arms_of(demo, tmp_path / "arms.yaml")


def arms_of(demo: Catalog, path: Path) -> Callable[..., dict[str, str]]:
    """Walks through worlds of plans written to a file; once through worlds that are the same."""
    walked: dict[str, dict[str, str]] = {}

    def enter(rest: str, treatment: Treatment, *, treated: bool) -> dict[str, str]:
        experiment = {
            "name": "arms",
            "seed": 3,
            "tasks": [{"id": "watch", "category": "fitness_watch", "query": "fitness watch"}],
            "shelf": {"size": 8, "columns": 4, "rest": rest},
            "treatments": [declared(treatment, treated=treated)],
            "buyers": [{"use": "random"}],
            "interface": "json",
            "worlds_per_task": 2,
        }
        path.write_text(yaml.safe_dump(experiment))
        plan = make_plan(read_experiment(path), demo)
        world = plan.world(plan.assignment("watch", 0))
        key = world.model_copy(update={"id": ""}).model_dump_json()
        if key not in walked:
            walked[key] = walk(world, plan.catalog)
        return walked[key]

    return enter


def declared(treatment: Treatment, *, treated: bool) -> dict[str, Any]:
    """A treatment as an experiment has it, such that one of its arms is drawn for sure."""
    field, weights = treatment.field, ((NEVER, 1.0) if treated else (1.0, NEVER))
    if field in World.model_fields:
        settings = ({field: treatment.before}, {field: treatment.value})
        versions = zip("ab", weights, settings, strict=True)
        return {
            "use": "page",
            "versions": [{"name": n, "weight": w, "settings": s} for n, w, s in versions],
        }
    arms = zip("ab", weights, ({}, {field: treatment.value}), strict=True)
    return {
        "use": "listing",
        "products": [TREATED],
        "arms": [{"name": n, "weight": w, "changes": c} for n, w, c in arms],
    }


def walk(world: World, catalog: Catalog) -> dict[str, str]:
    """Every page and answer of a visit that buys the listing: path -> text."""
    sessions = Sessions(catalog)
    visitor = Visitor(create_app(sessions), sessions.admit(world))

    def get(*paths: str) -> dict[str, str]:
        answers = {path: visitor.client.get(path, headers=visitor.bearer) for path in paths}
        assert {answer.status_code for answer in answers.values()} <= {200}, answers
        return {path: answer.text for path, answer in answers.items()}

    seen = get(*browsed(world), *(f"/api{path}" for path in asked()))
    visitor.post("/cart", product_id=TREATED)
    seen |= get("/cart", "/checkout", "/api/cart", "/api/checkout")
    order = visitor.post("/orders", number=1)
    return seen | get(order, "/orders", f"/api{order}", "/api/orders")


def browsed(world: World) -> Iterator[str]:
    yield from ("/", RESULTS, "/search?q=", "/category/fitness_watch", "/deals")
    yield from (PRODUCT, f"{PRODUCT}?o.Color=Rose", f"{PRODUCT}?seller=Second+Orchard")
    yield from (f"/product/{OTHER}", f"{PRODUCT}/reviews", f"/product/{OTHER}/reviews")
    yield from (f"/compare?id={OTHER}&id={TREATED}", "/seller/Kaelix%20Official")
    yield from ("/seller/Second%20Orchard", "/help/returns")
    if world.rest == "catalog":
        yield from ("/department/Electronics", "/search?q=charging", "/product/wattley-clip-mini")


def asked() -> Iterator[str]:
    yield from ("/enter", "/home", "/categories", f"{RESULTS}&facets=1")
    yield from (f"/products/{TREATED}", f"/products/{OTHER}", f"/products/{TREATED}/reviews")
    yield from (f"/compare?id={OTHER}&id={TREATED}", "/sellers/Second%20Orchard")


def parts(path: str, text: str) -> tuple[list[str], list[str]]:
    """Returns what is about the treated listing, line by line, and all else in its order."""
    own: list[str] = []
    if path.startswith("/api/"):
        return own, list(keys(json.loads(text), path, own))
    root = PageReader(text).root
    mine = {id(node): label for label, node in belonging(root, path)}
    return own, list(lines(root, mine, own))


def belonging(root: Node, path: str) -> Iterator[tuple[str, Node]]:
    """The elements of a page that are about the treated listing, with a label for some."""
    link = re.compile(re.escape(PRODUCT) + r"(\?|$)")
    for node in root.all("li"):  # its card, tile or line
        if any(link.match(a.attributes["href"]) for a in node.all("a")):
            yield "", node
    yield from (("filters: ", node) for node in root.all("details", cls="filters"))
    if path.startswith("/compare"):
        for row in root.one("table", cls="versus").all("tr"):
            yield "", [cell for cell in row.children if isinstance(cell, Node)][2]
    if re.match("/(cart|checkout|orders)", path):
        yield "paid: ", root.one("main")  # nothing else lies in the cart
    if path.partition("?")[0] in (PRODUCT, f"{PRODUCT}/reviews"):
        yield "reviews: ", root.one("main") if path.endswith("/reviews") else root.one(id="reviews")
        yield from (("reviews: ", node) for node in root.all(cls="fit"))
        found = (root.all(cls=cls) for cls in ("product", "offers", "details", "trail"))
        yield from (("", node) for nodes in found for node in nodes)
        yield from (("", node) for node in (*root.all("script"), *root.all("title")))
        yield from (("", node) for node in root.all("meta") if "property" in node.attributes)


def lines(node: Node, mine: dict[int, str], own: list[str]) -> Iterator[str]:
    """Tags and texts of an element in order; those in elements of `mine` go to `own` instead."""
    if id(node) in mine:
        others = {key: label for key, label in mine.items() if key != id(node)}
        told = (" ".join(line.split()) for line in lines(node, others, own))
        own += [mine[id(node)] + line for line in told if line]
        yield f"[{node.tag} of the listing]"
        return
    yield "<" + " ".join([node.tag, *(f'{k}="{v}"' for k, v in node.attributes.items())]) + ">"
    for child in node.children:
        if isinstance(child, Node):
            yield from lines(child, mine, own)
        elif node.attributes.get("type") == "application/ld+json":
            yield from flat(json.loads(child), "ld")
        else:
            yield child


def keys(value: Any, path: str, own: list[str], name: str = "") -> Iterator[str]:
    """`name=value` for all there is in an answer; what is about the listing goes to `own`."""
    facts = value if isinstance(value, dict) else {}
    about = TREATED in (facts.get("id"), facts.get("product_id"))
    if about or name == "facets" or re.match("/api/(cart|checkout|orders)", path):
        told = {key: each for key, each in facts.items() if key != "similar"} or value
        own += flat(told, name if name == "facets" else "")
        yield f"{name}=[the listing]"
        if "similar" in facts:
            yield from keys(facts["similar"], path, own, "similar")
    elif isinstance(value, dict | list):
        inside = value.items() if facts else enumerate(value)
        for key, each in inside:
            yield from keys(each, path, own, f"{name}.{key}" if name else str(key))
    else:
        yield f"{name}={json.dumps(value)}"


def flat(value: Any, name: str = "") -> Iterator[str]:
    """`name=value` for all there is in a tree."""
    if isinstance(value, dict | list):
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in inside:
            yield from flat(each, f"{name}.{key}" if name else str(key))
    else:
        yield f"{name}={json.dumps(value)}"


def changed(before: list[str], after: list[str]) -> list[str]:
    """Lines that went or came."""
    found = difflib.unified_diff(before, after, n=0, lineterm="")
    return [line[1:] for line in found if not line.startswith(("---", "+++", "@@"))]


def differences(control: dict[str, str], treated: dict[str, str]) -> dict[str, list[str]]:
    """What differs between two visits, by path; `page: ` is before what is not the listing's."""
    assert list(control) == list(treated)
    found = {}
    for path, text in control.items():
        (own, rest), (own_now, rest_now) = parts(path, text), parts(path, treated[path])
        page = [f"page: {line}" for line in changed(rest, rest_now)]
        assert page or own != own_now or text == treated[path], f"unseen in {path}"
        found[path] = page + changed(own, own_now)
    return found


def out_of_place(treatment: Treatment, found: dict[str, list[str]]) -> list[tuple[str, str]]:
    """What differs but is not the treatment's to change, and where it is not to be seen."""
    pages, answers = re.compile("|".join(treatment.lines), re.DOTALL), re.compile(treatment.keys)
    wrong = [(path, "not seen") for path in treatment.seen if not found[path]]
    for path, differing in found.items():
        for line in differing:
            answered = path.startswith("/api/")
            text, pattern = (line.partition("=")[0], answers) if answered else (line, pages)
            wrong += [] if pattern.fullmatch(text) else [(path, line)]
    return wrong


@pytest.mark.parametrize("rest", SHOPS)
@pytest.mark.parametrize("name", TREATMENTS)
def test_arms_differ_in_what_the_treatment_changes(arm, name, rest):
    treatment = TREATMENTS[name]
    found = differences(*(arm(rest, treatment, treated=which) for which in (False, True)))
    assert out_of_place(treatment, found) == []


def test_the_same_arm_of_another_experiment_is_the_same_to_the_letter(arm, arm_anew):
    for rest in SHOPS:
        price = arm(rest, TREATMENTS["price"], treated=False)
        assert price == arm_anew(rest, TREATMENTS["title"], treated=False)


def class_of_the_arm(monkeypatch):
    """The world's id in a class of the page."""
    plain = rendering._look

    def leak(world):
        return plain(world)._replace(classes=f"{plain(world).classes} w{world.id[:4]}")

    monkeypatch.setattr(rendering, "_look", leak)


def look_by_kind(monkeypatch):
    """A mark drawn by what it is to an analyst."""
    monkeypatch.setattr(rendering, "look_of", lambda mark: mark.kind)


def neighbours_by_price(monkeypatch):
    """Similar items sorted by what the treatment changes."""
    plain = visits.similar

    def leak(session, product_id, n):
        return sorted(plain(session, product_id, n), key=lambda listing: listing.price_cents)

    monkeypatch.setattr(visits, "similar", leak)


def a_space_for_each_mark(monkeypatch):
    """White space that nobody sees, where somebody counts the marks."""
    plain = pages._extent

    def leak(found, tag):
        return plain(found, tag) + " " * sum(len(each.marks) for each in found.listings)

    monkeypatch.setattr(pages, "_extent", leak)


def claims_on_the_page(monkeypatch):
    """The page shows what only the markup should claim."""
    monkeypatch.setattr(product, "open_graph", lambda card, shop: [("og:price", card.price_text)])
    plain = product.open_product

    def leak(*args):
        found = plain(*args)
        return found._replace(card=structured.claimed(found.card))

    monkeypatch.setattr(product, "open_product", leak)


def rating_in_the_api(monkeypatch):
    """An answer that tells more than its page."""
    plain = api_pages.results_answer

    def leak(session, found):
        rated = sum(each.rating or 0 for each in found.listings)
        return {**plain(session, found), "mean": rated}

    monkeypatch.setattr(api_pages, "results_answer", leak)


@pytest.mark.parametrize(
    ("leak", "name"),
    [
        (class_of_the_arm, "rating"),
        (look_by_kind, "sponsored"),
        (neighbours_by_price, "price"),
        (a_space_for_each_mark, "best_seller"),
        (claims_on_the_page, "says"),
        (rating_in_the_api, "rating"),
    ],
)
def test_a_planted_leak_is_noticed(arm_anew, monkeypatch, leak, name):
    leak(monkeypatch)
    treatment = TREATMENTS[name]
    found = differences(*(arm_anew("none", treatment, treated=which) for which in (False, True)))
    assert out_of_place(treatment, found)
