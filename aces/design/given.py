"""Shelves that are given, not drawn: what a source showed is shown again."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, JsonValue

from aces.seeds import Stream
from aces.types import Listing, Mark, Record, Task


class GivenWorld(Record):
    """One shelf, its products in catalogue order."""

    shelf: str
    """Its id in the catalogue."""
    products: tuple[str, ...] = Field(min_length=1)
    levels: Mapping[str, tuple[JsonValue, ...]]
    """Level -> one value per product."""


class Given(Record):
    """World k of a task is one of its given shelves: all in turn, or in an order drawn once.

    Its levels have no probability, because the draw that made them is not ours: it takes part in
    no randomisation inference. What treatments lay on top is drawn as ever, starting from the
    given listings.
    """

    kind: Literal["given"] = "given"
    worlds: Mapping[str, tuple[GivenWorld, ...]]
    """Task id -> its shelves."""
    random_order: bool = False
    """Whether the seed decides which shelf comes when; a shelf comes again after all others."""
    changing: tuple[str, ...] = ()
    """Levels in which a product differs from shelf to shelf."""
    published: Mapping[str, str] = {}
    """Level that holds a published choice (0/1) -> who chose."""
    marks: tuple[Mark, ...] = ()
    """The kinds of marks that the shelves carry, one of each text."""

    def levels(self) -> list[str]:
        """Returns every level it sets."""
        found = (name for shelves in self.worlds.values() for name in shelves[0].levels)
        return list(dict.fromkeys(found))

    def products_named(self) -> list[str]:
        """Returns no products: its shelves hold their own."""
        return []

    def marks_named(self) -> list[Mark]:
        """Returns the marks that its shelves carry."""
        return list(self.marks)

    def varied(self) -> list[str]:
        """Returns the levels in which a product differs from shelf to shelf."""
        return list(self.changing)

    def world(self, task: str, k: int, stream: Stream) -> GivenWorld:
        """Returns the shelf of world k.

        Args:
            task: Whose.
            k: Index of the world; the shelves come again after the last.
            stream: Of the task's order, where that is drawn.
        """
        shelves = self.worlds[task]
        place = k % len(shelves)
        if self.random_order:
            place = int(stream.generator().permutation(len(shelves))[place])
        return shelves[place]


def as_given(world: GivenWorld, listings: Mapping[str, Listing]) -> list[Listing]:
    """Returns a shelf's listings as given, which treatments start from.

    Args:
        world: The shelf.
        listings: Base offers by product id.
    """
    fields = [name for name in world.levels if name in Listing.model_fields]
    shown = []
    for place, product_id in enumerate(world.products):
        base = listings[product_id].model_dump()
        base |= {name: world.levels[name][place] for name in fields}
        shown.append(Listing.model_validate(base))
    return shown


ASKED = "asked_"
"""Begins the levels that say what a shelf's shopper was told."""


def as_asked(task: Task, levels: Mapping[str, Sequence[Any]]) -> Task:
    """Returns the errand as the shopper of a given shelf was told it; others stay as they are.

    Args:
        task: As the experiment has it; what a shelf does not say is as it says.
        levels: Of the world.
    """
    told = {n.removeprefix(ASKED): v[0] for n, v in levels.items() if n.startswith(ASKED) and v[0]}
    if not told:
        return task
    asked = task.requirements
    color = {"color": told["color"]} if "color" in told else {}
    changes = {
        "max_price_cents": told.get("max_price_cents", asked.max_price_cents),
        "brand": told.get("brand", asked.brand),
        "attributes": {**asked.attributes, **color},
    }
    return task.model_copy(
        update={
            "query": told.get("query", task.query),
            "instruction": " ".join(filter(None, [task.instruction, told.get("instruction", "")])),
            "requirements": asked.model_copy(update=changes),
        }
    )
