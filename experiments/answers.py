"""Errands with a right answer: shelves of copies, and checks that the answer is one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from aces import design
from aces.catalog import Catalog
from aces.errors import SpecError, nearest
from aces.spec import ExperimentSpec, digest
from aces.types import Product, Task

Pools = Mapping[str, Sequence[str]]


def with_copies(
    spec: ExperimentSpec, catalog: Catalog
) -> tuple[Catalog, dict[str, tuple[str, ...]]]:
    """Returns the catalogue with copies for the tasks that ask for them, and these tasks' pools.

    A copy is the same product under an id that says nothing of its place in the order.

    Raises:
        SpecError: If a task copies what its category does not hold, or the shop is open.
    """
    products, listings = dict(catalog.products), dict(catalog.listings)
    drawn = dict(catalog.drawn)
    pools = {}
    for index, task in enumerate(spec.tasks):
        source = task.copies_of
        if source is None:
            continue
        _check_source(spec, catalog, index, task)
        pools[task.id] = tuple(f"{source}-{digest([source, i], 3)}" for i in range(spec.shelf.size))
        for id in pools[task.id]:
            products[id] = catalog.products[source].model_copy(update={"id": id})
            listings[id] = catalog.listings[source].model_copy(update={"product_id": id})
            if source in catalog.drawn:
                drawn[id] = catalog.drawn[source]
    if not pools:
        return catalog, {}
    return replace(catalog, products=products, listings=listings, drawn=drawn), pools


def _check_source(spec: ExperimentSpec, catalog: Catalog, index: int, task: Task) -> None:
    where = spec.where("tasks", index, "copies_of")
    known = catalog.slice(task.category)
    if task.copies_of not in known:
        raise SpecError(
            f"{where}: category '{task.category}' has no product '{task.copies_of}'"
            f"{nearest(str(task.copies_of), known)}"
        )
    if spec.shelf.rest == "catalog":
        raise SpecError(
            f"{where}: an open shop sells the product itself beside its copies; "
            "leave `shelf.rest` out"
        )


def check_answers(
    spec: ExperimentSpec,
    catalog: Catalog,
    pools: Pools,
    declarations: Mapping[str, design.Declaration],
) -> None:
    """Raises SpecError unless every right answer is on its shelf, right, and the only one."""
    treated = {level for each in declarations.values() for level in each.levels()}
    for index, task in enumerate(spec.tasks):
        if task.right_answer is not None:
            _check_answer(spec, catalog, pools[task.id], index, treated)
    for index, declaration in enumerate(declarations.values()):
        if isinstance(declaration, design.BestOffer | design.Ladder):
            for task in spec.tasks:
                _check_better(spec, catalog, pools[task.id], index, task, declaration)


def _check_answer(
    spec: ExperimentSpec,
    catalog: Catalog,
    pool: Sequence[str],
    index: int,
    treated: Collection[str],
) -> None:
    task, where = spec.tasks[index], spec.where("tasks", index, "right_answer")
    if task.right_answer not in pool or spec.shelf.sample:
        reason = "is not on every shelf of the task"
        hint = "" if task.right_answer in pool else nearest(str(task.right_answer), pool)
        raise SpecError(f"{where}: '{task.right_answer}' {reason}{hint}")
    if "right_answer" in treated:
        raise SpecError(f"{where}: a treatment draws the right answer already; keep one of them")
    asked = task.requirements
    if asked.max_price_cents is not None and "price_cents" in treated:
        raise SpecError(
            f"{where}: prices are drawn, so that a budget allows other products in every world"
        )
    if asked == type(asked)():
        return
    allowed = [id for id in pool if _meets(task, catalog, id)]
    if allowed != [task.right_answer]:
        raise SpecError(
            f"{where}: the requirements should allow '{task.right_answer}' and nothing else; "
            f"they allow {', '.join(allowed) or 'nothing'}"
        )


def _meets(task: Task, catalog: Catalog, id: str) -> bool:
    asked, product = task.requirements, catalog.products[id]
    limit = asked.max_price_cents
    return (
        (limit is None or catalog.listings[id].price_cents <= limit)
        and (asked.brand is None or _same(asked.brand, product.brand))
        and _has(product, asked.attributes)
    )


def _has(product: Product, attributes: Mapping[str, str]) -> bool:
    return all(_same(v, product.attributes.get(name, "")) for name, v in attributes.items())


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _check_better(
    spec: ExperimentSpec,
    catalog: Catalog,
    pool: Sequence[str],
    index: int,
    task: Task,
    declaration: design.BestOffer | design.Ladder,
) -> None:
    where = spec.where("treatments", index)
    if task.copies_of is None:
        raise SpecError(
            f"{where}: listings must be alike but for the better one; give task '{task.id}' "
            "`copies_of:`, the id of a product"
        )
    unseen = declaration.unseen(catalog.listings[pool[0]])
    if unseen:
        level = "price_cents" if isinstance(declaration, design.Ladder) else declaration.level
        shown = getattr(catalog.listings[pool[0]], level)
        raise SpecError(
            f"{where}: task '{task.id}': {', '.join(map(str, unseen))} would change nothing that "
            f"is shown where {level} is {shown}; copy another product, or leave these out"
        )
