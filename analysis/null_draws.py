"""Worlds in which one term was drawn again by the stored design, all else as it was.

That is the ground of a test of the sharp hypothesis that the term changes no choice: what was
bought is then what would have been bought under any other draw of it. Where the design sets the
term's treatment together with others, these are drawn again with it, and the hypothesis is of all.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from aces import terms
from aces.design import Arms, Declaration, Pairs, Permutation, Table, Tags, draw, group_size
from aces.design.conditional import redraw_arm, redraw_slots, redraw_tag
from aces.errors import EstimationError
from aces.seeds import Stream
from analysis.display import listed
from analysis.redraw import DESIGNS
from analysis.study import Study

Floats = NDArray[np.float64]
Levels = dict[str, NDArray[Any]]

_WORLDS = "SELECT world_id, task_id, k, product_ids, levels FROM worlds"
SLOT = "the slot of a listing"
_LEVEL_OF_TERM = {
    "log_price": "price_cents",
    "price": "price_cents",
    "log_review_count": "review_count",
}


class Rule(Protocol):
    """How one chunk of draws is made."""

    def __call__(self, worlds: "Worlds", n: int, chunk: int) -> Levels:
        """Returns level -> (units, n, J) values."""
        ...


@dataclass(frozen=True)
class Worlds:
    """Stored worlds, and the units in which they were drawn: worlds of one unit are alike.

    Attributes:
        study: The run.
        ids: (W,) names of the worlds.
        products: (W, J) what is on each shelf.
        stored: Level -> (W, J).
        unit: (W,) number of each world's unit.
        first: (units,) a world of each.
        addresses: (W,) task and index.
    """

    study: Study
    ids: tuple[str, ...]
    products: NDArray[np.str_]
    stored: Levels
    unit: NDArray[np.int64]
    first: NDArray[np.int64]
    addresses: tuple[tuple[str, int], ...]

    @classmethod
    def read(cls, study: Study, wanted: Sequence[str]) -> "Worlds":
        """Reads worlds by name, in that order.

        Raises:
            EstimationError: If shelves differ in size.
        """
        found = {str(row[0]): row[1:] for row in study.store.db.execute(_WORLDS)}
        kept = [found[name] for name in wanted]
        ids = [json.loads(row[2]) for row in kept]
        if len({len(each) for each in ids}) > 1:
            raise EstimationError("shelves differ in size")
        levels = [json.loads(row[3]) for row in kept]
        names = [name for name in levels[0] if all(name in each for each in levels)]
        grouped = group_size(study.declarations)
        units = [(str(task), int(k) // grouped) for task, k, *_ in kept]
        number = {unit: i for i, unit in enumerate(dict.fromkeys(units))}
        return cls(
            study=study,
            ids=tuple(wanted),
            products=np.array(ids),
            stored={name: _array([each[name] for each in levels]) for name in names},
            unit=np.array([number[unit] for unit in units]),
            first=np.array([units.index(unit) for unit in number])
            if grouped > 1
            else np.arange(len(units)),
            addresses=tuple((str(task), int(k)) for task, k, *_ in kept),
        )

    @cached_property
    def wide(self) -> NDArray[np.int64]:
        """(W, 1) columns of each world's grid."""
        if "columns" in self.stored:
            return np.asarray(self.stored["columns"][:, :1], dtype=np.int64)
        return np.full((len(self.ids), 1), self.study.spec.shelf.columns)

    def levels(self, names: Sequence[str]) -> NDArray[Any]:
        """Returns (units, J, names) stored levels."""
        return np.stack([self.stored[name][self.first] for name in names], axis=-1)


def _array(rows: list[Any]) -> NDArray[Any]:
    try:
        return np.array(rows, dtype=float)
    except (TypeError, ValueError):  # texts, lists
        return np.array([[json.dumps(v) for v in row] for row in rows])


@dataclass(frozen=True)
class NullDraws:
    """How a term is drawn again.

    Attributes:
        worlds: The stored worlds.
        levels: What changes from draw to draw.
        hypothesis: What is supposed of it, in words.
        rule: Makes the draws.
        by_world: Whether draws are for each world, else for each unit.
    """

    worlds: Worlds
    levels: tuple[str, ...]
    hypothesis: str
    rule: Rule
    by_world: bool = False

    @property
    def draws_terms(self) -> tuple[str, ...]:
        """Columns that change with the levels, beside the levels: slots, `discounted`."""
        more = ("row", "col") if {"position", "columns"} & set(self.levels) else ()
        priced = {"price_cents", "list_price_cents"} & set(self.levels)
        return (*more, *(("discounted",) if priced else ()))

    def draw(self, n: int, chunk: int) -> Levels:
        """Returns level -> (W, n, J): all worlds drawn again n times; chunks are independent."""
        drawn = self.rule(self.worlds, n, chunk)
        if not self.by_world:
            drawn = {name: values[self.worlds.unit] for name, values in drawn.items()}
        if "row" in self.draws_terms:
            shape = next(iter(drawn.values())).shape
            at = drawn.get("position", self.worlds.stored["position"][:, None])
            wide = drawn.get("columns", self.worlds.wide[:, :, None])
            row, col = terms.grid(np.broadcast_to(at, shape), np.asarray(wide, dtype=np.int64))
            drawn |= {"row": row, "col": col}
        return drawn

    def moves(self, term: str) -> bool:
        """Returns whether a term changes from draw to draw."""
        changed = {*self.levels, *self.draws_terms}
        parts = [(part, part.partition("_")[0]) for part in term.split(":")]
        return any(
            level_of(part) in changed or (level_of(part) == "position" and axis in changed)
            for part, axis in parts
        )


def level_of(name: str) -> str:
    """Returns the level that a column is made from."""
    if name.startswith(("row_", "col_", "pos_")) and terms.is_derived(name):
        return "position"
    return _LEVEL_OF_TERM.get(name, name)


@dataclass(frozen=True)
class DrawsOfRuns:
    """How a term is drawn again in the worlds of several runs: one list of worlds.

    Attributes:
        parts: Of each run, its own worlds; what runs share is in the first that has it.
    """

    parts: tuple[NullDraws, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Names of all worlds."""
        return tuple(name for part in self.parts for name in part.worlds.ids)

    @property
    def products(self) -> NDArray[np.str_]:
        """(W, J) what is on each shelf."""
        return np.concatenate([part.worlds.products for part in self.parts])

    @property
    def levels(self) -> tuple[str, ...]:
        """What changes from draw to draw."""
        return self.parts[0].levels

    @property
    def draws_terms(self) -> tuple[str, ...]:
        """Columns that change with the levels, beside the levels."""
        return self.parts[0].draws_terms

    @property
    def hypothesis(self) -> str:
        """What is supposed of the term, in words."""
        return self.parts[0].hypothesis

    def moves(self, term: str) -> bool:
        """Returns whether a term changes from draw to draw."""
        return self.parts[0].moves(term)

    def draw(self, n: int, chunk: int) -> Levels:
        """Returns level -> (W, n, J): all worlds drawn again n times."""
        drawn = [part.draw(n, chunk) for part in self.parts]
        return {name: np.concatenate([one[name] for one in drawn]) for name in drawn[0]}


def draws_of_runs(studies: Sequence[Study], worlds: Sequence[str], term: str) -> DrawsOfRuns:
    """Returns how a term is drawn again in worlds of several runs.

    Runs of one seed and design met the same worlds, which are drawn once for all of them.

    Raises:
        EstimationError: If a run can't draw it again, or worlds of one name differ between runs.
    """
    left = dict.fromkeys(worlds)
    parts: list[NullDraws] = []
    for number, study in enumerate(studies):
        here = {str(row[0]) for row in study.store.db.execute(_WORLDS)}
        own = [name for name in left if name in here]
        for part in parts:
            shared = [name for name in part.worlds.ids if name in here]
            if shared and not _same(part.worlds, Worlds.read(study, shared)):
                raise EstimationError("runs have worlds of one name that differ: change a seed")
        if own:
            parts.append(null_draws(study, own, term, run=number))
            left = {name: None for name in left if name not in here}
    if left or not parts:
        raise EstimationError(f"no run has the {len(left)} worlds {listed(list(left), most=3)}")
    if len({(part.levels, part.hypothesis, part.worlds.products.shape[1]) for part in parts}) > 1:
        raise EstimationError(f"runs draw `{term}` in different ways")
    return DrawsOfRuns(tuple(parts))


def _same(one: Worlds, other: Worlds) -> bool:
    """Whether worlds of the other are those of the same name of the one."""
    places = [one.ids.index(name) for name in other.ids]
    return np.array_equal(one.products[places], other.products) and all(
        np.array_equal(one.stored[name][places], values)
        for name, values in other.stored.items()
        if name in one.stored and values.dtype.kind == "f" and not np.isnan(values).any()
    )


def null_draws(study: Study, worlds: Sequence[str], term: str, *, run: int = 0) -> NullDraws:
    """Returns how a term is drawn again in the worlds named.

    Args:
        study: The run.
        worlds: Names of its worlds.
        term: What is drawn again.
        run: Its number among several, so that draws of different worlds are independent.

    Raises:
        EstimationError: If the design does not say how: it is adaptive, or did not draw the term.
    """
    _check_drawn_by_chance(study)
    if ":" in term:
        raise EstimationError(
            f"no sharp hypothesis is about the interaction {term} alone, so that it can't be drawn "
            "again with all else as it was"
        )
    level = level_of(term)
    name, declaration = _treatment_of(study, level)
    read = Worlds.read(study, worlds)
    placed = [
        d
        for d in study.declarations.values()
        if (isinstance(d, Table) and name in d.treatments)
        or (isinstance(d, Pairs) and d.treatment == name)
    ]
    if not placed:
        found = _alone(read, (name, declaration), term, level, run)
        if found is not None:
            return found
    return _whole(read, name, placed)


def _check_drawn_by_chance(study: Study) -> None:
    if study.spec.design.use not in DESIGNS:
        raise EstimationError(
            f"under the design '{study.spec.design.use}' worlds were not drawn by chance alone"
        )
    if study.stopped and any(rule.use == "always_valid" for rule in study.spec.stop):
        raise EstimationError(
            "a rule that looks at effects ended the run, so that other draws "
            "would have ended it elsewhere"
        )


def _treatment_of(study: Study, level: str) -> tuple[str, Declaration]:
    """The one treatment that draws a level."""
    drawn = {n: d for n, d in study.declarations.items() if level in d.varied()}
    if not drawn:
        raise EstimationError(f"no treatment draws `{level}`")
    name, declaration = next(iter(drawn.items()))
    if any(level in d.levels() for n, d in study.declarations.items() if n != name):
        raise EstimationError(f"several treatments set `{level}`")
    return name, declaration


def siblings(study: Study, term: str, among: Sequence[str]) -> list[str]:
    """Returns the terms of the treatment that draws a term: they say what it is against."""
    level = level_of(term)
    drawn = [d.varied() for d in study.declarations.values() if level in d.varied()]
    own = {each for varied in drawn for each in varied}
    return [each for each in among if each != term and level_of(each) in own]


def _alone(
    worlds: Worlds, treatment: tuple[str, Declaration], term: str, level: str, run: int
) -> NullDraws | None:
    """How a level is drawn again given those drawn with it; None where there is no rule."""
    name, declaration = treatment
    source = Source(worlds.study.spec.seed, run, name, term)
    if isinstance(declaration, Tags):
        return _tag(worlds, declaration, level, source)
    if isinstance(declaration, Arms):
        return _arm(worlds, declaration, level, source)
    if isinstance(declaration, Permutation) and level == "position":
        return _slots(worlds, term, source)
    return None


@dataclass(frozen=True)
class Source:
    """Where the randomness of a term's draws comes from."""

    seed: int
    run: int
    treatment: str
    term: str

    def __call__(self, chunk: int) -> np.random.Generator:
        """Returns the generator of one chunk."""
        path = (self.seed, "again", "multiverse", self.run, self.treatment, self.term, chunk)
        return Stream(*path).generator()


def _tag(worlds: Worlds, tags: Tags, level: str, source: Source) -> NullDraws:
    order = [tag.level for tag in tags.tags]

    def rule(worlds: Worlds, n: int, chunk: int) -> Levels:
        held = worlds.levels(order) > 0
        return {level: redraw_tag(tags, level, held, n, source(chunk)).astype(float)}

    others = [f"`{tag}`" for tag in order if tag != level]
    kept = f", given who carries {listed(others)}," if others else ""
    return NullDraws(worlds, (level,), f"`{level}`{kept} changes no choice", rule)


def _arm(worlds: Worlds, arms: Arms, level: str, source: Source) -> NullDraws:
    def rule(worlds: Worlds, n: int, chunk: int) -> Levels:
        on = worlds.levels(arms.columns()) > 0
        ids = worlds.products[worlds.first]
        chosen = np.isin(ids, arms.products) if arms.products else np.ones(ids.shape, bool)
        return {level: redraw_arm(arms, level, on, chosen, n, source(chunk)).astype(float)}

    said = f"`{level}` in place of `{arms.arms[0].name}` changes no choice"
    return NullDraws(worlds, (level,), said, rule)


def _slots(worlds: Worlds, term: str, source: Source) -> NullDraws:
    """Rows are drawn again within columns, and columns within rows; other slot terms all slots."""
    own = term.partition("_")[0]
    axis = {"row": "col", "col": "row"}.get(own)

    def rule(worlds: Worlds, n: int, chunk: int) -> Levels:
        at = worlds.stored["position"][worlds.first].astype(np.int64)
        grid = dict(zip(("row", "col"), terms.grid(at, worlds.wide[worlds.first]), strict=True))
        return {"position": redraw_slots(at, grid[axis] if axis else None, n, source(chunk))}

    words = {"row": "row", "col": "column"}
    said = f"the {words[own]} of a listing, given its {words[axis]}," if axis else SLOT
    return NullDraws(worlds, ("position",), f"{said} changes no choice", rule)


def _whole(worlds: Worlds, name: str, placed: Sequence[Table | Pairs]) -> NullDraws:
    """Draws whole treatments again, by the one function that draws worlds."""
    declared = worlds.study.declarations
    tested = dict.fromkeys([name])
    for d in placed:
        tested |= dict.fromkeys(d.treatments if isinstance(d, Table) else [d.treatment])
    # pairs say how worlds are grouped, and need their treatment
    pairs = [d for d in declared.values() if isinstance(d, Pairs)]
    needed = {*tested, *(d.treatment for d in pairs)}
    some = {
        n: d for n, d in declared.items() if n in needed or any(d is p for p in [*placed, *pairs])
    }
    levels = tuple(level for n in tested for level in some[n].levels())

    def rule(worlds: Worlds, n: int, chunk: int) -> Levels:
        return _draw_each(worlds, some, levels, n, chunk)

    varied = [level for n in tested for level in some[n].varied() or [n]]
    return NullDraws(worlds, levels, _nothing_of(varied), rule, by_world=True)


def _nothing_of(varied: Sequence[str]) -> str:
    """The hypothesis that none of several levels changes a choice."""
    told = [SLOT if level == "position" else f"`{level}`" for level in varied]
    if len(told) == 1:
        return f"{told[0]} changes no choice"
    return f"none of {listed(told, most=8)}, which are drawn together, changes any choice"


def _draw_each(
    worlds: Worlds,
    declarations: Mapping[str, Declaration],
    levels: Sequence[str],
    n: int,
    chunk: int,
) -> Levels:
    study = worlds.study
    grouped = group_size(declarations)
    shelves = [[study.listings[str(p)] for p in ids] for ids in worlds.products]
    found: dict[str, list[list[tuple[Any, ...]]]] = {level: [] for level in levels}
    for (task, k), listings in zip(worlds.addresses, shelves, strict=True):
        rows = []
        for r in range(n):
            stream = Stream(study.spec.seed, "again", "multiverse", chunk, r, "world", task)
            world = stream.child(k) if grouped == 1 else stream.child("group", k // grouped)
            rows.append(
                draw(declarations, listings, k, world.child("levels"), stream.child("blocks"))
            )
        for level in levels:
            found[level].append([row.levels[level] for row in rows])
    return {level: _numbers(values) for level, values in found.items() if _is_number(values)}


def _is_number(values: Any) -> bool:  # noqa: ANN401
    first = next((v for world in values for row in world for v in row if v is not None), None)
    return first is None or isinstance(first, int | float)


def _numbers(values: Any) -> Floats:  # noqa: ANN401
    return cast(Floats, np.array(values, dtype=object).astype(float))
