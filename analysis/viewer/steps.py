"""A trial step by step: what was seen, thought and done, and what the shop noted of it."""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aces.store import RunStore
from analysis.display import counted, money
from analysis.report.dialogue import ExchangeShown, cut, exchanges_by_step
from analysis.viewer.pictures import SCREEN, Album

_STEPS = """
    SELECT s.step, s.page, s.url, s.text, s.text_blob, s.screenshot, s.action, s.error,
        s.observe_s, s.act_s, s.at_s, s.box
    FROM steps s JOIN latest o ON o.trial_id = s.trial_id AND o.attempt = s.attempt
    WHERE s.trial_id = ? ORDER BY s.step
"""
_EVENTS = """
    SELECT e.kind, e.page, e.at_s, e.data
    FROM events e JOIN latest o ON o.trial_id = e.trial_id AND o.attempt = e.attempt
    WHERE e.trial_id = ? ORDER BY e.seq
"""
_TOKENS = """
    SELECT x.step, sum(x.prompt_tokens), sum(x.completion_tokens), sum(x.cost)
    FROM exchanges x JOIN latest o ON o.trial_id = x.trial_id AND o.attempt = x.attempt
    WHERE x.trial_id = ? GROUP BY x.step
"""
LONGEST_EVENT = 160
"""Characters of what the shop noted."""

WINDOW = "viewport"
"""The event that says what lay in the window as a step was decided."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Names:
    """What things are called in a trial.

    Attributes:
        titles: Product id -> title as shown.
        currency: Of amounts.
    """

    titles: Mapping[str, str]
    currency: str = "USD"

    def title(self, product: object) -> str:
        """Returns what a product is called; its id where it has no title."""
        return self.titles.get(str(product), str(product))


def steps_shown(
    store: RunStore, trial_id: str, names: Names, width: int, album: Album
) -> tuple[list[Json], list[Json]]:
    """Returns the steps of a trial's latest attempt, and the events that belong to none of them.

    Args:
        store: The run.
        trial_id: The trial.
        names: What things are called in the trial.
        width: Of the window, in CSS pixels.
        album: Takes the screenshots in.
    """
    cursor = store.db.execute(_STEPS, (trial_id,))
    columns = [column[0] for column in cursor.description]
    rows = [dict(zip(columns, values, strict=True)) for values in cursor]
    texts = {row["step"]: store.step_text(row["text"], row["text_blob"]) or "" for row in rows}
    said = exchanges_by_step(store, trial_id, texts)
    tokens = {row[0]: row[1:] for row in store.db.execute(_TOKENS, (trial_id,))}
    steps = [_step(row, texts[row["step"]], names, width, album) for row in rows]
    # asked, but the page of that step was not kept
    steps += [_lost(number) for number in said if number not in texts]
    for step in steps:
        step["said"] = [asdict(each) for each in said.get(step["n"], ())]
        step["thought"], step["reply"] = _mind(said.get(step["n"], ()))
        step["tokens"] = list(tokens.get(step["n"], (0, 0, 0.0)))
        step["events"] = []
    return steps, _share_out(store, trial_id, names, rows, steps)


def _step(row: Json, text: str, names: Names, width: int, album: Album) -> Json:
    action = json.loads(row["action"])
    picture = album.add(row["screenshot"], SCREEN) if row["screenshot"] else None
    size = album.sizes[picture] if picture else None
    return {
        "n": row["step"],
        "page": row["page"],
        "url": row["url"],
        "picture": picture,
        "file": row["screenshot"],
        "lost": bool(row["screenshot"]) and picture is None,
        "text": cut(text),
        "did": done(action, names),
        "reason": str(action.get("reason") or ""),
        "error": row["error"] or "",
        "observe": row["observe_s"],
        "act": row["act_s"],
        "at": row["at_s"],
        **_marked(action, json.loads(row["box"] or "null"), size, width),
    }


def _lost(number: int) -> Json:
    return {
        **{"n": number, "page": "", "url": "", "picture": None, "file": None},
        **{"lost": False, "text": ""},
        **{"did": done({}, Names({})), "reason": "", "error": "", "observe": None, "act": None},
        **{"at": None, "box": None, "point": None, "outside": False},
    }


def _marked(
    action: Json, box: Sequence[float] | None, size: tuple[int, int] | None, width: int
) -> Json:
    """Where the picture was acted on, in shares of its width and height."""
    if size is None:
        return {"box": None, "point": None, "outside": False}
    height = size[1] * width / size[0]
    point = None
    if action.get("x") is not None and action.get("y") is not None:
        point = [action["x"] / width, action["y"] / height]
    part = None
    if box is not None:
        left, top = max(0.0, box[0]), max(0.0, box[1])
        right, low = min(width, box[0] + box[2]), min(height, box[1] + box[3])
        if right > left and low > top:
            sides = (left / width, top / height, (right - left) / width, (low - top) / height)
            part = [round(side, 5) for side in sides]
    outside = box is not None and part is None
    return {"box": part, "point": point, "outside": outside}


def _mind(said: Iterable[ExchangeShown]) -> tuple[str, str]:
    """What the model thought, and what it answered in words, at one step."""
    thoughts = [each.thinking for each in said if each.thinking]
    replies = [each.reply for each in said if each.reply]
    return "\n\n".join(thoughts), "\n\n".join(replies)


def done(action: Mapping[str, Any], names: Names) -> str:
    """Returns an action as the end of a sentence about the buyer."""
    name = str(action.get("product_id", ""))
    product = f"“{names.title(name)}”"
    on = action.get("target") or (action.get("number") and f"number {action['number']}")
    match action.get("type"):
        case None:
            return "came to no decision"
        case "add_to_cart":
            return f"put {product} into the cart"
        case "open_listing":
            return f"opened {product}"
        case "click":
            return f"clicked {_target(action, on)}"
        case "type":
            sent = " and sent it" if action.get("submit") else ""
            return f"typed “{action.get('text', '')}”{f' into {on}' if on else ''}{sent}"
        case "scroll":
            pixels = int(action.get("pixels", 0))
            return f"scrolled {abs(pixels)} pixels {'down' if pixels >= 0 else 'up'}"
        case "back":
            return "went back"
        case "check_out":
            return "checked out"
        case "stop":
            return "left without buying"
        case other:
            return str(other).replace("_", " ")


def _target(action: Mapping[str, Any], on: str | None) -> str:
    if action.get("x") is not None:
        return f"the point ({action['x']:g}, {action.get('y') or 0:g})"
    return f"“{on}”" if action.get("target") else str(on)


def _share_out(
    store: RunStore,
    trial_id: str,
    names: Names,
    rows: Sequence[Json],
    steps: Sequence[Json],
) -> list[Json]:
    """Gives each step the events that followed from it; returns those of no step.

    What lay in the window belongs to the step that was decided there, all else to the decision
    before it. Runs that did not keep when steps were decided go by the former; where there is no
    window either, no event can be told to belong to a step.
    """
    found = list(_events(store, trial_id, names))
    windows = [event["at"] for event in found if event["kind"] == WINDOW]
    decided = [row["at_s"] for row in rows]
    if None in decided:
        decided = windows if len(windows) == len(rows) else []
    rest = []
    seen = 0
    for event in found:
        at = seen if event["kind"] == WINDOW else bisect_right(decided, event["at"]) - 1
        seen += event["kind"] == WINDOW
        if decided and 0 <= at < len(rows):
            steps[at]["events"].append(event)
        else:
            rest.append(event)
    return rest


def _events(store: RunStore, trial_id: str, names: Names) -> Iterator[Json]:
    for kind, page, at, data in store.db.execute(_EVENTS, (trial_id,)):
        yield {"kind": kind, "page": page, "at": at, "text": noted(kind, json.loads(data), names)}


def noted(kind: str, data: Mapping[str, Any], names: Names) -> str:
    """Returns a line of the shop's log in words."""
    product = str(data.get("product_id", "a product"))
    name = f"“{names.title(product)}”"
    match kind:
        case "enter":
            return "entered the shop"
        case "viewport":
            shown = counted(len(data.get("listings", ())), "listing")
            return f"{shown} in the window for {float(data.get('seconds', 0)):.1f} s"
        case "search":
            found = counted(int(data.get("total") or 0), "result")
            return f"results for “{data.get('query', '')}”: {found}, page {data.get('page', 1)}"
        case "scroll":
            return done({"type": "scroll", **data}, names)
        case "product":
            return f"page of {name}"
        case "cart_add":
            return f"into the cart: {name}"
        case "order":
            things = [str(item.get("product_id", "")) for item in data.get("items", ())]
            bought = ", ".join(f"“{names.title(thing)}”" for thing in things)
            return f"ordered: {bought}, {money(data.get('total_cents', 0), names.currency)} in all"
    brief = json.dumps(data, ensure_ascii=False) if data else ""
    more = f"{brief[:LONGEST_EVENT]} …" if len(brief) > LONGEST_EVENT else brief
    return f"{kind.replace('_', ' ')} {more}".strip()
