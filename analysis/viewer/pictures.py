"""Pictures made small enough for a file that holds many, each of them once."""

import base64
from dataclasses import dataclass, field
from io import BytesIO

from aces.blobs import BlobStore

SCREEN = 1000
"""Pixels that a screenshot is wide at most."""

THUMB = 112
"""Pixels that a product's picture is wide and high at most."""


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

    def add(self, blob: str, most: int) -> str | None:
        """Takes a picture in and returns its key; None where it can't be read."""
        from PIL import Image, UnidentifiedImageError

        if not self.wanted:
            return None
        if (blob, most) not in self._keys:
            try:
                with Image.open(BytesIO(self.blobs.get(blob))) as opened:
                    size, small = opened.size, _small(opened, most)
            except (OSError, UnidentifiedImageError):
                return None
            key = f"p{len(self._keys)}"
            self._keys[blob, most] = key
            self.pictures[key], self.sizes[key] = small, size
        return self._keys[blob, most]


def _small(opened, most: int) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001
    image = opened.convert("RGB")
    image.thumbnail((most, 4 * most))
    out = BytesIO()
    image.save(out, "WEBP", quality=78, method=2)
    return base64.b64encode(out.getvalue()).decode()
