"""Pictures of imported catalogues: fetched once from public addresses, or drawn as missing.

A catalogue from elsewhere names any address it likes, so addresses of private, loopback and
link-local networks are refused. The host's name is looked up once, every address it has is
checked, and the connection goes to a checked one: neither a redirect nor a second answer of the
name server leads elsewhere. Proxies are not used, since they would look the name up themselves.
"""

import hashlib
import http.client
import io
import ipaddress
import os
import socket
import ssl
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from aces.blobs import write_whole
from aces.catalog_builder import picture_digest

MOST_BYTES = 5_000_000
MOST_PIXELS = 40_000_000
MOST_REDIRECTS = 3
SECONDS = 15.0
PATIENCE = 3
"""So many addresses in a row that don't answer, and no further one is tried."""

SUFFIXES = {"PNG": "png", "JPEG": "jpg", "MPO": "jpg", "WEBP": "webp"}
_EMBEDDING = [
    ipaddress.ip_network(text)
    for text in ("::/96", "2002::/16", "2001::/32", "64:ff9b::/96", "fec0::/10")
]
"""Networks of the sixth version whose addresses stand for others, or for a site's own."""

_MISSING = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="600">'
    '<rect width="600" height="600" fill="#f1f1ef"/>'
    '<g fill="none" stroke="#9a9a94" stroke-width="10" stroke-linejoin="round">'
    '<rect x="170" y="190" width="260" height="220" rx="12"/><circle cx="245" cy="260" r="24"/>'
    '<path d="M170 380 260 310 320 355 365 320 430 375"/><path d="M140 440 460 160"/></g></svg>'
)
MISSING_KEY = f"{picture_digest(_MISSING.encode())}.png"
"""Key of the picture that stands for one that can't be had: a frame, struck through."""


class PictureError(ValueError):
    """Why a picture can't be had."""


class UnreachableError(PictureError):
    """The network, or the host, does not answer."""


def missing_picture() -> bytes:
    """Returns the drawn stand-in, as PNG."""
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(svg_string=_MISSING, skip_system_fonts=True))


def is_public(address: str) -> bool:
    """Returns whether an address belongs to the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if any(ip in network for network in _EMBEDDING):
            return False
    return ip.is_global and not ip.is_multicast


class PictureFetcher:
    """Fetches pictures, and keeps what it has fetched in a folder.

    Args:
        online: Whether what is not in the folder may be fetched.
        folder: Where fetched pictures are kept; one for all catalogues of the user if not given.
        allowed: Says of an IP address whether it may be spoken to.
    """

    def __init__(
        self,
        online: bool = True,
        folder: Path | None = None,
        allowed: Callable[[str], bool] = is_public,
    ) -> None:
        self.online = online
        self.folder = folder or _album()
        self.allowed = allowed
        self._silent = 0

    def get(self, url: str) -> tuple[str, Path]:
        """Returns a picture's key and the file that holds it.

        Raises:
            PictureError: Saying why it can't be had.
        """
        name = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:32]
        for suffix in ("png", "jpg", "webp"):
            file = self.folder / f"{name}.{suffix}"
            if file.is_file():
                return f"{picture_digest(file.read_bytes())}.{suffix}", file
        if not self.online:
            raise PictureError("is not fetched; `aces catalog import` fetches")
        content = self._fetched(url)
        suffix = kind_of(content)
        file = self.folder / f"{name}.{suffix}"
        _keep(file, content)
        return f"{picture_digest(content)}.{suffix}", file

    def _fetched(self, url: str) -> bytes:
        if self._silent >= PATIENCE:
            raise UnreachableError("is not tried: the network does not answer")
        try:
            content = fetch(url, self.allowed)
        except UnreachableError:
            self._silent += 1
            raise
        self._silent = 0
        return content


def fetch(url: str, allowed: Callable[[str], bool] = is_public) -> bytes:
    """Returns what stands at an address, following few redirects, each checked like the first.

    Raises:
        PictureError: If an address is not allowed, does not answer, or holds too much.
    """
    end = time.monotonic() + SECONDS
    for _ in range(MOST_REDIRECTS + 1):
        found = _ask(url, allowed, end)
        if isinstance(found, bytes):
            return found
        url = urljoin(url, found)
    raise PictureError(f"is redirected more than {MOST_REDIRECTS} times; left away")


def kind_of(content: bytes) -> str:
    """Returns the ending that fits a picture's content: png, jpg or webp.

    Raises:
        PictureError: If it is no such picture, or has too many pixels.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "WEBP")) as image:
                kind, (width, height) = str(image.format), image.size
    except (OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError) as error:
        raise PictureError("holds no PNG, JPEG or WebP picture; left away") from error
    if width * height > MOST_PIXELS:
        raise PictureError(f"has {width} x {height} pixels, too many; left away")
    return SUFFIXES[kind]


def _ask(url: str, allowed: Callable[[str], bool], end: float) -> bytes | str:
    """The content of one address, or where it points to."""
    parts, host, port = _parts(url)
    address = _lookup(host, port, allowed)
    connection = _Connection(host, port, address, parts.scheme == "https")
    target = quote(parts.path or "/", safe="/%:=&~+!$,;'@()*") + (
        "?" + quote(parts.query, safe="/%:=&?~+!$,;'@()*[]") if parts.query else ""
    )
    try:
        connection.request("GET", target, headers={"User-Agent": "aces-lab", "Accept": "image/*"})
        return _answer(connection.getresponse(), end)
    except (OSError, http.client.HTTPException) as error:
        raise UnreachableError(f"does not answer ({type(error).__name__}); left away") from error
    finally:
        connection.close()


def _parts(url: str) -> tuple[SplitResult, str, int]:
    """The address in parts, its host and its port."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:  # UnicodeError is one
        raise PictureError("is no address; left away") from error
    if parts.scheme not in ("http", "https") or not host:
        raise PictureError("is no http or https address; left away")
    if parts.username is not None:
        raise PictureError("carries a user's name; left away")
    return parts, host, port


def _lookup(host: str, port: int, allowed: Callable[[str], bool]) -> str:
    """An address of the host; every one it has must be allowed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UnreachableError("has a host that is not found; left away") from error
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not allowed(address):
            raise PictureError(f"leads into a private network ({address}); refused")
    return addresses[0]


class _Connection(http.client.HTTPConnection):
    """Speaks to one checked address, whatever the host's name means by now."""

    def __init__(self, host: str, port: int, address: str, secure: bool) -> None:
        super().__init__(host, port, timeout=SECONDS)
        self.default_port = 443 if secure else 80
        self._address = address
        self._secure = secure

    def connect(self) -> None:
        plain: Any = socket.create_connection((self._address, self.port), self.timeout)
        if self._secure:
            plain = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
        self.sock = plain


def _answer(response: http.client.HTTPResponse, end: float) -> bytes | str:
    if response.status in (301, 302, 303, 307, 308):
        return response.getheader("Location") or ""
    if response.status != 200:
        raise PictureError(f"answers with {response.status}; left away")
    content = bytearray()
    while chunk := response.read(65536):
        content += chunk
        if len(content) > MOST_BYTES:
            raise PictureError(f"has more than {MOST_BYTES:,} bytes; left away")
        if time.monotonic() > end:
            raise UnreachableError(f"takes longer than {SECONDS:.0f} seconds; left away")
    return bytes(content)


def _album() -> Path:
    caches = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return caches / "aces" / "pictures-fetched"


def _keep(file: Path, content: bytes) -> None:
    try:
        write_whole(file, content)
    except OSError as error:
        raise PictureError(f"can't be kept in {file.parent}: {error.strerror}") from error
