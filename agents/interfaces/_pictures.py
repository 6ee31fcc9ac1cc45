"""The page as pixels: captured, brought to size, and encoded."""

import asyncio
import base64
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from agents.browser import Tab
from agents.interfaces import PageConfig

if TYPE_CHECKING:
    from PIL import Image

CAPTURE_PAUSES_S = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)

# what is captured, in CSS pixels of the page: the window, or all of the page
_AREA = """full => {
    const page = document.documentElement;
    return full
        ? [0, 0, page.scrollWidth, page.scrollHeight]
        : [scrollX, scrollY, page.clientWidth, innerHeight];
}"""


class PictureConfig(PageConfig):
    """Parameters of a picture. Those of resolution change its pixels, never the page."""

    image_format: Literal["png", "jpeg", "webp"] = "png"
    """How the picture is encoded."""
    quality: int = Field(default=90, ge=1, le=100)
    """Of jpeg and webp."""
    full_page: bool = False
    """All of the page in place of the window."""
    scale: float | None = Field(default=None, gt=0, le=4)
    """Pixels per CSS pixel, drawn anew by the browser; null: the viewport's `device_scale`.

    Text is as crisp as on a screen of that density.
    """
    max_width: int | None = Field(default=None, ge=64)
    """A wider picture is resampled to this width, in pixels."""
    max_pixels: int | None = Field(default=None, ge=4096)
    """A larger picture is resampled to at most so many pixels, as model servers do."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A captured picture.

    Attributes:
        data: The encoded picture, in `media_type`.
        scale: Its pixels per CSS pixel.
        area: x, y, width and height of what it shows, in CSS pixels of the page.
    """

    data: bytes
    media_type: str
    scale: float
    area: tuple[float, float, float, float]

    def seen(self) -> dict[str, Any]:
        """Returns the fields of an observation."""
        return {"screenshot": self.data, "image_type": self.media_type, "scale": self.scale}


async def take(tab: Tab, config: PictureConfig, device_scale: float) -> Shot:
    """Returns the picture that the parameters ask for.

    Args:
        tab: With the page.
        config: The parameters.
        device_scale: Of the window: its pixels per CSS pixel.
    """
    area = tuple(await tab.page.evaluate(_AREA, config.full_page))
    bounded = config.max_width is not None or config.max_pixels is not None
    kind = "png" if bounded else config.image_format
    options: dict[str, Any] = {"format": kind, "captureBeyondViewport": config.full_page}
    options |= {"optimizeForSpeed": True} if kind == "png" else {"quality": config.quality}
    if config.scale not in (None, device_scale):
        box = dict(zip(("x", "y", "width", "height"), area, strict=True))
        options["clip"] = {**box, "scale": (config.scale or 1.0) / device_scale}
    data = await _capture(tab, options)
    if bounded:
        data = await asyncio.to_thread(_resample, data, config)
    return Shot(data, f"image/{config.image_format}", opened(data).width / area[2], area)


async def _capture(tab: Tab, options: dict[str, Any]) -> bytes:
    """The page's pixels, captured through CDP without Playwright's own waits.

    A capture fails while a navigation is pending, and on a busy machine before the first frame
    is drawn; it is tried again after a while.
    """
    from playwright.async_api import Error

    for pause_s in CAPTURE_PAUSES_S:
        await asyncio.sleep(pause_s)
        await tab.page.wait_for_load_state("load")
        try:
            answer = await tab.cdp.send("Page.captureScreenshot", options)
        except Error as error:
            refusal = error
        else:
            return base64.b64decode(answer["data"])
    raise refusal


def _resample(data: bytes, config: PictureConfig) -> bytes:
    image = opened(data)
    size = bounded_size(image.size, config.max_width, config.max_pixels)
    if size != image.size:
        from PIL import Image

        image = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    return encoded(image, config)


def bounded_size(
    size: tuple[int, int], max_width: int | None, max_pixels: int | None
) -> tuple[int, int]:
    """Returns the largest size of the same shape within the bounds, never one larger."""
    width, height = size
    factor = min(
        1.0,
        (max_width or width) / width,
        ((max_pixels or width * height) / (width * height)) ** 0.5,
    )
    return max(1, int(width * factor + 1e-9)), max(1, int(height * factor + 1e-9))


def opened(data: bytes) -> "Image.Image":
    """Returns an encoded picture; its pixels are decoded when they are needed."""
    from PIL import Image

    return Image.open(BytesIO(data))


def encoded(image: "Image.Image", config: PictureConfig) -> bytes:
    """Returns a picture in the format and quality that are asked for."""
    how: dict[str, Any] = {"quality": config.quality}
    if config.image_format == "png":
        how = {"compress_level": 3}
    buffer = BytesIO()
    image.convert("RGB").save(buffer, config.image_format, **how)
    return buffer.getvalue()
