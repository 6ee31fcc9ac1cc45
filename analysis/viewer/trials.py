"""One trial as the viewer shows it."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from aces.design import Versions
from aces.errors import StoreError
from aces.store import RunStore
from analysis.display import listed, money, number
from analysis.frame import choices, trial_ids
from analysis.perception import FIELDS, readings_of
from analysis.planted import planted_utility
from analysis.report.dialogue import cut
from analysis.study import Study
from analysis.viewer.pictures import SCREEN, THUMB, Album
from analysis.viewer.shelf import Row, first_picture, offers, ordinal, standing
from analysis.viewer.steps import Json, Names, steps_shown
from analysis.viewer.worlds import short

_FACTS = """
    SELECT w.world_id, w.task_id, w.k, t.buyer, t.interface, t.repeat, t.persona, t.prompt,
        o.status, o.cause, o.detail, o.product_id, o.said, o.reported, o.seconds, o.attempt,
        t.plan_index
    FROM trials t JOIN latest o ON o.trial_id = t.trial_id JOIN worlds w ON w.world_id = t.world_id
    WHERE t.trial_id = ?
"""
_SCREENSHOTS = """
    SELECT s.screenshot FROM steps s
    JOIN latest o ON o.trial_id = s.trial_id AND o.attempt = s.attempt
    WHERE s.screenshot IS NOT NULL AND s.trial_id IN (SELECT value FROM json_each(?))
"""
LONGEST_WHY = 700
"""Characters of the reason that stands at the top."""

_DERIVED = ("p_", "density_", "original_", "row_", "col_", "pos_")
"""Beginnings of columns that no page shows."""

HEADLINE = 60
"""Characters of a title in the headline; the shelf has all of it."""


class Trials:
    """The trials of a run, ready to be shown one by one.

    Args:
        store: The run.
        pictures: Whether to take pictures in.

    Raises:
        StoreError: If none is finished yet.
    """

    def __init__(self, store: RunStore, *, pictures: bool = True) -> None:
        if store.db.execute("SELECT 1 FROM outcomes LIMIT 1").fetchone() is None:
            raise StoreError(f"{store.folder}: no trial of this run is finished yet")
        self.store = store
        self.study = Study.of(store)
        self.album = Album(store.blobs, wanted=pictures)
        self._rows: dict[str, list[Row]] = {}

    @cached_property
    def ids(self) -> list[str]:
        """The finished trials, in plan order."""
        return trial_ids(self.store)

    def take(self, ids: Sequence[str]) -> None:
        """Makes some trials ready to be shown, all at once: one by one would take long."""
        part = choices(self.store, only=ids).sort_values("position")
        kept = [str(name) for name in part if not str(name).startswith(_DERIVED)]
        columns = {name: part[name].tolist() for name in kept}
        columns["planted"] = self._planted(part)
        for values in zip(*columns.values(), strict=True):
            row = self._pictured(dict(zip(columns, values, strict=True)))
            self._rows.setdefault(row["trial_id"], []).append(row)
        self.album.prepare(self._pictures(ids))

    def _pictures(self, ids: Sequence[str]) -> Iterator[tuple[str, int]]:
        """All pictures of some trials: screenshots, and what stood on the shelf."""
        for (blob,) in self.store.db.execute(_SCREENSHOTS, (json.dumps(ids),)):
            yield blob, SCREEN
        for trial_id in ids:
            yield from ((row["blob"], THUMB) for row in self._rows.get(trial_id, ()) if row["blob"])

    def _planted(self, part: pd.DataFrame) -> list[float]:
        """The planted utility of every row; NaN where there is none."""
        found = pd.Series(np.nan, index=part.index)
        for buyer, rows in part.groupby("buyer"):
            truth = self.study.truths.get(str(buyer))
            utility = planted_utility(rows, truth) if truth else None
            if utility is not None:
                found[rows.index] = utility
        return found.tolist()

    @cached_property
    def _blobs(self) -> dict[str, str]:
        """Key of a product's picture -> blob."""
        return dict(self.store.db.execute("SELECT key, blob FROM pictures").fetchall())

    def shown(self, trial_id: str) -> Json:
        """Returns all that there is to see of a trial."""
        if trial_id not in self._rows:
            self.take([trial_id])
        if trial_id not in self._rows:
            raise StoreError(
                f"trial {trial_id} came after a rule had stopped its buyer: no table has it"
            )
        rows = self._rows[trial_id]
        cursor = self.store.db.execute(_FACTS, (trial_id,))
        names = [column[0] for column in cursor.description]
        facts: Json = dict(zip(names, cursor.fetchone(), strict=True))
        currency = str(rows[0]["currency"])
        titles = {key: item.title for key, item in self.study.listings.items()}
        titles |= {str(row["product_id"]): str(row["title"]) for row in rows}
        called = Names(titles, currency)
        width = self.study.spec.shelf.viewport.width
        steps, rest = steps_shown(self.store, trial_id, called, width, self.album)
        bought = next((row for row in rows if row["chosen"] == 1), None)
        return {
            **{name: facts[name] for name in ("buyer", "interface", "repeat", "k", "status")},
            **{name: facts[name] for name in ("persona", "prompt", "cause", "seconds")},
            "id": trial_id,
            "world": facts["world_id"],
            "task": facts["task_id"].replace("_", " "),
            "plan": facts["plan_index"],
            "attempt": facts["attempt"],
            "bought": facts["product_id"] or "",
            "setting": self._setting(rows[0]),
            "product": called.title(facts["product_id"]) if facts["product_id"] else "",
            "ending": _ending(facts, bought, called),
            "detail": cut(facts["detail"]),
            "taste": self._taste(facts["buyer"], rows),
            "standing": standing(rows, self.study.varied),
            "why": _why(facts, steps),
            "read": _read(facts, bought, currency),
            "columns": int(max(row["col"] for row in rows)),
            "shelf": offers(rows, self.study.varied, self.album),
            "steps": steps,
            "rest": rest,
        }

    def _pictured(self, row: Row) -> Row:
        listing = self.study.listings.get(str(row["product_id"]))
        key = first_picture(row, listing.pictures if listing else ())
        return {**row, "blob": self._blobs.get(key, "")}

    def _setting(self, row: Row) -> str:
        """What the page was set to in this world, where that differs between worlds."""
        found = [
            f"{level.replace('_', ' ')} {row[level]}"
            for declaration in self.study.declarations.values()
            if isinstance(declaration, Versions)
            for level in declaration.versions[0].settings
            if level in row
        ]
        return ", ".join(found)

    def _taste(self, buyer: str, rows: Sequence[Row]) -> str:
        """What was planted in a buyer, or which model it is; empty where there is nothing."""
        truth = self.study.truths.get(buyer)
        if truth:
            terms = [f"{name} {number(value, 2)}" for name, value in truth.items() if value]
            if not terms:
                return "Planted: nothing on the shelf sways it; chance alone decides."
            own = [term for term in terms if not term.startswith("product_id[")]
            own += ["a taste for each product"] if len(own) < len(terms) else []
            rank = _planted_rank(rows)
            return f"Planted taste: {listed(own, 12)}{rank}. Chance decides the rest."
        served = self.study.served.get(buyer)
        return f"Model: {served.model}." if served else ""


def _planted_rank(rows: Sequence[Row]) -> str:
    """Where the planted taste alone ranks what was bought; empty where that can't be told."""
    mine = next((row["planted"] for row in rows if row["chosen"] == 1), math.nan)
    if math.isnan(mine):
        return ""
    better = sum(row["planted"] > mine + 1e-9 for row in rows)
    return f". By that alone it ranks {ordinal(better + 1)} of {len(rows)}"


def _ending(facts: Mapping[str, Any], bought: Row | None, called: Names) -> str:
    match facts["status"]:
        case "chosen" if bought is not None:
            price = money(bought["price_cents"], called.currency)
            return f"Bought “{short(called.title(facts['product_id']), HEADLINE)}” for {price}"
        case "chosen":
            title = short(called.title(facts["product_id"]), HEADLINE)
            return f"Bought “{title}”, which was not on the shelf"
        case "abstained":
            return "Left without buying"
        case "truncated":
            return "Ran out of steps without buying"
    return f"Failed: {facts['cause'].replace('_', ' ') or 'no cause told'}"


def _why(facts: Mapping[str, Any], steps: Sequence[Json]) -> Json | None:
    """The buyer's own last words on it, with the step where they were said."""
    for step in reversed(steps):
        calls = [call for said in step["said"] for call in said["calls"]]
        found = (
            ("reason given", step["reason"] or _reason(calls)),
            ("thought", step["thought"]),
            ("said", step["reply"]),
        )
        for kind, text in found:
            if text.strip():
                return {"kind": kind, "text": _brief(text.strip()), "step": step["n"]}
    detail = facts["detail"].strip()
    if facts["status"] in ("abstained", "failed", "truncated") and detail:
        return {"kind": "recorded", "text": _brief(detail), "step": None}
    return None


def _reason(calls: Sequence[str]) -> str:
    """The reason among the arguments of a model's call, which buyers do not act on."""
    for call in reversed(calls):
        _, _, arguments = call.partition("(")
        try:
            told = json.loads(arguments.removesuffix(")"))
        except ValueError:
            continue
        if isinstance(told, dict) and isinstance(told.get("reason"), str):
            return str(told["reason"])
    return ""


def _brief(text: str) -> str:
    return text if len(text) <= LONGEST_WHY else f"{text[:LONGEST_WHY]} …"


def _read(facts: Mapping[str, Any], bought: Row | None, currency: str) -> list[Json]:
    """What the model says it read of what it bought, beside what was shown."""
    if bought is None or not facts["reported"]:
        return []
    if facts["said"] and facts["said"] != facts["product_id"]:
        return []  # what is said of one product is no misreading of another
    return [
        {
            "what": name.replace("_", " "),
            "read": _number(pair.reported),
            "shown": "" if pair.shown is None else _number(pair.shown),
            "same": pair.shown is not None and bool(FIELDS[name].equal(pair.reported, pair.shown)),
        }
        for name, pair in readings_of(facts["reported"], bought, currency).items()
    ]


def _number(value: object) -> str:
    return f"{value:,g}" if isinstance(value, int | float) else str(value)
