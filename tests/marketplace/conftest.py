"""Small worlds made by hand, a shop to meet them in, and a reader of its pages."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from aces.types import Coupon, Listing, Offer, Option, OptionValue, Product, Review, World
from marketplace.app import create_app
from marketplace.sessions import Sessions

VOID = {"meta", "link", "input", "img", "br"}


@dataclass
class Node:
    """An element of a page."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Node | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What it says, white space folded."""
        return " ".join("".join(self._texts()).split())

    def all(self, tag: str = "", **attributes: str) -> list["Node"]:
        """The elements below of a tag with given attributes, `cls` for one of its classes."""
        return [node for node in self.walk() if node is not self and node._fits(tag, attributes)]

    def one(self, tag: str = "", **attributes: str) -> "Node":
        """The only such element."""
        (node,) = self.all(tag, **attributes)
        return node

    def walk(self) -> Iterator["Node"]:
        """This element and all below, in order."""
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            yield from child._texts() if isinstance(child, Node) else (child,)

    def _fits(self, tag: str, attributes: dict[str, str]) -> bool:
        wanted = dict(attributes)
        cls = wanted.pop("cls", None)
        return (
            tag in ("", self.tag)
            and (cls is None or cls in self.attributes.get("class", "").split())
            and all(self.attributes.get(name) == value for name, value in wanted.items())
        )


class PageReader(HTMLParser):
    """Reads a page into nodes; fails where tags are not closed in order."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.root = Node("")
        self._open = [self.root]
        self.feed(markup)
        assert self._open == [self.root], f"never closed: {self._open[-1].tag}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


class StubPictures:
    """One grey square under every name but `missing.png`."""

    def __init__(self) -> None:
        buffer = BytesIO()
        Image.new("RGB", (8, 8), "#889").save(buffer, "PNG")
        self.content = buffer.getvalue()

    def picture(self, key: str) -> tuple[bytes, str]:
        if key == "missing.png":
            raise KeyError(key)
        return self.content, "image/png"


class Visitor:
    """A shopper inside: a browser-like client for pages, the same session for the API."""

    def __init__(self, app: Flask, token: str) -> None:
        self.client: FlaskClient = app.test_client()
        self.bearer = {"Authorization": f"Bearer {token}"}
        self.client.get(f"/enter/{token}")

    def page(self, path: str, status: int = 200) -> str:
        """The markup of a page."""
        response = self.client.get(path)
        assert response.status_code == status, (path, response.status)
        return response.text

    def read(self, path: str, status: int = 200) -> Node:
        """A page, parsed."""
        return PageReader(self.page(path, status)).root

    def post(self, path: str, **form: object) -> str:
        """Posts a form and returns the path it leads to."""
        response = self.client.post(path, data=form)
        assert response.status_code == 303, (path, response.status, response.text)
        return response.headers["Location"]

    def api(self, method: str, path: str, status: int = 200, **body: object) -> dict:
        """The answer of the API."""
        response = self.client.open(path, method=method, json=body, headers=self.bearer)
        assert response.status_code == status, (path, response.status, response.text)
        return response.get_json()


def a_listing(number: int, **changes: object) -> Listing:
    """Listing `p<number>`, each with its own title, price, rating and count."""
    facts: dict[str, object] = {
        "product_id": f"p{number}",
        "title": f"Brand{number} Full-Strip Stapler, Size {number}",
        "description": f"Description of number {number}.",
        "bullets": (f"First point of {number}", f"Second point of {number}"),
        "price_cents": 1099 + 500 * number,
        "rating": 4.0 + number / 10,
        "review_count": 1000 * number + 234,
        "pictures": (f"picture{number}.png",),
        "seller": f"Seller {number}",
    }
    return Listing.model_validate(facts | changes)


def a_world(
    count: int = 8, changes: dict[int, dict[str, object]] | None = None, **settings: object
) -> World:
    """A world of `count` listings; `changes` overrides fields by listing number, 1-based."""
    listings = [a_listing(n, **(changes or {}).get(n, {})) for n in range(1, count + 1)]
    products = {
        listing.product_id: Product(
            id=f"p{n}",
            category="stapler",
            brand=f"Brand{n}",
            attributes={"Color": "Black", "Capacity": f"{20 + n} sheets"},
        )
        for n, listing in enumerate(listings, start=1)
    }
    facts: dict[str, object] = {
        "id": "world-1",
        "task_id": "stapler",
        "k": 0,
        "query": "stapler",
        "listings": tuple(listings),
        "products": products,
        "max_units": 1,
    }
    return World.model_validate(facts | settings)


@pytest.fixture(scope="session")
def make_world() -> Callable[..., World]:
    """Makes worlds: `make_world(8, {3: {"stock": 2}}, max_units=None)`."""
    return a_world


def a_full_world(**settings: object) -> World:
    """A world with all that listings and products can have."""
    sizes = Option(
        name="Size", values=(OptionValue(value="S"), OptionValue(value="L", price_factor=1.25))
    )
    colors = Option(
        name="Color",
        values=(
            OptionValue(value="Black", swatch="#111111"),
            OptionValue(value="Red", swatch="#cc2222", picture="red.png"),
        ),
    )
    reviews = tuple(
        Review(
            stars=stars,
            title=f"Title {n}",
            text=f"Text {n}",
            author=f"Author {n}",
            date=f"2025-{n:02d}-11",
            helpful=n % 4,
            fit="true to size" if n % 2 else "runs small",
            options={"Size": "S"},
        )
        for n, stars in enumerate((5, 4, 5, 3, 1, 4, 5, 2, 5, 4, 4, 5), start=1)
    )
    used = Offer(
        seller="Second Hand",
        price_factor=0.7,
        condition="Used - good",
        delivery_days=3,
        shipping_cents=499,
    )
    world = a_world(
        changes={
            1: {"offers": (used,), "list_price_cents": 2999, "shipping_cents": 350},
            2: {"stock": 0},
            3: {"stock": 3, "delivery_days": 1},
        },
        **{"max_units": None, "controls": True, "coupons": COUPONS, **settings},
    )
    full = world.products["p1"].model_copy(
        update={
            "options": (sizes, colors),
            "sold_out": ({"Size": "L", "Color": "Red"},),
            "reviews": reviews,
            "specification": {"Weight": "300 g", "Height": "6 cm"},
        }
    )
    return world.model_copy(update={"products": {**world.products, "p1": full}})


COUPONS = (
    Coupon(code="TENOFF", percent=10),
    Coupon(code="FIVE", off_cents=500, minimum_cents=5000),
)


@pytest.fixture
def full_world() -> World:
    """A world with options, offers of other sellers, reviews, coupons and controls."""
    return a_full_world()


@pytest.fixture
def sessions() -> Sessions:
    return Sessions()


@pytest.fixture
def app(sessions: Sessions) -> Flask:
    return create_app(sessions, StubPictures())


@pytest.fixture
def visit(app: Flask, sessions: Sessions) -> Callable[..., Visitor]:
    """Admits a shopper to a world: `visit(world)`."""

    def enter(world: World | None = None) -> Visitor:
        return Visitor(app, sessions.admit(world or a_world()))

    return enter


@pytest.fixture
def log(sessions: Sessions) -> Callable[..., list[dict]]:
    """The data of a visitor's events, of one kind or all: `log(visitor, "order")`."""

    def events(visitor: Visitor, kind: str = "") -> list[dict]:
        session = sessions.get(visitor.bearer["Authorization"].removeprefix("Bearer "))
        assert session is not None
        return [dict(event.data) for event in session.events if kind in ("", event.kind)]

    return events


@pytest.fixture
def address(app: Flask, serve: Callable[[Flask], str]) -> str:
    """Where the shop is served."""
    return serve(app)
