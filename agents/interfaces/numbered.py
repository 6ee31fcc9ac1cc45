"""The page as pixels, with numbers drawn over what can be acted on."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from aces.seeds import Stream
from aces.types import Observation, Pointing
from agents.browser import Tab
from agents.interfaces._labels import AIR_PX, OBSTACLES, Tag, draw
from agents.interfaces._page import PageVisit
from agents.interfaces._pictures import PictureConfig, Shot, encoded, opened, take
from agents.interfaces._reading import Box, read_product_id
from agents.interfaces._things import ALL, LISTINGS, Thing, Things
from agents.interfaces.screenshot import ScreenshotInterface

if TYPE_CHECKING:
    from playwright.async_api import ElementHandle


class NumberedConfig(PictureConfig):
    """Parameters."""

    numbers: Literal["in_order", "shuffled"] = "in_order"
    """`in_order`: as the page is read; `shuffled`: at random for each trial and page.

    A low number may be a cue.
    """


class NumberedInterface(ScreenshotInterface):
    """A screenshot with numbered boxes.

    In one decision each listing carries a number; in the full loop every link, button and field
    does. The picture and the title of a listing lead to the same page and share one number. The
    numbers are drawn on the captured pixels: the page itself is untouched.

    A number belongs to a trial and a page: it stays when the page is scrolled, and is the same
    when the buyer comes back. Numbers run from 1 over the whole page, so that a picture of the
    window may begin with a higher one.
    """

    Config = NumberedConfig
    config: NumberedConfig

    def enter(self, tab: Tab, stream: Stream) -> "NumberedVisit":
        """Returns the visit."""
        return NumberedVisit(self, tab, stream)

    @property
    def pointing(self) -> Pointing:
        """By number, in either mode."""
        return "number"


class NumberedVisit(PageVisit):
    """A visit that knows which numbers were drawn."""

    def __init__(self, interface: NumberedInterface, tab: Tab, stream: Stream) -> None:
        super().__init__(interface, tab)
        self._config = interface.config
        self._device_scale = interface.viewport.device_scale
        self._stream = stream
        self._things: Things | None = None
        self._drawn: Mapping[int, Thing] = {}

    async def look(self) -> dict[str, Any]:
        """Returns the picture with its numbers."""
        plain = self._config.model_copy(update={"image_format": "png"})
        shot = await take(self._tab, plain, self._device_scale)
        listings = self._config.mode == "one_decision" and self._kind() == "results"
        if self._things:
            await self._things.forget()
        self._things = await Things.of(self._page, LISTINGS if listings else ALL)
        self._drawn = self._number(self._things.all, shot.area)
        seen = await self._page.evaluate(OBSTACLES)
        data = await asyncio.to_thread(
            drawn, shot, self._drawn, seen["written"], seen["pictures"], self._config
        )
        return Shot(data, f"image/{self._config.image_format}", shot.scale, shot.area).seen()

    def _number(self, things: Sequence[Thing], area: Box) -> dict[int, Thing]:
        """Number -> thing, of those that the picture shows."""
        groups = grouped(things)
        order: Sequence[int] = range(len(groups))
        if self._config.numbers == "shuffled":
            stream = self._stream.child("numbers", self.url, len(groups))
            order = stream.generator().permutation(len(groups)).tolist()
        numbered = {}
        for number, group in zip(order, groups, strict=True):
            seen = [each for each in group if self._shows(each, area)]
            if seen:
                numbered[number + 1] = seen[0]
        return dict(sorted(numbered.items()))

    def _shows(self, thing: Thing, area: Box) -> bool:
        """Whether a picture shows it: nothing lies over it in the window, or it is in the page."""
        _, _, width, height = clipped(thing.box, area)
        return (self._config.full_page or thing.open) and min(width, height) >= 4

    async def observe(self, step: int) -> Observation:
        """Returns the picture, with the numbers of the listings."""
        seen = await super().observe(step)
        numbers: dict[str, int] = {}
        for number, thing in self._drawn.items():
            if thing.card and (thing.kind == "listing" or thing.href == thing.card):
                numbers[read_product_id(thing.card)] = number
        listings = tuple(
            item.model_copy(update={"number": numbers.get(item.product_id)})
            for item in seen.listings
        )
        return seen.model_copy(update={"listings": listings})

    async def numbered(self, number: int) -> "ElementHandle | str":
        """Returns the element that carries a number, or which numbers there are."""
        if self._things is None or number not in self._drawn:
            return f"no {number} is drawn in the picture; there are {_ranges(list(self._drawn))}"
        return await self._things.element(self._drawn[number])


def grouped(things: Sequence[Thing]) -> list[list[Thing]]:
    """Returns what can be acted on, in order; what leads to the same page stands together.

    A picture that is a link goes with the link that has words.
    """
    shown = [each for each in things if each.shown]
    spoken = {each.href: [each] for each in shown if each.spoken and each.href}
    groups: list[list[Thing]] = []
    for each in shown:
        same = spoken.get(each.href, [])
        if same and each is same[0]:
            groups.append(same)
        elif same and (not each.spoken or each.card == same[0].card == each.href):
            same.append(each)
        else:
            groups.append([each])
    return groups


def clipped(box: Box, area: Box) -> Box:
    """Returns what of a box lies within an area, in its coordinates."""
    left, top = max(0.0, box[0] - area[0]), max(0.0, box[1] - area[1])
    right = min(area[2], box[0] + box[2] - area[0])
    bottom = min(area[3], box[1] + box[3] - area[1])
    return left, top, max(0.0, right - left), max(0.0, bottom - top)


def drawn(
    shot: Shot,
    things: Mapping[int, Thing],
    written: Sequence[Box],
    pictures: Sequence[Box],
    config: PictureConfig,
) -> bytes:
    """Returns a captured picture with its numbers, encoded.

    Args:
        shot: The picture.
        things: By number.
        written: Text and the like, in CSS pixels of the page.
        pictures: Likewise.
        config: How to encode it.
    """

    def scaled(box: Box, air: float = 0.0) -> Box:
        wide = (box[0] - air, box[1] - air, box[2] + 2 * air, box[3] + 2 * air)
        x, y, width, height = clipped(wide, shot.area)
        return x * shot.scale, y * shot.scale, width * shot.scale, height * shot.scale

    tags = [
        Tag(number, scaled(thing.box, AIR_PX), inside=thing.kind in ("listing", "field"))
        for number, thing in things.items()
    ]
    texts = [scaled(box, AIR_PX) for box in written]
    image = draw(opened(shot.data), tags, texts, [scaled(box) for box in pictures], shot.scale)
    return encoded(image, config)


def _ranges(numbers: Sequence[int]) -> str:
    """`1-7, 9`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    words = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    return ", ".join(words) or "none"
