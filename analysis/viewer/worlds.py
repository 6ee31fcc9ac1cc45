"""Worlds beside a world: those that differ from it by one treatment, else the nearest."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.display import counted, money
from analysis.study import Study

MOST = 4
"""Worlds that are named beside one."""

TOLD = 2
"""Listings whose change is told of each treatment."""

PAIR = "pair"
PRODUCTS = "products"
"""Stands for a treatment where other products are on the shelf."""

_WORLDS = "SELECT world_id, task_id, k, product_ids, levels FROM worlds ORDER BY task_id, k"

Integers = NDArray[np.int64]
Change = tuple[str, str, Any, Any]
"""Level, product id, value here, value there."""


@dataclass(frozen=True)
class World:
    """A world as drawn.

    Attributes:
        id: Its id.
        task: Task id.
        levels: (level, product id) -> value.
        pair: The group it was drawn with; empty without one.
    """

    id: str
    task: str
    levels: Mapping[tuple[str, str], Any]
    pair: str


@dataclass(frozen=True)
class Beside:
    """Another world, seen from one.

    Attributes:
        world: Its id.
        treatments: Those that differ.
        text: How, in words.
        paired: Whether the design drew the two as a pair.
    """

    world: str
    treatments: tuple[str, ...]
    text: str
    paired: bool


def beside(study: Study, among: Iterable[str]) -> dict[str, list[Beside]]:
    """Returns the worlds nearest to each: all that differ by one treatment, else the nearest one.

    Nearest is what differs in the fewest treatments, and of those in the fewest values.

    Args:
        study: The run.
        among: Ids of the worlds to compare.
    """
    wanted = set(among)
    owners = _owners(study)
    found: dict[str, list[Beside]] = {}
    rows = study.store.db.execute(_WORLDS)
    worlds = [_world(*row) for row in rows if row[0] in wanted]
    for _, group in groupby(worlds, key=attrgetter("task")):
        task = list(group)
        parts, cells = _coded(task, owners)
        for at, world in enumerate(task):
            near = _nearest(at, parts, cells, [other.pair == world.pair != "" for other in task])
            found[world.id] = [_beside(study, owners, world, task[other]) for other in near]
    return found


def _owners(study: Study) -> dict[str, str]:
    """Level -> the treatment that sets it."""
    return {
        level: name
        for name, declaration in study.declarations.items()
        for level in declaration.levels()
        if level != PAIR
    }


def _world(world_id: str, task: str, _k: int, products: str, levels: str) -> World:
    ids, by_level = json.loads(products), json.loads(levels)
    pair = by_level.pop(PAIR, None)
    values = {
        (level, product): value
        for level, column in by_level.items()
        for product, value in zip(ids, column, strict=True)
    }
    return World(world_id, task, values, pair[0] if pair else "")


def _coded(worlds: Sequence[World], owners: Mapping[str, str]) -> tuple[Integers, Integers]:
    """Worlds as numbers that are equal where the worlds are: by treatment, and by value.

    Returns:
        (worlds, treatments) and (worlds, values).
    """
    keys = list(dict.fromkeys(key for world in worlds for key in world.levels))
    codes: dict[str, int] = {"": 0}
    cells = np.array(
        [
            [codes.setdefault(_text(w.levels, key), len(codes)) for key in keys] or [0]
            for w in worlds
        ],
        dtype=np.int64,
    )
    columns: dict[str, list[int]] = {}
    for number, (level, _) in enumerate(keys):
        columns.setdefault(owners.get(level, level), []).append(number)
    products = [sorted({product for _, product in world.levels}) for world in worlds]
    parts = [_alike([row[at].tobytes() for row in cells]) for at in columns.values()]
    parts.append(_alike([json.dumps(ids).encode() for ids in products]))
    return np.column_stack(parts), cells


def _text(levels: Mapping[tuple[str, str], Any], key: tuple[str, str]) -> str:
    return json.dumps(levels[key], sort_keys=True) if key in levels else ""


def _alike(values: Sequence[bytes]) -> Integers:
    codes: dict[bytes, int] = {}
    return np.array([codes.setdefault(value, len(codes)) for value in values], dtype=np.int64)


def _nearest(at: int, parts: Integers, cells: Integers, paired: Sequence[bool]) -> list[int]:
    """Indices of the worlds to name beside one, nearest first."""
    treatments = (parts != parts[at]).sum(axis=1)
    others = np.flatnonzero(treatments)  # not itself, nor what was drawn just alike
    if not len(others):
        return []
    values = (cells[others] != cells[at]).sum(axis=1)
    ranked = sorted(
        zip(treatments[others].tolist(), values.tolist(), others.tolist(), strict=True),
        key=lambda one: (one[0], not paired[one[2]], one[1], one[2]),
    )
    alone = [int(other) for number, _, other in ranked if number == 1]
    return alone[:MOST] or [int(ranked[0][2])]


def _beside(study: Study, owners: Mapping[str, str], here: World, there: World) -> Beside:
    by_treatment: dict[str, list[Change]] = {}
    for level, product, *values in _changes(here, there):
        treatment = owners.get(level, level)
        by_treatment.setdefault(treatment, []).append((level, product, values[0], values[1]))
    products = {p for _, p in here.levels}, {p for _, p in there.levels}
    words = [
        f"{name.replace('_', ' ')}: {_Words(study, name, len(products[0])).all(found)}"
        for name, found in by_treatment.items()
    ]
    names = list(by_treatment)
    if products[0] != products[1]:
        names.append(PRODUCTS)
        words.append(f"{counted(len(products[0] - products[1]), 'other product')} on the shelf")
    paired = here.pair == there.pair != ""
    return Beside(there.id, tuple(names), "; ".join(words), paired)


def _changes(here: World, there: World) -> Iterator[Change]:
    for key, value in here.levels.items():
        if key in there.levels and there.levels[key] != value:
            yield *key, value, there.levels[key]


@dataclass(frozen=True)
class _Words:
    """Says how one treatment differs between two worlds.

    Attributes:
        study: The run, for titles and currency.
        treatment: Its name.
        size: Listings on the shelf.
    """

    study: Study
    treatment: str
    size: int

    def all(self, changes: Sequence[Change]) -> str:
        """What several listings share said once, else the first listings."""
        flags = [c for c in changes if {c[2], c[3]} <= {0, 1}] if _plain(changes) else []
        rest = [c for c in changes if c not in flags]
        whole = [text for text in map(self._whole, _by_level(rest or flags)) if text]
        if whole:
            return ", ".join(whole)
        told = flags or rest
        if {level for level, *_ in told} == {"position"}:
            return f"{counted(len(told), 'listing')} in other slots"
        some = [self._one(change) for change in told[:TOLD]]
        left = len(told) - len(some)
        return ", ".join([*some, *([f"{left} more"] if left else [])])

    def _whole(self, changes: Sequence[Change]) -> str:
        """The change of a level that is the same for several listings; empty where it is not."""
        pairs = {json.dumps(change[2:]) for change in changes}
        if len(pairs) > 1 or len(changes) == 1:
            return ""
        level, _, old, new = changes[0]
        on = "" if len(changes) == self.size else f" on {len(changes)} listings"
        return f"{self._level(level)}{self._value(level, old)} → {self._value(level, new)}{on}"

    def _one(self, change: Change) -> str:
        level, product, old, new = change
        listing = self.study.listings.get(product)
        title = short(listing.title if listing else product)
        if {old, new} == {0, 1}:
            said = f"{self._level(level)}{'on' if new else 'no longer on'}"
        else:
            values = [self._value(level, value) for value in (old, new)]
            said = f"{self._level(level)}{values[0]} → {values[1]} on"
        return f"{said} “{title}”"

    def _level(self, level: str) -> str:
        """A level's name and a space; nothing where the treatment is called so."""
        name = level.removesuffix("_cents")
        return "" if name == self.treatment else f"{name.replace('_', ' ')} "

    def _value(self, level: str, value: Any) -> str:  # noqa: ANN401
        if value is None:
            return "none"
        if level.endswith("_cents") and isinstance(value, int):
            return money(value, self.study.catalog.get("currency", "USD"))
        return short(value if isinstance(value, str) else json.dumps(value))


def _plain(changes: Sequence[Change]) -> bool:
    return all(isinstance(v, int | float | str | None) for *_, a, b in changes for v in (a, b))


def _by_level(changes: Sequence[Change]) -> list[list[Change]]:
    levels = dict.fromkeys(level for level, *_ in changes)
    return [[change for change in changes if change[0] == level] for level in levels]


def short(title: str, most: int = 32) -> str:
    """Returns the beginning of a title, cut between words."""
    if len(title) <= most:
        return title
    return f"{title[:most].rpartition(' ')[0] or title[:most]} …"
