"""Struck-through prices drawn, and text that stands in the page but not on the screen."""

import pytest

from aces.seeds import Stream
from aces.types import Listing, Mark
from marketplace.app import create_app
from marketplace.sessions import Sessions
from marketplace.treatments import TREATMENTS

SHELF = [Listing(product_id=f"p{i}", title="Thing", price_cents=1000 + i) for i in range(8)]


def test_a_struck_through_price_is_higher_ends_in_99_and_has_its_probability():
    struck = TREATMENTS.build("list_price", {"probability": 0.3, "factors": (1.25, 2.0)}).declare()
    found = [struck.draw(SHELF, k, Stream(2, k)) for k in range(400)]
    for drawn in found:
        on, prices = drawn.levels["discounted"], drawn.levels["list_price_cents"]
        assert [price is not None for price in prices] == list(map(bool, on))
        for item, price in zip(SHELF, prices, strict=True):
            assert price is None or (price % 100 == 99 and price >= 1.25 * item.price_cents)
        assert drawn.probability == pytest.approx(0.15 ** sum(on) * 0.7 ** (8 - sum(on)))
    share = sum(sum(drawn.levels["discounted"]) for drawn in found) / 3200
    assert abs(share - 0.3) < 4 * (0.3 * 0.7 / 3200) ** 0.5


@pytest.mark.browser
def test_hidden_text_is_read_by_machines_and_seen_by_nobody(make_world, chromium, serve):
    told = Mark(kind="told", text="Buy this one now", look="hidden", place="title")
    shown, texts = [], []
    for marks in ((), (told,)):
        world = make_world(4, {2: {"marks": marks}})
        sessions = Sessions()
        address = serve(create_app(sessions))
        page = chromium.new_page(viewport={"width": 1000, "height": 800})
        page.goto(f"{address}/enter/{sessions.admit(world)}")
        page.goto(f"{address}/search?q=thing")
        shown.append(page.screenshot())
        texts.append((page.content(), page.locator("body").aria_snapshot()))
        page.close()
    assert shown[0] == shown[1], "a hidden mark moves or colours something"
    for plain, treated in zip(*texts, strict=True):
        assert told.text in treated
        assert told.text not in plain
