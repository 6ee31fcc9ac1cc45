"""Resolution changes the picture's pixels and nothing else, and points still hit what they show."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from aces.types import Back, Click, OpenListing, Scroll, Type, Viewport
from agents.browser import find_chromium
from agents.interfaces._pictures import bounded_size

NEEDS_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium; see `aces doctor`"),
]
SIDES = st.integers(1, 5000)


@given(width=SIDES, height=SIDES, most=st.integers(64, 6000), pixels=st.integers(4096, 10**8))
def test_a_bounded_picture_keeps_its_shape_and_its_bounds(width, height, most, pixels):
    wide, high = bounded_size((width, height), most, pixels)
    assert 1 <= wide <= min(width, most)
    assert 1 <= high <= height
    assert wide * high <= pixels or 1 in (wide, high)
    assert abs(wide / width - high / height) <= 1 / min(width, height)
    assert bounded_size((width, height), None, None) == (width, height)


class TestBrowser:
    """Captured pages."""

    pytestmark = NEEDS_BROWSER

    @pytest.mark.parametrize(
        ("config", "device_scale", "size"),
        [
            ({}, 1, (1280, 700)),
            ({}, 2, (2560, 1400)),
            ({"scale": 0.5}, 1, (640, 350)),
            ({"scale": 2}, 1, (2560, 1400)),
            ({"scale": 1}, 2, (1280, 700)),
            ({"max_width": 800}, 1, (800, 437)),
            ({"max_pixels": 224_000, "image_format": "webp"}, 2, (640, 350)),
            ({"scale": 2, "max_width": 960, "image_format": "jpeg"}, 1, (960, 525)),
            ({"full_page": True, "scale": 0.5}, 1, (640, None)),
            ({"full_page": True, "max_width": 640}, 1, (640, None)),
        ],
    )
    def test_sizes(self, lab, make_world, config, device_scale, size):
        window = Viewport(width=1280, height=700, device_scale=device_scale)
        world = make_world(16)
        use = "numbered" if {"max_width", "full_page"} & set(config) else "screenshot"
        journey = lab.visit(world, use, Scroll(pixels=100), viewport=window, **config)
        for seen in journey.seen:
            image = Image.open(BytesIO(seen.screenshot))
            assert image.width == size[0]
            assert image.height == size[1] or (size[1] is None and image.height > image.width)
            assert image.format.lower() == seen.image_type.removeprefix("image/")
            assert seen.scale == pytest.approx(size[0] / 1280)

    @pytest.mark.parametrize("scale", [0.5, 2.0])
    def test_resolution_leaves_the_page_alone(self, lab, nasty, scale):
        (plain,) = lab.visit(nasty, "screenshot").seen
        (scaled,) = lab.visit(nasty, "screenshot", scale=scale).seen
        assert scaled.listings == plain.listings
        assert len(scaled.screenshot) != len(plain.screenshot)

    @pytest.mark.parametrize(
        "config",
        [
            {},
            {"scale": 0.5},
            {"scale": 1.5},
            {"max_width": 500},
            {"full_page": True},
            {"full_page": True, "max_pixels": 500_000},
        ],
    )
    def test_points_of_the_picture_hit_what_they_show(self, lab, make_world, config):
        """A point is found in the picture itself, by colour, as a model would see it."""
        window = Viewport(width=1100, height=600)
        world, config = make_world(24), {**config, "mode": "browse", "viewport": window}
        scroll = () if config.get("full_page") else (Scroll(pixels=1000),)

        async def scrolled(visit):
            return await visit._page.evaluate("scrollY")

        journey = lab.visit(world, "screenshot", *scroll, look=scrolled, **config)
        seen, offset = journey.seen[-1], journey.found[-1]
        assert (seen.mode, seen.pointing) == ("browse", "point")
        assert offset > 500 or config.get("full_page")
        x, y = (at / seen.scale for at in yellow(seen.screenshot)[-1])
        (expected,) = [
            item.product_id
            for item in seen.listings
            if 0 < x - item.box[0] < item.box[2] and 0 < y + offset - item.box[1] < item.box[3]
        ]
        assert int(expected[1:]) > 8
        bought = lab.visit(world, "screenshot", *scroll, Click(x=x, y=y), **config)
        assert bought.errors[-1] is None
        assert bought.seen[-1].page == "cart"
        assert [line.listing.product_id for line in bought.session.lines] == [expected]

    def test_a_point_outside_or_on_nothing(self, lab, make_world):
        journey = lab.visit(
            make_world(24),
            "screenshot",
            Click(x=1280, y=10),
            Click(x=640, y=1081),
            Click(x=5, y=300),
            Type(text="x", target="q", submit=False),
            OpenListing(product_id="p24"),
            Back(),
            mode="browse",
        )
        outside, below, *rest = journey.errors
        assert outside == "(1280, 10) lies outside the picture of 1280 x 1080 CSS pixels"
        assert "outside" in below
        assert rest == [None] * 4


def yellow(picture):
    """Middles of the shop's yellow areas that look like buttons on cards, from top to bottom."""
    image = Image.open(BytesIO(picture)).convert("RGB")
    hue, saturation, value = image.convert("HSV").split()
    mask = Image.eval(hue, lambda h: 255 * (24 <= h <= 34))
    strong = Image.eval(saturation, lambda s: 255 * (s > 150))
    bright = Image.eval(value, lambda v: 255 * (v > 200))
    found = np.logical_and.reduce([np.asarray(m) > 0 for m in (mask, strong, bright)])
    # the header's search button is yellow too
    found[: image.width // 8] = False
    rows = np.flatnonzero(found.sum(axis=1) > image.width * 0.05)
    runs = np.split(rows, np.flatnonzero(np.diff(rows) > 3) + 1)
    points = []
    for run in runs:
        if len(run) >= image.width * 0.012:
            columns = np.flatnonzero(found[run].any(axis=0))
            last = np.split(columns, np.flatnonzero(np.diff(columns) > image.width * 0.03) + 1)[-1]
            points.append((float(last.mean()), float(run.mean())))
    return points
