"""Pictures made small enough for a file that holds many, each of them once."""

import base64
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO

from aces.blobs import BlobStore

SCREEN = 1000
"""Pixels that a screenshot is wide at most."""

THUMB = 112
"""Pixels that a product's picture is wide and high at most."""


@dataclass(frozen=True)
class Small:
    """A picture made small.

    Attributes:
        size: Width and height of the original, in pixels.
        data: WebP in base64.
    """

    size: tuple[int, int]
    data: str


@dataclass
class Album:
    """The pictures of a file.

    Attributes:
        blobs: Where they are taken from.
        wanted: Whether any is taken in.
        pictures: Key -> WebP in base64.
        sizes: Key -> width and height of the original, in pixels.
    """

    blobs: BlobStore
    wanted: bool = True
    pictures: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    _keys: dict[tuple[str, int], str] = field(default_factory=dict)
    _ready: dict[tuple[str, int], Small | None] = field(default_factory=dict)

    def prepare(self, pictures: Iterable[tuple[str, int]]) -> None:
        """Makes pictures small side by side, on all cores; `add` then has them at once.

        Args:
            pictures: Blob and pixels, as for `add`.
        """
        if not self.wanted:
            return
        new = [one for one in dict.fromkeys(pictures) if one not in self._keys]
        with ThreadPoolExecutor() as pool:  # Pillow works without the interpreter's lock
            self._ready |= zip(new, pool.map(lambda one: self._small(*one), new), strict=True)

    def add(self, blob: str, most: int) -> str | None:
        """Takes a picture in and returns its key; None where it can't be read."""
        if not self.wanted:
            return None
        if (blob, most) not in self._keys:
            small = self._ready.pop((blob, most), None) or self._small(blob, most)
            if small is None:
                return None
            key = f"p{len(self._keys)}"
            self._keys[blob, most] = key
            self.pictures[key], self.sizes[key] = small.data, small.size
        return self._keys[blob, most]

    def _small(self, blob: str, most: int) -> Small | None:
        from PIL import Image, UnidentifiedImageError

        try:
            with Image.open(BytesIO(self.blobs.get(blob))) as opened:
                size, image = opened.size, opened.convert("RGB")
        except (OSError, UnidentifiedImageError):
            return None
        image.thumbnail((most, 4 * most))
        out = BytesIO()
        image.save(out, "WEBP", quality=78, method=2)
        return Small(size, base64.b64encode(out.getvalue()).decode())
