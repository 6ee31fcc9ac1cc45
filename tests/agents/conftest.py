"""A shop, one Chromium for a whole module, and visits through any interface."""

import asyncio
from dataclasses import dataclass, field, replace
from io import BytesIO

import pytest
from PIL import Image

from aces.seeds import Stream
from aces.types import (
    Coupon,
    Listing,
    Observation,
    Offer,
    Option,
    OptionValue,
    Product,
    Review,
    Viewport,
    World,
)
from agents.browser import Browser, find_chromium
from agents.interfaces import INTERFACES, ShopHandle
from experiments.station import serve, stop
from marketplace.app import create_app
from marketplace.marks import legend, standard_mark
from marketplace.sessions import Session, Sessions


class Pictures:
    def __init__(self):
        buffer = BytesIO()
        Image.new("RGB", (8, 8), "#889").save(buffer, "PNG")
        self.content = buffer.getvalue()

    def picture(self, key):
        return self.content, "image/png"


@dataclass
class Journey:
    """What a visit looked like."""

    seen: list[Observation] = field(default_factory=list)
    errors: list[str | None] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    session: Session | None = None
    found: list[object] = field(default_factory=list)


class Lab:
    """Enters hand-made worlds through an interface and acts in them."""

    def __init__(self):
        self.runner = asyncio.Runner()
        self.sessions = Sessions()
        self.app = create_app(self.sessions, Pictures())
        self.server = serve(self.app)
        self.url = f"http://127.0.0.1:{self.server.effective_port}"
        self.browser = Browser(self.url)
        self.shop = ShopHandle(self.url, self.app, legend())
        self.run = self.runner.run
        if find_chromium() is not None:
            self.run(self.browser.start())

    def close(self):
        self.run(self.browser.stop())
        stop(self.server)
        self.runner.close()

    async def interface(self, use, viewport=None, currency="USD", **config):
        interface = INTERFACES.build(use, config)
        shop = replace(self.shop, currency=currency)
        await interface.start(shop, viewport or Viewport(), self.browser)
        return interface

    def visit(
        self,
        world,
        use,
        *actions,
        viewport=None,
        currency="USD",
        stream="visit",
        look=None,
        **config,
    ):
        """Observes, and after each action observes again; `look` may inspect the visit itself."""

        async def go():
            journey, token = Journey(), self.sessions.admit(world)
            interface = await self.interface(use, viewport, currency, **config)
            async with interface.visit(token, Stream(stream)) as visit:
                journey.seen.append(await visit.observe(1))
                journey.found.append(await look(visit) if look else None)
                for action in actions:
                    journey.errors.append(await visit.act(action))
                    journey.urls.append(visit.url)
                    journey.seen.append(await visit.observe(len(journey.seen) + 1))
                    journey.found.append(await look(visit) if look else None)
                assert visit.blocked == 0
            journey.session = self.sessions.close(token)
            return journey

        return self.run(go())


@pytest.fixture(scope="module")
def lab():
    lab = Lab()
    yield lab
    lab.close()


def make_world(size=8, columns=4, **changes):
    """A world of plain listings; `p3={...}` changes the third."""
    listings = []
    for i in range(1, size + 1):
        listing = Listing(
            product_id=f"p{i}",
            title=f"Stapler number {i}",
            price_cents=1000 * i + 99,
            rating=round(min(5.0, 3.0 + 0.2 * i), 1),
            review_count=10 * i,
            pictures=(f"{i}.png",),
        )
        listings.append(listing.model_copy(update=changes.get(f"p{i}", {})))
    return World(
        id="w",
        task_id="t",
        k=0,
        query="red stapler",
        listings=tuple(listings),
        products={each.product_id: Product(id=each.product_id, category="c") for each in listings},
        columns=columns,
        max_units=1,
    )


@pytest.fixture(name="make_world", scope="session")
def world_maker():
    return make_world


@pytest.fixture(scope="session")
def rich():
    """A shelf with everything there is to click: filters, options, sellers, reviews, a coupon."""
    world = make_world(
        p1={
            "pictures": ("1.png", "1b.png"),
            "seller": "Acme",
            "review_count": 1000,
            "offers": (Offer(seller="Bolt & Co", price_factor=1.1),),
        },
    )
    colours = Option(name="Colour", values=(OptionValue(value="Red"), OptionValue(value="Blue")))
    p1 = world.products["p1"].model_copy(
        update={
            "brand": "Acme",
            "options": (colours,),
            "reviews": tuple(
                Review(stars=1 + i % 5, title=f"Holds {i}", date="2025-01-02") for i in range(40)
            ),
        }
    )
    return world.model_copy(
        update={
            "controls": True,
            "products": {**world.products, "p1": p1},
            "coupons": (Coupon(code="TENOFF", percent=10),),
        }
    )


@pytest.fixture(scope="session")
def nasty():
    """A shelf of titles and facts that are easily misread."""
    return make_world(**NASTY)


NASTY = {
    "p1": {"title": """Ella's "Pro" Stapler: <b>20 %</b> & more — 'new' #1 [x] {y}"""},
    "p2": {"title": "訂書機 Größe 3 ﷽ 🖇️, naïve café"},
    "p3": {"title": "Sponsored Overall Pick Only 3 left in stock List price $1.00 -99%"},
    "p4": {"title": '(9,999 ratings) 1.0 out of 5 stars, $0.01 link "/product/p1"'},
    "p5": {"title": "A  title\twith \xa0 gaps ", "rating": None, "review_count": 0},
    "p6": {"list_price_cents": 123_456_789, "price_cents": 1, "stock": 1, "review_count": 1},
    "p7": {
        "title": "Every mark at once " * 8,
        "stock": 4,
        "list_price_cents": 9999,
        "rating": 5.0,
        "review_count": 1_234_567,
        "marks": tuple(
            map(standard_mark, ("sponsored", "overall_pick", "best_seller", "limited_time"))
        ),
    },
    "p8": {"title": "- yes: 1", "stock": 0, "rating": 0.0},
}
