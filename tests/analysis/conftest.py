"""A planted run made without the shop: drawn by the design, chosen by a logit in numpy."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from aces.design import ACES_TAGS, Factor, Headroom, Permutation, Tags, draw_world
from aces.seeds import Stream
from aces.spec import ExperimentSpec, Plugin, Shelf
from aces.store import Finished, RunStore, StoredStep
from aces.terms import column, grid
from aces.types import Assignment, Choice, Event, Listing, Product, Status, Task, Trial

TRUTH = {
    "row_1": 0.9,
    "col_1": 0.5,
    "log_price": -1.8,
    "rating": 0.8,
    "log_review_count": 0.15,
    "sponsored": -0.2,
    "overall_pick": 1.2,
    "scarcity": 0.3,
}
DECLARATIONS = {
    "position": Permutation(),
    "price": Factor(level="price_cents", minimum=1),
    "rating": Headroom(),
    "review_count": Factor(level="review_count", sigma=1.0, rounding="down"),
    "badges": Tags(tags=ACES_TAGS),
}
Loss = Callable[[dict[str, np.ndarray], int], str]
"""(columns of the shelf, index of the choice) -> cause of a failure, or an empty text."""


def utility(columns: Mapping[str, np.ndarray], truth: Mapping[str, float]) -> np.ndarray:
    """The planted utility of each alternative of one shelf."""
    total = np.zeros(len(columns["product_id"]))
    for name, value in truth.items():
        if name.startswith("product_id["):
            total += value * (columns["product_id"] == name[11:-1])
        else:
            total += value * column(name, columns)
    return total


class PlantedRun:
    """Builds run folders; every argument has a default that suits most tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self,
        name: str = "run",
        *,
        worlds: int = 50,
        tasks: tuple[str, ...] = ("watch", "stapler"),
        buyers: Mapping[str, Mapping[str, float] | None] | None = None,
        interfaces: tuple[str, ...] = ("json",),
        noise: str = "shared",
        loss: Loss | None = None,
        seed: int = 7,
        sample: bool = False,
        repeats: int = 1,
        analysis: tuple[Plugin, ...] = (),
    ) -> Path:
        buyers = {"planted": TRUTH} if buyers is None else buyers
        spec = ExperimentSpec(
            name=name,
            seed=seed,
            tasks=tuple(Task(id=t, category=t, query=t) for t in tasks),
            shelf=Shelf(sample=sample),
            treatments=tuple(Plugin(use=t, name=t) for t in DECLARATIONS),
            buyers=tuple(Plugin(use="utility", name=b) for b in buyers),
            interfaces=tuple(Plugin(use=i, name=i) for i in interfaces),
            worlds_per_task=worlds,
            repeats=repeats,
            analysis=analysis,
        )
        with RunStore.create(self.folder / name) as store:
            listings = _catalog(store, tasks)
            _meta(store, spec, buyers, listings)
            assignments = [_assignment(spec, t, k, listings) for t in tasks for k in range(worlds)]
            _run(store, spec, buyers, assignments, listings, noise, loss)
        return self.folder / name


def _catalog(store: RunStore, tasks: tuple[str, ...]) -> dict[str, Listing]:
    generator = np.random.default_rng(3)
    listings = {}
    for task in tasks:
        for i in range(10):
            listings[f"{task}-{i}"] = Listing(
                product_id=f"{task}-{i}",
                title=f"{task.title()} number {i}",
                price_cents=int(generator.integers(1500, 6000)),
                rating=round(float(generator.uniform(3.5, 4.6)), 1),
                review_count=int(generator.integers(50, 5000)),
            )
    store.add_products(
        (
            key,
            Product(id=key, category=key.partition("-")[0]).model_dump_json(),
            listing.model_dump_json(),
            "[]",
        )
        for key, listing in listings.items()
    )
    return listings


def _meta(store, spec, buyers, listings) -> None:
    store.set_meta("spec", spec.model_dump(mode="json"))
    store.set_meta("declarations", {n: d.model_dump(mode="json") for n, d in DECLARATIONS.items()})
    store.set_meta("truths", {b: dict(t) if t is not None else None for b, t in buyers.items()})
    pools = {t.id: [p for p in listings if p.startswith(t.category)] for t in spec.tasks}
    store.set_meta("pools", pools)
    store.set_meta(
        "catalog", {"name": "test", "digest": "0", "currency": "USD", "drawn_seed": None}
    )
    store.set_meta("legend", {})


def _assignment(spec, task: str, k: int, listings) -> Assignment:
    stream = Stream(spec.seed, "world", task)
    pool = [listing for name, listing in listings.items() if name.startswith(task)]
    shown, drawn = draw_world(DECLARATIONS, pool, spec.shelf.size, spec.shelf.sample, k, stream)
    return Assignment(
        world_id=f"{spec.seed}-{task}-{k}",
        task_id=task,
        k=k,
        product_ids=tuple(item.product_id for item in shown),
        levels=drawn.levels,
        probability=drawn.probability,
        marginals=drawn.marginals,
        densities=drawn.densities,
    )


def _columns(assignment: Assignment, width: int) -> dict[str, np.ndarray]:
    columns = {name: np.array(values) for name, values in assignment.levels.items()}
    columns["product_id"] = np.array(assignment.product_ids)
    columns["row"], columns["col"] = grid(columns["position"], width)
    return columns


def _run(store, spec, buyers, assignments, listings, noise, loss) -> None:
    trials, finished = [], []
    session = store.start_session("2026-01-15T10:00:00Z", {"versions": {"aces": "0.1.0"}})
    for assignment in assignments:
        columns = _columns(assignment, spec.shelf.columns)
        for buyer, truth in buyers.items():
            for interface in spec.interfaces:
                for repeat in range(spec.repeats):
                    trial = Trial(
                        id=f"{assignment.world_id}-{buyer}-{interface.name}-{repeat}",
                        plan_index=len(trials),
                        batch=0,
                        world_id=assignment.world_id,
                        buyer=buyer,
                        interface=interface.name,
                        repeat=repeat,
                    )
                    key = [spec.seed, assignment.task_id, assignment.k, repeat]
                    key += [] if noise == "shared" else [buyer, interface.name]
                    gumbel = Stream("noise", *key).generator().gumbel(size=spec.shelf.size)
                    trials.append(trial)
                    best = int(np.argmax(utility(columns, truth or {}) + gumbel))
                    finished.append(_finish(trial, columns, best, loss))
    store.add_batch(0, assignments, trials)
    store.add_finished(finished, session)
    store.end_session(session, "2026-01-15T10:01:00Z", {"versions": {"aces": "0.1.0"}})


def _finish(trial: Trial, columns, best: int, loss: Loss | None) -> Finished:
    cause = loss(columns, best) if loss else ""
    product = str(columns["product_id"][best])
    status = {"": Status.CHOSEN, "truncated": Status.TRUNCATED, "left": Status.ABSTAINED}
    choice = Choice(
        status=status.get(cause, Status.FAILED),
        cause=cause if status.get(cause) is None else "",
        product_id=None if cause else product,
        seconds=0.01,
    )
    on_top = columns["product_id"][columns["row"] == 1].tolist()
    step = StoredStep(
        step=0,
        page="results",
        url="/search",
        text=None,
        text_blob=None,
        screenshot=None,
        action=json.dumps({"type": "add_to_cart", "product_id": product}),
        error=None,
        exposed=json.dumps(on_top),
        observe_s=0.001,
        act_s=0.001,
    )
    click = Event(kind="product", page="product", at_s=0.1, data={"product_id": product})
    return Finished(trial.id, choice, (step,), (click,))


@pytest.fixture
def planted_run(tmp_path: Path) -> PlantedRun:
    """`planted_run(worlds=200, ...)` makes a run folder and returns its path."""
    return PlantedRun(tmp_path)


@pytest.fixture(scope="session")
def planted_runs(tmp_path_factory: pytest.TempPathFactory) -> PlantedRun:
    """The same for the whole session: for runs that several tests read."""
    return PlantedRun(tmp_path_factory.mktemp("runs"))
