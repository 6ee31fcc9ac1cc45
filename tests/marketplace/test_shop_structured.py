"""What pages tell machines: only what is wanted, and claims that never reach the visible page."""

import json

import pytest

from aces.types import Markup
from marketplace.cards import Card
from marketplace.reviews import histogram
from marketplace.sessions import Session
from marketplace.structured import claimed, open_graph, product_graph
from marketplace.visits import card_of

TRAIL = [("Shop", "/"), ("Staplers", "/category/stapler"), ("This", "/product/p1")]


@pytest.fixture
def tell(full_world):
    """JSON-LD nodes by type, and Open Graph, of a product under some markup."""

    def say(product_id="p1", **markup):
        world = full_world.model_copy(update={"markup": Markup.model_validate(markup)})
        session = Session("token", world)
        card = card_of(session, session.listings[product_id])
        graph = product_graph(card, card.reviews, TRAIL)
        nodes = {node["@type"]: node for node in graph.get("@graph", ())}
        return nodes, dict(open_graph(card))

    return say


def test_all_of_it(tell, full_world):
    nodes, graph = tell()
    product, listing = nodes["Product"], full_world.listings[0]
    assert product["sku"] == "p1"
    assert product["brand"]["name"] == "Brand1"
    assert product["image"] == ["/pictures/picture1.png"]
    assert {each["name"]: each["value"] for each in product["additionalProperty"]} == {
        "Color": "Black",
        "Capacity": "21 sheets",
    }
    own, used = product["offers"]["offers"]
    assert own["shippingDetails"]["shippingRate"]["value"] == "3.50"
    assert used["itemCondition"] == "https://schema.org/UsedCondition"
    assert own["itemCondition"] == "https://schema.org/NewCondition"
    assert len(product["review"]) == 12
    fives = sum(review["reviewRating"]["ratingValue"] == 5 for review in product["review"])
    assert fives <= histogram(listing.rating, listing.review_count)[0]
    assert [step["position"] for step in nodes["BreadcrumbList"]["itemListElement"]] == [1, 2, 3]
    assert graph["og:url"] == "/product/p1"


@pytest.mark.parametrize(
    ("parts", "types", "fields", "tags"),
    [
        ([], set(), None, False),
        (["open_graph"], set(), None, True),
        (["breadcrumb"], {"BreadcrumbList"}, None, False),
        (["offer"], {"Product"}, {"@type", "name", "offers"}, False),
        (["rating", "review"], {"Product"}, {"@type", "name", "aggregateRating", "review"}, False),
    ],
)
def test_only_what_is_wanted(tell, parts, types, fields, tags):
    nodes, graph = tell(parts=parts)
    assert set(nodes) == types
    assert fields is None or set(nodes["Product"]) == fields
    assert bool(graph) == tags


def test_claims_are_in_the_markup_alone(tell, visit, full_world):
    says = {"*": {"rating": 5.0, "review_count": 99}, "p1": {"price_cents": 100, "title": "Best"}}
    nodes, graph = tell(says=says)
    product = nodes["Product"]
    assert product["name"] == graph["og:title"] == "Best"
    assert (product["aggregateRating"]["ratingValue"], graph["product:price:amount"]) == (5, "1.00")
    assert product["aggregateRating"]["ratingCount"] == 99
    prices = [offer["price"] for offer in product["offers"]["offers"]]
    assert prices == ["1.00", "0.70"]
    other, _ = tell("p4", says=says)
    assert other["Product"]["name"] == full_world.listings[3].title
    assert other["Product"]["aggregateRating"]["ratingValue"] == 5

    honest, lying = (
        visit(full_world),
        visit(full_world.model_copy(update={"markup": Markup(says=says)})),
    )
    for path in ("/search", "/product/p1", "/product/p4", "/compare?id=p1"):
        body, told = (each.read(path).one("body") for each in (honest, lying))
        for page in (body, told):
            for script in page.all("script"):
                script.children.clear()
        assert body.text == told.text
    assert honest.api("GET", "/api/products/p1") == lying.api("GET", "/api/products/p1")
    assert honest.page("/product/p1") != lying.page("/product/p1")


def test_unrated_and_sold_out(make_world):
    world = make_world(2, {1: {"rating": None, "review_count": 0, "stock": 0, "seller": ""}})
    card = Card(world, world.listings[0], world.products["p1"])
    (product,) = product_graph(card)["@graph"]
    assert "aggregateRating" not in product
    assert "review" not in product
    assert product["offers"]["availability"] == "https://schema.org/OutOfStock"
    assert "seller" not in product["offers"]
    assert dict(open_graph(card))["product:availability"] == "out of stock"
    assert claimed(card) is card
    json.dumps(product)
