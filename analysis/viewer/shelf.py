"""What was bought against what stood on the shelf."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analysis.display import MINUS, money
from analysis.frame import MARKS
from analysis.viewer.pictures import THUMB, Album

Row = Mapping[Any, Any]
"""A row of the long table."""

PLAIN = {
    *("position", "price_cents", "list_price_cents", "rating", "review_count", "stock", "columns"),
    *("title", "description", "bullets", "pictures", "marks", "seller", "fee_cents", "pair"),
}
"""Levels that are shown in a place of their own, or not on a card."""


def offers(rows: Sequence[Row], varied: Sequence[str], album: Album) -> list[dict[str, Any]]:
    """Returns the shelf in the order shown, beside what was bought.

    Args:
        rows: Of one trial.
        varied: Levels that differ between worlds.
        album: Takes the products' pictures in.
    """
    bought = next((row for row in rows if row["chosen"] == 1), None)
    return [_offer(row, bought, varied, album) for row in rows]


def _offer(row: Row, bought: Row | None, varied: Sequence[str], album: Album) -> dict[str, Any]:
    price, listed = row["price_cents"], row["list_price_cents"]
    offer = {
        "slot": int(row["position"]),
        "row": int(row["row"]),
        "col": int(row["col"]),
        "id": str(row["product_id"]),
        "title": str(row["title"]),
        "price": money(price, row["currency"]),
        "was": money(listed, row["currency"]) if listed > price else "",
        "dearer": _dearer(row, bought) if bought is not None else "",
        "stars": f"{row['rating']:.1f}" if _known(row["rating"]) else "",
        "reviews": f"{int(row['review_count']):,}",
        "marks": list(marks(row, varied)),
        "bought": bool(row["chosen"]),
        "met": list(_met(row)),
        "p": float(row["probability"]) if _known(row["probability"]) else None,
    }
    return offer | {"picture": album.add(row["blob"], THUMB) if row.get("blob") else None}


def _known(value: object) -> bool:
    return value is not None and value == value


def _dearer(row: Row, bought: Row) -> str:
    """How much more it costs than what was bought."""
    gap = row["price_cents"] - bought["price_cents"]
    if not gap:
        return "the same" if not row["chosen"] else ""
    return f"{'+' if gap > 0 else MINUS}{money(abs(gap), row['currency'])}"


def marks(row: Row, varied: Sequence[str]) -> Iterator[str]:
    """Yields what else a card carried, in words."""
    for name in dict.fromkeys([*MARKS, *varied]):
        value = row.get(name)
        if name in PLAIN or not _known(value) or value in (0, "", "0"):
            continue
        if name == "scarcity" and _known(row.get("stock")):
            yield f"only {int(row['stock'])} left"
        else:
            yield name.replace("_", " ") + ("" if value == 1 else f": {value}")
    if row.get("fee_cents") and _known(row.get("fee_cents")):
        yield f"fee {money(row['fee_cents'], row['currency'])}"


def _met(row: Row) -> Iterator[str]:
    """How far the buyer came with it."""
    window = row.get("seen") if _known(row.get("seen")) else row["exposed"]
    if window == 0:
        yield "never in the window"
    if row["clicked"]:
        yield "opened"
    if row.get("carted") == 1:
        yield "put into the cart"


def standing(rows: Sequence[Row], varied: Sequence[str]) -> list[str]:
    """Returns how what was bought stands among its rivals, in a few words each."""
    bought = next((row for row in rows if row["chosen"] == 1), None)
    if bought is None:
        return []
    said = [
        _rank(rows, bought, "price_cents", 1, "cheapest", "dearest"),
        _rank(rows, bought, "rating", -1, "best rated", "worst rated"),
        _rank(rows, bought, "review_count", -1, "most reviewed", "least reviewed"),
        f"slot {int(bought['position'])} of {len(rows)}: row {int(bought['row'])}, "
        f"column {int(bought['col'])}",
        *marks(bought, varied),
    ]
    if bought["list_price_cents"] > bought["price_cents"]:
        said.append("struck-through price")
    return [text for text in said if text]


def _rank(rows: Sequence[Row], bought: Row, name: str, sign: int, best: str, worst: str) -> str:
    """`2nd cheapest of 8`; empty where all are alike or the value is unknown."""
    values = [sign * row[name] for row in rows if _known(row[name])]
    if not _known(bought[name]) or len(set(values)) < 2:
        return ""
    mine = sign * bought[name]
    better = sum(value < mine for value in values)
    tied = " (tied)" if values.count(mine) > 1 else ""
    if mine == max(values):
        return f"{worst} of {len(values)}{tied}"
    return f"{best if not better else f'{ordinal(better + 1)} {best}'} of {len(values)}{tied}"


def ordinal(n: int) -> str:
    """Returns `1st`, `2nd`, `13th`."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th") if n % 100 not in (11, 12, 13) else "th"
    return f"{n}{ending}"


def first_picture(row: Row, catalogue: Sequence[str]) -> str:
    """Returns the key of the picture that a card shows: the level's, else the catalogue's."""
    drawn = row.get("pictures")
    keys = json.loads(drawn) if isinstance(drawn, str) and drawn.startswith("[") else catalogue
    return str(keys[0]) if keys else ""
