"""Shelves that a source shows itself: published trials, matched pairs, judged results.

A catalogue's own listings are what treatments start from. A given shelf says beside them what
stood together, in which order and how: enough to show the same shelf again, and to compare what
is bought now with what was bought then.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from pydantic import Field, JsonValue

from aces.types import Listing, Record


class GivenShelf(Record):
    """One shelf as its source shows it."""

    id: str = Field(min_length=1)
    """Unique in the catalogue: `mousepad/control/17`, `pairs/3`."""
    kind: str
    """`trial`, `pair` or `group` of matched products, `query` with judged results."""
    category: str
    query: str = ""
    """What was searched for."""
    group: str = ""
    """What the source calls shelves of this sort: an experiment's label, a file of pairs."""
    listings: tuple[Listing, ...] = Field(min_length=1)
    """In the order shown, position 1 first; prices, ratings, stock and marks as shown there."""
    instruction: Mapping[str, str] = {}
    """What the shopper was told beside the query: `budget`, `color`, `brand`, `cheapest`."""
    facts: tuple[Mapping[str, JsonValue], ...] = ()
    """For each listing what the source says of it and no shopper saw: `desired_choice`,
    `original_price`, `esci_label`."""
    chosen: Mapping[str, str] = {}
    """Who chose -> the product, as published; `` where a trial ended without a choice."""
    screenshot: str = ""
    """Key of the stored screenshot."""


Screenshots = Mapping[str, Callable[[], bytes]]


def write_shelves(shelves: Iterable[GivenShelf], screenshots: Screenshots, folder: Path) -> None:
    """Writes `shelves.jsonl`, one shelf to a line, and the screenshots by their keys."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "shelves.jsonl").open("w", encoding="utf-8") as file:
        for shelf in shelves:
            file.write(json.dumps(shelf.model_dump(mode="json"), ensure_ascii=False) + "\n")
    for key, load in screenshots.items():
        (folder / key).write_bytes(load())


def read_shelves(folder: Path) -> tuple[tuple[GivenShelf, ...], Screenshots]:
    """Returns what `write_shelves` has written; nothing where the folder is missing.

    Raises:
        ValueError: If a line is no shelf.
    """
    file = folder / "shelves.jsonl"
    if not file.is_file():
        return (), {}
    with file.open(encoding="utf-8") as lines:
        shelves = tuple(GivenShelf.model_validate_json(line) for line in lines)
    keys = {shelf.screenshot for shelf in shelves} - {""}
    return shelves, {key: partial((folder / key).read_bytes) for key in sorted(keys)}
