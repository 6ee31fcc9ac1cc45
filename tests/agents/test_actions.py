"""From a model's reply to an action: what it says, or words on what is wrong, never a guess."""

import io
import json

import pytest
from PIL import Image

from aces.errors import TrialError
from aces.llm.records import Reply, ToolCall
from aces.testing import sample_shelf
from aces.types import (
    AddToCart,
    Back,
    CheckOut,
    Click,
    Observation,
    OpenListing,
    PerceivedListing,
    Scroll,
    Stop,
    Type,
)
from agents.actions import Sight, read_action, reported
from agents.dialogue.naming import find_listing, read_facts
from agents.dialogue.replies import Call, read_call
from agents.dialogue.vocabulary import verbs

SHELF = sample_shelf()
TITLE = SHELF[3].title


def picture(width=400, height=300):
    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def seen(mode="browse", pointing="name", **more):
    listings = tuple(
        item.model_copy(update={"number": 10 + i if pointing == "number" else None})
        for i, item in enumerate(SHELF)
    )
    more = {"listings": listings, "screenshot": picture(), **more}
    return Observation(step=1, page="results", mode=mode, pointing=pointing, **more)


def call(name, **arguments):
    return {"name": name, **arguments}


def words(data, before="", after=""):
    return Reply(text=f"{before}{json.dumps(data)}{after}")


def as_tool(act):
    arguments = {key: value for key, value in act.items() if key != "name"}
    return Reply(calls=(ToolCall(id="1", name=act["name"], arguments=json.dumps(arguments)),))


def read(reply, observation=None, **sight):
    observation = observation or seen()
    allowed = verbs(observation.mode, observation.pointing)
    return read_action(reply, allowed, Sight(observation, (), **sight))


ACTS = [
    ("name", call("add_to_cart", title=TITLE, price="$1"), AddToCart(product_id="product-3")),
    ("name", call("open_listing", title=TITLE.upper()), OpenListing(product_id="product-3")),
    ("name", call("click", target="Compare"), Click(target="Compare")),
    ("name", call("type", text="lamp", field=""), Type(text="lamp")),
    (
        "name",
        call("type", text="9", field="Max", submit="false"),
        Type(text="9", target="Max", submit=False),
    ),
    ("name", call("scroll", direction="Up"), Scroll(pixels=-600)),
    ("name", call("back"), Back()),
    ("name", call("check_out"), CheckOut()),
    ("name", call("leave", reason="too dear"), Stop(reason="too dear")),
    ("number", call("click", number="7"), Click(number=7)),
    ("number", call("type", number=2, text="x"), Type(text="x", number=2)),
    ("point", call("click", x=100.0, y="50"), Click(x=50, y=25)),
]


def flat(act):
    return {("action" if key == "name" else key): value for key, value in act.items()}


def function(act):
    return {"name": act["name"], "arguments": {k: v for k, v in act.items() if k != "name"}}


FORMS = {
    "tool": as_tool,
    "schema": lambda act: words({"action": act}),
    "flat": lambda act: words(flat(act)),
    "among words": lambda act: words({"action": act}, "I see {so}:\n```json\n", "\n```\nDone."),
    "tool call as text": lambda act: words(function(act), "<tool_call>", "</tool_call>"),
    "in a list": lambda act: words([function(act)]),
    "with a remark": lambda act: words({"thought": "Why not?", "action": act}),
    "among products": lambda act: words({"action": act}, '{"name": "Lamp", "price": 3} '),
    "said twice": lambda act: words({"action": act}, json.dumps({"action": act})),
    "twice as tools": lambda act: Reply(calls=as_tool(act).calls * 2),
}


@pytest.mark.parametrize(("pointing", "act", "action"), ACTS, ids=lambda v: str(v)[:30])
@pytest.mark.parametrize("form", FORMS)
def test_every_act_is_read_in_every_form(pointing, act, action, form):
    assert read(FORMS[form](act), seen(pointing=pointing, scale=2.0)) == action


def tool(name, arguments):
    return Reply(calls=(ToolCall(id="1", name=name, arguments=arguments),))


LEAVE = {"action": call("leave", reason="no")}


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(), "the answer was empty"),
        (Reply(text="I would buy the first one."), "holds no action"),
        (Reply(text="{", finish="length"), "cut off"),
        (Reply(text='{"action": {"name": "add_to_cart", "title": "Prod'), "holds no action"),
        (Reply(text="[" * 100_000), "holds no action"),
        (Reply(text="{" * 100_000), "holds no action"),
        (tool("add_to_cart", '{"title": "Product'), "are not JSON"),
        (tool("add_to_cart", '["x"]'), "no JSON object"),
        (tool("add_to_cart", '{"title": "a", "title": "b"}'), "not JSON"),
        (Reply(text='{"action": "back", "action": "check_out"}'), "holds no action"),
        (Reply(text='{"action": {"name": "back"}, "then": {"name": "leave"}}'), "no|`"),
        (tool("add_to_cart", "{}"), "`title` is missing"),
        (tool("add_to_cart", '{"title": "  "}'), "`title` is missing"),
        (tool("add_to_cart", '{"title": null}'), "`title` is missing"),
        (tool("add_to_cart", '{"title": {"a": 1}}'), "`title` must be"),
        (tool("add_to_cart", json.dumps({"title": TITLE, "quantity": 2})), "`quantity` is no"),
        (tool("add_to_cart", '{"title": "Another thing altogether"}'), "no product titled"),
        (tool("add_to_card", "{}"), "did you mean 'add_to_cart'"),
        (tool("leave", "{}"), "`reason` is missing"),
        (tool("scroll", '{"direction": "left"}'), "must be down or up"),
        (tool("type", '{"text": "a", "submit": "maybe"}'), "true or false"),
        (Reply(calls=as_tool(ACTS[6][1]).calls + as_tool(ACTS[7][1]).calls), "found 2"),
        (Reply(text=json.dumps(LEAVE) + json.dumps({"action": call("back")})), "found 2"),
    ],
)
def test_anything_else_is_unparseable_and_says_why(reply, says):
    with pytest.raises(TrialError, match=says) as caught:
        read(reply)
    assert caught.value.cause == "unparseable"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"number": 99}, "there are: 10, 11, 12"),
        ({"number": 10.5}, "whole number"),
        ({"number": True}, "whole number"),
        ({"number": "NaN"}, "whole number"),
        ({"title": TITLE}, "`title` is no argument"),
    ],
)
def test_a_number_is_one_that_is_drawn(arguments, says):
    with pytest.raises(TrialError, match=says):
        read(as_tool(call("add_to_cart", **arguments)), seen("one_decision", "number"))


def test_a_drawn_number_buys_what_carries_it():
    action = read(as_tool(call("add_to_cart", number=12)), seen("one_decision", "number"))
    assert action == AddToCart(product_id="product-2")


@pytest.mark.parametrize(
    ("coordinates", "x", "y", "click"),
    [
        ("pixels", 400, 300, Click(x=800, y=600)),
        ("thousandths", 500, 1000, Click(x=400, y=600)),
        ("pixels", 401, 10, None),
        ("pixels", -1, 10, None),
        ("thousandths", 1001, 1, None),
    ],
)
def test_points_of_the_picture_become_points_of_the_page(coordinates, x, y, click):
    reply, observation = as_tool(call("click", x=x, y=y)), seen(pointing="point", scale=0.5)
    if click is not None:
        assert read(reply, observation, coordinates=coordinates) == click
    else:
        with pytest.raises(TrialError, match="outside the picture"):
            read(reply, observation, coordinates=coordinates)


def listing(number, title, price=1000, rating=4.0, reviews=10):
    return PerceivedListing(
        product_id=f"p{number}", title=title, price_cents=price, rating=rating,
        review_count=reviews, position=number, row=1, col=number,
    )  # fmt: skip


LONG = "Acme Ergonomic Gel Mouse Pad with Wrist Rest, Non-Slip Base, for Office and Home,"
STAPLER = "Bostitch Heavy Duty Desktop Stapler with Staples, 120-Pack, Integrated, Black"
NAMED = [
    listing(1, f"{LONG} Black, 2-Pack", price=1200),
    listing(2, f"{LONG} Blue, 2-Pack"),
    listing(3, "Tom’s  of Maine Toothpaste, Whole Care"),
    listing(4, "Same thing", price=900),
    listing(5, "Same thing", price=1100, rating=4.5),
    listing(6, "Same thing", price=1100, rating=4.1),
    listing(7, STAPLER),
]


@pytest.mark.parametrize(
    ("title", "read", "product"),
    [
        ("tom's of maine toothpaste, whole care", {}, "p3"),
        ("“Tom's of Maine Toothpaste…”", {}, "p3"),
        ("Tom's of Maine Toothp...", {}, "p3"),
        ("Tom's of Maine Toothpaste, Whole", {}, "p3"),
        ("Toms of Maine Tothpaste, Whole Care", {}, "p3"),
        (f"{LONG} Black, 2-Pack", {}, "p1"),
        (f"{LONG} Blak, 2-Pack", {}, None),
        (f"{LONG} White, 2-Pack", {}, None),
        (f"{LONG} Blue, 3-Pack", {}, None),
        (LONG, {}, None),
        (LONG, {"price": 12.0}, "p1"),
        (LONG, {"price": 13.0}, None),
        (STAPLER.replace("Bostitch", "Bostich"), {}, "p7"),
        (STAPLER.replace("Black", "White"), {}, None),
        (STAPLER.replace("120-Pack", "100-Pack"), {}, None),
        (STAPLER.replace("Desktop ", ""), {}, None),
        ("Bostich Hevy Dutty Desktp Stapller wih Stapels, 120-Pack, Integratd, Blck", {}, "p7"),
        ("Stapler", {}, None),
        ("Acme", {}, None),
        ("Same thing", {}, None),
        ("Same thing", {"price": 9.0}, "p4"),
        ("Same thing", {"price": 11.0}, None),
        ("Same thing", {"price": 11.0, "rating": 4.1}, "p6"),
        ("Same thing", {"price": 7.0, "rating": 4.5}, "p5"),
        ("Same things", {"price": 9.0}, "p4"),
    ],
)
def test_a_title_means_one_product_or_none(title, read, product):
    if product is not None:
        assert find_listing(title, read, NAMED).product_id == product
    else:
        with pytest.raises(TrialError):
            find_listing(title, read, NAMED)


@pytest.mark.parametrize(
    ("price", "value"),
    [
        ("$1,299.00", 1299), ("1.299,00 €", 1299), ("1 299 kr", 1299), ("¥1,299", 1299),
        ("CHF 1'299.50", 1299.5), ("₹1,29,999.00", 129999), ("about 12", 12), ("12.5", 12.5),
        ("free", None), ("", None), ("１２.５０", 12.5), ("1.299.000", 1299000), ("9.99.", 9.99),
    ],
)  # fmt: skip
def test_amounts_are_read_in_any_notation(price, value):
    assert read_facts({"price": price})["price"] == value


def test_what_was_read_is_kept_right_or_wrong():
    arguments = {
        "title": TITLE,
        "price": "$1,299",
        "rating": "4.4 out of 5",
        "review_count": "1.2K",
    }
    call_ = read_call(as_tool(call("add_to_cart", **arguments)), verbs("one_decision", "name"))
    kept = {"title": TITLE, "price": 1299.0, "rating": 4.4, "review_count": 1200.0}
    written = {k: v for k, v in arguments.items() if k != "title"}
    assert reported(call_) == {**kept, "as_written": written}
    assert reported(Call(name="leave")) is None
