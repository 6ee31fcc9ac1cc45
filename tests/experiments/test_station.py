"""The shop's server starts and stops without a trace."""

import threading
import time
from socket import create_connection
from urllib.request import urlopen

import pytest

from experiments.station import serve, stop


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


def test_a_server_stops_whenever_it_is_told_and_leaves_no_thread():
    before = threading.active_count()
    for i in range(30):
        server = serve(hello)
        if i % 3:
            time.sleep(0.001 * i)
        if i % 2:
            with urlopen(f"http://127.0.0.1:{server.effective_port}/") as answer:
                assert answer.read() == b"hello"
        stop(server)
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_a_port_is_free_again_and_a_taken_one_is_said():
    server = serve(hello)
    with pytest.raises(OSError, match="in use"):
        serve(hello, server.effective_port)
    stop(server)


def test_connections_that_are_kept_open_keep_nobody_out():
    """Sixteen buyers side by side have more of them than servers commonly allow."""
    server = serve(hello)
    kept = [create_connection(("127.0.0.1", server.effective_port), timeout=10) for _ in range(200)]
    for each in kept:
        each.sendall(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
        assert each.recv(9000).startswith(b"HTTP/1.1 200")
    with urlopen(f"http://127.0.0.1:{server.effective_port}/", timeout=10) as answer:
        assert answer.read() == b"hello"
    for each in kept:
        each.close()
    stop(server)
