"""The one parser from what a model says to an `Action`; the union itself is in `aces.types`."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from aces.errors import TrialError
from aces.llm.records import Reply
from aces.types import (
    Action,
    AddToCart,
    Back,
    CheckOut,
    Click,
    Observation,
    OpenListing,
    PerceivedListing,
    Scroll,
    Stop,
    Type,
)
from agents.dialogue.naming import find_listing, read_facts
from agents.dialogue.replies import Call, read_call
from agents.dialogue.vocabulary import Verb

Coordinates = Literal["pixels", "thousandths"]

SCROLL_PIXELS = 600
"""Of the page, in CSS pixels."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a model may mean.

    Attributes:
        observation: What it was shown last.
        seen: Every listing of the trial so far; those of this page come first.
        coordinates: How it counts points of the picture.
    """

    observation: Observation
    seen: Sequence[PerceivedListing]
    coordinates: Coordinates = "pixels"


def read_action(reply: Reply, verbs: Sequence[Verb], sight: Sight) -> Action:
    """Returns the action in a model's reply: a tool call, JSON, or JSON among words.

    Args:
        reply: The model's.
        verbs: What it may do.
        sight: What it may mean.

    Raises:
        TrialError: With cause `refusal`, or `unparseable`, naming what is wrong. Nothing is ever
            guessed.
    """
    return to_action(read_call(reply, verbs), sight)


def to_action(call: Call, sight: Sight) -> Action:
    """Returns the action that a call means.

    Raises:
        TrialError: With cause `unparseable`, if it names no one thing that there is.
    """
    given = call.arguments
    match call.name:
        case "add_to_cart":
            product_id = _listing(call, sight).product_id
            return AddToCart(product_id=product_id, reason=given.get("reason", ""))
        case "open_listing":
            return OpenListing(product_id=_listing(call, sight).product_id)
        case "click":
            return _click(call, sight)
        case "type":
            return Type(
                text=given["text"],
                target=given.get("field") or None,
                number=given.get("number"),
                submit=given.get("submit", True),
            )
        case "scroll":
            down = given["direction"] == "down"
            return Scroll(pixels=SCROLL_PIXELS if down else -SCROLL_PIXELS)
        case "back":
            return Back()
        case "check_out":
            return CheckOut()
        case "leave":
            return Stop(reason=given["reason"])
    raise ValueError(f"no meaning for {call.name!r}")  # a verb without a case above


def reported(call: Call) -> dict[str, JsonValue] | None:
    """Returns what a purchase says it read of the product; None where the call is none.

    `title`, or the `number` drawn on it; `price`, `rating`, `review_count` as numbers where there
    are any; and `as_written`, the words themselves.
    """
    if call.name != "add_to_cart":
        return None
    named: dict[str, JsonValue] = {
        key: call.arguments[key] for key in ("title", "number") if key in call.arguments
    }
    numbers = {key: value for key, value in read_facts(call.arguments).items() if value is not None}
    written: dict[str, JsonValue] = {
        key: call.arguments[key]
        for key in ("price", "rating", "review_count")
        if call.arguments.get(key)
    }
    return {**named, **numbers, "as_written": written}


def _listing(call: Call, sight: Sight) -> PerceivedListing:
    if "number" in call.arguments:
        return _numbered(call.arguments["number"], sight.observation.listings)
    read: Mapping[str, float | None] = read_facts(call.arguments)
    title = call.arguments["title"]
    try:
        return find_listing(title, read, sight.observation.listings)
    except TrialError:
        if not sight.seen:
            raise
        return find_listing(title, read, sight.seen)


def _numbered(number: int, listings: Sequence[PerceivedListing]) -> PerceivedListing:
    found = [item for item in listings if item.number == number]
    if not found:
        there = ", ".join(
            str(n) for n in sorted(i.number for i in listings if i.number is not None)
        )
        raise TrialError("unparseable", f"no product carries number {number}; there are: {there}")
    return found[0]


def _click(call: Call, sight: Sight) -> Click:
    given = call.arguments
    if "x" not in given:
        return Click(target=given.get("target"), number=given.get("number"))
    wide, high = _picture_size(sight.observation)
    x, y = given["x"], given["y"]
    if sight.coordinates == "thousandths":
        x, y = x * wide / 1000, y * high / 1000
    if not (0 <= x <= wide and 0 <= y <= high):
        raise TrialError(
            "unparseable",
            f"the point ({given['x']:g}, {given['y']:g}) lies outside the picture, which is "
            + (f"{wide} x {high} pixels" if sight.coordinates == "pixels" else "1000 x 1000"),
        )
    scale = sight.observation.scale
    return Click(x=x / scale, y=y / scale)


def _picture_size(observation: Observation) -> tuple[int, int]:
    from PIL import Image

    with Image.open(io.BytesIO(observation.screenshot or b"")) as picture:
        return picture.size
