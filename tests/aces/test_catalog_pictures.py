"""Pictures named by strangers: fetched once, from public addresses only, and only pictures."""

import io
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from aces import pictures
from aces.pictures import PictureError, PictureFetcher, UnreachableError, fetch, is_public, kind_of


def drawn(kind="PNG", size=(8, 8)):
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind)
    return out.getvalue()


class Server(ThreadingHTTPServer):
    """A server that notes what it was asked for."""

    def __init__(self):
        self.asked = []
        super().__init__(("127.0.0.1", 0), Handler)

    def url(self, path, host="127.0.0.1"):
        return f"http://{host}:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append(self.path)
        bodies = {
            "/red.png": drawn(),
            "/red.webp": drawn("WEBP"),
            "/lie.png": b"<svg onload='x'/>",
            "/large": b"x" * (pictures.MOST_BYTES + 1),
        }
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", self.path[4:])
            self.end_headers()
        elif self.path in bodies:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(bodies[self.path])
        else:
            self.send_error(404)


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def loopback_only(address):
    """Lets a test speak to its own server, as if that were the public internet."""
    return address == "127.0.0.1"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.8", "192.168.1.1", "172.16.9.9", "169.254.169.254", "100.64.0.1",
     "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "fe80::1%eth0", "fd00::1", "fec0::1",
     "::ffff:127.0.0.1", "::7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::"],
)  # fmt: skip
def test_addresses_that_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_that_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1"])
def test_a_local_server_is_never_asked(server, host):
    with pytest.raises(PictureError, match="private network"):
        fetch(server.url("/red.png", host))
    assert server.asked == []


def test_a_public_name_that_means_a_private_address_is_refused(server, monkeypatch):
    own = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.server_port))]
    mixed = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 80)), *own]
    for answer in (own, mixed):
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, found=answer, **__: found)
        with pytest.raises(PictureError, match="private network"):
            fetch("http://pictures.example/red.png")
    assert server.asked == []


def test_a_name_is_looked_up_once_and_the_checked_address_is_spoken_to(server, monkeypatch):
    answers = iter(["127.0.0.1", "10.0.0.1"])  # a name server that changes its mind

    def looked_up(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    spoken_to = []
    connect, resolve = socket.create_connection, socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", looked_up)

    def noted(address, *others):
        spoken_to.append(address)
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        return connect(address, *others)

    monkeypatch.setattr(socket, "create_connection", noted)
    assert fetch(server.url("/red.png", "pictures.example"), loopback_only) == drawn()
    assert spoken_to == [("127.0.0.1", server.server_port)]


@pytest.mark.parametrize(
    "target", ["http://127.0.0.2/x.png", "http://169.254.169.254/", "//[::1]/"]
)
def test_a_redirect_into_a_private_network_is_refused(server, target):
    with pytest.raises(PictureError, match="private network"):
        fetch(server.url(f"/to?{target}"), loopback_only)


def test_redirects_are_followed_but_not_forever(server):
    assert fetch(server.url("/to?/red.png"), loopback_only) == drawn()
    with pytest.raises(PictureError, match="redirected more than"):
        fetch(server.url("/to?/to?/to?/to?/to?/to?/red.png"), loopback_only)


@pytest.mark.parametrize(
    ("url", "reason"),
    [("file:///etc/passwd", "no http"), ("ftp://8.8.8.8/x.png", "no http"), ("x.png", "no http"),
     ("http://", "no http"), ("http://[::1", "no address"), ("http://a.example:x/", "no address"),
     ("http://user:word@8.8.8.8/x.png", "user"), ("data:image/png;base64,xx", "no http"),
     (f"http://{'a' * 70}.example/", "no address")],
)  # fmt: skip
def test_what_is_no_address_is_refused(url, reason):
    with pytest.raises(PictureError, match=reason):
        fetch(url)


def test_only_pictures_of_a_bearable_size_are_kept(server, tmp_path, monkeypatch):
    fetcher = PictureFetcher(True, tmp_path, loopback_only)
    with pytest.raises(PictureError, match="no PNG, JPEG or WebP"):
        fetcher.get(server.url("/lie.png"))
    with pytest.raises(PictureError, match="more than 5,000,000 bytes"):
        fetcher.get(server.url("/large"))
    with pytest.raises(PictureError, match="404"):
        fetcher.get(server.url("/none.png"))
    monkeypatch.setattr(pictures, "MOST_PIXELS", 63)
    with pytest.raises(PictureError, match="8 x 8 pixels"):
        fetcher.get(server.url("/red.png"))
    assert list(tmp_path.iterdir()) == []


def test_a_picture_is_fetched_once(server, tmp_path):
    key, file = PictureFetcher(True, tmp_path, loopback_only).get(server.url("/red.webp"))
    again = PictureFetcher(False, tmp_path).get(server.url("/red.webp"))
    assert (key, file) == again
    assert file.read_bytes() == drawn("WEBP")
    assert key.endswith(".webp")
    assert server.asked == ["/red.webp"]
    with pytest.raises(PictureError, match="not fetched"):
        PictureFetcher(False, tmp_path).get(server.url("/red.png"))


def test_a_dead_network_is_not_asked_again_and_again(tmp_path, monkeypatch):
    asked = []

    def no_network(host, *_, **__):
        asked.append(host)
        raise OSError

    monkeypatch.setattr(pictures.socket, "getaddrinfo", no_network)
    fetcher = PictureFetcher(True, tmp_path)
    for n in range(10):
        with pytest.raises(UnreachableError):
            fetcher.get(f"http://shop{n}.example/x.png")
    assert len(asked) == pictures.PATIENCE


def test_the_stand_in_is_a_picture():
    assert kind_of(pictures.missing_picture()) == "png"
