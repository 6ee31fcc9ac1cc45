"""One listing of each shelf, and what is laid over it: doses of a cue, or wordings of it."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from aces.design.draws import Draw
from aces.design.tags import Tag
from aces.seeds import Stream
from aces.types import Listing, Mark, Record


class Doses(Record):
    """One listing of each shelf, the target, carries the tags of one arm; the others carry none.

    Arms are equally likely, the first being the baseline. The target is any listing of the shelf,
    or with `slot` the one that stands there: the order is then drawn along. Levels: `<name>`, the
    target's arm counted from 0 (0 for the others), `<name>_target` (0/1), a 0/1 level for each tag,
    what comes with a tag, and with `slot` the position.
    """

    kind: Literal["doses"] = "doses"
    name: str
    arms: tuple[tuple[Tag, ...], ...] = Field(min_length=2)
    """The tags of each arm; none in the first."""
    slot: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _baseline_is_bare(self) -> Self:
        if self.arms[0]:
            raise ValueError("the first arm is the baseline and carries no tag")
        return self

    @property
    def tags(self) -> dict[str, Tag]:
        """Every tag by its level, in order of first use."""
        return {tag.level: tag for arm in self.arms for tag in arm}

    @property
    def target(self) -> str:
        """Level that says which listing it is."""
        return f"{self.name}_target"

    def levels(self) -> list[str]:
        """Returns every level it sets."""
        also = [level for tag in self.tags.values() for level in tag.also]
        position = ["position"] if self.slot else []
        return list(dict.fromkeys([*position, self.name, self.target, *self.tags, *also]))

    def products_named(self) -> list[str]:
        """Returns no products."""
        return []

    def marks_named(self) -> list[Mark]:
        """Returns the marks of its own that it shows."""
        return [tag.mark for tag in self.tags.values() if tag.mark]

    def varied(self) -> list[str]:
        """Returns the tags, and the position where that is drawn along."""
        return [*(["position"] if self.slot else []), *self.tags]

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns the target's arm and tags.

        Raises:
            ValueError: If the shelf has no such slot.
        """
        generator, size = stream.generator(), len(listings)
        order = (generator.permutation(size) + 1).tolist()
        holder = order.index(self.slot or 1)
        arm = int(generator.integers(len(self.arms)))
        levels: dict[str, tuple[Any, ...]] = {"position": tuple(order)} if self.slot else {}
        levels[self.name] = _at(holder, arm, size)
        levels[self.target] = _at(holder, 1, size)
        carried = self.arms[arm]
        for level in self.tags:
            levels[level] = _at(holder, int(level in [tag.level for tag in carried]), size)
        probability = 1 / len(self.arms) / (math.factorial(size) if self.slot else size)
        levels |= dict(self._with_tags(carried, listings, holder, generator))
        for tag in carried:
            probability /= math.prod(map(len, tag.also.values()))
        return Draw(levels, probability, self._marginals(levels, size))

    def _with_tags(
        self,
        carried: Sequence[Tag],
        listings: Sequence[Listing],
        holder: int,
        generator: np.random.Generator,
    ) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """What comes with tags: the catalogue's values, but for the target's."""
        names = dict.fromkeys(level for tag in self.tags.values() for level in tag.also)
        for name in names:
            column = [getattr(item, name) for item in listings]
            for tag in carried:
                if name in tag.also:
                    column[holder] = tag.also[name][int(generator.integers(len(tag.also[name])))]
            yield name, tuple(column)

    def _marginals(self, levels: dict[str, tuple[Any, ...]], size: int) -> dict[str, Any]:
        """How often each listing shows what it shows."""
        arms = len(self.arms)
        on = {level: self._carried_by(level) / arms / size for level in self.tags}
        on[self.target] = 1 / size
        found = {
            level: tuple(share if value else 1 - share for value in levels[level])
            for level, share in on.items()
        }
        any_dose = (arms - 1) / arms / size
        found[self.name] = tuple(
            1 / arms / size if value else 1 - any_dose for value in levels[self.name]
        )
        return found | ({"position": (1 / size,) * size} if self.slot else {})

    def _carried_by(self, level: str) -> int:
        return sum(any(tag.level == level for tag in arm) for arm in self.arms)


def _at(holder: int, value: int, size: int) -> tuple[int, ...]:
    """A value for one listing, 0 for the others."""
    return tuple(value if i == holder else 0 for i in range(size))
