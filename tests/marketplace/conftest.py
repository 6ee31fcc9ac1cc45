"""Small worlds made by hand, and a shop to meet them in."""

from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from aces.types import Listing, Mark, Product, World
from marketplace.app import create_app
from marketplace.sessions import Sessions


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


def make_listing(number: int, **changes: object) -> Listing:
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


def make_world(
    count: int = 8, changes: dict[int, dict[str, object]] | None = None, **settings: object
) -> World:
    """A world of `count` listings; `changes` overrides fields by listing number, 1-based."""
    listings = [make_listing(n, **(changes or {}).get(n, {})) for n in range(1, count + 1)]
    facts: dict[str, object] = {
        "id": "world-1",
        "task_id": "stapler",
        "k": 0,
        "query": "stapler",
        "listings": tuple(listings),
        "products": {
            listing.product_id: Product(
                id=listing.product_id,
                category="stapler",
                brand=listing.title.split()[0],
                attributes={"Color": "Black", "Capacity": f"{20 + n} sheets"},
            )
            for n, listing in enumerate(listings, start=1)
        },
        "max_units": 1,
    }
    return World.model_validate(facts | settings)


def custom_mark(**changes: object) -> Mark:
    """A mark that the shop doesn't know."""
    facts: dict[str, object] = {"kind": "eco", "text": "Climate friendly", "look": "badge"}
    return Mark.model_validate(facts | changes)


class Visitor:
    """A shopper inside: a browser-like client for pages, the same session for the API."""

    def __init__(self, app: Flask, token: str) -> None:
        self.client: FlaskClient = app.test_client()
        self.bearer = {"Authorization": f"Bearer {token}"}
        self.client.get(f"/enter/{token}")

    def page(self, path: str) -> str:
        response = self.client.get(path)
        assert response.status_code == 200, (path, response.status)
        return response.text

    def post(self, path: str, **form: object) -> str:
        """Posts a form and returns the path it leads to."""
        response = self.client.post(path, data=form)
        assert response.status_code == 303, (path, response.status, response.text)
        return response.headers["Location"]

    def api(self, method: str, path: str, status: int = 200, **body: object) -> dict:
        response = self.client.open(path, method=method, json=body or {}, headers=self.bearer)
        assert response.status_code == status, (path, response.status, response.text)
        return response.get_json()


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
        return Visitor(app, sessions.admit(world or make_world()))

    return enter
