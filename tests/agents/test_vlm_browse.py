"""The whole errand in a real shop, through every interface, by what a model says."""

import io

import pytest
from PIL import Image

from aces.llm.records import Abilities, Connection
from aces.seeds import Stream
from aces.testing.model_server import ModelServer, calls
from aces.types import Stop, Task
from agents.buyers.vlm import VlmBuyer

pytestmark = pytest.mark.browser
ABLE = Abilities(images=True, tools=True, json_schema=True)
TASK = Task(id="t", category="c", query="red stapler")


def errand(lab, world, use, script, coordinates="pixels", **config):
    """Lets a buyer say its script, of which parts may be looked up in the page as it is.

    Returns what it saw, the shop's session, the conversation, and the requests.
    """
    pages = []

    def answer(_):
        part = script[len(pages) - 1]
        return part(pages[-1]) if callable(part) else part

    async def go(url):
        buyer = VlmBuyer(VlmBuyer.Config(model="stand-in", base_url=url, coordinates=coordinates))
        buyer.connect(Connection(endpoint=buyer.endpoint, abilities=ABLE, speech="tools"))
        talk, token = buyer.start(TASK, Stream(1)), lab.sessions.admit(world)
        interface = await lab.interface(use, mode="browse", **config)
        error = None
        async with interface.visit(token, Stream("visit")) as visit:
            for step in range(1, len(script) + 1):
                seen = await visit.observe(step)
                pages.append(seen.model_copy(update={"error": error}))
                action = await talk.act(pages[-1])
                if isinstance(action, Stop):
                    break
                error = await visit.act(action)
        await buyer.disconnect()
        return lab.sessions.close(token), talk

    with ModelServer(answer) as server:
        session, talk = lab.run(go(server.url))
    return pages, session, talk, server.requests


def bought(session):
    """Products of the shop's orders."""
    return [line.listing.product_id for order in session.orders for line in order.lines]


@pytest.mark.parametrize("use", ["json", "html", "aria"])
def test_by_name(lab, make_world, use):
    script = [
        calls("type", text="stapler"),
        calls("open_listing", title="Stapler number 4"),
        calls("back"),
        calls("add_to_cart", title="stapler number 5", price="$50.99"),
        calls("check_out"),
    ]
    pages, session, talk, requests = errand(lab, make_world(), use, script)
    assert [page.page for page in pages] == ["results", "results", "product", "results", "cart"]
    assert [page.error for page in pages] == [None] * 5
    assert bought(session) == ["p5"]
    assert talk.reported["price"] == 50.99
    for page, request in zip(pages, requests, strict=True):
        assert page.text in request["messages"][-1]["content"]


def test_by_number(lab, make_world):
    def second(seen):
        return calls("click", number=seen.listings[1].number)

    script = [second, calls("click", number=999), calls("leave", reason="enough seen")]
    pages, session, talk, _ = errand(lab, make_world(), "numbered", script)
    assert [page.page for page in pages] == ["results", "product", "product"]
    assert "999" in pages[2].error
    assert bought(session) == []
    assert len(talk.exchanges) == 3


@pytest.mark.parametrize(
    ("coordinates", "config"),
    [("pixels", {"scale": 0.5}), ("pixels", {"full_page": True}), ("thousandths", {})],
)
def test_by_point(lab, make_world, coordinates, config):

    def second(seen):
        x, y, wide, _ = seen.listings[1].box
        x, y = (x + wide / 2) * seen.scale, (y + 60) * seen.scale
        if coordinates == "thousandths":
            width, height = Image.open(io.BytesIO(seen.screenshot)).size
            x, y = 1000 * x / width, 1000 * y / height
        return calls("click", x=x, y=y)

    pages, _, _, requests = errand(
        lab, make_world(), "screenshot", [second, calls("back")], coordinates, **config
    )
    assert [page.page for page in pages] == ["results", "product"]
    assert ("0 to 1000" in str(requests[0])) == (coordinates == "thousandths")
