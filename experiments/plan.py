"""Specification -> plan: the products, the draws, the worlds and the trials of an experiment."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from aces import design, terms
from aces.catalog import Catalog
from aces.errors import CatalogError, SpecError, nearest
from aces.registry import Registry
from aces.seeds import Stream
from aces.spec import CHANGEABLE, ExperimentSpec, Plugin, digest
from aces.types import Assignment, Buyer, Factor, Ground, Listing, Mark, Task, Trial, World
from agents.buyers import BUYERS
from agents.interfaces import INTERFACES
from experiments.answers import check_answers, with_copies
from experiments.beside import declaration_of
from experiments.designs import Allotted, Cell
from experiments.designs._declared import check_shelves, designed, incomplete
from experiments.feasible import check_feasible
from experiments.given import given_declaration, given_shelves
from experiments.late_fees import check_late_fees
from experiments.places import check_places
from marketplace.marks import STANDARD_MARKS, legend
from marketplace.worlds import build_world

SEEN = ("price", "price_cents", "review_count", "rating", "position", "row", "col", "discounted")
"""Columns that a buyer perceives of every listing, besides its marks."""

WORDINGS = ("persona", "prompt")
"""What a buyer may differ by from trial to trial."""


@dataclass(frozen=True)
class Plan:
    """Everything needed to draw worlds and list trials; pure data, so that workers get it whole."""

    spec: ExperimentSpec
    """With buyers' parameters resolved to what they mean on this catalogue."""
    catalog: Catalog
    """All that the shop sells: the products that shelves are filled from, or more."""
    pools: Mapping[str, tuple[str, ...]]
    """Task id -> products its shelves are filled from."""
    declarations: Mapping[str, design.Declaration]
    notes: tuple[str, ...] = ()
    """What the design says of itself."""

    @cached_property
    def listings(self) -> dict[str, Listing]:
        """Base offers of the products that shelves are filled from, by id."""
        ids = dict.fromkeys(product_id for pool in self.pools.values() for product_id in pool)
        return {product_id: self.catalog.listings[product_id] for product_id in ids}

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """Tasks by id."""
        return {task.id: task for task in self.spec.tasks}

    @cached_property
    def _world_key(self) -> list[Any]:
        """What a world's id hashes besides its own draw."""
        shelf = self.spec.shelf.model_dump(mode="json")
        return [self.spec.seed, self.catalog.digest, shelf]

    @cached_property
    def _marks(self) -> dict[str, Mark]:
        """The marks that treatments draw, by kind: the shop's and those of one's own."""
        kinds = design.Tags | design.Steering | design.Doses
        tags = (d for d in self.declarations.values() if isinstance(d, kinds))
        marks = {**STANDARD_MARKS, **{m.kind: m for each in tags for m in each.marks_named()}}
        # given listings carry their marks themselves
        given = (d for d in self.declarations.values() if isinstance(d, design.Given))
        own = {mark.kind for each in given for mark in each.marks_named()}
        return {kind: mark for kind, mark in marks.items() if kind not in own}

    def assignment(self, task_id: str, k: int, own: Allotted | None = None) -> Assignment:
        """Draws world k of a task: the same for every buyer, interface, machine and worker.

        Adaptive designs give a buyer through an interface a world of its `own`.
        """
        shelf, whose = self.spec.shelf, own.owner if own else ()
        declarations = own.given(self.declarations) if own else self.declarations
        stream = Stream(self.spec.seed, "world", task_id, *whose)
        pool = [self.listings[product_id] for product_id in self.pools[task_id]]
        shown, drawn = design.draw_world(
            declarations, pool, shelf.size, shelf.sample, k, stream, task_id
        )
        ids = [item.product_id for item in shown]
        return Assignment(
            world_id=digest([*self._world_key, task_id, k, ids, drawn.levels, *whose]),
            task_id=task_id,
            k=k,
            product_ids=tuple(ids),
            levels=drawn.levels,
            probability=drawn.probability,
            marginals=drawn.marginals,
            densities=drawn.densities,
        )

    def task_of(self, assignment: Assignment) -> Task:
        """Returns the errand in a world: the task's, or what a given shelf's shopper was told."""
        return design.as_asked(self.tasks[assignment.task_id], assignment.levels)

    def world(self, assignment: Assignment) -> World:
        """Builds the shop of an assignment."""
        task = self.task_of(assignment)
        return build_world(assignment, task, self.catalog, self.spec.shelf, self._marks)

    def trials(
        self,
        assignments: Iterable[Assignment],
        batch: int,
        first_index: int,
        owners: Mapping[str, tuple[str, str]] | None = None,
    ) -> Iterator[Trial]:
        """Lists the trials of a batch: every arm meets each world, each repeat.

        An arm is a buyer with an interface, a persona and a prompt. Where worlds have `owners`,
        buyer and interface by world, these alone meet them.
        """
        arms = [
            (buyer.name, interface.name, digest([who(buyer, BUYERS), who(interface, INTERFACES)]))
            for buyer in self.spec.buyers
            for interface in self.spec.buyer_interfaces(buyer)
        ]
        index = first_index
        for world in assignments:
            for buyer, interface, arm in arms:
                if owners and owners[world.world_id] != (buyer, interface):
                    continue
                for persona, prompt in self._wordings(buyer, world):
                    for repeat in range(self.spec.repeats):
                        key = [world.world_id, arm, self.spec.max_steps, repeat]
                        yield Trial(
                            id=digest(key + ([persona, prompt] if persona or prompt else [])),
                            plan_index=index,
                            batch=batch,
                            world_id=world.world_id,
                            buyer=buyer,
                            interface=interface,
                            repeat=repeat,
                            persona=persona,
                            prompt=prompt,
                        )
                        index += 1

    @cached_property
    def factors(self) -> dict[str, Mapping[str, Factor]]:
        """Buyer -> what it differs by from trial to trial: `persona`, `prompt`."""
        found: dict[str, Mapping[str, Factor]] = {}
        for entry in self.spec.buyers:
            plugin: Any = BUYERS.load(entry.use)
            has = hasattr(plugin, "factors")
            found[entry.name] = plugin.factors(plugin.Config(**entry.parameters)) if has else {}
        return found

    def _wordings(self, buyer: str, world: Assignment) -> list[tuple[str, str]]:
        """The pairs of persona and prompt with which a buyer meets a world."""
        personas, prompts = (
            self._names(kind, self.factors[buyer].get(kind), world) for kind in WORDINGS
        )
        return [(persona, prompt) for persona in personas for prompt in prompts]

    def _names(self, kind: str, factor: Factor | None, world: Assignment) -> tuple[str, ...]:
        if factor is None:
            return ("",)
        if not factor.drawn:
            return factor.levels
        # one address for all buyers: those with the same levels get the same one
        group = world.k // design.group_size(self.declarations)
        number = Stream(self.spec.seed, kind, world.task_id, group).uniform()
        return (factor.levels[int(number * len(factor.levels))],)

    def wordings_per_world(self, buyer: str) -> int:
        """Returns with how many pairs of persona and prompt a buyer meets each world."""
        return math.prod(1 if f.drawn else len(f.levels) for f in self.factors[buyer].values())

    def prompt_hashes(self) -> dict[str, dict[str, str]]:
        """Returns buyer -> name of a prompt -> hash of its text, of buyers that have prompts."""
        found: dict[str, dict[str, str]] = {}
        for entry in self.spec.buyers:
            plugin: Any = BUYERS.load(entry.use)
            if hasattr(plugin, "prompt_hashes"):
                hashes = plugin.prompt_hashes(plugin.Config(**entry.parameters))
                found[entry.name] = dict(hashes)
        return found

    def draw_cells(self, cells: Sequence[Cell | Allotted]) -> list[Assignment]:
        """Draws the worlds of a batch."""
        return [
            self.assignment(*each.cell, each)
            if isinstance(each, Allotted)
            else self.assignment(*each)
            for each in cells
        ]

    @property
    def adaptive(self) -> bool:
        """Whether worlds depend on outcomes, so that each buyer and interface has its own."""
        return any(isinstance(d, design.Allocation) for d in self.declarations.values())

    def buyers(self) -> dict[str, Buyer]:
        """Makes the buyers."""
        return {b.name: BUYERS.build(b.use, dict(b.parameters)) for b in self.spec.buyers}

    def truths(self) -> dict[str, dict[str, float] | None]:
        """Planted coefficients by buyer; None for buyers without."""
        found = {name: buyer.truth() for name, buyer in self.buyers().items()}
        return {name: None if truth is None else dict(truth) for name, truth in found.items()}

    def noise(self, assignment: Assignment, trial: Trial, buyer: Buyer) -> Stream:
        """The stream a buyer draws from: planted buyers that share noise share it by world."""
        key = (assignment.task_id, assignment.k, trial.repeat)
        stream = Stream(self.spec.seed, "noise", *key)
        if getattr(buyer, "shares_noise", False) and not self.adaptive:
            return stream
        own = stream.child(trial.buyer, trial.interface)
        return own.child(trial.persona, trial.prompt) if trial.persona or trial.prompt else own

    def visit_stream(self, trial: Trial) -> Stream:
        """The stream an interface draws from in a trial: the numbers it gives things, say."""
        return Stream(self.spec.seed, "visit", trial.id)

    def legend(self) -> dict[str, tuple[str, ...]]:
        """The texts by which marks are known: the shop's, the catalogue's and those of arms."""
        return _legend(self.catalog.listings.values(), self.declarations)

    def varied(self) -> list[str]:
        """The levels that differ between worlds."""
        return [level for d in self.declarations.values() for level in d.varied()]

    def default_terms(self) -> list[str]:
        """The terms of the default analysis."""
        shelf = self.spec.shelf
        size = design.shown_size(self.declarations, shelf.size)
        return terms.default_terms(self.varied(), size, shelf.columns)


def who(plugin: Plugin, registry: Registry[Any]) -> dict[str, Any]:
    """Returns what makes a buyer or interface the one it is: nothing operational."""
    fields = registry.config(plugin.use).model_fields
    kept = {name: v for name, v in plugin.parameters.items() if not _operational(fields.get(name))}
    return {"use": plugin.use, "name": plugin.name, "parameters": kept}


def _operational(field: FieldInfo | None) -> bool:
    """Whether a parameter says how work is done, not what is done: a time limit, an address."""
    extra = field.json_schema_extra if field else None
    return isinstance(extra, dict) and bool(extra.get("operational"))


def identity(spec: ExperimentSpec) -> dict[str, Any]:
    """Returns everything that decides which trials a run holds, as JSON-like data."""
    kept = spec.model_dump(mode="json", exclude={*CHANGEABLE, "buyers", "interfaces"})
    kept["interface"] = [who(face, INTERFACES) for face in spec.interfaces]
    kept["buyers"] = [
        {**who(buyer, BUYERS), "interface": [who(face, INTERFACES) for face in buyer.interfaces]}
        for buyer in spec.buyers
    ]
    return kept


def make_plan(spec: ExperimentSpec, catalog: Catalog) -> Plan:
    """Returns the plan of an experiment on a catalogue.

    Raises:
        SpecError: Naming the line, if the catalogue does not hold what the experiment asks for,
            treatments collide, or a planted term does not exist.
    """
    catalog = _priced(spec, catalog)
    given = given_shelves(spec, catalog)
    pools = _pools(spec, catalog) if given is None else dict(given.pools)
    catalog, copies = with_copies(spec, catalog)
    pools |= copies
    ids = list(dict.fromkeys(product_id for pool in pools.values() for product_id in pool))
    listings = [catalog.listings[product_id] for product_id in ids]
    declarations = _declarations(spec, catalog, ids)
    check_shelves(spec, declarations)
    check_late_fees(spec, declarations)
    check_places(spec, declarations, catalog, ids)
    declared = designed(spec, declarations, pools, catalog)
    if declared is not None:
        declarations[spec.design.name] = declared.declaration
    if given is not None:
        shown = given_declaration(spec, catalog, given, declarations)
        declarations = {spec.design.name: shown, **declarations}
    _check_named(spec, declarations, pools, catalog.pictures)
    check_answers(spec, catalog, pools, declarations)
    check_feasible(spec, catalog, pools, declarations)
    resolved = _resolve_buyers(spec, listings, declarations)
    sold = catalog if spec.shelf.rest == "catalog" else _sliced(catalog, ids, declarations)
    sold = sold if given is None else given.with_pictures(sold, catalog)
    said = [*(declared.notes if declared else ()), *(given.notes if given else ())]
    notes = (*said, *incomplete(spec, declarations))
    return Plan(resolved, sold, pools, declarations, notes)


def _priced(spec: ExperimentSpec, catalog: Catalog) -> Catalog:
    """The catalogue in the currency that the shelf asks for."""
    shelf = spec.shelf
    if shelf.currency in (None, catalog.currency):
        return catalog
    if shelf.exchange_rate is None:
        raise SpecError(
            f"{spec.where('shelf', 'currency')}: the catalogue's prices are in {catalog.currency}; "
            f"give `exchange_rate:`, what one {catalog.currency} is in {shelf.currency}"
        )
    return catalog.priced_in(str(shelf.currency), shelf.exchange_rate)


def _sliced(
    catalog: Catalog, ids: Sequence[str], declarations: Mapping[str, design.Declaration]
) -> Catalog:
    """The catalogue of the shelves alone, with the pictures that arms show."""
    sliced = catalog.subset(ids)
    shown = {key: catalog.pictures[key] for key in _pictures_of_arms(declarations)}
    return replace(sliced, pictures={**sliced.pictures, **shown})


def _pictures_of_arms(declarations: Mapping[str, design.Declaration]) -> list[str]:
    arms = (d for d in declarations.values() if isinstance(d, design.Arms))
    return [key for each in arms for key in each.pictures_named()]


def _pools(spec: ExperimentSpec, catalog: Catalog) -> dict[str, tuple[str, ...]]:
    return {task.id: _pool(spec, catalog, index, task) for index, task in enumerate(spec.tasks)}


def _pool(spec: ExperimentSpec, catalog: Catalog, index: int, task: Task) -> tuple[str, ...]:
    """The products that a task's shelves are filled from."""
    size = spec.shelf.size
    try:
        pool = catalog.slice(task.category, size)
        return tuple(catalog.slice(task.category) if spec.shelf.sample else pool)
    except CatalogError as error:
        raise SpecError(f"{spec.where('tasks', index, 'category')}: {error}") from error


def _declarations(
    spec: ExperimentSpec, catalog: Catalog, ids: Sequence[str]
) -> dict[str, design.Declaration]:
    """Treatment name -> how it is drawn; no two may set the same level."""
    found: dict[str, design.Declaration] = {}
    owner: dict[str, str] = {}
    for index, entry in enumerate(spec.treatments):
        try:
            declaration = declaration_of(spec, catalog, ids, index)
        except ValidationError as error:
            reason = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise SpecError(f"{spec.where('treatments', index)}: {reason}") from error
        for level in declaration.levels():
            if level in owner:
                raise SpecError(
                    f"{spec.where('treatments', index)}: '{entry.name}' sets {level}, which "
                    f"'{owner[level]}' sets already; keep one of them"
                )
            owner[level] = entry.name
        found[entry.name] = declaration
    return found


def _check_named(
    spec: ExperimentSpec,
    declarations: Mapping[str, design.Declaration],
    pools: Mapping[str, Sequence[str]],
    pictures: Collection[str],
) -> None:
    """Every product and picture that a treatment names must be there to be shown."""
    ids = {product_id for pool in pools.values() for product_id in pool}
    for index, (name, declaration) in enumerate(declarations.items()):
        for product_id in declaration.products_named():
            if product_id not in ids:
                raise SpecError(
                    f"{spec.where('treatments', index)}: '{name}' names product "
                    f"'{product_id}', which no shelf shows{nearest(product_id, ids)}"
                )
        if isinstance(declaration, design.Arms):
            for key in declaration.pictures_named():
                if key not in pictures:
                    raise SpecError(
                        f"{spec.where('treatments', index)}: '{name}' names picture '{key}', "
                        f"which the catalogue does not have{nearest(key, pictures)}"
                    )
        if isinstance(declaration, design.Fixed) and declaration.level == "position":
            for task_id, pool in pools.items():
                taken = [declaration.values.get(product_id) for product_id in pool]
                _check_fixed_slots(spec, index, task_id, taken)


def _check_fixed_slots(
    spec: ExperimentSpec, index: int, task_id: str, taken: Sequence[Any]
) -> None:
    """Fixed positions must fill a shelf's slots, each once."""
    size = spec.shelf.size
    if spec.shelf.sample or set(taken) != set(range(1, size + 1)):
        raise SpecError(
            f"{spec.where('treatments', index, 'fixed')}: fixed positions must give each product "
            f"of a fixed shelf one of the slots 1 to {size}; task '{task_id}' has {taken}"
        )


def _legend(
    listings: Iterable[Listing], declarations: Mapping[str, design.Declaration]
) -> dict[str, tuple[str, ...]]:
    """Kind of mark -> its texts, for every mark that a shelf may carry."""
    own = [mark for listing in listings for mark in listing.marks]
    for declaration in declarations.values():
        own += declaration.marks_named() if hasattr(declaration, "marks_named") else []
    return legend(own)


def _resolve_buyers(
    spec: ExperimentSpec,
    listings: Sequence[Listing],
    declarations: Mapping[str, design.Declaration],
) -> ExperimentSpec:
    """The specification with rules in buyers' parameters turned into what they mean here."""
    levels = {level for declaration in declarations.values() for level in declaration.levels()}
    kinds = _legend(listings, declarations)
    ground = Ground(spec.seed, listings, spec.folder)
    resolved = []
    for index, entry in enumerate(spec.buyers):
        plugin: Any = BUYERS.load(entry.use)
        parameters = dict(entry.parameters)
        for key in ("coefficients", "heterogeneity"):
            for term in parameters.get(key) or ():
                _check_term(spec, ("buyers", index, key, term), term, levels, kinds)
        if hasattr(plugin, "resolve"):
            try:
                config = plugin.resolve(plugin.Config(**parameters), ground)
            except SpecError as error:
                raise SpecError(f"{spec.where('buyers', index)}: {error}") from error
            parameters = config.model_dump(mode="json")
        resolved.append(entry.model_copy(update={"parameters": parameters}))
    return spec.model_copy(update={"buyers": tuple(resolved)})


def _check_slot(spec: ExperimentSpec, place: tuple[str | int, ...], part: str) -> None:
    """A slot term must name a row, column or position that the grid has."""
    shelf = spec.shelf
    counts = {
        "row": ("rows", -(-shelf.size // shelf.columns)),
        "col": ("columns", min(shelf.size, shelf.columns)),
        "pos": ("positions", shelf.size),
    }
    kind, _, number = part.partition("_")
    if kind in counts and number.isdecimal():
        what, most = counts[kind]
        if not 1 <= int(number) <= most:
            raise SpecError(f"{spec.where(*place)}: '{part}': the grid has {what} 1 to {most}")


def _check_term(
    spec: ExperimentSpec,
    place: tuple[str | int, ...],
    term: str,
    levels: set[str],
    kinds: Collection[str],
) -> None:
    """A planted term must be made of what a buyer can see."""
    visible = {*SEEN, *kinds}
    for part in term.split(":"):
        _check_slot(spec, place, part)
        if part in visible or terms.is_derived(part):
            continue
        known = {*visible, "row_1", "col_1", "pos_1", "log_price", "log_review_count"}
        reason = " is a level that shoppers can't see" if part in levels else " is unknown"
        raise SpecError(f"{spec.where(*place)}: term '{part}'{reason}{nearest(part, known)}")
