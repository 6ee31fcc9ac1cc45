"""What served models understood of the shelf when asked about it, in trials of their own."""

import json

import pandas as pd

from analysis.display import Table, interval, percent
from analysis.perception import share_with_interval
from analysis.study import Study

_ASKED = """
    SELECT t.buyer, t.interface, t.world_id, o.reported
    FROM trials t JOIN latest o ON o.trial_id = t.trial_id
    WHERE o.reported IS NOT NULL ORDER BY t.plan_index
"""
COLUMNS = (
    *("run", "buyer", "model", "interface", "picture", "question", "n", "right", "rate"),
    *("ci_low", "ci_high", "chance"),
)
"""Columns of `comprehension.csv`."""


def comprehension(study: Study) -> pd.DataFrame:
    """Returns the share of right answers by buyer, interface and question.

    `chance` is the share that guessing would get right, where it is known. Where a world was met
    several times, the Wilson interval is that of one answer for each.
    """
    answers = _answers(study).groupby(["buyer", "interface", "question"], sort=False)
    rows = [_row(study, str(b), str(i), str(q), part) for (b, i, q), part in answers]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(
    study: Study, buyer: str, interface: str, question: str, part: pd.DataFrame
) -> dict[str, object]:
    right = int(part["right"].sum())
    return {
        "run": study.name,
        "buyer": buyer,
        "model": study.served[buyer].model,
        "interface": interface,
        "picture": study.picture(buyer, interface),
        "question": question,
        "n": len(part),
        "right": right,
        **share_with_interval(right, len(part), part["world_id"].nunique()),
        "chance": part["chance"].mean() if part["chance"].notna().all() else None,
    }


def _answers(study: Study) -> pd.DataFrame:
    """One row per question that was answered."""
    asking = [name for name, buyer in study.served.items() if not buyer.buys]
    rows = []
    for buyer, interface, world_id, text in study.store.db.execute(_ASKED):
        told = json.loads(text)
        if buyer in asking and isinstance(told, dict) and "right" in told:
            chance = told.get("chance")
            known = chance if isinstance(chance, int | float) else float("nan")
            question, right = str(told.get("question", "")), told["right"] is True
            rows.append((buyer, interface, world_id, question, right, known))
    names = ["buyer", "interface", "world_id", "question", "right", "chance"]
    return pd.DataFrame(rows, columns=names)


def comprehension_table(found: pd.DataFrame) -> Table:
    """Returns right answers as people read them."""
    rows = tuple(
        (
            f"{row['buyer']} · {row['interface']}",
            str(row["picture"]),
            str(row["question"]).replace("_", " "),
            f"{row['n']:,}",
            percent(row["rate"]),
            interval(100 * row["ci_low"], 100 * row["ci_high"], 1),
            percent(row["chance"]) or "unknown",
        )
        for row in found.to_dict("records")
    )
    heads = ("buyer · interface", "picture", "question", "answers", "right")
    note = "By guessing: the share of right answers that guessing would give."
    return Table("Comprehension", (*heads, "95 % interval, %", "by guessing"), rows, note)
