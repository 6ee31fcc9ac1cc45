"""Trials to look at: the shelf as drawn, the page as it looked, what was bought."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pandas as pd

from aces.store import RunStore
from analysis.analyze import Analysis
from analysis.display import money

PICTURE_WIDTH = 1000
"""Pixels; screenshots are made smaller to keep the report in one file of a few megabytes."""

_STEPS = """
    SELECT s.step, s.page, s.url, s.text, s.text_blob, s.screenshot, s.action, s.error, s.act_s
    FROM steps s JOIN latest o ON o.trial_id = s.trial_id AND o.attempt = s.attempt
    WHERE s.trial_id = ? ORDER BY s.step
"""
_WITH_SCREENSHOT = """
    SELECT t.buyer, t.interface, w.task_id, t.trial_id FROM trials t
    JOIN worlds w ON w.world_id = t.world_id
    JOIN latest o ON o.trial_id = t.trial_id
    WHERE o.status = 'chosen' AND EXISTS (
        SELECT 1 FROM steps s WHERE s.trial_id = t.trial_id AND s.attempt = o.attempt
        AND s.page = 'results' AND s.screenshot IS NOT NULL)
    ORDER BY t.plan_index
"""


@dataclass(frozen=True)
class Card:
    """One listing of a shelf as drawn."""

    title: str
    price: str
    list_price: str
    stars: str
    reviews: str
    marks: tuple[str, ...]
    bought: bool


@dataclass(frozen=True)
class StepShown:
    """One turn: what was seen and done."""

    step: int
    page: str
    picture: str
    text: str
    action: str
    error: str
    seconds: float


@dataclass(frozen=True)
class TrialShown:
    """One trial.

    Attributes:
        id: Its id.
        who: Buyer and interface.
        errand: What was looked for.
        outcome: How it ended, in a sentence.
        columns: Of the grid.
        cards: The shelf in the order shown.
        steps: The turns, pictures as data URIs.
    """

    id: str
    who: str
    errand: str
    outcome: str
    columns: int
    cards: tuple[Card, ...]
    steps: tuple[StepShown, ...]

    @property
    def picture(self) -> str:
        """The first results page, if it was kept."""
        return next((s.picture for s in self.steps if s.page == "results" and s.picture), "")


def examples(analysis: Analysis, most: int = 3) -> list[TrialShown]:
    """Returns a few trials to look at: with screenshots if there are any, as different as can be.

    Different means: of another interface first, then another buyer, then another task.
    """
    study = analysis.study
    if study is None:
        return []
    rows = study.store.db.execute(_WITH_SCREENSHOT).fetchall()
    return [trial_shown(analysis.table, study.store, row[3]) for row in _different(rows, most)]


def _different(rows: Sequence[tuple[str, ...]], most: int) -> list[tuple[str, ...]]:
    picked: list[tuple[str, ...]] = []
    for keys in ((1,), (0, 1), (0, 1, 2), (3,)):
        for row in rows:
            seen = {tuple(p[k] for k in keys) for p in picked}
            if len(picked) < most and tuple(row[k] for k in keys) not in seen:
                picked.append(row)
    return picked


def trial_shown(table: pd.DataFrame, store: RunStore, trial_id: str) -> TrialShown:
    """Returns one trial of a run.

    Raises:
        KeyError: If the table has no such trial.
    """
    shelf = table[table["trial_id"] == trial_id].sort_values("position")
    if shelf.empty:
        raise KeyError(trial_id)
    first = shelf.iloc[0]
    return TrialShown(
        id=trial_id,
        who=f"{first['buyer']} · {first['interface']}",
        errand=str(first["task_id"]).replace("_", " "),
        outcome=_outcome(shelf),
        columns=int(shelf["col"].max()),
        cards=tuple(_card(row) for row in shelf.to_dict("records")),
        steps=tuple(_steps(store, trial_id)),
    )


def _outcome(shelf: pd.DataFrame) -> str:
    bought = shelf[shelf["chosen"] == 1]
    if bought.empty:
        status, cause = shelf.iloc[0][["status", "cause"]]
        return f"Ended {status}" + (f": {cause}." if cause else " without a purchase.")
    item = bought.iloc[0]
    price = money(item["price_cents"], item["currency"])
    return (
        f"Bought “{item['title']}” for {price}, in slot {item['position']} "
        f"(row {item['row']}, column {item['col']})."
    )


def _card(row: Any) -> Card:  # noqa: ANN401
    rated, listed = row["rating"] == row["rating"], row["list_price_cents"] > row["price_cents"]
    tags = ("sponsored", "overall_pick", "best_seller", "limited_time")
    marks = [kind.replace("_", " ") for kind in tags if row[kind]]
    if row["scarcity"]:
        left = row.get("stock")
        marks.append(f"only {int(left)} left" if left == left and left else "few left")
    return Card(
        title=str(row["title"]),
        price=money(row["price_cents"], row["currency"]),
        list_price=money(row["list_price_cents"], row["currency"]) if listed else "",
        stars=f"{row['rating']:.1f}" if rated else "",
        reviews=f"{int(row['review_count']):,}",
        marks=tuple(marks),
        bought=bool(row["chosen"]),
    )


def _steps(store: RunStore, trial_id: str) -> Iterator[StepShown]:
    for step, page, _, text, text_blob, screenshot, action, error, act_s in store.db.execute(
        _STEPS, (trial_id,)
    ):
        yield StepShown(
            step=step,
            page=page,
            picture=_data_uri(store.blobs.get(screenshot)) if screenshot else "",
            text=store.step_text(text, text_blob) or "",
            action=action_text(json.loads(action)),
            error=error or "",
            seconds=act_s or 0.0,
        )


def action_text(action: dict[str, Any]) -> str:
    """Returns an action as a short phrase: `add to cart: stapler-3`."""
    kind = str(action.get("type", "?")).replace("_", " ")
    rest = [str(v) for k, v in action.items() if k not in ("type", "reason") and v is not None]
    reason = f" ({action['reason']})" if action.get("reason") else ""
    return (f"{kind}: {', '.join(rest)}" if rest else kind) + reason


def _data_uri(picture: bytes) -> str:
    """A smaller copy of a picture, ready to stand in a page."""
    from PIL import Image

    with Image.open(BytesIO(picture)) as opened:
        image = opened.convert("RGB")
    image.thumbnail((PICTURE_WIDTH, 4 * PICTURE_WIDTH))
    out = BytesIO()
    image.save(out, "WEBP", quality=82, method=4)
    return f"data:image/webp;base64,{base64.b64encode(out.getvalue()).decode()}"
