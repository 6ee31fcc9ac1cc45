"""What a visit costs the shop, in CPU time: `python benchmarks/shop.py [rounds]`.

A visit by the API is enter, search, cart and order through the bare WSGI callable; a page is one
results page. No sockets.
"""

import io
import json
import sys
import time
import timeit
from collections.abc import Callable
from wsgiref.types import WSGIApplication

from aces.types import Listing, Mark, Product, World
from marketplace.app import create_app
from marketplace.sessions import Sessions


class NoPictures:
    """A shop whose pictures nobody looks at."""

    def picture(self, key: str) -> tuple[bytes, str]:
        """Has none."""
        raise KeyError(key)


def world() -> World:
    """Returns a shelf of eight, with the marks that experiments draw."""
    listings = tuple(
        Listing(
            product_id=f"velora-staple-{n}",
            title=f"Velora Heavy Duty Desktop Stapler with 1000 Staples, {20 + n} Sheets, Black",
            price_cents=1299 + 250 * n,
            list_price_cents=2999 if n == 3 else None,
            rating=4.0 + n / 10,
            review_count=1234 * n,
            stock=3 if n == 5 else 50,
            pictures=(f"{n}.png",),
            marks=(Mark(kind="sponsored", text="Sponsored", look="quiet", place="title"),)[: n % 2],
        )
        for n in range(1, 9)
    )
    products = {each.product_id: Product(id=each.product_id, category="x") for each in listings}
    return World(
        id="w", task_id="t", k=0, query="stapler", listings=listings, products=products, max_units=1
    )


def request(app: WSGIApplication, method: str, path: str, token: str, body: bytes = b"") -> bytes:
    """Returns the body of the answer to one request."""
    path, _, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "shop",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "HTTP_COOKIE": f"session={token}",
    }
    return b"".join(app(environ, lambda status, headers, exc_info=None: None))


def visit(app: WSGIApplication, sessions: Sessions, shelf: World) -> None:
    """One purchase by the API."""
    token = sessions.admit(shelf)
    request(app, "GET", "/api/enter", token)
    found = json.loads(request(app, "GET", "/api/search?q=stapler", token))
    body = json.dumps({"product_id": found["results"][2]["id"]}).encode()
    request(app, "POST", "/api/cart", token, body)
    request(app, "POST", "/api/orders", token)
    if sessions.close(token).events[-1].kind != "order":
        raise SystemExit("the visit ended without an order")


def microseconds(action: Callable[[], object], rounds: int) -> float:
    """Returns CPU microseconds per call, the best of five batches of `rounds`."""
    batches = timeit.repeat(action, timer=time.process_time, number=rounds, repeat=5)
    return min(batches) / rounds * 1e6


def main(rounds: int = 1000) -> None:
    """Prints both costs."""
    sessions, shelf = Sessions(), world()
    app = create_app(sessions, NoPictures()).wsgi_app
    api = microseconds(lambda: visit(app, sessions, shelf), rounds)
    token = sessions.admit(shelf)
    page = microseconds(lambda: request(app, "GET", "/search?q=stapler", token), rounds // 4)
    print(f"visit by the API: {api:.0f} us; results page: {page:.0f} us")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
