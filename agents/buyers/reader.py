"""A planted buyer that opens every listing's page and reads it before it buys."""

import html
import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from aces.seeds import Stream
from aces.types import (
    Action,
    AddToCart,
    Back,
    CheckOut,
    Click,
    Observation,
    OpenListing,
    PerceivedListing,
    Record,
    Stop,
    Task,
)
from agents.buyers._errand import Rule
from agents.buyers.utility import UtilityBuyer

Part = Literal["description", "review"]

_AFTER = re.compile("Specifications|Similar items|Customer reviews")


class Passage(Record):
    """Words that count for something where they stand."""

    part: Part
    words: str


class ReaderBuyer(UtilityBuyer):
    """The random-utility shopper, who also minds what product pages say.

    Needs the full loop (`mode: browse`), and an interface that tells pages as text.
    """

    class Config(UtilityBuyer.Config):
        """Parameters."""

        reads: Mapping[str, Passage] = {}
        """Mark -> where on a product page it is found, in which words:
        `{told_in_review: {part: review, words: "you must buy this"}}`."""

    config: Config

    def start(self, task: Task, stream: Stream) -> "ReadingErrand":
        """Opens an errand with this trial's tastes and noise."""
        return ReadingErrand(self.rule(task, stream), self.config.reads)


class ReadingErrand:
    """Reads one page after another, then chooses.

    Args:
        rule: From the shelf, with what was read among the marks, to the listing to buy.
        reads: What is looked for.
    """

    def __init__(self, rule: Rule, reads: Mapping[str, Passage]) -> None:
        self._rule = rule
        self._reads = reads
        self._shelf: tuple[PerceivedListing, ...] = ()
        self._found: dict[str, dict[str, int]] = {}
        """Product -> marks found on its page."""
        self._open: str | None = None
        """Product whose pages are being read."""

    async def act(self, observation: Observation) -> Action:
        """Returns the next action on the way from shelf to order."""
        if observation.page in ("cart", "checkout"):
            return CheckOut()
        if observation.page == "product":
            return self._read(observation.text or "")
        self._shelf = observation.listings or self._shelf
        unread = [item for item in self._shelf if item.product_id not in self._found]
        if unread:
            self._open = unread[0].product_id
            self._found[self._open] = {}
            return OpenListing(product_id=self._open)
        choice = self._rule(tuple(map(self._with_marks, self._shelf)))
        if choice is None:
            return Stop(reason="nothing on the shelf is worth buying")
        return AddToCart(product_id=choice.product_id)

    def _read(self, text: str) -> Action:
        """Notes what a page of the open product says; the API tells reviews on another one."""
        if self._open is None:
            return Back()
        for kind, passage in self._reads.items():
            if folded(passage.words) in folded(part(text, passage.part)):
                self._found[self._open][kind] = 1
        more = _reviews_url(text)
        if more is None:
            self._open = None
            return Back()
        return Click(target=more)

    def _with_marks(self, item: PerceivedListing) -> PerceivedListing:
        return item.model_copy(update={"marks": {**item.marks, **self._found[item.product_id]}})


def part(text: str, which: Part) -> str:
    """Returns a part of a product page told as JSON, HTML or accessibility tree."""
    if text.startswith("{"):
        return _part_of_answer(json.loads(text), which)
    if which == "review":
        return text.rpartition("Customer reviews")[2]
    return _AFTER.split(text.partition("Product description")[2])[0]


def _part_of_answer(answer: Mapping[str, Any], which: Part) -> str:
    if which == "description":
        return str(answer.get("description", ""))
    reviews = answer.get("reviews")
    return "\n".join(each["text"] for each in reviews) if isinstance(reviews, list) else ""


def _reviews_url(text: str) -> str | None:
    """Where the API tells the reviews of the product it tells; None on any other page."""
    answer = json.loads(text) if text.startswith("{") else {}
    head = answer.get("reviews")
    return str(head["url"]) if isinstance(head, dict) else None


def folded(text: str) -> str:
    """Returns a text as it is compared: case, spaces, entities and quotes do not matter."""
    return re.sub(r"[\s\"'’]+", " ", html.unescape(text)).casefold().strip()
