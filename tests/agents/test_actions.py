"""From a model's output to an action: what it says, or an error, never a guess."""

import json

import pytest

from aces.errors import TrialError
from aces.types import AddToCart, Back, CheckOut, Click, OpenListing, Scroll, Stop, Type
from agents.actions import action_schema, parse_action

GOOD = [
    AddToCart(product_id="p1", reason='it says "best"'),
    OpenListing(product_id="p1"),
    Click(target="Add to cart"),
    Click(x=10.5, y=20),
    Type(text="stapler", target="q", submit=False),
    Scroll(pixels=-300),
    Back(),
    CheckOut(),
    Stop(reason="too dear"),
]


@pytest.mark.parametrize("action", GOOD, ids=lambda action: action.type)
@pytest.mark.parametrize("fence", ["{}", "```json\n{}\n```", "I think:\n```\n {} \n```\nDone."])
def test_every_action_is_read_back(action, fence):
    text = fence.replace("{}", json.dumps(action.model_dump()))
    assert parse_action(text) == action
    assert parse_action(action.model_dump()) == action


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("", "not JSON"),
        ("I would buy product p1.", "not JSON"),
        ("add_to_cart(p1)", "not JSON"),
        ('{"type": "add_to_cart", "product_id": "p1"', "not JSON"),
        ('[{"type": "back"}]', "expected one JSON object"),
        ('"back"', "expected one JSON object"),
        ("null", "expected one JSON object"),
        ("{}", "action 'None' is unknown"),
        ('{"action": "back"}', "action 'None' is unknown"),
        ('{"type": "add_to_card", "product_id": "p1"}', "did you mean 'add_to_cart'"),
        ('{"type": ["back"]}', "is unknown"),
        ('{"type": "add_to_cart"}', "add_to_cart: `product_id`"),
        ('{"type": "add_to_cart", "product_id": 7}', "`product_id`"),
        ('{"type": "add_to_cart", "product_id": null}', "`product_id`"),
        ('{"type": "add_to_cart", "product_id": "p", "units": 2}', "`units`"),
        ('{"type": "scroll", "pixels": "down"}', "`pixels`"),
        ('{"type": "click", "x": NaN, "y": 1}', "`x`"),
        ('{"type": "click", "x": 1e999, "y": 1}', "`x`"),
        ({"type": "type"}, "`text`"),
        ("[" * 100_000, "not JSON"),
        ("9" * 5000, "not JSON"),
        ('{"type": "add_to_cart", "product_id": "a", "product_id": "b"}', "not JSON"),
        ('```{"type": "back"}```\nor\n```{"type": "stop"}```', "found 2 fenced blocks"),
    ],
)
def test_anything_else_is_unparseable_and_never_a_purchase(output, says):
    with pytest.raises(TrialError, match=says.replace("(", r"\(")) as caught:
        parse_action(output)
    assert caught.value.cause == "unparseable"


def test_the_schema_names_every_action():
    text = json.dumps(action_schema())
    assert all(f'"{action.type}"' in text for action in GOOD)
