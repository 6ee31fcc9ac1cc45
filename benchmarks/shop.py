"""How quickly the shop answers: `python -m benchmarks.shop [--rounds 300] [--out FILE]`.

Every type of page of the whole demo catalogue, over a socket with a kept connection, one visitor,
beside the floor: bare Flask behind the same server, answering with as many bytes that are ready.
Then what a whole visit through the API costs in processor time, in process, on a shelf of eight.
"""

import argparse
import io
import json
import sys
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from statistics import median, quantiles
from wsgiref.types import WSGIApplication

from flask import Flask

from aces.catalog import Catalog, load_catalog
from aces.types import World
from benchmarks.machine import write_result
from experiments.station import serve, stop
from marketplace.app import create_app
from marketplace.sessions import Sessions
from marketplace.worlds import browsing_world

PRODUCT = "velora-pulse-3"
PAGES = {
    "home": "/",
    "department": "/department/Office",
    "category": "/category/fitness_watch",
    "search": "/search?q=desk+lamp",
    "search with a typing error": "/search?q=toothpsate",
    "search, filtered and sorted": "/search?q=lamp&stars=4&free=1&sort=price_asc",
    "product": f"/product/{PRODUCT}",
    "compare": f"/compare?id={PRODUCT}&id=norvane-trail-gps&id=strydeo-band-fit",
    "cart": "/cart",
    "checkout": "/checkout",
    "orders": "/orders",
    "api: search": "/api/search?q=desk+lamp",
    "api: product": f"/api/products/{PRODUCT}",
}


def timed(url_port: int, path: str, token: str, rounds: int) -> tuple[list[float], int]:
    """Returns the milliseconds of each request, after a warm-up, and the bytes of the answer."""
    headers = {"Cookie": f"session={token}", "Authorization": f"Bearer {token}"}
    times = []
    with closing(HTTPConnection("127.0.0.1", url_port, timeout=60)) as connection:
        for n in range(rounds + 20):
            start = time.perf_counter()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise SystemExit(f"{path} answered {answer.status}")
            if n >= 20:
                times.append((time.perf_counter() - start) * 1000)
    return times, len(body)


def floor(size: int, rounds: int) -> float:
    """Returns the median milliseconds of bare Flask that answers with so many bytes."""
    app = Flask("floor")
    body = "x" * size
    app.add_url_rule("/", view_func=lambda: body)
    server = serve(app)
    try:
        return median(timed(server.effective_port, "/", "", rounds)[0])
    finally:
        stop(server)


def pages(catalog: Catalog, rounds: int) -> list[str]:
    """Measures every type of page; returns the lines of the table."""
    sessions = Sessions(catalog)
    server = serve(create_app(sessions))
    token = sessions.admit(browsing_world(catalog))
    session = sessions.get(token)
    if session is None:
        raise SystemExit("the session was not opened")
    session.add(PRODUCT)
    lines = [
        "| page | KB | pages/s | p50, ms | p95 | p99 | p50 / floor |",
        "|---|---|---|---|---|---|---|",
    ]
    try:
        for name, path in PAGES.items():
            times, size = timed(server.effective_port, path, token, rounds)
            cuts = quantiles(times, n=100)
            ratio = median(times) / floor(size, rounds)
            rate = 1000 * len(times) / sum(times)
            lines.append(
                f"| {name} | {size / 1000:.0f} | {rate:.0f} | {median(times):.1f} | "
                f"{cuts[94]:.1f} | {cuts[98]:.1f} | {ratio:.1f} |"
            )
            session.events.clear()
    finally:
        stop(server)
    return lines


def request(app: WSGIApplication, method: str, path: str, token: str, body: bytes = b"") -> bytes:
    """Returns the body of the answer to one request, without sockets."""
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
    }
    return b"".join(app(environ, lambda status, headers, exc_info=None: lambda data: None))


def visit(app: WSGIApplication, sessions: Sessions, shelf: World) -> None:
    """One purchase by the API."""
    token = sessions.admit(shelf)
    request(app, "GET", "/api/enter", token)
    found = json.loads(request(app, "GET", "/api/search?q=watch", token))
    body = json.dumps({"product_id": found["results"][2]["id"]}).encode()
    request(app, "POST", "/api/cart", token, body)
    request(app, "POST", "/api/orders", token)
    if sessions.close(token).events[-1].kind != "order":
        raise SystemExit("the visit ended without an order")


def shelf_of_eight(catalog: Catalog) -> World:
    """Returns a trial's plain world."""
    ids = catalog.slice("fitness_watch", 8)
    return World(
        id="w",
        task_id="t",
        k=0,
        query="watch",
        listings=tuple(catalog.listings[i] for i in ids),
        products={i: catalog.products[i] for i in ids},
        max_units=1,
    )


def microseconds(action: Callable[[], object], rounds: int) -> float:
    """Returns CPU microseconds per call, the best of five batches of `rounds`."""
    batches = []
    for _ in range(5):
        start = time.process_time()
        for _ in range(rounds):
            action()
        batches.append(time.process_time() - start)
    return min(batches) / rounds * 1e6


def visits(catalog: Catalog, rounds: int) -> str:
    """Measures whole visits in process, beside four bare answers of Flask."""
    sessions, shelf = Sessions(catalog), shelf_of_eight(catalog)
    app = create_app(sessions).wsgi_app
    ours = microseconds(lambda: visit(app, sessions, shelf), rounds)
    bare = Flask("floor")
    bare.add_url_rule("/", view_func=lambda: "{}")
    least = microseconds(lambda: [request(bare.wsgi_app, "GET", "/", "") for _ in range(4)], rounds)
    return (
        f"A visit through the API (enter, search, cart, order): {ours:.0f} us of processor time, "
        f"{ours / least:.1f} times four bare answers of Flask ({least:.0f} us)."
    )


def main() -> None:
    """Prints the tables and writes the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    rounds = parser.parse_args().rounds
    catalog = load_catalog("demo")
    body = "\n".join([*pages(catalog, rounds), "", visits(catalog, rounds)])
    print(body)
    path = write_result("shop", "Speed of the shop's pages", body)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
