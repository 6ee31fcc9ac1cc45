"""What a run folder says about its experiment: spec, declarations, planted truth, catalogue."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter

from aces.design import Declaration, Draw, draw_world, shown_size
from aces.errors import StoreError
from aces.seeds import Stream
from aces.spec import ExperimentSpec, Plugin
from aces.stopping import Stopped
from aces.store import RunStore
from aces.terms import default_terms
from aces.types import Listing, Task, Viewport
from analysis.served import ServedBuyer

_BOUNDS = {"max_width": "pixels wide", "max_pixels": "pixels in all"}
_DECLARATIONS: TypeAdapter[dict[str, Declaration]] = TypeAdapter(dict[str, Declaration])


def picture_text(interface: Plugin, viewport: Viewport) -> str:
    """Returns what decides a picture's resolution: `png, 1280 × 1080 at scale 1`; else nothing."""
    given = interface.parameters
    if "image_format" not in given:
        return ""
    kind = str(given["image_format"])
    quality = "" if kind == "png" else f" {given.get('quality')}"
    high = "full page" if given.get("full_page") else f"{viewport.height}"
    scale = given.get("scale") or viewport.device_scale
    bounds = [f"at most {given[key]:,} {unit}" for key, unit in _BOUNDS.items() if given.get(key)]
    return ", ".join([f"{kind}{quality}", f"{viewport.width} × {high} at scale {scale:g}", *bounds])


@dataclass(frozen=True)
class Study:
    """A stored run as analysis sees it.

    Attributes:
        store: The run folder, open for reading.
        spec: The experiment, every default filled in.
        declarations: Treatment name -> how its levels are drawn.
        truths: Buyer -> planted coefficients by term, or None for a buyer that is not planted.
        pools: Task id -> ids of the products its shelves are taken from.
    """

    store: RunStore
    spec: ExperimentSpec
    declarations: Mapping[str, Declaration]
    truths: Mapping[str, Mapping[str, float] | None]
    pools: Mapping[str, list[str]]

    @classmethod
    def of(cls, store: RunStore) -> "Study":
        """Reads a run.

        Raises:
            StoreError: If nothing was planned in it yet.
        """
        spec = store.meta("spec")
        if spec is None:
            raise StoreError(f"{store.folder}: nothing was planned in this run yet")
        return cls(
            store=store,
            spec=ExperimentSpec.model_validate(spec),
            declarations=_DECLARATIONS.validate_python(store.meta("declarations") or {}),
            truths=store.meta("truths") or {},
            pools=store.meta("pools") or {},
        )

    @property
    def name(self) -> str:
        """The run's name: that of its folder."""
        return self.store.folder.resolve().name

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """Task id -> task."""
        return {task.id: task for task in self.spec.tasks}

    @cached_property
    def buyers(self) -> dict[str, Plugin]:
        """Buyer's name -> its plug-in and parameters."""
        return {buyer.name: buyer for buyer in self.spec.buyers}

    @cached_property
    def served(self) -> dict[str, ServedBuyer]:
        """Name -> each buyer that has a model behind it."""
        reached = self.store.meta("connections") or {}
        hashes = self.store.meta("prompt_hashes") or {}
        return {
            name: ServedBuyer(buyer, reached.get(name) or {}, hashes.get(name) or {})
            for name, buyer in self.buyers.items()
            if buyer.parameters.get("model")
        }

    @property
    def prompt_hashes(self) -> dict[tuple[str, str], str]:
        """(buyer, name of a wording) -> its hash."""
        return {
            (name, prompt): value
            for name, buyer in self.served.items()
            for prompt, value in buyer.hashes.items()
        }

    def picture(self, buyer: str, interface: str) -> str:
        """Returns how large and in which format a buyer's interface shows pages, in words."""
        own = self.buyers[buyer].interfaces if buyer in self.buyers else ()
        for plugin in own or self.spec.interfaces:
            if plugin.name == interface:
                return picture_text(plugin, self.spec.shelf.viewport)
        return ""

    @cached_property
    def listings(self) -> dict[str, Listing]:
        """Product id -> the catalogue's offer."""
        rows = self.store.db.execute("SELECT product_id, listing FROM products")
        return {key: Listing.model_validate_json(text) for key, text in rows}

    @cached_property
    def drawn_fields(self) -> dict[str, list[str]]:
        """Product id -> catalogue fields that were drawn at random, not given; none left out."""
        rows = self.store.db.execute("SELECT product_id, drawn FROM products WHERE drawn != '[]'")
        return {key: json.loads(text) for key, text in rows}

    @property
    def catalog(self) -> dict[str, Any]:
        """Name, digest and currency of the catalogue."""
        return self.store.meta("catalog") or {}

    @property
    def is_open(self) -> bool:
        """Whether buyers may have seen other listings, or other slots, than the plan's."""
        shelf = self.spec.shelf
        return shelf.rest != "none" or shelf.ranker != "fixed" or bool(shelf.controls)

    @property
    def browses(self) -> bool:
        """Whether any buyer may go from page to page before it buys."""
        met = [plugin for buyer in self.spec.buyers for plugin in self.spec.buyer_interfaces(buyer)]
        return any(plugin.parameters.get("mode") != "one_decision" for plugin in met)

    @property
    def varied(self) -> list[str]:
        """Levels that differ between worlds, in the order of the treatments."""
        return [level for d in self.declarations.values() for level in d.varied()]

    @property
    def stopped(self) -> list[Stopped]:
        """Where buyers were stopped by rule."""
        return [Stopped.model_validate(one) for one in self.store.meta("stopped") or []]

    @property
    def default_terms(self) -> list[str]:
        """Terms of the default analysis."""
        size = shown_size(self.declarations, self.spec.shelf.size)
        return default_terms(self.varied, size, self.spec.shelf.columns)

    def draw(self, task_id: str, k: int, *, again: str = "") -> tuple[list[str], Draw]:
        """Returns the shelf and the levels of world k of a task, by the stored design.

        Args:
            task_id: The task.
            k: Index of the world.
            again: Empty: the very draw of the plan. Otherwise a name for a fresh, independent one.
        """
        path = (self.spec.seed, "again", again) if again else (self.spec.seed,)
        stream = Stream(*path, "world", task_id)
        size, sample = self.spec.shelf.size, self.spec.shelf.sample
        pool = [self.listings[product_id] for product_id in self.pools[task_id]]
        shown, drawn = draw_world(self.declarations, pool, size, sample, k, stream, task_id)
        return [item.product_id for item in shown], drawn
