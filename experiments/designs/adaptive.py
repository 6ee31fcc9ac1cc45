"""Worlds in batches: each batch tries more often the arms that did best in earlier ones."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field

from aces.design import Allocation, Arms, Declaration, Removal, Versions
from aces.errors import SpecError, nearest
from aces.spec import ExperimentSpec
from aces.stats.allocation import Rule, Tally, shares
from aces.types import Record
from experiments.designs import Allotted, Cell, Declared, History, Past
from experiments.designs._crossing import Declarations, Shelves, factors, named

FEW = 20
"""Worlds of an arm below which nothing is known of it."""

MEANING = {
    "thompson": "as likely as it is best",
    "top_two": "the best and its rival in equal parts",
    "ucb": "the one that may be best",
}


class AdaptiveDesign:
    """Each batch's shares of a treatment's arms come from the buyer's own earlier batches."""

    adaptive = True
    """Worlds depend on what a buyer did, so that each buyer and interface has its own."""

    class Config(Record):
        """Parameters."""

        by: str
        """The treatment whose arms are compared: `page`, or `listing` with `unit: world`."""
        rule: Rule = "thompson"
        """`thompson`: each arm as likely as it is best; `top_two`: the best and its rival, to tell
        which is best; `ucb`: the one that may be best."""
        outcome: Literal["purchase", "revenue"] = "purchase"
        """What is to be great: share of trials that buy one of `products`, or money paid for them
        in each trial."""
        products: tuple[str, ...] = ()
        """Whose purchases count: a seller's, say; where not given, those that `by` changes, or all
        where it changes the page."""
        batch: int = Field(default=50, ge=1)
        """Worlds per task in a batch; the first has all arms alike."""
        floor: float = Field(default=0.05, gt=0, lt=1)
        """Least chance of an arm in any world: without one there is nothing to estimate from."""
        tasks: Literal["apart", "together"] = "apart"
        """Whether each task has shares of its own, or all have the same."""
        confirm: int = Field(default=0, ge=0)
        """The last worlds per task, with all arms alike whatever came before: a sample untouched by
        the search for the best arm."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(
        self, spec: ExperimentSpec, declarations: Declarations, shelves: Shelves
    ) -> Declared:
        """Returns that the treatment's arms come in shares given with each world.

        Raises:
            SpecError: If they can't, or nothing could be learned from what comes of it.
        """
        by = self.config.by
        _, options = factors(named([by], declarations, shelves), shelves)
        found = declarations[by]
        if not isinstance(found, Arms | Versions) or len(options) != 1 or options[0] < 2:
            raise SpecError(
                f"'{by}' must have two arms or more, and one of them per world: a `page`, or a "
                "`listing` with `unit: world`"
            )
        products = self._products(found)
        self._check(spec, declarations, products)
        _check_products(spec, shelves, products)
        allocation = Allocation(treatment=by, arms=options[0], products=products)
        return Declared(allocation, list(self._notes(spec, allocation)))

    def _products(self, by: Arms | Versions) -> tuple[str, ...]:
        """The products whose purchases count; none: all."""
        own = by.products if isinstance(by, Arms) else None
        return self.config.products or tuple(own or ())

    def _check(
        self, spec: ExperimentSpec, declarations: Declarations, products: Sequence[str]
    ) -> None:
        config, arms = self.config, len(_arms(declarations[self.config.by]))
        if config.floor * arms > 1:
            raise SpecError(f"`floor: {config.floor:g}` for each of {arms} arms is more than 1")
        if config.confirm and config.confirm >= spec.worlds_per_task:
            raise SpecError(
                f"`confirm: {config.confirm}` of {spec.worlds_per_task} worlds per task leaves none"
            )
        if spec.stop:
            raise SpecError(
                "`stop:` can't be used here: its rules take means as if arms had been shared out "
                "in advance. Give a smaller `worlds_per_task`; it can be raised later"
            )
        if products and (spec.shelf.sample or _removals(declarations)):
            raise SpecError(
                "single products are compared, and some shelves would not have them; give "
                "`sample: false` and no `menu`"
            )

    def _notes(self, spec: ExperimentSpec, allocation: Allocation) -> Iterator[str]:
        config = self.config
        learning = spec.worlds_per_task - config.confirm
        whose = "purchases" if config.outcome == "purchase" else "revenue per trial"
        of = ", ".join(allocation.products) or "anything on the shelf"
        yield (
            f"{allocation.arms} arms of {config.by}, for {whose} of {of}: "
            f"{-(-learning // config.batch)} batches of {config.batch} worlds per task, the first "
            f"with all arms alike, then {config.rule} ({MEANING[config.rule]}), no arm below "
            f"{config.floor:g}; tasks {config.tasks}"
        )
        least = config.floor * learning
        few = ", too few for its mean to be known" if least < FEW else ""
        yield f"an arm at the floor gets about {least:.0f} worlds per task{few}"
        if config.confirm:
            yield f"then {config.confirm} worlds per task with all arms alike, as confirmation"
        yield (
            "each buyer and interface has worlds of its own, batch after batch: they can't be "
            "compared world by world, and the run can't be split in shards"
        )
        yield (
            f"made to find the best arm of {config.by}. Means of its arms are biased: analyse with "
            "`aipw`. Other terms are estimated on a changing mix of arms; the precision below is "
            "that of equal shares"
        )
        if not allocation.products and config.outcome == "purchase":
            yield "whether anything is bought tells arms apart only where buyers may leave"

    def next(self, spec: ExperimentSpec, history: History) -> Sequence[Cell | Allotted] | None:
        """Returns the next batch of the first buyer that is ready for one, all its interfaces'."""
        for buyer in spec.buyers:
            found = [
                world
                for face in spec.buyer_interfaces(buyer)
                for world in self._batch(spec, (buyer.name, face.name), history)
            ]
            if found:
                return found
        return None

    def _batch(
        self, spec: ExperimentSpec, arm: tuple[str, str], history: History
    ) -> Iterator[Allotted]:
        """The next worlds of a buyer through an interface; none before the last ones are done."""
        past = history.past.get(arm, Past())
        first, last = past.worlds, spec.worlds_per_task
        if not past.complete or first >= last:
            return
        learning = last - self.config.confirm
        confirmation = first >= learning
        end = last if confirmation else min(first + self.config.batch, learning)
        chances = {
            task.id: None if confirmation else self._shares(past, task.id) for task in spec.tasks
        }
        for k in range(first, end):
            for task in spec.tasks:
                yield Allotted(task.id, k, *arm, chances[task.id] or (), confirmation)

    def _shares(self, past: Past, task_id: str) -> tuple[float, ...] | None:
        """Chances of the arms, from what is known of them; None where nothing is."""
        together = self.config.tasks == "together"
        met = [each for each in past.met if together or each.task_id == task_id]
        if not met:
            return None
        purchase = self.config.outcome == "purchase"
        y = [np.mean([s is not None if purchase else s or 0 for s in each.sales]) for each in met]
        arm = np.array([each.arm for each in met])
        tally = Tally.of(np.array(y, dtype=float), arm, past.arms, bounded=purchase)
        return tuple(shares(self.config.rule, tally, self.config.floor).tolist())


def _arms(by: Declaration) -> Sequence[Any]:
    """The arms of a listing treatment, or the versions of a page."""
    return by.arms if isinstance(by, Arms) else by.versions if isinstance(by, Versions) else ()


def _removals(declarations: Declarations) -> bool:
    return any(isinstance(each, Removal) for each in declarations.values())


def _check_products(spec: ExperimentSpec, shelves: Shelves, products: Sequence[str]) -> None:
    """Every task must sell something that counts."""
    if not products:
        return
    shown = [{item.product_id for item in shelf} for shelf in shelves]
    for product in products:
        if not any(product in ids for ids in shown):
            known = set().union(*shown)
            raise SpecError(f"no shelf shows product '{product}'{nearest(product, known)}")
    for task, ids in zip(spec.tasks, shown, strict=True):
        if not ids & set(products):
            raise SpecError(f"task '{task.id}' sells none of {', '.join(products)}")
