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
from analysis.display import money, percent
from analysis.report.dialogue import ExchangeShown, cut, exchanges_by_step

PICTURE_WIDTH = 1000
"""Pixels; screenshots are made smaller to keep the report in one file of a few megabytes."""

_STEPS = """
    SELECT s.step, s.page, s.url, s.text, s.text_blob, s.screenshot, s.action, s.error, s.act_s
    FROM steps s JOIN latest o ON o.trial_id = s.trial_id AND o.attempt = s.attempt
    WHERE s.trial_id = ? ORDER BY s.step
"""
_PICTURED = """EXISTS (SELECT 1 FROM steps s WHERE s.trial_id = t.trial_id
    AND s.attempt = o.attempt AND s.page = 'results' AND s.screenshot IS NOT NULL)"""
_ASKED = """EXISTS (SELECT 1 FROM exchanges x WHERE x.trial_id = t.trial_id
    AND x.attempt = o.attempt)"""
_SHOWABLE = f"""
    SELECT t.buyer, t.interface, w.task_id, t.trial_id, o.cause FROM trials t
    JOIN worlds w ON w.world_id = t.world_id
    JOIN latest o ON o.trial_id = t.trial_id
    WHERE o.status = 'chosen' AND ({_PICTURED} OR {_ASKED}) OR o.status = 'abstained' AND {_ASKED}
    ORDER BY o.status != 'chosen', NOT {_PICTURED}, t.plan_index
"""
_FAILED = f"""
    SELECT t.buyer, t.interface, w.task_id, t.trial_id, o.cause FROM trials t
    JOIN worlds w ON w.world_id = t.world_id
    JOIN latest o ON o.trial_id = t.trial_id
    WHERE o.status = 'failed' AND {_ASKED} ORDER BY t.plan_index
"""
FAILED_SHOWN = 2
"""Failed trials of served models beside the others, of different causes."""


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
    probability: str = ""
    """The model's own, where it was read."""


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
    exchanges: tuple[ExchangeShown, ...] = ()


@dataclass(frozen=True)
class TrialShown:
    """One trial.

    Attributes:
        id: Its id.
        who: Buyer and interface.
        errand: What was looked for.
        told: Persona and wording, in words; empty where there is none.
        outcome: How it ended, in a sentence.
        failed: Whether it has no outcome.
        columns: Of the grid.
        cards: The shelf in the order shown.
        steps: The turns, pictures as data URIs.
    """

    id: str
    who: str
    errand: str
    told: str
    outcome: str
    failed: bool
    columns: int
    cards: tuple[Card, ...]
    steps: tuple[StepShown, ...]

    @property
    def picture(self) -> str:
        """The first results page, if it was kept."""
        return next((s.picture for s in self.steps if s.page == "results" and s.picture), "")

    @property
    def asked(self) -> bool:
        """Whether a model was asked."""
        return any(step.exchanges for step in self.steps)


def examples(analysis: Analysis, most: int = 3) -> list[TrialShown]:
    """Returns a few trials to look at: with screenshots if there are any, as different as can be.

    Different means: of another interface first, then another buyer, then another task. Trials in
    which a model gave no usable answer come last, beside the others.
    """
    study = analysis.study
    if study is None:
        return []
    shown = study.store.db.execute(_SHOWABLE).fetchall()
    failed = study.store.db.execute(_FAILED).fetchall()
    rows = _different(shown, most, ((1,), (0, 1), (0, 1, 2), (3,)))
    rows += _different(failed, FAILED_SHOWN, ((4,), (0,)))
    return [trial_shown(analysis.table, study.store, row[3]) for row in rows]


def _different(
    rows: Sequence[tuple[str, ...]], most: int, by: Sequence[tuple[int, ...]]
) -> list[tuple[str, ...]]:
    """The first rows that differ in ever more columns."""
    picked: list[tuple[str, ...]] = []
    for keys in by:
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
        told=_told(first),
        outcome=_outcome(shelf, store, trial_id),
        failed=first["status"] == "failed",
        columns=int(shelf["col"].max()),
        cards=tuple(_card(row) for row in shelf.to_dict("records")),
        steps=tuple(_steps(store, trial_id)),
    )


def _told(first: Any) -> str:  # noqa: ANN401
    """Who the model was told is shopping, and in which wording."""
    named = {"persona": first["persona"], "wording": first.get("prompt")}
    return ", ".join(f"{what} {name}" for what, name in named.items() if name and name == name)


def _outcome(shelf: pd.DataFrame, store: RunStore, trial_id: str) -> str:
    bought = shelf[shelf["chosen"] == 1]
    if bought.empty:
        status, cause = shelf.iloc[0][["status", "cause"]]
        row = store.db.execute("SELECT detail FROM latest WHERE trial_id = ?", (trial_id,))
        detail = cut(str(row.fetchone()[0] or ""))
        reason = f": {detail}" if detail else "."
        return f"Ended {status}" + (
            f" ({cause}){reason}" if cause else f" without a purchase{reason}"
        )
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
        probability=percent(row["probability"]),
    )


def _steps(store: RunStore, trial_id: str) -> Iterator[StepShown]:
    rows = store.db.execute(_STEPS, (trial_id,)).fetchall()
    pages = {row[0]: store.step_text(row[3], row[4]) or "" for row in rows}
    said = exchanges_by_step(store, trial_id, pages)
    for step, page, _, _, _, screenshot, action, error, act_s in rows:
        yield StepShown(
            step=step,
            page=page,
            picture=_data_uri(store.blobs.get(screenshot)) if screenshot else "",
            text=cut(pages[step]),
            action=action_text(json.loads(action)),
            error=error or "",
            seconds=act_s or 0.0,
            exchanges=said.pop(step, ()),
        )
    for step, exchanges in said.items():  # asked, but the page of that step was not kept
        yield StepShown(step, "", "", "", action_text({}), "", 0.0, exchanges)


def action_text(action: dict[str, Any]) -> str:
    """Returns an action as a short phrase: `add to cart: stapler-3`; `no action` for none."""
    kind = str(action.get("type", "no action")).replace("_", " ")
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
