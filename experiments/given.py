"""Given shelves as the worlds of an experiment: which ones, and what of each is a level."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aces import design
from aces.catalog import Catalog
from aces.errors import SpecError, nearest
from aces.given_shelves import GivenShelf
from aces.money import minor_digits
from aces.seeds import Stream
from aces.spec import ExperimentSpec
from aces.types import Listing, Mark, Task
from experiments.beside import read_rows
from experiments.designs.given import GivenDesign
from marketplace.marks import LOW_STOCK

USE = "given"
ANY = "any"
"""As a task's category: shelves of all."""
STORED = "stored"
"""The interface that shows stored screenshots."""

_FIELDS = [name for name in Listing.model_fields if name != "product_id"]
_NUMBERS = ("price_cents", "rating", "review_count")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")

Declarations = Mapping[str, design.Declaration]


@dataclass(frozen=True)
class GivenShelves:
    """The shelves that an experiment shows.

    Attributes:
        config: What the design asks for.
        shelves: Task id -> its shelves, in the catalogue's order.
        pools: Task id -> the products on them, in catalogue order.
        instructions: Task id -> what is told beside what a shelf's own shopper was told.
    """

    config: GivenDesign.Config
    shelves: Mapping[str, tuple[GivenShelf, ...]]
    pools: Mapping[str, tuple[str, ...]]
    instructions: Mapping[str, str]

    @property
    def notes(self) -> list[str]:
        """What `aces plan` says of them."""
        return [self._note(task_id, shelves) for task_id, shelves in self.shelves.items()]

    def _note(self, task_id: str, shelves: Sequence[GivenShelf]) -> str:
        groups = Counter(shelf.group or shelf.kind for shelf in shelves)
        some = ", ".join(f"{n:,} {group}" for group, n in groups.most_common(4))
        more = f" and {len(groups) - 4} more groups" if len(groups) > 4 else ""
        shot = sum(bool(shelf.screenshot) for shelf in shelves)
        who = list(dict.fromkeys(name for shelf in shelves for name in shelf.chosen))
        said = f"; choices of {', '.join(who[:6])}{' ...' * (len(who) > 6)}" if who else ""
        return (
            f"task {task_id}: {len(shelves):,} given shelves ({some}{more}), {shot:,} with a "
            f"stored screenshot{said}. They are given, not drawn: what varies between them has no "
            "probability here, and no test draws it again"
        )

    def with_pictures(self, sold: Catalog, catalog: Catalog) -> Catalog:
        """Returns what is sold, with all that the shelves show and their stored screenshots.

        Args:
            sold: The products of the experiment.
            catalog: Where they come from.
        """
        every = [shelf for shelves in self.shelves.values() for shelf in shelves]
        shown = [key for shelf in every for item in shelf.listings for key in item.pictures]
        pictures = {key: catalog.pictures[key] for key in shown if key in catalog.pictures}
        # in the catalogue's order: so they lie in its files, which may hold gigabytes
        wanted = {shelf.screenshot for shelf in every} - {""}
        stored = dict.fromkeys(shelf.screenshot for shelf in catalog.shelves)
        pictures |= {key: catalog.screenshots[key] for key in stored if key in wanted}
        return replace(sold, pictures={**sold.pictures, **pictures})


def given_shelves(spec: ExperimentSpec, catalog: Catalog) -> GivenShelves | None:
    """Returns the given shelves of an experiment; None where its worlds are drawn.

    Raises:
        SpecError: Naming the line, if there are none, or fewer than worlds are asked for.
    """
    stored = any(face.use == STORED for face in _faces(spec))
    if spec.design.use != USE:
        if any(task.category == ANY for task in spec.tasks) and ANY not in catalog.categories():
            raise SpecError(f"{spec.where('tasks')}: `category: any` is for `design: given` alone")
        if stored:
            raise SpecError(
                f"{spec.where('interface')}: `stored` shows screenshots of given shelves alone; "
                "give `design: {use: given}`"
            )
        return None
    config = GivenDesign.Config(**spec.design.parameters)
    _check_task_settings(spec)
    shelves = {
        task.id: _shelves(spec, catalog, config, index) for index, task in enumerate(spec.tasks)
    }
    _check_worlds(spec, config, shelves)
    if stored:
        _check_screenshots(spec, shelves)
    order = {product_id: place for place, product_id in enumerate(catalog.products)}
    pools = {}
    for task_id, found in shelves.items():
        ids = {item.product_id for shelf in found for item in shelf.listings}
        pools[task_id] = tuple(sorted(ids, key=order.__getitem__))
    told = _intent(spec, config, catalog)
    return GivenShelves(config, shelves, pools, {task.id: told for task in spec.tasks})


def _check_task_settings(spec: ExperimentSpec) -> None:
    for index, task in enumerate(spec.tasks):
        for name in ("copies_of", "right_answer"):
            if getattr(task, name) is not None:
                raise SpecError(
                    f"{spec.where('tasks', index, name)}: given shelves have their own products "
                    "and right answers; leave it out"
                )
    if spec.shelf.sample:
        raise SpecError(
            f"{spec.where('shelf', 'sample')}: what stands on given shelves is given; "
            "`design: {use: given, order: random}` draws which shelves"
        )
    if spec.shelf.exchange_rate is not None:
        raise SpecError(f"{spec.where('shelf', 'exchange_rate')}: given prices stay as given")


def _shelves(
    spec: ExperimentSpec, catalog: Catalog, config: GivenDesign.Config, index: int
) -> tuple[GivenShelf, ...]:
    task, where = spec.tasks[index], spec.where("design")
    if not catalog.shelves:
        raise SpecError(
            f"{where}: catalogue '{spec.catalog}' has no given shelves; docs/catalogs.md says "
            "which formats have"
        )
    found = [shelf for shelf in catalog.shelves if task.category in (ANY, shelf.category)]
    if not found:
        known = dict.fromkeys(shelf.category for shelf in catalog.shelves)
        raise SpecError(
            f"{spec.where('tasks', index, 'category')}: no given shelf is of category "
            f"'{task.category}'{nearest(task.category, [*known, ANY])}"
        )
    for name in ("kind", "group", "query"):
        found = _only(found, name, getattr(config, name), where)
    sizes = Counter(len(shelf.listings) for shelf in found)
    if spec.shelf.size not in sizes:
        there = ", ".join(f"{n:,} of {size} listings" for size, n in sorted(sizes.items()))
        raise SpecError(
            f"{spec.where('shelf', 'size')}: task '{task.id}': no given shelf has "
            f"{spec.shelf.size} listings; there are {there}"
        )
    return tuple(shelf for shelf in found if len(shelf.listings) == spec.shelf.size)


def _only(
    shelves: Sequence[GivenShelf], name: str, wanted: str | Collection[str] | None, where: str
) -> list[GivenShelf]:
    if not wanted:
        return list(shelves)
    several = [wanted] if isinstance(wanted, str) else list(wanted)
    known = dict.fromkeys(getattr(shelf, name) for shelf in shelves)
    for each in several:
        if each not in known:
            shown = ", ".join(f"'{one}'" for one in list(known)[:8])
            raise SpecError(f"{where}.{name}: no given shelf has '{each}'; found {shown}")
    return [shelf for shelf in shelves if getattr(shelf, name) in several]


def _check_worlds(
    spec: ExperimentSpec, config: GivenDesign.Config, shelves: Mapping[str, Sequence[GivenShelf]]
) -> None:
    """There are only so many worlds, and the same one twice only where something is drawn."""
    if config.times > 1 and not spec.treatments:
        raise SpecError(
            f"{spec.where('design', 'times')}: nothing is drawn, so that a shelf would be the same "
            "world each time; `repeats:` shows the same world again"
        )
    for task_id, found in shelves.items():
        most = len(found) * config.times
        if spec.worlds_per_task > most:
            times = f" {config.times} times each" if config.times > 1 else ""
            hint = ", or more `times:`" if spec.treatments else ""
            raise SpecError(
                f"{spec.where('worlds_per_task')}: asks for {spec.worlds_per_task:,} worlds; task "
                f"'{task_id}' has {len(found):,} given shelves{times}, so {most:,} at most{hint}"
            )


def _faces(spec: ExperimentSpec) -> Iterator[Any]:
    for buyer in spec.buyers:
        yield from spec.buyer_interfaces(buyer)


def _check_screenshots(spec: ExperimentSpec, shelves: Mapping[str, Sequence[GivenShelf]]) -> None:
    """Stored pixels show the shelf as it was, so that nothing may be treated."""
    where = spec.where("interface")
    if spec.treatments:
        raise SpecError(
            f"{where}: a stored screenshot shows no treatment; leave out `treatments:` or show the "
            "shelf by another interface"
        )
    for task_id, found in shelves.items():
        without = [shelf.id for shelf in found if not shelf.screenshot]
        if without:
            raise SpecError(
                f"{where}: task '{task_id}': {len(without):,} of {len(found):,} given shelves have "
                f"no stored screenshot, '{without[0]}' first; `interface: screenshot` draws them"
            )


def _intent(spec: ExperimentSpec, config: GivenDesign.Config, catalog: Catalog) -> str:
    """What ABxLab's shopper is told; `${product}` stays for the query of each shelf."""
    if not config.intents:
        return ""
    where = spec.where("design", "intents")
    rows = read_rows(spec, config.intents, ("Intent", "Starting Point"), where)
    known = {row["Starting Point"]: row["Intent"] for row in rows}
    if config.intent not in known:
        raise SpecError(
            f"{where}: no intent starts from '{config.intent}'{nearest(config.intent, known)}"
        )
    return " ".join(known[config.intent].split())


def given_declaration(
    spec: ExperimentSpec, catalog: Catalog, given: GivenShelves, declarations: Declarations
) -> design.Given:
    """Returns the shelves as data.

    Args:
        spec: The experiment.
        catalog: Where the shelves come from.
        given: Which.
        declarations: Of the treatments that are laid on top.

    Raises:
        SpecError: Naming the line, if a treatment sets what the shelves give.
    """
    matched = {
        task_id: tuple(_matched(shelf, given.config.match) for shelf in shelves)
        for task_id, shelves in given.shelves.items()
    }
    writer = _Writer(catalog, [shelf for found in matched.values() for shelf in found])
    writer.names_choices = not declarations
    worlds = {
        task.id: tuple(
            writer.world(shelf, task, given.instructions[task.id]) for shelf in matched[task.id]
        )
        for task in spec.tasks
    }
    treated = {level for each in declarations.values() for level in each.levels()}
    if "position" in treated:
        worlds = {task_id: tuple(map(_reordered, found)) for task_id, found in worlds.items()}
    made = design.Given(
        worlds=worlds,
        random_order=given.config.order == "random",
        published=writer.published if writer.names_choices else {},
        marks=writer.marks,
    )
    _check_treatments(spec, declarations, made)
    return made.model_copy(update={"changing": _changing(made, writer)})


def _matched(shelf: GivenShelf, names: Sequence[str]) -> GivenShelf:
    """The shelf with its listings alike in what is matched."""
    changes: dict[str, Any] = {}
    for name in names:
        field = "price_cents" if name == "price" else name
        values = [getattr(item, field) for item in shelf.listings]
        changes[field] = round(sum(values) / len(values))
        if name == "price":
            # a struck-through price would make of one price two discounts
            changes["list_price_cents"] = None
    if not changes:
        return shelf
    listings = tuple(item.model_copy(update=changes) for item in shelf.listings)
    return shelf.model_copy(update={"listings": listings})


def _reordered(world: design.GivenWorld) -> design.GivenWorld:
    """The shelf without its order, which a treatment draws anew."""
    levels = {
        ("given_position" if name == "position" else name): v for name, v in world.levels.items()
    }
    return world.model_copy(update={"levels": levels})


def _check_treatments(
    spec: ExperimentSpec, declarations: Declarations, given: design.Given
) -> None:
    for index, (name, declaration) in enumerate(declarations.items()):
        where = spec.where("treatments", index)
        if name == spec.design.name:
            raise SpecError(f"{where}: a treatment is called '{name}' as the design is; `name:` it")
        if isinstance(declaration, design.Removal | design.BestOffer | design.Square):
            raise SpecError(
                f"{where}: '{name}' needs the same products in every world, or takes some away; "
                "given shelves stay whole (`order: random` draws their order anew)"
            )
        for level in declaration.levels():
            if level in given.levels():
                raise SpecError(
                    f"{where}: '{name}' sets {level}, which the given shelves give; of what they "
                    "give only the position can be drawn anew"
                )


def _changing(given: design.Given, writer: "_Writer") -> tuple[str, ...]:
    """The numbers and marks in which a product differs between shelves, and a shelf within."""
    names = ("position", *_NUMBERS, *writer.kinds)
    values: dict[tuple[str, str], set[Any]] = {}
    within: set[str] = set()
    for world in (world for shelves in given.worlds.values() for world in shelves):
        for name in (name for name in names if name in world.levels):
            shown = world.levels[name]
            within |= {name} if len(set(shown)) > 1 else set()
            for product_id, value in zip(world.products, shown, strict=True):
                values.setdefault((name, product_id), set()).add(value)
    between = {name for (name, _), found in values.items() if len(found) > 1}
    return tuple(name for name in names if name in between & within)


def needed(catalog: Catalog, declarations: Declarations, spec: ExperimentSpec) -> Catalog:
    """Returns the catalogue without stored screenshots of shelves that are not met.

    Args:
        catalog: What is sold, with all stored screenshots.
        declarations: The given shelves among them.
        spec: As it is run: its seed may decide which shelves are met.
    """
    given = next((d for d in declarations.values() if isinstance(d, design.Given)), None)
    if given is None or "screenshot" not in given.levels():
        return catalog
    every = {w.levels["screenshot"][0] for shelves in given.worlds.values() for w in shelves}
    for task in spec.tasks:
        stream = Stream(spec.seed, "world", task.id).child("given")
        for k in range(spec.worlds_per_task):
            every.discard(given.world(task.id, k, stream).levels["screenshot"][0])
    pictures = {key: load for key, load in catalog.pictures.items() if key not in every}
    return replace(catalog, pictures=pictures)


class _Writer:
    """Writes shelves as levels, the same ones for every shelf.

    Args:
        catalog: Whose offers are what levels are told against.
        shelves: All that are written.
    """

    def __init__(self, catalog: Catalog, shelves: Sequence[GivenShelf]) -> None:
        self.catalog = catalog
        self.order = {product_id: place for place, product_id in enumerate(catalog.products)}
        listings = [item for shelf in shelves for item in shelf.listings]
        base = catalog.listings
        self.fields = [
            name
            for name in _FIELDS
            if any(getattr(x, name) != getattr(base[x.product_id], name) for x in listings)
        ]
        self.marks = _texts(listings)
        kinds = dict.fromkeys(mark.kind for mark in self.marks)
        scarce = any(0 < item.stock <= LOW_STOCK for item in listings)
        # a struck-through price is what the column `discounted` is about
        self.kinds = [k for k in (*kinds, *(["scarcity"] * scarce)) if k != "discounted"]
        self.kinds = list(dict.fromkeys(self.kinds))
        self.answers = any(
            _right(shelf, i) for shelf in shelves for i in range(len(shelf.listings))
        )
        who = dict.fromkeys(name for shelf in shelves for name in shelf.chosen)
        self.published = {_column(name, who): name for name in who}
        self.names_choices = True
        self.told = list(dict.fromkeys(name for s in shelves for name in s.instruction))
        self.pictured = any(shelf.screenshot for shelf in shelves)

    def world(self, shelf: GivenShelf, task: Task, intent: str) -> design.GivenWorld:
        """Returns a shelf as levels."""
        places = sorted(
            range(len(shelf.listings)), key=lambda i: self.order[shelf.listings[i].product_id]
        )
        shown = [shelf.listings[i] for i in places]
        n = len(shown)
        levels: dict[str, tuple[Any, ...]] = {"position": tuple(i + 1 for i in places)}
        for field in self.fields:
            levels[field] = tuple(x.model_dump(mode="json", include={field})[field] for x in shown)
        for kind in self.kinds:
            levels[kind] = tuple(int(kind in _kinds(item)) for item in shown)
        levels["shelf"], levels["shelf_group"] = (shelf.id,) * n, (shelf.group,) * n
        if self.answers:
            levels["right_answer"] = tuple(_right(shelf, i) for i in places)
            levels["test"] = (shelf.group or shelf.kind,) * n
        for column, who in self.published.items() if self.names_choices else ():
            bought = shelf.chosen.get(who)
            levels[column] = tuple(
                None if bought is None else int(x.product_id == bought) for x in shown
            )
        for name, value in self._asked(shelf, task, intent).items():
            levels[f"{design.ASKED}{name}"] = (value,) * n
        if self.pictured:
            levels["screenshot"] = (shelf.screenshot,) * n
        return design.GivenWorld(
            shelf=shelf.id, products=tuple(x.product_id for x in shown), levels=levels
        )

    def _asked(self, shelf: GivenShelf, task: Task, intent: str) -> dict[str, Any]:
        """What the shopper of a shelf is told, beside what the task says."""
        asked: dict[str, Any] = {"query": self._query(shelf, task)}
        told = dict(shelf.instruction)
        lines = [intent.replace("${product}", asked["query"])] if intent else []
        if "budget" in self.told:
            asked["max_price_cents"] = _cents(told.get("budget", ""), self.catalog.currency)
            if told.get("budget") and asked["max_price_cents"] is None:
                lines.append(f"The budget: {told['budget']}.")
        for name in ("brand", "color"):
            if name in self.told:
                asked[name] = told.get(name, "")
        if told.get("cheapest"):
            lines.append("It must be the cheapest.")
        if intent or {"budget", "cheapest"} & set(self.told):
            asked["instruction"] = " ".join(lines)
        return asked

    def _query(self, shelf: GivenShelf, task: Task) -> str:
        """The task's words where it has its own, else those of the shelf or its category."""
        if task.query not in ("", task.category.replace("_", " ")):
            return task.query
        return shelf.query.replace("_", " ") or self.catalog.title(shelf.category).lower()


def _texts(listings: Sequence[Listing]) -> tuple[Mark, ...]:
    """The marks that listings carry, one of each kind and text."""
    found = {(mark.kind, mark.text): mark for item in listings for mark in item.marks}
    return tuple(found.values())


def _kinds(item: Listing) -> set[str]:
    low = {"scarcity"} if 0 < item.stock <= LOW_STOCK else set()
    return {mark.kind for mark in item.marks} | low


def _right(shelf: GivenShelf, place: int) -> int:
    """Whether the source calls a listing the one to choose."""
    facts = shelf.facts[place] if shelf.facts else {}
    return int(str(facts.get("desired_choice", "")).lower() in ("1", "1.0", "true"))


def _chosen(shelf: GivenShelf, who: str, product_id: str) -> int | None:
    """Whether somebody chose a product, as published; None who never met the shelf."""
    return int(shelf.chosen[who] == product_id) if who in shelf.chosen else None


def _column(name: str, names: Collection[str]) -> str:
    """The column of what somebody chose: `published_gpt_4_1`."""
    plain = re.sub(r"\W+", "_", name).strip("_").lower() or "model"
    if plain == "published":
        return "published"
    alike = [each for each in names if re.sub(r"\W+", "_", each).strip("_").lower() == plain]
    return f"published_{plain}" + (f"_{alike.index(name) + 1}" if len(alike) > 1 else "")


def _cents(text: str, currency: str) -> int | None:
    """The amount that a budget names; None where it names none, or several."""
    found = _NUMBER.findall(text)
    if len(found) != 1:
        return None
    return round(float(found[0].replace(",", "")) * 10.0 ** minor_digits(currency))
