"""Numbers over the picture: on the right things, hiding nothing that matters, and they work."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from aces.seeds import Stream
from aces.types import AddToCart, Back, Click, OpenListing, Scroll, Type, Viewport
from agents.browser import find_chromium
from agents.interfaces._labels import Tag, draw, place_labels
from agents.interfaces._things import Thing
from agents.interfaces.numbered import grouped

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium; see `aces doctor`"),
]


def numbers(seen):
    return [item.number for item in seen.listings]


def pixels(seen):
    return np.asarray(Image.open(BytesIO(seen.screenshot)).convert("RGB"), dtype=int)


def test_one_decision_numbers_the_listings_and_nothing_else(lab, rich):
    journey = lab.visit(rich, "numbered", Click(number=9), AddToCart(product_id="p4"))
    first = journey.seen[0]
    assert (first.mode, first.pointing) == ("one_decision", "number")
    assert numbers(first) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert journey.errors == ["no 9 is drawn in the picture; there are 1-8", None]
    assert journey.session.orders[0].lines[0].listing.product_id == "p4"
    (opened,) = lab.visit(rich, "numbered", Click(number=3)).urls
    assert opened == "/product/p3"


def test_a_listing_out_of_the_picture_has_no_number(lab, make_world):
    low = Viewport(width=1280, height=500)
    journey = lab.visit(make_world(), "numbered", Scroll(pixels=5000), viewport=low)
    assert numbers(journey.seen[0]) == [1, 2, 3, 4, None, None, None, None]
    assert numbers(journey.seen[1])[4:] == [5, 6, 7, 8]
    (whole,) = lab.visit(make_world(), "numbered", viewport=low, full_page=True).seen
    assert numbers(whole) == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("mode", ["one_decision", "browse"])
def test_shuffled_numbers_belong_to_the_trial_and_the_page(lab, make_world, mode):
    def visit(stream, *actions):
        config = {"numbers": "shuffled", "mode": mode, "stream": stream}
        return [
            numbers(seen) for seen in lab.visit(make_world(), "numbered", *actions, **config).seen
        ]

    orders = {tuple(visit(f"trial {i}")[0]) for i in range(4)}
    assert len(orders) == 4
    if mode == "one_decision":
        assert all(sorted(order) == list(range(1, 9)) for order in orders)
    first, _, back, scrolled = visit(
        "trial 0", OpenListing(product_id="p2"), Back(), Scroll(pixels=60)
    )
    assert first == back == scrolled
    assert tuple(first) in orders


def test_the_whole_errand_by_numbers(lab, rich):
    """Numbers are looked up by what they stand for, as a model would see them."""

    async def drawn(visit):
        return {thing.name: number for number, thing in visit._drawn.items()}

    async def go():
        token = lab.sessions.admit(rich)
        interface = await lab.interface("numbered", mode="browse", numbers="shuffled")
        errors, pages = [], []
        async with interface.visit(token, Stream("errand")) as visit:

            async def act(action):
                errors.append(await visit.act(action))
                pages.append((await visit.observe(len(pages) + 2)).page)
                return await drawn(visit)

            first = await visit.observe(1)
            names = await drawn(visit)
            assert numbers(first) == [names[item.title] for item in first.listings]
            names = await act(Type(text="staplers", number=names["Search Marigold"]))
            names = await act(Type(text="20", number=names["Lowest price"], submit=False))
            names = await act(Type(text="Price: high to low", number=names["Sort by"]))
            names = await act(Click(number=names["Compare, Stapler number 1"]))
            names = await act(Click(number=names["Stapler number 1"]))
            names = await act(Click(number=names["Show picture 2 of 2"]))
            names = await act(Click(number=names["Blue"]))
            names = await act(Click(number=names["Add to cart"]))
            names = await act(Click(number=names["Proceed to checkout"]))
            names = await act(Click(number=names["Place your order"]))
        return errors, pages, lab.sessions.close(token)

    errors, pages, session = lab.run(go())
    assert errors == [None] * 10
    assert pages == ["results"] * 4 + ["product"] * 3 + ["cart", "checkout", "order"]
    (line,) = session.orders[0].lines
    assert (line.listing.product_id, dict(line.options)) == ("p1", {"Colour": "Blue"})


def test_the_page_itself_is_untouched(lab, rich):
    """Only pixels of frames and labels differ from the plain screenshot."""
    for actions in ((), (OpenListing(product_id="p1"),)):
        plain = pixels(lab.visit(rich, "screenshot", *actions, mode="browse").seen[-1])
        found = lab.visit(rich, "numbered", *actions, mode="browse")
        marked = pixels(found.seen[-1])
        assert marked.shape == plain.shape
        changed = (marked != plain).any(axis=2).mean()
        assert 0.002 < changed < 0.05


OBSCURED = """() => [...document.querySelectorAll(
    '.price, .rating, .score, .count, .mark, .list-price')].map(element => {
        const box = element.getBoundingClientRect();
        return [box.x, box.y, box.width, box.height];
    })"""


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("mode", ["one_decision", "browse"])
def test_prices_ratings_and_marks_stay_in_sight(lab, nasty, mode, scale):
    world = nasty.model_copy(update={"controls": True})

    async def boxes(visit):
        return await visit._page.evaluate(OBSCURED)

    found = lab.visit(world, "numbered", mode=mode, scale=scale, look=boxes)
    plain = lab.visit(world, "screenshot", mode=mode, scale=scale)
    with_, without = pixels(found.seen[0]), pixels(plain.seen[0])
    assert with_.shape == (round(1080 * scale), round(1280 * scale), 3)
    assert found.seen[0].scale == scale
    facts = [box for box in found.found[0] if box[2] * box[3] > 0]
    assert len(facts) > 30
    for x, y, width, height in facts:
        left, top = round((x + 1) * scale), round((y + 1) * scale)
        right, bottom = round((x + width - 1) * scale), round((y + height - 1) * scale)
        part = np.s_[top:bottom, left:right]
        assert (with_[part] == without[part]).mean() > 0.9, (x, y, width, height)


def test_the_same_trial_has_the_same_bytes(lab, nasty):
    def visit():
        return lab.visit(nasty, "numbered", numbers="shuffled", mode="browse", image_format="jpeg")

    first, second = visit().seen[0], visit().seen[0]
    assert first == second
    assert first.image_type == "image/jpeg"
    assert first.screenshot.startswith(b"\xff\xd8")


# -- without a browser ----------------------------------------------------------------------


def thing(index, href="", *, spoken=True, shown=True):
    return Thing(index, "link", "n", "", href, spoken, shown, True, (0, 0, 9, 9), "")


def test_a_picture_shares_the_number_of_its_title():
    shelf = [
        thing(0, "/cart"),
        thing(1, "/product/a", spoken=False),
        thing(2, "/product/a"),
        thing(3),
        thing(4, "/product/b", spoken=False),
        thing(5, "/cart"),
        thing(6, shown=False),
    ]
    assert [[each.index for each in group] for group in grouped(shelf)] == [
        *([0], [2, 1], [3], [4], [5])
    ]


def test_labels_go_where_nothing_is_written():
    tags = [Tag(1, (100, 100, 50, 20), inside=False), Tag(2, (100, 140, 50, 20), inside=False)]
    free = place_labels((400, 400), tags, [(16, 16)] * 2, [], [])
    assert [box[:2] for box in free] == [(84, 102), (84, 142)]
    left = [(60, 90, 40, 90)]
    moved = place_labels((400, 400), tags, [(16, 16)] * 2, left, [])
    assert [box[:2] for box in moved] == [(150, 102), (150, 142)]
    cornered = place_labels((400, 400), [Tag(1, (0, 0, 20, 20), inside=False)], [(16, 16)], [], [])
    assert cornered[0][:2] == (20, 2)


def test_a_drawn_label_is_legible():
    blank = Image.new("RGB", (200, 100), "#000")
    image = draw(blank, [Tag(28, (60, 40, 80, 30), inside=False)], [], [], 0.5)
    assert blank.getextrema() == ((0, 0),) * 3
    white = np.asarray(image.convert("L")) > 200
    rows, columns = np.nonzero(white)
    assert rows.max() - rows.min() >= 11  # with its rim
    assert columns.max() < 62
